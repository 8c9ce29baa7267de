"""A first lead: which functions a metric's benchmark spends its time in, as asv's profiler sees them.

A profiler slows down what it looks at, Python functions more than those in C. So a profiled round is one of
its own, after the measurement: its times enter no history, no baseline and no comparison.
"""

from __future__ import annotations

import shutil
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from persona_asv import metrics
from persona_asv.case_rounds import params
from persona_asv.course import Run
from persona_asv.engine.job import Job
from persona_asv.engine.profiles import Function, take_profile
from persona_asv.engine.round import Round
from persona_asv.engine.store import RunFolder, write_json
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.plan import environ, inherited
from persona_asv.standin.process import StandIn

MOST = 10
"""Functions shown, by own time and by cumulative time."""
_TICK = 0.1
"""Seconds between two looks whether the launcher is done."""


@dataclass(frozen=True, slots=True)
class Profile:
    """What was seen of one benchmark.

    Attributes
    ----------
    case
        The workload's first; another case is another operation.
    path
        The whole profile, for ``python -m pstats`` and for viewers.
    by_own, by_total
        The hottest functions, hottest first.
    seconds
        Own time of all functions together.
    """

    metric: str
    benchmark: str
    case: str
    path: Path
    by_own: tuple[Function, ...]
    by_total: tuple[Function, ...]
    seconds: float


def benchmark_of(metric: str) -> str:
    """Return the benchmark whose profile says something about a metric, given by its key or its family.

    Raises
    ------
    UsageError
        The metric is unknown, or its numbers come from processes that no profiler of asv's looks into.
    """
    family = metrics.family_of(metric)
    if family is None:
        raise UsageError(
            f"--profile-code: unknown metric {metric!r}; choose from {', '.join(metrics.FAMILIES)}"
        )
    if family == "startup":
        raise UsageError(
            "--profile-code: start-up is import time, for which Python has a profiler of its own: "
            'python -X importtime -c "import MODULE"'
        )
    return metrics.MEMORY if family == "memory_usage" else metrics.LATENCY


def profile(run: Run, metric: str) -> Profile:
    """Run the metric's benchmark once more, under asv's profiler, without model time.

    Raises
    ------
    UsageError
        The metric has no benchmark to profile.
    MeasurementError
        asv could not run it, or not before the workload's deadline.
    """
    benchmark, case = benchmark_of(metric), run.cases[0].case
    folder = run.folder.path / "profile"
    folder.mkdir()
    round_ = Round(RunFolder(folder), 1)
    _run(run, round_, benchmark, case)
    path = folder / f"{benchmark}.prof"
    functions = take_profile(round_.result_file(), benchmark, path)
    shutil.rmtree(round_.scratch)
    found = Profile(
        metric,
        benchmark,
        case,
        path,
        tuple(sorted(functions, key=lambda each: -each.own)[:MOST]),
        tuple(sorted(functions, key=lambda each: -each.total)[:MOST]),
        sum(each.own for each in functions),
    )
    write_json(folder / "hottest.json", as_json(found), indent=2)
    return found


def _run(run: Run, round_: Round, benchmark: str, case: str) -> None:
    """Have asv run and profile one benchmark of one case."""
    plan, ground = replace(run.plan, profile="none"), run.ground
    deadline = time.monotonic() + plan.workload.timeout_s
    name = f"{benchmark}({', '.join(params(case, plan.provider))})"
    with (
        StandIn.start() as standin,
        tempfile.TemporaryDirectory(prefix="persona-asv-", ignore_cleanup_errors=True) as temporary,
    ):
        told = environ(plan, f"http://127.0.0.1:{standin.port}", f"{run.folder.id[-6:]}.profile", {case: 1})
        order = round_.prepare(
            ground.attribution, ground.machine, ground.repository, [name], told, profile=True
        )
        with Job(
            [sys.executable, "-P", "-m", "persona_asv.engine.asv_launcher", str(order)],
            environ=inherited(plan) | {"TMPDIR": temporary},
            cwd=round_.folder.path,
            output=round_.folder.path / "launcher.log",
        ) as job:
            while job.wait(_TICK) is None:
                if time.monotonic() > deadline:
                    raise MeasurementError(
                        f"the deadline of {plan.workload.timeout_s:g} s passed while {benchmark} was profiled"
                    )
    if round_.code() != 0:
        raise MeasurementError(f"{benchmark} could not be profiled: {round_.said()}; its log is {round_.log}")


def as_json(profile: Profile) -> dict[str, Any]:
    """Return a profile for ``--json``; times in seconds."""
    return {
        "metric": profile.metric,
        "benchmark": profile.benchmark,
        "case": profile.case,
        "path": str(profile.path),
        "seconds": profile.seconds,
        "by_own": [asdict(each) for each in profile.by_own],
        "by_total": [asdict(each) for each in profile.by_total],
    }
