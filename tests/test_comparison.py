"""Result files become sides and verdicts, or are refused with the reason."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from synthetic import measured

from persona_asv import metrics
from persona_asv.comparison import Comparison, compare
from persona_asv.errors import ExitCode, MeasurementError, ResultFileError
from persona_asv.gate import Rules
from persona_asv.judgement import Verdict
from persona_asv.model import Cell, ResultFile, Series, State
from persona_asv.sides import SERIES

CASE = ("'standard'", "'anthropic'")
STAMP: Mapping[str, object] = {
    "subject": {"name": "reference", "version": "1"},
    "provider": "anthropic",
    "model": "m",
    "endpoint": {"kind": "stand-in", "profile": "none"},
}
P50 = "generation_latency_p50"


def series(name: str, *cells: Cell, version: str | None = "1", start: int | None = None) -> Series:
    columns = zip(*(c.params for c in cells), strict=True)
    param_sets = tuple(tuple(dict.fromkeys(values)) for values in columns)
    return Series(name, param_sets, cells, version=version, started_at=start)


def cell(value: float, samples: tuple[float, ...] | None = None, params: tuple[str, ...] = CASE) -> Cell:
    return Cell(params, State.MEASURED, value, samples)


def holding(name: str, commit: str, found: Mapping[str, Series], stamp: Mapping[str, object]) -> ResultFile:
    return ResultFile(Path(name), 2, commit, 0, "env", "here", "3.11", {}, found, stamp=stamp)


def file(
    seed: int,
    commit: str = "a" * 40,
    *,
    slower: float = 1.0,
    memory: float = 1e8,
    personas: float = 1.0,
    start: int = 0,
    params: tuple[str, ...] = CASE,
    stamp: Mapping[str, object] = STAMP,
    version: str = "1",
) -> ResultFile:
    """A result file of ours that holds one round."""
    whole = measured(seed, slower=slower)
    readings = {metrics.GENERATION + b: getattr(whole, s) for s, b in SERIES.items()}
    readings[metrics.LATENCY] = whole.wall
    readings[metrics.SECONDS_PER_PERSONA] = tuple(w / personas for w in whole.wall)
    found = {
        name: series(name, cell(1.0, values, params), version=version, start=start)
        for name, values in readings.items()
    }
    found[metrics.MEMORY] = series(metrics.MEMORY, cell(memory, None, params))
    found[metrics.API_CALLS] = series(metrics.API_CALLS, cell(1.0, None, params))
    found[metrics.ERROR_RATE] = series(metrics.ERROR_RATE, cell(0.0, None, params))
    return holding(f"{commit[:8]}-{seed}.json", commit, found, stamp)


def rounds(count: int, first: int = 0, commit: str = "a" * 40, **how) -> list[ResultFile]:
    return [file(first + i, commit, **how) for i in range(count)]


def verdicts(comparison: Comparison) -> Mapping[str, Verdict]:
    return comparison.cases[0].judgement.verdicts


def test_rounds_of_two_commits_are_judged_by_metric() -> None:
    comparison = compare(rounds(5), rounds(5, 5, "b" * 40, slower=1.6))
    assert comparison.exit_code is ExitCode.FAIL
    assert (comparison.cases[0].name, comparison.cases[0].provider) == ("standard", "anthropic")
    assert list(verdicts(comparison)) == [
        "generation_latency_p50",
        "generation_latency_p95",
        "generation_latency_p99",
        "throughput_per_minute",
        "client_overhead_p50",
        "client_overhead_p95",
        "client_overhead_p99",
        "memory_peak_mb",
        "api_calls_per_persona",
        "error_rate",
    ]
    assert comparison.notes == ()


def test_values_are_in_the_metrics_units() -> None:
    comparison = compare(rounds(1, memory=2e8, personas=4), rounds(1, 1, "b" * 40, memory=2.2e8, personas=4))
    found = {f.key: f for f in comparison.cases[0].judgement.findings}
    assert found["memory_peak_mb"].baseline == pytest.approx(200)
    assert found["memory_peak_mb"].change == pytest.approx(0.1)
    assert 3 < found[P50].baseline < 5
    assert found["throughput_per_minute"].baseline == pytest.approx(4 * 60_000 / found[P50].baseline, rel=0.1)


def test_rounds_that_alternated_are_interleaved() -> None:
    before = [file(i, start=(0, 3, 4)[i]) for i in range(3)]
    after = [file(9 + i, "b" * 40, start=(1, 2, 5)[i]) for i in range(3)]
    assert compare(before, after).cases[0].judgement.interleaved
    assert not compare(rounds(3), rounds(3, 3, "b" * 40)).cases[0].judgement.interleaved


def test_one_round_asks_for_more() -> None:
    comparison = compare(rounds(1), rounds(1, 1, "b" * 40, slower=1.5))
    assert comparison.remeasure
    assert comparison.exit_code is ExitCode.WARN


@pytest.mark.parametrize(
    ("error", "problem", "baseline", "current"),
    [
        pytest.param(MeasurementError, "--baseline: no result file", [], rounds(1), id="no baseline"),
        pytest.param(MeasurementError, "--current: no result file", rounds(1), [], id="no current"),
        pytest.param(
            ResultFileError,
            "--current: bbbbbbbb-1.json is of commit bbbbbbbb, aaaaaaaa-0.json of aaaaaaaa",
            rounds(1),
            [file(0), file(1, "b" * 40)],
            id="two commits on one side",
        ),
        pytest.param(
            ResultFileError,
            "subject persona, but aaaaaaaa-0.json has reference",
            rounds(1),
            rounds(1, 1, stamp={**STAMP, "subject": {"name": "persona", "version": "1"}}),
            id="two subjects",
        ),
        pytest.param(
            ResultFileError,
            "endpoint live none, but aaaaaaaa-0.json has stand-in none",
            rounds(1),
            rounds(1, 1, stamp={**STAMP, "endpoint": {"kind": "live", "profile": "none"}}),
            id="two endpoints",
        ),
        pytest.param(
            MeasurementError,
            "no workload in common: baseline standard, anthropic; current quick, anthropic",
            rounds(1),
            rounds(1, 1, params=("'quick'", "'anthropic'")),
            id="two workloads",
        ),
    ],
)
def test_what_cannot_be_compared_is_refused(error, problem: str, baseline, current) -> None:
    with pytest.raises(error, match=problem):
        compare(baseline, current)


def test_another_version_of_the_subject_is_what_comparing_is_for() -> None:
    newer = rounds(3, 3, stamp={**STAMP, "subject": {"name": "reference", "version": "2"}})
    assert compare(rounds(3), newer).exit_code is ExitCode.PASS


def test_a_benchmark_of_another_version_is_missing_not_passed() -> None:
    comparison = compare(rounds(3), rounds(3, 3, "b" * 40, version="2"))
    assert metrics.LATENCY in comparison.changed
    assert P50 in comparison.cases[0].judgement.missing
    assert comparison.exit_code is ExitCode.COULD_NOT_MEASURE


def test_cases_of_one_side_are_named() -> None:
    quick = file(3, "b" * 40, params=("'quick'", "'anthropic'"))
    both = file(3, "b" * 40)
    merged = {
        name: replace(s, cells=(*s.cells, *quick.series[name].cells)) for name, s in both.series.items()
    }
    comparison = compare(rounds(1), [replace(both, series=merged)])
    assert comparison.only_current == ("quick, anthropic",)
    assert comparison.only_baseline == ()


def test_doubts_are_noted() -> None:
    unnamed = rounds(1, 1, stamp={})
    elsewhere = rounds(1, stamp={**STAMP, "model": "n"})
    notes = " ".join(compare(rounds(1), elsewhere).notes) + " ".join(compare(rounds(1), unnamed).notes)
    for expected in (
        "different models: m, n",
        "A/A: both sides are commit aaaaaaaa",
        "no persona_asv stamp",
    ):
        assert expected in notes


# --- other suites


def foreign(
    commit: str, seed: int, slower: float = 1.0, version: str = "1", size: float = 10.0
) -> ResultFile:
    wall = tuple(slower * w for w in measured(seed).wall)
    found = {
        "sort.time_sort": series("sort.time_sort", cell(1.0, wall, ("10",)), version=version),
        "sort.time_few": series("sort.time_few", cell(slower, None, ()), version=version),
        "sort.track_size": series("sort.track_size", cell(size, None, ()), version=version),
        "sort.time_failed": series("sort.time_failed", Cell((), State.FAILED), version=version),
    }
    return holding(f"{seed}.json", commit, found, {})


def test_another_suite_is_judged_under_its_own_names() -> None:
    before = [foreign("a" * 40, i) for i in range(3)]
    after = [foreign("b" * 40, 3 + i, slower=4.0, size=20.0) for i in range(3)]
    comparison = compare(before, after, Rules())
    found = {key: v for case in comparison.cases for key, v in case.judgement.verdicts.items()}
    assert found == dict.fromkeys(("sort.time_sort(10)", "sort.time_few", "sort.track_size"), Verdict.FAIL)
    assert {case.name for case in comparison.cases} == set(found)


def test_another_suites_changed_benchmarks_are_marked_and_left_out() -> None:
    before, after = foreign("a" * 40, 1), foreign("b" * 40, 2, version="2")
    with pytest.raises(MeasurementError, match="every common benchmark has changed its version"):
        compare([before], [after])
    kept = {**after.series, "sort.track_size": before.series["sort.track_size"]}
    comparison = compare([before], [replace(after, series=kept)])
    assert [case.name for case in comparison.cases] == ["sort.track_size"]
    assert "sort.time_sort" in comparison.changed


class TestOwnWorkload:
    """A workload of a project's own is what its definition says, not what it is called."""

    AT = ("'nightly'", "'anthropic'")

    def side(self, first: int, commit: str, own: Mapping[str, object] | None) -> list[ResultFile]:
        stamp = {**STAMP, "own": own} if own is not None else STAMP
        return rounds(3, first, commit * 40, params=self.AT, stamp=stamp)

    def test_of_the_same_definition_is_judged(self) -> None:
        same = {"nightly": {"personas": 4, "data": "research 1a2b", "concurrency": 2}}
        (case,) = compare(self.side(0, "a", same), self.side(3, "b", same)).cases
        assert case.name == "nightly"

    def test_of_another_definition_is_refused(self) -> None:
        before = {"nightly": {"personas": 4, "data": "research 1a2b", "concurrency": 2}}
        after = {"nightly": {"personas": 4, "data": "research 3c4d", "concurrency": None}}
        with pytest.raises(ResultFileError) as refusal:
            compare(self.side(0, "a", before), self.side(3, "b", after))
        assert str(refusal.value) == (
            "bbbbbbbb-3.json: workload nightly is personas 4, data research 3c4d, but in aaaaaaaa-0.json "
            "it is personas 4, data research 1a2b, concurrency 2; they cannot be compared"
        )

    def test_another_workloads_definition_does_not_matter(self) -> None:
        other = {"weekly": {"personas": 9}}
        assert compare(self.side(0, "a", {"weekly": {"personas": 1}}), self.side(3, "b", other)).cases

    def test_files_that_do_not_say_are_believed(self) -> None:
        assert compare(self.side(0, "a", None), self.side(3, "b", {"nightly": {"personas": 4}})).cases


