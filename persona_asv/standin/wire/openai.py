"""OpenAI Chat Completions: ``POST /v1/chat/completions`` (platform.openai.com, API reference: Chat, Errors).

Whole answers only: ``stream`` is refused. A token limit, in either spelling, cuts no answer.
"""

from __future__ import annotations

from persona_asv.standin.exchange import HttpRequest, encode_json
from persona_asv.standin.wire.body import (
    check_limit,
    read_messages,
    read_model,
    read_object,
    text_or_blocks,
)
from persona_asv.standin.wire.format import Asked, Headers, Said, WireError

PATH = "/v1/chat/completions"

CREATED = 1_735_689_600
"""Unix time of every answer, the start of 2025: the same request gets the same answer at any time."""

_ERRORS = {
    405: ("invalid_request_error", "method_not_supported"),
    429: ("requests", "rate_limit_exceeded"),
    500: ("server_error", None),
}
"""Type and code of a status; of others they are ``invalid_request_error`` and none."""


class OpenAI:
    """The format of GPT's Chat Completions endpoint."""

    name = "openai"

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
        if document.get("stream"):
            raise WireError(400, "stream: this endpoint gives whole answers only")
        prompt = read_messages(document.get("messages"), text_or_blocks, ("system", "developer"))
        return Asked(model, prompt)

    def success(self, asked: Asked, said: Said) -> bytes:
        """Return a chat completion of one choice."""
        return encode_json(
            {
                "id": f"chatcmpl-{said.identity[:29]}",
                "object": "chat.completion",
                "created": CREATED,
                "model": asked.model,
                "choices": [
                    {
                        "index": 0,
                        "message": {
                            "role": "assistant",
                            "content": said.text,
                            "refusal": None,
                            "annotations": [],
                        },
                        "logprobs": None,
                        "finish_reason": "stop",
                    }
                ],
                "usage": {
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
                },
                "service_tier": "default",
                "system_fingerprint": None,
            }
        )

    def error(self, error: WireError, _request_id: str) -> bytes:
        """Return an error object; it names no parameter, its message does."""
        kind, code = _ERRORS.get(error.status, ("invalid_request_error", None))
        return encode_json({"error": {"message": str(error), "type": kind, "param": None, "code": code}})

    def headers(self, request_id: str) -> Headers:
        """Return the request id."""
        return (("x-request-id", request_id),)
