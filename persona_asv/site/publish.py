"""asv's HTML site from the results in the history: copied and checked, published by asv, swapped in."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import persona_asv
from persona_asv.baselines.book import Book
from persona_asv.baselines.shelf import shelf_of
from persona_asv.config import Config
from persona_asv.engine import asv_pages, chronicle, worktree
from persona_asv.engine.asv_site import Order
from persona_asv.engine.chronicle import Chronicle
from persona_asv.engine.publisher import run_asv
from persona_asv.engine.results import Benchmark, read_benchmarks_file
from persona_asv.engine.store import HOME, make_home, write_json
from persona_asv.engine.suite import results_folder
from persona_asv.errors import MeasurementError, ResultFileError, UsageError
from persona_asv.site import nominal, swap, text
from persona_asv.site.reduction import Reduced, reduce_file
from persona_asv.site.staging import Staged, stage

PATIENCE = 60.0
"""Seconds to wait for another publish."""
LARGEST_REPORT = 5_000_000
"""Bytes of a report that is copied into the site."""
_COMPANIONS = ("machine.json", "benchmarks.json")


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A result that is not in the site, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Site:
    """What a site was built from.

    Attributes
    ----------
    pieces
        What asv's step detection found, one entry a line of a graph (`asv_site`).
    report
        Whether a report was copied into it.
    """

    chronicle: Chronicle
    staged: Staged
    tags: Mapping[str, str]
    books: tuple[Book, ...]
    left_out: tuple[LeftOut, ...]
    nominal: Mapping[str, float]
    pieces: Sequence[Mapping[str, object]]
    threshold: float
    report: bool

    @property
    def project(self) -> str:
        """What the project is called: as its page is, else as its folder."""
        return project_name(self.chronicle)


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
    tree = worktree.find(settings.root)
    if tree is None:
        raise MeasurementError(f"{settings.root} is in no git repository: a history needs one")
    results = results_folder(tree.root)
    output = output.absolute()
    output = output.resolve() if output.is_symlink() else output
    swap.refuse_foreign(output)
    with _alone(settings.root):
        digest = _digest(settings, tree.root, results, commits)
        known = _built(output, digest, nominal.kept(settings.root / HOME / nominal.FILE))
        if known is not None:
            return known
        chosen = chronicle.read(tree.root)
        within = None if commits is None else chosen.within(commits)
        try:
            output.parent.mkdir(parents=True, exist_ok=True)
            with _workshop(settings.root, output) as shop:
                return _build(settings, chosen, within, results, output, shop, digest, page)
        except OSError as error:
            where = error.filename or output
            raise MeasurementError(
                f"{where}: cannot be written ({error.strerror}); the site is as it was"
            ) from error


def _build(
    settings: Config,
    chosen: Chronicle,
    within: frozenset[str] | None,
    results: Path,
    output: Path,
    shop: Path,
    digest: str,
    page: Callable[[Site], str],
) -> Published:
    books = tuple(shelf_of(settings).books())
    files, left_out = _read(results, chosen, within)
    if not files:
        why = (
            f": {left_out[0].path}: {left_out[0].reason}" if left_out else "; persona benchmark run fills it"
        )
        raise MeasurementError(f"{results} holds no result to draw{why}")
    known, complaint = _known(results)
    costs = nominal.of_machines(files, settings.root / HOME / nominal.FILE)
    staged = stage(files, known, costs, shop / "results")
    if not staged.names:
        raise MeasurementError(f"{results} holds no series to draw{': ' + complaint if complaint else ''}")
    tags = _tags(chosen, books)
    html = shop / "html"
    threshold = settings.thresholds.warn / 100
    _configure(shop / "asv.conf.json", chosen, staged, html, threshold)
    pieces = run_asv(_order(chosen, staged, tags, shop), shop)
    asv_pages.make_offline(html)
    site = Site(
        chosen,
        staged,
        tags,
        books,
        (*left_out, *([LeftOut(results / "benchmarks.json", complaint)] if complaint else [])),
        costs,
        pieces,
        threshold,
        _extras(settings, books, html),
    )
    (html / asv_pages.START).write_text(page(site), encoding="utf-8")
    published = Published(
        output, True, len({file.commit for file in files}), len(files), len(staged.names), site.left_out
    )
    _mark(html / swap.MARK, digest, costs, published)
    swap.put(html, output)
    return published


@contextmanager
def _alone(root: Path) -> Iterator[None]:
    from filelock import FileLock, Timeout

    try:
        make_home(root / HOME)
        with FileLock(root / HOME / "site.lock", timeout=PATIENCE):
            yield
    except Timeout as error:
        raise UsageError(f"publish: another one has been at work for {PATIENCE:.0f} s; try again") from error
    except OSError as error:
        raise MeasurementError(
            f"{error.filename or root / HOME}: cannot be written ({error.strerror})"
        ) from error


@contextmanager
def _workshop(root: Path, output: Path) -> Iterator[Path]:
    """Make a folder to build in, on the site's file system; what a killed publish left is swept away."""
    home = root / HOME
    if home.stat().st_dev != output.parent.stat().st_dev:
        home = output.parent
    for left in home.glob(".site-*.tmp"):
        shutil.rmtree(left, ignore_errors=True)
    shop = Path(tempfile.mkdtemp(prefix=".site-", suffix=".tmp", dir=home))
    try:
        yield shop
    finally:
        shutil.rmtree(shop, ignore_errors=True)


