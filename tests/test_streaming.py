"""Streaming and cost from the suite to the report: real processes, real HTTP, numbers known in advance."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from conftest import ADAPTER, ROOT, Done, git, persona
from hypothesis import given
from hypothesis import strategies as st

from benchmarks import streaming
from benchmarks.settings import PROVIDERS
from persona_asv import metrics
from persona_asv.prices import TABLE
from persona_asv.rounds import TOKEN_TIMES
from persona_asv.standin.process import StandIn
from persona_asv.subject import Outcome, Stream

QUICK = ("benchmark", "run", "--workload", "quick", "--iterations", "6")
KEYS = [f"{name}_{p}" for name in TOKEN_TIMES for p in ("p50", "p95", "p99")]
SECONDS = st.floats(1e-6, 10)

ADAPTERS = '''
"""Subjects for tests: the reference subject, changed in how it streams."""
from dataclasses import replace
from persona_asv.subject.reference import REFERENCE

class Streams:
    name, version, streams = "streams", "1.0", True
    providers, default_models = REFERENCE.providers, REFERENCE.default_models
    sample = staticmethod(REFERENCE.sample)

    def __init__(self, change=lambda outcome: outcome):
        self.change, self.operations = change, 0

    def open(self, **endpoint):
        self.session = REFERENCE.open(**endpoint)
        return self

    def generate(self, research, personas):
        return self.session.generate(research, personas)

    def generate_streamed(self, research, personas):
        self.operations += 1
        return self.change(self.session.generate_streamed(research, personas))

    def close(self):
        self.session.close()

class Promises(Streams):
    generate_streamed = None

class Sometimes(Streams):
    def generate_streamed(self, research, personas):
        outcome = super().generate_streamed(research, personas)
        if self.operations % 2:
            raise ValueError("not today")
        return outcome

streams = Streams()
promises = Promises()
sometimes = Sometimes()
silent = Streams(lambda outcome: replace(outcome, streams=None))
uncounted = Streams(lambda outcome: replace(outcome, streams=(replace(outcome.streams[0], tokens=None),)))
at_once = Streams(lambda outcome: replace(outcome, streams=(replace(outcome.streams[0], gaps=(), tokens=1),)))
'''


def data(done: Done) -> dict[str, Any]:
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)["data"]
    return found


def values(done: Done) -> dict[str, float]:
    return {key: found["value"] for key, found in data(done)["cases"]["quick"]["metrics"].items()}


class TestTimes:
    """The definitions of vLLM's serving benchmark."""

    @given(first=SECONDS, gaps=st.lists(SECONDS, max_size=9), tokens=st.none() | st.integers(1, 99))
    def test_of_one_answer(self, first: float, gaps: list[float], tokens: int | None) -> None:
        times = streaming.Times.of([Stream(first, tuple(gaps), tokens)])
        written = tokens or len(gaps) + 1
        latency = first + sum(gaps)
        assert times.first == pytest.approx([first], abs=1e-8)
        assert times.gaps == pytest.approx(gaps, abs=1e-8)
        expected = [] if written == 1 else [(latency - first) / (written - 1)]
        assert times.per_token == pytest.approx(expected, abs=2e-8)

    def test_gaps_of_all_answers_are_one_distribution(self) -> None:
        times = streaming.Times.of([Stream(0.5, (0.1, 0.3), 3), Stream(0.7, (0.2,), 2)])
        assert (times.first, times.gaps, times.per_token) == ([0.5, 0.7], [0.1, 0.3, 0.2], [0.2, 0.2])

    def test_several_tokens_in_one_piece_are_counted_by_the_provider(self) -> None:
        times = streaming.Times.of([Stream(0.5, (0.3, 0.3), 7)])
        assert (times.gaps, times.per_token) == ([0.3, 0.3], [0.1])

    def test_where_nothing_followed_the_first_token_there_is_no_time_per_token(self) -> None:
        assert streaming.Times.of([Stream(0.5, (), 1)]).per_token == []
        assert math.isnan(float(str(streaming._known([]))))


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as process:
        yield process


