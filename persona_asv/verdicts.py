"""What configuration and command line make of a judgement: thresholds before it, an exit code after it."""

from __future__ import annotations

from collections.abc import Sequence

from persona_asv.config import CiSettings, ThresholdSettings
from persona_asv.errors import ExitCode, UsageError
from persona_asv.model import UNATTRIBUTED, ResultFile
from persona_asv.thresholds import SHIPPED, Limits, Thresholds

MOST = 1000.0
"""Highest threshold in percent: eleven times slower is a failure whatever one wants."""


def thresholds(settings: ThresholdSettings, warn: float | None, fail: float | None) -> Thresholds:
    """Return the thresholds in force: the command line's, else the metric's own, else the general pair.

    A level given on the command line holds for every metric; the other level stays what it was, but never
    below a warning that was raised.

    Raises
    ------
    UsageError
        A level is not above 0 and up to `MOST`, or the warning lies above the failure.
    """
    for flag, level in (("--warn-threshold", warn), ("--fail-threshold", fail)):
        if level is not None and not 0 < level <= MOST:
            raise UsageError(f"{flag} must be above 0 and up to {MOST:g}, not {level:g}")
    general = _limits("the general thresholds", settings.warn, settings.fail, warn, fail)
    own = dict(SHIPPED)
    for key, found in settings.metrics.items():
        shipped = SHIPPED.get(key, Limits(settings.warn, settings.fail))
        own[key] = _limits(
            f"benchmarks.thresholds.metrics.{key}", shipped.warn, shipped.fail, found.warn, found.fail
        )
    if warn is not None or fail is not None:
        own = {key: _limits(key, found.warn, found.fail, warn, fail) for key, found in own.items()}
    return Thresholds(general, own)


def _limits(what: str, warn: float, fail: float, new_warn: float | None, new_fail: float | None) -> Limits:
    """Return a pair with one or both levels replaced; a lone new level pushes the old one out of its way."""
    if new_warn is not None and new_fail is not None and new_warn > new_fail:
        raise UsageError(
            f"{what}: the warning threshold {new_warn:g} lies above the failure threshold {new_fail:g}"
        )
    if new_warn is not None:
        warn, fail = new_warn, max(fail, new_warn)
    if new_fail is not None:
        warn, fail = min(warn, new_fail), new_fail
    return Limits(warn, fail)


def exit_code(verdict: ExitCode, ci: CiSettings) -> ExitCode:
    """Return the code of ``--ci``: the verdict's, as far as ``benchmarks.ci`` wants it to fail a build."""
    if verdict is ExitCode.COULD_NOT_MEASURE:
        return verdict
    if not ci.fail_on_regression or (verdict is ExitCode.WARN and ci.fail_on == "fail"):
        return ExitCode.PASS
    return verdict


def unless_failed(verdict: ExitCode) -> ExitCode:
    """Return the code without ``--ci``: a verdict is news, not an error; what was not measured is one."""
    return verdict if verdict is ExitCode.COULD_NOT_MEASURE else ExitCode.PASS


def name(files: Sequence[ResultFile]) -> str:
    """Return what a side is called: its commit, and how many rounds."""
    commit, plus, mark = files[0].commit.partition("+")
    rounds = f"{len(files)} round" + ("s" if len(files) > 1 else "")
    label = "unattributed" if commit == UNATTRIBUTED else commit[:8]
    return f"{label}{plus}{mark} ({rounds})"
