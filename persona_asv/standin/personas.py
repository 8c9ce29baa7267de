"""Invented personas: always the same for the same prompt, and grounded in the records it carries."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from hashlib import blake2b

from persona_asv.standin import vocabulary
from persona_asv.standin.prompt import Prompt

MAX_EXCERPT = 120
"""Longest excerpt of a record that is cited, in characters."""

_NAMES = len(vocabulary.FIRST_NAMES) * len(vocabulary.SURNAMES)
_NAME_STEP = 151
"""Coprime to the number of names: stepping by it, no name repeats within one answer."""


class Dice:
    """Choices that follow from a key alone, drawn from the 512 bits of its hash: enough for 80 small ones."""

    def __init__(self, key: bytes) -> None:
        self._left = int.from_bytes(blake2b(key).digest())

    def below(self, bound: int) -> int:
        """Return a whole number from 0 to ``bound - 1``."""
        self._left, number = divmod(self._left, bound)
        return number

    def one(self, options: Sequence[str]) -> str:
        """Return one of the options."""
        return options[self.below(len(options))]

    def some(self, options: Sequence[str], count: int) -> list[str]:
        """Return ``count`` different options, or all of them where there are fewer."""
        left = list(options)
        return [left.pop(self.below(len(left))) for _ in range(min(count, len(left)))]


def answer_text(prompt: Prompt, count: int, *, sound: bool = True) -> str:
    """Return what the model says: one JSON object ``{"personas": [...]}`` with ``count`` of them.

    Parameters
    ----------
    sound
        False leaves out every name and all evidence: a planned fault, which violates the schema.
    """
    seed = blake2b(prompt.text.encode("utf-8", "surrogatepass"), digest_size=16).digest()
    records = prompt.records
    personas = [_persona(seed, index, records) for index in range(count)]
    if not sound:
        for persona in personas:
            del persona["name"]
            persona["evidence"] = []
    return json.dumps({"personas": personas}, ensure_ascii=False)


def _persona(seed: bytes, index: int, records: Mapping[str, str]) -> dict[str, object]:
    dice = Dice(seed + index.to_bytes(2))
    occupation = dice.one(vocabulary.OCCUPATIONS)
    place = dice.one(vocabulary.PLACES)
    habits = dice.some(vocabulary.HABITS, 2)
    return {
        "name": _name(seed, index),
        "age": 19 + dice.below(52),
        "occupation": occupation,
        "background": f"{occupation.capitalize()} in {place} who {habits[0]} and {habits[1]}.",
        "goals": dice.some(vocabulary.GOALS, 2 + dice.below(2)),
        "frustrations": dice.some(vocabulary.FRUSTRATIONS, 2 + dice.below(2)),
        "behaviours": dice.some(vocabulary.BEHAVIOURS, 2 + dice.below(2)),
        "quote": dice.one(vocabulary.QUOTES),
        "evidence": [
            {"source": source, "excerpt": _excerpt(records[source], dice)}
            for source in dice.some(tuple(records), 2 + dice.below(2))
        ],
    }


def _name(seed: bytes, index: int) -> str:
    number = (int.from_bytes(seed) + index * _NAME_STEP) % _NAMES
    first, last = divmod(number, len(vocabulary.SURNAMES))
    return f"{vocabulary.FIRST_NAMES[first]} {vocabulary.SURNAMES[last]}"


def _excerpt(record: str, dice: Dice) -> str:
    """Return a literal piece of the record, cut between words where that is possible."""
    if len(record) <= MAX_EXCERPT:
        return record
    start = dice.below(len(record) - MAX_EXCERPT + 1)
    if start:
        start = record.rfind(" ", 0, start) + 1
    piece = record[start : start + MAX_EXCERPT]
    if start + MAX_EXCERPT < len(record):
        piece = piece[: piece.rfind(" ")] if " " in piece.strip() else piece
    return piece.strip() or record[:MAX_EXCERPT].strip()
