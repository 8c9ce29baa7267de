"""Trends as one drawing: a file that any browser shows, light or dark, and that runs nothing."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import groupby

from persona_asv.render.comparison import percent
from persona_asv.render.history_chart import History, history
from persona_asv.render.pages import fill
from persona_asv.render.spread_charts import Tick
from persona_asv.render.trends import WHAT
from persona_asv.reports.trend import Trend, Trends
from persona_asv.thresholds import Thresholds
from persona_asv.units import PERCENT

_COLUMNS, _MARGIN, _STEP, _HEIGHT, _HEAD = 3, 20.0, 364.0, 226.0, 50.0


@dataclass(frozen=True, slots=True)
class Drawing:
    """One metric's place on the sheet."""

    x: float
    y: float
    said: str
    chart: History


@dataclass(frozen=True, slots=True)
class Sheet:
    """The whole drawing."""

    width: float
    height: float
    count: int
    summary: str
    heads: tuple[Tick, ...]
    drawings: tuple[Drawing, ...]


def svg(trends: Trends, thresholds: Thresholds) -> str:
    """Return the drawing of all trends: a heading for each case and source, three metrics a row."""
    y, heads, drawings = 0.0, [], []
    for (source, case, provider), group in groupby(trends.trends, lambda t: (t.source, t.case, t.provider)):
        heads.append(Tick(y + 34, f"{case} ({provider}) over {WHAT[source]}s"))
        y += _HEAD
        found = list(group)
        for number, each in enumerate(found):
            row, column = divmod(number, _COLUMNS)
            chart = history(each.track, None, thresholds.of(each.track.key), each.steps, WHAT[source])
            drawings.append(Drawing(_MARGIN + column * _STEP, y + row * _HEIGHT, _said(each), chart))
        y += _HEIGHT * -(-len(found) // _COLUMNS)
    sheet = Sheet(
        2 * _MARGIN + _COLUMNS * _STEP - 20,
        y + _MARGIN,
        len(drawings),
        "; ".join(f"{drawing.chart.title}: {drawing.chart.summary.rstrip('.')}" for drawing in drawings)
        + ".",
        tuple(heads),
        tuple(drawings),
    )
    return fill("trends.svg.j2", sheet=sheet)


def _said(trend: Trend) -> str:
    """Return how far it went, in a few words."""
    if trend.drift is None:
        return f"{trend.track.better.value} is better"
    drift = f"{trend.drift:+.1f} points" if trend.track.unit is PERCENT else percent(trend.drift)
    return f"{drift} since the first; {trend.track.better.value} is better"
