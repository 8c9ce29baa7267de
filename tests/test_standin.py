"""The stand-in as a provider: a real process, real HTTP, and what its log says of it."""

from __future__ import annotations

import json
import re
import socket
import time
from collections.abc import Callable, Iterator
from contextlib import closing
from itertools import count
from typing import Any

import httpx
import pytest
from wires import ANTHROPIC, GEMINI, KEY, OLLAMA, OPENAI, Wire, on_every_wire

from persona_asv.standin.process import Request, StandIn, StandInError

HEADERS = dict(ANTHROPIC.headers)
PROMPT = "Generate exactly 2 personas.\n[R1] Exports lose their formatting.\n[R2] Support answers late."
PERSONA_KEYS = {
    "name",
    "age",
    "occupation",
    "background",
    "goals",
    "frustrations",
    "behaviours",
    "quote",
    "evidence",
}


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as running:
        yield running


@pytest.fixture(scope="module")
def client() -> Iterator[httpx.Client]:
    with httpx.Client(timeout=60, headers=HEADERS) as open_client:
        yield open_client


_numbers = count(1)


@pytest.fixture
def session() -> str:
    return f"session-{next(_numbers)}"


def message(prompt: str = PROMPT, wire: Wire = ANTHROPIC, **changes: Any) -> bytes:
    body = wire.request(prompt, 1024) | changes
    return json.dumps({key: value for key, value in body.items() if value is not None}).encode()


@pytest.fixture
def wire() -> Wire:
    """The format that is spoken, where a test does not go through all of them."""
    return ANTHROPIC


@pytest.fixture
def ask(stand_in: StandIn, client: httpx.Client, session: str, wire: Wire) -> Callable[..., httpx.Response]:
    def post(prompt: str = PROMPT, **changes: Any) -> httpx.Response:
        url = stand_in.base_url(session) + wire.path
        return client.post(url, content=message(prompt, wire, **changes), headers=dict(wire.headers))

    return post


def personas(response: httpx.Response, wire: Wire = ANTHROPIC) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(wire.text(response.json()))["personas"]
    return found


def send(stand_in: StandIn, session: str) -> socket.socket:
    """Send a request and leave the answer to whoever waits for it."""
    body = message()
    head = f"POST /{session}/v1/messages HTTP/1.1\r\nhost: x\r\ncontent-length: {len(body)}\r\n"
    head += "".join(f"{name}: {value}\r\n" for name, value in HEADERS.items())
    connection = socket.create_connection(("127.0.0.1", stand_in.port), timeout=60)
    connection.sendall(head.encode() + b"\r\n" + body)
    return connection


def logged(stand_in: StandIn, session: str, number: int) -> tuple[Request, ...]:
    """Poll until the session's log has this many requests."""
    deadline = time.monotonic() + 60
    while len(requests := stand_in.requests(session)) < number:
        assert time.monotonic() < deadline, f"only {len(requests)} of {number} requests were logged"
        time.sleep(0.01)
    return requests


