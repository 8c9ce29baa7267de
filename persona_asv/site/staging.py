"""The copy of the results that asv builds its site from: checked, without samples, with our own series.

asv deletes the old site before it reads, stops at a value it cannot add up, draws a line of its own for every
interpreter path and kernel, and puts names into pages as they are. In the copy there is nothing of that kind.
What had to be left out is told, file by file.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

from persona_asv.engine.results import Benchmark
from persona_asv.site import text
from persona_asv.site.reduction import Reduced, Row
from persona_asv.site.series import SERIES, Point

COLUMNS = ("result", "params", "version", "started_at", "stats_ci_99_a", "stats_ci_99_b")
_FORMAT, _MACHINE_FORMAT, _BENCHMARKS_FORMAT = 2, 1, 2


@dataclass(frozen=True, slots=True)
class Staged:
    """What the copy holds.

    Attributes
    ----------
    folder
        asv's ``results_dir``.
    files
        What was staged, the oldest commit first.
    names
        asv's name in the copy of each series, by its own name.
    benchmarks
        The content of the copy's ``benchmarks.json``.
    """

    folder: Path
    files: tuple[Reduced, ...]
    names: Mapping[str, str]
    benchmarks: Mapping[str, Mapping[str, Any]]

    @property
    def judged(self) -> tuple[str, ...]:
        """The names in the copy in which a step counts."""
        return tuple(new for old, new in self.names.items() if old not in SERIES or SERIES[old].judged)


def stage(
    files: Sequence[Reduced],
    known: Mapping[str, Benchmark],
    nominal: Mapping[str, Mapping[str, float]],
    folder: Path,
) -> Staged:
    """Write the copy.

    Parameters
    ----------
    known
        What ``benchmarks.json`` says of the benchmarks.
    nominal
        Nominal cost of each yardstick by machine, in seconds.
    """
    ordered = sorted(files, key=lambda file: (file.date, file.commit, str(file.path)))
    drawn = {name for file in ordered for name in file.rows}
    own = [name for name in SERIES if name in drawn]
    # as asv: what the suite no longer has is not drawn
    others = [name for name in known if name in drawn and name not in SERIES]
    names: dict[str, str] = {}
    for name in (*own, *others):
        names[name] = text.name(name, taken={*names.values(), "summary"})
    machines: dict[str, str] = {}
    for file in ordered:
        if file.machine not in machines:
            machines[file.machine] = text.name(file.machine, taken=machines.values())
    axes = {name: _axes(name, ordered, known) for name in names}
    benchmarks = {
        new: _described(name, new, axes[name], _version(name, ordered, known), known)
        for name, new in names.items()
    }
    lines = _lines(ordered)
    for number, file in enumerate(ordered):
        place = folder / machines[file.machine]
        place.mkdir(parents=True, exist_ok=True)
        facts = {key: text.inert_title(said) for key, said in file.facts.items()}
        _write(place / "machine.json", {"machine": place.name, **facts, "version": _MACHINE_FORMAT})
        rows = {
            names[name]: _row(name, row, axes[name], nominal.get(file.machine, {}))
            for name, row in file.rows.items()
            if name in names and len(row.axes) == len(axes[name])
        }
        _write(place / f"{file.commit[:8]}-{number}.json", _document(file, place.name, lines[number], rows))
    folder.mkdir(parents=True, exist_ok=True)
    _write(folder / "benchmarks.json", {**benchmarks, "version": _BENCHMARKS_FORMAT})
    return Staged(folder, tuple(ordered), names, benchmarks)


def _write(path: Path, content: object) -> None:
    path.write_text(json.dumps(content, allow_nan=False), encoding="utf-8")


def _version(name: str, files: Sequence[Reduced], known: Mapping[str, Benchmark]) -> str:
    """Return the version that is drawn: the suite's, else the newest result's; others are not like it."""
    source = SERIES[name].source if name in SERIES else name
    if source in known and known[source].version is not None:
        return str(known[source].version)
    return next((str(file.rows[name].version) for file in reversed(files) if name in file.rows), "1")


def _axes(name: str, files: Iterable[Reduced], known: Mapping[str, Benchmark]) -> tuple[tuple[str, ...], ...]:
    """Return the parameter values that some result has a point for, the suite's order first."""
    newest: tuple[tuple[str, ...], ...] = ()
    used: list[set[str]] = []
    sets: list[dict[str, None]] = []
    source = SERIES[name].source if name in SERIES else name
    if source in known:
        newest = known[source].params
    rows = [file.rows[name] for file in files if name in file.rows]
    if not newest:
        newest = rows[-1].axes
    sets = [dict.fromkeys(axis) for axis in newest]
    used = [set() for _ in newest]
    for row in rows:
        if len(row.axes) == len(newest):
            for place, axis in enumerate(row.axes):
                sets[place].update(dict.fromkeys(axis))
            for case in row.points:
                for place, value in enumerate(case):
                    used[place].add(value)
    return tuple(tuple(value for value in axis if value in has) for axis, has in zip(sets, used, strict=True))


