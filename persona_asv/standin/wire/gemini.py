"""Gemini generateContent: ``POST /v1beta/models/{model}:generateContent`` (ai.google.dev, API reference).

Streams have an endpoint of their own, ``:streamGenerateContent``, here with ``?alt=sse`` only: without it the
provider answers with a JSON array. ``maxOutputTokens`` cuts no answer.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qs, unquote

from persona_asv.standin.exchange import HttpRequest, encode_json
from persona_asv.standin.prompt import Prompt
from persona_asv.standin.wire.body import check_limit, plain_text, read_object
from persona_asv.standin.wire.format import EVENTS, Asked, Headers, Said, WireError, event

BEFORE, AFTER, STREAMED = "/v1beta/models/", ":generateContent", ":streamGenerateContent"

_END = b"\r\n\r\n"
_STATUSES = {403: "PERMISSION_DENIED", 404: "NOT_FOUND", 429: "RESOURCE_EXHAUSTED", 500: "INTERNAL"}


class Gemini:
    """The format of Gemini's generateContent endpoints."""

    name = "gemini"
    stream_kind = EVENTS

    def matches(self, path: str) -> bool:
        """Tell whether this is such an endpoint of a model, whose name is one segment."""
        ours = path.startswith(BEFORE) and path.endswith((AFTER, STREAMED))
        return ours and path.count("/") == BEFORE.count("/")

    def admit(self, request: HttpRequest) -> None:
        """Check method, form of a stream, and key, in the header or the URL; any non-empty key will do."""
        if request.method != "POST":
            raise WireError(404, f"generateContent takes POST, not {request.method}")
        query = parse_qs(request.query)
        if request.path.endswith(STREAMED) and query.get("alt") != ["sse"]:
            raise WireError(400, "alt: streamGenerateContent is understood with ?alt=sse")
        if not request.headers.get("x-goog-api-key") and "key" not in query:
            raise WireError(403, "x-goog-api-key: the header is missing")

    def read(self, path: str, body: bytes) -> Asked:
        """Return model and prompt of a generateContent request."""
        stream = path.endswith(STREAMED)
        model = unquote(path.removeprefix(BEFORE).removesuffix(STREAMED if stream else AFTER))
        document = read_object(body)
        configured = document.get("generationConfig", {})
        if not isinstance(configured, Mapping):
            raise WireError(400, "generationConfig: an object is required")
        if configured.get("maxOutputTokens") is not None:
            check_limit("generationConfig.maxOutputTokens", configured["maxOutputTokens"])
        instruction = document.get("systemInstruction")
        system = () if instruction is None else _texts("systemInstruction", instruction)
        return Asked(model, Prompt(system, _contents(document.get("contents"))), stream)

    def success(self, asked: Asked, said: Said) -> bytes:
        """Return a response of one candidate."""
        return encode_json(_response(asked, said, said.text, said.output_tokens, ended=True))

    def stream(self, asked: Asked, said: Said) -> list[bytes]:
        """Return a response a token; only the last one says that, and why, it is the last."""
        last = said.output_tokens
        return [
            event(_response(asked, said, token, number, ended=number == last), end=_END)
            for number, token in enumerate(said.tokens, 1)
        ]

    def error(self, error: WireError, _request_id: str) -> bytes:
        """Return a status object; statuses without a name of their own are ``INVALID_ARGUMENT``."""
        name = _STATUSES.get(error.status, "INVALID_ARGUMENT")
        return encode_json({"error": {"code": error.status, "message": str(error), "status": name}})

    def headers(self, _request_id: str) -> Headers:
        """Return nothing: an answer's number stands in its body."""
        return ()


def _response(asked: Asked, said: Said, text: str, tokens: int, *, ended: bool) -> dict[str, Any]:
    """Return a response that says a text, the last of ``tokens`` tokens so far."""
    candidate = {
        "content": {"parts": [{"text": text}], "role": "model"},
        **({"finishReason": "STOP"} if ended else {}),
        "index": 0,
    }
    return {
        "candidates": [candidate],
        "usageMetadata": {
            "promptTokenCount": said.input_tokens,
            "candidatesTokenCount": tokens,
            "totalTokenCount": said.input_tokens + tokens,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": said.input_tokens}],
            "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": tokens}],
        },
        "modelVersion": asked.model,
        "responseId": said.identity[:22],
    }


def _contents(value: object) -> tuple[str, ...]:
    if not isinstance(value, list) or not value:
        raise WireError(400, "contents: a non-empty list is required")
    texts: list[str] = []
    for number, content in enumerate(value):
        where = f"contents.{number}"
        texts.extend(_texts(where, content))
        if content.get("role") not in (None, "user", "model"):
            raise WireError(400, f"{where}.role: one of user, model is required")
    return tuple(texts)


def _texts(where: str, content: object) -> tuple[str, ...]:
    parts = content.get("parts") if isinstance(content, Mapping) else None
    if not isinstance(parts, list) or not parts:
        raise WireError(400, f"{where}.parts: a non-empty list is required")
    texts: list[str] = []
    for number, part in enumerate(parts):
        text = part.get("text") if isinstance(part, Mapping) else None
        texts.extend(plain_text(f"{where}.parts.{number}.text", text))
    return tuple(texts)
