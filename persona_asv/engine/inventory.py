"""What the history has already: commits measured in an environment of their own, and which cells of them."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence, Set
from dataclasses import dataclass, field
from pathlib import Path

from persona_asv.engine.commits import measured_commits
from persona_asv.model import ResultFile, State


@dataclass(frozen=True, slots=True)
class Inventory:
    """The result files of a history, by commit."""

    files: Mapping[str, Sequence[ResultFile]] = field(default_factory=dict)

    @classmethod
    def of(cls, folder: Path, machine: str) -> Inventory:
        """Return what a results folder has of a machine; what cannot be read is as good as not there."""
        found: dict[str, list[ResultFile]] = {}
        for each in measured_commits(folder):
            if isinstance(each, ResultFile) and each.machine == machine and "knows" in each.stamp:
                found.setdefault(each.commit, []).append(each)
        return cls(found)

    def providers(self, commit: str, subject: str) -> tuple[str, ...]:
        """Return the providers that a commit knew; none where it was not measured that way."""
        found = (file.stamp.get("knows") for file in self._of(commit, subject))
        return tuple(str(wire) for wires in found if isinstance(wires, list) for wire in wires)

    def operations(
        self, commit: str, subject: str, benchmarks: Set[str], timed: str
    ) -> dict[tuple[str, ...], float]:
        """Return how many operations were measured, by the parameters with which any benchmark was.

        Parameters
        ----------
        timed
            The benchmark that has a sample an operation; where it was not measured their number is infinite,
            for a count is whole as it is.
        """
        found: dict[tuple[str, ...], float] = {}
        for file in self._of(commit, subject):
            for benchmark in benchmarks & file.series.keys():
                for cell in file.series[benchmark].cells:
                    if cell.state is State.MEASURED:
                        found.setdefault(cell.params, math.inf)
                        if benchmark == timed:
                            found[cell.params] = len(cell.samples or ())
        return found

    def _of(self, commit: str, subject: str) -> Iterator[ResultFile]:
        for file in self.files.get(commit, ()):
            whose = file.stamp.get("subject")
            if isinstance(whose, dict) and whose.get("name") == subject:
                yield file
