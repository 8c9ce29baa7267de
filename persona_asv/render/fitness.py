"""What ``doctor`` found, as text and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from persona_asv.fitness.finding import Finding, Fitness, worst
from persona_asv.fitness.readings import Readings
from persona_asv.render.terminal import Style

_MARKS = {
    Fitness.FIT: ("✅", "ok"),
    Fitness.CARE: ("⚠️", "!"),
    Fitness.UNFIT: ("❌", "x"),
}
_SAYS = {
    Fitness.FIT: "This machine is fit to measure.",
    Fitness.CARE: "This machine is usable with care: see what is marked.",
    Fitness.UNFIT: "This machine is not fit to measure: see what is marked.",
}


def text(findings: Sequence[Finding], style: Style) -> str:
    """Return the findings, one a row, advice below, and the sum of it."""
    rows = [(mark(finding.fitness, style), finding.topic, finding.said) for finding in findings]
    width = max(len(topic) for _, topic, _ in rows)
    lines = ["Measuring on This Machine", style.rule(len("Measuring on This Machine")), ""]
    for (sign, topic, said), finding in zip(rows, findings, strict=True):
        lines.append(style.wrap(f"{sign} {topic:<{width}}  {said}"))
        if finding.advice:
            lines.append(style.wrap(f"   {'':<{width}}  {'→' if style.unicode else '->'} {finding.advice}"))
    return "\n".join([*lines, "", _SAYS[worst(findings)]])


def mark(fitness: Fitness, style: Style) -> str:
    """Return the sign of a grade."""
    signs = _MARKS[fitness]
    return signs[0] if style.unicode else f"{signs[1]:<2}"


def as_json(findings: Sequence[Finding], readings: Readings) -> dict[str, Any]:
    """Return the same for ``--json``, with what was read; seconds, shares and changes as fractions."""
    return {
        "fitness": str(worst(findings)),
        "findings": [
            {**asdict(finding), "fitness": str(finding.fitness), "advice": finding.advice or None}
            for finding in findings
        ],
        "readings": asdict(readings) | {"clock": readings.clock if math.isfinite(readings.clock) else None},
    }
