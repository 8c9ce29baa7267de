"""``persona benchmark run`` as users, CI and asv see it: whole commands, real asv, real HTTP, real git."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from pathlib import Path

import psutil
import pytest
from asv.results import Results
from conftest import ADAPTER, ROOT, Done, environment, git, persona

from persona_asv.engine.results import read_result_file

QUICK = ("benchmark", "run", "--workload", "quick", "--iterations", "4")


def data(done: Done) -> dict:
    assert done.code == 0, done.err
    envelope = json.loads(done.out)
    assert (envelope["command"], envelope["success"]) == ("benchmark run", True)
    return envelope["data"]


def metrics(done: Done, case: str = "quick") -> dict[str, float]:
    return {key: found["value"] for key, found in data(done)["cases"][case]["metrics"].items()}


def history(repository: Path) -> list[str]:
    return sorted(
        path.name for path in repository.glob(".asv/results/*/*.json") if path.name != "machine.json"
    )


def change(path: Path) -> None:
    path.write_text(path.read_text() + "\n# changed\n")


class TestOutput:
    def test_outside_a_repository_it_measures_all_the_same(self, folder: Path) -> None:
        done = persona(*QUICK, cwd=folder)
        assert done.code == 0, done.err
        lines = done.out.splitlines()
        assert lines[0] == "Running Benchmark Suite: quick"
        assert "Workload: quick (4 iterations in 2 rounds)" in lines
        assert "Provider: anthropic (claude-sonnet-4-20250514)" in lines
        assert "Endpoint: stand-in (model time 0 ms)" in lines
        assert [line.split()[1] for line in lines if line.startswith("  ✅")] == [
            "generation_latency", "client_overhead", "throughput", "memory_usage", "api_efficiency",
            "cost", "reliability", "work",
        ]  # fmt: skip
        assert "Reliability: error_rate 0%, retry_rate 0%, parse_success_rate 100%" in lines
        rows = [line.split("│")[1].strip() for line in lines if line.startswith("│")]
        assert rows == [
            "Metric", "generation_latency", "client_overhead", "throughput (per min)", "memory_peak (MB)",
            "api_calls (per persona)", "tokens (per persona)", "python_calls (per persona)",
        ]  # fmt: skip
        assert len({len(line) for line in lines if line.startswith(("┌", "│", "├", "└"))}) == 1, (
            "columns align"
        )
        assert (
            "generation_latency here is Persona's own time; add your model's. Throughput is a ceiling."
            in lines
        )
        assert any(line.startswith("Harness overhead: ") for line in lines)
        assert any(line.startswith("Waiting for a CPU: ") for line in lines)
        assert any("unattributed, not in the history: outside a git repository" in line for line in lines)
        assert lines[-1] == "Next: persona benchmark run --workload standard"
        assert not (folder / ".asv" / "results").exists()

    def test_ascii_where_the_terminal_has_no_unicode(self, folder: Path) -> None:
        done = persona(*QUICK, "--only", "api_efficiency", cwd=folder, PYTHONIOENCODING="ascii")
        assert done.code == 0, done.err
        assert done.out.isascii()
        assert "| api_calls (per persona) | 1 *" in done.out

    def test_only_measures_what_was_asked_for(self, folder: Path) -> None:
        found = metrics(persona(*QUICK, "--only", "memory_usage", "--json", cwd=folder))
        assert set(found) == {"memory_peak_mb", "memory_average_mb"}

    def test_json_is_one_strict_document_and_everything_else_goes_to_stderr(self, folder: Path) -> None:
        done = persona(*QUICK, "--json", cwd=folder)
        assert "Running Benchmark Suite: quick" in done.err
        found = data(done)
        assert found["endpoint"] == {"kind": "stand-in", "profile": "none"}
        assert found["commit"] is None
        keys = found["cases"]["quick"]["metrics"]
        assert keys["generation_latency_p50"]["n"] == 4
        assert keys["generation_latency_p50"]["rounds"] == 2
        assert not keys["generation_latency_p99"]["supported"]
        assert keys["api_calls_per_persona"]["value"] == 1.0
        assert keys["throughput_per_minute"]["better"] == "higher"
        assert 0 < found["harness_overhead_seconds"] < found["total_seconds"]

    def test_simulated_model_time_is_named_and_is_not_overhead(self, folder: Path) -> None:
        done = persona(*QUICK, "--profile", "constant:150", "--json", cwd=folder)
        found = metrics(done)
        assert "Endpoint: stand-in (model time constant:150, simulated)" in done.err
        assert found["generation_latency_p50"] > 150
        assert found["generation_latency_p50"] - found["client_overhead_p50"] >= 150


class TestProviders:
    def test_every_provider_is_measured_exactly_and_has_its_place_in_the_history(
        self, repository: Path
    ) -> None:
        providers = {
            "anthropic": "claude-sonnet-4-20250514",
            "openai": "gpt-4o",
            "gemini": "gemini-1.5-pro",
            "ollama": "llama3:8b",
        }
        exact = set()
        for provider, model in providers.items():
            done = persona(
                *QUICK, "--provider", provider, "--only", "api_efficiency", "--json", cwd=repository
            )
            assert f"Provider: {provider} ({model})" in done.err
            found = metrics(done)
            exact.add((found["api_calls_per_persona"], found["tokens_per_persona"], found["error_rate"]))
        ((calls, tokens, errors),) = exact
        assert (calls, tokens > 500, errors) == (1.0, True, 0.0), "the same prompt gets the same answer"
        (path,) = repository.glob(".asv/results/tester/*-existing-*.json")
        for provider in providers:
            at = [["'quick'"], [repr(provider)]]
            result = Results.load(str(path), machine_name="tester")
            assert result.get_result_value("generation.Generation.track_api_calls", at) == [1.0]
            assert len(result.get_result_samples("generation.Generation.time_generate", at)[0]) == 4


class TestAttribution:
    def test_a_clean_commit_enters_asvs_history_with_samples_and_stamp(self, repository: Path) -> None:
        assert persona(*QUICK, cwd=repository).code == 0
        commit = git(repository, "rev-parse", "HEAD")
        minor = f"py{sys.version_info.major}.{sys.version_info.minor}"
        assert history(repository) == [f"{commit[:8]}-existing-{minor}.json"]
        (path,) = repository.glob(f".asv/results/tester/{commit[:8]}*")
        result = Results.load(str(path), machine_name="tester")
        assert result.commit_hash == commit
        samples = result.get_result_samples(
            "generation.Generation.time_generate", [["'quick'"], ["'anthropic'"]]
        )
        assert len(samples[0]) == 4, "the rounds' samples together"
        stamp = json.loads(path.read_text())["persona_asv"]
        assert stamp["subject"] == {"name": "adapter:plain", "version": "1.0"}
        assert git(repository, "status", "--porcelain") == "", "what we write is ignored"

    def test_rounds_stay_apart_in_the_run(self, repository: Path) -> None:
        found = data(persona(*QUICK, "--json", cwd=repository))
        rounds = sorted(Path(found["path"]).glob("round-*/tester/*-existing-*.json"))
        assert [json.loads(path.read_text())["persona_asv"]["round"] for path in rounds] == [1, 2]

    def test_a_dirty_tree_is_kept_apart(self, repository: Path) -> None:
        change(repository / "adapter.py")
        done = persona(*QUICK, cwd=repository)
        assert done.code == 0, done.err
        commit = git(repository, "rev-parse", "HEAD")[:8]
        assert f"({commit}+dirty, not in the history: the work tree has changes (adapter.py))" in done.out
        assert history(repository) == []
        assert [path.name[:14] for path in repository.glob(".asv/runs/*/round-01/tester/*existing*")] == [
            f"{commit}+dirty"
        ]

    @pytest.mark.parametrize("state", ["detached", "shallow"])
    def test_ci_checkouts_work(
        self, repository: Path, tmp_path_factory: pytest.TempPathFactory, state: str
    ) -> None:
        checkout = tmp_path_factory.mktemp("ci") / "clone"
        depth = ["--depth", "1"] if state == "shallow" else []
        subprocess.run(["git", "clone", "-q", *depth, f"file://{repository}", str(checkout)], check=True)
        git(checkout, "checkout", "-q", "--detach")
        git(checkout, "branch", "-D", "main")
        assert persona(*QUICK, cwd=checkout).code == 0
        assert len(history(checkout)) == 1

    def test_the_reference_subject_in_a_foreign_repository_is_unattributed(self, repository: Path) -> None:
        done = persona(*QUICK, "--subject", "reference", cwd=repository)
        assert done.code == 0, done.err
        assert "the code measured, persona_asv/subject, is not the one of commit" in done.out
        assert history(repository) == []

    def test_another_subject_of_the_same_commit_stays_out_of_its_history(self, repository: Path) -> None:
        assert persona(*QUICK, cwd=repository).code == 0
        (held,) = repository.glob(".asv/results/tester/*existing*.json")
        before = held.read_bytes()
        done = persona(*QUICK, "--subject", "adapter:cpu_20ms", cwd=repository)
        assert done.code == 0, done.err
        assert "holds results of subject adapter:plain, this run is of adapter:cpu_20ms" in done.out
        assert held.read_bytes() == before

    def test_simulated_model_time_stays_out_of_the_history(self, repository: Path) -> None:
        done = persona(*QUICK, "--profile", "constant:1", cwd=repository)
        assert "not in the history: its model time is simulated" in done.out
        assert history(repository) == []


class TestAsv:
    """asv's own commands on what ``run`` saved."""

    def test_show_compare_and_publish_read_the_history(self, repository: Path) -> None:
        assert persona(*QUICK, cwd=repository).code == 0
        change(repository / "adapter.py")
        git(repository, "commit", "-q", "-a", "-m", "second")
        assert persona(*QUICK, cwd=repository).code == 0
        (repository / "asv.conf.json").write_text(
            json.dumps(
                {
                    "version": 1,
                    "project": "p",
                    "repo": ".",
                    "branches": ["main"],
                    "environment_type": "existing",
                    "results_dir": ".asv/results",
                    "html_dir": ".asv/html",
                    "benchmark_dir": str(ROOT / "benchmarks"),
                }
            )
        )

        def asv(*arguments: str) -> str:
            done = subprocess.run(
                [sys.executable, "-m", "asv", *arguments],
                cwd=repository,
                env=environment(HOME=str(repository / ".asv")),
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
            assert done.returncode == 0, done.stdout + done.stderr
            return done.stdout

        asv("machine", "--yes", "--machine", "tester")
        assert "generation.Generation.time_generate" in asv("show", "--machine", "tester", "main")
        compared = asv("compare", "--machine", "tester", "main~1", "main")
        assert "generation.Generation.track_api_calls('quick', 'anthropic')" in compared
        asv("publish", "--no-pull")
        index = json.loads((repository / ".asv/html/index.json").read_text())
        assert (
            index["benchmarks"]["generation.Generation.time_generate"]["pretty_name"]
            == "generation latency, wall"
        )
        assert len(index["revision_to_hash"]) == 2


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory):
    """Return a function that measures a changed subject, each once."""
    place = tmp_path_factory.mktemp("planted")
    (place / "adapter.py").write_text(ADAPTER)
    found = {}

    def measure(subject: str, profile: str = "none") -> dict[str, float]:
        if (subject, profile) not in found:
            command = ("benchmark", "run", "--workload", "quick", "--json", "--profile", profile)
            done = persona(*command, "--subject", f"adapter:{subject}", cwd=place)
            its = found[subject, profile] = metrics(done)
            path = Path(data(done)["path"])
            its["cpu_ms"] = median_of(path, "track_cpu") * 1e3
            overhead, reference = (
                quickest(path, name) for name in ("track_client_overhead", "track_reference")
            )
            its["overhead_in_references"] = overhead / reference
        return found[subject, profile]

    return measure


