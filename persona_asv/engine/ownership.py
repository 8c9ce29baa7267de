"""Whose the code under test is: what ships with us is part of no repository but our own."""

from __future__ import annotations

from pathlib import Path

from persona_asv.engine import git

OURS = "reference"
"""The subject that is part of this program, and of no other repository."""

_HOME = "persona_asv/subject/__init__.py"


def is_part(folder: Path, commit: str, subject: str) -> bool:
    """Return whether a commit can change what a subject does.

    An adapter is taken for part of the repository that names it. Whether it is there at all shows when it is
    built: a name that leads nowhere must end in an error, never in a gate that has nothing to do.
    """
    if subject != OURS:
        return True
    places = (_HOME, f"src/{_HOME}")
    return any(git.ask(folder, "cat-file", "-e", f"{commit}:{place}") is not None for place in places)
