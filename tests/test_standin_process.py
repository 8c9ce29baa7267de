"""The stand-in as a process: it announces itself, serves loopback only, and never outlives its owner."""

from __future__ import annotations

import json
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, suppress
from pathlib import Path

import psutil
import pytest

from persona_asv.standin.process import StandIn, StandInError

Launch = Callable[..., "subprocess.Popen[bytes]"]


@pytest.fixture
def launch() -> Iterator[Launch]:
    with ExitStack() as stack:

        def start(*arguments: str, stdin: int = subprocess.PIPE) -> subprocess.Popen[bytes]:
            process = subprocess.Popen(
                [sys.executable, "-m", "persona_asv.standin", *arguments],
                stdin=stdin,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
            stack.enter_context(process)
            stack.callback(process.kill)
            return process

        yield start


def announced_port(process: subprocess.Popen[bytes]) -> int:
    assert process.stdout is not None
    ready = json.loads(process.stdout.readline())
    assert set(ready) == {"port", "pid"}
    assert ready["pid"] == process.pid
    port: int = ready["port"]
    return port


def hanging_request(stand_in_port: int, session: str) -> socket.socket:
    connection = socket.create_connection(("127.0.0.1", stand_in_port), timeout=60)
    plan = b'{"faults": [{"kind": "hang", "every": 1}]}'
    connection.sendall(
        f"PUT /-/sessions/{session} HTTP/1.1\r\ncontent-length: {len(plan)}\r\n\r\n".encode() + plan
    )
    assert b" 200 " in connection.recv(4096)
    connection.sendall(
        f"POST /{session}/v1/messages HTTP/1.1\r\nx-api-key: k\r\nanthropic-version: v\r\n"
        "content-length: 2\r\n\r\n{}".encode()
    )
    return connection


def wait_until_hung_up(connection: socket.socket) -> None:
    """Wait for the end of a connection whose peer said nothing more."""
    with suppress(ConnectionResetError):
        assert connection.recv(1) == b""


def is_running(pid: int) -> bool:
    try:
        return psutil.Process(pid).status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


class TestEnd:
    def test_the_end_of_its_input_ends_it_while_a_request_hangs(self, launch: Launch) -> None:
        process = launch()
        assert process.stdin is not None
        assert process.stdout is not None
        with closing(hanging_request(announced_port(process), "s")) as connection:
            process.stdin.write(b"input as such means nothing\n")
            process.stdin.close()
            wait_until_hung_up(connection)
        assert process.wait(10) == 0
        assert process.stdout.read() == b""

    @pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
    def test_a_signal_ends_it_while_a_request_hangs(self, launch: Launch, number: signal.Signals) -> None:
        process = launch()
        with closing(hanging_request(announced_port(process), "s")) as connection:
            process.send_signal(number)
            wait_until_hung_up(connection)
        assert process.wait(10) == 0

    def test_its_parents_sudden_death_ends_it(self, record_property: Callable[[str, object], None]) -> None:
        source = (
            "import time; from persona_asv.standin.process import StandIn; running = StandIn.start();"
            "print(running.pid, running.port, flush=True); time.sleep(600)"
        )
        with subprocess.Popen([sys.executable, "-c", source], stdout=subprocess.PIPE) as parent:
            assert parent.stdout is not None
            pid, port = map(int, parent.stdout.readline().split())
            with closing(hanging_request(port, "s")) as connection:
                assert is_running(pid)
                parent.kill()
                killed = time.monotonic()
                while is_running(pid):
                    assert time.monotonic() < killed + 10, "the stand-in outlived its parent"
                    time.sleep(0.005)
                record_property("seconds_to_die", time.monotonic() - killed)
                wait_until_hung_up(connection)

    def test_an_input_that_is_empty_from_the_start_ends_it(self, launch: Launch) -> None:
        assert launch(stdin=subprocess.DEVNULL).wait(60) == 0

    def test_it_runs_on_when_told_to_keep(self, launch: Launch) -> None:
        process = launch("--keep", stdin=subprocess.DEVNULL)
        port = announced_port(process)
        with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
            connection.sendall(b"GET /-/ready HTTP/1.1\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
        process.terminate()
        assert process.wait(10) == 0


class TestStart:
    def test_it_listens_on_loopback_only(self, launch: Launch) -> None:
        process = launch()
        port = announced_port(process)
        listening = [
            each.laddr
            for each in psutil.Process(process.pid).net_connections("inet")
            if each.status == psutil.CONN_LISTEN
        ]
        assert listening == [("127.0.0.1", port)]

    def test_a_given_port_is_taken(self, launch: Launch) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            free = server.getsockname()[1]
        assert announced_port(launch("--port", str(free))) == free

    def test_a_port_in_use_is_one_line(self, launch: Launch) -> None:
        with closing(socket.create_server(("127.0.0.1", 0))) as server:
            port = server.getsockname()[1]
            process = launch("--port", str(port))
            assert process.wait(60) == 3
        assert process.stdout is not None
        assert process.stderr is not None
        assert process.stdout.read() == b""
        (line,) = process.stderr.read().decode().splitlines()
        assert line.startswith(f"persona_asv.standin: --port {port}: ")

    @pytest.mark.parametrize("arguments", [("--port", "65536"), ("--port", "-1"), ("--host", "127.0.0.1")])
    def test_bad_usage_is_one_line_and_code_3(self, launch: Launch, arguments: tuple[str, str]) -> None:
        process = launch(*arguments)
        out, err = process.communicate(timeout=60)
        assert (process.returncode, out, err.count(b"\n")) == (3, b"", 1)
        assert arguments[0] in err.decode()

    def test_a_closed_input_cannot_be_watched(self) -> None:
        command = ["sh", "-c", 'exec "$0" -m persona_asv.standin <&-', sys.executable]
        done = subprocess.run(command, capture_output=True, timeout=60, check=False)
        assert (done.returncode, done.stdout) == (3, b"")
        assert "--keep" in done.stderr.decode()


class TestScarcity:
    def test_clients_it_has_no_room_for_wait_until_others_leave(self, launch: Launch) -> None:
        process = launch()
        port = announced_port(process)
        resource.prlimit(process.pid, resource.RLIMIT_NOFILE, (24, 24))
        with ExitStack() as stack:
            for _ in range(40):
                connection = socket.create_connection(("127.0.0.1", port), timeout=60)
                stack.enter_context(closing(connection))
                connection.sendall(b"GET /-/ready HTTP/1.1\r\n\r\n")
            deadline = time.monotonic() + 60
            while psutil.Process(process.pid).num_fds() < 24:
                assert time.monotonic() < deadline, "there was room for all"
                time.sleep(0.01)
        with closing(socket.create_connection(("127.0.0.1", port), timeout=60)) as connection:
            connection.sendall(b"GET /-/ready HTTP/1.1\r\n\r\n")
            assert connection.recv(4096).startswith(b"HTTP/1.1 200 OK\r\n")
        process.terminate()
        assert process.wait(10) == 0


class TestHandle:
    def test_stopping_ends_the_process_and_may_be_repeated(self) -> None:
        stand_in = StandIn.start()
        assert is_running(stand_in.pid)
        with closing(hanging_request(stand_in.port, "s")):
            stand_in.stop()
        assert not is_running(stand_in.pid)
        stand_in.stop()
        with pytest.raises(StandInError, match="has been stopped"):
            stand_in.cpu_seconds()

    def test_leaving_the_block_stops_it_on_errors_too(self) -> None:
        with pytest.raises(ZeroDivisionError), StandIn.start() as stand_in:
            raise ZeroDivisionError
        assert not is_running(stand_in.pid)

    def test_one_that_ignores_the_end_of_its_input_is_killed(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("persona_asv.standin.process.STOP_SECONDS", 0.05)
        python = script(tmp_path, f'exec "{sys.executable}" "$@" --keep')
        with StandIn.start(python) as stand_in:
            assert stand_in.cpu_seconds() > 0
        assert not is_running(stand_in.pid)

    def test_a_dead_one_is_named(self) -> None:
        with StandIn.start() as stand_in:
            os.kill(stand_in.pid, signal.SIGKILL)
            with pytest.raises(StandInError, match=rf"process {stand_in.pid}\) is gone, exit code -9"):
                stand_in.requests("s")

    def test_a_stuck_one_is_named(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr("persona_asv.standin.process.CONTROL_SECONDS", 0.2)
        with StandIn.start() as stand_in:
            os.kill(stand_in.pid, signal.SIGSTOP)
            with pytest.raises(StandInError, match=r"does not answer: TimeoutError"):
                stand_in.requests("s")
            os.kill(stand_in.pid, signal.SIGCONT)

    def test_an_interpreter_is_found_on_the_path_or_from_here(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        script(tmp_path, f'exec "{sys.executable}" "$@"')
        monkeypatch.chdir(tmp_path)
        with StandIn.start("./python") as stand_in:
            assert stand_in.cpu_seconds() > 0
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        with StandIn.start("python") as stand_in:
            assert stand_in.cpu_seconds() > 0

    def test_a_missing_interpreter_is_named(self, tmp_path: Path) -> None:
        with pytest.raises(StandInError, match="no-python: the stand-in cannot be started: No such file"):
            StandIn.start(str(tmp_path / "no-python"))

    @pytest.mark.parametrize(
        ("line", "source"),
        [
            pytest.param("ended before it answered: No module", "echo 'No module' >&2; exit 1", id="ends"),
            pytest.param("ended before it answered$", "exit 0", id="ends in silence"),
            pytest.param(r"said b'hello\\n', not its port", "echo hello; read line", id="says nonsense"),
            pytest.param("not its port", "echo '[1]'; read line", id="says something else"),
            pytest.param("did not answer within 0.2 s: slow", "echo slow >&2; read line", id="says nothing"),
            pytest.param("is gone|does not answer", "echo '{\"port\": 1}'; exit 7", id="lies"),
        ],
    )
    def test_a_failed_start_says_why(self, tmp_path: Path, line: str, source: str) -> None:
        deadline = 0.2 if "within" in line else 60
        with pytest.raises(StandInError, match=line) as caught:
            StandIn.start(script(tmp_path, source), deadline=deadline)
        assert "\n" not in str(caught.value)


def script(folder: Path, source: str) -> str:
    """Write a program that is started in place of an interpreter."""
    path = folder / "python"
    path.write_text(f"#!/bin/sh\n{source}\n")
    path.chmod(0o755)
    return str(path)
