"""A comparison by asv's own rule, as `asv compare` prints it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_asv.engine.asv_rule import AsvComparison, asv_comparison
from persona_asv.engine.results import Benchmark, merge, read_benchmarks_file
from persona_asv.errors import ExitCode
from persona_asv.model import ResultFile


@dataclass(frozen=True, slots=True)
class Marks:
    """asv's rows by the warning level as its factor, and whether anything worsened by either level."""

    rows: AsvComparison
    exit_code: ExitCode

    def text(self, names: tuple[str, str]) -> str:
        """Return asv's table."""
        from tabulate import tabulate

        head = ("Change", f"Before [{names[0]}]", f"After [{names[1]}]", "Ratio", "Benchmark (Parameter)")
        table = tabulate([row.columns for row in self.rows.rows], headers=head, tablefmt="github")
        return f"All benchmarks:\n\n{table}"

    def as_json(self, names: tuple[str, str]) -> dict[str, Any]:
        """Return the rows for ``--json``."""
        return {
            "rule": "asv",
            "baseline": names[0],
            "current": names[1],
            "verdict_code": int(self.exit_code),
            "rows": [
                {
                    "mark": row.mark.value,
                    "before": row.before,
                    "after": row.after,
                    "ratio": row.ratio,
                    "name": row.name,
                }
                for row in self.rows.rows
            ],
            "worsened": self.rows.worsened,
            "improved": self.rows.improved,
        }


def compare(
    baseline: Sequence[ResultFile], current: Sequence[ResultFile], *, warn: float, fail: float
) -> Marks:
    """Compare two sides by asv's rule; the rounds of a side are put together as asv would append them.

    Parameters
    ----------
    warn, fail
        Thresholds in percent: asv's factor is 1.1 for 10 %.

    Raises
    ------
    ResultFileError
        The files of a side do not belong together.
    """
    sides = merge(None, baseline), merge(None, current)
    lists = [found for files in (baseline, current) if (found := _benchmarks(files[0].path))]
    rows = asv_comparison(*sides, *lists, factor=1 + warn / 100)
    failed = asv_comparison(*sides, *lists, factor=1 + fail / 100).worsened
    code = ExitCode.FAIL if failed else ExitCode.WARN if rows.worsened else ExitCode.PASS
    return Marks(rows, code)


def _benchmarks(path: Path) -> Mapping[str, Benchmark] | None:
    """Return the list of benchmarks of the results folder that a file lies in, None where it has none."""
    listed = path.parent.parent / "benchmarks.json"
    return read_benchmarks_file(listed) if listed.is_file() else None
