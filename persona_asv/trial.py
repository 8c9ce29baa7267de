"""The measuring sequence: rounds of fresh processes against one stand-in, kept as they finish."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from persona_asv.case_rounds import CaseRounds
from persona_asv.engine.job import Job
from persona_asv.engine.presence import Seat
from persona_asv.engine.round import Round
from persona_asv.engine.spool import SpoolReader, Tally
from persona_asv.engine.store import RunFolder
from persona_asv.errors import Interrupted, MeasurementError, PersonaAsvError
from persona_asv.model import ResultFile
from persona_asv.plan import SCHEMA, Ground, Plan, deals, environ, facts, identity, inherited, selected
from persona_asv.standin.process import StandIn, StandInError

_TICK = 0.1
"""Seconds between two looks at how far the measuring processes are."""

_PATIENCE = 10.0
"""Seconds that asv may take to end after its last round."""


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    operations: int
    of_operations: int
    memory_processes: int
    of_memory_processes: int


@dataclass(frozen=True, slots=True)
class Harness:
    """What the measuring itself cost.

    Attributes
    ----------
    own
        Seconds that were the measurement: warm-ups, operations with their references, memory processes.
    wait_share
        Share of the operations' wall time spent waiting for a CPU: the machine's noise.
    failed
        Operations that failed or came back short.
    """

    own: float
    wait_share: float
    failed: int


@dataclass(frozen=True, slots=True)
class Run:
    """A finished run."""

    plan: Plan
    ground: Ground
    folder: RunFolder
    cases: tuple[CaseRounds, ...]
    harness: Harness
    rounds: int


@dataclass(frozen=True, slots=True)
class Turn:
    """One round: what it measures, whose code, and where it is kept.

    Attributes
    ----------
    deal
        Operations by case.
    rounds
        How many rounds its side has.
    seat
        The environment that is measured; None for the one that this program runs in.
    stamp
        What its result file says beyond the run's identity.
    """

    plan: Plan
    ground: Ground
    round_: Round
    deal: dict[str, int]
    rounds: int
    seat: Seat | None = None
    stamp: Mapping[str, object] = field(default_factory=dict)

    @property
    def session(self) -> str:
        """A name that no other round has."""
        return f"{self.round_.folder.id[-6:]}.{self.round_.number}"

    def prepare(self, standin: str) -> Path:
        """Write the order for asv's launcher; returns its path."""
        told = environ(self.plan, standin, self.session, self.deal)
        python = Path(sys.executable)
        if self.seat is not None:
            told |= self.seat.environ
            python = self.seat.python
        ground = self.ground
        return self.round_.prepare(
            ground.attribution,
            ground.machine,
            ground.repository,
            selected(self.plan, self.deal),
            told,
            python,
        )

    def keep(self) -> ResultFile:
        """Keep what asv wrote, stamped."""
        stamp = {**identity(self.plan, self.ground), "schema": SCHEMA, "run": self.round_.folder.id}
        stamp |= {"round": self.round_.number, "rounds": self.rounds, "operations": self.deal, **self.stamp}
        attribution, machine = self.ground.attribution, self.ground.machine
        if self.seat is None:
            return self.round_.keep(attribution, machine, stamp)
        versions = self.seat.versions
        return self.round_.keep(attribution, machine, stamp, kind="virtualenv", requirements=versions)


@dataclass(slots=True)
class Course:
    """Rounds under way.

    Attributes
    ----------
    folder
        Folder of the launcher's log, and what a message names as the place of what was kept.
    timeout_s
        Seconds that were allowed in all.
    """

    turns: tuple[Turn, ...]
    folder: RunFolder
    timeout_s: float
    kept: list[ResultFile] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    own: float = 0.0

    def add(self, tally: Tally) -> None:
        """Take in what a round did."""
        self.tally = self.tally.plus(tally)

    def progress(self, current: Tally) -> Progress:
        """Return how far it is, with the round that is under way."""
        return Progress(
            self.tally.operations + current.operations,
            sum(sum(turn.deal.values()) for turn in self.turns),
            self.tally.memory_processes + current.memory_processes,
            sum(len(turn.plan.workload.cases) for turn in self.turns),
        )

    def remains(self) -> str:
        """Return what is left where it was broken off."""
        if not self.kept and not self.tally.operations:
            return "nothing was measured"
        return f"kept {len(self.kept)} of {len(self.turns)} rounds, marked partial, in {self.folder.path}"


