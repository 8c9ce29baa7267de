"""The history of a report: the baselines of the same subject and endpoint, as points of each metric."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from persona_asv import metrics
from persona_asv.baselines import book as books
from persona_asv.baselines.baseline import Baseline
from persona_asv.baselines.book import Book
from persona_asv.baselines.order import newest_first
from persona_asv.environment import Environment
from persona_asv.errors import BaselineError
from persona_asv.reports.pace import REFERENCE, follows, pace, reference
from persona_asv.reports.report import Point, Track

if TYPE_CHECKING:
    from datetime import datetime

    from persona_asv.estimates import Estimate


@dataclass(frozen=True, slots=True)
class Kind:
    """What baselines must share to stand in one history; None of a baseline's own matches anything."""

    subject: str
    provider: str
    endpoint: str
    profile: str

    def takes(self, baseline: Baseline) -> bool:
        """Return whether a baseline is of this kind."""
        theirs = (baseline.subject, baseline.provider, baseline.endpoint, baseline.profile)
        ours = (self.subject, self.provider, self.endpoint, self.profile)
        return all(None in pair or pair[0] == pair[1] for pair in zip(theirs, ours, strict=True))


@dataclass(frozen=True, slots=True)
class Milestone:
    """A baseline of the history, with what the reference operation cost when it was measured, by case."""

    baseline: Baseline
    name: str
    references: Mapping[str, float] = field(default_factory=dict)


def milestones(shelf: Iterable[Book], kind: Kind, cases: Iterable[str]) -> list[Milestone]:
    """Return the baselines of a kind that hold one of the cases, oldest first, without their references."""
    wanted = set(cases)
    found = [
        Milestone(book.baseline, book.name)
        for book in newest_first(shelf)
        if book.baseline is not None and kind.takes(book.baseline) and wanted & set(book.baseline.workloads)
    ]
    return found[::-1]


def with_references(found: Milestone, shelf: Mapping[str, Book], provider: str) -> Milestone:
    """Return a milestone with the references out of its companion; without, where that cannot be read."""
    baseline = found.baseline
    if baseline.samples is None:
        return found
    try:
        rounds = books.rounds(shelf[found.name].path, baseline.samples, {REFERENCE})
    except BaselineError:
        return found
    middles = {case: reference(rounds, case, baseline.provider or provider) for case in baseline.workloads}
    return Milestone(baseline, found.name, {case: each for case, each in middles.items() if each is not None})


@dataclass(frozen=True, slots=True)
class Here:
    """The end of a history, from which it is told: where it was, and what the reference operation cost."""

    label: str
    at: datetime
    machine: str | None
    python: str | None
    profile: str
    reference: float | None


def points(past: Iterable[Milestone], case: str, key: str, here: Here) -> tuple[Point, ...]:
    """Return a metric of a case in those baselines that have it, and of one Python where that matters."""
    follows_pace = follows(key, here.profile)
    found = []
    for each in past:
        entry, machine = each.baseline.workloads.get(case), machine_of(each.baseline.environment)
        if entry is None or key not in entry.metrics:
            continue
        if key in metrics.PER_PYTHON and _minor(each.baseline.environment.python_version) != _minor(
            here.python
        ):
            continue
        figure = entry.metrics[key]
        found.append(
            Point(
                each.name,
                each.baseline.captured_at,
                figure.value,
                figure.interval,
                pace(each.references.get(case), here.reference) if follows_pace else None,
                elsewhere=None not in (machine, here.machine) and machine != here.machine,
            )
        )
    return tuple(found)


def machine_of(environment: Environment) -> str | None:
    """Return which machine it was: its name, and which of those that a pipeline gives one name."""
    names = (environment.machine, environment.instance)
    return None if names[0] is None else " ".join(filter(None, names))


def _minor(version: str | None) -> list[str] | None:
    return None if version is None else version.split(".")[:2]


def tracks(
    case: str, estimates: Mapping[str, Estimate], past: Sequence[Milestone], here: Here
) -> tuple[Track, ...]:
    """Return the history of every metric of a case that an earlier baseline has as well, the case last."""
    found = []
    for key, estimate in estimates.items():
        earlier = points(past, case, key, here)
        if earlier:
            known = follows(key, here.profile) and here.reference is not None
            own = Point(here.label, here.at, estimate.value, estimate.interval, 1.0 if known else None)
            found.append(Track(key, estimate.unit, estimate.better, (*earlier, own)))
    return tuple(found)
