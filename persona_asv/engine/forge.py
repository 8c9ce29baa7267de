"""The web page of a git remote: where a commit can be looked at, if anywhere."""

from __future__ import annotations

import re

_FORMS = (
    re.compile(r"https?://(?:[^/@\s]*@)?(?P<host>[A-Za-z0-9.-]+(?::\d+)?)/(?P<path>[\w./~-]+)"),
    re.compile(r"ssh://(?:[^/@\s]*@)?(?P<host>[A-Za-z0-9.-]+)(?::\d+)?/(?P<path>[\w./~-]+)"),
    re.compile(r"(?:[\w.-]+@)(?P<host>[A-Za-z0-9.-]+):(?P<path>[\w./~-]+)"),
)
_COMMIT = {"gitlab": "/-/commit/", "bitbucket": "/commits/"}
"""How hosts that do not say ``/commit/`` spell it, by a part of their name."""


def web_page(remote: str | None) -> str | None:
    """Return the project's page, ``https://host/owner/project``; None where the remote names none.

    Credentials in the remote stay out of it, and nothing but a host and a plain path gets in: a
    ``javascript:`` remote, a local path or anything with a quote in it has no page.

    >>> web_page("git@github.com:persona/persona.git")
    'https://github.com/persona/persona'
    >>> web_page("https://user:secret@example.org/persona.git")
    'https://example.org/persona'
    """
    for form in _FORMS:
        found = form.fullmatch((remote or "").strip())
        if found and ".." not in found["path"]:
            scheme = "http" if (remote or "").strip().startswith("http:") else "https"
            path = found["path"].strip("/").removesuffix(".git")
            return f"{scheme}://{found['host']}/{path}" if path else None
    return None


def commit_page(remote: str | None) -> str | None:
    """Return what a commit's hash is appended to for its page; None where there is no page.

    >>> commit_page("https://gitlab.com/persona/persona")
    'https://gitlab.com/persona/persona/-/commit/'
    """
    page = web_page(remote)
    if page is None:
        return None
    host = page.partition("//")[2].partition("/")[0]
    return page + next((path for name, path in _COMMIT.items() if name in host), "/commit/")
