"""The verdict: what goes green, yellow and red, and what is never said."""

from __future__ import annotations

import math
import time
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from synthetic import blocks, measured, only_wall, side, times, without

from persona_asv.errors import ExitCode, MeasurementError, PersonaAsvError
from persona_asv.gate import Rules, judge
from persona_asv.judgement import Stage, Verdict
from persona_asv.rounds import Round, Side
from persona_asv.thresholds import Limits, Thresholds

P50, P95, P99 = (f"generation_latency_{p}" for p in ("p50", "p95", "p99"))
THROUGHPUT = "throughput_per_minute"
OVERHEAD = "client_overhead_p50"
A5, B5 = range(5), range(5, 10)


def finding(judgement, key: str):
    return next(f for f in judgement.findings if f.key == key)


# --- colours


@pytest.mark.parametrize(
    ("expected", "code", "slower"),
    [
        pytest.param(Verdict.BETTER, ExitCode.PASS, 0.6, id="much faster"),
        pytest.param(Verdict.PASS, ExitCode.PASS, 1.0, id="unchanged"),
        pytest.param(Verdict.PASS, ExitCode.PASS, 1.05, id="a little slower"),
        pytest.param(Verdict.WARN, ExitCode.WARN, 1.25, id="a fifth slower"),
        pytest.param(Verdict.FAIL, ExitCode.FAIL, 1.6, id="much slower"),
    ],
)
def test_five_rounds_a_side_tell_the_colour(expected: Verdict, code: ExitCode, slower: float) -> None:
    judgement = judge(side(A5), side(B5, slower=slower))
    assert finding(judgement, P50).verdict is expected
    assert judgement.exit_code is code
    assert finding(judgement, P50).stage is Stage.TEST


def test_busier_neighbours_are_no_regression() -> None:
    judgement = judge(side(A5), side(B5, strain=2.0))
    assert set(judgement.verdicts.values()) <= {Verdict.PASS}
    assert judgement.waiting is not None
    assert judgement.waiting[1] > judgement.waiting[0]


def test_a_slower_tail_is_seen_where_the_median_stands_still() -> None:
    judgement = judge(side(A5), side(B5, tail=3.0))
    assert finding(judgement, P50).verdict is Verdict.PASS
    assert finding(judgement, P95).verdict is Verdict.FAIL


def test_more_waiting_is_seen_though_no_more_is_burnt() -> None:
    judgement = judge(side(A5), side(B5, wait=0.003))
    assert finding(judgement, P50).verdict is Verdict.FAIL
    assert finding(judgement, P50).channel == "demand"


def test_overhead_is_judged_beside_a_slow_model() -> None:
    before, after = side(A5, wait=1.0), side(B5, wait=1.0, slower=2.0)
    own = [replace(s, rounds=tuple(replace(r, overhead=r.cpu) for r in s.rounds)) for s in (before, after)]
    judgement = judge(*own)
    assert finding(judgement, P50).verdict is Verdict.PASS
    assert finding(judgement, OVERHEAD).verdict is Verdict.FAIL
    assert finding(judgement, OVERHEAD).change == pytest.approx(1.0, abs=0.1)


@settings(deadline=None, max_examples=60)
@given(st.floats(0.7, 1.6), st.integers(0, 10_000), st.sampled_from([(10, 25), (5, 15), (0, 0), (20, 90)]))
def test_a_verdict_never_contradicts_the_number_beside_it(
    slower: float, seed: int, limits: tuple[int, int]
) -> None:
    before, after = side(range(seed, seed + 5)), side(range(seed + 5, seed + 10), slower=slower)
    judgement = judge(before, after, Rules(Thresholds.uniform(*limits)))
    for found in judgement.findings:
        worse = round(100 * found.change * (-1 if found.key == THROUGHPUT else 1), 1)
        if found.verdict in (Verdict.WARN, Verdict.FAIL):
            assert worse >= limits[found.verdict is Verdict.FAIL]
            assert worse > 0
        if found.verdict is Verdict.BETTER:
            assert worse < 0
        assert found.current / found.baseline - 1 == pytest.approx(found.change)
        assert found.interval[0] <= found.change <= found.interval[1]


