"""A history made after the fact: commits of the past, each in an environment of its own, measured in order.

What a commit comes to never depends on the one before: one that does not build or import is skipped, with its
reason, and what was measured is in the history at once.
"""

from __future__ import annotations

import platform
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import Enum
from pathlib import Path

from persona_asv import metrics, place, trial
from persona_asv.config import Config
from persona_asv.course import Progress, Run
from persona_asv.credentials import redacted
from persona_asv.engine import git, ownership, worktree
from persona_asv.engine.environments import Environments, Wanted
from persona_asv.engine.inventory import Inventory
from persona_asv.engine.machine import machine_name, this_machine
from persona_asv.engine.presence import Presence, Seat, own_names, presence
from persona_asv.engine.revisions import Revision, chosen
from persona_asv.engine.suite import results_folder, subject_repository
from persona_asv.engine.wheel import unwelcome
from persona_asv.engine.worktree import Attribution
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.estimates import Family
from persona_asv.fingerprint import fingerprint
from persona_asv.plan import Ground, Plan
from persona_asv.workloads import Workload

BUILDING_S = 600.0
"""Seconds that making one commit's environment may take."""


_NOT_ITS = (
    f"subject {ownership.OURS} is ours, and no part of it: name yours with --subject, or as "
    "benchmarks.subject in persona.yaml"
)


