"""What every provider's wire format has to say for itself, and what a reply comes down to."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from persona_asv.subject.protocol import GenerationError


class ReplyError(GenerationError):
    """The provider answered with success, but not in its own format."""


@dataclass(frozen=True, slots=True)
class Reply:
    """The model's answer, free of any provider's format.

    Attributes
    ----------
    text
        What the model wrote.
    complete
        False where the provider cut it at the token limit.
    input_tokens, output_tokens
        As the provider counted them; None where it did not say.
    """

    text: str
    complete: bool
    input_tokens: int | None
    output_tokens: int | None


@dataclass(frozen=True, slots=True)
class Piece:
    """What one event of a streamed answer adds to it.

    Attributes
    ----------
    text
        What the model wrote on; empty where the event is about something else.
    last
        Whether the answer ends with it.
    complete
        False where it says that the answer was cut at the token limit.
    input_tokens, output_tokens
        As the provider counted them so far; None where it did not say.
    """

    text: str = ""
    last: bool = False
    complete: bool = True
    input_tokens: int | None = None
    output_tokens: int | None = None


class WireFormat(Protocol):
    """One provider's HTTP format: pure functions from and to plain values, no connection."""

    @property
    def provider(self) -> str:
        """Name by which the provider is chosen."""
        ...

    @property
    def default_model(self) -> str:
        """Model asked for where none is named."""
        ...

    def path(self, model: str) -> str:
        """Return the path to POST to, below the base URL; it never holds the key."""
        ...

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the headers that carry the key and the format's version."""
        ...

    def body(self, model: str, prompt: str, max_tokens: int) -> dict[str, object]:
        """Return the request's JSON document."""
        ...

    def reply(self, document: object) -> Reply:
        """Read the JSON document of a successful response.

        Raises
        ------
        ReplyError
            Where it is not of this format.
        """
        ...

    def error_type(self, document: object) -> str | None:
        """Return the provider's own word for the error in an error document, or None where it has none."""
        ...

    @property
    def streamed(self) -> Mapping[str, object]:
        """What a request's document has besides, where its answer is to be streamed."""
        ...

    def stream_path(self, model: str) -> str:
        """Return the path to POST to for a streamed answer."""
        ...

    def piece(self, data: str) -> Piece:
        """Read one event of a streamed answer.

        Raises
        ------
        ReplyError
            Where it is not of this format, or tells of an error.
        """
        ...


def field(document: object, *keys: str) -> object:
    """Return the value under nested keys of a JSON document, or None where the way ends."""
    for key in keys:
        document = document.get(key) if isinstance(document, Mapping) else None
    return document


def first(items: object) -> object:
    """Return the first item of a JSON list, or None where there is none."""
    return items[0] if isinstance(items, list) and items else None


def count(document: object, *keys: str) -> int | None:
    """Return the count under nested keys of a JSON document, or None where there is none."""
    value = field(document, *keys)
    return value if isinstance(value, int) and not isinstance(value, bool) and value >= 0 else None


def event(provider: str, data: str) -> object:
    """Return the JSON document that is the data of one event of a stream.

    Raises
    ------
    ReplyError
        Where it is none, or tells of an error: the provider gave up in the middle.
    """
    try:
        document: object = json.loads(data)
    except (ValueError, RecursionError) as error:
        raise ReplyError(f"{provider}'s stream holds an event that is not JSON") from error
    if field(document, "error") is not None:
        raise ReplyError(f"{provider} broke off its stream with an error")
    return document
