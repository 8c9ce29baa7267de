"""Proof of the gate on this machine: known slowdowns, and none, through the very path that judges commits."""

from __future__ import annotations

import contextlib
import sys
import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv import metrics, plants
from persona_asv.config import Config
from persona_asv.confirmation import BLOCKS, Bout, Watcher, confirm
from persona_asv.engine import seedbed
from persona_asv.errors import ExitCode
from persona_asv.gate import Rules
from persona_asv.judgement import Finding, Verdict
from persona_asv.plants import PLANTS, UNCHANGED, Plant

QUICK = (UNCHANGED, *PLANTS.values())
"""Comparisons of ``--quick``."""

WHOLE = (*(UNCHANGED,) * 10, *(plant for plant in PLANTS.values() for _ in range(3)))
"""Comparisons without it."""

_ALARMS = (Verdict.WARN, Verdict.FAIL)


@dataclass(frozen=True, slots=True)
class Trial:
    """One comparison of which the truth is known.

    Attributes
    ----------
    findings
        What was found, metric by metric.
    code
        What a build would have made of it.
    """

    plant: Plant
    findings: tuple[Finding, ...]
    code: ExitCode

    @property
    def alarms(self) -> tuple[Finding, ...]:
        """The metrics that sounded the alarm."""
        return tuple(finding for finding in self.findings if finding.verdict in _ALARMS)

    @property
    def right(self) -> bool:
        """Whether the gate said what is true: an alarm of the planted metric, or none on unchanged code."""
        if self.plant is UNCHANGED:
            return self.code is ExitCode.PASS
        return any(finding.key in self.plant.keys for finding in self.alarms)

    @property
    def telling(self) -> Finding:
        """The metric to show: the planted one that moved most surely, else the one that cried wolf."""
        wanted = [f for f in self.findings if f.key in self.plant.keys]
        loud = [f for f in wanted if f.verdict in _ALARMS]
        return (loud or wanted or list(self.alarms) or list(self.findings))[0]


@dataclass(frozen=True, slots=True)
class Proof:
    """What all of them come to."""

    trials: tuple[Trial, ...]

    @property
    def unchanged(self) -> tuple[Trial, ...]:
        """The comparisons of unchanged code."""
        return tuple(trial for trial in self.trials if trial.plant is UNCHANGED)

    @property
    def planted(self) -> tuple[Trial, ...]:
        """The others."""
        return tuple(trial for trial in self.trials if trial.plant is not UNCHANGED)

    @property
    def exit_code(self) -> ExitCode:
        """A pass where all were right, a failure where one was not."""
        return ExitCode.PASS if all(trial.right for trial in self.trials) else ExitCode.FAIL


def prove(
    settings: Config,
    chosen: tuple[Plant, ...],
    rules: Rules,
    watcher: Watcher,
    begin: Callable[[int, Plant], None],
    rounds: int | None = BLOCKS,
) -> Proof:
    """Carry out comparisons of which the truth is known.

    Parameters
    ----------
    begin
        Is told which one comes next.
    rounds
        Blocks of each; None for as many as it takes.

    Raises
    ------
    PersonaAsvError
        A comparison could not be made.
    """
    subject = settings.subject or "reference"
    root = str(settings.root) if ":" in subject else ""
    with tempfile.TemporaryDirectory(prefix="persona-asv-selftest-", ignore_cleanup_errors=True) as name:
        folder = Path(name).resolve()
        ours = replace(settings, root=folder, path=None, subject=plants.SUBJECT)
        try:
            with contextlib.chdir(folder):
                bed = _Bed(ours, subject, root, rounds)
                return Proof(tuple(bed.trials(chosen, rules, watcher, begin)))
        finally:
            sys.modules.pop(plants.MODULE, None)  # the next one has a folder of its own


@dataclass(frozen=True, slots=True)
class _Bed:
    """A repository whose first commit is the subject as it is, and each further one has something planted."""

    settings: Config
    subject: str
    root: str
    rounds: int | None

    def trials(
        self,
        chosen: tuple[Plant, ...],
        rules: Rules,
        watcher: Watcher,
        begin: Callable[[int, Plant], None],
    ) -> Iterator[Trial]:
        """Yield each comparison as it is done."""
        seedbed.found(self.settings.root)
        base = self._commit(UNCHANGED)
        families = metrics.families(())
        bout = Bout(base, "the subject as it is", ("standard",), families, rounds=self.rounds)
        for number, plant in enumerate(chosen, 1):
            begin(number, plant)
            self._commit(plant)
            found = confirm(self.settings, bout, rules, watcher).comparison
            findings = tuple(f for case in found.cases for f in case.judgement.findings)
            yield Trial(plant, findings, found.exit_code)

    def _commit(self, plant: Plant) -> str:
        module = plants.shim(plant, self.subject, self.root)
        files = {f"{plants.MODULE}.py": module, ".gitignore": "__pycache__/\n"}
        return seedbed.commit(self.settings.root, files, plant.what)
