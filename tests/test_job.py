"""A job and its owner: whatever the job started ends with it, and with its owner."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from conftest import ROOT, environment
from processes import ENDING, HANGING, daemon, marked, new_mark, python, until

from persona_asv.engine.job import Job
from persona_asv.engine.supervisor import KILLED

OWNER = """
import json, os, pathlib, sys, time
from persona_asv.engine.job import Job
command = json.loads(sys.argv[1])
with Job(command, environ=os.environ, cwd=pathlib.Path.cwd(), output=pathlib.Path("output")) as job:
    time.sleep(1000)
"""


@pytest.fixture
def mark() -> dict[str, str]:
    return new_mark()


@pytest.fixture(autouse=True)
def _clean(mark: dict[str, str]) -> Iterator[None]:
    yield
    left = marked(mark)
    for process in left:
        process.kill()
    assert left == [], "nothing of a job survives it"


def start(folder: Path, mark: dict[str, str], code: str) -> Job:
    return Job(python(code), environ=environment(**mark), cwd=folder, output=folder / "output")


@pytest.mark.parametrize(
    ("expected", "code"),
    [
        pytest.param(0, "", id="success"),
        pytest.param(3, "raise SystemExit(3)", id="failure"),
        pytest.param(128 + 15, "import os; os.kill(os.getpid(), 15)", id="killed by a signal"),
    ],
)
def test_the_exit_code_is_the_commands(
    expected: int, code: str, tmp_path: Path, mark: dict[str, str]
) -> None:
    with start(tmp_path, mark, code) as job:
        assert job.wait(30) == expected
        assert job.wait(0) == expected, "as often as asked"


def test_waiting_for_what_runs_on_returns_none(tmp_path: Path, mark: dict[str, str]) -> None:
    with start(tmp_path, mark, "import time; time.sleep(1000)") as job:
        assert job.wait(0) is None
        assert job.wait(0.05) is None


def test_both_outputs_are_appended_to_the_file(tmp_path: Path, mark: dict[str, str]) -> None:
    (tmp_path / "output").write_text("before\n")
    with start(tmp_path, mark, "import sys; print('out', flush=True); print('err', file=sys.stderr)") as job:
        assert job.wait(30) == 0
    assert (tmp_path / "output").read_text() == "before\nout\nerr\n"


def test_it_is_told_its_folder_its_environment_and_nothing_on_standard_input(
    tmp_path: Path, mark: dict[str, str]
) -> None:
    code = "import os, sys; print(os.getcwd(), os.environ.get('COLOUR'), repr(sys.stdin.read()))"
    with Job(
        python(code), environ={**environment(**mark), "COLOUR": "blue"}, cwd=tmp_path, output=tmp_path / "out"
    ) as job:
        assert job.wait(30) == 0
    assert (tmp_path / "out").read_text() == f"{tmp_path.resolve()} blue ''\n"


def test_it_has_a_session_of_its_own_which_no_ctrl_c_reaches(tmp_path: Path, mark: dict[str, str]) -> None:
    with start(tmp_path, mark, "import time; time.sleep(1000)") as job:
        assert os.getsid(job.pid) == job.pid != os.getsid(0)


class TestNothingSurvives:
    def test_the_normal_end_of_the_command(self, tmp_path: Path, mark: dict[str, str]) -> None:
        with start(tmp_path, mark, ENDING) as job:
            assert job.wait(30) == 7
            assert marked(mark) == []

    def test_end(self, tmp_path: Path, mark: dict[str, str]) -> None:
        job = start(tmp_path, mark, HANGING)
        daemon(tmp_path)
        job.end()
        assert job.wait(0) == KILLED
        assert marked(mark) == []
        job.end()  # a second time does nothing

    def test_an_error_in_the_owners_block(self, tmp_path: Path, mark: dict[str, str]) -> None:
        with pytest.raises(KeyboardInterrupt), start(tmp_path, mark, HANGING):  # noqa: PT012
            daemon(tmp_path)
            raise KeyboardInterrupt
        assert marked(mark) == []

    def test_a_signal_to_the_supervisor(self, tmp_path: Path, mark: dict[str, str]) -> None:
        with start(tmp_path, mark, HANGING) as job:
            daemon(tmp_path)
            os.kill(job.pid, signal.SIGTERM)
            assert job.wait(30) == KILLED
            assert marked(mark) == []

    @pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM], ids=["SIGKILL", "SIGTERM"])
    def test_the_owners_death(self, number: int, tmp_path: Path, mark: dict[str, str]) -> None:
        """The kernel closes the leash of a process that had no time to do so."""
        owner = subprocess.Popen(
            [*python(OWNER), json.dumps(python(HANGING))],
            cwd=tmp_path,
            env=environment(**mark, PYTHONPATH=str(ROOT)),
        )
        try:
            daemon(tmp_path)
            until(lambda: len(marked(mark)) == 4)  # owner, supervisor, command, daemon
            os.kill(owner.pid, number)
            assert owner.wait(30) == -number
            until(lambda: marked(mark) == [])
        finally:
            owner.kill()
            owner.wait()

    def test_a_supervisor_that_does_not_end_is_killed(
        self, tmp_path: Path, mark: dict[str, str], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr("persona_asv.engine.job._PATIENCE", 0.05)
        job = start(tmp_path, mark, "")
        os.kill(job.pid, signal.SIGSTOP)  # stopped, it does not see its leash
        job.end()
        assert job.wait(0) == -signal.SIGKILL


class TestCannotStart:
    def open_files(self) -> int:
        return len(os.listdir("/dev/fd"))  # noqa: PTH208 - a count

    def test_its_output_cannot_be_written(self, tmp_path: Path) -> None:
        before = self.open_files()
        with pytest.raises(FileNotFoundError):
            Job(python(""), environ={}, cwd=tmp_path, output=tmp_path / "nowhere" / "output")
        assert self.open_files() == before, "no leash is left over"

    def test_its_folder_does_not_exist(self, tmp_path: Path) -> None:
        before = self.open_files()
        with pytest.raises(FileNotFoundError):
            Job(python(""), environ={}, cwd=tmp_path / "nowhere", output=tmp_path / "output")
        assert self.open_files() == before

    def test_its_command_does_not_exist(self, tmp_path: Path, mark: dict[str, str]) -> None:
        command = [str(tmp_path / "nowhere")]
        with Job(command, environ=environment(**mark), cwd=tmp_path, output=tmp_path / "output") as job:
            assert job.wait(30) == 1
        assert "No such file or directory" in (tmp_path / "output").read_text()


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="/proc")
def test_no_other_child_holds_the_leash(tmp_path: Path, mark: dict[str, str]) -> None:
    """Else the job would outlive its owner for as long as any child of the owner."""
    job = start(tmp_path, mark, HANGING)
    with subprocess.Popen(["sleep", "1000"], close_fds=False) as bystander:
        try:
            daemon(tmp_path)
            job.end()
            assert job.wait(0) == KILLED
        finally:
            bystander.kill()
