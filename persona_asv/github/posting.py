"""The comment on a pull request: which one it is, what it says, posted once and then kept up to date."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from persona_asv.comments.comment import Comment, Links
from persona_asv.comments.document import read
from persona_asv.errors import UsageError
from persona_asv.github.api import Api
from persona_asv.github.artifact import DOCUMENT, MOST_ZIP, NAME, document
from persona_asv.github.event import Finished, Job
from persona_asv.render.comment import MARKER, comment

AUTHOR = "github-actions[bot]"
"""Whose comments are ours: with the token of a job others' could be changed as well."""
PAGES = 30
"""Of a hundred comments each, that are looked through."""
_SITE = re.compile(r"https?://[A-Za-z0-9.-]+(:[0-9]+)?(/[A-Za-z0-9._~/-]*)?")


def post(api: Api, job: Job, run: Finished) -> str:
    """Post or update the comment on what a run found; returns what was done, in a sentence.

    Raises
    ------
    UsageError
        The artifact is not what it should be, or GitHub refuses.
    """
    number = _pull_request(api, job, run)
    if number is None:
        return "No open pull request has this commit as its head: nothing to tell."
    found = _artifact(api, run)
    ours = _ours(api, number)
    if found is None and ours is None:
        return "The run left no artifact: nothing to tell."
    its, links = _told(api, job, run, found)
    body = comment(its, links)
    if ours is None:
        api.send("POST", f"issues/{number}/comments", body)
        return f"Posted to pull request {number}."
    if ours[1] == body:
        return f"The comment on pull request {number} says so already."
    api.send("PATCH", f"issues/comments/{ours[0]}", body)
    return f"Updated the comment on pull request {number}."


def _told(api: Api, job: Job, run: Finished, found: int | None) -> tuple[Comment, Links]:
    """Return what the artifact says; where there is none any more, an old comment must not look current."""
    page = f"{job.server}/{job.repository}/actions/runs/{run.id}"
    if found is None:
        return Comment(failure="The last run left no result. Its log says why."), Links(page)
    content = document(api.download(f"actions/artifacts/{found}/zip", MOST_ZIP))
    return read(content, DOCUMENT), Links(page, f"{page}/artifacts/{found}", _site(api))


def _site(api: Api) -> str:
    answer = api.find("pages")
    address = answer.get("html_url") if isinstance(answer, dict) else None
    return address if isinstance(address, str) and _SITE.fullmatch(address) else ""


def _pull_request(api: Api, job: Job, run: Finished) -> int | None:
    """Return the open pull request whose head is exactly the commit that was measured, by GitHub's word."""
    asked = {"state": "open", "head": f"{run.owner}:{run.branch}", "per_page": "100"}
    for each in _list(api.get("pulls", **asked)):
        head, base = (_dict(each.get(side)) for side in ("head", "base"))
        origin, target = (_dict(side.get("repo")).get("full_name") for side in (head, base))
        if (head.get("sha"), origin, target) == (run.head, run.origin, job.repository) and _is_id(
            each.get("number")
        ):
            return int(each["number"])
    return None


def _artifact(api: Api, run: Finished) -> int | None:
    """Return the newest artifact of the run that bears the name, None without one."""
    answer = _dict(api.get(f"actions/runs/{run.id}/artifacts", name=NAME, per_page="100"))
    found = []
    for each in _list(answer.get("artifacts")):
        if each.get("name") == NAME and not each.get("expired") and _is_id(each.get("id")):
            size = each.get("size_in_bytes")
            if not isinstance(size, int) or size > MOST_ZIP:
                raise UsageError(f"the artifact is larger than {MOST_ZIP:,} bytes")
            found.append(int(each["id"]))
    return max(found, default=None)


def _ours(api: Api, number: int) -> tuple[int, str] | None:
    for each in _comments(api, number):
        body, author = each.get("body"), _dict(each.get("user")).get("login")
        if isinstance(body, str) and body.startswith(MARKER) and author == AUTHOR and _is_id(each.get("id")):
            return int(each["id"]), body
    return None


def _comments(api: Api, number: int) -> Iterator[dict[str, Any]]:
    for page in range(1, PAGES + 1):
        found = _list(api.get(f"issues/{number}/comments", per_page="100", page=str(page)))
        yield from found
        if len(found) < 100:
            break


def _is_id(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value > 0


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _list(value: object) -> list[dict[str, Any]]:
    return [each for each in value if isinstance(each, dict)] if isinstance(value, list) else []
