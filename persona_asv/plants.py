"""Known slowdowns, and a copy of a subject with one of them planted in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

MODULE = "planted_subject"
SUBJECT = f"{MODULE}:Planted"

_SHIM = '''"""A subject with a known slowdown, planted by `persona benchmark selftest`."""

import sys
import time

from persona_asv.subject import load

ROOT, NAME, PLANT, AMOUNT = {root!r}, {name!r}, {plant!r}, {amount!r}
if ROOT:
    sys.path.append(ROOT)
held = []


class Session:
    def __init__(self, session):
        self._session = session
        if PLANT == "memory":
            held.append(b"x" * int(AMOUNT * 2**20))

    def generate(self, research, personas):
        started = time.process_time()
        outcome = self._session.generate(research, personas)
        if PLANT == "call":
            for _ in range(int(AMOUNT)):
                outcome = self._session.generate(research, personas)
        elif PLANT == "wait":
            time.sleep(AMOUNT / 1000)
        elif PLANT == "cpu":
            now = time.process_time()
            end = now + AMOUNT / 100 * (now - started)
            while time.process_time() < end:
                pass
        return outcome

    def close(self):
        self._session.close()


class Planted:
    def __init__(self):
        self._subject = load(NAME)
        self.name = self._subject.name
        self.version = self._subject.version
        self.providers = self._subject.providers
        self.default_models = self._subject.default_models

    def sample(self, size):
        return self._subject.sample(size)

    def open(self, **endpoint):
        return Session(self._subject.open(**endpoint))
'''


@dataclass(frozen=True, slots=True)
class Plant:
    """A known slowdown.

    Attributes
    ----------
    kind
        What the shim does: ``none``, ``cpu`` (percent of the operation's own), ``wait`` (ms an operation),
        ``memory`` (MB held), ``call`` (further operations in each).
    keys
        The metrics of which at least one must sound the alarm.
    """

    kind: str
    amount: float
    what: str
    keys: tuple[str, ...]


UNCHANGED = Plant("none", 0, "nothing: unchanged code", ())

PLANTS: Mapping[str, Plant] = {
    plant.kind: plant
    for plant in (
        Plant(
            "cpu",
            50,
            "+50 % CPU an operation",
            ("generation_latency_p50", "client_overhead_p50", "throughput_per_minute"),
        ),
        Plant(
            "wait",
            2,
            "2 ms of waiting an operation",
            ("generation_latency_p50", "client_overhead_p50", "throughput_per_minute"),
        ),
        Plant("memory", 64, "64 MB more held", ("memory_peak_mb",)),
        Plant("call", 1, "a second request an operation", ("api_calls_per_persona",)),
    )
}
"""What is planted, each of it far enough beyond the failure thresholds that it must be seen."""


def shim(plant: Plant, subject: str, root: str) -> str:
    """Return the source of a module that holds a subject with something planted in it.

    Parameters
    ----------
    root
        Folder that the subject's adapter is imported from; empty where it is installed.
    """
    return _SHIM.format(root=root, name=subject, plant=plant.kind, amount=plant.amount)
