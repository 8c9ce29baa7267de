"""The providers' wire formats: one small file each, listed here."""

from __future__ import annotations

from persona_asv.standin.wire.anthropic import Anthropic
from persona_asv.standin.wire.format import WireFormat
from persona_asv.standin.wire.gemini import Gemini
from persona_asv.standin.wire.ollama import Ollama
from persona_asv.standin.wire.openai import OpenAI

FORMATS: tuple[WireFormat, ...] = (Anthropic(), OpenAI(), Gemini(), Ollama())
"""All formats known. The first one also words the 404 of a path that none of them knows."""


def format_for(path: str) -> WireFormat | None:
    """Return the format whose path this is; ``path`` starts after the session's name."""
    for each in FORMATS:
        if each.matches(path):
            return each
    return None
