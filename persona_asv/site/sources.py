"""What a site is built from: results, what the suite says of them, baselines and reports."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import persona_asv
from persona_asv.baselines.book import Book
from persona_asv.baselines.shelf import shelf_of
from persona_asv.config import Config
from persona_asv.engine import chronicle
from persona_asv.engine.chronicle import Chronicle
from persona_asv.engine.results import Benchmark, read_benchmarks_file
from persona_asv.engine.suite import results_folder
from persona_asv.errors import ResultFileError
from persona_asv.site.reduction import Reduced, reduce_file

LARGEST_REPORT = 5_000_000
"""Bytes of a report that is copied into the site."""
_COMPANIONS = ("machine.json", "benchmarks.json")
_MAKERS = ("site", "engine", "render", "www")
"""Where in this package the pages are made: an update of it is a reason to build anew."""


@dataclass(frozen=True, slots=True)
class LeftOut:
    """A file that is not in the site, and why."""

    path: Path
    reason: str


@dataclass(frozen=True, slots=True)
class Sources:
    """The folders of one project.

    Attributes
    ----------
    root
        The folder that keeps its results: its repository's, where it is in one.
    repository
        The one whose commits are measured: the same, unless asv.conf.json names a clone.
    """

    settings: Config
    root: Path
    repository: Path

    @property
    def results(self) -> Path:
        """The folder of asv's history."""
        return results_folder(self.root)

    @property
    def baselines(self) -> Path:
        """The folder of baselines."""
        return self.settings.root / self.settings.baselines_dir

    @property
    def reports(self) -> Path:
        """The folder of reports."""
        return self.settings.root / self.settings.reports_dir

    def books(self) -> tuple[Book, ...]:
        """Return the baselines, broken ones among them."""
        return tuple(shelf_of(self.settings).books())

    def report(self) -> Path | None:
        """Return the newest HTML report that is not too large."""
        found = [(path.stat(), path) for path in self.reports.glob("*.html") if path.is_file()]
        found = [(stat, path) for stat, path in found if stat.st_size <= LARGEST_REPORT]
        return max(found, key=lambda pair: (pair[0].st_mtime_ns, pair[1].name))[1] if found else None

    def read(
        self, chosen: Chronicle, within: frozenset[str] | None
    ) -> tuple[list[Reduced], tuple[LeftOut, ...]]:
        """Return the results to draw and those left out; ``within`` limits the commits, None does not."""
        drawn = {*chosen.line, *chosen.tags.values()}
        unknown = "its commit is not in the repository"
        if chosen.shallow:
            unknown = "its commit is not in this shallow clone (git fetch --unshallow brings it)"
        files, left_out = [], []
        for path in self._paths():
            found = reduce_file(path)
            if isinstance(found, str):
                left_out.append(LeftOut(path, found.removeprefix(f"{path}: ")))
            elif found.commit not in chosen.commits:
                left_out.append(LeftOut(path, unknown))
            elif found.commit not in drawn:
                left_out.append(LeftOut(path, f"its commit is not on {chosen.branch}, and no tag"))
            elif within is None or found.commit in within:
                files.append(found)
        return files, tuple(left_out)

    def benchmarks(self) -> tuple[Mapping[str, Benchmark], tuple[LeftOut, ...]]:
        """Return what the suite says of its benchmarks, nothing where that cannot be read; and the reason."""
        path = self.results / "benchmarks.json"
        try:
            return read_benchmarks_file(path), ()
        except ResultFileError as error:
            return {}, (LeftOut(path, str(error).removeprefix(f"{path}: ")),)

    def digest(self, commits: str | None) -> str:
        """Return what is different whenever the site would be; files count by size and time of change."""
        facts: list[object] = [persona_asv.__version__, commits, repr(self.settings)]
        facts.append(chronicle.state(self.repository))
        package = Path(persona_asv.__file__).parent
        paths = [
            *self._paths(),
            *sorted(self.results.rglob("machine.json")),
            self.results / "benchmarks.json",
            *sorted(self.baselines.glob("*.yaml")),
            *sorted(self.reports.glob("*.html")),
            *(
                path
                for part in _MAKERS
                for path in sorted((package / part).rglob("*.*"))
                if path.suffix != ".pyc"
            ),
        ]
        for path in paths:
            try:
                stat = path.stat()
            except OSError:
                continue
            facts.append((str(path), stat.st_size, stat.st_mtime_ns))
        return hashlib.sha256(repr(facts).encode(errors="surrogateescape")).hexdigest()

    def _paths(self) -> list[Path]:
        found = []
        for folder, folders, names in os.walk(self.results):
            folders.sort()
            found += [
                Path(folder, name)
                for name in sorted(names)
                if name.endswith(".json") and not name.startswith(".") and name not in _COMPANIONS
            ]
        return found


def tags_of(chosen: Chronicle, books: Sequence[Book]) -> dict[str, str]:
    """Return the releases and the baselines, each a line across the graphs."""
    tags = dict(chosen.tags)
    for book in books:
        baseline = book.baseline
        if baseline is not None and baseline.commit in chosen.commits:
            same = tags.get(baseline.name) in (None, baseline.commit)
            tags[baseline.name if same else f"{baseline.name} (baseline)"] = str(baseline.commit)
    return tags
