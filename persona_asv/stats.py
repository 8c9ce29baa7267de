"""Numbers in, numbers out: the few statistics a verdict rests on.

numpy is imported inside the functions that need it, so that commands that only print never pay for it.
scipy is the oracle of the tests, never a dependency.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

SUPPORT = 5.0
"""Samples that must lie beyond a percentile before it may decide anything."""

_LINEAR_ABOVE = 10_000
"""Sample size from which the Harrell-Davis weights span less than 2 % of the ranks: the linear percentile
is then the same number for a fraction of the work."""


def percentile(values: Sequence[float], q: float) -> float:
    """Return the ``q``-quantile (0 to 1) by linear interpolation, both ends included.

    Definition 7 of Hyndman & Fan, "Sample quantiles in statistical packages" (1996), which numpy calls
    "linear".

    Raises
    ------
    ValueError
        Without values, or with ``q`` outside 0 to 1.
    """
    _check_quantile(len(values), q)
    ordered = sorted(values)
    position = q * (len(ordered) - 1)
    below = math.floor(position)
    above = min(below + 1, len(ordered) - 1)
    return ordered[below] + (position - below) * (ordered[above] - ordered[below])


def harrell_davis(values: ArrayLike, q: float) -> float:
    """Return the Harrell-Davis estimate of the `q`-quantile: a beta-weighted mean of all order statistics.

    Steadier than any single order statistic in the tail of few samples. F. E. Harrell & C. E. Davis, "A new
    distribution-free quantile estimator", Biometrika 69 (1982). Above 10,000 samples the two agree and the
    linear percentile is returned.

    Raises
    ------
    ValueError
        Without values, or with `q` outside 0 to 1.
    """
    import numpy as np

    array = np.asarray(values, dtype=float)
    _check_quantile(array.size, q)
    if array.size > _LINEAR_ABOVE or q in (0.0, 1.0):
        return float(np.quantile(array, q))
    first, weights = _harrell_davis_weights(array.size, q)
    return float(np.sort(array)[first : first + weights.size] @ weights)


def _check_quantile(size: int, q: float) -> None:
    if not size or not 0.0 <= q <= 1.0:
        raise ValueError(f"no {q}-quantile of {size} values")


@lru_cache(maxsize=256)
def _harrell_davis_weights(n: int, q: float) -> tuple[int, NDArray[np.float64]]:
    """Return the first rank with a weight worth having, and the weights from there on."""
    import numpy as np

    a, b = (n + 1) * q, (n + 1) * (1 - q)
    # Twelve standard deviations of the beta distribution hold all weight that a double can show, except
    # where n is so small that the window is the whole sample anyway.
    reach = 12 * math.sqrt(q * (1 - q) / (n + 2)) + 12 / (n + 2)
    first, last = max(0, math.floor(n * (q - reach))), min(n, math.ceil(n * (q + reach)))
    edges = np.arange(first, last + 1) / n
    inside = np.clip(edges, 1e-300, 1 - 1e-16)
    left = inside < (a + 1) / (a + b + 2)
    front = np.exp(a * np.log(inside) + b * np.log1p(-inside) - _log_beta(a, b))
    cumulated = np.where(
        left,
        front * _beta_fraction(np.where(left, inside, 0.0), a, b) / a,
        1 - front * _beta_fraction(np.where(left, 0.0, 1 - inside), b, a) / b,
    )
    cumulated[edges <= 0], cumulated[edges >= 1] = 0.0, 1.0
    weights = np.diff(cumulated)
    weights /= weights.sum()
    weights.setflags(write=False)
    return first, weights


def _log_beta(a: float, b: float) -> float:
    return math.lgamma(a) + math.lgamma(b) - math.lgamma(a + b)


def _beta_fraction(x: Any, a: float, b: float) -> Any:
    """Evaluate the continued fraction of the incomplete beta function, for a float or an array alike.

    DLMF 8.17.22 (https://dlmf.nist.gov/8.17#v); converges for x < (a + 1) / (a + b + 2) in a number of
    steps that grows with the square root of the larger parameter.
    """
    # Numerators and denominators of two successive convergents, rescaled so that the last denominator is 1.
    older_top, older_bottom = x * 0 + 1.0, x * 0 + 1.0
    top, bottom = x * 0 + 1.0, 1.0 - (a + b) * x / (a + 1)
    for m in range(1, 30 + int(6 * math.sqrt(max(a, b)))):
        even = m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
        middle_top, middle_bottom = top + even * older_top, bottom + even * older_bottom
        odd = -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1))
        top, bottom = middle_top + odd * top, middle_bottom + odd * bottom
        older_top, older_bottom = middle_top / bottom, middle_bottom / bottom
        top, bottom = top / bottom, bottom * 0 + 1.0
    return top


def regularised_beta(x: float, a: float, b: float) -> float:
    """Return the regularised incomplete beta function I_x(a, b), DLMF 8.17.2, for positive a and b."""
    if x <= 0 or x >= 1:
        return 0.0 if x <= 0 else 1.0
    front = math.exp(a * math.log(x) + b * math.log1p(-x) - _log_beta(a, b))
    if x < (a + 1) / (a + b + 2):
        return float(front * _beta_fraction(x, a, b) / a)
    return float(1 - front * _beta_fraction(1 - x, b, a) / b)


def t_above(t: float, df: float) -> float:
    """Return P(T > t) of Student's t with `df` degrees of freedom (DLMF 8.17, Abramowitz & Stegun 26.7.1)."""
    if math.isinf(t):
        return 0.0 if t > 0 else 1.0
    square = t * t
    if square < df:
        half = 0.5 - 0.5 * regularised_beta(square / (df + square), 0.5, df / 2)
    else:
        half = 0.5 * regularised_beta(df / (df + square), df / 2, 0.5)
    return half if t >= 0 else 1 - half


@lru_cache(maxsize=1024)
def t_quantile(p: float, df: float) -> float:
    """Return the t with P(T <= t) = `p`, by bisection of `t_above`.

    Raises
    ------
    ValueError
        With `p` outside the open interval 0 to 1, or `df` not positive.
    """
    if not 0 < p < 1 or not df > 0:
        raise ValueError(f"no t quantile at p = {p}, df = {df}")
    if p < 0.5:
        return -t_quantile(1 - p, df)
    low, high = 0.0, 1.0
    while t_above(high, df) > 1 - p:
        low, high = high, 2 * high
    while high - low > 1e-13 * high:
        middle = (low + high) / 2
        if middle in (low, high):
            break
        low, high = (middle, high) if t_above(middle, df) > 1 - p else (low, middle)
    return (low + high) / 2


def holm(p_values: Sequence[float]) -> tuple[float, ...]:
    """Return the p values adjusted for their number, in the given order.

    S. Holm, "A simple sequentially rejective multiple test procedure", Scandinavian Journal of Statistics 6
    (1979): the smallest is multiplied by m, the next by m - 1, and none falls below the one before it.
    """
    adjusted = [1.0] * len(p_values)
    worst = 0.0
    for rank, index in enumerate(sorted(range(len(p_values)), key=lambda i: p_values[i])):
        worst = max(worst, min(1.0, (len(p_values) - rank) * p_values[index]))
        adjusted[index] = worst
    return tuple(adjusted)


def supports(n: int, q: float) -> bool:
    """Return whether `n` samples leave at least five beyond the `q`-quantile, the fewest that may decide.

    >>> supports(100, 0.95), supports(499, 0.99), supports(10, 0.5)
    (True, False, True)
    """
    return n * (1 - q) >= SUPPORT - 1e-9


def quantile_interval(
    values: Sequence[float], q: float, confidence: float = 0.95
) -> tuple[float, float] | None:
    """Return a distribution-free interval of the `q`-quantile from two order statistics, or None.

    W. J. Conover, "Practical Nonparametric Statistics" (1999), section 3.2: the number of samples below the
    quantile is binomial. Equal tails; None where so few samples cannot bound it (95 %: fewer than 6 for the
    median, 72 for the 95th, 368 for the 99th percentile).
    """
    n = len(values)
    tail = (1 - confidence) / 2
    # P(Bin(n, q) <= k) = I_{1-q}(n - k, k + 1), DLMF 8.17.5
    if not 0 < q < 1 or n == 0 or q**n > tail or (1 - q) ** n > tail:
        return None

    def at_most(k: int) -> float:
        return 1.0 if k >= n else regularised_beta(1 - q, n - k, k + 1)

    low = _last(0, n - 1, lambda k: at_most(k) <= tail)
    high = _last(0, n - 1, lambda k: 1 - at_most(k) > tail) + 1
    ordered = sorted(values)
    return ordered[low], ordered[high]


def _last(first: int, last: int, holds: Any) -> int:
    """Return the last of the integers for which a condition holds that holds for the first ones only."""
    while first < last:
        middle = (first + last + 1) // 2
        first, last = (middle, last) if holds(middle) else (first, middle - 1)
    return first
