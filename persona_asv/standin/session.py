"""Sessions: every measurement gets a plan and a log of its own, so that none sees another's traffic."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, fields

from persona_asv.standin.plan import Plan


@dataclass(slots=True)
class Entry:
    """What the log says of one provider request.

    Attributes
    ----------
    id
        1 for the first request of the session; ``req_<session>_<id>`` is also its request id on the wire.
    connection
        Number of the TCP connection it came in on, counted over the whole process.
    received, finished
        ``time.perf_counter()`` seconds: first request byte there, last response byte handed to the kernel.
        Their union over a session is the time its client spent waiting for us; ``client_overhead`` is wall
        time minus that union. ``finished`` stays None where no answer ever left (hang, client gone).
    status
        HTTP status of the answer; None exactly when ``finished`` is.
    fault
        Kind of the planned fault that befell the request, if any.
    personas
        Sound personas in the answer: the number asked for, or 0 where the answer carries none.
    input_tokens, output_tokens
        As told to the client; 0 where the answer carries no usage.
    model_time_ms
        The simulated model time, milliseconds.
    retry_after_s
        Seconds the answer ordered the client to wait.
    listing
        Whether it asked for the list of models, not a model.
    first_token, last_token
        Of a stream: when its first and its last token had left, like ``finished``, which is both where they
        left at once; None of a whole answer.
    leaving
        Held while the answer's last bytes go and their moment is noted: nobody who has an answer finds it
        unfinished in the log.
    """

    id: int
    connection: int
    received: float
    finished: float | None = None
    status: int | None = None
    fault: str | None = None
    personas: int = 0
    input_tokens: int = 0
    output_tokens: int = 0
    model_time_ms: float = 0.0
    retry_after_s: float | None = None
    listing: bool = False
    first_token: float | None = None
    last_token: float | None = None
    leaving: threading.Lock = field(default_factory=threading.Lock, repr=False, compare=False)

    def as_document(self) -> dict[str, object]:
        """Return the entry as it travels in JSON."""
        with self.leaving:
            return {name: getattr(self, name) for name in _ENTRY_KEYS}


_ENTRY_KEYS = tuple(each.name for each in fields(Entry) if each.name != "leaving")


class Session:
    """One measurement's plan, and the log of its requests in order of arrival."""

    def __init__(self, name: str, plan: Plan) -> None:
        self.name = name
        self.plan = plan
        self.log: list[Entry] = []

    def open(self, connection: int, received: float) -> Entry:
        """Append and return the entry of a request that has just been read."""
        entry = Entry(len(self.log) + 1, connection, received)
        self.log.append(entry)
        return entry


class Sessions:
    """All sessions by name. They live as long as the process: its owner is one benchmark run."""

    def __init__(self) -> None:
        self._by_name: dict[str, Session] = {}

    def get(self, name: str) -> Session | None:
        """Return the session, or None if nothing has named it yet."""
        return self._by_name.get(name)

    def reset(self, name: str, plan: Plan) -> Session:
        """Create the session, or start it anew: empty log, first draw, first request index."""
        session = self._by_name[name] = Session(name, plan)
        return session
