"""What a comparison found: a verdict per metric with its evidence, and one for all of them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

from persona_asv.errors import ExitCode


class Verdict(StrEnum):
    """What may be said of one metric."""

    PASS = "pass"  # noqa: S105 - not a password
    WARN = "warn"
    FAIL = "fail"
    INSUFFICIENT = "insufficient"
    INCONCLUSIVE = "inconclusive"
    BETTER = "better"


class Stage(StrEnum):
    """What the verdict rests on: a first look, a test of at least three rounds a side, or plain numbers.

    SHOWN is no verdict at all: numbers that stand beside each other, whatever their number.
    """

    SCREEN = "screen"
    TEST = "test"
    PLAIN = "plain"
    SHOWN = "shown"


@dataclass(frozen=True, slots=True)
class Finding:
    """One metric, judged.

    Attributes
    ----------
    key
        The metric's key, e.g. ``generation_latency_p50``.
    baseline, current
        The compared values in the metric's unit (times: geometric mean of the rounds, calibrated where the
        basis is); `change` is exactly their ratio less one.
    change
        Fraction by which the value moved (a difference in percentage points for rates); None from zero.
    interval
        95 % confidence interval of `change`; None for plain numbers.
    detectable
        Smallest true change in the worse direction that such rounds would mark (80 % power); None for plain
        numbers.
    n, rounds
        Samples and rounds behind the value, baseline and current.
    channel, basis
        What was judged (`calibration.Channel`, `calibration.Basis`); empty for plain numbers.
    suspicious
        Whether it moved enough that fresh rounds are worth measuring.
    reason
        Why the verdict is what it is, as half a sentence.
    """

    key: str
    verdict: Verdict
    baseline: float
    current: float
    change: float | None
    interval: tuple[float, float] | None = None
    detectable: float | None = None
    n: tuple[int, int] = (0, 0)
    rounds: tuple[int, int] = (0, 0)
    channel: str = ""
    basis: str = ""
    stage: Stage = Stage.PLAIN
    suspicious: bool = False
    reason: str = ""


@dataclass(frozen=True, slots=True)
class Judgement:
    """One case, judged.

    Attributes
    ----------
    findings
        In the order of the metrics table: latency, throughput, overhead, then plain numbers.
    remeasure
        Whether fresh interleaved rounds would be worth their time: something is suspicious and what was
        judged was not fresh.
    missing
        Metrics of the baseline that the current side lacks: never passed over.
    added
        Metrics only the current side has: shown, not judged.
    notes
        Guards that acted and limits of what was recorded, one sentence each.
    waiting
        Share of wall time spent waiting for a CPU, baseline and current: how busy the machine was. None
        where no run-queue delay was recorded.
    interleaved
        Whether the rounds were compared in pairs.
    """

    findings: tuple[Finding, ...]
    remeasure: bool
    missing: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    waiting: tuple[float, float] | None = None
    interleaved: bool = False

    @property
    def verdicts(self) -> Mapping[str, Verdict]:
        """The verdict of every metric, by key."""
        return {finding.key: finding.verdict for finding in self.findings}

    @property
    def exit_code(self) -> ExitCode:
        """What a build should make of it."""
        found = set(self.verdicts.values())
        if self.missing or found <= {Verdict.INSUFFICIENT}:  # a gate that judged nothing must not pass
            return ExitCode.COULD_NOT_MEASURE
        if Verdict.FAIL in found:
            return ExitCode.FAIL
        return ExitCode.WARN if found & {Verdict.WARN, Verdict.INCONCLUSIVE} else ExitCode.PASS