def measure(plan: Plan, ground: Ground, watch: Callable[[Progress], None]) -> Run:
    """Measure, keeping every finished round; returns the run.

    Raises
    ------
    MeasurementError
        Nothing could be measured, or not everything before the deadline.
    Interrupted
        A signal ended it. In both cases what was measured is kept, marked partial, outside the history.
    """
    deadline = time.monotonic() + plan.workload.timeout_s
    folder, dealt = RunFolder.create(ground.root), deals(plan.workload)
    turns = tuple(
        Turn(plan, ground, Round(folder, number), deal, len(dealt)) for number, deal in enumerate(dealt, 1)
    )
    course = Course(turns, folder, plan.workload.timeout_s)
    try:
        course.folder.describe(facts(plan, ground, state="running"))
        with StandIn.start() as standin:
            run_rounds(course, standin, deadline, watch)
    except (PersonaAsvError, StandInError, OSError, KeyboardInterrupt) as error:
        reason = str(error) or "interrupted"
        course.folder.describe(facts(plan, ground, state="partial", reason=reason))
        kind = Interrupted if isinstance(error, Interrupted | KeyboardInterrupt) else MeasurementError
        raise kind(f"{reason}; {course.remains()}") from error
    course.folder.describe(facts(plan, ground, state="finished"))
    cases = tuple(CaseRounds(case.name, plan.provider, tuple(course.kept)) for case in plan.workload.cases)
    tally = course.tally
    share = tally.delay / tally.wall if tally.wall else 0.0
    return Run(plan, ground, course.folder, cases, Harness(course.own, share, tally.failed), len(course.kept))


def run_rounds(course: Course, standin: StandIn, deadline: float, watch: Callable[[Progress], None]) -> None:
    """Carry out all rounds in one launcher process, taking in each as it finishes.

    Raises
    ------
    MeasurementError
        A round failed, or was not done before the deadline.
    """
    orders = [turn.prepare(f"http://127.0.0.1:{standin.port}") for turn in course.turns]
    launcher = [sys.executable, "-P", "-m", "persona_asv.engine.asv_launcher", *map(str, orders)]
    with (
        # asv leaves temporary folders behind when it is ended, and a socket's path must be short
        tempfile.TemporaryDirectory(prefix="persona-asv-", ignore_cleanup_errors=True) as temporary,
        Job(
            launcher,
            environ=inherited(course.turns[0].plan) | {"TMPDIR": temporary},
            cwd=course.folder.path,
            output=course.folder.path / "launcher.log",
        ) as job,
    ):
        for turn in course.turns:
            round_ = turn.round_
            spool = round_.spool()
            try:
                _await(turn, spool, job, standin, course, deadline, watch)
            finally:
                tally = spool.read()
                course.add(tally)
            watch(course.progress(Tally()))
            if code := round_.code():
                raise MeasurementError(_why(turn, code, tally))
            if turn.seat is not None:
                turn.seat.check(tally.code)
            course.own += tally.own + round_.memory_seconds()
            course.kept.append(turn.keep())
        if job.wait(_PATIENCE) is None:
            raise MeasurementError("asv did not end after its last round")


def _await(
    turn: Turn,
    spool: SpoolReader,
    job: Job,
    standin: StandIn,
    course: Course,
    deadline: float,
    watch: Callable[[Progress], None],
) -> None:
    """Wait until asv is done with a round, or it is plain that it never will be."""
    plan, round_ = turn.plan, turn.round_
    while round_.code() is None:
        ended = job.wait(_TICK)
        tally = spool.read()
        watch(course.progress(tally))
        if tally.failure:
            raise MeasurementError(f"subject {plan.subject}: {tally.failure}")
        if ended is not None and round_.code() is None:
            raise MeasurementError(f"asv ended (exit code {ended}): {course.folder.said()}")
        if not standin.alive:
            raise MeasurementError("the stand-in ended before the measurement did")
        if time.monotonic() > deadline:
            raise MeasurementError(
                f"the deadline of {course.timeout_s:g} s for workload {plan.workload.name} "
                f"passed in round {course.turns.index(turn) + 1} of {len(course.turns)}"
            )


def _why(turn: Turn, code: int, tally: Tally) -> str:
    if tally.failure:
        return f"subject {turn.plan.subject}: {tally.failure}"
    round_ = turn.round_
    return f"asv could not run the suite (exit code {code}): {round_.said()}; its log is {round_.log}"
