"""GitHub's REST API: the handful of requests that the comment takes.

Source: https://docs.github.com/en/rest (pulls, issue comments, artifacts, pages), version 2022-11-28.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from persona_asv.errors import UsageError
from persona_asv.github.event import Job

if TYPE_CHECKING:
    import httpx

SECONDS = 30.0
MOST_JSON = 4 << 20
"""Bytes of an answer; what is larger is none of those we ask for."""


class Api:
    """A client of one repository."""

    def __init__(self, job: Job) -> None:
        import httpx

        self._repository = f"{job.api}/repos/{job.repository}"
        self._client = httpx.Client(
            headers={
                "Authorization": f"Bearer {job.token}",
                "Accept": "application/vnd.github+json",
                "X-GitHub-Api-Version": "2022-11-28",
                "User-Agent": "persona-asv",
            },
            timeout=SECONDS,
            follow_redirects=True,  # to another host it goes without the token
            trust_env=True,
        )

    def __enter__(self) -> Api:
        return self

    def __exit__(self, *error: object) -> None:
        self._client.close()

    def get(self, path: str, **asked: str) -> Any:
        """Return what a resource of the repository holds.

        Raises
        ------
        UsageError
            It cannot be had.
        """
        return self._json(self._ask("GET", path, MOST_JSON, params=asked))

    def find(self, path: str) -> Any:
        """Return what a resource holds, None where it is not there or not for us."""
        try:
            return self.get(path)
        except UsageError:
            return None

    def send(self, method: str, path: str, body: str) -> Any:
        """Post or change a comment.

        Raises
        ------
        UsageError
            It was not taken.
        """
        return self._json(self._ask(method, path, MOST_JSON, json={"body": body}))

    def download(self, path: str, most: int) -> bytes:
        """Return a file of at most so many bytes; what is larger is not even read.

        Raises
        ------
        UsageError
            It cannot be had, or is larger.
        """
        return self._ask("GET", path, most)

    def _ask(self, method: str, path: str, most: int, **how: Any) -> bytes:
        import httpx

        found = bytearray()
        try:
            with self._client.stream(method, f"{self._repository}/{path}", **how) as response:
                self._check(response, method, path)
                for part in response.iter_bytes():
                    found += part
                    if len(found) > most:
                        raise UsageError(f"GitHub: {path} is larger than {most:,} bytes")
        except httpx.HTTPError as error:
            raise UsageError(f"GitHub: {method} {path}: {type(error).__name__}: {error}") from error
        return bytes(found)

    @staticmethod
    def _check(response: httpx.Response, method: str, path: str) -> None:
        if response.status_code >= 300:
            raise UsageError(f"GitHub: {method} {path} was answered by {response.status_code}")

    @staticmethod
    def _json(content: bytes) -> Any:
        import json

        try:
            return json.loads(content)
        except (ValueError, RecursionError) as error:
            raise UsageError("GitHub: an answer that is not JSON") from error
