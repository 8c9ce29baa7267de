"""What the files of a scaffold say."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

SUITE = '''\
"""The asv suite: persona_asv's own, as installed where this runs, and any module beside this file.

asv looks for benchmarks here; `persona benchmark run` measures with the installed suite either way.
"""

from persona_asv.engine.suite import suite_folder

__path__.append(str(suite_folder()))
'''
IGNORED = (".asv/", "benchmark-reports/")
GITIGNORE_HEAD = "# persona_asv: runs, asv's environments and history; reports"
_TEMPLATES = Path(__file__).parent.parent / "templates" / "github"
WORKFLOWS = ("benchmark.yml", "benchmark-comment.yml", "benchmark-history.yml")


@dataclass(frozen=True, slots=True)
class Choices:
    """What a scaffold is made for.

    Attributes
    ----------
    project
        Its name in asv's site.
    branch
        The branch that pull requests go to and that the history follows, None for whatever is checked out.
    packaged
        Whether pip can install the repository.
    requirement
        What pip installs persona_asv from.
    """

    project: str
    branch: str | None
    packaged: bool
    requirement: str
    subject: str = "reference"
    provider: str = "anthropic"


def asv_configuration(choices: Choices) -> str:
    """Return ``asv.conf.json``: asv's own commands on the suite and on the history that a run writes."""

    def write(value: object) -> str:
        return json.dumps(value, ensure_ascii=False)

    tool = f"in-dir={{env_dir}} python -m pip install '{choices.requirement}'"
    build, install = [], [tool]
    if choices.packaged:
        build = ["python -m pip wheel --no-deps -w {build_cache_dir} {build_dir}"]
        install = ["in-dir={env_dir} python -m pip install --force-reinstall --no-deps {wheel_file}",
                   "in-dir={env_dir} python -m pip install {wheel_file}", tool]  # fmt: skip
    lines = [
        "{",
        "    // For asv's own commands: asv run, show, compare, publish, find. `persona benchmark run` reads",
        "    // only results_dir, and adds its runs of clean commits to the history there.",
        '    "version": 1,',
        f'    "project": {write(choices.project)},',
        '    "repo": ".",',
        f'    "branches": {write([choices.branch or "HEAD"])},',
        '    "environment_type": "virtualenv",',
        f'    "build_command": {_listed(build)},',
        f'    "install_command": {_listed(install)},',
        '    "build_cache_size": 10,',
        '    "benchmark_dir": "benchmarks",',
        '    "env_dir": ".asv/env",',
        '    "results_dir": ".asv/results",',
        '    "html_dir": ".asv/html"',
        "}",
    ]
    return "\n".join(lines) + "\n"


def _listed(commands: list[str]) -> str:
    if not commands:
        return "[]"
    inner = ",\n".join(f"        {json.dumps(command)}" for command in commands)
    return f"[\n{inner}\n    ]"


def section(choices: Choices) -> str:
    """Return the section of ``persona.yaml``, each line that has a default at its default."""
    return f"""\
benchmarks:
  # The code under test: reference (persona_asv's own), persona, or module:attribute of an adapter.
  subject: {choices.subject}
  provider: {choices.provider}
  baselines_dir: ./baselines
  reports_dir: ./benchmark-reports
  # Percent worse, and beyond doubt; thresholds.metrics.<key> changes one metric.
  thresholds:
    warn: 10
    fail: 25
  # fail_on: the mildest verdict that fails a build, warn or fail. fail_on_regression: false only annotates.
  ci:
    upload_artifacts: true
    comment_on_pr: true
    fail_on: warn
    fail_on_regression: true
"""


def workflow(name: str, choices: Choices) -> str:
    """Return one of the GitHub workflows (`WORKFLOWS`), for this branch and this requirement."""
    text = (_TEMPLATES / name).read_text(encoding="utf-8")
    return text.replace("@BRANCH@", choices.branch or "main").replace("@REQUIREMENT@", choices.requirement)
