"""A baseline as a value: what was measured, of what, where, and on how much it stands."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

from persona_asv.environment import Environment
from persona_asv.errors import BaselineError
from persona_asv.prices import Price

NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,119}")
"""What a baseline may be called: it becomes a file's name, so no separator, no leading dot or dash."""


COMPANION = re.compile(r"[A-Za-z0-9][A-Za-z0-9._+-]{0,119}-[0-9a-f]{12}\.samples\.json\.gz")
"""What a baseline's file of samples is called: its name, the first digits of its SHA-256."""


def check_name(name: str, where: str) -> str:
    """Return the name.

    Raises
    ------
    BaselineError
        It is none; `where` is the flag or file that gave it.
    """
    if not NAME.fullmatch(name):
        raise BaselineError(
            f"{where}: {name!r} is no baseline name; use letters, digits and . _ + - (the first a letter or "
            "digit, at most 120)"
        )
    return name


@dataclass(frozen=True, slots=True)
class Figure:
    """One metric of one case, in the metric's unit.

    Attributes
    ----------
    n, rounds
        Samples behind the value, and the processes they came from; None where the file does not say.
    interval
        95 % interval of the value over the samples (``metrics.intervals``); None where so few samples have
        none, or the file does not say. It knows nothing of what differs between processes.
    """

    value: float
    n: int | None = None
    rounds: int | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """What a baseline holds of one case."""

    iterations: int | None
    metrics: Mapping[str, Figure]
    description: str | None = None


@dataclass(frozen=True, slots=True)
class Samples:
    """The companion file: its name, beside the YAML, and the SHA-256 of its bytes."""

    file: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Baseline:
    """A named snapshot.

    Attributes
    ----------
    version
        Of the subject.
    captured_at
        With its time zone, whole seconds.
    workloads
        By case name.
    commit
        None where the code belonged to none that is known.
    endpoint, profile
        Who answered, and with which simulated model time.
    pinned
        Whether ``clean`` must leave it alone.
    samples
        None where there is no companion: the values still compare, with less evidence.
    price
        What the cost of a persona was told by; None where none was known.
    """

    name: str
    version: str
    captured_at: datetime
    environment: Environment
    workloads: Mapping[str, Entry]
    commit: str | None = None
    dirty: bool = False
    subject: str | None = None
    provider: str | None = None
    model: str | None = None
    endpoint: str | None = None
    profile: str | None = None
    pinned: bool = False
    samples: Samples | None = None
    price: Price | None = None

    @property
    def commit_label(self) -> str:
        """The commit as people read it."""
        return "unattributed" if self.commit is None else self.commit[:8] + ("+dirty" if self.dirty else "")
