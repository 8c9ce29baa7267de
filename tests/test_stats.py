"""The statistics agree with scipy, which is an oracle here and never a dependency."""

from __future__ import annotations

import math
import subprocess
import sys
import time

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import special
from scipy import stats as oracle
from scipy.stats.mstats import hdquantiles

from persona_asv.stats import (
    harrell_davis,
    holm,
    percentile,
    quantile_interval,
    regularised_beta,
    supports,
    t_above,
    t_quantile,
)

samples = st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=300)
quantiles = st.sampled_from([0.01, 0.25, 0.5, 0.9, 0.95, 0.99])


@given(samples, quantiles)
def test_percentile_is_numpys_linear_one(values: list[float], q: float) -> None:
    assert percentile(values, q) == pytest.approx(np.quantile(values, q), rel=1e-12)


@given(st.lists(st.floats(1e-6, 1e6), min_size=2, max_size=300), quantiles)
def test_harrell_davis_is_scipys(values: list[float], q: float) -> None:
    assert harrell_davis(values, q) == pytest.approx(float(hdquantiles(values, [q])[0]), rel=1e-9)


@pytest.mark.parametrize("n", [500, 3000, 10_000])
@pytest.mark.parametrize("q", [0.5, 0.95, 0.99])
def test_harrell_davis_is_scipys_on_many_samples(n: int, q: float) -> None:
    values = np.random.default_rng(n).lognormal(size=n)
    assert harrell_davis(values, q) == pytest.approx(float(hdquantiles(values, [q])[0]), rel=1e-9)


def test_harrell_davis_of_very_many_samples_is_their_percentile() -> None:
    values = np.random.default_rng(1).lognormal(size=20_000)
    assert harrell_davis(values, 0.95) == percentile(values.tolist(), 0.95)


@given(samples, quantiles, st.randoms(use_true_random=False))
def test_harrell_davis_is_free_of_order_and_stays_within_the_samples(values, q, random) -> None:
    shuffled = list(values)
    random.shuffle(shuffled)
    found = harrell_davis(values, q)
    assert found == harrell_davis(shuffled, q)
    assert min(values) * (1 - 1e-12) <= found <= max(values) * (1 + 1e-12)


@pytest.mark.parametrize(("expected", "q"), [(1.0, 0.0), (3.0, 1.0)], ids=["least", "most"])
def test_the_ends_are_the_least_and_the_most(expected: float, q: float) -> None:
    assert harrell_davis([2, 1, 3], q) == percentile([2, 1, 3], q) == expected


@pytest.mark.parametrize("estimator", [percentile, harrell_davis])
@pytest.mark.parametrize(
    ("values", "q"), [([], 0.5), ([1.0], -0.1), ([1.0], 1.1)], ids=["none", "below", "above"]
)
def test_a_quantile_that_does_not_exist_is_refused(estimator, values: list[float], q: float) -> None:
    with pytest.raises(ValueError, match="quantile of"):
        estimator(values, q)


def test_an_estimate_of_a_million_samples_is_quick() -> None:
    values = np.random.default_rng(1).lognormal(size=1_000_000)
    started = time.process_time()
    harrell_davis(values, 0.99)
    assert time.process_time() - started < 5


@given(st.floats(0, 1), st.floats(0.1, 2000), st.floats(0.1, 2000))
def test_the_incomplete_beta_function_is_scipys(x: float, a: float, b: float) -> None:
    assert regularised_beta(x, a, b) == pytest.approx(float(special.betainc(a, b, x)), rel=1e-9, abs=1e-12)


@given(st.floats(-200, 200), st.floats(1, 60))
def test_the_t_distribution_is_scipys(t: float, df: float) -> None:
    assert t_above(t, df) == pytest.approx(float(oracle.t.sf(t, df)), rel=1e-9, abs=1e-15)


