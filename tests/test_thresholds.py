"""Which limits hold for which metric."""

from __future__ import annotations

import math

import pytest

from persona_asv.errors import ConfigError
from persona_asv.thresholds import SHIPPED, Limits, Thresholds


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        (Limits(10, 25), "generation_latency_p50"),
        (Limits(15, 35), "generation_latency_p99"),
        (Limits(20, 50), "memory_peak_mb"),
        (Limits(5, 15), "tokens_per_persona"),
        (Limits(1, 5), "error_rate"),
    ],
)
def test_shipped_limits(expected: Limits, key: str) -> None:
    assert Thresholds().of(key) == expected


def test_the_general_pair_leaves_a_metrics_own_alone() -> None:
    changed = Thresholds(Limits(3, 7))
    assert changed.of("generation_latency_p50") == Limits(3, 7)
    assert changed.of("memory_peak_mb") == SHIPPED["memory_peak_mb"]


def test_the_command_line_changes_all() -> None:
    assert Thresholds.uniform(3, 7).of("memory_peak_mb") == Limits(3, 7)


@pytest.mark.parametrize(
    ("problem", "warn", "fail"),
    [
        ("warn: -1 is no percentage", -1, 25),
        ("fail: nan is no percentage", 10, math.nan),
        ("fail: inf is no percentage", 10, math.inf),
        ("a warning must come first", 30, 25),
    ],
)
def test_limits_that_cannot_be_are_refused(problem: str, warn: float, fail: float) -> None:
    with pytest.raises(ConfigError, match=problem):
        Limits(warn, fail)
