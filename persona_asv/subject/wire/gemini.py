"""Gemini's generateContent format, version v1beta.

The source is the provider's public API reference: https://ai.google.dev/api/generate-content and
https://ai.google.dev/gemini-api/docs/troubleshooting.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from persona_asv.subject.wire.format import Piece, Reply, ReplyError, count, event, field, first


class Gemini:
    """The `WireFormat` of generateContent."""

    provider = "gemini"
    default_model = "gemini-1.5-pro"
    streamed: Mapping[str, object] = MappingProxyType({})

    def path(self, model: str) -> str:
        """Return the path to POST to; whatever the model is called, it stays one segment of it."""
        return f"/v1beta/models/{quote(model, safe='')}:generateContent"

    def headers(self, api_key: str) -> dict[str, str]:
        """Return the key; the provider would take it in the URL too, where every log on the way keeps it."""
        return {"x-goog-api-key": api_key}

    def body(self, model: str, prompt: str, max_tokens: int) -> dict[str, object]:
        """Return the request's JSON document: one user content; the model stands in the path."""
        return {
            "contents": [{"role": "user", "parts": [{"text": prompt}]}],
            "generationConfig": {"maxOutputTokens": max_tokens},
        }

    def reply(self, document: object) -> Reply:
        """Join the parts of the only candidate and read its usage; one that was stopped may have no parts."""
        candidate = first(field(document, "candidates"))
        if not isinstance(candidate, dict):
            raise ReplyError("gemini answered with something other than a candidate")
        parts = field(candidate, "content", "parts")
        texts = [field(part, "text") for part in parts] if isinstance(parts, list) else []
        return Reply(
            text="".join(text for text in texts if isinstance(text, str)),
            complete=field(candidate, "finishReason") != "MAX_TOKENS",
            input_tokens=count(document, "usageMetadata", "promptTokenCount"),
            output_tokens=count(document, "usageMetadata", "candidatesTokenCount"),
        )

    def error_type(self, document: object) -> str | None:
        """Return the error's status, such as ``RESOURCE_EXHAUSTED``."""
        status = field(document, "error", "status")
        return status if isinstance(status, str) else None

    def stream_path(self, model: str) -> str:
        """Return the path to POST to: streams have an endpoint of their own."""
        return self.path(model).removesuffix("generateContent") + "streamGenerateContent?alt=sse"

    def piece(self, data: str) -> Piece:
        """Read a response of the only candidate; the last one says why it is the last."""
        document = event(self.provider, data)
        candidate = first(field(document, "candidates"))
        ended = field(candidate, "finishReason")
        return Piece(
            "".join(_texts(candidate)),
            last=ended is not None,
            complete=ended != "MAX_TOKENS",
            input_tokens=count(document, "usageMetadata", "promptTokenCount"),
            output_tokens=count(document, "usageMetadata", "candidatesTokenCount"),
        )


def _texts(candidate: object) -> list[str]:
    parts = field(candidate, "content", "parts")
    texts = [field(part, "text") for part in parts] if isinstance(parts, list) else []
    return [text for text in texts if isinstance(text, str)]
