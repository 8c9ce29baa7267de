"""The published site in a real browser: graphs draw, nothing leaves the machine, no hostile text runs."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from browser import browser, complaints, requests, visit  # noqa: F401 - a fixture
from conftest import environment, git, persona
from histories import History, cell, commits, history
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import WebDriverWait

from persona_asv.model import Cell, Series, State

pytestmark = pytest.mark.browser

IMAGE = "<img/src=x/onerror=document.title='owned'>"
"""What runs as soon as it is HTML; without a blank, so that it can be the name of a tag."""
HOSTILE = f"</script><script>document.title='owned'</script>{IMAGE}"


class Preview:
    """``persona benchmark preview`` of a folder's site."""

    def __init__(self, folder: Path) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "persona_asv", "benchmark", "preview", "--json"],
            cwd=folder,
            env=environment(),
            stdout=subprocess.PIPE,
            text=True,
        )
        assert self._process.stdout is not None
        lines = iter(self._process.stdout.readline, "}\n")
        self.url = json.loads("".join([*lines, "}"]))["data"]["url"]

    def end(self) -> int:
        self._process.send_signal(signal.SIGINT)
        self._process.communicate(timeout=30)
        return self._process.returncode


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site of a history with one step in it."""
    made = history(tmp_path_factory.mktemp("shop") / "shop", [1.0] * 6 + [1.5] * 5)
    git(made.folder, "tag", "v0.1", made.hashes[2])
    git(made.folder, "remote", "add", "origin", "git@github.com:persona/shop.git")
    assert persona("benchmark", "publish", cwd=made.folder).code == 0
    preview = Preview(made.folder)
    yield preview.url
    assert preview.end() == 0


@pytest.fixture(scope="module")
def hostile(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Serve the site of a history with hostile text wherever a file or git can hold any."""
    folder = tmp_path_factory.mktemp("hostile") / "<b>shop"
    made = History(folder, commits(folder, [HOSTILE] * 12))
    git(folder, "tag", f"v1{IMAGE}", made.hashes[2])
    git(folder, "remote", "add", "origin", "javascript:document.title='owned'//x/y")
    name, param = f"suite.time_{HOSTILE}", f"'{HOSTILE}'"
    for place in range(12):
        values = [(2.0 if place > 5 else 1.0) * (1 + number / 1000) for number in range(20)]
        series = {
            name: Series(name, ((param,),), (cell(values, (param,)),), version="1"),
            "suite.track_calls": Series(
                "suite.track_calls", (), (Cell((), State.MEASURED, 3.0 + place),), version="1"
            ),
        }
        path = made.put(place, series, stamp=False)
        facts = json.loads(path.read_text())
        facts["params"] |= {"machine": f"{HOSTILE} & Co", "cpu": HOSTILE, HOSTILE: f"{HOSTILE}{place % 2}"}
        path.write_text(json.dumps(facts))
        (path.parent / "machine.json").unlink()
    known = {"type": "time", "unit": HOSTILE, "code": HOSTILE, "pretty_name": HOSTILE, "version": "1"}
    made.describe(
        "suite.track_calls",
        more={name: {**known, "name": name, "params": [[param]], "param_names": [HOSTILE]}},
    )
    assert persona("benchmark", "publish", cwd=folder).code == 0
    preview = Preview(folder)
    yield preview.url
    assert preview.end() == 0


def wait(browser: Any, condition: str) -> None:  # noqa: F811
    WebDriverWait(browser, 30).until(lambda driver: driver.execute_script(f"return {condition}"))


def painted(selector: str) -> str:
    """Return JavaScript that counts the coloured pixels of canvases: lines, not axes or paper."""
    return (
        f"[...document.querySelectorAll({selector!r})].map(canvas => {{"
        "const pixels = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height).data;"
        "let count = 0;"
        "for (let i = 0; i < pixels.length; i += 4)"
        "  if (pixels[i + 3] && Math.abs(pixels[i] - pixels[i + 2]) > 40) count++;"
        "return count; })"
    )


def strangers(browser: Any, url: str) -> list[str]:  # noqa: F811
    return [each for each in requests(browser) if not each.startswith((url, "data:", "chrome:", "about:"))]


