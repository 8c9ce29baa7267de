"""Personas out: the model's text becomes typed personas whose evidence has been looked up in the records."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from persona_asv.subject.protocol import GenerationError
from persona_asv.subject.research import Record

OLDEST = 120
"""Greatest age accepted, years."""


class PersonaError(GenerationError):
    """The model's text holds no valid persona; the message says why, and repeats nothing of the text."""


@dataclass(frozen=True, slots=True)
class Evidence:
    """An excerpt, literally contained in the record that `source` names."""

    source: str
    excerpt: str


@dataclass(frozen=True, slots=True)
class Persona:
    """A validated portrait of a kind of user, with at least one goal and one piece of verified evidence."""

    name: str
    age: int
    occupation: str
    background: str
    goals: tuple[str, ...]
    frustrations: tuple[str, ...]
    behaviours: tuple[str, ...]
    quote: str
    evidence: tuple[Evidence, ...]


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a reply held: at least one valid persona, and the reason for each refused one."""

    personas: tuple[Persona, ...]
    rejected: tuple[str, ...]


class _Invalid(Exception):  # noqa: N818 - never leaves this module
    """One persona is refused; the text is the reason."""


def parse(text: str, records: Sequence[Record], personas: int) -> Parsed:
    """Read the model's text and keep its valid personas, as many as were asked for.

    Evidence that cannot be found in the records is dropped; a persona left without any is refused.

    Parameters
    ----------
    text
        A JSON object ``{"personas": [...]}``; a Markdown code fence around it is tolerated.
    records
        The records that the prompt gave.
    personas
        Personas asked for; what the model returns beyond that is left out.

    Raises
    ------
    PersonaError
        Where the text is not of that shape or no persona in it is valid.
    """
    texts = {record.id: record.text for record in records}
    valid: list[Persona] = []
    rejected: list[str] = []
    for number, entry in enumerate(_entries(text), 1):
        if len(valid) == personas:
            break
        try:
            valid.append(_persona(entry, texts))
        except _Invalid as reason:
            rejected.append(f"persona {number}: {reason}")
    if not valid:
        raise PersonaError(
            f"the model's reply holds no valid persona ({'; '.join(rejected) or 'its list is empty'})"
        )
    return Parsed(tuple(valid), tuple(rejected))


def _entries(text: str) -> list[object]:
    try:
        document = json.loads(_unfenced(text))
    except RecursionError as error:
        raise PersonaError("the model's reply is nested too deeply") from error
    except ValueError as error:
        raise PersonaError(f"the model's reply is not JSON ({error})") from error
    entries = document.get("personas") if isinstance(document, dict) else None
    if not isinstance(entries, list):
        raise PersonaError('the model\'s reply is not an object with a list "personas"')
    return entries


def _unfenced(text: str) -> str:
    """Return what stands in the first code fence, or the text itself where it has none."""
    if text.lstrip().startswith("{"):
        return text
    _, fence, rest = text.partition("```")
    if not fence:
        return text
    _, _, body = rest.partition("\n")
    return body.partition("\n```")[
        0
    ]  # a JSON string holds no line break: what starts a line closes the fence


def _persona(entry: object, texts: Mapping[str, str]) -> Persona:
    if not isinstance(entry, dict):
        raise _Invalid("must be an object")
    return Persona(
        name=_string(entry, "name", blank=False),
        age=_age(entry),
        occupation=_string(entry, "occupation"),
        background=_string(entry, "background"),
        goals=_strings(entry, "goals", at_least=1),
        frustrations=_strings(entry, "frustrations"),
        behaviours=_strings(entry, "behaviours"),
        quote=_string(entry, "quote"),
        evidence=_evidence(entry, texts),
    )


def _string(entry: Mapping[str, object], key: str, *, blank: bool = True) -> str:
    value = entry.get(key)
    if not isinstance(value, str):
        raise _Invalid(f"{key} must be a string")
    if not (blank or value.strip()):
        raise _Invalid(f"{key} is empty")
    return value.strip()


def _age(entry: Mapping[str, object]) -> int:
    age = entry.get("age")
    if not isinstance(age, int) or isinstance(age, bool) or not 0 <= age <= OLDEST:
        raise _Invalid(f"age must be a whole number from 0 to {OLDEST}")
    return age


def _strings(entry: Mapping[str, object], key: str, *, at_least: int = 0) -> tuple[str, ...]:
    values = entry.get(key)
    if not isinstance(values, list) or not all(isinstance(value, str) and value.strip() for value in values):
        raise _Invalid(f"{key} must be a list of strings, none empty")
    if len(values) < at_least:
        raise _Invalid(f"{key} must hold at least {at_least}")
    return tuple(value.strip() for value in values)


def _evidence(entry: Mapping[str, object], texts: Mapping[str, str]) -> tuple[Evidence, ...]:
    claims = entry.get("evidence")
    if not isinstance(claims, list) or not all(isinstance(claim, dict) for claim in claims):
        raise _Invalid("evidence must be a list of objects")
    pairs = ((_string(claim, "source"), _string(claim, "excerpt")) for claim in claims)
    found = tuple(
        Evidence(source, excerpt) for source, excerpt in pairs if excerpt and excerpt in texts.get(source, "")
    )
    if not found:
        raise _Invalid("no excerpt of its evidence stands in the record it names")
    return found
