"""asv's HTML site from the results in the history: copied and checked, published by asv, swapped in."""

from __future__ import annotations

import json
import os
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_asv.baselines.book import Book
from persona_asv.config import Config
from persona_asv.engine import asv_pages, chronicle, worktree
from persona_asv.engine.asv_site import Order
from persona_asv.engine.chronicle import Chronicle
from persona_asv.engine.publisher import run_asv
from persona_asv.engine.store import HOME, write_json
from persona_asv.engine.suite import subject_repository
from persona_asv.errors import MeasurementError
from persona_asv.site import nominal, swap, text
from persona_asv.site.sources import LeftOut, Sources, tags_of
from persona_asv.site.staging import Staged, stage
from persona_asv.site.workshop import alone, workshop


@dataclass(frozen=True, slots=True)
class Site:
    """What a site was built from.

    Attributes
    ----------
    tags
        Commit by tag: releases and baselines.
    pieces
        What asv's step detection found, one entry a line of a graph (`asv_site`).
    threshold
        Change, as a ratio less one, from which a step is a regression.
    report
        Whether a report was copied into it.
    """

    chronicle: Chronicle
    staged: Staged
    tags: Mapping[str, str]
    books: tuple[Book, ...]
    left_out: tuple[LeftOut, ...]
    pieces: Sequence[Mapping[str, Any]]
    threshold: float
    report: bool

    @property
    def project(self) -> str:
        """What the project is called."""
        return _project(self.chronicle)


@dataclass(frozen=True, slots=True)
class Published:
    """What became of a publish: where the site is, and whether it had to be built."""

    folder: Path
    built: bool
    commits: int
    files: int
    series: int
    left_out: tuple[LeftOut, ...]


def publish(settings: Config, output: Path, commits: str | None, page: Callable[[Site], str]) -> Published:
    """Build the site in ``output``, or leave it where nothing has changed since it was built.

    Parameters
    ----------
    commits
        Range of git; None for every commit.
    page
        Makes the front page.

    Raises
    ------
    UsageError
        The range is unknown, or the folder is not a site's.
    MeasurementError
        There is no repository, no result to draw, or asv failed; an older site is as it was.
    """
    sources = _sources(settings)
    root = sources.root
    home = root / HOME
    output = output.resolve() if output.is_symlink() else output.absolute()
    swap.refuse_foreign(output)
    with alone(home):
        digest = sources.digest(commits)
        known = _built(output, digest, nominal.kept(home / nominal.FILE), root)
        if known is not None:
            return known
        chosen = chronicle.read(sources.repository)
        within = None if commits is None else chosen.within(commits)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            with workshop(home, output) as shop:
                site, costs = _build(sources, chosen, within, home, shop)
                html = shop / "html"
                (html / asv_pages.START).write_text(page(site), encoding="utf-8")
                published = _published(output, site)
                _mark(html / swap.MARK, digest, costs, published, root)
                swap.put(html, output)
                return published
        except OSError as error:
            raise MeasurementError(
                f"{error.filename or output}: cannot be written ({error.strerror}); the site is as it was"
            ) from error


def _sources(settings: Config) -> Sources:
    """Return where the results are, and the repository of their commits: this one, or asv.conf.json's."""
    tree = worktree.find(settings.root)
    root = settings.root if tree is None else tree.root
    repository = subject_repository(root, needed=tree is None) or (None if tree is None else tree.root)
    if repository is None:
        raise MeasurementError(f"{settings.root} is in no git repository: a history needs one")
    return Sources(settings, root, repository)


