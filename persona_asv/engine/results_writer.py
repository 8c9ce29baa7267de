"""A result file written as asv 0.6 writes it (format 2), whole or not at all."""

from __future__ import annotations

import json
import math
import os
from collections.abc import Callable, Iterable
from itertools import product
from pathlib import Path

from persona_asv.errors import ResultFileError
from persona_asv.model import Cell, ResultFile, Series, State

STAMP_KEY = "persona_asv"
FORMAT = 2
TEMPORARY_PREFIX = ".persona-asv-"

_OF_CELLS: dict[str, Callable[[Cell], object]] = {
    "stats_ci_99_a": lambda cell: cell.ci_99 and cell.ci_99[0],
    "stats_ci_99_b": lambda cell: cell.ci_99 and cell.ci_99[1],
    "stats_q_25": lambda cell: cell.quartiles and cell.quartiles[0],
    "stats_q_75": lambda cell: cell.quartiles and cell.quartiles[1],
    "stats_number": lambda cell: cell.number,
    "stats_repeat": lambda cell: cell.repeat,
    "samples": lambda cell: cell.samples,
}
COLUMNS = ("result", "params", "version", "started_at", "duration", *_OF_CELLS, "profile")


def write_result_file(result: ResultFile, path: Path) -> None:
    """Write a result file that asv accepts and `read_result_file` reads back as the same value.

    Every number is written in full: cutting statistics to asv's five digits is the business of who makes them
    (`merge` does). The new content goes to a temporary file in the same folder (no ``.json`` at its end, so
    that asv never takes it for a result) and replaces the old in one step: a reader sees the one or the
    other, and a failure leaves the old.

    Raises
    ------
    ResultFileError
        The folder or the file cannot be written.
    ValueError
        The cells of a series are not the product of its parameters, which no file could express.
    """
    content = json.dumps(document(result))
    temporary = path.with_name(f"{TEMPORARY_PREFIX}{os.getpid()}-{os.urandom(8).hex()}.tmp")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with temporary.open("x", encoding="ascii") as stream:
                stream.write(content)
                stream.flush()
                os.fsync(stream.fileno())
            temporary.replace(path)
        finally:
            temporary.unlink(missing_ok=True)
    except OSError as exc:
        raise ResultFileError(
            f"{path}: cannot be written ({exc.strerror}), left as it was; check the folder and its free space"
        ) from exc


def document(result: ResultFile) -> dict[str, object]:
    """Return a result file's content as plain values, ready for JSON; its path is not in it.

    Raises
    ------
    ValueError
        The cells of a series are not the product of its parameters, which no file could express.
    """
    content: dict[str, object] = {
        "commit_hash": result.commit,
        "env_name": result.env_name,
        "date": result.date,
        "params": {**result.params, "machine": result.machine},
        "python": result.python,
        "requirements": dict(result.requirements),
        "env_vars": {},
        "result_columns": COLUMNS,
        "results": {name: _row(series) for name, series in result.series.items()},
        "durations": {},
        "version": FORMAT,
    }
    if result.stamp:
        content[STAMP_KEY] = dict(result.stamp)
    return content


def _row(series: Series) -> list[object]:
    if tuple(cell.params for cell in series.cells) != tuple(product(*series.param_sets)):
        raise ValueError(f"the cells of {series.name} are not the product of its parameters")
    row: list[object] = [
        _column(_result(cell) for cell in series.cells),
        series.param_sets,
        series.version,
        series.started_at,
        series.duration,
        *(_column(map(fact, series.cells)) for fact in _OF_CELLS.values()),
    ]
    while row[-1] is None:
        row.pop()
    return row


def _column(facts: Iterable[object]) -> list[object] | None:
    column = list(facts)
    return None if all(fact is None for fact in column) else column


def _result(cell: Cell) -> float | None:
    return math.nan if cell.state is State.SKIPPED else cell.value