class TestPlantedChanges:
    """Each change moves what it must, and leaves the rest."""

    @pytest.mark.parametrize(
        ("subject", "moved"),
        [
            pytest.param("cpu_20ms", {"latency": 20, "overhead": 20, "cpu": 20}, id="20 ms of CPU"),
            pytest.param("sleep_20ms", {"latency": 20, "overhead": 20, "cpu": 0}, id="20 ms asleep"),
        ],
    )
    def test_time(self, measured, subject: str, moved: dict[str, float]) -> None:
        plain, changed = measured("plain"), measured(subject)
        assert changed["generation_latency_p50"] >= moved["latency"]
        assert changed["client_overhead_p50"] >= moved["overhead"]
        assert changed["throughput_per_minute"] <= 60_000 / moved["latency"]
        if moved["cpu"]:
            assert changed["cpu_ms"] >= moved["cpu"]
        else:
            assert changed["cpu_ms"] < plain["cpu_ms"] + 10, "sleeping is not work"
        self.equal(plain, changed, "api_calls_per_persona", "tokens_per_persona", "error_rate")
        assert changed["memory_peak_mb"] == pytest.approx(plain["memory_peak_mb"], rel=0.03)

    def test_memory(self, measured) -> None:
        plain, changed = measured("plain"), measured("held_30mb")
        assert changed["memory_peak_mb"] - plain["memory_peak_mb"] == pytest.approx(30, abs=2)
        self.equal(plain, changed, "api_calls_per_persona", "tokens_per_persona", "error_rate")

    def test_one_extra_request(self, measured) -> None:
        plain, changed = measured("plain"), measured("extra_request")
        assert (plain["api_calls_per_persona"], changed["api_calls_per_persona"]) == (1.0, 2.0)
        assert changed["tokens_per_persona"] == 2 * plain["tokens_per_persona"]
        # In units of the reference operation, as the gate judges, and by the quickest operation: the two were
        # measured minutes apart, and what else the machine does by then may be more than a request costs.
        assert changed["overhead_in_references"] > 1.2 * plain["overhead_in_references"]
        assert changed["memory_peak_mb"] == pytest.approx(plain["memory_peak_mb"], rel=0.03)

    def test_one_extra_request_waits_for_the_model_once_more(self, measured) -> None:
        """50 ms of model time a request, so that no busy machine can hide it."""
        plain, changed = measured("plain", "constant:50"), measured("extra_request", "constant:50")
        assert 50 <= plain["generation_latency_p50"] < 100 <= changed["generation_latency_p50"] < 150
        assert changed["throughput_per_minute"] <= 600
        assert plain["throughput_per_minute"] > 1.3 * changed["throughput_per_minute"]

    @staticmethod
    def equal(plain: dict[str, float], changed: dict[str, float], *keys: str) -> None:
        assert {key: changed[key] for key in keys} == {key: plain[key] for key in keys}


