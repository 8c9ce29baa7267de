"""A real browser for tests of pages: Debian's Chromium, headless, and all that it says and asks for."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from selenium import webdriver
from selenium.webdriver.chrome.service import Service

FLAGS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync"),
)

_OWN = ("chrome:", "chrome-")
"""How addresses of the browser itself begin."""


@pytest.fixture(scope="session")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """Return a browser; skips where none is installed."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if chromium is None or driver is None:
        pytest.skip("no browser is here: apt-get install chromium chromium-driver")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for flag in (*FLAGS, f"--user-data-dir={tmp_path_factory.mktemp('chromium')}"):
        options.add_argument(flag)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    found = webdriver.Chrome(options=options, service=Service(driver))
    found.set_page_load_timeout(60)
    yield found
    found.quit()


def visit(browser: webdriver.Chrome, address: str | Path) -> None:
    """Open a page, with empty logs."""
    for log in ("browser", "performance"):
        browser.get_log(log)
    browser.get(address.as_uri() if isinstance(address, Path) else address)


def requests(browser: webdriver.Chrome) -> list[str]:
    """Return every address that a page asked for since the last look.

    What lies in the page itself is none, nor what the browser's own start page asks of the browser: that may
    still be loading when a test has opened its page.
    """
    messages = (json.loads(entry["message"])["message"] for entry in browser.get_log("performance"))
    asked = [each["params"] for each in messages if each["method"] == "Network.requestWillBeSent"]
    return [
        each["request"]["url"]
        for each in asked
        if not each["request"]["url"].startswith("data:") and not each["documentURL"].startswith(_OWN)
    ]


def complaints(browser: webdriver.Chrome) -> list[str]:
    """Return what the console said of a page since the last look."""
    said = (entry["message"] for entry in browser.get_log("browser"))
    return [each for each in said if not each.startswith(_OWN)]
