"""A comparison as text: F-139's table with the evidence beside each number, and as JSON."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from persona_asv.comparison import Case, Comparison
from persona_asv.judgement import Finding, Stage, Verdict
from persona_asv.metrics import unit_of
from persona_asv.render.heading import Heading
from persona_asv.render.terminal import Style
from persona_asv.render.verdict_marks import EVIDENCE, GRAVITY, evidence, status
from persona_asv.units import COUNT, MILLISECONDS, Unit

_WIDE = 100
"""Columns from which the table has room for intervals."""

BUSY = 0.25
"""Share of the wall time spent waiting from which a machine is worth an examination."""


def percent(change: float) -> str:
    """Return a fraction as a signed percentage, F-139's.

    >>> percent(-0.016), percent(0.3), percent(12.0)
    ('-1.6%', '+30.0%', '+1200%')
    """
    return f"{change:+.0%}" if abs(change) >= 9.995 else f"{change:+.1%}"


def _unit(finding: Finding) -> Unit:
    """Return a metric's unit; a foreign time is in ms, a foreign number in whatever its suite counts."""
    return unit_of(finding.key) or (MILLISECONDS if finding.channel else COUNT)


def unit_written(finding: Finding) -> tuple[str, str]:
    """Return both values as people read them."""
    write = _unit(finding).write
    return write(finding.baseline), write(finding.current)


def change(finding: Finding) -> str:
    """Return by how much a metric moved."""
    if finding.change is None:
        return "from 0"
    if _unit(finding).name == "percent":
        return f"{finding.change:+.1f} points"
    return percent(finding.change)


def text(comparison: Comparison, heading: Heading, style: Style, *, explain: bool = False) -> str:
    """Return the whole comparison; `explain` adds a sentence a metric."""
    parts = list(heading.lines(comparison.notes, style))
    kinds: set[str] = set()
    for case in tables(comparison):
        if case.provider:
            parts += ["", f"Case: {case.name} ({case.provider})"]
        parts.append(_table(case.judgement.findings, style))
        kinds |= {evidence(finding) for finding in case.judgement.findings}
        parts += _remarks(case, style)
        if explain:
            parts += ["", *(style.wrap(explanation(finding, case)) for finding in case.judgement.findings)]
    parts += [
        f"{mark if style.unicode or mark != '†' else '*'} {meaning}"
        for kind, (mark, meaning) in EVIDENCE.items()
        if kind in kinds and mark
    ]
    parts += _leftovers(comparison)
    return "\n".join([*parts, "", style.wrap(summary(comparison, style))])


def tables(comparison: Comparison) -> Sequence[Case]:
    """Return the cases, one a table; another suite's cells, which have no provider, are one together."""
    ours = any(case.provider for case in comparison.cases)
    return comparison.cases if ours else [_together(comparison)]


def _together(comparison: Comparison) -> Case:
    """Return another suite's cells as one table."""
    from dataclasses import replace

    first = comparison.cases[0].judgement
    findings = tuple(f for case in comparison.cases for f in case.judgement.findings)
    notes = tuple(dict.fromkeys(note for case in comparison.cases for note in case.judgement.notes))
    return Case("", "", replace(first, findings=findings, notes=notes))


def _table(findings: Sequence[Finding], style: Style) -> str:
    wide = style.width >= _WIDE
    head = ["Metric", "Baseline", "Current", "Change", "Status"]
    if wide:
        head[4:4] = ["95 % interval", "Detectable"]
    rows = []
    for finding in findings:
        mark = EVIDENCE[evidence(finding)][0]
        mark = mark if style.unicode or mark != "†" else "*"
        row = [
            finding.key,
            *unit_written(finding),
            f"{change(finding)} {mark}".rstrip(),
            status(finding.verdict, style),
        ]
        if wide:
            low_high, least = finding.interval, finding.detectable
            row[4:4] = [
                f"{percent(low_high[0])} to {percent(low_high[1])}" if low_high else "",
                percent(least) if least is not None else "",
            ]
        rows.append(row)
    return style.table(head, rows)


def _remarks(case: Case, style: Style) -> list[str]:
    judgement = case.judgement
    remarks = [f"Note: {note}" for note in judgement.notes]
    if judgement.missing:
        remarks.append(f"Missing from the current side: {', '.join(judgement.missing)}")
    if judgement.added:
        remarks.append(f"Only on the current side, not judged: {', '.join(judgement.added)}")
    if judgement.waiting is not None and any(each >= 0.005 for each in judgement.waiting):
        before, after = judgement.waiting
        remarks.append(f"Waiting for a CPU: {before:.0%} of the wall time (baseline), {after:.0%} (current)")
        if max(before, after) >= BUSY:
            remarks[-1] += "; `persona benchmark doctor` says what this machine can show"
    # A count needs one round: it is compared as it is.
    rounds = min(
        (min(f.rounds) for f in judgement.findings if f.stage in (Stage.SCREEN, Stage.TEST)), default=3
    )
    if rounds < 3:
        remarks.append(
            f"A screen: {rounds} round(s) a side can raise a suspicion, never fail; 3 make a verdict"
        )
    if any(finding.basis == "calibrated" for finding in judgement.findings):
        remarks.append("Times are CPU beside a reference operation, not wall time; --explain says more")
    seen = next((f for f in judgement.findings if f.detectable is not None), None)
    if seen is not None and seen.detectable is not None:
        remarks.append(f"Smallest change of {seen.key} that would show here: {percent(seen.detectable)}")
    return [style.wrap(remark) for remark in remarks]


