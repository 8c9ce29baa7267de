"""What whole-command tests share: the command line as a user types it, and small git repositories."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent

FIRST = (
    "docs",
    "story",
    "backfill",
    "every_workload",
    "run",
    "streaming",
    "keys",
    "script",
    "suite_benchmarks",
)
"""Files that take longest, so that on several cores none of them is left for the end."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; a file's own order stays."""
    names = [f"test_{name}.py" for name in FIRST]
    items.sort(key=lambda item: names.index(item.path.name) if item.path.name in names else len(names))


ADAPTER = '''
"""A subject for tests: the reference subject, with one thing changed."""
import http.client
import json
import os
import time
from urllib.parse import urlsplit
from persona_asv.subject.reference import REFERENCE

held = []

def cpu(seconds):
    end = time.process_time() + seconds
    while time.process_time() < end:
        pass

def die():
    os._exit(0)

def fail(reason):
    raise ValueError(reason)

class Changed:
    """Does ``before`` ahead of each operation of the reference subject, and the operation ``times`` times."""
    name = "changed"
    version = "1.0"
    providers = REFERENCE.providers
    default_models = REFERENCE.default_models

    def __init__(self, before=lambda: None, times=1, only_every=1, held=0):
        self.before, self.times, self.only_every, self.held = before, times, only_every, held
        self.operations = 0

    def sample(self, size):
        return REFERENCE.sample(size)

    def open(self, **endpoint):
        self.session = REFERENCE.open(**endpoint)
        held.append(b"x" * self.held)
        return self

    def generate_batch(self, research, personas, concurrency):
        return self.session.generate_batch(research, personas, concurrency)

    def generate(self, research, personas):
        self.operations += 1
        if self.operations % self.only_every == 0:
            self.before()
        for _ in range(self.times):
            outcome = self.session.generate(research, personas)
        return outcome

    def close(self):
        self.session.close()

class Moody(Changed):
    """Has the stand-in go wrong as the environment says."""

    def open(self, **endpoint):
        url = urlsplit(endpoint["base_url"])
        connection = http.client.HTTPConnection(url.hostname, url.port)
        plan = {"faults": json.loads(os.environ["FAULTS"])}
        connection.request("PUT", "/-/sessions" + url.path, json.dumps(plan))
        assert connection.getresponse().status == 200
        connection.close()
        return super().open(**endpoint)

moody = Moody()
plain = Changed()
cpu_20ms = Changed(lambda: cpu(0.02))
sleep_20ms = Changed(lambda: time.sleep(0.02))
held_30mb = Changed(held=30_000_000)
extra_request = Changed(times=2)
fails = Changed(lambda: fail("out of luck | today"))
fails_sometimes = Changed(lambda: fail("not today"), only_every=5)
hangs = Changed(lambda: time.sleep(1000))
dies = Changed(die)
prints = Changed(lambda: print("chatter"))
'''


@dataclass(frozen=True)
class Done:
    """A command that ended."""

    code: int
    out: str
    err: str


def environment(**changes: str) -> dict[str, str]:
    """Return this process's environment without CI's word, so that nothing a test sees depends on it."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if name not in ("CI", "PERSONA_ASV_STANDIN") and not name.startswith("GITHUB_")
    }
    return {**kept, "PYTHONIOENCODING": "utf-8", **changes}


UNTRACED = {"COVERAGE_PROCESS_START": "", "COVERAGE_PROCESS_CONFIG": ""}
"""What keeps coverage out of a process and its children: it makes them half as long again."""


def persona(*arguments: str, cwd: Path, **environ: str) -> Done:
    """Run ``persona`` as a user would, in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "persona_asv", *arguments],
        cwd=cwd,
        env=environment(**environ),
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=300,
        check=False,
        stdin=subprocess.DEVNULL,
    )
    return Done(done.returncode, done.stdout, done.stderr)


@cache
def help_of(*command: str) -> str:
    """Return the help of a command."""
    return persona(*command, "--help", cwd=ROOT).out


def git(folder: Path, *arguments: str) -> str:
    """Run git with a fixed identity, free of this machine's configuration."""
    return subprocess.run(
        ["git", "-C", str(folder), "-c", "user.name=t", "-c", "user.email=t@example.org", *arguments],
        env={**os.environ, "GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_NOSYSTEM": "1"},
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder outside any repository, with the adapter in it."""
    (tmp_path / "adapter.py").write_text(ADAPTER)
    return tmp_path


@pytest.fixture
def repository(folder: Path) -> Path:
    """Return a clean repository with one commit, whose subject is the adapter."""
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("__pycache__/\n")
    (folder / "persona.yaml").write_text("benchmarks:\n  subject: adapter:plain\n  machine: tester\n")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


Persona = Callable[..., Done]
