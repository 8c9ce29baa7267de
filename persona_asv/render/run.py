"""A run as text: header, progress, table, and what to make of it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TextIO

from persona_asv import costs, metrics
from persona_asv.case_rounds import CaseRounds
from persona_asv.course import Progress, Run
from persona_asv.estimates import Estimate, Family
from persona_asv.plan import Plan, identity
from persona_asv.render.endpoint import endpoint
from persona_asv.render.terminal import Style

_WIDTH = 61
"""F-139's rule."""


def header(plans: Sequence[Plan], commit: str, style: Style) -> str:
    """Return what is about to be measured, on one provider or several."""
    plan = plans[0]
    cases = ", ".join(
        f"{case.name} ({case.iterations} iterations in {len(case.deal())} rounds)"
        for case in plan.workload.cases
    )
    return "\n".join(
        (
            f"Running Benchmark Suite: {plan.workload.name}",
            style.rule(_WIDTH, double=True),
            "",
            f"Workload: {cases}",
            f"Subject:  {plan.subject} {plan.subject_version}, commit {commit}",
            f"Provider: {', '.join(f'{each.provider} ({each.model})' for each in plans)}",
            f"Endpoint: {endpoint(plan.profile)}",
            "",
            "Running benchmarks...",
        )
    )


@dataclass(slots=True)
class ProgressLines:
    """One line a metric that moves with its iterations; off a terminal, one plain line when it is done."""

    stream: TextIO
    style: Style
    families: Sequence[Family]
    _drawn: bool = False
    _last: list[str] = field(default_factory=list)

    def show(self, progress: Progress) -> None:
        """Redraw; does nothing where lines cannot be redrawn."""
        if not self.style.live:
            return
        lines = [self._line(family, self._share(family, progress)) for family in self.families]
        if lines == self._last:
            return
        up = f"\x1b[{len(lines)}A" if self._drawn else ""
        self.stream.write(up + "".join(f"\r\x1b[2K{line}\n" for line in lines))
        self.stream.flush()
        self._drawn, self._last = True, lines

    def done(self) -> None:
        """Draw the last state: every metric measured."""
        everything = Progress(1, 1, 1, 1)
        if self.style.live:
            self.show(everything)
            return
        for family in self.families:
            self.stream.write(f"  {self.style.ok} {family.name}\n")
        self.stream.flush()

    @staticmethod
    def _share(family: Family, progress: Progress) -> float:
        if family.name == "memory_usage":
            return progress.memory_processes / progress.of_memory_processes
        return progress.operations / progress.of_operations

    def _line(self, family: Family, share: float) -> str:
        mark = self.style.ok if share >= 1 else "  "
        return f"  {mark} {family.name:<22} {self.style.bar(min(share, 1.0))}"


def summary(run: Run, total: float, style: Style, history: str) -> str:
    """Return everything below the progress: a table a case, notes, times, where it is kept, what to do next.

    Parameters
    ----------
    total
        Seconds of the whole command so far.
    history
        One line on where the run is kept.
    """
    parts = ["", "Results Summary", style.rule(len("Results Summary"))]
    unsupported = False
    for case in run.cases:
        if len(run.cases) > 1:
            parts += ["", case.case]
        rows = metrics.table(case, run.plan.families)
        unsupported |= any(not estimate.supported for row in rows for estimate in row.quantiles)
        cells = [(row.label, *(cell(estimate, style) for estimate in row.quantiles)) for row in rows]
        parts += [style.table(("Metric", "P50", "P95", "P99"), cells)] if cells else []
    parts += map(style.wrap, (*_reliability(run), *_cost(run)))
    parts += map(style.wrap, notes([run], style, unsupported=unsupported))
    overhead = max(0.0, total - run.harness.own)
    parts += [
        "",
        f"Total time: {duration(total)}",
        f"Harness overhead: {overhead:.1f} s ({overhead / run.rounds:.1f} s a round of {run.rounds})",
        *(
            [f"Waiting for a CPU: {run.harness.wait_share:.1%} of the operations' wall time"]
            if timed([run])
            else []
        ),
        style.wrap(history),
        "",
        f"Next: {_next(run)}",
    ]
    return "\n".join(parts)


def timed(runs: Sequence[Run]) -> bool:
    """Whether operations were timed, not only memory measured."""
    return any(case.cells(metrics.LATENCY) for run in runs for case in run.cases)


def streamed(runs: Sequence[Run]) -> bool:
    """Whether times of tokens were measured."""
    return any(case.cells(name) for run in runs for case in run.cases for name in metrics.STREAMED.values())


def cell(estimate: Estimate, style: Style) -> str:
    """Return a figure for a table, marked where it rests on too little."""
    return estimate.unit.write(estimate.value) + ("" if estimate.supported else f" {style.mark}")