def _paths(results: Path) -> list[Path]:
    found = []
    for folder, folders, names in os.walk(results):
        folders.sort()
        found += [
            Path(folder, name)
            for name in sorted(names)
            if name.endswith(".json") and not name.startswith(".") and name not in _COMPANIONS
        ]
    return found


def _read(
    results: Path, chosen: Chronicle, within: frozenset[str] | None
) -> tuple[list[Reduced], tuple[LeftOut, ...]]:
    drawn = {*chosen.line, *chosen.tags.values()}
    files, left_out = [], []
    for path in _paths(results):
        found = reduce_file(path)
        if isinstance(found, str):
            left_out.append(LeftOut(path, found.removeprefix(f"{path}: ")))
        elif found.commit not in chosen.commits:
            left_out.append(LeftOut(path, "its commit is not in the repository"))
        elif found.commit not in drawn:
            left_out.append(LeftOut(path, f"its commit is not on {chosen.branch}, and no tag"))
        elif within is None or found.commit in within:
            files.append(found)
    return files, tuple(left_out)


def _known(results: Path) -> tuple[Mapping[str, Benchmark], str]:
    try:
        return read_benchmarks_file(results / "benchmarks.json"), ""
    except ResultFileError as error:
        return {}, str(error).removeprefix(f"{results / 'benchmarks.json'}: ")


def project_name(chosen: Chronicle) -> str:
    """Return what the project is called: as its page is, else as its folder."""
    return chosen.page.rpartition("/")[2] if chosen.page else text.inert_title(chosen.root.name)


def _tags(chosen: Chronicle, books: Sequence[Book]) -> dict[str, str]:
    """Return the releases and the baselines, each a line across the graphs."""
    tags = dict(chosen.tags)
    for book in books:
        baseline = book.baseline
        if baseline is not None and baseline.commit in chosen.commits:
            same = tags.get(baseline.name) in (None, baseline.commit)
            tags[baseline.name if same else f"{baseline.name} (baseline)"] = str(baseline.commit)
    return tags


