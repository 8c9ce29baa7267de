"""Which commits a history is made of: tags, patterns of tags, ranges, some of them evenly spaced."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_asv.engine.git import ask, commit_of, is_shallow
from persona_asv.engine.worktree import date_of
from persona_asv.errors import UsageError


@dataclass(frozen=True, slots=True)
class Revision:
    """A commit to be measured.

    Attributes
    ----------
    label
        Its tag, else the first digits of its hash.
    date
        Of the commit, milliseconds since the epoch, as asv wants it.
    """

    commit: str
    label: str
    date: int


def chosen(
    repository: Path, words: Sequence[str], *, tagged: bool = False, steps: int | None = None
) -> tuple[Revision, ...]:
    """Return the commits that the words name, each once, the oldest first.

    Parameters
    ----------
    words
        ``A..B``, every commit of the line from A to B, both ends included; a pattern of tags, ``v1.*``; or a
        tag, branch or hash.
    tagged
        Whether of a range only the commits that have a tag are meant, on whatever line.
    steps
        As many of them, evenly spaced, the first and the last included; None for all.

    Raises
    ------
    UsageError
        A word names nothing.
    """
    tags = _tags(repository)
    found: dict[str, None] = {}
    for word in words:
        found |= dict.fromkeys(_commits(repository, word, tags, tagged=tagged))
    ordered = _ordered(repository, found)
    picked = ordered if steps is None else _spaced(ordered, steps)
    return tuple(
        Revision(commit, tags.get(commit, commit[:8]), date_of(repository, commit)) for commit in picked
    )


def _commits(repository: Path, word: str, tags: dict[str, str], *, tagged: bool) -> Iterable[str]:
    if ".." in word:
        return _range(repository, word, tags, tagged=tagged)
    if any(mark in word for mark in "*?["):
        names = (ask(repository, "tag", "--list", "--", word) or "").split()
        commits = [commit for name in names if (commit := commit_of(repository, f"refs/tags/{name}"))]
        if not commits:
            raise UsageError(f"{word!r} is no pattern of a tag of {repository}: `git tag --list` shows them")
        return commits
    return [_known(repository, word)]


def _range(repository: Path, word: str, tags: dict[str, str], *, tagged: bool) -> list[str]:
    start, _, end = word.partition("..")
    if not start or end.startswith("."):
        raise UsageError(f"{word!r} is no range: name both ends, A..B")
    first, last = _known(repository, start), _known(repository, end or "HEAD")
    line = [] if tagged else ["--first-parent"]
    listed = (ask(repository, "rev-list", *line, f"{first}..{last}", "--") or "").split()
    if not listed and first != last:
        raise UsageError(
            f"{word}: {end or 'HEAD'} has nothing that {start} has not; name the older one first"
        )
    both = [first, *listed]
    return [commit for commit in both if commit in tags] if tagged else both


def _known(repository: Path, name: str) -> str:
    commit = commit_of(repository, name)
    if commit is None:
        hint = " (this clone is shallow: git fetch --unshallow --tags)" if is_shallow(repository) else ""
        raise UsageError(f"{name!r} is no tag, branch or commit of {repository}{hint}")
    return commit


def _tags(repository: Path) -> dict[str, str]:
    """Return a tag by commit; of several the highest version."""
    fields = "%(refname:strip=2)%1f%(objectname)%1f%(*objectname)"
    listed = (ask(repository, "for-each-ref", f"--format={fields}", "refs/tags") or "").splitlines()
    found = [line.split("\x1f") for line in listed]
    return {peeled or target: name for name, target, peeled in sorted(found, key=lambda f: _version(f[0]))}


def _version(name: str) -> tuple[tuple[bool, int, str], ...]:
    """Return what versions are sorted by.

    >>> sorted(["v1.10", "v1.9", "v1.9.1"], key=_version)
    ['v1.9', 'v1.9.1', 'v1.10']
    """
    import re

    parts = [part for part in re.split(r"(\d+)", name) if part not in ("", ".")]
    return tuple((part.isdigit(), int(part) if part.isdigit() else 0, part) for part in parts)


def _ordered(repository: Path, commits: Collection[str]) -> list[str]:
    """Return commits with no parent after its child, and otherwise by date."""
    if len(commits) < 2:
        return list(commits)
    whole = (ask(repository, "rev-list", "--date-order", "--reverse", *commits, "--") or "").split()
    return [commit for commit in whole if commit in commits]


def _spaced(commits: Sequence[str], steps: int) -> list[str]:
    """Return so many of them, evenly spaced.

    >>> _spaced("abcdefg", 3), _spaced("abc", 1), _spaced("ab", 9)
    (['a', 'd', 'g'], ['c'], ['a', 'b'])
    """
    if steps >= len(commits):
        return list(commits)
    if steps == 1:
        return [commits[-1]]
    gap = (len(commits) - 1) / (steps - 1)
    return [commits[round(number * gap)] for number in range(steps)]
