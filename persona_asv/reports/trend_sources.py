"""Where trends come from: the shelf of baselines, and asv's history of commits."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path

from persona_asv import metrics, place
from persona_asv.baselines.order import newest_first
from persona_asv.baselines.shelf import Shelf, shelf_of
from persona_asv.case_rounds import CaseRounds
from persona_asv.config import METRICS, Config
from persona_asv.engine.commits import measured_commits
from persona_asv.engine.suite import results_folder
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.estimates import Estimate
from persona_asv.model import ResultFile
from persona_asv.reports.pace import follows, pace, reference
from persona_asv.reports.past import Here, Kind, Milestone, machine_of, milestones, points, with_references
from persona_asv.reports.report import Point, Track
from persona_asv.reports.trend import Source, Trend, Trends, Window, trend
from persona_asv.sides import own_cases
from persona_asv.units import Better

_HIGHER = ("throughput_per_minute", "parse_success_rate")


def chosen(names: Sequence[str]) -> frozenset[str]:
    """Return the metrics asked for, by their own keys or by a family's name; all where none is named.

    Raises
    ------
    UsageError
        A name is neither.
    """
    found: set[str] = set()
    for name in names:
        if name in metrics.FAMILIES:
            found |= metrics.keys((metrics.FAMILIES[name],))
        elif name in METRICS:
            found.add(name)
        else:
            known = ", ".join((*metrics.FAMILIES, *METRICS))
            raise UsageError(f"--metric: unknown metric {name!r}; choose from {known}")
    return frozenset(found or METRICS)


def trends(settings: Config, keys: frozenset[str], window: Window) -> Trends:
    """Return the trends of every case, over baselines and over commits.

    Raises
    ------
    MeasurementError
        There is neither a baseline nor a measured commit, or none of the metrics or moments asked for.
    """
    shelf, folder = shelf_of(settings), results_folder(place.root(settings))
    over_baselines, said = _over_baselines(shelf, keys, window)
    over_commits, more = _over_commits(folder, keys, window)
    found = (*over_baselines, *over_commits)
    if not found:
        raise MeasurementError(
            f"no trend to show: no such baseline in {shelf.folder}, no such result in {folder}; "
            "`persona benchmark run` and `persona benchmark capture` first"
        )
    most = max(len(each.track.points) for each in found)
    notes = [*said, *more]
    if window.last is not None and most < window.last:
        notes.append(f"The last {window.last} were asked for, {most} {'is' if most == 1 else 'are'} there.")
    return Trends(found, tuple(notes))


def _over_baselines(shelf: Shelf, keys: frozenset[str], window: Window) -> tuple[list[Trend], list[str]]:
    """Return the trends over the baselines of the newest one's subject, provider and endpoint."""
    books = {book.name: book for book in shelf.books()}
    sound = [book.baseline for book in newest_first(books.values()) if book.baseline is not None]
    notes = [f"Left out, as it is broken: {name}." for name, book in books.items() if book.baseline is None]
    if not sound:
        return [], notes
    newest = sound[0]
    kind = Kind(*(getattr(newest, each) or "" for each in ("subject", "provider", "endpoint", "profile")))
    cases = dict.fromkeys(case for baseline in sound for case in baseline.workloads)
    past = milestones(books.values(), kind, cases)
    if (strangers := len(sound) - len(past)) > 0:
        notes.append(f"Baselines of another subject, provider or endpoint, left out: {strangers}.")
    found: list[Trend] = []
    for case in cases:
        held = [
            with_references(each, books, kind.provider)
            for each in window.of(past, lambda each: each.baseline.captured_at)
            if case in each.baseline.workloads
        ]
        if held:
            found += _of_case(case, kind.provider, held, keys)
    return found, notes


def _of_case(case: str, provider: str, held: Sequence[Milestone], keys: frozenset[str]) -> Iterator[Trend]:
    last = held[-1]
    here = Here(
        last.name,
        last.baseline.captured_at,
        machine_of(last.baseline.environment),
        last.baseline.environment.python_version,
        last.baseline.profile or "",
        last.references.get(case),
    )
    for key in METRICS:
        unit = metrics.unit_of(key)
        found = points(held, case, key, here) if key in keys and unit is not None else ()
        if found and unit is not None:
            yield trend(case, provider, Source.BASELINES, Track(key, unit, _better(key), found))


