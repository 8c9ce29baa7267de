"""Prints the speed and memory of ``persona benchmark list`` and ``clean`` on shelves of many baselines.

Not a test: figures depend on the machine, so a person reads them. ``nox -s speed`` runs it.
"""

from __future__ import annotations

import random
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

from ratios import BARE_CLICK, line

from persona_asv.baselines import companion, document
from persona_asv.baselines.baseline import Baseline, Entry, Figure, Samples
from persona_asv.environment import Environment
from persona_asv.model import Cell, ResultFile, Series, State

LIST = [sys.executable, "-m", "persona_asv", "benchmark", "list"]
ROUNDS, SAMPLES, SERIES = 5, 100, 6
PEAK = """
import sys
from pathlib import Path
from persona_asv.door import run
assert run(sys.argv[1:]) == 0
(peak,) = [line for line in Path("/proc/self/status").read_text().splitlines() if line.startswith("VmHWM:")]
print(peak.split()[1], file=sys.stderr)
"""
"""Runs a command and says its peak memory in KB: a parent's figure for its child may be the parent's own."""


def samples(seed: int) -> bytes:
    """Return a companion: 500 samples of each of 6 series, as 5 rounds took them."""
    draw = random.Random(seed)
    rounds = []
    for number in range(ROUNDS):
        series = {}
        for which in range(SERIES):
            values = tuple(draw.lognormvariate(-7, 0.1) for _ in range(SAMPLES))
            name = f"generation.Generation.track_{which}"
            cell = Cell(("'standard'", "'anthropic'"), State.MEASURED, statistics.median(values), values)
            series[name] = Series(name, (("'standard'",), ("'anthropic'",)), (cell,), version="1")
        path = Path(f"{number}.json")
        rounds.append(ResultFile(path, 2, "a" * 40, 0, "existing", "here", "3.11", {}, series))
    return companion.pack(rounds)


def fill(folder: Path, count: int) -> None:
    """Write so many full baselines with their companions; the shelf would wait for the disk each time."""
    folder.mkdir()
    keys = [
        f"{family}_{p}" for family in ("generation_latency", "client_overhead") for p in ("p50", "p95", "p99")
    ]
    keys += [
        "throughput_per_minute",
        "memory_peak_mb",
        "api_calls_per_persona",
        "tokens_per_persona",
        "error_rate",
    ]
    metrics = {key: Figure(1.234, 500, 5, (1.198, 1.262)) for key in keys}
    environment = Environment(
        *("3.12.0", "linux-x86_64", "a CPU", 16, "1.0"), cores=8, os="Linux 6", machine="m"
    )
    contents = [samples(seed) for seed in range(20)]
    first = datetime(2025, 1, 1, tzinfo=UTC)
    for number in range(count):
        content = contents[number % len(contents)]
        sha256 = companion.digest(content)
        name = f"v1.{number}.0"
        baseline = Baseline(
            name=name,
            version=name[1:],
            captured_at=first + timedelta(hours=number),
            environment=environment,
            workloads={"standard": Entry(500, metrics)},
            commit=f"{number:040x}",
            subject="reference",
            provider="anthropic",
            model="claude-sonnet-4-20250514",
            endpoint="stand-in",
            profile="none",
        )
        held = Samples(f"{name}-{sha256[:12]}{companion.SUFFIX}", sha256)
        (folder / held.file).write_bytes(content)
        (folder / f"{name}.yaml").write_text(document.write(replace(baseline, samples=held)))


def seconds(command: list[str], cwd: Path) -> tuple[float, float]:
    """Return how long a command takes, and its CPU: the same where nothing else runs."""
    before, cpu = time.perf_counter(), children()
    subprocess.run(command, cwd=cwd, check=True, capture_output=True)
    return time.perf_counter() - before, children() - cpu


def children() -> float:
    """Return the CPU of the commands that ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def middle(pairs: Sequence[tuple[float, float]], unit: str = "") -> str:
    """Return the medians of times and of CPU."""
    took, cpu = (statistics.median(each) for each in zip(*pairs, strict=True))
    return f"{took:.2f}{unit} (CPU {cpu:.2f}{unit})"


def peak(folder: Path, *arguments: str) -> float:
    """Return a command's peak memory in MB."""
    command = [sys.executable, "-c", PEAK, "benchmark", *arguments]
    done = subprocess.run(command, cwd=folder, check=True, capture_output=True, text=True)
    return int(done.stderr) / 1024


def keep(pairs: int = 25, repeats: int = 5) -> None:
    """Measure shelves of 20, 100 and 1,000 baselines with a companion each."""
    with tempfile.TemporaryDirectory() as name:
        shelves = {count: Path(name) / str(count) for count in (20, 100, 1000)}
        for count, folder in shelves.items():
            folder.mkdir()
            fill(folder / "baselines", count)
        few, some, many = shelves.values()
        bare = few / "bare.py"
        bare.write_text(BARE_CLICK)
        ratios = []
        for _ in range(pairs + 1):
            ours, theirs = seconds(LIST, few), seconds([sys.executable, str(bare), "--help"], few)
            ratios.append((ours[0] / theirs[0], ours[1] / theirs[1]))
        line("persona benchmark list of 20, times a bare click program", middle(ratios[1:]), "at most 2.5")
        took = [seconds(LIST, many) for _ in range(repeats)]
        line("persona benchmark list of 1,000", middle(took, " s"), "at most 2 s")
        if Path("/proc/self/status").exists():
            for flags in ((), ("--verbose",), ("--json",)):
                low, high = (peak(folder, "list", *flags) for folder in (some, many))
                line(" ".join(("peak memory of list", *flags, "of 100 and of 1,000")),
                     f"{low:.1f} and {high:.1f} MB", "flat" if not flags else "-")  # fmt: skip
        took = [seconds([*LIST[:-1], "clean", "--keep", "5", "--yes"], many)]
        line("persona benchmark clean --keep 5 of 1,000", middle(took, " s"), "-")


if __name__ == "__main__":
    keep()