# --- properties

verdict_free = st.integers(0, 10_000)


def changes(judgement) -> dict[str, float]:
    return {f.key: f.change for f in judgement.findings}


@settings(deadline=None, max_examples=30)
@given(verdict_free, st.floats(1e-3, 1e3))
def test_the_verdict_is_free_of_scale(seed: int, factor: float) -> None:
    sides = side(range(seed, seed + 3)), side(range(seed + 3, seed + 6), slower=1.2)
    plain, scaled = judge(*sides), judge(*(times(s, factor) for s in sides))
    assert changes(scaled) == pytest.approx(changes(plain))
    assert scaled.verdicts == plain.verdicts


@settings(deadline=None, max_examples=30)
@given(verdict_free, st.floats(0.5, 2))
def test_the_verdict_is_free_of_a_machine_that_is_slower_altogether(seed: int, factor: float) -> None:
    before, after = side(range(seed, seed + 3), wait=0.0), side(range(seed + 3, seed + 6), wait=0.0)
    plain, moved = judge(before, after), judge(before, times(after, factor))
    assert changes(moved) == pytest.approx(changes(plain), abs=1e-6)


@settings(deadline=None, max_examples=30)
@given(verdict_free, st.randoms(use_true_random=False))
def test_the_verdict_is_free_of_the_order_of_the_rounds(seed: int, random) -> None:
    sides = [side(range(seed, seed + 4)), side(range(seed + 4, seed + 8), slower=1.15)]
    shuffled = [replace(s, rounds=tuple(random.sample(s.rounds, 4))) for s in sides]
    assert changes(judge(*shuffled)) == pytest.approx(changes(judge(*sides)), rel=1e-9, abs=1e-12)
    assert judge(*shuffled).verdicts == judge(*sides).verdicts


@settings(deadline=None, max_examples=30)
@given(verdict_free, st.floats(1.0, 1.6))
def test_exchanging_the_sides_mirrors_the_change(seed: int, slower: float) -> None:
    before, after = side(range(seed, seed + 4)), side(range(seed + 4, seed + 8), slower=slower)
    there, back = judge(before, after), judge(after, before)
    for one, other in zip(there.findings, back.findings, strict=True):
        if one.channel == other.channel:
            assert (1 + one.change) * (1 + other.change) == pytest.approx(1)
        if one.verdict in (Verdict.WARN, Verdict.FAIL):
            assert other.verdict is Verdict.BETTER


RANK = {Verdict.BETTER: 0, Verdict.PASS: 1, Verdict.INSUFFICIENT: 1, Verdict.WARN: 2, Verdict.FAIL: 3}


@settings(deadline=None, max_examples=30)
@given(verdict_free, st.floats(0.8, 1.5), st.floats(1.01, 1.5))
def test_the_verdict_is_monotone_in_the_effect(seed: int, slower: float, more: float) -> None:
    before = side(range(seed, seed + 4))
    mild = judge(before, side(range(seed + 4, seed + 8), slower=slower, noise=0.02))
    worse = judge(before, side(range(seed + 4, seed + 8), slower=slower * more, noise=0.02))
    assert changes(worse)[P50] > changes(mild)[P50]
    assert RANK[worse.verdicts[P50]] >= RANK[mild.verdicts[P50]]


@settings(deadline=None, max_examples=20)
@given(verdict_free)
def test_more_rounds_never_weaken_a_clear_case(seed: int) -> None:
    ranks = []
    for rounds in (3, 5, 8, 12):
        before = side(range(seed, seed + rounds))
        after = side(range(seed + 100, seed + 100 + rounds), slower=1.6)
        found = finding(judge(before, after), P50)
        ranks.append((RANK[found.verdict], -found.detectable))
    assert ranks == sorted(ranks)
    assert ranks[-1][0] == RANK[Verdict.FAIL]


