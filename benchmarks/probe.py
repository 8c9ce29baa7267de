"""The probe: asv's ``timer`` for one operation, which also reads what the wall clock cannot tell.

asv calls a timing benchmark's ``timer`` right before and right after each sample. Called before, the probe
reads the clocks; called after, it reads them again, runs the reference operation twice and keeps one
`Reading`. So the stored samples and the readings are of the very same operations, in the same order.

Each system call right beside an operation costs two to four times what it costs in a loop of its own, because
caches are cold; on an operation of 0.8 ms all clocks together cost 4 %. So whatever has been seen to say
nothing about this subject is read now and then instead of every time (`CHECK_EVERY`), and nothing is worked
out before somebody asks (``tests/speed/ratios.py`` prints what is left).
"""

from __future__ import annotations

import gc
import os
import resource
import time
from collections.abc import Callable
from types import TracebackType
from typing import NamedTuple

CHECK_EVERY = 10
"""Operations between two looks for threads and children, of a subject that has shown none so far."""
UNSEEN = 20e-6
"""Seconds off the CPU between two operations that are taken to be none: less than reading them would cost."""
OTHERS = 0.02
"""Share of the process's CPU spent in other threads that is more than what reading two clocks takes."""

Said = dict[str, bytes]
"""What the kernel says of each thread's scheduling, unparsed."""


class Reading(NamedTuple):
    """One operation, all in seconds (a tuple, because making it must cost nothing).

    Attributes
    ----------
    started, ended
        On the machine's monotonic clock, which the stand-in's log shares.
    cpu
        CPU time of this process and of the children it reaped meanwhile. Of a subject that had reaped none,
        the first one's may be charged to a later operation, at most `CHECK_EVERY` - 1 on.
    thread_cpu
        CPU time of the calling thread alone; much less than ``cpu`` means that the subject is multi-threaded.
        Until other threads have been seen to spend CPU it is ``cpu``.
    before, after
        What the kernel said of the threads at the start and at the end.
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
    before: Said
    after: Said
    reference_cold: float
    reference: float
    reference_wall: float
    references: float

    @property
    def wall(self) -> float:
        """Wall time of the operation."""
        return self.ended - self.started

    @property
    def delay(self) -> float:
        """Time that threads of this process were runnable but waited for a CPU; 0 where it is not said."""
        return RunQueueDelay.between(self.before, self.after)

    @property
    def longest_delay(self) -> float:
        """The same of the thread that waited longest: of several side by side the sum says nothing."""
        return max(RunQueueDelay.of_each(self.before, self.after), default=0.0)


class RunQueueDelay:
    """How long each thread of this process has waited for a CPU: second number of the kernel's ``schedstat``.

    Files stay open between readings, and threads are listed anew only when their number changed, because
    one reading must cost microseconds. A thread that lived only between two readings is not seen.
    """

    _TASKS = "/proc/self/task"

    def __init__(self) -> None:
        self._files: dict[str, int] = {}
        self._links = -1  # of the folder: one a thread, and two of its own
        self._folder = -1
        if os.path.exists(f"{self._TASKS}/{os.getpid()}/schedstat"):
            self._folder = os.open(self._TASKS, os.O_RDONLY | os.O_CLOEXEC)
        self.look_for_threads()

    def look_for_threads(self) -> bool:
        """Follow the threads that were started since the last look; returns whether there are several."""
        if self._folder < 0:
            return False
        links = os.fstat(self._folder).st_nlink
        if links == self._links:
            return len(self._files) > 1
        self._links = links
        for task in os.listdir(self._TASKS):
            if task not in self._files:
                try:
                    self._files[task] = os.open(f"{self._TASKS}/{task}/schedstat", os.O_RDONLY | os.O_CLOEXEC)
                except OSError:
                    continue  # it ended between listing and opening
        return len(self._files) > 1

    def read(self) -> Said:
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
    def between(before: Said, after: Said) -> float:
        """Return the seconds waited from one reading to the next, over the threads alive at the second."""
        return sum(RunQueueDelay.of_each(before, after))

    @staticmethod
    def of_each(before: Said, after: Said) -> list[float]:
        """Return the same of each of these threads."""
        return [
            (int(said.split(None, 2)[1]) - int(before[task].split(None, 2)[1] if task in before else 0))
            * 1e-9
            for task, said in after.items()
        ]

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
        self._running = False
        self._alone: bool | None = None  # None: not looked yet
        self._until_look = 1
        self._before: Said = {}
        self._thread = self._started = self._ended = 0.0
        self._children = _children()
        self._process = time.process_time()
        self._others = self._process - time.thread_time()
        self._looked = self._process

    def __call__(self) -> float:
        """Start an operation, or end the one under way; returns the wall clock in seconds."""
        return self._end() if self._running else self._start()

    def follow(self) -> None:
        """Follow the threads there are by now: what they waited before is not the first operation's."""
        self._delay.look_for_threads()

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
        process = time.process_time()
        started = time.perf_counter()
        off_the_cpu = started - self._ended - (process - self._process)
        if not self._alone or off_the_cpu > UNSEEN:
            self._before = self._delay.read()
            process = time.process_time()
            self._thread = time.thread_time()
            started = time.perf_counter()
        self._process, self._started, self._running = process, started, True
        return started

    def _end(self) -> float:
        ended = time.perf_counter()
        thread = None if self._alone else time.thread_time()
        process = time.process_time()
        cpu = process - self._process
        thread_cpu = cpu if thread is None else thread - self._thread
        self._until_look -= 1
        if self._until_look <= 0:
            cpu += self._look(process)
        after = self._delay.read()
        references = self._run_references(self._reference) if self._reference else _NONE
        self._keep(Reading(self._started, ended, cpu, thread_cpu, self._before, after, *references))
        # The next operation's start, unless this process leaves the CPU until then.
        self._before, self._process, self._ended, self._running = after, process, ended, False
        return ended

    def _look(self, process: float) -> float:
        """Look for threads and children; returns the CPU seconds of children reaped since the last look.

        Once there were any, every operation ends with a look: how they come and go differs by operation.
        """
        others, children = process - time.thread_time(), _children()
        reaped, self._children = children - self._children, children
        threads = self._delay.look_for_threads()
        busy = others - self._others > OTHERS * (process - self._looked)
        self._others, self._looked = others, process
        self._alone = self._alone is not False and not (threads or busy or reaped > 0)
        self._until_look = CHECK_EVERY if self._alone else 1
        return reaped

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


_NONE = (0.0, 0.0, 0.0, 0.0)


def _children() -> float:
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime
