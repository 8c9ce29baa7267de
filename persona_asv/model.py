"""The nouns: frozen values that travel from an asv result file to a table, and know nothing of either."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

UNATTRIBUTED = "0" * 40
"""Stands for the commit in the result files of code that belongs to none."""


class State(StrEnum):
    """What became of one benchmark at one parameter combination."""

    MEASURED = "measured"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True)
class Cell:
    """One benchmark at one parameter combination.

    Attributes
    ----------
    params
        asv's reprs of the parameter values, e.g. ``("'standard'", "'anthropic'")``.
    value
        asv's own number (the median where there are samples), in the benchmark's unit; None unless measured.
    samples
        Every recorded sample in measuring order, in the benchmark's unit; None where asv kept none.
    number, repeat
        Calls per sample and samples taken, as asv counted them; None for benchmarks without statistics.
    ci_99
        asv's 99 % interval of the median; an end that asv could not bound is infinite.
    quartiles
        First and third quartile.
    """

    params: tuple[str, ...]
    state: State
    value: float | None = None
    samples: tuple[float, ...] | None = None
    number: int | None = None
    repeat: int | None = None
    ci_99: tuple[float, float] | None = None
    quartiles: tuple[float, float] | None = None

    def __post_init__(self) -> None:
        if (self.state is State.MEASURED) != (self.value is not None and not math.isnan(self.value)):
            raise ValueError(f"a cell is measured exactly when it has a value: {self!r}")


@dataclass(frozen=True, slots=True)
class Series:
    """All cells of one benchmark in one result file, in asv's order (the product of its parameters)."""

    name: str
    param_sets: tuple[tuple[str, ...], ...]
    cells: tuple[Cell, ...]
    version: str | None = None
    started_at: int | None = None
    """Start of the measurement, milliseconds since the epoch."""
    duration: float | None = None
    """Seconds asv spent on it."""

    def at(self, *params: str) -> Cell | None:
        """Return the cell measured with these parameter reprs, or None where there is none."""
        return next((cell for cell in self.cells if cell.params == params), None)


@dataclass(frozen=True, slots=True)
class ResultFile:
    """One asv result file: one machine, one environment, one commit.

    Attributes
    ----------
    stamp
        The extra top-level key ``persona_asv`` that our runs write; empty in any other suite's file.
    """

    path: Path
    api_version: int
    commit: str
    date: int
    env_name: str
    machine: str
    python: str
    params: Mapping[str, str]
    series: Mapping[str, Series]
    requirements: Mapping[str, str] = field(default_factory=dict)
    stamp: Mapping[str, object] = field(default_factory=dict)
