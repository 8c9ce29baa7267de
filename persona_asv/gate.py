"""The verdict: pure, deterministic, and slow to cry wolf.

The threshold belongs in the hypothesis: a level is reached where the estimate is at or above it *and* "the
true effect is at most half the level" is rejected, over all timed metrics together (Holm). Fewer than three
rounds a side are a screen: it may suspect, never condemn.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from persona_asv import costs, starts, token_times
from persona_asv.calibration import Calibration, calibrate
from persona_asv.doubt import Kind, kind_of, softened
from persona_asv.errors import MeasurementError
from persona_asv.evidence import USUAL_SCATTER, usual_scatter
from persona_asv.judgement import Finding, Judgement
from persona_asv.jury import judge_timings
from persona_asv.rounds import TOKEN_TIMES, Side, interleaved
from persona_asv.scalars import judge_scalar
from persona_asv.thresholds import Thresholds
from persona_asv.timing import Timing, of_threads_apart, timing

ALPHA = {True: (0.05, 0.01), False: (0.02, 0.005)}
"""Error rates of a warning and of a failure, for interleaved rounds and for others."""
LATENCY, OVERHEAD, THROUGHPUT = "generation_latency", "client_overhead", "throughput_per_minute"
NOT_IN_EVERY_RUN = (costs.KEY, *TOKEN_TIMES)
"""How metrics begin that a sound run may lack: no price is known, no stream was asked for."""


@dataclass(frozen=True, slots=True)
class Rules:
    """What a comparison may be told.

    Attributes
    ----------
    thresholds
        Levels by metric.
    scatter
        Usual standard deviation between rounds of the log of each statistic; the project's own where known.
    interleaved
        Whether the rounds were interleaved; None finds out from their start times.
    only
        Keys to judge (they also bound the family of tests); None for all.
    final
        Whether these rounds are already the fresh ones: then nothing asks for more.
    share
        Share of the error rates that this look may spend: several looks at growing rounds are several chances
        to be wrong.
    doubts
        What can only suspect, whatever the number of rounds, and why as half a sentence.
    family
        What the timed metrics are called: another suite's series is judged under its own name.
    """

    thresholds: Thresholds = field(default_factory=Thresholds)
    scatter: Mapping[str, float] = field(default_factory=lambda: USUAL_SCATTER)
    interleaved: bool | None = None
    only: Collection[str] | None = None
    final: bool = False
    share: float = 1.0
    doubts: Mapping[Kind, str] = field(default_factory=dict)
    family: str = LATENCY

    def alpha(self, *, in_blocks: bool) -> tuple[float, float]:
        """Return the error rates of a warning and of a failure."""
        warning, failure = ALPHA[in_blocks]
        return self.share * warning, self.share * failure

    def wants(self, key: str) -> bool:
        """Return whether this metric is to be judged."""
        return self.only is None or key in self.only

    def demands(self, key: str) -> bool:
        """Return whether the current side must not lack it; of what runs may lack, what was asked for."""
        return self.wants(key) and (self.only is not None or not key.startswith(NOT_IN_EVERY_RUN))


def judge(baseline: Side, current: Side, rules: Rules | None = None) -> Judgement:
    """Compare two sides of one case.

    Raises
    ------
    MeasurementError
        Where a side has no rounds, or the sides have no metric in common.
    """
    rules = rules or Rules()
    for name, side in (("baseline", baseline), ("current", current)):
        if not side.rounds:
            raise MeasurementError(f"the {name} side holds no rounds; give at least one result file for it")
    in_blocks = interleaved(baseline, current) if rules.interleaved is None else rules.interleaved
    in_blocks = in_blocks and len(baseline.timed) == len(current.timed)
    alpha = rules.alpha(in_blocks=in_blocks)
    timings: list[Timing] = []
    notes: tuple[str, ...] = ()
    if baseline.timed and current.timed:
        calibration = calibrate(baseline, current, paired=in_blocks)
        notes = calibration.notes
        timings = _doubted(_timings(calibration, baseline, current, rules, in_blocks=in_blocks), rules)
        if calibration.always_threaded and not in_blocks:
            timings = list(map(of_threads_apart, timings))
        findings = judge_timings(timings, (baseline, current), calibration.basis.value, alpha)
    else:
        findings = []
    started = _doubted(
        starts.timings(baseline, current, rules.thresholds, rules.wants, in_blocks=in_blocks), rules
    )
    findings += judge_timings(started, (baseline, current), starts.BASIS, alpha)
    before, after = _keys(baseline, rules), _keys(current, rules)
    timed = {t.key for t in (*timings, *started)}
    scalar_keys = [k for k in before if k not in timed and baseline.scalar(k) and current.scalar(k)]
    findings += [_judge_scalar(k, baseline, current, rules) for k in scalar_keys]
    shown = token_times.findings(baseline, current, rules.wants, in_blocks=in_blocks)
    findings += shown
    if not findings:
        raise MeasurementError("the two sides have no metric in common; nothing can be compared")
    return Judgement(
        tuple(findings),
        remeasure=not rules.final and any(f.suspicious for f in findings),
        missing=tuple(k for k in before if k not in {f.key for f in findings} and rules.demands(k)),
        added=tuple(k for k in after if k not in before),
        notes=(*notes, *token_times.notes(shown, rules.thresholds)),
        waiting=_waiting(baseline, current),
        interleaved=in_blocks,
    )


def _doubted(timings: Sequence[Timing], rules: Rules) -> list[Timing]:
    return [replace(t, doubted=rules.doubts.get(Kind.TIMES, "")) for t in timings]


def _judge_scalar(key: str, baseline: Side, current: Side, rules: Rules) -> Finding:
    found = judge_scalar(key, baseline, current, rules.thresholds.of(key))
    why = rules.doubts.get(kind) if (kind := kind_of(key)) else None
    return found if why is None else softened(found, why)


def _keys(side: Side, rules: Rules) -> list[str]:
    """Return the metrics a side can be judged by, in the order of the table."""
    keys = [key for key, _, _ in _timed_keys(side, rules)]
    for measured in side.rounds:
        keys += [key for key in measured.scalars if key not in keys and rules.wants(key)]
    return [*keys, *token_times.keys(side, rules.wants)]


def _timed_keys(side: Side, rules: Rules) -> Iterator[tuple[str, str, bool]]:
    """Yield key, statistic and whether it is about overhead."""
    ours = rules.family == LATENCY
    wanted = []
    if side.timed:
        wanted += [(f"{rules.family}_{s}", s, False) for s in ("p50", "p95", "p99")]
        if not ours:
            wanted.append((f"{rules.family}_mean", "mean", False))
        elif side.personas > 0:
            wanted.append((THROUGHPUT, "mean", False))
    if side.has("overhead"):
        wanted += [(f"{OVERHEAD}_{s}", s, True) for s in ("p50", "p95", "p99")]
    yield from (entry for entry in wanted if rules.wants(entry[0]))


def _timings(
    calibration: Calibration, baseline: Side, current: Side, rules: Rules, *, in_blocks: bool
) -> list[Timing]:
    common = set(_keys(current, rules))
    per_round = (baseline.operations + current.operations) / (len(baseline.timed) + len(current.timed))
    return [
        timing(
            calibration,
            (baseline, current),
            key,
            statistic,
            rules.thresholds.of(key),
            scatter=usual_scatter(statistic, per_round, rules.scatter),
            in_blocks=in_blocks,
            overhead=overhead,
            personas=current.personas / baseline.personas if key == THROUGHPUT else None,
        )
        for key, statistic, overhead in _timed_keys(baseline, rules)
        if key in common
    ]


def _waiting(baseline: Side, current: Side) -> tuple[float, float] | None:
    """Return the share of wall time each side spent runnable without a CPU."""
    if not (baseline.has("delay") and current.has("delay")):
        return None
    before, after = (
        (math.fsum(math.fsum(r.delay or ()) for r in s.timed), math.fsum(math.fsum(r.wall) for r in s.timed))
        for s in (baseline, current)
    )
    if before[1] == 0 or after[1] == 0:
        return None
    return before[0] / before[1], after[0] / after[1]
