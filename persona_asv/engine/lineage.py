"""From what a user calls a baseline to one commit: a branch's means what this work changed since it left.

git alone decides as long as it can; what was decided for the user is said in a note.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv.engine import git, shallow
from persona_asv.engine.ancestor import DEPTH, Ancestor, Asked, Work
from persona_asv.engine.remote import Remote
from persona_asv.errors import MeasurementError, UsageError

_RELEASE = re.compile(r"v?(\d+(?:\.\d+){1,3})")
"""What a release's tag looks like: ``v1.12.0``, no release candidate."""
_HASH_BEGINS = re.compile(r"[0-9a-f]{4,64}")


def find(folder: Path, flag: str, name: str, work: Work, asked: Asked) -> Ancestor | None:
    """Return the commit that a name means as the baseline of a work; None where it names none.

    A name that means the clean current commit itself would compare it with itself and could only pass: then
    it is the previous release, else the commit before. Who names the hash means it.

    Raises
    ------
    UsageError
        There is nothing before the current commit, or half a hash cannot be looked up.
    MeasurementError
        Histories are unrelated, or the commit is not here and cannot be had.
    """
    return _Search(folder, flag, name, work, asked).ancestor()


def branch_of(folder: Path, name: str) -> str | None:
    """Return the full reference of the branch of this name that is here: the local one, else origin's."""
    refs = [f"refs/heads/{name}", f"refs/remotes/origin/{name}", f"refs/remotes/{name}"]
    if name.startswith(("refs/heads/", "refs/remotes/")):
        refs.append(name)
    return next((ref for ref in refs if git.has_ref(folder, ref)), None)


def may_be_branch(folder: Path, name: str) -> bool:
    """Return whether a name is a branch's here, or may be that of one which a shallow clone lacks."""
    if branch_of(folder, name) is not None:
        return True
    return shallow.like_a_branch(name) and git.is_shallow(folder) and git.commit_of(folder, name) is None


@dataclass(frozen=True, slots=True)
class _Search:
    folder: Path
    flag: str
    name: str
    work: Work
    asked: Asked

    @property
    def remote(self) -> Remote:
        return Remote(self.folder, self.asked.tell if self.asked.fetch else None)

    @property
    def clone(self) -> shallow.ShallowClone | None:
        if not git.is_shallow(self.folder):
            return None
        return shallow.ShallowClone(self.folder, self.flag, self.name, self.work, self.asked)

    def ancestor(self) -> Ancestor | None:
        branch = branch_of(self.folder, self.name)
        tip = branch and git.commit_of(self.folder, branch)
        if branch and tip:
            found: Ancestor | None = self._of_branch(branch, tip)
        elif (commit := git.commit_of(self.folder, self.name)) is not None:
            found = Ancestor(self.name, commit)
        else:
            found = self._unknown()
        if found is None:
            return None
        found = replace(found, notes=(*found.notes, *self._ambiguities(branch)))
        if found.commit != self.work.commit or not self.work.clean:
            return self._had(found)
        if self._is_hash_of(found.commit):
            return replace(found, itself=True)
        return self._had(self._before(found))

    def _ambiguities(self, branch: str | None) -> Iterator[str]:
        if branch is None:
            return
        name = f"{self.flag} {self.name}"
        if git.has_ref(self.folder, f"refs/tags/{self.name}"):
            yield f"{name} is a branch and a tag: the branch is meant, not refs/tags/{self.name}"
        if _HASH_BEGINS.fullmatch(self.name) and git.ask(
            self.folder, "rev-parse", f"--disambiguate={self.name}"
        ):
            yield f"{name} is a branch, and a hash begins like it: the branch is meant"

    def _is_hash_of(self, commit: str) -> bool:
        """Whether the user typed this commit's hash, whole or its first digits."""
        typed = self.name.lower()
        return bool(_HASH_BEGINS.fullmatch(typed)) and commit.startswith(typed)

    def _of_branch(self, ref: str, tip: str) -> Ancestor:
        label = ref.removeprefix("refs/heads/").removeprefix("refs/remotes/")
        if self.asked.exact:
            return Ancestor(self.name, tip, f"the tip of {label}", branch=True)
        base = (git.ask(self.folder, "merge-base", self.work.commit, tip) or "").strip()
        if base:
            return Ancestor(self.name, base, f"merge base with {label}", branch=True)
        if (clone := self.clone) is not None:
            return clone.branch(tip)
        raise MeasurementError(
            f"{self.flag}: {label} and {self.work.commit[:8]} have no history in common; --exact "
            "compares with its tip all the same"
        )

    def _unknown(self) -> Ancestor | None:
        """Return what a name means that nothing here has: a whole hash, or a name in a shallow clone."""
        clone = self.clone
        if git.HASH.fullmatch(self.name):
            return Ancestor(self.name, self.name) if clone or self.asked.fetch else None
        return clone.unknown(self.remote) if clone and self.asked.ci else None

    def _had(self, found: Ancestor) -> Ancestor:
        """Return the same, its commit fetched where it was not here."""
        if git.commit_of(self.folder, found.commit) is not None:
            return found
        why = self.remote.fetch(found.commit)
        if why:
            raise MeasurementError(
                f"{self.flag} {self.name}: commit {found.commit[:8]} is not in this clone ({why}); "
                f"{DEPTH if self.clone else 'fetch it first'}"
            )
        return found

    def _before(self, found: Ancestor) -> Ancestor:
        """Return what the current commit is compared with where the name means that commit itself."""
        before = next(iter(git.parents(self.folder, found.commit)), None)
        if before is None:
            raise UsageError(
                f"{self.flag}: {self.name} is the current commit, {found.commit[:8]}, and the first of its "
                "history: nothing is before it; name another baseline"
            )
        tag = self._release_before(before)
        released = None if tag is None else git.commit_of(self.folder, f"refs/tags/{tag}")
        meaning = f"the previous release {tag}" if released else f"{found.commit[:8]}^, the commit before it"
        note = f"{self.name} is the current commit itself, {found.commit[:8]}: compared with {meaning}"
        if released is None and self.clone:
            note += " (a shallow clone does not show the previous release)"
        notes = (*found.notes, note)
        return replace(found, commit=released or before, meaning=meaning, moved=True, notes=notes)

    def _release_before(self, commit: str) -> str | None:
        """Return the tag of the highest release that led to a commit."""
        tags = git.ask(
            self.folder, "for-each-ref", f"--merged={commit}", "--format=%(refname:strip=2)", "refs/tags"
        )
        releases = [match for tag in (tags or "").split("\n") if (match := _RELEASE.fullmatch(tag))]
        if not releases:
            return None
        return max(releases, key=lambda match: tuple(map(int, match[1].split("."))))[0]
