"""What persona.yaml says about a workload: sizes of one of ours, or the whole of one of the project's own."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class WorkloadSizes:
    """What ``workloads.<name>`` changes, None where it is silent; `timeout` is in seconds."""

    iterations: int | None = None
    rounds: int | None = None
    timeout: float | None = None


@dataclass(frozen=True, slots=True)
class OwnWorkload(WorkloadSizes):
    """A workload of the project's own.

    Attributes
    ----------
    personas
        Personas that one operation asks for.
    size
        Sample of research data one operation reads; None where `data` names the project's own.
    data
        File or folder of research data, absolute.
    concurrency
        Where it is given, an operation is a batch of one request a persona, so many under way at once.
    """

    personas: int = 1
    size: str | None = None
    data: Path | None = None
    concurrency: int | None = None
