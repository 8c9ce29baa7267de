"""Starts, judged: in units of a bare interpreter's, by rounds, and never on fewer than three a side."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import measured

from persona_asv import starts
from persona_asv.errors import MeasurementError
from persona_asv.evidence import PRIOR_WEIGHT
from persona_asv.gate import Rules, judge
from persona_asv.judgement import Finding, Stage, Verdict
from persona_asv.rounds import Round, Side
from persona_asv.thresholds import Limits, Thresholds

KEY = "import_ms"


def side(seed: int, rounds: int, *, slower: float = 1.0, machine: float = 1.0, scatter: float = 0.05) -> Side:
    """Return rounds of a subject that starts in 90 ms, on a machine whose bare interpreter takes 10 ms."""
    draw = np.random.default_rng(seed)
    found = []
    for speed in machine * draw.lognormal(0, 0.1, rounds):
        value = 0.09 * slower * speed * draw.lognormal(0, scatter)
        found.append(Round(scalars={KEY: value}, yardsticks={KEY: 0.01 * speed}))
    return Side(tuple(found))


def judged(before: Side, after: Side, rules: Rules | None = None) -> Finding:
    (found,) = judge(before, after, rules).findings
    return found


@pytest.mark.parametrize(
    ("expected", "slower"),
    [
        pytest.param(Verdict.PASS, 1.0, id="unchanged"),
        pytest.param(Verdict.PASS, 1.1, id="a little slower"),
        pytest.param(Verdict.WARN, 1.45, id="nearly half as slow again"),
        pytest.param(Verdict.FAIL, 2.0, id="twice as slow"),
        pytest.param(Verdict.BETTER, 0.6, id="much faster"),
    ],
)
def test_three_rounds_a_side_tell_the_colour(expected: Verdict, slower: float) -> None:
    found = judged(side(1, 3), side(2, 3, slower=slower))
    assert found.verdict is expected
    assert (found.stage, found.basis, found.channel) == (Stage.TEST, "scaled", "start")
    assert 1 + found.change == pytest.approx(slower, rel=0.12)
    assert found.current / found.baseline == pytest.approx(1 + found.change, rel=1e-9)
    assert found.baseline == pytest.approx(90, rel=0.4), "in ms, as large as they were"
    assert found.rounds == (3, 3)


def test_another_machine_is_no_regression() -> None:
    found = judged(side(1, 3), side(2, 3, machine=3.0))
    assert found.verdict is Verdict.PASS
    assert abs(found.change) < 0.15


@pytest.mark.parametrize("rounds", [1, 2])
def test_fewer_than_three_rounds_suspect_and_never_condemn(rounds: int) -> None:
    found = judged(side(1, rounds), side(2, rounds, slower=1.3))
    assert found.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)
    assert found.stage is Stage.SCREEN
    assert found.suspicious


def test_rounds_that_contradict_each_other_prove_nothing() -> None:
    wild = judged(side(1, 3), side(2, 3, slower=1.3, scatter=0.8))
    assert wild.verdict is Verdict.PASS
    assert wild.interval is not None
    assert wild.interval[0] < 0 < wild.interval[1]


def test_interleaved_rounds_are_compared_in_pairs() -> None:
    """What both rounds of a block share falls out of the evidence."""

    def whole(number: int, slower: float, start: float, shared: float) -> Round:
        scalars, yardsticks = {KEY: 0.09 * slower * shared}, {KEY: 0.01}
        return replace(measured(number, operations=5, start=start), scalars=scalars, yardsticks=yardsticks)

    shared = (1.0, 1.5, 0.7, 1.2)
    before = Side(tuple(whole(n, 1.0, 10.0 * n, each) for n, each in enumerate(shared)))
    after = Side(tuple(whole(n + 9, 1.35, 10.0 * n + 5, each) for n, each in enumerate(shared)))
    only = Rules(only={KEY})
    paired, apart = judged(before, after, only), judged(before, after, replace(only, interleaved=False))
    assert paired.change == apart.change == pytest.approx(0.35)
    assert (paired.verdict, apart.verdict) == (Verdict.WARN, Verdict.PASS)


def test_its_own_thresholds_count() -> None:
    rules = Rules(Thresholds(metrics={KEY: Limits(60, 90)}))
    assert judged(side(1, 3), side(2, 3, slower=1.5), rules).verdict is Verdict.PASS


def test_a_side_without_yardsticks_cannot_be_compared_by_starts() -> None:
    assert starts.timings(side(1, 3), Side((Round(),)), Thresholds(), lambda key: True, in_blocks=False) == []


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 10**6), st.floats(0.5, 2.0), st.floats(0.2, 5.0))
def test_the_unit_of_either_clock_does_not_matter(seed: int, slower: float, unit: float) -> None:
    before, after = side(seed, 3), side(seed + 1, 3, slower=slower)

    def rescaled(whole: Side) -> Side:
        return Side(
            tuple(
                replace(
                    each,
                    scalars={KEY: unit * each.scalars[KEY]},
                    yardsticks={KEY: unit * each.yardsticks[KEY]},
                )
                for each in whole.rounds
            )
        )

    first, second = judged(before, after), judged(rescaled(before), rescaled(after))
    assert first.verdict is second.verdict
    assert first.change == pytest.approx(second.change, abs=1e-9)


def test_unchanged_code_alarms_in_hardly_any_of_a_thousand_comparisons() -> None:
    """Simulated at as much scatter as a machine showed at a load of six a core."""
    found = [
        judged(side(2 * n, 3, scatter=0.095), side(2 * n + 1, 3, scatter=0.095)).verdict for n in range(1000)
    ]
    alarms = sum(verdict in (Verdict.WARN, Verdict.FAIL, Verdict.INCONCLUSIVE) for verdict in found)
    assert alarms <= 10
    assert PRIOR_WEIGHT == 4.0, "what the scatter above was tried with"


@pytest.mark.parametrize("value", [0.0, -1.0, float("nan"), float("inf")], ids=str)
@pytest.mark.parametrize("which", ["scalars", "yardsticks"])
def test_a_start_that_took_no_time_is_refused(which: str, value: float) -> None:
    values = {"scalars": {KEY: 0.1}, "yardsticks": {KEY: 0.01}, which: {KEY: value}}
    with pytest.raises(MeasurementError, match=f"a round: {KEY} is "):
        Round(**values)
