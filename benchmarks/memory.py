"""Peak memory of a process that does nothing but generate personas."""

from __future__ import annotations

import atexit

from . import settings
from .measurement import Measurement, skip_unless_possible


class Memory:
    """A fresh process a time: asv reads the high-water mark of its resident memory when it is done."""

    params = settings.PARAMS
    param_names = settings.PARAM_NAMES
    timeout = 1800.0
    version = "1"

    def setup(self, workload: str, provider: str) -> None:
        """Choose the case, or skip it with a reason."""
        self._settings = settings.read()
        self._case = self._settings.case(workload, provider)
        skip_unless_possible(self._settings, provider)

    def peakmem_generate(self, workload: str, provider: str) -> None:
        """Interpreter, imports, and a handful of operations; no model time, for it does not use memory."""
        measurement = Measurement(self._case, provider, self._settings.at_once(), kind="memory")
        atexit.register(measurement.close)
        measurement.warm_up(settings.MEMORY_OPERATIONS)

    setattr(peakmem_generate, "pretty_name", "peak memory of a fresh process")  # noqa: B010
