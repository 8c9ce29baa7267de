"""git, asked one question at a time; what a user typed never becomes an option of it."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

from persona_asv.errors import MeasurementError

HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")
"""A commit's whole name."""
PATIENCE = 120.0
"""Seconds that another machine may take to answer."""


def ask(folder: Path, *arguments: str) -> str | None:
    """Return what git prints, None where it fails or is not installed.

    Raises
    ------
    MeasurementError
        git does not trust the repository: "none" would be a wrong answer.
    """
    found = ask_bytes(folder, *arguments)
    return None if found is None else found.decode(errors="surrogateescape")


def ask_bytes(folder: Path, *arguments: str) -> bytes | None:
    """Return what git prints, as it is, for the content of files.

    Raises
    ------
    MeasurementError
        As for `ask`.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            env={**os.environ, "GIT_OPTIONAL_LOCKS": "0"},  # a look leaves the index as it is, byte for byte
        )
    except OSError:
        return None
    if done.returncode == 0:
        return done.stdout
    if b"safe.directory" in done.stderr:  # it belongs to another user, as in many a CI container
        raise MeasurementError(
            f"git refuses the repository around {folder}, which another user owns: "
            "git config --global --add safe.directory <its folder>"
        )
    return None


def ask_remote(folder: Path, *arguments: str) -> tuple[str, str]:
    """Return what git learns from another machine, and in a few words why it failed (empty: it did not).

    It never waits for a password, and for an answer no longer than `PATIENCE`.
    """
    try:
        done = subprocess.run(
            ["git", "-C", str(folder), "-c", "gc.auto=0", *arguments],
            capture_output=True,
            check=False,
            stdin=subprocess.DEVNULL,
            timeout=PATIENCE,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", "LC_ALL": "C"},
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return "", f"{type(error).__name__}: git fetched nothing"
    said = done.stderr.decode(errors="replace").strip().splitlines()
    if done.returncode == 0:
        return done.stdout.decode(errors="surrogateescape"), ""
    telling = [line for line in said if line.startswith(("fatal:", "error:"))] or said
    return "", telling[0].partition(": ")[2] or telling[0] if telling else "git says nothing"


def commit_of(folder: Path, revision: str) -> str | None:
    """Return the commit that a branch, tag, hash or any other revision names; None for none."""
    if not revision.isprintable():
        return None
    found = ask(folder, "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}")
    return found.strip() if found else None


def has_ref(folder: Path, name: str) -> bool:
    """Return whether the repository has exactly this full reference, e.g. ``refs/heads/main``."""
    return name.isprintable() and ask(folder, "show-ref", "--verify", "--quiet", "--", name) is not None


def ref_ending(folder: Path, name: str) -> str | None:
    """Return the first full reference that ends in this name, e.g. ``refs/heads/main`` for ``main``."""
    listed = ask(folder, "show-ref", "--", name) if name.isprintable() else None
    return listed.split()[1] if listed else None


def parents(folder: Path, commit: str) -> tuple[str, ...]:
    """Return a commit's parents as it names them itself, those that a shallow clone lacks included."""
    content = ask(folder, "cat-file", "commit", commit) or ""
    lines = content.partition("\n\n")[0].splitlines()
    return tuple(line.removeprefix("parent ") for line in lines if line.startswith("parent "))


def is_shallow(folder: Path) -> bool:
    """Return whether history ends early here."""
    return (ask(folder, "rev-parse", "--is-shallow-repository") or "").strip() == "true"
