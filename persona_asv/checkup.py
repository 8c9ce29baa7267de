"""A machine examined: everything read, the reference operation timed, the same code measured twice."""

from __future__ import annotations

import tempfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

from persona_asv import metrics, place, verdicts, workloads
from persona_asv.config import Config
from persona_asv.course import Progress
from persona_asv.engine.machine import machine_name, this_machine
from persona_asv.errors import Interrupted, PersonaAsvError
from persona_asv.fingerprint import fingerprint
from persona_asv.fitness import floor, pulse, surroundings
from persona_asv.fitness.examination import examine
from persona_asv.fitness.finding import Finding
from persona_asv.fitness.readings import Floor, Readings
from persona_asv.thresholds import Limits, Thresholds

TOLD = ("quick", "standard", "full")
"""The workloads whose sight is told."""


def check(
    settings: Config,
    seconds: float,
    tell: Callable[[str], None],
    watch: Callable[[Progress], None],
    *,
    subject: str | None = None,
) -> tuple[Readings, tuple[Finding, ...]]:
    """Return what was read of this machine, and what it means.

    Parameters
    ----------
    seconds
        How long the reference operation runs.
    tell, watch
        Are told what is being done, and how far the measuring is.

    Raises
    ------
    Interrupted
        A signal ended it.
    """
    environment = fingerprint(this_machine(machine_name(settings.machine)), "")
    readings = surroundings.read(settings, environment)
    tell(f"The reference operation, for {seconds:g} s ...")
    readings = replace(readings, pulse=pulse.take(seconds))
    thresholds = verdicts.thresholds(settings.thresholds, None, None)
    limits = thresholds.of(floor.KEY)
    tell("The same code twice, with the workload quick ...")
    try:
        readings = replace(readings, floor=_floor(settings, thresholds, watch, subject))
    except Interrupted:
        raise
    except PersonaAsvError as error:
        readings = replace(readings, unmeasured=str(error))
    return readings, examine(readings, limits)


def _floor(
    settings: Config, thresholds: Thresholds, watch: Callable[[Progress], None], subject: str | None
) -> Floor:
    resolved = {name: workloads.resolve(name, settings, None, None) for name in TOLD}
    latency: Limits = thresholds.of(floor.KEY)
    plan, ground = place.prepare(
        settings, resolved["quick"], metrics.families(["generation_latency"]), subject=subject
    )
    with tempfile.TemporaryDirectory(prefix="persona-asv-doctor-", ignore_cleanup_errors=True) as folder:
        # kept apart: neither capture nor compare shall take it for a run
        return floor.take(plan, replace(ground, root=Path(folder)), resolved, latency, watch)
