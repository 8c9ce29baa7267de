"""One file of a scaffold, and what becomes of it."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class Fate(StrEnum):
    """What becomes of a file."""

    CREATED = "created"
    EXTENDED = "extended"
    REPLACED = "replaced"
    LEFT = "left"


@dataclass(frozen=True, slots=True)
class Step:
    """One file.

    Attributes
    ----------
    path
        Relative to the repository's root, with slashes.
    reason
        Why it is left, or what was added; may be empty.
    content
        The whole of it, None where it is left.
    """

    path: str
    fate: Fate
    reason: str = ""
    content: bytes | None = None
