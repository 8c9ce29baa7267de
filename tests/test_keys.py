"""A key in the environment goes nowhere: no file, no output, no command line, whatever is done and fails."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import persona_like
import pytest
from conftest import ROOT, UNTRACED, environment, git

KEY = "sk-planted-0d9e7b31"
NAMES = ("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GOOGLE_API_KEY", "PERSONA_ASV_API_KEY", "GITHUB_TOKEN")

COMMANDS = (
    "run --workload quick --iterations 2 --json --debug",
    "capture --name kept --from-last",
    "run --workload quick --iterations 2",
    "compare --baseline kept --no-confirm --json --debug",
    "run --workload quick --iterations 2 --rounds 1 --provider gemini --only api_efficiency",
    "run --workload quick --iterations 3 --rounds 3 --only startup --only work",
    "report --format html --output report.html",
    "report --format markdown --output report.md",
    "report --format json --output report.json",
    "publish",
    "doctor --seconds 0.05 --json",
    "run --workload quick --provider nobody --debug",
    "run --workload quick --model sk-none --profile none --config absent.yaml --debug",
)
"""What a user does, the last two in vain."""


@contextmanager
def command_lines() -> Iterator[set[bytes]]:
    """Collect the command line of every process there is, for as long as this lasts."""
    found: set[bytes] = set()
    over = threading.Event()

    def look() -> None:
        while not over.is_set():
            for path in Path("/proc").glob("[0-9]*/cmdline"):
                try:
                    found.add(path.read_bytes())
                except OSError:
                    continue
            over.wait(0.02)

    watcher = threading.Thread(target=look)
    watcher.start()
    try:
        yield found
    finally:
        over.set()
        watcher.join()


def leaks(folder: Path) -> list[Path]:
    """Return the files that hold the key."""
    return [path for path in folder.rglob("*") if path.is_file() and KEY.encode() in path.read_bytes()]


@pytest.fixture
def temporary() -> Iterator[Path]:
    """Return a folder for temporary files; its path is short, for sockets lie in it."""
    with tempfile.TemporaryDirectory(prefix="keys-", dir="/tmp") as folder:
        yield Path(folder)


def project(folder: Path, **shape: str) -> Path:
    """Return a clean repository that is a Persona with a key in its environment."""
    persona_like.write(folder, **shape)
    (folder / "persona.yaml").write_text("benchmarks:\n  subject: persona\n  machine: tester\n")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def done(folder: Path, arguments: str, temporary: Path) -> subprocess.CompletedProcess[str]:
    """Run a command with the key planted under every name that a provider's key has."""
    path = os.pathsep.join((str(folder / "src"), str(ROOT)))
    return subprocess.run(
        [sys.executable, "-P", "-m", "persona_asv", "benchmark", *arguments.split()],
        cwd=folder,
        env=environment(PYTHONPATH=path, TMPDIR=str(temporary), **UNTRACED, **dict.fromkeys(NAMES, KEY)),
        capture_output=True,
        text=True,
        check=False,
    )


@dataclass(frozen=True)
class Everything:
    """What came of all commands, where they left their files, and the command lines that were seen."""

    said: Mapping[str, tuple[int, str]]
    lines: frozenset[bytes]
    folders: tuple[Path, Path]


@pytest.fixture(scope="module")
def everything(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Everything]:
    root, said = tmp_path_factory.mktemp("keys"), {}
    folder = project(root / "project")
    with (
        tempfile.TemporaryDirectory(prefix="keys-", dir="/tmp") as temporary,
        command_lines() as lines,
    ):
        for command in COMMANDS:
            ended = done(folder, command, Path(temporary))
            said[command] = (ended.returncode, ended.stdout + ended.stderr)
        yield Everything(said, frozenset(lines), (root, Path(temporary)))


class TestWhatIsDone:
    def test_all_but_the_last_two_succeed(self, everything: Everything) -> None:
        failed = [command for command, (code, _) in everything.said.items() if code == 3]
        assert failed == list(COMMANDS[-2:]), everything.said

    def test_a_key_is_in_no_output(self, everything: Everything) -> None:
        assert [command for command, (_, text) in everything.said.items() if KEY in text] == []

    def test_a_key_is_in_no_file(self, everything: Everything) -> None:
        assert [path for folder in everything.folders for path in leaks(folder)] == []

    @pytest.mark.skipif(not Path("/proc/self/cmdline").exists(), reason="the kernel shows no command lines")
    def test_a_key_is_on_no_command_line(self, everything: Everything) -> None:
        assert any(b"persona_asv.standin" in line for line in everything.lines), "processes were seen"
        assert [line for line in everything.lines if KEY.encode() in line] == []


BACKEND = """
import os
def build_wheel(*arguments):
    raise ValueError(sorted(os.environ.items()))
"""


def test_a_build_that_prints_its_environment(tmp_path: Path, temporary: Path) -> None:
    folder = project(tmp_path / "project")
    (folder / "backend.py").write_text(BACKEND)
    (folder / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
    )
    git(folder, "add", "--all")
    git(folder, "commit", "-q", "-m", "a build that tells all")
    ended = done(folder, "history HEAD --debug", temporary)
    assert ended.returncode == 3
    assert "skipped: " in ended.stdout
    assert "('ANTHROPIC_API_KEY', 'stand-in')" in ended.stdout, "the build saw what stands for the key"
    assert KEY not in ended.stdout + ended.stderr
    assert leaks(tmp_path) + leaks(temporary) == []


@pytest.mark.parametrize(
    "before",
    [
        "import os; raise ValueError(sorted(os.environ.items()))",
        "import os; print(sorted(os.environ.items())); sys.exit(str(sorted(os.environ.items())))",
        "import os; os._exit(9)",
    ],
    ids=["raises", "exits", "dies"],
)
def test_what_fails(tmp_path: Path, temporary: Path, before: str) -> None:
    folder = project(tmp_path / "project", before=before)
    ended = done(folder, "run --workload quick --iterations 2 --debug", temporary)
    assert ended.returncode == 3
    assert KEY not in ended.stdout + ended.stderr
    assert leaks(tmp_path) + leaks(temporary) == []
