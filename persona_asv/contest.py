"""Two commits measured against each other: rounds A B, B A, …, so that both sides see the same machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv.course import Course, Progress, remains
from persona_asv.engine.environments import Built, Environments, Wanted
from persona_asv.engine.presence import Seat, presence
from persona_asv.engine.store import RunFolder
from persona_asv.engine.worktree import Attribution
from persona_asv.errors import BuildError, Interrupted, MeasurementError, PersonaAsvError
from persona_asv.model import ResultFile
from persona_asv.plan import Ground, Plan, facts
from persona_asv.standin.process import StandIn, StandInError
from persona_asv.trial import run_rounds

SIDES = ("baseline", "current")


@dataclass(frozen=True, slots=True)
class Contender:
    """One side: what is measured of it, whose code it is, and the environment that holds it."""

    plan: Plan
    ground: Ground
    seat: Seat

    @property
    def label(self) -> str:
        """What tables call it."""
        return self.seat.label


@dataclass(frozen=True, slots=True)
class Contest:
    """A finished contest.

    Attributes
    ----------
    folder
        ``.asv/trials/<id>``: a folder of rounds a side, and what is said of both.
    """

    folder: RunFolder
    contenders: tuple[Contender, Contender]
    files: tuple[tuple[ResultFile, ...], tuple[ResultFile, ...]]
    blocks: int


def contenders(
    plan: Plan,
    ground: Ground,
    attributions: tuple[Attribution, Attribution],
    *,
    inner: Path,
    own: tuple[str, ...],
    deadline: float,
    say: Callable[[str], None],
    resolve_each: bool = False,
) -> tuple[Contender, Contender]:
    """Return both sides, their environments made.

    Parameters
    ----------
    plan, ground
        What is measured of both, and where.
    attributions
        Whose code the baseline is and whose the current side.
    inner, own, say
        As for `engine.environments.Environments`.

    Raises
    ------
    BuildError
        A side cannot be built, or has not the subject or the provider.
    """
    if ground.repository is None or attributions[1].commit is None:
        raise BuildError(f"the current code is no commit's: {attributions[1].reason}")
    wanted = tuple(Wanted(_label(its), its.commit or "", its.dirty) for its in attributions)
    makers = Environments(ground.repository, inner, own, deadline, say, resolve_each)
    try:
        sides = [
            _contender(plan, replace(ground, attribution=its), built, want.label, deadline)
            for want, built, its in zip(wanted, makers.build(*wanted), attributions, strict=True)
        ]
    except MeasurementError as error:
        raise BuildError(str(error)) from error
    return sides[0], sides[1]


def _contender(plan: Plan, ground: Ground, built: Built, label: str, deadline: float) -> Contender:
    there = presence(built, plan.subject, label, deadline)
    if plan.provider not in there.providers:
        raise MeasurementError(
            f"{label}: subject {plan.subject} {there.version} does not know provider {plan.provider}"
        )
    return Contender(
        replace(plan, subject_version=there.version, python_path=()),
        replace(ground, environment=replace(ground.environment, persona_version=there.version)),
        Seat(built, there, label),
    )


def _label(its: Attribution) -> str:
    return f"commit {its.label}" if not its.dirty else f"work tree on {(its.commit or '')[:8]}"


def contest(
    sides: tuple[Contender, Contender],
    blocks: int,
    deadline: float,
    watch: Callable[[Progress], None],
    undecided: Callable[[Contest], bool],
) -> Contest:
    """Measure both sides in interleaved blocks; returns the rounds of each.

    Parameters
    ----------
    deadline
        Moment on the monotonic clock at which it is given up.
    undecided
        Says whether as many blocks again would be worth their time.

    Raises
    ------
    MeasurementError
        A round failed, or the deadline passed.
    Interrupted
        A signal ended it. In both cases what was measured is kept, marked partial.
    """
    folder = RunFolder.create(sides[0].ground.root, "trials")
    done = Contest(folder, sides, ((), ()), 0)
    courses = _courses(done, blocks)
    try:
        for course in courses:
            course.folder.path.mkdir()
            _describe(course, state="running")
        with StandIn.start() as standin:
            while True:
                run_rounds(courses, standin, deadline, watch)
                done = _with(done, courses)
                if not undecided(done):
                    break
                courses = _courses(done, blocks)
    except (PersonaAsvError, StandInError, OSError, KeyboardInterrupt) as error:
        reason = str(error) or "interrupted"
        for course in courses:
            _describe(course, state="partial", reason=reason)
        kind = Interrupted if isinstance(error, Interrupted | KeyboardInterrupt) else MeasurementError
        raise kind(f"{reason}; {remains(courses)}") from error
    for course in courses:
        _describe(course, state="finished")
    return done


def _courses(done: Contest, blocks: int) -> tuple[Course, Course]:
    """Return both sides' next rounds."""
    first, second = (
        Course(
            its.plan,
            its.ground,
            RunFolder(done.folder.path / side),
            [{case.name: case.deal()[0] for case in its.plan.workload.cases}] * blocks,
            seat=its.seat,
            stamp={
                "run": f"{done.folder.id}/{side}",
                "trial": {"id": done.folder.id, "side": side},
                **its.seat.stamp,
            },
            before=done.blocks,
        )
        for side, its in zip(SIDES, done.contenders, strict=True)
    )
    return first, second


def _with(done: Contest, courses: tuple[Course, Course]) -> Contest:
    """Return the contest with the rounds of both courses added."""
    before, now = ((*files, *course.kept) for files, course in zip(done.files, courses, strict=True))
    return replace(done, files=(before, now), blocks=done.blocks + len(courses[0].kept))


def _describe(course: Course, *, state: str, reason: str = "") -> None:
    """Write down what a side is, and what became of it."""
    seat = course.seat
    facts_ = facts(course.plan, course.ground, state=state, reason=reason)
    if seat is not None:
        facts_ |= {
            **course.stamp,
            "label": seat.label,
            "requires": list(seat.built.requires),
            "versions": seat.versions,
        }
    course.folder.describe(facts_)
