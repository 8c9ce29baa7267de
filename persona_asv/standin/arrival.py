"""When bytes arrived and left: as the kernel had them, not as this process got a CPU to look.

``client_overhead``, the primary gated metric, is wall time minus the union of [received, finished] over the
provider requests. On a busy machine a connection's thread may sit runnable in the run queue while a request
is already in its socket, and the client may be woken by an answer, on the same CPU, before the thread's own
``send`` returns. Either delay would move time between the server's account and the client's, so neither is
counted. Of a call that blocks, Linux tells the delay: the growth of the thread's run-queue delay, the second
field of ``/proc/thread-self/schedstat``, in nanoseconds (kernel documentation, "Scheduler Statistics");
elsewhere nothing is corrected. Of a call that does not block it is simply what is not CPU time.
"""

from __future__ import annotations

import os
import time
from dataclasses import dataclass
from typing import Self

SCHEDSTAT = "/proc/thread-self/schedstat"


class RunQueue:
    """How long the thread that opened it has waited for a CPU; one ``pread`` of an open file each time."""

    def __init__(self, path: str = SCHEDSTAT) -> None:
        try:
            self._fd: int | None = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
        except OSError:
            self._fd = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        if self._fd is not None:
            os.close(self._fd)

    def waited(self) -> float:
        """Return the seconds spent runnable but not running since the thread began; 0 where unknown."""
        if self._fd is None:
            return 0.0
        return int(os.pread(self._fd, 64, 0).split()[1]) * 1e-9


@dataclass(frozen=True, slots=True)
class Beginning:
    """When a connection was made, and what the accepting thread's own wait for a CPU was.

    Attributes
    ----------
    moment
        ``time.perf_counter()`` seconds, corrected: nothing can have arrived on the connection before.
    delay
        Seconds the accepting thread waited, while the first request may have come in already.
    """

    moment: float
    delay: float


class Stamps:
    """The stamps of one thread's socket calls, for a thread that blocks in one of them at a time.

    What a blocking ``recv`` reports came about inside that call, or earlier while the thread was busy: the
    delay since the last look is subtracted. Where bytes came in the middle of a delay, the estimate is early
    by a part of it, never more, and never before the event stamped last.

    Parameters
    ----------
    queue
        Opened by the thread that makes the calls.
    beginning
        For a connection. Its first bytes usually arrive while its thread is still being started, so all delay
        of that thread, and the accepting thread's, is subtracted from their stamp unless `look` is called.
    """

    def __init__(self, queue: RunQueue, beginning: Beginning = Beginning(0.0, 0.0)) -> None:
        self._queue = queue
        self._waited = -beginning.delay
        self._latest = beginning.moment
        self._began = self._cpu = 0.0

    def look(self) -> None:
        """Note the delay so far: what comes in from now on has not waited for it."""
        self._waited = self._queue.waited()

    def received(self) -> float:
        """Return the moment of what ``recv`` just returned: now, less the delay since the last look."""
        now = time.perf_counter()
        waited = self._queue.waited()
        self._latest = max(now - (waited - self._waited), self._latest)
        self._waited = waited
        return self._latest

    def before_send(self) -> None:
        """Note the moment; call it right before a ``send`` that does not block."""
        self._began = time.perf_counter()
        self._cpu = time.thread_time()

    def sent(self) -> float:
        """Return the moment the kernel had the bytes: when ``send`` began, and the CPU time it took.

        The kernel wakes the receiver in the middle of ``send``; if that then takes longer than its CPU time,
        the receiver runs in our place, with the bytes in its hands.
        """
        self._latest = max(self._began + (time.thread_time() - self._cpu), self._latest)
        self.look()
        return self._latest
