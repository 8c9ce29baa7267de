"""The providers' wire formats: one small module each, and the table of them."""

from collections.abc import Mapping
from types import MappingProxyType

from persona_asv.subject.wire.anthropic import Anthropic
from persona_asv.subject.wire.format import Reply, ReplyError, WireFormat
from persona_asv.subject.wire.gemini import Gemini
from persona_asv.subject.wire.ollama import Ollama
from persona_asv.subject.wire.openai import OpenAI

__all__ = ["FORMATS", "Reply", "ReplyError", "WireFormat"]

_ALL: tuple[WireFormat, ...] = (Anthropic(), OpenAI(), Gemini(), Ollama())

FORMATS: Mapping[str, WireFormat] = MappingProxyType({wire.provider: wire for wire in _ALL})
"""Every wire format by the provider's name, the default provider first."""
