"""Two commits measured against each other: rounds A B, B A, …, so that both sides see the same machine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from persona_asv.engine.environments import Built, Environments, Wanted
from persona_asv.engine.presence import Seat, presence
from persona_asv.engine.round import Round
from persona_asv.engine.store import RunFolder
from persona_asv.engine.worktree import Attribution
from persona_asv.errors import BuildError, Interrupted, MeasurementError, PersonaAsvError
from persona_asv.model import ResultFile
from persona_asv.plan import Ground, Plan, facts
from persona_asv.standin.process import StandIn, StandInError
from persona_asv.trial import Course, Progress, Turn, run_rounds

SIDES = ("baseline", "current")

MOST_BLOCKS = 15
"""Blocks after which ``--rounds auto`` lets the matter rest."""

BUILDING_S = 180.0
"""Seconds that making both environments may take."""


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


def allowed(plan: Plan) -> float:
    """Return the seconds that a contest may take: its environments, and both sides' measurements."""
    return BUILDING_S + 2 * plan.workload.timeout_s


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
    undecided: Callable[[Contest], bool] | None = None,
) -> Contest:
    """Measure both sides in interleaved blocks; returns the rounds of each.

    Parameters
    ----------
    deadline
        Moment on the monotonic clock at which it is given up.
    undecided
        Says whether more blocks would be worth their time; None for no more than `blocks`.

    Raises
    ------
    MeasurementError
        A round failed, or the deadline passed.
    Interrupted
        A signal ended it. In both cases what was measured is kept, marked partial.
    """
    folder = RunFolder.create(sides[0].ground.root, "trials")
    folders = tuple(RunFolder(folder.path / name) for name in SIDES)
    _describe(folder, sides, folders, state="running")
    done = Contest(folder, sides, ((), ()), 0)
    course = Course((), folder, allowed(sides[0].plan))
    try:
        with StandIn.start() as standin:
            while True:
                course = Course(
                    tuple(_turns(sides, folders, done.blocks, blocks)), folder, allowed(sides[0].plan)
                )
                run_rounds(course, standin, deadline, watch)
                done = _with(done, course, blocks)
                if undecided is None or done.blocks >= MOST_BLOCKS or not undecided(done):
                    break
                blocks = min(blocks, MOST_BLOCKS - done.blocks)
    except (PersonaAsvError, StandInError, OSError, KeyboardInterrupt) as error:
        reason = str(error) or "interrupted"
        _describe(folder, sides, folders, state="partial", reason=reason)
        kind = Interrupted if isinstance(error, Interrupted | KeyboardInterrupt) else MeasurementError
        raise kind(f"{reason}; {course.remains()}") from error
    _describe(folder, sides, folders, state="finished")
    return done


def _turns(
    sides: tuple[Contender, Contender], folders: tuple[RunFolder, ...], first: int, blocks: int
) -> list[Turn]:
    """Return the rounds of some blocks: every block starts with the side that the last one ended with."""
    turns = []
    for block in range(first, first + blocks):
        order = (0, 1) if block % 2 == 0 else (1, 0)
        for place, side in enumerate(order):
            its = sides[side]
            deal = {case.name: case.deal()[0] for case in its.plan.workload.cases}
            stamp = {
                "run": f"{folders[side].path.parent.name}/{SIDES[side]}",
                "trial": {
                    "id": folders[side].path.parent.name,
                    "side": SIDES[side],
                    "block": block + 1,
                    "place": place + 1,
                },
                "recipe": its.seat.built.key,
                "code": {"file": its.seat.subject.file.name, "sha256": its.seat.subject.sha256},
            }
            turns.append(
                Turn(its.plan, its.ground, Round(folders[side], block + 1), deal, blocks, its.seat, stamp)
            )
    return turns


def _with(done: Contest, course: Course, blocks: int) -> Contest:
    """Return the contest with the rounds of a course added."""
    files: tuple[list[ResultFile], list[ResultFile]] = (list(done.files[0]), list(done.files[1]))
    for turn, file in zip(course.turns, course.kept, strict=True):
        files[SIDES.index(turn.round_.folder.path.name)].append(file)
    return replace(done, files=(tuple(files[0]), tuple(files[1])), blocks=done.blocks + blocks)


def _describe(
    folder: RunFolder,
    sides: tuple[Contender, Contender],
    folders: tuple[RunFolder, ...],
    *,
    state: str,
    reason: str = "",
) -> None:
    for its, where in zip(sides, folders, strict=True):
        where.path.mkdir(exist_ok=True)
        where.describe(
            {
                **facts(its.plan, its.ground, state=state, reason=reason),
                "trial": folder.id,
                "label": its.label,
                "recipe": its.seat.built.key,
                "subject_file": {**asdict(its.seat.subject), "file": str(its.seat.subject.file)},
                "requires": list(its.seat.built.requires),
                "versions": its.seat.built.versions,
            }
        )
