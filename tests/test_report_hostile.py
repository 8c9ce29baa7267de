"""Hostile text in every field of a report: shown as it is, in every form, and never more than text."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import cmarkgfm
import html5lib
import pytest
from browser import browser, complaints, requests, visit  # noqa: F401 - a fixture
from cmarkgfm.cmark import Options
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from reported import ENVIRONMENT, LAST, WHEN, project, run
from test_comparison import STAMP

from persona_asv.config import Config
from persona_asv.render import report_json
from persona_asv.render.markdown_text import code, prose, table
from persona_asv.render.report_html import html
from persona_asv.render.report_markdown import markdown
from persona_asv.reports.report import Report
from persona_asv.reports.sources import Wish, report

HOSTILE = (
    "<script>window.ran=1</script>|`a`\n**b** [c](javascript:alert(1)) https://evil.example/x "
    'www.evil.example @someone #1 a@evil.example <img src=x onerror="window.ran=1"> "\' &amp; {{7*7}} '
    "\\| _x_ ~~s~~ $x$ "
    "![i](http://evil.example/i.png) <svg onload=window.ran=1> \x1b[31m \u202e ``` </style></title> - 1. = #"
)
patient = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Report:
    """Return a report whose every text that a file or a user gives is hostile."""
    folder = tmp_path_factory.mktemp("hostile")
    stamp = {**STAMP, "subject": {"name": HOSTILE, "version": HOSTILE}, "model": HOSTILE}
    facts = {
        "subject": stamp["subject"],
        "model": HOSTILE,
        "workload": HOSTILE,
        "environment": {key: HOSTILE if isinstance(each, str) else each for key, each in ENVIRONMENT.items()},
    }
    other = {
        **facts,
        "environment": {key: f"{HOSTILE}!" for key in ENVIRONMENT if key not in ("cores", "memory_gb")},
    }
    cases = {"standard": 500, "<b>|`x`": 500}
    run(folder, LAST.name, facts=facts, stamp=stamp, cases=cases)
    run(folder, "<i>before", facts=other, stamp=stamp, cases=cases, first=50, commit="c" * 40)
    baseline = str(folder / ".asv" / "runs" / "<i>before")
    return report(Config(folder), Wish(current=folder / LAST, baseline=(baseline,)), WHEN)


def rendered(text: str) -> Any:
    """Return Markdown as GitHub's renderer makes a document of it, raw HTML left in."""
    page = cmarkgfm.github_flavored_markdown_to_html(text, options=Options.CMARK_OPT_UNSAFE)
    return html5lib.parse(page, namespaceHTMLElements=False)


def visible(text: str) -> str:
    """Return a text without spaces, what cannot be printed as Python writes it."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in text).replace(" ", "")


def tags(parsed: Any) -> set[str]:
    return {each.tag for each in parsed.iter() if isinstance(each.tag, str)}


class TestMarkdown:
    def test_shows_it_and_nothing_else(self, hostile: Report) -> None:
        parsed = rendered(markdown(hostile))
        allowed = {"html", "head", "body", "p", "br", "strong", "code", "ul", "li", "h1", "h2", "h3", "h4"}
        allowed |= {"table", "thead", "tbody", "tr", "th", "td"}
        assert tags(parsed) <= allowed
        for found in parsed.iter("table"):
            assert len({len(list(row)) for row in found.iter("tr")}) == 1
        assert "<script>window.ran=1</script>" in "".join(parsed.itertext())

    @given(st.text(max_size=60))
    @patient
    def test_any_text_is_text(self, text: str) -> None:
        shown = {code: visible(text), prose: "".join(map(visible, text.split()))}
        for write, whole in shown.items():
            expected = whole
            parsed = rendered(f"before\n\n{write(text)}\n\nafter")
            assert tags(parsed) <= {"html", "head", "body", "p", "code"}
            found = "".join("".join(parsed.itertext()).split())
            if write is prose:  # whose code spans stay spans
                found, expected = found.replace("`", ""), expected.replace("`", "")
            assert found == f"before{expected}after"
        bullet = rendered(f"- {prose(text)}")
        assert tags(bullet) <= {"html", "head", "body", "ul", "li", "code"}

    @given(st.text("|\\`a <*_&", max_size=30))
    @patient
    def test_any_text_is_one_cell(self, text: str) -> None:
        for write in (code, prose):
            parsed = rendered(table(("a", "b"), [[write(text, in_table=True), "c"]]))
            row = [list(each) for each in parsed.iter("tr")][1]
            assert ["".join(cell.itertext()) for cell in row][1:] == ["c"]
            assert tags(parsed) <= {
                "html",
                "head",
                "body",
                "table",
                "thead",
                "tbody",
                "tr",
                "th",
                "td",
                "code",
            }
            kept = re.sub(r"\s|\\ (?=\|)", "", "".join(row[0].itertext()))
            shown = "".join(text.split())
            for sign in "\\`":  # one is kept apart from a pipe, the other may have been a span's
                kept, shown = kept.replace(sign, ""), shown.replace(sign, "")
            assert kept == shown


class TestHtml:
    def test_shows_it_and_nothing_else(self, hostile: Report) -> None:
        page = html(hostile)
        html5lib.HTMLParser(strict=True).parse(page)
        parsed = html5lib.parse(page, namespaceHTMLElements=False)
        assert not tags(parsed) & {"script", "img", "iframe", "b", "i"}
        assert {each.get("href") for each in parsed.iter("a")} == {"#summary"}
        text = " ".join("".join(parsed.itertext()).split())
        assert "<script>window.ran=1</script>|`a`\\n**b** [c](javascript:alert(1))" in text
        assert "{{7*7}}" in text
        assert "\\x1b[31m \\u202e" in text

    @pytest.mark.browser
    def test_no_script_of_it_runs(self, hostile: Report, tmp_path: Path, browser: Any) -> None:  # noqa: F811
        (tmp_path / "report.html").write_text(html(hostile), encoding="utf-8")
        visit(browser, tmp_path / "report.html")
        assert browser.execute_script("return window.ran") is None
        assert browser.execute_script("return document.querySelectorAll('script, img, iframe').length") == 0
        assert requests(browser) == [(tmp_path / "report.html").as_uri()]
        assert complaints(browser) == []


def test_json_keeps_it_as_it_is(hostile: Report) -> None:
    assert report_json.document(hostile)["subject"]["name"] == HOSTILE


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the page of a report, as a file."""
    folder = project(tmp_path_factory.mktemp("page"), slower=1.4)
    found = report(Config(folder), Wish(current=folder / LAST), WHEN)
    (folder / "report.html").write_text(html(found), encoding="utf-8")
    return folder / "report.html"


