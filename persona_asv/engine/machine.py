"""The machine we run on, as asv describes machines."""

from __future__ import annotations

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Machine:
    """The fields of asv's ``machine.json``; all are text there."""

    machine: str
    os: str
    arch: str
    cpu: str
    num_cpu: str
    ram: str


def machine_name(configured: str | None) -> str:
    """Return a name that stays the same from run to run.

    The configured one, else the host's; but in CI, where every runner has a new host name, one name for all
    runners of a kind, because asv keeps a history per machine name.
    """
    if configured:
        return configured
    if os.environ.get("CI"):
        return f"ci-{platform.system().lower()}-{platform.machine().lower()}"
    host = re.sub(r"[^A-Za-z0-9._-]+", "-", platform.node()).strip("-._")[:64]
    return "localhost" if host in ("", "version") else host  # asv keeps its own "version" among the names


def this_machine(name: str) -> Machine:
    """Return what this machine is, under the given name."""
    import psutil

    return Machine(
        machine=name,
        os=f"{platform.system()} {platform.release()}",
        arch=platform.machine(),
        cpu=_cpu_model(),
        num_cpu=str(psutil.cpu_count() or 1),
        ram=str(psutil.virtual_memory().total),
    )


def _cpu_model() -> str:
    try:
        text = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor()
    found = re.search(r"^model name\s*:\s*(.+)$", text, re.MULTILINE)
    return found.group(1).strip() if found else platform.processor()
