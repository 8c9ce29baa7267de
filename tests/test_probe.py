"""The probe reads the very operation that asv times, and the reference after it, not the reference in it."""

from __future__ import annotations

import gc
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from benchmarks.probe import CHECK_EVERY, Probe, Reading, RunQueueDelay
from benchmarks.reference_operation import reference_operation


@pytest.fixture
def readings():
    return []


def burn(probe_seconds: float) -> None:
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


def operate(probe: Probe, times: int) -> None:
    for _ in range(times):
        probe()
        burn(0.001)
        probe()


def unaccompanied(probe: Probe) -> Probe:
    """Hide threads that are here already: a library that another test imported has its own."""
    before = threading.active_count()
    probe._delay.look_for_threads = lambda: threading.active_count() > before
    return probe


class TestWhatIsReadNowAndThen:
    """Of a subject that has shown neither threads nor children, the clocks that tell of them are spared."""

    def test_cpu_of_one_thread_is_the_process_own(self, readings: list[Reading]) -> None:
        with unaccompanied(Probe(None, readings.append)) as probe:
            operate(probe, CHECK_EVERY)
        assert [each.thread_cpu for each in readings[1:]] == [each.cpu for each in readings[1:]]

    def test_threads_that_appear_late_are_seen_from_the_next_look_on(self, readings: list[Reading]) -> None:
        end = threading.Event()
        with unaccompanied(Probe(None, readings.append)) as probe:
            operate(probe, CHECK_EVERY - 2)
            thread = threading.Thread(target=lambda: end.wait(60))
            thread.start()
            operate(probe, CHECK_EVERY)
            end.set()
            thread.join()
        assert readings[1].thread_cpu == readings[1].cpu
        assert readings[-1].thread_cpu != readings[-1].cpu, "read, not taken to be the same"

    def test_a_thread_that_lives_within_one_operation_shows_in_its_cpu(self, readings: list[Reading]) -> None:
        with Probe(None, readings.append) as probe:
            for _ in range(2 * CHECK_EVERY):
                probe()
                thread = threading.Thread(target=burn, args=(0.002,))
                thread.start()
                thread.join()
                probe()
        assert sum(each.cpu for each in readings) > 1.5 * sum(each.thread_cpu for each in readings)

    def test_no_cpu_of_children_that_appear_late_is_lost(self, readings: list[Reading]) -> None:
        spin = "import time\nend = time.process_time() + 0.05\nwhile time.process_time() < end: pass"
        with Probe(None, readings.append) as probe:
            operate(probe, 2)
            probe()
            subprocess.run([sys.executable, "-S", "-c", spin], check=True)
            probe()
            operate(probe, CHECK_EVERY)
        (charged,) = [each for each in readings if each.cpu >= 0.05]
        assert charged.cpu - charged.thread_cpu >= 0.05

    def test_leaving_the_cpu_between_operations_is_no_part_of_either(self, readings: list[Reading]) -> None:
        said = iter(b"%d %d 1" % (each, each * 1_000_000_000) for each in range(100))
        probe = unaccompanied(Probe(None, readings.append))
        probe._delay.read = lambda: {"1": next(said)}
        operate(probe, 1)
        time.sleep(0.001)  # off the CPU: the kernel is asked again
        operate(probe, 2)
        probe.close()
        assert [each.delay for each in readings[:2]] == [1.0, 1.0]
        assert readings[1].before != readings[0].after
        assert readings[2].delay == 1.0


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


def test_the_longest_delay_is_that_of_one_thread() -> None:
    before = {"1": b"0 1000000000 0", "2": b"0 0 0"}
    after = {"1": b"0 1500000000 0", "2": b"0 2000000000 0", "3": b"0 1000000000 0"}
    found = Reading(0.0, 1.0, 0.0, 0.0, before, after, 0.0, 0.0, 0.0, 0.0)
    assert found.delay == pytest.approx(3.5)
    assert found.longest_delay == pytest.approx(2.0)
    assert Reading(0.0, 1.0, 0.0, 0.0, {}, {}, 0.0, 0.0, 0.0, 0.0).longest_delay == 0.0


@pytest.mark.skipif(not Path("/proc/self/task").exists(), reason="threads are listed on Linux alone")
def test_a_thread_from_before_the_first_operation_is_followed_from_its_start(readings: list[Reading]) -> None:
    over = threading.Event()
    with Probe(None, readings.append) as probe:
        thread = threading.Thread(target=over.wait)
        thread.start()
        probe.follow()
        probe()
        probe()
        over.set()
        thread.join()
    assert str(thread.native_id) in readings[0].before
