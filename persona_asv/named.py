"""What a user typed for one side of a comparison, understood: a path, a baseline's name, or a commit."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv import footing as footings
from persona_asv import verdicts
from persona_asv.baselines import book as books
from persona_asv.baselines import shelf as shelves
from persona_asv.baselines.baseline import NAME
from persona_asv.baselines.book import SUFFIX, Book
from persona_asv.baselines.order import newest_first
from persona_asv.baselines.shelf import Shelf
from persona_asv.chosen import Chosen, Terms
from persona_asv.config import Config
from persona_asv.engine import git, lineage, worktree
from persona_asv.engine.ancestor import DEPTH, Ancestor, Work
from persona_asv.engine.results import read_results
from persona_asv.engine.store import round_files
from persona_asv.errors import BaselineError, MeasurementError, UsageError
from persona_asv.footing import Footing
from persona_asv.model import UNATTRIBUTED, ResultFile


@dataclass(frozen=True, slots=True)
class Named:
    """The reading of what a user typed for one side; `now` is the other one, where it was named."""

    flag: str
    shelf: Shelf
    settings: Config
    terms: Terms
    footing: Footing | None = None
    now: Chosen | None = None

    def side(self, texts: Sequence[str]) -> Chosen:
        """Return a side: an existing path first, then a baseline's name, then a commit."""
        paths: list[Path] = []
        notes: list[str] = []
        for text in texts:
            path = Path(text)
            there = path.exists() and not self._shadows(text, path)
            if there and path.suffix != SUFFIX:
                paths.append(path)
                notes += self._also(text, path)
                continue
            if len(texts) > 1:
                what = "a baseline" if there or self._on_shelf(text) else "no file"
                raise UsageError(f"{self.flag}: {text} is {what}; name it alone, only result files repeat")
            if there:
                return self._file(path)
            return self._baseline(text) if self._on_shelf(text) else self._commit(text)
        try:
            files = read_results(round_files(paths))
        except UsageError as error:
            raise UsageError("; ".join([str(error), *notes])) from error
        return Chosen(verdicts.name(files), files, notes=tuple(notes), commit=_commit_of(files))

    def _on_shelf(self, text: str) -> bool:
        return bool(NAME.fullmatch(text)) and self.shelf.has(text)

    def _shadows(self, text: str, path: Path) -> bool:
        """Return whether a change put a file in front of the branch by which it is judged."""
        its = self.footing
        return its is not None and text == its.ancestor.name and its.brought(path)

    def _file(self, path: Path) -> Chosen:
        """Return a baseline by its file, the one that counts where it stands on the shelf."""
        if path.resolve().parent == shelves.shelf_of(self.settings).folder.resolve():
            path = self.shelf.folder / path.name
        return of_book(books.look(path))

    def _also(self, text: str, path: Path) -> Iterator[str]:
        """Yield what else the text could have meant."""
        if self._on_shelf(text):
            yield f"{self.flag} {text} is a path here; the baseline of this name is {self.shelf.path(text)}"
        if path.suffix != ".json" and (ref := _as_git_sees(git.ref_ending, text)):
            yield f"{self.flag} {text} is a path here; to git it is {ref}"

    def _baseline(self, text: str) -> Chosen:
        found = of_book(books.look(self.shelf.path(text)))
        commit = _as_git_sees(git.commit_of, text)
        if commit in (None, found.recorded and found.recorded.commit):
            return found
        note = f"{self.flag} {text} is a baseline; as a revision it is {commit[:8]}, which is not meant"
        return replace(found, notes=(*found.notes, note))

    def _commit(self, text: str) -> Chosen:
        tree = worktree.find(Path.cwd())
        if tree is None:
            raise UsageError(f"{self.flag}: {self._unknown(text)}, and no repository with a commit is here")
        if self.flag == "--current":
            commit = git.commit_of(tree.root, text)
            found = None if commit is None else Ancestor(text, commit)
        else:
            found = self._ancestor(text, tree)
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

    def _ancestor(self, text: str, tree: worktree.WorkTree) -> Ancestor | None:
        work, its = self._work(tree), self.footing
        if its is not None and (its.ancestor.name, its.work) == (text, work):
            return its.ancestor
        return lineage.find(tree.root, self.flag, text, work, footings.asked(self.terms))

    def _work(self, tree: worktree.WorkTree) -> Work:
        """Return what is compared with the baseline: the current side's commit, else the work tree's."""
        if self.now is None:
            return Work(tree.commit, clean=not tree.changed)
        if self.now.commit is not None and git.commit_of(tree.root, self.now.commit) is not None:
            return Work(self.now.commit)
        return Work(tree.commit, clean=False)

    def _unknown(self, text: str) -> str:
        known = [book.name for book in newest_first(self.shelf.books())]
        more = ", ..." if len(known) > 5 else ""
        there = f"baselines: {', '.join(known[:5])}{more}" if known else "it is empty"
        where = (
            f"{self.shelf.folder} ({there})" if self.footing is None else f"{self.footing.label} ({there})"
        )
        return f"{text!r} is neither a file nor a baseline in {where}"


def _as_git_sees(question: Callable[[Path, str], str | None], text: str) -> str | None:
    """Return an answer of git's that is not needed: none where git does not trust the repository."""
    try:
        return question(Path.cwd(), text)
    except MeasurementError:
        return None


def _commit_of(files: Sequence[ResultFile]) -> str | None:
    """Return the commit that the files' code is exactly."""
    commit = files[0].commit
    return commit if git.HASH.fullmatch(commit) and commit != UNATTRIBUTED else None


def of_book(book: Book) -> Chosen:
    """Return the side that a baseline's file is.

    Raises
    ------
    BaselineError
        It cannot be read, or its samples cannot.
    """
    baseline = book.baseline
    if baseline is None:
        raise BaselineError(f"{book.path.parent}/{book.problem}" if ".yaml" in book.problem else
                            f"{book.path}: {book.problem}")  # fmt: skip
    files = () if baseline.samples is None else books.rounds(book.path, baseline.samples)
    commit = None if baseline.dirty else baseline.commit
    where = baseline.environment
    return Chosen(book.name, files, baseline, title=book.name, commit=commit, environment=where)