def test_the_same_input_gives_the_same_judgement() -> None:
    assert judge(side(A5), side(B5, slower=1.2)) == judge(side(A5), side(B5, slower=1.2))


# --- the screen


def test_one_round_a_side_never_turns_yellow_or_red() -> None:
    judgement = judge(side(range(1)), side(range(1, 2), slower=3.0))
    assert not {Verdict.WARN, Verdict.FAIL} & set(judgement.verdicts.values())
    assert finding(judgement, P50).stage is Stage.SCREEN


@pytest.mark.parametrize(
    ("verdict", "code", "remeasure", "slower"),
    [
        pytest.param(Verdict.PASS, ExitCode.PASS, False, 1.0, id="unchanged"),
        pytest.param(Verdict.PASS, ExitCode.PASS, True, 1.075, id="suspicious, but surely below failure"),
        pytest.param(Verdict.INCONCLUSIVE, ExitCode.WARN, True, 1.3, id="may have failed"),
    ],
)
def test_a_suspicion_asks_for_more_and_holds_a_build_up_only_where_it_may_have_failed(
    verdict: Verdict, code: ExitCode, remeasure: bool, slower: float
) -> None:
    judgement = judge(side(range(1), wait=0.0), side(range(1, 2), slower=slower, wait=0.0))
    assert (finding(judgement, P50).verdict, judgement.exit_code) == (verdict, code)
    assert judgement.remeasure is remeasure


def test_fresh_rounds_are_final() -> None:
    before, after = side(A5), side(B5, slower=1.3)
    assert judge(before, after).remeasure
    assert not judge(before, after, Rules(final=True)).remeasure


# --- support, Holm, thresholds


def test_a_percentile_with_too_few_samples_beyond_it_decides_nothing() -> None:
    judgement = judge(side(A5, operations=20), side(B5, operations=20, slower=2.0))
    assert judgement.verdicts[P95] is Verdict.FAIL
    assert judgement.verdicts[P99] is Verdict.INSUFFICIENT


def test_few_operations_leave_the_mean_to_decide() -> None:
    judgement = judge(side(range(3), operations=2), side(range(3, 6), operations=2, slower=4.0))
    assert judgement.verdicts[P50] is Verdict.INSUFFICIENT
    assert judgement.verdicts[THROUGHPUT] is Verdict.FAIL


def test_throughput_falls_by_less_than_time_rises() -> None:
    judgement = judge(side(A5), side(B5, slower=1.5, wait=0.0015))
    time_, rate = finding(judgement, P50), finding(judgement, THROUGHPUT)
    assert rate.change == pytest.approx(1 / (1 + time_.change) - 1, abs=0.03)
    assert rate.current < rate.baseline


def test_fewer_personas_an_operation_are_less_throughput() -> None:
    judgement = judge(replace(side(A5), personas=10.0), replace(side(B5), personas=6.0))
    assert finding(judgement, THROUGHPUT).change == pytest.approx(-0.4, abs=0.03)
    assert judgement.verdicts[THROUGHPUT] is Verdict.FAIL
    assert judgement.verdicts[P50] is Verdict.PASS


def test_what_is_asked_bounds_the_family_of_tests() -> None:
    before, after = side(A5), side(B5, slower=1.2)
    judgement = judge(before, after, Rules(only={P50}))
    assert set(judgement.verdicts) == {P50}


def test_one_metric_may_have_its_own_limits() -> None:
    before, after = side(A5), side(B5, slower=1.3)
    lenient = Thresholds(Limits(10, 25), {P50: Limits(60, 90)})
    judgement = judge(before, after, Rules(lenient))
    assert judgement.verdicts[P50] is Verdict.PASS
    assert judgement.verdicts[THROUGHPUT] is Verdict.WARN


