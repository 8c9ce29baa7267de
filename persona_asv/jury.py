"""The timed metrics, judged together: several metrics are several chances to be wrong."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace

from persona_asv.judgement import Finding, Stage, Verdict
from persona_asv.rounds import Side
from persona_asv.stats import holm
from persona_asv.timing import Timing

DECISIVE = ("p50", "mean")
"""Statistics that few samples know well enough to hold up a build over."""


def judge_timings(
    timings: Sequence[Timing], sides: tuple[Side, Side], basis: str, alpha: tuple[float, float]
) -> list[Finding]:
    """Judge a whole family of timed metrics at once.

    Parameters
    ----------
    basis
        What the times are made of, in a finding's words.
    alpha
        Error rates of a warning and of a failure, over all of them together (Holm).
    """
    family = [t for t in timings if t.judged]

    def rejected(level: str, error: float, *, better: bool = False) -> set[str]:
        doubts = holm([t.doubt(getattr(t.limits, level), better=better) for t in family])
        return {t.key for t, doubt in zip(family, doubts, strict=True) if doubt < error}

    warned, failed = rejected("warn", alpha[0]), rejected("fail", alpha[1])
    improved = rejected("warn", alpha[0], better=True)
    findings = []
    for t in timings:
        if not t.judged:
            verdict, reason = _unjudged(t)
        elif t.tested and t.key in failed | warned:
            verdict = Verdict.FAIL if t.key in failed else Verdict.WARN
            level = t.limits.fail if t.key in failed else t.limits.warn
            reason = f"worse by {level:g} % or more, and by more than half of that beyond doubt"
        elif t.key in improved and not t.doubted:
            verdict, reason = Verdict.BETTER, f"better by {t.limits.warn:g} % or more beyond doubt"
        elif not t.tested and t.statistic in DECISIVE and t.alarming:
            verdict = Verdict.INCONCLUSIVE
            why = t.doubted or "too few rounds to tell it from noise"
            reason = f"may be worse by {t.limits.fail:g} %: {why}"
        else:
            verdict, reason = Verdict.PASS, _passing(t)
        findings.append(_finding(t, verdict, reason, sides=sides, basis=basis, alpha=alpha[0]))
    return findings


def _unjudged(t: Timing) -> tuple[Verdict, str]:
    if not t.supported:
        return Verdict.INSUFFICIENT, "fewer than 5 samples lie beyond it"
    if t.idle:
        return Verdict.PASS, "0 on both sides"
    verdict = Verdict.INCONCLUSIVE if t.statistic in DECISIVE else Verdict.INSUFFICIENT
    return verdict, "measured as 0: too short for this machine's clock"


def _passing(t: Timing) -> str:
    if t.suspicious:
        return f"moved, but {t.doubted or 'cannot be told from noise here'}"
    return f"not worse by {t.limits.warn:g} %"


def _finding(
    t: Timing, verdict: Verdict, reason: str, *, sides: tuple[Side, Side], basis: str, alpha: float
) -> Finding:
    """Say what was found through the channel that decided, or the plainest where none did."""
    seen = Finding(
        t.key,
        verdict,
        0.0,
        0.0,
        None,
        n=t.n,
        rounds=t.rounds,
        basis=basis,
        stage=Stage.TEST if t.tested else Stage.SCREEN,
        suspicious=t.suspicious,
        reason=reason,
    )
    if not t.effects:
        return seen
    channel = next(iter(t.effects))
    if verdict in (Verdict.WARN, Verdict.FAIL, Verdict.BETTER):
        level = t.limits.fail if verdict is Verdict.FAIL else t.limits.warn
        doubts = t.doubts(level, better=verdict is Verdict.BETTER)
        channel = min(doubts, key=doubts.__getitem__)
    shown, values = t.effects[channel], t.values[channel]
    level = t.fraction(t.limits.warn)
    detectable = shown.detectable(level, alpha) if math.isfinite(level) else None
    if t.rate:
        shown = shown.mirrored
        values = (60 * sides[0].personas / values[0], 60 * sides[1].personas / values[1])
        detectable = None if detectable is None else detectable / (1 + detectable)
    else:
        values = (1000 * values[0], 1000 * values[1])
    return replace(
        seen,
        baseline=values[0],
        current=values[1],
        change=shown.change,
        interval=shown.interval(),
        detectable=detectable,
        channel=channel.value,
    )
