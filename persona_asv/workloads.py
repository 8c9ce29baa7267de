"""Workloads: what a run measures, how often, and for how long."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Protocol

from persona_asv.errors import UsageError
from persona_asv.sizes import OwnWorkload, WorkloadSizes

WARMUPS = 8
"""Operations each round discards first: measured times are flat within a process from the ninth on."""

MAX_ITERATIONS = 1_000_000
MAX_ROUNDS = 1_000


@dataclass(frozen=True, slots=True)
class Case:
    """One value of asv's ``workload`` parameter, with rows and a baseline entry of its own.

    Attributes
    ----------
    personas
        Personas that one operation asks for.
    data
        Sample of research data one operation reads: ``1kb`` or ``5kb``.
    concurrency
        Requests an operation may have outstanding at once.
    iterations
        Operations in total, over all rounds; warm-ups are not among them.
    rounds
        Fresh processes the iterations are dealt over.
    batch
        Whether an operation is a batch: a request a persona, instead of one for all.
    own
        The project's own research data, where it is none of the samples.
    """

    name: str
    personas: int
    data: str
    concurrency: int
    iterations: int
    rounds: int
    batch: bool = False
    own: Path | None = None

    def deal(self) -> tuple[int, ...]:
        """Return the operations of each round.

        They are as even as possible, earlier rounds take the remainder, and no round is empty: with more
        rounds than iterations there are as many rounds as iterations.

        Examples
        --------
        >>> Case("standard", 1, "1kb", 1, iterations=10, rounds=4).deal()
        (3, 3, 2, 2)
        """
        rounds = min(self.rounds, self.iterations)
        share, rest = divmod(self.iterations, rounds)
        return tuple(share + (index < rest) for index in range(rounds))


@dataclass(frozen=True, slots=True)
class Workload:
    """One or more cases measured together under one wall-clock deadline of `timeout_s` seconds."""

    name: str
    cases: tuple[Case, ...]
    timeout_s: float
    summary: str

    def sized(
        self, iterations: int | None = None, rounds: int | None = None, timeout_s: float | None = None
    ) -> Workload:
        """Return this workload with the given sizes; None leaves a size as it is.

        F-139 gives a workload one number of iterations: it is the first case's total, and the other cases
        keep their proportion to it (``full`` at 50 measures ``full-5kb`` 10 times), rounded down but never
        to none. `rounds` is every case's.
        """
        first = self.cases[0].iterations
        cases = tuple(
            replace(
                case,
                iterations=max(1, case.iterations * (iterations or first) // first),
                rounds=rounds or case.rounds,
            )
            for case in self.cases
        )
        return replace(self, cases=cases, timeout_s=timeout_s or self.timeout_s)


class SizedWorkloads(Protocol):
    """The part of the configuration that is read here."""

    @property
    def workloads(self) -> Mapping[str, WorkloadSizes]:
        """Sizes by workload name, the project's own workloads among them."""


def _table(*workloads: Workload) -> Mapping[str, Workload]:
    return {workload.name: workload for workload in workloads}


WORKLOADS: Mapping[str, Workload] = _table(
    Workload(
        "quick",
        (Case("quick", personas=1, data="1kb", concurrency=1, iterations=10, rounds=2),),
        timeout_s=60,
        summary="smoke test for pre-commit, under 30 s with a real model",
    ),
    Workload(
        "standard",
        (Case("standard", personas=1, data="1kb", concurrency=1, iterations=100, rounds=5),),
        timeout_s=600,
        summary="pull requests, under 5 min with a real model",
    ),
    Workload(
        "full",
        (
            Case("full", personas=1, data="1kb", concurrency=1, iterations=500, rounds=5),
            Case("full-5kb", personas=3, data="5kb", concurrency=1, iterations=100, rounds=5),
        ),
        timeout_s=1800,
        summary="releases, under 20 min with a real model",
    ),
    Workload(
        "batch",
        (
            Case("batch-c1", personas=10, data="5kb", concurrency=1, iterations=20, rounds=4, batch=True),
            Case("batch-c3", personas=10, data="5kb", concurrency=3, iterations=20, rounds=4, batch=True),
            Case("batch-c10", personas=10, data="5kb", concurrency=10, iterations=20, rounds=4, batch=True),
        ),
        timeout_s=900,
        summary="ten personas at once, under 10 min with a real model",
    ),
    Workload(
        "provider",
        (Case("standard", personas=1, data="1kb", concurrency=1, iterations=25, rounds=5),),
        timeout_s=1200,
        summary="the standard operation on every provider, under 15 min with real models",
    ),
)
"""The defaults by name, in F-139's order."""

DEFAULTS = WORKLOADS["standard"]
"""What an own workload has where persona.yaml does not say: iterations, rounds, timeout."""


def own(config: SizedWorkloads) -> Mapping[str, Workload]:
    """Return the project's own workloads by name, in the order of persona.yaml."""
    return {name: _own(name, its) for name, its in config.workloads.items() if isinstance(its, OwnWorkload)}


def _own(name: str, its: OwnWorkload) -> Workload:
    data = its.size or ("" if its.data is None else its.data.name)
    case = Case(
        name,
        its.personas,
        data,
        its.concurrency or 1,
        its.iterations or DEFAULTS.cases[0].iterations,
        its.rounds or DEFAULTS.cases[0].rounds,
        batch=its.concurrency is not None,
        own=its.data,
    )
    return Workload(name, (case,), its.timeout or DEFAULTS.timeout_s, "one of your own")


def resolve(name: str, config: SizedWorkloads, iterations: int | None, rounds: int | None) -> Workload:
    """Return the workload called `name`: its defaults, then persona.yaml's sizes, then the command line's.

    Parameters
    ----------
    iterations, rounds
        Values of ``--iterations`` and ``--rounds``; None where the flag was not given.

    Raises
    ------
    UsageError
        If the name is unknown, or a flag's value is out of range.
    """
    known = {**WORKLOADS, **own(config)}
    if name not in known:
        raise UsageError(f"unknown workload {name!r}; choose from {', '.join(known)}")
    _check("--iterations", iterations, MAX_ITERATIONS)
    _check("--rounds", rounds, MAX_ROUNDS)
    configured = config.workloads.get(name) or WorkloadSizes()
    return known[name].sized(
        iterations or configured.iterations, rounds or configured.rounds, configured.timeout
    )


def _check(flag: str, value: int | None, most: int) -> None:
    if value is not None and not 1 <= value <= most:
        raise UsageError(f"{flag} must be a whole number from 1 to {most:,}, not {value}")
