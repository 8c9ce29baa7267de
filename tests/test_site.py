"""``persona benchmark publish``: asv's site from real repositories with a measured history."""

from __future__ import annotations

import json
import math
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from conftest import Done, environment, git, persona
from histories import AXES, CASE, History, cell, commits, history
from processes import marked, new_mark, until
from synthetic import measured

from persona_asv.model import Cell, Series, State
from persona_asv.site.series import REFERENCE

PUBLISH = ("benchmark", "publish")


def publish(folder: Path, *arguments: str) -> Done:
    done = persona(*PUBLISH, *arguments, cwd=folder)
    assert done.code == 0, done.err
    return done


def facts(folder: Path, name: str = "index.json") -> Any:
    def refuse(constant: str) -> None:
        raise ValueError(constant)

    return json.loads((folder / "html" / name).read_text(), parse_constant=refuse)


def regressions(folder: Path) -> set[str]:
    return {entry[0].partition("(")[0] for entry in facts(folder, "regressions.json")["regressions"]}


def drawn(folder: Path, name: str) -> dict[str, list[Any]]:
    """Return a series' lines by the folder of their graph."""
    graphs = (folder / "html" / "graphs").rglob(f"{name}.json")
    return {str(path.parent): json.loads(path.read_text()) for path in graphs if "summary" not in path.parts}


def copy(made: History, to: Path) -> Path:
    """Return a copy of a published history, site and all."""
    return Path(shutil.copytree(made.folder, to / "shop", symlinks=True))


