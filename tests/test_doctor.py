"""``persona benchmark doctor``: what the readings mean, how they are taken, and the whole command."""

from __future__ import annotations

import itertools
import json
import math
import os
import subprocess
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from conftest import ROOT, git, persona
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import validate
from synthetic import side as synthetic_side

from persona_asv import checkup, config, workloads
from persona_asv.environment import Environment
from persona_asv.errors import ExitCode, Interrupted
from persona_asv.fitness import floor, pulse, surroundings
from persona_asv.fitness.examination import examine
from persona_asv.fitness.finding import Finding, Fitness, worst
from persona_asv.fitness.readings import (
    Checkout,
    Claim,
    Command,
    Floor,
    Processor,
    Pulse,
    Readings,
    Script,
)
from persona_asv.render import fitness as render
from persona_asv.render.terminal import Style
from persona_asv.thresholds import Limits

DOCTOR = ("benchmark", "doctor", "--seconds", "0.1")
LIMITS = Limits(10, 25)
FIT, CARE, UNFIT = Fitness
STEADY = Pulse(runs=1000, median=0.0004, scatter=0.01, slow=1.2, waiting=0.01, stolen=0.0)
CLEAR = Floor(0.01, (-0.05, 0.07), 0.04, 0.01, {"quick": 0.4, "standard": 0.15, "full": 0.13})
SCRIPT = Command("/bin/persona", "persona_asv.script")
THEIR_SCRIPT = Command("/bin/persona", "persona.ui.cli")
OTHER = Command("/bin/persona", None)
OURS = Claim("persona-asv", "persona_asv.script", "persona-asv==0.1.0")
THEIRS = Claim("persona", "persona.ui.cli", "git+https://example.org/p@c0ffee")
AGAIN = "python -m pip install --force-reinstall --no-deps persona-asv==0.1.0"
GOOD = Readings(
    pulse=STEADY,
    floor=CLEAR,
    processor=Processor(cores=8, load=0.3, governor="performance", turbo=False, smt=False),
    checkout=Checkout("git 2.50", repository=True, commits=12),
    baselines=2,
    script=Script("/bin", SCRIPT, SCRIPT, (OURS,)),
)


def processor(**changes: Any) -> dict[str, Any]:
    return {"processor": replace(GOOD.processor, **changes)}


def beating(**changes: Any) -> dict[str, Any]:
    return {"pulse": replace(STEADY, **changes)}


def seeing(standard: float) -> dict[str, Any]:
    return {"floor": replace(CLEAR, detectable={"standard": standard})}


