"""What asv is told of a round: the benchmarks of its cases and families, and no round for nothing."""

from __future__ import annotations

from dataclasses import replace

import pytest

from persona_asv import metrics
from persona_asv.plan import Plan, deals, selected
from persona_asv.workloads import WORKLOADS


def plan(workload: str, *families: str) -> Plan:
    return Plan(
        WORKLOADS[workload], metrics.families(families), "reference", "1", "anthropic", "model", "none"
    )


@pytest.mark.parametrize(
    ("expected", "only"),
    [
        pytest.param(5, (), id="everything"),
        pytest.param(3, ("work",), id="what three rounds measure"),
        pytest.param(3, ("work", "startup"), id="two such families"),
        pytest.param(5, ("work", "memory_usage"), id="beside one that every round measures"),
    ],
)
def test_a_round_that_none_of_the_families_measures_does_not_take_place(
    expected: int, only: tuple[str, ...]
) -> None:
    assert len(deals(WORKLOADS["standard"], metrics.families(only))) == expected


def test_without_families_all_rounds_are_dealt() -> None:
    assert len(deals(WORKLOADS["standard"])) == 5


def test_two_rounds_stay_two() -> None:
    assert len(deals(WORKLOADS["quick"], metrics.families(["startup"]))) == 2


@pytest.mark.parametrize(("expected", "number"), [(True, 1), (True, 3), (False, 4), (False, 5)])
def test_work_and_starts_are_measured_in_the_first_three_rounds(expected: bool, number: int) -> None:
    wanted = selected(plan("standard"), {"standard": 20}, number)
    few = {metrics.WORK, metrics.IMPORT, metrics.CLI_STARTUP, metrics.INTERPRETER, metrics.IMPORTED_MODULES}
    found = {name.partition("(")[0] for name in wanted}
    assert (few <= found) is expected
    assert bool(few & found) is expected
    assert metrics.LATENCY in found


def test_rounds_for_all_do_not_depend_on_the_order_of_families() -> None:
    families = metrics.families(["work", "memory_usage"])
    assert deals(WORKLOADS["full"], families) == deals(WORKLOADS["full"], families[::-1])
    limited = tuple(replace(each, rounds=2) for each in families)
    assert len(deals(WORKLOADS["full"], limited)) == 2
