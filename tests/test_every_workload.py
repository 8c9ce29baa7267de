"""Batches, providers and own workloads, from ``run`` to asv's site: whole commands in one repository."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from asv.results import Results
from conftest import ADAPTER, ROOT, Done, environment, git, persona

PROVIDERS = ("anthropic", "openai", "gemini", "ollama")
BATCHES = ("batch-c1", "batch-c3", "batch-c10")
SMALL = ("--iterations", "2", "--rounds", "1")
TWICE = ("--iterations", "2", "--rounds", "2")
RUN = ("benchmark", "run")
NIGHTLY = "{personas: 4, data: research, concurrency: 2, iterations: 2, rounds: 1}"


def configuration(nightly: str) -> str:
    own = f"  workloads:\n    nightly: {nightly}\n" if nightly else ""
    return f"benchmarks:\n  subject: adapter:plain\n  machine: tester\n{own}"


def data(done: Done) -> dict[str, Any]:
    assert done.code == 0, done.err
    found: dict[str, Any] = json.loads(done.out)["data"]
    return found


@dataclass(frozen=True)
class Measured:
    """A repository and what was measured in it."""

    repository: Path
    batch: dict[str, Any]
    nightly: dict[str, Any]
    providers: list[dict[str, Any]]

    def at(self, run: dict[str, Any], case: str) -> dict[str, float]:
        return {key: its["value"] for key, its in run["cases"][case]["metrics"].items()}

    def result(self) -> Results:
        (path,) = self.repository.glob(f".asv/results/tester/{self.batch['commit'][:8]}-existing-*.json")
        return Results.load(str(path), machine_name="tester")


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Measured:
    """A commit measured in every way, then its successor in one, whose persona.yaml has no own workload."""
    place = tmp_path_factory.mktemp("breadth")
    (place / "adapter.py").write_text(ADAPTER)
    (place / ".gitignore").write_text("__pycache__/\n")
    (place / "persona.yaml").write_text(configuration(NIGHTLY))
    (place / "research").mkdir()
    (place / "research" / "notes.csv").write_text("name,said\nAnn,I want to save time\nBob,I like charts\n")
    git(place, "init", "-q", "-b", "main")
    git(place, "add", ".")
    git(place, "commit", "-q", "-m", "first")
    nightly, batch = data(persona(*RUN, "-w", "nightly", "-w", "batch", *SMALL, "--json", cwd=place))["runs"]
    counted = ("--only", "api_efficiency", "--json")
    providers = data(persona("benchmark", "providers", *TWICE, *counted, cwd=place))["runs"]
    (place / "persona.yaml").write_text(configuration(""))
    git(place, "commit", "-q", "-a", "-m", "second")
    data(persona(*RUN, "-w", "quick", *SMALL, *counted, cwd=place))
    return Measured(place, batch, nightly, providers)


class TestBatch:
    def test_counts_are_exact_at_every_concurrency(self, measured: Measured) -> None:
        assert tuple(measured.batch["cases"]) == BATCHES
        for case in BATCHES:
            found = measured.at(measured.batch, case)
            exact = ("api_calls_per_persona", "connections_per_persona", "error_rate", "retry_rate")
            assert [found[key] for key in exact] == [1.0, 0.0, 0.0, 0.0]
            assert found["parse_success_rate"] == 100.0
        tokens = {measured.at(measured.batch, case)["tokens_per_persona"] for case in BATCHES}
        assert len(tokens) == 1

    def test_throughput_is_by_the_second_where_several_are_under_way(self, measured: Measured) -> None:
        result, name = measured.result(), "generation.Generation.track_window_seconds_per_persona"
        found = {
            case: result.get_result_samples(name, [[repr(case)], ["'anthropic'"]])[0] for case in BATCHES
        }
        assert [bool(found[case]) for case in BATCHES] == [False, True, True]

    def test_overhead_is_per_persona(self, measured: Measured) -> None:
        found = measured.at(measured.batch, "batch-c1")
        assert found["client_overhead_p50"] < found["generation_latency_p50"] / 10

    def test_memory_is_known_on_average_and_an_operation(self, measured: Measured) -> None:
        found = measured.at(measured.batch, "batch-c10")
        assert 10 < found["memory_average_mb"] <= found["memory_peak_mb"] * 1.01
        percentiles = measured.batch["cases"]["batch-c10"]["percentiles"]["memory_peak (MB)"]
        assert percentiles["p50"] == pytest.approx(found["memory_peak_mb"], rel=0.1)


class TestProviders:
    def test_each_provider_has_its_run_in_the_same_minutes(self, measured: Measured) -> None:
        assert tuple(run["provider"] for run in measured.providers) == PROVIDERS
        starts = []
        for run in measured.providers:
            paths = sorted(Path(run["path"]).glob("round-*/tester/*-existing-*.json"))
            rows = [json.loads(path.read_text()) for path in paths]
            column = rows[0]["result_columns"].index("started_at")
            starts += [
                (row["results"]["generation.Generation.time_generate"][column], run["provider"], number)
                for number, row in enumerate(rows)
            ]
        order = [(number, provider) for _, provider, number in sorted(starts)]
        assert order == [
            *((0, provider) for provider in PROVIDERS),
            *((1, provider) for provider in reversed(PROVIDERS)),
        ], "first rounds first, then second ones, the other way round"

    def test_counts_are_exact_and_equal(self, measured: Measured) -> None:
        found = [measured.at(run, "standard") for run in measured.providers]
        assert {each["api_calls_per_persona"] for each in found} == {1.0}
        assert {each["connections_per_persona"] for each in found} == {0.0}
        assert len({each["tokens_per_persona"] for each in found}) == 1

    def test_they_stand_side_by_side(self, measured: Measured) -> None:
        command = ("-w", "quick", *SMALL, "--provider", "ollama", "--provider", "openai")
        done = persona(*RUN, *command, "--only", "reliability", "--only", "api_efficiency",
                       cwd=measured.repository)  # fmt: skip
        assert done.code == 0, done.err
        assert "Provider: ollama (llama3:8b), openai (gpt-4o)" in done.out
        cells = [line.split("│")[1:-1] for line in done.out.splitlines() if line.startswith("│")]
        rows = {label.strip(): [each.strip() for each in rest] for label, *rest in cells}
        assert rows["Metric"] == ["ollama", "openai"]
        assert rows["api_calls (per persona)"] == ["1", "1"]
        assert rows["connections (per persona)"] == ["0", "0"]
        assert rows["error_rate"] == ["0%", "0%"]
        assert rows["parse_success_rate"] == ["100%", "100%"]
        assert "throughput (per min)" not in rows, "it was not asked for"
        assert done.out.count("Results Summary") == 1
        assert done.out.count("Kept: ") == 2

    def test_a_model_belongs_to_one_provider(self, measured: Measured) -> None:
        done = persona(*RUN, "-w", "provider", "--model", "m1", cwd=measured.repository)
        assert done.code == 3
        assert done.err.strip() == (
            "error: --model: one name cannot be a model of anthropic, openai, gemini, ollama; "
            "name one --provider"
        )


class TestOwnWorkload:
    def test_it_is_measured_as_the_file_says(self, measured: Measured) -> None:
        found = measured.at(measured.nightly, "nightly")
        assert found["api_calls_per_persona"] == 1.0
        assert found["tokens_per_persona"] < measured.at(measured.batch, "batch-c1")["tokens_per_persona"]
        assert measured.nightly["cases"]["nightly"]["metrics"]["generation_latency_p50"]["n"] == 2

    def test_its_rounds_say_what_it_was(self, measured: Measured) -> None:
        (path,) = Path(measured.nightly["path"]).glob("round-01/tester/*-existing-*.json")
        own = json.loads(path.read_text())["persona_asv"]["own"]["nightly"]
        assert (own["personas"], own["concurrency"]) == (4, 2)
        assert own["data"].startswith("research ")

    def test_a_deadline_is_its_own(self, measured: Measured) -> None:
        mine = "benchmarks: {workloads: {brief: {size: 1kb, timeout: 0.01}}}"
        (measured.repository / "brief.yaml").write_text(mine)
        done = persona(*RUN, "-w", "brief", "--config", "brief.yaml", cwd=measured.repository)
        (measured.repository / "brief.yaml").unlink()
        assert done.code == 3
        assert "the deadline of 0.01 s for workload brief passed" in done.err


class TestHistory:
    def test_every_case_has_its_place_beside_the_others(self, measured: Measured) -> None:
        result = measured.result()
        places = [
            *((case, "anthropic") for case in (*BATCHES, "nightly")),
            *(("standard", provider) for provider in PROVIDERS),
        ]
        for case, provider in places:
            at = [[repr(case)], [repr(provider)]]
            assert result.get_result_value("generation.Generation.track_api_calls", at) == [1.0], (case, at)
            (samples,) = result.get_result_samples("generation.Generation.time_generate", at)
            assert len(samples) == 2

    def test_asv_publishes_all_of_it_own_workloads_included(self, measured: Measured) -> None:
        place = measured.repository
        (place / "asv.conf.json").write_text(
            json.dumps(
                {
                    "version": 1,
                    "project": "p",
                    "repo": ".",
                    "branches": ["main"],
                    "environment_type": "existing",
                    "results_dir": ".asv/results",
                    "html_dir": ".asv/html",
                    "benchmark_dir": str(ROOT / "benchmarks"),
                }
            )
        )
        done = subprocess.run(
            [sys.executable, "-m", "asv", "publish", "--no-pull"],
            cwd=place,
            env=environment(HOME=str(place / ".asv")),
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
        (place / "asv.conf.json").unlink()
        assert done.returncode == 0, done.stdout + done.stderr
        index = json.loads((place / ".asv/html/index.json").read_text())
        assert len(index["revision_to_hash"]) == 2
        series = index["benchmarks"]["generation.Generation.time_generate"]
        cases = [each.strip("'") for each in series["params"][0]]
        assert {"quick", "standard", *BATCHES, "nightly"} <= set(cases)
        (graph,) = [
            path
            for path in (place / ".asv/html/graphs").rglob("generation.Generation.time_generate.json")
            if "summary" not in path.parts
        ]
        first = json.loads(graph.read_text())[0][1]
        providers = len(series["params"][1])
        values = {case: first[providers * cases.index(case)] for case in ("nightly", *BATCHES, "standard")}
        assert all(value and value > 0 for value in values.values()), values


class TestBaselines:
    def test_a_batch_is_captured_and_compared(self, measured: Measured) -> None:
        place = measured.repository
        git(place, "checkout", "-q", "main~1")
        try:
            done = persona("benchmark", "capture", "-w", "batch", "--iterations", "2", "--from-last",
                           "--name", "batches", cwd=place)  # fmt: skip
            assert done.code == 0, done.err
            text = (place / "baselines" / "batches.yaml").read_text()
            assert [f"  {case}:\n" in text for case in BATCHES] == [True] * 3
            for line in ("connections_per_persona: 0", "retry_rate: 0", "parse_success_rate: 100"):
                assert text.count(f"      {line}\n") == 3
            assert len(re.findall(r"^      memory_average_mb: [0-9.]+$", text, re.MULTILINE)) == 3
            data(persona(*RUN, "-w", "batch", *SMALL, "--json", cwd=place))
            stored = ("--baseline", "batches", "--no-confirm")
            compared = persona("benchmark", "compare", *stored, "--json", cwd=place)
            cases = data(compared)["cases"]
            assert [each["case"] for each in cases] == list(BATCHES)
            for each in cases:
                exact = ("api_calls_per_persona", "connections_per_persona", "retry_rate", "error_rate")
                found = {key: each["findings"][key]["verdict"] for key in (*exact, "parse_success_rate")}
                assert set(found.values()) == {"pass"}
        finally:
            git(place, "checkout", "-q", "main")


class TestReliability:
    """Injected faults, from the run's lines to the verdict of compare."""

    QUICK = (*RUN, "-w", "quick", "--subject", "adapter:moody", "--only", "reliability")

    def measure(self, place: Path, *faults: dict[str, object]) -> tuple[str, str]:
        """Return what the run says, and its folder; 5 operations a round, so that each sees one fault."""
        done = persona(*self.QUICK, cwd=place, FAULTS=json.dumps(faults))
        assert done.code == 0, done.err
        (line,) = [line for line in done.out.splitlines() if line.startswith("Reliability: ")]
        return line, done.out.rpartition("Kept: ")[2].partition(" ")[0]

    def test_figures_are_right_and_compare_shows_them_beside_latency(self, folder: Path) -> None:
        sound, before = self.measure(folder)
        assert sound == "Reliability: error_rate 0%, retry_rate 0%, parse_success_rate 100%"
        broken, after = self.measure(
            folder,
            {"kind": "truncated", "every": 6, "offset": 1},
            {"kind": "429", "every": 6, "retry_after": 0},
        )
        assert broken == "Reliability: error_rate 20%, retry_rate 16.7%, parse_success_rate 80%"
        done = persona("benchmark", "compare", "-b", before, "-c", after, "--ci", cwd=folder)
        assert done.code == 2, done.out + done.err
        expected = {"error_rate": "+20.0", "retry_rate": "+16.7", "parse_success_rate": "-20.0"}
        for key, change in expected.items():
            (row,) = [line for line in done.out.splitlines() if line.startswith(f"│ {key} ")]
            assert f"{change} points" in row
            assert "❌" in row
        assert "generation_latency_p50" in done.out