def with_starts(file: ResultFile, value: float, python: str = "3.11", *, beside: bool = True) -> ResultFile:
    values = {metrics.IMPORT: value, metrics.WORK: 1000.0, metrics.IMPORTED_MODULES: 200.0}
    values |= {metrics.INTERPRETER: 0.01} if beside else {}
    more = {name: series(name, cell(its)) for name, its in values.items()}
    return replace(file, series={**file.series, **more}, python=python)


class TestStartsAndCounts:
    """Scalars with a yardstick beside them, and scalars that belong to one Python."""

    def sides(self, *how: float, **more) -> tuple[list[ResultFile], list[ResultFile]]:
        before, after = rounds(3), rounds(3, 10, "b" * 40)
        return [with_starts(f, 0.1) for f in before], [
            with_starts(f, v, **more) for f, v in zip(after, how, strict=True)
        ]

    def test_a_start_is_judged_by_its_rounds(self) -> None:
        found = verdicts(compare(*self.sides(0.2, 0.2, 0.2)))
        assert found["import_ms"] is Verdict.FAIL
        assert found["python_calls_per_persona"] is Verdict.PASS

    def test_without_its_yardstick_it_is_missing_not_passed(self) -> None:
        comparison = compare(*self.sides(0.1, 0.1, 0.1, beside=False))
        assert "import_ms" not in verdicts(comparison)
        assert comparison.cases[0].judgement.missing == ("import_ms",)
        assert comparison.exit_code is ExitCode.COULD_NOT_MEASURE

    def test_counts_are_not_compared_across_pythons_and_that_is_said(self) -> None:
        comparison = compare(*self.sides(0.1, 0.1, 0.1, python="3.13"))
        found = verdicts(comparison)
        assert found.keys().isdisjoint(metrics.PER_PYTHON)
        assert found["import_ms"] is Verdict.PASS
        assert comparison.exit_code is ExitCode.PASS
        assert (
            "not compared, for another Python is another number: imported_modules, python_calls_per_persona"
            in comparison.notes
        )

    def test_nothing_is_said_of_counts_that_were_not_measured(self) -> None:
        after = [replace(f, python="3.13") for f in rounds(3, 10, "b" * 40)]
        assert not [note for note in compare(rounds(3), after).notes if "another number" in note]


def test_a_count_of_one_round_does_not_make_a_screen_of_the_rest() -> None:
    from persona_asv.render import comparison as render
    from persona_asv.render.terminal import Style

    before, after = rounds(3), rounds(3, 10, "b" * 40)
    before[0], after[0] = with_starts(before[0], 0.1), with_starts(after[0], 0.1)
    without = [
        [replace(f, series={k: v for k, v in f.series.items() if k != metrics.IMPORT}) for f in files]
        for files in (before, after)
    ]
    style = Style(unicode=True, live=False, width=80)

    def said(baseline: list[ResultFile], current: list[ResultFile]) -> str:
        (case,) = compare(baseline, current).cases
        return "\n".join(render._remarks(case, style))

    assert "A screen" not in said(*without)
    assert "A screen: 2 round(s)" in said(without[0][:2], without[1][:2])
