"""The series that the site draws of our own suite: normalised ones first, raw wall-clock last.

A time is shown as what it would have been on a machine whose reference operation takes its nominal cost: the
CPU of each operation over the reference beside it, times that one cost, which is kept per machine name. Two
machines that share a name, or one that had a bad hour, then make no step in a graph. The arithmetic is that
of `compare` (`persona_asv.traces`).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona_asv import metrics
from persona_asv.model import ResultFile
from persona_asv.rounds import Side
from persona_asv.stats import harrell_davis, quantile_interval, supports
from persona_asv.traces import STATISTICS, trace

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

TICK = 1e-9
"""The shortest reference, in seconds, that can be one (as in `calibration`)."""
CONFIDENCE = 0.99
"""Of the interval that asv weighs a point of a graph by."""


@dataclass(frozen=True, slots=True)
class Point:
    """One commit's value of a series, in the series' unit; ``interval`` bounds it with 99 % confidence."""

    value: float
    interval: tuple[float, float] | None = None


Case = tuple[str, ...]
"""asv's reprs of a benchmark's parameters."""
Reading = Callable[[ResultFile, Case, Side], Point | None]
"""From one file, and its round of a case, to a value; None where it was not measured."""


@dataclass(frozen=True, slots=True)
class Drawn:
    """One series of the site.

    Attributes
    ----------
    name
        asv's name for it: the part before the dot is its group, groups are shown in alphabetical order.
    title, unit, moves
        What is shown: a name, a unit, and one line on what moves it.
    source
        The benchmark of our suite that it is read from, whose version it has.
    read
        How; None for asv's own value of it.
    per
        The yardstick that the value is a multiple of, times whose nominal cost it is shown; else empty.
    judged
        Whether a step in it is a regression: a wall clock tells of the machine as much as of the code.
    """

    name: str
    title: str
    unit: str
    moves: str
    source: str
    read: Reading | None = None
    per: str = ""
    judged: bool = True


def _quantile(values: Array, statistic: str) -> Point | None:
    """Return the percentile; None where too few values lie beyond it for a step in it to mean anything."""
    q = STATISTICS[statistic]
    if q is None or not supports(values.size, q):
        return None
    value = harrell_davis(values, q)
    return Point(value, quantile_interval(values.tolist(), q, CONFIDENCE)) if math.isfinite(value) else None


def _normalised(series: str, statistic: str) -> Reading:
    def read(file: ResultFile, case: Case, side: Side) -> Point | None:
        (measured,) = side.rounds
        if not measured.reference or min(measured.reference) < TICK or measured.cpu is None:
            return None
        of = trace(measured, "cpu", cold=False)
        spent = of.cpu if series == "cpu" else of.overhead
        return None if spent is None else _quantile(spent / of.rho(statistic), statistic)

    return read


def _raw(series: str, statistic: str, *, per_persona: bool = False) -> Reading:
    def read(file: ResultFile, case: Case, side: Side) -> Point | None:
        import numpy as np

        if per_persona and not side.personas:
            return None
        seconds = np.asarray(getattr(side.rounds[0], series) or (), dtype=float)
        return _quantile(seconds / side.personas if per_persona else seconds, statistic)

    return read


def _over(series: str, yardstick: str) -> Reading:
    def read(file: ResultFile, case: Case, side: Side) -> Point | None:
        found = [file.series[name].at(*case) for name in (series, yardstick) if name in file.series]
        values = [cell.value for cell in found if cell is not None and cell.value is not None]
        return Point(values[0] / values[1]) if len(values) == 2 and values[1] > TICK else None

    return read


REFERENCE = metrics.GENERATION + "track_reference"
YARDSTICKS = (REFERENCE, metrics.INTERPRETER)
"""Series of what the machine makes of a fixed task, in seconds."""
_CPU = metrics.GENERATION + "track_cpu"
_STARTED = "In seconds of a machine that starts a bare interpreter at its nominal cost"
_NORMAL = "in seconds of a machine whose reference operation takes its nominal cost"

SERIES: Mapping[str, Drawn] = {
    drawn.name: drawn
    for drawn in (
        Drawn("api.calls", "API calls per persona", "calls", "Prompt structure, and retries. Exact.",
              metrics.API_CALLS),
        Drawn("api.connections", "new connections per persona", "connections",
              "Clients made anew, and connections that are not kept. Exact.", metrics.CONNECTIONS),
        Drawn("api.tokens", "tokens per persona", "tokens", "Prompts, and what is asked for. Exact.",
              metrics.TOKENS),
        Drawn("cpu.p50", "CPU per operation, P50", "seconds",
              f"Code that computes more. CPU of the process, {_NORMAL}.",
              _CPU, _normalised("cpu", "p50"), per=REFERENCE),
        Drawn("cpu.p95", "CPU per operation, P95", "seconds",
              f"Code that computes more now and then. CPU of the process, {_NORMAL}.",
              _CPU, _normalised("cpu", "p95"), per=REFERENCE),
        Drawn("memory.average", "average memory of a fresh process", "bytes",
              "What is kept between operations.", metrics.MEMORY_AVERAGE),
        Drawn("memory.operation_peak", "peak memory of one operation, P50", "bytes",
              "What an operation holds at once.", metrics.OPERATION_PEAK),
        Drawn("memory.peak", "peak memory of a fresh process", "bytes", "Imports, and what is kept.",
              metrics.MEMORY),
        Drawn("overhead.p50", "client overhead, P50", "seconds",
              f"Computing and waiting of Persona's own, without the provider, {_NORMAL}.",
              metrics.OVERHEAD, _normalised("overhead", "p50"), per=REFERENCE),
        Drawn("overhead.p95", "client overhead, P95", "seconds",
              f"The same, of the slow operations, {_NORMAL}.",
              metrics.OVERHEAD, _normalised("overhead", "p95"), per=REFERENCE),
        Drawn("python.calls", "Python calls per persona", "calls",
              "Code that does more; nearly exact, and another number on another Python.", metrics.WORK),
        Drawn("reliability.errors", "failed or short operations", "percent",
              "Parsing, validation and time-outs.", metrics.ERROR_RATE),
        Drawn("reliability.parse_failures", "answers without a persona", "percent", "Prompts and parsing.",
              metrics.PARSE_FAILURE_RATE),
        Drawn("reliability.retries", "requests sent again", "percent",
              "Time-outs, and the policy of retries.", metrics.RETRY_RATE),
        Drawn("startup.command", "start of the command line", "seconds",
              f"Imports, and what the start does. {_STARTED}.",
              metrics.CLI_STARTUP, _over(metrics.CLI_STARTUP, metrics.INTERPRETER), per=metrics.INTERPRETER),
        Drawn("startup.import", "import of the subject", "seconds", f"Imports. {_STARTED}.",
              metrics.IMPORT, _over(metrics.IMPORT, metrics.INTERPRETER), per=metrics.INTERPRETER),
        Drawn("startup.modules", "modules imported by the subject", "modules", "Imports. Exact.",
              metrics.IMPORTED_MODULES),
        Drawn("wall.latency_p50", "wall: generation latency, P50", "seconds",
              "Everything: the code, the provider and a busy machine.",
              metrics.LATENCY, _raw("wall", "p50"), judged=False),
        Drawn("wall.latency_p95", "wall: generation latency, P95", "seconds",
              "Everything, of the slow operations: mostly a busy machine.",
              metrics.LATENCY, _raw("wall", "p95"), judged=False),
        Drawn("wall.machine_interpreter", "wall: start of a bare interpreter", "seconds",
              "The machine's speed; never the code.", metrics.INTERPRETER, judged=False),
        Drawn("wall.machine_delay", "wall: waiting for a CPU, P50", "seconds",
              "Other programs on the machine; never the code.",
              metrics.DELAY, _raw("delay", "p50"), judged=False),
        Drawn("wall.machine_reference", "wall: the reference operation", "seconds",
              "The machine's speed; never the code.", REFERENCE, _raw("reference", "p50"), judged=False),
        *(
            Drawn(f"wall.stage_{name}", f"wall: stage {number}, {what}", "seconds",
                  "That stage's code, and a busy machine.", f"stages.Stages.time_{name}", judged=False)
            for number, name, what in (
                (1, "load", "research data read"),
                (2, "render", "prompt written"),
                (4, "parse", "reply parsed"),
            )
        ),
        Drawn("wall.time_per_persona", "wall: time per persona (60 s over it is the throughput)", "seconds",
              "Everything: the code, the provider and a busy machine. Less is more personas a minute.",
              metrics.SECONDS_PER_PERSONA, _raw("wall", "p50", per_persona=True), judged=False),
        Drawn("wall.time_per_persona_windows", "wall: time per persona in windows of a second", "seconds",
              "The same where several requests are under way.", metrics.WINDOWS, judged=False),
        Drawn("wall.provider_time", "wall: provider time, P50", "seconds", "The provider, or the stand-in.",
              metrics.PROVIDER_TIME, judged=False),
    )
}  # fmt: skip
"""By asv's name."""
