"""OpenAI Chat Completions: ``POST /v1/chat/completions`` (platform.openai.com, API reference: Chat, Errors).

A token limit, in either spelling, cuts no answer. A stream tells its usage where ``stream_options`` asks.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from persona_asv.standin.exchange import HttpRequest, encode_json
from persona_asv.standin.wire.body import (
    check_limit,
    read_flag,
    read_messages,
    read_model,
    read_object,
    text_or_blocks,
)
from persona_asv.standin.wire.format import EVENTS, Asked, Headers, Said, WireError, between, event

PATH = "/v1/chat/completions"

CREATED = 1_735_689_600
"""Unix time of every answer, the start of 2025: the same request gets the same answer at any time."""

DONE = b"data: [DONE]\n\n"
"""What ends a stream."""

_ERRORS = {
    405: ("invalid_request_error", "method_not_supported"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
}
"""Type and code of a status; of others they are ``invalid_request_error`` and none."""


class OpenAI:
    """The format of GPT's Chat Completions endpoint."""

    name = "openai"
    stream_kind = f"{EVENTS}; charset=utf-8"

    def matches(self, path: str) -> bool:
        """Tell whether this is the Chat Completions endpoint."""
        return path == PATH

    def admit(self, request: HttpRequest) -> None:
        """Check method and key; any non-empty key will do."""
        if request.method != "POST":
            raise WireError(405, f"{PATH} takes POST, not {request.method}")
        scheme, _, key = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not key.strip():
            raise WireError(401, "authorization: the header is missing, or is not 'Bearer KEY'")

    def read(self, _path: str, body: bytes) -> Asked:
        """Return model and prompt of a Chat Completions request."""
        document = read_object(body)
        model = read_model(document)
        for key in ("max_completion_tokens", "max_tokens"):
            if document.get(key) is not None:
                check_limit(key, document[key])
        stream = read_flag(document, "stream", default=False)
        usage = _wants_usage(document.get("stream_options"), stream=stream)
        prompt = read_messages(document.get("messages"), text_or_blocks, ("system", "developer"))
        return Asked(model, prompt, stream, usage)

    def success(self, asked: Asked, said: Said) -> bytes:
        """Return a chat completion of one choice."""
        message: Any = {"role": "assistant", "content": said.text, "refusal": None, "annotations": []}
        choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": "stop"}
        return encode_json(
            {
                **_head(asked, said, "chat.completion"),
                "choices": [choice],
                "usage": _usage(said),
                "service_tier": "default",
                "system_fingerprint": None,
            }
        )

    def stream(self, asked: Asked, said: Said) -> list[bytes]:
        """Return the chunks of one choice; with usage all of them have the key, the last one the counts."""
        head = {
            **_head(asked, said, "chat.completion.chunk"),
            "service_tier": "default",
            "system_fingerprint": None,
        }
        counts = {"usage": None} if asked.usage else {}

        def chunk(delta: dict[str, Any], ended: str | None = None) -> bytes:
            choice = {"index": 0, "delta": delta, "logprobs": None, "finish_reason": ended}
            return event({**head, "choices": [choice], **counts})

        total = event({**head, "choices": [], "usage": _usage(said)}) if asked.usage else b""
        return between(
            chunk({"role": "assistant", "content": "", "refusal": None}),
            [chunk({"content": token}) for token in said.tokens],
            chunk({}, "stop") + total + DONE,
        )

    def error(self, error: WireError, _request_id: str) -> bytes:
        """Return an error object; it names no parameter, its message does."""
        kind, code = _ERRORS.get(error.status, ("invalid_request_error", None))
        return encode_json({"error": {"message": str(error), "type": kind, "param": None, "code": code}})

    def headers(self, request_id: str) -> Headers:
        """Return the request id."""
        return (("x-request-id", request_id),)


def _head(asked: Asked, said: Said, kind: str) -> dict[str, Any]:
    return {
        "id": f"chatcmpl-{said.identity[:29]}",
        "object": kind,
        "created": CREATED,
        "model": asked.model,
    }


def _usage(said: Said) -> dict[str, Any]:
    return {
        "prompt_tokens": said.input_tokens,
        "completion_tokens": said.output_tokens,
        "total_tokens": said.input_tokens + said.output_tokens,
        "prompt_tokens_details": {"cached_tokens": 0, "audio_tokens": 0},
        "completion_tokens_details": {
            "reasoning_tokens": 0,
            "audio_tokens": 0,
            "accepted_prediction_tokens": 0,
            "rejected_prediction_tokens": 0,
        },
    }


def _wants_usage(options: object, *, stream: bool) -> bool:
    """Return whether a stream is to end with its token counts; they are not told unasked."""
    if options is None:
        return False
    if not stream:
        raise WireError(400, "stream_options: allowed only where stream is true")
    if not isinstance(options, Mapping):
        raise WireError(400, "stream_options: an object is required")
    return read_flag(options, "include_usage", default=False)
