"""The parts of the site: git's history, remotes, the front page's reasoning, asv's page, the server."""

from __future__ import annotations

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import asv
import pytest
from conftest import environment, git, persona
from histories import cell, commits
from hypothesis import given
from hypothesis import strategies as st

from persona_asv.engine import asv_pages, chronicle
from persona_asv.engine.chronicle import Chronicle, Commit
from persona_asv.engine.forge import commit_page, web_page
from persona_asv.engine.results import write_result_file
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.model import Cell, ResultFile, Series, State
from persona_asv.render import site as render
from persona_asv.site import nominal, swap, text, workshop
from persona_asv.site.front import Line, Step, front, lines
from persona_asv.site.publish import Published
from persona_asv.site.reduction import Reduced, reduce_file
from persona_asv.site.series import REFERENCE
from persona_asv.site.sources import LeftOut
from persona_asv.site.staging import stage
from persona_asv.site.trend import drift_of


class TestRemote:
    @pytest.mark.parametrize(
        ("expected", "remote"),
        [
            ("https://github.com/persona/shop/commit/", "git@github.com:persona/shop.git"),
            ("https://github.com/persona/shop/commit/", "https://github.com/persona/shop.git\n"),
            ("https://example.org/shop/commit/", "https://user:pa:ss@example.org/shop/"),
            ("http://example.org:8080/a/shop/commit/", "http://example.org:8080/a/shop.git"),
            ("https://gitlab.com/a/b/c/-/commit/", "ssh://git@gitlab.com:2222/a/b/c.git"),
            ("https://bitbucket.org/a/b/commits/", "git@bitbucket.org:a/b.git"),
            (None, None),
            (None, ""),
            (None, "/srv/git/shop.git"),
            (None, "../shop"),
            (None, "file:///srv/git/shop.git"),
            (None, "javascript:alert(1)"),
            (None, "javascript://github.com/%0aalert(1)"),
            (None, 'https://github.com/a"onclick="alert(1)'),
            (None, "https://github.com/a/../../b"),
            (None, "https://github.com/"),
            (None, "https://github.com/<script>"),
        ],
    )
    def test_has_a_page_of_plain_parts_or_none(self, expected: str | None, remote: str | None) -> None:
        assert commit_page(remote) == expected

    @given(st.text())
    def test_whatever_it_is_a_page_is_a_plain_address(self, remote: str) -> None:
        page = web_page(remote)
        assert page is None or (page.startswith("http") and not set(page) & set("\"'<> \n?#"))


class TestText:
    @given(st.text())
    def test_has_nothing_that_html_knows(self, given_: str) -> None:
        made = text.inert_title(given_)
        assert not set(made) & set("<>&\"'`\n\r\0")
        assert len(made) <= text.LONGEST
        made.encode()

    @given(st.text(), st.sets(st.text(), max_size=5))
    def test_a_name_is_new_and_fits_files_and_links(self, given_: str, taken: set[str]) -> None:
        made = text.name(given_, taken)
        assert made not in taken
        assert made.replace("_", "").replace("-", "").replace(".", "").isalnum() or set(made) <= set("_-.")
        assert made not in (".", "..")


def test_names_that_become_the_same_are_told_apart() -> None:
    assert text.name("time_x<script>", taken={"time_x_script_"}) == "time_x_script_-2"
    assert text.name("...") == "_"


