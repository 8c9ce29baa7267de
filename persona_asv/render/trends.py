"""Trends as text: one row a metric with its course in a line, and as JSON."""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import groupby
from typing import Any

from persona_asv.render.comparison import percent
from persona_asv.render.report_words import ABSENT, moment
from persona_asv.render.terminal import Style
from persona_asv.reports.trend import Source, Trend, Trends
from persona_asv.thresholds import Thresholds
from persona_asv.units import PERCENT, Better

_LEVELS = ("▁▂▃▄▅▆▇█", "_.-:=+*#")
_JUMPS = ("│", "|")
_NARROW, _WIDE = 12, 40
_BESIDES = 62
"""Columns that a row takes beside its line."""

WHAT = {Source.BASELINES: "baseline", Source.COMMITS: "commit"}
"""What the points of a source are called, one of them."""


def sparkline(values: Sequence[float], borders: Sequence[int], style: Style, width: int) -> str:
    """Return values as a line of at most `width` characters, a bar before each point that starts a step.

    Of more values than there is room for, neighbours are put together: their mean is shown.

    >>> sparkline([1, 2, 3, 8], [3], Style(False, False, 80), 10)
    '_.-|#'
    """
    levels, bar = _LEVELS[not style.unicode], _JUMPS[not style.unicode]
    room = max(1, width - len(borders))
    size = math.ceil(len(values) / room)
    groups = [values[at : at + size] for at in range(0, len(values), size)]
    means = [sum(group) / len(group) for group in groups]
    low, high = min(means), max(means)
    shown = []
    before = {border // size for border in borders}
    for number, mean in enumerate(means):
        share = (mean - low) / (high - low) if high > low else 0.5
        shown.append((bar if number in before else "") + levels[min(7, int(8 * share))])
    return "".join(shown)


def text(trends: Trends, thresholds: Thresholds, style: Style) -> str:
    """Return all trends, a table for each case and source."""
    parts: list[str] = []
    drifted = False
    for (source, case, provider), group in groupby(trends.trends, lambda t: (t.source, t.case, t.provider)):
        found = list(group)
        points = max(found, key=lambda each: len(each.track.points)).track.points
        count = len(points)
        what = f"{count} {WHAT[source]}{'' if count == 1 else 's'}"
        head = f"{case} ({provider}) over {what}"
        span = f"{points[0].label} ({points[0].at:%Y-%m-%d}) to {points[-1].label} ({points[-1].at:%Y-%m-%d})"
        rows = [_row(each, thresholds, style) for each in found]
        drifted = drifted or any(row[-1].endswith("!") for row in rows)
        parts += [head, style.rule(len(head)), style.wrap(span), _table(rows, style)]
        parts += [style.wrap(f"Jump at {where}: {', '.join(what)}") for where, what in _jumps(found).items()]
        parts.append("")
    if drifted:
        parts.append(
            "! worse than the oldest by the warning threshold or more; `compare` judges, this does not"
        )
    if any(each.track.at_one_pace for each in trends.trends):
        parts.append("Times and rates are told at the last point's pace, by the reference operation")
    if any(point.elsewhere for each in trends.trends for point in each.track.points):
        parts.append("Some baselines were measured on another machine")
    parts += [style.wrap(note) for note in trends.notes]
    return "\n".join(map(str.rstrip, parts)).rstrip("\n")


def _table(rows: Sequence[Sequence[str]], style: Style) -> str:
    from tabulate import tabulate

    head = ("Metric", "Trend", "First", "Last", "Change", "Drift")
    wide = style.width >= 100
    form = ("simple_outline" if style.unicode else "outline") if wide else "plain"
    aligned = ("left", "left", "right", "right", "right", "left")
    return tabulate(rows, headers=head, tablefmt=form, disable_numparse=True, colalign=aligned)


def _row(trend: Trend, thresholds: Thresholds, style: Style) -> tuple[str, ...]:
    track, values = trend.track, trend.values
    width = min(_WIDE, max(_NARROW, style.width - _BESIDES - (18 if style.width >= 100 else 0)))
    absent = ABSENT if style.unicode else "-"
    worse = _worse(trend)
    mark = " !" if worse is not None and worse >= thresholds.of(track.key).warn else ""
    return (
        track.key,
        sparkline(values, [step.index for step in trend.steps], style, width),
        track.unit.write(values[0]),
        track.unit.write(values[-1]),
        absent if trend.change is None else _moved(trend, trend.change),
        absent if trend.drift is None else _moved(trend, trend.drift) + mark,
    )


def _worse(trend: Trend) -> float | None:
    """Return by how much the last point is worse than the oldest, in percent or points."""
    if trend.drift is None:
        return None
    size = trend.drift if trend.track.unit is PERCENT else 100 * trend.drift
    return size if trend.track.better is Better.LOWER else -size


def _moved(trend: Trend, by: float) -> str:
    return f"{by:+.1f} pts" if trend.track.unit is PERCENT else percent(by)


def _jumps(trends: Sequence[Trend]) -> dict[str, list[str]]:
    """Return what jumped and how far, by the first point after it."""
    found: dict[str, list[str]] = {}
    for trend in trends:
        for step in trend.steps:
            point = trend.track.points[step.index]
            size = "from 0" if step.change is None else percent(step.change)
            found.setdefault(f"{point.label} ({point.at:%Y-%m-%d})", []).append(f"{trend.track.key} {size}")
    return found


def as_json(trends: Trends) -> dict[str, Any]:
    """Return all trends for ``--json``; fractions are fractions, what is not known has no key."""
    return {"trends": [_trend(each) for each in trends.trends], "notes": list(trends.notes)}


def _trend(trend: Trend) -> dict[str, Any]:
    track, values = trend.track, trend.values
    found: dict[str, Any] = {
        "case": trend.case,
        "provider": trend.provider,
        "source": trend.source.value,
        "metric": track.key,
        "unit": track.unit.name,
        "better": track.better.value,
        "at_one_pace": track.at_one_pace,
        "first": values[0],
        "last": values[-1],
        "change": trend.change,
        "drift": trend.drift,
        "steps": [
            {"label": track.points[step.index].label, "at": moment(track.points[step.index].at)}
            | ({} if step.change is None else {"change": step.change})
            for step in trend.steps
        ],
        "points": [
            {"label": point.label, "at": moment(point.at), "value": point.value, "told": value}
            | ({} if point.interval is None else {"interval": list(point.interval)})
            for point, value in zip(track.points, values, strict=True)
        ],
    }
    return {key: value for key, value in found.items() if value is not None}
