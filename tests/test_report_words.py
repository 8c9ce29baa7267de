"""What a report says in sentences: the conclusion, the remarks, the lines of its drawings."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from reported import ENVIRONMENT, LAST, WHEN, capture, project, run
from test_comparison import STAMP

from persona_asv.config import Config
from persona_asv.engine.runs import at
from persona_asv.engine.steps import Step
from persona_asv.errors import MeasurementError
from persona_asv.judgement import Verdict
from persona_asv.render.history_chart import history
from persona_asv.render.report_html import html
from persona_asv.render.report_markdown import markdown
from persona_asv.render.report_words import conclusion, remarks
from persona_asv.render.scale import ticks
from persona_asv.render.terminal import Style
from persona_asv.render.trends import text as trends_text
from persona_asv.render.trends_svg import svg
from persona_asv.reports.report import Point, Report, Track
from persona_asv.reports.sources import Wish, report
from persona_asv.reports.trend import Source, Trends, trend
from persona_asv.thresholds import Limits, Thresholds
from persona_asv.units import COUNT, MILLISECONDS, PER_MINUTE, PERCENT, Better

P50 = "generation_latency_p50"


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return a report of unchanged code."""
    return report_of(project(tmp_path_factory.mktemp("same"), baselines=1))


def report_of(folder: Path, **wish: Any) -> Report:
    return report(Config(folder), Wish(current=folder / LAST, **wish), WHEN)


def judged(
    page: Report, remeasure: bool = False, missing: tuple[str, ...] = (), **verdicts: Verdict
) -> Report:
    """Return the report with some verdicts exchanged; every other one is a pass."""
    (case,) = page.cases
    judgement = replace(
        case.judgement,
        findings=tuple(
            replace(each, verdict=verdicts.get(each.key, verdicts.get("rest", Verdict.PASS)))
            for each in case.judgement.findings
        ),
        missing=missing,
        remeasure=remeasure,
    )
    comparison = page.against.comparison
    compared = replace(comparison, cases=(replace(comparison.cases[0], judgement=judgement),))
    return replace(
        page,
        cases=(replace(case, judgement=judgement),),
        against=replace(page.against, comparison=compared),
    )


@pytest.mark.parametrize(
    ("expected", "how"),
    [
        pytest.param((Verdict.PASS, "All metrics within acceptable thresholds."), {}, id="pass"),
        pytest.param(
            (Verdict.PASS, "5 fresh interleaved rounds a side would decide."),
            {"remeasure": True},
            id="suspicious",
        ),
        pytest.param(
            (Verdict.FAIL, "Failure threshold exceeded: Generation Latency (P50)."),
            {P50: Verdict.FAIL, "memory_peak_mb": Verdict.WARN},
            id="fail before warn",
        ),
        pytest.param(
            (Verdict.WARN, "Warning threshold exceeded: Memory Peak. 5 fresh"),
            {"memory_peak_mb": Verdict.WARN, "remeasure": True},
            id="warn, to be confirmed",
        ),
        pytest.param((Verdict.INCONCLUSIVE, "Inconclusive: Throughput."),
                     {"throughput_per_minute": Verdict.INCONCLUSIVE}, id="inconclusive"),
        pytest.param(
            (Verdict.INSUFFICIENT, "Nothing could be judged"), {"rest": Verdict.INSUFFICIENT}, id="nothing"
        ),
        pytest.param(
            (Verdict.INSUFFICIENT, "Not measured in this run: Memory Peak."),
            {"missing": ("memory_peak_mb",), P50: Verdict.FAIL},
            id="missing",
        ),
    ],
)  # fmt: skip
def test_conclusion(page: Report, expected: tuple[Verdict, str], how: dict[str, Any]) -> None:
    found = judged(page, **how)
    verdict, said = conclusion(found)
    assert verdict is expected[0]
    assert expected[1] in said
    assert said in html(found)


def test_what_is_missing_is_named_below_the_verdicts(page: Report) -> None:
    found = judged(page, missing=("memory_peak_mb",))
    assert "Not measured in this run: Memory Peak." in markdown(found)
    assert "<p>Not measured in this run: Memory Peak.</p>" in html(found)


