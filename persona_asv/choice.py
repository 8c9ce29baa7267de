"""What ``--baseline`` and ``--current`` mean: files, run folders, baselines by path or name, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv import metrics, place, verdicts, workloads
from persona_asv.baselines import book as books
from persona_asv.baselines import shelf as shelves
from persona_asv.baselines.baseline import NAME, Baseline
from persona_asv.baselines.book import SUFFIX, Book
from persona_asv.baselines.order import newest_first
from persona_asv.baselines.shelf import Shelf
from persona_asv.comparison import Comparison, compare
from persona_asv.config import Config
from persona_asv.engine import worktree
from persona_asv.engine.results import read_results
from persona_asv.engine.runs import finished
from persona_asv.engine.store import HOME, round_files
from persona_asv.errors import BaselineError, MeasurementError, UsageError
from persona_asv.gate import Rules
from persona_asv.keeping import DEFAULT_WORKLOAD
from persona_asv.model import ResultFile
from persona_asv.plan import fits
from persona_asv.recorded import compare_recorded
from persona_asv.sides import own_cases


@dataclass(frozen=True, slots=True)
class Chosen:
    """One side of a comparison.

    Attributes
    ----------
    files
        Its rounds; empty where only numbers are known.
    recorded
        The baseline it is, where it is one.
    notes
        What was decided for the user, one sentence each.
    """

    label: str
    files: tuple[ResultFile, ...]
    recorded: Baseline | None = None
    notes: tuple[str, ...] = ()

    @property
    def cases(self) -> frozenset[str]:
        """The names of the cases it holds."""
        if self.files or self.recorded is None:
            return frozenset(label.values[0] for label in own_cases(self.files) if label.values)
        return frozenset(self.recorded.workloads)

    @property
    def provider(self) -> str | None:
        """The provider it was measured on, where that is known and one."""
        if self.recorded is not None:
            return self.recorded.provider
        found = {file.stamp.get("provider") for file in self.files}
        return str(found.pop()) if len(found) == 1 and None not in found else None


def sides(baseline: Sequence[str], current: Sequence[str], settings: Config) -> tuple[Chosen, Chosen]:
    """Return both sides of a comparison.

    Without a baseline it is the newest one that fits the current side; without a current side it is the last
    run of the code as it is now that has the provider and a workload in common with the baseline.

    Raises
    ------
    PersonaAsvError
        A side cannot be found or read.
    """
    shelf = shelves.shelf_of(settings)
    before = _named("--baseline", baseline, shelf) if baseline else None
    now = _named("--current", current, shelf) if current else _last_run(settings, before)
    if before is None:
        before = _newest_fitting(now, shelf)
    return _of_common_cases(before, now)


def commit(baseline: Sequence[str], settings: Config) -> str | None:
    """Return the commit that a baseline's name means where it means neither a file nor a baseline."""
    shelf = shelves.shelf_of(settings)
    if len(baseline) != 1 or Path(baseline[0]).exists() or shelf.has(baseline[0]):
        return None
    return worktree.resolve(Path.cwd(), baseline[0])


def compared(before: Chosen, now: Chosen, rules: Rules) -> Comparison:
    """Judge the current side by the baseline.

    Raises
    ------
    PersonaAsvError
        The sides cannot be compared.
    """
    if not now.files:
        raise UsageError(f"--current: {now.label} holds no samples; name a run or a baseline that does")
    if before.recorded is not None and _same_rounds(before.files, now.files):
        raise UsageError(
            f"baseline {before.recorded.name} was captured from this very run, so nothing would be compared; "
            "`persona benchmark run` again, or name another --baseline"
        )
    if before.recorded is not None and not before.files:
        found = compare_recorded(before.recorded, now.files, rules)
    else:
        found = compare(before.files, now.files, rules)
    return replace(found, notes=(*before.notes, *now.notes, *found.notes))


def _same_rounds(before: Sequence[ResultFile], now: Sequence[ResultFile]) -> bool:
    """Return whether a round stands on both sides."""
    return any(one.series == other.series for one in before for other in now)


