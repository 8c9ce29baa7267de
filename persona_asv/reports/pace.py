"""The pace of a machine: what the reference operation cost there, so that times of two machines can meet."""

from __future__ import annotations

import statistics
from collections.abc import Sequence

from persona_asv.case_rounds import CaseRounds
from persona_asv.metrics import GENERATION
from persona_asv.model import ResultFile
from persona_asv.units import PER_MINUTE, Unit

_FOLLOWING = ("generation_latency", "client_overhead", "throughput")

REFERENCE = GENERATION + "track_reference"


def reference(files: Sequence[ResultFile], case: str, provider: str) -> float | None:
    """Return the median CPU seconds of the reference operation beside a case; None where none was kept."""
    found = CaseRounds(case, provider, tuple(files)).samples(REFERENCE)
    middle = statistics.median(found) if found else 0.0
    return middle or None


def pace(then: float | None, now: float | None) -> float | None:
    """Return how much longer the reference takes now; None where either is unknown."""
    return None if then is None or now is None else now / then


def follows(key: str, profile: str | None) -> bool:
    """Return whether a metric scales with the reference operation: it was measured beside each value of it.

    Only while the model takes no time: a simulated model is as slow on a quick machine. Start-up is measured
    beside a yardstick of its own, and told as it was recorded.
    """
    return key.startswith(_FOLLOWING) and profile == "none"


def at_pace(value: float, unit: Unit, pace: float | None) -> float:
    """Return a value as it would be at another pace: a time is multiplied, a rate divided."""
    if pace is None:
        return value
    return value / pace if unit is PER_MINUTE else value * pace