def median_of(run: Path, name: str) -> float:
    (first, *_) = sorted(run.glob("round-*/*/*existing*.json"))
    content = json.loads(first.read_text())
    row = content["results"][f"generation.Generation.{name}"]
    return next(value for value in row[0] if value == value)  # noqa: PLR0124 - skipped combinations are NaN


def quickest(run: Path, name: str) -> float:
    """Return the least of all operations' figures: one that nothing else on the machine got in the way of."""
    found = []
    for path in run.glob("round-*/*/*existing*.json"):
        cell = read_result_file(path).series[f"generation.Generation.{name}"].at("'quick'", "'anthropic'")
        assert cell is not None
        found += cell.samples or ()
    assert len(found) == 10
    return min(found)


class TestBadSubjects:
    @pytest.mark.parametrize(
        ("expected", "subject"),
        [
            pytest.param("each of 8 warm-up operations failed, the last with ValueError: out of luck | today",
                         "fails", id="every operation fails"),
            pytest.param("a benchmark process ended before it wrote its result", "dies", id="it ends"),
        ],
    )  # fmt: skip
    def test_nothing_measured_is_exit_3_in_one_line(self, folder: Path, subject: str, expected: str) -> None:
        done = persona(*QUICK, "--subject", f"adapter:{subject}", cwd=folder)
        assert done.code == 3
        assert len(done.err.splitlines()) == 1
        assert expected in done.err
        assert done.err.strip().endswith("nothing was measured")

    def test_a_failed_operation_is_error_rate(self, folder: Path) -> None:
        command = ("benchmark", "run", "-w", "quick", "--rounds", "1", "--subject", "adapter:fails_sometimes")
        found = metrics(persona(*command, "--json", cwd=folder))
        assert found["error_rate"] == 20.0
        assert found["api_calls_per_persona"] == 1.0

    def test_a_subject_that_prints_is_measured_like_any_other(self, folder: Path) -> None:
        assert (
            metrics(persona(*QUICK, "--json", "--subject", "adapter:prints", cwd=folder))["error_rate"] == 0
        )

    def test_a_subject_that_hangs_ends_at_the_deadline(self, folder: Path) -> None:
        (folder / "persona.yaml").write_text("benchmarks: {workloads: {quick: {timeout: 2}}}\n")
        done = persona(*QUICK, "--subject", "adapter:hangs", cwd=folder)
        assert done.code == 3
        assert (
            "error: the deadline of 2 s for workload quick passed in round 1 of 2; nothing was measured"
            in done.err
        )
        (described,) = folder.glob(".asv/runs/*/run.json")
        assert json.loads(described.read_text())["state"] == "partial"

    def test_a_broken_benchmark_file_is_told_in_one_line(self, folder: Path) -> None:
        shutil.copytree(ROOT / "persona_asv", folder / "persona_asv")
        shutil.copytree(ROOT / "benchmarks", folder / "benchmarks")
        (folder / "benchmarks" / "broken.py").write_text("import no_such_module\n")
        done = persona(*QUICK, cwd=folder, PYTHONPATH=str(folder))
        assert done.code == 3
        assert len(done.err.splitlines()) == 1
        assert "No module named 'no_such_module'" in done.err


