"""Rounds refuse what no measurement can be, and show by their times whether they were interleaved."""

from __future__ import annotations

import math
from dataclasses import replace

import pytest

from persona_asv.errors import MeasurementError
from persona_asv.rounds import Round, Side, in_time, interleaved


@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, -1e-9, 1e10], ids=str)
def test_a_value_that_is_no_time_is_refused_with_its_place(value: float) -> None:
    with pytest.raises(MeasurementError, match=r"run 3: cpu of operation 2 is .*; measure this round again"):
        Round(wall=(1.0, 1.0), cpu=(1.0, value), label="run 3")


@pytest.mark.parametrize("value", [math.nan, math.inf, -1.0], ids=str)
def test_a_number_that_is_none_is_refused_by_its_key(value: float) -> None:
    with pytest.raises(MeasurementError, match="memory_peak_mb is"):
        Round(scalars={"memory_peak_mb": value})


def test_series_of_unlike_length_are_refused() -> None:
    with pytest.raises(MeasurementError, match="1 values of delay for 2 operations"):
        Round(wall=(1.0, 2.0), delay=(0.0,))


@pytest.mark.parametrize("personas", [math.nan, math.inf, -1.0], ids=str)
def test_personas_are_a_number(personas: float) -> None:
    with pytest.raises(MeasurementError, match="personas an operation"):
        Side((), personas=personas)


def at(*times: float | None) -> Side:
    return Side(tuple(Round(wall=(1.0,), started_at=t) for t in times))


@pytest.mark.parametrize(
    ("expected", "baseline", "current"),
    [
        pytest.param(True, (0, 3, 4), (1, 2, 5), id="A B, B A, A B"),
        pytest.param(True, (3, 0, 4), (5, 2, 1), id="in any order"),
        pytest.param(False, (0, 1, 2), (3, 4, 5), id="one side after the other"),
        pytest.param(False, (0,), (1,), id="one block shows nothing"),
        pytest.param(False, (0, 2), (1,), id="unlike numbers"),
        pytest.param(False, (0, 2), (0, 2), id="started together"),
        pytest.param(False, (None, None), (None, None), id="no times"),
        pytest.param(False, (0, None), (1, 2), id="a time missing"),
        pytest.param(False, (), (), id="nothing timed"),
    ],
)
def test_interleaved_rounds_are_known_by_their_start(expected: bool, baseline, current) -> None:
    assert interleaved(at(*baseline), at(*current)) is expected


def test_rounds_come_in_order_of_time() -> None:
    rounds = at(2.0, None, 1.0).rounds
    assert [r.started_at for r in in_time(rounds)] == [None, 1.0, 2.0]


def test_a_series_counts_where_every_timed_round_has_it() -> None:
    whole = Side((Round(wall=(1.0,), cpu=(1.0,)), Round(scalars={"memory_peak_mb": 1.0})))
    assert whole.has("cpu")
    assert not replace(whole, rounds=(*whole.rounds, Round(wall=(1.0,)))).has("cpu")
    assert not Side(()).has("cpu")
    assert whole.operations == 1
