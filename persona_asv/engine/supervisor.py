"""Runs one command and lets nothing of it outlive the process that asked for it.

A script of its own, standard library only (``python -I -S supervisor.py -- command…``), because it must start
in milliseconds and survive what it watches. Its standard input is a pipe from the CLI: when that closes,
even by ``kill -9``, or on SIGTERM, every descendant is killed. asv puts benchmarks into process groups of
their own and its children outlive it; so on Linux the supervisor is their "subreaper": orphans become its
children and are found. Elsewhere it kills the descendants that the process table shows.
"""

from __future__ import annotations

import ctypes
import os
import select
import signal
import subprocess
import sys
import time

_PR_SET_CHILD_SUBREAPER = 36
_PATIENCE = 1.5
"""Seconds to keep killing descendants that appear while others die."""
KILLED = 137
"""Exit code after the descendants were killed."""


def become_subreaper() -> bool:
    """Ask Linux to hand orphaned descendants to this process; returns whether it will."""
    if not sys.platform.startswith("linux"):
        return False
    try:
        return bool(ctypes.CDLL(None).prctl(_PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)
    except (OSError, AttributeError):
        return False


def _parents() -> dict[int, int]:
    """Return the parent of every process, from /proc or else from ps."""
    parents = {}
    if os.path.isdir("/proc/self"):
        for name in os.listdir("/proc"):
            if name.isdigit():
                try:
                    with open(f"/proc/{name}/stat", "rb") as file:
                        # the command's name stands in parentheses and may hold anything, even ")"
                        parents[int(name)] = int(file.read().rpartition(b")")[2].split()[1])
                except (OSError, IndexError):
                    continue
        return parents
    with subprocess.Popen(["ps", "-A", "-o", "pid=,ppid="], stdout=subprocess.PIPE, text=True) as table:
        for line in table.communicate()[0].splitlines():
            child, parent = line.split()
            parents[int(child)] = int(parent)
    parents.pop(table.pid, None)  # it has seen itself, and is gone
    return parents


def descendants(root: int) -> list[int]:
    """Return the process ids below ``root``."""
    parents = _parents()
    found: list[int] = []
    front = {root}
    while front:
        front = {child for child, parent in parents.items() if parent in front}
        found.extend(front)
    return found


def kill_all() -> None:
    """Kill every descendant, again until none is left or patience ends."""
    deadline = time.monotonic() + _PATIENCE
    while time.monotonic() < deadline:
        victims = descendants(os.getpid())
        for victim in victims:
            try:
                os.kill(victim, signal.SIGKILL)
            except (ProcessLookupError, PermissionError):
                continue
        _reap()
        if not descendants(os.getpid()):
            return
        time.sleep(0.01)


def _reap() -> None:
    try:
        while os.waitpid(-1, os.WNOHANG)[0]:
            pass
    except ChildProcessError:
        return


def _note(signum: int, frame: object) -> None:
    """Do nothing: that the signal came is read from the wake-up pipe, at no moment an exception."""


def main(command: list[str]) -> int:
    """Run the command to its end, or until standard input closes; returns its exit code or `KILLED`."""
    become_subreaper()
    woken, wake = os.pipe()
    os.set_blocking(wake, False)
    signal.set_wakeup_fd(wake, warn_on_full_buffer=False)
    for number in (signal.SIGCHLD, signal.SIGTERM, signal.SIGINT):  # the last is ignored
        signal.signal(number, _note)
    try:
        child = subprocess.Popen(command, stdin=subprocess.DEVNULL, close_fds=True)
        while True:
            ready = select.select([0, woken], [], [])[0]
            if 0 in ready and not os.read(0, 4096):
                return KILLED
            if woken in ready:
                if signal.SIGTERM in os.read(woken, 4096):
                    return KILLED
                code = child.poll()
                if code is not None:
                    return code if code >= 0 else 128 - code
    finally:
        kill_all()


if __name__ == "__main__":
    sys.exit(main(sys.argv[2:]))
