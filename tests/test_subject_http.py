"""The reference subject over real HTTP: requests, retries, time-outs, errors, batches."""

from __future__ import annotations

import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from wires import ANTHROPIC, GEMINI, KEY, MODEL, Wire, on_every_wire

from persona_asv.subject.client import MAX_WAIT, ordered_seconds
from persona_asv.subject.persona import PersonaError
from persona_asv.subject.protocol import GenerationError, Outcome
from persona_asv.subject.reference import REFERENCE, ReferenceSession, ReferenceSubject
from persona_asv.subject.research import Record

PATIENCE = 30
"""Seconds after which a test that waits for other threads gives up."""

Answer = tuple[int, dict[str, str], bytes]

DROP = None
"""Planned in place of an answer: the connection is closed without one."""


def persona(**fields: object) -> dict[str, object]:
    return {
        "name": "Ada Example",
        "age": 34,
        "occupation": "Nurse",
        "background": "",
        "goals": ["Sleep"],
        "frustrations": [],
        "behaviours": [],
        "quote": "",
        "evidence": [{"source": "R1", "excerpt": "time"}],
    } | fields


def message(text: str, wire: Wire = ANTHROPIC, *, cut: bool = False) -> bytes:
    return json.dumps(wire.answer(text, 100, 10, cut)).encode()


def good(*personas: object, wire: Wire = ANTHROPIC, cut: bool = False) -> Answer:
    return 200, {}, message(json.dumps({"personas": personas}), wire, cut=cut)


def error(status: int, word: str | None = "some_error", wire: Wire = ANTHROPIC, **headers: str) -> Answer:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return status, named, json.dumps(wire.refusal(status, word, f"About {KEY}")).encode()


class Provider(ThreadingHTTPServer):
    """Answers as a test planned it, the last plan for ever after, and keeps every request."""

    daemon_threads = False

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.plan: list[Answer | Callable[[int], Answer | None] | None] = [good(persona())]
        self.requests: list[tuple[str, dict[str, str], dict[str, Any]]] = []
        self.connections: set[tuple[str, int]] = set()
        self.lock = threading.Lock()
        self.released = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answer(
        self, peer: tuple[str, int], request: tuple[str, dict[str, str], dict[str, Any]]
    ) -> Answer | None:
        with self.lock:
            number = len(self.requests)
            self.requests.append(request)
            self.connections.add(peer)
        planned = self.plan[min(number, len(self.plan) - 1)]
        return planned(number) if callable(planned) else planned


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    timeout = PATIENCE
    server: Provider

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["content-length"]))
        headers = {name.lower(): value for name, value in self.headers.items()}
        answer = self.server.answer(self.client_address, (self.path, headers, json.loads(body)))
        if answer is None:
            self.close_connection = True
            return
        status, extra, content = answer
        self.send_response(status)
        for name, value in {**extra, "content-length": str(len(content))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)

    def log_message(self, *args: object) -> None:
        pass


@pytest.fixture
def provider() -> Iterator[Provider]:
    with Provider() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server
        finally:
            server.released.set()
            server.shutdown()
            thread.join()


@pytest.fixture
def waits() -> list[float]:
    """Every wait before a retry, in seconds; none is really waited for."""
    return []


@pytest.fixture
def wire() -> Wire:
    """The format that the session speaks, where a test does not go through all of them."""
    return ANTHROPIC


@pytest.fixture
def session(provider: Provider, waits: list[float], wire: Wire) -> Iterator[ReferenceSession]:
    with closing(opened(provider.url, ReferenceSubject(sleep=waits.append), wire)) as session:
        yield session


@pytest.fixture
def research(tmp_path: Path) -> Path:
    file = tmp_path / "interview.txt"
    file.write_text("I never have time.\n\nThe form is too long.")
    return file


