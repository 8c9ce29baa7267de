"""What a wire format is: how one provider is asked, and how it answers and refuses."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

from persona_asv.standin.exchange import HttpRequest
from persona_asv.standin.prompt import Prompt

Headers = tuple[tuple[str, str], ...]


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
    """The facts of a request that an answer depends on."""

    model: str
    prompt: Prompt


@dataclass(frozen=True, slots=True)
class Said:
    """An answer, before a wire format wraps it.

    Attributes
    ----------
    identity
        Hexadecimal digest of the request: where a provider numbers its answers, the number is made of it.
    """

    identity: str
    text: str
    input_tokens: int
    output_tokens: int


class WireFormat(Protocol):
    """One provider's HTTP interface. Implementations hold no state."""

    @property
    def name(self) -> str:
        """The provider, as ``--provider`` calls it."""

    def matches(self, path: str) -> bool:
        """Tell whether the path (after the session's name) is this provider's."""

    def admit(self, request: HttpRequest) -> None:
        """Raise `WireError` unless method and credentials are in order. Keys are looked at, never kept."""

    def read(self, path: str, body: bytes, /) -> Asked:
        """Return what the body asks for, or raise `WireError`. The path may name the model."""

    def success(self, asked: Asked, said: Said) -> bytes:
        """Return the body of a 200."""

    def error(self, error: WireError, request_id: str) -> bytes:
        """Return the body of a refusal."""

    def headers(self, request_id: str) -> Headers:
        """Return the headers every answer of this provider carries."""
