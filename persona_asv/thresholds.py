"""How much worse is too much, per metric."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field

from persona_asv.errors import ConfigError


@dataclass(frozen=True, slots=True)
class Limits:
    """Two levels of worsening, in percent (percentage points where the metric is a rate).

    Raises
    ------
    ConfigError
        Where a level is negative or not a number, or the warning lies above the failure.
    """

    warn: float
    fail: float

    def __post_init__(self) -> None:
        for name, level in (("warn", self.warn), ("fail", self.fail)):
            if not (math.isfinite(level) and level >= 0):
                raise ConfigError(f"threshold {name}: {level} is no percentage; give a number from 0 up")
        if self.warn > self.fail:
            raise ConfigError(
                f"threshold warn: {self.warn:g} lies above fail: {self.fail:g}; a warning must come first"
            )


SHIPPED: Mapping[str, Limits] = {
    "generation_latency_p99": Limits(15, 35),
    "client_overhead_p99": Limits(15, 35),
    "memory_peak_mb": Limits(20, 50),
    "memory_average_mb": Limits(20, 50),
    "cli_startup_ms": Limits(20, 50),
    "import_ms": Limits(20, 50),
    "tokens_per_persona": Limits(5, 15),
    "cost_per_persona": Limits(5, 15),
    "python_calls_per_persona": Limits(5, 15),
    "error_rate": Limits(1, 5),
    "retry_rate": Limits(1, 5),
    "parse_success_rate": Limits(1, 5),
}
"""Metrics whose noise or weight differs from the general case."""


@dataclass(frozen=True, slots=True)
class Thresholds:
    """The general pair, and the metrics that have their own.

    Attributes
    ----------
    general
        F-139's plain ``thresholds: {warn, fail}``.
    metrics
        By metric key; what is set here wins over `general`.
    """

    general: Limits = Limits(10, 25)
    metrics: Mapping[str, Limits] = field(default_factory=lambda: SHIPPED)

    def of(self, key: str) -> Limits:
        """Return the limits of one metric."""
        return self.metrics.get(key, self.general)

    @classmethod
    def uniform(cls, warn: float, fail: float) -> Thresholds:
        """Return one pair for every metric: what the command line's two options mean."""
        return cls(Limits(warn, fail), {})
