"""The stand-in as an HTTP/1.1 server: what it does with bytes, good and bad."""

from __future__ import annotations

import contextlib
import http.client
import json
import socket
import struct
import threading
import time
from collections.abc import Iterator
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_asv.standin.arrival import Beginning
from persona_asv.standin.connection import converse
from persona_asv.standin.exchange import MAX_BODY, HttpRequest, Reply, plain_error
from persona_asv.standin.process import StandIn
from persona_asv.standin.reader import MAX_HEAD, RequestError, RequestReader
from persona_asv.standin.session import Entry

READY = b"GET /-/ready HTTP/1.1\r\nhost: x\r\n\r\n"
AT_ONCE = Beginning(0.0, 0.0)
KEYS = "x-api-key: k\r\nanthropic-version: 2023-06-01\r\n"


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as running:
        yield running


@pytest.fixture
def connection(stand_in: StandIn) -> Iterator[socket.socket]:
    with contextlib.closing(
        socket.create_connection(("127.0.0.1", stand_in.port), timeout=60)
    ) as open_connection:
        yield open_connection


def responses(connection: socket.socket, number: int = 1, method: str = "GET") -> list[tuple[int, bytes]]:
    """Read this many responses, one after the other."""
    found = []
    with connection.makefile("rb") as stream:
        for _ in range(number):
            status = int(stream.readline().split()[1])
            headers = http.client.parse_headers(stream)
            length = 0 if method == "HEAD" else int(headers["content-length"])
            found.append((status, stream.read(length)))
    return found


def post(session: str, count: int = 1, *, head: str = "") -> bytes:
    content = f"Generate exactly {count} personas"
    body = json.dumps(
        {"model": "m", "max_tokens": 9, "messages": [{"role": "user", "content": content}]}
    ).encode()
    start = (
        f"POST /{session}/v1/messages HTTP/1.1\r\nhost: x\r\n{KEYS}{head}content-length: {len(body)}\r\n\r\n"
    )
    return start.encode() + body


def tcp_pair() -> tuple[socket.socket, socket.socket]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        client = socket.create_connection(listener.getsockname(), timeout=60)
        server, _ = listener.accept()
    return client, server


