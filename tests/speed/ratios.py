"""Prints the speed that the product promises, as ratios and shares measured in one run.

Not a test: figures depend on the machine, so a person reads them. ``nox -s speed`` runs it; ``--long`` adds a
standard run with 1.2 s of model time, which takes three minutes.
"""

from __future__ import annotations

import json
import os
import random
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path

from benchmarks.probe import Probe, Reading
from benchmarks.reference_operation import reference_operation
from persona_asv.standin.process import StandIn
from persona_asv.subject import load

BARE_CLICK = """
import click, yaml

@click.group()
def main(): "A bare program."

@main.command()
def run(): "Run."

main()
"""


def line(what: str, figure: str, promise: str) -> None:
    """Print one promise and what was measured of it."""
    print(f"{what:<66} {figure:>24}   promised: {promise}")  # noqa: T201


def with_error(values: Sequence[float], form: str = "{:.2%}") -> str:
    """Return a mean with its standard error."""
    error = statistics.stdev(values) / len(values) ** 0.5
    return f"{form.format(statistics.fmean(values))} +- {form.format(error)}"


SCRIPT = "import sys; from persona_asv.script import main; sys.exit(main())"
"""What an installer writes into the script ``persona``."""


def start_up(pairs: int = 25) -> None:
    """Compare our ways in, without Persona, with a bare click program that imports PyYAML, in turn."""
    ours = {
        "persona-asv --help": ("-m", "persona_asv", "--help"),
        "persona --help": ("-c", SCRIPT, "--help"),
        "persona benchmark --help": ("-c", SCRIPT, "benchmark", "--help"),
    }
    with tempfile.TemporaryDirectory() as folder:
        bare = Path(folder) / "bare.py"
        bare.write_text(BARE_CLICK)
        commands = {"bare": (str(bare), "--help"), **ours}
        took: dict[str, list[float]] = {name: [] for name in commands}
        for _ in range(pairs + 1):
            for name, command in commands.items():
                before = time.perf_counter()
                subprocess.run([sys.executable, *command], check=True, capture_output=True)
                took[name].append(time.perf_counter() - before)
    for name in ours:
        ratio = statistics.median(
            our / bare for our, bare in zip(took[name][1:], took["bare"][1:], strict=True)
        )
        line(f"{name}, times a bare click program that imports PyYAML", f"{ratio:.2f}", "at most 1.5")


def instrument(blocks: int = 800) -> None:
    """Print what the instrument adds to an operation, and what the stand-in spends on its request."""
    subject = load("reference")
    research = subject.sample("1kb")
    with StandIn.start() as standin:
        session = subject.open(
            provider="anthropic", base_url=standin.base_url("ratios"), model="m", api_key="stand-in"
        )

        def operate() -> None:
            session.generate(research, 1)

        spent, recorded = loops(operate, blocks)
        requests, before = len(standin.requests("ratios")), standin.cpu_seconds()
        for _ in range(2000):
            operate()
        a_request = (standin.cpu_seconds() - before) / (len(standin.requests("ratios")) - requests)
        session.close()
    operation = statistics.median(spent["bare"])

    def share(more: Sequence[float], less: Sequence[float]) -> str:
        return with_error(trimmed([(one - other) / operation for one, other in zip(more, less, strict=True)]))

    line("one operation of the reference subject, CPU", f"{operation * 1e3:.3f} ms", "-")
    line(f"reading the clocks, in the CPU of the loop ({blocks} blocks)",
         share(spent["clocks"], spent["bare"]), "at most 1 %")  # fmt: skip
    line("reading the clocks, in the CPU it records", share(recorded["clocks"], spent["bare"]), "printed")
    line("what the references add to the next operation, cold caches",
         share(recorded["full"], recorded["clocks"]), "printed")  # fmt: skip
    line("the stand-in's CPU for a request", f"{a_request * 1e6:.0f} us", "-")
    line(
        "the stand-in's CPU for a request, share of the operation",
        f"{a_request / operation:.1%}",
        "at most 10 %",
    )


def loops(
    operate: Callable[[], None], blocks: int, operations: int = 10
) -> tuple[dict[str, list[float]], dict[str, list[float]]]:
    """Run blocks of bare operations, of ones with the clocks read, and with references too, interleaved.

    Returns the CPU per operation in each block: as the process spent it, and as the probe recorded it.
    """
    kept: list[float] = []  # plain numbers, or collecting them would be measured too

    def keep(reading: Reading) -> None:
        kept.append(reading.cpu)

    def loop(probe: Probe | None) -> None:
        for _ in range(operations):
            if probe is None:
                operate()
                continue
            probe()
            operate()
            probe()

    with Probe(None, keep) as clocks, Probe(reference_operation, keep) as full:
        kinds = {"bare": None, "clocks": clocks, "full": full}
        for _ in range(20):
            for probe in kinds.values():
                loop(probe)
        spent: dict[str, list[float]] = {name: [] for name in kinds}
        recorded: dict[str, list[float]] = {name: [] for name in kinds}
        names = list(kinds)
        random.seed(1)
        for _ in range(blocks):
            random.shuffle(names)
            for name in names:
                first, before = len(kept), time.process_time()
                loop(kinds[name])
                spent[name].append((time.process_time() - before) / operations)
                recorded[name].append(sum(kept[first:]) / operations)
    return spent, recorded


def trimmed(values: Sequence[float], share: float = 0.05) -> list[float]:
    """Return the values without the extremes at both ends, which are the machine's, not the instrument's."""
    ordered = sorted(values)
    cut = int(len(ordered) * share)
    return ordered[cut : len(ordered) - cut]


def whole_runs(*, long: bool) -> None:
    """Run the workloads and print what they took and what of it was the harness."""
    plans = [("quick", "none", 20.0), ("standard", "none", 60.0)]
    if long:
        plans.append(("standard", "constant:1200", 600.0))
    with tempfile.TemporaryDirectory() as folder:
        for workload, profile, most in plans:
            command = [sys.executable, "-m", "persona_asv", "benchmark", "run", "--json"]
            command += ["--workload", workload, "--profile", profile]
            before = time.perf_counter()
            done = subprocess.run(
                command, cwd=folder, check=True, capture_output=True, text=True, env={**os.environ, "CI": ""}
            )
            took = time.perf_counter() - before
            data = json.loads(done.stdout)["data"]
            overhead = data["harness_overhead_seconds"]
            name = workload if profile == "none" else f"{workload}, {profile} ms"
            line(f"{name}: command line to table", f"{took:.1f} s", f"at most {most:.0f} s")
            line(f"{name}: harness overhead a round", f"{overhead / data['rounds']:.2f} s", "at most 2 s")
            if profile != "none":
                line(f"{name}: harness overhead, share of the run", f"{overhead / took:.1%}", "at most 3 %")
            line(f"{name}: waiting for a CPU", f"{data['cpu_wait_share']:.1%}", "the machine's noise")


if __name__ == "__main__":
    start_up()
    instrument()
    whole_runs(long="--long" in sys.argv)
