"""Where something was measured: what makes a baseline readable a year later, on another machine."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Environment:
    """The fingerprint of a machine and of what ran on it; None where it is not known.

    Attributes
    ----------
    python_version, platform, cpu, memory_gb, persona_version
        F-139's five; `platform` reads ``linux-x86_64``, `persona_version` is the subject's.
    cores
        Logical CPUs.
    os
        Name and release of the kernel.
    governor
        The policy that sets the CPU's clock, where Linux tells.
    virtualisation
        Kind of virtual machine or container, where Linux tells.
    machine
        asv's name of the machine.
    instance
        Which of a pipeline's machines, which all have one name; None for a machine with a name of its own.
    persona_asv, asv
        Versions of what measured.
    """

    python_version: str | None = None
    platform: str | None = None
    cpu: str | None = None
    memory_gb: float | None = None
    persona_version: str | None = None
    cores: int | None = None
    os: str | None = None
    governor: str | None = None
    virtualisation: str | None = None
    machine: str | None = None
    instance: str | None = None
    persona_asv: str | None = None
    asv: str | None = None
