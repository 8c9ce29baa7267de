"""Times of streamed tokens in a comparison: shown with their evidence, and never decisive."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_comparison import cell, file, rounds, series

from persona_asv import metrics, token_times
from persona_asv.comparison import Comparison, compare
from persona_asv.errors import ExitCode, MeasurementError
from persona_asv.gate import Rules, judge
from persona_asv.judgement import Finding, Stage, Verdict
from persona_asv.model import ResultFile
from persona_asv.rounds import TOKEN_TIMES, Round, Side
from persona_asv.thresholds import Limits, Thresholds

TTFT = "time_to_first_token"
KEYS = [f"{name}_{p}" for name in TOKEN_TIMES for p in ("p50", "p95", "p99")]


def streamed(plain: ResultFile, first: float = 0.001, *, samples: int = 20) -> ResultFile:
    """Return a round with times of streamed tokens beside whatever it holds."""
    times = tuple(first * (1 + 0.001 * number) for number in range(samples))
    held = {
        name: series(name, cell(first, tuple(each * share for each in times)))
        for name, share in zip(metrics.STREAMED.values(), (1.0, 0.01, 0.01), strict=True)
    }
    return replace(plain, series={**plain.series, **held})


def alone(seed: int, first: float = 0.001, commit: str = "a" * 40) -> ResultFile:
    """Return a round that holds times of tokens and nothing else."""
    whole = streamed(file(seed, commit), first * (1 + 0.001 * seed))
    return replace(whole, series={name: whole.series[name] for name in metrics.STREAMED.values()})


def side(*firsts: float, name: str = TTFT, samples: int = 100) -> Side:
    return Side(tuple(Round(tokens={name: (first,) * samples}) for first in firsts))


def shown(baseline: Side, current: Side, *, in_blocks: bool = False) -> dict[str, Finding]:
    found = token_times.findings(baseline, current, lambda key: True, in_blocks=in_blocks)
    return {each.key: each for each in found}


def judged(comparison: Comparison) -> dict[str, Finding]:
    return {finding.key: finding for finding in comparison.cases[0].judgement.findings}


class TestFindings:
    def test_they_are_in_ms_and_say_how_they_moved(self) -> None:
        found = shown(side(0.010, 0.010, 0.010), side(0.012, 0.012, 0.012))[f"{TTFT}_p50"]
        assert (found.baseline, found.current) == (pytest.approx(10), pytest.approx(12))
        assert found.change == pytest.approx(0.2)
        assert found.interval is not None
        assert found.interval[0] < 0.2 < found.interval[1]
        assert (found.n, found.rounds) == ((300, 300), (3, 3))
        assert (found.verdict, found.stage) == (Verdict.INSUFFICIENT, Stage.SHOWN)
        assert (found.channel, found.basis, found.reason) == ("wall", "wall", token_times.WHY)

    @given(
        before=st.lists(st.floats(1e-6, 10), min_size=1, max_size=6),
        after=st.lists(st.floats(1e-6, 10), min_size=1, max_size=6),
        in_blocks=st.booleans(),
    )
    def test_whatever_they_are_they_neither_decide_nor_ask_for_more(
        self, before: list[float], after: list[float], in_blocks: bool
    ) -> None:
        for found in shown(side(*before), side(*after), in_blocks=in_blocks).values():
            assert found.verdict is Verdict.INSUFFICIENT
            assert not found.suspicious
            assert found.interval is not None
            assert found.change is not None
            assert found.interval[0] <= found.change <= found.interval[1]

    @given(before=st.floats(1e-6, 10), after=st.floats(1e-6, 10))
    def test_exchanged_sides_mirror_the_change(self, before: float, after: float) -> None:
        there = shown(side(before), side(after))[f"{TTFT}_p50"]
        back = shown(side(after), side(before))[f"{TTFT}_p50"]
        assert there.change is not None
        assert back.change is not None
        assert (1 + there.change) * (1 + back.change) == pytest.approx(1)

    def test_pairs_see_more_than_sides_apart(self) -> None:
        before, after = side(0.01, 0.02, 0.04, 0.08), side(0.011, 0.022, 0.044, 0.088)
        widths = [
            found.interval[1] - found.interval[0]
            for in_blocks in (True, False)
            if (found := shown(before, after, in_blocks=in_blocks)[f"{TTFT}_p50"]).interval is not None
        ]
        assert widths[0] < widths[1]

    @pytest.mark.parametrize(("samples", "few"), [(10, {"p95", "p99"}), (100, {"p99"}), (500, set())])
    def test_a_tail_of_fewer_than_five_samples_says_so(self, samples: int, few: set[str]) -> None:
        found = shown(side(0.01, samples=samples), side(0.01, samples=samples))
        said = {key.rpartition("_")[2] for key, each in found.items() if each.reason != token_times.WHY}
        assert said == few

    def test_nothing_but_zeros_is_no_time(self) -> None:
        found = shown(side(0.0), side(0.01))[f"{TTFT}_p50"]
        assert found.reason == "measured as 0: too short for this machine's clock"
        assert found.interval is None

    def test_what_one_side_alone_has_is_not_compared(self) -> None:
        assert shown(side(0.01), side(0.01, name="inter_token_latency")) == {}

    @pytest.mark.parametrize("bad", [-1.0, math.inf, math.nan, 1e10])
    def test_a_time_that_is_none_is_a_fault_of_the_measurement(self, bad: float) -> None:
        with pytest.raises(MeasurementError, match=f"{TTFT} 2 is .*; measure this round again"):
            Round(tokens={TTFT: (0.1, bad)})


class TestNotes:
    @pytest.mark.parametrize(
        ("expected", "factor", "limits"),
        [
            (False, 1.0, Limits(10, 25)),
            (False, 0.2, Limits(10, 25)),
            (True, 4.0, Limits(10, 25)),
            (False, 4.0, Limits(500, 900)),
        ],
        ids=["unchanged", "better", "worse", "worse by less than the level"],
    )
    def test_what_got_worse_beyond_its_noise_is_said(
        self, expected: bool, factor: float, limits: Limits
    ) -> None:
        before, after = side(*[0.01] * 5), side(*[0.01 * factor] * 5)
        found = list(shown(before, after, in_blocks=True).values())
        notes = list(token_times.notes(found, Thresholds(limits, {})))
        assert any(note.startswith(f"{TTFT}_p50 +300% (95 % interval +") for note in notes) is expected
        assert bool(notes) is expected

    def test_a_move_within_the_noise_of_wall_times_is_not(self) -> None:
        found = list(shown(side(0.010, 0.011), side(0.012, 0.013)).values())
        assert list(token_times.notes(found, Thresholds())) == []


class TestComparison:
    def test_they_stand_behind_the_judged_metrics(self) -> None:
        before = [streamed(each) for each in rounds(3)]
        after = [streamed(each, 0.005) for each in rounds(3, 3, "b" * 40)]
        comparison = compare(before, after)
        keys = list(judged(comparison))
        assert keys[-9:] == KEYS
        assert len(keys) > 9
        assert not comparison.remeasure
        assert comparison.exit_code is ExitCode.PASS
        assert any(note.startswith(f"{TTFT}_p50 +400%") for note in comparison.cases[0].judgement.notes)

    def test_only_one_side_streamed(self) -> None:
        plain, other = rounds(3), [streamed(each) for each in rounds(3, 3, "b" * 40)]
        assert compare(plain, other).cases[0].judgement.added == tuple(KEYS)
        judgement = compare([streamed(each) for each in plain], rounds(3, 3, "b" * 40)).cases[0].judgement
        assert (judgement.missing, judgement.added) == ((), ())

    def test_where_they_were_asked_for_their_absence_is_an_error(self) -> None:
        before = [streamed(each) for each in rounds(3)]
        asked = Rules(only={f"{TTFT}_p50", "error_rate"})
        judgement = compare(before, rounds(3, 3, "b" * 40), asked).cases[0].judgement
        assert judgement.missing == (f"{TTFT}_p50",)
        assert judgement.exit_code is ExitCode.COULD_NOT_MEASURE

    @pytest.mark.parametrize("factor", [1.0, 5.0])
    def test_alone_they_are_a_gate_that_judges_nothing(self, factor: float) -> None:
        comparison = compare(
            [alone(number) for number in range(3)],
            [alone(3 + number, 0.001 * factor, "b" * 40) for number in range(3)],
        )
        assert list(judged(comparison)) == KEYS
        assert comparison.exit_code is ExitCode.COULD_NOT_MEASURE

    def test_a_benchmark_of_another_version_is_not_compared(self) -> None:
        def changed(whole: ResultFile) -> ResultFile:
            name = metrics.STREAMED[TTFT]
            return replace(whole, series={**whole.series, name: replace(whole.series[name], version="2")})

        after = [changed(streamed(each)) for each in rounds(3, 3, "b" * 40)]
        comparison = compare([streamed(each) for each in rounds(3)], after)
        assert comparison.changed == (metrics.STREAMED[TTFT],)
        assert not any(key.startswith(TTFT) for key in judged(comparison))

    def test_rounds_of_streams_alone_have_a_verdict_of_their_own(self) -> None:
        judgement = judge(side(0.01), side(0.02))
        assert list(judgement.verdicts) == KEYS[:3]
        with pytest.raises(MeasurementError, match="no metric in common"):
            judge(side(0.01), side(0.02, name="inter_token_latency"))


def test_the_metrics_of_the_run_table_are_those_of_the_comparison() -> None:
    wanted: Callable[[str], bool] = metrics.keys([metrics.FAMILIES["streaming"]]).__contains__
    assert list(token_times.keys(side(0.01), wanted)) == KEYS[:3]
    assert sorted(metrics.keys([metrics.FAMILIES["streaming"]])) == sorted(KEYS)