def _better(key: str) -> Better:
    return Better.HIGHER if key in _HIGHER else Better.LOWER


@dataclass(frozen=True, slots=True)
class Measured:
    """One case of one commit: every metric, and what the reference operation cost beside it."""

    file: ResultFile
    estimates: Mapping[str, Estimate]
    reference: float | None


def _over_commits(folder: Path, keys: frozenset[str], window: Window) -> tuple[list[Trend], list[str]]:
    """Return the trends over the commits measured on the newest one's machine, in its environment."""
    read = list(measured_commits(folder))
    notes = [f"Left out: {each}." for each in read if isinstance(each, str)]
    files = sorted((each for each in read if not isinstance(each, str)), key=_age)
    if not files:
        return [], notes
    newest = max(files, key=lambda file: (_measured_at(file), _age(file)))
    alike, more = _alike(files, newest)
    found: list[Trend] = []
    for label in own_cases(alike[::-1]):
        case, provider = (*label.values, "", "")[:2]
        held = []
        for file in window.of(alike, _committed_at):
            its = metrics.estimates(CaseRounds(case, provider, (file,)), metrics.FAMILIES.values())
            if its.keys() - {"error_rate"}:
                held.append(Measured(file, its, reference((file,), case, provider)))
        if held:
            found += _of_commits(case, provider, held, keys)
    return found, [*notes, *more]


def _age(file: ResultFile) -> tuple[int, str]:
    return file.date, file.commit


def _measured_at(file: ResultFile) -> int:
    return max((series.started_at or 0 for series in file.series.values()), default=0)


def _committed_at(file: ResultFile) -> datetime:
    return datetime.fromtimestamp(file.date // 1000, UTC)


def _alike(files: Sequence[ResultFile], newest: ResultFile) -> tuple[list[ResultFile], list[str]]:
    """Return the files whose numbers can be told in one line with the newest, and what was left out.

    Another machine, environment, subject or endpoint is another history. A benchmark of another version
    measured something else: its numbers go, the rest of the file stays.
    """
    notes = []
    apart = [f"{file.machine} ({file.env_name})" for file in files if _place(file) != _place(newest)]
    for where, count in Counter(apart).items():
        notes.append(f"Results of {where}, left out: {count}.")
    here = [file for file in files if _place(file) == _place(newest)]
    alike = [file for file in here if _whose(file) == _whose(newest)]
    if len(alike) < len(here):
        notes.append(f"Results of another subject or endpoint, left out: {len(here) - len(alike)}.")
    versions = {name: series.version for name, series in newest.series.items()}
    changed = {
        name
        for file in alike
        for name, series in file.series.items()
        if name in versions and series.version != versions[name]
    }
    notes += [f"Numbers of {name} of another version are left out." for name in sorted(changed)]
    return [
        replace(
            file,
            series={
                name: series
                for name, series in file.series.items()
                if name not in changed or series.version == versions[name]
            },
        )
        for file in alike
    ], notes


def _place(file: ResultFile) -> tuple[str, str]:
    return file.machine, file.env_name


def _whose(file: ResultFile) -> tuple[object, object]:
    subject, endpoint = file.stamp.get("subject"), file.stamp.get("endpoint")
    return subject.get("name") if isinstance(subject, dict) else subject, endpoint


def _of_commits(case: str, provider: str, held: Sequence[Measured], keys: frozenset[str]) -> Iterator[Trend]:
    now = held[-1].reference
    for key in METRICS:
        having = [each for each in held if key in each.estimates] if key in keys else []
        if not having:
            continue
        last = having[-1].estimates[key]
        found = tuple(
            Point(
                each.file.commit[:8],
                _committed_at(each.file),
                each.estimates[key].value,
                each.estimates[key].interval,
                pace(each.reference, now) if follows(key, _profile(each.file)) else None,
            )
            for each in having
        )
        yield trend(case, provider, Source.COMMITS, Track(key, last.unit, last.better, found))


def _profile(file: ResultFile) -> str | None:
    endpoint = file.stamp.get("endpoint")
    return endpoint.get("profile") if isinstance(endpoint, dict) else None
