"""What a measuring process has done so far: the suite's spool, read while it grows."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any


@dataclass(slots=True)
class Tally:
    """Totals of one round, all of its cases together.

    Attributes
    ----------
    operations, memory_processes
        Measured operations, and processes started to measure memory.
    own
        Seconds that were the measurement itself: warm-ups, operations, their references.
    wall, delay
        Seconds of the measured operations, and those of them spent waiting for a CPU.
    sampled
        Memory processes that could only look now and then at the memory of an operation.
    failure
        Why a measurement was given up; empty where none was.
    code
        The files that the subject was imported from, in the order of the processes.
    """

    operations: int = 0
    memory_processes: int = 0
    own: float = 0.0
    wall: float = 0.0
    delay: float = 0.0
    failed: int = 0
    sampled: int = 0
    failure: str = ""
    code: tuple[str, ...] = ()

    def plus(self, other: Tally) -> Tally:
        """Return the totals of both."""
        return Tally(
            self.operations + other.operations,
            self.memory_processes + other.memory_processes,
            self.own + other.own,
            self.wall + other.wall,
            self.delay + other.delay,
            self.failed + other.failed,
            self.sampled + other.sampled,
            self.failure or other.failure,
            tuple(dict.fromkeys((*self.code, *other.code))),
        )


@dataclass(slots=True)
class SpoolReader:
    """Follows every spool file in a folder; each `read` takes in what was added since the last."""

    folder: Path
    tally: Tally = field(default_factory=Tally)
    _offsets: dict[Path, int] = field(default_factory=dict)

    def read(self) -> Tally:
        """Return the totals up to now."""
        for path in sorted(self.folder.glob("*.jsonl")):
            memory = path.name.startswith("memory.")
            for event in self._new_events(path):
                self._count(event, memory=memory)
        return self.tally

    def _new_events(self, path: Path) -> Iterator[dict[str, Any]]:
        with path.open("rb") as file:
            file.seek(self._offsets.get(path, 0))
            for line in file:
                if not line.endswith(b"\n"):
                    break  # still being written
                self._offsets[path] = self._offsets.get(path, 0) + len(line)
                yield json.loads(line)

    def _count(self, event: dict[str, Any], *, memory: bool) -> None:
        tally = self.tally
        match event["event"]:
            case "start" if event.get("code") not in (None, *tally.code):
                tally.code = (*tally.code, event["code"])
            case "operation":
                wall = event["ended"] - event["started"]
                tally.operations += 1
                tally.failed += event["failed"]
                tally.own += wall + event["references"]
                tally.wall += wall
                tally.delay += event["delay"]
            case "warm" if memory:
                tally.memory_processes += 1  # its time is in the launcher's account, whole process
            case "warm":
                tally.own += event["seconds"]
            case "sampled":
                tally.sampled += 1
            case "failed":
                tally.failure = tally.failure or event["reason"]