ROWS: list[tuple[dict[str, Any], str, Fitness, str, str]] = [
    ({}, "system", FIT, "Linux", ""),
    ({"system": "darwin"}, "system", CARE, "waiting for a CPU cannot be read", "gate on Linux"),
    ({"system": "windows"}, "system", UNFIT, "run does not", "measure on Linux"),
    ({"python": (3, 11, 0)}, "Python", FIT, "3.11.0", ""),
    ({"python": (3, 14, 1)}, "Python", CARE, "3.14.1: untested, 3.11 to 3.13 are", "one of these"),
    ({"mismatched": (("asv", "0.7", "==0.6.6"),)}, "asv", UNFIT, "asv 0.7 is installed", "'asv==0.6.6'"),
    (processor(cores=1), "cores", CARE, "1", "at least 2"),
    (processor(quota=1.5), "cores", CARE, "allows 1.5 CPUs' time", "at least 2"),
    (processor(quota=2.0), "cores", FIT, "8", ""),
    (processor(load=4.1), "load", CARE, "4.1 in the last minute", "end what else runs"),
    (processor(load=3.9), "load", FIT, "3.9", ""),
    (processor(governor=None), "frequency", FIT, "cannot be read", ""),
    (processor(governor="powersave"), "frequency", CARE, "governor powersave", "cpupower frequency-set"),
    (processor(turbo=True), "turbo", FIT, "on", "switch it off"),
    (processor(smt=True), "SMT", FIT, "on", "switch it off"),
    ({"plugged": True}, "power", FIT, "mains", ""),
    ({"plugged": False}, "power", CARE, "battery", "plug it in"),
    ({"container": "podman"}, "container", FIT, "podman", ""),
    ({"virtualisation": "kvm"}, "virtual machine", FIT, "kvm", ""),
    ({"clock": 5e-6}, "clock", CARE, "steps of 5,000 ns", "finer clock source"),
    ({"cpu_clock": 0.0156}, "clock", UNFIT, "15,600,000 ns", "measure elsewhere"),
    ({"clock": math.inf}, "clock", UNFIT, "it stands still", "measure elsewhere"),
    (beating(scatter=0.2), "noise", CARE, "20.0% between", "when less else runs"),
    (beating(waiting=0.3), "waiting", CARE, "30% of the time", "end what else runs"),
    (beating(stolen=0.05), "steal", CARE, "5.0% of the time", "CPUs of its own"),
    ({"checkout": Checkout()}, "git", CARE, "not found", "install git"),
    ({"checkout": Checkout("git 2.50")}, "git", CARE, "no repository here", "go into the repository"),
    ({"checkout": Checkout("git 2.50", repository=True)}, "git", CARE, "no commit yet", "commit first"),
    (
        {"checkout": Checkout("git 2.50", repository=True, commits=1, shallow=True)},
        *("git", FIT, "a shallow clone, 1 commit deep", "fetch-depth: 0"),
    ),
    ({"free": 500 << 20}, "disk", CARE, "500 MB free", "make room"),
    ({"free": 50 << 20}, "disk", UNFIT, "50 MB free", "make room"),
    ({"baselines": 0}, "baselines", FIT, "none yet", "capture makes one"),
    ({"baselines": 0, "broken": ("v1.yaml: torn",)}, "baselines", CARE, "v1.yaml: torn", "mend it"),
    ({"script": Script("/bin", None, None, (OURS,))}, "script", FIT, "nobody's: /bin has no persona", AGAIN),
    ({"script": Script("/bin")}, "script", FIT, "nobody's: /bin has no persona", "use python -m persona_asv"),
    (
        {"script": Script("/bin", OTHER, OTHER, (OURS,))},
        *("script", FIT, "something else's: /bin/persona starts no package", AGAIN),
    ),
    (
        {"script": Script("/bin", SCRIPT, SCRIPT, (OURS, THEIRS))},
        *("script", FIT, "persona_asv's; persona brings one too, and is given all but benchmark"),
        "--force-reinstall --no-deps git+https://example.org/p@c0ffee makes it persona's",
    ),
    (
        {"script": Script("/bin", SCRIPT, SCRIPT, (Claim("acme", "acme", "acme==1"), OURS))},
        *("script", FIT, "persona_asv's; acme brings one too", "--no-deps acme==1 makes it acme's"),
    ),
    (
        {"script": Script("/bin", THEIR_SCRIPT, THEIR_SCRIPT, (OURS, THEIRS))},
        *("script", FIT, "is persona's, and knows benchmark only if persona mounts it", AGAIN),
    ),
    ({}, "A/A", FIT, "differs by +1.0% (-5.0% to +7.0%)", ""),
    (seeing(0.19), "standard", FIT, "a change of 19% or more", ""),
    (seeing(0.21), "standard", CARE, "a change of 21% or more", "--rounds 10"),
    (seeing(0.26), "standard", UNFIT, "a failure at 25 % would be missed", "--rounds 10"),
    ({"floor": None, "unmeasured": "asv ended"}, "measuring", UNFIT, "asv ended", "mend that first"),
]


def about(findings: tuple[Finding, ...], topic: str) -> Finding:
    return next(finding for finding in findings if finding.topic == topic)


class TestExamination:
    def test_a_good_machine_is_fit_and_has_nothing_to_do(self) -> None:
        findings = examine(GOOD, LIMITS)
        assert {finding.fitness for finding in findings} == {FIT}
        assert [finding for finding in findings if finding.advice] == []

    @pytest.mark.parametrize(
        ("changes", "topic", "fitness", "said", "advice"),
        ROWS,
        ids=[f"{row[1]}: {row[3]}" for row in ROWS],
    )
    def test_each_reading_says_what_to_do(
        self, changes: dict[str, Any], topic: str, fitness: Fitness, said: str, advice: str
    ) -> None:
        findings = examine(replace(GOOD, **changes), LIMITS)
        found = about(findings, topic)
        assert found.fitness is fitness
        assert said in found.said
        assert advice in found.advice
        assert bool(advice) == bool(found.advice)
        assert worst(findings) is fitness, "nothing else changed"

    def test_what_calls_for_care_says_what_to_do(self) -> None:
        for changes, topic, *_ in ROWS:
            found = about(examine(replace(GOOD, **changes), LIMITS), topic)
            assert found.advice or found.fitness is FIT

    def test_what_is_missed_depends_on_the_projects_thresholds(self) -> None:
        readings = replace(GOOD, **seeing(0.26))
        assert about(examine(readings, Limits(20, 50)), "standard").fitness is FIT

    def test_without_anything_measured_it_tells_the_rest(self) -> None:
        readings = replace(GOOD, pulse=None, floor=None)
        assert {"noise", "A/A", "measuring"} & {each.topic for each in examine(readings, LIMITS)} == set()

    @pytest.mark.parametrize(("fitness", "code"), [(FIT, 0), (CARE, 1), (UNFIT, 3)])
    def test_the_gravest_decides_the_exit_code(self, fitness: Fitness, code: int) -> None:
        findings = [Finding("a", FIT, ""), Finding("b", fitness, ""), Finding("c", FIT, "")]
        assert worst(findings).exit_code == ExitCode(code)

    def test_nothing_found_is_fit(self) -> None:
        assert worst([]) is FIT


