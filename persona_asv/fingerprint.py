"""The fingerprint of this machine: what a number measured here depends on."""

from __future__ import annotations

import hashlib
import platform
import subprocess
from importlib.metadata import version
from pathlib import Path

import persona_asv
from persona_asv.engine.machine import Machine
from persona_asv.environment import Environment

_BOOT = Path("/proc/sys/kernel/random/boot_id")
_GOVERNOR = Path("/sys/devices/system/cpu/cpu0/cpufreq/scaling_governor")


def fingerprint(machine: Machine, subject_version: str) -> Environment:
    """Return where we are; what this system does not tell is None."""
    return Environment(
        python_version=platform.python_version(),
        platform=f"{platform.system().lower()}-{platform.machine().lower()}",
        cpu=machine.cpu or None,
        memory_gb=round(int(machine.ram) / 2**30, 1),
        persona_version=subject_version,
        cores=int(machine.num_cpu),
        os=machine.os,
        governor=_first_line(_GOVERNOR),
        virtualisation=_virtualisation(),
        machine=machine.machine,
        instance=_instance() if machine.machine.startswith("ci-") else None,
        persona_asv=persona_asv.__version__,
        asv=version("asv"),
    )


def _instance() -> str | None:
    """Return a digest of what Linux calls this boot: a runner of a pipeline is booted for its job."""
    boot = _first_line(_BOOT)
    return None if boot is None else hashlib.sha256(boot.encode()).hexdigest()[:12]


def _first_line(path: Path) -> str | None:
    try:
        return path.read_text().strip() or None
    except OSError:
        return None


def _virtualisation() -> str | None:
    """Return what systemd makes of this machine (``kvm``, ``docker``, ``none``), else what the CPU admits."""
    try:
        done = subprocess.run(
            ["systemd-detect-virt"], capture_output=True, text=True, check=False, stdin=subprocess.DEVNULL
        )
    except OSError:
        said = ""
    else:
        said = done.stdout.strip()  # it exits 1 for "none"
    if said:
        return said
    flags = _first_line(Path("/proc/cpuinfo")) and Path("/proc/cpuinfo").read_text().partition("\nflags")[2]
    return "virtual machine" if flags and " hypervisor" in flags.partition("\n")[0] else None
