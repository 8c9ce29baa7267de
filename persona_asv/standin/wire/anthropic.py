"""Anthropic Messages: ``POST /v1/messages`` (docs.anthropic.com, API reference: Messages, Errors).

Whole answers only: ``stream`` is refused. ``max_tokens`` is required, as it is there, but cuts no answer.
"""

from __future__ import annotations

import json
from collections.abc import Mapping

from persona_asv.standin.exchange import HttpRequest, encode_json
from persona_asv.standin.prompt import Prompt
from persona_asv.standin.wire.format import Asked, Headers, Said, WireError

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
        try:
            document = json.loads(body)
        except (ValueError, RecursionError):
            raise WireError(400, "the body is not JSON") from None
        if not isinstance(document, dict):
            raise WireError(400, "the body is not a JSON object")
        model = document.get("model")
        if not isinstance(model, str) or not model:
            raise WireError(400, "model: a non-empty string is required")
        max_tokens = document.get("max_tokens")
        if isinstance(max_tokens, bool) or not isinstance(max_tokens, int) or max_tokens < 1:
            raise WireError(400, "max_tokens: a whole number from 1 is required")
        if document.get("stream"):
            raise WireError(400, "stream: this endpoint gives whole answers only")
        system = document.get("system", "")
        return Asked(model, Prompt(_texts("system", system), _messages(document.get("messages"))))

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

    def error(self, error: WireError, request_id: str) -> bytes:
        """Return an error object; statuses without a name of their own are ``invalid_request_error``."""
        kind = _ERROR_TYPES.get(error.status, "invalid_request_error")
        return encode_json(
            {"type": "error", "error": {"type": kind, "message": str(error)}, "request_id": request_id}
        )

    def headers(self, request_id: str) -> Headers:
        """Return the request id."""
        return (("request-id", request_id),)


def _messages(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise WireError(400, "messages: a non-empty list is required")
    texts: list[str] = []
    for number, message in enumerate(value):
        where = f"messages.{number}"
        if not isinstance(message, Mapping) or message.get("role") not in {"user", "assistant"}:
            raise WireError(400, f"{where}.role: 'user' or 'assistant' is required")
        texts.extend(_texts(f"{where}.content", message.get("content")))
    return tuple(texts)


def _texts(where: str, content: object) -> tuple[str, ...]:
    if isinstance(content, str):
        return (content,)
    if not isinstance(content, list):
        raise WireError(400, f"{where}: a string or a list of text blocks is required")
    for number, block in enumerate(content):
        if not isinstance(block, Mapping) or block.get("type") != "text":
            raise WireError(400, f"{where}.{number}: only blocks of type 'text' are understood")
        if not isinstance(block.get("text"), str):
            raise WireError(400, f"{where}.{number}.text: a string is required")
    return tuple(block["text"] for block in content)
