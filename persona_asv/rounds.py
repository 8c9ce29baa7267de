"""What was measured, as the verdict wants it: a round is one process, a side is all rounds of one commit."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, fields

from persona_asv.errors import MeasurementError

Seconds = tuple[float, ...]
"""One value an operation, in measuring order."""

TOKEN_TIMES = ("time_to_first_token", "inter_token_latency", "time_per_output_token")
"""What is timed of a streamed answer: until its first token, between two, and per token after the first."""

LONGEST = 1e9
"""Seconds above which a value is a fault of the measurement: thirty years."""
TICK = 1e-9
"""Seconds that no process needs less than."""


@dataclass(frozen=True, slots=True)
class Round:
    """One process's measurement of one case.

    Every series is per operation, in seconds and in measuring order, or None where it was not recorded; all
    recorded series have the length of `wall`. A round without timed operations has an empty `wall`.

    Attributes
    ----------
    wall
        Wall time of the operation.
    cpu
        CPU time of the process and its reaped children.
    thread_cpu
        CPU time of the measuring thread alone.
    delay
        Time spent runnable without a CPU (Linux run-queue delay, all threads).
    reference
        CPU time of the reference operation right after this one.
    reference_cold
        CPU time of the reference operation's first run, which absorbs what the operation left behind.
    overhead
        The subject's own share of the wall time: no run-queue delay, no provider request outstanding.
    scalars
        Measured once a round, by metric key: peak memory, counts, rates.
    tokens
        Times of streamed answers, in seconds and in any number, by their name in `TOKEN_TIMES`.
    yardsticks
        For scalars that follow the machine, by metric key: what it made of a fixed task in the same breath,
        in seconds. Such scalars are in seconds as well.
    started_at
        When the round began, in any unit that orders rounds; None where unknown.
    label
        What an error calls this round, usually the file's name.

    Raises
    ------
    MeasurementError
        Where a value is negative, absurdly long, infinite or not a number, or a series has another length
        than `wall`.
    """

    wall: Seconds = ()
    cpu: Seconds | None = None
    thread_cpu: Seconds | None = None
    delay: Seconds | None = None
    reference: Seconds | None = None
    reference_cold: Seconds | None = None
    overhead: Seconds | None = None
    scalars: Mapping[str, float] = field(default_factory=dict)
    yardsticks: Mapping[str, float] = field(default_factory=dict)
    tokens: Mapping[str, Seconds] = field(default_factory=dict)
    started_at: float | None = None
    label: str = "a round"

    def __post_init__(self) -> None:
        for name in SERIES:
            self._check(name, getattr(self, name))
        for key, value in self.scalars.items():
            if not (math.isfinite(value) and value >= 0):
                raise MeasurementError(f"{self.label}: {key} is {value}; measure this round again")
        for key, value in self.yardsticks.items():
            if not (TICK < value <= LONGEST and TICK < self.scalars[key] <= LONGEST):
                raise MeasurementError(
                    f"{self.label}: {key} is {self.scalars[key]} s beside {value} s; measure this round again"
                )

        for name, times in self.tokens.items():
            self._check_values(name, times)

    def _check(self, name: str, series: Seconds | None) -> None:
        if series is None:
            return
        if len(series) != len(self.wall):
            raise MeasurementError(
                f"{self.label}: {len(series)} values of {name} for {len(self.wall)} operations; "
                "measure this round again"
            )
        self._check_values(f"{name} of operation", series)

    def _check_values(self, name: str, series: Seconds) -> None:
        bad = next((i for i, value in enumerate(series) if not 0 <= value <= LONGEST), None)
        if bad is not None:
            raise MeasurementError(
                f"{self.label}: {name} {bad + 1} is {series[bad]}; measure this round again"
            )


SERIES = tuple(
    f.name for f in fields(Round) if f.name not in ("scalars", "yardsticks", "tokens", "started_at", "label")
)
"""The names of a round's per-operation series."""


@dataclass(frozen=True, slots=True)
class Side:
    """All rounds of one case, one commit, one machine.

    Attributes
    ----------
    identity
        What must agree between two sides, and what the header prints: subject, version, commit, case,
        provider, endpoint, machine, python, whatever is known.
    personas
        Personas one operation returns on average: what throughput counts.
    """

    rounds: tuple[Round, ...]
    identity: Mapping[str, str] = field(default_factory=dict)
    personas: float = 1.0

    def __post_init__(self) -> None:
        if not (math.isfinite(self.personas) and self.personas >= 0):
            raise MeasurementError(f"{self.personas} personas an operation; measure this side again")

    @property
    def timed(self) -> tuple[Round, ...]:
        """The rounds that hold operations."""
        return tuple(r for r in self.rounds if r.wall)

    @property
    def operations(self) -> int:
        """Operations timed on this side."""
        return sum(len(r.wall) for r in self.rounds)

    def has(self, series: str) -> bool:
        """Return whether every timed round recorded this series."""
        return bool(self.timed) and all(getattr(r, series) is not None for r in self.timed)

    def scalar(self, key: str) -> tuple[float, ...]:
        """Return this metric's value of every round that has it."""
        return tuple(r.scalars[key] for r in self.rounds if key in r.scalars)


def interleaved(baseline: Side, current: Side) -> bool:
    """Return whether the rounds' start times show blocks of one baseline and one current round each.

    At least two blocks, in either order within a block (A B, B A, ...), no two rounds started together:
    then both sides saw the same machine. Unknown or equal times show nothing.
    """
    starts = [(r.started_at, side) for side, s in enumerate((baseline, current)) for r in s.timed]
    times = [t for t, _ in starts if t is not None]
    rounds = len(baseline.timed)
    if rounds < 2 or rounds != len(current.timed) or len(set(times)) != len(starts):
        return False
    order = [side for _, side in sorted(starts, key=lambda start: start[0] or 0.0)]
    return all(order[i] != order[i + 1] for i in range(0, len(order), 2))


def in_time(rounds: tuple[Round, ...]) -> tuple[Round, ...]:
    """Return rounds by start time, those without one in the given order."""
    return tuple(sorted(rounds, key=lambda r: r.started_at or 0.0))
