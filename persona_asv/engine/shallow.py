"""What a branch means in a clone whose history ends before it could tell: the usual checkout of a pipeline.

That is one commit, often a merge on no branch, and neither the target branch nor a tag. The merge commit
names its parents all the same, the pipeline may say more, and ``origin`` knows what a name is.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from persona_asv.engine import git
from persona_asv.engine.ancestor import DEPTH, Ancestor, Asked, Work
from persona_asv.engine.remote import Remote
from persona_asv.errors import MeasurementError, UsageError

_HASH_BEGINS = re.compile(r"[0-9a-f]{7,64}")
_VERSION = re.compile(r"v?\d+(\.\d+)+.*")


def like_a_branch(name: str) -> bool:
    """Return whether a name looks like neither a hash nor a version, which tags have."""
    return not (_HASH_BEGINS.fullmatch(name) or _VERSION.fullmatch(name))


@dataclass(frozen=True, slots=True)
class ShallowClone:
    """A search in such a clone, for what a name means."""

    folder: Path
    flag: str
    name: str
    work: Work
    asked: Asked

    def unknown(self, remote: Remote) -> Ancestor | None:
        """Return what a name means that nothing here has; None where ``origin`` has none either.

        Raises
        ------
        UsageError
            It is the beginning of a hash: that can be neither found nor fetched.
        MeasurementError
            It is a branch whose meaning cannot be known, or nobody could be asked.
        """
        if _HASH_BEGINS.fullmatch(self.name):
            raise UsageError(f"{self.flag}: {self.name} is not in this shallow clone; give the whole hash")
        if self.asked.target == self.name and not self.asked.exact:
            return self.branch(None)
        names = remote.names(self.name)
        if names is None:
            # Not a tag by its looks: a typing error could pass for the target branch, a version must not.
            if self._merges and not self.asked.exact and like_a_branch(self.name):
                return self.branch(None)
            raise MeasurementError(
                f"{self.flag}: {self.name} is not in this shallow clone, and origin was not asked or did not "
                f"answer; {DEPTH}"
            )
        tip, tag = names.get(f"refs/heads/{self.name}"), names.get(f"refs/tags/{self.name}")
        if tip is None:
            return None if tag is None else Ancestor(self.name, tag)
        if self.asked.exact:
            return Ancestor(self.name, tip, f"the tip of origin/{self.name}", branch=True)
        return self.branch(tip)

    def branch(self, tip: str | None) -> Ancestor:
        """Return what the branch means; its tip is None where it is not known.

        Raises
        ------
        MeasurementError
            Neither git nor the pipeline can say it.
        """
        current, target = self.work.commit, self.asked.target
        if tip == current:
            return Ancestor(self.name, current, branch=True)
        if self._merges:
            first = git.parents(self.folder, current)[0]
            return Ancestor(self.name, first, f"first parent of the merge commit {current[:8]}", branch=True)
        if target == self.name and self.asked.target_commit:
            note = f"{self.name} is taken where the pipeline says it stood: this clone is shallow"
            return Ancestor(
                self.name, self.asked.target_commit, "as the pipeline says", branch=True, notes=(note,)
            )
        tags = (git.ask(self.folder, "tag", "--points-at", current) or "").split()
        if tags and target is None:
            note = f"{self.name} is taken to hold the tag {tags[0]}: this clone is shallow"
            return Ancestor(self.name, current, branch=True, notes=(note,))
        raise MeasurementError(
            f"{self.flag}: this shallow clone does not show where {current[:8]} left {self.name}; {DEPTH}, "
            "or compare with its tip (--exact)"
        )

    @property
    def _merges(self) -> bool:
        """Whether this is the checkout of a merge that a pipeline made: on no branch, with two parents."""
        return (
            self.asked.target in (None, self.name)
            and self.work.commit != self.asked.head
            and self.work.commit == git.commit_of(self.folder, "HEAD")
            and git.ask(self.folder, "symbolic-ref", "--quiet", "HEAD") is None
            and len(git.parents(self.folder, self.work.commit)) > 1
        )
