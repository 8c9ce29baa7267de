"""What goes in and out of the server: one request, its answer, and when the answer is due.

Nobody changes one of these; they are not frozen because that makes each several times as expensive to make.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus

from persona_asv.standin.memo import Rendered
from persona_asv.standin.session import Entry

MAX_BODY = 10_000_000
"""Largest request body taken, in bytes; a larger one is answered 413 and the connection closed."""

JSON = "application/json"
"""Media type of whole answers."""

_PHRASES = {status.value: status.phrase for status in HTTPStatus}
_LAST_CHUNK = b"0\r\n\r\n"


@dataclass(slots=True)
class HttpRequest:
    """One whole request.

    Attributes
    ----------
    headers
        By lower-case name. Kept out of ``repr``, as is the query: both may carry an API key.
    received
        When its first byte had arrived, in ``time.perf_counter()`` seconds (see `arrival`).
    oversize
        The body is larger than `MAX_BODY`; it was not kept, ``body`` is empty.
    known
        What the provider rendered for it, once it did: a connection that repeats its last request hands in
        the same object again.
    """

    method: str
    path: str
    query: str = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)
    body: bytes = field(repr=False)
    received: float
    keep_alive: bool = True
    oversize: bool = False
    known: Rendered | None = field(default=None, repr=False, compare=False)


@dataclass(slots=True)
class HttpAnswer:
    """Status, extra headers and body of one response.

    Attributes
    ----------
    parts
        Of a stream: its body in pieces that leave one by one; () of a whole answer.
    kind
        Media type of the body.
    """

    status: int
    body: bytes
    headers: tuple[tuple[str, str], ...] = ()
    parts: tuple[bytes, ...] = ()
    kind: str = JSON

    def encode(self, *, keep_alive: bool, without_body: bool = False) -> bytes:
        """Return the bytes for the wire; ``without_body`` is for HEAD, whose answer is the headers alone."""
        head = self._head(f"content-length: {len(self.body)}", keep_alive=keep_alive)
        return head if without_body else head + self.body

    def encode_parts(self, *, keep_alive: bool) -> list[bytes]:
        """Return the bytes of a stream, a part each, in chunks (RFC 9112, section 7.1)."""
        messages = [b"%x\r\n%b\r\n" % (len(part), part) for part in self.parts]
        messages[0] = self._head("transfer-encoding: chunked", keep_alive=keep_alive) + messages[0]
        messages[-1] += _LAST_CHUNK
        return messages

    def _head(self, length: str, *, keep_alive: bool) -> bytes:
        extra = "" if keep_alive else "connection: close\r\n"
        for name, value in self.headers:
            extra += f"{name}: {value}\r\n"
        return (
            f"HTTP/1.1 {self.status} {_PHRASES[self.status]}\r\n"
            f"content-type: {self.kind}\r\n{length}\r\n{extra}\r\n"
        ).encode("ascii")


@dataclass(slots=True)
class Reply:
    """How a request is to be answered.

    Attributes
    ----------
    answer
        None means never: the connection stays open and silent.
    wait
        Seconds to let pass first: the model time, of a stream until its first token.
    entry
        The log entry to complete once the answer is out; None for control requests, which are not logged.
    gap
        Seconds between two parts of a stream.
    """

    answer: HttpAnswer | None
    wait: float = 0.0
    entry: Entry | None = None
    gap: float = 0.0


def encode_json(document: object) -> bytes:
    """Return the document as compact ASCII JSON: lone surrogates of a prompt survive as escapes."""
    return json.dumps(document, separators=(",", ":")).encode("ascii")


def plain_error(status: int, line: str, *headers: tuple[str, str]) -> HttpAnswer:
    """Return an error in the stand-in's own shape, for requests that belong to no provider's format."""
    return HttpAnswer(status, encode_json({"error": line}), headers)
