"""asv's pages made to work offline, and to run no script but asv's and ours.

asv's ``index.html`` fetches jQuery, flot, Bootstrap and more from four other hosts. Here it gets jQuery from
an installed package, and what little of the rest asv's scripts use from `persona_asv.www`, which is ours.
"""

from __future__ import annotations

import html
import json
import re
import shutil
from importlib.util import find_spec
from pathlib import Path

import persona_asv
from persona_asv.errors import MeasurementError

START = "start.html"
"""Our front page. asv's own keeps ``index.html``: its links, the feed's and old bookmarks all go there."""
LIBRARIES = "lib"
_OURS = Path(persona_asv.__file__).parent / "www"
_FIRST = ("start.js", "jquery.min.js", "plot.js", "widgets.js")
_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self'; "
    "connect-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none'"
)
_SCRIPT = re.compile(r"[ \t]*<script\b[^>]*>.*?</script>\s*?\n", re.DOTALL)
_LINK = re.compile(r"[ \t]*<link\b[^>]*>\s*?\n")
_AWAY = re.compile(r"""(?:src|href)\s*=\s*["']?\s*(?:[a-z]+:)?//""", re.IGNORECASE)


def make_offline(site: Path) -> None:
    """Rewrite a site that asv has just published.

    Raises
    ------
    MeasurementError
        asv's page is not the one we know, or jQuery is not installed.
    """
    libraries = site / LIBRARIES
    libraries.mkdir()
    shutil.copyfile(_jquery(), libraries / "jquery.min.js")
    for path in _OURS.glob("*.[cj]s*"):
        shutil.copyfile(path, libraries / path.name)
    index = site / "index.html"
    index.write_text(page(index.read_text(encoding="utf-8")), encoding="utf-8")
    facts = json.loads((site / "index.json").read_text(encoding="utf-8"))
    # asv's script writes a tag's name into the page as HTML
    facts["tags"] = {html.escape(tag): revision for tag, revision in facts["tags"].items()}
    (site / "index.json").write_text(json.dumps(facts, allow_nan=False), encoding="utf-8")


def page(text: str) -> str:
    """Return asv's ``index.html`` without what it fetches elsewhere, without inline scripts, with ours.

    Raises
    ------
    MeasurementError
        Something in it would still be fetched elsewhere.
    """

    def script(found: re.Match[str]) -> str:
        inline = not re.search(r"\ssrc\s*=", found[0])
        return "" if inline or _AWAY.search(found[0]) else found[0]

    def link(found: re.Match[str]) -> str:
        return "" if _AWAY.search(found[0]) else found[0]

    text = _LINK.sub(link, _SCRIPT.sub(script, text))
    head = (
        f'<head>\n    <meta http-equiv="Content-Security-Policy" content="{_POLICY}">\n'
        f'    <noscript><meta http-equiv="refresh" content="0; url={START}"></noscript>\n'
        f'    <link rel="stylesheet" href="{LIBRARIES}/site.css">\n'
        + "".join(f'    <script src="{LIBRARIES}/{name}"></script>\n' for name in _FIRST)
    )
    back = f'<li><a href="{START}">What changed</a></li>\n\t<li id="nav-li-" '
    text = text.replace("<head>", head, 1).replace('<li id="nav-li-" ', back, 1)
    fetched = re.findall(r"<(?:script|link|img|iframe)\b[^>]*>", text)
    if "Content-Security-Policy" not in text or back not in text or any(map(_AWAY.search, fetched)):
        raise MeasurementError("asv's page is not the one this version knows: install asv 0.6.6")
    return text


def _jquery() -> Path:
    found = find_spec("xstatic.pkg.jquery")
    path = Path(found.origin).parent / "data" / "jquery.min.js" if found and found.origin else None
    if path is None or not path.is_file():
        raise MeasurementError("jQuery is not installed: pip install XStatic-jQuery")
    return path
