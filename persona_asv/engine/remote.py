"""What ``origin`` has and this clone has not: every question is announced, none waits for a password."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from persona_asv.engine import git

NAME = "origin"
_QUIET = ("--quiet", "--no-tags", "--no-recurse-submodules", "--no-write-fetch-head", "--no-auto-maintenance")


@dataclass(frozen=True, slots=True)
class Remote:
    """The repository that this one was cloned from; `tell` is None where it must not be asked."""

    folder: Path
    tell: Callable[[str], None] | None

    def names(self, name: str) -> dict[str, str] | None:
        """Return the commits of the branch and the tag of this name, by full reference; None if none answers.

        A tag's is the commit behind it, not the tag itself.
        """
        if self.tell is None or not name.isprintable():
            return None
        branch, tag = f"refs/heads/{name}", f"refs/tags/{name}"
        self.tell(f"asking {NAME} for {name}: it is not in this shallow clone")
        listed, why = git.ask_remote(
            self.folder, "ls-remote", "--quiet", "--", NAME, branch, tag, f"{tag}^{{}}"
        )
        if why:
            return None
        found = {ref: commit for commit, _, ref in (line.partition("\t") for line in listed.splitlines())}
        found[tag] = found.get(f"{tag}^{{}}", found.get(tag, ""))
        return {ref: commit for ref in (branch, tag) if (commit := found.get(ref))}

    def fetch(self, commit: str) -> str:
        """Fetch one commit; returns in a few words why it is still missing, nothing where it is here."""
        if self.tell is None:
            return "it was not fetched"
        if not git.HASH.fullmatch(commit):
            return f"{commit!r} is no hash"
        # In a whole clone a depth would cut off history that is there.
        depth = ("--depth=1",) if git.is_shallow(self.folder) else ()
        self.tell(f"fetching commit {commit[:8]} from {NAME}: it is not in this clone")
        _, why = git.ask_remote(self.folder, "fetch", *_QUIET, *depth, "--", NAME, commit)
        if not why and git.commit_of(self.folder, commit) is None:
            why = "it was fetched, but is no commit"
        return f"fetching it failed: {why}" if why else ""
