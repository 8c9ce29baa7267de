"""Rendered answers, kept while they are wanted: a repeated request costs a digest and a look-up."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, replace
from hashlib import blake2b

MAX_BYTES = 16_000_000
"""Bytes of answers kept; the one used longest ago goes first."""


@dataclass(frozen=True, slots=True)
class Rendered:
    """A finished answer and what the log says of it.

    Attributes
    ----------
    body
        The whole answer; empty where it is a stream.
    parts
        Of a stream: what leaves with each token, in order; () of a whole answer.
    kind
        The media type.
    """

    body: bytes
    personas: int
    input_tokens: int
    output_tokens: int
    parts: tuple[bytes, ...] = ()
    kind: str = "application/json"

    @property
    def size(self) -> int:
        """Bytes of the answer."""
        return len(self.body) + sum(map(len, self.parts))

    def broken_off(self) -> Rendered:
        """Return the answer that ends in the middle: of a stream, in the middle of an event."""
        middle = len(self.parts) // 2
        parts = (*self.parts[:middle], *(part[: len(part) // 2] for part in self.parts[middle : middle + 1]))
        return replace(self, body=self.body[: len(self.body) // 2], parts=parts, personas=0)


class Memo:
    """Rendered answers by the digest of what they answer; the requests themselves are not kept."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._max_bytes = max_bytes
        self._bytes = 0
        self._kept: OrderedDict[str, Rendered] = OrderedDict()

    def get(self, key: str, render: Callable[[], Rendered]) -> Rendered:
        """Return the answer kept under the key, rendered first if need be."""
        kept = self._kept.get(key)
        if kept is not None:
            self._kept.move_to_end(key)
            return kept
        rendered = render()
        self._kept[key] = rendered
        self._bytes += rendered.size
        while self._bytes > self._max_bytes:
            _, dropped = self._kept.popitem(last=False)
            self._bytes -= dropped.size
        return rendered


def digest(variant: str, path: str, body: bytes) -> str:
    """Return the hexadecimal digest of a request and the variant of its answer."""
    return blake2b(f"{variant}\n{path}\n".encode() + body, digest_size=16).hexdigest()
