"""Ollama's chat format.

The source is the project's public API reference: https://github.com/ollama/ollama/blob/main/docs/api.md.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from persona_asv.subject.wire.format import Piece, Reply, ReplyError, count, event, field


class Ollama:
    """The `WireFormat` of the chat endpoint."""

    provider = "ollama"
    default_model = "llama3:8b"
    streamed: Mapping[str, object] = MappingProxyType({"stream": True})

    def path(self, model: str) -> str:
        """Return the path to POST to."""
        return "/api/chat"

    def headers(self, api_key: str) -> dict[str, str]:
        """Return nothing: one's own server wants no key, so it is sent none."""
        return {}

    def body(self, model: str, prompt: str, max_tokens: int) -> dict[str, object]:
        """Return the request's JSON document: one user message, to be answered in one piece."""
        return {
            "model": model,
            "stream": False,
            "options": {"num_predict": max_tokens},
            "messages": [{"role": "user", "content": prompt}],
        }

    def reply(self, document: object) -> Reply:
        """Read the message and its counts, which the server leaves out where they are 0."""
        text = field(document, "message", "content")
        if not isinstance(text, str):
            raise ReplyError("ollama answered with something other than a chat message")
        return Reply(
            text=text,
            complete=field(document, "done_reason") != "length",
            input_tokens=count(document, "prompt_eval_count"),
            output_tokens=count(document, "eval_count"),
        )

    def error_type(self, document: object) -> str | None:
        """Return the error, which is a sentence more often than a word."""
        error = field(document, "error")
        return error if isinstance(error, str) else None

    def stream_path(self, model: str) -> str:
        """Return the path to POST to."""
        return self.path(model)

    def piece(self, data: str) -> Piece:
        """Read a line: a piece of the message, or the counts that end it."""
        document = event(self.provider, data)
        text = field(document, "message", "content")
        return Piece(
            text if isinstance(text, str) else "",
            last=field(document, "done") is True,
            complete=field(document, "done_reason") != "length",
            input_tokens=count(document, "prompt_eval_count"),
            output_tokens=count(document, "eval_count"),
        )