def opened(
    url: str, subject: ReferenceSubject = REFERENCE, wire: Wire = ANTHROPIC, model: str = MODEL
) -> ReferenceSession:
    return subject.open(provider=wire.provider, base_url=url, model=model, api_key=KEY)


@on_every_wire
def test_one_operation_is_one_request_in_the_provider_s_format(
    provider: Provider, session: ReferenceSession, research: Path, wire: Wire
) -> None:
    provider.plan = [good(persona(), persona(name="Bo Example"), wire=wire)]
    outcome = session.generate(research, 2)
    assert (
        Outcome(2, 0, rejected=0, retries=0, retry_after=0.0, input_tokens=100, output_tokens=10) == outcome
    )
    ((path, headers, body),) = provider.requests
    assert path == wire.path
    assert headers["content-type"] == "application/json"
    assert {name: headers[name] for name in wire.headers} == wire.headers
    prompt = wire.prompt(body)
    assert body == wire.request(prompt, 2048)
    assert "\nGenerate exactly 2 personas and nothing else.\n" in prompt
    assert prompt.endswith("\n[R1] I never have time.\n[R2] The form is too long.\n")


@on_every_wire
def test_the_key_stands_in_its_header_alone(
    provider: Provider, session: ReferenceSession, research: Path, wire: Wire
) -> None:
    provider.plan = [good(persona(), wire=wire)]
    session.generate(research, 1)
    ((path, headers, body),) = provider.requests
    assert KEY not in path + json.dumps(body)
    assert {name for name, value in headers.items() if KEY in value} == {
        name for name, value in wire.headers.items() if KEY in value
    }


def test_a_model_that_looks_like_a_url_leads_nowhere_else(provider: Provider, research: Path) -> None:
    provider.plan = [good(persona(), wire=GEMINI)]
    with closing(opened(provider.url, wire=GEMINI, model="../x?key=k#/é")) as session:
        session.generate(research, 1)
    assert provider.requests[0][0] == "/v1beta/models/..%2Fx%3Fkey%3Dk%23%2F%C3%A9:generateContent"


def test_the_stages_called_apart_do_what_generate_does(
    provider: Provider, session: ReferenceSession, research: Path
) -> None:
    records = session.load(research)
    answer = session.call(session.render(records, 1), 1)
    parsed = session.parse(answer.reply.text, records, 1)
    assert [found.name for found in parsed.personas] == ["Ada Example"]
    session.generate(research, 1)
    first, second = provider.requests
    assert first == second


def test_operations_share_one_connection_and_read_the_research_data_anew(
    provider: Provider, session: ReferenceSession, research: Path
) -> None:
    session.generate(research, 1)
    research.write_text("There is no time.")
    session.generate(research, 1)
    assert len(provider.connections) == 1
    assert "[R1] There is no time." in provider.requests[1][2]["messages"][0]["content"]


def test_the_base_url_may_have_a_path(provider: Provider, research: Path) -> None:
    with closing(opened(f"{provider.url}/proxy/")) as session:
        session.generate(research, 1)
    assert provider.requests[0][0] == "/proxy/v1/messages"


