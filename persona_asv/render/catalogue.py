"""What can be measured, as text and as JSON: workloads with their sizes, and the suite's benchmarks."""

from __future__ import annotations

from typing import Any

from persona_asv import metrics, workloads
from persona_asv.config import Config
from persona_asv.render.terminal import Style


def text(settings: Config, style: Style) -> str:
    """Return the workloads as this project configures them, and the benchmarks by family of metrics."""
    found = _workloads(settings)
    rows = [
        (each["name"], _operations(each), str(each["rounds"]), f"{each['timeout']:g} s") for each in found
    ]
    parts = [
        "Available Workloads",
        style.rule(len("Available Workloads")),
        "",
        style.table(("Name", "Operations", "Rounds", "Timeout"), rows),
        *(style.wrap(line) for each in found for line in _lines(each)),
        "",
        "Available Benchmarks",
        style.rule(len("Available Benchmarks")),
    ]
    for family in metrics.FAMILIES.values():
        parts += [
            "",
            style.wrap(f"{family.name}: {family.summary}"),
            *(f"  {name}" for name in family.benchmarks),
        ]
    return "\n".join(parts)


def _lines(workload: dict[str, Any]) -> list[str]:
    lines = [f"{workload['name']}: {workload['summary']}"]
    for name, its in workload["operation"].items():
        at_once = "" if its["concurrency"] is None else f", a request each, {its['concurrency']} at a time"
        personas = f"{its['personas']} persona{'s' if its['personas'] > 1 else ''}"
        lines.append(f"  {name}: {personas} from {its['data']}{at_once}")
    return lines


def _operations(workload: dict[str, Any]) -> str:
    cases = workload["cases"]
    if len(cases) == 1:
        return str(next(iter(cases.values())))
    return ", ".join(f"{name} {operations}" for name, operations in cases.items())


def _workloads(settings: Config) -> list[dict[str, Any]]:
    found = []
    for name in (*workloads.WORKLOADS, *workloads.own(settings)):
        its = workloads.resolve(name, settings, None, None)
        found.append(
            {
                "name": name,
                "cases": {case.name: case.iterations for case in its.cases},
                "operation": {case.name: _operation(case) for case in its.cases},
                "rounds": max(case.rounds for case in its.cases),
                "timeout": its.timeout_s,
                "summary": its.summary,
            }
        )
    return found


def _operation(case: workloads.Case) -> dict[str, Any]:
    return {
        "personas": case.personas,
        "data": case.data,
        "concurrency": case.concurrency if case.batch else None,
    }


def as_json(settings: Config) -> dict[str, Any]:
    """Return the same for ``--json``; timeouts in seconds, operations by case."""
    return {
        "workloads": _workloads(settings),
        "families": {
            family.name: {"summary": family.summary, "benchmarks": list(family.benchmarks)}
            for family in metrics.FAMILIES.values()
        },
    }
