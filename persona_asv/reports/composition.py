"""From the rounds of a run to the cases of a report: pure, and no number computed that another step has."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence

from persona_asv import metrics
from persona_asv.case_rounds import CaseRounds
from persona_asv.comparison import Comparison
from persona_asv.estimates import Distribution
from persona_asv.judgement import Judgement
from persona_asv.model import ResultFile
from persona_asv.reports.pace import at_pace, follows, pace, reference
from persona_asv.reports.past import Here, Milestone, tracks
from persona_asv.reports.report import CaseReport, Spread
from persona_asv.reports.sustained import sustained
from persona_asv.units import Better


def case_report(
    name: str,
    provider: str,
    iterations: int,
    files: Sequence[ResultFile],
    before: Sequence[ResultFile],
    judgement: Judgement | None,
    past: Sequence[Milestone],
    here: Here,
) -> CaseReport | None:
    """Return one case of a run; None where nothing of it was measured.

    Parameters
    ----------
    before
        The baseline's rounds, none where only its numbers are known.
    here
        The end of its history, whose reference is the case's own.
    """
    rounds = CaseRounds(name, provider, tuple(files))
    found = metrics.estimates(rounds, metrics.FAMILIES.values())
    if not found:
        return None
    behind = CaseRounds(name, provider, tuple(before))
    ratio = pace(reference(before, name, provider), here.reference)
    return CaseReport(
        name,
        provider,
        iterations,
        found,
        spreads=tuple(
            filter(None, (_spread(d, rounds, behind, ratio, here.profile) for d in metrics.DISTRIBUTIONS))
        ),
        sustained=sustained(rounds.samples(metrics.LATENCY), rounds.samples(metrics.SECONDS_PER_PERSONA)),
        waiting=_waiting(rounds),
        judgement=judgement,
        pace=ratio,
        history=tracks(name, found, past, here),
    )


def judgement_of(comparison: Comparison | None, case: str, provider: str) -> Judgement | None:
    """Return what a comparison found of one case; None where it knows nothing of it."""
    cases = () if comparison is None else comparison.cases
    return next((each.judgement for each in cases if (each.name, each.provider) == (case, provider)), None)


def _spread(
    which: Distribution, rounds: CaseRounds, behind: CaseRounds, ratio: float | None, profile: str
) -> Spread | None:
    quantiles = which.quantiles(rounds)
    if not quantiles:
        return None
    own = tuple(_values(which, rounds))
    everything = [value for each in own for value in each]
    scale = ratio if follows(which.key, profile) else None
    return Spread(
        which.label,
        which.key,
        which.unit,
        Better.HIGHER if which.inverted else Better.LOWER,
        quantiles,
        mean=None if which.inverted else statistics.fmean(everything),
        deviation=statistics.stdev(everything) if len(everything) > 1 else None,
        rounds=own,
        behind=tuple(at_pace(value, which.unit, scale) for each in _values(which, behind) for value in each),
    )


def _values(which: Distribution, rounds: CaseRounds) -> Sequence[tuple[float, ...]]:
    """Return each round's samples in the metric's unit; a round without samples has its one value."""
    found = []
    for cell in rounds.cells(which.measured(rounds)):
        raw = cell.samples or (() if cell.value is None else (cell.value,))
        found.append(tuple(which.scale / each if which.inverted else which.scale * each for each in raw))
    return found


def _waiting(rounds: CaseRounds) -> float | None:
    delays, walls = rounds.samples(metrics.DELAY), rounds.samples(metrics.LATENCY)
    total = math.fsum(walls)
    return math.fsum(delays) / total if delays and total else None
