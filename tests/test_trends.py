"""``persona benchmark trends``: courses over baselines and commits, their steps, and what is left out."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import html5lib
import jsonschema
import pytest
from browser import browser, complaints, requests, visit  # noqa: F401 - a fixture
from conftest import ROOT, Done, persona
from reported import ENVIRONMENT, WHEN, capture, project, run
from test_comparison import STAMP, file
from wcwidth import wcswidth

from persona_asv import metrics
from persona_asv.config import METRICS, Config
from persona_asv.engine.results import write_result_file
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.render.trends import as_json
from persona_asv.render.trends_svg import svg
from persona_asv.reports import trend_sources
from persona_asv.reports.trend import Source, Trend, Trends, Window
from persona_asv.thresholds import Thresholds

SCHEMA = json.loads((ROOT / "docs" / "reference" / "trends.schema.json").read_text())
P50 = "generation_latency_p50"
SVG = "{http://www.w3.org/2000/svg}"
START = datetime(2026, 1, 1, tzinfo=UTC)


def commit(number: int) -> str:
    return f"{number + 1:08x}" + "0" * 32


def history(
    folder: Path, count: int, how: Callable[[int], dict[str, Any]] = lambda number: {}, machine: str = "here"
) -> Path:
    """Put results of so many commits, one a day, into asv's history."""
    for number in range(count):
        day = int((START + timedelta(days=number)).timestamp() * 1000)
        made = file(number + 100 * len(machine), commit(number), start=day, **how(number))
        place = folder / ".asv" / "results" / machine / f"{commit(number)[:8]}-existing.json"
        write_result_file(replace(made, date=day, machine=machine, params={"machine": machine}), place)
    return folder


def trends_of(folder: Path, *names: str, **window: Any) -> Trends:
    return trend_sources.trends(Config(folder), trend_sources.chosen(names), Window(**window))


@pytest.fixture(autouse=True)
def inside(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)


def by_metric(found: Trends, source: Source) -> dict[str, Trend]:
    return {each.track.key: each for each in found.trends if each.source is source}


def drawing(path: Path) -> Any:
    """Return a drawing's document, by a parser that forgives nothing."""
    page = html5lib.HTMLParser(strict=True).parse(f"<!DOCTYPE html><title>t</title>{path.read_text()}")
    (found,) = page.iter(SVG + "svg")
    return found


class TestOverCommits:
    def test_unchanged_code_has_no_steps_and_no_drift_to_speak_of(self, tmp_path: Path) -> None:
        found = trends_of(history(tmp_path, 20))
        assert all(each.steps == () for each in found.trends)
        assert {each.source for each in found.trends} == {Source.COMMITS}
        latency = by_metric(found, Source.COMMITS)[P50]
        assert [point.label for point in latency.track.points] == [commit(n)[:8] for n in range(20)]
        assert abs(latency.drift) < 0.05

    def test_a_step_is_where_the_code_became_slower(self, tmp_path: Path) -> None:
        found = by_metric(
            trends_of(history(tmp_path, 20, lambda number: {"slower": 1.4 if number >= 12 else 1.0})),
            Source.COMMITS,
        )
        for key in (P50, "client_overhead_p50"):
            (step,) = found[key].steps
            assert found[key].track.points[step.index].label == commit(12)[:8]
            assert 0.2 < step.change < 0.45
        assert -0.35 < found["throughput_per_minute"].steps[0].change < -0.15
        assert found["memory_peak_mb"].steps == ()

    def test_a_slower_machine_is_no_step(self, tmp_path: Path) -> None:
        """Times are told in references: a machine that became half as fast at the tenth commit did not."""
        found = by_metric(trends_of(history(tmp_path, 20, lambda n: {"slower": 1.0})), Source.COMMITS)[P50]
        half = tmp_path / ".asv" / "results" / "here"
        for path in sorted(half.glob("*.json"))[10:]:
            text = json.loads(path.read_text())
            columns = text["result_columns"]
            for row in text["results"].values():
                samples = columns.index("samples")
                if len(row) > samples and row[samples]:
                    row[samples] = [[2 * each for each in row[samples][0]]]
            path.write_text(json.dumps(text))
        slowed = by_metric(trends_of(tmp_path), Source.COMMITS)[P50]
        assert slowed.track.points[-1].value == pytest.approx(2 * found.track.points[-1].value)
        assert slowed.steps == ()
        assert abs(slowed.drift) < 0.05

    def test_two_machines_are_not_mixed(self, tmp_path: Path) -> None:
        history(tmp_path, 10, lambda n: {"memory": 3e8}, machine="elsewhere")
        found = trends_of(history(tmp_path, 20))
        assert all(each.steps == () for each in found.trends)
        assert len(by_metric(found, Source.COMMITS)["memory_peak_mb"].track.points) == 20
        assert found.notes == ("Results of elsewhere (env), left out: 10.",)

    def test_one_commit_has_neither_change_nor_drift(self, tmp_path: Path) -> None:
        found = by_metric(trends_of(history(tmp_path, 1)), Source.COMMITS)[P50]
        assert (found.change, found.drift, found.steps) == (None, None, ())

    def test_numbers_of_another_version_of_a_benchmark_are_left_out(self, tmp_path: Path) -> None:
        found = trends_of(history(tmp_path, 8, lambda n: {"version": "1" if n < 3 else "2"}))
        assert len(by_metric(found, Source.COMMITS)[P50].track.points) == 5
        assert len(by_metric(found, Source.COMMITS)["api_calls_per_persona"].track.points) == 8
        assert f"Numbers of {metrics.LATENCY} of another version are left out." in found.notes

    def test_other_suites_other_subjects_and_broken_files_are_passed_over(self, tmp_path: Path) -> None:
        history(tmp_path, 3)
        folder = tmp_path / ".asv" / "results" / "here"
        write_result_file(replace(file(50, commit(50)), stamp={}), folder / "other-suite.json")
        other = {**STAMP, "subject": {"name": "another", "version": "1"}}
        write_result_file(file(51, commit(51), stamp=other), folder / "other-subject.json")
        write_result_file(file(52, commit(52) + "+dirty"), folder / "dirty.json")
        (folder / "broken.json").write_text("{")
        (folder / "machine.json").write_text("{}")
        found = trends_of(tmp_path)
        assert len(by_metric(found, Source.COMMITS)[P50].track.points) == 3
        broken, another = found.notes
        assert "broken.json is not JSON" in broken.replace(":", "")
        assert another == "Results of another subject or endpoint, left out: 1."

    def test_a_simulated_model_keeps_its_times(self, tmp_path: Path) -> None:
        stamp = {**STAMP, "endpoint": {"kind": "stand-in", "profile": "sonnet-like"}}
        found = by_metric(trends_of(history(tmp_path, 3, lambda n: {"stamp": stamp})), Source.COMMITS)[P50]
        assert not found.track.at_one_pace
        assert found.values[0] == found.track.points[0].value


