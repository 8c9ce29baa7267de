"""The reference operation, run for some seconds: how steady this machine is, subject and asv aside."""

from __future__ import annotations

import importlib.util
import math
import statistics
import time
from collections.abc import Callable
from pathlib import Path
from typing import cast

from persona_asv.engine.suite import suite_folder
from persona_asv.fitness.readings import Pulse

SPAN = 0.25
"""Seconds whose median counts as one."""


def take(seconds: float) -> Pulse:
    """Run the reference operation for so long; returns what was seen."""
    operation = _operation()
    operation()
    stolen, waited = _Stolen.read(), _waited()
    began = time.perf_counter()
    spans: list[list[tuple[float, float]]] = [[]]
    while (now := time.perf_counter()) < began + seconds or len(spans[0]) < 2:
        if now >= began + SPAN * len(spans) and spans[-1]:
            spans.append([])
        cpu = time.thread_time()
        operation()
        spans[-1].append((time.perf_counter() - now, time.thread_time() - cpu))
    took = time.perf_counter() - began
    return summary(spans, _share(waited, _waited(), took), _Stolen.share(stolen, _Stolen.read()))


def summary(spans: list[list[tuple[float, float]]], waiting: float | None, stolen: float | None) -> Pulse:
    """Return what spans of runs, each with its wall and its CPU time in seconds, say."""
    runs = [run for span in spans for run in span]
    walls = sorted(wall for wall, _ in runs)
    logs = [math.log(max(statistics.median(cpu for _, cpu in span), 1e-9)) for span in spans if span]
    return Pulse(
        runs=len(runs),
        median=statistics.median(cpu for _, cpu in runs),
        scatter=statistics.stdev(logs) if len(logs) > 1 else 0.0,
        slow=walls[min(len(walls) - 1, int(0.95 * len(walls)))] / max(statistics.median(walls), 1e-9),
        waiting=waiting,
        stolen=stolen,
    )


def _operation() -> Callable[[], object]:
    """Return the suite's reference operation; the suite is asv's, no package of ours."""
    path = suite_folder() / "reference_operation.py"
    spec = importlib.util.spec_from_file_location("_persona_asv_reference_operation", path)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return cast("Callable[[], object]", module.reference_operation)


def _waited() -> float | None:
    """Return the seconds that this thread waited for a CPU so far, where Linux tells."""
    try:
        return int(Path("/proc/thread-self/schedstat").read_text().split()[1]) * 1e-9
    except (OSError, IndexError, ValueError):
        return None


def _share(before: float | None, after: float | None, of: float) -> float | None:
    return None if before is None or after is None else max(0.0, after - before) / of


class _Stolen:
    """The time that the host of a virtual machine took from all CPUs, against all time."""

    @staticmethod
    def read() -> tuple[int, int] | None:
        """Return stolen and all ticks so far, where Linux tells."""
        try:
            line = Path("/proc/stat").read_text().partition("\n")[0].split()
            ticks = [int(each) for each in line[1:9]]  # user to steal; guests are in user already
        except (OSError, ValueError):
            return None
        return (ticks[7], sum(ticks)) if len(ticks) == 8 else None

    @staticmethod
    def share(before: tuple[int, int] | None, after: tuple[int, int] | None) -> float | None:
        """Return the stolen share of the time between two readings."""
        if before is None or after is None or after[1] <= before[1]:
            return None
        return (after[0] - before[0]) / (after[1] - before[1])
