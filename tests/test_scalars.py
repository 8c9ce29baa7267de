"""Numbers that hardly scatter are held against their thresholds as they are."""

from __future__ import annotations

import pytest

from persona_asv.judgement import Verdict
from persona_asv.rounds import Round, Side
from persona_asv.scalars import judge_scalar
from persona_asv.thresholds import Limits


def having(key: str, *values: float) -> Side:
    return Side(tuple(Round(scalars={key: value}) for value in values))


@pytest.mark.parametrize(
    ("expected", "key", "before", "after"),
    [
        pytest.param(Verdict.PASS, "memory_peak_mb", 100, 109.9, id="less than the warning"),
        pytest.param(Verdict.WARN, "memory_peak_mb", 100, 110, id="the warning itself"),
        pytest.param(Verdict.WARN, "memory_peak_mb", 100, 109.96, id="the warning as printed"),
        pytest.param(Verdict.FAIL, "memory_peak_mb", 100, 125, id="the failure itself"),
        pytest.param(Verdict.BETTER, "memory_peak_mb", 100, 90, id="less is better"),
        pytest.param(Verdict.FAIL, "parse_success_rate", 99, 70, id="less is worse"),
        pytest.param(Verdict.BETTER, "parse_success_rate", 70, 99, id="more is better"),
        pytest.param(Verdict.PASS, "error_rate", 0, 9.9, id="points, not percent"),
        pytest.param(Verdict.WARN, "error_rate", 0, 10, id="ten points"),
        pytest.param(Verdict.PASS, "api_calls_per_persona", 0, 0, id="none on either side"),
        pytest.param(Verdict.FAIL, "api_calls_per_persona", 0, 1, id="some where there was none"),
        pytest.param(Verdict.BETTER, "api_calls_per_persona", 1, 0, id="none where there was one"),
        pytest.param(Verdict.PASS, "connections_per_persona", 0, 0.05, id="a connection that was idle"),
        pytest.param(Verdict.FAIL, "connections_per_persona", 0, 1, id="a new connection for each call"),
        pytest.param(Verdict.BETTER, "connections_per_persona", 1, 0, id="a pool where there was none"),
    ],
)
def test_plain_thresholds(expected: Verdict, key: str, before: float, after: float) -> None:
    assert judge_scalar(key, having(key, before), having(key, after), Limits(10, 25)).verdict is expected


def test_the_median_of_the_rounds_counts() -> None:
    key = "memory_peak_mb"
    found = judge_scalar(key, having(key, 100, 100, 500), having(key, 100, 101, 102), Limits(10, 25))
    assert found.change == pytest.approx(0.01)
    assert found.rounds == (3, 3)


def test_a_threshold_of_zero_is_not_reached_by_no_change() -> None:
    key = "memory_peak_mb"
    assert judge_scalar(key, having(key, 100), having(key, 100), Limits(0, 0)).verdict is Verdict.PASS


@pytest.mark.parametrize(("expected", "after"), [(False, 105.0), (True, 106.0)])
def test_most_of_the_warning_is_worth_a_second_look(expected: bool, after: float) -> None:
    key = "memory_peak_mb"
    assert judge_scalar(key, having(key, 100), having(key, after), Limits(10, 25)).suspicious is expected


def test_a_rise_from_zero_has_no_percentage() -> None:
    found = judge_scalar("retries", having("retries", 0), having("retries", 2), Limits(10, 25))
    assert found.change is None
    assert "no percentage" in found.reason
