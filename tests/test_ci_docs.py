"""docs/how-to/ci.md: what it tells to type works as it is told."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from pathlib import Path

import pytest
import yaml
from conftest import ADAPTER, ROOT, git, help_of, persona

from persona_asv.scaffold import drafts

PAGE = (ROOT / "docs" / "how-to" / "ci.md").read_text()


def block(mark: str, kind: str) -> str:
    """Return the block of code after a mark."""
    found = re.search(rf"<!-- {mark} -->\n```{kind}\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    return found[1]


def commands() -> list[list[str]]:
    """Return every command line of the page, without its redirection."""
    found = re.findall(r"```console\n(.*?)```", PAGE, re.DOTALL)
    return [shlex.split(line.partition(" > ")[0]) for text in found for line in text.splitlines()]


def test_setting_up_a_repository(tmp_path: Path) -> None:
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / "my_adapter.py").write_text(ADAPTER + "\nsubject = plain\n")
    git(tmp_path, "add", ".")
    git(tmp_path, "commit", "-q", "-m", "first")
    for words in commands()[:3]:
        done = persona(*words[1:], cwd=tmp_path)
        assert done.code == 0, (words, done.err)
    assert "subject: my_adapter:subject" in (tmp_path / "persona.yaml").read_text()
    assert "Running Benchmark Suite: quick" in done.out


@pytest.mark.parametrize("words", commands(), ids=" ".join)
def test_every_option_exists(words: list[str]) -> None:
    shown = help_of(*words[1:3])
    assert words[0] == "persona"
    assert [word for word in words if word.startswith("--") and word not in shown] == []


@pytest.mark.parametrize(("code", "expected"), [(0, 0), (1, 0), (2, 2), (3, 3), (139, 3)])
def test_the_shell_script_ends_as_the_table_says(code: int, expected: int, tmp_path: Path) -> None:
    program = tmp_path / "persona-asv"
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nexit {code}\n')
    program.chmod(0o755)
    (tmp_path / "gate.sh").write_text(block("shell", "bash"))
    done = subprocess.run(
        ["bash", str(tmp_path / "gate.sh"), "main"],
        env={**os.environ, "PATH": f"{tmp_path}:{os.environ['PATH']}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert done.returncode == expected
    assert done.stdout.startswith("performance: ")
    assert (tmp_path / "asked").read_text() == "benchmark compare --baseline main --ci\n"


def test_the_job_for_gitlab_lets_a_warning_pass() -> None:
    job = yaml.safe_load(block("gitlab", "yaml"))["benchmark"]
    assert job["allow_failure"] == {"exit_codes": [1]}
    words = shlex.split(job["script"][-1])
    shown = help_of(*words[1:3])
    assert [word for word in words if word.startswith("--") and word not in shown] == []


def test_the_lines_for_another_suite_are_those_that_init_writes() -> None:
    found = re.search(r"```python\n(.*?)```", PAGE, re.DOTALL)
    assert found is not None
    assert drafts.SUITE.endswith(found[1])
