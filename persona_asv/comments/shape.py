"""JSON from a stranger: every value is of its type and size, or the document is refused."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar

from persona_asv.errors import UsageError

_Value = TypeVar("_Value")

LONGEST = 500
"""Characters of a text; what is longer was not written by us."""
MOST = 500
"""Entries of a list or a mapping."""


def parse(content: bytes, name: str) -> Value:
    """Return the root of a JSON document.

    Raises
    ------
    UsageError
        It is none, or holds NaN or infinity.
    """

    def refuse(constant: str) -> None:
        raise ValueError(f"{constant} is no number of JSON's")

    try:
        found = json.loads(content.decode("utf-8"), parse_constant=refuse)
    except (ValueError, RecursionError) as error:
        reason = "nested too deeply" if isinstance(error, RecursionError) else str(error)[:200]
        raise UsageError(f"{name}: not JSON ({reason})") from error
    return Value(found, name)


@dataclass(frozen=True, slots=True)
class Value:
    """One value, with the path that a complaint names."""

    held: Any
    path: str

    def wrong(self, wanted: str) -> UsageError:
        """Return the error that something else was wanted here."""
        return UsageError(f"{self.path}: expected {wanted}")

    def member(self, key: str) -> Value:
        """Return a member of an object; one that is absent is null."""
        if not isinstance(self.held, dict):
            raise self.wrong("an object")
        return Value(self.held.get(key), f"{self.path}.{key}")

    def members(self) -> dict[str, Value]:
        """Return all members of an object, by names of limited length."""
        if not isinstance(self.held, dict) or len(self.held) > MOST:
            raise self.wrong(f"an object of at most {MOST} members")
        return {
            Value(key, f"{self.path}, a key").text(): Value(value, f"{self.path}.{key[:60]}")
            for key, value in self.held.items()
        }

    def items(self) -> tuple[Value, ...]:
        """Return the items of a list."""
        if not isinstance(self.held, list) or len(self.held) > MOST:
            raise self.wrong(f"a list of at most {MOST}")
        return tuple(Value(item, f"{self.path}[{index}]") for index, item in enumerate(self.held))

    def text(self, pattern: str = r"(?s).*") -> str:
        """Return a text that matches a pattern."""
        if not isinstance(self.held, str) or len(self.held) > LONGEST or not re.fullmatch(pattern, self.held):
            raise self.wrong(f"a text of at most {LONGEST} characters")
        try:
            self.held.encode()
        except UnicodeEncodeError as error:  # half a surrogate pair
            raise self.wrong("a text of Unicode characters") from error
        return self.held

    def texts(self) -> tuple[str, ...]:
        """Return a list of texts."""
        return tuple(item.text() for item in self.items())

    def number(self) -> float:
        """Return a number of a size that means something."""
        if isinstance(self.held, bool) or not isinstance(self.held, int | float):
            raise self.wrong("a number")
        if not abs(self.held) < 1e15 or not math.isfinite(self.held):
            raise self.wrong("a number of less than 15 digits")
        return float(self.held)

    def whole(self) -> int:
        """Return a whole number from 0 on."""
        if self.number() != int(self.number()) or self.number() < 0:
            raise self.wrong("a whole number from 0 on")
        return int(self.number())

    def flag(self) -> bool:
        """Return a truth value."""
        if not isinstance(self.held, bool):
            raise self.wrong("true or false")
        return self.held

    def two(self, read: Callable[[Value], _Value]) -> tuple[_Value, _Value]:
        """Return a list of exactly two."""
        if len(self.items()) != 2:
            raise self.wrong("a list of two")
        first, second = self.items()
        return read(first), read(second)

    def maybe(self, read: Callable[[Value], _Value]) -> _Value | None:
        """Return the value, None for null."""
        return None if self.held is None else read(self)
