"""One round: one asv run in fresh processes, in a folder of its own until it is whole."""

from __future__ import annotations

import re
import shutil
import sys
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv.engine import suite
from persona_asv.engine.asv_launcher import Order
from persona_asv.engine.history import ResultsFolder, write_machine_collection
from persona_asv.engine.machine import Machine
from persona_asv.engine.results import read_result_file
from persona_asv.engine.spool import SpoolReader
from persona_asv.engine.store import RunFolder
from persona_asv.engine.worktree import Attribution
from persona_asv.errors import MeasurementError
from persona_asv.model import UNATTRIBUTED, ResultFile, State


@dataclass(frozen=True, slots=True)
class Round:
    """The files of one round of a run, before and after asv has been there.

    Attributes
    ----------
    number
        Counted from 1.
    """

    folder: RunFolder
    number: int

    @property
    def scratch(self) -> Path:
        """Folder of the unfinished round."""
        return self.folder.scratch(self.number)

    @property
    def log(self) -> Path:
        """What asv said."""
        return self.scratch / "asv.log"

    def spool(self) -> SpoolReader:
        """Return a reader of what the measuring processes have done so far."""
        return SpoolReader(self.scratch / "spool")

    def prepare(
        self,
        attribution: Attribution,
        machine: Machine,
        repository: Path | None,
        selected: Iterable[str],
        environ: Mapping[str, str],
        *,
        profile: bool = False,
        python: Path = Path(sys.executable),
    ) -> Path:
        """Write asv's configuration and the launcher's order; returns the order's path.

        Parameters
        ----------
        selected
            Full names of benchmarks with their parameters, as asv writes them.
        environ
            What the suite is told.
        profile
            Whether asv's profiler looks at the benchmarks.
        python
            Interpreter of the environment that is measured.
        """
        spool = self.scratch / "spool"
        spool.mkdir(parents=True)
        config, machines = self.scratch / "asv.conf.json", self.scratch / "machine.json"
        suite.write_config(
            config, suite=suite.suite_folder(), results=self.scratch / "results", repository=repository
        )
        write_machine_collection(machines, machine)
        order = Order(
            config=str(config),
            python=str(python),
            commit=attribution.commit or UNATTRIBUTED,
            date=attribution.date or int(time.time() * 1000),
            machine=machine.machine,
            machine_file=str(machines),
            benchmarks=tuple(f"^{re.escape(name)}$" for name in selected),
            times=str(self.scratch / "times.jsonl"),
            log=str(self.log),
            done=str(self.scratch / "done"),
            environ={**environ, "PERSONA_ASV_SPOOL": str(spool)},
            profile=profile,
        )
        path = self.scratch / "order.json"
        path.write_text(order.to_json())
        return path

    def code(self) -> int | None:
        """Return asv's exit code; None while the round is under way."""
        try:
            return int((self.scratch / "done").read_text())
        except FileNotFoundError:
            return None

    def memory_seconds(self) -> float:
        """Return the time that memory processes took, whole."""
        return sum(suite.read_times(self.scratch / "times.jsonl"))

    def said(self) -> str:
        """Return the last line of asv's log that reads like an exception, else its last line."""
        try:
            lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()]
        except OSError:
            lines = []
        if any("failed to parse benchmark result" in line for line in lines):
            return "a benchmark process ended before it wrote its result"
        errors = [line for line in lines if re.match(r"[\w.]*(Error|Exception|Exit|Interrupt)\b", line)]
        return (errors or list(filter(None, lines)) or ["it said nothing"])[-1]

    def result_file(self) -> Path:
        """Return the result file that asv wrote, still where it wrote it.

        Raises
        ------
        MeasurementError
            It is not there.
        """
        found = [path for path in self.scratch.glob("results/*/*.json") if path.name != "machine.json"]
        if len(found) != 1:
            raise MeasurementError(f"asv wrote {len(found)} result files where one was expected")
        return found[0]

    def keep(
        self,
        attribution: Attribution,
        machine: Machine,
        stamp: dict[str, object],
        *,
        kind: str = "existing",
        requirements: Mapping[str, str] | None = None,
    ) -> ResultFile:
        """Move the finished result file into the run, normalised and stamped; the rest of scratch goes.

        Parameters
        ----------
        kind
            What kind of environment was measured, in asv's words.
        requirements
            Versions of what was installed in it, where that is known.

        Raises
        ------
        MeasurementError
            asv wrote none, or a benchmark in it failed.
        """
        result = read_result_file(self.result_file())
        for series in result.series.values():
            for cell in series.cells:
                if cell.state is State.FAILED:
                    raise MeasurementError(f"benchmark {series.name}({', '.join(cell.params)}) failed")
        kept = ResultsFolder(self.folder.round(self.number)).put(
            replace(
                _normalised(result, attribution, kind), stamp=stamp, requirements=dict(requirements or {})
            ),
            machine,
            self.scratch / "results" / "benchmarks.json",
        )
        self.log.rename(self.folder.round(self.number) / self.log.name)
        shutil.rmtree(self.scratch)
        return kept


def _normalised(result: ResultFile, attribution: Attribution, kind: str) -> ResultFile:
    """Take the interpreter's path out of the environment's name: every checkout would be another one."""
    python = f"{sys.version_info.major}.{sys.version_info.minor}"
    return replace(
        result,
        commit=(attribution.commit or UNATTRIBUTED) + ("+dirty" if attribution.dirty else ""),
        env_name=f"{kind}-py{python}",
        python=python,
        params={**result.params, "python": python},
    )
