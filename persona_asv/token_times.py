"""Times of streamed tokens, one side beside the other: compared, shown, and never judged.

They are wall times, hundreds of short ones an answer. No CPU time and no reference operation lies beside
them, so nothing takes the machine out of them: between processes of identical code they scatter by more than
any threshold (`SCATTER`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence

from persona_asv.calibration import Basis, Channel
from persona_asv.evidence import Effect, effect, mean, unstrain
from persona_asv.judgement import Finding, Stage, Verdict
from persona_asv.rounds import TOKEN_TIMES, Round, Side, in_time
from persona_asv.stats import harrell_davis, supports
from persona_asv.thresholds import Thresholds
from persona_asv.traces import LEAST

QUANTILES = {"p50": 0.5, "p95": 0.95, "p99": 0.99}
SCATTER = {"p50": 0.4, "p95": 0.75, "p99": 0.75}
"""Usual standard deviation between rounds of identical code of the log of a statistic: of the time to first
token 0.40, 0.76 and 0.78 were measured, 30 processes of 20 operations on two cores at a load of 4."""
WHY = "wall time of a stream: shown, never judged"


def keys(side: Side, wants: Callable[[str], bool]) -> tuple[str, ...]:
    """Return the metrics of a side that are times of tokens."""
    names = [name for name in TOKEN_TIMES if _having(name, side)]
    return tuple(filter(wants, (f"{name}_{statistic}" for name in names for statistic in QUANTILES)))


def findings(
    baseline: Side, current: Side, wants: Callable[[str], bool], *, in_blocks: bool
) -> list[Finding]:
    """Return how every time of tokens that both sides measured has moved, times in ms.

    Parameters
    ----------
    in_blocks
        Whether the rounds are interleaved.
    """
    common = [key for key in keys(baseline, wants) if key in keys(current, wants)]
    return [_finding(key, baseline, current, in_blocks=in_blocks) for key in common]


def _finding(key: str, baseline: Side, current: Side, *, in_blocks: bool) -> Finding:
    name, _, statistic = key.rpartition("_")
    q = QUANTILES[statistic]
    sides = _having(name, baseline), _having(name, current)
    n, rounds = tuple(sum(len(r.tokens[name]) for r in side) for side in sides), tuple(map(len, sides))
    logs = tuple([_log(harrell_davis(r.tokens[name], q)) for r in side] for side in sides)
    reason = WHY if all(supports(count, q) for count in n) else "fewer than 5 samples lie beyond it"
    if not all(map(math.isfinite, (*logs[0], *logs[1]))):
        return _shown(key, (0.0, 0.0), None, n, rounds, "measured as 0: too short for this machine's clock")
    paired = in_blocks and rounds[0] == rounds[1]
    seen = effect(
        unstrain((logs[0], logs[1]), None, SCATTER[statistic]), SCATTER[statistic], in_blocks=paired
    )
    values = 1000 * math.exp(mean(logs[0])), 1000 * math.exp(mean(logs[1]))
    return _shown(key, values, seen, n, rounds, reason)


def _shown(
    key: str,
    values: tuple[float, float],
    seen: Effect | None,
    n: Sequence[int],
    rounds: Sequence[int],
    reason: str,
) -> Finding:
    return Finding(
        key,
        Verdict.INSUFFICIENT,
        *values,
        None if seen is None else seen.change,
        interval=None if seen is None else seen.interval(),
        n=(n[0], n[1]),
        rounds=(rounds[0], rounds[1]),
        channel=Channel.WALL.value,
        basis=Basis.WALL.value,
        stage=Stage.SHOWN,
        reason=reason,
    )


def _having(name: str, side: Side) -> tuple[Round, ...]:
    return tuple(each for each in in_time(side.rounds) if each.tokens.get(name))


def _log(seconds: float) -> float:
    return math.log(seconds) if seconds >= LEAST else -math.inf


def notes(found: Sequence[Finding], thresholds: Thresholds) -> Iterator[str]:
    """Yield what got worse by its warning level, and by half of that in all of its 95 % interval."""
    for each in found:
        limits, change, interval = thresholds.of(each.key), each.change, each.interval
        if each.reason != WHY or change is None or interval is None:
            continue
        if 100 * change >= limits.warn and 100 * interval[0] >= limits.warn / 2:
            low, high = (f"{end:+.0%}" for end in interval)
            yield f"{each.key} {change:+.0%} (95 % interval {low} to {high}), {WHY}"
