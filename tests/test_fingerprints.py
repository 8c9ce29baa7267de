"""Where both sides were measured: what is ignored, what is said, and what can only suspect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import pytest
from test_choice import baseline
from test_comparison import P50, STAMP, file

from persona_asv import choice
from persona_asv.baselines.baseline import Entry, Figure
from persona_asv.chosen import Chosen
from persona_asv.doubt import Kind, kind_of
from persona_asv.engine.machine import Machine
from persona_asv.environment import Environment
from persona_asv.errors import ExitCode
from persona_asv.fingerprint import fingerprint
from persona_asv.fingerprints import Fingerprint, differences
from persona_asv.gate import Rules
from persona_asv.judgement import Finding, Verdict
from persona_asv.model import ResultFile

HERE = Environment(
    python_version="3.11.7",
    platform="linux-x86_64",
    cpu="Golden 1000",
    memory_gb=16.0,
    persona_version="1.0",
    cores=4,
    os="Linux 6.1",
    governor="performance",
    virtualisation="kvm",
    machine="here",
    persona_asv="0.1.0",
    asv="0.6.6",
)
PARAMS = {"machine": "here", "arch": "x86_64", "cpu": "Golden 1000", "num_cpu": "4", "os": "Linux 6.1"}
BOTH = {Kind.TIMES, Kind.MEMORY}


@pytest.mark.parametrize(
    ("doubts", "said", "change"),
    [
        pytest.param({Kind.TIMES}, "another machine (there, now here)", {"machine": "there"}, id="machine"),
        pytest.param({Kind.TIMES}, "another CPU (Old 1, now Golden 1000)", {"cpu": "Old 1"}, id="CPU"),
        pytest.param({Kind.TIMES}, "another number of cores (2, now 4)", {"cores": 2}, id="cores"),
        pytest.param(BOTH, "another system (darwin-arm64, now linux-x86_64)", {"platform": "Darwin-arm64"},
                     id="system"),
        pytest.param(BOTH, "another Python (3.12, now 3.11)", {"python_version": "3.12.1"}, id="Python"),
        pytest.param(set(), "another persona_asv (0.0.9, now 0.1.0)", {"persona_asv": "0.0.9"},
                     id="instrument"),
        pytest.param(set(), "another clock governor (powersave, now performance)", {"governor": "powersave"},
                     id="governor"),
        pytest.param(set(), "", {"python_version": "3.11.1"}, id="a patch of Python is ignored"),
        pytest.param(set(), "", {"os": "Linux 6.8"}, id="a release of the kernel is ignored"),
        pytest.param(set(), "", {"memory_gb": 8.0}, id="the memory's size is ignored"),
        pytest.param(set(), "", {"asv": "0.6.5"}, id="asv's version is ignored"),
        pytest.param(set(), "", {"persona_version": "0.9"}, id="the subject's version is what is compared"),
        pytest.param(set(), "", {"cpu": None, "machine": None, "python_version": None},
                     id="what is not told is no difference"),
        pytest.param(set(), "", {}, id="nothing"),
    ],
)  # fmt: skip
def test_grades(doubts: set[Kind], said: str, change: Mapping[str, object]) -> None:
    before, now = (Fingerprint.of_environment(each) for each in (replace(HERE, **change), HERE))
    found = differences(before, now, stored=True)
    assert set(found.doubts) == doubts
    assert bool(found.notes) == bool(said)
    assert said in " ".join(found.notes)


def test_several_differences_are_one_note() -> None:
    there = replace(HERE, cpu="Old 1", cores=2, python_version="3.12.0")
    found = differences(Fingerprint.of_environment(there), Fingerprint.of_environment(HERE), stored=True)
    assert found.notes == (
        "the baseline is from another CPU (Old 1, now Golden 1000), another number of cores (2, now 4), "
        "another Python (3.12, now 3.11): times and memory can raise a suspicion, not decide",
    )
    assert found.doubts == {Kind.TIMES: "it is from another CPU", Kind.MEMORY: "it is from another Python"}


@pytest.mark.parametrize(
    ("doubted", "before", "now", "stored"),
    [
        pytest.param(True, "a", "b", True, id="another runner"),
        pytest.param(True, None, "b", True, id="a runner that nobody knows"),
        pytest.param(False, "a", "a", True, id="the same one"),
        pytest.param(False, "a", "b", False, id="files of one job"),
    ],
)
def test_machines_of_a_pipeline_have_one_name(
    doubted: bool, before: str | None, now: str, stored: bool
) -> None:
    sides = (Fingerprint(machine="ci-linux-x86_64", instance=each) for each in (before, now))
    found = differences(*sides, stored=stored)
    assert set(found.doubts) == ({Kind.TIMES} if doubted else set())
    assert ("another machine of the pipeline" in " ".join(found.notes)) == doubted


def test_of_this_machine_an_instance_is_known_in_a_pipeline_alone() -> None:
    of = {name: Machine(name, "Linux 6", "x86_64", "c", "2", "1024") for name in ("ci-linux-x86_64", "mine")}
    runner = fingerprint(of["ci-linux-x86_64"], "1")
    assert fingerprint(of["mine"], "1").instance is None
    assert runner.instance == fingerprint(of["ci-linux-x86_64"], "1").instance


@pytest.mark.parametrize(
    ("expected", "change"),
    [
        ({"platform": "linux-x86_64", "cores": 4, "cpu": "Golden 1000", "python": "3.11"}, {}),
        ({"platform": None}, {"arch": ""}),
        ({"cores": None}, {"num_cpu": "many"}),
        ({"cpu": None}, {"cpu": ""}),
    ],
)
def test_of_files_is_what_asv_writes(expected: Mapping[str, object], change: Mapping[str, str]) -> None:
    found = Fingerprint.of_files([replace(file(0), params={**PARAMS, **change})])
    assert {name: getattr(found, name) for name in expected} == expected


@pytest.mark.parametrize(("expected", "python"), [("3.11", "3.11"), (None, "3"), (None, "pypy"), (None, "")])
def test_of_files_of_an_unknown_python_is_none(expected: str | None, python: str) -> None:
    assert Fingerprint.of_files([replace(file(0), python=python)]).python == expected


def rounds(count: int, first: int, commit: str, **how: float) -> tuple[ResultFile, ...]:
    return tuple(
        replace(file(first + each, commit * 40, start=first + each, **how), params=PARAMS)
        for each in range(count)
    )


def compared(*, files: Mapping[str, object], count: int = 5, slower: float = 1.6, **how: float):
    """Return a comparison of a baseline's rounds, changed, with ones that are slower."""
    before = tuple(replace(each, **files) for each in rounds(count, 0, "a"))
    sides = Chosen("v1", before, baseline("v1")), Chosen("now", rounds(count, 50, "b", slower=slower, **how))
    return choice.compared(*sides, Rules())


