"""The suite itself: what asv discovers in it, what a bare ``asv run`` does, that every benchmark works."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from asv.results import Results
from conftest import ROOT, environment

from benchmarks import settings
from persona_asv import metrics
from persona_asv.place import DEFAULT_PROVIDER
from persona_asv.subject import load
from persona_asv.workloads import WARMUPS, WORKLOADS


def asv(folder: Path, *arguments: str, **environ: str) -> subprocess.CompletedProcess[str]:
    config = folder / "asv.conf.json"
    config.write_text(
        json.dumps(
            {
                "version": 1,
                "project": "p",
                "repo": str(ROOT),
                "branches": ["HEAD"],
                "environment_type": "existing",
                "results_dir": str(folder / "results"),
                "benchmark_dir": str(ROOT / "benchmarks"),
            }
        )
    )
    return subprocess.run(
        [sys.executable, "-m", "asv", *arguments],
        cwd=folder,
        env=environment(HOME=str(folder), **environ),
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("asv")
    assert asv(place, "machine", "--yes", "--machine", "tester").returncode == 0
    return place


@pytest.fixture(scope="module")
def discovered(folder: Path) -> dict[str, dict]:
    done = asv(folder, "run", "--bench", "just-discover", "-E", "existing:same", "--dry-run")
    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads((folder / "results" / "benchmarks.json").read_text())
    found.pop("version")
    return found


def test_asv_discovers_time_peakmemory_and_track_benchmarks(discovered: dict[str, dict]) -> None:
    assert {found["type"] for found in discovered.values()} == {"time", "peakmemory", "track"}


def test_every_benchmark_says_what_it_is(discovered: dict[str, dict]) -> None:
    for name, found in discovered.items():
        assert found["version"] == "1", name
        assert found["pretty_name"], name
        assert found["unit"] != "unit", name
        assert found["timeout"], name
        of_stages = name.startswith("stages.")
        assert found["param_names"] == (["research"] if of_stages else ["workload", "provider"]), name


def test_metrics_know_exactly_the_benchmarks_there_are(discovered: dict[str, dict]) -> None:
    wanted = metrics.benchmarks(metrics.FAMILIES.values())
    stages = {f"stages.Stages.time_{name}" for name in ("load", "render", "parse")}
    assert set(wanted) | stages == set(discovered), "the stages are asv's alone"


def test_the_subject_speaks_every_provider_of_the_suite_and_both_have_the_same_first() -> None:
    assert load("reference").providers == settings.PROVIDERS
    assert settings.PROVIDERS[0] == DEFAULT_PROVIDER


def test_cases_of_the_suite_are_those_of_the_workloads() -> None:
    names = ("quick", "standard", "full", "batch")
    known = {case.name: case for name in names for case in WORKLOADS[name].cases}
    assert list(settings.CASES) == list(known)
    for case in settings.CASES.values():
        same = known[case.name]
        assert (case.personas, case.sample, case.operations) == (same.personas, same.data, same.iterations)
        assert case.concurrency == (same.concurrency if same.batch else None)
    assert settings.WARM_UPS == WARMUPS


class TestSettings:
    def test_bare_measures_quick_and_standard_and_skips_the_rest_with_a_reason(self) -> None:
        bare = settings.read({})
        assert [bare.case(name, "anthropic").operations for name in ("quick", "standard")] == [10, 100]
        with pytest.raises(
            NotImplementedError, match=r"full takes minutes: ask with PERSONA_ASV_OPERATIONS="
        ):
            bare.case("full", "anthropic")

    def test_a_run_measures_its_own_cases_with_its_own_numbers(self) -> None:
        told = settings.read({"PERSONA_ASV_OPERATIONS": '{"full": 7}'})
        assert told.case("full", "anthropic").operations == 7
        with pytest.raises(NotImplementedError, match="quick is not part of this run"):
            told.case("quick", "anthropic")

    def test_only_the_providers_that_are_asked_for_are_measured(self) -> None:
        with pytest.raises(NotImplementedError, match="ask with PERSONA_ASV_PROVIDERS=ollama"):
            settings.read({}).case("quick", "ollama")
        told = settings.read({"PERSONA_ASV_PROVIDERS": "openai,ollama"})
        assert [told.case("quick", name).operations for name in ("openai", "ollama")] == [10, 10]
        with pytest.raises(NotImplementedError, match="anthropic is not part of this run"):
            told.case("quick", "anthropic")

    def test_memory_is_measured_without_model_time(self) -> None:
        assert settings.read({"PERSONA_ASV_PROFILE": "constant:9"}).at_once().profile == "none"


def test_a_bare_asv_run_measures_quick_with_a_stand_in_of_its_own(folder: Path) -> None:
    done = asv(
        folder, "run", "-E", "existing:same", "--set-commit-hash", "HEAD", "--record-samples", "--no-pull",
        "--machine", "tester", "--bench", r"\('quick', 'anthropic'", "--bench", r"stages.*1kb",
        "--show-stderr",
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    (path,) = [path for path in folder.glob("results/tester/*.json") if path.name != "machine.json"]
    result = Results.load(str(path))
    at = [["'quick'"], ["'anthropic'"]]
    assert len(result.get_result_samples("generation.Generation.time_generate", at)[0]) == 10
    assert result.get_result_value("generation.Generation.track_api_calls", at) == [1.0]
    assert result.get_result_value("generation.Generation.track_error_rate", at) == [0.0]
    assert result.get_result_value("work.Work.track_python_calls", at)[0] > 1000
    starts = {
        name: result.get_result_value(name, at)[0]
        for name in metrics.benchmarks([metrics.FAMILIES["startup"]])
    }
    assert starts[metrics.INTERPRETER] < starts[metrics.CLI_STARTUP]
    assert starts[metrics.IMPORTED_MODULES] > 100
    for name in ("load", "render", "parse"):
        (samples,) = result.get_result_samples(f"stages.Stages.time_{name}", [["'1kb'"]])
        assert len(samples) == 400, "two processes of 200"
        assert min(samples) > 0


def test_a_track_benchmark_alone_measures_for_itself_and_the_rest_is_skipped_with_a_reason(
    folder: Path,
) -> None:
    done = asv(
        folder, "run", "-E", "existing:same", "--dry-run", "--machine", "tester",
        "--bench", "track_api_calls", "--show-stderr",
        PERSONA_ASV_OPERATIONS='{"quick": 3}',
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr
    assert "standard is not part of this run" in done.stdout
    rows = [line.split() for line in done.stdout.splitlines()]
    assert ["quick", "1.0", *["n/a"] * 3] in rows, "on the first provider alone"