def as_answered(wire: Wire, document: dict[str, Any]) -> dict[str, Any]:
    """Return what an answer must look like that says this document's text to `PROMPT`."""
    text = wire.text(document)
    key, form = wire.identity
    assert re.fullmatch(form, document[key])
    return wire.answer(text, -(-len(PROMPT) // 4), -(-len(text) // 4), False) | {key: document[key]}


def as_refused(wire: Wire, session: str, status: int, text: str, number: int = 1) -> dict[str, Any]:
    """Return what a refusal must look like, of the session's first or another request."""
    found = wire.refusal(status, wire.words[status], text)
    return found | {"request_id": f"req_{session}_{number}"} if "request_id" in found else found


def refused(
    wire: Wire, line: str, *, status: int = 400, headers: dict[str, str] | None = None, **changes: Any
) -> object:
    return pytest.param(wire, status, line, headers or {}, changes, id=f"{wire.provider}: {line}")


def spoken(role: object = "user", content: object = "Hi") -> list[dict[str, object]]:
    return [{"role": role, "content": content}]


class TestAnswers:
    @on_every_wire
    def test_a_success_has_the_real_shape(self, ask: Callable[..., httpx.Response], wire: Wire) -> None:
        response = ask()
        assert response.status_code == 200
        assert response.headers["content-type"] == "application/json"
        assert response.json() == as_answered(wire, response.json())

    @pytest.mark.parametrize(
        ("wire", "name"),
        [(ANTHROPIC, "request-id"), (OPENAI, "x-request-id")],
        ids=lambda value: getattr(value, "provider", value),
    )
    def test_an_answer_has_its_request_s_id(
        self, ask: Callable[..., httpx.Response], session: str, name: str
    ) -> None:
        assert ask().headers[name] == f"req_{session}_1"

    @on_every_wire
    def test_the_personas_are_complete_and_cite_the_prompt(
        self, ask: Callable[..., httpx.Response], wire: Wire
    ) -> None:
        found = personas(ask(), wire)
        assert [set(each) for each in found] == [PERSONA_KEYS] * 2
        for each in found:
            assert {cited["source"] for cited in each["evidence"]} == {"R1", "R2"}
            assert all(cited["excerpt"] in PROMPT for cited in each["evidence"])

    @pytest.mark.parametrize(
        ("wire", "changes"),
        [
            pytest.param(
                ANTHROPIC,
                {
                    "system": [{"type": "text", "text": "12345"}],
                    "messages": [
                        *spoken(
                            "user", [{"type": "text", "text": "abcd"}, {"type": "text", "text": "4 personas"}]
                        ),
                        *spoken("assistant", "{"),
                    ],
                },
                id="anthropic",
            ),
            pytest.param(
                OPENAI,
                {
                    "messages": [
                        *spoken("system", "123"),
                        *spoken("developer", "45"),
                        *spoken(
                            "user", [{"type": "text", "text": "abcd"}, {"type": "text", "text": "4 personas"}]
                        ),
                        *spoken("assistant", "{"),
                    ]
                },
                id="openai",
            ),
            pytest.param(
                GEMINI,
                {
                    "systemInstruction": {"parts": [{"text": "12345"}]},
                    "contents": [
                        {"parts": [{"text": "abcd"}, {"text": "4 personas"}]},
                        {"role": "model", "parts": [{"text": "{"}]},
                    ],
                },
                id="gemini",
            ),
            pytest.param(
                OLLAMA,
                {
                    "messages": [
                        *spoken("system", "12345"),
                        *spoken("user", "abcd"),
                        *spoken("user", "4 personas"),
                        *spoken("assistant", "{"),
                    ]
                },
                id="ollama",
            ),
        ],
    )
    def test_the_system_text_and_all_other_texts_count(
        self,
        stand_in: StandIn,
        ask: Callable[..., httpx.Response],
        session: str,
        wire: Wire,
        changes: dict[str, Any],
    ) -> None:
        assert len(personas(ask(**changes), wire)) == 4
        (request,) = stand_in.requests(session)
        assert request.input_tokens == 5  # 5 + 4 + 10 + 1 characters

    @on_every_wire
    def test_the_same_request_gets_the_same_answer_everywhere(
        self, client: httpx.Client, ask: Callable[..., httpx.Response], stand_in: StandIn, wire: Wire
    ) -> None:
        def elsewhere(url: str) -> bytes:
            return client.post(
                url + wire.path, content=message(wire=wire), headers=dict(wire.headers)
            ).content

        with StandIn.start() as another:
            afresh = elsewhere(another.base_url("s"))
        assert {ask().content, ask().content, elsewhere(stand_in.base_url("elsewhere"))} == {afresh}

    def test_another_prompt_gets_other_personas(self, ask: Callable[..., httpx.Response]) -> None:
        assert personas(ask("1 persona, please")) != personas(ask("1 persona, pretty please"))

    @on_every_wire
    def test_text_that_is_no_utf8_survives(self, ask: Callable[..., httpx.Response], wire: Wire) -> None:
        found = personas(ask("1 persona\n[R1] a lone \ud800 surrogate, an é, a \u2028 too"), wire)
        assert found[0]["evidence"] == [
            {"source": "R1", "excerpt": "a lone \ud800 surrogate, an é, a \u2028 too"}
        ]

    def test_a_model_in_the_path_is_answered_by_its_name(
        self, stand_in: StandIn, client: httpx.Client, session: str
    ) -> None:
        url = stand_in.base_url(session) + "/v1beta/models/a%2Fb%3F%C3%A9:generateContent"
        response = client.post(url, content=message(wire=GEMINI), headers=dict(GEMINI.headers))
        assert response.json()["modelVersion"] == "a/b?é"

    def test_a_key_may_stand_in_gemini_s_url(
        self, stand_in: StandIn, client: httpx.Client, session: str
    ) -> None:
        url = f"{stand_in.base_url(session)}{GEMINI.path}?key="
        statuses = [client.post(url + key, content=message(wire=GEMINI)).status_code for key in (KEY, "")]
        assert statuses == [200, 403]

    @pytest.mark.parametrize(
        ("wire", "status", "line", "headers", "changes"),
        [
            refused(ANTHROPIC, "x-api-key", status=401, headers={"x-api-key": ""}),
            refused(ANTHROPIC, "anthropic-version", headers={"anthropic-version": ""}),
            refused(ANTHROPIC, "model: ", model=None),
            refused(ANTHROPIC, "max_tokens: ", max_tokens=None),
            refused(ANTHROPIC, "max_tokens: a", max_tokens=0),
            refused(ANTHROPIC, "max_tokens: a whole", max_tokens=True),
            refused(ANTHROPIC, "messages: ", messages=[]),
            refused(ANTHROPIC, "messages: a", messages="hello"),
            refused(ANTHROPIC, "messages.0.role", messages=spoken("system")),
            refused(ANTHROPIC, "messages.0.role:", messages=["x"]),
            refused(ANTHROPIC, "messages.0.role: one", messages=spoken(["user"])),
            refused(ANTHROPIC, "messages.0.content", messages=[{"role": "user"}]),
            refused(ANTHROPIC, "messages.0.content.0", messages=spoken(content=[{"type": "image"}])),
            refused(ANTHROPIC, "content.0.text", messages=spoken(content=[{"type": "text"}])),
            refused(ANTHROPIC, "system: ", system=5),
            refused(ANTHROPIC, "stream: ", stream="yes"),
            refused(OPENAI, "authorization: ", status=401, headers={"authorization": ""}),
            refused(OPENAI, "'Bearer KEY'", status=401, headers={"authorization": f"Basic {KEY}"}),
            refused(OPENAI, "is missing", status=401, headers={"authorization": "Bearer"}),
            refused(OPENAI, "model: ", model=5),
            refused(OPENAI, "max_completion_tokens: ", max_completion_tokens=0),
            refused(OPENAI, "max_tokens: ", max_tokens="9"),
            refused(OPENAI, "messages: ", messages=[]),
            refused(OPENAI, "messages.0.role", messages=spoken("model")),
            refused(OPENAI, "messages.0.content.0", messages=spoken(content=[{"type": "image_url"}])),
            refused(OPENAI, "stream: ", stream=1),
            refused(GEMINI, "x-goog-api-key: ", status=403, headers={"x-goog-api-key": ""}),
            refused(GEMINI, "contents: ", contents=None),
            refused(GEMINI, "contents.0.parts", contents=["x"]),
            refused(GEMINI, "contents.0.parts: ", contents=[{"parts": []}]),
            refused(GEMINI, "contents.0.parts.0.text", contents=[{"parts": [{"inlineData": {}}]}]),
            refused(GEMINI, "contents.0.role", contents=[{"role": "assistant", "parts": [{"text": "x"}]}]),
            refused(GEMINI, "systemInstruction.parts", systemInstruction="x"),
            refused(GEMINI, "generationConfig: ", generationConfig=5),
            refused(GEMINI, "maxOutputTokens: ", generationConfig={"maxOutputTokens": 0}),
            refused(OLLAMA, "model: ", model=""),
            refused(OLLAMA, "messages.0.role", messages=spoken("model")),
            refused(OLLAMA, "messages.0.content: ", messages=spoken(content=[{"type": "text"}])),
            refused(OLLAMA, "stream: ", stream="no"),
        ],
    )
    def test_a_refusal_has_the_real_shape(
        self,
        stand_in: StandIn,
        client: httpx.Client,
        session: str,
        wire: Wire,
        status: int,
        line: str,
        headers: dict[str, str],
        changes: dict[str, Any],
    ) -> None:
        response = client.post(
            stand_in.base_url(session) + wire.path,
            content=message(wire=wire, **changes),
            headers={**wire.headers, **headers},
        )
        document = response.json()
        text = wire.message(document)
        assert response.status_code == status
        assert document == as_refused(wire, session, status, text)
        assert line in text
        assert "\n" not in text
        (request,) = stand_in.requests(session)
        assert (request.status, request.personas, request.input_tokens) == (status, 0, 0)

    @pytest.mark.parametrize(
        "body", [b"", b"{", b"[]", b"\xff", b"[" * 100_000], ids=["empty", "cut", "list", "binary", "deep"]
    )
    @on_every_wire
    def test_a_body_that_is_no_json_object_is_refused(
        self, stand_in: StandIn, client: httpx.Client, session: str, wire: Wire, body: bytes
    ) -> None:
        response = client.post(
            stand_in.base_url(session) + wire.path, content=body, headers=dict(wire.headers)
        )
        found = response.json()
        assert (response.status_code, found) == (400, as_refused(wire, session, 400, wire.message(found)))

    @pytest.mark.parametrize(
        "path",
        [
            "/v1/embeddings",
            "/v1/chat/completions/",
            "/api/generate",
            "/v1beta/models/m:countTokens",
            "/v1beta/models/a/b:generateContent",
        ],
    )
    def test_an_unknown_endpoint_is_not_found(
        self, stand_in: StandIn, client: httpx.Client, session: str, path: str
    ) -> None:
        response = client.post(stand_in.base_url(session) + path, json={})
        assert (response.status_code, response.json()["error"]["type"]) == (404, "not_found_error")
        assert [request.status for request in stand_in.requests(session)] == [404]

    @pytest.mark.parametrize(
        ("wire", "status", "word"),
        [
            pytest.param(ANTHROPIC, 405, "invalid_request_error", id="anthropic"),
            pytest.param(OPENAI, 405, "method_not_supported", id="openai"),
            pytest.param(GEMINI, 404, "NOT_FOUND", id="gemini"),
            pytest.param(OLLAMA, 405, "/api/chat takes POST, not GET", id="ollama"),
        ],
    )
    def test_another_method_is_refused(
        self, stand_in: StandIn, client: httpx.Client, session: str, wire: Wire, status: int, word: str
    ) -> None:
        response = client.get(stand_in.base_url(session) + wire.path)
        assert response.status_code == status
        assert f'"{word}"' in response.text

    @on_every_wire
    def test_the_key_is_in_no_answer(
        self, stand_in: StandIn, client: httpx.Client, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        answers = [ask(), ask(messages=None, contents=None)]
        log = client.get(f"http://127.0.0.1:{stand_in.port}/-/sessions/{session}/log")
        assert [request["status"] for request in log.json()["requests"]] == [200, 400]
        for response in (*answers, log):
            assert KEY not in response.text + str(response.headers)


class TestLog:
    def test_a_request_is_logged_within_the_time_its_client_saw(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        before = time.perf_counter()
        response = ask()
        after = time.perf_counter()
        (request,) = stand_in.requests(session)
        assert request.finished is not None
        assert request.received <= request.finished <= after
        assert request.finished > before
        assert request == Request(
            id=1,
            connection=request.connection,
            received=request.received,
            finished=request.finished,
            status=200,
            fault=None,
            personas=2,
            input_tokens=response.json()["usage"]["input_tokens"],
            output_tokens=response.json()["usage"]["output_tokens"],
            model_time_ms=0.0,
            retry_after_s=None,
        )

    def test_sessions_do_not_see_each_other(self, stand_in: StandIn, client: httpx.Client) -> None:
        stand_in.configure("quiet")
        for name in ("one", "two", "two"):
            client.post(stand_in.base_url(name) + "/v1/messages", content=message())
        assert [len(stand_in.requests(name)) for name in ("quiet", "one", "two")] == [0, 1, 2]
        assert [request.id for request in stand_in.requests("two")] == [1, 2]

    def test_a_kept_connection_keeps_its_number_and_a_new_one_gets_another(
        self, stand_in: StandIn, session: str
    ) -> None:
        url = stand_in.base_url(session) + "/v1/messages"
        for _ in range(2):
            with httpx.Client(timeout=60, headers=HEADERS) as client:
                for _ in range(3):
                    client.post(url, content=message())
        numbers = [request.connection for request in stand_in.requests(session)]
        assert numbers[:3] == [numbers[0]] * 3
        assert numbers[3:] == [numbers[3]] * 3
        assert numbers[0] != numbers[3]

    def test_requests_of_one_connection_do_not_overlap(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        for _ in range(50):
            ask()
        stamps = [
            stamp for each in stand_in.requests(session) for stamp in (each.received, each.finished or 0)
        ]
        assert len(stamps) == 100
        assert stamps == sorted(stamps)

    def test_since_leaves_out_what_is_known(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        for _ in range(3):
            ask()
        assert [request.id for request in stand_in.requests(session, since=1)] == [2, 3]
        assert stand_in.requests(session, since=3) == ()

    def test_configuring_empties_the_log(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        ask()
        stand_in.configure(session)
        ask()
        assert [request.id for request in stand_in.requests(session)] == [1]

    def test_the_log_of_an_unknown_session_is_an_error(self, stand_in: StandIn) -> None:
        with pytest.raises(StandInError, match="never-used"):
            stand_in.requests("never-used")


class TestModelTime:
    def test_a_constant_is_waited_for(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure(session, profile="constant:30")
        for _ in range(3):
            ask()
        for request in stand_in.requests(session):
            assert request.model_time_ms == 30.0
            assert request.finished is not None
            assert request.finished - request.received >= 0.0299

    def test_draws_follow_the_seed(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        drawn = []
        for seed in (1, 2, 1):
            stand_in.configure(session, profile="lognormal:2:9", seed=seed)
            for _ in range(5):
                ask()
            drawn.append([request.model_time_ms for request in stand_in.requests(session)])
        assert drawn[0] == drawn[2] != drawn[1]
        assert len(set(drawn[0])) == 5

    def test_a_refusal_takes_no_model_time_but_uses_up_its_draw(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure(session, profile="lognormal:2:9", seed=3)
        for _ in range(2):
            ask()
        undisturbed = stand_in.requests(session)
        stand_in.configure(session, profile="lognormal:2:9", seed=3)
        ask(model=None)
        ask()
        refused, answered = stand_in.requests(session)
        assert refused.model_time_ms == 0.0
        assert answered.model_time_ms == undisturbed[1].model_time_ms > 0

    def test_one_request_waiting_does_not_hold_up_another(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure("patient", profile="constant:600000")
        with closing(send(stand_in, "patient")):
            (waiting,) = logged(stand_in, "patient", 1)
            assert ask().status_code == 200
            assert stand_in.requests("patient") == (waiting,)
            assert (waiting.finished, waiting.status, waiting.model_time_ms) == (None, None, 600_000.0)

    def test_a_client_that_leaves_early_is_never_answered(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure(session, profile="constant:300")
        with closing(send(stand_in, session)):
            logged(stand_in, session, 1)
        ask()
        gone, answered = stand_in.requests(session)
        assert (gone.finished, gone.status) == (None, None)
        assert answered.status == 200


class TestFaults:
    @on_every_wire
    def test_a_429_says_when_to_come_back(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str, wire: Wire
    ) -> None:
        stand_in.configure(session, faults=[{"kind": "429", "every": 2, "offset": 0, "retry_after": 1.5}])
        told, answered = ask(), ask()
        assert (told.status_code, told.headers["retry-after"]) == (429, "1.5")
        assert told.json() == as_refused(wire, session, 429, "planned fault: too many requests")
        assert (answered.status_code, "retry-after" in answered.headers) == (200, False)
        assert [(each.status, each.fault, each.retry_after_s) for each in stand_in.requests(session)] == [
            (429, "429", 1.5),
            (200, None, None),
        ]

    def test_a_429_may_leave_it_open(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure(session, faults=[{"kind": "429", "every": 1}])
        assert "retry-after" not in ask().headers

    def test_whole_seconds_are_written_as_such(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure(session, faults=[{"kind": "429", "every": 1, "retry_after": 20}])
        assert ask().headers["retry-after"] == "20"

    @on_every_wire
    def test_a_500_is_the_provider_s_own_error(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str, wire: Wire
    ) -> None:
        stand_in.configure(session, faults=[{"kind": "500", "every": 3, "limit": 1}])
        responses = [ask() for _ in range(6)]
        assert [each.status_code for each in responses] == [200, 200, 500, 200, 200, 200]
        assert responses[2].json() == as_refused(wire, session, 500, "planned fault: internal error", 3)
        assert [each.fault for each in stand_in.requests(session)] == [None, None, "500", None, None, None]
        assert [each.personas for each in stand_in.requests(session)] == [2, 2, 0, 2, 2, 2]

    @on_every_wire
    def test_a_truncated_answer_is_whole_http_and_broken_json(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        sound = ask()
        (told,) = stand_in.requests(session)
        stand_in.configure(session, faults=[{"kind": "truncated", "every": 1}])
        cut = ask()
        assert cut.status_code == 200
        assert int(cut.headers["content-length"]) == len(cut.content) < len(sound.content)
        assert sound.content.startswith(cut.content)
        with pytest.raises(json.JSONDecodeError):
            cut.json()
        (request,) = stand_in.requests(session)
        assert (request.status, request.fault, request.personas) == (200, "truncated", 0)
        assert request.output_tokens == told.output_tokens

    @on_every_wire
    def test_an_invalid_answer_is_whole_json_and_a_broken_schema(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str, wire: Wire
    ) -> None:
        stand_in.configure(session, faults=[{"kind": "invalid", "every": 1}])
        response = ask()
        assert (response.status_code, response.json()) == (200, as_answered(wire, response.json()))
        assert [set(each) for each in personas(response, wire)] == [PERSONA_KEYS - {"name"}] * 2
        assert [each["evidence"] for each in personas(response, wire)] == [[], []]
        (request,) = stand_in.requests(session)
        assert (request.status, request.fault, request.personas) == (200, "invalid", 0)
        assert request.output_tokens == -(-len(wire.text(response.json())) // 4)

    def test_a_hang_stays_open_and_silent_while_others_are_answered(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure(session, faults=[{"kind": "hang", "every": 2, "offset": 0}])
        with closing(send(stand_in, session)) as connection:
            logged(stand_in, session, 1)
            assert ask().status_code == 200
            connection.setblocking(False)
            with pytest.raises(BlockingIOError):
                connection.recv(1)
            hanging, _ = stand_in.requests(session)
        assert (hanging.fault, hanging.status, hanging.finished) == ("hang", None, None)

    def test_of_two_faults_the_first_listed_befalls(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        stand_in.configure(session, faults=[{"kind": "500", "every": 4}, {"kind": "429", "every": 2}])
        assert [ask().status_code for _ in range(4)] == [200, 429, 200, 500]

    def test_a_request_without_a_key_is_refused_before_any_fault(
        self, stand_in: StandIn, client: httpx.Client, session: str
    ) -> None:
        stand_in.configure(session, faults=[{"kind": "500", "every": 1}])
        response = client.post(
            stand_in.base_url(session) + "/v1/messages", content=message(), headers={"x-api-key": ""}
        )
        assert response.status_code == 401
        assert stand_in.requests(session)[0].fault is None


class TestControl:
    def test_ready(self, stand_in: StandIn, client: httpx.Client) -> None:
        response = client.get(f"http://127.0.0.1:{stand_in.port}/-/ready")
        assert (response.status_code, response.json()) == (200, {"ready": True, "version": 1})

    def test_usage_counts_provider_requests_and_cpu_time(
        self, stand_in: StandIn, client: httpx.Client, ask: Callable[..., httpx.Response]
    ) -> None:
        url = f"http://127.0.0.1:{stand_in.port}/-/usage"
        before, cpu = client.get(url).json(), stand_in.cpu_seconds()
        for _ in range(3):
            ask()
        after = client.get(url).json()
        assert after["requests"] - before["requests"] == 3
        assert before["cpu_seconds"] <= cpu < after["cpu_seconds"]

    @pytest.mark.parametrize(
        ("status", "method", "path", "line"),
        [
            (404, "GET", "/-/nothing", "no such control request"),
            (404, "GET", "/-", "no such control request"),
            (404, "GET", "/-/sessions/unused/log", "'unused'"),
            (400, "GET", "/-/sessions/used/log?since=-1", "since"),
            (400, "GET", "/-/sessions/used/log?since=", "since"),
            (400, "GET", "/-/sessions/used/log?since=1e3", "since"),
            (405, "POST", "/-/ready", "takes GET"),
            (405, "POST", "/-/usage", "takes GET"),
            (405, "GET", "/-/sessions/used", "takes PUT"),
            (405, "DELETE", "/-/sessions/used/log", "takes GET"),
            (404, "GET", "/", "/SESSION/"),
            (404, "POST", "/used", "/SESSION/"),
            (404, "POST", "/_bad/v1/messages", "starting with a letter or digit"),
            (404, "POST", "/a%20b/v1/messages", "starting with a letter or digit"),
            (404, "POST", f"/{'a' * 65}/v1/messages", "1 to 64"),
            (404, "POST", "//v1/messages", "1 to 64"),
        ],
    )
    def test_a_path_that_is_none_says_so(
        self, stand_in: StandIn, client: httpx.Client, status: int, method: str, path: str, line: str
    ) -> None:
        stand_in.configure("used")
        response = client.request(method, f"http://127.0.0.1:{stand_in.port}{path}")
        assert response.status_code == status
        assert list(response.json()) == ["error"]
        assert line in response.json()["error"]
        assert stand_in.requests("used") == ()

    @pytest.mark.parametrize("name", ["-", ".hidden", "a b", "a/b", "", "é", "a" * 65])
    def test_a_bad_name_is_refused(self, stand_in: StandIn, client: httpx.Client, name: str) -> None:
        with pytest.raises(StandInError, match="a session's name is"):
            stand_in.base_url(name)
        with pytest.raises(StandInError, match="a session's name is"):
            stand_in.configure(name)

    @pytest.mark.parametrize("name", ["-", ".hidden", "a%20b", "", "a" * 65])
    def test_a_bad_name_on_the_wire_is_refused(
        self, stand_in: StandIn, client: httpx.Client, name: str
    ) -> None:
        response = client.put(f"http://127.0.0.1:{stand_in.port}/-/sessions/{name}", json={})
        assert response.status_code in {400, 404}
        assert "\n" not in response.json()["error"]

    def test_a_bad_plan_is_refused_and_changes_nothing(
        self, stand_in: StandIn, ask: Callable[..., httpx.Response], session: str
    ) -> None:
        ask()
        with pytest.raises(StandInError, match=r"PUT /-/sessions/.*: profile 'sometimes' is not 'none'"):
            stand_in.configure(session, profile="sometimes")
        assert len(stand_in.requests(session)) == 1

    def test_the_longest_name_works(
        self, stand_in: StandIn, client: httpx.Client, ask: Callable[..., httpx.Response]
    ) -> None:
        name = "A1._-" * 12 + "zzzz"
        stand_in.configure(name)
        assert (
            client.post(stand_in.base_url(name) + "/v1/messages", content=message()).content == ask().content
        )
        assert len(stand_in.requests(name)) == 1
