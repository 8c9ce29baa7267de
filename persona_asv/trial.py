"""The measuring sequence: rounds of fresh processes against one stand-in, kept as they finish."""

from __future__ import annotations

import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from functools import partial
from itertools import zip_longest

from persona_asv import metrics
from persona_asv.course import Course, Progress, Run, remains
from persona_asv.engine.job import Job
from persona_asv.engine.presence import Seat
from persona_asv.engine.round import Round
from persona_asv.engine.spool import SpoolReader, Tally
from persona_asv.errors import Interrupted, MeasurementError, PersonaAsvError
from persona_asv.plan import Ground, Plan, inherited
from persona_asv.standin.process import StandIn, StandInError

_TICK = 0.1
"""Seconds between two looks at how far the measuring processes are."""

_PATIENCE = 10.0
"""Seconds that asv may take to end after its last round."""


def measure(
    plans: Sequence[Plan], ground: Ground, watch: Callable[[Progress], None], seat: Seat | None = None
) -> tuple[Run, ...]:
    """Measure, keeping every finished round; returns a run of each plan.

    Plans of one workload take turns round by round, so that they see the same machine.

    Parameters
    ----------
    seat
        The environment that is measured; None for the one that this program runs in.

    Raises
    ------
    MeasurementError
        Nothing could be measured, or not everything before the deadline.
    Interrupted
        A signal ended it. In both cases what was measured is kept, marked partial, outside the history.
    """
    deadline = time.monotonic() + plans[0].workload.timeout_s
    courses = [Course.begin(plan, ground, seat) for plan in plans]
    try:
        for course in courses:
            course.describe("running")
        with StandIn.start() as standin:
            run_rounds(courses, standin, deadline, watch)
    except (PersonaAsvError, StandInError, OSError, KeyboardInterrupt) as error:
        reason = str(error) or "interrupted"
        for course in courses:
            course.describe("partial", reason)
        kind = Interrupted if isinstance(error, Interrupted | KeyboardInterrupt) else MeasurementError
        raise kind(f"{reason}; {remains(courses)}") from error
    for course in courses:
        if reason := _nothing(course):
            for each in courses:
                each.describe("partial", reason)
            raise MeasurementError(reason)
    for course in courses:
        course.describe("finished")
    return tuple(course.run() for course in courses)


def _nothing(course: Course) -> str:
    """Return why a course that has all its rounds has measured nothing; empty where it has."""
    families = course.plan.families
    if any(metrics.table(case, families) or metrics.estimates(case, families) for case in course.run().cases):
        return ""
    log = course.folder.round(1) / "asv.log"
    return f"every benchmark was skipped, nothing was measured; the reasons are in {log}"


def _turns(courses: Sequence[Course]) -> list[tuple[Course, Round]]:
    """Return whose round is when: first rounds first, and every other time in the opposite order."""
    rounds = zip_longest(*(course.rounds() for course in courses))
    turns = [list(zip(courses, each, strict=True)) for each in rounds]
    return [
        (course, round_)
        for number, each in enumerate(turns)
        for course, round_ in (each if number % 2 == 0 else reversed(each))
        if round_ is not None
    ]


def run_rounds(
    courses: Sequence[Course], standin: StandIn, deadline: float, watch: Callable[[Progress], None]
) -> None:
    """Carry out all rounds in one launcher process, taking in each as it finishes.

    Raises
    ------
    MeasurementError
        A round failed, or was not done before the deadline.
    """
    turns = _turns(courses)
    orders = [course.prepare(round_, standin.port) for course, round_ in turns]
    launcher = [sys.executable, "-P", "-m", "persona_asv.engine.asv_launcher", *map(str, orders)]
    first = courses[0]

    def progress(current: Course, tally: Tally) -> None:
        watch(Progress.total(each.progress(tally if each is current else Tally()) for each in courses))

    with (
        # asv leaves temporary folders behind when it is ended, and a socket's path must be short
        tempfile.TemporaryDirectory(prefix="persona-asv-", ignore_cleanup_errors=True) as temporary,
        Job(
            launcher,
            environ=inherited(first.plan) | {"TMPDIR": temporary},
            cwd=first.folder.path,
            output=first.folder.path / "launcher.log",
        ) as job,
    ):
        for course, round_ in turns:
            spool = round_.spool()
            try:
                _await(
                    round_,
                    spool,
                    job,
                    standin,
                    course,
                    first.folder.said,
                    deadline,
                    partial(progress, course),
                )
            finally:
                tally = spool.read()
                course.tally = course.tally.plus(tally)
            progress(course, Tally())
            course.keep(round_, tally)
        if job.wait(_PATIENCE) is None:
            raise MeasurementError("asv did not end after its last round")


def _await(
    round_: Round,
    spool: SpoolReader,
    job: Job,
    standin: StandIn,
    course: Course,
    said: Callable[[], str],
    deadline: float,
    watch: Callable[[Tally], None],
) -> None:
    """Wait until asv is done with a round, or it is plain that it never will be."""
    plan = course.plan
    while round_.code() is None:
        ended = job.wait(_TICK)
        tally = spool.read()
        watch(tally)
        if tally.failure:
            raise MeasurementError(f"subject {plan.subject}: {tally.failure}")
        if ended is not None and round_.code() is None:
            raise MeasurementError(f"asv ended (exit code {ended}): {said()}")
        if not standin.alive:
            raise MeasurementError("the stand-in ended before the measurement did")
        if time.monotonic() > deadline:
            raise MeasurementError(
                f"the deadline of {plan.workload.timeout_s:g} s for workload {plan.workload.name} "
                f"passed in round {round_.number} of {len(course.deals)}"
            )
