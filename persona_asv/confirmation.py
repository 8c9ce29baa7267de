"""The word that counts: both commits measured here, now, in turn, and judged; kept beside its rounds."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Any

from persona_asv import place, workloads
from persona_asv.comparison import Comparison, compare
from persona_asv.config import Config
from persona_asv.contest import Contender, Contest, contenders, contest
from persona_asv.course import Progress
from persona_asv.engine import worktree
from persona_asv.engine.presence import own_names
from persona_asv.engine.store import RunFolder, write_json
from persona_asv.engine.worktree import Attribution
from persona_asv.errors import BuildError, ExitCode
from persona_asv.estimates import Family
from persona_asv.gate import Rules
from persona_asv.judgement import Finding, Stage, Verdict
from persona_asv.last_word import VERDICT
from persona_asv.plan import Ground, Plan
from persona_asv.scalars import HIGHER_IS_BETTER
from persona_asv.thresholds import Thresholds
from persona_asv.workloads import Workload

BLOCKS = 5
"""Rounds a side at first: with 20 operations each they see +15 % (docs/explanation/gate.md)."""

MOST_ROUNDS = 100
"""Most that ``--rounds`` takes."""

SPENDING = (0.5, 0.25, 0.25)
"""Shares of the error rates at the looks of ``--rounds auto``, after 5, 10 and 15 blocks."""

BUILDING_S = 180.0
"""Seconds that making both environments may take."""


@dataclass(frozen=True, slots=True)
class Bout:
    """What is to be measured against what.

    Attributes
    ----------
    commit, title
        The baseline's commit, and what tables call it.
    names
        Workloads to measure.
    current
        The current side's commit; None for the code as it lies here, changes included.
    provider, model, profile, subject
        What stored results were measured with; None for what is configured.
    rounds
        Blocks of both sides; None for as many as it takes.
    resolve_each
        Whether each commit gets the third-party versions that it asks for itself.
    """

    commit: str
    title: str
    names: tuple[str, ...]
    families: tuple[Family, ...]
    current: str | None = None
    provider: str | None = None
    model: str | None = None
    profile: str | None = None
    subject: str | None = None
    rounds: int | None = None
    resolve_each: bool = False


@dataclass(frozen=True, slots=True)
class Confirmation:
    """A contest that was judged."""

    contest: Contest
    comparison: Comparison


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told how it goes: a line about a step, what both sides are, and how far the rounds are."""

    say: Callable[[str], None]
    begin: Callable[[tuple[Contender, Contender], int], None]
    progress: Callable[[Progress], None]


def plans(settings: Config, bout: Bout) -> tuple[Plan, Ground]:
    """Return what the current side is, and where.

    Raises
    ------
    UsageError
        The subject, a workload or the provider is unknown.
    """
    sized = [workloads.resolve(name, settings, None, None) for name in bout.names]
    cases = {case.name: case for workload in sized for case in workload.cases}
    seconds = BUILDING_S + 2 * sum(each.timeout_s for each in sized)
    workload = Workload("+".join(bout.names), tuple(cases.values()), seconds, sized[0].summary)
    return place.prepare(
        settings,
        workload,
        bout.families,
        subject=bout.subject,
        provider=bout.provider,
        model=bout.model,
        profile=bout.profile or "none",
    )


def confirm(settings: Config, bout: Bout, rules: Rules, watcher: Watcher) -> Confirmation:
    """Measure a commit and the code as it is now in turn, and judge.

    Raises
    ------
    BuildError
        A side cannot be built, or has not the subject.
    MeasurementError
        A side cannot be measured.
    Interrupted
        A signal ended it.
    """
    plan, ground = plans(settings, bout)
    deadline = time.monotonic() + plan.workload.timeout_s
    if ground.repository is None:
        raise BuildError("both commits are measured from a git repository, and none is here")
    before, now = (
        Attribution(commit, worktree.date_of(ground.repository, commit), dirty=False) if commit else None
        for commit in (bout.commit, bout.current)
    )
    sides = contenders(
        plan,
        ground,
        (before or ground.attribution, now or ground.attribution),
        inner=place.inner(settings, ground.repository),
        own=own_names(plan.subject),
        deadline=deadline,
        say=watcher.say,
        resolve_each=bout.resolve_each,
    )
    blocks = bout.rounds or BLOCKS
    watcher.begin(sides, blocks)
    looks = Looks(replace(rules, final=True), SPENDING if bout.rounds is None else (1.0,))
    done = contest(sides, blocks, deadline, watcher.progress, looks.undecided)
    found = looks.found or looks.look(done)
    notes = (*declarations(sides), *found.notes, *_left_open(found, done.blocks, bout, rules.thresholds))
    return Confirmation(done, replace(found, notes=notes))


