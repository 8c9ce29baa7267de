"""asv results folders: one a round, and the repository's history that finished rounds are merged into."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

from persona_asv.engine.machine import Machine
from persona_asv.engine.results import read_result_file
from persona_asv.engine.results_merge import merge
from persona_asv.engine.results_writer import write_result_file
from persona_asv.engine.store import write_json
from persona_asv.errors import ResultFileError
from persona_asv.model import ResultFile

_BENCHMARKS = "benchmarks.json"
_MACHINE_FILE_VERSION = 1


def write_machine_collection(path: Path, machine: Machine) -> None:
    """Write the file in which asv looks up this machine, in place of the user's ``~/.asv-machine.json``."""
    write_json(path, {machine.machine: asdict(machine), "version": _MACHINE_FILE_VERSION})


@dataclass(frozen=True, slots=True)
class ResultsFolder:
    """A folder as asv lays it out: ``benchmarks.json``, and result files in one folder a machine.

    Every file in it is written in one step, so asv and we may read it at any moment.
    """

    path: Path

    def place(self, result: ResultFile) -> Path:
        """Return where a result belongs; ``+dirty`` stays visible in the name."""
        commit, plus, mark = result.commit.partition("+")
        return self.path / result.machine / f"{commit[:8]}{plus}{mark}-{result.env_name}.json"

    def put(self, result: ResultFile, machine: Machine, benchmarks: Path) -> ResultFile:
        """Store a result with the machine and the benchmarks it needs to be understood.

        ``benchmarks`` is the list that asv discovered; entries that the folder has of other suites stay.

        Raises
        ------
        ResultFileError
            The folder cannot be written.
        """
        place = self.place(result)
        discovered = _load(benchmarks)
        known = _load(self.path / _BENCHMARKS)
        if known.get("version") == discovered.get("version"):
            discovered = known | {
                name: _with_params(known.get(name), its) for name, its in discovered.items()
            }
        described = {**asdict(machine), "version": _MACHINE_FILE_VERSION}
        try:
            place.parent.mkdir(parents=True, exist_ok=True)
            write_json(place.parent / "machine.json", described, indent=4)
            write_json(self.path / _BENCHMARKS, dict(sorted(discovered.items())), indent=4)
        except OSError as error:
            raise ResultFileError(f"{self.path}: cannot be written ({error.strerror})") from error
        write_result_file(result, place)
        return read_result_file(place)

    def merge(self, rounds: Sequence[ResultFile], machine: Machine, benchmarks: Path) -> Path:
        """Put the rounds of a commit into the folder as one result; what they measured anew is replaced.

        A file that holds several providers' cases names no provider and no model: its parameters do.

        Raises
        ------
        ResultFileError
            The folder cannot be written, or holds a result for this commit that cannot be read or is of
            another subject or endpoint; that is left as it is.
        """
        place = self.place(rounds[0])
        older = read_result_file(place) if place.exists() else None
        if older is not None and older.stamp:
            for key in ("subject", "endpoint"):
                held, new = (_named(file.stamp.get(key)) for file in (older, rounds[0]))
                if held != new:
                    raise ResultFileError(f"{place} holds results of {key} {held}, this run is of {new}")
        merged = merge(older, rounds)
        if older is not None and older.stamp.get("provider") != merged.stamp.get("provider"):
            stamp = {key: value for key, value in merged.stamp.items() if key not in ("provider", "model")}
            merged = replace(merged, stamp=stamp)
        return self.put(merged, machine, benchmarks).path


def _with_params(known: Any, discovered: Any) -> Any:
    """Return a benchmark's entry with the parameter values that it had before as well.

    asv's site shows the values of this list alone: a workload of the project's own must not vanish from it
    because the newest run was told of others.
    """
    if not (isinstance(known, dict) and isinstance(discovered, dict)):
        return discovered
    before, now = known.get("params"), discovered.get("params")
    if known.get("version") != discovered.get("version") or not (before and now) or len(before) != len(now):
        return discovered
    union = [list(dict.fromkeys([*new, *old])) for new, old in zip(now, before, strict=True)]
    return {**discovered, "params": union}


def _named(fact: object) -> object:
    """Return what identifies a fact of a stamp: a subject's name, whatever its version."""
    return fact.get("name", fact) if isinstance(fact, dict) else fact


def _load(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}
