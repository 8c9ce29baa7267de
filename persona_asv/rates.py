"""Throughput: how many personas a minute brings, from times that are stored because asv knows no rates."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from persona_asv.case_rounds import CaseRounds
from persona_asv.estimates import Estimate
from persona_asv.stats import t_quantile
from persona_asv.units import PER_MINUTE, Better

SECONDS_PER_PERSONA = "generation.Generation.track_seconds_per_persona"


def throughput(rounds: CaseRounds) -> Estimate | None:
    """Return 60 x personas / duration over the whole run: from the mean time, not a mean of rates."""
    times = rounds.samples(SECONDS_PER_PERSONA)
    if not times:
        return None
    return Estimate(
        key="throughput_per_minute",
        value=60 / statistics.fmean(times),
        unit=PER_MINUTE,
        better=Better.HIGHER,
        n=len(times),
        rounds=len(rounds.cells(SECONDS_PER_PERSONA)),
        interval=_rate_interval([cell.samples or () for cell in rounds.cells(SECONDS_PER_PERSONA)]),
    )


def _rate_interval(rounds: Sequence[Sequence[float]]) -> tuple[float, float] | None:
    """Return Student's 95 % interval of the rounds' mean time, as a rate; None of fewer than three."""
    means = [statistics.fmean(each) for each in rounds if each]
    if len(means) < 3:
        return None
    middle = statistics.fmean(means)
    reach = t_quantile(0.975, len(means) - 1) * statistics.stdev(means) / len(means) ** 0.5
    return (60 / (middle + reach), 60 / (middle - reach)) if reach < middle else None