class TestOverBaselines:
    def test_oldest_first_each_with_its_change_and_drift(self, tmp_path: Path) -> None:
        found = by_metric(trends_of(project(tmp_path)), Source.BASELINES)
        latency = found[P50]
        assert [point.label for point in latency.track.points] == ["v1.9", "v1.10", "v1.11"]
        first, before, last = latency.values
        assert latency.change == pytest.approx(last / before - 1)
        assert latency.drift == pytest.approx(last / first - 1)
        assert latency.track.points[-1].pace == 1.0
        assert found["error_rate"].drift == 0.0

    def test_of_the_newest_ones_provider(self, tmp_path: Path) -> None:
        project(tmp_path)
        capture(tmp_path, run(tmp_path / "former", "x"), "other", 30, provider="openai")
        found = trends_of(tmp_path)
        assert len(by_metric(found, Source.BASELINES)[P50].track.points) == 3
        assert found.notes == ("Baselines of another subject, provider or endpoint, left out: 1.",)

    def test_of_two_machines_say_so(self, tmp_path: Path) -> None:
        project(tmp_path, baselines=1)
        there = run(
            tmp_path / "former", "x", first=70, facts={"environment": {**ENVIRONMENT, "machine": "there"}}
        )
        capture(tmp_path, there, "v1", 50)
        found = by_metric(trends_of(tmp_path), Source.BASELINES)[P50]
        assert [point.elsewhere for point in found.track.points] == [True, False]
        assert found.track.at_one_pace

    def test_a_broken_one_is_named(self, tmp_path: Path) -> None:
        (project(tmp_path) / "baselines" / "broken.yaml").write_text("nope: [")
        assert trends_of(tmp_path).notes == ("Left out, as it is broken: broken.",)


class TestWindows:
    @pytest.mark.parametrize(
        ("expected", "window"),
        [
            pytest.param(20, {}, id="all"),
            pytest.param(5, {"last": 5}, id="the last five"),
            pytest.param(6, {"since": START + timedelta(days=14)}, id="since a day"),
        ],
    )
    def test_of_commits(self, tmp_path: Path, expected: int, window: dict[str, Any]) -> None:
        found = trends_of(history(tmp_path, 20), P50, **window)
        assert len(found.trends[0].track.points) == expected
        assert found.notes == ()

    def test_of_baselines(self, tmp_path: Path) -> None:
        project(tmp_path)
        found = trends_of(tmp_path, P50, since=WHEN - timedelta(days=28))
        assert [point.label for point in found.trends[0].track.points] == ["v1.10", "v1.11"]

    def test_a_shorter_history_is_said(self, tmp_path: Path) -> None:
        assert trends_of(history(tmp_path, 2), last=9).notes == ("The last 9 were asked for, 2 are there.",)

    def test_nothing_within(self, tmp_path: Path) -> None:
        with pytest.raises(MeasurementError, match="no trend to show"):
            trends_of(history(tmp_path, 2), since=WHEN + timedelta(days=900))


