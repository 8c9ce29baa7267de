"""The sequence behind ``capture``: find or measure the runs, make a baseline of them, put it on the shelf."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import TextIO

from persona_asv import metrics, place, snapshot, workloads
from persona_asv.baselines.baseline import check_name
from persona_asv.baselines.book import SUFFIX, Book
from persona_asv.baselines.shelf import Shelf, shelf_of
from persona_asv.config import Config
from persona_asv.course import Run
from persona_asv.engine.git import commit_of
from persona_asv.engine.runs import KeptRun, finished
from persona_asv.engine.store import HOME
from persona_asv.errors import BaselineError, MeasurementError, UsageError
from persona_asv.plan import Ground, Plan, fits

Measure = Callable[[Plan, Ground, TextIO], tuple[Run, place.Kept]]
"""Measures a plan, showing its progress on a stream."""

DEFAULT_WORKLOAD = "standard"


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line asks to capture; None and () leave it to what was measured last."""

    workloads: tuple[str, ...] = ()
    iterations: int | None = None
    subject: str | None = None
    provider: str | None = None
    model: str | None = None


def shelf_for(settings: Config, name: str | None, output: Path | None) -> tuple[Shelf, str | None]:
    """Return where a baseline goes and what it is called; None leaves the name to its version.

    Raises
    ------
    BaselineError
        The name is none.
    UsageError
        ``--output`` names no YAML file.
    """
    if output is None:
        return shelf_of(settings), None if name is None else check_name(name, "--name")
    if output.suffix != SUFFIX or output.is_dir():
        raise UsageError(f"--output: name a {SUFFIX} file, not {str(output)!r}")
    return shelf_of(settings, output.absolute().parent), check_name(
        output.name.removesuffix(SUFFIX), "--output"
    )


def of_this_code(
    settings: Config,
    wish: Wish,
    *,
    measure: Measure | None,
    anew: bool,
    out: TextIO,
    advice: str = "leave --from-last away to measure it now",
) -> tuple[KeptRun, ...]:
    """Return a run of each workload, of the code as it is now: the last one that fits, else a new one.

    Parameters
    ----------
    measure
        How to measure what was not; None never does.
    advice
        What to do where there is none, in the words of the command.

    Raises
    ------
    MeasurementError
        There is no fitting run and none may be measured.
    """
    names = wish.workloads or (None,)
    return tuple(
        _of_this_code(settings, wish, name, measure, out, anew=anew, advice=advice)
        for name in dict.fromkeys(names)
    )


def _of_this_code(
    settings: Config,
    wish: Wish,
    name: str | None,
    measure: Measure | None,
    out: TextIO,
    *,
    anew: bool,
    advice: str,
) -> KeptRun:
    workload = workloads.resolve(name or DEFAULT_WORKLOAD, settings, wish.iterations, None)
    plan, ground = place.prepare(
        settings,
        workload,
        metrics.families(()),
        subject=wish.subject,
        provider=wish.provider,
        model=wish.model,
    )
    if not anew:
        for run in finished(ground.root):
            if not fits(run.facts, plan, ground) or name not in (None, run.workload) or not _whole(run):
                continue
            if wish.iterations is None or run.iterations == {c.name: c.iterations for c in workload.cases}:
                return run
    if measure is None:
        raise MeasurementError(
            f"no finished run of this code ({ground.attribution.label}) in {ground.root / HOME / 'runs'}: "
            f"it was changed since, or never measured; {advice}"
        )
    done, _ = measure(plan, ground, out)
    return next(run for run in finished(ground.root) if run.path == done.folder.path)


def of_commit(settings: Config, wish: Wish, ref: str) -> tuple[KeptRun, ...]:
    """Return the last finished run of each workload (of any, where none is named) of a commit.

    Raises
    ------
    UsageError
        There is no such commit.
    MeasurementError
        It was not measured here.
    """
    folder = place.root(settings)
    commit = commit_of(folder, ref)
    if commit is None:
        raise UsageError(f"--commit: {ref!r} names no commit of the repository around {Path.cwd()}")
    wanted = {key: value for key, value in (("provider", wish.provider), ("model", wish.model)) if value}
    found: dict[str, KeptRun] = {}
    usual = settings.provider or place.DEFAULT_PROVIDER

    def beside(run: KeptRun) -> bool:
        """Return whether a run on the usual provider was measured in turns with it."""
        return run.workload == place.EVERY_PROVIDER and run.facts["provider"] != usual

    for run in sorted(finished(folder), key=beside):
        its = run.facts
        if its["commit"] != commit or its["dirty"] or any(its[key] != value for key, value in wanted.items()):
            continue
        if its["endpoint"]["profile"] != "none" or its["subject"]["name"] != _subject(settings, wish):
            continue
        if not _whole(run) or wish.iterations not in (None, next(iter(run.iterations.values()))):
            continue
        found.setdefault(run.workload, run)
    names = wish.workloads or tuple(found)[:1]
    missing = [name for name in names if name not in found]
    if missing or not names:
        what = f"workload {missing[0]}" if missing else "workload"
        raise MeasurementError(
            f"--commit: no finished run of {what} at {commit[:8]} here: check it out and "
            "`persona benchmark run`"
        )
    return tuple(found[name] for name in names)


def _whole(run: KeptRun) -> bool:
    """Return whether a run measured all that it could judge: a baseline shall not lack it by accident."""
    rounds = max(min(case["rounds"], case["iterations"]) for case in run.facts["cases"].values())
    wanted = {family.name for family in metrics.of_a_run(metrics.USUAL, rounds)}
    return set(run.facts.get("families", metrics.FAMILIES)) >= wanted


def _subject(settings: Config, wish: Wish) -> str:
    return wish.subject or settings.subject or "reference"


def put(where: Shelf, runs: Sequence[KeptRun], name: str | None, *, pinned: bool, force: bool) -> Book:
    """Make a baseline of the runs and put it on the shelf.

    Raises
    ------
    BaselineError
        The name is taken, or it cannot be written.
    """
    with where.writing():
        chosen = name or snapshot.automatic_name(runs[0], where)
        baseline, packed = snapshot.snapshot(runs, chosen, datetime.now(UTC))
        book = where.put(replace(baseline, pinned=pinned), packed, force=force)
    if book.baseline is None:
        raise BaselineError(f"{book.path}: was written but cannot be read: {book.problem}")
    return book
