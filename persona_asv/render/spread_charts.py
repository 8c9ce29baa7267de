"""How the samples of a run lie, as geometry: dots a round below both shapes, and percentile curves."""

from __future__ import annotations

import math
import statistics
from collections.abc import Sequence
from dataclasses import dataclass

from persona_asv.render.report_words import amount, title
from persona_asv.render.scale import Scale, line, ticks
from persona_asv.reports.report import CaseReport, Spread
from persona_asv.stats import percentile, supports
from persona_asv.units import MILLISECONDS

_WIDTH, _LEFT, _RIGHT = 960.0, 66.0, 14.0
_CURVE_WIDTH, _CURVE_LEFT = 470.0, 54.0
_SHAPE, _LANE = 64.0, 26.0
_BINS = 56
_MOST_LANES = 16
_MOST_DOTS = 250
"""Dots in a lane: of more every second, third, ... is drawn, so that a page stays small."""

_CURVE = (*(each / 100 for each in range(99)), 0.985, 0.99)
_CURVE_TICKS = (0.0, 0.5, 0.75, 0.9, 0.95, 0.99)


@dataclass(frozen=True, slots=True)
class Tick:
    """A place on an axis and what is written there."""

    at: float
    label: str


@dataclass(frozen=True, slots=True)
class Lane:
    """One round: its dots as a path of points, its median, and how many lie beyond the axis."""

    label: str
    y: float
    dots: str
    median: float
    beyond: int


@dataclass(frozen=True, slots=True)
class Strips:
    """Every sample of a distribution.

    Attributes
    ----------
    shape, behind
        Outlines of all samples of the run and of the baseline, over the lanes; no baseline, no outline.
    then
        The baseline's median on the axis.
    """

    title: str
    summary: str
    width: float
    height: float
    left: float
    right: float
    top: float
    floor: float
    lanes: tuple[Lane, ...]
    shape: str
    behind: str
    then: float | None
    ticks: tuple[Tick, ...]
    hidden: int


@dataclass(frozen=True, slots=True)
class Curve:
    """Percentiles of the run and of the baseline; the tail that few samples support is drawn apart."""

    title: str
    summary: str
    width: float
    height: float
    left: float
    right: float
    top: float
    floor: float
    now: str
    now_tail: str
    then: str
    then_tail: str
    across: tuple[Tick, ...]
    up: tuple[Tick, ...]


def drawn(case: CaseReport) -> tuple[Spread, ...]:
    """Return the distributions worth a drawing: times, of more than a handful of samples."""
    return tuple(
        spread
        for spread in case.spreads
        if spread.unit is MILLISECONDS and sum(map(len, spread.rounds)) >= 6 and spread.quantiles[0].value > 0
    )


def strips(spread: Spread) -> Strips:
    """Return the drawing of a distribution, round by round."""
    own = [value for each in spread.rounds for value in each]
    both = (own, spread.behind) if spread.behind else (own,)
    low = min(percentile(each, 0.005) for each in both)
    high = max(min(max(each), 1.25 * percentile(each, 0.95)) for each in both)
    pad = 0.04 * (high - low) or 0.1 * high
    scale = Scale(max(0.0, low - pad), high + pad, _LEFT, _WIDTH - _RIGHT)
    shown = [each for each in spread.rounds if each][:_MOST_LANES]
    top = 8.0
    floor = top + _SHAPE + 6 + _LANE * len(shown)
    tallest = max(max(_density(each, scale)) for each in both)
    middle = statistics.median(own)
    said = f"{len(own)} samples in {len(spread.rounds)} rounds, median {amount(middle, spread.unit)}"
    if spread.behind:
        said += f"; baseline's median {amount(statistics.median(spread.behind), spread.unit)}"
    return Strips(
        f"{title(spread.key)}: every sample by round",
        said + ".",
        _WIDTH,
        floor + 34,
        _LEFT,
        _WIDTH - _RIGHT,
        top,
        floor,
        tuple(_lane(n, each, scale, top + _SHAPE + 6) for n, each in enumerate(shown)),
        _outline(own, scale, top, tallest),
        _outline(spread.behind, scale, top, tallest) if spread.behind else "",
        scale.at(statistics.median(spread.behind)) if spread.behind else None,
        tuple(Tick(scale.at(each), spread.unit.write(each)) for each in ticks(scale.low, scale.high, 8)),
        len(spread.rounds) - len(shown),
    )


