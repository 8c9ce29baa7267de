"""The script ``persona``, which two packages bring: ours gives Persona every command line that is Persona's.

Persona is the installed distribution of that name with its console script, nothing else: a folder or a module
that happens to be called so is not. ``persona-asv`` and ``python -m persona_asv`` never come here.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

from persona_asv.errors import ExitCode, PersonaAsvError

NAME = "persona"
"""Persona's distribution, and its script."""

OURS = "benchmark"
_SHARED = re.compile(r"-[qv]+|--(quiet|verbose|no-color|debug)")
"""Options that may stand before our command: Persona's own, and ``--debug``, which is ours."""
_METADATA = re.compile(r"persona(-.*)?\.(dist-info|egg-info|egg)", re.IGNORECASE)
"""What an installed distribution of that name leaves in a folder of the path."""


def main() -> object:
    """Carry out the command line; returns, or ends with, what becomes the script's exit code.

    Persona's command runs in this process with `sys.argv` as it is: its output, its signals and its exit code
    are its own. Where Persona is not installed every command line is ours.
    """
    words = sys.argv[1:]
    try:
        theirs = None if is_ours(words) else persona()
    except PersonaAsvError as error:
        from persona_asv import door

        door.tell(error, debug="--debug" in words)
        return int(ExitCode.COULD_NOT_MEASURE)
    if theirs is None:
        from persona_asv import door

        door.main(words)
    return theirs()


def is_ours(words: Sequence[str]) -> bool:
    """Whether a command line is ``benchmark``, with nothing before it but options that both sides know.

    >>> is_ours(["-q", "--no-color", "benchmark", "run"])
    True
    >>> is_ours(["--version", "benchmark"]), is_ours(["generate", "benchmark"]), is_ours([])
    (False, False, False)
    """
    return next((word for word in words if not _SHARED.fullmatch(word)), None) == OURS


def persona() -> Callable[[], object] | None:
    """Import Persona's own command and return it; None where Persona is not installed.

    Raises
    ------
    PersonaAsvError
        It is installed, and broken.
    """
    if not _leaves_a_trace():
        return None
    from importlib.metadata import PackageNotFoundError, distribution

    try:
        found = distribution(NAME)
    except PackageNotFoundError:
        return None
    point = next((each for each in found.entry_points.select(group="console_scripts", name=NAME)), None)
    if point is None:
        return None
    try:
        command = point.load()
    except Exception as error:
        raise _broken(found.version, f"{type(error).__name__}: {error}") from error
    if not callable(command):
        raise _broken(found.version, f"{point.value} is no command")
    return cast("Callable[[], object]", command)


def _broken(version: str, reason: str) -> PersonaAsvError:
    return PersonaAsvError(
        f"Persona {version} is installed, but cannot be started ({reason}); reinstall it. "
        f"persona-asv is ours alone, and benchmark works without Persona"
    )


def _leaves_a_trace() -> bool:
    """Whether a name on the path may be Persona's metadata.

    To import `importlib.metadata` only to learn that it is not installed would slow ``--help``.
    """
    for folder in map(Path, sys.path):
        try:
            if any(_METADATA.fullmatch(each.name) for each in folder.iterdir()):
                return True
        except OSError:
            continue  # an archive, or no longer there
    return False
