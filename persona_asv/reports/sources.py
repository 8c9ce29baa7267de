"""Where a report comes from: the last run, the baseline it is judged by, the shelf, and this moment."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from persona_asv import choice, costs, keeping, last_word, place, verdicts
from persona_asv.baselines.shelf import Shelf, shelf_of
from persona_asv.case_rounds import CaseRounds
from persona_asv.comparison import Comparison
from persona_asv.config import Config
from persona_asv.engine import runs as kept_runs
from persona_asv.engine.runs import KeptRun
from persona_asv.environment import Environment
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.gate import Rules
from persona_asv.last_word import LastWord
from persona_asv.model import ResultFile
from persona_asv.reports.composition import case_report, judgement_of
from persona_asv.reports.pace import reference
from persona_asv.reports.past import Here, Kind, Milestone, machine_of, milestones, with_references
from persona_asv.reports.report import Against, CaseReport, Report

_NO_BASELINE = (
    "Not compared: no baseline of this subject, provider and workload is there. "
    "`persona benchmark capture` makes one"
)

USUAL_PAST = 5
"""Baselines in a report's history where nobody says how many."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks for; None and () leave it to what is there."""

    workloads: tuple[str, ...] = ()
    current: Path | None = None
    baseline: tuple[str, ...] = ()
    past: int | None = None
    provider: str | None = None


def report(settings: Config, wish: Wish, at: datetime) -> Report:
    """Return the report of a run.

    A baseline that nobody named and that does not exist is no error: the report says that it has none.

    Raises
    ------
    PersonaAsvError
        There is no such run, the baseline named cannot be found, or one of both cannot be read.
    """
    runs = _runs(settings, wish)
    first = runs[0].facts
    shelf = shelf_of(settings)
    thresholds = verdicts.thresholds(settings.thresholds, None, None)
    against, before, notes = _against(settings, wish, runs, Rules(thresholds=thresholds))
    kind = Kind(
        first["subject"]["name"], first["provider"], first["endpoint"]["kind"], first["endpoint"]["profile"]
    )
    past, more = _past(shelf, kind, wish, {case for run in runs for case in run.iterations})
    environment = runs[0].environment
    commit = _commit(first)
    rounds = [(run, run.files()) for run in runs]
    measured_at = _measured_at([file for _, files in rounds for file in files])
    cases: dict[str, CaseReport] = {}
    for run, files in rounds:
        for case, iterations in run.iterations.items():
            here = Here(
                "this run",
                measured_at or at,
                machine_of(environment),
                environment.python_version,
                kind.profile,
                reference(files, case, kind.provider),
            )
            judgement = judgement_of(None if against is None else against.comparison, case, kind.provider)
            found = case_report(case, kind.provider, iterations, files, before, judgement, past, here)
            if found is not None:
                cases.setdefault(case, found)
    if not cases:
        raise MeasurementError(f"{runs[0].path}: nothing was measured; `persona benchmark run` first")
    return Report(
        generated_at=at.replace(microsecond=0),
        subject=kind.subject,
        version=first["subject"]["version"],
        commit=commit,
        provider=kind.provider,
        model=first["model"],
        endpoint=kind.endpoint,
        profile=kind.profile,
        workloads=tuple(run.workload for run in runs),
        runs=tuple(run.path.name for run in runs),
        environment=environment,
        cases=tuple(cases.values()),
        against=against,
        measured_at=measured_at,
        past=len(past),
        notes=(*notes, *more, *_prices(kind.provider, rounds)),
        thresholds=thresholds,
    )


def _prices(provider: str, rounds: Sequence[tuple[KeptRun, tuple[ResultFile, ...]]]) -> tuple[str, ...]:
    """Return by which price costs are told, or why none are."""
    cases = (CaseRounds(case, provider, files) for run, files in rounds for case in run.iterations)
    said = dict.fromkeys(filter(None, map(costs.sentence, cases)))
    return tuple(f"Cost per persona: {each}." for each in said)


