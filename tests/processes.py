"""Processes of a test, found whatever became of their parents: by a mark that they inherit."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable
from pathlib import Path
from uuid import uuid4

import psutil

MARK = "TEST_MARK"
DEADLINE = 30.0
"""Seconds that anything here may take on a machine that is busy with something else."""


DETACHED = """
import os, pathlib, sys, time
# a daemon by the book: fork, new session, fork again; its parents end and it belongs to init
if os.fork() == 0:
    os.setsid()
    if os.fork() == 0:
        pathlib.Path("daemon.new").write_text(str(os.getpid()))
        os.rename("daemon.new", "daemon")
        time.sleep(1000)
    os._exit(0)
os.wait()
"""
"""Starts a daemon that outlives its parents, and says its process id in the file ``daemon``."""

HANGING = DETACHED + "time.sleep(1000)\n"
ENDING = DETACHED + "while not os.path.exists('daemon'): time.sleep(0.01)\nsys.exit(7)\n"


def new_mark() -> dict[str, str]:
    """Return a variable for a process's environment, by which it and its descendants are found again."""
    return {MARK: uuid4().hex}


def marked(mark: dict[str, str]) -> list[psutil.Process]:
    """Return the living processes that bear the mark; a zombie lives no more."""
    found = []
    for process in psutil.process_iter():
        try:
            bears = process.environ().get(MARK) == mark[MARK]
            if bears and process.status() != psutil.STATUS_ZOMBIE:
                found.append(process)
        except (psutil.Error, OSError):
            continue
    return found


def is_gone(process: psutil.Process) -> bool:
    """Whether it has ended; its id may have another process by now."""
    try:
        return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


def until(condition: Callable[[], object]) -> None:
    """Wait until the condition holds; fails after `DEADLINE`."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.01)


def until_gone(processes: Iterable[psutil.Process]) -> None:
    """Wait until all of them have ended."""
    rest = list(processes)
    until(lambda: all(is_gone(process) for process in rest))


def python(code: str) -> list[str]:
    """Return the command that runs the code."""
    return [sys.executable, "-c", code]


def daemon(folder: Path) -> psutil.Process:
    """Wait for the daemon that `DETACHED` starts in the folder."""
    until((folder / "daemon").exists)
    return psutil.Process(int((folder / "daemon").read_text()))