def _configure(path: Path, chosen: Chronicle, staged: Staged, html: Path, threshold: float) -> None:
    judged = set(staged.judged)
    write_json(
        path,
        {
            "version": 1,
            "project": project_name(chosen),
            "project_url": chosen.page or "#",
            "show_commit_url": chosen.commit_page or "#",
            "repo": str(chosen.root),
            "branches": [chosen.branch],
            "environment_type": "existing",
            "results_dir": str(staged.folder),
            "html_dir": str(html),
            "regressions_thresholds": {".*": threshold},
            "regressions_first_commits": {
                f"^{asv_pages.exactly(name)}[(@]": None
                for name in staged.names.values()
                if name not in judged
            },
        },
    )


def _order(chosen: Chronicle, staged: Staged, tags: Mapping[str, str], shop: Path) -> Order:
    needed = {file.commit for file in staged.files} | set(tags.values())
    places = {commit: place for place, commit in enumerate(chosen.commits)}
    return Order(
        config=str(shop / "asv.conf.json"),
        tags=tags,
        revisions={commit: places[commit] for commit in needed},
        dates={commit: chosen.commits[commit].date for commit in needed},
        line=chosen.line,
        single={c: chosen.commits[c].parents[0] for c in needed if len(chosen.commits[c].parents) == 1},
        pieces=str(shop / "pieces.json"),
    )


def _extras(settings: Config, books: Sequence[Book], html: Path) -> bool:
    """Copy the baselines and the newest HTML report into the site; returns whether there was a report."""
    (html / "baselines").mkdir()
    for book in books:
        if book.baseline is not None:
            shutil.copyfile(book.path, html / "baselines" / book.path.name)
    reports = [path for path in (settings.root / settings.reports_dir).glob("*.html") if path.is_file()]
    reports = [path for path in reports if path.stat().st_size <= LARGEST_REPORT]
    if reports:
        shutil.copyfile(max(reports, key=lambda path: path.stat().st_mtime_ns), html / "report.html")
    return bool(reports)


def _digest(settings: Config, root: Path, results: Path, commits: str | None) -> str:
    """Return what is different whenever the site would be; files count by size and time of change."""
    facts: list[object] = [persona_asv.__version__, commits, chronicle.state(root), settings.thresholds.warn]
    facts += [str(settings.baselines_dir), str(settings.reports_dir)]
    reports = settings.root / settings.reports_dir
    folders = (settings.root / settings.baselines_dir, reports)
    paths = [
        path for folder in folders for path in sorted(folder.glob("*")) if path.suffix in (".yaml", ".html")
    ]
    everything = [
        *_paths(results),
        *sorted(results.rglob("machine.json")),
        results / "benchmarks.json",
        *paths,
    ]
    package = Path(persona_asv.__file__).parent
    makers = [
        path for part in ("site", "engine", "render", "www") for path in sorted((package / part).rglob("*"))
    ]
    for path in (*everything, *(path for path in makers if "__pycache__" not in path.parts)):
        try:
            stat = path.stat()
        except OSError:
            continue
        facts.append((str(path), stat.st_size, stat.st_mtime_ns))
    return hashlib.sha256(repr(facts).encode()).hexdigest()


def _mark(path: Path, digest: str, costs: Mapping[str, float], published: Published) -> None:
    left_out = [[str(left.path), left.reason] for left in published.left_out]
    facts = {"commits": published.commits, "files": published.files, "series": published.series}
    write_json(
        path, {"schema": 1, "digest": digest, "nominal": costs, **facts, "left_out": left_out}, indent=1
    )


def _built(output: Path, digest: str, costs: Mapping[str, float]) -> Published | None:
    """Return the site that stands there, if it is the one that would be built."""
    try:
        mark = json.loads((output / swap.MARK).read_text(encoding="utf-8"))
        if (mark["digest"], mark["nominal"]) != (digest, costs) or not (output / asv_pages.START).is_file():
            return None
        left_out = tuple(LeftOut(Path(path), reason) for path, reason in mark["left_out"])
        return Published(output, False, mark["commits"], mark["files"], mark["series"], left_out)
    except (OSError, ValueError, KeyError, TypeError):
        return None
