"""What a metric is: a family it belongs to, the series it is read from, and the estimate that comes of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from persona_asv.case_rounds import CaseRounds
from persona_asv.stats import percentile, quantile_interval, supports
from persona_asv.units import Better, Unit

QUANTILES = (0.50, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number with what it stands on.

    Attributes
    ----------
    value
        In the metric's unit.
    n, rounds
        Samples behind it, and the processes they came from.
    supported
        False where fewer than five samples lie beyond the percentile: it never decides anything.
    interval
        95 % interval over the samples, in the metric's unit, None where so few have none: distribution-free
        for a percentile, of the rounds' means for a rate. It knows nothing of what differs between runs.
    """

    key: str
    value: float
    unit: Unit
    better: Better
    n: int
    rounds: int
    supported: bool = True
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the run table: a distribution at `QUANTILES`."""

    label: str
    quantiles: tuple[Estimate, ...]


@dataclass(frozen=True, slots=True)
class Family:
    """A family of metrics that come out of the same series.

    Attributes
    ----------
    name
        As ``--only`` takes it.
    benchmarks
        asv benchmarks that must run for it.
    rounds
        How many rounds of a run measure it, the first ones; None for all. What costs processes of its own
        and hardly scatters need not be measured in every round.
    least
        Rounds that a run must have to measure it unasked: of fewer it could not be judged.
    on_request
        Whether it is measured only where it is named.
    """

    name: str
    summary: str
    benchmarks: tuple[str, ...]
    rounds: int | None = None
    least: int = 1
    on_request: bool = False


@dataclass(frozen=True, slots=True)
class Distribution:
    """A row of the run table: where its samples come from.

    Attributes
    ----------
    key
        What its percentiles are called: ``<key>_p50``.
    scale
        From asv's unit to the metric's: seconds to ms, bytes to MB.
    series
        Of several the first that was measured.
    inverted
        Whether the metric is a rate, stored as time per persona because asv knows lower-is-better only.
    gated
        Whether the percentiles are metrics of baselines, or only shown.
    """

    family: str
    label: str
    key: str
    unit: Unit
    series: str | tuple[str, ...]
    scale: float = 1.0
    inverted: bool = False
    gated: bool = False

    def measured(self, rounds: CaseRounds) -> str:
        """Return the series that was measured, the first one where none was."""
        names = (self.series,) if isinstance(self.series, str) else self.series
        return next((name for name in names if rounds.cells(name)), names[0])

    def quantiles(self, rounds: CaseRounds) -> tuple[Estimate, ...]:
        """Return the three percentiles, ascending also for a rate, as F-139 prints them; () if not measured.

        A series without samples (memory) has one value a round.
        """
        series = self.measured(rounds)
        found = rounds.samples(series) or rounds.values(series)
        samples = sorted(self.scale / each if self.inverted else self.scale * each for each in found)
        return tuple(
            Estimate(
                key=f"{self.key}_p{q * 100:.0f}",
                value=percentile(samples, q),
                unit=self.unit,
                better=Better.HIGHER if self.inverted else Better.LOWER,
                n=len(samples),
                rounds=len(rounds.cells(series)),
                supported=supports(len(samples), q),
                interval=quantile_interval(samples, q),
            )
            for q in QUANTILES
            if samples
        )


@dataclass(frozen=True, slots=True)
class Single:
    """A metric that is one number a run: a value of asv's in each round, put together.

    Attributes
    ----------
    rest_of
        What the value is taken off, for a metric whose rest is stored because asv knows lower-is-better only.
    yardstick
        Series of what the machine made of a fixed task in the same breath, in the same unit; empty where the
        values hardly scatter. Values with a yardstick are compared in units of it.
    per_python
        Whether it is another number on another minor version of Python, so that the two are never compared.
    """

    family: str
    key: str
    unit: Unit
    series: str
    middle: Callable[[Sequence[float]], float]
    scale: float = 1.0
    rest_of: float | None = None
    yardstick: str = ""
    per_python: bool = False

    def of(self, value: float) -> float:
        """Return the metric that a value of asv's stands for."""
        scaled = self.scale * value
        return scaled if self.rest_of is None else self.rest_of - scaled

    def estimate(self, rounds: CaseRounds) -> Estimate | None:
        """Return the number, None if not measured."""
        values = rounds.values(self.series)
        if not values:
            return None
        better = Better.LOWER if self.rest_of is None else Better.HIGHER
        return Estimate(self.key, self.of(self.middle(values)), self.unit, better, len(values), len(values))