def _leftovers(comparison: Comparison) -> list[str]:
    lines = []
    for what, names in (
        ("Only in the baseline", comparison.only_baseline),
        ("Only in the current files", comparison.only_current),
        ("x The benchmark's version changed, not comparable", comparison.changed),
    ):
        if names:
            shown = "; ".join(names[:5]) + (f"; and {len(names) - 5} more" if len(names) > 5 else "")
            lines.append(f"{what}: {shown}")
    return lines


def explanation(finding: Finding, case: Case) -> str:
    """Return one sentence on a metric: change, interval, what could have been seen, and on what it rests."""
    said = [f"{finding.key}: {change(finding)}"]
    if finding.interval is not None:
        said.append(f"95 % interval {percent(finding.interval[0])} to {percent(finding.interval[1])}")
    if finding.detectable is not None:
        said.append(f"smallest detectable change {percent(finding.detectable)}")
    said.append(
        f"n = {finding.n[0]} and {finding.n[1]} in {finding.rounds[0]} and {finding.rounds[1]} rounds"
    )
    if finding.channel:
        paired = "interleaved" if case.judgement.interleaved else "not interleaved"
        said.append(f"{finding.channel} channel, {finding.basis} times, {paired}, {finding.stage} stage")
    if case.judgement.waiting is not None:
        said.append(f"{max(case.judgement.waiting):.0%} of wall time waiting for a CPU")
    return f"{'; '.join(said)}. {finding.verdict.value.capitalize()}: {finding.reason}.{_advice(finding)}"


def _advice(finding: Finding) -> str:
    """Return what would decide an open question."""
    if finding.verdict is Verdict.INSUFFICIENT and finding.stage is not Stage.SHOWN:
        return " More operations would decide."
    if evidence(finding) == "noise":
        return " 5 fresh interleaved rounds a side would decide."
    return ""


def verdicts(comparison: Comparison) -> dict[str, str]:
    """Return the verdict of every metric by key, the gravest of the cases."""
    found: dict[str, Verdict] = {}
    for case in comparison.cases:
        for key, verdict in case.judgement.verdicts.items():
            found[key] = max(found.get(key, verdict), verdict, key=GRAVITY.index)
    return {key: verdict.value for key, verdict in found.items()}


def summary(comparison: Comparison, style: Style) -> str:
    """Return the last line: what all of it comes to."""
    found = verdicts(comparison)
    missing = [key for case in comparison.cases for key in case.judgement.missing]

    def having(*wanted: Verdict) -> str:
        return ", ".join(key for key, verdict in found.items() if verdict in wanted)

    if missing:
        line = f"Summary: not measured on the current side: {', '.join(missing)}"
    elif having(Verdict.FAIL):
        line = f"Summary: failure threshold exceeded by {having(Verdict.FAIL)} {status(Verdict.FAIL, style)}"
    elif having(Verdict.WARN):
        line = f"Summary: warning threshold exceeded by {having(Verdict.WARN)} {status(Verdict.WARN, style)}"
    elif having(Verdict.INCONCLUSIVE):
        line = f"Summary: inconclusive: {having(Verdict.INCONCLUSIVE)} {status(Verdict.INCONCLUSIVE, style)}"
    elif set(found.values()) <= {Verdict.INSUFFICIENT}:
        shown = all(f.stage is Stage.SHOWN for case in comparison.cases for f in case.judgement.findings)
        why = EVIDENCE["shown"][1] if shown else "too few samples of everything"
        line = f"Summary: nothing could be judged: {why}"
    else:
        line = f"Summary: All metrics within acceptable thresholds {status(Verdict.PASS, style)}"
    if comparison.remeasure and having(Verdict.FAIL, Verdict.WARN):
        line += ". 5 fresh interleaved rounds a side would confirm it"
    elif comparison.remeasure:
        line += ". What moved cannot be told from noise here: 5 fresh interleaved rounds a side would decide"
    return line


def as_json(comparison: Comparison, names: tuple[str, str]) -> dict[str, Any]:
    """Return the whole comparison for ``--json``; fractions are fractions, not percent."""
    return {
        "baseline": names[0],
        "current": names[1],
        "verdict_code": int(comparison.exit_code),
        "rule": "gate",
        "remeasure": comparison.remeasure,
        "verdicts": verdicts(comparison),
        "cases": [_case_as_json(case) for case in comparison.cases],
        "only_baseline": list(comparison.only_baseline),
        "only_current": list(comparison.only_current),
        "changed": list(comparison.changed),
        "notes": list(comparison.notes),
    }


def _case_as_json(case: Case) -> dict[str, Any]:
    judgement = case.judgement
    return {
        "case": case.name,
        "provider": case.provider,
        "remeasure": judgement.remeasure,
        "interleaved": judgement.interleaved,
        "cpu_wait_share": None if judgement.waiting is None else list(judgement.waiting),
        "missing": list(judgement.missing),
        "added": list(judgement.added),
        "notes": list(judgement.notes),
        "findings": {
            finding.key: {
                "verdict": finding.verdict.value,
                "unit": _unit(finding).name,
                "baseline": finding.baseline,
                "current": finding.current,
                "change": finding.change,
                "interval": None if finding.interval is None else list(finding.interval),
                "detectable": finding.detectable,
                "n": list(finding.n),
                "rounds": list(finding.rounds),
                "channel": finding.channel,
                "basis": finding.basis,
                "stage": finding.stage.value,
                "suspicious": finding.suspicious,
                "reason": finding.reason,
            }
            for finding in judgement.findings
        },
    }
