"""What the supervisor promises: the command's exit code, and no descendant left however it ends."""

from __future__ import annotations

import ctypes
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psutil
import pytest
from conftest import ROOT, environment
from processes import DETACHED, ENDING, HANGING, daemon, is_gone, marked, new_mark, python, until, until_gone

from persona_asv.engine import supervisor

LINUX = sys.platform.startswith("linux")


@contextmanager
def supervised(*command: str, cwd: Path, mark: dict[str, str]) -> Iterator[subprocess.Popen[bytes]]:
    """Start a supervisor and its command; by import, for the sake of coverage (`Job` starts the script)."""
    start = "import sys; from persona_asv.engine import supervisor; sys.exit(supervisor.main(sys.argv[1:]))"
    process = subprocess.Popen(
        [*python(start), *command],
        stdin=subprocess.PIPE,
        cwd=cwd,
        env=environment(**mark, PYTHONPATH=str(ROOT)),
        start_new_session=True,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()
        assert process.stdin is not None
        process.stdin.close()
        for left in marked(mark):
            left.kill()


class TestExitCode:
    @pytest.mark.parametrize(
        ("expected", "code"),
        [
            pytest.param(0, "", id="success"),
            pytest.param(3, "raise SystemExit(3)", id="failure"),
            pytest.param(128 + 9, "import os; os.kill(os.getpid(), 9)", id="killed"),
            pytest.param(128 + 15, "import os; os.kill(os.getpid(), 15)", id="terminated"),
            pytest.param(128 + 6, "import os; os.abort()", id="aborted"),
        ],
    )
    def test_is_the_commands_own_or_128_plus_its_signal(
        self, expected: int, code: str, tmp_path: Path
    ) -> None:
        with supervised(*python(code), cwd=tmp_path, mark=new_mark()) as process:
            assert process.wait(30) == expected

    def test_of_a_command_that_does_not_exist_is_a_failure(self, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-I", "-S", supervisor.__file__, "--", str(tmp_path / "nowhere")],
            stdin=subprocess.PIPE,
            capture_output=True,
            text=True,
            timeout=30,
            check=False,
        )
        assert done.returncode not in (0, supervisor.KILLED)
        assert "No such file or directory" in done.stderr


class TestNothingSurvives:
    def test_the_commands_normal_end(self, tmp_path: Path) -> None:
        mark = new_mark()
        with supervised(*python(ENDING), cwd=tmp_path, mark=mark) as process:
            assert process.wait(30) == 7
            assert marked(mark) == []
        assert (tmp_path / "daemon").exists()

    @pytest.mark.parametrize("end", ["leash", "SIGTERM"])
    def test_the_end_of_its_owner(self, end: str, tmp_path: Path) -> None:
        mark = new_mark()
        with supervised(*python(HANGING), cwd=tmp_path, mark=mark) as process:
            detached = daemon(tmp_path)
            until(lambda: len(marked(mark)) == 3)  # supervisor, command, daemon
            if end == "leash":
                assert process.stdin is not None
                process.stdin.close()
            else:
                process.terminate()
            assert process.wait(30) == supervisor.KILLED
            assert is_gone(detached)
            assert marked(mark) == []

    def test_a_command_that_ignores_every_signal_it_can(self, tmp_path: Path) -> None:
        deaf = "import signal\nfor n in (1, 2, 3, 15): signal.signal(n, signal.SIG_IGN)\n" + HANGING
        mark = new_mark()
        with supervised(*python(deaf), cwd=tmp_path, mark=mark) as process:
            daemon(tmp_path)
            process.terminate()
            assert process.wait(30) == supervisor.KILLED
            assert marked(mark) == []

    def test_many_terminations_are_as_good_as_one(self, tmp_path: Path) -> None:
        mark = new_mark()
        with supervised(*python(HANGING), cwd=tmp_path, mark=mark) as process:
            detached = daemon(tmp_path)
            for _ in range(20):
                process.terminate()
            assert process.wait(30) == supervisor.KILLED
            until_gone([detached])

    def test_many_orphans_at_once(self, tmp_path: Path) -> None:
        many = "import subprocess, sys\nfor _ in range(20): subprocess.Popen(['sleep', '1000'])\n"
        mark = new_mark()
        with supervised(*python(many), cwd=tmp_path, mark=mark) as process:
            assert process.wait(30) == 0
            assert marked(mark) == []


class TestPatience:
    """What it is told on the way does not end it."""

    def test_an_interrupt_and_words_on_the_leash_are_ignored(self, tmp_path: Path) -> None:
        code = DETACHED + "while not os.path.exists('end'): time.sleep(0.01)\n"
        mark = new_mark()
        with supervised(*python(code), cwd=tmp_path, mark=mark) as process:
            daemon(tmp_path)
            process.send_signal(signal.SIGINT)
            assert process.stdin is not None
            process.stdin.write(b"hello")
            process.stdin.flush()
            (tmp_path / "end").touch()
            assert process.wait(30) == 0

    def test_the_command_gets_the_default_answer_to_an_interrupt(self, tmp_path: Path) -> None:
        code = "import signal, sys; sys.exit(signal.getsignal(signal.SIGINT) is signal.SIG_IGN)"
        with supervised(*python(code), cwd=tmp_path, mark=new_mark()) as process:
            assert process.wait(30) == 0


class TestProcessTable:
    @pytest.fixture
    def tree(self, tmp_path: Path) -> Iterator[tuple[int, int]]:
        """Return the ids of a child and a grandchild of this process."""
        code = (
            "import subprocess\nc = subprocess.Popen(['sleep', '1000'])\nprint(c.pid, flush=True)\nc.wait()\n"
        )
        with subprocess.Popen(python(code), stdout=subprocess.PIPE, text=True) as child:
            assert child.stdout is not None
            grandchild = int(child.stdout.readline())
            yield child.pid, grandchild
            os.kill(grandchild, signal.SIGKILL)

    @pytest.mark.parametrize(
        "source", [pytest.param("proc", marks=pytest.mark.skipif(not LINUX, reason="/proc")), "ps"]
    )
    def test_is_the_same_from_proc_and_from_ps(
        self, source: str, tree: tuple[int, int], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if source == "ps":
            monkeypatch.setattr(os.path, "isdir", lambda path: False)
        child, grandchild = tree
        found = supervisor._parents()
        assert (found[grandchild], found[child], found[os.getpid()]) == (child, os.getpid(), os.getppid())
        below = supervisor.descendants(os.getpid())
        assert {child, grandchild} <= set(below)
        assert below.index(child) < below.index(grandchild), "nearest first"
        assert supervisor.descendants(grandchild) == []
        assert all(psutil.pid_exists(below) for below, parent in found.items() if parent == os.getpid()), (
            "the table is not itself in the table"
        )

    @pytest.mark.skipif(not LINUX, reason="/proc")
    def test_a_name_like_a_table_row_does_not_confuse_it(self, tmp_path: Path) -> None:
        program = tmp_path / "a) S 1 1"
        program.symlink_to("/bin/sleep")
        with subprocess.Popen([program, "1000"]) as process:
            try:
                until(lambda: psutil.Process(process.pid).name() == program.name)
                assert supervisor._parents()[process.pid] == os.getpid()
            finally:
                process.kill()

    def test_the_killed_are_no_zombies(self, tmp_path: Path) -> None:
        code = """
import os, subprocess, sys
from persona_asv.engine import supervisor
subprocess.Popen(["sleep", "1000"])
supervisor.kill_all()
try:
    sys.exit(f"{os.waitpid(-1, os.WNOHANG)} is left")
except ChildProcessError:
    sys.exit(0)
"""
        subprocess.run(python(code), env=environment(PYTHONPATH=str(ROOT)), timeout=30, check=True)

    def test_kills_by_ps_as_well(self, tmp_path: Path) -> None:
        """Without /proc and without a subreaper, what is still below the command is found and killed."""
        code = f"""
import sys
sys.path.insert(0, {str(Path(supervisor.__file__).parent)!r})
import os, supervisor
os.path.isdir = lambda path: False
supervisor.become_subreaper = lambda: False
sys.exit(supervisor.main(sys.argv[1:]))
"""
        nested = "import subprocess; subprocess.run(['sleep', '1000'], start_new_session=True)"
        mark = new_mark()
        process = subprocess.Popen(
            [*python(code), *python(nested)], stdin=subprocess.PIPE, cwd=tmp_path, env=environment(**mark)
        )
        assert process.stdin is not None
        try:
            until(lambda: len(marked(mark)) == 3)
            process.stdin.close()
            assert process.wait(30) == supervisor.KILLED
            until(lambda: marked(mark) == [])
        finally:
            process.kill()
            process.wait()
            for left in marked(mark):
                left.kill()


class TestSubreaper:
    @pytest.mark.parametrize(
        "why",
        [pytest.param("platform", id="another system"), pytest.param("libc", id="a C library without prctl")],
    )
    def test_says_where_it_cannot_be_had(self, why: str, monkeypatch: pytest.MonkeyPatch) -> None:
        if why == "platform":
            monkeypatch.setattr(sys, "platform", "darwin")
        else:
            monkeypatch.setattr(ctypes, "CDLL", lambda name: object())
            monkeypatch.setattr(sys, "platform", "linux")
        assert supervisor.become_subreaper() is False
