"""What a wire format is: how one provider is asked, how it answers, at once or as a stream, and refuses."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from persona_asv.standin.exchange import HttpRequest, encode_json
from persona_asv.standin.prompt import Prompt

Headers = tuple[tuple[str, str], ...]

EVENTS = "text/event-stream"
"""Media type of server-sent events (WHATWG HTML, section 9.2)."""


class WireError(Exception):
    """A request the provider refuses; the wire format gives it the provider's shape.

    Attributes
    ----------
    status
        HTTP status, which also decides the provider's own name of the error.
    retry_after
        Seconds the client is ordered to wait.
    """

    def __init__(self, status: int, line: str, retry_after: float | None = None) -> None:
        super().__init__(line)
        self.status = status
        self.retry_after = retry_after


@dataclass(frozen=True, slots=True)
class Asked:
    """The facts of a request that an answer depends on.

    Attributes
    ----------
    stream
        Whether the answer is to come token by token.
    usage
        Whether a stream is to tell its token counts, where the client has the choice.
    """

    model: str
    prompt: Prompt
    stream: bool = False
    usage: bool = True


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, before a wire format wraps it.

    Attributes
    ----------
    identity
        Hexadecimal digest of the request: where a provider numbers its answers, the number is made of it.
    tokens
        The text, cut into its output tokens.
    """

    identity: str
    tokens: tuple[str, ...]
    input_tokens: int

    @property
    def text(self) -> str:
        """The whole text."""
        return "".join(self.tokens)

    @property
    def output_tokens(self) -> int:
        """How many tokens it has."""
        return len(self.tokens)


class WireFormat(Protocol):
    """One provider's HTTP interface. Implementations hold no state."""

    @property
    def name(self) -> str:
        """The provider, as ``--provider`` calls it."""

    @property
    def stream_kind(self) -> str:
        """Media type of its streams."""

    def matches(self, path: str) -> bool:
        """Tell whether the path (after the session's name) is this provider's."""

    def admit(self, request: HttpRequest) -> None:
        """Raise `WireError` unless method and credentials are in order. Keys are looked at, never kept."""

    def read(self, path: str, body: bytes, /) -> Asked:
        """Return what the body asks for, or raise `WireError`. The path may name the model."""

    def success(self, asked: Asked, said: Said) -> bytes:
        """Return the body of a 200."""

    def stream(self, asked: Asked, said: Said) -> list[bytes]:
        """Return the body of a 200 as it leaves, a part a token.

        What opens a stream leaves with the first token, and what closes it with the last one.
        """

    def error(self, error: WireError, request_id: str) -> bytes:
        """Return the body of a refusal."""

    def headers(self, request_id: str) -> Headers:
        """Return the headers every answer of this provider carries."""


def event(document: object, name: str = "", *, end: bytes = b"\n\n") -> bytes:
    """Return a server-sent event whose data is a JSON document.

    Parameters
    ----------
    name
        Type of the event, where the provider gives it one.
    end
        How its lines end: both line feeds, or carriage return and line feed, are common.
    """
    head = f"event: {name}\n".encode("ascii") if name else b""
    return head + b"data: " + encode_json(document) + end


def between(opening: bytes, tokens: Sequence[bytes], closing: bytes) -> list[bytes]:
    """Return the parts of a stream: what opens and what closes it leave with the first and the last token."""
    parts = list(tokens)
    parts[0] = opening + parts[0]
    parts[-1] += closing
    return parts
