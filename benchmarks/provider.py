"""The stand-in as the suite sees it: sessions over HTTP on loopback, in a process of our own if need be."""

from __future__ import annotations

import http.client
import json
import subprocess
import sys
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

_DEADLINE = 20.0
"""Seconds to wait for the stand-in on loopback before calling it gone."""


class Provider:
    """A running stand-in: named by URL, or started here and ended with this process (its input closes)."""

    def __init__(self, url: str | None) -> None:
        self._own: subprocess.Popen[bytes] | None = None
        self._url = url or self._start()

    def _start(self) -> str:
        self._own = subprocess.Popen(
            [sys.executable, "-m", "persona_asv.standin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE
        )
        assert self._own.stdout is not None
        line = self._own.stdout.readline()
        if not line:
            raise RuntimeError("the stand-in did not start: run `python -m persona_asv.standin` to see why")
        return f"http://127.0.0.1:{json.loads(line)['port']}"

    def base_url(self, session: str) -> str:
        """Return the URL that a client of this session is given."""
        return f"{self._url}/{session}"

    def open_session(self, session: str, profile: str, faults: tuple[dict[str, object], ...]) -> None:
        """Create the session, its log empty, with this model time and these faults."""
        self._ask("PUT", f"/-/sessions/{session}", {"profile": profile, "seed": 0, "faults": list(faults)})

    def requests(self, session: str) -> list[dict[str, Any]]:
        """Return the session's log, oldest request first."""
        entries = self._ask("GET", f"/-/sessions/{session}/log?since=0")["requests"]
        assert isinstance(entries, list)
        return entries

    def _ask(self, method: str, path: str, body: object = None) -> dict[str, Any]:
        parts = urlsplit(self._url)
        connection = http.client.HTTPConnection(parts.hostname or "127.0.0.1", parts.port, timeout=_DEADLINE)
        try:
            connection.request(method, path, None if body is None else json.dumps(body))
            response = connection.getresponse()
            content = response.read()
        finally:
            connection.close()
        if response.status >= 300:
            raise RuntimeError(f"the stand-in refused {method} {path}: {content.decode(errors='replace')}")
        answer = json.loads(content) if content else {}
        assert isinstance(answer, dict)
        return answer

    def close(self) -> None:
        """End the stand-in if it was started here."""
        if self._own is not None:
            assert self._own.stdin is not None
            assert self._own.stdout is not None
            self._own.stdin.close()
            self._own.stdout.close()
            self._own.wait()
            self._own = None

    def __enter__(self) -> Provider:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()
