"""The control requests, under ``/-/``: readiness, plans, logs and the server's own CPU time."""

from __future__ import annotations

import time
from urllib.parse import parse_qs

from persona_asv.standin import PROTOCOL_VERSION
from persona_asv.standin.exchange import MAX_BODY, HttpAnswer, HttpRequest, encode_json, plain_error
from persona_asv.standin.names import NAME_RULE, is_name
from persona_asv.standin.plan import Plan, PlanError
from persona_asv.standin.provider import Provider
from persona_asv.standin.session import Sessions


class Control:
    """Answers control requests: they are not logged, and no fault or model time touches them."""

    def __init__(self, sessions: Sessions, provider: Provider) -> None:
        self._sessions = sessions
        self._provider = provider

    def answer(self, path: str, request: HttpRequest) -> HttpAnswer:
        """Return the answer to a request whose path, after ``/-/``, is ``path``."""
        if request.oversize:
            return plain_error(413, f"the body is larger than {MAX_BODY} bytes")
        match path.split("/"):
            case ["ready"]:
                return _only("GET", request) or _ok({"ready": True, "version": PROTOCOL_VERSION})
            case ["usage"]:
                usage = {"cpu_seconds": time.process_time(), "requests": self._provider.requests}
                return _only("GET", request) or _ok(usage)
            case ["sessions", name]:
                return _only("PUT", request) or self._configure(name, request.body)
            case ["sessions", name, "log"]:
                return _only("GET", request) or self._log(name, request.query)
        return plain_error(404, f"/-/{path[:200]}: no such control request")

    def _configure(self, name: str, body: bytes) -> HttpAnswer:
        if not is_name(name):
            return plain_error(400, NAME_RULE)
        try:
            plan = Plan.parse(body)
        except PlanError as error:
            return plain_error(400, str(error))
        self._sessions.reset(name, plan)
        return _ok({"session": name})

    def _log(self, name: str, query: str) -> HttpAnswer:
        session = self._sessions.get(name)
        if session is None:
            return plain_error(404, f"session {name[:64]!r}: nothing has used or configured it")
        since = parse_qs(query, keep_blank_values=True).get("since", ["0"])[-1]
        if not (since.isascii() and since.isdigit() and len(since) <= 18):
            return plain_error(400, f"since: {since[:64]!r} is not the id of a request")
        requests = [entry.as_document() for entry in session.log[int(since) :]]
        return _ok({"session": name, "requests": requests})


def _only(method: str, request: HttpRequest) -> HttpAnswer | None:
    if request.method == method:
        return None
    return plain_error(405, f"{request.path[:200]} takes {method}, not {request.method}", ("allow", method))


def _ok(document: object) -> HttpAnswer:
    return HttpAnswer(200, encode_json(document))
