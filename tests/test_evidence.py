"""Effects, their errors and their intervals, against scipy and by simulation of rounds that scatter."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats as oracle

from persona_asv import evidence
from persona_asv.evidence import Effect, Unstrained, effect, unstrain, usual_scatter

logs = st.lists(st.floats(-3, 3), min_size=2, max_size=12)


def test_unpaired_is_the_t_test_of_two_samples_as_the_prior_fades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "PRIOR_WEIGHT", 1e-9)
    a, b = [0.0, 0.1, 0.3, 0.2], [0.4, 0.1, 0.6]
    found = effect(Unstrained(tuple(a), tuple(b)), 0.04, in_blocks=False)
    expected = oracle.ttest_ind(b, a, alternative="greater")
    assert found.doubt(0.0) == pytest.approx(expected.pvalue, rel=1e-6)
    low, high = oracle.ttest_ind(b, a).confidence_interval()
    assert found.interval() == pytest.approx((math.expm1(low), math.expm1(high)), rel=1e-6)


def test_paired_is_the_t_test_of_the_differences_as_the_prior_fades(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evidence, "PRIOR_WEIGHT", 1e-9)
    a, b = [0.0, 1.1, 2.3, 0.2], [0.4, 1.3, 2.6, 0.1]
    found = effect(Unstrained(tuple(a), tuple(b)), 0.04, in_blocks=True)
    assert found.doubt(0.0) == pytest.approx(oracle.ttest_rel(b, a, alternative="greater").pvalue, rel=1e-6)


@given(logs, logs)
def test_the_error_is_never_zero(a: list[float], b: list[float]) -> None:
    assert effect(Unstrained(tuple(a), tuple(b)), 0.04, in_blocks=False).error > 0


def test_one_round_a_side_leans_on_the_usual_scatter() -> None:
    found = effect(Unstrained((0.0,), (0.1,)), 0.04, in_blocks=False)
    assert (found.error, found.freedom) == pytest.approx((0.04 * math.sqrt(2), 4))


@given(st.floats(0.5, 2), st.lists(st.floats(0, 1), min_size=3, max_size=8))
def test_what_follows_the_strain_is_taken_out(slope: float, strain: list[float]) -> None:
    moved = [slope * z for z in strain]
    freed = unstrain((moved, moved), (strain, strain), 0.001)
    spread = evidence.squares(strain)
    if spread > 0.01:
        assert evidence.squares(freed.baseline) < 0.01 * evidence.squares(moved)
    assert 0 <= freed.used <= 1


def test_no_strain_takes_nothing_out() -> None:
    assert unstrain(((0.1, 0.2), (0.3,)), None, 0.04) == Unstrained((0.1, 0.2), (0.3,))
    freed = unstrain(((0.1, 0.2), (0.3,)), ((0.0, 0.0), (0.0,)), 0.04)
    assert (freed.baseline, freed.current, freed.used) == ((0.1, 0.2), (0.3,), 0.0)


def test_a_difference_in_strain_that_the_slope_must_bridge_costs_certainty() -> None:
    strain = ([0.0, 0.1, 0.2], [0.5, 0.6, 0.7])
    level = ([0.0, 0.1, 0.2], [0.0, 0.1, 0.2])
    values = ([0.0, 0.12, 0.21], [0.1, 0.19, 0.33])
    bridged, even = (effect(unstrain(values, z, 0.04), 0.04, in_blocks=False) for z in (strain, level))
    assert bridged.error > even.error


@pytest.mark.parametrize("in_blocks", [False, True])
def test_intervals_hold_the_truth_as_often_as_they_say(in_blocks: bool) -> None:
    draw = np.random.default_rng(5)
    hits = 0
    for _ in range(400):
        strain = tuple(tuple(draw.normal(0, 0.2, 5)) for _ in "ab")
        sides = tuple(tuple(0.3 * np.array(z) + draw.normal(0, 0.04, 5)) for z in strain)
        low, high = effect(unstrain(sides, strain, 0.04), 0.04, in_blocks=in_blocks).interval()  # type: ignore[arg-type]
        hits += low <= 0 <= high
    assert 0.91 <= hits / 400 <= 1


def test_the_printed_percentage_is_what_a_threshold_is_held_against() -> None:
    assert Effect(math.log(1.0996), 0.01, 5).percent == 10.0
    assert Effect(math.log(1.0994), 0.01, 5).percent == 9.9


def test_the_detectable_change_is_found_with_the_power_it_promises() -> None:
    error, freedom, alpha = 0.03, 12, 0.02
    size = math.log1p(Effect(0.0, error, freedom).detectable(0.1, alpha))
    draw = np.random.default_rng(3)
    estimates = size + error * draw.standard_t(freedom, 20_000)
    found = np.mean([Effect(e, error, freedom).doubt(0.05) < alpha for e in estimates[:2000]])
    assert found == pytest.approx(0.8, abs=0.04)


@pytest.mark.parametrize(("expected", "operations"), [(0.04, 100), (0.0551, 10), (0.1321, 1)])
def test_short_rounds_scatter_more(expected: float, operations: int) -> None:
    assert usual_scatter("p50", operations) == pytest.approx(expected, rel=0.01)
