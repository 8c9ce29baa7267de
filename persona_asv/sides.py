"""From result files to the sides of a comparison: which cells there are, and what a round of one holds."""

from __future__ import annotations

import statistics
from collections.abc import Collection, Sequence
from dataclasses import dataclass

from persona_asv import costs, metrics
from persona_asv.model import Cell, ResultFile, State
from persona_asv.rounds import Round, Seconds, Side

SERIES = {
    "cpu": "track_cpu",
    "thread_cpu": "track_thread_cpu",
    "delay": "track_run_delay",
    "reference": "track_reference",
    "reference_cold": "track_reference_cold",
    "overhead": "track_client_overhead",
}
"""A round's series, and the benchmarks of `metrics.GENERATION` that hold them."""


@dataclass(frozen=True, slots=True)
class Label:
    """What two files are compared by: a case of ours (no benchmark), or one cell of another suite."""

    params: tuple[str, ...]
    benchmark: str = ""

    @property
    def values(self) -> tuple[str, ...]:
        """The parameters as people write them."""
        return tuple(p.strip("'\"") for p in self.params)

    @property
    def timed(self) -> bool:
        """Whether the benchmark is a time, by asv's own naming rule; else it is a plain number."""
        return self.benchmark.rpartition(".")[2].startswith("time")

    def __str__(self) -> str:
        if not self.benchmark:
            return ", ".join(self.values)
        return f"{self.benchmark}({', '.join(self.params)})" if self.params else self.benchmark


CELLS = (
    metrics.LATENCY,
    *(single.series for single in metrics.SINGLES),
    *metrics.STREAMED.values(),
)
"""Benchmarks by which a case of ours is known."""


def is_ours(files: Sequence[ResultFile]) -> bool:
    """Return whether any of the files comes from our suite."""
    return any(set(CELLS) & f.series.keys() for f in files)


def own_cases(files: Sequence[ResultFile]) -> tuple[Label, ...]:
    """Return the cases with a measured cell, in the order of the files."""
    found = (
        Label(cell.params)
        for file in files
        for name in CELLS
        if name in file.series
        for cell in file.series[name].cells
        if cell.state is State.MEASURED
    )
    return tuple(dict.fromkeys(found))


def own_side(files: Sequence[ResultFile], case: Label, without: Collection[str] = ()) -> Side:
    """Return what the files hold of a case, one round a file, less some benchmarks.

    Raises
    ------
    MeasurementError
        A value is no measurement.
    """
    rounds = tuple(_round(file, case.params, without) for file in files)
    times = [t for f in files for t in _samples(f, metrics.SECONDS_PER_PERSONA, case.params, without) or ()]
    walls = [wall for r in rounds for wall in r.wall]
    personas = statistics.fmean(walls) / statistics.fmean(times) if walls and sum(times) > 0 else 1.0
    return Side(rounds, personas=personas)


def _round(file: ResultFile, params: tuple[str, ...], without: Collection[str]) -> Round:
    scalars, yardsticks = {}, {}
    for single in metrics.SINGLES:
        value = _value(file, single.series, params, without)
        if value is None:
            continue
        if single.yardstick:
            beside = _value(file, single.yardstick, params, without)
            if beside is None:
                continue  # it cannot be compared
            yardsticks[single.key] = beside
        scalars[single.key] = value if single.yardstick else single.of(value)
    if not set(costs.SERIES) & set(without):
        cost = costs.of_round(file, params)
        scalars |= {} if cost is None else {costs.KEY: cost}
    wall = _samples(file, metrics.LATENCY, params, without)
    timed = {
        name: _samples(file, metrics.GENERATION + benchmark, params, without) if wall else None
        for name, benchmark in SERIES.items()
    }
    start = file.series[metrics.LATENCY].started_at if metrics.LATENCY in file.series else None
    return Round(
        wall or (),
        **timed,
        scalars=scalars,
        yardsticks=yardsticks,
        tokens=_tokens(file, params, without),
        started_at=start,
        label=str(file.path),
    )


def _tokens(file: ResultFile, params: tuple[str, ...], without: Collection[str]) -> dict[str, Seconds]:
    found = {name: _samples(file, series, params, without) for name, series in metrics.STREAMED.items()}
    return {name: times for name, times in found.items() if times is not None}


def foreign_cells(files: Sequence[ResultFile]) -> tuple[Label, ...]:
    """Return every measured cell of another suite, in the order of the files."""
    found = (
        Label(cell.params, name)
        for file in files
        for name, series in file.series.items()
        for cell in series.cells
        if cell.state is State.MEASURED
    )
    return tuple(dict.fromkeys(found))


def foreign_side(files: Sequence[ResultFile], label: Label) -> Side:
    """Return what the files hold of one cell: wall times, or one plain number a round.

    Raises
    ------
    MeasurementError
        A value is no measurement.
    """
    rounds = []
    for file in files:
        cell = _measured(file, label.benchmark, label.params, ())
        if cell is None or cell.value is None:
            continue
        start, where = file.series[label.benchmark].started_at, f"{file.path}: {label}"
        if label.timed:
            rounds.append(Round(cell.samples or (cell.value,), started_at=start, label=where))
        else:
            rounds.append(Round(scalars={str(label): cell.value}, started_at=start, label=where))
    return Side(tuple(rounds))


def _measured(file: ResultFile, name: str, params: tuple[str, ...], without: Collection[str]) -> Cell | None:
    if name not in file.series or name in without:
        return None
    cell = file.series[name].at(*params)
    return cell if cell is not None and cell.state is State.MEASURED else None


def _value(file: ResultFile, name: str, params: tuple[str, ...], without: Collection[str]) -> float | None:
    cell = _measured(file, name, params, without)
    return None if cell is None else cell.value


def _samples(
    file: ResultFile, name: str, params: tuple[str, ...], without: Collection[str]
) -> Seconds | None:
    """Return a cell's samples, its value where asv kept no samples, None where it was not measured."""
    cell = _measured(file, name, params, without)
    if cell is None or cell.value is None:
        return None
    return cell.samples or (cell.value,)
