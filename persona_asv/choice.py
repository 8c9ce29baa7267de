"""What ``--baseline`` and ``--current`` mean: files, run folders, baselines, commits, or nothing."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv import stored, verdicts
from persona_asv.baselines import book as books
from persona_asv.baselines import shelf as shelves
from persona_asv.baselines.baseline import NAME, Baseline
from persona_asv.baselines.book import SUFFIX, Book
from persona_asv.baselines.order import newest_first
from persona_asv.baselines.shelf import Shelf
from persona_asv.chosen import Chosen, Terms
from persona_asv.comparison import Comparison, compare
from persona_asv.config import Config
from persona_asv.engine import git, lineage, worktree
from persona_asv.engine.ancestor import DEPTH, Ancestor, Asked, Work
from persona_asv.engine.results import read_results
from persona_asv.engine.store import round_files
from persona_asv.errors import BaselineError, MeasurementError, UsageError
from persona_asv.gate import Rules
from persona_asv.model import UNATTRIBUTED, ResultFile
from persona_asv.recorded import compare_recorded
from persona_asv.sides import own_cases


def sides(
    baseline: Sequence[str], current: Sequence[str], settings: Config, terms: Terms | None = None
) -> tuple[Chosen, Chosen]:
    """Return both sides of a comparison.

    Without a baseline it is the newest one that fits the current side; without a current side it is the last
    run of the code as it is now that has the provider and a workload in common with the baseline. A commit's
    results are those stored here. A side of which there are none says so in `Chosen.lack`.

    Raises
    ------
    PersonaAsvError
        A side cannot be found or read.
    """
    terms = terms or Terms()
    shelf = shelves.shelf_of(settings)
    now = _Named("--current", shelf, settings, terms).side(current) if current else None
    before = _Named("--baseline", shelf, settings, terms, now).side(baseline) if baseline else None
    if now is not None and now.lack:
        now = stored.of_commit(settings, now, before, ci=terms.ci)
    if before is not None and before.lack and now is not None:
        before = stored.of_commit(settings, before, now, ci=terms.ci)
    elif before is not None and before.lack:
        before, now = stored.pair(settings, before, ci=terms.ci)
    if now is None:
        now = stored.last_run(settings, before)
    if before is None:
        if now.lack:
            raise MeasurementError(now.lack)
        before = _newest_fitting(now, shelf)
    return _of_common_cases(before, now)


def compared(before: Chosen, now: Chosen, rules: Rules) -> Comparison:
    """Judge the current side by the baseline.

    Raises
    ------
    PersonaAsvError
        The sides cannot be compared.
    """
    for side in (now, before):
        if side.lack:
            raise MeasurementError(side.lack)
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


@dataclass(frozen=True, slots=True)
class _Named:
    """The reading of what a user typed for one side; `now` is the other one, where it was named."""

    flag: str
    shelf: Shelf
    settings: Config
    terms: Terms
    now: Chosen | None = None

    def side(self, texts: Sequence[str]) -> Chosen:
        """Return a side: an existing path first, then a baseline's name, then a commit."""
        paths: list[Path] = []
        notes: list[str] = []
        for text in texts:
            path = Path(text)
            if path.exists() and path.suffix != SUFFIX:
                paths.append(path)
                notes += self._also(text, path)
                continue
            if len(texts) > 1:
                what = "a baseline" if path.exists() or self._on_shelf(text) else "no file"
                raise UsageError(f"{self.flag}: {text} is {what}; name it alone, only result files repeat")
            if path.exists():
                return _of_book(books.look(path))
            return self._baseline(text) if self._on_shelf(text) else self._commit(text)
        try:
            files = read_results(round_files(paths))
        except UsageError as error:
            raise UsageError("; ".join([str(error), *notes])) from error
        return Chosen(verdicts.name(files), files, notes=tuple(notes), commit=_commit_of(files))

    def _on_shelf(self, text: str) -> bool:
        return bool(NAME.fullmatch(text)) and self.shelf.has(text)

    def _also(self, text: str, path: Path) -> Iterator[str]:
        """Yield what else the text could have meant."""
        if self._on_shelf(text):
            yield f"{self.flag} {text} is a path here; the baseline of this name is {self.shelf.path(text)}"
        if path.suffix != ".json" and (ref := git.ref_ending(Path.cwd(), text)):
            yield f"{self.flag} {text} is a path here; to git it is {ref}"

    def _baseline(self, text: str) -> Chosen:
        found = _of_book(books.look(self.shelf.path(text)))
        commit = git.commit_of(Path.cwd(), text)
        if commit in (None, found.recorded and found.recorded.commit):
            return found
        note = f"{self.flag} {text} is a baseline; as a revision it is {commit[:8]}, which is not meant"
        return replace(found, notes=(*found.notes, note))

    def _commit(self, text: str) -> Chosen:
        tree = worktree.find(Path.cwd())
        if tree is None:
            raise UsageError(f"{self.flag}: {self._unknown(text)}, and no repository is here")
        if self.flag == "--current":
            commit = git.commit_of(tree.root, text)
            found = None if commit is None else Ancestor(text, commit)
        else:
            found = lineage.find(tree.root, self.flag, text, self._work(tree), self._asked)
        if found is None:
            hint = "; this clone is shallow: " + DEPTH if git.is_shallow(tree.root) else ""
            raise UsageError(f"{self.flag}: {self._unknown(text)} nor a commit here{hint}")
        short = found.commit[:8]
        how = ", ".join(filter(None, [found.meaning, short, "A/A" if found.itself else ""]))
        title = f"{text} ({how})"
        if found.commit.startswith(text):
            title = f"{short} (A/A)" if found.itself else short
        return Chosen(
            title,
            notes=found.notes,
            title=title,
            commit=found.commit,
            branch=found.branch,
            lack=f"{self.flag} {title}: nothing measured at this commit is stored here; `git switch --detach "
            f"{short} && persona benchmark run && git switch -`, or name a stored baseline",
        )

    def _work(self, tree: worktree.WorkTree) -> Work:
        """Return what is compared with the baseline: the current side's commit, else the work tree's."""
        if self.now is None:
            return Work(tree.commit, clean=not tree.changed)
        if self.now.commit is not None and git.commit_of(tree.root, self.now.commit) is not None:
            return Work(self.now.commit)
        return Work(tree.commit, clean=False)

    @property
    def _asked(self) -> Asked:
        terms, pipeline = self.terms, self.terms.pipeline
        return Asked(
            exact=terms.exact,
            ci=terms.ci,
            fetch=terms.ci and terms.fetch,
            target=pipeline.target if terms.ci else None,
            target_commit=pipeline.target_commit if terms.ci else None,
            head=pipeline.head if terms.ci else None,
            tell=terms.tell,
        )

    def _unknown(self, text: str) -> str:
        known = [book.name for book in newest_first(self.shelf.books())]
        more = ", ..." if len(known) > 5 else ""
        there = f"baselines: {', '.join(known[:5])}{more}" if known else "it is empty"
        return f"{text!r} is neither a file nor a baseline in {self.shelf.folder} ({there})"


def _commit_of(files: Sequence[ResultFile]) -> str | None:
    """Return the commit that the files' code is exactly."""
    commit = files[0].commit
    return commit if git.HASH.fullmatch(commit) and commit != UNATTRIBUTED else None


def _of_book(book: Book) -> Chosen:
    baseline = book.baseline
    if baseline is None:
        raise BaselineError(f"{book.path.parent}/{book.problem}" if ".yaml" in book.problem else
                            f"{book.path}: {book.problem}")  # fmt: skip
    files = () if baseline.samples is None else books.rounds(book.path, baseline.samples)
    commit = None if baseline.dirty else baseline.commit
    return Chosen(book.name, files, baseline, title=book.name, commit=commit)


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