def notes(runs: Sequence[Run], style: Style, *, unsupported: bool) -> list[str]:
    """Return what a reader of the table must know, for runs of one workload."""
    run, said = runs[0], []
    if timed(runs) and run.plan.profile == "none":
        said.append(
            "generation_latency here is Persona's own time; add your model's. Throughput is a ceiling."
        )
    elif timed(runs):
        said.append(
            f"The model time ({run.plan.profile}) is simulated; client_overhead is Persona's own share."
        )
    if timed(runs) and any(case.batch for case in run.plan.workload.cases):
        said.append(
            "In a batch client_overhead is per persona, and throughput at more than 1 at a time per second."
        )
    if run.plan.profile == "none" and streamed(runs):
        said.append(
            "All tokens of a stream are there at once: their times are Persona's own; "
            "`--profile stream:300:20` paces them."
        )
    if unsupported:
        said.append(f"{style.mark} fewer than 5 samples lie beyond this percentile: shown, never decisive.")
    if run.rounds < 3:
        said.append(
            f"A smoke test: {run.rounds} rounds can raise a suspicion, a verdict needs at least 3 a side."
        )
    if any(each.harness.sampled for each in runs):
        said.append(
            "memory_peak is the most that was seen of an operation: here no peak can be read exactly."
        )
    return said


def _reliability(run: Run) -> list[str]:
    """Return how many operations failed, were tried again or could not be parsed: one line a case."""
    lines = []
    for case in run.cases:
        found = metrics.estimates(case, (metrics.FAMILIES["reliability"],))
        figures = ", ".join(f"{key} {its.unit.write(its.value)}" for key, its in found.items())
        if figures:
            lines.append((f"{case.case}: " if len(run.cases) > 1 else "Reliability: ") + figures)
    return lines


def _cost(run: Run) -> Iterator[str]:
    """Yield what a persona costs, by which price, or why that is not known: one line a case."""
    if "cost" not in {family.name for family in run.plan.families}:
        return
    for case in run.cases:
        found, price = costs.estimate(case), costs.sentence(case)
        who = f"Cost of {case.case}: " if len(run.cases) > 1 else "Cost: "
        if found is not None:
            yield f"{who}{found.unit.write(found.value)} per persona, {price}"
        elif price:
            yield who + price


def duration(seconds: float) -> str:
    """Return a time for people.

    >>> duration(9.24), duration(272)
    ('9.2s', '4m 32s')
    """
    minutes, rest = divmod(seconds, 60)
    return f"{minutes:.0f}m {rest:02.0f}s" if minutes else f"{rest:.1f}s"


def _next(run: Run) -> str:
    if run.plan.workload.name == "quick":
        return "persona benchmark run --workload standard"
    return f"persona benchmark compare --baseline ANOTHER_RUN --current {run.folder.path}"


def _rows(case: CaseRounds, families: Sequence[Family]) -> Iterator[tuple[str, Sequence[Estimate]]]:
    """Yield the rows of the table, and the provider's time, which has one only beside other providers'."""
    yield from ((row.label, row.quantiles) for row in metrics.table(case, families))
    if quantiles := metrics.PROVIDERS_SHARE.quantiles(case):
        yield "provider_time", quantiles


def _percentiles(quantiles: Sequence[Estimate]) -> dict[str, float]:
    return {name: estimate.value for name, estimate in zip(("p50", "p95", "p99"), quantiles, strict=True)}


def cases_as_json(cases: Sequence[CaseRounds], families: Sequence[Family]) -> dict[str, object]:
    """Return every metric of every case with what it stands on, for ``--json``."""
    return {
        case.case: {
            "metrics": {
                key: {
                    "value": estimate.value,
                    "unit": estimate.unit.name,
                    "better": estimate.better.value,
                    "n": estimate.n,
                    "rounds": estimate.rounds,
                    "supported": estimate.supported,
                }
                for key, estimate in metrics.estimates(case, families).items()
            },
            "percentiles": {label: _percentiles(quantiles) for label, quantiles in _rows(case, families)},
        }
        for case in cases
    }


def _price(run: Run) -> dict[str, object] | None:
    """Return the price of the model, in US dollars per million tokens; None where none is known."""
    price = costs.price_of(run.cases[0].files[0].stamp) if run.cases and run.cases[0].files else None
    return None if price is None else costs.stamped(price)


def as_json(run: Run, total: float, history: str) -> dict[str, object]:
    """Return the whole run for ``--json``; times in seconds."""
    plan, ground = run.plan, run.ground
    overhead = max(0.0, total - run.harness.own)
    return {
        "run": run.folder.id,
        "path": str(run.folder.path),
        "kept": history,
        "workload": plan.workload.name,
        **identity(plan, ground),
        "machine": ground.machine.machine,
        "rounds": run.rounds,
        "price": _price(run),
        "cases": cases_as_json(run.cases, plan.families),
        "total_seconds": round(total, 3),
        "harness_overhead_seconds": round(overhead, 3),
        "cpu_wait_share": round(run.harness.wait_share, 4),
        "failed_operations": run.harness.failed,
    }
