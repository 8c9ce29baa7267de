"""What the pipeline around us says of itself: GitHub's environment and the event that set it off.

It is a hint where git cannot know, never more: a value of the wrong shape is no hint.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

_HASH = re.compile(r"[0-9a-f]{40}|[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class Pipeline:
    """A job of GitHub Actions, or nothing.

    Attributes
    ----------
    actions
        Whether it is one: then it reads annotations on standard output.
    target, target_commit, head
        Of the pull request that set it off: the branch it goes to, where that stood, and the commit that
        wants to be merged.
    summary
        The file that becomes the job's summary, in Markdown.
    """

    actions: bool = False
    target: str | None = None
    target_commit: str | None = None
    head: str | None = None
    summary: Path | None = None


def around(environ: Mapping[str, str] = os.environ) -> Pipeline:
    """Return the pipeline that we run in; of another repository than its own it says nothing."""
    if environ.get("GITHUB_ACTIONS") != "true":
        return Pipeline()
    summary = environ.get("GITHUB_STEP_SUMMARY")
    job = Pipeline(actions=True, summary=Path(summary) if summary else None)
    if not Path.cwd().resolve().is_relative_to(Path(environ.get("GITHUB_WORKSPACE") or "/").resolve()):
        return job
    request = _pull_request(environ.get("GITHUB_EVENT_PATH", ""))
    return replace(
        job,
        target=environ.get("GITHUB_BASE_REF") or None,
        target_commit=_commit(request.get("base")),
        head=_commit(request.get("head")),
    )


def _pull_request(path: str) -> Mapping[str, object]:
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):
        return {}
    found = event.get("pull_request") if isinstance(event, dict) else None
    return found if isinstance(found, dict) else {}


def _commit(end: object) -> str | None:
    found = end.get("sha") if isinstance(end, dict) else None
    return found if isinstance(found, str) and _HASH.fullmatch(found) else None
