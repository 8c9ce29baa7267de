"""Where a series jumped, by asv's own step detection."""

from __future__ import annotations

import statistics
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

FEWEST = 6
"""Points below which nothing is called a step: asv's detection finds one between any two."""

LEAST = 0.05
"""Smallest relative size of a step: asv's own default for a regression."""

_ERRORS = 3.0


@dataclass(frozen=True, slots=True)
class Step:
    """A jump: the first point after it, and its size as a fraction (None from zero)."""

    index: int
    change: float | None


def steps(values: Sequence[float]) -> tuple[Step, ...]:
    """Return where a series jumped to another level and stayed there.

    The levels are those of ``asv.step_detect`` (a piecewise constant fit in the L1 norm, its number of
    pieces by an information criterion). Of its borders those count that are large beside asv's threshold of
    5 % and beside the scatter within both levels, between levels of two points at least.
    """
    if len(values) < FEWEST:
        return ()
    from asv.step_detect import detect_steps

    found = []
    unit = statistics.median(values) or 1.0  # the detection works to absolute tolerances
    levels = detect_steps([value / unit for value in values])
    for (left, _, before, _, error_before), (start, end, after, _, error) in pairwise(levels):
        size = abs(after - before)
        if min(start - left, end - start) < 2 or size <= _ERRORS * max(error_before, error):
            continue
        if before == 0 or size >= LEAST * abs(before):
            found.append(Step(int(start), float(after / before - 1) if before else None))
    return tuple(found)
