"""``--rule asv``: what ``asv compare`` of asv 0.6.6 says about two result files, row for row."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from operator import itemgetter

from persona_asv.engine.asv_evidence import is_different
from persona_asv.engine.results_companions import Benchmark
from persona_asv.errors import ResultFileError
from persona_asv.model import Cell, ResultFile, State

FACTOR = 1.1
"""asv's default: what is more than 1.1 times as slow, or as fast, has changed."""


class Mark(StrEnum):
    """What asv puts in front of a row."""

    WORSE = "+"
    BETTER = "-"
    INSIGNIFICANT = "~"
    """Beyond the factor, but not beyond the noise; asv prints it in front of the ratio."""
    SAME = " "
    """Within the factor, or failed on both sides, or skipped or absent on one."""
    OTHER_VERSION = "x"
    """The benchmark itself has changed: its numbers are not comparable."""
    FAILED = "!"
    FIXED = "*"


@dataclass(frozen=True, slots=True)
class AsvRow:
    """One benchmark at one parameter combination, in asv's words.

    Attributes
    ----------
    before, after
        The medians with asv's units and spread (half the interquartile range), ``failed``, or ``n/a`` for
        skipped or absent.
    ratio
        After divided by before with two decimals, behind a ``~`` where that is the mark; ``n/a`` without two
        numbers.
    name
        The benchmark, with its parameters' reprs in parentheses.
    """

    mark: Mark
    before: str
    after: str
    ratio: str
    name: str

    @property
    def columns(self) -> tuple[str, str, str, str, str]:
        """Return the row as asv hands it to tabulate, under Change, Before, After, Ratio and Benchmark."""
        change = Mark.SAME if self.mark is Mark.INSIGNIFICANT else self.mark
        return (change.value, self.before, self.after, self.ratio, self.name)


@dataclass(frozen=True, slots=True)
class AsvComparison:
    """asv's whole table.

    Attributes
    ----------
    rows
        In asv's order: by name, as text.
    worsened, improved
        Whether any row is marked ``+`` or ``!``, and any ``-`` or ``*``: ``asv continuous`` ends with 1 on
        the first; ``asv compare`` forgets both and ends with 0.
    """

    rows: tuple[AsvRow, ...]
    worsened: bool
    improved: bool


@dataclass(frozen=True, slots=True)
class _Entry:
    """A row's half: a cell and whose it is. A combination that one side lacks counts as skipped there."""

    cell: Cell
    benchmark: str = ""
    version: str | None = None


_ABSENT = _Entry(Cell((), State.SKIPPED))


def asv_comparison(
    before: ResultFile, after: ResultFile, *benchmarks: Mapping[str, Benchmark], factor: float = FACTOR
) -> AsvComparison:
    """Return what ``asv compare --factor FACTOR`` says about two result files.

    Higher is worse, whatever the benchmark counts, because asv knows no other direction.

    One file a side decides: several rounds of one commit are merged first (`results.merge`). So the
    ``[machine/environment]`` that asv appends to names once a comparison has several of them never appears,
    and two files of different machines or environments are compared name by name, where asv would find
    nothing in common.

    Equal also where asv surprises: six samples against six never differ, because the least p of its test is
    above its threshold; combinations whose names read the same are one row, the file's last.
    Only where ``asv compare`` stops with a traceback we go on: a text, list or object that a benchmark
    returned counts as skipped (so it also is ``n/a`` in the few cases in which asv could print it);
    statistics without quartiles have no spread, without interval no say; infinitely many bytes are
    ``Infinity``.

    Parameters
    ----------
    benchmarks
        Benchmark lists, for the units. Of several that know a benchmark the last one tells. Where none does,
        numbers stand without unit, as in asv.
    factor
        What may be multiplied or divided without having changed; asv's ``--factor``.

    Raises
    ------
    ResultFileError
        A side without a single result, which asv refuses as well.
    ValueError
        The factor is not a positive number.
    """
    if not 0 < factor < math.inf:
        raise ValueError(f"a factor is a positive number, not {factor}")
    old, new = _entries(before), _entries(after)
    units = {name: benchmark.unit for listed in benchmarks for name, benchmark in listed.items()}
    rows = tuple(
        _row(name, old.get(name, _ABSENT), new.get(name, _ABSENT), units.get(entry.benchmark), factor)
        for name, entry in sorted((old | new).items(), key=itemgetter(0))
    )
    marks = {row.mark for row in rows}
    return AsvComparison(
        rows,
        worsened=not marks.isdisjoint({Mark.WORSE, Mark.FAILED}),
        improved=not marks.isdisjoint({Mark.BETTER, Mark.FIXED}),
    )


def _entries(file: ResultFile) -> dict[str, _Entry]:
    entries = {
        _name(series.name, cell): _Entry(cell, series.name, series.version)
        for series in file.series.values()
        for cell in series.cells
    }
    if not entries:
        raise ResultFileError(f"{file.path}: holds no results; give a file of a run that measured something")
    return entries


def _name(benchmark: str, cell: Cell) -> str:
    return f"{benchmark}({', '.join(cell.params)})" if cell.params else benchmark


def _row(name: str, before: _Entry, after: _Entry, unit: str | None, factor: float) -> AsvRow:
    mark = _mark(before, after, factor)
    ratio = _ratio(before.cell, after.cell)
    return AsvRow(
        mark,
        _shown(before.cell, unit),
        _shown(after.cell, unit),
        f"~{ratio}" if mark is Mark.INSIGNIFICANT else ratio,
        name,
    )


def _mark(before: _Entry, after: _Entry, factor: float) -> Mark:
    if None not in (before.version, after.version) and before.version != after.version:
        return Mark.OTHER_VERSION
    match before.cell.state, after.cell.state:
        case State.MEASURED, State.MEASURED:
            return _change(before.cell, after.cell, factor)
        case State.FAILED, State.FAILED:
            return Mark.SAME
        case _, State.FAILED:
            return Mark.FAILED
        case State.FAILED, _:
            return Mark.FIXED
        case _:
            return Mark.SAME


def _change(before: Cell, after: Cell, factor: float) -> Mark:
    better, worse = _is_below(after, before, factor), _is_below(before, after, factor)
    if not (better or worse):
        return Mark.SAME
    if not is_different(before, after):
        return Mark.INSIGNIFICANT
    return Mark.BETTER if better else Mark.WORSE  # both with a factor below 1, and asv looks at better first


def _is_below(one: Cell, other: Cell, factor: float) -> bool:
    return one.value is not None and other.value is not None and one.value < other.value / factor


def _ratio(before: Cell, after: Cell) -> str:
    if before.value is None or after.value is None or before.value == 0:
        return "n/a"
    return f"{after.value / before.value:.2f}"


def _shown(cell: Cell, unit: str | None) -> str:
    from asv.util import human_value

    spread = None if cell.quartiles is None else (cell.quartiles[1] - cell.quartiles[0]) / 2
    match cell.state:
        case State.FAILED:
            shown = None
        case State.SKIPPED:
            shown = math.nan
        case State.MEASURED:
            shown = cell.value
    try:
        return str(human_value(shown, unit, err=spread))
    except OverflowError:  # infinitely many bytes
        return json.dumps(shown)
