"""The Python-level work of one persona: calls counted, not timed, in an interpreter of its own.

A count is the same on a busy machine and on an idle one. It is exact because everything that moved it was
taken away: the client sees URLs of one length (HTTP libraries call functions once a character), the hash seed
is fixed, garbage is collected before an operation ends, and frames of the suite are left out
(docs/decisions/0013-work-and-start-up.md).
"""

from __future__ import annotations

import hashlib
import math
import os
import sys
import time
from collections import Counter
from collections.abc import Sequence
from pathlib import Path

from persona_asv.subject import load

from . import settings
from .generation import described
from .interpreter import ask
from .measurement import API_KEY, Spool, skip_unless_possible
from .provider import Provider

OPERATIONS = 5
"""Operations counted; their mode is the figure."""
MAJORITY = 3
"""How many of them must agree: a count that does not repeat says nothing."""
URL_LENGTH = 56
"""Characters of every base URL that a counted subject is given."""


def fixed_length(root: str, name: str) -> str:
    """Return a session's name that stands for `name` and makes URLs of `URL_LENGTH`.

    Parameters
    ----------
    root
        The base URL up to the session's name.
    """
    return hashlib.sha256(name.encode()).hexdigest()[: URL_LENGTH - len(root)]


def most_common(counts: Sequence[tuple[int, int]]) -> float | None:
    """Return the mode of calls per persona, None where fewer than `MAJORITY` operations agree."""
    figures = Counter(calls / personas for calls, personas in counts if personas)
    value, times = max(figures.items(), key=lambda item: item[1], default=(0.0, 0))
    return value if times >= MAJORITY else None


class Work:
    """A fresh interpreter a time, with its own hash seed; nothing here is timed."""

    params = settings.PARAMS
    param_names = settings.PARAM_NAMES
    timeout = 1800.0
    version = "1"

    def setup(self, workload: str, provider: str) -> None:
        """Choose the case, or skip it with a reason."""
        self._settings = settings.read().at_once()
        self._case = self._settings.case(workload, provider)
        width = self._case.concurrency or 1
        if width > 1:
            raise NotImplementedError(
                f"{workload} has {width} requests under way at once: how their threads wait for each other "
                "differs each time, so that calls are counted at concurrency 1 alone"
            )
        skip_unless_possible(self._settings, provider, self._case)

    @described("Python calls per persona", "calls")
    def track_python_calls(self, workload: str, provider: str) -> float:
        """Calls of Python functions in one warmed operation, the mode of five, per persona; exact."""
        told, case, subject = self._settings, self._case, load(self._settings.subject)
        folder = Path(told.spool) if told.spool else Path.cwd()
        spool = Spool(folder / f"work.{workload}.{provider}.jsonl")
        started = time.perf_counter()
        with Provider(told.standin) as standin:
            name = f"{told.session}.work.{workload}.{provider}.{os.getpid()}"
            session = fixed_length(standin.base_url(""), name)
            standin.open_session(session, told.profile, ())
            endpoint = {
                "provider": provider,
                "base_url": standin.base_url(session),
                "model": told.model or subject.default_models[provider],
                "api_key": API_KEY,
            }
            order = {
                "subject": told.subject,
                "endpoint": endpoint,
                "research": case.path or str(subject.sample(case.sample)),
                "personas": case.personas,
                "concurrency": case.concurrency,
                "warm_ups": case.warm_ups,
                "operations": OPERATIONS,
            }
            found = ask(Path(__file__).with_name("counting.py"), order, PYTHONHASHSEED="0")
        spool.write("warm", seconds=time.perf_counter() - started)
        calls = most_common(found["counts"])
        if calls is None and found["failure"]:
            reason = f"operations failed while their calls were counted, the last with {found['failure']}"
            spool.write("failed", reason=reason)
            raise RuntimeError(reason)
        spool.close()
        if calls is None:
            sys.stderr.write(f"python calls of {workload} do not repeat: {found['counts']}\n")
            return math.nan  # asv's "skipped"
        return calls
