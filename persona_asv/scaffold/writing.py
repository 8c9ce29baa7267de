"""The files of a scaffold, written: all of them, or none."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from persona_asv.errors import UsageError
from persona_asv.scaffold.step import Step


def write(root: Path, steps: Iterable[Step]) -> None:
    """Write every step's content below the root; what cannot be finished is undone.

    Raises
    ------
    UsageError
        A file cannot be written.
    """
    before: list[tuple[Path, bytes | None]] = []
    folders: list[Path] = []
    path = root
    try:
        for step in steps:
            if step.content is None:
                continue
            path = root / step.path
            folders += [folder for folder in reversed(path.parents) if not folder.exists()]
            path.parent.mkdir(parents=True, exist_ok=True)
            before.append((path, path.read_bytes() if path.exists() else None))
            _put(path, step.content)
    except BaseException as error:
        _undo(before, folders)
        if isinstance(error, OSError):
            reason = f"{path}: cannot be written ({error.strerror}); nothing was changed"
            raise UsageError(f"init: {reason}") from error
        raise


def _put(path: Path, content: bytes) -> None:
    """Write a file in one step, with the mode it had."""
    mode = path.stat().st_mode & 0o7777 if path.exists() else 0o666 & ~_umask()
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        Path(name).chmod(mode)
        Path(name).replace(path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask


def _undo(before: list[tuple[Path, bytes | None]], folders: list[Path]) -> None:
    for path, content in reversed(before):
        with suppress(OSError):
            path.unlink(missing_ok=True) if content is None else _put(path, content)
    for folder in reversed(folders):
        with suppress(OSError):
            folder.rmdir()
