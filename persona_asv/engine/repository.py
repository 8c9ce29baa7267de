"""The repository around a folder, as it is before anything of ours is in it; it may have no commit yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from persona_asv.engine.git import ask, has_ref


@dataclass(frozen=True, slots=True)
class Repository:
    """A git work tree.

    Attributes
    ----------
    branch
        The branch that others start from: the remote's default where it exists here, else ``main`` or
        ``master``, else the current one. Before the first commit it is the one that commit will make. None
        where HEAD is detached and there is none of them.
    """

    root: Path
    branch: str | None


def around(start: Path) -> Repository | None:
    """Return the repository whose work tree holds the folder; None outside of one, or without git.

    Raises
    ------
    MeasurementError
        git does not trust the repository.
    """
    root = ask(start, "rev-parse", "--show-toplevel")
    if not root:
        return None
    folder = Path(root.rstrip("\n"))
    return Repository(folder, _branch(folder))


def _branch(folder: Path) -> str | None:
    default = ask(folder, "symbolic-ref", "--quiet", "--short", "refs/remotes/origin/HEAD") or ""
    current = ask(folder, "symbolic-ref", "--quiet", "--short", "HEAD") or ""
    candidates = [default.strip().removeprefix("origin/"), "main", "master", current.strip()]
    if current and ask(folder, "rev-parse", "--verify", "--quiet", "HEAD") is None:
        return current.strip()
    return next((name for name in candidates if name and has_ref(folder, f"refs/heads/{name}")), None)


def is_ignored(folder: Path, path: str) -> bool:
    """Return whether git would leave out a file of this path, were it there."""
    return ask(folder, "check-ignore", "--quiet", "--no-index", "--", path) is not None
