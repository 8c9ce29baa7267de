"""A baseline without samples: plain numbers are judged, starts are shown, another Python is left out."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from test_comparison import rounds, with_starts
from test_costs import SONNET, counted
from test_token_times import streamed

from persona_asv import metrics
from persona_asv.baselines.baseline import Baseline, Entry, Figure
from persona_asv.comparison import Comparison
from persona_asv.environment import Environment
from persona_asv.errors import ExitCode
from persona_asv.gate import Rules
from persona_asv.judgement import Finding, Stage, Verdict
from persona_asv.prices import Price
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


class TestCost:
    """A recorded cost was told by the price of its day."""

    @staticmethod
    def compared(then: Price | None, model: str | None = SONNET, cost: float = 0.005) -> Comparison:
        entry = Entry(None, {"cost_per_persona": Figure(cost), "error_rate": Figure(0.0)})
        baseline = replace(held(), workloads={"standard": entry}, model=model, price=then)
        return compare_recorded(baseline, [counted(450, 392)])

    def test_by_the_same_price_it_is_judged_as_a_count(self) -> None:
        (case,) = self.compared(Price(3, 15, "a table of old")).cases
        cost = next(each for each in case.judgement.findings if each.key == "cost_per_persona")
        assert (cost.verdict, cost.stage) == (Verdict.FAIL, Stage.PLAIN)
        assert cost.change == pytest.approx(0.00723 / 0.005 - 1)

    @pytest.mark.parametrize("then", [None, Price(3, 14, "a table of old")])
    def test_by_another_price_it_is_not_compared(self, then: Price | None) -> None:
        comparison = self.compared(then)
        assert list(comparison.cases[0].judgement.verdicts) == ["error_rate"]
        assert comparison.exit_code is ExitCode.PASS
        assert "cost_per_persona is not compared: v1 was captured with another price of the model" in (
            comparison.notes
        )

    def test_another_model_is_the_codes_own_choice(self) -> None:
        (case,) = self.compared(Price(1, 5, "a table of old"), model="claude-haiku-4-5").cases
        assert case.judgement.verdicts["cost_per_persona"] is Verdict.FAIL

    def test_a_cost_that_cannot_be_told_any_more_holds_up_nobody(self) -> None:
        entry = Entry(None, {"cost_per_persona": Figure(0.005), "error_rate": Figure(0.0)})
        baseline = replace(held(), workloads={"standard": entry}, model="old", price=Price(3, 15, "s"))
        comparison = compare_recorded(baseline, [counted(model="new-one")])
        assert comparison.exit_code is ExitCode.PASS


def test_times_of_tokens_are_shown_beside_each_other() -> None:
    entry = Entry(None, {"time_to_first_token_p50": Figure(1.0), "error_rate": Figure(0.0)})
    baseline = replace(held(), workloads={"standard": entry})
    now = [streamed(file, 0.009) for file in rounds(3)]
    (case,) = compare_recorded(baseline, now).cases
    shown = next(each for each in case.judgement.findings if each.key == "time_to_first_token_p50")
    assert (shown.verdict, shown.stage, shown.suspicious) == (Verdict.INSUFFICIENT, Stage.SHOWN, False)
    assert shown.change == pytest.approx(8.0, rel=0.02)
    assert not case.judgement.remeasure


def test_times_of_tokens_that_nobody_asked_for_again_are_no_error() -> None:
    entry = Entry(None, {"time_to_first_token_p50": Figure(1.0), "error_rate": Figure(0.0)})
    comparison = compare_recorded(replace(held(), workloads={"standard": entry}), rounds(3))
    assert comparison.exit_code is ExitCode.PASS
    asked = Rules(only={"time_to_first_token_p50", "error_rate"})
    comparison = compare_recorded(replace(held(), workloads={"standard": entry}), rounds(3), asked)
    assert comparison.cases[0].judgement.missing == ("time_to_first_token_p50",)
