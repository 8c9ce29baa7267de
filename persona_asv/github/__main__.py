"""``python -m persona_asv.github base|subject|settings|comment|history fetch|history push``.

The commands of our workflow templates print what a job needs; a fault is one line and exit code 3.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from persona_asv import config
from persona_asv.engine import git
from persona_asv.engine.results_branch import ResultsBranch
from persona_asv.engine.suite import results_folder
from persona_asv.errors import ExitCode, PersonaAsvError, UsageError
from persona_asv.github import base as bases
from persona_asv.github import event, posting
from persona_asv.github.api import Api

HISTORY = "benchmark-results"
"""The branch that holds the history, unless the variable HISTORY names another."""


def main(arguments: list[str], environ: Mapping[str, str]) -> ExitCode:
    """Carry out one of the commands; returns its exit code, an error already told."""
    try:
        command = _COMMANDS.get(tuple(arguments))
        if command is None:
            raise UsageError(f"one of: {', '.join(' '.join(each) for each in _COMMANDS)}")
        print(command(environ))  # noqa: T201 - a job's log
    except PersonaAsvError as error:
        print(f"error: {' '.join(str(error).split())}", file=sys.stderr)  # noqa: T201
        return ExitCode.COULD_NOT_MEASURE
    return ExitCode.PASS


def base(environ: Mapping[str, str]) -> str:
    """Return what a pull request is compared with, and whether that is gated, as a step's outputs."""
    found = bases.base(_root())
    return f"sha={found.commit}\n{_outputs(gated=found.gated)}"


def subject(environ: Mapping[str, str]) -> str:
    """Return whether the code under test is part of this repository, as a step's output."""
    return _outputs(own=bases.owns_its_subject(_root()))


def settings(environ: Mapping[str, str]) -> str:
    """Return what persona.yaml says of pipelines, as a step's outputs."""
    ci = config.load(Path.cwd()).ci
    flags = {"upload_artifacts": ci.upload_artifacts, "comment_on_pr": ci.comment_on_pr}
    return _outputs(**flags)


def _outputs(**flags: bool) -> str:
    return "\n".join(f"{name}={str(flag).lower()}" for name, flag in flags.items())


def comment(environ: Mapping[str, str]) -> str:
    """Tell a pull request what a finished run found."""
    if not config.load(Path.cwd()).ci.comment_on_pr:
        return "benchmarks.ci.comment_on_pr is false: nothing is told."
    job = event.job(environ)
    run = event.finished(environ.get("GITHUB_EVENT_PATH", ""))
    if run is None:
        return "No pull request set that run off: nobody to tell."
    with Api(job) as api:
        return posting.post(api, job, run)


def fetch(environ: Mapping[str, str]) -> str:
    """Fetch the history to where asv and we look for it."""
    its = _branch(environ)
    return f"Fetched {its.branch}." if its.fetch() else f"There is no branch {its.branch} yet."


def push(environ: Mapping[str, str]) -> str:
    """Push the history, with the baselines captured here."""
    its = _branch(environ)
    attempts = its.push(f"Results of {environ.get('GITHUB_SHA', '')[:8] or 'this commit'}")
    return f"Pushed {its.branch}, attempt {attempts}." if attempts else "Nothing new to push."


def _root() -> Path:
    found = git.ask(Path.cwd(), "rev-parse", "--show-toplevel")
    if not found:
        raise UsageError("this folder is in no git repository: check it out first")
    return Path(found.rstrip("\n"))


def _branch(environ: Mapping[str, str]) -> ResultsBranch:
    root = _root()
    its = config.load(root)
    return ResultsBranch(
        root,
        environ.get("HISTORY") or HISTORY,
        {"results": results_folder(root), "baselines": its.root / its.baselines_dir},
        environ.get("GITHUB_SERVER_URL", ""),
        environ.get("GITHUB_TOKEN", ""),
    )


_COMMANDS: Mapping[tuple[str, ...], Callable[[Mapping[str, str]], str]] = {
    ("base",): base,
    ("subject",): subject,
    ("settings",): settings,
    ("comment",): comment,
    ("history", "fetch"): fetch,
    ("history", "push"): push,
}

if __name__ == "__main__":
    sys.exit(int(main(sys.argv[1:], os.environ)))
