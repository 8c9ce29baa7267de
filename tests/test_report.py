"""``persona benchmark report``: whole commands, what stands in each form, and what is missing or refused."""

from __future__ import annotations

import json
import os
import re
import shutil
from datetime import datetime
from pathlib import Path
from typing import Any

import cmarkgfm
import html5lib
import jsonschema
import pytest
from conftest import ROOT, Done, persona
from reported import ENVIRONMENT, LAST, WHEN, capture, project, run

from persona_asv.config import Config
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.render import report_json
from persona_asv.render.report_html import html
from persona_asv.render.report_markdown import markdown
from persona_asv.reports.report import Report
from persona_asv.reports.sources import Wish
from persona_asv.reports.sources import report as told
from persona_asv.tidying import REPORT

GOLDEN = Path(__file__).parent / "golden" / "report"
SCHEMA = json.loads((ROOT / "docs" / "reference" / "report.schema.json").read_text())


@pytest.fixture(scope="module")
def slower(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose last run is 40 % slower than its three baselines."""
    return project(tmp_path_factory.mktemp("slower"), slower=1.4)


@pytest.fixture(scope="module")
def page(slower: Path) -> Report:
    return report_of(slower)


def report_of(folder: Path, at: datetime = WHEN, **wish: Any) -> Report:
    return told(Config(folder), Wish(**{"current": folder / LAST, **wish}), at)


def command(folder: Path, *more: str) -> Done:
    return persona("benchmark", "report", "--current", str(LAST), *more, cwd=folder)


def as_golden(name: str, found: str) -> str:
    """Return what should have been written; UPDATE_GOLDEN=1 rewrites it."""
    path = GOLDEN / name
    if os.environ.get("UPDATE_GOLDEN"):
        path.parent.mkdir(exist_ok=True)
        path.write_text(found, encoding="utf-8")
    return path.read_text(encoding="utf-8")


def rounded(found: Any) -> Any:
    """Return a JSON value with six digits a number: the last ones are the processor's."""
    if isinstance(found, float):
        return float(f"{found:.6g}")
    if isinstance(found, dict):
        return {key: rounded(each) for key, each in found.items()}
    return [rounded(each) for each in found] if isinstance(found, list) else found


def rendered(text: str) -> Any:
    """Return Markdown as GitHub's own renderer makes a document of it."""
    page = cmarkgfm.github_flavored_markdown_to_html(text)
    return html5lib.parse(page, namespaceHTMLElements=False)


def parsed(page: str) -> Any:
    """Return a page's document, drawings included, without namespaces."""
    found = html5lib.parse(page, namespaceHTMLElements=False)
    for each in found.iter():
        if isinstance(each.tag, str):
            each.tag = each.tag.rpartition("}")[2]
    return found


def tables(parsed: Any) -> list[list[list[str]]]:
    return [
        [
            ["".join(cell.itertext()).strip() for cell in row if cell.tag in ("td", "th")]
            for row in table.iter("tr")
        ]
        for table in parsed.iter("table")
    ]


class TestMarkdown:
    def test_golden(self, page: Report) -> None:
        assert markdown(page) == as_golden("slower.md", markdown(page))

    def test_has_the_sections_of_f_139_in_their_order(self, page: Report) -> None:
        parsed = rendered(markdown(page))
        found = (each for each in parsed.iter() if each.tag in ("h1", "h2", "h3"))
        heads = [f"{head.tag} {''.join(head.itertext())}" for head in found]
        assert heads[:5] == [
            "h1 Benchmark Report", "h2 Summary", "h2 Detailed Results", "h3 Generation Latency",
            "h3 Client Overhead",
        ]  # fmt: skip
        assert heads[-3:] == [
            "h2 Comparison with v1.11", "h2 History: the last 3 baselines", "h2 Environment Details"
        ]  # fmt: skip

    def test_every_table_is_one_on_github(self, page: Report) -> None:
        found = tables(rendered(markdown(page)))
        assert [rows[0][0] for rows in found] == ["Metric", "Metric", "Baseline", ""]
        for rows in found:
            assert {len(row) for row in rows} == {len(rows[0])}
        assert found[0][0] == ["Metric", "Value", "vs Baseline"]
        latency = found[0][1]
        assert latency[0] == "Generation Latency (P50)"
        assert re.fullmatch(r"\+\d\d\.\d% ❌", latency[2])

    def test_history_ends_with_the_run(self, page: Report) -> None:
        rows = tables(rendered(markdown(page)))[2]
        assert [row[0] for row in rows] == ["Baseline", "v1.9", "v1.10", "v1.11", "this run"]
        assert [row[1] for row in rows[1:]] == ["2025-12-04", "2025-12-18", "2026-01-01", "2026-01-15"]


class TestJson:
    def test_golden(self, page: Report) -> None:
        found = json.dumps(rounded(report_json.document(page)), indent=2, ensure_ascii=False) + "\n"
        assert json.loads(found) == json.loads(as_golden("slower.json", found))

    def test_obeys_its_documented_schema(self, page: Report) -> None:
        found = json.loads(report_json.text(page), parse_constant=pytest.fail)
        jsonschema.Draft202012Validator(SCHEMA).validate(found)
        found["cases"]["standard"]["metrics"]["generation_latency_p50"]["value"] = "fast"
        with pytest.raises(jsonschema.ValidationError):
            jsonschema.Draft202012Validator(SCHEMA).validate(found)

    def test_says_what_compare_says(self, slower: Path, page: Report) -> None:
        found = report_json.document(page)["baseline"]["comparison"]
        done = persona("benchmark", "compare", "--current", str(LAST), "--json", cwd=slower)
        said = json.loads(done.out)["data"]
        for key in ("verdicts", "cases", "verdict_code", "remeasure", "notes"):
            assert rounded(found[key]) == rounded(said[key])


class TestHtml:
    def test_parses_without_one_complaint(self, page: Report) -> None:
        html5lib.HTMLParser(strict=True).parse(html(page))

    def test_asks_for_nothing_and_runs_nothing(self, page: Report) -> None:
        found = html(page)
        assert not re.search(
            r"(?i)<script|<link (?!rel=\"icon\" href=\"data:,\")|<img|<iframe|@import|url\(", found
        )
        assert not re.search(r"(?i)\b(?:src|href)=\"(?!#|data:,)", found)
        assert "default-src 'none'" in found

    def test_can_be_read_without_eyes(self, page: Report) -> None:
        document = parsed(html(page))
        assert document.get("lang") == "en-GB"
        levels = [int(each.tag[1]) for each in document.iter() if re.fullmatch("h[1-6]", str(each.tag))]
        assert levels[0] == 1
        assert levels.count(1) == 1
        for table in document.iter("table"):
            assert table.find("caption") is not None
            assert {head.get("scope") for head in table.iter("th")} <= {"col", "row"}
        for drawing in document.iter("svg"):
            named = drawing.get("role") == "img" and drawing.get("aria-labelledby")
            assert named or drawing.get("aria-hidden") == "true"
        ids = [each.get("id") for each in document.iter() if each.get("id")]
        assert len(ids) == len(set(ids))

    def test_colour_is_never_alone(self, page: Report) -> None:
        document = parsed(html(page))
        verdicts = [each for each in document.iter("td") if "verdict" in each.get("class", "")]
        assert {("".join(each.itertext())).split()[-1] for each in verdicts} == {"fail", "warning", "pass"}

    def test_draws_every_sample_the_threshold_and_the_history(self, page: Report) -> None:
        document = parsed(html(page))
        assert len(list(document.iter("svg"))) > 10
        drawn = [each.get("d").count("M") for each in document.iter("path") if each.get("class") == "dots"]
        beyond = re.findall(r">(\d+) beyond", html(page))
        legends = 2 * 2
        assert sum(drawn) + sum(map(int, beyond)) == 2 * 500 + legends
        limits = [each for each in document.iter("text") if each.get("class") == "limit-label"]
        assert len(limits) == 5
        assert all("".join(each.itertext()).startswith("threshold ") for each in limits)
        assert (
            len([each for each in document.iter("circle") if "mark last" in each.get("class", "")]) == 5 + 1
        )


class TestWhatIsMissing:
    """Missing things are absent, never 0."""

    def test_no_baseline(self, tmp_path: Path) -> None:
        found = report_of(project(tmp_path, baselines=0))
        assert found.against is None
        assert "vs Baseline" not in markdown(found)
        assert found.notes[0].startswith("Not compared: no baseline of this subject, provider and workload")
        assert "`persona benchmark capture` makes one." in markdown(found)
        assert "baseline" not in report_json.document(found)
        assert "History" not in markdown(found)
        html5lib.HTMLParser(strict=True).parse(html(found))
        assert "Comparison with" not in html(found)

    def test_a_baseline_of_this_very_run_is_passed_over(self, tmp_path: Path) -> None:
        folder = project(tmp_path, baselines=1)
        from persona_asv.engine.runs import at

        capture(folder, at(folder / LAST), "v2", 0)
        assert report_of(folder).against.label == "v1.9"
        with pytest.raises(UsageError, match="captured from this very run"):
            report_of(folder, baseline=("v2",))

    def test_a_history_shorter_than_asked_for_is_said(self, slower: Path) -> None:
        found = report_of(slower, past=20)
        assert found.past == 3
        assert any("the last 20 baselines were asked for, 3 of this subject" in note for note in found.notes)
        assert report_of(slower).notes == ()

    def test_a_history_of_none(self, slower: Path) -> None:
        found = report_of(slower, past=0)
        assert found.cases[0].history == ()
        assert "History" not in markdown(found)

    def test_the_last_ones_count(self, slower: Path) -> None:
        (track, *_) = report_of(slower, past=2).cases[0].history
        assert [point.label for point in track.points] == ["v1.10", "v1.11", "this run"]

    def test_a_short_run_has_no_sustained_rate(self, page: Report) -> None:
        assert page.cases[0].sustained is None
        assert "Sustained" not in markdown(page)
        assert "Sustained" not in html(page)
        assert "sustained_per_minute" not in report_json.document(page)["cases"]["standard"]

    def test_a_long_run_has_one(self, tmp_path: Path) -> None:
        run(tmp_path, LAST.name, slower=500)  # 1.5 s an operation, of which there are 500
        found = report_of(tmp_path)
        assert 20 < found.cases[0].sustained < 40
        assert re.search(r"- Sustained rate: [23]\d\.\d \(>10min runs\)", markdown(found))
        assert "(&gt;10min runs)" in html(found)
        assert (
            report_json.document(found)["cases"]["standard"]["sustained_per_minute"]
            == found.cases[0].sustained
        )

    def test_what_the_baseline_does_not_say_of_its_machine(self, tmp_path: Path) -> None:
        folder = project(tmp_path, baselines=0)
        capture(folder, run(folder / "former", "r", first=50, facts={"environment": {}}), "v1", 1)
        text = markdown(report_of(folder))
        assert "| CPU | Some CPU |" in text
        assert "differs" not in text

    def test_an_environment_that_differs_is_marked(self, tmp_path: Path) -> None:
        folder = project(tmp_path, baselines=0)
        other = {**ENVIRONMENT, "cpu": "Another", "machine": "there"}
        capture(folder, run(folder / "former", "r", first=50, facts={"environment": other}), "v1", 1)
        found = report_of(folder)
        assert "| CPU | Some CPU | **Another** (differs) |" in markdown(found)
        assert "| Python | 3.12.0 | 3.12.0 |" in markdown(found)
        assert '<td class="differs">≠ Another</td>' in html(found)
        assert "‡ Measured on another machine." in markdown(found)
        assert "from another machine" in html(found)

    def test_a_baseline_without_samples_is_shown_and_not_judged(self, tmp_path: Path) -> None:
        folder = project(tmp_path, baselines=1)
        shelved = folder / "baselines" / "v1.9.yaml"
        text = shelved.read_text()
        shelved.write_text(text[: text.index("samples:")])
        found = report_of(folder, baseline=("v1.9",))
        assert found.cases[0].spreads[0].behind == ()
        assert not found.cases[0].history[0].at_one_pace
        assert "| Generation Latency (P50) |" in markdown(found)
        assert "holds no samples" in markdown(found)
        html5lib.HTMLParser(strict=True).parse(html(found))


@pytest.fixture(scope="module")
def two_cases(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose run has two cases, and its baseline one of them."""
    folder = tmp_path_factory.mktemp("cases")
    capture(folder, run(folder / "former", "r", first=50, cases={"full": 500}), "v1", 1)
    run(folder, LAST.name, cases={"full": 500, "full-5kb": 500})
    return folder


class TestALongHistory:
    """Fifty baselines: within half a megabyte, each file read no oftener than it must be."""

    @pytest.fixture(scope="class", name="fifty")
    @classmethod
    def folder(cls, tmp_path_factory: pytest.TempPathFactory) -> Path:
        folder = tmp_path_factory.mktemp("fifty")
        cases = {"full": 500, "full-5kb": 100}
        made = run(folder / "former", "r", first=50, cases=cases)
        for number in range(50):
            capture(folder, made, f"v1.{number}", 51 - number)
        run(folder, LAST.name, cases=cases)
        return folder

    def test_is_small_enough_to_mail(self, fifty: Path) -> None:
        found = report_of(fifty, past=50)
        page = html(found)
        assert found.past == 50
        assert len(page.encode()) < 500_000
        assert page.count('<circle class="mark" ') == 50 * 5 * 2 + 1  # that of the legend

    def test_reads_each_companion_once(self, fifty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        from persona_asv.baselines import companion

        read: list[str] = []
        unpack = companion.unpack

        def counted(content: bytes, path: Path, only: Any = None) -> Any:
            read.append("part" if only else "whole")
            return unpack(content, path, only)

        monkeypatch.setattr(companion, "unpack", counted)
        report_of(fifty, past=50)
        assert (read.count("part"), read.count("whole")) == (50, 1)


class TestSeveralCases:
    def test_each_has_its_rows_and_sections(self, two_cases: Path) -> None:
        found = report_of(two_cases)
        parsed = rendered(markdown(found))
        summary = tables(parsed)[0]
        assert summary[0] == ["Case", "Metric", "Value", "vs Baseline"]
        assert [row[0] for row in summary[1:]] == 6 * ["full"] + 6 * ["full-5kb"]
        assert {row[3] for row in summary[1:] if row[0] == "full-5kb"} == {"\N{EN DASH}"}
        assert "`full-5kb` is not in the baseline." in markdown(found)
        html5lib.HTMLParser(strict=True).parse(html(found))

    def test_another_folder_as_baseline(self, two_cases: Path) -> None:
        run(two_cases, "other", first=70, cases={"full": 500, "full-5kb": 500}, commit="c" * 40)
        found = report_of(two_cases, baseline=(str(two_cases / ".asv" / "runs" / "other"),))
        assert found.against.environment.cpu == "Some CPU"
        assert all(case.judgement is not None for case in found.cases)


class TestOutput:
    def test_its_own_name_is_one_that_clean_knows(self, slower: Path) -> None:
        done = command(slower)
        assert done.code == 0, done.err
        path = slower / done.out.removeprefix("Report: ").strip()
        assert path.parent == slower / "benchmark-reports"
        assert re.fullmatch(r"benchmark-reference-1-\d{8}T\d{6}Z\.md", path.name)
        assert REPORT.fullmatch(path.name)
        assert path.read_text().startswith("# Benchmark Report\n")
        assert [each.name for each in path.parent.iterdir() if each.name.startswith(".")] == []

    def test_a_name_of_ones_own_takes_the_place_of_an_old_file(self, slower: Path) -> None:
        (slower / "BENCHMARK.md").write_text("old")
        assert command(slower, "--output", "BENCHMARK.md").out == "Report: BENCHMARK.md\n"
        assert (slower / "BENCHMARK.md").read_text().startswith("# Benchmark Report\n")

    @pytest.mark.parametrize(
        ("form", "start"), [("markdown", "# Bench"), ("json", "{\n"), ("html", "<!DOCTYPE html>")]
    )
    def test_standard_output(self, slower: Path, form: str, start: str) -> None:
        more = ("--format", form, "--output", "-")
        done = persona(
            "benchmark", "report", "--current", str(LAST), *more, cwd=slower, PYTHONIOENCODING="ascii"
        )
        assert done.code == 0, done.err
        assert done.out.startswith(start)
        assert done.err == ""

    def test_json_envelope(self, slower: Path) -> None:
        done = command(slower, "--format", "html", "--output", "r.html", "--json")
        found = json.loads(done.out, parse_constant=pytest.fail)
        assert (found["command"], found["success"]) == ("benchmark report", True)
        assert (found["data"]["path"], found["data"]["format"]) == ("r.html", "html")
        jsonschema.Draft202012Validator(SCHEMA).validate(found["data"]["report"])

    @pytest.mark.parametrize(
        ("expected", "more"),
        [
            pytest.param(
                "no/where/r.md: cannot be written (No such file", ("-o", "no/where/r.md"), id="no folder"
            ),
            pytest.param("--output: baselines is a folder", ("-o", "baselines"), id="a folder"),
            pytest.param("both want standard output", ("-o", "-", "--json"), id="two documents"),
            pytest.param("neither a file nor a baseline", ("-b", "v9"), id="an unknown baseline"),
            pytest.param("is a run of standard, not of batch", ("-w", "batch"), id="another workload"),
            pytest.param("was measured on anthropic", ("--provider", "openai"), id="another provider"),
            pytest.param("no run's folder", ("-c", "baselines"), id="no run"),
            pytest.param("'pdf' is not one of", ("--format", "pdf"), id="an unknown format"),
        ],
    )
    def test_bad_usage_is_one_line(self, slower: Path, expected: str, more: tuple[str, ...]) -> None:
        before = sorted(slower.rglob("*"))
        done = command(slower, *more)
        assert (done.code, done.out) == (3, "")
        assert expected in done.err
        assert len(done.err.splitlines()) == 1
        assert sorted(slower.rglob("*")) == before

    def test_a_file_where_the_reports_folder_should_be(self, slower: Path, tmp_path: Path) -> None:
        folder = shutil.copytree(
            slower, tmp_path / "copy", ignore=shutil.ignore_patterns("benchmark-reports")
        )
        (folder / "benchmark-reports").write_text("")
        done = command(folder)
        assert done.code == 3
        assert "cannot be written (" in done.err
        assert len(done.err.splitlines()) == 1


class TestWhichRun:
    def test_none_of_this_code(self, slower: Path) -> None:
        done = persona("benchmark", "report", cwd=slower)
        assert done.code == 3
        assert "no finished run of this code" in done.err
        assert "`persona benchmark run` first" in done.err

    def test_a_partial_one_is_refused(self, tmp_path: Path) -> None:
        run(tmp_path, LAST.name)
        facts = json.loads((tmp_path / LAST / "run.json").read_text())
        (tmp_path / LAST / "run.json").write_text(json.dumps({**facts, "state": "partial"}))
        with pytest.raises(MeasurementError, match="a partial run, and only a finished one"):
            report_of(tmp_path)

    def test_one_that_measured_nothing_of_its_cases(self, tmp_path: Path) -> None:
        run(tmp_path, LAST.name)
        facts = json.loads((tmp_path / LAST / "run.json").read_text())
        facts["cases"] = {"nothing": {"iterations": 5}}
        (tmp_path / LAST / "run.json").write_text(json.dumps(facts))
        with pytest.raises(MeasurementError, match="nothing was measured"):
            report_of(tmp_path)
