"""What a pull request is told, gathered: a comparison, the machine, and what becomes of stored baselines."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

from persona_asv.comments.comment import Comment
from persona_asv.comments.document import compared_as_comment
from persona_asv.comments.edits import edits
from persona_asv.comments.shape import parse
from persona_asv.config import Config
from persona_asv.engine import git
from persona_asv.engine.machine import machine_name, this_machine
from persona_asv.environment import Environment
from persona_asv.errors import UsageError
from persona_asv.fingerprint import fingerprint
from persona_asv.reports.report import Report


def compared(path: Path, log: Path | None) -> tuple[dict[str, Any] | None, Comment]:
    """Return what ``compare --json`` printed into a file, and the comment on it.

    Where it printed nothing, because nothing was compared, the comment says why: the error's line is the last
    of its kind in the log.

    Raises
    ------
    UsageError
        The file is missing, or holds something else.
    """
    try:
        content = path.read_bytes()
    except OSError as error:
        raise UsageError(f"--comparison: {path} cannot be read ({error.strerror})") from error
    if not content.strip():
        return None, Comment(failure=_why(log))
    data = parse(content, str(path)).member("data")
    return data.held, compared_as_comment(data)


def _why(log: Path | None) -> str:
    try:
        lines = log.read_text(encoding="utf-8", errors="replace").splitlines() if log else []
    except OSError:
        lines = []
    found = [line.removeprefix("error: ") for line in lines if line.startswith("error: ")]
    return (found[-1] if found else "The comparison printed nothing. Its log says why.")[:500]


def reported(report: Report) -> Comment:
    """Return the comment on a report's comparison with its baseline."""
    if report.against is None:
        return Comment(failure="There is no baseline to compare with.")
    return Comment((report.against.label, report.commit), comparison=report.against.comparison)


def completed(comment: Comment, settings: Config, base: str | None) -> Comment:
    """Return the comment with the machine, and with what became of the baselines since a commit."""
    machine = this_machine(machine_name(settings.machine))
    commit = comment.commits[0]
    root = git.ask(Path.cwd(), "rev-parse", "--show-toplevel")
    if root and base is not None:
        commit = git.commit_of(Path.cwd(), base) or commit
    folder = settings.root / settings.baselines_dir
    found = edits(Path(root.rstrip("\n")), folder, commit) if root and commit else ()
    return replace(comment, machine=_facts(fingerprint(machine, "")), edits=found)


def _facts(its: Environment) -> Mapping[str, str]:
    known = {
        "CPU": its.cpu,
        "cores": None if its.cores is None else str(its.cores),
        "memory": None if its.memory_gb is None else f"{its.memory_gb:g} GB",
        "system": its.os,
        "Python": its.python_version,
        "persona_asv": its.persona_asv,
    }
    return {name: fact for name, fact in known.items() if fact}
