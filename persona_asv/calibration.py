"""From seconds on this machine, in this minute, to what the code costs.

Wall time on a shared machine says how busy the machine was. CPU time beside a reference operation, run right
after every measured one, says what the code costs: between processes of identical code the log of the median
scatters by 0.64 as wall time, 0.16 as CPU time and 0.04 calibrated (docs/explanation/gate.md).
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import TYPE_CHECKING

from persona_asv.evidence import squares, unstrain, usual_scatter
from persona_asv.rounds import Side, in_time
from persona_asv.stats import t_above
from persona_asv.traces import Trace, log_statistic, present, trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

SHARED_WAIT = 0.1
"""Quantile of the voluntary wait that both sides are taken to share."""
QUICK = 0.1
"""Quantile of the references that stands for a machine at its ease."""
THREADED = 1.2
"""Process CPU over thread CPU from which the operation is taken to use threads."""
COLD_AGREES = 0.02
"""How far the cold over the warm reference may differ between the sides (log) for both to be used."""
BALANCE, BALANCE_ALPHA = 0.03, 0.01
"""How far the references of interleaved sides may differ, unless it is likely to be chance."""
SPEAKS, AGREE = 10.0, 5.0
"""Change in percent from which calibrated and raw CPU time must agree, within how many points; above +100 %
within as many percent of the level."""
TICK = 1e-9
"""The shortest reference, in seconds, that can be one: less is a clock that did not move."""


class Basis(StrEnum):
    """What the judged times are made of."""

    CALIBRATED = "calibrated"
    RAW = "uncalibrated"
    WALL = "wall"


class Channel(StrEnum):
    """Which part of an operation's time a number is about.

    CPU sees code that burns more, DEMAND also code that waits more, WALL everything and the neighbours too,
    OVERHEAD the subject's own share, START a process from its beginning, in units of a bare interpreter's.
    """

    CPU = "cpu"
    DEMAND = "demand"
    WALL = "wall"
    OVERHEAD = "overhead"
    START = "start"


@dataclass(frozen=True, slots=True, eq=False)
class Calibration:
    """Both sides as traces in order of time, and how to turn them into comparable seconds.

    Attributes
    ----------
    scale
        The reference operation's usual time on this machine, both sides together (R).
    floor
        The wait both sides share (W0).
    threaded
        Whether the operation spends CPU in more than the measuring thread.
    always_threaded
        Whether it does on both sides: then no time of either is one thread's.
    notes
        One sentence for each guard that changed what is judged, or limits it.
    """

    baseline: tuple[Trace, ...]
    current: tuple[Trace, ...]
    basis: Basis
    scale: float = 1.0
    floor: float = 0.0
    threaded: bool = False
    always_threaded: bool = False
    notes: tuple[str, ...] = ()

    def channels(self) -> tuple[Channel, ...]:
        """Return the channels of latency, the plainest first."""
        if self.basis is Basis.WALL:
            return (Channel.WALL,)
        return (Channel.CPU,) if self.threaded else (Channel.CPU, Channel.DEMAND)

    def logs(self, channel: Channel, statistic: str) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the log of a statistic of every round of the baseline and the current side.

        Minus infinity where a round measured nothing but zeros.
        """
        return tuple(  # type: ignore[return-value]
            tuple(log_statistic(self._seconds(its, channel, statistic), statistic) for its in side)
            for side in (self.baseline, self.current)
        )

    def strain(self, statistic: str) -> tuple[tuple[float, ...], tuple[float, ...]] | None:
        """Return how slow the machine was in every round: the log of the same statistic of the reference.

        Relative to the side's own quick moments (the 10th percentile of its references), so that a faster or
        slower machine is no strain. None where the reference is not used.
        """
        import numpy as np

        if self.basis is not Basis.CALIBRATED:
            return None
        strains = []
        for side in (self.baseline, self.current):
            quick = float(np.quantile(np.concatenate([present(t.body) for t in side]), QUICK))
            strains.append(tuple(log_statistic(t.rho(statistic), statistic) - math.log(quick) for t in side))
        return strains[0], strains[1]

    def _seconds(self, of: Trace, channel: Channel, statistic: str) -> Array:
        if channel is Channel.WALL:
            return of.wall
        factor: float | Array = 1.0
        if self.basis is Basis.CALIBRATED:
            factor = self.scale / of.rho(statistic)
        if channel is Channel.OVERHEAD:
            return present(of.overhead) * factor
        spent: Array = present(of.cpu) * factor
        return spent + (present(of.wait) if channel is Channel.DEMAND else self.floor)


