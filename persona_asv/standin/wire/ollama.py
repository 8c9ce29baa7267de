"""Ollama chat: ``POST /api/chat`` (github.com/ollama/ollama, docs/api.md).

A stream is the default there: whole answers are asked for with ``"stream": false``. No key is asked for.
``num_predict`` cuts no answer. ``GET /api/tags`` lists the models: careful clients ask first.
"""

from __future__ import annotations

from typing import Any

from persona_asv.standin.exchange import HttpRequest, encode_json
from persona_asv.standin.wire.body import plain_text, read_flag, read_messages, read_model, read_object
from persona_asv.standin.wire.format import Asked, Headers, Said, WireError, between

PATH = "/api/chat"
TAGS = "/api/tags"

MODELS = ("llama3:8b", "llama3.2:3b", "gemma3:4b", "mistral:7b", "qwen2.5:7b")
"""Models that are listed, as if somebody had pulled them; the chat endpoint answers for any."""

CREATED = "2025-01-01T00:00:00Z"
"""Time of every answer: the same request gets the same answer at any time."""


def listing() -> bytes:
    """Return the list of models."""
    return encode_json({"models": [{"name": name, "model": name, "modified_at": CREATED} for name in MODELS]})


class Ollama:
    """The format of Ollama's chat endpoint."""

    name = "ollama"
    stream_kind = "application/x-ndjson"

    def matches(self, path: str) -> bool:
        """Tell whether this is the chat endpoint."""
        return path == PATH

    def admit(self, request: HttpRequest) -> None:
        """Check the method."""
        if request.method != "POST":
            raise WireError(405, f"{PATH} takes POST, not {request.method}")

    def read(self, _path: str, body: bytes) -> Asked:
        """Return model and prompt of a chat request."""
        document = read_object(body)
        model = read_model(document)
        stream = read_flag(document, "stream", default=True)
        return Asked(model, read_messages(document.get("messages"), plain_text, ("system",)), stream)

    def success(self, asked: Asked, said: Said) -> bytes:
        """Return a message."""
        return encode_json(_last(asked, said, said.text))

    def stream(self, asked: Asked, said: Said) -> list[bytes]:
        """Return a line a token, and one that is empty but for the counts."""
        tokens = [encode_json(_saying(asked, token) | {"done": False}) + b"\n" for token in said.tokens]
        return between(b"", tokens, encode_json(_last(asked, said, "")) + b"\n")

    def error(self, error: WireError, _request_id: str) -> bytes:
        """Return an error, which is a sentence."""
        return encode_json({"error": str(error)})

    def headers(self, _request_id: str) -> Headers:
        """Return nothing: requests are not numbered there."""
        return ()


def _saying(asked: Asked, text: str) -> dict[str, Any]:
    return {
        "model": asked.model,
        "created_at": CREATED,
        "message": {"role": "assistant", "content": text},
    }


def _last(asked: Asked, said: Said, text: str) -> dict[str, Any]:
    """Return what ends an answer; its durations, in ns, are 1 each, for no model was at work."""
    return _saying(asked, text) | {
        "done_reason": "stop",
        "done": True,
        "total_duration": 3,
        "load_duration": 1,
        "prompt_eval_count": said.input_tokens,
        "prompt_eval_duration": 1,
        "eval_count": said.output_tokens,
        "eval_duration": 1,
    }
