"""How a metric came to be what it is, as geometry: points with intervals, and where the gate would fail."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from persona_asv.engine.steps import Step
from persona_asv.render.comparison import percent
from persona_asv.render.report_words import amount, title
from persona_asv.render.scale import Scale, line, ticks
from persona_asv.render.spread_charts import Tick
from persona_asv.reports.pace import at_pace
from persona_asv.reports.report import Point, Track
from persona_asv.thresholds import Limits
from persona_asv.units import PERCENT, Better

_WIDTH, _HEIGHT, _LEFT, _RIGHT, _TOP, _FLOOR = 344.0, 170.0, 52.0, 12.0, 14.0, 138.0


@dataclass(frozen=True, slots=True)
class Mark:
    """One point of a history on paper; `low` and `high` are the ends of its interval."""

    x: float
    y: float
    label: str
    low: float | None
    high: float | None
    elsewhere: bool
    last: bool


@dataclass(frozen=True, slots=True)
class History:
    """The drawing of one track; `fail` is the height of the failure threshold."""

    key: str
    title: str
    summary: str
    width: float
    height: float
    left: float
    right: float
    top: float
    floor: float
    path: str
    marks: tuple[Mark, ...]
    fail: float | None
    fail_label: str
    up: tuple[Tick, ...]
    first: str
    last: str
    jumps: tuple[Tick, ...]
    spark: str

    @property
    def radius(self) -> float:
        """The size of a point: smaller where there are many."""
        return 3.5 if len(self.marks) <= 25 else 2.5


def history(
    track: Track, against: str | None, limits: Limits, steps: Sequence[Step] = (), what: str = ""
) -> History:
    """Return the drawing of a track.

    Parameters
    ----------
    against
        The baseline that the failure threshold is measured from; without it there is no line.
    steps
        Where it jumped.
    what
        What its points are; as it is, baselines and this run at the end.
    """
    values = [_told(track, point, point.value) for point in track.points]
    intervals = [_interval(track, point) for point in track.points]
    fail = _fail(track, values, against, limits)
    ends = [
        *values,
        *(end for pair in intervals if pair for end in pair),
        *([fail] if fail is not None else []),
    ]
    reach = 2.5 * max(values)
    low, high = min(ends), min(max(ends), max(reach, fail or 0.0))
    pad = 0.08 * (high - low) or 0.1 * abs(high) or 1.0
    up = Scale(max(0.0, low - pad), high + pad, _FLOOR, _TOP)
    across = Scale(0, max(1, len(values) - 1), _LEFT + 10, _WIDTH - _RIGHT - 8)
    places = [(across.at(number), up.at(value)) for number, value in enumerate(values)]
    return History(
        track.key,
        title(track.key),
        _said(track, values, what),
        _WIDTH, _HEIGHT, _LEFT, _WIDTH - _RIGHT, _TOP, _FLOOR,
        line(places),
        tuple(
            Mark(
                x, y,
                f"{point.label}, {point.at:%Y-%m-%d}: {amount(value, track.unit)}",
                None if pair is None else up.at(pair[0]),
                None if pair is None else up.at(pair[1]),
                point.elsewhere,
                number == len(values) - 1,
            )
            for number, ((x, y), point, value, pair) in enumerate(
                zip(places, track.points, values, intervals, strict=True)
            )
        ),
        None if fail is None else up.at(fail),
        "" if fail is None else f"threshold {amount(fail, track.unit)}",
        tuple(Tick(up.at(each), track.unit.write(each)) for each in ticks(up.low, up.high, 4)),
        _short(track.points[0].label),
        _short(track.points[-1].label),
        tuple(_jump(step, across) for step in steps),
        spark(values),
    )  # fmt: skip


def _jump(step: Step, across: Scale) -> Tick:
    """Return where a step is drawn: between the points on both of its sides."""
    size = "from 0" if step.change is None else percent(step.change)
    return Tick(across.at(step.index - 0.5), size)


def _told(track: Track, point: Point, value: float) -> float:
    return at_pace(value, track.unit, point.pace if track.at_one_pace else None)


def _interval(track: Track, point: Point) -> tuple[float, float] | None:
    if point.interval is None:
        return None
    low, high = sorted(_told(track, point, end) for end in point.interval)
    return low, high


def _fail(track: Track, values: Sequence[float], against: str | None, limits: Limits) -> float | None:
    """Return the value from which the gate fails, measured from the baseline that it compares with."""
    base = next(
        (value for point, value in zip(track.points[:-1], values, strict=False) if point.label == against),
        None,
    )
    if base is None:
        return None
    if track.unit is PERCENT:
        return base + limits.fail if track.better is Better.LOWER else base - limits.fail
    if base == 0:
        return None
    factor = 1 + limits.fail / 100
    return base * factor if track.better is Better.LOWER else base / factor


def _said(track: Track, values: Sequence[float], what: str) -> str:
    count = len(values) - (not what)
    plural = "" if count == 1 else "s"
    who = f"{count} {what}{plural}" if what else f"{count} baseline{plural} and this run"
    return (
        f"{who}, from {amount(values[0], track.unit)} to "
        f"{amount(values[-1], track.unit)}; {track.better.value} is better."
    )


def _short(label: str) -> str:
    return label if len(label) <= 18 else f"{label[:17]}…"


def spark(values: Sequence[float], width: float = 72, height: float = 20) -> str:
    """Return the path of a line without axes, for a tile."""
    low, high = min(values), max(values)
    up = Scale(low, high, height - 2, 2)
    across = Scale(0, max(1, len(values) - 1), 2, width - 2)
    return line([(across.at(number), up.at(value)) for number, value in enumerate(values)])