def calibrate(baseline: Side, current: Side, *, paired: bool) -> Calibration:
    """Return how these two sides are to be compared.

    Parameters
    ----------
    baseline, current
        Sides with at least one timed round each.
    paired
        Whether the rounds are interleaved, so that both sides saw the same machine: only then the guards
        can tell a contaminated reference from another machine.
    """
    import numpy as np

    both = (baseline, current)
    kind = next((k for k in ("cpu", "thread_cpu") if all(s.has(k) for s in both)), None)
    note = None
    if kind is None or not all(s.has("reference") for s in both):
        note = "judged on wall time: the results hold no reference series"
    elif min(min(r.reference or ()) for s in both for r in s.timed) < TICK:
        note = "judged on wall time: the reference operation was too short for this machine's clock"
    if note is not None:
        walls = [tuple(trace(r, None, cold=False) for r in in_time(s.timed)) for s in both]
        return Calibration(walls[0], walls[1], Basis.WALL, notes=(note,))
    cold = _cold_agrees(baseline, current)
    before, after = (tuple(trace(r, kind, cold=cold) for r in in_time(s.timed)) for s in both)
    everything = (*before, *after)
    threads = _threads(baseline), _threads(current)
    threaded = max(threads) > THREADED
    notes = ["several threads: waiting is not judged"] if threaded else []
    if not all(s.has("delay") for s in both):
        notes.append("no run-queue delay recorded: a busy machine looks like waiting")
    calibration = Calibration(
        before,
        after,
        Basis.CALIBRATED,
        scale=float(np.median(np.concatenate([present(t.body) for t in everything]))),
        floor=float(np.quantile(np.concatenate([present(t.wait) for t in everything]), SHARED_WAIT)),
        threaded=threaded,
        always_threaded=min(threads) > THREADED,
        notes=tuple(notes),
    )
    reason = _distrust(baseline, current, calibration) if paired else None
    if reason is None:
        said = _disagreement(calibration) if paired else None
        return calibration if said is None else replace(calibration, notes=(*notes, said))
    return Calibration(
        before, after, Basis.RAW, floor=calibration.floor, threaded=threaded, notes=(*notes, reason)
    )


def _cold_agrees(baseline: Side, current: Side) -> bool:
    """Return whether the cold reference tells the sides apart no more than noise: then it is worth using."""
    import numpy as np

    means = []
    for side in (baseline, current):
        if not side.has("reference_cold"):
            return False
        cold = np.concatenate([np.asarray(r.reference_cold) for r in side.timed])
        if cold.min() < TICK:
            return False
        warm = np.concatenate([np.asarray(r.reference) for r in side.timed])
        means.append(float(np.mean(np.log(cold / warm))))
    return abs(means[1] - means[0]) <= COLD_AGREES


def _threads(side: Side) -> float:
    """Return process CPU over thread CPU, 1 where they were not both recorded."""
    if not (side.has("cpu") and side.has("thread_cpu")):
        return 1.0
    thread = math.fsum(math.fsum(r.thread_cpu or ()) for r in side.timed)
    return math.fsum(math.fsum(r.cpu or ()) for r in side.timed) / thread if thread > 0 else 1.0


def _distrust(baseline: Side, current: Side, calibration: Calibration) -> str | None:
    """Return why the references of interleaved rounds cannot be trusted, or None."""
    pairs = zip(in_time(baseline.timed), in_time(current.timed), strict=True)
    gaps = [_mean_log(b.reference) - _mean_log(a.reference) for a, b in pairs]
    k, gap = len(gaps), math.fsum(gaps) / len(gaps)
    if k < 3:
        return None
    error = math.sqrt(squares(gaps) / (k - 1) / k)
    unlikely = error == 0 or 2 * t_above(abs(gap) / error, k - 1) < BALANCE_ALPHA
    if abs(gap) > math.log1p(BALANCE) and unlikely:
        return (
            f"uncalibrated: beside the current code the reference operation takes "
            f"{100 * math.expm1(gap):+.1f} %, so the code disturbs what it is measured with"
        )
    raw = Calibration(calibration.baseline, calibration.current, Basis.RAW, floor=calibration.floor)
    within = []
    for c in (calibration, raw):
        logs = c.logs(Channel.CPU, "p50")
        if not all(map(math.isfinite, (*logs[0], *logs[1]))):
            return None
        freed = unstrain(logs, c.strain("p50"), usual_scatter("p50", baseline.operations / k))
        within.append(squares(freed.baseline) + squares(freed.current))
    if within[0] > within[1]:
        return "uncalibrated: the reference operation moves unlike the code, so it would add noise"
    return None


def _disagreement(calibration: Calibration) -> str | None:
    """Return what to say where calibrating takes away part of a large change, or adds to it; else None.

    Interleaved sides saw the same machine, so the two should agree. Where they do not, and it is not beyond
    chance (`_distrust`), the machine was slower beside one side (an idle one slows down) or the code leaves
    it slower: nobody can tell from these rounds, so both numbers are said.
    """
    changes = []
    for each in (calibration, replace(calibration, basis=Basis.RAW)):
        before, after = each.logs(Channel.CPU, "p50")
        if not all(map(math.isfinite, (*before, *after))):
            return None
        changes.append(math.fsum(after) / len(after) - math.fsum(before) / len(before))
    judged, raw = (100 * math.expm1(change) for change in changes)
    if abs(judged) < SPEAKS or abs(judged - raw) <= AGREE * (1 + judged / 100 if judged > 100 else 1.0):
        return None
    return (
        f"CPU time changed by {judged:+.0f} % beside the reference operation, by {raw:+.0f} % without it: "
        f"the reference took {100 * math.expm1(changes[1] - changes[0]):+.0f} % beside the current code, by "
        "the machine or by the code"
    )


def _mean_log(series: tuple[float, ...] | None) -> float:
    return math.fsum(map(math.log, series or ())) / len(series or (1,))
