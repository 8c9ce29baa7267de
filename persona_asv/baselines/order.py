"""Which baseline is newer: by the time it was captured, then by version."""

from __future__ import annotations

from collections.abc import Iterable

from persona_asv.baselines.book import Book


def newest_first(books: Iterable[Book]) -> list[Book]:
    """Return books in order: newest first, a tie to the higher version; broken ones last, by name."""
    found = list(books)
    sound = [book for book in found if book.baseline is not None]
    broken = [book for book in found if book.baseline is None]
    return sorted(sound, key=_age, reverse=True) + sorted(broken, key=lambda book: book.name)


def _age(book: Book) -> tuple[object, ...]:
    from packaging.version import InvalidVersion, Version

    assert book.baseline is not None  # noqa: S101 - the caller's
    try:
        version = Version(book.baseline.version)
    except InvalidVersion:
        version = Version("0")
    return book.baseline.captured_at, version, book.name