def _runs(settings: Config, wish: Wish) -> tuple[KeptRun, ...]:
    if wish.current is None:
        asked = keeping.Wish(wish.workloads, provider=wish.provider)
        return keeping.of_this_code(
            settings, asked, measure=None, anew=False, out=sys.stderr, advice="`persona benchmark run` first"
        )
    run = kept_runs.at(wish.current)
    strangers = [name for name in wish.workloads if name != run.workload and name not in run.iterations]
    if strangers:
        raise UsageError(f"--workload: {run.path} is a run of {run.workload}, not of {strangers[0]}")
    if wish.provider not in (None, run.facts["provider"]):
        raise UsageError(f"--provider: {run.path} was measured on {run.facts['provider']}")
    return (run,)


def _against(
    settings: Config, wish: Wish, runs: Sequence[KeptRun], rules: Rules
) -> tuple[Against | None, tuple[ResultFile, ...], tuple[str, ...]]:
    """Return the baseline with what the gate says of it, its rounds, and notes."""
    current = [str(run.path) for run in runs]
    root, facts = place.root(settings), runs[0].facts
    if not wish.baseline and (word := last_word.of(root, facts)) is not None:
        return _by(word)
    try:
        before, now = choice.sides(wish.baseline, current, settings)
    except UsageError:
        if wish.baseline:
            raise
        return None, (), (_NO_BASELINE,)
    if before.commit is not None and (word := last_word.of(root, facts, before.commit)) is not None:
        return _by(word)
    comparison = _verdict(before, now, rules)
    recorded = before.recorded
    against = Against(
        before.label if recorded is None else recorded.name,
        comparison,
        before.environment or _of_folder(wish.baseline),
        None if recorded is None else recorded.captured_at,
    )
    return against, before.files, ()


def _verdict(before: choice.Chosen, now: choice.Chosen, rules: Rules) -> Comparison:
    """Return the gate's judgement of what is stored, where both sides were not measured for one."""
    return choice.compared(before, now, rules)


def _by(word: LastWord) -> tuple[Against, tuple[ResultFile, ...], tuple[str, ...]]:
    """Return what `compare` said after it had measured both sides: no report says another thing."""
    against = Against(word.title, word.comparison, word.baseline.environment, None)
    return against, word.rounds(), ()


def _of_folder(baseline: Sequence[str]) -> Environment | None:
    """Return where a baseline given as one run folder was measured."""
    path = Path(baseline[0]) if len(baseline) == 1 else None
    if path is None or not (path / "run.json").is_file():
        return None
    return kept_runs.at(path).environment


def _past(shelf: Shelf, kind: Kind, wish: Wish, cases: set[str]) -> tuple[list[Milestone], tuple[str, ...]]:
    """Return the baselines of the history, and a note where there are fewer than were asked for."""
    wanted = USUAL_PAST if wish.past is None else wish.past
    if wanted == 0:
        return [], ()
    books = {book.name: book for book in shelf.books()}
    found = milestones(books.values(), kind, cases)[-wanted:]
    notes = []
    if wish.past is not None and len(found) < wanted:
        notes.append(
            f"History: the last {wanted} baselines were asked for, {len(found) or 'none'} of this subject, "
            "provider and workload "
            f"{'is' if len(found) == 1 else 'are'} there."
        )
    return [with_references(each, books, kind.provider) for each in found], tuple(notes)


def _commit(facts: Mapping[str, Any]) -> str:
    if facts["commit"] is None:
        return "unattributed"
    return str(facts["commit"])[:8] + ("+dirty" if facts["dirty"] else "")


def _measured_at(files: Sequence[ResultFile]) -> datetime | None:
    """Return when the first round began."""
    starts = [
        series.started_at
        for file in files
        for series in file.series.values()
        if series.started_at is not None
    ]
    return datetime.fromtimestamp(min(starts) // 1000, UTC) if starts else None
