"""OpenAI's Chat Completions format, version 1.

The source is the provider's public API reference: https://platform.openai.com/docs/api-reference/chat,
https://platform.openai.com/docs/api-reference/chat-streaming and
https://platform.openai.com/docs/guides/error-codes.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from persona_asv.subject.wire.format import Piece, Reply, ReplyError, count, event, field, first


class OpenAI:
    """The `WireFormat` of Chat Completions."""

    provider = "openai"
    default_model = "gpt-4o"
    streamed: Mapping[str, object] = MappingProxyType(
        {"stream": True, "stream_options": {"include_usage": True}}
    )

    def path(self, model: str) -> str:
        """Return the path to POST to."""
        return "/v1/chat/completions"

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the key; without one no header, for HTTP knows no empty ``Bearer``."""
        return {"authorization": f"Bearer {api_key}"} if api_key else {}

    def body(self, model: str, prompt: str, max_tokens: int) -> dict[str, object]:
        """Return the request's JSON document: one user message."""
        return {
            "model": model,
            "max_completion_tokens": max_tokens,
            "messages": [{"role": "user", "content": prompt}],
        }

    def reply(self, document: object) -> Reply:
        """Read the only choice and its usage; a refusal has no content, which leaves the text empty."""
        choice = first(field(document, "choices"))
        message = field(choice, "message")
        if not isinstance(message, dict):
            raise ReplyError("openai answered with something other than a chat completion")
        text = field(message, "content")
        return Reply(
            text=text if isinstance(text, str) else "",
            complete=field(choice, "finish_reason") != "length",
            input_tokens=count(document, "usage", "prompt_tokens"),
            output_tokens=count(document, "usage", "completion_tokens"),
        )

    def error_type(self, document: object) -> str | None:
        """Return the error's code, such as ``rate_limit_exceeded``; where it has none, its broader type."""
        words = (field(document, "error", "code"), field(document, "error", "type"))
        return next((word for word in words if isinstance(word, str)), None)

    def stream_path(self, model: str) -> str:
        """Return the path to POST to."""
        return self.path(model)

    def piece(self, data: str) -> Piece:
        """Read a chunk: of the only choice, of the usage at the end, or the mark that ends the stream."""
        if data == "[DONE]":
            return Piece(last=True)
        document = event(self.provider, data)
        choice = first(field(document, "choices"))
        text = field(choice, "delta", "content")
        return Piece(
            text if isinstance(text, str) else "",
            complete=field(choice, "finish_reason") != "length",
            input_tokens=count(document, "usage", "prompt_tokens"),
            output_tokens=count(document, "usage", "completion_tokens"),
        )