def test_a_proxy_in_the_environment_is_not_used(
    provider: Provider, research: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("http_proxy", "HTTP_PROXY", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with closing(opened(provider.url)) as session:
        assert session.generate(research, 1).personas == 1


def test_a_refused_persona_makes_the_outcome_shorter(
    provider: Provider, session: ReferenceSession, research: Path
) -> None:
    provider.plan = [good(persona(), persona(age=430))]
    outcome = session.generate(research, 2)
    assert (outcome.personas, outcome.rejected) == (1, 1)


@pytest.mark.parametrize(
    ("waited", "failures"),
    [
        pytest.param([0.25], [error(429)], id="429"),
        pytest.param([0.25], [error(500)], id="500"),
        pytest.param([0.25], [error(529, "overloaded_error")], id="529"),
        pytest.param([0.25], [DROP], id="connection closed without an answer"),
        pytest.param([0.25, 0.5, 1.0], [error(503)] * 3, id="doubling"),
        pytest.param([0.25, 0.5, 1.0], [error(503), error(429), DROP], id="mixed"),
    ],
)
def test_transient_failures_are_tried_again(
    *,
    provider: Provider,
    session: ReferenceSession,
    research: Path,
    waits: list[float],
    waited: list[float],
    failures: list[Answer],
) -> None:
    provider.plan = [*failures, good(persona())]
    outcome = session.generate(research, 1)
    assert waited == waits
    assert (1, len(failures), 0.0) == (outcome.personas, outcome.retries, outcome.retry_after)
    assert len({json.dumps(body) for _, _, body in provider.requests}) == 1, "each time the same request"


@pytest.mark.parametrize(
    ("waited", "ordered", "order"),
    [
        pytest.param([7.0], 7.0, "7", id="seconds"),
        pytest.param([0.0], 0.0, "0", id="at once"),
        pytest.param([MAX_WAIT], MAX_WAIT, "3600", id="longer than we wait"),
        pytest.param([0.25], 0.0, "soon", id="no order at all"),
    ],
)
def test_a_wait_that_the_provider_orders_replaces_our_own(
    *,
    provider: Provider,
    session: ReferenceSession,
    research: Path,
    waits: list[float],
    waited: list[float],
    ordered: float,
    order: str,
) -> None:
    provider.plan = [error(429, retry_after=order), good(persona())]
    outcome = session.generate(research, 1)
    assert (waited, ordered) == (waits, outcome.retry_after)


@pytest.mark.parametrize("status", [429, 500])
@on_every_wire
def test_every_provider_is_asked_again_and_given_up_in_its_own_words(
    *,
    provider: Provider,
    session: ReferenceSession,
    research: Path,
    waits: list[float],
    wire: Wire,
    status: int,
) -> None:
    refused = error(status, wire.words[status], wire, retry_after="2")
    provider.plan = [refused, good(persona(), wire=wire), refused]
    outcome = session.generate(research, 1)
    assert (outcome.personas, outcome.retries, outcome.retry_after, waits) == (1, 1, 2.0, [2.0])
    word = re.escape(wire.words[status] or "no error type given")
    with pytest.raises(GenerationError, match=rf"{wire.provider} answered {status} \({word}\) after 4 req"):
        session.generate(research, 1)


@pytest.mark.parametrize(
    ("expected", "answer"),
    [
        pytest.param("cut at 1024 tokens", lambda wire: good(persona(), wire=wire, cut=True), id="cut"),
        pytest.param(
            "reply is not JSON", lambda wire: (200, {}, message("Sorry.", wire)), id="no JSON in it"
        ),
        pytest.param("something other than a", lambda wire: error(200, None, wire), id="another document"),
        pytest.param("is not JSON", lambda wire: (200, {}, message("Hi", wire)[:-9]), id="truncated"),
    ],
)
@on_every_wire
def test_no_provider_s_unsound_answer_passes_for_a_persona(
    *,
    provider: Provider,
    session: ReferenceSession,
    research: Path,
    wire: Wire,
    expected: str,
    answer: Callable[[Wire], Answer],
) -> None:
    provider.plan = [answer(wire)]
    with pytest.raises(GenerationError, match=expected):
        session.generate(research, 1)
    assert len(provider.requests) == 1


@pytest.mark.parametrize(
    ("expected", "order"),
    [
        pytest.param(0.0, "Fri, 31 Dec 1999 23:59:59 GMT", id="date passed"),
        pytest.param(0.0, "Fri, 31 Dec 1999 23:59:59 -0000", id="date of no zone"),
        pytest.param(30.0, "Fri, 31 Dec 9999 23:59:59 GMT", id="date far off"),
        pytest.param(0.5, "0.5", id="fraction"),
        pytest.param(0.0, "-5", id="negative"),
        pytest.param(30.0, "inf", id="infinite"),
        pytest.param(None, "nan", id="not a number"),
    ],
)
def test_orders_to_wait(expected: float | None, order: str) -> None:
    assert ordered_seconds(order) == expected


def test_a_date_is_an_order_to_wait_until_then() -> None:
    date = datetime.now(UTC) + timedelta(seconds=20)
    waited = ordered_seconds(format_datetime(date, usegmt=True))
    left = (date - datetime.now(UTC)).total_seconds()
    assert waited is not None
    assert left - 1 <= waited <= 20  # the header has whole seconds


@settings(deadline=None)
@given(
    st.text()
    | st.from_regex(
        r"Mon, [0-9]{1,3} (Jan|Feb|X) [0-9]{1,6} [0-9]{1,3}:[0-9]{2} ([+-][0-9]{4,9}|GMT)", fullmatch=True
    )
)
@example("nan")
@example("Mon, 01 Jan 0001 00:00:00 +2359")
@example("Mon, 01 Jan 99999999999999999999 00:00:00 GMT")
def test_any_order_is_bounded_or_none(order: str) -> None:
    waited = ordered_seconds(order)
    assert waited is None or 0 <= waited <= MAX_WAIT


@pytest.mark.parametrize(
    ("expected", "requests", "answer"),
    [
        pytest.param(
            "answered 529 (overloaded_error) after 4 requests", 4, error(529, "overloaded_error"), id="529"
        ),
        pytest.param(
            "answered 429 (rate_limit_error) after 4 requests", 4, error(429, "rate_limit_error"), id="429"
        ),
        pytest.param(
            "answered 401 (authentication_error) after 1 request",
            1,
            error(401, "authentication_error"),
            id="401",
        ),
        pytest.param(
            "answered 400 (invalid_request_error)", 1, error(400, "invalid_request_error"), id="400"
        ),
        pytest.param(
            "answered 307 (no error type given)",
            1,
            (307, {"location": "http://127.0.0.1:9/"}, b""),
            id="redirect",
        ),
        pytest.param(
            "answered 403 (no error type given)", 1, (403, {}, b"<html>"), id="error that is not JSON"
        ),
        pytest.param(
            "answered 403 (no error type given)", 1, (403, {}, b"[" * 200_000), id="error nested too deeply"
        ),
        pytest.param(
            "answered 403 (no error type given)", 1, error(403, "two\nlines"), id="error type of two lines"
        ),
        pytest.param("answered 403 ([key])", 1, error(403, KEY), id="error type that is the key"),
        pytest.param("RemoteProtocolError", 4, DROP, id="never an answer"),
        pytest.param(
            "DecodingError", 1, (200, {"content-encoding": "gzip"}, b"no gzip"), id="broken compression"
        ),
        pytest.param("is not JSON", 1, (200, {}, b"<html>"), id="success that is not JSON"),
        pytest.param("is not JSON", 1, (204, {}, b""), id="success without content"),
        pytest.param("is not JSON", 1, (200, {}, b"[" * 200_000), id="success nested too deeply"),
        pytest.param("other than a message", 1, (200, {}, b"{}"), id="success that is no message"),
        pytest.param("reply is not JSON", 1, (200, {}, message("Sorry.")), id="no JSON in the message"),
        pytest.param("cut at 1024 tokens", 1, good(persona(), cut=True), id="cut at the limit"),
        pytest.param("no valid persona", 1, good(persona(age=430, name=KEY)), id="no valid persona"),
    ],
)
def test_a_failed_operation_is_one_clear_line_without_the_key(
    *,
    provider: Provider,
    session: ReferenceSession,
    research: Path,
    waits: list[float],
    caplog: pytest.LogCaptureFixture,
    expected: str,
    requests: int,
    answer: Answer,
) -> None:
    provider.plan = [answer]
    with caplog.at_level(logging.DEBUG), pytest.raises(GenerationError) as caught:
        session.generate(research, 1)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert KEY not in f"{caught.value!r} {caught.value.__cause__!r} {session!r} {caplog.text}"
    assert requests == len(provider.requests)
    assert [0.25, 0.5, 1.0][: requests - 1] == waits


def test_a_failed_operation_does_not_spoil_the_next(
    provider: Provider, session: ReferenceSession, research: Path
) -> None:
    provider.plan = [(200, {}, message("Sorry.")), error(400), good(persona())]
    for kind in (PersonaError, GenerationError):
        with pytest.raises(kind):
            session.generate(research, 1)
    assert session.generate(research, 1).personas == 1


def test_silence_is_not_tried_again(provider: Provider, research: Path, waits: list[float]) -> None:
    def hang(number: int) -> None:
        provider.released.wait(PATIENCE)

    provider.plan = [hang]
    subject = ReferenceSubject(read_timeout=0.05, sleep=waits.append)
    with (
        closing(opened(provider.url, subject)) as session,
        pytest.raises(GenerationError, match=rf"did not answer at {provider.url} \(silent for 0.05 s\)"),
    ):
        session.generate(research, 1)
    assert (len(provider.requests), waits) == (1, [])


def test_a_refused_connection_is_tried_again(research: Path, waits: list[float]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
    with (
        closing(opened(f"http://127.0.0.1:{port}", ReferenceSubject(sleep=waits.append))) as session,
        pytest.raises(GenerationError, match=rf"127\.0\.0\.1:{port} \(ConnectError: .*\) after 4 requests"),
    ):
        session.generate(research, 1)
    assert waits == [0.25, 0.5, 1.0]


def test_a_dummy_key_does_not_maim_messages(provider: Provider, research: Path) -> None:
    provider.plan = [error(401, "authentication_error")]
    with (
        closing(
            REFERENCE.open(provider="anthropic", base_url=provider.url, model="m", api_key="error")
        ) as session,
        pytest.raises(GenerationError, match="authentication_error"),
    ):
        session.generate(research, 1)


@pytest.mark.parametrize(("personas", "concurrency"), [(4, 1), (5, 3), (2, 9)])
def test_a_batch_is_single_requests(
    provider: Provider, session: ReferenceSession, research: Path, personas: int, concurrency: int
) -> None:
    outcome = session.generate_batch(research, personas, concurrency)
    expected = Outcome(
        personas,
        rejected=0,
        retries=0,
        retry_after=0.0,
        input_tokens=100 * personas,
        output_tokens=10 * personas,
    )
    assert expected == outcome
    prompts = [body["messages"][0]["content"] for _, _, body in provider.requests]
    assert [1] * personas == [len(re.findall("Generate exactly 1 persona ", prompt)) for prompt in prompts]
    assert len(provider.connections) <= min(personas, concurrency)


def test_a_batch_has_as_many_requests_under_way_as_asked_for_and_no_more(
    provider: Provider, session: ReferenceSession, research: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    session.generate_batch(research, 6, 6)  # more threads than the next batch may use
    under_way, most = 0, 0
    together = threading.Barrier(3)
    threads: set[int] = set()
    load = session.load

    def answer(number: int) -> Answer:
        nonlocal under_way, most
        with provider.lock:
            under_way += 1
            most = max(most, under_way)
        together.wait(PATIENCE)  # nobody is answered before three are here
        with provider.lock:
            under_way -= 1
        return good(persona())

    def noted(path: Path) -> tuple[Record, ...]:
        threads.add(threading.get_ident())
        return load(path)

    provider.plan = [answer]
    monkeypatch.setattr(session, "load", noted)
    assert session.generate_batch(research, 6, 3).personas == 6
    assert (most, len(threads)) == (3, 3)


def test_failed_members_are_counted_and_lose_nobody_else(
    provider: Provider, session: ReferenceSession, research: Path
) -> None:
    provider.plan = [good(persona()), error(400), (200, {}, message("Sorry.")), error(503), good(persona())]
    outcome = session.generate_batch(research, 5, 1)
    assert (outcome.personas, outcome.failed, outcome.retries) == (3, 2, 1)


def test_a_batch_in_which_all_failed_is_a_failed_operation(
    provider: Provider, session: ReferenceSession, research: Path
) -> None:
    provider.plan = [error(400, "invalid_request_error")]
    with pytest.raises(GenerationError, match=r"all 3 requests of the batch failed.*invalid_request_error"):
        session.generate_batch(research, 3, 2)


def test_counts_unknown_for_one_member_are_unknown_for_the_batch(
    provider: Provider, session: ReferenceSession, research: Path
) -> None:
    unsaid = json.loads(good(persona())[2]) | {"usage": {"output_tokens": 10}}
    provider.plan = [good(persona()), (200, {}, json.dumps(unsaid).encode())]
    outcome = session.generate_batch(research, 2, 1)
    assert (outcome.input_tokens, outcome.output_tokens) == (None, 20)


def test_a_bug_in_a_batch_is_not_counted_as_a_failed_member(
    provider: Provider, session: ReferenceSession, research: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*args: object) -> None:
        raise KeyError("a bug")

    monkeypatch.setattr(session, "render", broken, raising=True)
    with pytest.raises(KeyError, match="a bug"):
        session.generate_batch(research, 5, 1)


def test_after_a_bug_in_one_thread_the_others_begin_nothing_more(
    provider: Provider, session: ReferenceSession, research: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    arrived, turn = threading.Event(), threading.Lock()

    def answer(number: int) -> Answer:
        arrived.set()
        provider.released.wait(PATIENCE)
        return good(persona())

    def broken_once(*args: object) -> str:
        if turn.acquire(blocking=False):
            return "Generate exactly 1 persona"
        arrived.wait(PATIENCE)
        raise KeyError("a bug")

    provider.plan = [answer]
    monkeypatch.setattr(session, "render", broken_once)
    with pytest.raises(KeyError, match="a bug"):
        session.generate_batch(research, 9, 2)
    monkeypatch.undo()
    provider.released.set()
    session.close()
    assert len(provider.requests) == 1


def test_batches_of_growing_and_shrinking_width_follow_each_other(
    session: ReferenceSession, research: Path
) -> None:
    assert [session.generate_batch(research, 4, width).personas for width in (1, 3, 2)] == [4, 4, 4]


def test_threads_end_with_the_session(provider: Provider, research: Path) -> None:
    with closing(opened(provider.url)) as session:
        session.generate_batch(research, 4, 4)
        assert any(thread.name.startswith("generate") for thread in threading.enumerate())
    assert not any(thread.name.startswith("generate") for thread in threading.enumerate())


def test_a_closed_session_does_nothing_more(provider: Provider, research: Path) -> None:
    session = opened(provider.url)
    session.close()
    session.close()
    with pytest.raises(RuntimeError, match="closed"):
        session.generate(research, 1)
    with pytest.raises(RuntimeError, match="closed"):
        session.generate_batch(research, 1, 1)
    assert provider.requests == []


@pytest.mark.parametrize(
    ("expected", "call"),
    [
        pytest.param("personas must be at least 1, not 0", lambda s, r: s.generate(r, 0), id="generate"),
        pytest.param("personas must be at least 1", lambda s, r: s.generate_batch(r, 0, 1), id="batch"),
        pytest.param(
            "concurrency must be at least 1", lambda s, r: s.generate_batch(r, 1, 0), id="concurrency"
        ),
    ],
)
def test_nothing_asked_for_is_a_mistake_of_the_caller(
    session: ReferenceSession,
    research: Path,
    expected: str,
    call: Callable[[ReferenceSession, Path], Outcome],
) -> None:
    with pytest.raises(ValueError, match=expected):
        call(session, research)
