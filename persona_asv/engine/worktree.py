"""Which commit the measured code is: git's answer, and only where it is the truth."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from persona_asv.engine.git import ask as _git
from persona_asv.errors import MeasurementError


@dataclass(frozen=True, slots=True)
class WorkTree:
    """A git work tree with at least one commit.

    Attributes
    ----------
    date
        Committer date of the current commit, milliseconds since the epoch, as asv wants it.
    changed
        Tracked files that differ from the commit, and untracked Python files.
    """

    root: Path
    commit: str
    date: int
    changed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Attribution:
    """Whose code was measured.

    Attributes
    ----------
    commit
        The commit, or None where the code belongs to none that we know of.
    dirty
        Whether the work tree held changes that are not in the commit.
    reason
        Why the run cannot enter the commit's history; empty where it can.
    state
        What the code is where no commit says it: a digest of the files that differ from the commit, or of all
        the code; empty for a clean commit. Two runs of the same commit and state measured the same code.
    """

    commit: str | None
    date: int
    dirty: bool
    reason: str = ""
    state: str = ""

    @property
    def historic(self) -> bool:
        """Whether results may enter asv's history."""
        return self.commit is not None and not self.dirty

    @property
    def label(self) -> str:
        """The commit as people read it: ``1a2b3c4d``, ``1a2b3c4d+dirty`` or ``unattributed``."""
        return "unattributed" if self.commit is None else self.commit[:8] + ("+dirty" if self.dirty else "")


def find(start: Path, *, unborn: bool = False) -> WorkTree | None:
    """Return the work tree around ``start``; None outside of one, or without git.

    Parameters
    ----------
    unborn
        Whether a repository before its first commit is none, instead of an error.

    Raises
    ------
    MeasurementError
        The repository has no commit yet, or git cannot tell what changed in it.
    """
    root = _git(start, "rev-parse", "--show-toplevel")
    if not root:
        return None
    head = _git(start, "log", "-1", "--no-show-signature", "--format=%H %ct", "HEAD")
    if head is None:
        if _git(start, "rev-parse", "--verify", "--quiet", "HEAD"):
            raise MeasurementError(f"git cannot tell the commit of {root.strip()}: see `git log` there")
        if unborn:
            return None
        raise MeasurementError(f"the repository {root.strip()} has no commit yet: commit first, then measure")
    commit, seconds = head.split()
    return WorkTree(
        Path(root.rstrip("\n")), commit, int(seconds) * 1000, tuple(_changes(Path(root.rstrip("\n"))))
    )


def date_of(folder: Path, commit: str) -> int:
    """Return a commit's date in milliseconds since the epoch; 0 where it is not here."""
    found = _git(folder, "log", "-1", "--no-show-signature", "--format=%ct", commit)
    return int(found) * 1000 if found else 0


def _changes(root: Path) -> Iterator[str]:
    status = _git(root, "status", "--porcelain=v1", "-z", "--untracked-files=all", "--no-renames")
    if status is None:
        raise MeasurementError(f"git cannot tell what changed in {root}: see `git status` there")
    for entry in filter(None, status.split("\0")):
        code, name = entry[:2], entry[3:]
        # An untracked note changes nothing; an untracked module may be what ran.
        if code != "??" or name.endswith(".py"):
            yield name


def attribute(tree: WorkTree | None, code: Path, package: str) -> Attribution:
    """Say which commit the code in the folder (or file) ``code`` is.

    It is the current commit's if it lies in the work tree and git tracks it, or if it is installed elsewhere
    and its files equal the commit's.

    Parameters
    ----------
    package
        Its path within a source tree, e.g. ``persona_asv/subject``.
    """
    if tree is None:
        return Attribution(None, 0, dirty=False, reason="outside a git repository", state=_code_state(code))
    code = code.resolve()
    root = tree.root.resolve()
    if code.is_relative_to(root) and _git(root, "ls-files", "--", str(code.relative_to(root))):
        reason = f"the work tree has changes ({_some(tree.changed)})" if tree.changed else ""
        state = _state((name, root / name) for name in tree.changed) if tree.changed else ""
        return Attribution(tree.commit, tree.date, dirty=bool(tree.changed), reason=reason, state=state)
    for folder in (package, f"src/{package}"):
        if _equals_commit(root, folder, code):
            return Attribution(tree.commit, tree.date, dirty=False)
    return Attribution(
        None,
        0,
        dirty=False,
        reason=f"the code measured, {package}, is not the one of commit {tree.commit[:8]}",
        state=_code_state(code),
    )


def _code_state(code: Path) -> str:
    return _state((name, path) for name, path in _files(code) if "__pycache__" not in path.parts)


def _state(files: Iterable[tuple[str, Path]]) -> str:
    """Return a digest of names and contents; a file that is gone counts as such."""
    digest = hashlib.sha256()
    for name, path in sorted(files):
        digest.update(name.encode(errors="surrogateescape") + b"\0")
        try:
            digest.update(hashlib.sha256(path.read_bytes()).digest())
        except OSError:
            digest.update(b"gone")
    return digest.hexdigest()[:16]


def _some(names: tuple[str, ...]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]} and {len(names) - 1} more"


def _equals_commit(root: Path, folder: str, code: Path) -> bool:
    """Whether the installed files are the commit's below this folder, by git's own object ids.

    Data that a wheel leaves out, as its build says, makes no other code; a module that is missing does.
    """
    listing = _git(root, "ls-tree", "-r", "-z", "HEAD", "--", folder)
    if not listing:
        return False
    committed = {}
    for entry in filter(None, listing.split("\0")):
        facts, name = entry.split("\t", 1)
        committed[PurePosixPath(name).relative_to(folder).as_posix()] = facts.split()[2]
    installed = {name: path for name, path in _files(code) if "__pycache__" not in path.parts}
    absent = committed.keys() - installed.keys()
    return not any(name.endswith(".py") for name in absent) and all(
        blob(path, len(committed.get(name, ""))) == committed.get(name) for name, path in installed.items()
    )


def _files(code: Path) -> Iterator[tuple[str, Path]]:
    if code.is_file():
        yield ".", code
    for path in code.rglob("*"):
        if path.is_file():
            yield path.relative_to(code).as_posix(), path


def blob(path: Path, length: int) -> str:
    """Return git's name of a file's content, in hexadecimal digits of this number."""
    content = path.read_bytes()
    digest = hashlib.sha256 if length == 64 else hashlib.sha1
    return digest(b"blob %d\0" % len(content) + content, usedforsecurity=False).hexdigest()
