"""The reference subject as a listener: any provider's stream becomes the same reply, its moments known."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from socket import create_server
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_subject_http import Provider, error, persona, provider
from wires import ANTHROPIC, GEMINI, KEY, MODEL, OLLAMA, OPENAI, STREAMS, Stream, on_every_stream

from persona_asv.standin.process import StandIn
from persona_asv.subject import protocol
from persona_asv.subject.client import ProviderError
from persona_asv.subject.protocol import GenerationError, Outcome
from persona_asv.subject.reference import REFERENCE, ReferenceSession, ReferenceSubject
from persona_asv.subject.streaming import events, heard
from persona_asv.subject.wire import FORMATS, ReplyError
from persona_asv.subject.wire.format import Piece

__all__ = ["provider"]

TEXT = json.dumps({"personas": [persona()]})
TOKENS = [TEXT[start : start + 7] for start in range(0, len(TEXT), 7)]
CHUNK = b'{"choices":[{"delta":{"content":"x"}}]}'
PATIENCE = 30


_KEYS = st.sampled_from(
    ["type", "choices", "candidates", "delta", "content", "message", "usage", "parts", "x"]
)
DOCUMENTS = st.recursive(
    st.none() | st.integers() | st.text(), lambda some: st.lists(some) | st.dictionaries(_KEYS, some)
)


def stream_of(provider: str) -> Stream:
    return next(each for each in STREAMS if each.wire.provider == provider)


def spoken(stream: Stream, tokens: list[str] | None = None, *, without: int = 0) -> bytes:
    """Return a stream's bytes, without its last events if need be."""
    said = stream.spoken(TOKENS if tokens is None else tokens, 100)
    return b"".join(said[: len(said) - without])


def answered(stream: Stream, body: bytes) -> tuple[int, dict[str, str], bytes]:
    return 200, {"content-type": stream.kind}, body


@contextmanager
def opened(url: str, stream: Stream, waits: list[float], patience: float = 30) -> Iterator[ReferenceSession]:
    subject = ReferenceSubject(read_timeout=patience, sleep=waits.append)
    with closing(
        subject.open(provider=stream.wire.provider, base_url=url, model=MODEL, api_key=KEY)
    ) as session:
        yield session


@pytest.fixture
def waits() -> list[float]:
    """Every wait before a retry, in seconds; none is really waited for."""
    return []


@pytest.fixture
def stream() -> Stream:
    return STREAMS[0]


@pytest.fixture
def session(provider: Provider, stream: Stream, waits: list[float]) -> Iterator[ReferenceSession]:
    with opened(provider.url, stream, waits) as session:
        yield session


@pytest.fixture
def research(tmp_path: Path) -> Path:
    (tmp_path / "notes.md").write_text("Never enough time for it.\n")
    return tmp_path


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as process:
        yield process


def moments(outcome: Outcome) -> protocol.Stream:
    assert outcome.streams is not None
    (found,) = outcome.streams
    return found


class TestRequests:
    @on_every_stream
    def test_a_stream_is_asked_for_in_the_providers_own_way(
        self, provider: Provider, session: ReferenceSession, stream: Stream, research: Path
    ) -> None:
        provider.plan = [answered(stream, spoken(stream))]
        session.generate_streamed(research, 1)
        ((path, headers, document),) = provider.requests
        assert path == stream.path
        assert headers.items() >= dict(stream.wire.headers).items()
        prompt = stream.wire.prompt(document)
        assert document == stream.wire.request(prompt, 1024) | stream.changes

    @on_every_stream
    def test_an_answer_as_a_whole_is_asked_for_as_ever(
        self, provider: Provider, session: ReferenceSession, stream: Stream, research: Path
    ) -> None:
        provider.plan = [(200, {}, json.dumps(stream.wire.answer(TEXT, 100, 10, False)).encode())]
        assert session.generate(research, 1).streams is None
        ((path, _, document),) = provider.requests
        assert path == stream.wire.path
        assert document == stream.wire.request(stream.wire.prompt(document), 1024)


