"""Kills ``persona benchmark capture`` again and again, and looks at what is left of the baselines each time.

``python tests/keep/killing.py --times 200`` makes a run to capture and prints what it saw; it exits with 1
where any baseline was not whole. Half of the kills are spread over the whole command, half over the part of
it that writes.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import random
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from persona_asv.baselines import book as books
from persona_asv.baselines.shelf import Shelf
from persona_asv.errors import PersonaAsvError

PERSONA = (sys.executable, "-m", "persona_asv", "benchmark")
KEPT = "kept"
"""A baseline that is there from the start; a third of the captures would replace it."""
BLINK = 0.0001
"""Seconds between two looks: far fewer than a capture takes to write."""
NOTHING, HALF, SAMPLES, WHOLE, ENDED = (
    "killed before it wrote",
    "killed while it wrote a file",
    "killed between the samples and the YAML",
    "killed when all was written",
    "ended before it was killed",
)
OUTCOMES = (NOTHING, HALF, SAMPLES, WHOLE, ENDED)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One capture that was to be killed.

    Attributes
    ----------
    after
        Seconds from its start, or from its first change to the folder.
    outcome
        One of `OUTCOMES`.
    wrong
        What is not as it should be afterwards.
    """

    name: str
    after: float
    outcome: str
    wrong: tuple[str, ...]