@pytest.mark.parametrize(
    ("expected", "t"), [(0.0, math.inf), (1.0, -math.inf)], ids=["far above", "far below"]
)
def test_nothing_lies_beyond_infinity(expected: float, t: float) -> None:
    assert t_above(t, 5) == expected


@given(st.floats(1e-9, 1 - 1e-9), st.floats(1, 60))
def test_the_t_quantile_is_scipys(p: float, df: float) -> None:
    assert t_quantile(p, df) == pytest.approx(float(oracle.t.ppf(p, df)), rel=1e-7, abs=1e-9)


@pytest.mark.parametrize(
    ("p", "df"), [(0.0, 3), (1.0, 3), (0.5, 0)], ids=["certainly not", "certainly", "no freedom"]
)
def test_a_t_quantile_that_does_not_exist_is_refused(p: float, df: float) -> None:
    with pytest.raises(ValueError, match="no t quantile"):
        t_quantile(p, df)


@pytest.mark.parametrize(
    ("expected", "p_values"),
    [
        pytest.param((), (), id="none"),
        pytest.param((0.04,), (0.04,), id="one stays as it is"),
        pytest.param((0.03, 0.06, 0.06), (0.01, 0.03, 0.04), id="m, m - 1, ..., never falling"),
        pytest.param((0.06, 0.03, 0.06), (0.03, 0.01, 0.04), id="in the given order"),
        pytest.param((1.0, 1.0), (0.6, 0.9), id="at most 1"),
    ],
)
def test_holm(expected: tuple[float, ...], p_values: tuple[float, ...]) -> None:
    assert holm(p_values) == pytest.approx(expected)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=10))
def test_holm_lies_between_the_plain_value_and_bonferronis(p_values: list[float]) -> None:
    for plain, adjusted in zip(p_values, holm(p_values), strict=True):
        assert plain <= adjusted <= 1
        assert adjusted <= max(1.0, len(p_values)) * max(p_values)


@pytest.mark.parametrize(
    ("expected", "n", "q"),
    [
        (True, 10, 0.5),
        (False, 9, 0.5),
        (True, 100, 0.95),
        (False, 99, 0.95),
        (True, 500, 0.99),
        (False, 499, 0.99),
    ],
)
def test_five_samples_must_lie_beyond_a_percentile(expected: bool, n: int, q: float) -> None:
    assert supports(n, q) is expected


@pytest.mark.parametrize(
    ("q", "n"), [(0.5, 6), (0.95, 72), (0.99, 368)], ids=["median", "95th percentile", "99th percentile"]
)
def test_a_distribution_free_interval_needs_samples(q: float, n: int) -> None:
    values = list(map(float, range(n)))
    assert quantile_interval(values[1:], q) is None
    assert quantile_interval(values, q) is not None


@given(st.integers(6, 400), st.sampled_from([0.5, 0.9, 0.95]))
def test_a_distribution_free_interval_has_the_binomials_tails(n: int, q: float) -> None:
    found = quantile_interval(list(map(float, range(1, n + 1))), q)
    if found is None:
        return
    low, high = map(int, found)
    # order statistic k lies above the quantile where fewer than k samples are below it
    assert oracle.binom.cdf(low - 1, n, q) <= 0.025 < oracle.binom.cdf(low, n, q)
    assert oracle.binom.sf(high - 1, n, q) <= 0.025 < oracle.binom.sf(high - 2, n, q)


@settings(deadline=None, max_examples=20)
@given(st.lists(st.floats(0, 1), min_size=6, max_size=6))
def test_the_shortest_interval_of_a_median_is_the_whole_sample(values: list[float]) -> None:
    assert quantile_interval(values, 0.5) == (min(values), max(values))


def test_neither_scipy_nor_numpy_is_loaded_before_it_is_needed() -> None:
    code = "import sys, persona_asv.gate; sys.exit(any(m in sys.modules for m in ('scipy', 'numpy', 'asv')))"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
