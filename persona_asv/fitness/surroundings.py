"""The machine as the system tells of it."""

from __future__ import annotations

import math
import os
import platform
import re
import shutil
import sys
import time
from collections.abc import Callable, Iterator
from importlib.metadata import PackageNotFoundError, requires, version
from pathlib import Path

from persona_asv.baselines.shelf import shelf_of
from persona_asv.config import Config
from persona_asv.engine import git
from persona_asv.environment import Environment
from persona_asv.errors import PersonaAsvError
from persona_asv.fitness import script
from persona_asv.fitness.readings import Checkout, Processor, Readings

_PINNED = ("asv", "asv_runner")


def read(settings: Config, environment: Environment, root: Path = Path("/")) -> Readings:
    """Return everything but what has to be measured.

    Parameters
    ----------
    environment
        The machine's fingerprint.
    root
        Where ``/sys`` and ``/proc`` are.
    """
    books = list(shelf_of(settings).books())
    return Readings(
        system=platform.system().lower(),
        python=sys.version_info[:3],
        mismatched=tuple(_mismatched()),
        processor=processor(root, environment.governor),
        plugged=_plugged(),
        container=_container(root),
        virtualisation=environment.virtualisation,
        clock=step(time.perf_counter),
        cpu_clock=time.get_clock_info("process_time").resolution,
        checkout=checkout(settings.root),
        free=shutil.disk_usage(settings.root).free,
        baselines=sum(book.baseline is not None for book in books),
        broken=tuple(
            problem if problem.startswith(book.path.name) else f"{book.path.name}: {problem}"
            for book in books
            if (problem := book.problem)
        ),
        script=script.read(),
    )


def processor(root: Path, governor: str | None) -> Processor:
    """Return the cores, and their clock's policy."""
    allowed = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return Processor(
        cores=allowed,
        quota=_quota(root),
        load=os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
        governor=governor,
        turbo=_turbo(root / "sys/devices/system/cpu"),
        smt=_flag(_text(root / "sys/devices/system/cpu/smt/active")),
    )


def _text(path: Path) -> str | None:
    try:
        return path.read_text().strip()
    except (OSError, UnicodeDecodeError):
        return None


def _flag(text: str | None) -> bool | None:
    return {"1": True, "0": False}.get(text or "")


def _turbo(cpus: Path) -> bool | None:
    """Return whether the clock may exceed its nominal rate: intel_pstate's word, or acpi_cpufreq's."""
    forbidden = _flag(_text(cpus / "intel_pstate/no_turbo"))
    return _flag(_text(cpus / "cpufreq/boost")) if forbidden is None else not forbidden


def _quota(root: Path) -> float | None:
    """Return the CPUs' worth of time that the control group allows, version 2 or 1; None without a limit."""
    said = (_text(root / "sys/fs/cgroup/cpu.max") or "").split()
    if not said:
        folder = root / "sys/fs/cgroup/cpu"
        said = [_text(folder / f"cpu.cfs_{what}_us") or "" for what in ("quota", "period")]
    numbers = [int(each) for each in said if re.fullmatch("[0-9]+", each)]
    return numbers[0] / numbers[1] if len(numbers) == 2 and numbers[1] else None


def _container(root: Path) -> str | None:
    """Return the kind of container, by the marks that their makers document."""
    if (root / ".dockerenv").exists():
        return "docker"
    if (root / "run/.containerenv").exists():
        return "podman"
    groups = _text(root / "proc/1/cgroup") or ""
    return next((kind for kind in ("kubepods", "docker", "lxc") if kind in groups), None)


def _plugged() -> bool | None:
    import psutil

    battery = psutil.sensors_battery() if hasattr(psutil, "sensors_battery") else None
    return None if battery is None else bool(battery.power_plugged)


def step(clock: Callable[[], float]) -> float:
    """Return the least step of a clock that a thousand pairs of readings show, in seconds."""
    pairs = [(clock(), clock()) for _ in range(1000)]
    return min((after - before for before, after in pairs if after > before), default=math.inf)


def _mismatched() -> Iterator[tuple[str, str, str]]:
    """Yield the pinned packages that are installed in another version: name, installed, wanted."""
    try:
        wanted = requires("persona-asv") or []
    except PackageNotFoundError:  # run from a source tree
        return
    for name in _PINNED:
        pin = next((found[1] for each in wanted if (found := re.fullmatch(rf"{name}(==[^;,]+)", each))), None)
        try:
            installed = version(name)
        except PackageNotFoundError:
            installed = "none"
        if pin is not None and pin != f"=={installed}":
            yield name, installed, pin


def checkout(folder: Path) -> Checkout:
    """Return what git says of the repository around a folder."""
    said = git.ask(folder, "--version")
    if said is None:
        return Checkout()
    number = said.strip().removeprefix("git version ")
    try:
        if git.ask(folder, "rev-parse", "--is-inside-work-tree") is None:
            return Checkout(f"git {number}")
    except PersonaAsvError as error:
        return Checkout(f"git {number} ({error})")
    commits = (git.ask(folder, "rev-list", "--count", "HEAD") or "0").strip()
    return Checkout(f"git {number}", repository=True, commits=int(commits), shallow=git.is_shallow(folder))
