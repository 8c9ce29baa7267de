"""asv's own test of two sides' samples, with the same answers, also where asv would take hours for them.

asv (`asv._stats.is_different`) compares every sample with every other: two sides of a million samples each
are 10^12 comparisons. Sorting gives the same counts in n log n. Up to `EXACT_UP_TO` samples asv is asked.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Sequence

from persona_asv.model import Cell

P_THRESHOLD = 0.002
"""Below this p asv calls two sides different."""
EXACT_UP_TO = 20
"""Up to so many samples a side asv takes p from the exact distribution, above from the normal one."""


def is_different(one: Cell, other: Cell) -> bool:
    """Return whether asv would call two measured cells different, whatever the size of the difference.

    With samples on both sides, and enough of them for the answer "different" to be possible: the Mann-Whitney
    test, ties broken the least significant way. Otherwise the 99 % intervals of the medians must not overlap.
    Where asv has no statistics, or only one sample, any difference counts; also where a file lacks the
    interval that would be needed, on which asv itself stops with a KeyError.
    """
    if not (_has_statistics(one) and _has_statistics(other)):
        return True
    if one.samples is not None and other.samples is not None:
        mine, theirs = _numbers(one.samples), _numbers(other.samples)
        if _can_differ(len(mine), len(theirs)):
            return _p_value(mine, theirs) < P_THRESHOLD
    if one.ci_99 is None or other.ci_99 is None:
        return True
    overlap = one.ci_99[1] >= other.ci_99[0] and one.ci_99[0] <= other.ci_99[1]
    return not overlap


def _has_statistics(cell: Cell) -> bool:
    known = (cell.number, cell.repeat, cell.ci_99, cell.quartiles)
    return cell.repeat != 1 and any(fact is not None for fact in known)


def _numbers(samples: Sequence[float]) -> list[float]:
    return [sample for sample in samples if not math.isnan(sample)]


def _can_differ(m: int, n: int) -> bool:
    """Return whether one ordering of all samples is less likely than the threshold, as asv reckons it."""
    few = min(m, n)
    if max(m, n) > EXACT_UP_TO:
        few = min(few, 3)  # 24 over 3 is enough already; a million over half of it has 300,000 digits
    return 1 / math.comb(m + n, few) < P_THRESHOLD


def _p_value(x: Sequence[float], y: Sequence[float]) -> float:
    m, n = len(x), len(y)
    if max(m, n) <= EXACT_UP_TO:
        from asv._stats import mann_whitney_u

        return float(mann_whitney_u(x, y)[1])
    x, y = sorted(x), sorted(y)  # a search beside the one before finds the memory at hand
    below = sum(bisect_left(y, sample) for sample in x)
    not_above = sum(bisect_right(y, sample) for sample in x)
    # Ties may be broken to give any U between the two: the one nearest to the middle says least.
    middle = min(max(below, m * n // 2), not_above)
    u = min(middle, m * n - middle)
    z = (u - m * n / 2) / math.sqrt(m * n * (m + n + 1) / 12)
    return math.erfc(-z / math.sqrt(2))
