"""The event that set a job off, as far as the comment needs it: GitHub's word, not the pull request's."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from persona_asv.comments.shape import Value, parse
from persona_asv.errors import UsageError

_NAME = r"[A-Za-z0-9][A-Za-z0-9-]*/(?!\.+$)[A-Za-z0-9._-]+"


@dataclass(frozen=True, slots=True)
class Job:
    """Where we run.

    Attributes
    ----------
    api, server
        Addresses of GitHub's REST API and of its pages.
    repository
        ``owner/name``.
    """

    api: str
    server: str
    repository: str
    token: str


@dataclass(frozen=True, slots=True)
class Finished:
    """The run of another workflow that has ended.

    Attributes
    ----------
    head, branch, origin
        The commit that was measured, and the branch and the repository it came from: a fork, perhaps.
    """

    id: int
    head: str
    branch: str
    origin: str

    @property
    def owner(self) -> str:
        """Whose repository the change came from."""
        return self.origin.partition("/")[0]


def job(environ: Mapping[str, str]) -> Job:
    """Return where we run.

    Raises
    ------
    UsageError
        A variable that GitHub sets is missing, or no token was given.
    """
    names = ("GITHUB_API_URL", "GITHUB_SERVER_URL", "GITHUB_REPOSITORY", "GITHUB_TOKEN")
    missing = [name for name in names if not environ.get(name)]
    if missing:
        raise UsageError(f"{missing[0]} is not set: this runs in a job of GitHub Actions, with its token")
    api, server, repository, token = (environ[name] for name in names)
    if not re.fullmatch(_NAME, repository):
        raise UsageError("GITHUB_REPOSITORY: expected owner/name")
    return Job(api.rstrip("/"), server.rstrip("/"), repository, token)


def finished(path: str) -> Finished | None:
    """Return the run that a job of ``workflow_run`` follows; None where no pull request set it off.

    Raises
    ------
    UsageError
        The file holds no such event.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as error:
        raise UsageError(f"GITHUB_EVENT_PATH: {path!r} cannot be read ({error.strerror})") from error
    run = parse(content, "the event").member("workflow_run")
    if run.member("event").text() != "pull_request":
        return None
    return Finished(
        run.member("id").whole(),
        run.member("head_sha").text("[0-9a-f]{40}|[0-9a-f]{64}"),
        run.member("head_branch").text(),
        _origin(run),
    )


def _origin(run: Value) -> str:
    return run.member("head_repository").member("full_name").text(_NAME)
