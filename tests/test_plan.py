"""What every party is told of the project's own workloads, and how one is known again."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from benchmarks import settings
from persona_asv import metrics
from persona_asv.engine.machine import Machine
from persona_asv.engine.worktree import Attribution
from persona_asv.plan import Ground, Plan, deals, definitions, environ, facts, fits, selected
from persona_asv.sizes import OwnWorkload
from persona_asv.workloads import WORKLOADS, Case, own


class Settings:
    """As much of a configuration as workloads need."""

    def __init__(self, **workloads: OwnWorkload) -> None:
        self.workloads = workloads


@pytest.fixture
def research(tmp_path: Path) -> Path:
    folder = tmp_path / "research"
    (folder / "deep").mkdir(parents=True)
    (folder / "notes.csv").write_text("a,b\n")
    (folder / "deep" / "more.csv").write_text("c,d\n")
    return folder


def cases(research: Path, **how: int) -> tuple[Case, ...]:
    found = own(
        Settings(
            nightly=OwnWorkload(30, 3, personas=4, data=research, **how),
            single=OwnWorkload(size="5kb", personas=3),
        )
    )
    return tuple(case for workload in found.values() for case in workload.cases)


def plan(mine: tuple[Case, ...], workload: str = "quick") -> Plan:
    return Plan(WORKLOADS[workload], metrics.families(()), "s", "1", "anthropic", "m", "none", own=mine)


GROUND = Ground(
    Path(), None, Attribution("c" * 40, 0, dirty=False), Machine("m", "Linux", "x", "cpu", "2", "1")
)


def test_the_suite_understands_what_it_is_told(research: Path) -> None:
    told = environ(plan(cases(research, concurrency=2)), "http://x", "s", {"quick": 5})
    found = settings.cases(told)
    assert list(found) == [*settings.CASES, "nightly", "single"]
    assert found["nightly"] == settings.Case("nightly", 4, "research", 30, 2, str(research))
    assert found["single"] == settings.Case("single", 3, "5kb", 100)
    assert json.loads(told["PERSONA_ASV_CASES"])[1]["concurrency"] is None


def test_without_being_told_the_suite_has_its_own_cases_alone() -> None:
    assert list(settings.cases({})) == [case.name for case in settings.SHIPPED]


@pytest.mark.parametrize(
    ("expected", "case"),
    [
        (8, settings.Case("one", 1, "1kb", 5)),
        (8, settings.Case("three", 3, "5kb", 5)),
        (2, settings.Case("batch", 10, "5kb", 5, concurrency=1)),
        (2, settings.Case("wide", 50, "5kb", 5, concurrency=10)),
        (4, settings.Case("pairs", 2, "5kb", 5, concurrency=2)),
    ],
    ids=lambda value: getattr(value, "name", ""),
)
def test_a_batch_warms_up_with_as_many_single_operations(expected: int, case: settings.Case) -> None:
    assert case.warm_ups == expected


def test_windows_are_measured_where_several_requests_are_under_way() -> None:
    chosen = selected(plan((), "batch"), {"batch-c1": 5, "batch-c3": 5, "batch-c10": 5}, 1)
    assert [name for name in chosen if name.startswith(metrics.WINDOWS)] == [
        f"{metrics.WINDOWS}('batch-c3', 'anthropic')",
        f"{metrics.WINDOWS}('batch-c10', 'anthropic')",
    ]


class TestDefinitions:
    def test_only_what_the_project_defines_has_one(self, research: Path) -> None:
        mine = cases(research, concurrency=2)
        assert definitions(WORKLOADS["quick"].cases, mine) == {}
        found = definitions(mine, mine)
        assert found["single"] == {"personas": 3, "data": "5kb", "concurrency": None}
        assert found["nightly"]["concurrency"] == 2
        assert str(found["nightly"]["data"]).startswith("research ")

    def test_the_data_itself_counts(self, research: Path) -> None:
        def now() -> object:
            mine = cases(research)
            return definitions(mine, mine)["nightly"]["data"]

        before = now()
        assert now() == before
        (research / "deep" / "more.csv").write_text("c,e\n")
        changed = now()
        (research / "deep" / "more.csv").rename(research / "deep" / "other.csv")
        assert len({before, changed, now()}) == 3

    def test_a_single_file_will_do(self, research: Path) -> None:
        file = research / "notes.csv"
        (case,) = own(Settings(one=OwnWorkload(data=file)))["one"].cases
        assert str(definitions([case], [case])["one"]["data"]).startswith("notes.csv ")

    def test_a_run_fits_while_its_own_workloads_are_what_they_were(self, research: Path) -> None:
        mine = cases(research)
        measured = replace(
            plan(mine), workload=own(Settings(nightly=OwnWorkload(personas=4, data=research)))["nightly"]
        )
        found = facts(measured, GROUND, state="finished")
        assert fits(found, plan(mine), GROUND)
        assert not fits(found, plan(()), GROUND), "it is gone from persona.yaml"
        (research / "notes.csv").write_text("changed\n")
        assert not fits(found, plan(mine), GROUND)
        assert fits(facts(plan(()), GROUND, state="finished"), plan(mine), GROUND)
        del found["own"]
        assert fits(found, plan(mine), GROUND), "a run of before there were any"


@pytest.mark.parametrize(
    ("expected", "only"),
    [
        pytest.param(5, (), id="everything"),
        pytest.param(1, ("work",), id="what one round measures"),
        pytest.param(3, ("work", "startup"), id="beside what three rounds measure"),
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


@pytest.mark.parametrize(
    ("work", "starts", "number"), [(True, True, 1), (False, True, 3), (False, False, 4), (False, False, 5)]
)
def test_work_and_starts_are_measured_in_the_first_rounds(work: bool, starts: bool, number: int) -> None:
    found = {name.partition("(")[0] for name in selected(plan((), "standard"), {"standard": 20}, number)}
    assert (metrics.WORK in found) is work
    for name in metrics.FAMILIES["startup"].benchmarks:
        assert (name in found) is starts
    assert metrics.LATENCY in found


@pytest.mark.parametrize(
    ("expected", "only", "rounds"),
    [
        pytest.param(True, (), 3, id="unasked, where it can be judged"),
        pytest.param(False, (), 2, id="unasked, where it cannot"),
        pytest.param(True, ("startup",), 1, id="asked for"),
        pytest.param(True, ("work", "startup"), 2, id="asked for beside another"),
        pytest.param(False, ("work",), 5, id="another asked for"),
    ],
)
def test_a_run_of_few_rounds_starts_nothing_unasked(
    expected: bool, only: tuple[str, ...], rounds: int
) -> None:
    names = [family.name for family in metrics.of_a_run(metrics.families(only), rounds)]
    assert ("startup" in names) is expected
    assert ("work" in names) is (only != ("startup",))


def test_rounds_for_all_do_not_depend_on_the_order_of_families() -> None:
    families = metrics.families(["work", "memory_usage"])
    assert deals(WORKLOADS["full"], families) == deals(WORKLOADS["full"], families[::-1])
    limited = tuple(replace(each, rounds=2) for each in families)
    assert len(deals(WORKLOADS["full"], limited)) == 2
