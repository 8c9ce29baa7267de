"""The handle on a stand-in process: start it, tell it what to do, read its log, stop it."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import selectors
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Self, cast

from persona_asv.standin.names import NAME_RULE, is_name

HOST = "127.0.0.1"
START_SECONDS = 30.0
"""Deadline for a start: generous, because a loaded machine may need seconds to import Python's library."""
CONTROL_SECONDS = 30.0
STOP_SECONDS = 5.0

_ROOT = Path(__file__).resolve().parents[2]
"""Where this very package was imported from: the child runs there, so that it runs the same version."""


class StandInError(Exception):
    """The stand-in could not be started, is gone, or refused a request: one line that says which."""


@dataclass(frozen=True, slots=True)
class Request:
    """One provider request, as the stand-in logged it.

    Attributes
    ----------
    id
        1 for the session's first; on the wire its request id is ``req_<session>_<id>``.
    connection
        Number of its TCP connection: distinct numbers are distinct connections.
    received, finished
        ``time.perf_counter()`` seconds, comparable with this process's own (both read CLOCK_MONOTONIC on
        Linux): first byte there, last byte of the answer handed to the kernel, both without the server's
        run-queue delay. ``finished`` is None while unanswered, and for ever after a hang or a lost client.
    status
        HTTP status; None exactly when ``finished`` is.
    fault
        "429", "500", "hang", "truncated", "invalid" or None.
    personas
        Sound personas in the answer; 0 where it carries none.
    input_tokens, output_tokens
        Usage told to the client; 0 where the answer tells none.
    model_time_ms
        Simulated model time, milliseconds.
    retry_after_s
        Seconds the client was ordered to wait, or None.
    listing
        Whether it asked for the list of models, not a model.
    first_token, last_token
        Of a stream, like ``finished``: when its first and its last token had left; None of a whole answer.
    """

    id: int
    connection: int
    received: float
    finished: float | None
    status: int | None
    fault: str | None
    personas: int
    input_tokens: int
    output_tokens: int
    model_time_ms: float
    retry_after_s: float | None
    listing: bool = False
    first_token: float | None = None
    last_token: float | None = None


