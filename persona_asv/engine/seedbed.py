"""A repository of our own making, in a scratch folder, one commit after the other."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from persona_asv.engine.checkout import IDENTITY, git


def found(folder: Path) -> None:
    """Make a folder an empty repository.

    Raises
    ------
    MeasurementError
        git cannot.
    """
    git(folder, "init", "--quiet", "--template=", "--initial-branch=main")


def commit(folder: Path, files: Mapping[str, str], message: str) -> str:
    """Write files and commit the tree, even unchanged; returns the commit.

    Raises
    ------
    MeasurementError
        git cannot.
    """
    for name, text in files.items():
        (folder / name).write_text(text, encoding="utf-8")
    git(folder, "add", "--all")
    git(
        folder,
        *("-c", "core.hooksPath=/dev/null", "-c", "commit.gpgSign=false"),
        *("commit", "--quiet", "--allow-empty", "--message", message),
        environ=IDENTITY,
    )
    return git(folder, "rev-parse", "HEAD").strip()
