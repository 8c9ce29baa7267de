"""The workflow templates: ours are of them, what they run exists, and nothing in them floats."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml
from conftest import ROOT, help_of

from persona_asv.github.__main__ import _COMMANDS, HISTORY
from persona_asv.github.artifact import DOCUMENT, NAME
from persona_asv.scaffold.drafts import WORKFLOWS, Choices, workflow

TEMPLATES = ROOT / "persona_asv" / "templates" / "github"
OURS = ROOT / ".github" / "workflows"
FILES = [*sorted(TEMPLATES.glob("*.yml")), *sorted(OURS.glob("*.yml"))]


def loaded(path: Path) -> dict[Any, Any]:
    found: dict[Any, Any] = yaml.safe_load(path.read_text())
    return found


def steps(path: Path) -> list[dict[str, Any]]:
    return [step for job in loaded(path)["jobs"].values() for step in job["steps"]]


def scripts(path: Path) -> list[str]:
    return [step["run"] for step in steps(path) if "run" in step]


@pytest.mark.parametrize("name", WORKFLOWS)
def test_ours_is_the_template_for_this_repository(name: str) -> None:
    choices = Choices("persona-asv", "main", packaged=True, requirement="")
    assert (OURS / name).read_text() == workflow(name, choices)


@pytest.mark.parametrize("path", FILES, ids=lambda path: f"{path.parent.name}/{path.name}")
class TestEveryWorkflow:
    def test_pins_every_action_by_its_hash_and_says_the_version(self, path: Path) -> None:
        for line in path.read_text().splitlines():
            if "uses:" in line:
                assert re.search(r"uses: [a-z/-]+@[0-9a-f]{40} # v[0-9]+\.[0-9]+\.[0-9]+$", line), line

    def test_grants_nothing_to_all_jobs_but_reading(self, path: Path) -> None:
        assert loaded(path)["permissions"] in ({}, {"contents": "read"})

    def test_keeps_no_credentials_in_the_checkout(self, path: Path) -> None:
        found = [step["with"] for step in steps(path) if "actions/checkout@" in step.get("uses", "")]
        assert all(each["persist-credentials"] is False for each in found)

    def test_puts_no_expression_into_a_script(self, path: Path) -> None:
        assert [script for script in scripts(path) if "${{" in script] == []

    def test_its_scripts_are_bash(self, path: Path) -> None:
        for script in scripts(path):
            subprocess.run(["bash", "-n"], input=script, text=True, check=True, timeout=30)

    def test_every_job_ends(self, path: Path) -> None:
        assert all("timeout-minutes" in job for job in loaded(path)["jobs"].values())

    def test_what_it_runs_of_ours_exists(self, path: Path) -> None:
        for script in scripts(path):
            for words in re.findall(r"persona_asv\.github ([a-z ]+)", script):
                assert tuple(words.split()) in _COMMANDS
            for command, options in re.findall(r"benchmark ([a-z]+)((?:[^\n]|\\\n)*)", script):
                shown = help_of("benchmark", command)
                for option in re.findall(r"--[a-z-]+", options):
                    assert option in shown, f"{command} {option}"


class TestTheCommentsJob:
    PATH = TEMPLATES / "benchmark-comment.yml"

    def test_follows_the_workflow_that_measures(self) -> None:
        measuring = loaded(TEMPLATES / "benchmark.yml")["name"]
        assert loaded(self.PATH)[True]["workflow_run"]["workflows"] == [measuring]

    def test_checks_out_the_default_branch_and_nothing_else(self) -> None:
        (checkout,) = [step for step in steps(self.PATH) if "actions/checkout@" in step.get("uses", "")]
        assert set(checkout["with"]) == {"persist-credentials"}, "no ref: in workflow_run, the default branch"

    def test_what_measures_gets_no_secret_and_cannot_write(self) -> None:
        text = (TEMPLATES / "benchmark.yml").read_text()
        assert "secrets." not in text
        assert "github.token" not in text
        assert "write" not in loaded(TEMPLATES / "benchmark.yml")["permissions"].values()

    def test_both_mean_the_same_artifact(self) -> None:
        (upload,) = [s for s in steps(TEMPLATES / "benchmark.yml") if "upload-artifact@" in s.get("uses", "")]
        assert upload["with"]["name"] == NAME
        assert f"benchmark/{DOCUMENT}".replace("json", "$format") in (
            "".join(scripts(TEMPLATES / "benchmark.yml"))
        )


def test_the_historys_branch_is_the_one_we_know() -> None:
    assert loaded(TEMPLATES / "benchmark-history.yml")["env"]["HISTORY"] == HISTORY


@pytest.mark.parametrize("checker", ["actionlint -shellcheck=", "zizmor --offline --quiet"])
def test_checkers_find_nothing(checker: str) -> None:
    name, *options = checker.split()
    found = shutil.which(name, path=f"{Path(sys.executable).parent}:{os.environ['PATH']}")
    if found is None:
        pytest.skip(f"{name} is not installed; the extra dev has it")
    done = subprocess.run([found, *options, *FILES], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stdout + done.stderr
