"""End-to-end comparisons with a truth that is known, on this machine: ``nox -s gate-evaluation -- --live``.

Each is what a pull request gets: two commits, an environment each, interleaved rounds, the gate. A third of
them has a process beside it that takes a whole CPU. Prints the table for docs/explanation/gate.md.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_asv import selftest
from persona_asv.config import load
from persona_asv.confirmation import Watcher
from persona_asv.errors import ExitCode
from persona_asv.gate import Rules
from persona_asv.plants import UNCHANGED, Plant
from persona_asv.selftest import Trial

TIMES = ("generation_latency_p50", "client_overhead_p50", "throughput_per_minute")
CHANGES = (
    Plant("cpu", 15, "+15 % CPU", TIMES),
    Plant("cpu", 35, "+35 % CPU", TIMES),
    Plant("wait", 1, "1 ms of waiting", TIMES),
)
HOG = "while True: pass"


@contextmanager
def company(wanted: bool) -> Iterator[None]:
    """Have a process beside us that takes a CPU."""
    if not wanted:
        yield
        return
    with subprocess.Popen([sys.executable, "-c", HOG]) as hog:
        try:
            yield
        finally:
            hog.kill()


def comparisons(chosen: list[Plant], hogs: int) -> Iterator[tuple[Trial, bool]]:
    """Yield each comparison, every `hogs`-th with company, as it is done."""
    settings = load(Path.cwd())
    silent = Watcher(lambda line: None, lambda sides, blocks: None, lambda progress: None)
    for number, plant in enumerate(chosen):
        busy = number % hogs == hogs - 1
        started = time.monotonic()
        with company(busy):
            (trial,) = selftest.prove(
                settings, (plant,), Rules(), silent, lambda number, plant: None, rounds=None
            ).trials
        what = f"{plant.what}, a process beside it" if busy else plant.what
        print(  # noqa: T201
            f"{number + 1}/{len(chosen)} {what}: exit code {int(trial.code)}, "
            f"{trial.telling.key} {trial.telling.change or 0:+.1%}, {time.monotonic() - started:.0f} s",
            file=sys.stderr,
            flush=True,
        )
        yield trial, busy


def row(what: str, trials: list[Trial]) -> str:
    """Return a row of the table."""
    warned = sum(trial.code is ExitCode.WARN for trial in trials)
    failed = sum(trial.code is ExitCode.FAIL for trial in trials)
    changes = sorted(trial.telling.change or 0.0 for trial in trials)
    middle = changes[len(changes) // 2] if changes else 0.0
    return f"| {what} | {len(trials)} | {warned} | {failed} | {middle:+.1%} |"


def main() -> None:
    """Compare, and print the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--unchanged", type=int, default=60, help="comparisons of unchanged code")
    parser.add_argument("--each", type=int, default=10, help="comparisons of each change")
    wanted = parser.parse_args()
    chosen = [UNCHANGED] * wanted.unchanged
    chosen += [change for _ in range(wanted.each) for change in CHANGES]
    random.Random(1).shuffle(chosen)  # none of them shall have an hour of its own
    done = list(comparisons(chosen, hogs=3))
    print("| planted | comparisons | exit 1 | exit 2 | median change seen |\n|---|---|---|---|---|")  # noqa: T201
    for plant in (UNCHANGED, *CHANGES):
        mine = [(trial, busy) for trial, busy in done if trial.plant is plant]
        print(row(plant.what, [trial for trial, _ in mine]))  # noqa: T201
        print(row(f"{plant.what}, a process beside it", [trial for trial, busy in mine if busy]))  # noqa: T201


if __name__ == "__main__":
    main()
