"""Two sets of result files, judged: which cells belong together, and what makes two files incomparable."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from persona_asv import costs, metrics
from persona_asv.errors import ExitCode, MeasurementError, ResultFileError
from persona_asv.gate import Rules, judge
from persona_asv.judgement import Judgement
from persona_asv.model import UNATTRIBUTED, ResultFile
from persona_asv.sides import Label, foreign_cells, foreign_side, is_ours, own_cases, own_side
from persona_asv.stats import supports

IDENTITY = ("subject", "provider", "endpoint")
"""What the stamps of two comparable files agree on; a subject's version may differ, its name may not."""


@dataclass(frozen=True, slots=True)
class Case:
    """One case of a comparison: a workload's case on a provider, or one cell of another suite."""

    name: str
    provider: str
    judgement: Judgement


@dataclass(frozen=True, slots=True)
class Comparison:
    """All that two sets of files have in common, judged.

    Attributes
    ----------
    only_baseline, only_current
        Cases, or benchmarks of another suite, that one side alone measured.
    changed
        Benchmarks whose version differs (asv's ``x``): their numbers are not comparable.
    notes
        What both files leave in doubt, one sentence each.
    """

    cases: tuple[Case, ...]
    only_baseline: tuple[str, ...] = ()
    only_current: tuple[str, ...] = ()
    changed: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def remeasure(self) -> bool:
        """Whether fresh rounds of any case would be worth their time."""
        return any(case.judgement.remeasure for case in self.cases)

    @property
    def exit_code(self) -> ExitCode:
        """What a build should make of it: the gravest of the cases."""
        return max((case.judgement.exit_code for case in self.cases), default=ExitCode.COULD_NOT_MEASURE)


def compare(
    baseline: Sequence[ResultFile], current: Sequence[ResultFile], rules: Rules | None = None
) -> Comparison:
    """Judge the current files by those of the baseline; each file is a round, each side one commit.

    Raises
    ------
    ResultFileError
        Where a side holds several commits, or the sides are of different subjects, providers or endpoints.
    MeasurementError
        Where a side is empty, or nothing is common to both.
    """
    rules = rules or Rules()
    for name, files in (("--baseline", baseline), ("--current", current)):
        if not files:
            raise MeasurementError(f"{name}: no result file; give at least one")
        _same_commit(name, files)
        _distinct(name, files)
    _same_subject(baseline, current)
    changed = _changed(baseline, current)
    ours = is_ours((*baseline, *current))
    cells = own_cases if ours else foreign_cells
    before, after = cells(baseline), cells(current)
    common = [label for label in before if label in set(after)]
    if not common:
        what = "workload" if ours else "benchmark"
        raise MeasurementError(
            f"the files have no {what} in common: baseline {_list(before)}; current {_list(after)}"
        )
    if ours:
        _same_definition(baseline, current, common)
    judged = _judge_cases if ours else _judge_cells
    return Comparison(
        tuple(judged(baseline, current, common, changed, rules)),
        only_baseline=tuple(str(label) for label in before if label not in set(after)),
        only_current=tuple(str(label) for label in after if label not in set(before)),
        changed=tuple(sorted(changed)),
        notes=tuple(_notes(baseline, current)),
    )


def _same_commit(name: str, files: Sequence[ResultFile]) -> None:
    stranger = next((f for f in files if f.commit != files[0].commit), None)
    if stranger is not None:
        raise ResultFileError(
            f"{name}: {stranger.path} is of commit {stranger.commit[:8]}, {files[0].path} of "
            f"{files[0].commit[:8]}; all files of a side are rounds of one commit"
        )


def _distinct(name: str, files: Sequence[ResultFile]) -> None:
    for number, file in enumerate(files):
        twin = next((f for f in files[:number] if f.series == file.series), None)
        if twin is not None:
            raise ResultFileError(
                f"{name}: {file.path} holds the same measurement as {twin.path}; a round counts once"
            )


def _same_subject(baseline: Sequence[ResultFile], current: Sequence[ResultFile]) -> None:
    files = [f for f in (*baseline, *current) if f.stamp]
    for file in files[1:]:
        for key in IDENTITY:
            first, other = (_identity(f, key) for f in (files[0], file))
            if first is not None and other is not None and first != other:
                raise ResultFileError(
                    f"{file.path}: {key} {other}, but {files[0].path} has {first}; they cannot be compared"
                )


