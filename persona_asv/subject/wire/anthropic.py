"""Anthropic's Messages format, version 2023-06-01.

The source is the provider's public API reference: https://docs.anthropic.com/en/api/messages,
https://docs.anthropic.com/en/api/messages-streaming and https://docs.anthropic.com/en/api/errors.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from persona_asv.subject.wire.format import Piece, Reply, ReplyError, count, event, field

VERSION = "2023-06-01"


class Anthropic:
    """The `WireFormat` of the Messages API."""

    provider = "anthropic"
    default_model = "claude-sonnet-4-20250514"
    streamed: Mapping[str, object] = MappingProxyType({"stream": True})

    def path(self, model: str) -> str:
        """Return the path to POST to."""
        return "/v1/messages"

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the key and the format's version."""
        return {"x-api-key": api_key, "anthropic-version": VERSION}

    def body(self, model: str, prompt: str, max_tokens: int) -> dict[str, object]:
        """Return the request's JSON document: one user message."""
        return {"model": model, "max_tokens": max_tokens, "messages": [{"role": "user", "content": prompt}]}

    def reply(self, document: object) -> Reply:
        """Join the text blocks of a message and read its usage."""
        blocks = field(document, "content")
        if field(document, "type") != "message" or not isinstance(blocks, list):
            raise ReplyError("anthropic answered with something other than a message")
        texts = [field(block, "text") for block in blocks if field(block, "type") == "text"]
        return Reply(
            text="".join(text for text in texts if isinstance(text, str)),
            complete=field(document, "stop_reason") != "max_tokens",
            input_tokens=count(document, "usage", "input_tokens"),
            output_tokens=count(document, "usage", "output_tokens"),
        )

    def error_type(self, document: object) -> str | None:
        """Return the error's type, such as ``overloaded_error``."""
        kind = field(document, "error", "type")
        return kind if isinstance(kind, str) else None

    def stream_path(self, model: str) -> str:
        """Return the path to POST to."""
        return self.path(model)

    def piece(self, data: str) -> Piece:
        """Read an event of a message: its start, a piece of text, what ends it; others add nothing."""
        document = event(self.provider, data)
        match field(document, "type"):
            case "message_start":
                return Piece(input_tokens=count(document, "message", "usage", "input_tokens"))
            case "content_block_delta":
                text = field(document, "delta", "text")
                return Piece(text if isinstance(text, str) else "")
            case "message_delta":
                return Piece(
                    complete=field(document, "delta", "stop_reason") != "max_tokens",
                    output_tokens=count(document, "usage", "output_tokens"),
                )
            case "message_stop":
                return Piece(last=True)
        return Piece()