def finding(comparison: choice.Comparison, key: str) -> Finding:
    return next(each for each in comparison.cases[0].judgement.findings if each.key == key)


class TestOfAnotherMachine:
    """Its times can suspect; what depends on no machine decides as ever."""

    THERE: Mapping[str, object] = {"machine": "there"}

    def test_a_slowdown_is_never_red_and_worth_measuring(self) -> None:
        found = compared(files=self.THERE)
        assert Verdict.FAIL not in found.cases[0].judgement.verdicts.values()
        assert (found.exit_code, found.remeasure) == (ExitCode.WARN, True), "inconclusive, as a screen is"
        assert finding(found, P50).verdict is Verdict.INCONCLUSIVE
        assert finding(found, P50).reason == "may be worse by 25 %: it is from another machine"
        assert compared(files={}).exit_code is ExitCode.FAIL, "from this one it is red"

    def test_a_lesser_one_is_a_suspicion_and_no_code(self) -> None:
        found = compared(files=self.THERE, slower=1.12)
        assert (found.exit_code, found.remeasure) == (ExitCode.PASS, True)
        assert finding(found, P50).reason == "moved, but it is from another machine"

    def test_an_improvement_is_no_merit(self) -> None:
        found = compared(files=self.THERE, slower=0.5)
        assert Verdict.BETTER not in found.cases[0].judgement.verdicts.values()

    def test_unchanged_code_passes(self) -> None:
        found = compared(files=self.THERE, slower=1.0)
        assert found.exit_code is ExitCode.PASS

    def test_memory_decides_as_ever(self) -> None:
        found = compared(files=self.THERE, slower=1.0, memory=1.6e8)
        assert finding(found, "memory_peak_mb").verdict is Verdict.FAIL


class TestOfAnotherPython:
    OTHER: Mapping[str, object] = {"python": "3.12"}

    def test_memory_can_only_suspect(self) -> None:
        found = compared(files=self.OTHER, slower=1.0, memory=1.6e8)
        assert finding(found, "memory_peak_mb").verdict is Verdict.PASS
        assert finding(found, "memory_peak_mb").reason == "moved, but it is from another Python"
        assert (found.exit_code, found.remeasure) == (ExitCode.PASS, True)

    def test_what_memory_got_better_by_is_no_merit(self) -> None:
        found = compared(files=self.OTHER, slower=1.0, memory=2e7)
        assert finding(found, "memory_peak_mb").verdict is Verdict.PASS
        assert not finding(found, "memory_peak_mb").suspicious

    def test_counts_decide_as_ever(self) -> None:
        before = tuple(replace(each, python="3.12") for each in rounds(3, 0, "a"))
        more = tuple(self.twice(each) for each in rounds(3, 50, "b"))
        found = choice.compared(Chosen("v1", before, baseline("v1")), Chosen("now", more), Rules())
        assert finding(found, "api_calls_per_persona").verdict is Verdict.FAIL
        assert found.exit_code is ExitCode.FAIL

    def twice(self, its: ResultFile) -> ResultFile:
        from persona_asv.metrics import API_CALLS

        calls = its.series[API_CALLS]
        cells = tuple(replace(each, value=2.0) for each in calls.cells)
        return replace(its, series={**its.series, API_CALLS: replace(calls, cells=cells)})

    def test_a_baseline_without_samples_is_no_better(self) -> None:
        held = baseline(
            "v1",
            environment=replace(HERE, python_version="3.12.0"),
            workloads={"standard": Entry(60, {"memory_peak_mb": Figure(50.0)})},
        )
        sides = Chosen("v1", (), held, environment=held.environment), Chosen("now", rounds(3, 50, "b"))
        found = choice.compared(*sides, Rules())
        assert finding(found, "memory_peak_mb").verdict is Verdict.PASS
        assert found.remeasure


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        (Kind.MEMORY, "memory_average_mb"),
        (Kind.TIMES, "cli_startup_ms"),
        (None, "api_calls_per_persona"),
        (None, "error_rate"),
        (None, "suite.Sort.track_size"),
    ],
)
def test_kinds(expected: Kind | None, key: str) -> None:
    assert kind_of(key) is expected


def test_the_stamp_names_the_instrument() -> None:
    stamp = {**STAMP, "persona_asv": "0.0.9"}
    assert Fingerprint.of_files([replace(file(0), stamp=stamp)]).instrument == "0.0.9"
