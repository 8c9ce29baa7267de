"""A direction in values that have no step: how far they moved, if it is no chance."""

from __future__ import annotations

import math
from collections.abc import Sequence

MOST = 100
"""Newest values that count: what moved a year ago is no drift."""
BEYOND = 2.576
"""Standard deviations of chance that a direction must be beyond (99 %, two-sided)."""


def drift_of(values: Sequence[float]) -> float | None:
    """Return by how much the values moved from the first to the last, as a ratio less one, or None.

    Theil and Sen's slope, the median of the slopes of all pairs (P. K. Sen, "Estimates of the regression
    coefficient based on Kendall's tau", JASA 63, 1968), times the length, over the median; None where
    Kendall's test finds no direction (H. B. Mann, "Nonparametric tests against trend", Econometrica 13,
    1945), or where the median is none to divide by.

    >>> drift_of([1.0, 1.02, 1.04, 1.06, 1.08, 1.1, 1.12, 1.14])
    0.1308...
    >>> drift_of([1.0, 1.1] * 10)
    """
    import numpy as np

    y = np.asarray(values[-MOST:], dtype=float)
    n = y.size
    if n < 3:
        return None
    first, second = np.triu_indices(n, 1)
    rises = y[second] - y[first]
    score = float(np.sign(rises).sum())
    _, ties = np.unique(y, return_counts=True)
    variance = (n * (n - 1) * (2 * n + 5) - float((ties * (ties - 1) * (2 * ties + 5)).sum())) / 18
    middle = float(np.median(y))
    if variance <= 0 or (abs(score) - 1) / math.sqrt(variance) < BEYOND or middle == 0:
        return None
    return float(np.median(rises / (second - first))) * (n - 1) / middle
