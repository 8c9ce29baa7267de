"""What a repository tells of its history: commits with their subjects, the main branch, tags, the remote."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from persona_asv.engine import forge
from persona_asv.engine.git import ask as git
from persona_asv.engine.git import is_shallow
from persona_asv.errors import MeasurementError, UsageError


@dataclass(frozen=True, slots=True)
class Commit:
    """One commit.

    Attributes
    ----------
    date
        Milliseconds since the epoch, of the author, as asv takes it.
    """

    hash: str
    parents: tuple[str, ...]
    date: int
    subject: str


@dataclass(frozen=True, slots=True)
class Chronicle:
    """A repository's history.

    Attributes
    ----------
    commits
        Every commit that a branch or tag reaches, by hash, the oldest first, in asv's own order: a commit's
        place in it is its revision.
    branch
        What git is asked for to get the main branch, and its name to people.
    line
        The hashes of the main branch by first parents, the newest first.
    tags
        Every tag that names a commit.
    shallow
        Whether older commits exist that this clone lacks.
    """

    root: Path
    commits: Mapping[str, Commit]
    branch: str
    line: tuple[str, ...]
    tags: Mapping[str, str] = field(default_factory=dict)
    remote: str | None = None
    shallow: bool = False

    @property
    def page(self) -> str | None:
        """The project's web page."""
        return forge.web_page(self.remote)

    @property
    def commit_page(self) -> str | None:
        """What a hash is appended to for the web page of a commit."""
        return forge.commit_page(self.remote)

    def within(self, spec: str) -> frozenset[str]:
        """Return the commits of a range as git understands it, ``v1.0..main`` or ``-20``'s like.

        Raises
        ------
        UsageError
            git does not understand it, or it could be taken for an option.
        """
        found = None
        if spec.strip() and not spec.startswith("-"):
            found = git(self.root, "rev-list", "--end-of-options", *spec.split(), "--")
        if found is None:
            raise UsageError(f"--commits: git knows no range {spec!r}; give one such as v1.0..main")
        return frozenset(found.split())


def read(root: Path) -> Chronicle:
    """Return the history of the repository at ``root``.

    Raises
    ------
    MeasurementError
        git cannot tell it.
    """
    log = git(root, "log", "--all", "HEAD", "--date-order", "--reverse", "-z", "--no-show-signature",
              "--format=%H%x1f%P%x1f%at%x1f%s")  # fmt: skip
    if log is None:
        raise MeasurementError(f"git cannot list the commits of {root}: see `git log --all` there")
    commits = {}
    for entry in filter(None, log.split("\0")):
        name, parents, seconds, subject = entry.strip("\n").split("\x1f", 3)
        commits[name] = Commit(name, tuple(parents.split()), int(seconds) * 1000, _shown(subject))
    branch = _branch(root)
    line = tuple((git(root, "rev-list", "--first-parent", branch, "--") or "").split())
    tags = {}
    fields = "%(refname:strip=2)%1f%(objectname)%1f%(*objectname)"
    for entry in (git(root, "for-each-ref", f"--format={fields}", "refs/tags") or "").splitlines():
        name, target, peeled = entry.split("\x1f")
        if (peeled or target) in commits:
            tags[_shown(name)] = peeled or target
    address = (git(root, "remote", "get-url", "origin") or "").strip() or None
    return Chronicle(root, commits, branch, line, tags, address, is_shallow(root))


def state(root: Path) -> str:
    """Return what changes whenever `read` would return something else."""
    commands = [("for-each-ref",), ("rev-parse", "HEAD"), ("remote", "get-url", "origin")]
    if is_shallow(root):  # older commits may come without a reference moving
        commands.append(("rev-list", "--all", "--count"))
    return "\0".join(git(root, *command) or "" for command in commands)


def _branch(root: Path) -> str:
    """Return the main branch: the remote's, by its local name where that exists, else the current one."""
    default = (git(root, "symbolic-ref", "--short", "refs/remotes/origin/HEAD") or "").strip()
    candidates = [default.partition("/")[2], default] if default else []
    candidates += ["main", "master", "origin/main", "origin/master"]
    current = (git(root, "symbolic-ref", "--short", "HEAD") or "").strip()
    for name in (*candidates, current):
        if name and git(root, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{name}^{{commit}}"):
            return name
    return "HEAD"


def _shown(text: str) -> str:
    """Return text that can be encoded: git names and subjects may be any bytes."""
    return text.encode("utf-8", "surrogateescape").decode("utf-8", "replace")
