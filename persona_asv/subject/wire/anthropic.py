"""Anthropic's Messages format, version 2023-06-01.

The source is the provider's public API reference: https://docs.anthropic.com/en/api/messages and
https://docs.anthropic.com/en/api/errors.
"""

from __future__ import annotations

from persona_asv.subject.wire.format import Reply, ReplyError, count, field

VERSION = "2023-06-01"


class Anthropic:
    """The `WireFormat` of the Messages API."""

    provider = "anthropic"
    default_model = "claude-sonnet-4-20250514"

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