class TestPulse:
    def test_summary_of_two_spans(self) -> None:
        spans = [[(2.0, 1.0), (2.0, 1.0)], [(4.0, math.e), (40.0, math.e)], []]
        found = pulse.summary(spans, 0.5, None)
        assert (found.runs, found.waiting, found.stolen) == (4, 0.5, None)
        assert found.scatter == pytest.approx(1 / math.sqrt(2))
        assert found.slow == pytest.approx(40 / 3)

    def test_one_span_scatters_not(self) -> None:
        assert pulse.summary([[(1.0, 1.0)]], None, None).scatter == 0

    @settings(deadline=None)
    @given(st.lists(st.floats(1e-5, 1), min_size=2, max_size=20), st.floats(0.1, 10))
    def test_is_free_of_the_machines_speed(self, times: list[float], factor: float) -> None:
        one, other = (pulse.summary([[(t * by, t * by)] for t in times], None, None) for by in (1.0, factor))
        assert other.scatter == pytest.approx(one.scatter, abs=1e-9)
        assert other.slow == pytest.approx(one.slow)
        assert other.median == pytest.approx(one.median * factor)

    def test_is_taken_of_the_suites_own_operation(self) -> None:
        found = pulse.take(0.05)
        assert found.runs >= 2
        assert 0 < found.median < 10
        assert found.waiting is None or found.waiting >= 0

    def test_where_the_kernel_says_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuses(self: Path, *args: Any, **kwargs: Any) -> str:
            raise FileNotFoundError(str(self))

        monkeypatch.setattr(Path, "read_text", refuses)
        assert pulse._waited() is None
        assert pulse._Stolen.read() is None
        assert pulse._Stolen.share(None, (1, 2)) is None
        assert pulse._share(None, 1.0, 1.0) is None

    @pytest.mark.parametrize(
        ("expected", "before", "after"),
        [(0.25, (1, 100), (26, 200)), (None, (1, 100), (1, 100)), (0.0, (5, 0), (5, 10))],
    )
    def test_stolen_share(
        self, expected: float | None, before: tuple[int, int], after: tuple[int, int]
    ) -> None:
        assert pulse._Stolen.share(before, after) == expected


class TestFloor:
    WORKLOADS = workloads.WORKLOADS

    def test_many_rounds_see_more_than_few_and_a_calm_machine_more_than_a_nervous_one(self) -> None:
        calm, nervous = (
            {name: floor.detectable(self.WORKLOADS[name], scatter, LIMITS) for name in checkup.TOLD}
            for scatter in (0.04, 0.08)
        )
        assert calm["full"] < calm["standard"] < calm["quick"]
        assert all(nervous[name] > calm[name] for name in calm)
        assert 0.10 <= calm["full"] < calm["standard"] < 0.25, "what the gate promises on a usual machine"

    def test_nothing_below_the_threshold_is_ever_marked(self) -> None:
        assert floor.detectable(self.WORKLOADS["full"], 1e-9, LIMITS) == 0.10

    def test_twice_is_twice_the_operations_in_twice_the_rounds(self) -> None:
        found = floor.twice(self.WORKLOADS["quick"])
        assert found.cases[0].deal() == (5, 5, 5, 5)
        assert found.timeout_s == 2 * self.WORKLOADS["quick"].timeout_s

    def test_of_synthetic_sides(self) -> None:
        first, second = (synthetic_side(seeds, operations=20) for seeds in (range(2), range(2, 4)))
        found = floor.floor(first, second, {"standard": self.WORKLOADS["standard"]}, LIMITS)
        assert found.change is not None
        assert found.interval is not None
        assert found.interval[0] <= found.change <= found.interval[1]
        assert found.scatter > 0
        assert set(found.detectable) == {"standard"}


