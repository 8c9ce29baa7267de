"""The stand-in's streams: each provider's own events, the words of a whole answer, tokens that keep time."""

from __future__ import annotations

import json
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from wires import ANTHROPIC, GEMINI, OLLAMA, OPENAI, STREAMS, Stream, on_every_stream

from persona_asv.standin.exchange import HttpAnswer
from persona_asv.standin.memo import Rendered
from persona_asv.standin.process import Request, StandIn
from persona_asv.standin.profile import MAX_MS, Profile
from persona_asv.standin.provider import TOKEN, _cut

PROMPT = "Generate exactly 2 personas.\n[R1] Exports lose their formatting.\n[R2] Support answers \ud800late."

_numbers = count(1)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60) as open_client:
        yield open_client


@pytest.fixture
def session() -> str:
    return f"streams-{next(_numbers)}"


@pytest.fixture
def stream() -> Stream:
    """The format that is streamed, where a test does not go through all of them."""
    return STREAMS[0]


@pytest.fixture
def ask(
    stand_in: StandIn, client: httpx.Client, session: str, stream: Stream
) -> Callable[..., httpx.Response]:
    def post(*, streamed: bool = True, **changes: Any) -> httpx.Response:
        wire = stream.wire
        document = wire.request(PROMPT, 1024) | (stream.changes if streamed else {}) | changes
        content = json.dumps({key: value for key, value in document.items() if value is not None})
        path = stream.path if streamed else wire.path
        return client.post(
            stand_in.base_url(session) + path, content=content.encode(), headers=dict(wire.headers)
        )

    return post


def tokens_of(text: str) -> list[str]:
    return [text[start : start + 4] for start in range(0, len(text), 4)]


def logged(stand_in: StandIn, session: str, number: int = 1) -> Request:
    """Poll until the session's log has this many requests, and return the last."""
    deadline = time.monotonic() + 60
    while len(requests := stand_in.requests(session)) < number:
        assert time.monotonic() < deadline, f"only {len(requests)} of {number} requests were logged"
        time.sleep(0.01)
    return requests[-1]


