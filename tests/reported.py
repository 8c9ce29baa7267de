"""A project to report on: a finished run in its folder, and baselines on its shelf, of made-up rounds."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from test_comparison import STAMP, file

from persona_asv.baselines.shelf import shelf_of
from persona_asv.case_rounds import params
from persona_asv.config import Config
from persona_asv.engine.results import write_result_file
from persona_asv.engine.runs import KeptRun, at
from persona_asv.snapshot import snapshot

WHEN = datetime(2026, 1, 15, 10, 45, tzinfo=UTC)
ENVIRONMENT = {
    "python_version": "3.12.0",
    "platform": "linux-x86_64",
    "cpu": "Some CPU",
    "memory_gb": 16.0,
    "persona_version": "1.12.0",
    "cores": 8,
    "machine": "here",
    "persona_asv": "0.1.0",
    "asv": "0.6.6",
}


def run(
    folder: Path,
    name: str,
    *,
    first: int = 0,
    rounds: int = 5,
    commit: str | None = "b" * 40,
    cases: Mapping[str, int] | None = None,
    facts: Mapping[str, Any] | None = None,
    **how: Any,
) -> KeptRun:
    """Put a finished run below a project's folder; `how` is what `test_comparison.file` takes."""
    path = folder / ".asv" / "runs" / name
    cases = cases or {"standard": 500}
    start = int(WHEN.timestamp() * 1000)
    for number in range(1, rounds + 1):
        made = {
            case: file(
                first + number + 1000 * place,
                commit or "0" * 40,
                start=start + number,
                params=params(case, "anthropic"),
                **how,
            )
            for place, case in enumerate(cases)
        }
        axes = (tuple(map(repr, cases)), (repr("anthropic"),))
        whole = next(iter(made.values()))
        together = {
            key: replace(
                series,
                param_sets=axes,
                cells=tuple(cell for each in made.values() for cell in each.series[key].cells),
            )
            for key, series in whole.series.items()
        }
        place = path / f"round-{number:02d}" / "here" / "bbbb-existing.json"
        write_result_file(replace(whole, series=together), place)
    said = {
        "state": "finished",
        "workload": next(iter(cases)),
        "cases": {case: {"iterations": each, "rounds": rounds} for case, each in cases.items()},
        "state_of_code": "",
        "environment": ENVIRONMENT,
        "subject": STAMP["subject"],
        "commit": commit,
        "dirty": False,
        "provider": "anthropic",
        "model": "claude-sonnet-4-20250514",
        "endpoint": STAMP["endpoint"],
    }
    (path / "run.json").write_text(json.dumps({**said, **(facts or {})}))
    return at(path)


def capture(folder: Path, made: KeptRun, name: str, days: int, **changes: Any) -> None:
    """Put a baseline of a run on the project's shelf, captured so many days before `WHEN`."""
    baseline, packed = snapshot([made], name, WHEN - timedelta(days=days))
    shelf = shelf_of(Config(folder))
    with shelf.writing():
        shelf.put(replace(baseline, **changes), packed)


def project(folder: Path, *, slower: float = 1.0, baselines: int = 3) -> Path:
    """Return a folder with a run, its last, and baselines v1.9, v1.10, ... of runs that are there no more."""
    for number in range(baselines):
        older = run(folder / "former", f"r{number}", first=100 + 10 * number, commit="a" * 40)
        capture(folder, older, f"v1.{9 + number}", 14 * (baselines - number))
    run(folder, "20260115T104500Z-abcdef", slower=slower)
    return folder


LAST = Path(".asv/runs/20260115T104500Z-abcdef")