def state_of(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Return a published history: a release, then a commit that takes half as much again."""
    made = history(
        tmp_path_factory.mktemp("slower") / "shop",
        [1.0] * 8 + [1.5] * 6,
        subjects=lambda place: "Wait for the pool" if place == 8 else f"change {place}",
    )
    git(made.folder, "tag", "v0.1", made.hashes[4])
    git(made.folder, "tag", "-a", "-m", "annotated", "v0.0", made.hashes[1])
    git(made.folder, "remote", "add", "origin", "https://user:secret@github.com/persona/shop.git")
    publish(made.folder)
    return made


class TestSite:
    def test_draws_every_series_with_a_name_a_unit_and_what_moves_it(self, slower: History) -> None:
        benchmarks = facts(slower.folder)["benchmarks"]
        assert {"cpu.p50", "cpu.p95", "overhead.p50", "overhead.p95", "memory.peak"} <= set(benchmarks)
        assert all(each["pretty_name"] and each["unit"] and each["code"] for each in benchmarks.values())
        for name in benchmarks:
            (line,) = drawn(slower.folder, name).values()
            assert [revision for revision, _ in line] == list(range(14))

    def test_wall_clock_sorts_last_and_says_so(self, slower: History) -> None:
        benchmarks = facts(slower.folder)["benchmarks"]
        walls = [name for name in sorted(benchmarks) if "wall" in benchmarks[name]["pretty_name"]]
        assert walls == sorted(benchmarks)[-len(walls) :]
        assert {"wall.latency_p50", "wall.latency_p95", "wall.time_per_persona"} <= set(walls)

    def test_marks_the_step_in_what_the_code_costs_and_in_nothing_else(self, slower: History) -> None:
        assert regressions(slower.folder) == {"cpu.p50", "cpu.p95", "overhead.p50", "overhead.p95"}

    def test_a_line_depends_on_the_machine_and_python_alone(self, slower: History) -> None:
        assert facts(slower.folder)["graph_param_list"] == [
            {"machine": "tester", "python": "3.11", "branch": "main"}
        ]

    def test_releases_are_tags_and_links_come_from_the_remote_without_its_secret(
        self, slower: History
    ) -> None:
        index = facts(slower.folder)
        assert index["tags"] == {"v0.0": 1, "v0.1": 4}
        assert index["show_commit_url"] == "https://github.com/persona/shop/commit/"
        assert index["project_url"] == "https://github.com/persona/shop"
        assert not [
            name for name, content in state_of(slower.folder / "html").items() if b"secret" in content
        ]

    def test_a_normalised_value_is_the_ratio_times_the_nominal_cost(self, slower: History) -> None:
        (line,) = drawn(slower.folder, "cpu.p50").values()
        nominal = json.loads((slower.folder / ".asv" / "nominal.json").read_text())["tester"][REFERENCE]
        assert line[0][1][0] / nominal == pytest.approx(6, rel=0.05)  # 3 ms beside references of 0.5 ms
        assert line[-1][1][0] / nominal == pytest.approx(9, rel=0.05)

    def test_nothing_is_fetched_from_elsewhere(self, slower: History) -> None:
        for page in ("index.html", "start.html"):
            text = (slower.folder / "html" / page).read_text()
            assert "Content-Security-Policy" in text
            assert "integrity=" not in text
            assert "<script>" not in text
        assert (slower.folder / "html" / "lib" / "jquery.min.js").stat().st_size > 10_000

    def test_front_page_names_the_commit_its_subject_and_the_size(self, slower: History) -> None:
        page = (slower.folder / "html" / "start.html").read_text()
        commit = slower.hashes[8]
        assert "What changed since v0.1" in page
        link = f"https://github.com/persona/shop/commit/{commit}"
        assert f'href="{link}" rel="noopener"><code>{commit[:8]}</code></a>' in page
        assert "Wait for the pool" in page
        assert page.count('<li class="card">') == 1
        assert f"commits={commit}" in page
        for view in ("index.html#/", "index.html#/summarylist", "index.html#/regressions", "regressions.xml"):
            assert f'href="{view}"' in page

    def test_the_samples_stay_behind(self, slower: History) -> None:
        pages = state_of(slower.folder / "html")
        assert [name for name in pages if name.endswith(".json") and b"samples" in pages[name]] == []

    def test_asv_publishes_the_same_results_unaided(self, slower: History, tmp_path: Path) -> None:
        conf = {
            "version": 1, "project": "shop", "repo": str(slower.folder), "branches": ["main"],
            "results_dir": str(slower.results), "html_dir": str(tmp_path / "plain"),
            "environment_type": "existing", "benchmark_dir": "benchmarks",
        }  # fmt: skip
        (tmp_path / "asv.conf.json").write_text(json.dumps(conf))
        subprocess.run(
            [sys.executable, "-m", "asv", "publish", "--no-pull"],
            cwd=tmp_path,
            check=True,
            capture_output=True,
        )
        plain = json.loads((tmp_path / "plain" / "index.json").read_text())
        assert "generation.Generation.time_generate" in plain["benchmarks"]
        ours = facts(slower.folder)
        assert {key: ours[key] for key in ("revision_to_hash", "revision_to_date", "tags")} == {
            key: plain[key] for key in ("revision_to_hash", "revision_to_date", "tags")
        }


class TestAgain:
    def test_nothing_changed_builds_nothing(self, slower: History) -> None:
        before = (slower.folder / "html").stat().st_ino
        data = json.loads(publish(slower.folder, "--json").out)["data"]
        assert (data["built"], data["commits"], data["files"]) == (False, 14, 14)
        assert (slower.folder / "html").stat().st_ino == before

    def test_a_change_of_anything_builds_anew(self, slower: History, tmp_path: Path) -> None:
        made = History(copy(slower, tmp_path), slower.hashes)
        folder = made.folder
        changes: dict[str, Callable[[], object]] = {
            "another folder": lambda: None,
            "a result": lambda: made.write(13, measured(99, slower=2.0)),
            "a tag": lambda: git(folder, "tag", "v0.2", made.hashes[9]),
            "a baseline": lambda: (folder / "baselines" / "v1.yaml").write_text("name: v1\n"),
            "a threshold": lambda: (folder / "persona.yaml").write_text(
                "benchmarks: {thresholds: {warn: 15, fail: 30}}\n"
            ),
            "a missing page": (folder / "html" / "start.html").unlink,
        }
        (folder / "baselines").mkdir()
        for what, change in changes.items():
            change()
            assert "nothing has changed" not in publish(folder).out, what
        assert "nothing has changed" in publish(folder).out
        assert "nothing has changed" not in publish(folder, "--commits", "v0.1..main").out
        assert len(facts(folder)["revision_to_hash"]) == 9 + 2  # and two tags outside of the range


class TestUnchangedCode:
    def test_marks_no_regression_in_20_commits(self, tmp_path: Path) -> None:
        made = history(tmp_path / "still", [1.0] * 20, seed=100)
        publish(made.folder)
        assert regressions(made.folder) == set()
        page = (made.folder / "html" / "start.html").read_text()
        assert "No step of 10 % or more in 20 commits" in page
        assert "Nothing: no line moves by 5 % or more" in page

    def test_two_machines_mixed_in_make_no_step(self, tmp_path: Path) -> None:
        """One name for a quick and a slow machine in turn, as runners of CI have; and another name."""
        made = history(
            tmp_path / "mixed",
            [1.0] * 24,
            machine=lambda place: "other" if place % 3 == 2 else "ci",
            strain=lambda place: (1.0, 1.9, 0.6)[place % 3] if place > 11 else 1.0,
            seed=200,
        )
        publish(made.folder)
        assert regressions(made.folder) == set()
        assert {Path(folder).parent.name for folder in drawn(made.folder, "cpu.p50")} == {
            "machine-ci",
            "machine-other",
        }
        assert "No step of 10 % or more" in (made.folder / "html" / "start.html").read_text()

    def test_more_personas_a_minute_are_no_regression(self, tmp_path: Path) -> None:
        made = history(tmp_path / "quicker", [1.0] * 6 + [0.5] * 6, seed=300)
        publish(made.folder)
        assert regressions(made.folder) == set()
        (line,) = drawn(made.folder, "wall.time_per_persona").values()
        assert line[-1][1][0] < line[0][1][0]


@pytest.fixture(scope="module")
def broken(tmp_path_factory: pytest.TempPathFactory) -> tuple[History, Done]:
    """Return a history with everything wrong in it that a folder can hold, published."""
    made = history(tmp_path_factory.mktemp("broken") / "shop", [1.0] * 4)
    whole = next(iter(made.results.rglob(f"{made.hashes[0][:8]}-*.json")))
    folder = whole.parent
    (folder / "0-cut.json").write_text(whole.read_text()[:1000])
    (folder / "1-foreign.json").write_text(whole.read_text().replace(made.hashes[0], "f" * 40))
    git(made.folder, "checkout", "-q", "-b", "side", made.hashes[1])
    git(made.folder, "commit", "-q", "--allow-empty", "-m", "aside")
    aside = git(made.folder, "rev-parse", "HEAD")
    git(made.folder, "checkout", "-q", "main")
    known = json.loads(whole.read_text())
    (folder / "2-aside.json").write_text(json.dumps({**known, "commit_hash": aside}))
    odd = {
        "suite.Old.track_dict": [[{"a": 1}], [], "1"],
        "suite.Old.track_nan": [[math.nan], [], "1"],
        "suite.Old.track_inf": [[math.inf], [], "1"],
        "suite.Old.time_quick": [[0.25], [], "1"],
        "suite.Old.time_gone": [[0.25], [], "1"],
    }
    columns = ["result", "params", "version"]
    (folder / "3-odd.json").write_text(json.dumps({**known, "result_columns": columns, "results": odd}))
    made.describe(
        "suite.Old.track_dict", "suite.Old.track_nan", "suite.Old.track_inf", "suite.Old.time_quick"
    )
    lone = made.results / "lone"
    lone.mkdir()
    (lone / "x.json").write_text(json.dumps({**known, "params": {**known["params"], "machine": "lone"}}))
    return made, publish(made.folder, "--json")


class TestBadResults:
    def test_what_cannot_be_used_is_named_and_left_out(self, broken: tuple[History, Done]) -> None:
        made, done = broken
        left = {Path(each["file"]).name: each["reason"] for each in json.loads(done.out)["data"]["left_out"]}
        assert set(left) == {"0-cut.json", "1-foreign.json", "2-aside.json"}
        assert "cut off" in left["0-cut.json"]
        assert left["1-foreign.json"] == "its commit is not in the repository"
        assert left["2-aside.json"] == "its commit is not on main, and no tag"
        assert done.err.count("left out: ") == 3
        again = publish(made.folder, "--json")
        assert json.loads(again.out)["data"]["left_out"] == json.loads(done.out)["data"]["left_out"]
        assert [
            name for name, page in state_of(made.folder / "html").items() if bytes(made.folder) in page
        ] == []

    def test_other_suites_are_drawn_as_far_as_they_are_numbers(self, broken: tuple[History, Done]) -> None:
        made, _ = broken
        others = {name for name in facts(made.folder)["benchmarks"] if name.startswith("suite.")}
        assert others == {"suite.Old.time_quick"}

    def test_a_machine_without_a_file_is_known_by_its_results(self, broken: tuple[History, Done]) -> None:
        made, _ = broken
        assert facts(made.folder)["machines"]["lone"]["cpu"] == "a CPU"

    def test_two_results_of_one_commit_are_two_lines(self, broken: tuple[History, Done]) -> None:
        made, _ = broken
        assert len(facts(made.folder)["params"]["machine"]) == 2


def one_commit(folder: Path) -> History:
    made = history(folder, [1.0])
    publish(made.folder)
    return made


class TestSmallHistories:
    def test_one_commit(self, tmp_path: Path) -> None:
        made = one_commit(tmp_path / "one")
        assert "since the first commit (no release yet)" in (made.folder / "html" / "start.html").read_text()

    def test_a_renamed_case_and_another_number_of_parameters(self, tmp_path: Path) -> None:
        made = History(tmp_path, commits(tmp_path, ["a", "b", "c"]))
        name = "generation.Generation.track_api_calls"
        shapes: list[tuple[tuple[tuple[str, ...], ...], tuple[str, ...]]] = [
            ((("'standard'",),), ("'standard'",)),
            (AXES, CASE),
            ((("'usual'",), ("'anthropic'",)), ("'usual'", "'anthropic'")),
        ]
        for place, (axes, case) in enumerate(shapes):
            made.put(place, {name: Series(name, axes, (Cell(case, State.MEASURED, 3.0),), version="1")})
        made.describe()
        publish(tmp_path)
        assert facts(tmp_path)["benchmarks"]["api.calls"]["params"][0] == ["'standard'", "'usual'"]

    def test_another_version_of_a_benchmark_is_not_drawn(self, tmp_path: Path) -> None:
        made = History(tmp_path, commits(tmp_path, ["a", "b"]))
        for place, version in enumerate(("0", "1")):
            name = "suite.time_x"
            made.put(place, {name: Series(name, (), (cell([0.1] * 9, ()),), version=version)}, stamp=False)
        made.describe("suite.time_x")
        publish(tmp_path)
        (line,) = drawn(tmp_path, "suite.time_x").values()
        assert [revision for revision, _ in line] == [1]

    def test_a_tagged_commit_off_the_branch_is_drawn_and_baselines_are_tags(self, tmp_path: Path) -> None:
        made = history(tmp_path, [1.0] * 3)
        git(tmp_path, "remote", "add", "origin", "javascript:alert(1)//github.com/x/y")
        (tmp_path / "baselines").mkdir()
        baseline = (
            "schema: 1\nname: v9\nversion: '9'\ncaptured_at: 2025-01-01T00:00:00Z\n"
            f"commit: {made.hashes[1]}\n"
            "environment:\n  {python_version: '3.11', platform: linux, cpu: c, memory_gb: 8, "
            "persona_version: '9'}\n"
            "workloads: {standard: {iterations: 100, metrics: {generation_latency_p50: 5.0}}}\n"
        )
        (tmp_path / "baselines" / "v9.yaml").write_text(baseline)
        publish(tmp_path)
        index = facts(tmp_path)
        assert index["tags"] == {"v9": 1}
        assert index["show_commit_url"] == "#"
        page = (tmp_path / "html" / "start.html").read_text()
        assert 'href="baselines/v9.yaml">v9</a>' in page
        assert "javascript:" not in page
        assert (tmp_path / "html" / "baselines" / "v9.yaml").read_text() == baseline

    def test_a_shallow_clone_says_how_to_get_the_rest(self, tmp_path: Path) -> None:
        made = history(tmp_path / "whole", [1.0] * 3)
        git(tmp_path, "clone", "-q", "--depth=1", f"file://{made.folder}", "part")
        shutil.copytree(made.results, tmp_path / "part" / ".asv" / "results")
        done = publish(tmp_path / "part")
        assert done.err.count("is not in this shallow clone (git fetch --unshallow brings it)") == 2
        assert len(facts(tmp_path / "part")["revision_to_hash"]) == 1
        git(tmp_path / "part", "fetch", "-q", "--unshallow")
        assert publish(tmp_path / "part").err == ""
        assert len(facts(tmp_path / "part")["revision_to_hash"]) == 3


class TestFolder:
    def test_its_own_files_stay_and_the_newest_report_comes_along(self, tmp_path: Path) -> None:
        made = history(tmp_path, [1.0] * 2)
        (tmp_path / "html").mkdir()
        (tmp_path / "html" / ".gitkeep").touch()
        (tmp_path / "html" / "README.md").write_text("how")
        (tmp_path / "benchmark-reports").mkdir()
        (tmp_path / "benchmark-reports" / "a.html").write_text("<p>report</p>")
        publish(made.folder)
        assert (tmp_path / "html" / "README.md").read_text() == "how"
        assert (tmp_path / "html" / ".gitkeep").exists()
        assert (tmp_path / "html" / "report.html").read_text() == "<p>report</p>"
        assert 'href="report.html"' in (tmp_path / "html" / "start.html").read_text()
        assert not list((tmp_path / ".asv").glob(".site-*"))

    @pytest.mark.parametrize(
        ("arguments", "expected"),
        [
            (("--output", "photos"), "holds a.jpg, which is no site's"),
            (("--output", "photos/a.jpg"), "is a file; name a folder"),
            (("--commits", "nonsense..main"), "--commits: git knows no range 'nonsense..main'"),
            (("--commits", "--all"), "--commits: git knows no range '--all'"),
            (("--commits", ""), "--commits: git knows no range ''"),
            (("--output", "/proc/site"), "cannot be written"),
        ],
        ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
    )
    def test_bad_usage_leaves_everything_as_it_was(
        self, arguments: tuple[str, ...], expected: str, slower: History, tmp_path: Path
    ) -> None:
        folder = copy(slower, tmp_path)
        (folder / "photos").mkdir()
        (folder / "photos" / "a.jpg").write_text("x")
        before = state_of(folder / "html")
        done = persona(*PUBLISH, *arguments, cwd=folder)
        assert (done.code, done.out) == (3, "")
        assert expected in done.err
        assert done.err.count("\n") == 1
        assert state_of(folder / "html") == before
        assert (folder / "photos" / "a.jpg").exists()

    def test_without_results_or_repository_it_says_what_to_do(self, tmp_path: Path) -> None:
        outside = persona(*PUBLISH, cwd=tmp_path)
        assert (outside.code, "is in no git repository" in outside.err) == (3, True)
        commits(tmp_path / "new", ["a"])
        empty = persona(*PUBLISH, cwd=tmp_path / "new")
        assert (empty.code, "persona benchmark run fills it" in empty.err) == (3, True)
        assert not (tmp_path / "new" / "html").exists()

    def test_asv_failing_leaves_the_old_site(self, slower: History, tmp_path: Path) -> None:
        folder = copy(slower, tmp_path)
        before = state_of(folder / "html")
        git(folder, "tag", "v0.2", slower.hashes[9])
        (tmp_path / "asv").mkdir()
        (tmp_path / "asv" / "__init__.py").write_text("raise RuntimeError('no asv today')")
        done = persona(*PUBLISH, cwd=folder, PYTHONPATH=str(tmp_path))
        assert done.code == 3
        assert "no asv today; the site is as it was" in done.err
        assert state_of(folder / "html") == before

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGKILL], ids=lambda number: number.name)
    def test_killed_in_the_middle_leaves_the_old_site(
        self, number: signal.Signals, slower: History, tmp_path: Path
    ) -> None:
        folder = copy(slower, tmp_path)
        before = state_of(folder / "html")
        git(folder, "tag", "v0.2", slower.hashes[9])
        (tmp_path / "asv").mkdir()
        (tmp_path / "asv" / "__init__.py").write_text(
            f"import pathlib, time\npathlib.Path({str(tmp_path / 'begun')!r}).touch()\ntime.sleep(1000)\n"
        )
        mark = new_mark()
        with subprocess.Popen(
            [sys.executable, "-m", "persona_asv", *PUBLISH],
            cwd=folder,
            env=environment(PYTHONPATH=str(tmp_path), **mark),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        ) as process:
            until((tmp_path / "begun").exists)
            process.send_signal(number)
            process.wait()
        assert process.returncode in (3, -number)
        until(lambda: not marked(mark))
        assert state_of(folder / "html") == before
        publish(folder)
        assert facts(folder)["tags"] == {"v0.0": 1, "v0.1": 4, "v0.2": 9}
        assert not list((folder / ".asv").glob(".site-*"))
