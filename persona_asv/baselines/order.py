"""Which baseline is newer: by the time it was captured, then by version."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from persona_asv.baselines.baseline import Baseline
from persona_asv.baselines.book import Book

if TYPE_CHECKING:
    from packaging.version import Version


def newest_first(books: Iterable[Book]) -> list[Book]:
    """Return books in order: newest first, a tie to the higher version; broken ones last, by name."""
    found = list(books)
    sound = [(book.baseline, book) for book in found if book.baseline is not None]
    broken = [book for book in found if book.baseline is None]
    ties = len({baseline.captured_at for baseline, _ in sound}) < len(sound)

    def age(each: tuple[Baseline, Book]) -> tuple[object, ...]:
        baseline, book = each
        return baseline.captured_at, _version(baseline.version) if ties else 0, book.name

    return [book for _, book in sorted(sound, key=age, reverse=True)] + sorted(
        broken, key=lambda book: book.name
    )


def _version(text: str) -> Version:
    """Return a version that can be compared; what is none is the lowest."""
    from packaging.version import InvalidVersion, Version

    try:
        return Version(text)
    except InvalidVersion:
        return Version("0.dev0")
