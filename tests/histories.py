"""Repositories with a measured history: real git, and result files as our runs write them, made up."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from asv_runner.statistics import compute_stats
from conftest import git
from synthetic import measured

from persona_asv.engine.results import write_result_file
from persona_asv.model import Cell, ResultFile, Series, State
from persona_asv.rounds import Round

START = 1_735_689_600
"""2025-01-01, in seconds since the epoch: the date of the first commit; one follows each hour."""
CASE = ("'standard'", "'anthropic'")
AXES = (("'standard'",), ("'anthropic'",))
SERIES = {
    "generation.Generation.time_generate": lambda r: r.wall,
    "generation.Generation.track_cpu": lambda r: r.cpu,
    "generation.Generation.track_thread_cpu": lambda r: r.thread_cpu,
    "generation.Generation.track_run_delay": lambda r: r.delay,
    "generation.Generation.track_reference": lambda r: r.reference,
    "generation.Generation.track_reference_cold": lambda r: r.reference_cold,
    "generation.Generation.track_client_overhead": lambda r: r.overhead,
    "generation.Generation.track_seconds_per_persona": lambda r: r.wall,
}
NUMBERS = {
    "generation.Generation.track_api_calls": 3.0,
    "generation.Generation.track_tokens": 1234.0,
    "generation.Generation.track_error_rate": 0.0,
    "memory.Memory.peakmem_generate": 40_000_000.0,
}


def commits(folder: Path, subjects: Sequence[str], branch: str = "main") -> list[str]:
    """Make a repository with these commits, an hour apart; returns their hashes, the oldest first."""
    folder.mkdir(parents=True, exist_ok=True)
    git(folder, "init", "-q", "-b", branch)
    stream = []
    for number, subject in enumerate(subjects):
        message, content = subject.encode(), f"{number}\n".encode()
        who = f"t <t@example.org> {START + 3600 * number} +0000".encode()
        stream.append(
            b"commit refs/heads/%s\nmark :%d\nauthor %s\ncommitter %s\ndata %d\n%s\n"
            % (branch.encode(), number + 1, who, who, len(message), message)
            + (b"from :%d\n" % number if number else b"")
            + b"M 100644 inline a.txt\ndata %d\n%s\n" % (len(content), content)
        )
    subprocess.run(["git", "-C", str(folder), "fast-import", "--quiet"], input=b"".join(stream), check=True)
    git(folder, "reset", "-q", "--hard")
    return git(folder, "rev-list", "--reverse", "HEAD").split()


def cell(samples: Sequence[float], params: tuple[str, ...] = CASE) -> Cell:
    """Return the cell that asv would store of these samples."""
    value, stats = compute_stats(list(samples), 1)
    return Cell(
        params, State.MEASURED, float(value), tuple(samples), 1, len(samples),
        (stats["ci_99_a"], stats["ci_99_b"]), (stats["q_25"], stats["q_75"]),
    )  # fmt: skip


@dataclass
class History:
    """A repository at ``folder`` and its result files."""

    folder: Path
    hashes: list[str]
    machines: dict[str, dict[str, str]] = field(default_factory=dict)

    @property
    def results(self) -> Path:
        return self.folder / ".asv" / "results"

    def write(self, place: int, taken: Round, machine: str = "tester", **numbers: float) -> Path:
        """Store a round as the result of a commit."""
        series = {
            name: Series(
                name, AXES, (cell(of(taken)),), version="1", started_at=1000 * (START + 3600 * place)
            )
            for name, of in SERIES.items()
        }
        for name, value in (NUMBERS | numbers).items():
            series[name] = Series(name, AXES, (Cell(CASE, State.MEASURED, value),), version="1")
        return self.put(place, series, machine)

    def put(self, place: int, series: dict[str, Series], machine: str = "tester", stamp: bool = True) -> Path:
        """Store series as the result of a commit, with what asv keeps beside."""
        commit = self.hashes[place]
        facts = {
            "arch": "x86_64",
            "cpu": "a CPU",
            "num_cpu": "2",
            "os": f"Linux 6.{place}",
            "ram": "8000000000",
        }
        path = self.results / machine / f"{commit[:8]}-existing-py3.11.json"
        file = ResultFile(
            path, 2, commit, 1000 * (START + 3600 * place), "existing-py3.11", machine, "3.11",
            {**facts, "machine": machine, "python": "3.11"}, series,
            stamp={"subject": {"name": "reference"}, "endpoint": {"kind": "stand-in"}} if stamp else {},
        )  # fmt: skip
        write_result_file(file, path)
        (path.parent / "machine.json").write_text(json.dumps({"machine": machine, **facts, "version": 1}))
        return path

    def describe(self, *names: str, more: dict[str, object] | None = None) -> None:
        """Write ``benchmarks.json`` for our suite, and for other benchmarks without parameters."""
        entries: dict[str, object] = {"version": 2}
        for name in (*SERIES, *NUMBERS, *names):
            ours = name in SERIES or name in NUMBERS
            kind = name.rpartition(".")[2].partition("_")[0]
            entries[name] = {
                "name": name, "code": "pass", "version": "1",
                "type": {"peakmem": "peakmemory"}.get(kind, kind),
                "unit": "bytes" if kind == "peakmem" else "seconds",
                "params": [list(axis) for axis in AXES] if ours else [],
                "param_names": ["workload", "provider"] if ours else [],
                **({"number": 1} if kind == "time" else {}),
            }  # fmt: skip
        (self.results / "benchmarks.json").write_text(json.dumps(entries | (more or {})))


def history(
    folder: Path,
    slower: Sequence[float],
    *,
    subjects: Callable[[int], str] = "change {}".format,
    machine: Callable[[int], str] = lambda place: "tester",
    strain: Callable[[int], float] = lambda place: 1.0,
    seed: int = 0,
) -> History:
    """Return a repository whose every commit was measured: each takes so many times the usual CPU."""
    made = History(folder, commits(folder, [subjects(place) for place in range(len(slower))]))
    for place, factor in enumerate(slower):
        made.write(
            place,
            measured(seed + place, slower=factor, strain=strain(place), start=float(START + 3600 * place)),
            machine(place),
        )
    made.describe()
    return made
