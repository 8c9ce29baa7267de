"""One timed metric of two sides: what moved, by how much, and with what doubt, channel by channel."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, replace

from persona_asv.calibration import Basis, Calibration, Channel
from persona_asv.evidence import Effect, effect, mean, unstrain
from persona_asv.rounds import Side
from persona_asv.stats import supports
from persona_asv.thresholds import Limits
from persona_asv.traces import STATISTICS

ROUNDS_TO_TEST = 3
"""Rounds a side from which the full test speaks, and waiting is judged."""
SCREEN = {"p50": 0.6, "mean": 0.6, "p95": 1.0, "p99": 1.0}
"""Share of the warning level from which a move is worth a second look."""
SCREEN_DOUBT, ALARM_DOUBT = 0.25, 0.1
"""P values of "nothing got worse" from which a move is suspicious, and from which it may hold up a build."""
SHARE = {Channel.CPU: 0.8, Channel.DEMAND: 0.2}
"""How the error rate is shared between the channels: weighted Bonferroni, after S. Holm (1979), section 4."""
WAIT_SCATTER = {"p50": 1.5, "mean": 3.0, "p95": 6.0, "p99": 4.0}
"""Waiting scatters this many times more than calibrated CPU time between rounds of identical code."""
SCATTER = {Basis.CALIBRATED: 1.0, Basis.RAW: 2.0, Basis.WALL: 2.0}
"""Uncalibrated time scatters this many times more between rounds, even on a quiet machine."""

THREADS = "times of several threads follow the machine: only rounds that take turns decide"
DRIFT = {Channel.CPU: 0.25, Channel.OVERHEAD: 0.5}
"""Standard deviation of the log change between two runs apart of code that always had threads, unchanged.

