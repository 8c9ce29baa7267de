"""Folders that are made once and used again: whole, or not at all.

A folder counts from the moment ``whole.json`` is in it, its last file: what was interrupted, by whatever, is
made anew. One process at a time works here; nothing is changed once it is whole.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_asv.engine.store import make_home, write_json
from persona_asv.errors import MeasurementError

KEPT = 24
"""Folders that stay; those unused for longest go."""

_WHOLE = "whole.json"


def key(recipe: int, *parts: str) -> str:
    """Return a name for what a recipe makes of some parts with this interpreter."""
    python = (sys.implementation.cache_tag or "", sys.version, sys.executable)
    return hashlib.sha256(json.dumps([recipe, python, parts]).encode()).hexdigest()[:12]


@dataclass(frozen=True, slots=True)
class Cache:
    """A folder of such folders."""

    home: Path

    @contextmanager
    def working(self, deadline: float) -> Iterator[None]:
        """Keep other processes out; what was left unfinished, here or before, is removed.

        Raises
        ------
        MeasurementError
            Another process works here until the deadline, or the folder cannot be written.
        """
        from filelock import FileLock, Timeout

        try:
            make_home(self.home.parent)
            self.home.mkdir(exist_ok=True)
            with FileLock(self.home / ".lock", timeout=max(0.0, deadline - time.monotonic())):
                self._sweep()
                try:
                    yield
                finally:
                    self._sweep()
        except Timeout as error:
            raise MeasurementError(f"another process builds in {self.home}: the deadline passed") from error
        except OSError as error:
            raise MeasurementError(f"cannot build in {self.home}: {error.strerror or error}") from error

    def scratch(self, name: str) -> Path:
        """Return an empty folder for the time of the work."""
        folder = self.home / f".{name}-{os.getpid()}"
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir()
        return folder

    def place(self, name: str) -> tuple[Path, bool]:
        """Return a folder and whether it is whole; where it is not, it is gone, to be made anew."""
        folder = self.home / name
        with suppress(OSError):
            os.utime(folder / _WHOLE)  # it was used today
            return folder, True
        shutil.rmtree(folder, ignore_errors=True)
        return folder, False

    def seal(self, folder: Path, **facts: Any) -> None:
        """Declare a folder whole, with what is to be known of it."""
        write_json(folder / _WHOLE, facts)

    def facts(self, folder: Path) -> dict[str, Any]:
        """Return what is to be known of a whole folder."""
        found: dict[str, Any] = json.loads((folder / _WHOLE).read_text(encoding="utf-8"))
        return found

    def _sweep(self) -> None:
        """Remove what was left unfinished, and what was not used for longest."""
        for left in self.home.glob(".*-*"):
            shutil.rmtree(left, ignore_errors=True)
        wholes = sorted(self.home.glob(f"*/{_WHOLE}"), key=lambda path: path.stat().st_mtime, reverse=True)
        for path in wholes[KEPT:]:
            path.unlink()
            shutil.rmtree(path.parent, ignore_errors=True)