class TestFormats:
    @on_every_stream
    def test_a_stream_has_the_real_shape_and_says_what_a_whole_answer_says(
        self, ask: Callable[..., httpx.Response], stream: Stream
    ) -> None:
        whole = ask(streamed=False).json()
        tokens = tokens_of(stream.wire.text(whole))
        response = ask()
        assert response.status_code == 200
        assert response.headers["content-type"] == stream.kind
        assert response.headers["transfer-encoding"] == "chunked"
        assert "content-length" not in response.headers
        assert stream.heard(response.content) == stream.events(tokens, -(-len(PROMPT) // 4))

    @on_every_stream
    def test_it_is_counted_as_a_whole_answer_is(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str, stream: Stream
    ) -> None:
        ask(streamed=False)
        ask()
        whole, streamed = stand_in.requests(session)
        for each in (whole, streamed):
            assert (each.status, each.personas, each.model_time_ms) == (200, 2, 0.0)
        assert (streamed.input_tokens, streamed.output_tokens) == (whole.input_tokens, whole.output_tokens)
        assert (whole.first_token, whole.last_token) == (None, None)

    def test_a_connection_goes_on_after_a_stream(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        first, second = ask(), ask()
        assert first.content == second.content
        numbers = [each.connection for each in stand_in.requests(session)]
        assert numbers[0] == numbers[1]

    def test_a_client_that_wants_no_more_is_told_of_the_end(self, stand_in: StandIn, session: str) -> None:
        body = json.dumps(ANTHROPIC.request(PROMPT, 9) | {"stream": True}).encode()
        head = f"POST /{session}/v1/messages HTTP/1.1\r\nhost: x\r\nconnection: close\r\n"
        head += "".join(f"{name}: {value}\r\n" for name, value in ANTHROPIC.headers.items())
        with closing(socket.create_connection(("127.0.0.1", stand_in.port), timeout=60)) as connection:
            connection.sendall(f"{head}content-length: {len(body)}\r\n\r\n".encode() + body)
            found = b""
            while chunk := connection.recv(65_536):
                found += chunk
        assert b"\r\nconnection: close\r\n" in found
        assert found.endswith(b"\r\n0\r\n\r\n")

    @pytest.mark.parametrize(
        ("stream", "changes", "expected"),
        [
            pytest.param(STREAMS[0], {"stream": False}, False, id="anthropic: false"),
            pytest.param(STREAMS[0], {"stream": None}, False, id="anthropic: absent"),
            pytest.param(STREAMS[1], {"stream": None, "stream_options": None}, False, id="openai: absent"),
            pytest.param(STREAMS[3], {"stream": None}, True, id="ollama: absent"),
            pytest.param(STREAMS[3], {"stream": False}, False, id="ollama: false"),
        ],
    )
    def test_each_is_asked_in_the_providers_own_way(
        self, ask: Callable[..., httpx.Response], changes: dict[str, Any], expected: bool
    ) -> None:
        assert ("transfer-encoding" in ask(**changes).headers) is expected

    @pytest.mark.parametrize("options", [None, {}, {"include_usage": False}, {"include_usage": None}])
    @pytest.mark.parametrize("stream", [STREAMS[1]], ids=["openai"])
    def test_openai_tells_no_usage_unasked(
        self, ask: Callable[..., httpx.Response], stream: Stream, options: dict[str, Any] | None
    ) -> None:
        asked = stream.heard(ask().content)
        unasked = stream.heard(ask(stream_options=options).content)
        without = [({**data, "usage": 0} if isinstance(data, dict) else data) for _, data in asked]
        assert len(unasked) == len(asked) - 1
        assert not any("usage" in data for _, data in unasked if isinstance(data, dict))
        assert [data | {"usage": 0} for _, data in unasked[:-1]] == without[:-2]

    @pytest.mark.parametrize(
        ("stream", "line", "changes"),
        [
            pytest.param(STREAMS[1], "stream_options: an object", {"stream_options": 5}, id="no object"),
            pytest.param(
                STREAMS[1],
                "include_usage: true or false",
                {"stream_options": {"include_usage": 1}},
                id="no flag",
            ),
            pytest.param(STREAMS[1], "stream_options: allowed only", {"stream": False}, id="no stream"),
            pytest.param(STREAMS[0], "stream: true or false", {"stream": "yes"}, id="no truth value"),
        ],
    )
    def test_what_makes_no_sense_is_refused(
        self, ask: Callable[..., httpx.Response], stream: Stream, line: str, changes: dict[str, Any]
    ) -> None:
        response = ask(**changes)
        assert response.status_code == 400
        assert line in stream.wire.message(response.json())

    @pytest.mark.parametrize("query", ["", "?alt=json", "?alt=sse&alt=json"])
    def test_gemini_streams_events_only(
        self, stand_in: StandIn, client: httpx.Client, session: str, query: str
    ) -> None:
        url = stand_in.base_url(session) + STREAMS[2].path.replace("?alt=sse", query)
        response = client.post(url, json=GEMINI.request("1 persona", 9), headers=dict(GEMINI.headers))
        assert response.status_code == 400
        assert "alt: " in GEMINI.message(response.json())

    @given(text=st.text(min_size=1))
    def test_tokens_are_the_text_and_as_many_as_are_counted(self, text: str) -> None:
        tokens = _cut(text)
        assert "".join(tokens) == text
        assert len(tokens) == -(-len(text) // TOKEN)


class TestPace:
    @on_every_stream
    def test_tokens_leave_one_by_one_when_they_are_due(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str, stream: Stream
    ) -> None:
        stand_in.configure(session, profile="stream:40:0.25")
        response = ask()
        request = logged(stand_in, session)
        gaps = 0.25e-3 * (request.output_tokens - 1)
        assert request.first_token is not None
        assert request.finished == request.last_token is not None
        assert request.first_token - request.received >= 0.0399
        assert request.last_token - request.received >= 0.0399 + gaps
        assert request.last_token > request.first_token
        assert request.model_time_ms == pytest.approx(40 + 1000 * gaps)
        said = stream.heard(response.content)
        assert said == stream.heard(_at_once(stand_in, ask, session))

    def test_a_client_has_the_first_token_while_the_last_is_not_yet_due(
        self, stand_in: StandIn, client: httpx.Client, session: str
    ) -> None:
        stand_in.configure(session, profile="stream:0:600000")
        document = ANTHROPIC.request(PROMPT, 9) | {"stream": True}
        url = stand_in.base_url(session) + ANTHROPIC.path
        with client.stream(
            "POST", url, json=document | {"messages": _said("hi")}, headers=dict(ANTHROPIC.headers)
        ) as answer:
            first = next(answer.iter_raw())
        assert first.count(b"content_block_delta\n") == 1
        request = logged(stand_in, session)
        assert request.first_token == request.last_token is not None
        assert (request.finished, request.status) == (None, None)

    @pytest.mark.parametrize("profile", ["none", "constant:20", "stream:20:0"])
    def test_without_a_pause_they_leave_at_once(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str, profile: str
    ) -> None:
        stand_in.configure(session, profile=profile)
        ask()
        request = logged(stand_in, session)
        assert request.first_token == request.last_token == request.finished is not None
        assert request.model_time_ms == (0 if profile == "none" else 20)

    def test_a_whole_answer_leaves_when_the_last_token_would(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure(session, profile="stream:10:0.1")
        ask(streamed=False)
        request = logged(stand_in, session)
        assert request.model_time_ms == pytest.approx(10 + 0.1 * (request.output_tokens - 1))
        assert request.finished is not None
        assert request.finished - request.received >= request.model_time_ms / 1000 - 0.0001

    @pytest.mark.parametrize("text", ["stream", "stream:1", "stream:1:2:3", "stream:-1:0", "stream:1:x"])
    def test_a_pace_that_is_none_is_refused_by_name(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"^profile ") as caught:
            Profile.parse(text)
        assert repr(text) in str(caught.value)

    @given(
        first=st.floats(0, 1000), gap=st.floats(0, 100), tokens=st.integers(1, 1000), index=st.integers(0, 9)
    )
    def test_the_model_time_is_the_first_token_and_the_gaps(
        self, first: float, gap: float, tokens: int, index: int
    ) -> None:
        profile = Profile.parse(f"stream:{first}:{gap}")
        assert profile.draw(3, index) == first
        assert profile.draw(3, index, tokens) == pytest.approx(first + gap * (tokens - 1))
        assert profile.draw(3, index, 10**9) <= MAX_MS


def _said(content: str) -> list[dict[str, str]]:
    return [{"role": "user", "content": content}]


def _at_once(stand_in: StandIn, ask: Callable[..., httpx.Response], session: str) -> bytes:
    stand_in.configure(session)
    return ask().content


class TestFaults:
    @on_every_stream
    def test_a_truncated_stream_is_whole_http_and_ends_in_the_middle_of_an_event(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str, stream: Stream
    ) -> None:
        sound = ask()
        stand_in.configure(session, faults=[{"kind": "truncated", "every": 1}])
        cut = ask()
        assert cut.status_code == 200
        assert len(cut.content) < len(sound.content)
        assert sound.content.startswith(cut.content)
        assert not cut.content.endswith(stream.end)
        request = logged(stand_in, session)
        assert (request.status, request.fault, request.personas) == (200, "truncated", 0)

    @on_every_stream
    def test_refusals_are_no_streams(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str, stream: Stream
    ) -> None:
        stand_in.configure(
            session, faults=[{"kind": "429", "every": 2, "offset": 0}, {"kind": "500", "every": 2}]
        )
        assert [each.status_code for each in (ask(), ask())] == [429, 500]
        assert ask().headers["content-type"] == "application/json"

    @pytest.mark.parametrize("parts", [1, 2, 3, 10])
    def test_it_breaks_off_however_short_it_is(self, parts: int) -> None:
        whole = Rendered(b"", 1, 1, parts, tuple(b"data: %d\n\n" % number for number in range(parts)))
        broken = whole.broken_off()
        said, sound = b"".join(broken.parts), b"".join(whole.parts)
        assert sound.startswith(said)
        assert 0 < len(said) < len(sound)
        assert broken.personas == 0


class TestChunks:
    @given(parts=st.lists(st.binary(min_size=1), min_size=1, max_size=9), keep=st.booleans())
    def test_they_are_read_back_as_they_were(self, parts: list[bytes], keep: bool) -> None:
        answer = HttpAnswer(200, b"", (("x", "y"),), tuple(parts), "text/plain")
        messages = answer.encode_parts(keep_alive=keep)
        assert len(messages) == len(parts)
        head, _, rest = b"".join(messages).partition(b"\r\n\r\n")
        assert b"transfer-encoding: chunked" in head
        assert b"x: y" in head
        assert (b"connection: close" in head) is not keep
        found = []
        while rest != b"0\r\n\r\n":
            size, _, rest = rest.partition(b"\r\n")
            length = int(size, 16)
            assert rest[length : length + 2] == b"\r\n"
            found.append(rest[:length])
            rest = rest[length + 2 :]
        assert found == parts


def test_the_formats_are_those_of_every_provider() -> None:
    assert [each.wire for each in STREAMS] == [ANTHROPIC, OPENAI, GEMINI, OLLAMA]
