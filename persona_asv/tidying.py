"""What ``clean`` would remove, and what it keeps and why: decided whole before anything is touched."""

from __future__ import annotations

import re
from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from fnmatch import fnmatchcase
from pathlib import Path

from persona_asv.baselines.book import Book
from persona_asv.baselines.order import newest_first
from persona_asv.baselines.shelf import Shelf
from persona_asv.errors import BaselineError

REPORT = re.compile(r"benchmark-[A-Za-z0-9._+-]+\.(?:md|json|html)")
"""How the reports are called that `report` names itself; any other file in its folder is the user's."""


@dataclass(frozen=True, slots=True)
class Selection:
    """What may go: everything named, and what is both beyond the newest `keep` and older than `before`.

    None sets no such limit; with neither, only what is named goes.
    """

    names: Collection[str] = ()
    keep: int | None = None
    before: datetime | None = None
    protected: Collection[str] = ()


@dataclass(frozen=True, slots=True)
class Tidying:
    """What is to be removed, and what stays although it was meant, with the reason.

    Attributes
    ----------
    leftovers
        Files that commands which were killed left behind.
    """

    remove: tuple[Book, ...]
    kept: tuple[tuple[str, str], ...]
    reports: tuple[Path, ...] = ()
    leftovers: tuple[Path, ...] = ()

    @property
    def nothing(self) -> bool:
        """Whether there is nothing to do."""
        return not (self.remove or self.reports or self.leftovers)


def plan(shelf: Shelf, selection: Selection, reports: tuple[Path, ...] = ()) -> Tidying:
    """Return what the selection removes from the shelf, beside some reports.

    Raises
    ------
    BaselineError
        A name is not there.
    """
    books = newest_first(shelf.books())
    known = {book.name for book in books}
    for name in selection.names:
        if name not in known:
            raise BaselineError(
                f"--name: no baseline {name!r} in {shelf.folder}; see `persona benchmark list`"
            )
    sound = [book for book in books if book.baseline is not None]
    beyond = sound[selection.keep or 0 :] if (selection.keep, selection.before) != (None, None) else []
    if selection.before is not None:
        beyond = [b for b in beyond if b.baseline is not None and b.baseline.captured_at < selection.before]
    meant = [book for book in books if book.name in selection.names or book in beyond]
    kept = [(book.name, reason) for book in meant if (reason := _protected(book, selection.protected))]
    spared = {name for name, _ in kept}
    leftovers = sorted(shelf.leftovers()) if shelf.folder.is_dir() else []
    return Tidying(tuple(b for b in meant if b.name not in spared), tuple(kept), reports, tuple(leftovers))


def carry_out(shelf: Shelf, agreed: Tidying) -> Tidying:
    """Remove what was agreed to and is still the same; returns what was removed.

    Between question and answer another command may have pinned, replaced or removed something.

    Raises
    ------
    BaselineError
        The folder cannot be written.
    """
    with shelf.writing():
        found = {book.path: book for book in shelf.books()}
        gone = tuple(book for book in agreed.remove if found.get(book.path) == book)
        leftovers = tuple(sorted(shelf.leftovers().intersection(agreed.leftovers)))
        shelf.remove(gone)
        shelf.discard((*leftovers, *agreed.reports))
    return replace(agreed, remove=gone, leftovers=leftovers)


def _protected(book: Book, patterns: Collection[str]) -> str:
    """Return why a baseline must stay; empty where nothing protects it."""
    if book.baseline is not None and book.baseline.pinned:
        return "pinned"
    pattern = next((each for each in patterns if fnmatchcase(book.name, each)), None)
    return f"keep_always: {pattern}" if pattern else ""


def old_reports(folder: Path, selection: Selection) -> tuple[Path, ...]:
    """Return the reports in a folder that go by the same two limits, by the time they were written.

    Only files that `report` named itself, directly in the folder; links are nobody's.
    """
    if (selection.keep, selection.before) == (None, None) or not folder.is_dir():
        return ()
    found: Sequence[tuple[float, Path]] = sorted(
        (
            (path.stat().st_mtime, path)
            for path in folder.iterdir()
            if REPORT.fullmatch(path.name) and path.is_file() and not path.is_symlink()
        ),
        reverse=True,
    )
    limit = selection.before.timestamp() if selection.before is not None else float("inf")
    return tuple(path for written, path in found[selection.keep or 0 :] if written < limit)


def days_ago(days: float, now: datetime) -> datetime:
    """Return the moment so many days before now."""
    return now - timedelta(days=days)
