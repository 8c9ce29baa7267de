"""A report as one page of HTML that needs nothing else: no script, no request, no other file."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from persona_asv.estimates import Estimate
from persona_asv.judgement import Finding, Verdict
from persona_asv.render.comparison import change, percent
from persona_asv.render.history_chart import History, history
from persona_asv.render.pages import fill
from persona_asv.render.report_words import (
    ABSENT,
    Fact,
    amount,
    conclusion,
    environment_rows,
    facts,
    finding_of,
    headlines,
    order_of,
    remarks,
    rests_on,
    sustained_rate,
    title,
)
from persona_asv.render.spread_charts import Curve, Strips, curve, drawn, strips
from persona_asv.reports.report import CaseReport, Report, Spread, Track

_MARK = "†"
_SIGNS = {
    Verdict.PASS: ("✓", "pass"),
    Verdict.BETTER: ("▲", "better"),
    Verdict.WARN: ("!", "warning"),
    Verdict.FAIL: ("✕", "fail"),
    Verdict.INSUFFICIENT: ("·", "not judged"),
    Verdict.INCONCLUSIVE: ("?", "inconclusive"),
}


@dataclass(frozen=True, slots=True)
class Sign:
    """A verdict as a page shows it: a class for its colour, a sign and a word for whoever sees none."""

    kind: str
    sign: str
    word: str


@dataclass(frozen=True, slots=True)
class Tile:
    """One number of the summary."""

    title: str
    value: str
    change: str | None
    verdict: Sign
    spark: str


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a table."""

    title: str
    cells: tuple[str, ...]
    verdict: Sign
    why: str = ""


@dataclass(frozen=True, slots=True)
class CasePage:
    """What the page says of one case."""

    id: str
    name: str
    tiles: tuple[Tile, ...]
    spreads: tuple[Line, ...]
    sustained: str | None
    strips: tuple[Strips, ...]
    curves: tuple[Curve, ...]
    pace_note: str
    how: str
    findings: tuple[Line, ...]
    missing: str
    history: tuple[History, ...]
    steady: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the page says."""

    subject: str
    version: str
    commit: str
    facts: tuple[tuple[str, str], ...]
    against: str
    verdict: Sign
    conclusion: str
    remarks: tuple[str, ...]
    cases: tuple[CasePage, ...]
    past: int
    scaled: bool
    elsewhere: bool
    environment: tuple[Fact, ...]
    runs: tuple[str, ...]

    @property
    def has_history(self) -> bool:
        """Whether there is anything to draw of the past."""
        return any(case.history or case.steady for case in self.cases)

    @property
    def has_limits(self) -> bool:
        """Whether any drawing shows a failure threshold."""
        return any(chart.fail is not None for case in self.cases for chart in case.history)

    @property
    def environment_compared(self) -> bool:
        """Whether anything is known of the baseline's environment."""
        return any(fact.then is not None for fact in self.environment)


def html(report: Report) -> str:
    """Return the whole page."""
    return fill("report.html.j2", page=_page(report))


def _page(report: Report) -> Page:
    verdict, said = conclusion(report)
    head = facts(report)
    del head["Version"]
    points = [p for case in report.cases for track in case.history for p in track.points]
    tracks = [track for case in report.cases for track in case.history]
    return Page(
        subject=report.subject,
        version=report.version,
        commit=report.commit,
        facts=tuple((name, fact) for name, fact in head.items() if name != "Subject"),
        against="" if report.against is None else report.against.label,
        verdict=_sign(verdict),
        conclusion=said,
        remarks=tuple(remarks(report)),
        cases=tuple(_case(report, case, number) for number, case in enumerate(report.cases, 1)),
        past=report.past,
        scaled=any(t.at_one_pace and any(p.pace != 1.0 for p in t.points) for t in tracks),
        elsewhere=any(point.elsewhere for point in points),
        environment=tuple(environment_rows(report)),
        runs=report.runs,
    )


def _case(report: Report, case: CaseReport, number: int) -> CasePage:
    label = None if report.against is None else report.against.label
    charts = tuple(
        history(track, label, report.thresholds.of(track.key))
        for track in case.history
        if not track.key.endswith("_p99") and not _is_steady(track)
    )
    sparks = {chart.key: chart.spark for chart in charts}
    shown = drawn(case)
    judgement = case.judgement
    return CasePage(
        id=f"case-{number}",
        name=case.name,
        tiles=tuple(_tile(case, each, sparks.get(each.key, "")) for each in headlines(case)),
        spreads=tuple(map(_spread, case.spreads)),
        sustained=sustained_rate(case),
        strips=tuple(map(strips, shown)),
        curves=tuple(map(curve, shown)),
        pace_note=_pace_note(report, case),
        how="" if judgement is None else order_of(judgement),
        findings=() if judgement is None else tuple(_finding(case, each) for each in judgement.findings),
        missing="" if judgement is None else ", ".join(map(title, judgement.missing)),
        history=charts,
        steady=_steady(case),
    )


def _is_steady(track: Track) -> bool:
    """Return whether a metric never moved: no drawing would say more than its value."""
    return len({point.value for point in track.points}) == 1


def _steady(case: CaseReport) -> str:
    return ", ".join(
        f"{title(track.key)} {amount(track.points[-1].value, track.unit)}"
        for track in case.history
        if _is_steady(track)
    )


def _sign(verdict: Verdict | None) -> Sign:
    if verdict is None:
        return Sign("none", "·", "")
    return Sign(verdict.value, *_SIGNS[verdict])


def _tile(case: CaseReport, estimate: Estimate, spark: str) -> Tile:
    finding = finding_of(case, estimate.key)
    return Tile(
        title(estimate.key),
        amount(estimate.value, estimate.unit) + ("" if estimate.supported else f" {_MARK}"),
        None if finding is None else change(finding),
        _sign(None if finding is None else finding.verdict),
        spark,
    )


def _spread(spread: Spread) -> Line:
    return Line(title(spread.key), tuple(_cells(spread)), _sign(None))


def _cells(spread: Spread) -> Iterator[str]:
    unit = spread.unit
    middle, *tails = (
        amount(each.value, unit) + ("" if each.supported else f" {_MARK}") for each in spread.quantiles
    )
    interval = spread.quantiles[0].interval
    yield middle
    yield ABSENT if interval is None else f"{unit.write(interval[0])} to {unit.write(interval[1])}"
    yield from tails
    yield ABSENT if spread.mean is None else amount(spread.mean, unit)
    yield ABSENT if spread.deviation is None else amount(spread.deviation, unit)
    yield f"{spread.quantiles[0].n} / {len(spread.rounds)}"


def _finding(case: CaseReport, finding: Finding) -> Line:
    known = case.estimates.get(finding.key)
    low_high = finding.interval
    return Line(
        title(finding.key),
        (
            f"{finding.baseline:g}" if known is None else amount(finding.baseline, known.unit),
            f"{finding.current:g}" if known is None else amount(finding.current, known.unit),
            change(finding),
            ABSENT if low_high is None else f"{percent(low_high[0])} to {percent(low_high[1])}",
            ABSENT if finding.detectable is None else percent(finding.detectable),
        ),
        _sign(finding.verdict),
        rests_on(finding),
    )


def _pace_note(report: Report, case: CaseReport) -> str:
    if case.pace is None or report.profile != "none" or abs(case.pace - 1) < 0.005:
        return ""
    longer = "longer" if case.pace > 1 else "shorter"
    return (
        f"The baseline is drawn at this run's pace: the reference operation took "
        f"{percent(abs(case.pace - 1)).lstrip('+')} {longer} now."
    )
