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
        Of the pull request, or the group of a merge queue, that set it off: the branch it goes to, where that
        stood, and the commit that wants to be merged.
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
    event = _event(environ.get("GITHUB_EVENT_PATH", ""))
    if environ.get("GITHUB_EVENT_NAME") == "merge_group":
        queued = _part(event, "merge_group")
        target = str(queued.get("base_ref", "")).removeprefix("refs/heads/")
        return replace(
            job,
            target=target or None,
            target_commit=_commit(queued.get("base_sha")),
            head=_commit(queued.get("head_sha")),
        )
    request = _part(event, "pull_request")
    return replace(
        job,
        target=environ.get("GITHUB_BASE_REF") or None,
        target_commit=_commit(_part(request, "base").get("sha")),
        head=_commit(_part(request, "head").get("sha")),
    )


def _event(path: str) -> Mapping[str, object]:
    try:
        event = json.loads(Path(path).read_text(encoding="utf-8")) if path else {}
    except (OSError, ValueError, RecursionError):
        return {}
    return event if isinstance(event, dict) else {}


def _part(whole: Mapping[str, object], key: str) -> Mapping[str, object]:
    found = whole.get(key)
    return found if isinstance(found, dict) else {}


def _commit(found: object) -> str | None:
    return found if isinstance(found, str) and _HASH.fullmatch(found) else None
