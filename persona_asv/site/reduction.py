"""One result file reduced to what a site draws of it: a value for each series and case, no samples."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from statistics import median

from persona_asv import metrics
from persona_asv.engine.results import machine_file, read_result_file
from persona_asv.errors import MeasurementError, ResultFileError
from persona_asv.model import Cell, ResultFile, Series, State
from persona_asv.sides import SERIES as MEASURED
from persona_asv.sides import is_ours, own_cases, own_side
from persona_asv.site.series import SERIES, YARDSTICKS, Case, Point

MACHINE_FACTS = ("arch", "cpu", "num_cpu", "os", "ram")
"""What asv says of a machine in every result: a new kernel is no new line in a graph."""
_REPLACED = {drawn.source for drawn in SERIES.values()} | {
    metrics.GENERATION + name
    for name in (
        *MEASURED.values(),
        "track_reference_wall",
        "track_operation_calls",
        "track_operation_tokens",
    )
}
"""Benchmarks of our suite that are drawn as a series of `SERIES`, or are the means to one."""


@dataclass(frozen=True, slots=True)
class Row:
    """One series in one file: its points by asv's parameter reprs.

    Attributes
    ----------
    axes
        For each parameter the reprs of its values, in the file's order.
    started_at
        Start of the measurement, milliseconds since the epoch.
    """

    axes: tuple[tuple[str, ...], ...]
    points: Mapping[Case, Point]
    version: str | None
    started_at: int | None


@dataclass(frozen=True, slots=True)
class Reduced:
    """A result file as the site sees it.

    Attributes
    ----------
    machine, facts
        The machine's name, and what asv knows of it.
    lines
        What tells its line in a graph from others of the same commit: Python, requirements.
    subject
        Whose results they are; those of different subjects are never one line. Empty for other suites.
    yardsticks
        Median of each of `YARDSTICKS` that there was, in seconds.
    rows
        By the series' name: those of `SERIES`, and other suites' benchmarks as they are.
    """

    path: Path
    commit: str
    date: int
    machine: str
    facts: Mapping[str, str]
    lines: Mapping[str, str]
    env_name: str
    subject: str
    yardsticks: Mapping[str, float]
    rows: Mapping[str, Row]


def reduce_file(path: Path) -> Reduced | str:
    """Return what a result file holds for the site, or in one line why it cannot be used. Never raises."""
    try:
        file = read_result_file(path)
        rows = dict(_own_rows(file)) | dict(_other_rows(file))
    except (ResultFileError, MeasurementError) as error:
        return str(error)
    machine = machine_file(path)
    facts = {key: file.params.get(key) for key in MACHINE_FACTS}
    if machine is not None:
        facts = {key: getattr(machine, key) or said for key, said in facts.items()}
    return Reduced(
        path=path,
        commit=file.commit,
        date=file.date,
        machine=file.machine,
        facts={key: said for key, said in facts.items() if said},
        lines=_lines(file),
        env_name=file.env_name,
        subject=_subject(file),
        yardsticks=_yardsticks(file),
        rows=rows,
    )


def _subject(file: ResultFile) -> str:
    """Return the subject's name, and who answered where that was not the stand-in; empty for other suites."""
    subject, endpoint = file.stamp.get("subject"), file.stamp.get("endpoint")
    name = str(subject.get("name", "")) if isinstance(subject, dict) else ""
    kind = str(endpoint.get("kind", "")) if isinstance(endpoint, dict) else ""
    return f"{name}, {kind}" if name and kind not in ("", "stand-in") else name


def _lines(file: ResultFile) -> dict[str, str]:
    """Return the requirements and the Python version; an interpreter's path would be a line a checkout."""
    lines = {
        key: said for key, said in file.params.items() if key not in (*MACHINE_FACTS, "machine", "python")
    }
    for text in (file.python, file.env_name):
        found = re.search(r"(\d+\.\d+)[\d.]*$", text) or re.search(r"py(?:thon)?(\d+\.\d+)", text)
        if found:
            return lines | {"python": found.group(1)}
    return lines


def _own_rows(file: ResultFile) -> Iterator[tuple[str, Row]]:
    timed = is_ours([file])
    cases = {label.params: own_side([file], label) for label in own_cases([file])} if timed else {}
    for drawn in SERIES.values():
        source = file.series.get(drawn.source)
        if source is None:
            continue
        points: Mapping[Case, Point]
        if drawn.read is None:
            points = _points(source)
        else:
            found = {case: drawn.read(file, case, side) for case, side in cases.items()}
            points = {case: point for case, point in found.items() if point is not None}
        if points:
            yield drawn.name, Row(source.param_sets, points, source.version, source.started_at)


def _other_rows(file: ResultFile) -> Iterator[tuple[str, Row]]:
    for name, series in file.series.items():
        if name not in _REPLACED:
            points = _points(series)
            if points:
                yield name, Row(series.param_sets, points, series.version, series.started_at)


def _points(series: Series) -> dict[Case, Point]:
    return {cell.params: point for cell in series.cells if (point := _point(cell)) is not None}


def _point(cell: Cell) -> Point | None:
    if cell.state is not State.MEASURED or cell.value is None or not math.isfinite(cell.value):
        return None
    bounded = cell.ci_99 is not None and all(map(math.isfinite, cell.ci_99))
    return Point(cell.value, cell.ci_99 if bounded else None)


def _yardsticks(file: ResultFile) -> dict[str, float]:
    found = {}
    for name in YARDSTICKS:
        cells = file.series[name].cells if name in file.series else ()
        values = [cell.value for cell in cells if cell.value is not None]
        if values and min(values) > 0:
            found[name] = median(values)
    return found