class Outcome(Enum):
    """What became of a commit."""

    MEASURED = "measured"
    PRESENT = "already measured"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Past:
    """A commit of the past, and what became of it.

    Attributes
    ----------
    reason
        Why it was skipped, or failed.
    runs
        What was measured, a run a provider.
    lacking
        Providers that were asked for and that this commit does not know, each with the reason.
    """

    revision: Revision
    outcome: Outcome
    reason: str = ""
    version: str = ""
    runs: tuple[Run, ...] = ()
    lacking: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Wish:
    """What is to be measured of every commit; None and () leave it to persona.yaml and defaults."""

    workload: Workload
    families: tuple[Family, ...]
    subject: str | None = None
    providers: tuple[str, ...] = ()
    model: str | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class Watcher:
    """Who is told how it goes: which commit is next, a line about a step, what is measured, how far it is."""

    next: Callable[[Revision], None]
    say: Callable[[str], None]
    begin: Callable[[Sequence[Plan], Ground], None]
    progress: Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Backfill:
    """A history to be made.

    Attributes
    ----------
    root
        The project's folder, which keeps it.
    repository
        The clone whose commits are measured; its work tree is not looked at.
    """

    settings: Config
    root: Path
    repository: Path

    @classmethod
    def of(cls, settings: Config) -> Backfill:
        """Return the history of the repository here, or of the one that asv.conf.json names.

        Raises
        ------
        UsageError
            There is neither.
        """
        root, tree = place.root(settings), worktree.find(Path.cwd())
        repository = subject_repository(root, needed=tree is None)
        if repository is None or git.ask(repository, "rev-parse", "--git-dir") is None:
            if repository is not None or tree is None:
                raise UsageError(
                    f"{repository or root} is no git repository: a history needs one; `repo` of "
                    "asv.conf.json names another clone"
                )
            repository = tree.root
        return cls(settings, root, repository)

    @property
    def inner(self) -> Path:
        """The project's folder within the repository."""
        return place.inner(self.settings, self.repository)

    def revisions(self, words: Sequence[str], *, tagged: bool, steps: int | None) -> tuple[Revision, ...]:
        """Return the commits to be measured; see `engine.revisions.chosen`."""
        return chosen(self.repository, words, tagged=tagged, steps=steps)

    def unwelcome(self, revision: Revision) -> str | None:
        """Return which Pythons a commit wants, if the one that runs this is none of them."""
        for path in dict.fromkeys((self.inner / "pyproject.toml", Path("pyproject.toml"))):
            text = git.ask(self.repository, "show", f"{revision.commit}:{path.as_posix()}")
            if text is not None:
                return unwelcome(text)
        return None

    def fill(self, revisions: Sequence[Revision], wish: Wish, watcher: Watcher) -> Iterator[Past]:
        """Measure commit after commit, yielding what became of each.

        Raises
        ------
        UsageError
            The model or profile is none.
        MeasurementError
            No commit wants the Python that runs this: said before anything is built.
        Interrupted
            A signal ended it; what was measured before is in the history.
        """
        place.check_names(wish.subject, wish.model, wish.providers)
        wanted = {each.commit: self.unwelcome(each) for each in revisions}
        if revisions and None not in wanted.values():
            raise MeasurementError(_needs(min(filter(None, wanted.values()))))
        machine = machine_name(self.settings.machine)
        there = Inventory() if wish.anew else Inventory.of(results_folder(self.root), machine)
        for revision in revisions:
            watcher.next(revision)
            if (python := wanted[revision.commit]) is not None:
                yield Past(revision, Outcome.SKIPPED, _needs(python))
            elif not ownership.is_part(self.repository, revision.commit, self._subject(wish)):
                yield Past(revision, Outcome.SKIPPED, _NOT_ITS)
            elif self._has(revision.commit, there, wish):
                yield Past(revision, Outcome.PRESENT)
            else:
                yield self._measured(revision, wish, watcher)

    def _has(self, commit: str, there: Inventory, wish: Wish) -> bool:
        """Whether the history has a commit's figures of this workload already, of all it can be asked for."""
        names = {benchmark for family in wish.families for benchmark in family.benchmarks}
        name = self._subject(wish)
        known = there.providers(commit, name)
        asked = [wire for wire in self._asked(wish, known) if wire in known]
        found = there.operations(commit, name, names, metrics.LATENCY)
        return bool(asked) and all(
            found.get((repr(case.name), repr(wire)), 0) >= case.iterations
            for case in wish.workload.cases
            for wire in asked
        )

    def _subject(self, wish: Wish) -> str:
        return wish.subject or self.settings.subject or ownership.OURS

    def _asked(self, wish: Wish, known: Sequence[str]) -> Sequence[str]:
        """Return the providers to be measured, of those that a commit knows where all are."""
        every = wish.workload.name == place.EVERY_PROVIDER
        return wish.providers or (known if every else (self.settings.provider or place.DEFAULT_PROVIDER,))

    def _measured(self, revision: Revision, wish: Wish, watcher: Watcher) -> Past:
        """Build a commit's environment and measure it."""
        name = self._subject(wish)
        deadline = time.monotonic() + BUILDING_S
        wanted = Wanted(revision.label, revision.commit)
        makers = Environments(
            self.repository, self.inner, own_names(name), deadline, watcher.say, home=self.root
        )
        try:
            (built,) = makers.build(wanted)
            there = presence(built, name, revision.label, deadline)
        except MeasurementError as error:
            return Past(revision, Outcome.SKIPPED, redacted(str(error)))
        past = Past(revision, Outcome.MEASURED, version=there.version)
        asked = dict.fromkeys(self._asked(wish, there.providers))
        lacking = {wire: _lack(there, wire) for wire in asked if wire not in there.providers}
        if len(lacking) == len(asked):
            return replace(past, outcome=Outcome.SKIPPED, reason=_unknown(there, lacking), lacking=lacking)
        if "batch" in there.lacks and all(case.batch for case in wish.workload.cases):
            return replace(past, outcome=Outcome.SKIPPED, reason=there.lacks["batch"])
        known = place.Known(name, name, there.version, there.providers, there.models)
        wires = tuple(wire for wire in asked if wire not in lacking)
        seconds = wish.workload.timeout_s * max(1, len(wish.providers))  # as much as a run of each has
        plans = place.plans_of(
            self.settings,
            replace(wish.workload, timeout_s=seconds),
            wish.families,
            known,
            providers=wires,
            model=wish.model,
        )
        ground = self._ground(revision, there)
        watcher.begin(plans, ground)
        try:
            runs = trial.measure(plans, ground, watcher.progress, Seat(built, there, revision.label))
        except MeasurementError as error:
            return replace(past, outcome=Outcome.FAILED, reason=redacted(str(error)), lacking=lacking)
        kept = [place.keep(run) for run in runs]
        if refused := next((each.line for each in kept if each.history is None), ""):
            return replace(past, outcome=Outcome.FAILED, reason=refused, runs=runs, lacking=lacking)
        return replace(past, runs=runs, lacking=lacking)

    def _ground(self, revision: Revision, there: Presence) -> Ground:
        machine = this_machine(machine_name(self.settings.machine))
        attribution = Attribution(revision.commit, revision.date, dirty=False)
        return Ground(self.root, self.repository, attribution, machine, fingerprint(machine, there.version))


def _needs(python: str) -> str:
    here = platform.python_version()
    return f"it needs Python {python}, and this is {here}: run persona_asv with such a Python"


def _lack(there: Presence, wire: str) -> str:
    return there.lacks.get(wire, "no such provider")


def _unknown(there: Presence, lacking: Mapping[str, str]) -> str:
    return "; ".join(f"{there.version} does not know provider {wire}: {why}" for wire, why in lacking.items())
