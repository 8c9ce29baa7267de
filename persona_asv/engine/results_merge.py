"""Rounds put together: several result files of one commit, machine and environment as one."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from itertools import product

from persona_asv.engine.results_json import short
from persona_asv.engine.results_writer import FORMAT
from persona_asv.errors import ResultFileError
from persona_asv.model import Cell, ResultFile, Series, State

LARGEST_SAMPLE = 1e300
"""asv's statistics overflow not far above it; such a sample, an infinity or a NaN is no measurement."""

_IDENTITY: dict[str, Callable[[ResultFile], str]] = {
    "commit": lambda file: file.commit,
    "machine": lambda file: file.machine,
    "environment": lambda file: file.env_name,
}


def merge(older: ResultFile | None, rounds: Sequence[ResultFile]) -> ResultFile:
    """Put rounds together, the way asv does with appended samples, and lay the outcome over an older file.

    For each benchmark and parameter combination of the rounds:

    - failed in any round: failed;
    - samples in the rounds: all of them in the order of the rounds, the median of them, and asv's statistics
      of them (`asv_runner.statistics.compute_stats`, five digits as in asv's files);
    - no samples (counts, memory): the median of the rounds' values;
    - skipped in every round, which in asv's files also means not selected: what `older` has.

    What only `older` has is kept. A benchmark of another version, or with another number of parameters, is
    replaced whole, as asv does. Where the same version gained or lost parameter values, the outcome has all
    of them (asv would drop what the newest run does not know). The start is the earliest and the duration the
    sum of the rounds that measured something. The path is `older`'s, else the first round's; the stamp that
    of the newest file that has one; everything else is the last round's.

    Raises
    ------
    ResultFileError
        The files are not all of one commit, machine and environment.
    ValueError
        There is nothing to merge.
    """
    files = [*([older] if older else []), *rounds]
    if not files:
        raise ValueError("merge needs at least one result file")
    first, newest = files[0], files[-1]
    for file in files[1:]:
        _refuse_strangers(first, file)
    before = dict(older.series) if older else {}
    names = dict.fromkeys(name for file in rounds for name in file.series)
    return replace(
        newest,
        path=first.path,
        api_version=FORMAT,
        series=before | {name: _merge_series(before.get(name), rounds, name) for name in names},
        stamp=next((file.stamp for file in reversed(files) if file.stamp), {}),
    )


def _refuse_strangers(first: ResultFile, other: ResultFile) -> None:
    for what, of in _IDENTITY.items():
        if of(first) != of(other):
            raise ResultFileError(
                f"{other.path}: is of {what} {of(other)}, but {first.path} of {what} {of(first)}; "
                "merge rounds of one commit, machine and environment only"
            )


def _merge_series(older: Series | None, rounds: Sequence[ResultFile], name: str) -> Series:
    present = [file.series[name] for file in rounds if name in file.series]
    newest = present[-1]
    # As asv: a run of another version replaces what was before it, so only the last unbroken stretch counts.
    changes = [index for index, series in enumerate(present) if not _continues(series, newest)]
    counted = present[changes[-1] + 1 :] if changes else present
    kept = [older] if older is not None and _continues(older, newest) else []
    param_sets = tuple(
        tuple(dict.fromkeys(value for axis in axes for value in axis))
        for axes in zip(*(series.param_sets for series in (*reversed(counted), *kept)), strict=True)
    )
    by_round = [{cell.params: cell for cell in series.cells} for series in counted]
    before = {cell.params: cell for series in kept for cell in series.cells}
    timed = [series for series in counted if any(cell.state is not State.SKIPPED for cell in series.cells)]
    timed = timed or kept or counted
    starts = [series.started_at for series in timed if series.started_at is not None]
    durations = [series.duration for series in timed if series.duration is not None]
    return replace(
        newest,
        param_sets=param_sets,
        cells=tuple(
            _merge_cell([cells[params] for cells in by_round if params in cells], before.get(params), params)
            for params in product(*param_sets)
        ),
        started_at=min(starts, default=None),
        duration=short(math.fsum(durations)) if durations else None,
    )


def _continues(series: Series, newest: Series) -> bool:
    return series.version == newest.version and len(series.param_sets) == len(newest.param_sets)


def _merge_cell(cells: Sequence[Cell], older: Cell | None, params: tuple[str, ...]) -> Cell:
    if any(cell.state is State.FAILED for cell in cells):
        return Cell(params, State.FAILED)
    measured = [cell for cell in cells if cell.state is State.MEASURED]
    if not measured:
        return older or Cell(params, State.SKIPPED)
    if len(measured) == 1:
        return measured[0]
    sampled = [cell for cell in measured if cell.samples]
    return _pooled(sampled) if sampled else _middle(params, (cell.value for cell in measured))


def _middle(params: tuple[str, ...], values: Iterable[float | None]) -> Cell:
    from statistics import median

    middle = median(value for value in values if value is not None)
    # Only an infinity against its opposite has no middle; that is no measurement.
    return Cell(params, State.FAILED) if math.isnan(middle) else Cell(params, State.MEASURED, middle)


def _pooled(cells: Sequence[Cell]) -> Cell:
    from asv_runner.statistics import compute_stats

    samples = tuple(sample for cell in cells for sample in cell.samples or ())
    last = cells[-1]
    if not all(abs(sample) < LARGEST_SAMPLE for sample in samples):
        return Cell(last.params, State.FAILED)
    value, stats = compute_stats(list(samples), last.number)
    return Cell(
        last.params,
        State.MEASURED,
        float(value),
        samples,
        stats["number"],
        stats["repeat"],
        (short(stats["ci_99_a"]), short(stats["ci_99_b"])),
        (short(stats["q_25"]), short(stats["q_75"])),
    )
