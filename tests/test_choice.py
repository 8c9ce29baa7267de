"""What --baseline and --current mean: files, run folders, baselines by path or name, or nothing at all."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from conftest import persona
from test_comparison import STAMP, file

from persona_asv import choice
from persona_asv.baselines import companion
from persona_asv.baselines.baseline import Baseline, Entry, Figure
from persona_asv.baselines.shelf import Shelf, shelf_of
from persona_asv.config import Config
from persona_asv.engine.results import write_result_file
from persona_asv.environment import Environment
from persona_asv.errors import (
    BaselineError,
    ExitCode,
    MeasurementError,
    PersonaAsvError,
    ResultFileError,
    UsageError,
)
from persona_asv.gate import Rules
from persona_asv.judgement import Verdict
from persona_asv.model import ResultFile

WHEN = datetime(2026, 1, 1, 12, tzinfo=UTC)
VALUES = {"generation_latency_p50": Figure(1.0), "memory_peak_mb": Figure(100.0)}


def rounds(first: int, commit: str = "a" * 40, **changes: object) -> list[ResultFile]:
    return [file(seed, commit, start=seed, **changes) for seed in range(first, first + 3)]


def baseline(name: str, days: int = 0, **changes: object) -> Baseline:
    plain = Baseline(
        name,
        "1.0",
        WHEN + timedelta(days=days),
        Environment(),
        {"standard": Entry(60, VALUES)},
        subject="reference",
        provider="anthropic",
        endpoint="stand-in",
        profile="none",
    )
    return replace(plain, **changes)


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.chdir(tmp_path)
    return Config(root=tmp_path)


@pytest.fixture
def shelf(settings: Config) -> Shelf:
    return shelf_of(settings)


Keep = Callable[..., None]


@pytest.fixture
def keep(shelf: Shelf) -> Keep:
    def put(its: Baseline, files: Sequence[ResultFile] = ()) -> None:
        with shelf.writing():
            shelf.put(its, companion.pack(files) if files else None)

    return put


@pytest.fixture
def current(tmp_path: Path) -> str:
    """A folder of a run, at another commit."""
    for number, each in enumerate(rounds(10, "b" * 40), 1):
        write_result_file(each, tmp_path / "run" / f"round-0{number}" / "here" / "bbbb-existing.json")
    return "run"


class TestABaselineByName:
    def test_is_its_rounds(self, settings: Config, keep: Keep, current: str) -> None:
        keep(baseline("v1"), rounds(1))
        before, now = choice.sides(["v1"], [current], settings)
        assert before.label == "v1 (3 rounds)"
        assert [each.series for each in before.files] == [each.series for each in rounds(1)]
        found = choice.compared(before, now, Rules())
        assert found.exit_code is ExitCode.PASS
        assert found.cases[0].judgement.verdicts["generation_latency_p50"] is Verdict.PASS

    def test_goes_red_as_files_do(self, settings: Config, keep: Keep, tmp_path: Path) -> None:
        keep(baseline("v1"), rounds(1))
        for number, each in enumerate(rounds(10, "b" * 40, slower=1.5), 1):
            write_result_file(each, tmp_path / "run" / f"round-0{number}" / "here" / "b.json")
        before, now = choice.sides(["v1"], ["run"], settings)
        assert choice.compared(before, now, Rules()).exit_code is ExitCode.FAIL

    def test_is_named_by_its_path_as_well(self, settings: Config, keep: Keep, current: str) -> None:
        keep(baseline("v1"), rounds(1))
        before, _ = choice.sides(["baselines/v1.yaml"], [current], settings)
        assert len(before.files) == 3

    def test_an_existing_path_comes_first_and_the_ambiguity_is_said(
        self, settings: Config, keep: Keep, current: str
    ) -> None:
        keep(baseline("run"), rounds(1))
        before, _ = choice.sides([current], [current], settings)
        assert before.recorded is None
        assert before.notes == (f"--baseline run is a path here; the baseline of this name is "
                                f"{settings.root}/baselines/run.yaml",)  # fmt: skip

    def test_may_be_the_current_side(self, settings: Config, keep: Keep) -> None:
        keep(baseline("v1"), rounds(1))
        keep(baseline("v2"), rounds(20, "b" * 40))
        before, now = choice.sides(["v1"], ["v2"], settings)
        assert (before.label, now.label) == ("v1 (3 rounds)", "v2 (3 rounds)")

    def test_against_the_very_run_it_was_captured_from_nothing_is_compared(
        self, settings: Config, keep: Keep, current: str
    ) -> None:
        keep(baseline("v2"), rounds(10, "b" * 40))
        sides = choice.sides(["v2"], [current], settings)
        with pytest.raises(UsageError, match="captured from this very run"):
            choice.compared(*sides, Rules())

    @pytest.mark.parametrize(
        ("expected", "names"),
        [
            pytest.param("'nope' is neither a file nor a baseline in ", ["nope"], id="unknown"),
            pytest.param("(baselines: v2, v1)", ["nope"], id="what there is, newest first"),
            pytest.param(
                "'../v1' is neither a file nor a baseline", ["../v1"], id="no path leaves the folder"
            ),
            pytest.param("v2 is a baseline; name it alone", ["v1", "v2"], id="several"),
        ],
    )
    def test_that_cannot_be_taken_is_said(
        self, settings: Config, keep: Keep, current: str, expected: str, names: list[str]
    ) -> None:
        keep(baseline("v1"), rounds(1))
        keep(baseline("v2", days=1), rounds(1))
        if len(names) > 1:
            names[0] = current
        with pytest.raises(UsageError) as error:
            choice.sides(names, [current], settings)
        assert expected in str(error.value)

    @pytest.mark.parametrize(
        ("expected", "harm"),
        [
            pytest.param("missing; v1.yaml needs it", Path.unlink, id="the companion is gone"),
            pytest.param("its SHA-256 differs", lambda path: path.write_bytes(b"x"), id="it was changed"),
        ],
    )
    def test_whose_samples_are_not_the_ones_it_was_written_with_is_refused(
        self,
        settings: Config,
        shelf: Shelf,
        keep: Keep,
        current: str,
        expected: str,
        harm: Callable[[Path], None],
    ) -> None:
        keep(baseline("v1"), rounds(1))
        harm(next(iter(shelf.companions())))
        with pytest.raises(BaselineError) as error:
            choice.sides(["v1"], [current], settings)
        assert "v1" in str(error.value)
        assert len(str(error.value).splitlines()) == 1
        if expected == "its SHA-256 differs":
            assert expected in str(error.value)

    def test_that_is_broken_is_refused_with_its_line(
        self, settings: Config, keep: Keep, current: str
    ) -> None:
        keep(baseline("v1"), rounds(1))
        (settings.root / "baselines" / "v1.yaml").write_text("name: v1\nversoin: 1\n")
        with pytest.raises(BaselineError, match=r'v1\.yaml:2: versoin: unknown key; did you mean "version"'):
            choice.sides(["v1"], [current], settings)


class TestWithoutABaseline:
    def test_it_is_the_newest_that_fits(self, settings: Config, keep: Keep, current: str) -> None:
        keep(baseline("old"), rounds(1))
        keep(baseline("newest", days=2), rounds(4))
        keep(baseline("middle", days=1), rounds(7))
        before, _ = choice.sides([], [current], settings)
        assert before.label == "newest (3 rounds)"
        assert before.notes == ("baseline newest: the newest that fits",)

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param({"subject": "persona"}, id="another subject"),
            pytest.param({"provider": "openai"}, id="another provider"),
            pytest.param({"endpoint": "live"}, id="another endpoint"),
            pytest.param({"profile": "constant:50"}, id="another model time"),
            pytest.param({"workloads": {"quick": Entry(10, VALUES)}}, id="no case in common"),
        ],
    )
    def test_what_does_not_fit_is_passed_over(
        self, settings: Config, keep: Keep, current: str, other: Mapping[str, object]
    ) -> None:
        keep(baseline("fits"), rounds(1))
        keep(baseline("other", days=1, **other), rounds(4))
        before, _ = choice.sides([], [current], settings)
        assert before.label == "fits (3 rounds)"

    def test_the_run_itself_is_passed_over(self, settings: Config, keep: Keep, current: str) -> None:
        keep(baseline("before"), rounds(1))
        keep(baseline("itself", days=1), rounds(10, "b" * 40))
        before, _ = choice.sides([], [current], settings)
        assert before.label == "before (3 rounds)"

    @pytest.mark.parametrize(
        ("expected", "provider"),
        [("openai", "openai"), ("anthropic", None)],
        ids=["the baseline's", "the usual one, where the baseline names none"],
    )
    def test_the_last_run_is_one_on_the_baseline_s_provider(
        self, settings: Config, keep: Keep, expected: str, provider: str | None
    ) -> None:
        keep(baseline("v1", provider=provider))
        with pytest.raises(MeasurementError, match=f"no finished run .* with standard on {expected} in "):
            choice.compared(*choice.sides(["v1"], [], settings), Rules())

    def test_none_that_fits_is_said(self, settings: Config, current: str) -> None:
        with pytest.raises(UsageError, match=r"no baseline in .* fits standard"):
            choice.sides([], [current], settings)


class TestABaselineWithoutSamples:
    """Less evidence: times are shown, counts and memory judged."""

    def judged(self, settings: Config, current: str, name: str) -> choice.Comparison:
        return choice.compared(*choice.sides([name], [current], settings), Rules())

    def test_shows_times_and_judges_the_rest(self, settings: Config, keep: Keep, current: str) -> None:
        keep(baseline("v1"))
        found = self.judged(settings, current, "v1")
        assert found.cases[0].judgement.verdicts == {
            "generation_latency_p50": Verdict.INSUFFICIENT,
            "memory_peak_mb": Verdict.PASS,
        }
        assert found.exit_code is ExitCode.PASS
        assert any("holds no samples" in note for note in found.notes)

    @pytest.mark.parametrize(
        ("expected", "megabytes"),
        [(ExitCode.PASS, 100.0), (ExitCode.WARN, 75.0), (ExitCode.FAIL, 50.0)],
    )
    def test_memory_has_its_thresholds(
        self, settings: Config, keep: Keep, current: str, expected: ExitCode, megabytes: float
    ) -> None:
        entry = Entry(60, {"memory_peak_mb": Figure(megabytes)})
        keep(baseline("v1", workloads={"standard": entry}))
        assert self.judged(settings, current, "v1").exit_code is expected

    def test_a_time_twenty_times_slower_is_no_verdict_but_worth_measuring(
        self, settings: Config, keep: Keep, current: str
    ) -> None:
        slow = {"generation_latency_p50": Figure(0.01), "memory_peak_mb": Figure(100.0)}
        keep(baseline("v1", workloads={"standard": Entry(60, slow)}))
        found = self.judged(settings, current, "v1")
        assert (found.exit_code, found.remeasure) == (ExitCode.PASS, True)

    def test_with_times_alone_nothing_is_judged_and_nothing_passes(
        self, settings: Config, keep: Keep, current: str
    ) -> None:
        keep(baseline("v1", workloads={"standard": Entry(60, {"generation_latency_p50": Figure(1.0)})}))
        assert self.judged(settings, current, "v1").exit_code is ExitCode.COULD_NOT_MEASURE

    def test_a_metric_that_is_not_measured_now_is_missing(
        self, settings: Config, keep: Keep, current: str
    ) -> None:
        values = {**VALUES, "memory_average_mb": Figure(40.0)}
        keep(baseline("v1", workloads={"standard": Entry(60, values)}))
        found = self.judged(settings, current, "v1")
        assert found.cases[0].judgement.missing == ("memory_average_mb",)
        assert found.exit_code is ExitCode.COULD_NOT_MEASURE

    @pytest.mark.parametrize("key", ["subject", "endpoint", "profile"])
    def test_of_something_else_is_refused(self, settings: Config, keep: Keep, current: str, key: str) -> None:
        keep(baseline("v1", **{key: "other"}))
        with pytest.raises(ResultFileError, match=f"{key} .*, but baseline v1 has other"):
            self.judged(settings, current, "v1")

    def test_of_another_workload_has_nothing_in_common(
        self, settings: Config, keep: Keep, current: str
    ) -> None:
        keep(baseline("v1", workloads={"quick": Entry(10, VALUES)}))
        with pytest.raises(PersonaAsvError, match="no workload in common: baseline quick; current standard"):
            self.judged(settings, current, "v1")

    def test_f_139s_own_example_compares(self, settings: Config, shelf: Shelf, current: str) -> None:
        shelf.folder.mkdir()
        (shelf.folder / "v1.12.0.yaml").write_text(
            "name: v1.12.0\nversion: 1.12.0\ncaptured_at: 2025-01-15T10:30:00Z\n"
            "environment:\n  python_version: '3.12.0'\n  platform: darwin-arm64\n"
            "workloads:\n  standard:\n    iterations: 100\n    metrics:\n"
            "      generation_latency_p50: 1230\n      memory_peak_mb: 512\n"
        )
        found = self.judged(settings, current, "v1.12.0")
        assert found.cases[0].judgement.verdicts["memory_peak_mb"] is Verdict.PASS, "another Python's"
        assert "another Python (3.12, now 3.11): times and memory can raise a suspicion" in " ".join(
            found.notes
        )

    def test_cannot_be_the_current_side(self, settings: Config, keep: Keep, current: str) -> None:
        keep(baseline("v1"))
        sides = choice.sides([current], ["v1"], settings)
        with pytest.raises(UsageError, match="v1 holds no samples"):
            choice.compared(*sides, Rules())


def test_rounds_of_other_workloads_are_no_rounds_of_this_comparison(
    settings: Config, keep: Keep, current: str
) -> None:
    both = {"standard": Entry(60, VALUES), "quick": Entry(10, VALUES)}
    quick = [file(seed, start=seed, params=("'quick'", "'anthropic'")) for seed in (30, 31)]
    keep(baseline("both", workloads=both), [*rounds(1), *quick])
    before, _ = choice.sides(["both"], [current], settings)
    assert before.label == "both (3 rounds)"


def test_the_last_run_is_compared_with_the_newest_baseline(repository: Path) -> None:
    """The whole command, as a user types it: measure, capture, measure again, compare."""
    run = ("benchmark", "run", "--iterations", "3", "--rounds", "1", "--workload", "quick")
    done = persona("benchmark", "compare", cwd=repository)
    assert (done.code, "no finished run of this code" in done.err) == (3, True)
    assert persona(*run, cwd=repository).code == 0
    assert persona("benchmark", "capture", "--name", "first", cwd=repository).code == 0
    done = persona("benchmark", "compare", cwd=repository)
    assert (done.code, "no baseline in" in done.err) == (3, True), "it was captured from this very run"
    assert persona(*run, cwd=repository).code == 0
    done = persona("benchmark", "compare", "--json", "--only", "api_efficiency", "--ci", cwd=repository)
    assert done.code == 0, done.err
    data = json.loads(done.out)["data"]
    assert data["verdicts"]["api_calls_per_persona"] == "pass"
    assert (data["baseline"], data["current"].startswith("Current, ")) == ("first (1 round)", True)
    assert STAMP["provider"] == data["cases"][0]["provider"]
    (repository / "persona.yaml").write_text("benchmarks:\n  subject: adapter:extra_request\n")
    assert persona(*run, cwd=repository).code == 0
    done = persona("benchmark", "compare", "--baseline", "first", "--ci", cwd=repository)
    assert (done.code, "subject adapter:extra_request" in done.err) == (3, True), "never another subject"
