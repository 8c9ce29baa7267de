"""A run under way: its rounds, what is kept of them, and the finished run it becomes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from persona_asv.case_rounds import CaseRounds
from persona_asv.costs import stamped
from persona_asv.engine.presence import Seat
from persona_asv.engine.round import Round
from persona_asv.engine.spool import Tally
from persona_asv.engine.store import RunFolder
from persona_asv.errors import MeasurementError
from persona_asv.model import ResultFile
from persona_asv.plan import (
    SCHEMA,
    Ground,
    Plan,
    deals,
    definitions,
    environ,
    facts,
    identity,
    selected,
)


@dataclass(frozen=True, slots=True)
class Progress:
    """How far a run is."""

    operations: int
    of_operations: int
    memory_processes: int
    of_memory_processes: int

    @classmethod
    def total(cls, parts: Iterable[Progress]) -> Progress:
        """Return how far several runs are together."""
        each = [(p.operations, p.of_operations, p.memory_processes, p.of_memory_processes) for p in parts]
        return cls(*map(sum, zip(*each, strict=True)))


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
    sampled
        Whether the memory peaks of operations are only the most that was seen.
    """

    own: float
    wait_share: float
    failed: int
    sampled: bool = False


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
class Course:
    """A run under way.

    Attributes
    ----------
    deals
        Operations by case, one a round.
    seat
        The environment that is measured; None for the one that this program runs in.
    stamp
        What its result files say beyond the run's identity.
    before
        Rounds that the folder has already.
    """

    plan: Plan
    ground: Ground
    folder: RunFolder
    deals: list[dict[str, int]]
    seat: Seat | None = None
    stamp: Mapping[str, object] = field(default_factory=dict)
    before: int = 0
    kept: list[ResultFile] = field(default_factory=list)
    tally: Tally = field(default_factory=Tally)
    own: float = 0.0

    @classmethod
    def begin(cls, plan: Plan, ground: Ground, seat: Seat | None = None) -> Course:
        """Return the course of a plan, its folder created; another environment's is no run of this code."""
        rounds = deals(plan.workload, plan.families)
        if seat is None:
            return cls(plan, ground, RunFolder.create(ground.root), rounds)
        return cls(plan, ground, RunFolder.create(ground.root, "past"), rounds, seat, seat.stamp)

    def rounds(self) -> list[Round]:
        """Return its rounds, none of them measured yet."""
        return [Round(self.folder, self.before + number) for number in range(1, len(self.deals) + 1)]

    def _deal(self, round_: Round) -> dict[str, int]:
        return self.deals[round_.number - self.before - 1]

    def prepare(self, round_: Round, port: int) -> Path:
        """Write what asv is told of a round; returns the order's path."""
        deal, url = self._deal(round_), f"http://127.0.0.1:{port}"
        told = environ(self.plan, url, f"{self.folder.id[-6:]}.{round_.number}", deal)
        ground, wanted = self.ground, selected(self.plan, deal, round_.number)
        whose = ground.attribution, ground.machine, ground.repository
        if self.seat is None:
            return round_.prepare(*whose, wanted, told)
        return round_.prepare(*whose, wanted, told | self.seat.environ, python=self.seat.python)

    def keep(self, round_: Round, tally: Tally) -> None:
        """Take in a round that asv has finished.

        Raises
        ------
        MeasurementError
            asv failed.
        """
        if code := round_.code():
            raise MeasurementError(_why(self.plan, round_, code, tally))
        if self.seat is not None:
            self.seat.check(tally.code)
        self.own += tally.own + round_.memory_seconds()
        deal = self._deal(round_)
        measured = [case for case in self.plan.workload.cases if case.name in deal]
        stamp = {
            **identity(self.plan, self.ground),
            "schema": SCHEMA,
            "run": self.folder.id,
            "round": round_.number,
            "rounds": len(self.deals),
            "operations": deal,
            **self.stamp,
        }
        if own := definitions(measured, self.plan.own):
            stamp["own"] = own
        if self.plan.price is not None:
            stamp["price"] = stamped(self.plan.price)
        attribution, machine = self.ground.attribution, self.ground.machine
        if self.seat is None:
            self.kept.append(round_.keep(attribution, machine, stamp))
        else:
            versions = self.seat.versions
            self.kept.append(
                round_.keep(attribution, machine, stamp, kind="virtualenv", requirements=versions)
            )

    def progress(self, current: Tally) -> Progress:
        """Return how far it is, with what the round under way has done."""
        return Progress(
            self.tally.operations + current.operations,
            sum(sum(deal.values()) for deal in self.deals),
            self.tally.memory_processes + current.memory_processes,
            sum(map(len, self.deals)),
        )

    def describe(self, state: str, reason: str = "") -> None:
        """Write down what became of it."""
        self.folder.describe(facts(self.plan, self.ground, state=state, reason=reason))

    def run(self) -> Run:
        """Return the finished run."""
        plan, tally = self.plan, self.tally
        cases = tuple(CaseRounds(case.name, plan.provider, tuple(self.kept)) for case in plan.workload.cases)
        share = tally.delay / tally.wall if tally.wall else 0.0
        harness = Harness(self.own, share, tally.failed, sampled=tally.sampled > 0)
        return Run(plan, self.ground, self.folder, cases, harness, len(self.kept))


def remains(courses: Sequence[Course]) -> str:
    """Return what is left of runs that took turns, after a failure."""
    if not any(course.kept or course.tally.operations for course in courses):
        return "nothing was measured"
    kept, of = (sum(map(len, parts)) for parts in zip(*((c.kept, c.deals) for c in courses), strict=True))
    paths = [course.folder.path for course in courses]
    where = paths[0] if len(paths) == 1 else paths[0].parent
    return f"kept {kept} of {of} rounds, marked partial, in {where}"


def _why(plan: Plan, round_: Round, code: int, tally: Tally) -> str:
    if tally.failure:
        return f"subject {plan.subject}: {tally.failure}"
    return f"asv could not run the suite (exit code {code}): {round_.said()}; its log is {round_.log}"
