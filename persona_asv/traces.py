"""One round as arrays, and the logs of its statistics."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from persona_asv.rounds import Round
from persona_asv.stats import harrell_davis

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Array = NDArray[np.float64]

STATISTICS = {"p50": 0.5, "p95": 0.95, "p99": 0.99, "mean": None}
"""What is judged of a distribution, with its quantile."""

LEAST = 1e-12
"""Seconds below which a time is none: no clock resolves a picosecond."""


@dataclass(frozen=True, slots=True, eq=False)
class Trace:
    """A round as arrays; `body` and `tail` are what an operation's time is divided by, per operation.

    `tail` is the slower of the two neighbouring references: an operation that the machine held up between
    them is not taken for slow code. `body` is the operation's own reference, the mean of its cold and its
    warm run where both are sound; a lone run is steadied by the neighbour (geometric mean of both).
    """

    wall: Array
    cpu: Array | None
    wait: Array | None
    body: Array | None
    tail: Array | None
    overhead: Array | None

    def rho(self, statistic: str) -> Array:
        """Return the references that this statistic of the operations is calibrated by."""
        return present(self.tail if statistic in ("p95", "p99") else self.body)


def trace(measured: Round, cpu_series: str | None, *, cold: bool) -> Trace:
    """Return a round as arrays.

    Parameters
    ----------
    cpu_series
        Which CPU series counts, None for none: then there is no reference either.
    cold
        Whether the reference's cold run is sound.
    """
    import numpy as np

    def array(series: tuple[float, ...] | None) -> Array | None:
        return None if series is None else np.asarray(series, dtype=float)

    wall, overhead = present(array(measured.wall)), array(measured.overhead)
    if cpu_series is None:
        return Trace(wall, None, None, None, None, overhead)
    cpu, delay = present(array(getattr(measured, cpu_series))), array(measured.delay)
    body = present(array(measured.reference))
    if cold:
        body = (present(array(measured.reference_cold)) + body) / 2
    tail = np.maximum(body, np.concatenate([body[:1], body[:-1]]))
    if not cold:
        body = np.sqrt(body * tail)
    wait = np.maximum(0.0, wall - cpu - (0.0 if delay is None else delay))
    return Trace(wall, cpu, wait, body, tail, overhead)


def log_statistic(seconds: Array, statistic: str) -> float:
    """Return the log of a statistic of `STATISTICS`, minus infinity where it is no time at all."""
    q = STATISTICS[statistic]
    value = float(seconds.mean()) if q is None else harrell_davis(seconds, q)
    return math.log(value) if value >= LEAST else -math.inf


def present(array: Array | None) -> Array:
    """Return an array that must have been recorded."""
    if array is None:
        raise TypeError("a series that was not recorded")
    return array