class TestChronicle:
    def test_tells_commits_tags_branch_and_odd_subjects(self, tmp_path: Path) -> None:
        hashes = commits(tmp_path, ["first", "<b>\x1f & co", "third"])
        git(tmp_path, "tag", "-a", "-m", "x", "v1", hashes[0])
        blob = git(tmp_path, "hash-object", "-w", "a.txt")
        git(tmp_path, "tag", "no-commit", blob)
        git(tmp_path, "branch", "aside", hashes[1])
        found = chronicle.read(tmp_path)
        assert list(found.commits) == hashes
        assert found.commits[hashes[1]].subject == "<b>\x1f & co"
        assert found.commits[hashes[2]].parents == (hashes[1],)
        assert (found.branch, found.line) == ("main", tuple(reversed(hashes)))
        assert found.tags == {"v1": hashes[0]}
        assert (found.page, found.commit_page) == (None, None)
        assert found.within("v1..aside") == {hashes[1]}
        assert found.within("main~1..main") == {hashes[2]}

    def test_a_tag_changes_the_state(self, tmp_path: Path) -> None:
        commits(tmp_path, ["first"])
        before = chronicle.state(tmp_path)
        git(tmp_path, "tag", "v1")
        assert chronicle.state(tmp_path) != before

    @pytest.mark.parametrize(
        ("expected", "branch", "how"),
        [
            ("main", "main", "checkout -q -b feature"),
            ("trunk", "trunk", "checkout -q trunk"),
            ("HEAD", "trunk", "checkout -q --detach"),
        ],
    )
    def test_the_main_branch_is_found(self, expected: str, branch: str, how: str, tmp_path: Path) -> None:
        commits(tmp_path, ["first"], branch)
        git(tmp_path, *how.split())
        assert chronicle.read(tmp_path).branch == expected

    def test_the_remote_s_branch_comes_first(self, tmp_path: Path) -> None:
        commits(tmp_path / "far", ["first"], "develop")
        git(tmp_path, "clone", "-q", str(tmp_path / "far"), "near")
        git(tmp_path / "near", "checkout", "-q", "-b", "main")
        assert chronicle.read(tmp_path / "near").branch == "develop"
        git(tmp_path / "near", "branch", "-D", "-q", "develop")
        assert chronicle.read(tmp_path / "near").branch == "origin/develop"

    def test_no_commit_is_an_error(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q")
        with pytest.raises(MeasurementError, match="git cannot list the commits"):
            chronicle.read(tmp_path)


def line(*pieces: tuple[int, int, float], name: str = "cpu.p50", error: float = 0.0) -> Line:
    """Return a line that keeps these levels: from a revision, up to another."""
    points = tuple((revision, level) for start, end, level in pieces for revision in range(start, end))
    found = tuple((start, end, level, level, error) for start, end, level in pieces)
    return Line(name, name, "seconds", ("standard",), (), f"index.html#{name}?", found, points)


def told(length: int, tags: dict[str, int] | None = None) -> Chronicle:
    names = [f"{place:040x}" for place in range(length)]
    made = {name: Commit(name, (), 1000 * place, f"change {place}") for place, name in enumerate(names)}
    return Chronicle(
        Path(), made, "main", tuple(reversed(names)), {tag: names[at] for tag, at in (tags or {}).items()}
    )


def result(place: int, reference: float | None = 0.001, machine: str = "m", **facts: str) -> Reduced:
    costs = {} if reference is None else {REFERENCE: reference}
    return Reduced(
        *(Path(f"{place}.json"), f"{place:040x}", 1000 * place, machine, facts, {}, "env", "", costs, {})
    )


class TestFront:
    def steps(self, *drawn: Line, length: int = 20, tags: dict[str, int] | None = None) -> tuple[Step, ...]:
        return front(drawn, told(length, tags), [result(length - 1)], 0.1).steps

    def test_a_step_is_between_two_commits(self) -> None:
        (step,) = self.steps(line((0, 8, 1.0), (12, 20, 1.5)))
        assert (step.first, step.last, step.before, step.after) == (7, 12, 1.0, 1.5)

    @pytest.mark.parametrize(
        "pieces",
        [
            pytest.param([(0, 10, 1.0), (10, 20, 1.09)], id="below the threshold"),
            pytest.param([(0, 10, 1.0), (10, 11, 5.0), (11, 20, 1.0)], id="a lone commit"),
            pytest.param([(0, 20, 1.0)], id="none"),
            pytest.param([], id="nothing"),
        ],
    )
    def test_what_is_no_step(self, pieces: list[tuple[int, int, float]]) -> None:
        assert self.steps(line(*pieces)) == ()

    def test_noise_as_large_as_the_step_is_none(self) -> None:
        assert self.steps(line((0, 10, 1.0), (10, 20, 1.5), error=0.6)) == ()

    def test_the_newest_commit_alone_counts(self) -> None:
        assert len(self.steps(line((0, 19, 1.0), (19, 20, 1.5)))) == 1

    def test_before_the_last_release_is_not_news(self) -> None:
        drawn = line((0, 5, 1.0), (5, 10, 2.0), (10, 20, 3.0))
        (step,) = self.steps(drawn, tags={"v1.0": 7, "v0.9": 2})
        assert step.last == 10
        found = front([drawn], told(20, {"v1.0": 7, "v2.0": 19}), [result(19)], 0.1)
        assert (found.since, found.commits) == ("v1.0", 12)  # v2.0 is the newest result itself

    def test_a_tag_that_is_no_version_counts_where_there_is_no_other(self) -> None:
        assert front([], told(5, {"nightly": 1}), [result(4)], 0.1).since == "nightly"
        assert front([], told(5, {"nightly": 3, "v1": 1}), [result(4)], 0.1).since == "v1"
        assert front([], told(5), [result(4)], 0.1).since is None

    def test_the_biggest_first_one_a_cause_three_at_most(self) -> None:
        drawn = [
            line((0, 10, 1.0), (10, 20, 1.5), name="a"),
            line((0, 9, 1.0), (11, 20, 1.4), name="b"),  # measured at fewer commits
            line((0, 10, 1.0), (10, 20, 0.5), name="c"),  # the other way: another cause
            line((0, 15, 1.0), (15, 20, 1.2), name="d"),
            line((0, 17, 1.0), (17, 20, 1.15), name="e"),
        ]
        found = front(drawn, told(20), [result(19)], 0.1)
        assert [step.line.name for step in found.steps] == ["c", "a", "d"]
        assert found.more == 1
        assert [each.name for each in found.steps[1].also] == ["b"]
        assert (found.steps[1].first, found.steps[1].last) == (9, 10)

    def test_from_nothing_is_bigger_than_any_ratio(self) -> None:
        drawn = [line((0, 9, 1.0), (9, 20, 50.0), name="a"), line((0, 10, 0.0), (10, 20, 2.0), name="errors")]
        assert [step.line.name for step in self.steps(*drawn)] == ["errors", "a"]

    def test_drifts_since_the_last_step(self) -> None:
        slow = replace(line((0, 20, 1.0)), points=tuple((place, 1.0 + 0.01 * place) for place in range(20)))
        (drift,) = front([slow], told(20), [result(19)], 0.1).drifts
        assert drift.change == pytest.approx(0.19 / 1.095)
        after = replace(slow, pieces=((0, 15, 1.0, 1.0, 0.0), (15, 20, 1.2, 1.2, 0.0)))
        assert front([after], told(20), [result(19)], 0.1).drifts == ()

    @pytest.mark.parametrize(
        ("compares", "costs", "facts"),
        [
            (True, [1.0, 1.1, 0.95, 1.05], {}),
            (False, [1.0, 1.1, 0.95, 1.5], {}),
            (False, [1.0, 1.1, 0.95, 0.5], {}),
            (True, [1.0], {}),
            (True, [None, None], {}),
            (False, [1.0, 1.0], {"cpu": "another"}),
        ],
    )
    def test_a_machine_compares_where_it_is_what_it_was(
        self, compares: bool, costs: Sequence[float | None], facts: dict[str, str]
    ) -> None:
        files = [
            result(place, cost, **({} if place < len(costs) - 1 else facts))
            for place, cost in enumerate(costs)
        ]
        (machine,) = front([], told(len(costs)), files, 0.1).machines
        assert machine.compares is compares

    def test_lines_are_those_that_count_with_what_tells_them_apart(self) -> None:
        benchmark = {
            "pretty_name": "x", "unit": "seconds", "params": [["'a'", "'b'"]], "param_names": ["workload"],
        }  # fmt: skip
        graphs: list[dict[str, Any]] = [
            {"benchmark": name, "params": {"machine": machine, "branch": "main"}, "pieces": [[], []],
             "points": [[3, [1.0, None]]]}
            for name in ("x", "wall") for machine in ("m", "n")
        ]  # fmt: skip
        found = list(lines(graphs, {"x": benchmark, "wall": benchmark}, ["x"]))
        assert [each.link for each in found] == [
            "index.html#x?machine=m&p-workload=%27a%27",
            "index.html#x?machine=n&p-workload=%27a%27",
        ]
        assert found[0].points == ((3, 1.0),)


AXES = (("'standard'",), ("'anthropic'",))
CASE = ("'standard'", "'anthropic'")


def reduced(tmp_path: Path, **changes: Any) -> Reduced:
    """Return what the site makes of a result of our suite, with these parts of it changed."""
    facts = {
        "commit": "a" * 40,
        "samples": 100,
        "stamp": {"subject": {"name": "reference"}},
        "values": {},
    } | changes
    ticks = [0.001] * facts["samples"]
    series = {
        name: Series(name, AXES, (cell(facts["values"].get(name, ticks), CASE),), version="1")
        for name in (
            "time_generate",
            "track_cpu",
            "track_reference",
            "track_client_overhead",
            "track_run_delay",
        )
        for name in (f"generation.Generation.{name}",)
        if facts["values"].get(name, ticks)
    }
    for name in ("track_start", "track_interpreter"):
        whole = f"startup.{'CommandLine' if name == 'track_start' else 'Startup'}.{name}"
        series[whole] = Series(
            whole, AXES, (Cell(CASE, State.MEASURED, 0.3 if name == "track_start" else 0.1),)
        )
    path = tmp_path / f"{len(list(tmp_path.iterdir()))}.json"
    params = {"machine": "m", "python": facts.get("python", "3.11"), "os": "Linux 6"}
    place = ("m", params["python"], params, series)
    file = ResultFile(path, 2, facts["commit"], 0, facts.get("env", "existing"), *place, stamp=facts["stamp"])
    write_result_file(file, path)
    found = reduce_file(path)
    assert isinstance(found, Reduced)
    return found


class TestReduction:
    def test_a_time_is_a_multiple_of_its_yardstick(self, tmp_path: Path) -> None:
        found = reduced(tmp_path, values={"generation.Generation.track_cpu": [0.003] * 100})
        assert found.rows["cpu.p50"].points[CASE].value == pytest.approx(3)
        assert found.rows["cpu.p95"].points[CASE].value == pytest.approx(3)
        assert found.rows["overhead.p50"].points[CASE].value == pytest.approx(1)
        assert found.rows["startup.command"].points[CASE].value == pytest.approx(3)
        assert found.yardsticks == {REFERENCE: 0.001, "startup.Startup.track_interpreter": 0.1}

    def test_ten_samples_have_a_middle_and_no_tail(self, tmp_path: Path) -> None:
        found = reduced(tmp_path, samples=10)
        assert "cpu.p50" in found.rows
        assert not {"cpu.p95", "overhead.p95", "wall.latency_p95"} & set(found.rows)

    @pytest.mark.parametrize("reference", [[], [0.0] * 100], ids=["none", "a clock that stood"])
    def test_without_a_reference_only_the_wall_clock_is_drawn(
        self, reference: list[float], tmp_path: Path
    ) -> None:
        found = reduced(tmp_path, values={REFERENCE: reference})
        assert not {"cpu.p50", "overhead.p50"} & set(found.rows)
        assert "wall.latency_p50" in found.rows
        assert REFERENCE not in found.yardsticks

    def test_what_is_no_measurement_is_told(self, tmp_path: Path) -> None:
        with pytest.raises(AssertionError):
            reduced(tmp_path, values={"generation.Generation.track_cpu": [-1.0] * 100})
        assert "measure this round again" in str(reduce_file(next(tmp_path.iterdir())))

    @pytest.mark.parametrize(
        ("python", "env", "expected"),
        [
            ("3.11", "existing-py3.11", {"python": "3.11"}),
            ("3.12.4", "x", {"python": "3.12"}),
            ("/opt/py/3.10.2/bin/python3.13", "x", {"python": "3.13"}),
            ("/usr/bin/python3", "virtualenv-py3.12-numpy", {"python": "3.12"}),
            ("/usr/bin/python3", "existing", {}),
        ],
    )
    def test_a_line_is_of_a_minor_version(
        self, python: str, env: str, expected: dict[str, str], tmp_path: Path
    ) -> None:
        assert reduced(tmp_path, python=python, env=env).lines == expected

    def lines(self, files: list[Reduced], tmp_path: Path) -> list[dict[str, str]]:
        stage(
            files, {}, {"m": {REFERENCE: 1.0, "startup.Startup.track_interpreter": 1.0}}, tmp_path / "staged"
        )
        staged = sorted((tmp_path / "staged").rglob("a*.json"))
        return [json.loads(path.read_text())["params"] for path in staged]

    def test_results_of_one_commit_stay_apart(self, tmp_path: Path) -> None:
        files = [reduced(tmp_path, env=env) for env in ("existing", "virtualenv")]
        assert [each["environment"] for each in self.lines(files, tmp_path)] == ["existing", "virtualenv"]

    def test_subjects_stay_apart(self, tmp_path: Path) -> None:
        live = {"subject": {"name": "reference"}, "endpoint": {"kind": "live"}}
        files = [reduced(tmp_path), reduced(tmp_path, stamp=live), reduced(tmp_path, stamp={})]
        subjects = [each.get("subject") for each in self.lines(files, tmp_path)]
        assert subjects == ["reference", "reference, live", None]

    def test_one_subject_needs_no_word(self, tmp_path: Path) -> None:
        (line_,) = self.lines([reduced(tmp_path)], tmp_path)
        assert line_ == {"machine": "m", "python": "3.11"}


class TestNominal:
    def test_is_settled_by_the_oldest_result_and_stays(self, tmp_path: Path) -> None:
        path = tmp_path / "nominal.json"
        first = nominal.of_machines([result(2, 0.5), result(1, 0.25), result(3, None)], path)
        assert first == {"m": {REFERENCE: 0.25}}
        assert nominal.of_machines([result(0, 9.0), result(0, 1.0, "n")], path) == {
            **first,
            "n": {REFERENCE: 1.0},
        }

    @pytest.mark.parametrize("content", ["", "[]", "{", '{"m": {"x": 0}}', '{"m": {"x": 1e999}}', '{"m": 1}'])
    def test_a_file_that_says_anything_else_says_nothing(self, content: str, tmp_path: Path) -> None:
        (tmp_path / "nominal.json").write_text(content)
        assert nominal.kept(tmp_path / "nominal.json") == {}


class TestWorkshop:
    def test_one_at_a_time(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(workshop, "PATIENCE", 0.05)
        with (
            workshop.alone(tmp_path / ".asv"),
            pytest.raises(MeasurementError, match="another publish has been at work"),
            workshop.alone(tmp_path / ".asv"),
        ):
            pass
        with workshop.alone(tmp_path / ".asv"):
            pass

    def test_where_nothing_can_be_written_it_says_so(self, tmp_path: Path) -> None:
        (tmp_path / "file").touch()
        with (
            pytest.raises(MeasurementError, match="cannot be written"),
            workshop.alone(tmp_path / "file" / ".asv"),
        ):
            pass


class TestTrend:
    @given(st.integers(8, 60), st.floats(0.001, 1000), st.floats(-0.01, 0.01))
    def test_finds_a_straight_line_whatever_its_unit(self, n: int, unit: float, slope: float) -> None:
        found = drift_of([unit * (1 + slope * place) for place in range(n)])
        if abs(slope) > 1e-6:
            assert found == pytest.approx(slope * (n - 1) / (1 + slope * (n - 1) / 2), rel=1e-6)

    def test_finds_none_in_noise_in_nothing_and_in_too_little(self) -> None:
        assert drift_of([1.0, 1.1] * 10) is None
        assert drift_of([1.0] * 20) is None
        assert drift_of([0.0] * 19 + [1.0]) is None
        assert drift_of([1.0, 2.0]) is None


class TestWords:
    def test_sizes_and_values(self) -> None:
        assert [render.signed(ratio) for ratio in (0.4, -0.25, 11.0, float("inf"))] == [
            *("+40 %", "\N{MINUS SIGN}25 %", "12 times", "from nothing"),
        ]
        assert [render.value(*each) for each in ((0.004, "seconds"), (5e-6, "seconds"), (4e7, "bytes"))] == [
            *("4ms", "5µs", "40 MB"),
        ]
        assert [render.value(3.0, unit) for unit in ("calls", "unit")] == ["3 calls", "3"]

    def test_a_date_beyond_every_calendar_is_said_to_be_unknown(self) -> None:
        assert (render.day(0), render.day(10**20)) == ("1970-01-01", "at an unknown date")

    def test_ten_left_out_are_named_and_the_rest_counted(self) -> None:
        left = tuple(LeftOut(Path(f"{number}.json"), "why") for number in range(12))
        said = list(render.left_out(Published(Path(), True, 1, 1, 1, left)))
        assert (len(said), said[0], said[-1]) == (11, "left out: 0.json: why", "left out: 2 more")


class TestAsvPage:
    PAGE = Path(asv.__file__).parent / "www" / "index.html"

    def test_asks_nobody_else_and_has_no_script_of_its_own(self) -> None:
        made = asv_pages.page(self.PAGE.read_text())
        assert "https://" not in made.replace("https://github.com/airspeed-velocity/asv/", "")
        assert "onerror" not in made
        assert made.count("<script") == 4 + 7  # ours, and asv's that lie beside the page
        for name in ("jquery.flot.axislabels.js", "asv.js", "graphdisplay.js", "regressions.js"):
            assert f'src="{name}"' in made

    @pytest.mark.parametrize(
        "more",
        [
            '<img src="https://example.org/x.png">',
            "<img src=//example.org/x.png>",
            '<iframe src="HTTP://example.org"></iframe>',
        ],
    )
    def test_a_page_that_asks_for_something_new_is_refused(self, more: str) -> None:
        with pytest.raises(MeasurementError, match="install asv 0"):
            asv_pages.page(self.PAGE.read_text().replace("<nav", f"{more}<nav", 1))

    def test_another_page_is_refused(self) -> None:
        with pytest.raises(MeasurementError, match="not the one"):
            asv_pages.page("<html><head></head></html>")


class TestSwap:
    def test_exchanges_whole_folders(self, tmp_path: Path) -> None:
        for name in ("new", "site"):
            (tmp_path / name).mkdir()
            (tmp_path / name / "index.html").write_text(name)
        swap.put(tmp_path / "new", tmp_path / "site")
        assert (tmp_path / "site" / "index.html").read_text() == "new"
        assert not (tmp_path / "new").exists()

    def test_a_folder_that_cannot_be_replaced_stays(self, tmp_path: Path) -> None:
        (tmp_path / "site").mkdir()
        (tmp_path / "site" / "index.html").write_text("old")
        with pytest.raises(OSError, match="No such file"):
            swap.put(tmp_path / "gone", tmp_path / "site")
        assert (tmp_path / "site" / "index.html").read_text() == "old"

    @pytest.mark.parametrize(
        "content", [["index.html", "asv.js", "info.json"], [swap.MARK], [], ["README.md"]]
    )
    def test_sites_and_empty_folders_may_go(self, content: list[str], tmp_path: Path) -> None:
        for name in content:
            (tmp_path / name).touch()
        swap.refuse_foreign(tmp_path)

    def test_anything_else_may_not(self, tmp_path: Path) -> None:
        (tmp_path / "index.html").touch()
        with pytest.raises(UsageError, match="which is no site's"):
            swap.refuse_foreign(tmp_path)


PREVIEW = ("benchmark", "preview")


@pytest.fixture
def site(tmp_path: Path) -> Path:
    (tmp_path / "html" / "lib").mkdir(parents=True)
    (tmp_path / "html" / "index.html").write_text("<p>here</p>")
    (tmp_path / "secret").write_text("no")
    return tmp_path


@pytest.fixture
def served(site: Path) -> Iterator[tuple[int, subprocess.Popen[str]]]:
    with subprocess.Popen(
        [sys.executable, "-m", "persona_asv", *PREVIEW],
        cwd=site,
        env=environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        said = process.stdout.readline()
        assert said.endswith(f"shows {site / 'html'}; Ctrl-C ends it\n")
        yield int(said.partition("/ ")[0].rpartition(":")[2]), process
        if process.poll() is None:
            process.send_signal(signal.SIGINT)
        process.wait(timeout=30)


def get(port: int, path: str, host: str | None = None) -> tuple[int, str]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    connection.request("GET", path, headers={} if host is None else {"Host": host})
    response = connection.getresponse()
    found = response.status, response.read().decode()
    connection.close()
    return found


class TestPreview:
    def test_serves_the_site_and_nothing_else_to_this_machine(
        self, served: tuple[int, subprocess.Popen[str]]
    ) -> None:
        port, process = served
        assert get(port, "/") == (200, "<p>here</p>")
        assert get(port, "/index.html?timestamp=1")[0] == 200
        assert [get(port, path)[0] for path in ("/lib/", "/../secret", "/%2e%2e/secret")] == [404, 404, 404]
        assert get(port, "/", host=f"evil.example:{port}")[0] == 403
        assert get(port, "/", host=f"localhost:{port}")[0] == 200
        listening = Path(f"/proc/{process.pid}/net/tcp").read_text()
        assert f"0100007F:{port:04X}" in listening
        assert f"00000000:{port:04X}" not in listening

    @pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM], ids=lambda number: number.name)
    def test_ends_as_it_should(
        self, number: signal.Signals, served: tuple[int, subprocess.Popen[str]]
    ) -> None:
        port, process = served
        assert get(port, "/")[0] == 200
        process.send_signal(number)
        _, said = process.communicate(timeout=30)
        assert (process.returncode, said) == (0, "")

    def test_a_taken_port_is_one_line(self, site: Path) -> None:
        with socket.create_server(("127.0.0.1", 0)) as taken:
            port = taken.getsockname()[1]
            done = persona(*PREVIEW, "--port", str(port), cwd=site)
        assert (done.code, done.out) == (3, "")
        assert f"--port: {port} cannot be had" in done.err
        assert done.err.count("\n") == 1

    def test_without_a_site_it_says_how_to_build_one(self, tmp_path: Path) -> None:
        done = persona(*PREVIEW, cwd=tmp_path)
        assert (done.code, "persona benchmark publish builds it" in done.err) == (3, True)


def test_the_site_s_json_is_strict_and_complete(tmp_path: Path) -> None:
    left = (LeftOut(Path("a.json"), "why"),)
    made = render.as_json(Published(tmp_path, True, 2, 3, 4, left))
    assert json.loads(json.dumps(made, allow_nan=False)) == {
        "folder": os.fspath(tmp_path), "built": True, "commits": 2, "files": 3, "series": 4,
        "left_out": [{"file": "a.json", "reason": "why"}],
    }  # fmt: skip
