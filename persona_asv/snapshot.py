"""From kept runs to a baseline: the numbers a reviewer reads, and the rounds behind them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from persona_asv import costs, metrics
from persona_asv.baselines import companion
from persona_asv.baselines.baseline import NAME, Baseline, Entry, Figure
from persona_asv.baselines.shelf import Shelf
from persona_asv.case_rounds import CaseRounds
from persona_asv.engine.runs import KeptRun
from persona_asv.errors import BaselineError
from persona_asv.estimates import Estimate
from persona_asv.model import ResultFile
from persona_asv.prices import Price

DIGITS = 4
"""Significant digits of a value in the YAML: more are noise, and would change in every review."""


def snapshot(runs: Sequence[KeptRun], name: str, at: datetime) -> tuple[Baseline, bytes]:
    """Return the runs, of one subject and commit, as a baseline and its companion's bytes.

    A case that several of them measured is the first one's.

    Raises
    ------
    ResultFileError
        A round cannot be read.
    BaselineError
        Nothing was measured.
    """
    first = runs[0].facts
    files: list[ResultFile] = []
    entries: dict[str, Entry] = {}
    for run in runs:
        rounds = run.files()
        fresh = {case: n for case, n in run.iterations.items() if case not in entries}
        for case, iterations in fresh.items():
            found = metrics.estimates(CaseRounds(case, first["provider"], rounds), metrics.FAMILIES.values())
            if found:
                entries[case] = Entry(iterations, {key: _figure(each) for key, each in found.items()})
        files += rounds if fresh else ()
    if not entries:
        raise BaselineError(f"{runs[0].path}: nothing was measured; run `persona benchmark run` first")
    baseline = Baseline(
        name=name,
        version=str(first["subject"]["version"]),
        captured_at=at.replace(microsecond=0),
        environment=runs[0].environment,
        workloads=entries,
        commit=first["commit"],
        dirty=bool(first["dirty"]),
        subject=first["subject"]["name"],
        provider=first["provider"],
        model=first["model"],
        endpoint=first["endpoint"]["kind"],
        profile=first["endpoint"]["profile"],
        price=_price(entries, files),
    )
    return baseline, companion.pack(files)


def _price(entries: Mapping[str, Entry], files: Sequence[ResultFile]) -> Price | None:
    """Return what costs were told by, where there are any."""
    return (
        costs.price_of(files[0].stamp) if any(costs.KEY in its.metrics for its in entries.values()) else None
    )


def _figure(estimate: Estimate) -> Figure:
    interval = estimate.interval
    return Figure(
        _rounded(estimate.value),
        estimate.n,
        estimate.rounds,
        None if interval is None else (_rounded(interval[0]), _rounded(interval[1])),
    )


def _rounded(value: float) -> float:
    return float(f"{value:.{DIGITS}g}")


def automatic_name(run: KeptRun, shelf: Shelf) -> str:
    """Return ``v<version>``, with the commit added where that name is another commit's.

    Package versions and tags really disagree: two commits of one version are the rule, not the exception.

    Raises
    ------
    BaselineError
        The version makes no name, or the code belongs to no commit and the name is taken.
    """
    version, commit, dirty = run.facts["subject"]["version"], run.facts["commit"], run.facts["dirty"]
    name = f"v{version}"
    if not NAME.fullmatch(name):
        raise BaselineError(f"version {version!r} makes no name for a baseline; give one with --name")
    if not shelf.has(name):
        return name
    held = next((book.baseline for book in shelf.books() if book.name == name), None)
    if held is not None and (held.commit, held.dirty) == (commit, dirty):
        return name
    if commit is None:
        raise BaselineError(f"{name} exists, and this code belongs to no commit; give a --name")
    return f"{name}-{commit[:8]}" + ("+dirty" if dirty else "")
