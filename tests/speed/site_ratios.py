"""Prints the speed of ``persona benchmark publish`` against plain ``asv publish`` on the same results.

300 commits, 100 benchmarks, 100 samples each, made in a temporary folder; both in turn, three times. Not a
test: figures depend on the machine, so a person reads them. ``nox -s speed`` runs it.
"""

from __future__ import annotations

import json
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from histories import History, cell, commits
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
    conf = {
        "version": 1, "project": "suite", "repo": str(folder), "branches": ["main"], "html_dir": "plain",
        "results_dir": str(made.results), "environment_type": "existing", "benchmark_dir": "benchmarks",
    }  # fmt: skip
    (folder / "asv.conf.json").write_text(json.dumps(conf))


def seconds(command: list[str], folder: Path) -> float:
    """Return how long a command takes."""
    before = time.perf_counter()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return time.perf_counter() - before


def publish(pairs: int = 3) -> None:
    """Measure both, in turn."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        fill(folder)
        ours, plain = [], []
        for _ in range(pairs):
            plain.append(seconds(PLAIN, folder))
            shutil.rmtree(folder / "html", ignore_errors=True)
            ours.append(seconds(OURS, folder))
        ratios = [a / b for a, b in zip(ours, plain, strict=True)]
        line(
            "persona benchmark publish, times plain asv publish",
            f"{statistics.median(ratios):.2f}",
            "at most 0.75",
        )
        line("  seconds of both", f"{statistics.median(ours):.1f} and {statistics.median(plain):.1f}", "-")
        unchanged = statistics.median(seconds(OURS, folder) for _ in range(pairs))
        line("persona benchmark publish, nothing changed", f"{unchanged:.2f} s", "under 1 s")


if __name__ == "__main__":
    publish()
