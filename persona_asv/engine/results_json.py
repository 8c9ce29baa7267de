"""asv's JSON: loaded as asv loads it, then looked at piece by piece; no wrong type travels further."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

MEASURE_AGAIN = "name a result file of asv, or measure that commit again"
_NUMBERS = frozenset({float, int, bool})


class UnfitError(Exception):
    """What is wrong with a file's content, and what to do; whoever knows the file's name puts it in front."""

    def __init__(self, reason: str, advice: str = MEASURE_AGAIN) -> None:
        super().__init__(f"{reason}; {advice}")
        self.reason = reason
        self.advice = advice


def load_object(path: Path) -> dict[str, object]:
    """Return the JSON object in a file.

    As asv does, UTF-8 is taken for granted and the bare ``NaN``, ``Infinity`` and ``-Infinity`` that asv
    writes are numbers.

    Raises
    ------
    UnfitError
        Not there, not readable, not JSON, cut off, or not an object.
    """
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except OSError as exc:
        raise UnfitError(f"cannot be read ({exc.strerror})", "check the path and its permissions") from exc
    except (ValueError, RecursionError) as exc:
        raise UnfitError(f"is not JSON or was cut off ({exc})") from exc
    return mapping(found, "the file")


def mapping(found: object, what: str) -> dict[str, object]:
    """Return a JSON object as it is; anything else is unfit."""
    if not isinstance(found, dict):
        raise UnfitError(f"{what} is {kind(found)}, not an object")
    return found


def items(found: object, what: str) -> list[object]:
    """Return a JSON list as it is; anything else is unfit."""
    if not isinstance(found, list):
        raise UnfitError(f"{what} is {kind(found)}, not a list")
    return found


def text(found: object, what: str) -> str:
    """Return a JSON string as it is; anything else is unfit."""
    if not isinstance(found, str):
        raise UnfitError(f"{what} is {kind(found)}, not text")
    return found


def is_number(found: object) -> bool:
    """Return whether asv would calculate with it: a float, an integer, or a boolean (1 or 0)."""
    return type(found) in _NUMBERS


def number(found: object, what: str) -> float:
    """Return a JSON number or boolean as a float; anything else, a string of digits as well, is unfit."""
    if type(found) is float:
        return found
    if not isinstance(found, (int, bool)):
        raise UnfitError(f"{what} is {kind(found)}, not a number")
    try:
        return float(found)
    except OverflowError as exc:
        raise UnfitError(f"{what} is larger than any float") from exc


def count(found: object, what: str) -> int:
    """Return a whole JSON number as an int; a fraction, an infinity or anything else is unfit."""
    value = number(found, what)
    if not value.is_integer():
        raise UnfitError(f"{what} is {value}, not a whole number")
    return int(value)


def texts(found: object, what: str) -> tuple[str, ...]:
    """Return a JSON list of strings; null is an empty one."""
    return () if found is None else tuple(text(entry, f"an entry of {what}") for entry in items(found, what))


def param_sets(found: object) -> tuple[tuple[str, ...], ...]:
    """Return the axes of a benchmark's parameters, each a tuple of asv's reprs; null is none."""
    return () if found is None else tuple(texts(axis, "an axis of params") for axis in items(found, "params"))


def text_mapping(found: object, what: str) -> dict[str, str]:
    """Return a JSON object with text as values; null is an empty one.

    A key whose value is null (asv's "not installed") is left out, so that ``get`` answers None for it as asv
    does; any other value that is not text (old files hold ``ram`` as a number) is kept as its JSON text.
    """
    return {
        key: value if isinstance(value, str) else json.dumps(value)
        for key, value in mapping({} if found is None else found, what).items()
        if value is not None
    }


def missing(wanted: Iterable[str], found: Mapping[str, object]) -> None:
    """Refuse an object that lacks keys, naming all of them."""
    absent = [key for key in wanted if key not in found]
    if absent:
        raise UnfitError(f"lacks {', '.join(absent)}", "give a result file as asv writes it")


def short(value: float) -> float:
    """Return the value with the five significant digits that asv keeps of statistics and durations."""
    return float(f"{value:.4e}")


def kind(found: object) -> str:
    """Return what JSON calls this, with its article."""
    names = {dict: "an object", list: "a list", str: "text", bool: "a boolean", type(None): "null"}
    return names.get(type(found), "a number")
