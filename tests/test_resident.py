"""Resident memory: each operation's peak, whatever the ones before it needed."""

from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from benchmarks import resident

MB = 1_000_000
LINUX = pytest.mark.skipif(not sys.platform.startswith("linux"), reason="only Linux resets the mark")


def hold(size: int) -> None:
    """Touch every page of that much memory, then give it back to the system at once."""
    import mmap

    with mmap.mmap(-1, size) as memory:
        for page in range(0, size, 4096):
            memory[page] = 1


@LINUX
def test_a_peak_is_of_its_own_operation() -> None:
    sizes = iter([60 * MB, 5 * MB, 30 * MB])
    before = resident.now()
    found = resident.peaks(lambda: hold(next(sizes)), 3)
    assert not found.sampled
    assert [round((peak - before) / MB) for peak in found.each] == pytest.approx([60, 5, 30], abs=3)


def test_where_the_mark_cannot_be_reset_memory_is_looked_at_now_and_then(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(resident, "resets", lambda: False)
    looks = iter([10, 30, 20])
    monkeypatch.setattr(resident, "now", lambda: next(looks, 20))
    found = resident.peaks(lambda: None, 1)
    assert found.sampled
    assert found.each[0] in (10, 30), "the most of what was seen: at the start, in between, at the end"


def test_a_watch_looks_from_start_to_end(monkeypatch: pytest.MonkeyPatch) -> None:
    import threading

    seen = threading.Semaphore(0)
    numbers = iter(range(1000))

    def now() -> int:
        seen.release()
        return next(numbers)

    monkeypatch.setattr(resident, "now", now)
    with resident.Watch() as eye:
        for _ in range(4):
            assert seen.acquire(timeout=60)
    assert eye.looks == list(range(len(eye.looks)))
    assert len(eye.looks) >= 5


def test_a_kernel_without_the_switch_is_noticed(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_arguments: object) -> int:
        raise PermissionError

    monkeypatch.setattr(os, "open", refuse)
    assert not resident.resets()


def test_memory_is_told_without_proc_as_well(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    if not Path("/proc/self/status").exists():
        pytest.skip("there is no /proc to leave out")
    known = resident.now()
    asked = tmp_path / "ps"
    asked.write_text('#!/bin/sh\necho "  $((40 * 1000))"\n')
    asked.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
    monkeypatch.setattr(os.path, "exists", lambda _path: False)
    assert resident.now() == 40_000 * 1024
    assert known > 5 * MB


def test_what_is_settled_is_never_above_the_high_water_mark(monkeypatch: pytest.MonkeyPatch) -> None:
    assert 0 < resident.settled() <= resident.highest()
    monkeypatch.setattr(resident, "now", lambda: resident.highest() + 1)
    assert resident.settled() <= resident.highest()
    monkeypatch.setattr(resident, "now", lambda: 7)
    assert resident.settled() == 7
