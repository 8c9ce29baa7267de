"""What the bodies of several formats have in common, read in one way and refused in one wording."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

from persona_asv.standin.prompt import Prompt
from persona_asv.standin.wire.format import WireError

Texts = Callable[[str, object], tuple[str, ...]]
"""Returns the texts of a message's content, or refuses it, given where it stands and the content."""


def read_object(body: bytes) -> dict[str, Any]:
    """Return the JSON object that a body is."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError):
        raise WireError(400, "the body is not JSON") from None
    if not isinstance(document, dict):
        raise WireError(400, "the body is not a JSON object")
    return document


def read_model(document: Mapping[str, object]) -> str:
    """Return the model that a document names."""
    model = document.get("model")
    if not isinstance(model, str) or not model:
        raise WireError(400, "model: a non-empty string is required")
    return model


def check_limit(where: str, value: object) -> None:
    """Refuse a token limit that is none; a sound one cuts no answer here."""
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise WireError(400, f"{where}: a whole number from 1 is required")


def read_messages(messages: object, texts: Texts, instructing: tuple[str, ...] = ()) -> Prompt:
    """Return what messages by role say.

    Parameters
    ----------
    instructing
        Roles beside "user" and "assistant" whose texts are the system's.
    """
    if not isinstance(messages, list) or not messages:
        raise WireError(400, "messages: a non-empty list is required")
    roles = ("user", "assistant", *instructing)
    system: list[str] = []
    said: list[str] = []
    for number, message in enumerate(messages):
        where = f"messages.{number}"
        role = message.get("role") if isinstance(message, Mapping) else None
        if role not in roles:
            raise WireError(400, f"{where}.role: one of {', '.join(roles)} is required")
        found = texts(f"{where}.content", message.get("content"))
        (system if role in instructing else said).extend(found)
    return Prompt(tuple(system), tuple(said))


def plain_text(where: str, content: object) -> tuple[str, ...]:
    """Return a content that is one string."""
    if not isinstance(content, str):
        raise WireError(400, f"{where}: a string is required")
    return (content,)


def text_or_blocks(where: str, content: object) -> tuple[str, ...]:
    """Return the texts of a content that is one string or a list of blocks, text all of them."""
    if isinstance(content, str):
        return (content,)
    if not isinstance(content, list):
        raise WireError(400, f"{where}: a string or a list of text blocks is required")
    for number, block in enumerate(content):
        if not isinstance(block, Mapping) or block.get("type") != "text":
            raise WireError(400, f"{where}.{number}: only blocks of type 'text' are understood")
        plain_text(f"{where}.{number}.text", block.get("text"))
    return tuple(block["text"] for block in content)


def read_flag(document: Mapping[str, object], key: str, *, default: bool) -> bool:
    """Return a truth value of a document, the default where it is absent or null."""
    value = document.get(key)
    if value is None:
        return default
    if not isinstance(value, bool):
        raise WireError(400, f"{key}: true or false is required")
    return value
