"""asv's publish as we start it writes, byte for byte, what the plain command writes."""

from __future__ import annotations

import json
import random
import subprocess
import sys
from pathlib import Path

import pytest
from conftest import environment, git
from histories import History, cell, commits

from persona_asv.engine import chronicle
from persona_asv.engine.asv_site import Order
from persona_asv.engine.publisher import run_asv
from persona_asv.errors import MeasurementError
from persona_asv.model import Series

AXES = (("'a'", "'b'"), ("1", "2"))


@pytest.fixture
def measured(tmp_path: Path) -> History:
    """Return a history with a merge, gaps, two machines, steps up and down, and a series with parameters."""
    folder = tmp_path / "shop"
    commits(folder, [f"change {place}" for place in range(20)])
    git(folder, "checkout", "-q", "-b", "side", "main~5")
    git(folder, "commit", "-q", "--allow-empty", "-m", "aside")
    git(folder, "checkout", "-q", "main")
    git(folder, "merge", "-q", "--no-ff", "-m", "merge", "side")
    git(folder, "tag", "v1", "main~9")
    git(folder, "tag", "-a", "-m", "x", "v2", "main~2")
    made = History(folder, git(folder, "rev-list", "--first-parent", "--reverse", "main").split())
    draw = random.Random(0)
    for place in (*range(6), *range(8, 21)):
        level = 1.5 if place in range(9, 15) else 1.2 if place >= 18 else 1.0
        values = [[level * draw.lognormvariate(0, 0.01) for _ in range(20)] for _ in range(4)]
        pairs = [(a, b) for a in AXES[0] for b in AXES[1]]
        path = made.put(
            place,
            {
                "suite.time_plain": Series("suite.time_plain", (), (cell(values[0], ()),), version="1"),
                "suite.time_grid": Series(
                    "suite.time_grid",
                    AXES,
                    tuple(cell(each, pair) for each, pair in zip(values, pairs, strict=True)),
                    version="1",
                    started_at=1000 * place,
                ),
            },
            machine="quick" if place % 4 else "slow",
            stamp=False,
        )
        path.write_text(path.read_text().replace(f"Linux 6.{place}", "Linux"))  # a line a kernel, with asv
    made.describe("suite.time_plain", "suite.time_grid")
    path = made.results / "benchmarks.json"
    known = json.loads(path.read_text())
    known["suite.time_grid"] |= {"params": [list(axis) for axis in AXES], "param_names": ["x", "y"]}
    path.write_text(json.dumps(known))
    return made


def configure(made: History, html: Path, name: Path) -> None:
    name.write_text(
        json.dumps(
            {
                "version": 1, "project": "shop", "repo": str(made.folder), "branches": ["main"],
                "show_commit_url": "https://example.org/commit/", "environment_type": "existing",
                "results_dir": str(made.results), "html_dir": str(html), "benchmark_dir": "benchmarks",
            }
        )
    )  # fmt: skip


def order(made: History, config: Path, **changes: object) -> Order:
    told = chronicle.read(made.folder)
    single = {each.hash: each.parents[0] for each in told.commits.values() if len(each.parents) == 1}
    facts = {
        "config": str(config),
        "tags": dict(told.tags),
        "revisions": {commit: place for place, commit in enumerate(told.commits)},
        "dates": {commit: each.date for commit, each in told.commits.items()},
        "line": told.line,
        "single": single,
        "pieces": str(config.with_name("pieces.json")),
    }
    return Order(**{**facts, **changes})  # type: ignore[arg-type]


def tree(folder: Path) -> dict[str, bytes]:
    found = {str(path.relative_to(folder)): path for path in folder.rglob("*") if path.is_file()}
    return {name: path.read_bytes() for name, path in found.items() if name != "info.json"}


def test_is_what_the_plain_command_publishes(measured: History, tmp_path: Path) -> None:
    configure(measured, tmp_path / "plain", tmp_path / "asv.conf.json")
    subprocess.run(
        [sys.executable, "-m", "asv", "publish", "--no-pull"],
        cwd=tmp_path,
        env=environment(PYTHONHASHSEED="0"),
        check=True,
        capture_output=True,
    )
    shop = tmp_path / "ours"
    shop.mkdir()
    configure(measured, shop / "html", shop / "asv.conf.json")
    pieces = run_asv(order(measured, shop / "asv.conf.json"), shop)
    plain, ours = tree(tmp_path / "plain"), tree(shop / "html")
    assert plain.keys() == ours.keys()
    assert [name for name in plain if plain[name] != ours[name]] == []
    assert len(json.loads(plain["regressions.json"])["regressions"]) > 4
    assert {str(each["benchmark"]) for each in pieces} == {"suite.time_plain", "suite.time_grid"}
    (quick,) = (
        each
        for each in pieces
        if (each["benchmark"], each["params"]["machine"]) == ("suite.time_plain", "quick")
    )
    assert {round(level, 1) for _, _, level, _, _ in quick["pieces"][0]} == {1.0, 1.5, 1.2}


def test_its_failure_is_one_line(measured: History, tmp_path: Path) -> None:
    configure(measured, tmp_path / "html", tmp_path / "asv.conf.json")
    (measured.results / "benchmarks.json").unlink()
    with pytest.raises(
        MeasurementError, match=r"asv publish ended with 1: .*just-discover.*the site is as it was"
    ):
        run_asv(order(measured, tmp_path / "asv.conf.json"), tmp_path)
