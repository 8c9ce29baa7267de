"""Planned faults: which requests of a session go wrong, and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

MAX_RETRY_AFTER = 3600.0
"""Longest Retry-After accepted, seconds."""

_KEYS = frozenset({"kind", "every", "offset", "limit", "retry_after"})


class FaultKind(StrEnum):
    """What happens to a request."""

    RATE_LIMITED = "429"
    """Answered 429, optionally with ``retry-after``."""
    SERVER_ERROR = "500"
    """Answered 500."""
    HANG = "hang"
    """Never answered; the connection stays open."""
    TRUNCATED = "truncated"
    """Answered 200 with a body that ends in the middle: HTTP is intact, its JSON is not; a stream breaks off
    in the middle of an event."""
    INVALID = "invalid"
    """Answered 200 in perfect form, but the personas violate their schema."""


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault that befalls every request whose index i satisfies ``i % every == offset``.

    Attributes
    ----------
    limit
        How many requests it befalls at most, counted along the indices; None for no limit.
    retry_after
        Seconds told in ``retry-after``, for `FaultKind.RATE_LIMITED` only.
    """

    kind: FaultKind
    every: int
    offset: int
    limit: int | None = None
    retry_after: float | None = None

    def befalls(self, index: int) -> bool:
        """Tell whether the session's request ``index`` (from 0) is due for this fault."""
        occurrence, remainder = divmod(index, self.every)
        return remainder == self.offset and (self.limit is None or occurrence < self.limit)

    @classmethod
    def parse(cls, document: object) -> Fault:
        """Return the fault a JSON object describes.

        Raises
        ------
        ValueError, TypeError
            Naming the key at fault.
        """
        if not isinstance(document, Mapping):
            raise TypeError(f"faults: each fault is an object, not {document!r}")
        unknown = sorted(set(document) - _KEYS)
        if unknown:
            raise ValueError(f"faults: unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
        kind = _kind(document.get("kind"))
        every = _whole("every", document.get("every"), lowest=1)
        offset = _whole("offset", document.get("offset", every - 1), lowest=0)
        if offset >= every:
            raise ValueError(f"faults.offset: {offset} is not below every ({every})")
        limit = document.get("limit")
        return cls(
            kind,
            every,
            offset,
            None if limit is None else _whole("limit", limit, lowest=0),
            _retry_after(kind, document.get("retry_after")),
        )


def _kind(value: object) -> FaultKind:
    try:
        return FaultKind(str(value))
    except ValueError:
        raise ValueError(f"faults.kind: {value!r} is not one of {', '.join(FaultKind)}") from None


def _whole(key: str, value: object, *, lowest: int) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < lowest:
        raise ValueError(f"faults.{key}: {value!r} is not a whole number from {lowest}")
    return value


def _retry_after(kind: FaultKind, value: object) -> float | None:
    if value is None:
        return None
    if kind is not FaultKind.RATE_LIMITED:
        raise ValueError(f"faults.retry_after: only a 429 carries it, not {kind.value!r}")
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= MAX_RETRY_AFTER:
        raise ValueError(f"faults.retry_after: {value!r} is not within 0 to {MAX_RETRY_AFTER:.0f} seconds")
    return float(value)
