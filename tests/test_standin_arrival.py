"""Stamps: when bytes came and went, without the server's own wait for a CPU."""

from __future__ import annotations

import sys
import threading
import time
from pathlib import Path

import pytest

from persona_asv.standin.arrival import Beginning, RunQueue, Stamps

NEVER = float("-inf")


class ScriptedQueue(RunQueue):
    """A run queue whose delays are told in advance, in hours: no machine is slow enough to imitate them."""

    def __init__(self, *hours: float) -> None:
        super().__init__("/no/such/file")
        self._readings = iter(hours)

    def waited(self) -> float:
        return next(self._readings) * 3600


def hours_ago(stamp: float) -> float:
    return round((time.perf_counter() - stamp) / 3600, 1)


class TestRunQueue:
    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts the run-queue delay")
    def test_linux_counts_the_delay_in_nanoseconds(self, tmp_path: Path) -> None:
        path = tmp_path / "schedstat"
        path.write_text("123456789 2500000000 42\n")
        with RunQueue(str(path)) as queue:
            assert queue.waited() == 2.5
            path.write_text("123456789 3500000000 43\n")
            assert queue.waited() == 3.5

    def test_the_delay_never_shrinks(self) -> None:
        with RunQueue() as queue:
            readings = [queue.waited() for _ in range(10)]
        assert readings[0] >= 0
        assert readings == sorted(readings)

    @pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux counts the run-queue delay")
    def test_each_thread_has_a_delay_of_its_own(self) -> None:
        opened: list[str] = []

        def look() -> None:
            with RunQueue() as queue:
                opened.append(str(Path(f"/proc/self/fd/{queue._fd}").readlink()))

        thread = threading.Thread(target=look)
        thread.start()
        thread.join()
        look()
        assert [Path(each).name for each in opened] == ["schedstat"] * 2
        assert opened[0] != opened[1]

    def test_where_it_is_not_counted_it_is_zero(self, tmp_path: Path) -> None:
        with RunQueue(str(tmp_path / "absent")) as queue:
            assert queue.waited() == 0.0


class TestReceived:
    def test_what_came_since_the_last_look_arrived_before_the_delay_since_then(self) -> None:
        stamps = Stamps(ScriptedQueue(10, 13), Beginning(NEVER, 0.0))
        stamps.look()
        assert hours_ago(stamps.received()) == 3

    def test_a_stamp_is_a_look_too(self) -> None:
        stamps = Stamps(ScriptedQueue(10, 12), Beginning(NEVER, 0.0))
        assert hours_ago(stamps.received()) == 10
        assert hours_ago(stamps.received()) == 2

    def test_first_bytes_arrived_before_the_delays_of_both_threads(self) -> None:
        stamps = Stamps(ScriptedQueue(3), Beginning(NEVER, 2 * 3600.0))
        assert hours_ago(stamps.received()) == 5

    def test_nothing_arrives_before_the_connection_is_made(self) -> None:
        made = time.perf_counter() - 3600
        assert Stamps(ScriptedQueue(3), Beginning(made, 0.0)).received() == made

    def test_nothing_arrives_before_the_last_answer_has_left(self) -> None:
        stamps = Stamps(ScriptedQueue(1, 9), Beginning(NEVER, 0.0))
        stamps.before_send()
        sent = stamps.sent()
        assert stamps.received() == sent

    def test_without_delay_the_stamp_is_now(self, tmp_path: Path) -> None:
        with RunQueue(str(tmp_path / "absent")) as queue:
            before = time.perf_counter()
            moment = Stamps(queue, Beginning(before, 0.0)).received()
            assert before <= moment <= time.perf_counter()


class TestSent:
    def test_an_answer_left_when_sending_began_and_the_cpu_time_it_took(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stamps = Stamps(ScriptedQueue(1), Beginning(NEVER, 0.0))
        monkeypatch.setattr(time, "perf_counter", iter([100.0]).__next__)
        monkeypatch.setattr(time, "thread_time", iter([7.0, 9.0]).__next__)
        stamps.before_send()
        assert stamps.sent() == 102.0

    def test_the_delay_met_while_sending_is_not_the_next_requests(
        self, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        stamps = Stamps(ScriptedQueue(8, 9), Beginning(NEVER, 0.0))
        monkeypatch.setattr(time, "perf_counter", iter([0.0, 20 * 3600.0]).__next__)
        stamps.before_send()
        stamps.sent()
        assert stamps.received() == 19 * 3600.0

    def test_the_stamp_lies_within_the_call(self) -> None:
        with RunQueue() as queue:
            stamps = Stamps(queue, Beginning(NEVER, 0.0))
            before = time.perf_counter()
            stamps.before_send()
            assert before <= stamps.sent() <= time.perf_counter()