Batches at a load of 12 on two cores: 0.15 to 0.2 for calibrated CPU time, 0.35 for the own share. Rounds of
a run, measured within a minute, scatter far less and know nothing of it.
"""


@dataclass(frozen=True, slots=True)
class Timing:
    """The evidence about one timed metric.

    Percentages are those of the printed metric, positive where it got worse; `Effect`s are about time.

    Attributes
    ----------
    effects, values
        By channel, the plainest first: the change, and the geometric mean over the rounds of the statistic in
        seconds. Empty where a round measured nothing but zeros.
    supported
        Whether both sides hold enough samples beyond the quantile.
    rate
        Whether the metric is one over the time, so that its percentage is another.
    idle
        Whether it is a share of the time and nothing but zeros on both sides.
    doubted
        Why it can only suspect, as half a sentence; empty where it can decide.
    """

    key: str
    statistic: str
    limits: Limits
    effects: Mapping[Channel, Effect]
    values: Mapping[Channel, tuple[float, float]]
    n: tuple[int, int]
    rounds: tuple[int, int]
    supported: bool = True
    rate: bool = False
    idle: bool = False
    doubted: str = ""

    @property
    def tested(self) -> bool:
        """Whether there are rounds enough for a verdict, and nothing else stands against one."""
        return min(self.rounds) >= ROUNDS_TO_TEST and not self.doubted

    @property
    def judged(self) -> bool:
        """Whether there is anything to judge."""
        return self.supported and bool(self.effects)

    def worsening(self, effect: Effect) -> float:
        """Return how much worse the printed metric got, in percent with one decimal, as it is printed."""
        return -effect.mirrored.percent if self.rate else effect.percent

    def fraction(self, percent: float) -> float:
        """Return the change of time, as a fraction, that a worsening of the printed metric stands for."""
        if not self.rate:
            return percent / 100
        return percent / (100 - percent) if percent < 100 else math.inf

    def doubts(self, level: float, *, better: bool = False) -> dict[Channel, float]:
        """Return, by channel, the p value of "worse by `level` percent", multiplied by their number.

        1 where the estimate, as it is printed, falls short of the level: a verdict never contradicts the
        number beside it. Otherwise the probability of such an estimate where the truth is half the level.
        """
        found = {}
        for channel, its in self.effects.items():
            seen = its.mirrored if better else its
            reached = seen.size > 0 and self.worsening(seen) >= level
            doubt = seen.doubt(self.fraction(level / 2)) if reached else 1.0
            share = SHARE[channel] if len(self.effects) > 1 else 1.0
            found[channel] = min(1.0, doubt / share)
        return found

    def doubt(self, level: float, *, better: bool = False) -> float:
        """Return the least of `doubts`."""
        return min(self.doubts(level, better=better).values(), default=1.0)

    @property
    def suspicious(self) -> bool:
        """Whether it moved enough, and not by noise alone, that fresh rounds are worth measuring."""
        return bool(self._moved(SCREEN_DOUBT))

    @property
    def alarming(self) -> bool:
        """Whether it moved beyond most doubt, and its 95 % interval reaches the failure level."""
        worst = self.fraction(self.limits.fail)
        return any(seen.interval()[1] >= worst for seen in self._moved(ALARM_DOUBT))

    def _moved(self, doubt: float) -> list[Effect]:
        level = SCREEN[self.statistic] * self.limits.warn
        return [
            seen
            for seen in self.effects.values()
            if self.supported and seen.size > 0 and self.worsening(seen) >= level and seen.doubt(0.0) <= doubt
        ]


def of_threads_apart(its: Timing) -> Timing:
    """Return the evidence about code that always had threads, from rounds that did not take turns."""
    effects = {channel: seen.drifting(DRIFT[channel]) for channel, seen in its.effects.items()}
    return replace(its, effects=effects, doubted=its.doubted or THREADS)


def timing(
    calibration: Calibration,
    sides: tuple[Side, Side],
    key: str,
    statistic: str,
    limits: Limits,
    *,
    scatter: float,
    in_blocks: bool,
    overhead: bool = False,
    personas: float | None = None,
) -> Timing:
    """Weigh one metric.

    Parameters
    ----------
    scatter
        Usual standard deviation between calibrated rounds of the log of this statistic.
    in_blocks
        Whether the rounds are interleaved.
    overhead
        Whether the metric is about the subject's own share instead of the whole operation.
    personas
        For a rate: how many times more personas an operation returns on the current side.
    """
    rounds = (len(calibration.baseline), len(calibration.current))
    n = (sides[0].operations, sides[1].operations)
    scatter *= SCATTER[calibration.basis]
    channels = (Channel.OVERHEAD,) if overhead else calibration.channels()
    if min(rounds) < ROUNDS_TO_TEST:
        channels = channels[:1]
    strain = calibration.strain(statistic)
    effects: dict[Channel, Effect] = {}
    values: dict[Channel, tuple[float, float]] = {}
    idle = False
    for channel in channels:
        logs = calibration.logs(channel, statistic)
        if not all(map(math.isfinite, (*logs[0], *logs[1]))):
            idle = not any(map(math.isfinite, (*logs[0], *logs[1])))
            effects, values = {}, {}
            break
        usual = scatter * (WAIT_SCATTER[statistic] if channel is Channel.DEMAND else 1.0)
        seen = effect(unstrain(logs, strain, usual), usual, in_blocks=in_blocks)
        effects[channel] = seen.moved(-math.log(personas or 1.0))
        # The change is freed of the machine's strain; the values lie as far apart, about their own middle.
        middle = (mean(logs[0]) + mean(logs[1])) / 2
        values[channel] = (math.exp(middle - seen.size / 2), math.exp(middle + seen.size / 2))
    q = STATISTICS[statistic]
    return Timing(
        key,
        statistic,
        limits,
        effects,
        values,
        n,
        rounds,
        supported=q is None or all(supports(count, q) for count in n),
        rate=personas is not None,
        idle=idle and overhead,
    )
