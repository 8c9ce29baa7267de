"""Rounds for the tests of the verdict: a machine that strains, code that takes what it takes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from persona_asv.rounds import SERIES, Round, Side

OPERATION, REFERENCE, WAIT = 0.003, 0.0005, 0.001
"""Seconds of CPU, seconds of the reference, seconds of waiting of an operation."""


def measured(
    seed: int,
    *,
    slower: float = 1.0,
    operations: int = 100,
    strain: float = 1.0,
    noise: float = 0.05,
    start: float | None = None,
    disturbs: float = 1.0,
    wait: float = WAIT,
    tail: float = 1.0,
    **scalars: float,
) -> Round:
    """Return a round of code that takes `slower` times as long, on a machine strained by a factor.

    `disturbs` is what the code does to the reference beside it, `tail` what one operation in 20 takes.
    """
    draw = np.random.default_rng(seed)
    state = strain * draw.lognormal(0, 0.05, operations)
    cpu = OPERATION * slower * state * draw.lognormal(0, noise, operations)
    cpu[::20] *= tail
    reference = REFERENCE * disturbs * state * draw.lognormal(0, noise / 2, operations)
    delay = 0.2 * cpu * strain
    return Round(
        wall=tuple(cpu + wait + delay),
        cpu=tuple(cpu),
        thread_cpu=tuple(cpu),
        delay=tuple(delay),
        reference=tuple(reference),
        reference_cold=tuple(reference * 1.1),
        overhead=tuple(cpu + wait / 2),
        scalars=scalars,
        started_at=start,
    )


def side(seeds: range, make: Callable[[int], Round] | None = None, **how: float) -> Side:
    """Return a side with a round for each seed."""
    return Side(tuple((make or (lambda seed: measured(seed, **how)))(seed) for seed in seeds))  # type: ignore[arg-type]


def blocks(
    rounds: int, baseline: Callable[[int], Round], current: Callable[[int], Round]
) -> tuple[Side, Side]:
    """Return two sides measured interleaved: A B, B A, ..."""
    before, after = [], []
    for i in range(rounds):
        order = (0.0, 1.0) if i % 2 == 0 else (1.0, 0.0)
        before.append(replace(baseline(2 * i), started_at=10.0 * i + order[0]))
        after.append(replace(current(2 * i + 1), started_at=10.0 * i + order[1]))
    return Side(tuple(before)), Side(tuple(after))


def without(whole: Side, *series: str) -> Side:
    """Return a side that never recorded these series."""
    return replace(whole, rounds=tuple(replace(r, **dict.fromkeys(series)) for r in whole.rounds))


def times(whole: Side, factor: float) -> Side:
    """Return the side as a machine would measure it that is slower by a factor."""
    return replace(
        whole,
        rounds=tuple(
            replace(r, **{n: tuple(factor * v for v in getattr(r, n)) for n in SERIES if getattr(r, n)})
            for r in whole.rounds
        ),
    )


def only_wall(*walls: tuple[float, ...]) -> Side:
    """Return a side of wall times alone, as any asv suite has them."""
    return Side(tuple(Round(wall=wall) for wall in walls))