@pytest.fixture
def page(written: Path, browser: Any) -> Any:  # noqa: F811
    visit(browser, written)
    return browser


@pytest.mark.browser
class TestInABrowser:
    def test_it_asks_for_nothing_and_complains_of_nothing(self, page: Any, written: Path) -> None:
        assert requests(page) == [written.as_uri()]
        assert complaints(page) == []
        assert page.title == "Benchmark report: reference 1"

    def test_every_drawing_is_there_and_within_its_frame(self, page: Any) -> None:
        boxes = page.execute_script(
            "return [...document.querySelectorAll('figure svg[role=img]')].map(svg => {"
            "  const frame = svg.getBoundingClientRect();"
            "  const all = [...svg.querySelectorAll('path, circle, text')];"
            "  const marks = all.map(m => m.getBoundingClientRect());"
            "  return [frame.width, frame.height, marks.length, marks.filter(m =>"
            "    m.left < frame.left - 10 ||"
            "    m.right > frame.right + 10 || m.top < frame.top - 10 ||"
            "    m.bottom > frame.bottom + 10).length]})"
        )
        assert len(boxes) == 2 + 2 + 5
        for width, height, marks, outside in boxes:
            assert width > 200
            assert height > 100
            assert marks > 10
            assert outside == 0

    @pytest.mark.parametrize("width", [400, 800, 1200])
    def test_nothing_is_wider_than_the_window(self, page: Any, width: int) -> None:
        size = {"width": width, "height": 900, "deviceScaleFactor": 1, "mobile": False}
        page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", size)
        try:
            wide = "const page = document.documentElement; return page.scrollWidth - page.clientWidth"
            assert page.execute_script(wide) == 0
            assert page.execute_script("return window.innerWidth") == width
        finally:
            page.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})

    @pytest.mark.parametrize("scheme", ["light", "dark"])
    def test_text_stands_out_from_its_ground(self, page: Any, scheme: str) -> None:
        """The contrast of every colour that text has, on the cards: at least 4.5, as WCAG 2.2 wants it."""
        page.execute_cdp_cmd(
            "Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": scheme}]}
        )
        try:
            style = "return getComputedStyle(document.documentElement).getPropertyValue(arguments[0]).trim()"
            ground = luminance(page.execute_script(style, "--card"))
            assert (ground > 0.5) is (scheme == "light")
            for name in ("ink", "soft", "now", "pass", "warn", "fail", "better", "open"):
                colour = luminance(page.execute_script(style, f"--{name}"))
                low, high = sorted((ground, colour))
                assert (high + 0.05) / (low + 0.05) >= 4.5, name
        finally:
            page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def luminance(colour: str) -> float:
    """Return the relative luminance of a colour written #rrggbb, WCAG 2.2's."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = (p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pytest.mark.browser
def test_the_browser_tells_on_a_page_that_runs_and_asks(tmp_path: Path, browser: Any) -> None:  # noqa: F811
    """What the tests above would see of a page that let hostile text through."""
    image = (tmp_path / "x.png").as_uri()
    (tmp_path / "evil.html").write_text(
        f"<!DOCTYPE html><title>evil</title><img src='{image}' onerror='window.ran=1; console.error(1)'>"
    )
    visit(browser, tmp_path / "evil.html")
    assert browser.execute_script("return window.ran") == 1
    assert requests(browser) == [(tmp_path / "evil.html").as_uri(), image]
    assert complaints(browser) != []
