"""The proof of the gate as text and as JSON."""

from __future__ import annotations

from typing import Any

from persona_asv.judgement import Finding
from persona_asv.plants import UNCHANGED, Plant
from persona_asv.render.comparison import percent
from persona_asv.render.terminal import Style
from persona_asv.render.verdict_marks import status
from persona_asv.selftest import Proof, Trial

_WIDTH = 61


def header(subject: str, comparisons: int, style: Style) -> str:
    """Return what is about to be done."""
    return "\n".join(
        (
            f"Selftest: {comparisons} comparisons of {subject} with a truth that is known",
            style.rule(_WIDTH, double=True),
        )
    )


def beginning(number: int, of: int, plant: Plant) -> str:
    """Return which comparison comes next."""
    return f"[{number}/{of}] planted: {plant.what}"


def text(proof: Proof, style: Style) -> str:
    """Return the table and what it comes to."""
    rows = []
    for trial in proof.trials:
        seen = trial.telling
        rows.append(
            [
                trial.plant.what,
                seen.key,
                "" if seen.change is None else percent(seen.change),
                _interval(seen),
                status(seen.verdict, style),
                ("yes" if trial.right else "NO") if trial.plant is not UNCHANGED else _quiet(trial),
            ]
        )
    head = ["Planted", "Metric", "Change", "95 % interval", "Verdict", "Right"]
    wrong = [trial for trial in proof.unchanged if not trial.right]
    seen_all = sum(trial.right for trial in proof.planted)
    return "\n".join(
        (
            style.table(head, rows),
            "",
            f"False alarms: {len(wrong)} of {len(proof.unchanged)} comparisons of unchanged code",
            f"Detected: {seen_all} of {len(proof.planted)} planted slowdowns",
        )
    )


def _quiet(trial: Trial) -> str:
    return "yes" if trial.right else f"NO: {', '.join(f.key for f in trial.alarms) or 'inconclusive'}"


def _interval(finding: Finding) -> str:
    if finding.interval is None:
        return "exact"
    return " to ".join(percent(end) for end in finding.interval)


def as_json(proof: Proof) -> dict[str, Any]:
    """Return the proof for ``--json``; fractions are fractions, not percent."""
    return {
        "comparisons": [
            {
                "planted": trial.plant.kind,
                "what": trial.plant.what,
                "metric": trial.telling.key,
                "change": trial.telling.change,
                "interval": None if trial.telling.interval is None else list(trial.telling.interval),
                "verdict": trial.telling.verdict.value,
                "alarms": [finding.key for finding in trial.alarms],
                "verdict_code": int(trial.code),
                "right": trial.right,
            }
            for trial in proof.trials
        ],
        "false_alarms": sum(not trial.right for trial in proof.unchanged),
        "unchanged": len(proof.unchanged),
        "detected": sum(trial.right for trial in proof.planted),
        "planted": len(proof.planted),
        "exit_code": int(proof.exit_code),
    }
