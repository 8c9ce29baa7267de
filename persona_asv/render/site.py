"""The site's front page, and what ``publish`` says."""

from __future__ import annotations

import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from persona_asv.site.front import Drift, Line, Machine, Step, commits_of, front, lines
from persona_asv.site.publish import Published, Site
from persona_asv.units import milliseconds, significant

MINUS = "\u2212"
SHOWN = 10
"""Results left out that are named one by one."""


def front_page(site: Site) -> str:
    """Return the page as HTML; whatever a file or git said in it is escaped."""
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    templates = Environment(
        loader=FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    chosen, staged = site.chronicle, site.staged
    drawn = tuple(lines(site.pieces, staged.benchmarks, staged.judged))
    found = front(drawn, chosen, staged.files, site.threshold)
    return templates.get_template("front.html.j2").render(
        project=site.project,
        page=chosen.page,
        branch=chosen.branch,
        front=found,
        steps=[_step(step, site) for step in found.steps],
        drifts=[_drift(drift) for drift in found.drifts],
        machines=[_machine(machine) for machine in found.machines],
        baselines=list(_baselines(site)),
        threshold=_percent(site.threshold),
        half=_percent(site.threshold / 2),
        files=len(staged.files),
        measured=len({file.commit for file in staged.files}),
        tags=len(site.tags),
        left_out=len(site.left_out),
        report=site.report,
    )


def _percent(ratio: float) -> str:
    return f"{significant(100 * ratio)} %"


def signed(ratio: float) -> str:
    """Return a change, given as a ratio less one, as people say it."""
    if not math.isfinite(ratio):
        return "from nothing"
    return (
        f"{'+' if ratio > 0 else MINUS}{_percent(abs(ratio))}"
        if ratio < 9
        else f"{significant(ratio + 1)} times"
    )


def value(value: float, unit: str) -> str:
    """Return a value of a series in the unit that people would use."""
    if unit == "seconds":
        return milliseconds(1000 * value) if value >= 1e-4 else f"{significant(1e6 * value)}µs"
    if unit == "bytes":
        return f"{significant(value / 1e6)} MB"
    return significant(value) if unit == "unit" else f"{significant(value)} {unit}"


def _where(line: Line) -> str:
    return ", ".join((*line.case, *line.where))


def _step(step: Step, site: Site) -> dict[str, Any]:
    chosen = site.chronicle
    commits = commits_of(step, chosen)
    newest = commits[0] if commits else list(chosen.commits.values())[step.last]
    span = newest.hash if len(commits) <= 1 else f"{list(chosen.commits)[step.first]}-{newest.hash}"
    join = "&" if not step.line.link.endswith("?") else ""
    also = list(dict.fromkeys(line.title for line in step.also if line.title != step.line.title))
    return {
        "size": signed(step.after / step.before - 1 if step.before > 0 else math.inf),
        "worse": step.after > step.before,
        "title": step.line.title,
        "detail": _where(step.line),
        "link": f"{step.line.link}{join}commits={span}",
        "commit": newest.hash[:8],
        "url": chosen.commit_page and chosen.commit_page + newest.hash,
        "subject": newest.subject,
        "others": len(commits) - 1 if len(commits) > 1 else 0,
        "levels": f"{value(step.before, step.line.unit)} → {value(step.after, step.line.unit)}",
        "also": ", ".join(also[:3]) + (f" and {len(also) - 3} more" if len(also) > 3 else ""),
    }


def _drift(drift: Drift) -> dict[str, Any]:
    return {
        "size": signed(drift.change),
        "commits": drift.commits,
        "link": drift.line.link,
        "title": drift.line.title,
        "detail": _where(drift.line),
    }


def _machine(machine: Machine) -> dict[str, Any]:
    reasons = [f"another {key}" for key in machine.differs]
    if machine.ratio is not None:
        change = machine.ratio - 1
        size = "as usual" if abs(change) < 0.005 else f"{signed(change)} against its usual"
        reasons.append(f"the reference operation takes {size}")
    elif not reasons:
        reasons.append("nothing earlier to compare it with")
    return {
        "name": machine.name,
        "verdict": "comparable."
        if machine.compares
        else "not the machine it was; wall times do not compare.",
        "date": day(machine.newest),
        "reason": ", ".join(reasons),
    }


def day(milliseconds_: int) -> str:
    """Return the date, in UTC, of milliseconds since the epoch."""
    try:
        return datetime.fromtimestamp(milliseconds_ / 1000, UTC).strftime("%Y-%m-%d")
    except (OverflowError, ValueError, OSError):
        return "at an unknown date"


def _baselines(site: Site) -> Iterator[dict[str, Any]]:
    held = [(book, book.baseline) for book in site.books if book.baseline is not None]
    page = site.chronicle.commit_page
    for book, baseline in sorted(held, key=lambda pair: pair[1].captured_at, reverse=True):
        known = baseline.commit in site.chronicle.commits
        yield {
            "name": baseline.name,
            "link": f"baselines/{book.path.name}",
            "captured": baseline.captured_at.strftime("%Y-%m-%d %H:%M"),
            "version": baseline.version,
            "commit": baseline.commit_label,
            "url": page + str(baseline.commit) if page and known else None,
        }


def left_out(done: Published) -> Iterator[str]:
    """Yield a line for each result that is not in the site, the first ten of them."""
    for left in done.left_out[:SHOWN]:
        yield f"left out: {left.path}: {left.reason}"
    if len(done.left_out) > SHOWN:
        yield f"left out: {len(done.left_out) - SHOWN} more"


def published(done: Published) -> str:
    """Return the line that says what stands where."""
    what = f"{done.series} series of {done.commits} commits"
    if not done.built:
        return f"{done.folder}: {what}; nothing has changed since it was built"
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
