"""A report as a value: everything a page says, computed once, and nothing of how it looks."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from persona_asv.comparison import Comparison
from persona_asv.environment import Environment
from persona_asv.estimates import Estimate
from persona_asv.judgement import Judgement
from persona_asv.thresholds import Thresholds
from persona_asv.units import Better, Unit


@dataclass(frozen=True, slots=True)
class Spread:
    """One distribution of a case.

    Attributes
    ----------
    label, key
        As the run table has it (``api_calls (per persona)``), and as metrics begin (``api_calls``).
    quantiles
        P50, P95 and P99, with n, rounds and interval.
    mean, deviation
        Of all samples. A rate has no mean (that of the whole run is a metric), a single one no deviation.
    rounds
        The samples of each round in measuring order, in `unit`.
    behind
        The baseline's samples of all rounds, in `unit` and at this machine's pace (`Against.pace`).
    """

    label: str
    key: str
    unit: Unit
    better: Better
    quantiles: tuple[Estimate, ...]
    mean: float | None
    deviation: float | None
    rounds: tuple[tuple[float, ...], ...]
    behind: tuple[float, ...] = ()


@dataclass(frozen=True, slots=True)
class Point:
    """One value of a metric's history.

    Attributes
    ----------
    label
        The baseline's name, or the commit.
    value, interval
        In the metric's unit, as recorded.
    pace
        How much longer the reference operation took in this report's run than at this point: a time times
        its pace is what it would be here. None where either holds no reference, or where the metric does
        not depend on the machine's speed.
    elsewhere
        Whether another machine measured it.
    """

    label: str
    at: datetime
    value: float
    interval: tuple[float, float] | None = None
    pace: float | None = None
    elsewhere: bool = False


@dataclass(frozen=True, slots=True)
class Track:
    """The history of one metric of one case, oldest first; the last point is the report's own run."""

    key: str
    unit: Unit
    better: Better
    points: tuple[Point, ...]

    @property
    def at_one_pace(self) -> bool:
        """Whether every point can be told at the pace of the run."""
        return all(point.pace is not None for point in self.points)


@dataclass(frozen=True, slots=True)
class CaseReport:
    """One case of the run.

    Attributes
    ----------
    estimates
        Every metric by key, as baselines name them.
    sustained
        The rate that a run of at least ten minutes kept up; None for a shorter one.
    waiting
        Share of the operations' wall time spent waiting for a CPU; None where it was not recorded.
    judgement
        The comparison with the baseline; None without one.
    pace
        How much longer the reference operation took than for the baseline; None where either has none.
    """

    name: str
    provider: str
    iterations: int
    estimates: Mapping[str, Estimate]
    spreads: tuple[Spread, ...]
    sustained: float | None = None
    waiting: float | None = None
    judgement: Judgement | None = None
    pace: float | None = None
    history: tuple[Track, ...] = ()


@dataclass(frozen=True, slots=True)
class Against:
    """The baseline of a report.

    Attributes
    ----------
    environment
        Where it was measured; None where files alone were given, which do not say.
    """

    label: str
    comparison: Comparison
    environment: Environment | None = None
    captured_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Report:
    """A finished run, told.

    Attributes
    ----------
    commit
        As people read it, ``1a2b3c4d+dirty`` or ``unattributed``.
    runs
        Names of the run folders it tells of.
    past
        How many baselines of the shelf its history holds.
    notes
        What was decided for the reader or is missing, one sentence each.
    """

    generated_at: datetime
    subject: str
    version: str
    commit: str
    provider: str
    model: str
    endpoint: str
    profile: str
    workloads: tuple[str, ...]
    runs: tuple[str, ...]
    environment: Environment
    cases: tuple[CaseReport, ...]
    against: Against | None = None
    measured_at: datetime | None = None
    past: int = 0
    notes: tuple[str, ...] = ()
    thresholds: Thresholds = field(default_factory=Thresholds)
