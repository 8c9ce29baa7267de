"""What a prompt says: how many personas it asks for, and which research records it carries."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

MAX_PERSONAS = 100
"""Most personas one answer holds; a larger request gets this many."""

_NUMBER_OF_PERSONAS = r"([0-9]+)\b(?:(?!\b[0-9]+\b)[^\n]){0,40}\bpersonas?\b"
_COUNTS = (
    re.compile(r"\b(?:exactly|generate|create|produce|write)[ \t]+" + _NUMBER_OF_PERSONAS, re.IGNORECASE),
    re.compile(r"\b" + _NUMBER_OF_PERSONAS, re.IGNORECASE),
)
_RECORD = re.compile(r"^[ \t]*\[([A-Za-z0-9_.:-]{0,63}[0-9])\][ \t]+(\S[^\n]*)$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Prompt:
    """The texts of one provider request, in the order the client sent them."""

    system: tuple[str, ...]
    messages: tuple[str, ...]

    @property
    def characters(self) -> int:
        """Characters of all texts together, system included."""
        return sum(map(len, self.system)) + sum(map(len, self.messages))

    @property
    def text(self) -> str:
        """All texts, a line apart; the same whether a client sends an empty system text or, as most, none."""
        return "\n".join(("\n".join(self.system), *self.messages))

    @property
    def count(self) -> int:
        """Personas asked for, 1 to `MAX_PERSONAS`.

        An order such as "generate exactly 3 short personas" counts before any other "3 … persona" within a
        line, the messages before the system text, and records never: research may well mention personas.
        Without a number it is 1.
        """
        texts = [_RECORD.sub("", text) for text in (*self.messages, *self.system)]
        for pattern in _COUNTS:
            for text in texts:
                if found := pattern.search(text):
                    return _bounded(found[1])
        return 1

    @property
    def records(self) -> Mapping[str, str]:
        """Research records by id: the lines ``[R1] text``. The first line of an id counts."""
        records: dict[str, str] = {}
        for source, text in _RECORD.findall(self.text):
            records.setdefault(source, text.rstrip())
        return records


def _bounded(digits: str) -> int:
    significant = digits.lstrip("0")
    return max(1, min(int(significant[:4] or "0"), MAX_PERSONAS))
