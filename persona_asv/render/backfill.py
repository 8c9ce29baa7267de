"""A history made after the fact, as text and as JSON: what became of each commit, and its figures."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from persona_asv import metrics
from persona_asv.backfill import Backfill, Outcome, Past, Wish
from persona_asv.case_rounds import CaseRounds
from persona_asv.course import Run
from persona_asv.engine.revisions import Revision
from persona_asv.plan import Plan
from persona_asv.render.endpoint import endpoint
from persona_asv.render.paths import near
from persona_asv.render.run import cases_as_json
from persona_asv.render.terminal import Style

COLUMNS = {
    "generation_latency_p50": "latency",
    "client_overhead_p50": "own share",
    "memory_peak_mb": "peak MB",
    "api_calls_per_persona": "calls",
    "tokens_per_persona": "tokens",
    "cost_per_persona": "cost",
    "python_calls_per_persona": "py calls",
    "import_ms": "import",
    "imported_modules": "modules",
}
"""Metrics of the overview, and the heads of their columns."""


def header(its: Backfill, wish: Wish, revisions: Sequence[Revision], style: Style) -> str:
    """Return what is about to be measured."""
    title = f"History of {near(its.repository)}: workload {wish.workload.name} at {len(revisions)} commits"
    span = f"{revisions[0].label} to {revisions[-1].label}" if len(revisions) > 1 else revisions[0].label
    return "\n".join((title, style.rule(61, double=True), f"Commits:  {span}"))


def step(revision: Revision, number: int, of: int) -> str:
    """Return which commit is next."""
    short = revision.commit[:8]
    name = short if revision.label == short else f"{revision.label} ({short})"
    return f"\n[{number}/{of}] {name}"


def begun(plans: Sequence[Plan]) -> str:
    """Return what is measured of a commit."""
    first = plans[0]
    wires = ", ".join(f"{plan.provider} ({plan.model})" for plan in plans)
    return f"  {first.subject} {first.subject_version}: {wires}; endpoint: {endpoint(first.profile)}"


def told(past: Past, style: Style) -> str:
    """Return what became of a commit, in a line; and of the providers that it does not know."""
    lines = [f"  {past.outcome.value}" + (f": {past.reason}" if past.reason else "")]
    lines += [f"  without {wire}: {why}" for wire, why in past.lacking.items() if past.runs]
    return "\n".join(map(style.wrap, lines))


def summary(pasts: Sequence[Past], record: str, style: Style) -> str:
    """Return all commits in one table, the figures that they have, and what to do next."""
    figures = [(past, run, case) for past in pasts for run in past.runs for case in run.cases]
    several = len({run.plan.provider for _, run, _ in figures}) > 1
    cased = len({case.case for *_, case in figures}) > 1
    found = {id(case): _figures(run, case) for _, run, case in figures}
    keys = [key for key in COLUMNS if any(key in each for each in found.values())]
    head = ["commit", "version", *(["provider"] if several else []), *(["case"] if cased else [])]
    rows = []
    for past in pasts:
        first = [past.revision.label, past.version]
        rows += [
            [
                *first,
                *([run.plan.provider] if several else []),
                *([case.case] if cased else []),
                *(found[id(case)].get(key, "-") for key in keys),
            ]
            for run in past.runs
            for case in run.cases
        ]
        if not past.runs:
            gap = [past.outcome.value if index == 0 else "" for index in range(len(head) - 2 + len(keys))]
            rows.append([*first, *(gap or [])])
    heads = [*head, *(COLUMNS[key] for key in keys)]
    table = style.table(heads, rows)
    while style.live and len(heads) > len(head) + 1 and len(table.partition("\n")[0]) > style.width:
        heads, rows = heads[:-1], [row[: len(heads) - 1] for row in rows]
        table = style.table(heads, rows)
    counts = [f"{sum(past.outcome is each for past in pasts)} {each.value}" for each in Outcome]
    said = ", ".join(count for count in counts if not count.startswith("0 "))
    return "\n".join(
        (
            "",
            table,
            style.wrap(f"{said}. Of every commit: {record}"),
            "Figures of different commits were taken one after the other: a step between two is a candidate,",
            "`persona benchmark compare --baseline A` measures two in turn. Counts are exact.",
            "",
            "Next: persona benchmark publish",
        )
    )


def _figures(run: Run, case: CaseRounds) -> dict[str, str]:
    return {
        key: its.unit.write(its.value)
        for key, its in metrics.estimates(case, run.plan.families).items()
        if key in COLUMNS
    }


def as_json(pasts: Sequence[Past], record: str) -> dict[str, Any]:
    """Return the history for ``--json``."""
    return {"record": record, "commits": [entry(past) for past in pasts]}


def entry(past: Past) -> dict[str, Any]:
    """Return a commit as the record and ``--json`` have it."""
    return {
        "commit": past.revision.commit,
        "label": past.revision.label,
        "date": past.revision.date,
        "outcome": past.outcome.value,
        "reason": past.reason,
        "version": past.version,
        "lacking": dict(past.lacking),
        "providers": {
            run.plan.provider: {
                "model": run.plan.model,
                "run": run.folder.id,
                "cases": cases_as_json(run.cases, run.plan.families),
            }
            for run in past.runs
        },
    }