@pytest.mark.parametrize(
    ("verdict", "warn", "fail"),
    [
        pytest.param(Verdict.FAIL, 20, 20, id="equal"),
        pytest.param(Verdict.FAIL, 0, 0, id="zero"),
        pytest.param(Verdict.WARN, 0, 2000, id="failure over 1000"),
        pytest.param(Verdict.PASS, 1500, 2000, id="both over 1000"),
    ],
)
def test_odd_thresholds_are_honoured(verdict: Verdict, warn: float, fail: float) -> None:
    judgement = judge(side(A5), side(B5, slower=1.6), Rules(Thresholds.uniform(warn, fail)))
    assert judgement.verdicts[P50] is verdict


def test_another_suites_series_is_judged_under_its_own_name() -> None:
    walls = [tuple(0.001 * (1 + 0.01 * ((i * 7 + k) % 5)) for i in range(50)) for k in range(6)]
    slow = [tuple(3 * v for v in wall) for wall in walls[3:]]
    judgement = judge(only_wall(*walls[:3]), only_wall(*slow), Rules(family="sort.time_sort"))
    assert judgement.verdicts["sort.time_sort_mean"] is Verdict.FAIL
    assert THROUGHPUT not in judgement.verdicts


# --- interleaved rounds


def test_interleaved_rounds_are_compared_in_pairs() -> None:
    drift = [1.0, 1.4, 0.8, 1.9, 1.2]
    sides = blocks(
        5,
        lambda s: measured(s, strain=drift[s // 2]),
        lambda s: measured(s, strain=drift[s // 2], slower=1.3),
    )
    judgement = judge(*sides)
    assert judgement.interleaved
    assert finding(judgement, P50).verdict in (Verdict.WARN, Verdict.FAIL)
    assert not judge(*sides, Rules(interleaved=False)).interleaved


def test_sides_with_unlike_numbers_of_rounds_are_never_paired() -> None:
    judgement = judge(side(range(4)), side(range(4, 9), slower=1.6), Rules(interleaved=True))
    assert not judgement.interleaved
    assert judgement.verdicts[P50] is Verdict.FAIL


# --- bad input: no silence, no traceback


@pytest.mark.parametrize("empty", ["baseline", "current"])
def test_a_side_without_rounds_is_refused_by_name(empty: str) -> None:
    sides = {"baseline": side(range(1)), "current": side(range(1)), empty: Side(())}
    with pytest.raises(MeasurementError, match=f"the {empty} side holds no rounds"):
        judge(sides["baseline"], sides["current"])


def test_nothing_in_common_is_refused() -> None:
    with pytest.raises(MeasurementError, match="no metric in common"):
        judge(side(range(1)), Side((Round(scalars={"memory_peak_mb": 5.0}),)))


@pytest.mark.parametrize("rounds", [1, 3])
@pytest.mark.parametrize("factor", [1.0, 1.6])
def test_equal_samples_divide_by_nothing(rounds: int, factor: float) -> None:
    flat = Round(
        wall=(0.004,) * 20,
        cpu=(0.003,) * 20,
        delay=(0.0,) * 20,
        reference=(0.001,) * 20,
        reference_cold=(0.001,) * 20,
    )
    more = replace(flat, wall=(0.004 * factor,) * 20, cpu=(0.003 * factor,) * 20)
    judgement = judge(Side((flat,) * rounds), Side((more,) * rounds))
    expected = {1.0: (Verdict.PASS, Verdict.PASS), 1.6: (Verdict.INCONCLUSIVE, Verdict.FAIL)}
    assert judgement.verdicts[P50] is expected[factor][rounds == 3]


@pytest.mark.parametrize("rounds", [1, 3])
@pytest.mark.parametrize(("before", "after"), [(0.0, 0.0), (0.0, 1.0), (1.0, 0.0)])
def test_zeros_are_never_passed_silently(rounds: int, before: float, after: float) -> None:
    judgement = judge(only_wall(*[(before,) * 20] * rounds), only_wall(*[(after,) * 20] * rounds))
    assert judgement.exit_code is ExitCode.WARN
    assert judgement.verdicts[P50] is Verdict.INCONCLUSIVE
    assert "clock" in finding(judgement, P50).reason
    assert finding(judgement, P50).change is None


def test_no_overhead_on_either_side_is_none() -> None:
    def idle(s: Side) -> Side:
        return replace(s, rounds=tuple(replace(r, overhead=(0.0,) * 100) for r in s.rounds))

    judgement = judge(idle(side(A5)), idle(side(B5)))
    assert judgement.verdicts[OVERHEAD] is Verdict.PASS
    worse = judge(idle(side(A5)), side(B5))
    assert worse.verdicts[OVERHEAD] is Verdict.INCONCLUSIVE


def test_a_single_operation_is_judged_by_its_mean_alone() -> None:
    judgement = judge(side(range(1), operations=1), side(range(1), operations=1))
    assert judgement.verdicts[P50] is Verdict.INSUFFICIENT
    assert judgement.verdicts[THROUGHPUT] is Verdict.PASS


def test_iterations_and_rounds_may_differ() -> None:
    judgement = judge(side(range(3), operations=40), side(range(3, 10), operations=90, slower=1.6))
    assert judgement.verdicts[P50] is Verdict.FAIL
    assert finding(judgement, P50).n == (120, 630)
    assert finding(judgement, P50).rounds == (3, 7)


def test_a_million_samples_are_quick() -> None:
    long = tuple(0.001 + 1e-9 * (i % 977) for i in range(1_000_000))
    started = time.process_time()
    judge(only_wall(long), only_wall(long))
    assert time.process_time() - started < 30


def test_what_only_the_baseline_has_is_missing_and_never_passed_over() -> None:
    before = side(A5, memory_peak_mb=100.0)
    judgement = judge(before, without(side(B5), "overhead"))
    assert judgement.missing == (
        "client_overhead_p50",
        "client_overhead_p95",
        "client_overhead_p99",
        "memory_peak_mb",
    )
    assert judgement.exit_code is ExitCode.COULD_NOT_MEASURE


def test_what_only_the_current_side_has_is_shown() -> None:
    judgement = judge(side(A5), side(B5, memory_peak_mb=100.0))
    assert judgement.added == ("memory_peak_mb",)
    assert judgement.exit_code is ExitCode.PASS


seconds = st.floats(allow_nan=True, allow_infinity=True)
series = st.lists(seconds, min_size=1, max_size=12).map(tuple)


@settings(deadline=None, max_examples=200)
@given(st.data())
def test_whatever_the_numbers_there_is_a_verdict_or_an_error_of_ours(data) -> None:
    value = data.draw(st.sampled_from([st.floats(0, 1e9), seconds, st.sampled_from([0.0, 1.0, 5e-324])]))

    def draw_round() -> Round:
        n = data.draw(st.integers(1, 12))
        values = st.lists(value, min_size=n, max_size=n).map(tuple)
        maybe = st.none() | values
        return Round(
            wall=data.draw(values),
            cpu=data.draw(maybe),
            delay=data.draw(maybe),
            reference=data.draw(maybe),
            reference_cold=data.draw(maybe),
            overhead=data.draw(maybe),
            scalars={"memory_peak_mb": data.draw(value)},
            started_at=data.draw(st.none() | st.floats(0, 100)),
        )

    try:
        sides = [Side(tuple(draw_round() for _ in range(data.draw(st.integers(0, 3))))) for _ in "ab"]
        judgement = judge(*sides)
    except PersonaAsvError:
        return
    for found in judgement.findings:
        numbers = [found.baseline, found.current, found.change, found.detectable, *(found.interval or ())]
        assert all(math.isfinite(x) for x in numbers if x is not None)