def test_kill_9_leaves_no_process_and_no_torn_file(folder: Path) -> None:
    command = [sys.executable, "-m", "persona_asv", "benchmark", "run", "--profile", "constant:100"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob(".asv/runs/*/round-01.unfinished/spool/generation.*")):
        assert time.monotonic() < deadline, "the measurement never began"
        assert process.poll() is None
        time.sleep(0.02)
    family = psutil.Process(process.pid).children(recursive=True)
    assert len(family) >= 4, "stand-in, supervisor, asv and its fork server at least"
    os.kill(process.pid, signal.SIGKILL)
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=10)
    assert alive == []
    for path in folder.rglob("*.json"):
        if "unfinished" not in str(path):
            json.loads(path.read_text())


def test_the_wheel_carries_the_suite_and_runs_without_the_sources(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", str(tmp_path), str(ROOT)],
        check=True,
        capture_output=True,
    )
    (wheel,) = tmp_path.glob("*.whl")
    site, empty = tmp_path / "site", tmp_path / "empty"
    with zipfile.ZipFile(wheel) as archive:
        archive.extractall(site)
    empty.mkdir()
    assert (site / "persona_asv" / "suite" / "generation.py").is_file()
    done = persona(*QUICK, cwd=empty, PYTHONPATH=str(site))
    assert done.code == 0, done.err
    assert "│ generation_latency" in done.out