@dataclass(slots=True)
class Looks:
    """Looks at a contest while it goes on, each with its share of the error rates.

    Attributes
    ----------
    shares
        Of each look; there is none after the last.
    found
        What the last one saw.
    """

    rules: Rules
    shares: tuple[float, ...]
    found: Comparison | None = None
    taken: int = 0

    def look(self, so_far: Contest) -> Comparison:
        """Judge the rounds so far."""
        self.found = compare(*so_far.files, replace(self.rules, share=self.shares[self.taken]))
        self.taken += 1
        return self.found

    def undecided(self, so_far: Contest) -> bool:
        """Return whether more rounds would be worth their time."""
        return is_open(self.look(so_far), self.rules.thresholds) and self.taken < len(self.shares)


def is_open(found: Comparison, thresholds: Thresholds) -> bool:
    """Return whether more rounds could change the verdict; a failure is one, whatever else is open."""
    return found.exit_code is not ExitCode.FAIL and bool(_moved(found) or _on_the_edge(found, thresholds))


def _timed(found: Comparison) -> Iterator[Finding]:
    """Yield what moved and more rounds can tell more of; what is counted needs no more."""
    for case in found.cases:
        for finding in case.judgement.findings:
            if finding.suspicious and finding.stage is not Stage.PLAIN:
                yield finding


def _moved(found: Comparison) -> list[str]:
    """Return the metrics that moved and may or may not be noise."""
    return [f.key for f in _timed(found) if f.verdict in (Verdict.PASS, Verdict.INCONCLUSIVE)]


def _on_the_edge(found: Comparison, thresholds: Thresholds) -> list[str]:
    """Return the metrics that are a warning beyond doubt, and by their number would be a failure."""
    return [
        f.key
        for f in _timed(found)
        if f.verdict is Verdict.WARN and _worsening(f) >= thresholds.of(f.key).fail
    ]


def _worsening(finding: Finding) -> float:
    change = 100 * (finding.change or 0.0)
    return round(-change if finding.key in HIGHER_IS_BETTER else change, 1)


def _left_open(found: Comparison, blocks: int, bout: Bout, thresholds: Thresholds) -> Iterator[str]:
    """Yield what these rounds leave open, and what would decide it."""
    advice = "" if bout.rounds is None else "; --rounds auto goes on for as long as that helps"
    for keys, what in (
        (_moved(found), "cannot tell from noise here"),
        (_on_the_edge(found, thresholds), "cannot tell from noise whether it is a failure"),
    ):
        if keys:
            more = ", ..." if len(keys) > 3 else ""
            yield f"{blocks} rounds a side {what}: {', '.join(keys[:3])}{more}{advice}"


def declarations(sides: tuple[Contender, Contender]) -> tuple[str, ...]:
    """Return how the commits differ in what they declare to need: a candidate cause of whatever moved."""
    before, after = (set(side.seat.built.requires) for side in sides)
    lines = []
    if before != after:
        gone, new = sorted(before - after), sorted(after - before)
        said = [*(f"without {each}" for each in gone), *(f"with {each}" for each in new)]
        lines.append(
            f"the current side declares other dependencies ({', '.join(said)}): a candidate cause; "
            + (
                "each side has its own versions"
                if before and _differ(sides)
                else "both have the same versions"
            )
        )
    if changed := _differ(sides):
        lines.append(f"other third-party versions on the current side: {', '.join(changed)}")
    return tuple(lines)


def _differ(sides: tuple[Contender, Contender]) -> Sequence[str]:
    before, after = (side.seat.versions for side in sides)
    names = sorted(name for name in before.keys() | after.keys() if before.get(name) != after.get(name))
    return [f"{name} {after.get(name, 'gone')} (was {before.get(name, 'absent')})" for name in names]


def store(folder: RunFolder, document: dict[str, Any]) -> None:
    """Keep what a contest came to beside its rounds, for every report of it to say the same."""
    write_json(folder.path / VERDICT, document, indent=2)
