"""Memory of a process that does nothing but generate personas: peak, average, and operation by operation."""

from __future__ import annotations

import atexit
import json
from pathlib import Path
from statistics import fmean
from typing import Any

from . import resident, settings
from .generation import described, samples
from .measurement import Measurement, skip_unless_possible


class Memory:
    """A fresh process a time: asv reads the high-water mark of its resident memory when it is done.

    Only then the same process looks into single operations, because that resets the mark.
    """

    params = settings.PARAMS
    param_names = settings.PARAM_NAMES
    timeout = 1800.0
    version = "1"

    def __init__(self) -> None:
        self._measurement: Measurement | None = None

    def setup_cache(self) -> None:
        """Make asv give all benchmarks of this class one working directory; nothing is cached."""

    def setup(self, workload: str, provider: str) -> None:
        """Choose the case, or skip it with a reason."""
        self._settings = settings.read()
        self._case = self._settings.case(workload, provider)
        self._store = Path(f"{workload}.{provider}.json")
        if not self._store.exists():
            skip_unless_possible(self._settings, provider, self._case)

    def teardown(self, workload: str, provider: str) -> None:
        """Look into single operations once the peak of the process is read; asv calls this then."""
        if self._measurement is not None:
            self._look_into(self._measurement)

    def _start(self, provider: str) -> Measurement:
        measurement = Measurement(self._case, provider, self._settings.at_once(), kind="memory")
        atexit.register(measurement.close)
        self._after: list[int] = []
        measurement.warm_up(settings.MEMORY_OPERATIONS, after=lambda: self._after.append(resident.settled()))
        return measurement

    def _look_into(self, measurement: Measurement) -> dict[str, list[int]]:
        peaks = resident.peaks(measurement.operate, settings.MEMORY_LOOKS)
        if peaks.sampled:
            measurement.say("sampled")
        found = {"after": self._after, "peaks": peaks.each}
        new = self._store.with_suffix(".new")
        new.write_text(json.dumps(found))
        new.replace(self._store)
        return found

    def _found(self, provider: str) -> dict[str, list[int]]:
        try:
            found: dict[str, list[int]] = json.loads(self._store.read_text())
        except FileNotFoundError:
            return self._look_into(self._start(provider))
        return found

    @described("peak memory of a fresh process", "bytes")
    def peakmem_generate(self, workload: str, provider: str) -> None:
        """Interpreter, imports, and a handful of operations; no model time, for it does not use memory."""
        self._measurement = self._start(provider)

    @described("average memory of a fresh process", "bytes")
    def track_average(self, workload: str, provider: str) -> float:
        """The mean of what is resident after each of those operations."""
        return fmean(self._found(provider)["after"])

    @described("peak memory of one operation", "bytes")
    def track_operation_peak(self, workload: str, provider: str) -> dict[str, Any]:
        """The most memory resident in each of the operations that follow."""
        return samples([float(peak) for peak in self._found(provider)["peaks"]])