class TestReplies:
    @on_every_stream
    def test_every_format_comes_down_to_the_same_outcome(
        self, provider: Provider, session: ReferenceSession, stream: Stream, research: Path
    ) -> None:
        provider.plan = [answered(stream, spoken(stream))]
        outcome = session.generate_streamed(research, 1)
        assert (outcome.personas, outcome.rejected, outcome.retries) == (1, 0, 0)
        assert (outcome.input_tokens, outcome.output_tokens) == (100, len(TOKENS))
        found = moments(outcome)
        assert found.tokens == len(TOKENS)
        assert len(found.gaps) == len(TOKENS) - 1
        assert found.first > 0
        assert min(found.gaps) >= 0

    @on_every_stream
    @pytest.mark.parametrize("raw", [False, True], ids=["escaped", "in UTF-8"])
    @given(data=st.data())
    def test_however_its_bytes_are_cut_it_is_the_same(
        self, data: st.DataObject, stream: Stream, raw: bool
    ) -> None:
        body = b"".join(stream.spoken(["a", "b\u2028c", "é\U0001f600"], 7))
        if raw:
            body = body.replace(b"\\u2028", "\u2028".encode()).replace(b"\\u00e9", "é".encode())
        cuts = sorted(data.draw(st.lists(st.integers(0, len(body)), max_size=9)))
        parts = [body[low:high] for low, high in pairwise([0, *cuts, len(body)])]
        reply, times = heard(FORMATS[stream.wire.provider], events(parts), 0.0)
        assert (reply.text, reply.complete) == ("ab\u2028cé\U0001f600", True)
        assert (reply.input_tokens, reply.output_tokens) == (7, 3)
        assert (len(times.gaps), times.tokens) == (2, 3)

    @pytest.mark.parametrize(
        "body",
        [
            pytest.param(b"data:" + CHUNK + b"\n\ndata: [DONE]\n\n", id="no space"),
            pytest.param(
                b": ping\r\n\r\nid: 1\r\nevent: e\r\ndata: "
                + CHUNK
                + b"\r\n\r\nretry: 5\r\ndata: [DONE]\r\n\r\n",
                id="comments and other fields",
            ),
            pytest.param(b"data: " + CHUNK + b"\n\ndata: [DONE]", id="no line end"),
        ],
    )
    def test_events_have_many_spellings(self, body: bytes) -> None:
        reply, times = heard(FORMATS["openai"], events([body]), 0.0)
        assert (reply.text, reply.output_tokens, times.gaps, times.tokens) == ("x", None, (), None)

    @pytest.mark.parametrize(
        ("stream", "changed"),
        [
            (stream_of("anthropic"), (b'"end_turn"', b'"max_tokens"')),
            (stream_of("openai"), (b'"finish_reason": "stop"', b'"finish_reason": "length"')),
            (stream_of("gemini"), (b'"STOP"', b'"MAX_TOKENS"')),
            (stream_of("ollama"), (b'"done_reason": "stop"', b'"done_reason": "length"')),
        ],
        ids=["anthropic", "openai", "gemini", "ollama"],
    )
    def test_one_that_was_cut_at_the_limit_is_refused(
        self,
        provider: Provider,
        session: ReferenceSession,
        stream: Stream,
        research: Path,
        changed: tuple[bytes, bytes],
    ) -> None:
        assert changed[0] in spoken(stream)
        provider.plan = [answered(stream, spoken(stream).replace(*changed))]
        with pytest.raises(ReplyError, match="cut at 1024 tokens"):
            session.generate_streamed(research, 1)

    @on_every_stream
    def test_one_without_its_end_broke_off(
        self, provider: Provider, session: ReferenceSession, stream: Stream, research: Path
    ) -> None:
        provider.plan = [answered(stream, spoken(stream, without=1))]
        left = len(TOKENS) - (stream.wire is GEMINI)
        with pytest.raises(
            ReplyError, match=rf"{stream.wire.provider}'s stream broke off after {left} pieces"
        ):
            session.generate_streamed(research, 1)
        assert len(provider.requests) == 1

    @on_every_stream
    def test_one_without_text_is_none(
        self, provider: Provider, session: ReferenceSession, stream: Stream, research: Path
    ) -> None:
        provider.plan = [answered(stream, spoken(stream, [""]))]
        with pytest.raises(ReplyError, match=f"{stream.wire.provider}'s stream holds no text"):
            session.generate_streamed(research, 1)

    @on_every_stream
    @pytest.mark.parametrize("said", ['{"a": ', "{" + '"a": [' * 100_000])
    def test_an_event_that_is_no_json_is_refused(
        self, provider: Provider, session: ReferenceSession, stream: Stream, research: Path, said: str
    ) -> None:
        line = said if stream.wire is OLLAMA else f"data: {said}"
        provider.plan = [answered(stream, line.encode() + stream.end)]
        with pytest.raises(ReplyError, match="holds an event that is not JSON"):
            session.generate_streamed(research, 1)

    @on_every_stream
    def test_an_error_in_the_middle_is_one_and_its_words_stay_away(
        self, provider: Provider, session: ReferenceSession, stream: Stream, research: Path
    ) -> None:
        told = json.dumps({"type": "error", "error": {"type": "overloaded_error", "message": f"{KEY}!"}})
        line = told if stream.wire is OLLAMA else f"data: {told}"
        body = stream.spoken(TOKENS[:3], 100)[0] + line.encode() + stream.end
        provider.plan = [answered(stream, body)]
        with pytest.raises(ReplyError, match="broke off its stream with an error") as caught:
            session.generate_streamed(research, 1)
        assert KEY not in str(caught.value)

    @pytest.mark.parametrize("wire", [ANTHROPIC, OPENAI, GEMINI, OLLAMA], ids=lambda wire: wire.provider)
    @given(document=DOCUMENTS)
    def test_whatever_an_event_holds_it_is_a_piece_or_refused(self, wire: Any, document: object) -> None:
        piece = FORMATS[wire.provider].piece(json.dumps(document))
        assert isinstance(piece, Piece)
        assert isinstance(piece.text, str)