class StandIn:
    """A running stand-in. Use `start`, and the result as a context manager, or `stop` it.

    It dies with this process, however that ends: it watches the pipe that is its standard input. It runs in a
    process group of its own, so that Ctrl-C leaves it answering while its owner still reads the log.
    """

    def __init__(self, process: subprocess.Popen[bytes], stderr: IO[bytes], port: int) -> None:
        self._process = process
        self._stderr = stderr
        self.port = port

    @classmethod
    def start(cls, python: str = sys.executable, *, deadline: float = START_SECONDS) -> Self:
        """Start a stand-in under an interpreter and wait until it answers.

        Parameters
        ----------
        python
            An interpreter that has httptools. A relative path counts from here.
        deadline
            Seconds until the start counts as failed.

        Raises
        ------
        StandInError
            If the process cannot be started, ends, or does not answer in time.
        """
        is_bare_name = Path(python).name == python  # to be found on PATH
        program = python if is_bare_name else str(Path(python).absolute())
        stderr = tempfile.TemporaryFile()  # noqa: SIM115 - closed by stop()
        try:
            process = subprocess.Popen(
                [program, "-m", "persona_asv.standin"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=stderr,
                close_fds=True,
                cwd=_ROOT,
                process_group=0,
            )
        except OSError as error:
            stderr.close()
            raise StandInError(f"{python}: the stand-in cannot be started: {error.strerror}") from None
        stand_in = cls(process, stderr, port=0)
        try:
            stand_in.port = stand_in._announced_port(cast(IO[bytes], process.stdout), deadline)
            stand_in._ask("GET", "/-/ready")
        except BaseException:
            stand_in.stop()
            raise
        return stand_in

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_error: object) -> None:
        self.stop()

    @property
    def pid(self) -> int:
        """Return the process id."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether the process still runs."""
        return self._process.poll() is None

    def base_url(self, session: str) -> str:
        """Return the URL a client of this session takes for its provider; refuse a name that is none."""
        return f"http://{HOST}:{self.port}/{_named(session)}"

    def configure(
        self,
        session: str,
        profile: str = "none",
        seed: int = 0,
        faults: Sequence[Mapping[str, object]] = (),
    ) -> None:
        """Create a session or start it anew, with an empty log.

        Parameters
        ----------
        session
            1 to 64 letters, digits, ``.``, ``_`` or ``-``, starting with a letter or digit.
        profile
            Model time: ``none``, ``constant:MS``, ``lognormal:MEDIAN_MS:P99_MS``, ``stream:TTFT_MS:ITL_MS``.
        seed
            Of the lognormal draws: request i gets draw i, whatever else happens.
        faults
            Mappings with ``kind`` ("429", "500", "hang", "truncated", "invalid"), ``every``, and optionally
            ``offset`` (default ``every - 1``), ``limit`` and ``retry_after`` (seconds, 429 only). The request
            of index i (from 0) is faulty when ``i % every == offset``; of several faults the first counts.

        Raises
        ------
        StandInError
            If the plan is refused, naming the key, or the stand-in is gone.
        """
        plan = {"profile": profile, "seed": seed, "faults": [dict(fault) for fault in faults]}
        self._ask("PUT", f"/-/sessions/{_named(session)}", json.dumps(plan))

    def requests(self, session: str, since: int = 0) -> tuple[Request, ...]:
        """Return the session's requests with an id above ``since``, in order of arrival."""
        answer = self._ask("GET", f"/-/sessions/{_named(session)}/log?since={since}")
        return tuple(Request(**entry) for entry in answer["requests"])

    def cpu_seconds(self) -> float:
        """Return the CPU time the stand-in has used since it began, user and system."""
        return float(self._ask("GET", "/-/usage")["cpu_seconds"])

    def stop(self) -> None:
        """End the process and wait for it; a second call does nothing."""
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()
        try:
            self._process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._stderr.close()

    def _announced_port(self, stdout: IO[bytes], deadline: float) -> int:
        """Wait for the ready line and return its port."""
        until = time.monotonic() + deadline
        line = b""
        with selectors.DefaultSelector() as selector:
            selector.register(stdout, selectors.EVENT_READ)
            while not line.endswith(b"\n"):
                if not selector.select(max(0.0, until - time.monotonic())):
                    raise StandInError(
                        f"the stand-in did not answer within {deadline:g} s{self._complaint()}"
                    )
                chunk = os.read(stdout.fileno(), 4096)
                if not chunk:
                    raise StandInError(f"the stand-in ended before it answered{self._complaint()}")
                line += chunk
        try:
            return int(json.loads(line)["port"])
        except (ValueError, KeyError, TypeError):
            raise StandInError(f"the stand-in said {line!r}, not its port{self._complaint()}") from None

    def _complaint(self) -> str:
        """Return the last line the process wrote on standard error, ready to be appended."""
        self._stderr.seek(0)
        lines = self._stderr.read().decode("utf-8", "replace").strip().splitlines()
        return f": {lines[-1]}" if lines else ""

    def _ask(self, method: str, path: str, body: str | None = None) -> Any:
        """Send a control request and return its JSON answer."""
        connection = http.client.HTTPConnection(HOST, self.port, timeout=CONTROL_SECONDS)
        with contextlib.closing(connection):
            try:
                connection.request(method, path, body)
                response = connection.getresponse()
                answer = json.loads(response.read())
            except (OSError, http.client.HTTPException, ValueError) as error:
                raise StandInError(self._why_silent(error)) from None
        if response.status != 200:
            raise StandInError(f"the stand-in refused {method} {path}: {answer['error']}")
        return answer

    def _why_silent(self, error: Exception) -> str:
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(0.5)
        code = self._process.returncode
        if code is None:
            return f"the stand-in (process {self.pid}) does not answer: {error!r}"
        if self._stderr.closed:
            return "the stand-in has been stopped"
        return f"the stand-in (process {self.pid}) is gone, exit code {code}{self._complaint()}"


def _named(session: str) -> str:
    if not is_name(session):
        raise StandInError(f"{session!r}: {NAME_RULE}")
    return session
