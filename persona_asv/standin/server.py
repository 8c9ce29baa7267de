"""The server: who answers which path, and the socket it listens on."""

from __future__ import annotations

import itertools
import socket
import threading
import time
from collections.abc import Callable

from persona_asv.standin.arrival import Beginning, RunQueue
from persona_asv.standin.connection import converse
from persona_asv.standin.control import Control
from persona_asv.standin.exchange import HttpRequest, Reply, plain_error
from persona_asv.standin.names import NAME_RULE, is_name
from persona_asv.standin.plan import Plan
from persona_asv.standin.provider import Provider
from persona_asv.standin.session import Sessions

HOST = "127.0.0.1"
BACKLOG = 512
RETRY_SECONDS = 0.05
"""Pause after an accept that failed: file descriptors come back as clients leave."""


class Router:
    """Sends ``/-/…`` to control and ``/{session}/…`` to the provider.

    One request is decided at a time: nothing behind this door need think of threads. Only waiting and sending
    happen outside.
    """

    def __init__(self) -> None:
        self._one_at_a_time = threading.Lock()
        self._sessions = Sessions()
        self._provider = Provider()
        self._control = Control(self._sessions, self._provider)

    def reply(self, request: HttpRequest, connection: int) -> Reply:
        """Return the reply to a request that came in on the connection of this number."""
        with self._one_at_a_time:
            return self._reply(request, connection)

    def _reply(self, request: HttpRequest, connection: int) -> Reply:
        first, slash, rest = request.path[1:].partition("/")
        if first == "-":
            return Reply(self._control.answer(rest, request))
        session = self._sessions.get(first) if slash else None
        if session is None:
            if not slash or not is_name(first):
                line = f"/{first[:64]}: no such path; requests go to /SESSION/…, and {NAME_RULE}"
                return Reply(plain_error(404, line))
            session = self._sessions.reset(first, Plan())
        return self._provider.reply(session, slash + rest, request, connection)


def serve(port: int, announce: Callable[[int], None]) -> None:
    """Serve on the loopback interface until the process ends.

    Parameters
    ----------
    port
        0 for any free port.
    announce
        Called once with the port, when connections are accepted.

    Raises
    ------
    OSError
        If the port cannot be had.
    """
    router = Router()
    with socket.create_server((HOST, port), backlog=BACKLOG) as listener, RunQueue() as queue:
        announce(listener.getsockname()[1])
        for number in itertools.count(1):
            client, beginning = _accept(listener, queue)
            threading.Thread(
                target=converse, args=(client, number, router.reply, beginning), daemon=True
            ).start()


def _accept(listener: socket.socket, queue: RunQueue) -> tuple[socket.socket, Beginning]:
    """Wait for the next client, also where none can be had for a while for want of file descriptors."""
    while True:
        waited = queue.waited()
        try:
            client, _ = listener.accept()
        except OSError:
            time.sleep(RETRY_SECONDS)
            continue
        delay = queue.waited() - waited
        return client, Beginning(time.perf_counter() - delay, delay)
