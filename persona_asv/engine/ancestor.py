"""The nouns of a search for a baseline's commit: the work, how far one may look, and what was found."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

DEPTH = "check out with `fetch-depth: 0`"
"""What a user does about a history that ends too early."""


@dataclass(frozen=True, slots=True)
class Work:
    """What is compared with the baseline: a commit, and whether it is exactly that commit."""

    commit: str
    clean: bool = True


@dataclass(frozen=True, slots=True)
class Asked:
    """How far a search for a commit may go.

    Attributes
    ----------
    exact
        A branch means its tip, not the commit at which this work left it.
    ci
        Whether this is a pipeline: a shallow clone is to be expected, and made the best of.
    fetch
        Whether a commit that is not here may be fetched (from ``origin``).
    target, target_commit, head
        What the pipeline says of a merge request: the branch it goes to, where that stood, and the commit
        that wants to be merged; None if it says nothing. They count only where git cannot know.
    tell
        Is told before anything is fetched.
    """

    exact: bool = False
    ci: bool = False
    fetch: bool = False
    target: str | None = None
    target_commit: str | None = None
    head: str | None = None
    tell: Callable[[str], None] = field(default=lambda said: None)


@dataclass(frozen=True, slots=True)
class Ancestor:
    """The commit that a baseline is.

    Attributes
    ----------
    name
        As the user typed it.
    meaning
        How the commit follows from the name, e.g. ``merge base with main``; empty where it is named.
    branch
        Whether the name is a branch's.
    itself
        Whether it is the very commit that is compared with it, because the user named its hash: an A/A.
    moved
        Whether the name means the commit that is compared with it, and this is one before that.
    notes
        What was decided for the user, one sentence each.
    """

    name: str
    commit: str
    meaning: str = ""
    branch: bool = False
    itself: bool = False
    moved: bool = False
    notes: tuple[str, ...] = ()