def _build(
    sources: Sources, chosen: Chronicle, within: frozenset[str] | None, home: Path, shop: Path
) -> tuple[Site, nominal.Costs]:
    """Return the site that stands in ``shop/html`` but for the front page, and the nominal costs."""
    files, left_out = sources.read(chosen, within)
    known, complaint = sources.benchmarks()
    left_out += complaint
    if not files:
        why = ": " + "; ".join(f"{left.path.name}: {left.reason}" for left in left_out[:1])
        raise MeasurementError(
            f"{sources.results} holds no result to draw{why}; persona benchmark run fills it"
        )
    costs = nominal.of_machines(files, home / nominal.FILE)
    staged = stage(files, known, costs, shop / "results")
    if not staged.names:
        raise MeasurementError(f"{sources.results} holds no series to draw: no benchmark of these results")
    books = sources.books()
    tags = tags_of(chosen, books)
    html, threshold = shop / "html", sources.settings.thresholds.warn / 100
    _configure(shop / "asv.conf.json", chosen, staged, html, threshold)
    pieces = run_asv(_order(chosen, staged, tags, shop), shop)
    asv_pages.make_offline(html)
    report = sources.report()
    if report is not None:
        shutil.copyfile(report, html / "report.html")
    (html / "baselines").mkdir()
    for book in books:
        if book.baseline is not None:
            shutil.copyfile(book.path, html / "baselines" / book.path.name)
    return Site(chosen, staged, tags, books, left_out, pieces, threshold, report is not None), costs


def _project(chosen: Chronicle) -> str:
    """Return what the project is called: as its page is, else as its folder."""
    return chosen.page.rpartition("/")[2] if chosen.page else text.inert_title(chosen.root.name)


def _published(output: Path, site: Site) -> Published:
    files = site.staged.files
    commits = len({file.commit for file in files})
    return Published(output, True, commits, len(files), len(site.staged.names), site.left_out)


def _configure(path: Path, chosen: Chronicle, staged: Staged, html: Path, threshold: float) -> None:
    judged = set(staged.judged)
    write_json(
        path,
        {
            "version": 1,
            "project": _project(chosen),
            "project_url": chosen.page or "#",
            "show_commit_url": chosen.commit_page or "#",
            "repo": str(chosen.root),
            "branches": [chosen.branch],
            "environment_type": "existing",
            "results_dir": str(staged.folder),
            "html_dir": str(html),
            "regressions_thresholds": {".*": threshold},
            "regressions_first_commits": {
                f"^{re.escape(name)}[(@]": None for name in staged.names.values() if name not in judged
            },
        },
    )


def _order(chosen: Chronicle, staged: Staged, tags: Mapping[str, str], shop: Path) -> Order:
    needed = {file.commit for file in staged.files} | set(tags.values())
    places = {commit: place for place, commit in enumerate(chosen.commits)}
    parents = {commit: chosen.commits[commit].parents for commit in needed}
    return Order(
        config=str(shop / "asv.conf.json"),
        tags=tags,
        revisions={commit: place for commit, place in places.items() if commit in needed},
        dates={commit: chosen.commits[commit].date for commit in needed},
        line=chosen.line,
        single={commit: those[0] for commit, those in parents.items() if len(those) == 1},
        pieces=str(shop / "pieces.json"),
    )


def _mark(path: Path, digest: str, costs: nominal.Costs, published: Published, root: Path) -> None:
    """Write what the site was built from; it is published too, so no path of this machine stands in it."""
    left_out = [[os.path.relpath(left.path, root), left.reason] for left in published.left_out]
    facts = {"commits": published.commits, "files": published.files, "series": published.series}
    write_json(
        path, {"schema": 1, "digest": digest, "nominal": costs, **facts, "left_out": left_out}, indent=1
    )


def _built(output: Path, digest: str, costs: nominal.Costs, root: Path) -> Published | None:
    """Return the site that stands there, if it is the one that would be built."""
    try:
        mark = json.loads((output / swap.MARK).read_text(encoding="utf-8"))
        same = (mark["digest"], mark["nominal"]) == (digest, costs)
        if not same or not (output / asv_pages.START).is_file():
            return None
        left_out = tuple(LeftOut(root / path, reason) for path, reason in mark["left_out"])
        return Published(output, False, mark["commits"], mark["files"], mark["series"], left_out)
    except (OSError, ValueError, KeyError, TypeError):
        return None
