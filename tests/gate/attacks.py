"""Attacks on the calibration, measured with the real suite and judged by the real command.

``nox -s gate-attacks`` runs it. Each attack changes the subject in a way that could spoil the reference
operation beside it. The truth is the raw process CPU, in alternating phases within one process; the gate's
answer comes from interleaved rounds of ``persona benchmark run``. Both are printed side by side.
"""

from __future__ import annotations

import argparse
import json
import math
import os
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path

from persona_asv.calibration import Channel, calibrate
from persona_asv.engine.results import read_results
from persona_asv.rounds import interleaved
from persona_asv.sides import own_cases, own_side
from persona_asv.standin.process import StandIn
from persona_asv.thresholds import Thresholds
from persona_asv.timing import timing

ATTACKS = {
    "copy": "64 MB copied",
    "keep": "3,000 objects kept alive per operation",
    "wait": "20 ms more wait",
    "threads": "work moved into three threads",
}
KEY = "generation_latency_p50"
ENOUGH = 2.0
"""Standard error of the true change, in points, that is small enough to compare with; above +100 % in percent
of the level, as the bound on the difference is."""
SUBJECT = '''
"""The reference subject under attack; ATTACK names the attack, none for the plain one."""
import os
import threading
import time
from persona_asv.subject.reference import REFERENCE

BLOCK = bytearray(64_000_000)
KEPT = []

def spin(rounds):
    total = 0
    for each in range(rounds):
        total += each * each
    return total

def copy():
    bytes(BLOCK)

def keep():
    KEPT.append([{"n": each} for each in range(3000)])

def wait():
    time.sleep(0.02)

def threads():
    workers = [threading.Thread(target=spin, args=(20_000,)) for _ in range(3)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()

class Subject:
    name = "attacked"
    version = "1"
    providers = REFERENCE.providers
    default_models = REFERENCE.default_models

    def __init__(self, attack=None):
        self.attack = globals().get(attack or os.environ.get("ATTACK") or "", lambda: None)

    def sample(self, size):
        return REFERENCE.sample(size)

    def open(self, **endpoint):
        self.session = REFERENCE.open(**endpoint)
        return self

    def generate(self, research, personas):
        self.attack()
        return self.session.generate(research, personas)

    def close(self):
        self.session.close()

subject = Subject()
'''


class Truth:
    """The change of raw process CPU, from phases in one process, a pair whenever asked (see `phases`)."""

    def __init__(self, folder: Path, attack: str, url: str) -> None:
        here = Path(__file__).parent
        self.moved: list[float] = []
        self.beside: list[float] = []
        self._process = subprocess.Popen(
            [sys.executable, str(here / "phases.py"), url, attack],
            env={**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (folder, here.parent.parent)))},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )

    def measure(self, pairs: int) -> None:
        """Measure so many pairs of phases more."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        for _ in range(pairs):
            print(file=self._process.stdin, flush=True)
            raw, beside = json.loads(self._process.stdout.readline())
            self.moved.append(raw)
            self.beside.append(beside)

    @property
    def close_enough(self) -> bool:
        """Whether the standard error is at most `ENOUGH`."""
        return error_of(self.moved) <= ENOUGH * scale_of(self.moved)

    def close(self) -> None:
        """End the process."""
        self._process.communicate()


def error_of(moved: list[float]) -> float:
    """Return the standard error of a mean of log ratios, as points of the ratio."""
    return 100 * math.exp(statistics.fmean(moved)) * statistics.stdev(moved) / len(moved) ** 0.5


def scale_of(moved: list[float]) -> float:
    """Return how many points count as one."""
    level = math.exp(statistics.fmean(moved))
    return level if level > 2 else 1.0


def one_round(folder: Path, attack: str) -> Path:
    """Measure one round of 20 operations; returns its result file."""
    environ = {**os.environ, "ATTACK": attack, "CI": ""}
    command = [sys.executable, "-m", "persona_asv", "benchmark", "run", "--workload", "standard", "--json"]
    command += ["--iterations", "20", "--rounds", "1", "--subject", "attacked:subject"]
    done = subprocess.run(command, cwd=folder, env=environ, check=True, capture_output=True, text=True)
    path = Path(json.loads(done.stdout)["data"]["path"])
    return next(path.glob("round-01/*/*existing*.json"))


def measured(folder: Path, attack: str, wanted: argparse.Namespace) -> tuple[Truth, dict[str, list[Path]]]:
    """Return phases and interleaved rounds, taken in turn: both see the machine as it happens to be."""
    paths: dict[str, list[Path]] = {"": [], attack: []}
    with StandIn.start() as standin:
        truth = Truth(folder, attack, f"http://127.0.0.1:{standin.port}")
        for number in range(wanted.rounds):
            truth.measure(math.ceil(wanted.phases / wanted.rounds))
            for name in ("", attack) if number % 2 == 0 else (attack, ""):
                paths[name].append(one_round(folder, name))
        while not truth.close_enough and len(truth.moved) < wanted.most_phases:
            truth.measure(1)
        truth.close()
    return truth, paths


def reported(paths: dict[str, list[Path]], attack: str) -> tuple[float, float, str, tuple[str, ...]]:
    """Return the change of the median's CPU channel, the raw one of the same rounds, basis and guards.

    Changes in percent. The verdict may rest on another channel; this is about CPU.
    """
    sides = read_results(paths[""]), read_results(paths[attack])
    (case,) = own_cases(sides[0])
    before, after = (own_side(files, case) for files in sides)
    calibration = calibrate(before, after, paired=interleaved(before, after))
    found = timing(
        calibration, (before, after), KEY, "p50", Thresholds().of(KEY), scatter=0.04, in_blocks=True
    )  # fmt: skip
    middles = [[statistics.median(each.cpu or ()) for each in side.rounds] for side in (before, after)]
    raw = statistics.geometric_mean(middles[1]) / statistics.geometric_mean(middles[0])
    return found.effects[Channel.CPU].percent, 100 * (raw - 1), calibration.basis.value, calibration.notes


def main() -> None:
    """Print a row an attack."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--phases", type=int, default=60, help="at least so many")
    parser.add_argument("--most-phases", type=int, default=500)
    parser.add_argument("--only", choices=list(ATTACKS), action="append")
    wanted = parser.parse_args()
    head = (
        "attack",
        "raw CPU, true",
        "calibrated, same phases",
        "raw, rounds",
        "CPU channel",
        "basis",
        "within",
    )
    print(f"| {' | '.join(head)} | guards |\n{'|---' * 8}|")  # noqa: T201
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "attacked.py").write_text(SUBJECT)
        for attack in wanted.only or ATTACKS:
            truth, paths = measured(folder, attack, wanted)
            true, same = (100 * math.expm1(statistics.fmean(its)) for its in (truth.moved, truth.beside))
            change, raw, basis, notes = reported(paths, attack)
            off = change - true
            near = abs(off) <= (0.05 * (100 + true) if true > 100 else 5)
            cells = (
                ATTACKS[attack],
                f"{true:+.1f} % ± {error_of(truth.moved):.1f}",
                f"{same:+.1f} %",
                f"{raw:+.1f} %",
                f"{change:+.1f} %",
                basis,
                "yes" if near else f"no ({off:+.1f})",
                "; ".join(notes) or "-",
            )
            print(f"| {' | '.join(cells)} |", flush=True)  # noqa: T201


if __name__ == "__main__":
    main()