@pytest.fixture
def suite(stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """Return a function that sets the suite's benchmark up as asv would, in this process."""
    (tmp_path / "streamers.py").write_text(ADAPTERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    sys.modules.pop("streamers", None)

    def begin(
        subject: str = "reference", case: str = "quick", provider: str = "anthropic", **told: str
    ) -> Any:
        facts = {"SUBJECT": subject, "STANDIN": f"http://127.0.0.1:{stand_in.port}", "PROVIDERS": provider,
                 "OPERATIONS": json.dumps({case: 3}), "SPOOL": str(tmp_path)} | told  # fmt: skip
        for name, value in facts.items():
            monkeypatch.setenv(f"PERSONA_ASV_{name}", value)
        benchmark = streaming.Streaming()
        benchmark.setup_cache()
        benchmark.setup(case, provider)
        return benchmark

    return begin


def samples(found: Any) -> list[float]:
    return list(found["samples"])


class TestBenchmark:
    @pytest.mark.parametrize("provider", PROVIDERS)
    def test_every_series_reads_the_same_operations(self, suite: Callable[..., Any], provider: str) -> None:
        benchmark = suite(provider=provider, PROFILE="stream:5:0.05")
        first = samples(benchmark.track_time_to_first_token("quick", provider))
        gaps = samples(benchmark.track_inter_token_latency("quick", provider))
        per_token = samples(benchmark.track_time_per_output_token("quick", provider))
        assert len(first) == len(per_token) == 3
        assert min(first) >= 0.00499
        assert len(gaps) % 3 == 0
        assert len(gaps) / 3 > 100
        assert sum(gaps) / (len(gaps) / 3) == pytest.approx(sum(per_token), rel=1e-3)

    def test_no_process_measures_more_than_twenty(self, suite: Callable[..., Any]) -> None:
        benchmark = suite(OPERATIONS='{"quick": 500}')
        assert len(samples(benchmark.track_time_to_first_token("quick", "anthropic"))) == streaming.MOST == 20

    def test_failed_operations_are_left_out(self, suite: Callable[..., Any]) -> None:
        benchmark = suite("streamers:sometimes", OPERATIONS='{"quick": 10}')
        assert len(samples(benchmark.track_time_to_first_token("quick", "anthropic"))) == 5

    def test_a_provider_that_counts_no_tokens_has_its_pieces_counted(self, suite: Callable[..., Any]) -> None:
        benchmark = suite("streamers:uncounted")
        per_token = samples(benchmark.track_time_per_output_token("quick", "anthropic"))
        gaps = samples(benchmark.track_inter_token_latency("quick", "anthropic"))
        assert sum(per_token) == pytest.approx(sum(gaps) / (len(gaps) / 3), rel=1e-3)

    def test_answers_of_one_token_have_a_first_one_alone(self, suite: Callable[..., Any]) -> None:
        benchmark = suite("streamers:at_once")
        assert len(samples(benchmark.track_time_to_first_token("quick", "anthropic"))) == 3
        assert math.isnan(benchmark.track_inter_token_latency("quick", "anthropic"))
        assert math.isnan(benchmark.track_time_per_output_token("quick", "anthropic"))

    @pytest.mark.parametrize(
        ("expected", "subject"),
        [
            (
                "no operation told when the tokens of its answer came, the last: nothing was streamed",
                "silent",
            ),
            ("no operation told when the tokens of its answer came, the last: TypeError: ", "promises"),
        ],
    )
    def test_one_that_streams_nothing_is_a_failure(
        self, suite: Callable[..., Any], tmp_path: Path, expected: str, subject: str
    ) -> None:
        benchmark = suite(f"streamers:{subject}")
        with pytest.raises(RuntimeError, match=f"^{expected}"):
            benchmark.track_time_to_first_token("quick", "anthropic")
        events = [
            json.loads(line)
            for line in (tmp_path / "streaming.quick.anthropic.jsonl").read_text().splitlines()
        ]
        assert [event["event"] for event in events] == ["start", "warm", "failed"]
        assert events[0]["code"].endswith("streamers.py")

    @pytest.mark.parametrize(
        ("expected", "told"),
        [
            ("quick is not part of this run", {"OPERATIONS": '{"standard": 1}'}),
            ("answers are streamed on request: ask with PERSONA_ASV_OPERATIONS=", {"OPERATIONS": ""}),
            ("answers of subject conftest_plain:plain are not streamed", {"SUBJECT": "conftest_plain:plain"}),
        ],
    )
    def test_it_is_skipped_with_a_reason(
        self, suite: Callable[..., Any], tmp_path: Path, expected: str, told: dict[str, str]
    ) -> None:
        (tmp_path / "conftest_plain.py").write_text(ADAPTER)
        with pytest.raises(NotImplementedError, match=expected):
            suite(**told)

    def test_a_batch_is_not_streamed(self, suite: Callable[..., Any]) -> None:
        with pytest.raises(NotImplementedError, match="batch-c3 is a batch"):
            suite(case="batch-c3")


@pytest.fixture(scope="module")
def elsewhere(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder outside any repository, with an adapter that does not stream and prices of its own."""
    folder = tmp_path_factory.mktemp("elsewhere")
    (folder / "adapter.py").write_text(ADAPTER)
    (folder / "persona.yaml").write_text("benchmarks:\n  prices:\n    llama3:8b: {input: 1, output: 2}\n")
    return folder


@pytest.fixture(scope="module")
def ordinary(elsewhere: Path) -> Done:
    """Return an ordinary run."""
    return persona(*QUICK, cwd=elsewhere)


class TestRun:
    def test_only_streaming_measures_streams_and_nothing_else(self, elsewhere: Path) -> None:
        done = persona(*QUICK, "--only", "streaming", "--profile", "stream:20:0.1", "--json", cwd=elsewhere)
        found = values(done)
        assert sorted(found) == sorted(KEYS)
        assert found["time_to_first_token_p50"] >= 19.9
        assert found["inter_token_latency_p50"] < found["time_to_first_token_p50"]
        assert list(data(done)["cases"]["quick"]["percentiles"]) == list(TOKEN_TIMES)

    def test_it_has_its_rows_in_the_table(self, elsewhere: Path) -> None:
        done = persona(*QUICK, "--only", "streaming", cwd=elsewhere)
        assert done.code == 0, done.err
        rows = [line.split("│")[1].strip() for line in done.out.splitlines() if line.startswith("│")]
        assert rows == ["Metric", *TOKEN_TIMES]
        assert "All tokens of a stream are there at once" in done.out
        assert "Cost" not in done.out

    def test_nobody_measures_it_unasked(self, ordinary: Done) -> None:
        assert ordinary.code == 0, ordinary.err
        assert "generation_latency" in ordinary.out
        assert not [word for word in ("streaming", "token_latency", "first_token") if word in ordinary.out]

    def test_a_subject_that_does_not_stream_is_told_in_one_line(self, elsewhere: Path) -> None:
        done = persona(*QUICK, "--only", "streaming", "--subject", "adapter:plain", cwd=elsewhere)
        assert (done.code, done.out.count("Traceback")) == (3, 0)
        (line,) = done.err.splitlines()
        assert "every benchmark was skipped, nothing was measured; the reasons are in" in line
        log = Path(line.rpartition(" ")[2])
        assert "answers of subject adapter:plain are not streamed" in log.read_text()

    def test_beside_others_it_is_left_out_where_the_subject_has_none(self, elsewhere: Path) -> None:
        flags = ("--only", "api_efficiency", "--also", "streaming", "--subject", "adapter:plain", "--json")
        done = persona(*QUICK, *flags, cwd=elsewhere)
        found = values(done)
        assert "api_calls_per_persona" in found
        assert not set(found) & set(KEYS)

    def test_an_unknown_family_is_named_with_its_flag(self, elsewhere: Path) -> None:
        done = persona(*QUICK, "--also", "colour", cwd=elsewhere)
        assert done.code == 3
        assert done.err.startswith("error: --also: unknown metric 'colour'; choose from generation_latency")


class TestCost:
    def test_it_stands_below_the_table_with_its_price(self, ordinary: Done) -> None:
        (line,) = [line for line in ordinary.out.splitlines() if line.startswith("Cost: ")]
        assert line.startswith("Cost: 0.00551 USD per persona, claude-sonnet-4-20250514 at 3 USD per mill")
        assert TABLE in line

    def test_a_model_without_a_price_has_no_cost_and_it_is_said(self, elsewhere: Path) -> None:
        done = persona(*QUICK, "--only", "cost", "--model", "new-one", cwd=elsewhere)
        assert f"Cost: unknown: new-one is not in {TABLE}; benchmarks.prices" in done.out

    def test_side_by_side_each_provider_has_its_own_exactly(self, elsewhere: Path) -> None:
        flags = [flag for name in PROVIDERS for flag in ("--provider", name)]
        runs = data(persona(*QUICK, "--only", "cost", *flags, "--json", cwd=elsewhere))["runs"]
        costs = [run["cases"]["quick"]["metrics"]["cost_per_persona"] for run in runs]
        read, written = 593, 249
        expected = [
            3 * read + 15 * written,
            2.5 * read + 10 * written,
            1.25 * read + 5 * written,
            read + 2 * written,
        ]
        assert [cost["value"] for cost in costs] == pytest.approx(
            [each / 1e6 for each in expected], rel=1e-12
        )
        assert {(cost["unit"], cost["better"], cost["supported"]) for cost in costs} == {
            ("USD", "lower", True)
        }
        assert runs[0]["price"]["source"].startswith(TABLE)
        assert runs[3]["price"] == {"input": 1.0, "output": 2.0, "source": "persona.yaml"}


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with a baseline that holds streams and cost, and a run of the same code after."""
    folder = tmp_path_factory.mktemp("streamed")
    git(folder, "init", "-q", "-b", "main")
    (folder / "streamers.py").write_text(ADAPTERS)
    (folder / ".gitignore").write_text("__pycache__/\n.asv/\n")
    (folder / "persona.yaml").write_text(
        "benchmarks:\n  subject: streamers:streams\n  machine: tester\n"
        "  workloads:\n    quick: { iterations: 9, rounds: 3 }\n"
    )
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    run = ("benchmark", "run", "--workload", "quick", "--also", "streaming")
    for command in (run, ("benchmark", "capture", "--from-last", "--name", "v1"), run):
        done = persona(*command, cwd=folder)
        assert done.code == 0, done.out + done.err
    return folder


class TestAfterTheRun:
    def test_the_baseline_holds_them_and_the_price(self, measured: Path) -> None:
        text = (measured / "baselines" / "v1.yaml").read_text()
        for key in (*KEYS, "cost_per_persona"):
            assert f"      {key}: " in text
        assert f'price: {{input: 3, output: 15, source: "{TABLE}, https://' in text
        listed = persona("benchmark", "list", "--verbose", cwd=measured)
        assert "Price:    3 USD per million tokens read, 15 written" in listed.out

    def test_compare_shows_times_of_tokens_and_judges_the_cost(self, measured: Path) -> None:
        done = persona("benchmark", "compare", "--baseline", "v1", "--no-confirm", "--json", cwd=measured)
        found = data(done)
        schema = json.loads((ROOT / "docs" / "reference" / "compare.schema.json").read_text())
        jsonschema.validate(json.loads(done.out), schema)
        findings = found["cases"][0]["findings"]
        for key in KEYS:
            assert (findings[key]["verdict"], findings[key]["stage"]) == ("insufficient", "shown")
            assert findings[key]["unit"] == "ms"
        cost = findings["cost_per_persona"]
        assert (cost["verdict"], cost["unit"], cost["change"]) == ("pass", "USD", 0.0)
        assert any(note.startswith("cost_per_persona: claude-sonnet-4") for note in found["notes"])

    def test_the_table_marks_what_is_shown_alone(self, measured: Path) -> None:
        done = persona("benchmark", "compare", "--baseline", "v1", "--no-confirm", cwd=measured)
        assert done.code == 0, done.out + done.err
        row = next(line for line in done.out.splitlines() if "time_to_first_token_p50" in line)
        assert " w " in row
        assert "·" in row
        assert "w wall time of a stream: shown, never judged" in done.out
        explained = persona(
            "benchmark", "compare", "--baseline", "v1", "--no-confirm", "--explain", cwd=measured
        )
        (said,) = [line for line in explained.out.split("\n") if line.startswith("time_to_first_token_p50: ")]
        assert "More operations" not in said

    def test_asked_for_alone_nothing_is_judged_and_nothing_passes(self, measured: Path) -> None:
        command = ("benchmark", "compare", "--baseline", "v1", "--only", "streaming", "--no-confirm", "--ci")
        done = persona(*command, cwd=measured)
        assert done.code == 3
        assert "Summary: nothing could be judged: wall time of a stream: shown, never judged" in done.out

    @pytest.fixture
    def report(self, measured: Path, tmp_path: Path) -> Callable[[str], str]:
        def made(form: str) -> str:
            path = tmp_path / f"report.{form}"
            done = persona("benchmark", "report", "--format", form, "--output", str(path), cwd=measured)
            assert done.code == 0, done.err
            return path.read_text()

        return made

    def test_the_report_tells_them(self, report: Callable[[str], str]) -> None:
        found = json.loads(report("json"))
        schema = json.loads((ROOT / "docs" / "reference" / "report.schema.json").read_text())
        jsonschema.validate(found, schema)
        case = found["cases"]["quick"]
        assert set(KEYS) <= set(case["metrics"])
        assert case["metrics"]["cost_per_persona"]["unit"] == "USD"
        assert set(TOKEN_TIMES) <= set(case["distributions"])
        said = [note for note in found["notes"] if note.startswith("Cost per persona: ")]
        assert [note.partition(" at ")[2][:5] for note in said] == ["3 USD"]

    @pytest.mark.parametrize("form", ["markdown", "html"])
    def test_its_pages_too(self, report: Callable[[str], str], form: str) -> None:
        page = report(form)
        for words in (
            "Time to First Token",
            "Time per Output Token",
            "Cost per Persona",
            "0.00551 USD",
            TABLE,
        ):
            assert words in page

    def test_trends_know_the_unit(self, measured: Path) -> None:
        done = persona("benchmark", "trends", "--metric", "cost", "--json", cwd=measured)
        found = json.loads(done.out)
        schema = json.loads((ROOT / "docs" / "reference" / "trends.schema.json").read_text())
        jsonschema.validate(found, schema)
        assert {trend["unit"] for trend in found["data"]["trends"]} == {"USD"}


def test_families_on_request_are_no_part_of_all() -> None:
    assert {family.name for family in metrics.FAMILIES.values()} - {
        family.name for family in metrics.families(())
    } == {"streaming"}
    assert [family.name for family in metrics.families((), ("streaming",))] == list(metrics.FAMILIES)
    assert [family.name for family in metrics.families(("cost",), ("streaming",))] == ["cost", "streaming"]
    assert Outcome(1).streams is None