class TestPages:
    def test_the_address_alone_answers_with_the_front_page(self, browser: Any, shop: str) -> None:  # noqa: F811
        visit(browser, shop)
        wait(browser, "document.readyState == 'complete' && location.pathname == '/start.html'")
        (card,) = browser.find_elements(By.CSS_SELECTOR, "li.card")
        assert "▲ +50" in card.text or "▲ +49" in card.text
        assert "change 6" in card.text
        assert complaints(browser) == []
        assert strangers(browser, shop) == []

    def test_the_link_of_a_step_leads_to_its_graph(self, browser: Any, shop: str) -> None:  # noqa: F811
        visit(browser, shop + "start.html")
        browser.find_element(By.CSS_SELECTOR, "li.card a").click()
        wait(browser, "document.querySelectorAll('#main-graph canvas').length == 2")
        assert browser.execute_script(f"return {painted('#main-graph .plot-base')}")[0] > 500
        assert browser.find_element(By.ID, "title").text.startswith(("cpu.", "overhead."))
        assert "v0.1" in browser.find_element(By.ID, "main-graph").text
        assert complaints(browser) == []
        assert strangers(browser, shop) == []

    @pytest.mark.parametrize("name", ["cpu.p50", "cpu.p95", "overhead.p95", "wall.latency_p95", "api.calls"])
    def test_every_series_has_a_graph(self, name: str, browser: Any, shop: str) -> None:  # noqa: F811
        visit(browser, f"{shop}index.html#{name}")
        browser.refresh()
        wait(browser, "document.querySelectorAll('#main-graph .plot-base, #overview .plot-base').length == 2")
        assert min(browser.execute_script(f"return {painted('.plot-base')}")) > 200
        assert complaints(browser) == []

    def test_the_grid_draws_each_series_once_wall_last(self, browser: Any, shop: str) -> None:  # noqa: F811
        visit(browser, shop + "index.html#/")
        browser.refresh()
        wait(browser, "document.querySelectorAll('.benchmark-group').length == 6")
        groups = [each.text for each in browser.find_elements(By.CSS_SELECTOR, ".benchmark-group h1")]
        assert groups == ["api", "cpu", "memory", "overhead", "reliability", "wall"]
        titles = [each.text for each in browser.find_elements(By.CLASS_NAME, "benchmark-text")]
        assert {"CPU per operation, P50", "CPU per operation, P95", "client overhead, P95"} <= set(titles)
        wait(browser, "document.querySelectorAll('.benchmark-plot .plot-base').length >= 4")
        assert min(browser.execute_script(f"return {painted('.benchmark-plot .plot-base')}")) > 100
        assert complaints(browser) == []
        assert strangers(browser, shop) == []

    def test_a_point_tells_its_value_and_its_commit(self, browser: Any, shop: str) -> None:  # noqa: F811
        visit(browser, f"{shop}index.html#cpu.p50")
        browser.refresh()
        wait(browser, "document.querySelectorAll('#main-graph .plot-overlay').length == 1")
        browser.execute_script(
            "const at = document.querySelector('#main-graph .plot-overlay').getBoundingClientRect();"
            "for (let x = at.left; x < at.right && !document.querySelector('.tooltip'); x += 4)"
            "  for (let y = at.top; y < at.bottom && !document.querySelector('.tooltip'); y += 4)"
            "    document.elementFromPoint(x, y)?.dispatchEvent(new MouseEvent('mousemove',"
            "      {bubbles: true, clientX: x, clientY: y}));"
        )
        wait(browser, "document.querySelectorAll('.tooltip').length == 1")
        assert "ms @ " in browser.find_element(By.CLASS_NAME, "tooltip").text
        assert complaints(browser) == []

    def test_list_and_regressions_sort(self, browser: Any, shop: str) -> None:  # noqa: F811
        visit(browser, shop + "index.html#/regressions")
        browser.refresh()
        wait(browser, "document.querySelectorAll('#regressions-body tbody tr').length >= 4")
        factors = [
            float(each.text.rstrip("x"))
            for each in browser.find_elements(By.CSS_SELECTOR, "#regressions-body tbody td:nth-child(4)")
            if each.text
        ]
        assert factors == sorted(factors, reverse=True)
        assert min(factors) > 1.3
        visit(browser, shop + "index.html#/summarylist")
        browser.refresh()
        wait(browser, "document.querySelectorAll('#summarylist-body tbody tr').length == 13")
        assert complaints(browser) == []
        assert strangers(browser, shop) == []

    def test_narrow_and_dark_nothing_is_cut_off(self, browser: Any, shop: str) -> None:  # noqa: F811
        visit(browser, shop + "start.html")
        metrics = {"width": 360, "height": 800, "deviceScaleFactor": 1, "mobile": True}
        browser.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
        dark = {"features": [{"name": "prefers-color-scheme", "value": "dark"}]}
        browser.execute_cdp_cmd("Emulation.setEmulatedMedia", dark)
        try:
            assert browser.execute_script("return document.documentElement.scrollWidth") <= 360
            paper = browser.execute_script("return getComputedStyle(document.body).backgroundColor")
            assert paper == "rgb(20, 25, 31)"
        finally:
            browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
            browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


class TestHostileText:
    PAGES = ("start.html", "index.html#/", "index.html#/summarylist", "index.html#/regressions")

    @pytest.mark.parametrize("page", PAGES)
    def test_runs_no_script_and_makes_no_element(self, page: str, browser: Any, hostile: str) -> None:  # noqa: F811
        visit(browser, hostile + page)
        browser.refresh()
        wait(browser, "document.readyState == 'complete' && (window.jQuery ? jQuery.active == 0 : true)")
        self._unharmed(browser, hostile)

    def test_nor_in_a_graph_with_its_legend_tags_and_tooltips(self, browser: Any, hostile: str) -> None:  # noqa: F811
        visit(browser, hostile + "index.html#/")
        browser.refresh()
        wait(browser, "document.querySelectorAll('.benchmark-container').length == 2")
        names = browser.execute_script("return Object.keys(jQuery.asv.main_json.benchmarks)")
        for name in names:
            visit(browser, f"{hostile}index.html#{name}")
            wait(browser, "document.querySelectorAll('#main-graph .plot-base').length == 1")
            browser.execute_script("jQuery('a, li, .benchmark-plot, .btn').trigger('mouseenter')")
            assert browser.find_elements(By.CLASS_NAME, "tooltip")
            assert "onerror" in browser.find_element(By.ID, "main-graph").text  # the tag, as text
            self._unharmed(browser, hostile)

    @staticmethod
    def _unharmed(browser: Any, url: str) -> None:  # noqa: F811
        assert browser.title != "owned"
        assert browser.find_elements(By.CSS_SELECTOR, "img[src='x'], [onerror], script:not([src])") == []
        assert browser.find_elements(By.CSS_SELECTOR, "a[href^='javascript:']") == []
        assert complaints(browser) == []
        assert strangers(browser, url) == []
