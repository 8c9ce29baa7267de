"""What a change under review is judged by: the baselines and thresholds of the commit that it builds on.

A change could hide its regression by editing the file that it is measured by. So under ``--ci`` what the
change brings along does not count before it is merged; what the pipeline itself put there, which git tracks
nowhere, does.
"""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv import config as configuration
from persona_asv.baselines import shelf as shelves
from persona_asv.baselines.baseline import COMPANION, NAME
from persona_asv.baselines.book import SUFFIX
from persona_asv.baselines.shelf import Shelf
from persona_asv.chosen import Terms
from persona_asv.config import Config
from persona_asv.engine import git, lineage, worktree
from persona_asv.engine.ancestor import Ancestor, Asked, Work
from persona_asv.errors import ConfigError, PersonaAsvError

FLAG = "--baseline"


@dataclass(frozen=True, slots=True)
class Footing:
    """The commit that a change builds on.

    Attributes
    ----------
    root
        The repository's folder.
    work
        The change: what lies in the work tree.
    ancestor
        The commit, and the branch by which it was found.
    """

    root: Path
    work: Work
    ancestor: Ancestor

    @property
    def label(self) -> str:
        """The commit as people read it: ``main (1a2b3c4d)``."""
        return f"{self.ancestor.name} ({self.ancestor.commit[:8]})"

    def brought(self, path: Path) -> bool:
        """Return whether a file or folder came with the change: git tracks it now, and did not there."""
        name = _inside(self.root, path)
        return name is not None and _tracked(self.root, name) and not self.held(name)

    def held(self, name: str) -> bool:
        """Return whether the commit has a file or folder of this path."""
        return git.ask(self.root, "cat-file", "-e", f"{self.ancestor.commit}:{name}") is not None


def asked(terms: Terms) -> Asked:
    """Return how far a search for a commit may go."""
    pipeline = terms.pipeline
    if not terms.ci:
        return Asked(exact=terms.exact, tell=terms.tell)
    return Asked(
        exact=terms.exact,
        ci=True,
        fetch=terms.fetch,
        target=pipeline.target,
        target_commit=pipeline.target_commit,
        head=pipeline.head,
        tell=terms.tell,
    )


def footing(names: Sequence[str], terms: Terms) -> Footing | None:
    """Return what a build judges a change by: the branch among the baselines, else a pull request's target.

    None without ``--ci``, and where the work tree is no change under review, as after a push to that branch.

    Raises
    ------
    PersonaAsvError
        A branch is named, and its commit cannot be found.
    """
    if not terms.ci:
        return None
    try:
        tree = worktree.find(Path.cwd())
    except PersonaAsvError:  # files can be compared beside a repository that git does not read
        if terms.pipeline.target is not None:
            raise
        return None
    if tree is None:
        return None
    work = Work(tree.commit, clean=not tree.changed)
    found = _named(tree.root, names, work, terms)
    if found is None and terms.pipeline.target is not None:
        try:
            found = lineage.find(tree.root, FLAG, terms.pipeline.target, work, asked(terms))
        except PersonaAsvError:  # a hint of the pipeline's, not the user's wish
            found = None
    return None if found is None or found.moved else Footing(tree.root, work, found)


def _named(root: Path, names: Sequence[str], work: Work, terms: Terms) -> Ancestor | None:
    for text in names:
        path = Path(text)
        branch = text == terms.pipeline.target or lineage.may_be_branch(root, text)
        if path.exists():
            name = _inside(root, path)
            if not branch or name is None or not _tracked(root, name):
                continue
        elif not branch:
            continue
        found = lineage.find(root, FLAG, text, work, asked(terms))
        if found is not None and found.branch:
            return found
    return None


def settings_of(its: Footing | None, settings: Config) -> tuple[Config, tuple[str, ...]]:
    """Return the settings with the thresholds and the ``ci`` part that hold, and what is to be said of it."""
    if its is None:
        return settings, ()
    path = settings.path or next((each for each in _places(its.root) if its.held(each[1])), (None, ""))[0]
    name = None if path is None else _inside(its.root, path)
    if name is None or not (its.held(name) or _tracked(its.root, name)):
        return settings, ()
    content = git.ask_bytes(its.root, "cat-file", "blob", f"{its.ancestor.commit}:{name}") or b""
    try:
        thresholds, ci = configuration.read_policy(content.decode(errors="replace"), name)
    except ConfigError as error:
        return settings, (f"{its.label}: its thresholds cannot be read ({error}); this change's own hold",)
    if (thresholds, ci) == (settings.thresholds, settings.ci):
        return settings, ()
    note = f"this change edits thresholds or ci in {name}: those of {its.label} hold until it is merged"
    return replace(settings, thresholds=thresholds, ci=ci), (note,)


def _places(root: Path) -> Iterator[tuple[Path, str]]:
    """Yield where persona.yaml would be found, and its path in the repository."""
    here = Path.cwd().resolve()
    for folder in (here, *here.parents):
        name = _inside(root, folder / configuration.FILE)
        if name is None:
            break
        yield folder / configuration.FILE, name


@contextmanager
def shelf_of(its: Footing | None, settings: Config) -> Iterator[tuple[Shelf, tuple[str, ...]]]:
    """Give the shelf of baselines that counts, and what is to be said of it."""
    shelf = shelves.shelf_of(settings)
    name = None if its is None else _inside(its.root, shelf.folder)
    if its is None or name is None:
        yield shelf, ()
        return
    with tempfile.TemporaryDirectory(prefix="persona-asv-") as scratch:
        folder = Path(scratch) / f"{shelf.folder.name}-{its.ancestor.commit[:8]}"
        folder.mkdir()
        there = _listed(its, name)
        for file, blob in there.items():
            content = git.ask_bytes(its.root, "cat-file", "blob", blob)
            if content is not None:
                (folder / file).write_bytes(content)
        for path in sorted(shelf.folder.glob("*")):
            own = _inside(its.root, path)
            if path.name not in there and path.is_file() and own and not _tracked(its.root, own):
                shutil.copyfile(path, folder / path.name)
        yield replace(shelf, folder=folder), tuple(_edits(its, name))


def _listed(its: Footing, name: str) -> dict[str, str]:
    """Return the baselines' files at the commit: blob by name; links lead anywhere and are none."""
    listing = git.ask(its.root, "ls-tree", "-z", f"{its.ancestor.commit}:{name}") or ""
    found = {}
    for entry in filter(None, listing.split("\0")):
        facts, _, file = entry.partition("\t")
        mode, kind, blob = facts.split()
        named = COMPANION.fullmatch(file) or NAME.fullmatch(file.removesuffix(SUFFIX))
        if kind == "blob" and mode != "120000" and named:
            found[file] = blob
    return found


def _edits(its: Footing, name: str) -> Iterator[str]:
    """Yield that a change touches the baselines it is measured by, where it does."""
    listing = git.ask(its.root, "diff", "--name-only", "-z", its.ancestor.commit, "--", name or ".") or ""
    files = [Path(each).name for each in filter(None, listing.split("\0"))]
    if files:
        more = f" and {len(files) - 3} more" if len(files) > 3 else ""
        yield f"this change edits baselines ({', '.join(files[:3])}{more}): those of {its.label} count"


def _inside(root: Path, path: Path) -> str | None:
    """Return a path as git knows it, None outside of the repository."""
    whole, root = path.absolute().parent.resolve() / path.name, root.resolve()
    return whole.relative_to(root).as_posix() if whole.is_relative_to(root) else None


def _tracked(root: Path, name: str) -> bool:
    return bool(git.ask(root, "ls-files", "--", f":(literal){name}"))
