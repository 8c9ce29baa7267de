"""The folder of baselines: what stands in it, put there and taken away whole or not at all.

A baseline is ``<name>.yaml`` and, where it has samples, ``<name>-<first of their SHA-256>.samples.json.gz``.
The companion is written first and found through the YAML: a reader never meets a YAML without its companion,
and a companion that no YAML names is left over from a command that was killed (`clean` removes it).
"""

from __future__ import annotations

import errno
import os
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv.baselines import document
from persona_asv.baselines.baseline import COMPANION, NAME, Baseline, Samples, check_name
from persona_asv.baselines.book import SUFFIX, Book, look
from persona_asv.config import Config
from persona_asv.engine.store import HOME, make_home
from persona_asv.errors import BaselineError

PATIENCE = 30.0
"""Seconds to wait for another command that is writing."""
_TEMPORARY = ".persona-asv-"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A folder of baselines.

    Attributes
    ----------
    lock
        File that whoever writes holds; beside the runs, so that the folder stays clean for git.
    """

    folder: Path
    lock: Path

    def path(self, name: str) -> Path:
        """Return where a baseline of this name stands, or would."""
        return self.folder / f"{name}{SUFFIX}"

    def books(self) -> Iterator[Book]:
        """Yield every YAML file, in the order of the names; a broken one with its reason, never an error."""
        try:
            names = sorted(os.listdir(self.folder))  # noqa: PTH208 - a thousand paths need not be made twice
        except FileNotFoundError:
            return
        except OSError as error:
            raise BaselineError(f"{self.folder}: cannot be listed ({error.strerror})") from error
        for name in names:
            if name.endswith(SUFFIX) and not name.startswith("."):
                path = self.folder / name
                sound = NAME.fullmatch(name.removesuffix(SUFFIX))
                yield look(path) if sound else Book(path, 0, None, "its name is no baseline's; rename it")

    def has(self, name: str) -> bool:
        """Return whether something stands at this name, a broken link included."""
        return os.path.lexists(self.path(name))

    def refuse_taken(self, name: str) -> None:
        """Raise `BaselineError` if something stands at this name."""
        if self.has(name):
            raise BaselineError(f"{self.path(name)} exists; choose another --name, or --force to replace it")

    @contextmanager
    def writing(self) -> Iterator[None]:
        """Hold the lock: one command writes at a time.

        Raises
        ------
        BaselineError
            Another one held it for too long, or the folders cannot be made.
        """
        from filelock import FileLock, Timeout

        try:
            make_home(self.lock.parent)
            self.folder.mkdir(parents=True, exist_ok=True)
            with FileLock(self.lock, timeout=PATIENCE):
                yield
        except Timeout as error:
            raise BaselineError(
                f"{self.folder}: another command has been writing baselines for {PATIENCE:.0f} s; try again"
            ) from error
        except OSError as error:
            raise BaselineError(
                f"{error.filename or self.folder}: cannot be written ({error.strerror})"
            ) from error

    def put(self, baseline: Baseline, packed: bytes | None, *, force: bool = False) -> Book:
        """Write a baseline with its companion; call it while `writing`.

        Raises
        ------
        BaselineError
            The name is taken and `force` not given, or the folder cannot be written; nothing is lost then.
        """
        from persona_asv.baselines import companion

        path = self.path(check_name(baseline.name, str(self.folder)))
        if not force:
            self.refuse_taken(baseline.name)
        if path.is_symlink():
            raise BaselineError(f"{path} is a symbolic link; remove it, or choose another --name")
        orphans = self.leftovers()
        samples = None
        if packed is not None:
            sha256 = companion.digest(packed)
            samples = Samples(f"{baseline.name}-{sha256[:12]}{companion.SUFFIX}", sha256)
            _write(self.folder / samples.file, packed)
        try:
            _write(path, document.write(replace(baseline, samples=samples)).encode(), fresh=not force)
        finally:  # what was replaced has no more use for its companion; what was not written, for its own
            self.discard(self.leftovers() - orphans)
        return look(path)

    def remove(self, books: Iterable[Book]) -> None:
        """Delete baselines, each YAML before its companion; call it while `writing`."""
        before = self.leftovers()
        for book in books:
            book.path.unlink(missing_ok=True)
        self.discard(self.leftovers() - before)

    def companions(self) -> set[Path]:
        """Return every file here that is named like a companion."""
        return {path for path in self.folder.iterdir() if COMPANION.fullmatch(path.name) and path.is_file()}

    def leftovers(self) -> set[Path]:
        """Return what commands that were killed left behind: halves, and companions that no YAML names.

        A broken YAML counts as well: whatever companion it mentions is not left over.
        """
        halves = {
            path for path in self.folder.iterdir() if path.name.startswith(_TEMPORARY) and path.is_file()
        }
        orphans = self.companions()
        for path in self.folder.glob(f"*{SUFFIX}") if orphans else ():
            if not path.is_file():  # a pipe would block
                continue
            try:
                text = path.read_text(encoding="utf-8", errors="replace")
            except OSError:
                return halves  # nobody knows what it mentions
            orphans = {each for each in orphans if each.name not in text}
        return halves | orphans

    def discard(self, paths: Iterable[Path]) -> None:
        """Delete files of this folder."""
        for path in paths:
            path.unlink(missing_ok=True)


def shelf_of(settings: Config, folder: Path | None = None) -> Shelf:
    """Return the project's shelf of baselines, or that of another folder."""
    return Shelf(folder or settings.root / settings.baselines_dir, settings.root / HOME / "baselines.lock")


def _write(path: Path, content: bytes, *, fresh: bool = False) -> None:
    """Write a file in one step, down to the disk: a reader sees the old or the new one, after a crash too.

    A `fresh` one never replaces another, whoever wrote that in the meantime, from whichever project.
    """
    temporary = path.with_name(f"{_TEMPORARY}{os.getpid()}-{os.urandom(6).hex()}.tmp")
    try:
        with temporary.open("xb") as stream:
            stream.write(content)
            stream.flush()
            os.fsync(stream.fileno())
        if not (fresh and _linked(temporary, path)):
            temporary.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except FileExistsError as error:
        raise BaselineError(f"{path} exists; choose another --name, or --force to replace it") from error
    except OSError as error:
        raise BaselineError(f"{path}: cannot be written ({error.strerror}); nothing was changed") from error
    finally:
        temporary.unlink(missing_ok=True)


def _linked(temporary: Path, path: Path) -> bool:
    """Give a file its name unless that is taken (`FileExistsError`); False where links are unknown."""
    try:
        path.hardlink_to(temporary)
    except FileExistsError:
        raise
    except OSError as error:
        if error.errno not in (errno.EPERM, errno.ENOTSUP, errno.ENOSYS):
            raise
        return False
    return True