def rest(connection: socket.socket) -> bytes:
    """Read until the server has hung up."""
    found = b""
    while chunk := connection.recv(65_536):
        found += chunk
    return found


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03", id="TLS"),
        pytest.param(b"hello\r\n\r\n", id="no method"),
        pytest.param(b"GET / HTTP/9.9\r\n\r\n", id="version"),
        pytest.param(b"GET / HTTP/1.1\r\nno colon\r\n\r\n", id="header"),
        pytest.param(b"POST / HTTP/1.1\r\ncontent-length: many\r\n\r\n", id="length"),
        pytest.param(b"POST / HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\n", id="two lengths"),
        pytest.param(
            b"GET /-/ready HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\r\n", id="upgrade"
        ),
        pytest.param(b"CONNECT example.org:443 HTTP/1.1\r\n\r\n", id="tunnel"),
    ],
)
def test_what_is_no_request_is_answered_400_and_closed(
    connection: socket.socket, request_bytes: bytes
) -> None:
    connection.sendall(request_bytes)
    head, _, body = rest(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 400 Bad Request\r\n")
    assert b"connection: close" in head
    assert b"\n" not in body
    assert list(json.loads(body)) == ["error"]


def test_endless_headers_are_answered_431_and_closed(connection: socket.socket) -> None:
    connection.sendall(b"GET /-/ready HTTP/1.1\r\nx-long: ")
    for _ in range(5):
        connection.sendall(b"a" * 65_536)
    assert rest(connection).startswith(b"HTTP/1.1 431 ")


@pytest.mark.parametrize("path", ["/large/v1/messages", "/-/sessions/large"])
def test_an_announced_oversize_body_is_answered_413_and_closed(
    stand_in: StandIn, connection: socket.socket, path: str
) -> None:
    connection.sendall(f"PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-length: {MAX_BODY + 1}\r\n\r\n".encode())
    chunk = b" " * 100_000
    for _ in range(MAX_BODY // len(chunk)):  # a client that sends first and reads later still gets its answer
        connection.sendall(chunk)
    head, _, body = rest(connection).partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 413 ")
    assert b"connection: close" in head
    assert str(MAX_BODY) in json.dumps(json.loads(body))


def test_an_oversize_body_in_chunks_is_answered_413_and_logged(
    stand_in: StandIn, connection: socket.socket
) -> None:
    connection.sendall(f"POST /chunky/v1/messages HTTP/1.1\r\n{KEYS}".encode())
    connection.sendall(b"transfer-encoding: chunked\r\n\r\n")
    chunk = b"186a0\r\n" + b" " * 100_000 + b"\r\n"
    for _ in range(MAX_BODY // 100_000 + 1):
        connection.sendall(chunk)
    body = rest(connection).partition(b"\r\n\r\n")[2]
    assert json.loads(body)["error"]["type"] == "request_too_large"
    assert [request.status for request in stand_in.requests("chunky")] == [413]


def test_the_largest_body_is_taken(stand_in: StandIn, connection: socket.socket) -> None:
    request = post("largest").split(b"\r\n\r\n")[1]
    body = request + b" " * (MAX_BODY - len(request))
    connection.sendall(f"POST /largest/v1/messages HTTP/1.1\r\n{KEYS}".encode())
    connection.sendall(f"content-length: {len(body)}\r\n\r\n".encode() + body)
    assert responses(connection)[0][0] == 200


def test_a_refused_client_that_never_leaves_is_cut_off(connection: socket.socket) -> None:
    connection.sendall(b"nonsense\r\n\r\n")
    rest(connection)
    deadline = time.monotonic() + 60
    with contextlib.suppress(ConnectionResetError, BrokenPipeError):
        while True:
            connection.sendall(b"more")
            assert time.monotonic() < deadline, "still not cut off"
            time.sleep(0.05)


def test_a_request_in_single_bytes_is_understood(connection: socket.socket) -> None:
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    for byte in post("bytewise"):
        connection.sendall(bytes([byte]))
    assert responses(connection)[0][0] == 200


def test_a_chunked_body_is_understood(connection: socket.socket) -> None:
    body = post("chunks").split(b"\r\n\r\n")[1]
    connection.sendall(f"POST /chunks/v1/messages HTTP/1.1\r\n{KEYS}".encode())
    connection.sendall(b"transfer-encoding: chunked\r\n\r\n")
    for byte in body:
        connection.sendall(b"1\r\n" + bytes([byte]) + b"\r\n")
    connection.sendall(b"0\r\n\r\n")
    assert responses(connection)[0][0] == 200


def test_a_client_that_asks_first_is_told_to_continue(connection: socket.socket) -> None:
    head, _, body = post("careful", head="expect: 100-continue\r\n").partition(b"\r\n\r\n")
    connection.sendall(head + b"\r\n\r\n")
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    assert connection.recv(len(go_on), socket.MSG_WAITALL) == go_on
    connection.sendall(body)
    assert responses(connection)[0][0] == 200


def test_a_client_that_does_not_wait_is_not_told_to_continue(connection: socket.socket) -> None:
    connection.sendall(post("hasty", head="expect: 100-continue\r\n"))
    assert responses(connection)[0][0] == 200


def test_requests_sent_ahead_are_answered_in_turn(stand_in: StandIn, connection: socket.socket) -> None:
    stand_in.configure("ahead", profile="lognormal:3:9", seed=1)
    connection.sendall(b"".join(post("ahead", number) for number in (3, 1, 2)) + READY)
    found = responses(connection, 4)
    counts = [len(json.loads(json.loads(body)["content"][0]["text"])["personas"]) for _, body in found[:3]]
    assert [status for status, _ in found] == [200] * 4
    assert counts == [3, 1, 2]
    assert json.loads(found[3][1])["ready"] is True


def test_head_gets_the_headers_alone(connection: socket.socket) -> None:
    connection.sendall(READY.replace(b"GET", b"HEAD"))
    assert responses(connection, method="HEAD") == [(405, b"")]
    connection.sendall(READY)
    assert responses(connection)[0][0] == 200


@pytest.mark.parametrize(
    "request_bytes",
    [
        pytest.param(READY.replace(b"host", b"connection: close\r\nhost"), id="asked to close"),
        pytest.param(READY.replace(b"HTTP/1.1", b"HTTP/1.0"), id="HTTP/1.0"),
    ],
)
def test_a_connection_not_to_be_kept_is_closed_after_the_answer(
    connection: socket.socket, request_bytes: bytes
) -> None:
    connection.sendall(request_bytes + READY)
    head, _, body = rest(connection).partition(b"\r\n\r\n")
    assert b"connection: close" in head
    assert json.loads(body)["ready"] is True


def test_an_absolute_target_is_understood(connection: socket.socket) -> None:
    connection.sendall(READY.replace(b"/-/ready", b"http://127.0.0.1/-/ready"))
    assert responses(connection)[0][0] == 200


def test_a_target_without_a_path_is_not_found(connection: socket.socket) -> None:
    connection.sendall(READY.replace(b"GET /-/ready", b"OPTIONS *"))
    assert responses(connection)[0][0] == 404


def test_an_answer_is_finished_only_when_the_kernel_has_all_of_it(
    stand_in: StandIn, connection: socket.socket
) -> None:
    number = 200
    stand_in.configure("slow-reader")
    connection.sendall(
        post("slow-reader", 100) * number
    )  # about 22 MB of answers: no socket buffer holds them
    deadline = time.monotonic() + 60
    while not (stuck := [each for each in stand_in.requests("slow-reader") if each.finished is None]):
        assert time.monotonic() < deadline, "nothing got stuck"
        time.sleep(0.01)
    assert stuck[0].status is None
    found = responses(connection, number)
    assert {status for status, _ in found} == {200}
    finished = [each.finished or 0 for each in stand_in.requests("slow-reader")]
    assert 0 not in finished
    assert finished == sorted(finished)
    assert finished[stuck[0].id - 1] > finished[stuck[0].id - 2]


def test_a_reader_that_leaves_while_the_answer_drains_leaves_it_unfinished(stand_in: StandIn) -> None:
    stand_in.configure("leaver")
    with contextlib.closing(socket.create_connection(("127.0.0.1", stand_in.port), timeout=60)) as connection:
        connection.sendall(post("leaver", 100) * 200)
        deadline = time.monotonic() + 60
        while not (stuck := [each for each in stand_in.requests("leaver") if each.finished is None]):
            assert time.monotonic() < deadline, "nothing got stuck"
            time.sleep(0.01)
    stand_in.configure("other")
    assert stand_in.requests("leaver", since=stuck[0].id - 1)[0].finished is None


def test_an_answer_that_could_not_be_written_stays_unfinished() -> None:
    entry = Entry(1, 1, 0.0)
    client, server = tcp_pair()

    def leave_first(_request: HttpRequest, _number: int) -> Reply:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))  # reset, not just end
        client.close()
        return Reply(plain_error(500, "whatever"), entry=entry)

    client.sendall(READY)
    converse(server, 1, leave_first, AT_ONCE)
    assert (entry.finished, entry.status) == (None, None)
    assert server.fileno() == -1


def test_what_was_sent_before_anybody_listened_is_answered() -> None:
    entry = Entry(1, 1, 0.0)
    client, server = tcp_pair()
    with client:
        client.sendall(READY)
        client.shutdown(socket.SHUT_WR)
        began = time.perf_counter()
        converse(server, 1, lambda _request, _number: Reply(plain_error(500, "x"), entry=entry), AT_ONCE)
        assert client.recv(4096).startswith(b"HTTP/1.1 500 ")
    assert entry.finished is not None
    assert began <= entry.finished <= time.perf_counter()


def test_an_answer_that_somebody_has_is_finished_in_the_log() -> None:
    """The log waits for the moment of an answer that is just leaving."""
    entry = Entry(1, 1, 0.0)
    documents: list[dict[str, object]] = []
    reader = threading.Thread(target=lambda: documents.append(entry.as_document()))
    with entry.leaving:
        reader.start()
        entry.finished, entry.status = 2.0, 200
    reader.join()
    assert [(each["finished"], each["status"]) for each in documents] == [(2.0, 200)]


@pytest.mark.parametrize("body_apart", [False, True], ids=["in one piece", "body apart"])
def test_a_request_said_again_is_answered_again(
    stand_in: StandIn, connection: socket.socket, *, body_apart: bool
) -> None:
    session = f"again-{body_apart}"
    stand_in.configure(session)
    connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    head, end, body = post(session, 2).partition(b"\r\n\r\n")
    answers = []
    for text in (body, body, body, body.replace(b"2", b"3"), body):
        parts = (head + end, text) if body_apart else (head + end + text,)
        for part in parts:
            connection.sendall(part)
        answers.append(json.loads(responses(connection)[0][1]))
    assert answers[0] == answers[1] == answers[2] == answers[4]
    assert [len(json.loads(each["content"][0]["text"])["personas"]) for each in answers] == [2, 2, 2, 3, 2]
    assert [(each.id, each.personas) for each in stand_in.requests(session)] == [
        (1, 2),
        (2, 2),
        (3, 2),
        (4, 3),
        (5, 2),
    ]


def test_a_client_that_asks_first_each_time_is_told_each_time(connection: socket.socket) -> None:
    head, _, body = post("ever-careful", head="expect: 100-continue\r\n").partition(b"\r\n\r\n")
    go_on = b"HTTP/1.1 100 Continue\r\n\r\n"
    for _ in range(3):
        connection.sendall(head + b"\r\n\r\n")
        assert connection.recv(len(go_on), socket.MSG_WAITALL) == go_on
        connection.sendall(body)
        assert responses(connection)[0][0] == 200


def test_many_clients_at_once_are_told_apart(stand_in: StandIn) -> None:
    clients, requests = 60, 5
    stand_in.configure("crowd", profile="constant:20")
    with contextlib.ExitStack() as stack:
        connections = [
            stack.enter_context(socket.create_connection(("127.0.0.1", stand_in.port), timeout=60))
            for _ in range(clients)
        ]
        for _ in range(requests):
            for each in connections:
                each.sendall(post("crowd"))
            assert {responses(each)[0][0] for each in connections} == {200}
    log = stand_in.requests("crowd")
    assert [each.id for each in log] == list(range(1, clients * requests + 1))
    assert len({each.connection for each in log}) == clients
    assert all(each.finished is not None and each.personas == 1 for each in log)


class TestReader:
    def test_a_request_was_received_with_its_first_bytes(self) -> None:
        reader = RequestReader()
        message = post("s")
        assert reader.feed(1.0, message[:5]) == []
        assert reader.feed(2.0, message[5:40]) == []
        (request,) = reader.feed(3.0, message[40:])
        assert request.received == 1.0
        assert (request.method, request.path, request.keep_alive) == ("POST", "/s/v1/messages", True)
        (following,) = reader.feed(4.0, READY)
        assert (following.received, following.path, following.query) == (4.0, "/-/ready", "")

    @given(cuts=st.sets(st.integers(1, len(post("cut")) - 1), max_size=5))
    def test_a_request_may_be_cut_anywhere(self, cuts: set[int]) -> None:
        message, reader = post("cut"), RequestReader()
        edges = [0, *sorted(cuts), len(message)]
        found = [reader.feed(0.0, message[start:end]) for start, end in pairwise(edges)]
        assert found[:-1] == [[]] * len(cuts)
        assert found[-1] == RequestReader().feed(0.0, message)

    @given(
        chunks=st.lists(st.binary(max_size=50), max_size=5), start=st.sampled_from([b"", READY, b"POST / "])
    )
    def test_no_bytes_do_worse_than_being_refused(self, chunks: list[bytes], start: bytes) -> None:
        reader = RequestReader()
        with contextlib.suppress(RequestError):
            for chunk in (start, *chunks):
                for request in reader.feed(0.0, chunk):
                    assert request.path.startswith("/")

    def test_a_request_said_again_is_the_same_object_received_anew(self) -> None:
        reader, message = RequestReader(), post("s")
        (first,) = reader.feed(1.0, message)
        (again,) = reader.feed(2.0, message)
        assert again is first
        assert again.received == 2.0
        (other,) = reader.feed(3.0, post("t"))
        assert (other.path, other.received) == ("/t/v1/messages", 3.0)

    def test_a_head_that_came_alone_is_known_again(self) -> None:
        reader = RequestReader()
        head, end, body = post("s").partition(b"\r\n\r\n")
        assert reader.last_head == b""
        reader.feed(1.0, head + end)
        assert reader.last_head == head + end
        reader.feed(1.0, body)
        assert reader.last_head == head + end

    @pytest.mark.parametrize(
        "chunk",
        [
            pytest.param(READY, id="a whole request"),
            pytest.param(READY[:9], id="a part of a head"),
            pytest.param(b"\r\n", id="an empty line"),
            pytest.param(READY + post("s").partition(b"{")[0], id="a request before it"),
            pytest.param(post("s")[:-5], id="a part of the body too"),
            pytest.param(post("s", head="expect: 100-continue\r\n").partition(b"{")[0], id="one that waits"),
        ],
    )
    def test_nothing_else_is_taken_for_a_head_that_came_alone(self, chunk: bytes) -> None:
        reader = RequestReader()
        reader.feed(1.0, chunk)
        assert reader.last_head == b""

    @given(
        messages=st.lists(st.sampled_from([post("a"), post("b", 2), READY]), max_size=6),
        cuts=st.sets(st.integers(0, 1200), max_size=6),
    )
    def test_repetitions_are_read_as_anything_else(self, messages: list[bytes], cuts: set[int]) -> None:
        stream, reader = b"".join(messages), RequestReader()
        edges = sorted({0, len(stream)} | {cut for cut in cuts if cut < len(stream)})
        found = [
            (each.path, each.body)
            for start, end in pairwise(edges)
            for each in reader.feed(0.0, stream[start:end])
        ]
        assert found == [
            (each.path, each.body) for one in messages for each in RequestReader().feed(0.0, one)
        ]

    def test_neither_key_nor_query_is_shown(self) -> None:
        (request,) = RequestReader().feed(
            0.0, READY.replace(b"/ready", b"/ready?key=secret").replace(b"x", b"secret")
        )
        assert request.query == "key=secret"
        assert request.headers == {"host": "secret"}
        assert "secret" not in repr(request)

    def test_nothing_is_read_after_an_oversize_request(self) -> None:
        start = b"POST / HTTP/1.1\r\ntransfer-encoding: chunked\r\n\r\n"
        body = b"%x\r\n" % (MAX_BODY + 1) + b" " * (MAX_BODY + 1) + b"\r\n0\r\n\r\n"
        reader = RequestReader()
        requests = reader.feed(0.0, start + body + READY)
        assert reader.feed(0.0, READY) == []
        assert [(request.oversize, request.body, request.keep_alive) for request in requests] == [
            (True, b"", False)
        ]

    def test_headers_count_from_each_request_anew(self) -> None:
        reader = RequestReader()
        long_head = b"GET / HTTP/1.1\r\nx: " + b"a" * (MAX_HEAD - 100)
        for _ in range(2):
            assert reader.feed(0.0, long_head) == []
            assert len(reader.feed(0.0, b"\r\n\r\n")) == 1
        reader.feed(0.0, long_head)
        with pytest.raises(RequestError, match=str(MAX_HEAD)):
            reader.feed(0.0, b"a" * 200)
