"""Anthropic Messages: ``POST /v1/messages`` (docs.anthropic.com, API reference: Messages, Errors, Streaming).

``max_tokens`` is required, as it is there, but cuts no answer.
"""

from __future__ import annotations

from dataclasses import replace

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

PATH = "/v1/messages"

_ERROR_TYPES = {
    401: "authentication_error",
    404: "not_found_error",
    413: "request_too_large",
    429: "rate_limit_error",
    500: "api_error",
}


class Anthropic:
    """The format of Claude's Messages endpoint."""

    name = "anthropic"
    stream_kind = f"{EVENTS}; charset=utf-8"

    def matches(self, path: str) -> bool:
        """Tell whether this is the Messages endpoint."""
        return path == PATH

    def admit(self, request: HttpRequest) -> None:
        """Check method, key and version header; any non-empty key will do."""
        if request.method != "POST":
            raise WireError(405, f"{PATH} takes POST, not {request.method}")
        if not request.headers.get("x-api-key"):
            raise WireError(401, "x-api-key: the header is missing")
        if not request.headers.get("anthropic-version"):
            raise WireError(400, "anthropic-version: the header is missing")

    def read(self, _path: str, body: bytes) -> Asked:
        """Return model and prompt of a Messages request."""
        document = read_object(body)
        model = read_model(document)
        check_limit("max_tokens", document.get("max_tokens"))
        stream = read_flag(document, "stream", default=False)
        system = text_or_blocks("system", document.get("system", ""))
        prompt = replace(read_messages(document.get("messages"), text_or_blocks), system=system)
        return Asked(model, prompt, stream)

    def success(self, asked: Asked, said: Said) -> bytes:
        """Return a complete Message."""
        return encode_json(
            {
                "id": f"msg_{said.identity[:24]}",
                "type": "message",
                "role": "assistant",
                "model": asked.model,
                "content": [{"type": "text", "text": said.text}],
                "stop_reason": "end_turn",
                "stop_sequence": None,
                "usage": {"input_tokens": said.input_tokens, "output_tokens": said.output_tokens},
            }
        )

    def stream(self, asked: Asked, said: Said) -> list[bytes]:
        """Return the events of a Message with one block of text; the count of its tokens grows to the end."""
        message: dict[str, object] = {
            "id": f"msg_{said.identity[:24]}",
            "type": "message",
            "role": "assistant",
            "model": asked.model,
            "content": [],
            "stop_reason": None,
            "stop_sequence": None,
            "usage": {"input_tokens": said.input_tokens, "output_tokens": 1},
        }
        block = {"type": "text", "text": ""}
        ended = {"stop_reason": "end_turn", "stop_sequence": None}
        usage = {"output_tokens": said.output_tokens}
        return between(
            _typed("message_start", message=message)
            + _typed("content_block_start", index=0, content_block=block)
            + _typed("ping"),
            [
                _typed("content_block_delta", index=0, delta={"type": "text_delta", "text": token})
                for token in said.tokens
            ],
            _typed("content_block_stop", index=0)
            + _typed("message_delta", delta=ended, usage=usage)
            + _typed("message_stop"),
        )

    def error(self, error: WireError, request_id: str) -> bytes:
        """Return an error object; statuses without a name of their own are ``invalid_request_error``."""
        kind = _ERROR_TYPES.get(error.status, "invalid_request_error")
        return encode_json(
            {"type": "error", "error": {"type": kind, "message": str(error)}, "request_id": request_id}
        )

    def headers(self, request_id: str) -> Headers:
        """Return the request id."""
        return (("request-id", request_id),)


def _typed(name: str, **facts: object) -> bytes:
    """Return an event that says its type twice: as the event's name, and in its data."""
    return event({"type": name, **facts}, name)
