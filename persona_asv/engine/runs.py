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
        try:
            facts = json.loads(path.read_text(encoding="utf-8"))
        except (OSError, ValueError, RecursionError):
            continue
        if not _fits(facts, _SHAPE) or facts["state"] != "finished" or not facts["cases"]:
            continue
        if all(_fits(case, {"iterations": int}) for case in facts["cases"].values()):
            yield KeptRun(path.parent, facts)


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
