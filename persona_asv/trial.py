"""The measuring sequence: rounds of fresh processes against one stand-in, kept as they finish."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from persona_asv import metrics
from persona_asv.case_rounds import CaseRounds
from persona_asv.engine.job import Job
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


@dataclass(slots=True)
class _Course:
    """A run under way."""

    plan: Plan
    ground: Ground
    folder: RunFolder
    deals: list[dict[str, int]]
    kept: list[ResultFile] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    own: float = 0.0

    def add(self, tally: Tally) -> None:
        self.tally = self.tally.plus(tally)

    def progress(self, current: Tally) -> Progress:
        cases = len(self.plan.workload.cases)
        return Progress(
            self.tally.operations + current.operations,
            sum(sum(deal.values()) for deal in self.deals),
            self.tally.memory_processes + current.memory_processes,
            cases * len(self.deals),
        )

    def remains(self) -> str:
        if not self.kept and not self.tally.operations:
            return "nothing was measured"
        return f"kept {len(self.kept)} of {len(self.deals)} rounds, marked partial, in {self.folder.path}"


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
    course = _Course(plan, ground, RunFolder.create(ground.root), deals(plan.workload, plan.families))
    try:
        course.folder.describe(facts(plan, ground, state="running"))
        with StandIn.start() as standin:
            _run_rounds(course, standin, deadline, watch)
    except (PersonaAsvError, StandInError, OSError, KeyboardInterrupt) as error:
        reason = str(error) or "interrupted"
        course.folder.describe(facts(plan, ground, state="partial", reason=reason))
        kind = Interrupted if isinstance(error, Interrupted | KeyboardInterrupt) else MeasurementError
        raise kind(f"{reason}; {course.remains()}") from error
    cases = tuple(CaseRounds(case.name, plan.provider, tuple(course.kept)) for case in plan.workload.cases)
    if not any(metrics.table(case, plan.families) for case in cases):
        log = course.folder.round(1) / "asv.log"
        reason = f"every benchmark was skipped, nothing was measured; the reasons are in {log}"
        course.folder.describe(facts(plan, ground, state="partial", reason=reason))
        raise MeasurementError(reason)
    course.folder.describe(facts(plan, ground, state="finished"))
    tally = course.tally
    share = tally.delay / tally.wall if tally.wall else 0.0
    return Run(plan, ground, course.folder, cases, Harness(course.own, share, tally.failed), len(course.kept))


def _run_rounds(
    course: _Course, standin: StandIn, deadline: float, watch: Callable[[Progress], None]
) -> None:
    """Carry out all rounds in one launcher process, taking in each as it finishes."""
    plan, ground, folder = course.plan, course.ground, course.folder
    rounds = [Round(folder, number) for number in range(1, len(course.deals) + 1)]
    url = f"http://127.0.0.1:{standin.port}"
    orders = []
    for round_, deal in zip(rounds, course.deals, strict=True):
        told = environ(plan, url, f"{folder.id[-6:]}.{round_.number}", deal)
        orders.append(
            round_.prepare(
                ground.attribution,
                ground.machine,
                ground.repository,
                selected(plan, deal, round_.number),
                told,
            )
        )
    launcher = [sys.executable, "-P", "-m", "persona_asv.engine.asv_launcher", *map(str, orders)]
    with (
        # asv leaves temporary folders behind when it is ended, and a socket's path must be short
        tempfile.TemporaryDirectory(prefix="persona-asv-", ignore_cleanup_errors=True) as temporary,
        Job(
            launcher,
            environ=inherited(plan) | {"TMPDIR": temporary},
            cwd=folder.path,
            output=folder.path / "launcher.log",
        ) as job,
    ):
        for round_, deal in zip(rounds, course.deals, strict=True):
            spool = round_.spool()
            try:
                _await(round_, spool, job, standin, course, deadline, watch)
            finally:
                tally = spool.read()
                course.add(tally)
            watch(course.progress(Tally()))
            if code := round_.code():
                raise MeasurementError(_why(plan, round_, code, tally))
            course.own += tally.own + round_.memory_seconds()
            stamp = {**identity(plan, ground), "schema": SCHEMA, "run": folder.id, "round": round_.number}
            stamp |= {"rounds": len(rounds), "operations": deal}
            course.kept.append(round_.keep(ground.attribution, ground.machine, stamp))
        if job.wait(_PATIENCE) is None:
            raise MeasurementError("asv did not end after its last round")


def _await(
    round_: Round,
    spool: SpoolReader,
    job: Job,
    standin: StandIn,
    course: _Course,
    deadline: float,
    watch: Callable[[Progress], None],
) -> None:
    """Wait until asv is done with a round, or it is plain that it never will be."""
    plan = course.plan
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
                f"the deadline of {plan.workload.timeout_s:g} s for workload {plan.workload.name} "
                f"passed in round {round_.number} of {len(course.deals)}"
            )


def _why(plan: Plan, round_: Round, code: int, tally: Tally) -> str:
    if tally.failure:
        return f"subject {plan.subject}: {tally.failure}"
    return f"asv could not run the suite (exit code {code}): {round_.said()}; its log is {round_.log}"