def test_a_stand_in_that_dies_ends_the_run(folder: Path) -> None:
    command = [sys.executable, "-m", "persona_asv", "benchmark", "run", "--profile", "constant:100"]
    process = subprocess.Popen(
        command, cwd=folder, env=environment(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
    )
    deadline = time.monotonic() + 60
    while not list(folder.glob(".asv/runs/*/round-01.unfinished/spool/generation.*")):
        assert time.monotonic() < deadline, "the measurement never began"
        time.sleep(0.02)
    (standin,) = [
        child
        for child in psutil.Process(process.pid).children()
        if child.cmdline()[-1] == "persona_asv.standin"
    ]
    standin.kill()
    _, said = process.communicate(timeout=60)
    assert process.returncode == 3
    assert "error: the stand-in ended before the measurement did" in said
    (described,) = folder.glob(".asv/runs/*/run.json")
    assert json.loads(described.read_text())["state"] == "partial"


@pytest.mark.parametrize(
    ("expected", "flags"),
    [
        pytest.param("--model: a name of printable ASCII", ("--model", ""), id="empty model"),
        pytest.param("--model: a name of printable ASCII", ("--model", "a b"), id="model with a space"),
        pytest.param("--provider: a name of printable ASCII", ("--provider", ""), id="empty provider"),
        pytest.param(
            "--subject: importing leaves:now called sys.exit(0)", ("--subject", "leaves:now"), id="exit"
        ),
    ],
)
def test_names_are_checked_before_anything_is_measured(folder: Path, expected: str, flags) -> None:
    (folder / "leaves.py").write_text("import sys\nsys.exit(0)\n")
    done = persona(*QUICK, *flags, cwd=folder)
    assert (done.code, len(done.err.splitlines())) == (3, 1)
    assert expected in done.err
    assert not (folder / ".asv").exists()


def test_several_workloads_are_measured_one_after_the_other_each_with_its_cases(folder: Path) -> None:
    command = (
        "benchmark",
        "run",
        "-w",
        "quick",
        "-w",
        "full",
        "--iterations",
        "5",
        "--rounds",
        "1",
        "--json",
    )
    done = persona(*command, cwd=folder)
    assert done.code == 0, done.err
    quick, full = data(done)["runs"]
    assert {
        name: case["metrics"]["generation_latency_p50"]["n"] for name, case in quick["cases"].items()
    } == {"quick": 5}
    assert {name: case["metrics"]["generation_latency_p50"]["n"] for name, case in full["cases"].items()} == {
        "full": 5,
        "full-5kb": 1,
    }
    calls = full["cases"]["full-5kb"]["metrics"]["api_calls_per_persona"]["value"]
    assert calls == pytest.approx(1 / 3), "one request for three personas"
    assert quick["run"] != full["run"]
