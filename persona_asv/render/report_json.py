"""A report as JSON: documented in ``docs/reference/report.schema.json``; keys stay, numbers are finite."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

from persona_asv.estimates import Estimate
from persona_asv.render.comparison import as_json as comparison_as_json
from persona_asv.render.report_words import moment
from persona_asv.reports.report import Against, CaseReport, Point, Report, Spread, Track

SCHEMA = 1
"""Raised when a key changes its meaning or goes; a new key raises nothing."""


def text(report: Report) -> str:
    """Return the whole document as text."""
    return json.dumps(document(report), indent=2, ensure_ascii=False, allow_nan=False) + "\n"


def document(report: Report) -> dict[str, Any]:
    """Return the whole document; what is not known has no key, fractions are fractions, not percent."""
    return _known(
        {
            "schema": SCHEMA,
            "generated_at": moment(report.generated_at),
            "measured_at": None if report.measured_at is None else moment(report.measured_at),
            "subject": {"name": report.subject, "version": report.version},
            "commit": report.commit,
            "provider": report.provider,
            "model": report.model,
            "endpoint": {"kind": report.endpoint, "profile": report.profile},
            "workloads": list(report.workloads),
            "runs": list(report.runs),
            "environment": _known(asdict(report.environment)),
            "cases": {case.name: _case(case) for case in report.cases},
            "baseline": None if report.against is None else _against(report.against),
            "notes": list(report.notes),
        }
    )


def _known(found: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in found.items() if value is not None}


def _case(case: CaseReport) -> dict[str, Any]:
    return _known(
        {
            "provider": case.provider,
            "iterations": case.iterations,
            "metrics": {key: _estimate(each) for key, each in case.estimates.items()},
            "distributions": {spread.key: _spread(spread) for spread in case.spreads},
            "sustained_per_minute": case.sustained,
            "cpu_wait_share": case.waiting,
            "pace": case.pace,
            "history": {track.key: _track(track) for track in case.history},
        }
    )


def _estimate(estimate: Estimate) -> dict[str, Any]:
    return _known(
        {
            "value": estimate.value,
            "unit": estimate.unit.name,
            "better": estimate.better.value,
            "n": estimate.n,
            "rounds": estimate.rounds,
            "supported": estimate.supported,
            "interval": _interval(estimate.interval),
        }
    )


def _interval(found: tuple[float, float] | None) -> list[float] | None:
    return list(found) if found is not None and all(map(math.isfinite, found)) else None


def _spread(spread: Spread) -> dict[str, Any]:
    p50, p95, p99 = (each.value for each in spread.quantiles)
    return _known(
        {
            "unit": spread.unit.name,
            "better": spread.better.value,
            "p50": p50,
            "p95": p95,
            "p99": p99,
            "mean": spread.mean,
            "standard_deviation": spread.deviation,
            "n": spread.quantiles[0].n,
            "rounds": len(spread.rounds),
        }
    )


def _track(track: Track) -> dict[str, Any]:
    return {
        "unit": track.unit.name,
        "better": track.better.value,
        "points": [_point(point) for point in track.points],
    }


def _point(point: Point) -> dict[str, Any]:
    return _known(
        {
            "label": point.label,
            "at": moment(point.at),
            "value": point.value,
            "interval": _interval(point.interval),
            "pace": point.pace,
            "elsewhere": point.elsewhere,
        }
    )


def _against(against: Against) -> dict[str, Any]:
    found = comparison_as_json(against.comparison, (against.label, "this run"))
    return _known(
        {
            "name": against.label,
            "captured_at": None if against.captured_at is None else moment(against.captured_at),
            "environment": None if against.environment is None else _known(asdict(against.environment)),
            "comparison": found,
        }
    )
