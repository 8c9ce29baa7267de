"""What surrounds a subject that looks around: an empty HOME and folder, and the variables it reads."""

from __future__ import annotations

import atexit
import contextlib
import os
import sys
import tempfile
from collections.abc import Iterator
from functools import cache
from pathlib import Path


@cache
def elsewhere() -> Path:
    """Return an empty folder for this process: HOME to Persona, which reads and fills what it finds there."""
    folder = tempfile.TemporaryDirectory(prefix="persona-asv-home-", ignore_cleanup_errors=True)
    atexit.register(folder.cleanup)
    return Path(folder.name)


@contextlib.contextmanager
def environment(**changes: str) -> Iterator[None]:
    """Have environment variables for a while."""
    before = {name: os.environ.get(name) for name in changes}
    os.environ.update(changes)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value


@contextlib.contextmanager
def away() -> Iterator[None]:
    """Be in an empty HOME and folder, with nothing printed to standard output: where Persona is imported.

    Its classes look for ``~/.persona`` and ``.persona`` when they are defined.
    """
    here = Path.cwd()
    with environment(HOME=str(elsewhere())), contextlib.redirect_stdout(sys.stderr):
        os.chdir(elsewhere())
        try:
            yield
        finally:
            os.chdir(here)
