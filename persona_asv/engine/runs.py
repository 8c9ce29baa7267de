"""Runs that were kept: what ``.asv/runs`` holds, newest first."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from types import NoneType
from typing import Any

from persona_asv.engine.results import read_results
from persona_asv.engine.store import HOME, round_files
from persona_asv.environment import Environment
from persona_asv.errors import MeasurementError
from persona_asv.model import ResultFile


@dataclass(frozen=True, slots=True)
class KeptRun:
    """A finished run: its folder, and what its ``run.json`` says."""

    path: Path
    facts: Mapping[str, Any]

    @property
    def workload(self) -> str:
        """The workload it measured."""
        return str(self.facts.get("workload"))

    @property
    def iterations(self) -> dict[str, int]:
        """Operations by case."""
        return {name: int(case["iterations"]) for name, case in self.facts["cases"].items()}

    @property
    def environment(self) -> Environment:
        """Where it was measured; nothing but unknowns where it does not say."""
        found = self.facts.get("environment")
        kept = found if isinstance(found, dict) else {}
        return Environment(
            **{each.name: kept[each.name] for each in fields(Environment) if each.name in kept}
        )

    def files(self) -> tuple[ResultFile, ...]:
        """Return its rounds."""
        return read_results(round_files([self.path]))


def finished(root: Path) -> Iterator[KeptRun]:
    """Yield the finished runs below a project's folder, newest first; what cannot be read is none."""
    for path in sorted((root / HOME / "runs").glob("*/run.json"), reverse=True):
        facts = _facts(path)
        if facts is not None and facts["state"] == "finished":
            yield KeptRun(path.parent, facts)


def at(folder: Path) -> KeptRun:
    """Return the finished run in a folder.

    Raises
    ------
    MeasurementError
        The folder holds none.
    """
    facts = _facts(folder / "run.json")
    if facts is None:
        raise MeasurementError(f"{folder}: no run's folder; name one as `persona benchmark run` prints it")
    if facts["state"] != "finished":
        raise MeasurementError(f"{folder}: a {facts['state']} run, and only a finished one can be told of")
    return KeptRun(folder, facts)


def _facts(path: Path) -> dict[str, Any] | None:
    """Return what a ``run.json`` says; None where it cannot be read or is none."""
    try:
        facts = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    if not _fits(facts, _SHAPE) or not facts["cases"]:
        return None
    if not all(_fits(case, {"iterations": int}) for case in facts["cases"].values()):
        return None
    assert isinstance(facts, dict)  # noqa: S101 - of that shape
    return facts


_SHAPE: Mapping[str, Any] = {
    "state": str,
    "workload": str,
    "cases": dict,
    "subject": {"name": str, "version": str},
    "commit": (str, NoneType),
    "dirty": bool,
    "provider": str,
    "model": str,
    "endpoint": {"kind": str, "profile": str},
}
"""What a run says of itself, by type."""


def _fits(found: object, shape: Any) -> bool:
    """Return whether a JSON value has all keys of a shape, each of its type."""
    if isinstance(shape, Mapping):
        return isinstance(found, dict) and all(
            key in found and _fits(found[key], its) for key, its in shape.items()
        )
    return isinstance(found, shape)
