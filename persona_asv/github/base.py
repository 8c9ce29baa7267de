"""What a pull request is compared with: the commit it is merged into, where that is gated already."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from persona_asv import config
from persona_asv.engine import git, ownership
from persona_asv.errors import ConfigError, UsageError

WORKFLOW = ".github/workflows/benchmark.yml"
"""The workflow that compares: a commit without it was never gated."""


@dataclass(frozen=True, slots=True)
class Base:
    """The commit that a pull request is merged into.

    Attributes
    ----------
    gated
        Whether there is something to compare with: it has the workflow, and names a subject that is part of
        the repository. Its own tree says so, so that no change can switch its gate off.
    """

    commit: str
    gated: bool


def base(root: Path) -> Base:
    """Return the first parent of the merge that a pull request's job has checked out.

    Raises
    ------
    UsageError
        The checkout ends at the merge itself.
    """
    found = git.ask(root, "rev-parse", "--verify", "--quiet", "HEAD^1")
    if not found:
        raise UsageError("HEAD has no parent here to compare with: check out the merge with `fetch-depth: 2`")
    commit = found.strip()
    has_workflow = git.ask(root, "cat-file", "-e", f"{commit}:{WORKFLOW}") is not None
    return Base(commit, gated=has_workflow and _names_its_own(root, commit))


def owns_its_subject(root: Path) -> bool:
    """Return whether the code under test is part of the repository as it is checked out.

    Raises
    ------
    ConfigError
        Its persona.yaml cannot be read.
    """
    return ownership.is_part(root, "HEAD", config.load(root).subject or ownership.OURS)


def _names_its_own(root: Path, commit: str) -> bool:
    content = git.ask_bytes(root, "cat-file", "blob", f"{commit}:{config.FILE}") or b""
    try:
        subject = config.read_subject(content.decode(errors="replace"), config.FILE)
    except ConfigError:
        return True  # who broke it may have broken the gate: comparing says what is wrong
    return ownership.is_part(root, commit, subject or ownership.OURS)
