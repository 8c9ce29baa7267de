"""What to measure, as told by environment variables; without any, what a bare ``asv run`` measures."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, replace

PROVIDERS = ("anthropic", "openai", "gemini", "ollama")
PARAM_NAMES = ("workload", "provider")

WARM_UPS = 8
"""Operations before the first measured one: after eight the effect is flat within a process."""

WARM_UP_BATCHES = 2
"""The same of batches, each of which is several single operations: at least as many."""

MEMORY_OPERATIONS = 5
"""Operations of the fresh process whose peak memory is measured, the first of them cold."""

MEMORY_LOOKS = 10
"""Operations of the same process, after that, whose own peaks are measured."""

BARE = ("quick", "standard")
"""Cases that a bare ``asv run`` measures, on the first provider; the others are skipped with a reason."""


@dataclass(frozen=True)
class Case:
    """One value of the ``workload`` parameter: what one operation is, and how many a process measures.

    Attributes
    ----------
    concurrency
        Requests under way at once in a batch of one request a persona; None: one request for all personas.
    path
        Research data of an own workload; None: the subject's sample of that size.
    """

    name: str
    personas: int
    sample: str
    operations: int
    concurrency: int | None = None
    path: str | None = None

    @property
    def warm_ups(self) -> int:
        """Operations before the first measured one."""
        if self.concurrency is None:
            return WARM_UPS
        return max(WARM_UP_BATCHES, -(-WARM_UPS // self.personas))


SHIPPED = (
    Case("quick", 1, "1kb", 10),
    Case("standard", 1, "1kb", 100),
    Case("full", 1, "1kb", 500),
    Case("full-5kb", 3, "5kb", 100),
    Case("batch-c1", 10, "5kb", 20, concurrency=1),
    Case("batch-c3", 10, "5kb", 20, concurrency=3),
    Case("batch-c10", 10, "5kb", 20, concurrency=10),
)


def cases(environ: os._Environ[str] | dict[str, str] = os.environ) -> dict[str, Case]:
    """Return the suite's cases by name, and the project's own ones that ``PERSONA_ASV_CASES`` spells."""
    own = json.loads(environ.get("PERSONA_ASV_CASES") or "[]")
    return {case.name: case for case in (*SHIPPED, *(Case(**facts) for facts in own))}


CASES = cases()
PARAMS = (tuple(CASES), PROVIDERS)


@dataclass(frozen=True)
class Settings:
    """The instrument's settings.

    Attributes
    ----------
    subject
        Name understood by ``persona_asv.subject.load``.
    standin
        Root URL of a running stand-in, or None: then the environment's own is started.
    session
        Prefix of the stand-in sessions of this run, so that no two measurements share one.
    spool
        Folder that takes one line per event while measuring, or None: the benchmark's working directory.
    operations
        Measured operations per process and case, where they differ from the suite's own.
    providers
        Those whose cases are measured.
    """

    subject: str = "reference"
    standin: str | None = None
    session: str = "asv"
    spool: str | None = None
    model: str | None = None
    profile: str = "none"
    faults: tuple[dict[str, object], ...] = ()
    operations: dict[str, int] | None = None
    providers: tuple[str, ...] = PROVIDERS[:1]

    def case(self, name: str, provider: str) -> Case:
        """Return the case, with this run's number of operations.

        Raises
        ------
        NotImplementedError
            asv's word for "skip": the case was not asked for, or not on this provider.
        """
        if provider not in self.providers:
            raise NotImplementedError(
                f"{provider} is not part of this run: ask with PERSONA_ASV_PROVIDERS={provider}"
            )
        case = CASES[name]
        if self.operations is None:
            if name not in BARE:
                wish = json.dumps({name: case.operations})
                raise NotImplementedError(f"{name} takes minutes: ask with PERSONA_ASV_OPERATIONS='{wish}'")
            return case
        if name not in self.operations:
            raise NotImplementedError(f"{name} is not part of this run")
        return replace(case, operations=self.operations[name])

    def at_once(self) -> Settings:
        """Return the same settings without model time."""
        return replace(self, profile="none")


def read(environ: os._Environ[str] | dict[str, str] = os.environ) -> Settings:
    """Return the settings that the variables ``PERSONA_ASV_*`` spell, defaults where they are absent."""

    def text(name: str) -> str | None:
        return environ.get("PERSONA_ASV_" + name) or None

    operations = text("OPERATIONS")
    return Settings(
        subject=text("SUBJECT") or "reference",
        standin=text("STANDIN"),
        session=text("SESSION") or "asv",
        spool=text("SPOOL"),
        model=text("MODEL"),
        profile=text("PROFILE") or "none",
        faults=tuple(json.loads(text("FAULTS") or "[]")),
        operations=None if operations is None else {k: int(v) for k, v in json.loads(operations).items()},
        providers=tuple((text("PROVIDERS") or PROVIDERS[0]).split(",")),
    )