class TestSurroundings:
    @pytest.fixture
    def root(self, tmp_path: Path) -> Path:
        """Return a file system's root on which a test builds what a kernel would show."""
        return tmp_path

    def put(self, root: Path, path: str, text: str) -> None:
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)

    @pytest.mark.parametrize(
        ("expected", "files"),
        [
            (None, {}),
            (None, {"sys/fs/cgroup/cpu.max": "max 100000\n"}),
            (1.5, {"sys/fs/cgroup/cpu.max": "150000 100000\n"}),
            (None, {"sys/fs/cgroup/cpu/cpu.cfs_quota_us": "-1\n"}),
            (
                0.5,
                {
                    "sys/fs/cgroup/cpu/cpu.cfs_quota_us": "50000\n",
                    "sys/fs/cgroup/cpu/cpu.cfs_period_us": "100000\n",
                },
            ),
        ],
    )
    def test_quota(self, expected: float | None, files: dict[str, str], root: Path) -> None:
        for path, text in files.items():
            self.put(root, path, text)
        assert surroundings.processor(root, None).quota == expected

    @pytest.mark.parametrize(
        ("expected", "path", "text"),
        [
            (None, "nothing", ""),
            (True, "sys/devices/system/cpu/intel_pstate/no_turbo", "0\n"),
            (False, "sys/devices/system/cpu/intel_pstate/no_turbo", "1\n"),
            (True, "sys/devices/system/cpu/cpufreq/boost", "1\n"),
        ],
    )
    def test_turbo(self, expected: bool | None, path: str, text: str, root: Path) -> None:
        self.put(root, path, text)
        assert surroundings.processor(root, None).turbo is expected

    def test_smt(self, root: Path) -> None:
        self.put(root, "sys/devices/system/cpu/smt/active", "1\n")
        assert surroundings.processor(root, "performance").smt is True

    @pytest.mark.parametrize(
        ("expected", "path", "text"),
        [
            (None, "proc/1/cgroup", "0::/init.scope\n"),
            ("docker", ".dockerenv", ""),
            ("podman", "run/.containerenv", ""),
            ("kubepods", "proc/1/cgroup", "0::/kubepods/pod1\n"),
        ],
    )
    def test_container(self, expected: str | None, path: str, text: str, root: Path) -> None:
        self.put(root, path, text)
        assert surroundings._container(root) == expected

    def test_a_clocks_step(self) -> None:
        ticks = itertools.count()
        assert surroundings.step(lambda: float(next(ticks))) == 1
        assert surroundings.step(lambda: 1.0) == math.inf

    def test_asv_as_it_is_pinned_is_no_mismatch(self) -> None:
        assert list(surroundings._mismatched()) == []

    @pytest.mark.parametrize("installed", ["0.7.0", None])
    def test_another_asv_is_one(self, installed: str | None, monkeypatch: pytest.MonkeyPatch) -> None:
        def version(name: str) -> str:
            if installed is None:
                raise surroundings.PackageNotFoundError(name)
            return installed

        monkeypatch.setattr(surroundings, "version", version)
        monkeypatch.setattr(surroundings, "requires", lambda name: ["asv==0.6.6", "click>=8"])
        assert list(surroundings._mismatched()) == [("asv", installed or "none", "==0.6.6")]

    def test_a_source_tree_pins_nothing(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def requires(name: str) -> list[str]:
            raise surroundings.PackageNotFoundError(name)

        monkeypatch.setattr(surroundings, "requires", requires)
        assert list(surroundings._mismatched()) == []

    def test_checkouts(self, repository: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        found = surroundings.checkout(repository)
        assert (found.repository, found.commits, found.shallow) == (True, 1, False)
        assert (found.git or "").startswith("git 2.")
        (repository / "more").touch()
        git(repository, "add", ".")
        git(repository, "commit", "-q", "-m", "second")
        git(tmp_path, "clone", "-q", "--depth", "1", repository.as_uri(), "shallow")
        assert surroundings.checkout(tmp_path / "shallow").shallow
        git(tmp_path, "init", "-q", "unborn")
        assert surroundings.checkout(tmp_path / "unborn").commits == 0
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        refused = surroundings.checkout(repository)
        assert not refused.repository
        assert "safe.directory" in (refused.git or "")
        monkeypatch.setenv("PATH", str(tmp_path))
        assert surroundings.checkout(repository) == Checkout()

    def test_outside_of_a_repository(self, tmp_path: Path) -> None:
        assert not surroundings.checkout(tmp_path).repository

    def test_broken_baselines_are_told_by_name(self, tmp_path: Path) -> None:
        (tmp_path / "baselines").mkdir()
        (tmp_path / "baselines" / "v1.yaml").write_text("a: [")
        found = surroundings.read(config.load(tmp_path), Environment(governor="performance"))
        assert found.baselines == 0
        assert len(found.broken) == 1
        assert found.broken[0].startswith("v1.yaml")
        assert found.processor.governor == "performance"
        assert found.free > 0


class TestText:
    STYLE = Style(unicode=True, live=False, width=80)

    def test_says_each_finding_its_advice_and_the_sum(self) -> None:
        lines = render.text(examine(replace(GOOD, plugged=False), LIMITS), self.STYLE).splitlines()
        at = next(index for index, line in enumerate(lines) if "battery" in line)
        assert lines[at].startswith("⚠️ power")
        assert lines[at + 1].strip() == "→ plug it in: a battery throttles the clock"
        assert lines[-1] == "This machine is usable with care: see what is marked."

    def test_a_clock_that_stands_still_is_strict_json_too(self) -> None:
        readings = replace(GOOD, clock=math.inf)
        found = render.as_json(examine(readings, LIMITS), readings)
        assert json.loads(json.dumps(found, allow_nan=False))["readings"]["clock"] is None

    @pytest.mark.parametrize("fitness", Fitness)
    def test_in_ascii(self, fitness: Fitness) -> None:
        text = render.text([Finding("a", fitness, "b", "c")], replace(self.STYLE, unicode=False))
        assert text.isascii()


@pytest.fixture
def project(repository: Path) -> Path:
    """Return a repository whose workload quick is as small as can be."""
    (repository / "persona.yaml").write_text(
        "benchmarks:\n  subject: adapter:plain\n  workloads:\n    quick: {iterations: 6, rounds: 1}\n"
    )
    return repository


class TestTheCommand:
    def test_measures_tells_and_leaves_no_trace(self, project: Path) -> None:
        done = persona(*DOCTOR, "--json", cwd=project)
        whole = json.loads(done.out)
        validate(whole, json.loads((ROOT / "docs" / "reference" / "doctor.schema.json").read_text()))
        data = whole["data"]
        assert done.code == {"fit": 0, "usable with care": 1, "not fit": 3}[data["fitness"]], done.err
        grades = [each["fitness"] for each in data["findings"]]
        assert data["fitness"] == max(grades, key=[str(each) for each in Fitness].index)
        readings = data["readings"]
        assert readings["unmeasured"] == ""
        assert readings["pulse"]["runs"] >= 2
        assert readings["floor"]["change"] is not None
        assert set(readings["floor"]["detectable"]) == {"quick", "standard", "full"}
        assert not (project / ".asv").exists(), "no run that capture or compare could take for one"
        assert "twice, with the workload quick" in done.err

    def test_a_subject_that_fails_makes_it_unfit_and_says_why(self, project: Path) -> None:
        done = persona(*DOCTOR, "--subject", "adapter:fails", cwd=project)
        assert done.code == 3
        assert "out of luck | today" in done.out
        assert done.out.endswith("This machine is not fit to measure: see what is marked.\n")

    def test_an_interruption_is_one(self, project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def interrupted(*arguments: object) -> Floor:
            raise Interrupted("interrupted by SIGINT")

        monkeypatch.chdir(project)
        monkeypatch.setattr(checkup, "_floor", interrupted)
        with pytest.raises(Interrupted):
            checkup.check(config.load(project), 0.05, print, print)


def test_it_needs_no_repository(tmp_path: Path) -> None:
    assert not (tmp_path / ".git").exists()
    found = subprocess.run(
        ["git", "-C", str(tmp_path), "rev-parse"], capture_output=True, check=False, env=os.environ
    )
    assert found.returncode != 0
    assert surroundings.read(config.load(tmp_path), Environment()).checkout.commits == 0