def _identity(file: ResultFile, key: str) -> str | None:
    found = file.stamp.get(key)
    if isinstance(found, dict):
        found = found.get("name") or " ".join(str(value) for value in found.values())
    return None if found is None else str(found)


def _same_definition(
    baseline: Sequence[ResultFile], current: Sequence[ResultFile], common: Sequence[Label]
) -> None:
    """Refuse a workload of a project's own that was another one when the other side was measured."""
    for name in dict.fromkeys(label.values[0] for label in common):
        first: tuple[ResultFile, object] | None = None
        for file in (*baseline, *current):
            own = file.stamp.get("own")
            its = own.get(name) if isinstance(own, dict) else None
            if its is None:
                continue
            if first is not None and first[1] != its:
                raise ResultFileError(
                    f"{file.path}: workload {name} is {_spelt(its)}, but in {first[0].path} it is "
                    f"{_spelt(first[1])}; they cannot be compared"
                )
            first = first or (file, its)


def _spelt(definition: object) -> str:
    facts = definition if isinstance(definition, dict) else {}
    return ", ".join(f"{key} {value}" for key, value in facts.items() if value is not None)


def _changed(baseline: Sequence[ResultFile], current: Sequence[ResultFile]) -> set[str]:
    versions: dict[str, set[str]] = {}
    for file in (*baseline, *current):
        for name, series in file.series.items():
            if series.version is not None:
                versions.setdefault(name, set()).add(series.version)
    return {name for name, found in versions.items() if len(found) > 1}


def _notes(baseline: Sequence[ResultFile], current: Sequence[ResultFile]) -> Iterator[str]:
    both = (*baseline, *current)
    if not all(f.stamp for f in both):
        yield "not every file says whose numbers it holds (no persona_asv stamp): subjects are not checked"
    models = {str(f.stamp["model"]) for f in both if "model" in f.stamp}
    if len(models) > 1:
        yield f"measured with different models: {', '.join(sorted(models))}"
    yield from costs.remarks(baseline, current)
    apart = {key for key, name in metrics.PER_PYTHON.items() if any(name in f.series for f in both)}
    if apart and _pythons(baseline, current):
        yield f"not compared, for another Python is another number: {', '.join(sorted(apart))}"
    if baseline[0].commit == current[0].commit != UNATTRIBUTED:
        yield f"A/A: both sides are commit {current[0].commit[:8]}"


def _pythons(baseline: Sequence[ResultFile], current: Sequence[ResultFile]) -> bool:
    """Return whether the files are of different versions of Python."""
    return len({f.python for f in (*baseline, *current)}) > 1


def _judge_cases(
    baseline: Sequence[ResultFile],
    current: Sequence[ResultFile],
    common: Sequence[Label],
    changed: set[str],
    rules: Rules,
) -> Iterator[Case]:
    apart = set(metrics.PER_PYTHON.values()) if _pythons(baseline, current) else set()
    apart |= set() if costs.comparable(baseline, current) else {costs.INPUT_TOKENS}
    for label in common:
        # A changed benchmark is missing from the current side: shown as such, never passed over.
        judgement = judge(own_side(baseline, label, apart), own_side(current, label, changed | apart), rules)
        case, provider = (*label.values, "", "")[:2]
        yield Case(case, provider, judgement)


def _judge_cells(
    baseline: Sequence[ResultFile],
    current: Sequence[ResultFile],
    common: Sequence[Label],
    changed: set[str],
    rules: Rules,
) -> Iterator[Case]:
    """Judge another suite's cells: times by their median (the mean of few), the rest as plain numbers."""
    judgeable = [label for label in common if label.benchmark not in changed]
    if not judgeable:
        raise MeasurementError(f"every common benchmark has changed its version: {_list(common)}")
    for label in judgeable:
        sides = foreign_side(baseline, label), foreign_side(current, label)
        name = str(label)
        if not label.timed:
            yield Case(name, "", judge(*sides, replace(rules, only=None)))
            continue
        middle = "p50" if all(supports(s.operations, 0.5) for s in sides) else "mean"
        judgement = judge(*sides, replace(rules, family=name, only={f"{name}_{middle}"}))
        findings = tuple(replace(f, key=name) for f in judgement.findings)
        yield Case(name, "", replace(judgement, findings=findings))


def _list(labels: Sequence[Label]) -> str:
    return ("; ".join(map(str, labels[:5])) + ("; ..." if len(labels) > 5 else "")) or "none"
