"""Resident memory of this process: now, and at the peak of one operation.

Linux resets a process's high-water mark on demand (``/proc/self/clear_refs``), so that each operation's peak
is exact, short as it may be. Where that is not possible the memory is looked at now and then (`sampled`).
"""

from __future__ import annotations

import os
import resource
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass
from types import TracebackType

_RESET_PEAK = b"5"
"""What the kernel takes for "reset the high-water mark" (proc(5), clear_refs)."""
_EVERY = 0.001
"""Seconds between two looks, where looking is cheap."""
_SELDOM = 0.05
"""The same where each look starts a process."""


def resets() -> bool:
    """Return whether this machine can reset the high-water mark."""
    try:
        _reset()
    except OSError:
        return False
    return _status("VmHWM") > 0


def _reset() -> None:
    file = os.open("/proc/self/clear_refs", os.O_WRONLY)
    try:
        os.write(file, _RESET_PEAK)
    finally:
        os.close(file)


def _status(field: str) -> int:
    """Return a field of this process's status in bytes."""
    with open("/proc/self/status", "rb") as file:
        for line in file:
            if line.startswith(field.encode() + b":"):
                return int(line.split()[1]) * 1024
    return 0


def now() -> int:
    """Return the resident memory of this process in bytes."""
    if os.path.exists("/proc/self/status"):
        return _status("VmRSS")
    asked = subprocess.run(
        ["ps", "-o", "rss=", "-p", str(os.getpid())], stdout=subprocess.PIPE, text=True, check=True
    )
    return int(asked.stdout) * 1024


def highest() -> int:
    """Return this process's high-water mark in bytes, as asv reads it for a peak."""
    highest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return highest if sys.platform == "darwin" else highest * 1024


def settled() -> int:
    """Return what is resident, at most the high-water mark: the kernel counts the two apart."""
    return min(now(), highest())


class Watch:
    """Looks at the resident memory from a thread of its own, from entry to exit; in bytes.

    Attributes
    ----------
    looks
        What each look saw, the first at the start and the last at the end.
    """

    def __init__(self) -> None:
        self.looks: list[int] = []
        self._over = threading.Event()
        self._every = _EVERY if os.path.exists("/proc/self/status") else _SELDOM
        self._thread = threading.Thread(target=self._look, daemon=True)

    def _look(self) -> None:
        while not self._over.wait(self._every):
            self.looks.append(now())

    def __enter__(self) -> Watch:
        self.looks.append(now())
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._over.set()
        self._thread.join()
        self.looks.append(now())


@dataclass(frozen=True)
class Peaks:
    """The most memory resident in each of some operations, in bytes.

    Attributes
    ----------
    sampled
        Whether that is only the most that was seen, not the most there was.
    """

    each: list[int]
    sampled: bool


def peaks(operate: Callable[[], object], operations: int) -> Peaks:
    """Return the peaks of some operations, each run once; not for operations whose time counts."""
    exact = resets()
    found = []
    for _ in range(operations):
        if exact:
            _reset()
            operate()
            found.append(_status("VmHWM"))
        else:
            with Watch() as eye:
                operate()
            found.append(max(eye.looks))
    return Peaks(found, sampled=not exact)