def _lane(number: int, values: Sequence[float], scale: Scale, top: float) -> Lane:
    middle = top + (number + 0.5) * _LANE
    step = math.ceil(len(values) / _MOST_DOTS)
    dots = "".join(
        f"M{scale.at(value):g} {middle + 15 * ((index * 0.618034) % 1 - 0.5):.1f}h0"
        for index, value in enumerate(values[::step])
        if value <= scale.high
    )
    beyond = sum(value > scale.high for value in values)
    return Lane(f"round {number + 1}", middle, dots, scale.at(statistics.median(values)), beyond)


def _density(values: Sequence[float], scale: Scale) -> list[float]:
    """Return the share of the values in each of `_BINS` bins of the axis, smoothed over neighbours."""
    counts = [0.0] * (_BINS + 2)
    span = scale.high - scale.low
    for value in values:
        if scale.low <= value <= scale.high:
            counts[1 + min(_BINS - 1, int(_BINS * (value - scale.low) / span))] += 1 / len(values)
    for _ in range(2):
        counts = [
            (counts[max(0, i - 1)] + 2 * counts[i] + counts[min(len(counts) - 1, i + 1)]) / 4
            for i in range(len(counts))
        ]
    return counts


def _outline(values: Sequence[float], scale: Scale, top: float, tallest: float) -> str:
    base = top + _SHAPE
    width = (scale.end - scale.start) / _BINS
    points = [
        (round(min(scale.end, max(scale.start, scale.start + (i - 0.5) * width)), 1),
         round(base - (_SHAPE - 4) * share / tallest, 1))
        for i, share in enumerate(_density(values, scale))
    ]  # fmt: skip
    return f"M{scale.start:g} {base:g}L{line(points)[1:]}L{scale.end:g} {base:g}Z"


def curve(spread: Spread) -> Curve:
    """Return the drawing of the percentiles, the tail stretched: from 90 to 99 is as far as from 0 to 90."""
    own = sorted(value for each in spread.rounds for value in each)
    then = sorted(spread.behind)
    high = max(percentile(each, 0.99) for each in (own, then) if each)
    across = Scale(0.0, 2.0, _CURVE_LEFT, _CURVE_WIDTH - _RIGHT)
    up = Scale(0.0, 1.06 * high, 210.0, 10.0)

    def parts(values: Sequence[float]) -> tuple[str, str]:
        solid = [q for q in _CURVE if supports(len(values), q)]
        tail = [q for q in _CURVE if q not in solid]
        places = {q: (across.at(-math.log10(1 - q)), up.at(percentile(values, q))) for q in _CURVE}
        joint = solid[-1:] if tail else []
        return line([places[q] for q in solid]), line([places[q] for q in (*joint, *tail)])

    names = (("P50", 0.5), ("P95", 0.95), ("P99", 0.99))
    said = ", ".join(f"{name} {amount(percentile(own, q), spread.unit)}" for name, q in names)
    now, now_tail = parts(own)
    before, before_tail = parts(then) if then else ("", "")
    return Curve(
        f"{title(spread.key)}: percentiles",
        f"This run: {said}.",
        _CURVE_WIDTH, 238.0, _CURVE_LEFT, _CURVE_WIDTH - _RIGHT, 10.0, 210.0,
        now, now_tail, before, before_tail,
        tuple(Tick(across.at(-math.log10(1 - q)), f"P{q * 100:.0f}") for q in _CURVE_TICKS),
        tuple(Tick(up.at(each), spread.unit.write(each)) for each in ticks(0.0, up.high, 5)),
    )  # fmt: skip
