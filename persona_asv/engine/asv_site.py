"""asv's ``publish``, in a process of its own, told what asv would ask git and the disk for again and again.

``python -m persona_asv.engine.asv_site ORDER``: the order is a JSON file (`Order`). What differs from the
plain command, all of it against the pinned version (tests/test_site_engine.py fails when asv moves):

- **The history is told, not asked.** Tags are the order's (releases and baselines), and git is not started
  once a tag and once a step.
- **Every result file is parsed once**, not three times.
- **A graph's data is put together once**, not once for its steps, its file, and the summary each.

What asv found is written beside the site: the pieces of every line, for the front page.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True, slots=True)
class Order:
    """What asv shall publish.

    Attributes
    ----------
    config
        Path of the generated asv configuration.
    tags
        Commit by tag.
    revisions, dates
        Revision and date (milliseconds since the epoch) of every commit that is drawn or tagged.
    line
        The commits of the main branch.
    single
        Commits whose only parent is the one named: a step between the two is that commit's.
    pieces
        File that takes what asv's step detection found.
    """

    config: str
    tags: Mapping[str, str]
    revisions: Mapping[str, int]
    dates: Mapping[str, int]
    line: tuple[str, ...]
    single: Mapping[str, str]
    pieces: str

    def to_json(self) -> str:
        """Return the order as the process reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """Return the order that `to_json` wrote."""
        facts = json.loads(text)
        return cls(**{**facts, "line": tuple(facts["line"])})


def _told_repository(order: Order, conf: Any) -> Any:
    """Return asv's repository of the configuration, which answers from the order."""
    from asv.plugins.git import Git

    class ToldRepository(Git):  # type: ignore[misc]
        def pull(self) -> None:
            pass

        def get_tags(self) -> dict[str, str]:
            return dict(order.tags)

        def get_revisions(self, commits: Iterable[str]) -> dict[str, int]:
            wanted = frozenset(commits)
            return {commit: revision for commit, revision in order.revisions.items() if commit in wanted}

        def get_date_from_name(self, name: str) -> int:
            return order.dates[name]

        def get_branch_commits(self, branch: str) -> frozenset[str]:
            return line

        def get_hashes_from_range(self, range_spec: str) -> list[str]:
            older, _, newer = range_spec.partition("..")
            if order.single.get(newer) == older:
                return [newer]
            if range_spec not in asked:
                asked[range_spec] = super().get_hashes_from_range(range_spec)
            return asked[range_spec]

    line, asked = frozenset(order.line), dict[str, list[str]]()
    return ToldRepository(conf.repo, conf.repo)


def _read_once() -> None:
    """Make asv parse every result file once in this process."""
    from asv.commands import publish
    from asv.plugins import regressions

    iter_results = publish.iter_results
    found: list[Any] = []

    def iter_once(folder: str) -> Iterator[Any]:
        if not found:
            found.extend(iter_results(folder))
        return iter(found)

    publish.iter_results = regressions.iter_results = iter_once


def _reduce_once() -> None:
    """Make asv put a graph's data together once; when it is first asked for, it is complete."""
    from asv.graph import Graph

    get_data = Graph.get_data

    def get_data_once(graph: Any) -> Any:
        if not hasattr(graph, "reduced"):
            graph.reduced = get_data(graph)
        return graph.reduced

    Graph.get_data = get_data_once


def _note_pieces(path: Path) -> None:
    """Have what the step detection found written down; asv throws it away."""
    from asv.plugins.regressions import Regressions

    publish = Regressions.publish.__func__

    def publish_and_note(
        cls: Any, conf: Any, repo: Any, benchmarks: Any, graphs: Any, revisions: Any
    ) -> None:
        publish(cls, conf, repo, benchmarks, graphs, revisions)
        lines = []
        for name, graph in graphs:
            if "summary" in graph.params:
                continue
            steps = graph.get_steps()
            points = graph.get_data()
            lines.append(
                {
                    "benchmark": graph.benchmark_name,
                    "path": name,
                    "params": graph.params,
                    "pieces": [steps] if graph.scalar_series else steps,
                    "points": [[rev, [value] if graph.scalar_series else value] for rev, value, _ in points],
                }
            )
        path.write_text(json.dumps(lines))

    Regressions.publish = classmethod(publish_and_note)


def main(name: str) -> int:
    """Publish as ordered; returns asv's exit code."""
    from asv import config, console, util
    from asv.commands import publish

    console.log.enable(verbose=False)
    order = Order.from_json(Path(name).read_text(encoding="utf-8"))
    conf = config.Config.load(order.config)
    repository = _told_repository(order, conf)
    publish.get_repo = lambda conf: repository
    _read_once()
    _reduce_once()
    _note_pieces(Path(order.pieces))
    try:
        return int(publish.Publish.run(conf, pull=False) or 0)
    except util.UserError as error:
        console.log.error(str(error))
        return 1
    finally:
        console.log.flush()


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
