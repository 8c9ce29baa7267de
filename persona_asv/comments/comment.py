"""What a pull request is told, as a value."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from persona_asv.comparison import Comparison


@dataclass(frozen=True, slots=True)
class Edit:
    """A stored baseline that the change adds, edits or removes.

    Attributes
    ----------
    figures
        By case and metric: the value before and after, None where there is none.
    problem
        Why it cannot be read; empty where it can.
    """

    name: str
    figures: Mapping[tuple[str, str], tuple[float | None, float | None]] = field(default_factory=dict)
    problem: str = ""


@dataclass(frozen=True, slots=True)
class Comment:
    """A comparison as a reviewer needs it.

    Attributes
    ----------
    labels, commits
        Both sides, baseline first: exactly what they are, and their commits where they are known.
    comparison
        None where nothing was compared; `failure` says why.
    machine
        Where it was measured: fact by name.
    edits
        What the change does to stored baselines.
    """

    labels: tuple[str, str] = ("", "")
    commits: tuple[str | None, str | None] = (None, None)
    comparison: Comparison | None = None
    failure: str = ""
    machine: Mapping[str, str] = field(default_factory=dict)
    edits: tuple[Edit, ...] = ()


@dataclass(frozen=True, slots=True)
class Links:
    """Where a reader finds more; empty where there is no such place."""

    run: str = ""
    artifact: str = ""
    site: str = ""
