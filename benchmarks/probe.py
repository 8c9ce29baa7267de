"""The probe: asv's ``timer`` for one operation, which also reads what the wall clock cannot tell.

asv calls a timing benchmark's ``timer`` right before and right after each sample. Called before, the probe
reads the clocks; called after, it reads them again, runs the reference operation twice and keeps one
`Reading`. So the stored samples and the readings are of the very same operations, in the same order.
"""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple


class Reading(NamedTuple):
    """One operation, all in seconds (a tuple, because making it must cost nothing).

    Attributes
    ----------
    started, ended
        On the machine's monotonic clock, which the stand-in's log shares.
    cpu
        CPU time of this process and of the children it reaped meanwhile.
    thread_cpu
        CPU time of the calling thread alone; much less than ``cpu`` means that the subject is multi-threaded.
    delay
        Time that threads of this process were runnable but waited for a CPU; 0 where the kernel does not say.
    reference_cold, reference
        CPU time of the first and second reference operation right after this one: the first absorbs cold
        caches and what the operation left behind, the second is the machine's speed.
    reference_wall
        Wall time of the second.
    references
        Wall time of both together, to be taken off the harness's own overhead.
    """

    started: float
    ended: float
    cpu: float
    thread_cpu: float
    delay: float
    reference_cold: float
    reference: float
    reference_wall: float
    references: float

    @property
    def wall(self) -> float:
        """Wall time of the operation."""
        return self.ended - self.started


class RunQueueDelay:
    """How long each thread of this process has waited for a CPU: second number of the kernel's ``schedstat``.

    Files stay open between readings, and threads are listed anew only when their number changed, because
    one reading must cost microseconds. A thread that lived only between two readings is not seen.
    """

    _TASKS = "/proc/self/task"

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._links = -1
        self._folder = -1
        if os.path.exists(f"{self._TASKS}/{os.getpid()}/schedstat"):
            self._folder = os.open(self._TASKS, os.O_RDONLY | os.O_CLOEXEC)
        self.look_for_threads()

    def look_for_threads(self) -> None:
        """Follow the threads that were started since the last look."""
        if self._folder < 0:
            return
        links = os.fstat(self._folder).st_nlink
        if links == self._links:
            return
        self._links = links
        for task in os.listdir(self._TASKS):
            if task not in self._files:
                try:
                    self._files[task] = os.open(f"{self._TASKS}/{task}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
                except OSError:
                    continue  # it ended between listing and opening

    def read(self) -> dict[str, bytes]:
        """Return what the kernel says of each thread followed, unparsed; empty where it does not say."""
        said = {}
        try:
            for task, file in self._files.items():
                said[task] = os.pread(file, 64, 0)
        except OSError:
            os.close(self._files.pop(task))  # the thread ended
            return self.read()
        return said

    @staticmethod
    def between(before: dict[str, bytes], after: dict[str, bytes]) -> float:
        """Return the seconds waited from one reading to the next, over the threads alive at the second."""
        waited = 0
        for task, said in after.items():
            waited += int(said.split(None, 2)[1])
            if task in before:
                waited -= int(before[task].split(None, 2)[1])
        return waited * 1e-9

    def close(self) -> None:
        """Close the files kept open."""
        while self._files:
            os.close(self._files.popitem()[1])
        if self._folder >= 0:
            os.close(self._folder)
            self._folder = -1


class Probe:
    """A timer for asv: every second call ends an operation and hands its `Reading` to ``keep``.

    Parameters
    ----------
    reference
        The reference operation, or None to read the clocks only (to measure what the references add).
    keep
        Called with each finished reading, outside the measured span.
    """

    def __init__(self, reference: Callable[[], object] | None, keep: Callable[[Reading], None]) -> None:
        self._reference = reference
        self._keep = keep
        self._delay = RunQueueDelay()
        self._said: dict[str, bytes] | None = None
        self._process = self._thread = self._started = 0.0
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._children = usage.ru_utime + usage.ru_stime

    def __call__(self) -> float:
        """Start an operation, or end the one under way; returns the wall clock in seconds."""
        return self._start() if self._said is None else self._end()

    def close(self) -> None:
        """Release the kernel files."""
        self._delay.close()

    def __enter__(self) -> Probe:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _start(self) -> float:
        # timeit switches garbage collection off; the application under test runs with it on.
        gc.enable()
        self._said = self._delay.read()
        self._process = time.process_time()
        self._thread = time.thread_time()
        self._started = started = time.perf_counter()
        return started

    def _end(self) -> float:
        ended = time.perf_counter()
        thread = time.thread_time()
        process = time.process_time()
        usage = resource.getrusage(resource.RUSAGE_CHILDREN)
        self._delay.look_for_threads()
        before, after = self._said or {}, self._delay.read()
        self._said = None
        # Between operations nothing here reaps a child: what the last reading said still holds at the start.
        children, self._children = self._children, usage.ru_utime + usage.ru_stime
        references = self._run_references(self._reference) if self._reference else (0.0, 0.0, 0.0, 0.0)
        self._keep(
            Reading(
                self._started,
                ended,
                process - self._process + self._children - children,
                thread - self._thread,
                self._delay.between(before, after),
                *references,
            )
        )
        return ended

    @staticmethod
    def _run_references(reference: Callable[[], object]) -> tuple[float, float, float, float]:
        # With collection on, the reference would pay for what the operation allocated.
        gc.disable()
        wall0 = time.perf_counter()
        cpu0 = time.thread_time()
        reference()
        cpu1 = time.thread_time()
        wall1 = time.perf_counter()
        reference()
        wall2 = time.perf_counter()
        cpu2 = time.thread_time()
        gc.enable()
        return cpu1 - cpu0, cpu2 - cpu1, wall2 - wall1, wall2 - wall0
