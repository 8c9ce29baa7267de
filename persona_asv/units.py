"""Units: which way is better, and how a number is written for people."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum


class Better(Enum):
    """The direction in which a metric improves."""

    LOWER = "lower"
    HIGHER = "higher"


@dataclass(frozen=True, slots=True)
class Unit:
    """What a number counts.

    Attributes
    ----------
    name
        As written in JSON: ``ms``, ``MB``, ``personas/min``, ``count``, ``percent``, ``USD``.
    write
        A number as text for people, its symbol included where a table would not say it.
    """

    name: str
    write: Callable[[float], str]


def milliseconds(value: float) -> str:
    """Return a time in the unit people would use: ``12.3us``, ``0.85ms``, ``271ms``, ``1.23s``.

    >>> milliseconds(0.01234), milliseconds(2.706), milliseconds(271.4), milliseconds(1234)
    ('12.3us', '2.71ms', '271ms', '1.23s')
    """
    if abs(value) >= 999.5:
        return f"{value / 1000:.2f}s"
    if 0 < abs(value) < 0.095:
        return f"{significant(value * 1000)}us"
    return f"{significant(value)}ms"


def significant(value: float) -> str:
    """Return a number with three significant digits at most, never in scientific notation.

    >>> significant(0.04), significant(48.66), significant(4870), significant(2)
    ('0.04', '48.7', '4870', '2')
    """
    if value == int(value):
        return str(int(value))
    size = abs(value)
    return f"{value:.0f}" if size >= 99.95 else f"{value:.1f}" if size >= 9.995 else f"{value:.2f}"


MILLISECONDS = Unit("ms", milliseconds)
PER_MINUTE = Unit("personas/min", significant)
MEGABYTES = Unit("MB", significant)
COUNT = Unit("count", significant)
PERCENT = Unit("percent", lambda value: f"{significant(value)}%")


def dollars(value: float) -> str:
    """Return an amount of US dollars with three significant digits, of a dollar and more with cents.

    >>> dollars(0.0061234), dollars(0.5), dollars(12.345), dollars(0)
    ('0.00612 USD', '0.500 USD', '12.35 USD', '0 USD')
    """
    digits = 2 if abs(value) >= 1 else 2 - math.floor(math.log10(abs(value))) if value else 0
    return f"{value:.{digits}f} USD"


USD = Unit("USD", dollars)
