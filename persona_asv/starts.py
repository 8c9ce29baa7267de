"""Starts of the subject, judged: few rounds of few processes, each beside a bare interpreter's start.

A start cannot be repeated within a process, and so has no samples beside references of its own. Its unit of
evidence is the round: the quickest of three processes, divided by what a bare interpreter burns in the same
breath (docs/decisions/0013-work-and-start-up.md).
"""

from __future__ import annotations

import math
from collections.abc import Callable

from persona_asv.calibration import Channel
from persona_asv.evidence import effect, mean, unstrain
from persona_asv.rounds import Round, Side, in_time
from persona_asv.thresholds import Thresholds
from persona_asv.timing import Timing

SCATTER = 0.1
"""Usual standard deviation between rounds of the log of a start over a bare interpreter's CPU time: 0.034 to
0.042 were measured on two cores at a load of 2, 0.085 to 0.101 at a load of 12 (docs/decisions/0013)."""
BASIS = "scaled"
"""How the numbers are made comparable, in a finding's words."""


def keys(side: Side) -> tuple[str, ...]:
    """Return the metrics of a side that come with yardsticks."""
    return tuple(dict.fromkeys(key for each in side.rounds for key in each.yardsticks))


def timings(
    baseline: Side,
    current: Side,
    thresholds: Thresholds,
    wants: Callable[[str], bool],
    *,
    in_blocks: bool,
) -> list[Timing]:
    """Weigh every start that both sides measured."""
    common = [key for key in keys(baseline) if key in keys(current) and wants(key)]
    found = []
    for key in common:
        sides = _having(key, baseline), _having(key, current)
        paired = in_blocks and len(sides[0]) == len(sides[1])
        logs = tuple(tuple(_scaled(key, each) for each in side) for side in sides)
        rounds = (len(logs[0]), len(logs[1]))
        seen = effect(unstrain((logs[0], logs[1]), None, SCATTER), SCATTER, in_blocks=paired)
        usual = mean([math.log(each.yardsticks[key]) for side in sides for each in side])
        values = (math.exp(mean(logs[0]) + usual), math.exp(mean(logs[1]) + usual))
        found.append(
            Timing(
                key,
                "p50",
                thresholds.of(key),
                {Channel.START: seen},
                {Channel.START: values},
                n=rounds,
                rounds=rounds,
            )
        )
    return found


def _having(key: str, side: Side) -> tuple[Round, ...]:
    return tuple(each for each in in_time(side.rounds) if key in each.yardsticks)


def _scaled(key: str, measured: Round) -> float:
    """Return the log of a start in units of its yardstick."""
    return math.log(measured.scalars[key] / measured.yardsticks[key])
