"""Runs of one workload on several providers, side by side."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from persona_asv import metrics
from persona_asv.case_rounds import CaseRounds
from persona_asv.course import Run
from persona_asv.estimates import Estimate
from persona_asv.render.run import cell, duration, notes, timed
from persona_asv.render.terminal import Style

_ROWS: tuple[tuple[str, str], ...] = (
    ("generation_latency P50", "generation_latency_p50"),
    ("generation_latency P95", "generation_latency_p95"),
    ("client_overhead P50", "client_overhead_p50"),
    ("provider time P50", ""),
    ("throughput (per min)", "throughput_per_minute"),
    ("api_calls (per persona)", "api_calls_per_persona"),
    ("connections (per persona)", "connections_per_persona"),
    ("tokens (per persona)", "tokens_per_persona"),
    ("error_rate", "error_rate"),
    ("retry_rate", "retry_rate"),
    ("parse_success_rate", "parse_success_rate"),
)
"""Rows by label and metric; provider time is no metric, but what overhead leaves of latency."""


def summary(runs: Sequence[Run], total: float, style: Style, kept: Sequence[str]) -> str:
    """Return everything below the progress: one table a case, a column a provider, and what to make of it.

    Parameters
    ----------
    total
        Seconds of the whole command so far.
    kept
        One line a run on where it is kept.
    """
    parts = ["", "Results Summary", style.rule(len("Results Summary"))]
    unsupported = False
    for each in zip(*(run.cases for run in runs), strict=True):
        found = [metrics.estimates(case, runs[0].plan.families) for case in each]
        unsupported |= any(not its.supported for estimates in found for key, its in _shown(estimates))
        if len(runs[0].cases) > 1:
            parts += ["", each[0].case]
        parts.append(style.table(("Metric", *(case.provider for case in each)), _rows(each, found, style)))
    parts += map(style.wrap, notes(runs, style, unsupported=unsupported))
    own = sum(run.harness.own for run in runs)
    parts += ["", f"Total time: {duration(total)}", f"Harness overhead: {max(0.0, total - own):.1f} s"]
    if timed(runs):
        share = max(run.harness.wait_share for run in runs)
        parts.append(f"Waiting for a CPU: {share:.1%} of the operations' wall time at most")
    parts += map(style.wrap, kept)
    parts += ["", f"Next: persona benchmark capture --workload {runs[0].plan.workload.name} "
              f"--provider {runs[0].plan.provider}"]  # fmt: skip
    return "\n".join(parts)


def _shown(estimates: Mapping[str, Estimate]) -> Iterator[tuple[str, Estimate]]:
    return ((key, estimates[key]) for _, key in _ROWS if key in estimates)


def _rows(
    cases: Sequence[CaseRounds], found: Sequence[Mapping[str, Estimate]], style: Style
) -> list[tuple[str, ...]]:
    """Return the rows of which any provider has a figure; a missing one is a dash."""
    rows = []
    for label, key in _ROWS:
        if key:
            figures = [cell(its[key], style) if key in its else "" for its in found]
        else:
            figures = [_provider_time(case, style) for case in cases]
        if any(figures):
            rows.append((label, *(figure or "-" for figure in figures)))
    return rows


def _provider_time(case: CaseRounds, style: Style) -> str:
    return "".join(cell(each, style) for each in metrics.PROVIDERS_SHARE.quantiles(case)[:1])