class TestFailures:
    @on_every_stream
    def test_a_refusal_is_tried_again_and_the_clock_starts_anew(
        self,
        provider: Provider,
        session: ReferenceSession,
        stream: Stream,
        research: Path,
        waits: list[float],
    ) -> None:
        provider.plan = [error(429, wire=stream.wire, retry_after="2"), error(500, wire=stream.wire),
                         answered(stream, spoken(stream))]  # fmt: skip
        outcome = session.generate_streamed(research, 1)
        assert (outcome.personas, outcome.retries, outcome.retry_after) == (1, 2, 2.0)
        assert waits == [2.0, 0.5]
        assert moments(outcome).first < 2.0

    def test_a_refusal_for_good_is_told_without_the_key(
        self, provider: Provider, session: ReferenceSession, research: Path
    ) -> None:
        provider.plan = [error(401, "authentication_error")]
        with pytest.raises(ProviderError, match=r"anthropic answered 401 \(authentication_error\)") as caught:
            session.generate_streamed(research, 1)
        assert KEY not in str(caught.value)

    def test_a_connection_that_breaks_in_the_middle_is_tried_again(
        self, stream: Stream, research: Path, waits: list[float]
    ) -> None:
        body = spoken(stream)
        head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\ntransfer-encoding: chunked\r\n\r\n"
        cut = head + b"%x\r\n" % len(body) + body[: len(body) // 2]
        whole = head + b"%x\r\n%b\r\n0\r\n\r\n" % (len(body), body)
        with _saying(cut, whole) as url, opened(url, stream, waits) as session:
            outcome = session.generate_streamed(research, 1)
        assert (outcome.personas, outcome.retries) == (1, 1)
        assert moments(outcome).tokens == len(TOKENS)

    def test_silence_in_the_middle_is_a_failure(
        self, stand_in: StandIn, research: Path, waits: list[float], stream: Stream
    ) -> None:
        stand_in.configure("slow", profile="stream:0:60000")
        with (
            opened(stand_in.base_url("slow"), stream, waits, patience=0.05) as session,
            pytest.raises(ProviderError, match="silent for"),
        ):
            session.generate_streamed(research, 1)
        assert waits == []


@contextmanager
def _saying(*answers: bytes) -> Iterator[str]:
    """Answer one connection after the other with these bytes, whatever is asked, and hang up."""
    with create_server(("127.0.0.1", 0)) as listener:
        listener.settimeout(PATIENCE)

        def serve() -> None:
            for answer in answers:
                connection, _ = listener.accept()
                with connection:
                    connection.recv(65_536)
                    connection.sendall(answer)

        thread = threading.Thread(target=serve)
        thread.start()
        try:
            yield f"http://127.0.0.1:{listener.getsockname()[1]}"
        finally:
            thread.join(PATIENCE)


class TestAgainstTheStandIn:
    @on_every_stream
    def test_what_it_says_is_heard_token_by_token(
        self, stand_in: StandIn, stream: Stream, waits: list[float]
    ) -> None:
        name = f"heard-{stream.wire.provider}"
        with opened(stand_in.base_url(name), stream, waits) as session:
            streamed = session.generate_streamed(REFERENCE.sample("5kb"), 3)
            whole = session.generate(REFERENCE.sample("5kb"), 3)
        requests = stand_in.requests(name)
        found = moments(streamed)
        assert (found.tokens, len(found.gaps)) == (requests[0].output_tokens, requests[0].output_tokens - 1)
        assert (streamed.personas, streamed.input_tokens, streamed.output_tokens) == (
            whole.personas,
            whole.input_tokens,
            whole.output_tokens,
        )
        assert [each.first_token is None for each in requests] == [False, True]
        assert len({each.connection for each in requests}) == 1

    @on_every_stream
    def test_no_token_is_heard_before_it_is_due(
        self, stand_in: StandIn, stream: Stream, waits: list[float]
    ) -> None:
        name = f"paced-{stream.wire.provider}"
        stand_in.configure(name, profile="stream:30:0.2")
        with opened(stand_in.base_url(name), stream, waits) as session:
            found = moments(session.generate_streamed(REFERENCE.sample("1kb"), 1))
        assert found.first >= 0.0299
        assert found.first + sum(found.gaps) >= 0.0299 + 0.2e-3 * len(found.gaps)

    @on_every_stream
    @pytest.mark.parametrize("kind", ["truncated", "invalid"])
    def test_its_faults_are_failed_operations(
        self, stand_in: StandIn, stream: Stream, waits: list[float], kind: str
    ) -> None:
        name = f"{kind}-{stream.wire.provider}"
        stand_in.configure(name, faults=[{"kind": kind, "every": 1}])
        with (
            opened(stand_in.base_url(name), stream, waits) as session,
            pytest.raises(GenerationError),
        ):
            session.generate_streamed(REFERENCE.sample("1kb"), 1)
        assert [request.fault for request in stand_in.requests(name)] == [kind]


def test_nobody_else_pays_for_it() -> None:
    """What an ordinary operation imports knows nothing of streams."""
    code = "import sys, persona_asv.subject.reference; print('persona_asv.subject.streaming' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "False\n"


def test_the_subject_says_that_it_streams() -> None:
    assert REFERENCE.streams is True
