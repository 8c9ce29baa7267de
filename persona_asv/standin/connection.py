"""One TCP connection, in a thread of its own: requests are answered in turn, and their stamps taken."""

from __future__ import annotations

import contextlib
import select
import socket
import time
from collections.abc import Callable

from persona_asv.standin.arrival import Beginning, RunQueue, Stamps
from persona_asv.standin.exchange import HttpAnswer, HttpRequest, Reply, plain_error
from persona_asv.standin.reader import RequestError, RequestReader
from persona_asv.standin.session import Entry

LINGER = 2.0
"""Seconds a client may go on sending after its last answer before the connection is cut: closing a socket
with unread bytes resets the connection, which could destroy the answer on its way."""

_CHUNK = 65_536
_LEFT = getattr(select, "POLLRDHUP", select.POLLHUP)
"""The event of a client that sends no more: Linux reports it even while bytes of it are unread."""

Respond = Callable[[HttpRequest, int], Reply]


def converse(client: socket.socket, number: int, respond: Respond, beginning: Beginning) -> None:
    """Answer a client until it leaves or is told to; call it in a thread of its own.

    Parameters
    ----------
    client
        The connection's blocking socket; it is closed at the end.
    number
        The connection's number in the log.
    respond
        Decides; called with the request and ``number``.
    beginning
        When the connection was made.
    """
    with client, RunQueue() as queue, contextlib.suppress(OSError):  # the client may be gone at any time
        Connection(client, number, respond, Stamps(queue, beginning)).serve()


class Connection:
    """Reads requests, asks what to say, says it when it is due. Parameters as for `converse`."""

    def __init__(self, client: socket.socket, number: int, respond: Respond, stamps: Stamps) -> None:
        self._client = client
        self._number = number
        self._respond = respond
        self._stamps = stamps
        self._reader = RequestReader()

    def serve(self) -> None:
        """Answer until the connection is of no more use.

        Raises
        ------
        OSError
            If the client is gone while it is being answered.
        """
        client, reader, stamps = self._client, self._reader, self._stamps
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        try:
            chunk = self._first_chunk()
            while chunk:
                if reader.in_request:
                    arrival = time.perf_counter()
                else:
                    arrival = stamps.received()
                    if chunk == reader.last_head:  # many clients send the body apart: one more wake-up
                        chunk += client.recv(_CHUNK)
                for request in reader.feed(arrival, chunk):
                    if not self._answer(request):
                        return
                if reader.take_continue():
                    client.sendall(b"HTTP/1.1 100 Continue\r\n\r\n")
                chunk = client.recv(_CHUNK)
        except RequestError as error:
            client.sendall(plain_error(error.status, str(error)).encode(keep_alive=False))
            self._hang_up()

    def _first_chunk(self) -> bytes:
        """Receive what came while this thread was being started, or wait for it."""
        try:
            return self._client.recv(_CHUNK, socket.MSG_DONTWAIT)
        except BlockingIOError:
            self._stamps.look()
            return self._client.recv(_CHUNK)

    def _answer(self, request: HttpRequest) -> bool:
        """Answer when it is due; tell whether the connection is to be kept."""
        reply = self._respond(request, self._number)
        answer, begun = reply.answer, time.monotonic()
        if answer is None:
            self._leaves_within(None)
            return False
        messages = _messages(answer, request, apart=reply.gap > 0)
        for number, message in enumerate(messages):
            wait = reply.wait + number * reply.gap
            if wait > 0 and self._leaves_within(begun + wait - time.monotonic()):
                return False
            self._send(message, reply.entry, answer, last=number == len(messages) - 1)
        if not request.keep_alive:
            self._hang_up()
        return request.keep_alive

    def _leaves_within(self, seconds: float | None) -> bool:
        """Let the time pass, unless the client leaves first; None waits for that alone."""
        watch = select.poll()
        watch.register(self._client, _LEFT)
        if seconds is None:
            return bool(watch.poll())
        due = time.monotonic() + seconds
        if watch.poll(max(0, int(seconds * 1000))):
            return True
        time.sleep(max(0.0, due - time.monotonic()))  # poll counts whole milliseconds
        return False

    def _send(self, message: bytes, entry: Entry | None, answer: HttpAnswer, *, last: bool) -> None:
        """Send an answer or a part of it, and note in its entry when that had left."""
        if entry is None:
            self._client.sendall(message)
            self._stamps.look()
            return
        while True:
            with entry.leaving:
                self._stamps.before_send()
                try:
                    sent = self._client.send(message, socket.MSG_DONTWAIT)
                except BlockingIOError:
                    sent = 0
                if sent == len(message):
                    _note(entry, answer, self._stamps.sent(), last=last)
                    return
            message = message[sent:]
            room = select.poll()
            room.register(self._client, select.POLLOUT)
            room.poll()

    def _hang_up(self) -> None:
        """End our half of the stream, then listen without hearing until the client is done, or `LINGER`."""
        self._client.shutdown(socket.SHUT_WR)
        end = time.monotonic() + LINGER
        while (left := end - time.monotonic()) > 0:
            self._client.settimeout(left)
            if not self._client.recv(_CHUNK):
                return


def _messages(answer: HttpAnswer, request: HttpRequest, *, apart: bool) -> list[bytes]:
    """Return what is sent, each when it is due: a whole answer at once, a stream that pauses in its parts."""
    if not answer.parts:
        without_body = request.method == "HEAD"
        return [answer.encode(keep_alive=request.keep_alive, without_body=without_body)]
    parts = answer.encode_parts(keep_alive=request.keep_alive)
    return parts if apart else [b"".join(parts)]


def _note(entry: Entry, answer: HttpAnswer, moment: float, *, last: bool) -> None:
    """Note that an answer, or a part of it, had left at a moment."""
    if answer.parts:
        entry.first_token = moment if entry.first_token is None else entry.first_token
        entry.last_token = moment
    if last:
        entry.finished = moment
        entry.status = answer.status
