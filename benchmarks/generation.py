"""Persona generation, one operation at a time: latency, own overhead, throughput, API calls and tokens."""

from __future__ import annotations

import atexit
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from . import settings
from .accounting import Operation, per_persona, rate, spread, windows
from .measurement import Measurement, skip_unless_possible, stored

_Function = TypeVar("_Function", bound=Callable[..., object])
_MINUTES_30 = 1800.0
PROFILED = 50
"""Operations that asv's profiler sees (``asv run --profile``, ``persona benchmark run --profile-code``)."""


def described(pretty_name: str, unit: str) -> Callable[[_Function], _Function]:
    """Give a benchmark the name and the unit that asv shows."""

    def describe(function: _Function) -> _Function:
        setattr(function, "pretty_name", pretty_name)  # noqa: B010  (asv reads attributes of the function)
        setattr(function, "unit", unit)  # noqa: B010
        return function

    return describe


def samples(figures: list[float]) -> dict[str, Any]:
    """Return figures in the form that asv stores with samples, median, quartiles and interval."""
    return {"samples": figures, "number": 1}


class Generation:
    """`time_generate` is the measurement; every ``track_*`` is another reading of its very operations."""

    params = settings.PARAMS
    param_names = settings.PARAM_NAMES
    timeout = _MINUTES_30
    version = "1"
    number = 1
    repeat = 1
    rounds = 1
    warmup_time = 0.0
    min_run_count = 1

    def __init__(self) -> None:
        self._measurement: Measurement | None = None

    def setup_cache(self) -> None:
        """Make asv give all benchmarks of this class one working directory; nothing is cached."""

    def setup(self, workload: str, provider: str) -> None:
        """Choose the case, or skip it with a reason; asv calls this before every sample."""
        self._settings = settings.read()
        self._case = self._settings.case(workload, provider)
        self._for = provider
        self.repeat = self._case.operations
        self._store = Path(f"{workload}.{provider}.json")
        self._broken = Path(f"{workload}.{provider}.failed")
        if not self._store.exists() and not self._broken.exists():
            skip_unless_possible(self._settings, provider, self._case)

    def teardown(self, workload: str, provider: str) -> None:
        """Store the measurement once it is complete; asv calls this after every sample and at the end."""
        if self._measurement is not None and self._measurement.complete:
            self._finish(self._measurement)

    def timer(self) -> float:
        """Read the clocks; asv calls this right before and right after each operation."""
        if self._measurement is None:
            self._measurement = self._start()
        return self._measurement.probe()

    def _start(self) -> Measurement:
        # Remember a failure, so that a subject that always fails is tried once and not once per metric.
        if self._broken.exists():
            raise RuntimeError(self._broken.read_text())
        measurement = Measurement(self._case, self._for, self._settings)
        atexit.register(measurement.close)
        try:
            measurement.warm_up(self._case.warm_ups)
        except RuntimeError as error:
            self._broken.write_text(str(error))
            raise
        return measurement

    def _finish(self, measurement: Measurement) -> list[Operation]:
        try:
            return measurement.finish(self._store)
        except RuntimeError as error:
            self._broken.write_text(str(error))
            raise

    def _operations(self) -> list[Operation]:
        operations = stored(self._store)
        if operations is None:
            measurement = self._start()
            measurement.run()
            operations = self._finish(measurement)
        return operations

    @described("generation latency, wall", "seconds")
    def time_generate(self, workload: str, provider: str) -> None:
        """Wall time of one operation, end to end; a failed one counts up to its failure."""
        assert self._measurement is not None, "asv calls the timer first"
        # Once all is measured, only asv's profiler calls again, and one operation is too little to profile.
        for _ in range(PROFILED if self._measurement.complete else 1):
            self._measurement.operate()

    @described("CPU of process and children", "seconds")
    def track_cpu(self, workload: str, provider: str) -> dict[str, Any]:
        """CPU time of one operation: the process and the children it reaped."""
        return samples([operation.cpu for operation in self._operations()])

    @described("CPU of the calling thread", "seconds")
    def track_thread_cpu(self, workload: str, provider: str) -> dict[str, Any]:
        """CPU time of one operation in the calling thread alone."""
        return samples([operation.thread_cpu for operation in self._operations()])

    @described("waiting for a CPU", "seconds")
    def track_run_delay(self, workload: str, provider: str) -> dict[str, Any]:
        """Time in one operation that threads were runnable but not running: the machine's noise."""
        return samples([operation.delay for operation in self._operations()])

    @described("reference operation, CPU", "seconds")
    def track_reference(self, workload: str, provider: str) -> dict[str, Any]:
        """CPU time of the fixed reference operation, warm, after each operation: the machine's speed."""
        return samples([operation.reference for operation in self._operations()])

    @described("reference operation, cold, CPU", "seconds")
    def track_reference_cold(self, workload: str, provider: str) -> dict[str, Any]:
        """CPU time of the reference operation that runs first, with whatever caches the operation left."""
        return samples([operation.reference_cold for operation in self._operations()])

    @described("reference operation, wall", "seconds")
    def track_reference_wall(self, workload: str, provider: str) -> dict[str, Any]:
        """Wall time of the warm reference operation."""
        return samples([operation.reference_wall for operation in self._operations()])

    @described("client overhead, wall", "seconds")
    def track_client_overhead(self, workload: str, provider: str) -> dict[str, Any]:
        """The application's own share of one operation: wall minus waiting for a CPU minus provider time.

        In a batch: per persona returned.
        """
        batch = self._case.concurrency is not None
        return samples(
            [each.overhead / (max(1, each.personas) if batch else 1) for each in self._operations()]
        )

    @described("provider time, wall", "seconds")
    def track_provider_time(self, workload: str, provider: str) -> dict[str, Any]:
        """Time in one operation in which a request was outstanding, or the provider had ordered a wait."""
        return samples([operation.provider for operation in self._operations()])

    @described("time per persona, wall", "seconds")
    def track_seconds_per_persona(self, workload: str, provider: str) -> dict[str, Any]:
        """The inverse of throughput, because asv knows lower-is-better only."""
        return samples(spread(self._operations(), lambda operation: operation.wall))

    @described("time per persona in windows of 1 s, wall", "seconds")
    def track_window_seconds_per_persona(self, workload: str, provider: str) -> dict[str, Any]:
        """The same in each second: what a client that has several requests under way sees."""
        return samples(windows(self._operations()))

    @described("API calls per persona", "calls")
    def track_api_calls(self, workload: str, provider: str) -> float | None:
        """Requests that reached the provider, divided by the personas returned; exact."""
        return per_persona(self._operations(), lambda operation: operation.calls)

    @described("tokens per persona", "tokens")
    def track_tokens(self, workload: str, provider: str) -> float | None:
        """Tokens in both directions, divided by the personas returned; exact."""
        return per_persona(self._operations(), lambda operation: operation.tokens)

    @described("tokens read per persona", "tokens")
    def track_input_tokens(self, workload: str, provider: str) -> float | None:
        """Those of them that the model read; exact."""
        return per_persona(self._operations(), lambda operation: operation.input_tokens)

    @described("tokens written per persona", "tokens")
    def track_output_tokens(self, workload: str, provider: str) -> float | None:
        """Those of them that the model wrote; exact."""
        return per_persona(self._operations(), lambda operation: operation.output_tokens)

    @described("API calls per persona, each operation", "calls")
    def track_operation_calls(self, workload: str, provider: str) -> dict[str, Any]:
        """The same for each operation, for the percentiles."""
        return samples(spread(self._operations(), lambda operation: operation.calls))

    @described("tokens per persona, each operation", "tokens")
    def track_operation_tokens(self, workload: str, provider: str) -> dict[str, Any]:
        """The same for each operation, for the percentiles."""
        return samples(spread(self._operations(), lambda operation: operation.tokens))

    @described("connections per persona", "connections")
    def track_connections(self, workload: str, provider: str) -> float | None:
        """Connections opened while measuring, divided by the personas returned; a filled pool counts none."""
        return per_persona(self._operations(), lambda operation: operation.connections)

    @described("failed or short operations", "percent")
    def track_error_rate(self, workload: str, provider: str) -> float:
        """Share of operations that raised or returned fewer personas than asked for."""
        operations = self._operations()
        return 100.0 * sum(operation.failed for operation in operations) / len(operations)

    @described("requests sent again", "percent")
    def track_retry_rate(self, workload: str, provider: str) -> float:
        """Share of the requests that were sent again because the provider had refused (429, 5xx)."""
        return _known(rate(self._operations(), "retries", "calls"))

    @described("answers without a persona", "percent")
    def track_parse_failure_rate(self, workload: str, provider: str) -> float:
        """Share of the model's answers of which no persona came: what is left of the parse success rate."""
        return _known(rate(self._operations(), "unparsed", "answers"))


def _known(figure: float | None) -> float:
    """Return a figure, asv's word for "skipped" where there is none: a rate of nothing is no failure."""
    return math.nan if figure is None else figure
