"""A report as GitHub Markdown: F-139's sections, for a release note or a job's summary."""

from __future__ import annotations

from collections.abc import Iterator

from persona_asv.estimates import Estimate
from persona_asv.judgement import Verdict
from persona_asv.render.comparison import change, percent
from persona_asv.render.markdown_text import code, prose, table
from persona_asv.render.report_words import (
    ABSENT,
    STYLE,
    amount,
    conclusion,
    environment_rows,
    facts,
    finding_of,
    headlines,
    milestones,
    moment,
    order_of,
    remarks,
    rests_on,
    sustained_rate,
    title,
)
from persona_asv.render.verdict_marks import evidence, status
from persona_asv.reports.pace import at_pace
from persona_asv.reports.report import CaseReport, Report, Spread
from persona_asv.units import Unit

_MARK = "†"


def markdown(report: Report) -> str:
    """Return the whole document."""
    blocks = [
        "# Benchmark Report",
        "  \n".join(f"**{name}:** {prose(fact)}" for name, fact in facts(report).items()),
        "## Summary",
        *_summary(report),
        "## Detailed Results",
        *(block for case in report.cases for block in _details(case, several=len(report.cases) > 1)),
        *_comparison(report),
        *_history(report),
        "## Environment Details",
        *_environment(report),
    ]
    return "\n\n".join(blocks) + "\n"


def _summary(report: Report) -> Iterator[str]:
    verdict, said = conclusion(report)
    if report.against is not None and verdict is not None:
        yield f"{status(verdict, STYLE)} **Against {code(report.against.label)}:** {prose(said)}"
    several, compared = len(report.cases) > 1, report.against is not None
    rows = []
    for case in report.cases:
        for estimate in headlines(case):
            row = [prose(title(estimate.key), in_table=True), _value(estimate)]
            if several:
                row.insert(0, code(case.name, in_table=True))
            if compared:
                row.append(_against(case, estimate.key))
            rows.append(row)
    head = [*(["Case"] if several else []), "Metric", "Value", *(["vs Baseline"] if compared else [])]
    yield table(head, rows, numbers_from=1 + several)
    found = remarks(report)
    if found:
        yield "\n".join(f"- {prose(each)}" for each in found)


def _against(case: CaseReport, key: str) -> str:
    finding = finding_of(case, key)
    if finding is None:
        return ABSENT
    return f"{change(finding)} {status(finding.verdict, STYLE)}"


def _value(estimate: Estimate) -> str:
    return amount(estimate.value, estimate.unit) + ("" if estimate.supported else f" {_MARK}")


def _details(case: CaseReport, *, several: bool) -> Iterator[str]:
    level = "###"
    if several:
        yield f"### {code(case.name)}"
        level = "####"
    for spread in case.spreads:
        yield f"{level} {prose(title(spread.key))}"
        yield "\n".join(f"- {line}" for line in _spread(case, spread))


def _spread(case: CaseReport, spread: Spread) -> Iterator[str]:
    unit = spread.unit
    overall = case.estimates.get(f"{spread.key}_per_minute")
    if overall is not None:
        yield f"Personas per minute: {unit.write(overall.value)}{_interval(overall)}"
        if (rate := sustained_rate(case)) is not None:
            yield f"Sustained rate: {rate}"
    for name, estimate in zip(("P50", "P95", "P99"), spread.quantiles, strict=True):
        mark = "" if estimate.supported else f" {_MARK}"
        yield f"{name}: {amount(estimate.value, unit)}{mark}{_interval(estimate)}"
    if spread.mean is not None:
        yield f"Mean: {amount(spread.mean, unit)}"
    if spread.deviation is not None:
        yield f"Standard Deviation: {amount(spread.deviation, unit)}"
    n, rounds = spread.quantiles[0].n, len(spread.rounds)
    yield f"n = {n} in {rounds} round{'' if rounds == 1 else 's'}"


def _interval(estimate: Estimate) -> str:
    if estimate.interval is None:
        return ""
    low, high = (amount(end, estimate.unit) for end in estimate.interval)
    return f" (95 % interval {low} to {high})"


def _comparison(report: Report) -> Iterator[str]:
    against = report.against
    if against is None:
        return
    yield f"## Comparison with {code(against.label)}"
    if against.captured_at is not None:
        yield f"Captured {moment(against.captured_at)}."
    for case in report.cases:
        if case.judgement is None:
            yield f"{code(case.name)} is not in the baseline."
            continue
        if len(report.cases) > 1:
            yield f"### {code(case.name)}"
        rows = []
        for each in case.judgement.findings:
            known = case.estimates.get(each.key)
            write = known.unit.write if known is not None else (lambda value: f"{value:g}")
            low_high, least = each.interval, each.detectable
            rows.append(
                [
                    prose(title(each.key), in_table=True),
                    write(each.baseline),
                    write(each.current),
                    change(each),
                    f"{percent(low_high[0])} to {percent(low_high[1])}" if low_high else ABSENT,
                    percent(least) if least is not None else ABSENT,
                    f"{status(each.verdict, STYLE)} {each.verdict.value}",
                ]
            )
        yield table(
            ("Metric", "Baseline", "This run", "Change", "95 % interval", "Detectable", "Verdict"), rows
        )
        yield order_of(case.judgement)
        moved = [
            f for f in case.judgement.findings if f.verdict is not Verdict.PASS or evidence(f) == "noise"
        ]
        if moved:
            yield "\n".join(f"- {prose(title(finding.key))}: {prose(rests_on(finding))}" for finding in moved)
        if case.judgement.missing:
            missing = ", ".join(title(key) for key in case.judgement.missing)
            yield f"Not measured in this run: {prose(missing)}."


def _history(report: Report) -> Iterator[str]:
    if not report.past:
        return
    yield f"## History: the last {report.past} baseline{'' if report.past == 1 else 's'}"
    scaled = elsewhere = False
    for case in report.cases:
        tracks = [track for track in case.history if not track.key.endswith("_p99")]
        if not tracks:
            continue
        if len(report.cases) > 1:
            yield f"### {code(case.name)}"
        rows = []
        for label, at in milestones(tuple(tracks)).items():
            found = [next((p for p in track.points if p.label == label), None) for track in tracks]
            foreign = any(point.elsewhere for point in found if point)
            row = [code(label, in_table=True) + (" ‡" if foreign else ""), f"{at:%Y-%m-%d}"]
            for track, point in zip(tracks, found, strict=True):
                pace = point.pace if point and track.at_one_pace else None
                scaled, elsewhere = scaled or pace not in (None, 1.0), elsewhere or foreign
                row.append(ABSENT if point is None else _at(point.value, track.unit, pace))
            rows.append(row)
        yield table(("Baseline", "Date", *(title(track.key) for track in tracks)), rows, numbers_from=2)
    if scaled:
        yield "Times and rates are as they would be at this run's pace, by the reference operation."
    if elsewhere:
        yield "‡ Measured on another machine."


def _at(value: float, unit: Unit, pace: float | None) -> str:
    return amount(at_pace(value, unit, pace), unit)


def _environment(report: Report) -> Iterator[str]:
    rows = environment_rows(report)
    compared = any(row.then is not None for row in rows)
    head = ["", "This run", *(["Baseline"] if compared else [])]
    lines = []
    for row in rows:
        line = [row.name, prose(row.now or ABSENT, in_table=True)]
        if compared:
            then = prose(row.then or ABSENT, in_table=True)
            line.append(f"**{then}** (differs)" if row.differs else then)
        lines.append(line)
    if lines:
        yield table(head, lines, numbers_from=len(head))
    yield f"Told of {', '.join(map(code, report.runs))}."