def _described(
    name: str,
    new: str,
    axes: tuple[tuple[str, ...], ...],
    version: str,
    known: Mapping[str, Benchmark],
) -> dict[str, Any]:
    series = SERIES.get(name)
    told = known.get(series.source if series else name)
    params = [list(map(_param, axis)) for axis in axes]
    given = told.param_names if told and len(told.param_names) == len(axes) else ()
    param_names = [text.inert_title(each) for each in given or [f"param{n + 1}" for n in range(len(axes))]]
    if series:
        title, unit, moves = series.title, series.unit, series.moves
    else:
        title = told.pretty_name if told else name
        unit = (told.unit if told else None) or "unit"
        moves = f"{name}, as it was measured."
    return {
        "name": new,
        "pretty_name": text.inert_title(title),
        "unit": text.inert_title(unit),
        "code": text.inert_title(moves),
        "type": told.type if told and told.type in ("time", "track", "memory", "peakmemory") else "track",
        "params": params,
        "param_names": param_names,
        "version": version,
    }


def _param(repr_: str) -> str:
    return text.inert(repr_)


def _row(
    name: str, row: Row, axes: tuple[tuple[str, ...], ...], nominal: Mapping[str, float]
) -> list[object]:
    per = SERIES[name].per if name in SERIES else ""
    scale = nominal[per] if per else 1.0  # a ratio's file has its yardstick, and so its machine has a cost
    points: list[Point | None] = [row.points.get(case) for case in product(*axes)]
    values = [None if point is None else point.value * scale for point in points]
    bounds = [point.interval if point is not None else None for point in points]
    return [
        values,
        [list(map(_param, axis)) for axis in axes],
        row.version,
        row.started_at,
        [None if bound is None else bound[0] * scale for bound in bounds],
        [None if bound is None else bound[1] * scale for bound in bounds],
    ]


def _document(
    file: Reduced, machine: str, lines: Mapping[str, str], rows: Mapping[str, list[object]]
) -> dict[str, object]:
    return {
        "commit_hash": file.commit,
        "env_name": "site",
        "date": file.date,
        "params": {"machine": machine, **{text.name(k): text.inert_title(v) for k, v in lines.items()}},
        "python": lines.get("python", ""),
        "requirements": {},
        "env_vars": {},
        "result_columns": COLUMNS,
        "results": rows,
        "durations": {},
        "version": _FORMAT,
    }


def _lines(files: Sequence[Reduced]) -> list[dict[str, str]]:
    """Return what tells each file's lines apart: subject and environment only where they have to.

    Two files of one commit, machine and Python that measured the same series differ in what asv does not
    say; their mean would be neither.
    """
    lines = [dict(file.lines) for file in files]
    if len({file.subject for file in files if file.subject}) > 1:
        for line, file in zip(lines, files, strict=True):
            if file.subject:
                line["subject"] = file.subject
    measured = Counter(
        (name, file.commit, file.machine, *sorted(line.items()))
        for line, file in zip(lines, files, strict=True)
        for name in file.rows
    )
    if max(measured.values(), default=0) > 1:
        for line, file in zip(lines, files, strict=True):
            line["environment"] = file.env_name
    return lines
