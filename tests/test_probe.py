"""The probe reads the very operation that asv times, and the reference after it, not the reference in it."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
from pathlib import Path

import pytest

from benchmarks.probe import Probe, Reading, RunQueueDelay
from benchmarks.reference_operation import reference_operation


@pytest.fixture
def readings():
    return []


def burn(probe_seconds: float) -> None:
    import time

    end = time.thread_time() + probe_seconds
    while time.thread_time() < end:
        pass


def test_every_second_call_keeps_one_reading_of_what_lay_between(readings: list[Reading]) -> None:
    with Probe(reference_operation, readings.append) as probe:
        start = probe()
        burn(0.02)
        end = probe()
    (reading,) = readings
    assert (reading.started, reading.ended) == (start, end)
    assert reading.wall == end - start
    assert 0.02 <= reading.thread_cpu <= reading.cpu + 1e-6
    assert reading.cpu < 0.02 + reading.references + 0.02, "the references are not part of the operation"


def test_references_run_twice_after_the_operation_with_collection_off(readings: list[Reading]) -> None:
    collecting = []
    with Probe(lambda: collecting.append(gc.isenabled()), readings.append) as probe:
        probe()
        assert gc.isenabled(), "the operation runs with collection on, as the application does"
        assert collecting == []
        probe()
    assert collecting == [False, False]
    assert gc.isenabled()


def test_without_a_reference_only_the_clocks_are_read(readings: list[Reading]) -> None:
    with Probe(None, readings.append) as probe:
        probe()
        probe()
    assert readings[0].references == readings[0].reference == readings[0].reference_cold == 0.0


def test_cpu_of_other_threads_and_of_reaped_children_counts(readings: list[Reading]) -> None:
    spin = "import time\nend = time.process_time() + 0.05\nwhile time.process_time() < end: pass"
    with Probe(None, readings.append) as probe:
        probe()
        thread = threading.Thread(target=burn, args=(0.03,))
        thread.start()
        thread.join()
        subprocess.run([sys.executable, "-S", "-c", spin], check=True)
        probe()
    assert readings[0].cpu >= 0.08
    assert readings[0].thread_cpu < readings[0].cpu - 0.07


@pytest.mark.skipif(
    not Path("/proc/self/task").exists(), reason="only Linux tells run-queue delay per thread"
)
def test_run_queue_delay_follows_threads_that_come_and_go() -> None:
    delay = RunQueueDelay()
    alone = set(delay.read())
    hold, up = threading.Event(), threading.Event()

    def wait() -> None:
        up.set()
        hold.wait()

    thread = threading.Thread(target=wait)
    thread.start()
    up.wait()
    delay.look_for_threads()
    both = set(delay.read())
    hold.set()
    thread.join()
    # the kernel removes the task a moment after join returns
    for _ in range(10_000):
        if set(delay.read()) == alone:
            break
    assert len(both) == len(alone) + 1
    assert set(delay.read()) == alone
    delay.close()
    assert delay.read() == {}


def test_run_queue_delay_is_empty_where_the_kernel_does_not_tell(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(RunQueueDelay, "_TASKS", "/nonexistent")
    assert RunQueueDelay().read() == {}


def test_reference_operation_always_does_the_same_work() -> None:
    assert reference_operation() == reference_operation() == 4791
