"""The only reader of asv result files: what one holds, as a value; no dict of asv's goes further than here.

What asv 0.6 accepts is read with the same numbers, in format 2 and in the older format 1; what asv refuses is
refused, with one line that names file and reason. asv itself is not imported: reading costs little more than
parsing the JSON.

How a file's content is understood, where asv leaves it open:

- ``null`` as a value is a failure, a bare ``NaN`` is skipped (or not selected), an infinity is a value.
- Values belong to parameter combinations in the order of the product of the parameters, as far as both reach
  (asv's ``_compatible_results``): surplus values are dropped, a combination without a value has failed.
- A number is JSON's number or boolean (1.0, 0.0, as in Python); a value stays the one it was, because asv
  prints 3, 3.0 and true differently. A benchmark may return text, a list or an object, and asv stores it:
  such a cell is *skipped*. It did not fail, and it has no number that could be judged; the rest of the file
  stays readable. Text made of digits is text.
- A column that a row is too short to reach is null. An unknown column is refused, as asv does, where a row
  reaches it. Unknown keys at the top are ignored; ours, ``persona_asv``, becomes the stamp.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from itertools import product
from pathlib import Path
from types import NoneType
from typing import cast

from persona_asv.engine import results_v1
from persona_asv.engine.results_companions import Benchmark, Machine, machine_file, read_benchmarks_file
from persona_asv.engine.results_json import (
    UnfitError,
    count,
    is_number,
    items,
    load_object,
    mapping,
    missing,
    number,
    param_sets,
    text,
    text_mapping,
)
from persona_asv.engine.results_merge import merge
from persona_asv.engine.results_writer import COLUMNS, FORMAT, STAMP_KEY, document, write_result_file
from persona_asv.errors import ResultFileError
from persona_asv.model import Cell, ResultFile, Series, State

__all__ = [
    "Benchmark",
    "Machine",
    "document",
    "machine_file",
    "merge",
    "read_benchmarks_file",
    "read_document",
    "read_result_file",
    "read_results",
    "write_result_file",
]

REQUIRED = ("commit_hash", "env_name", "date", "params", "python", "requirements", "results")
MOST_COMBINATIONS = 1_000_000
"""More parameter combinations in one benchmark than this are a broken file, not a suite."""

Row = Mapping[str, object]


def read_results(paths: Sequence[Path]) -> tuple[ResultFile, ...]:
    """Return the result files in the order of their paths; the first that is unusable is the error."""
    return tuple(read_result_file(path) for path in paths)


def read_result_file(path: Path) -> ResultFile:
    """Return what an asv result file holds.

    Raises
    ------
    ResultFileError
        The file cannot be read, was cut off, is not an asv result file, or is of a format newer than 2.
    """
    try:
        return _result_file(load_object(path), path)
    except UnfitError as unfit:
        raise ResultFileError(f"{path}: {unfit}") from unfit


def read_document(found: object, path: Path) -> ResultFile:
    """Return what the content of a result file holds (`document`'s), which stands elsewhere than in a file.

    Raises
    ------
    ResultFileError
        It is no result file's content; `path` is what the error calls it.
    """
    try:
        return _result_file(mapping(found, "the content"), path)
    except UnfitError as unfit:
        raise ResultFileError(f"{path}: {unfit}") from unfit


def _result_file(found: dict[str, object], path: Path) -> ResultFile:
    version = _format(found)
    missing(results_v1.REQUIRED if version == 1 else REQUIRED, found)
    rows = results_v1.rows(found) if version == 1 else _rows(found)
    params = mapping(found["params"], "params")
    if "machine" not in params:
        raise UnfitError("lacks params.machine", "give a result file as asv writes it")
    return ResultFile(
        path=path,
        api_version=version,
        commit=text(found["commit_hash"], "commit_hash"),
        date=count(found["date"], "date"),
        env_name=text(results_v1.env_name(found) if version == 1 else found["env_name"], "env_name"),
        machine=text(params["machine"], "params.machine"),
        python=text(found["python"], "python"),
        params=text_mapping(params, "params"),
        series={name: _series(name, row) for name, row in rows.items()},
        requirements=text_mapping(found["requirements"], "requirements"),
        stamp={} if found.get(STAMP_KEY) is None else mapping(found[STAMP_KEY], STAMP_KEY),
    )


def _format(found: Row) -> int:
    if "version" not in found:
        raise UnfitError("has no version, so it is no asv result file", "give a result file as asv writes it")
    version = number(found["version"], "version")
    if version > FORMAT:
        raise UnfitError(
            f"is of result format {found['version']}, newer than {FORMAT}", "update persona-asv to read it"
        )
    if version not in (1, FORMAT):
        raise UnfitError(f"is of result format {found['version']}, which asv never had")
    return int(version)


def _rows(found: Row) -> dict[str, Row]:
    results = mapping(found["results"], "results")
    if not results:
        return {}
    missing(("result_columns",), found)
    columns = [text(column, "a result column") for column in items(found["result_columns"], "result_columns")]
    reach = next((place for place, column in enumerate(columns) if not _is_known(column)), None)
    rows: dict[str, Row] = {}
    for name, entry in results.items():
        row = items(entry, f"the row of {name!r}")
        if reach is not None and len(row) > reach:
            raise UnfitError(f"has a result column {columns[reach]!r} that asv 0.6 does not know")
        rows[name] = dict(zip(columns, row, strict=False))
    return rows


def _is_known(column: str) -> bool:
    return column in COLUMNS or column.startswith("stats_")


def _series(name: str, row: Row) -> Series:
    try:
        axes = param_sets(row.get("params"))
        return Series(
            name=name,
            param_sets=axes,
            cells=_cells(row, axes),
            version=None if row.get("version") is None else text(row["version"], "version"),
            started_at=None if row.get("started_at") is None else count(row["started_at"], "started_at"),
            duration=None if row.get("duration") is None else number(row["duration"], "duration"),
        )
    except UnfitError as unfit:
        raise UnfitError(f"{unfit.reason} (in {name!r})", unfit.advice) from unfit


def _cells(row: Row, axes: tuple[tuple[str, ...], ...]) -> tuple[Cell, ...]:
    size = math.prod(map(len, axes))
    if size > MOST_COMBINATIONS:
        raise UnfitError(f"the parameters make {size} combinations")
    places = tuple(product(*axes))
    distinct = len(set(places)) == size

    def column(key: str) -> Sequence[object]:
        if row.get(key) is None:
            return (None,) * size
        facts = items(row[key], key)
        if distinct and len(facts) == size:
            return facts
        reached = dict(zip(places, facts, strict=False))
        return [reached.get(place) for place in places]

    return tuple(
        Cell(
            place,
            *_measured(value),
            _samples(samples),
            None if calls is None else count(calls, "stats_number"),
            None if taken is None else count(taken, "stats_repeat"),
            _pair(low, high, "stats_ci_99"),
            _pair(first, third, "a quartile"),
        )
        for place, value, samples, calls, taken, low, high, first, third in zip(
            places,
            column("result"),
            column("samples"),
            column("stats_number"),
            column("stats_repeat"),
            column("stats_ci_99_a"),
            column("stats_ci_99_b"),
            column("stats_q_25"),
            column("stats_q_75"),
            strict=True,
        )
    )


def _measured(found: object) -> tuple[State, float | None]:
    if found is None:
        return State.FAILED, None
    if not is_number(found):
        return State.SKIPPED, None
    value = number(found, "result")
    return (State.SKIPPED, None) if math.isnan(value) else (State.MEASURED, cast("float", found))


def _samples(found: object) -> tuple[float, ...] | None:
    """Return one cell's samples; a list of nothing but nulls holds none."""
    if found is None:
        return None
    samples = items(found, "samples")
    kinds = set(map(type, samples))
    if kinds == {NoneType}:
        return None
    if kinds == {float}:  # nearly always, and 500 samples must not cost 500 calls
        return tuple(cast("list[float]", samples))
    return tuple(number(sample, "a sample") for sample in samples)


def _pair(low: object, high: object, what: str) -> tuple[float, float] | None:
    return None if low is None or high is None else (number(low, what), number(high, what))
