"""Prints the speed of ``persona benchmark publish`` against plain ``asv publish`` on the same results.

300 commits, 100 benchmarks, 100 samples each, made in a temporary folder; both in turn, three times. Not a
test: figures depend on the machine, so a person reads them. ``nox -s speed`` runs it.
"""

from __future__ import annotations

import json
import random
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from histories import History, cell, commits, history
from keep_ratios import children, middle
from ratios import line

from persona_asv.model import Series

COMMITS, BENCHMARKS, SAMPLES = 300, 100, 100
OURS = [sys.executable, "-m", "persona_asv", "benchmark", "publish"]
PLAIN = [sys.executable, "-m", "asv", "--config", "asv.conf.json", "publish", "--no-pull"]


def fill(folder: Path, samples: int = SAMPLES) -> None:
    """Make a repository with the results of a suite of plain timing benchmarks."""
    draw = random.Random(0)
    made = History(folder, commits(folder, [f"change {place}" for place in range(COMMITS)]))
    names = [f"suite.Suite{number % 10}.time_{number}" for number in range(BENCHMARKS)]
    levels = {name: draw.uniform(0.001, 1.0) for name in names}
    for place in range(COMMITS):
        if place % 60 == 59:
            levels = {name: level * draw.uniform(0.8, 1.25) for name, level in levels.items()}
        series = {
            name: Series(
                name,
                (),
                (cell([level * draw.lognormvariate(0, 0.05) for _ in range(samples)], ()),),
                version="1",
            )
            for name, level in levels.items()
        }
        made.put(place, series, stamp=False)
    made.describe(*names)
    configure(folder, made)


def configure(folder: Path, made: History) -> None:
    """Write the configuration for plain asv."""
    conf = {
        "version": 1, "project": "suite", "repo": str(folder), "branches": ["main"], "html_dir": "plain",
        "results_dir": str(made.results), "environment_type": "existing", "benchmark_dir": "benchmarks",
    }  # fmt: skip
    (folder / "asv.conf.json").write_text(json.dumps(conf))


def seconds(command: list[str], folder: Path) -> tuple[float, float]:
    """Return how long a command takes, and its CPU: what counts where something else runs too."""
    before, cpu = time.perf_counter(), children()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - before, children() - cpu


def in_turn(folder: Path, pairs: int) -> tuple[list[tuple[float, float]], list[tuple[float, float]]]:
    """Return the times of ours and of plain asv."""
    ours, plain = [], []
    for _ in range(pairs):
        plain.append(seconds(PLAIN, folder))
        shutil.rmtree(folder / "html", ignore_errors=True)
        ours.append(seconds(OURS, folder))
    return ours, plain


def ratio(ours: list[tuple[float, float]], plain: list[tuple[float, float]], series: float = 1.0) -> str:
    """Return the median ratios of times and CPU; ``series``: how many ours has for one of plain's."""
    pairs = [(a[0] / b[0] / series, a[1] / b[1] / series) for a, b in zip(ours, plain, strict=True)]
    return middle(pairs)


def publish(pairs: int = 3) -> None:
    """Measure both, in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder)
        ours, plain = in_turn(folder, pairs)
        line("persona benchmark publish, times plain asv publish", ratio(ours, plain), "at most 0.75")
        line("  seconds", middle(ours), "-")
        unchanged = [seconds(OURS, folder) for _ in range(pairs)]
        line("persona benchmark publish, nothing changed", middle(unchanged, " s"), "under 1 s")
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "own"
        made = history(folder, [1.0] * COMMITS)
        configure(folder, made)
        ours, plain = in_turn(folder, pairs)
        counts = [
            len(json.loads((folder / site / "index.json").read_text())["benchmarks"])
            for site in ("html", "plain")
        ]
        line(
            f"a series of ours ({counts[0]}, p50 and p95 among them), times one of asv's ({counts[1]})",
            ratio(ours, plain, counts[0] / counts[1]),
            "at most 1",
        )


if __name__ == "__main__":
    publish()
