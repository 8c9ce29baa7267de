"""A session's plan: its model time and its faults, as told by ``PUT /-/sessions/{name}``."""

from __future__ import annotations

import json
from dataclasses import dataclass

from persona_asv.standin.faults import Fault
from persona_asv.standin.profile import FORMS, Profile

_KEYS = frozenset({"profile", "seed", "faults"})
_NO_TIME = Profile()


class PlanError(ValueError):
    """A plan is unusable: one line that names the key."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What a session does to its requests; the default answers each at once and soundly."""

    profile: Profile = _NO_TIME
    seed: int = 0
    faults: tuple[Fault, ...] = ()

    def fault(self, index: int) -> Fault | None:
        """Return the fault of the session's request ``index`` (from 0): of several, the first listed."""
        for fault in self.faults:
            if fault.befalls(index):
                return fault
        return None

    def model_time_ms(self, index: int, tokens: int = 1) -> float:
        """Return the model time of the session's request ``index`` (from 0), milliseconds.

        Parameters
        ----------
        tokens
            Of the answer; 1 for the time until the first one.
        """
        return self.profile.draw(self.seed, index, tokens)

    @classmethod
    def parse(cls, text: bytes) -> Plan:
        """Return the plan a JSON text describes; absent keys keep their defaults.

        Raises
        ------
        PlanError
            If it is not JSON, or a key or value is not one of ours.
        """
        try:
            document = json.loads(text)
        except (ValueError, RecursionError):
            raise PlanError("the plan is not JSON") from None
        if not isinstance(document, dict):
            raise PlanError("the plan is not a JSON object")
        unknown = sorted(set(document) - _KEYS)
        if unknown:
            raise PlanError(f"unknown key {unknown[0]!r}; known are {', '.join(sorted(_KEYS))}")
        try:
            return cls(
                _profile(document.get("profile", "none")),
                _seed(document.get("seed", 0)),
                _faults(document.get("faults", [])),
            )
        except (ValueError, TypeError) as error:
            raise PlanError(str(error)) from None


def _profile(value: object) -> Profile:
    if not isinstance(value, str):
        raise PlanError(f"profile: {value!r} is not {FORMS}")
    return Profile.parse(value)


def _seed(value: object) -> int:
    if isinstance(value, bool) or not isinstance(value, int):
        raise PlanError(f"seed: {value!r} is not a whole number")
    return value


def _faults(value: object) -> tuple[Fault, ...]:
    if not isinstance(value, list):
        raise PlanError(f"faults: {value!r} is not a list")
    return tuple(Fault.parse(each) for each in value)
