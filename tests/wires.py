"""The providers' wire formats, written down from their public references for tests of both ends of the wire.

Nothing here is computed by the subject or the stand-in: both are held to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pytest

KEY = "sk-a-very-secret-key"
MODEL = "model-1"

Document = dict[str, Any]


@dataclass(frozen=True)
class Wire:
    """One provider's format.

    Attributes
    ----------
    path, headers
        Of a request for `MODEL` with `KEY`.
    request
        Returns a request's document, of a prompt and a token limit.
    answer
        Returns a successful answer's document: text, tokens both ways, whether it was cut at the limit.
    identity
        The key under which an answer tells what cannot be known in advance, and what it looks like.
    refusal
        Returns an error's document, of status, the provider's own word for it, and message.
    words
        That word by status: 400, a missing key, 429, 500. None where the provider has no word.
    text, prompt, message
        Read an answer's text, a request's prompt and a refusal's message.
    """

    provider: str
    path: str
    headers: Mapping[str, str]
    request: Callable[[str, int], Document]
    answer: Callable[[str, int, int, bool], Document]
    identity: tuple[str, str]
    refusal: Callable[[int, str | None, str], Document]
    words: Mapping[int, str | None]
    text: Callable[[Document], str]
    prompt: Callable[[Document], str]
    message: Callable[[Document], str] = lambda document: document["error"]["message"]


ANTHROPIC = Wire(
    provider="anthropic",
    path="/v1/messages",
    headers={"x-api-key": KEY, "anthropic-version": "2023-06-01"},
    request=lambda prompt, limit: {
        "model": MODEL,
        "max_tokens": limit,
        "messages": [{"role": "user", "content": prompt}],
    },
    answer=lambda text, read, written, cut: {
        "id": "msg_01",
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [{"type": "text", "text": text}],
        "stop_reason": "max_tokens" if cut else "end_turn",
        "stop_sequence": None,
        "usage": {"input_tokens": read, "output_tokens": written},
    },
    identity=("id", r"msg_[0-9a-f]{24}"),
    refusal=lambda _status, word, message: {
        "type": "error",
        "error": {"type": word, "message": message},
        "request_id": "req_1",
    },
    words={
        400: "invalid_request_error",
        401: "authentication_error",
        429: "rate_limit_error",
        500: "api_error",
    },
    text=lambda answer: answer["content"][0]["text"],
    prompt=lambda request: request["messages"][0]["content"],
)

OPENAI_TYPES = {"rate_limit_exceeded": "requests"}
"""Types of the errors that have a code as well."""

OPENAI = Wire(
    provider="openai",
    path="/v1/chat/completions",
    headers={"authorization": f"Bearer {KEY}"},
    request=lambda prompt, limit: {
        "model": MODEL,
        "max_completion_tokens": limit,
        "messages": [{"role": "user", "content": prompt}],
    },
    answer=lambda text, read, written, cut: {
        "id": "chatcmpl-01",
        "object": "chat.completion",
        "created": 1_735_689_600,
        "model": MODEL,
        "choices": [
            {
                "index": 0,
                "message": {"role": "assistant", "content": text, "refusal": None, "annotations": []},
                "logprobs": None,
                "finish_reason": "length" if cut else "stop",
            }
        ],
        "usage": {
            "prompt_tokens": read,
            "completion_tokens": written,
            "total_tokens": read + written,
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
    },
    identity=("id", r"chatcmpl-[0-9a-f]{29}"),
    refusal=lambda _status, word, message: {
        "error": {
            "message": message,
            "type": OPENAI_TYPES.get(word or "", word),
            "param": None,
            "code": word if word in OPENAI_TYPES else None,
        }
    },
    words={
        400: "invalid_request_error",
        401: "invalid_request_error",
        429: "rate_limit_exceeded",
        500: "server_error",
    },
    text=lambda answer: answer["choices"][0]["message"]["content"],
    prompt=lambda request: request["messages"][0]["content"],
)

GEMINI = Wire(
    provider="gemini",
    path=f"/v1beta/models/{MODEL}:generateContent",
    headers={"x-goog-api-key": KEY},
    request=lambda prompt, limit: {
        "contents": [{"role": "user", "parts": [{"text": prompt}]}],
        "generationConfig": {"maxOutputTokens": limit},
    },
    answer=lambda text, read, written, cut: {
        "candidates": [
            {
                "content": {"parts": [{"text": text}], "role": "model"},
                "finishReason": "MAX_TOKENS" if cut else "STOP",
                "index": 0,
            }
        ],
        "usageMetadata": {
            "promptTokenCount": read,
            "candidatesTokenCount": written,
            "totalTokenCount": read + written,
            "promptTokensDetails": [{"modality": "TEXT", "tokenCount": read}],
            "candidatesTokensDetails": [{"modality": "TEXT", "tokenCount": written}],
        },
        "modelVersion": MODEL,
        "responseId": "01",
    },
    identity=("responseId", r"[0-9a-f]{22}"),
    refusal=lambda status, word, message: {"error": {"code": status, "message": message, "status": word}},
    words={
        400: "INVALID_ARGUMENT",
        403: "PERMISSION_DENIED",
        429: "RESOURCE_EXHAUSTED",
        500: "INTERNAL",
    },
    text=lambda answer: answer["candidates"][0]["content"]["parts"][0]["text"],
    prompt=lambda request: request["contents"][0]["parts"][0]["text"],
)

OLLAMA = Wire(
    provider="ollama",
    path="/api/chat",
    headers={},
    request=lambda prompt, limit: {
        "model": MODEL,
        "stream": False,
        "options": {"num_predict": limit},
        "messages": [{"role": "user", "content": prompt}],
    },
    answer=lambda text, read, written, cut: {
        "model": MODEL,
        "created_at": "2025-01-01T00:00:00Z",
        "message": {"role": "assistant", "content": text},
        "done_reason": "length" if cut else "stop",
        "done": True,
        "total_duration": 3,
        "load_duration": 1,
        "prompt_eval_count": read,
        "prompt_eval_duration": 1,
        "eval_count": written,
        "eval_duration": 1,
    },
    identity=("created_at", r"2025-01-01T00:00:00Z"),
    refusal=lambda _status, word, message: {"error": word or message},
    words={400: None, 429: None, 500: None},
    text=lambda answer: answer["message"]["content"],
    prompt=lambda request: request["messages"][0]["content"],
    message=lambda refusal: refusal["error"],
)

WIRES = (ANTHROPIC, OPENAI, GEMINI, OLLAMA)

on_every_wire = pytest.mark.parametrize("wire", WIRES, ids=[wire.provider for wire in WIRES])
"""For a test with an argument, or a fixture, called ``wire``."""


@dataclass(frozen=True)
class Stream:
    """How a provider streams an answer.

    Attributes
    ----------
    wire
        Its format otherwise.
    path, changes
        Of a request: the path, and what its document has besides.
    kind
        Media type of the answer.
    events
        Returns what is sent, of the tokens and the tokens read: events by name (empty where it has none) and
        data, `ID` for what cannot be known in advance.
    end
        What ends an event.
    """

    wire: Wire
    path: str
    changes: Document
    kind: str
    events: Callable[[Sequence[str], int], list[tuple[str, Document | str]]]
    end: bytes = b"\n\n"

    def heard(self, body: bytes) -> list[tuple[str, Any]]:
        """Return the events in a body, as `events` writes them."""
        assert body.endswith(self.end)
        known = re.sub(self.wire.identity[1].encode(), ID.encode(), body)
        found = [part.decode("ascii").splitlines() for part in known.removesuffix(self.end).split(self.end)]
        return [_heard(lines) for lines in found]

    def spoken(self, tokens: Sequence[str], read: int) -> list[bytes]:
        """Return the events as bytes."""
        return [_spoken(name, data, self.kind) + self.end for name, data in self.events(tokens, read)]


ID = "ID"


def _heard(lines: list[str]) -> tuple[str, Any]:
    if len(lines) == 1 and lines[0].startswith("{"):
        return "", json.loads(lines[0])
    name = lines[0].removeprefix("event: ") if lines[0].startswith("event: ") else ""
    (data,) = [line.removeprefix("data: ") for line in lines if line.startswith("data: ")]
    assert len(lines) == 1 + bool(name)
    return name, json.loads(data) if data.startswith("{") else data


def _spoken(name: str, data: Document | str, kind: str) -> bytes:
    text = data if isinstance(data, str) else json.dumps(data)
    if "ndjson" in kind:
        return text.encode()
    return f"event: {name}\ndata: {text}".encode() if name else f"data: {text}".encode()


def _anthropic(tokens: Sequence[str], read: int) -> list[tuple[str, Document | str]]:
    message = {
        "id": ID,
        "type": "message",
        "role": "assistant",
        "model": MODEL,
        "content": [],
        "stop_reason": None,
        "stop_sequence": None,
        "usage": {"input_tokens": read, "output_tokens": 1},
    }
    documents: list[Document] = [
        {"type": "message_start", "message": message},
        {"type": "content_block_start", "index": 0, "content_block": {"type": "text", "text": ""}},
        {"type": "ping"},
        *(
            {"type": "content_block_delta", "index": 0, "delta": {"type": "text_delta", "text": token}}
            for token in tokens
        ),
        {"type": "content_block_stop", "index": 0},
        {
            "type": "message_delta",
            "delta": {"stop_reason": "end_turn", "stop_sequence": None},
            "usage": {"output_tokens": len(tokens)},
        },
        {"type": "message_stop"},
    ]
    return [(each["type"], each) for each in documents]


def _openai(tokens: Sequence[str], read: int) -> list[tuple[str, Document | str]]:
    head = {
        "id": ID,
        "object": "chat.completion.chunk",
        "created": 1_735_689_600,
        "model": MODEL,
        "service_tier": "default",
        "system_fingerprint": None,
    }
    deltas: list[tuple[Document, str | None]] = [
        ({"role": "assistant", "content": "", "refusal": None}, None),
        *(({"content": token}, None) for token in tokens),
        ({}, "stop"),
    ]
    chunks = [
        {
            **head,
            "choices": [{"index": 0, "delta": delta, "logprobs": None, "finish_reason": ended}],
            "usage": None,
        }
        for delta, ended in deltas
    ]
    usage = OPENAI.answer("", read, len(tokens), False)["usage"]
    return [("", chunk) for chunk in [*chunks, {**head, "choices": [], "usage": usage}]] + [("", "[DONE]")]


def _gemini(tokens: Sequence[str], read: int) -> list[tuple[str, Document | str]]:
    found = []
    for number, token in enumerate(tokens, 1):
        document = GEMINI.answer(token, read, number, False) | {"responseId": ID}
        if number < len(tokens):
            del document["candidates"][0]["finishReason"]
        found.append(("", document))
    return found


def _ollama(tokens: Sequence[str], read: int) -> list[tuple[str, Document | str]]:
    def said(text: str) -> Document:
        return {"model": MODEL, "created_at": ID, "message": {"role": "assistant", "content": text}}

    last = OLLAMA.answer("", read, len(tokens), False) | {"created_at": ID}
    return [("", said(token) | {"done": False}) for token in tokens] + [("", last)]


STREAMS = (
    Stream(ANTHROPIC, ANTHROPIC.path, {"stream": True}, "text/event-stream; charset=utf-8", _anthropic),
    Stream(
        OPENAI,
        OPENAI.path,
        {"stream": True, "stream_options": {"include_usage": True}},
        "text/event-stream; charset=utf-8",
        _openai,
    ),
    Stream(
        GEMINI,
        f"/v1beta/models/{MODEL}:streamGenerateContent?alt=sse",
        {},
        "text/event-stream",
        _gemini,
        b"\r\n\r\n",
    ),
    Stream(OLLAMA, OLLAMA.path, {"stream": True}, "application/x-ndjson", _ollama, b"\n"),
)
"""Sources: docs.anthropic.com (Streaming Messages), platform.openai.com (Chat: streaming events),
ai.google.dev (streamGenerateContent), github.com/ollama/ollama (docs/api.md)."""

on_every_stream = pytest.mark.parametrize("stream", STREAMS, ids=[stream.wire.provider for stream in STREAMS])
"""For a test with an argument, or a fixture, called ``stream``."""
