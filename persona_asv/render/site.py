"""The site's front page, and what ``publish`` says."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from persona_asv.render.terminal import Style
from persona_asv.site.publish import Published, Site

SHOWN = 10


def front_page(site: Site) -> str:
    return "<!doctype html><title>site</title>"


def left_out(done: Published) -> Iterator[str]:
    """Yield a line for each result that is not in the site, the first ten of them."""
    for left in done.left_out[:SHOWN]:
        yield f"left out: {left.path}: {left.reason}"
    if len(done.left_out) > SHOWN:
        yield f"left out: {len(done.left_out) - SHOWN} more"


def published(done: Published, style: Style) -> str:
    """Return the line that says what stands where."""
    what = f"{done.series} series of {done.commits} commits"
    if not done.built:
        return f"{done.folder}: {what}, nothing changed since it was built"
    return f"{done.folder}: {what}. To look at it: persona benchmark preview"


def as_json(done: Published) -> dict[str, Any]:
    """Return the same for a program."""
    return {
        "folder": str(done.folder),
        "built": done.built,
        "commits": done.commits,
        "files": done.files,
        "series": done.series,
        "left_out": [{"file": str(left.path), "reason": left.reason} for left in done.left_out],
    }
