"""A baseline without samples: plain numbers are judged, starts are shown, another Python is left out."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from test_comparison import rounds, with_starts

from persona_asv import metrics
from persona_asv.baselines.baseline import Baseline, Entry, Figure
from persona_asv.environment import Environment
from persona_asv.gate import Rules
from persona_asv.judgement import Finding, Verdict
from persona_asv.recorded import compare_recorded


def held(python: str | None = "3.11.9") -> Baseline:
    values = {"import_ms": 50.0, "python_calls_per_persona": 900.0, "imported_modules": 200.0}
    return Baseline(
        name="v1",
        version="1.0",
        captured_at=datetime(2025, 1, 15, 10, 30, tzinfo=UTC),
        environment=Environment(python_version=python),
        workloads={"standard": Entry(None, {key: Figure(value, 3, 3) for key, value in values.items()})},
        provider="anthropic",
    )


def found(baseline: Baseline, rules: Rules | None = None) -> dict[str, Finding]:
    now = [with_starts(file, 0.1) for file in rounds(3)]
    (case,) = compare_recorded(baseline, now, rules).cases
    return {finding.key: finding for finding in case.judgement.findings}


def test_a_start_twice_as_long_is_shown_and_never_judged() -> None:
    start = found(held())["import_ms"]
    assert start.verdict is Verdict.INSUFFICIENT
    assert start.change == pytest.approx(1.0)
    assert start.suspicious


def test_a_count_is_judged_as_ever() -> None:
    calls = found(held())["python_calls_per_persona"]
    assert calls.verdict is Verdict.WARN
    assert calls.change == pytest.approx(1 / 9)


@pytest.mark.parametrize(
    ("expected", "python"),
    [(True, "3.11.9"), (True, "3.11.0"), (False, "3.12.0"), (False, "3.1"), (True, None)],
)
def test_counts_of_another_minor_python_are_left_out(expected: bool, python: str | None) -> None:
    judged = found(held(python))
    assert (set(metrics.PER_PYTHON) <= judged.keys()) is expected
    assert bool(set(metrics.PER_PYTHON) & judged.keys()) is expected