def _named(flag: str, texts: Sequence[str], shelf: Shelf) -> Chosen:
    """Return a side by what the user typed: an existing path first, then a baseline's name."""
    paths, notes = [], []
    for text in texts:
        path = Path(text)
        if not path.exists():
            book = _book(flag, text, shelf)
        elif path.suffix == SUFFIX:
            book = books.look(path)
        else:
            paths.append(path)
            if NAME.fullmatch(text) and shelf.has(text):
                notes.append(f"{flag} {text} is a path here; the baseline of this name is {shelf.path(text)}")
            continue
        if len(texts) > 1:
            raise UsageError(f"{flag}: {text} is a baseline; name it alone, only result files repeat")
        return _of_book(book)
    files = read_results(round_files(paths))
    return Chosen(verdicts.name(files), files, notes=tuple(notes))


def _book(flag: str, text: str, shelf: Shelf) -> Book:
    if NAME.fullmatch(text) and shelf.has(text):
        return books.look(shelf.path(text))
    known = [book.name for book in newest_first(shelf.books())]
    there = (
        f"baselines: {', '.join(known[:5])}{', ...' if len(known) > 5 else ''}" if known else "it is empty"
    )
    raise UsageError(f"{flag}: {text!r} is neither a file nor a baseline in {shelf.folder} ({there})")


def _of_book(book: Book) -> Chosen:
    baseline = book.baseline
    if baseline is None:
        raise BaselineError(f"{book.path.parent}/{book.problem}" if ".yaml" in book.problem else
                            f"{book.path}: {book.problem}")  # fmt: skip
    files = () if baseline.samples is None else books.rounds(book.path, baseline.samples)
    return Chosen(book.name, files, baseline)


def _last_run(settings: Config, before: Chosen | None) -> Chosen:
    """Return the last run of this code on the baseline's provider that holds one of its cases, or any."""
    cases, provider = (None, None) if before is None else (before.cases, before.provider)
    workload = workloads.resolve(DEFAULT_WORKLOAD, settings, None, None)
    plan, ground = place.prepare(settings, workload, metrics.families(()), provider=provider)
    for run in finished(ground.root):
        if fits(run.facts, plan, ground) and (cases is None or set(run.iterations) & set(cases)):
            files = run.files()
            return Chosen(f"Current, {verdicts.name(files)}", files)
    of = (f" with {' or '.join(sorted(cases))}" if cases else "") + f" on {plan.provider}"
    raise MeasurementError(
        f"no finished run of this code ({ground.attribution.label}){of} in {ground.root / HOME / 'runs'}: "
        "`persona benchmark run` first, or name --current"
    )


def _newest_fitting(now: Chosen, shelf: Shelf) -> Chosen:
    """Return the newest baseline of the same subject, provider and endpoint with a case in common."""
    for book in newest_first(shelf.books()):
        if book.baseline is not None and _fits(book.baseline, now):
            chosen = _of_book(book)
            if _same_rounds(chosen.files, now.files):
                continue
            return replace(chosen, notes=(f"baseline {book.name}: the newest that fits",))
    raise UsageError(
        f"--baseline: none given, and no baseline in {shelf.folder} fits "
        f"{', '.join(sorted(now.cases)) or 'these files'}; `persona benchmark capture --name NAME` makes one"
    )


def _fits(baseline: Baseline, now: Chosen) -> bool:
    if not now.cases & set(baseline.workloads) or not now.files:
        return False
    stamp = now.files[0].stamp
    subject, endpoint = stamp.get("subject"), stamp.get("endpoint")
    theirs = (
        subject.get("name") if isinstance(subject, dict) else None,
        stamp.get("provider"),
        endpoint.get("kind") if isinstance(endpoint, dict) else None,
        endpoint.get("profile") if isinstance(endpoint, dict) else None,
    )
    ours = (baseline.subject, baseline.provider, baseline.endpoint, baseline.profile)
    return all(None in pair or pair[0] == pair[1] for pair in zip(ours, theirs, strict=True))


def _of_common_cases(before: Chosen, now: Chosen) -> tuple[Chosen, Chosen]:
    """Return both sides without the rounds of workloads that a baseline holds and the other side does not."""
    common = before.cases & now.cases
    if not common:
        return before, now

    def of_common(side: Chosen) -> Chosen:
        if side.recorded is None or not side.files:
            return side
        files = tuple(
            f for f in side.files if any(c.values[:1] and c.values[0] in common for c in own_cases([f]))
        )
        rounds = f"{len(files)} round" + ("s" if len(files) > 1 else "")
        return replace(side, files=files, label=f"{side.label} ({rounds})")

    return of_common(before), of_common(now)
