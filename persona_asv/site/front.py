"""What the front page says: what changed since the last release, what drifts, which machines compare."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import pairwise, product
from statistics import median
from typing import Any
from urllib.parse import urlencode

from persona_asv.engine.chronicle import Chronicle, Commit
from persona_asv.site.reduction import Reduced
from persona_asv.site.series import REFERENCE
from persona_asv.site.trend import drift_of

RELEASE = re.compile(r"[vV]?\d+(\.\d+)*([.+-]?\w+)*")
SHOWN = 3
"""Steps on the page."""
STEADY = math.log(1.15)
"""How far the reference operation may be from its usual cost on a machine that compares (log)."""
USUAL = 20
"""Results of a machine that its usual cost is the median of."""
FEWEST = 8
"""Points of a line below which it has no direction."""
SAME_MACHINE = ("cpu", "num_cpu", "arch", "ram")


@dataclass(frozen=True, slots=True)
class Line:
    """One line of one graph.

    Attributes
    ----------
    name, title, unit
        asv's name of the series, and what is shown.
    case
        The benchmark's parameters as people write them.
    where
        Machine, and what else tells it from others.
    link
        Its graph, below the site's folder.
    pieces
        What asv's step detection found: first revision, the one after the last, level, least, error.
    points
        Revision and value.
    """

    name: str
    title: str
    unit: str
    case: tuple[str, ...]
    where: tuple[str, ...]
    link: str
    pieces: tuple[tuple[int, int, float, float, float], ...]
    points: tuple[tuple[int, float], ...]


@dataclass(frozen=True, slots=True)
class Step:
    """A level that another followed.

    Attributes
    ----------
    first, last
        The change came after the commit of revision `first`, with `last` at the latest.
    also
        Other lines that moved with it, most first.
    """

    line: Line
    first: int
    last: int
    before: float
    after: float
    also: tuple[Line, ...] = ()

    @property
    def size(self) -> float:
        """The log of how many times as much it is; infinite from nothing."""
        if self.before <= 0 or self.after <= 0:
            return math.copysign(math.inf, self.after - self.before)
        return math.log(self.after / self.before)


@dataclass(frozen=True, slots=True)
class Drift:
    """A line that moves without a step: by how much, as a ratio less one, over how many commits."""

    line: Line
    change: float
    commits: int


@dataclass(frozen=True, slots=True)
class Machine:
    """Whether the newest result of a machine can be compared with its earlier ones.

    Attributes
    ----------
    ratio
        The reference operation's cost over its usual one; None where there is no earlier one.
    differs
        What asv knows of the machine that is not what it was.
    """

    name: str
    newest: int
    ratio: float | None
    differs: tuple[str, ...]

    @property
    def compares(self) -> bool:
        """Whether it is the machine it was, no slower and no faster."""
        return not self.differs and (self.ratio is None or abs(math.log(self.ratio)) <= STEADY)


@dataclass(frozen=True, slots=True)
class Front:
    """The page's content; `since` is the release's name, None where there is none."""

    since: str | None
    commits: int
    steps: tuple[Step, ...]
    more: int
    drifts: tuple[Drift, ...]
    machines: tuple[Machine, ...]


def lines(
    found: Sequence[Mapping[str, Any]], benchmarks: Mapping[str, Mapping[str, Any]], judged: Sequence[str]
) -> Iterator[Line]:
    """Yield the lines in which a step counts."""
    several = {key for each in found for key in each["params"] if _values(found, key) > 1}
    for each in found:
        name = each["benchmark"]
        if name not in judged or name not in benchmarks:
            continue
        told = benchmarks[name]
        where = {key: value for key, value in each["params"].items() if key in several and value is not None}
        cases = list(product(*told["params"]))
        for place, pieces in enumerate(each["pieces"]):
            case = cases[place] if place < len(cases) else ()
            points = tuple(
                (rev, values[place]) for rev, values in each["points"] if values[place] is not None
            )
            if points:
                query = {
                    **where,
                    **{f"p-{key}": value for key, value in zip(told["param_names"], case, strict=False)},
                }
                yield Line(
                    name, told["pretty_name"], told["unit"], tuple(value.strip("'") for value in case),
                    tuple(map(str, where.values())), f"index.html#{name}?{urlencode(query)}",
                    tuple(map(tuple, pieces)), points,
                )  # fmt: skip


def _values(found: Sequence[Mapping[str, Any]], key: str) -> int:
    return len({str(each["params"].get(key)) for each in found})


def front(drawn: Sequence[Line], chosen: Chronicle, files: Sequence[Reduced], threshold: float) -> Front:
    """Return the page's content.

    Parameters
    ----------
    threshold
        Change, as a ratio less one, from which a step is worth a word; a drift from half of it.
    """
    places = {commit: place for place, commit in enumerate(chosen.commits)}
    newest = max((places[file.commit] for file in files), default=0)
    since = _release(chosen, places, newest)
    start = -1 if since is None else places[chosen.tags[since]]
    after = [commit for commit in chosen.line if places[commit] > start]
    steps = _together([step for line in drawn for step in _steps(line, threshold) if step.last > start])
    drifts = [drift for line in drawn if (drift := _drift(line, threshold / 2)) is not None]
    return Front(
        since=since,
        commits=len(after),
        steps=steps[:SHOWN],
        more=len(steps[SHOWN:]),
        drifts=tuple(sorted(drifts, key=lambda drift: -abs(drift.change))[:SHOWN]),
        machines=tuple(_machines(files)),
    )


def commits_of(step: Step, chosen: Chronicle) -> tuple[Commit, ...]:
    """Return the commits of the main line that a step may come from, the newest first."""
    places = {commit: place for place, commit in enumerate(chosen.commits)}
    names = [commit for commit in chosen.line if step.first < places[commit] <= step.last]
    return tuple(chosen.commits[name] for name in names)


def _release(chosen: Chronicle, places: Mapping[str, int], newest: int) -> str | None:
    """Return the newest release before the newest result: what changed since is the question."""
    line = set(chosen.line)
    tags = [tag for tag, commit in chosen.tags.items() if commit in line and places[commit] < newest]
    tags = [tag for tag in tags if RELEASE.fullmatch(tag)] or tags
    return max(tags, key=lambda tag: places[chosen.tags[tag]], default=None)


def _steps(line: Line, threshold: float) -> Iterator[Step]:
    """Yield the steps above the threshold; a lone commit counts at the end alone, where none followed it."""
    lasting = [piece for piece in line.pieces[:-1] if piece[1] - piece[0] > 1]
    for (_, end, before, _, error), (start, _, after, _, other) in pairwise([*lasting, *line.pieces[-1:]]):
        if abs(after - before) > max(error, other, threshold * abs(before)):
            yield Step(line, end - 1, start, before, after)


def _together(steps: Sequence[Step]) -> tuple[Step, ...]:
    """Return the steps, the biggest first, those of one origin as one: same way, overlapping commits."""
    groups: list[Step] = []
    for step in sorted(steps, key=lambda step: -abs(step.size)):
        for place, group in enumerate(groups):
            first, last = max(group.first, step.first), min(group.last, step.last)
            if first < last and (group.size > 0) == (step.size > 0):
                groups[place] = replace(group, first=first, last=last, also=(*group.also, step.line))
                break
        else:
            groups.append(step)
    return tuple(groups)


def _drift(line: Line, least: float) -> Drift | None:
    """Return how the line moves since its last step."""
    start = line.pieces[-1][0] if line.pieces else 0
    values = [value for revision, value in line.points if revision >= start]
    change = drift_of(values) if len(values) >= FEWEST else None
    return None if change is None or abs(change) < least else Drift(line, change, len(values))


def _machines(files: Sequence[Reduced]) -> Iterator[Machine]:
    for name in dict.fromkeys(file.machine for file in files):
        own = sorted((file for file in files if file.machine == name), key=lambda file: file.date)
        costs = [file.yardsticks[REFERENCE] for file in own if REFERENCE in file.yardsticks]
        usual = median(costs[-USUAL - 1 : -1]) if len(costs) > 1 else None
        last, before = own[-1], own[-2] if len(own) > 1 else own[-1]
        differs = tuple(key for key in SAME_MACHINE if before.facts.get(key) != last.facts.get(key))
        yield Machine(name, last.date, None if usual is None else costs[-1] / usual, differs)
