"""Records traces of the reference subject in the measuring stick's format, with known changes planted.

``nox -s gate-record`` runs it: blocks of fresh processes, in random order within a block, four of them
unchanged and one of each planted change: 5 to 50 % more CPU, a slow tail (5 % of operations three times as
slow), 20 % more memory. ``evaluation.py --traces`` scores the compare command on the result.
"""

from __future__ import annotations

import argparse
import json
import os
import random
import resource
import statistics
import subprocess
import sys
import time
from pathlib import Path

import numpy as np

from benchmarks.probe import Probe, Reading
from benchmarks.reference_operation import reference_operation
from benchmarks.settings import WARM_UPS
from persona_asv.standin.process import StandIn
from persona_asv.subject import load

MORE = {"base": 0.0, "p5": 0.05, "p10": 0.10, "p15": 0.15, "p25": 0.25, "p50": 0.50, "tail": 0.0, "mem": 0.0}
KEYS = ("w", "c", "rw", "rc", "rd", "rrd")


def work(units: int) -> int:
    """Burn CPU in a way that is neither the operation's nor the reference's."""
    total = 0
    for unit in range(units):
        total += sum(divmod(unit * 7919 + each, 13)[1] for each in range(60))
    return total


def units_of_an_operation(url: str) -> int:
    """Return how many units of work take as long as one operation, on this machine."""
    with Run(url, "calibration") as run:
        operations, pieces = [], []
        for _ in range(100):
            before = time.thread_time()
            run.operate()
            between = time.thread_time()
            work(10)
            operations.append(between - before)
            pieces.append((time.thread_time() - between) / 10)
    return max(1, round(statistics.median(operations) / statistics.median(pieces)))


class Run:
    """A warmed-up session of the reference subject."""

    def __init__(self, url: str, session: str) -> None:
        subject = load("reference")
        self._research = subject.sample("1kb")
        self._session = subject.open(
            provider="anthropic", base_url=f"{url}/{session}", model="m", api_key="stand-in"
        )

    def __enter__(self) -> Run:
        for _ in range(WARM_UPS):
            self.operate()
        return self

    def __exit__(self, *error: object) -> None:
        self._session.close()

    def operate(self) -> None:
        """Do one operation."""
        self._session.generate(self._research, 1)


def one(url: str, variant: str, units: int, operations: int) -> dict[str, object]:
    """Measure one process; times in microseconds, as the measuring stick wants them."""
    held = b"x" * (10_000_000 if variant == "mem" else 0)
    readings: list[Reading] = []
    started = time.time()
    switches = resource.getrusage(resource.RUSAGE_SELF).ru_nivcsw
    with Run(url, f"{variant}.{os.getpid()}") as run, Probe(reference_operation, readings.append) as probe:
        for number in range(operations):
            probe()
            run.operate()
            work(round(units * MORE[variant]))
            if variant == "tail" and number % 20 == 7:
                work(2 * units)
            probe()
    usage = resource.getrusage(resource.RUSAGE_SELF)
    return {
        "w": [reading.wall * 1e6 for reading in readings],
        "c": [reading.thread_cpu * 1e6 for reading in readings],
        "rd": [reading.delay * 1e6 for reading in readings],
        "rw": [reading.reference_wall * 1e6 for reading in readings],
        "rc": [reading.reference * 1e6 for reading in readings],
        "rrd": [0.0] * operations,
        "variant": variant, "n": operations, "t": started, "dur": time.time() - started,
        "rss_kb": usage.ru_maxrss, "tm": len(held), "calls": operations, "burn": 0,
        "load1": os.getloadavg()[0], "nivcsw": usage.ru_nivcsw - switches,
    }  # fmt: skip


def record(blocks: int, operations: int, out: Path) -> None:
    """Record blocks and write them as the measuring stick reads them."""
    runs: list[dict] = []
    random.seed(11)
    with StandIn.start() as standin:
        url = f"http://127.0.0.1:{standin.port}"
        units = units_of_an_operation(url)
        for block in range(blocks):
            variants = ["base"] * 4 + [variant for variant in MORE if variant != "base"]
            for variant in random.sample(variants, len(variants)):
                command = [sys.executable, __file__, "--one", variant, "--url", url, "--units", str(units)]
                command += ["--operations", str(operations)]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                runs.append({**json.loads(done.stdout), "run": len(runs), "block": block})
            print(f"block {block + 1} of {blocks}, load {os.getloadavg()[0]:.1f}", flush=True)  # noqa: T201
    meta = [{key: value for key, value in run.items() if key not in KEYS} for run in runs]
    tenths = ("rc", "rw", "c")
    arrays = {
        key: np.concatenate(
            [np.rint(np.asarray(run[key]) * (10 if key in tenths else 1)).astype(np.uint32) for run in runs]
        )
        for key in KEYS
    }
    out.parent.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(out, meta=np.frombuffer(json.dumps(meta).encode(), dtype=np.uint8), **arrays)
    print(f"{len(runs)} processes in {out}")  # noqa: T201


def main() -> None:
    """Record, or be one of the recorded processes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--blocks", type=int, default=12)
    parser.add_argument("--operations", type=int, default=100)
    parser.add_argument("--out", type=Path, default=Path(".asv/traces.npz"))
    parser.add_argument("--one", help=argparse.SUPPRESS)
    parser.add_argument("--url", help=argparse.SUPPRESS)
    parser.add_argument("--units", type=int, help=argparse.SUPPRESS)
    wanted = parser.parse_args()
    if wanted.one:
        print(json.dumps(one(wanted.url, wanted.one, wanted.units, wanted.operations)))  # noqa: T201
    else:
        record(wanted.blocks, wanted.operations, wanted.out)


if __name__ == "__main__":
    main()
