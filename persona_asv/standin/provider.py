"""The provider's side: a session's request becomes an answer, on time or as faulty as planned."""

from __future__ import annotations

from dataclasses import replace

from persona_asv.standin.exchange import MAX_BODY, HttpAnswer, HttpRequest, Reply
from persona_asv.standin.faults import FaultKind
from persona_asv.standin.memo import Memo, Rendered, digest
from persona_asv.standin.personas import answer_text
from persona_asv.standin.session import Entry, Session
from persona_asv.standin.wire import FORMATS, format_for
from persona_asv.standin.wire.format import Headers, Said, WireError, WireFormat
from persona_asv.standin.wire.ollama import TAGS, listing

TOKEN = 4
"""Characters of a token: deterministic, and near the providers' own rule of thumb for English."""


class Provider:
    """Answers provider requests of all sessions; counts them."""

    def __init__(self) -> None:
        self.requests = 0
        self._memo = Memo()

    def reply(self, session: Session, path: str, request: HttpRequest, connection: int) -> Reply:
        """Return the reply to a request whose path, after the session's name, is ``path``.

        Refusals and the planned 429 and 500 go out at once; only answers of the model take model time. A list
        of models is no answer of one, and no fault befalls it.
        """
        self.requests += 1
        entry = session.open(connection, request.received)
        request_id = f"req_{session.name}_{entry.id}"
        if path == TAGS and request.method == "GET":
            entry.listing = True
            return Reply(HttpAnswer(200, listing()), entry=entry)
        wire = format_for(path)
        speaker = wire or FORMATS[0]
        headers = speaker.headers(request_id)
        if request.known is not None and not session.plan.faults:
            return _answer(session, entry, request.known, headers)
        try:
            fault = _admit(wire, path, request, session, entry)
            if fault is FaultKind.HANG:
                return Reply(None, entry=entry)
            rendered = self._rendered(speaker, path, request.body, sound=fault is not FaultKind.INVALID)
        except WireError as error:
            if error.retry_after is not None:
                entry.retry_after_s = error.retry_after
                headers += (("retry-after", _seconds(error.retry_after)),)
            return Reply(HttpAnswer(error.status, speaker.error(error, request_id), headers), entry=entry)
        if fault is None:
            request.known = rendered
        elif fault is FaultKind.TRUNCATED:
            rendered = rendered.broken_off()
        else:
            rendered = replace(rendered, personas=0)
        return _answer(session, entry, rendered, headers)

    def _rendered(self, wire: WireFormat, path: str, body: bytes, *, sound: bool) -> Rendered:
        key = digest(f"{wire.name} {sound}", path, body)

        def render() -> Rendered:
            asked = wire.read(path, body)
            count = asked.prompt.count
            tokens = _cut(answer_text(asked.prompt, count, sound=sound))
            said = Said(key, tokens, -(-asked.prompt.characters // TOKEN))
            facts = count, said.input_tokens, said.output_tokens
            if asked.stream:
                return Rendered(b"", *facts, tuple(wire.stream(asked, said)), wire.stream_kind)
            return Rendered(wire.success(asked, said), *facts)

        return self._memo.get(key, render)


def _admit(
    wire: WireFormat | None, path: str, request: HttpRequest, session: Session, entry: Entry
) -> FaultKind | None:
    """Return the fault planned for a request that the provider lets in; raise `WireError` if it does not."""
    if wire is None:
        raise WireError(404, f"{path[:200]}: no such endpoint")
    if request.oversize:
        raise WireError(413, f"the body is larger than {MAX_BODY} bytes")
    wire.admit(request)
    fault = session.plan.fault(entry.id - 1)
    if fault is None:
        return None
    entry.fault = fault.kind.value
    if fault.kind is FaultKind.RATE_LIMITED:
        raise WireError(429, "planned fault: too many requests", fault.retry_after)
    if fault.kind is FaultKind.SERVER_ERROR:
        raise WireError(500, "planned fault: internal error")
    return fault.kind


def _answer(session: Session, entry: Entry, rendered: Rendered, headers: Headers) -> Reply:
    """Return the reply that carries a rendered answer, and log what it says."""
    plan, index = session.plan, entry.id - 1
    entry.personas = rendered.personas
    entry.input_tokens = rendered.input_tokens
    entry.output_tokens = rendered.output_tokens
    entry.model_time_ms = plan.model_time_ms(index, rendered.output_tokens)
    answer = HttpAnswer(200, rendered.body, headers, rendered.parts, rendered.kind)
    if not rendered.parts:
        return Reply(answer, entry.model_time_ms / 1000, entry)
    return Reply(answer, plan.model_time_ms(index) / 1000, entry, plan.profile.gap_ms / 1000)


def _cut(text: str) -> tuple[str, ...]:
    """Return a text's tokens.

    >>> _cut("a persona")
    ('a pe', 'rson', 'a')
    """
    return tuple(text[start : start + TOKEN] for start in range(0, len(text), TOKEN))


def _seconds(value: float) -> str:
    return f"{value:.6f}".rstrip("0").rstrip(".")