def test_a_single_moved_metric_is_explained_in_markdown(page: Report) -> None:
    text = markdown(judged(page, client_overhead_p50=Verdict.WARN))
    assert "- Client Overhead (P50): " in text


def test_interleaved_rounds_are_said_to_be(page: Report) -> None:
    (case,) = page.cases
    told = replace(page, cases=(replace(case, judgement=replace(case.judgement, interleaved=True)),))
    assert "The rounds of both sides alternated." in markdown(told)
    assert "The rounds of both sides alternated." in html(told)


class TestModelTime:
    @pytest.fixture(scope="class", name="simulated")
    @classmethod
    def make(cls, tmp_path_factory: pytest.TempPathFactory) -> Report:
        folder = tmp_path_factory.mktemp("simulated")
        stamp = {**STAMP, "endpoint": {"kind": "stand-in", "profile": "constant:20"}}
        facts = {"endpoint": stamp["endpoint"]}
        capture(folder, run(folder / "former", "r", first=50, stamp=stamp, facts=facts), "v1", 1)
        run(folder, LAST.name, stamp=stamp, facts=facts)
        return report_of(folder)

    def test_is_said_to_be_simulated(self, simulated: Report) -> None:
        assert "The model time (constant:20) is simulated." in remarks(simulated)
        assert "stand-in (model time constant:20, simulated)" in html(simulated)
        assert "drawn at this run's pace" not in html(simulated)

    def test_leaves_times_as_they_were_recorded(self, simulated: Report) -> None:
        assert all(point.pace is None for track in simulated.cases[0].history for point in track.points)

    def test_another_endpoint_speaks_for_itself(self, page: Report) -> None:
        assert "**Endpoint:** live" in markdown(replace(page, endpoint="live"))


class TestThePast:
    def test_samples_that_were_changed_leave_the_value(self, tmp_path: Path) -> None:
        folder = project(tmp_path)
        (samples,) = (folder / "baselines").glob("v1.9-*.samples.json.gz")
        samples.write_bytes(b"something else")
        track = report_of(folder).cases[0].history[0]
        assert [point.label for point in track.points] == ["v1.9", "v1.10", "v1.11", "this run"]
        assert [point.pace is None for point in track.points] == [True, False, False, False]
        assert not track.at_one_pace

    def test_counts_of_another_python_are_another_history(self, tmp_path: Path) -> None:
        folder = project(tmp_path, baselines=1)
        shelved = folder / "baselines" / "v1.9.yaml"
        text = shelved.read_text().replace(
            "      memory_peak_mb", "      python_calls_per_persona: 7\n      memory_peak_mb", 1
        )
        shelved.write_text(text)
        from persona_asv.baselines.shelf import shelf_of
        from persona_asv.reports.past import Here, Kind, milestones, points

        kind = Kind("reference", "anthropic", "stand-in", "none")
        past = milestones(shelf_of(Config(folder)).books(), kind, ["standard"])
        here = Here("x", WHEN, "here", "3.12.9", "none", None)
        assert [p.value for p in points(past, "standard", "python_calls_per_persona", here)] == [7.0]
        other = replace(here, python="3.13.0")
        assert points(past, "standard", "python_calls_per_persona", other) == ()


class TestFolders:
    def test_of_no_run(self, tmp_path: Path) -> None:
        for content in ("{", "[]", '{"state": "finished"}'):
            (tmp_path / "run.json").write_text(content)
            with pytest.raises(MeasurementError, match="no run's folder"):
                at(tmp_path)

    def test_of_a_run_whose_cases_are_none(self, tmp_path: Path) -> None:
        run(tmp_path, LAST.name, facts={"cases": {"standard": {"iterations": 5}}})
        assert at(tmp_path / LAST).iterations == {"standard": 5}
        (tmp_path / LAST / "run.json").write_text(
            (tmp_path / LAST / "run.json").read_text().replace('"iterations": 5', '"iterations": "5"')
        )
        with pytest.raises(MeasurementError, match="no run's folder"):
            at(tmp_path / LAST)


def track(values: list[float], unit: Any = MILLISECONDS, better: Better = Better.LOWER, **how: Any) -> Track:
    points = (
        Point(f"v{number}", WHEN + timedelta(days=number), value, **how)
        for number, value in enumerate(values)
    )
    return Track("error_rate" if unit is PERCENT else "some_metric", unit, better, tuple(points))


