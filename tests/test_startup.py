"""Starts of the subject: fresh processes, checked, and skipped with a reason where nothing starts."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import ADAPTER, ROOT, environment, persona

from benchmarks import startup
from persona_asv.subject import Start, load
from persona_asv.subject.__main__ import main

ADAPTERS = f"""{ADAPTER}
from persona_asv.subject import Start

def starting(**its):
    subject = Changed()
    subject.start = Start(**its)
    return subject

noisy = starting(module="noisy", command=("-m", "noisy"))
broken = starting(module="nowhere_to_be_found")
silent = starting(module="noisy", command=("-c", "raise SystemExit(4)"))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("startup")
    (place / "adapter.py").write_text(ADAPTERS)
    (place / "noisy.py").write_text("import colorsys\nprint('chatter ' * 10_000)\n")
    return place


def run(folder: Path, subject: str, workload: str = "standard"):
    command = ("benchmark", "run", "--workload", workload, "--rounds", "1", "--only", "startup", "--json")
    return persona(*command, "--subject", subject, cwd=folder)


class TestRun:
    def test_a_command_is_started_and_modules_are_counted(self, folder: Path) -> None:
        done = run(folder, "adapter:noisy", "full")
        assert done.code == 0, done.err
        found = json.loads(done.out)["data"]
        assert list(found["cases"]) == ["full", "full-5kb"]
        first, second = (case["metrics"] for case in found["cases"].values())
        assert first == second, "one measurement serves all cases of a round"
        assert set(first) == {"cli_startup_ms", "import_ms", "imported_modules"}
        assert first["imported_modules"]["value"] == 2, "noisy and colorsys"
        assert first["import_ms"]["unit"] == "ms"
        assert first["import_ms"]["value"] > 0
        assert first["cli_startup_ms"]["value"] > 0

    def test_without_a_command_line_it_is_skipped_with_a_reason(self, folder: Path) -> None:
        done = run(folder, "adapter:plain")
        assert done.code == 0, done.err
        found = json.loads(done.out)["data"]
        assert set(found["cases"]["standard"]["metrics"]) == {"import_ms", "imported_modules"}
        assert found["cases"]["standard"]["metrics"]["imported_modules"]["value"] > 100, "the adapter's own"
        log = (Path(found["path"]) / "round-01" / "asv.log").read_text()
        assert "subject adapter:plain names no command line" in log

    @pytest.mark.parametrize(
        ("subject", "reason"),
        [
            ("adapter:broken", "nowhere_to_be_found"),
            ("adapter:silent", "`python -c raise SystemExit(4)` ended with exit code 4"),
        ],
    )
    def test_a_start_that_fails_is_never_a_fast_one(self, folder: Path, subject: str, reason: str) -> None:
        done = run(folder, subject)
        assert done.code == 3
        assert reason in done.err


class TestWhatStarts:
    def test_the_reference_subject_says_it_itself(self) -> None:
        subject = load("reference")
        assert startup.module_of(subject, "reference") == "persona_asv.subject.reference"
        assert startup.command_of(subject) == ("-m", "persona_asv.subject", "--version")

    def test_an_adapter_that_says_nothing_is_its_module(self) -> None:
        assert startup.module_of(object(), "my.adapter:subject") == "my.adapter"
        assert startup.command_of(object()) == ()

    def test_an_older_subject_without_the_word_is_the_module_that_holds_it(self) -> None:
        assert startup.module_of(Start("x"), "reference") == "persona_asv.subject.protocol"


class TestProcesses:
    def test_every_kind_is_started_in_turns_and_the_quickest_counts(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        order, seconds = [], iter([3.0, 30.0, 1.0, 10.0, 2.0, 20.0])

        def started(arguments) -> startup.Start:
            order.append(tuple(arguments))
            its = next(seconds)
            return startup.Start(seconds=its, cpu=its / 2)

        imports = iter([(0.5, 7), (0.4, 7), (0.6, 7)])
        monkeypatch.setattr(startup, "start", started)
        monkeypatch.setattr(startup, "importing", lambda module: next(imports))
        found = startup.measure("m", ("-m", "m"))
        assert found == startup.Starts(interpreter=0.5, importing=0.4, modules=7, command=10.0)
        assert order == [("-c", "pass"), ("-m", "m")] * 3

    def test_waiting_for_a_cpu_is_what_the_kernel_says(self) -> None:
        assert startup._waited(os.getpid()) >= 0
        assert startup._waited(2**22 + 1) == 0.0, "no such process"

    def test_an_import_brings_its_modules(self) -> None:
        seconds, modules = startup.importing("persona_asv.subject.prompt")
        assert seconds > 0
        assert modules > 10


class TestCommandLine:
    """The reference subject's own."""

    def test_it_says_its_version(self) -> None:
        command = [sys.executable, *startup.command_of(load("reference"))]
        done = subprocess.run(
            command, cwd=ROOT, env=environment(), capture_output=True, text=True, timeout=60, check=True
        )
        assert done.stdout == f"reference {load('reference').version}\n"

    def test_it_generates_personas(self, capsys: pytest.CaptureFixture[str]) -> None:
        from persona_asv.standin.process import StandIn

        sample = str(load("reference").sample("1kb"))
        with StandIn.start() as standin:
            standin.configure("cli")
            url = standin.base_url("cli")
            assert main([sample, "--base-url", url, "--personas", "2"]) == 0
            assert capsys.readouterr().out == "2 of 2 personas\n"
            assert main([f"{sample}/nothing", "--base-url", url]) == 1
        assert "no such file or folder" in capsys.readouterr().err


class TestOneProcess:
    def test_waiting_of_its_own_accord_counts_and_is_not_cpu_time(self) -> None:
        found = startup.start(("-c", "import time; time.sleep(0.5)"))
        assert found.seconds > 0.45
        assert found.cpu < found.seconds - 0.3

    def test_children_count(self) -> None:
        burn = "import time\\nwhile time.process_time() < 0.3: pass"
        code = f"import subprocess, sys; subprocess.run([sys.executable, '-c', '''{burn}'''], check=True)"
        assert startup.start(("-c", code)).cpu > 0.3
