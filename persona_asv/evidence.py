"""How sure a change is: an effect on the log scale with its standard error, from rounds, not from samples.

Samples of one process are not independent, so the unit of evidence is the round. A handful of rounds says
little about their own scatter; the variance is therefore moderated by what such rounds usually scatter
(an empirical-Bayes prior worth `PRIOR_WEIGHT` degrees of freedom; G. K. Smyth, "Linear models and empirical
Bayes methods", Statistical Applications in Genetics and Molecular Biology 3 (2004), equation for s-tilde).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from persona_asv.stats import t_above, t_quantile

PRIOR_WEIGHT = 4.0
"""Degrees of freedom the usual scatter is worth (nu0)."""

USUAL_SCATTER: Mapping[str, float] = {"p50": 0.04, "mean": 0.04, "p95": 0.065, "p99": 0.14}
"""Standard deviation between rounds of identical code of the log of a calibrated statistic, measured on a
busy two-core machine (docs/explanation/gate.md)."""


SLOPE_SCATTER = 0.2
"""By how much code may slow down more or less than the reference on a strained machine: the standard
deviation of the slope of one log on the other, about 1."""


@dataclass(frozen=True, slots=True)
class Effect:
    """A change on the log scale, positive where the current side takes more.

    Attributes
    ----------
    size
        Difference of logs, current minus baseline.
    error
        Its standard error, never 0.
    freedom
        Degrees of freedom of the error.
    """

    size: float
    error: float
    freedom: float

    @property
    def change(self) -> float:
        """The change as a fraction: 0.1 is 10 % more."""
        return _expm1(self.size)

    @property
    def percent(self) -> float:
        """The change in percent as it is printed, one decimal: what a threshold is held against."""
        return round(100 * self.change, 1)

    @property
    def mirrored(self) -> Effect:
        """The same evidence with the sides exchanged."""
        return Effect(-self.size, self.error, self.freedom)

    def moved(self, by: float) -> Effect:
        """Return the same evidence about a quantity that differs by a known log offset."""
        return Effect(self.size + by, self.error, self.freedom)

    def drifting(self, by: float) -> Effect:
        """Return the same evidence about sides that also differ by chance: `by` is its standard deviation."""
        return Effect(self.size, math.hypot(self.error, by), self.freedom)

    def doubt(self, level: float) -> float:
        """Return P(an effect this large or larger | the true one is `level`), `level` as a fraction."""
        return t_above((self.size - math.log1p(level)) / self.error, self.freedom)

    def interval(self, confidence: float = 0.95) -> tuple[float, float]:
        """Return the two-sided confidence interval of the change, as fractions."""
        reach = self.error * t_quantile((1 + confidence) / 2, self.freedom)
        return math.expm1(self.size - reach), _expm1(self.size + reach)

    def detectable(self, level: float, alpha: float, power: float = 0.8) -> float:
        """Return the smallest true change (a fraction) that such rounds call `level` with this power.

        The larger of the level itself and what the test of "more than half the level" can tell from noise
        (sample-size formula of a one-sided t test, J. Cohen, "Statistical Power Analysis" (1988), chapter 2).
        """
        reach = t_quantile(1 - alpha, self.freedom) + t_quantile(power, self.freedom)
        return max(level, _expm1(math.log1p(level / 2) + reach * self.error))


def _expm1(log: float) -> float:
    return math.expm1(min(log, 700.0))


def usual_scatter(statistic: str, operations: float, table: Mapping[str, float] = USUAL_SCATTER) -> float:
    """Return the usual standard deviation between rounds of this many operations each.

    The table is for rounds of 100; between-round variance of the median of 10, 100 and 500 operations of
    identical code was in the ratio 1.8 : 1 : 0.4 (docs/explanation/gate.md).
    """
    return table[statistic] * math.sqrt(0.9 + 10 / max(operations, 1.0))


@dataclass(frozen=True, slots=True)
class Unstrained:
    """The rounds' logs of both sides, freed of what they follow of the machine's strain.

    Attributes
    ----------
    used
        Degrees of freedom the slope cost, 0 to 1.
    lever
        Squared difference of the sides' mean strain over the slope's stiffness: how much of the slope's own
        uncertainty is in the effect, as a multiple of the rounds' variance.
    """

    baseline: tuple[float, ...]
    current: tuple[float, ...]
    used: float = 0.0
    lever: float = 0.0


def unstrain(
    logs: tuple[Sequence[float], Sequence[float]],
    strain: tuple[Sequence[float], Sequence[float]] | None,
    scatter: float,
) -> Unstrained:
    """Take out of the rounds' logs what they follow of the machine's strain, within the sides.

    An analysis of covariance (W. G. Cochran, "Analysis of covariance: its nature and uses", Biometrics 13
    (1957)). Calibrated code slows down much, but not quite, as its reference does; the slope of what is left
    is shrunk towards 0 as far as the rounds leave it open (a normal prior, `SLOPE_SCATTER`).

    Parameters
    ----------
    logs
        Baseline and current.
    strain
        How slow the machine was in each round: a log, relative to the side's own quick moments. None takes
        nothing out.
    scatter
        The usual standard deviation between rounds.
    """
    if strain is None:
        return Unstrained(tuple(logs[0]), tuple(logs[1]))
    products = math.fsum(_products(z, y) for z, y in zip(strain, logs, strict=True))
    spread = math.fsum(map(squares, strain))
    stiffness = spread + (scatter / SLOPE_SCATTER) ** 2
    slope = products / stiffness
    before, after = (
        tuple(y - slope * z for y, z in zip(side, its, strict=True))
        for side, its in zip(logs, strain, strict=True)
    )
    return Unstrained(before, after, spread / stiffness, (mean(strain[1]) - mean(strain[0])) ** 2 / stiffness)


def effect(rounds: Unstrained, scatter: float, *, in_blocks: bool) -> Effect:
    """Return the effect that the rounds of two sides show.

    Parameters
    ----------
    scatter
        The usual standard deviation between rounds.
    in_blocks
        Whether the rounds are interleaved, one a side in each block and in order of time: then the blocks'
        differences are the evidence, otherwise the difference of two independent means.
    """
    before, after = rounds.baseline, rounds.current
    size = mean(after) - mean(before)
    if in_blocks:
        differences = [b - a for a, b in zip(before, after, strict=True)]
        freedom = PRIOR_WEIGHT + len(differences) - 1 - rounds.used
        variance = (PRIOR_WEIGHT * 2 * scatter**2 + squares(differences)) / freedom
        return Effect(size, math.sqrt(variance * (1 / len(differences) + rounds.lever / 2)), freedom)
    freedom = PRIOR_WEIGHT + len(before) + len(after) - 2 - rounds.used
    variance = (PRIOR_WEIGHT * scatter**2 + squares(before) + squares(after)) / freedom
    return Effect(size, math.sqrt(variance * (1 / len(before) + 1 / len(after) + rounds.lever)), freedom)


def mean(values: Sequence[float]) -> float:
    """Return the mean, whatever the order of the values."""
    return math.fsum(values) / len(values)


def squares(values: Sequence[float]) -> float:
    """Return the sum of squared deviations from the mean, whatever the order of the values."""
    return _products(values, values)


def _products(xs: Sequence[float], ys: Sequence[float]) -> float:
    x, y = mean(xs), mean(ys)
    return math.fsum((a - x) * (b - y) for a, b in zip(xs, ys, strict=True))