class TestFailureLine:
    LIMITS = Limits(10, 25)

    @pytest.mark.parametrize(
        ("expected", "of", "against"),
        [
            pytest.param("threshold 1.25ms", track([1.0, 2.0]), "v0", id="a time"),
            pytest.param(
                "threshold 80/min", track([100.0, 90.0], PER_MINUTE, Better.HIGHER), "v0", id="a rate"
            ),
            pytest.param("threshold 26%", track([1.0, 2.0], PERCENT), "v0", id="a share"),
            pytest.param(
                "threshold 74%", track([99.0, 98.0], PERCENT, Better.HIGHER), "v0", id="a share of success"
            ),
            pytest.param("", track([0.0, 2.0], COUNT), "v0", id="no share of nothing"),
            pytest.param("", track([1.0, 2.0]), "v7", id="a baseline that is not in it"),
            pytest.param("", track([1.0, 2.0]), None, id="no baseline"),
        ],
    )
    def test_is_measured_from_the_baseline(self, expected: str, of: Track, against: str | None) -> None:
        found = history(of, against, self.LIMITS)
        assert found.fail_label == expected
        assert (found.fail is None) is (expected == "")

    def test_a_flat_history_of_nothing_can_be_drawn(self) -> None:
        found = history(track([0.0, 0.0]), "v0", self.LIMITS)
        assert {mark.y for mark in found.marks} == {found.floor}

    def test_long_names_are_cut(self) -> None:
        of = track([1.0, 2.0])
        named = replace(of, points=(replace(of.points[0], label="v" * 40), of.points[1]))
        assert history(named, None, self.LIMITS).first == "v" * 17 + "…"

    def test_many_points_are_small(self) -> None:
        assert (
            history(track([1.0] * 30), None, self.LIMITS).radius
            < history(track([1.0]), None, self.LIMITS).radius
        )


class TestTrendsInWords:
    def text(self, of: Track, **how: Any) -> str:
        found = Trends((trend("standard", "anthropic", Source.BASELINES, of),), ())
        return trends_text(found, Thresholds(), Style(unicode=True, live=False, width=80))

    def test_a_share_moves_by_points(self) -> None:
        row = self.text(track([1.0, 2.0, 4.0], PERCENT)).splitlines()[4]
        assert row.split()[-5:] == ["+2.0", "pts", "+3.0", "pts", "!"]

    def test_from_zero_there_is_no_share(self) -> None:
        row = self.text(track([0.0, 2.0], COUNT)).splitlines()[4]
        assert row.split()[-2:] == ["\N{EN DASH}", "\N{EN DASH}"]

    def test_a_rate_that_fell_is_worse(self) -> None:
        assert self.text(track([100.0, 50.0], PER_MINUTE, Better.HIGHER)).splitlines()[4].endswith("-50.0% !")
        assert self.text(track([50.0, 100.0], PER_MINUTE, Better.HIGHER)).splitlines()[4].endswith("+100.0%")

    def test_a_jump_from_zero(self) -> None:
        of = track([0.0] * 6 + [3.0] * 6, COUNT)
        assert trend("a", "b", Source.COMMITS, of).steps == (Step(6, None),)
        assert "Jump at v6 (2026-01-21): some_metric from 0" in self.text(of)
        drawn = svg(Trends((trend("a", "b", Source.COMMITS, of),), ()), Thresholds())
        assert ">from 0</text>" in drawn

    def test_other_machines_are_mentioned(self) -> None:
        assert "Some baselines were measured on another machine" in self.text(track([1.0], elsewhere=True))


def test_ticks_of_no_span_are_the_value() -> None:
    assert ticks(3.0, 3.0) == (3.0,)
    assert ticks(0.0, float("inf")) == (0.0,)


def test_the_environment_of_files_alone_is_not_known(tmp_path: Path) -> None:
    folder = project(tmp_path, baselines=0)
    other = run(folder, "other", first=50, commit="c" * 40, facts={"environment": ENVIRONMENT})
    files = tuple(str(path) for path in sorted(other.path.glob("round-*/*/*.json")))
    found = report_of(folder, baseline=files)
    assert found.against.environment is None
    assert "differs" not in markdown(found)
