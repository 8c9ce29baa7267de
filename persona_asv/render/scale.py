"""From values to places on paper: linear scales, and ticks that people would have chosen."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Scale:
    """A linear scale from the values `low` to `high` onto the pixels `start` to `end`."""

    low: float
    high: float
    start: float
    end: float

    def at(self, value: float) -> float:
        """Return where a value lies, rounded to a tenth; beyond the ends it lies on the end.

        >>> Scale(0, 10, 100, 200).at(2.5), Scale(0, 10, 100, 200).at(11), Scale(3, 3, 0, 10).at(3)
        (125.0, 200.0, 5.0)
        """
        span = self.high - self.low
        share = min(1.0, max(0.0, (value - self.low) / span)) if span else 0.5
        return round(self.start + share * (self.end - self.start), 1)


def ticks(low: float, high: float, most: int = 6) -> tuple[float, ...]:
    """Return at most `most` round values from low to high: multiples of 1, 2 or 5 times a power of ten.

    >>> ticks(0, 1), ticks(0.3, 0.9, 3), ticks(5, 5)
    ((0.0, 0.2, 0.4, 0.6, 0.8, 1.0), (0.4, 0.6, 0.8), (5,))
    """
    span = high - low
    if not (math.isfinite(span) and span > 0):
        return (low,)
    power = 10.0 ** math.floor(math.log10(span / most))
    for step in (power, 2 * power, 5 * power, 10 * power, 20 * power, 50 * power):
        first, last = math.ceil(low / step - 1e-9), math.floor(high / step + 1e-9)
        if last - first < most:
            return tuple(float(f"{number * step:.12g}") for number in range(first, last + 1))
    return (low,)


def line(points: Sequence[tuple[float, float]]) -> str:
    """Return the path of a line through points.

    >>> line([(0, 1.5), (10, 2)])
    'M0 1.5L10 2'
    """
    return "".join(f"{'L' if number else 'M'}{x:g} {y:g}" for number, (x, y) in enumerate(points))
