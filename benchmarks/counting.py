"""A program that counts the Python calls of warmed operations: `work` starts it, a fresh interpreter a time.

It reads its order as JSON on standard input and answers on standard output. Nothing of asv's or of ours but
the subject is imported here, and no frame of this file is counted.
"""

from __future__ import annotations

import gc
import itertools
import json
import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any


class Counter:
    """Counts the calls of Python functions, in the calling thread and in those that are started later."""

    def __init__(self) -> None:
        self._calls = itertools.count()
        self._open = False
        threading.setprofile(self._profile)

    def _profile(self, frame: FrameType, event: str, arg: object) -> None:
        if event == "call" and self._open and frame.f_code.co_filename != __file__:
            next(self._calls)  # which other threads cannot tear

    def calls(self, operate: Callable[[], object]) -> int:
        """Return how many Python functions an operation called.

        What it leaves behind is collected before its end: finalisers are calls too, and would otherwise be
        charged to whichever operation the collector happens to run in.
        """
        gc.collect()
        before = next(self._calls)
        self._open = True
        sys.setprofile(self._profile)
        try:
            operate()
            gc.collect()
        finally:
            sys.setprofile(None)
            self._open = False
        return next(self._calls) - before - 1


def count(order: dict[str, Any]) -> dict[str, Any]:
    """Return ``counts``, calls and personas of each counted operation, and ``failure``, what broke one."""
    from persona_asv.subject import load

    research, personas = Path(order["research"]), int(order["personas"])
    counter = Counter()
    session = load(order["subject"]).open(**order["endpoint"])
    returned, failure = 0, ""

    def operate() -> None:
        nonlocal returned
        if (width := order["concurrency"]) is None:
            returned = session.generate(research, personas).personas
        else:
            returned = session.generate_batch(research, personas, width).personas

    counts = []
    for operation in range(order["warm_ups"] + order["operations"]):
        returned = 0
        try:
            calls = counter.calls(operate)
        except (Exception, SystemExit) as error:
            failure = f"{type(error).__name__}: {error}"
        else:
            if operation >= order["warm_ups"]:
                counts.append((calls, returned))
    session.close()
    return {"counts": counts, "failure": failure}


def main() -> None:
    """Carry out the order; what the subject prints goes to standard error, so that the answer stays alone."""
    order = json.load(sys.stdin)
    with os.fdopen(os.dup(1), "w") as answer:
        os.dup2(2, 1)
        sys.path[:] = order["path"]
        json.dump(count(order), answer)


if __name__ == "__main__":
    main()