class TestMetrics:
    @pytest.mark.parametrize(
        ("expected", "names"),
        [
            pytest.param(frozenset(METRICS), (), id="all"),
            pytest.param({P50}, (P50,), id="a key"),
            pytest.param({"memory_peak_mb", P50}, ("memory_usage", P50), id="a family and a key"),
        ],
    )
    def test_by_name(self, expected: set[str], names: tuple[str, ...]) -> None:
        assert set(expected) <= trend_sources.chosen(names)
        assert len(trend_sources.chosen(names) - set(expected)) <= 1  # a family may grow

    def test_an_unknown_one(self) -> None:
        with pytest.raises(
            UsageError, match="--metric: unknown metric 'nope'; choose from generation_latency"
        ):
            trend_sources.chosen(("nope",))


class TestCommand:
    @pytest.fixture(scope="class", name="told")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = project(tmp_path_factory.mktemp("told"))
        return history(folder, 20, lambda number: {"slower": 1.4 if number >= 12 else 1.0})

    @staticmethod
    def trends(folder: Path, *more: str, **environ: str) -> Done:
        return persona("benchmark", "trends", *more, cwd=folder, **environ)

    @pytest.mark.parametrize("width", [80, 120])
    @pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
    def test_tables_fit_the_terminal(self, told: Path, width: int, encoding: str) -> None:
        done = self.trends(told, COLUMNS=str(width), PYTHONIOENCODING=encoding)
        assert done.code == 0, done.err
        rows = [line for line in done.out.splitlines() if P50 in line and "Jump" not in line]
        assert len(rows) == 2
        assert all(
            wcswidth(line) <= width for line in done.out.splitlines() if not line.startswith(("Jump", "!"))
        )
        assert done.out.isascii() is (encoding == "ascii")
        assert ("│" if encoding == "utf-8" else "|") in rows[1]
        assert rows[1].rstrip(" │|").endswith("!")
        assert f"Jump at {commit(12)[:8]} (2026-01-13): " in done.out
        assert "standard (anthropic) over 3 baselines" in done.out
        assert "standard (anthropic) over 20 commits" in done.out

    def test_json_obeys_its_schema(self, told: Path) -> None:
        done = self.trends(told, "--json")
        document = json.loads(done.out, parse_constant=pytest.fail)
        jsonschema.Draft202012Validator(SCHEMA).validate(document)
        document["data"]["trends"][0]["source"] = "hearsay"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(SCHEMA).validate(document)

    def test_a_drawing(self, told: Path) -> None:
        done = self.trends(told, "--output", "trends.svg", "--last", "15")
        assert done.out == "Drawn: trends.svg\n"
        root = drawing(told / "trends.svg")
        labels = [each for each in root.iter(SVG + "text") if each.get("class") == "jump-label"]
        assert len(labels) >= 5
        both = json.loads(self.trends(told, "--output", "trends.svg", "--json").out)
        assert both["data"]["path"] == "trends.svg"

    @pytest.mark.parametrize(
        ("expected", "more"),
        [
            pytest.param(
                "--last, --since and --days exclude each other",
                ("--last", "2", "--days", "3"),
                id="two windows",
            ),
            pytest.param("name an .svg file, not 'trends.png'", ("--output", "trends.png"), id="no drawing"),
            pytest.param("cannot be written", ("--output", "no/where.svg"), id="no folder"),
            pytest.param("unknown metric 'nope'", ("--metric", "nope"), id="an unknown metric"),
            pytest.param("'soon' does not match", ("--since", "soon"), id="no date"),
            pytest.param("no trend to show", ("--days", "1", "--metric", P50), id="nothing that new"),
        ],
    )
    def test_bad_usage_is_one_line(self, told: Path, expected: str, more: tuple[str, ...]) -> None:
        done = self.trends(told, *more)
        assert (done.code, done.out) == (3, "")
        assert expected in done.err
        assert len(done.err.splitlines()) == 1

    def test_nothing_measured_yet(self, tmp_path: Path) -> None:
        done = self.trends(tmp_path)
        assert done.code == 3
        assert "no trend to show: no such baseline in" in done.err


class TestHostile:
    EVIL = "<script>window.ran=1</script>\"'&|\x1b[31m\u202e"

    @pytest.fixture
    def drawn(self, tmp_path: Path) -> Path:
        whole = trends_of(history(tmp_path, 7))
        evil = tuple(
            replace(
                each,
                case=self.EVIL,
                track=replace(
                    each.track, points=tuple(replace(p, label=self.EVIL) for p in each.track.points)
                ),
            )
            for each in whole.trends
        )
        (tmp_path / "evil.svg").write_text(svg(replace(whole, trends=evil), Thresholds()), encoding="utf-8")
        json.dumps(as_json(replace(whole, trends=evil)), allow_nan=False)
        return tmp_path / "evil.svg"

    def test_is_text(self, drawn: Path) -> None:
        tags = {each.tag.rpartition("}")[2] for each in drawing(drawn).iter()}
        assert tags == {"svg", "title", "desc", "style", "rect", "text", "g", "path", "circle"}

    @pytest.mark.browser
    def test_runs_nothing(self, drawn: Path, browser: Any) -> None:  # noqa: F811
        visit(browser, drawn)
        assert browser.execute_script("return window.ran") is None
        assert requests(browser) == [drawn.as_uri()]
        assert complaints(browser) == []
