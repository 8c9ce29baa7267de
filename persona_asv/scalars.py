"""Metrics measured once a round, with little noise or none: plain thresholds on medians."""

from __future__ import annotations

from statistics import median

from persona_asv.judgement import Finding, Verdict
from persona_asv.rounds import Side
from persona_asv.thresholds import Limits

HIGHER_IS_BETTER = frozenset({"parse_success_rate", "throughput_per_minute"})
IN_POINTS = frozenset({"error_rate", "retry_rate", "parse_success_rate"})
"""Percentages themselves: their change is a difference in percentage points."""
LEAST = 1e-12
"""Up to this a number is taken for 0, in any unit."""
STRAY = {"connections_per_persona": 0.05}
"""The same of a number that may stray from 0: a connection idle for too long is closed, by either end."""
SCREEN = 0.6
"""Share of the warning level from which a move is worth a second look."""


def judge_scalar(key: str, baseline: Side, current: Side, limits: Limits) -> Finding:
    """Judge one metric by the medians over the rounds of both sides, which must both have it."""
    values = (baseline.scalar(key), current.scalar(key))
    before, after = median(values[0]), median(values[1])
    sign = -1 if key in HIGHER_IS_BETTER else 1
    rounds = (len(values[0]), len(values[1]))
    least = STRAY.get(key, LEAST)

    def found(verdict: Verdict, change: float | None, reason: str, *, suspicious: bool = False) -> Finding:
        return Finding(
            key, verdict, before, after, change, n=rounds, rounds=rounds, suspicious=suspicious, reason=reason
        )

    if key in IN_POINTS:
        change, worsening, unit = after - before, round(sign * (after - before), 1), " points"
    elif before > least:
        change = after / before - 1
        worsening, unit = round(sign * 100 * change, 1), " %"
    elif after <= least:
        return found(Verdict.PASS, 0.0, "0 on both sides")
    else:
        worse = Verdict.FAIL if sign > 0 else Verdict.BETTER
        return found(worse, None, "rose from 0, which no percentage can say", suspicious=sign > 0)
    suspicious = worsening > 0 and worsening >= SCREEN * limits.warn
    for verdict, level in ((Verdict.FAIL, limits.fail), (Verdict.WARN, limits.warn)):
        if worsening > 0 and worsening >= level:
            return found(verdict, change, f"worse by {level:g}{unit} or more", suspicious=suspicious)
    if worsening < 0 and -worsening >= limits.warn:
        return found(Verdict.BETTER, change, f"better by {limits.warn:g}{unit} or more")
    return found(Verdict.PASS, change, f"less than {limits.warn:g}{unit} worse", suspicious=suspicious)
