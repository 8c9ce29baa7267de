"""Bytes in, whole HTTP requests out, within limits."""

from __future__ import annotations

from dataclasses import dataclass, field

import httptools

from persona_asv.standin.exchange import MAX_BODY, HttpRequest

MAX_HEAD = 65_536
"""Longest request line and headers taken, in bytes, where they arrive in pieces."""


class RequestError(Exception):
    """The bytes are no request of ours; `status` is the answer, after which the connection is of no use."""

    def __init__(self, status: int, line: str) -> None:
        super().__init__(line)
        self.status = status


@dataclass(slots=True)
class _Draft:
    """A request of which some bytes are there."""

    received: float = 0.0
    url: bytes = b""
    headers: dict[str, str] = field(default_factory=dict)
    body: list[bytes] = field(default_factory=list)
    body_size: int = 0
    head_size: int = 0
    in_head: bool = False


class RequestReader:
    """Reads one connection's requests; the parser calls the ``on_*`` methods.

    After an oversize request, or one that asks for the connection to be closed, it ignores what follows.
    A client under measurement sends the same request again and again: one that repeats the last, byte for
    byte and in one chunk, is not parsed anew but returned once more, as the same object. For that the reader
    keeps the last request, key and all, as long as the connection lives; nothing shows it.

    Attributes
    ----------
    in_request
        A request has begun and is not complete.
    last_head
        The bytes of the last head that came alone, in one chunk: where it comes again, a body will follow.
    """

    def __init__(self) -> None:
        self.in_request = False
        self._parser = httptools.HttpRequestParser(self)
        self._complete: list[HttpRequest] = []
        self._draft = _Draft()
        self._arrival = 0.0
        self._deaf = False
        self._continue_due = False
        self._last: HttpRequest | None = None
        self._last_message = b""
        self.last_head = b""

    def feed(self, arrival: float, chunk: bytes) -> list[HttpRequest]:
        """Take the next bytes, there since ``arrival``, and return the requests that they complete.

        Raises
        ------
        RequestError
            If the bytes are not HTTP, ask for another protocol, or never end their headers.
        """
        if self._deaf:
            return []
        idle = not self.in_request
        if idle and self._last is not None and chunk == self._last_message:
            self._last.received = arrival
            return [self._last]
        self._arrival = arrival
        self._parse(chunk)
        complete, self._complete = self._complete, []
        if idle and self._awaits_body(complete):
            self.last_head = chunk
        elif idle and not self.in_request and len(complete) == 1:
            self._last, self._last_message = complete[0], chunk
        return complete

    def _awaits_body(self, complete: list[HttpRequest]) -> bool:
        """Tell whether all that came is one head, whose body follows unasked."""
        alone = self.in_request and not complete and not self._draft.in_head and not self._draft.body_size
        return alone and not self._continue_due

    def _parse(self, chunk: bytes) -> None:
        try:
            self._parser.feed_data(chunk)
        except httptools.HttpParserUpgrade:
            raise RequestError(400, "this server speaks HTTP/1.1 and upgrades to nothing else") from None
        except httptools.HttpParserError as error:
            if not self._deaf:
                raise RequestError(400, f"not an HTTP request: {error}") from None
        if self._draft.in_head:
            self._draft.head_size += len(chunk)
            if self._draft.head_size > MAX_HEAD:
                raise RequestError(431, f"the headers are longer than {MAX_HEAD} bytes")

    def take_continue(self) -> bool:
        """Tell, once, whether the client waits for ``100 Continue`` before it sends the body."""
        due, self._continue_due = self._continue_due, False
        return due

    def on_message_begin(self) -> None:
        """Begin a request: this is where its first byte is seen."""
        self.in_request = True
        self._draft = _Draft(self._arrival, in_head=True)

    def on_url(self, part: bytes) -> None:
        """Take a part of the URL."""
        self._draft.url += part

    def on_header(self, name: bytes, value: bytes) -> None:
        """Take a header."""
        self._draft.headers[name.lower().decode("latin-1")] = value.decode("latin-1")

    def on_headers_complete(self) -> None:
        """Refuse a body that announces itself as too large before it is sent."""
        self._draft.in_head = False
        if int(self._draft.headers.get("content-length", 0)) > MAX_BODY:
            self._finish(oversize=True)
        else:
            self._continue_due = "expect" in self._draft.headers

    def on_body(self, part: bytes) -> None:
        """Take a part of the body, up to the limit."""
        self._continue_due = False
        self._draft.body_size += len(part)
        if self._draft.body_size > MAX_BODY:
            self._finish(oversize=True)
        else:
            self._draft.body.append(part)

    def on_message_complete(self) -> None:
        """Put the request together."""
        self._continue_due = False
        self._finish(oversize=False)

    def _finish(self, *, oversize: bool) -> None:
        self.in_request = False
        draft, self._draft = self._draft, _Draft()
        if self._deaf:
            return
        keep_alive = self._parser.should_keep_alive() and not oversize
        self._deaf = not keep_alive
        path, _, query = _target(draft.url).partition("?")
        self._complete.append(
            HttpRequest(
                method=self._parser.get_method().decode("ascii"),
                path=path,
                query=query,
                headers=draft.headers,
                body=b"" if oversize else b"".join(draft.body),
                received=draft.received,
                keep_alive=keep_alive,
                oversize=oversize,
            )
        )


def _target(url: bytes) -> str:
    """Return path and query of a request target, which a proxy's client writes with scheme and host."""
    target = url.decode("latin-1")
    if target.startswith("/"):
        return target
    _, _, rest = target.partition("://")
    return "/" + rest.partition("/")[2]