def kill_captures(project: Path, times: int, *, seed: int = 1, list_every: int = 10) -> list[Attempt]:
    """Kill so many captures of the last run in a project, at random moments.

    Every so many times, and the last time, ``list`` itself is asked whether a baseline is broken.
    """
    draw = random.Random(seed)
    folder = project / "baselines"
    whole, part = _durations(project, folder)
    attempts = []
    for number in range(times):
        writes = number % 2 == 1
        name = KEPT if number % 3 == 2 else f"k{number}"
        # one moment in each of as many stretches, so that few kills are spread as well as many
        share = (number // 2 + draw.random()) / ((times + 1) // 2)
        after = share**2 * part if writes else share * whole
        outcome = _kill(project, folder, name, after, writes=writes)
        found = wrong(folder)
        if not (folder / f"{KEPT}.yaml").exists():
            found.append(f"{KEPT}.yaml is gone")
        if number % list_every == list_every - 1 or number == times - 1:
            found += _wrong_in_list(project, folder)
        attempts.append(Attempt(name, after, outcome, tuple(found)))
    return attempts


def wrong(folder: Path) -> list[str]:
    """Return what is wrong in a folder: ebaseline must be whole, with the samples it was written with."""
    found = []
    for path in sorted(folder.glob("*.yaml")):
        try:
            baseline = yaml.safe_load(path.read_text(encoding="utf-8"))
            samples = baseline["samples"]
            content = (folder / samples["file"]).read_bytes()
        except (OSError, ValueError, yaml.YAMLError, TypeError, KeyError) as error:
            found.append(f"{path.name}: {error!r}")
            continue
        if hashlib.sha256(content).hexdigest() != samples["sha256"]:
            found.append(f"{path.name}: other samples than it had")
    for book in Shelf(folder, folder / "unused.lock").books():
        if book.baseline is None:
            found.append(f"{book.path.name}: {book.problem}")
        elif book.baseline.samples is not None:
            try:
                books.rounds(book.path, book.baseline.samples)
            except PersonaAsvError as error:
                found.append(str(error))
    return found


def capture(project: Path, name: str, *options: str) -> subprocess.Popen[str]:
    """Start to capture the last run."""
    return subprocess.Popen(
        [*PERSONA, "capture", "--name", name, "--from-last", *options],
        cwd=project,
        # who is killed while writing down its coverage leaves half a file of that
        env={name: value for name, value in os.environ.items() if not name.startswith("COVERAGE_PROCESS")},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )


def _durations(project: Path, folder: Path) -> tuple[float, float]:
    """Return what a capture takes, and what of it from its first change to the folder; the longest of two."""
    measured = []
    for _ in range(2):
        start = time.perf_counter()
        with capture(project, KEPT, "--force") as process:
            first = _first_change(process, folder)
            _, err = process.communicate()
        if process.returncode != 0:
            raise RuntimeError(f"nothing to kill, capture fails: {err}")
        end = time.perf_counter()
        measured.append((end - start, end - first))
    whole, part = zip(*measured, strict=True)
    return max(whole), max(part)


def _kill(project: Path, folder: Path, name: str, after: float, *, writes: bool) -> str:
    """Kill a capture some seconds after its start, or after its first change; returns the outcome."""
    before = _state(folder)
    with capture(project, name, *(["--force"] if name == KEPT else [])) as process:
        start = _first_change(process, folder) if writes else time.perf_counter()
        while process.poll() is None and time.perf_counter() < start + after:
            time.sleep(BLINK)
        process.kill()
        _, err = process.communicate()
    if process.returncode >= 0:
        return ENDED if process.returncode == 0 else f"failed: {err.strip()}"
    fresh = [file for file, _ in _state(folder) - before]
    if any(file.startswith(".") for file in fresh):
        return HALF
    if any(file.endswith(".yaml") for file in fresh):
        return WHOLE
    return SAMPLES if fresh else NOTHING


def _first_change(process: subprocess.Popen[str], folder: Path) -> float:
    """Wait until something in the folder changes, or the process ends; returns when that was."""
    before = _state(folder)
    while process.poll() is None and _state(folder) == before:
        time.sleep(BLINK)
    return time.perf_counter()


def _state(folder: Path) -> set[tuple[str, int]]:
    """Return the files in the folder; one that was replaced is another."""
    if not folder.is_dir():
        return set()
    with os.scandir(folder) as entries:
        return {(entry.name, entry.inode()) for entry in entries}


def _wrong_in_list(project: Path, folder: Path) -> list[str]:
    """Return what is wrong with what ``list --json`` says of the folder."""
    done = subprocess.run(
        [*PERSONA, "list", "--json"], cwd=project, capture_output=True, encoding="utf-8", check=False
    )
    if done.returncode != 0:
        return [f"list exits with {done.returncode}: {done.stderr.strip()}"]
    data: dict[str, Any] = json.loads(done.stdout)["data"]
    listed = {each["name"] for each in data["baselines"]}
    there = {path.name.removesuffix(".yaml") for path in folder.glob("*.yaml")}
    return [f"list: {each}" for each in data["broken"]] + [f"list: {each}?" for each in listed ^ there]


def _say(attempts: Sequence[Attempt]) -> None:
    """Print what was seen."""
    outcomes = Counter(attempt.outcome for attempt in attempts)
    print(f"{len(attempts)} captures, of which")  # noqa: T201
    for outcome in (*OUTCOMES, *sorted(set(outcomes) - set(OUTCOMES))):
        print(f"{outcomes[outcome]:>6} {outcome}")  # noqa: T201
    bad = [attempt for attempt in attempts if attempt.wrong]
    print(f"{len(bad)} times a baseline was not whole afterwards")  # noqa: T201
    for attempt in bad:
        print(f"  {attempt.name}, {attempt.outcome} ({attempt.after:.4f} s): {'; '.join(attempt.wrong)}")  # noqa: T201


def main() -> int:
    """Make a run, kill captures of it, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawTextHelpFormatter)
    parser.add_argument("--times", type=int, default=200)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        project = Path(folder)
        subprocess.run([*PERSONA, "run", "-w", "quick"], cwd=project, check=True, stdout=subprocess.DEVNULL)
        attempts = kill_captures(project, options.times, seed=options.seed)
    _say(attempts)
    return any(attempt.wrong or attempt.outcome not in OUTCOMES for attempt in attempts)


if __name__ == "__main__":
    sys.exit(main())
