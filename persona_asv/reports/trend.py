"""A metric over time as a value: from where to where it went, and where it jumped."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import TypeVar

from persona_asv.engine.steps import Step, steps
from persona_asv.reports.pace import at_pace
from persona_asv.reports.report import Track
from persona_asv.units import PERCENT

T = TypeVar("T")


class Source(StrEnum):
    """What the points of a trend are."""

    BASELINES = "baselines"
    COMMITS = "commits"


@dataclass(frozen=True, slots=True)
class Window:
    """Which points count: the last so many, or those since a moment; None sets no limit."""

    last: int | None = None
    since: datetime | None = None

    def of(self, items: Iterable[T], at: Callable[[T], datetime]) -> tuple[T, ...]:
        """Return the items within, of those given oldest first."""
        found = [each for each in items if self.since is None or at(each) >= self.since]
        return tuple(found if self.last is None else found[-self.last :])


@dataclass(frozen=True, slots=True)
class Trend:
    """One metric of one case over its baselines or commits.

    Attributes
    ----------
    track
        The points, oldest first; their pace is that of the last one.
    steps
        Where it jumped, by asv's step detection.
    """

    case: str
    provider: str
    source: Source
    track: Track
    steps: tuple[Step, ...]

    @property
    def values(self) -> tuple[float, ...]:
        """The values as they would be at the pace of the last point, where all points know theirs."""
        track = self.track
        return tuple(
            at_pace(point.value, track.unit, point.pace if track.at_one_pace else None)
            for point in track.points
        )

    @property
    def change(self) -> float | None:
        """How far the last point is from the one before; None where there is none."""
        values = self.values
        return self._moved(values[-2], values[-1]) if len(values) > 1 else None

    @property
    def drift(self) -> float | None:
        """How far the last point is from the oldest; None where there is no other."""
        values = self.values
        return self._moved(values[0], values[-1]) if len(values) > 1 else None

    def _moved(self, before: float, after: float) -> float | None:
        """Return a fraction, percentage points for a rate in percent; None from zero."""
        if self.track.unit is PERCENT:
            return after - before
        if before == after:
            return 0.0
        return after / before - 1 if before else None


def trend(case: str, provider: str, source: Source, track: Track) -> Trend:
    """Return a track with its steps."""
    found = Trend(case, provider, source, track, ())
    return Trend(case, provider, source, track, steps(found.values))


@dataclass(frozen=True, slots=True)
class Trends:
    """All trends asked for, and what was left out, one sentence each."""

    trends: tuple[Trend, ...]
    notes: tuple[str, ...]
