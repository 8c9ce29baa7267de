"""A capture that is killed at any moment, or meets another, leaves whole baselines and nothing that lies."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

import pytest
from conftest import Done, environment, persona
from keep.killing import KEPT, OUTCOMES, capture, kill_captures, wrong
from processes import DEADLINE, python

from persona_asv.baselines.shelf import Shelf

TIMES = 20


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder outside any repository in which the quick workload was run."""
    folder = tmp_path_factory.mktemp("measured")
    done = persona("benchmark", "run", "-w", "quick", cwd=folder)
    assert done.code == 0, done.err
    return folder


@pytest.fixture
def project(measured: Path, tmp_path: Path) -> Path:
    """Return a folder with that run and no baseline."""
    (tmp_path / ".asv").mkdir()
    (tmp_path / ".asv" / "runs").symlink_to(measured / ".asv" / "runs")
    return tmp_path


def listed(project: Path) -> tuple[set[str], list[object]]:
    """Return the names of the baselines that ``list`` shows, and what it calls broken."""
    done = persona("benchmark", "list", "--json", cwd=project)
    assert (done.code, done.err) == (0, "")
    data = json.loads(done.out)["data"]
    return {each["name"] for each in data["baselines"]}, data["broken"]


class TestKilled:
    def test_at_any_moment_every_baseline_is_whole_and_the_next_command_works(self, project: Path) -> None:
        attempts = kill_captures(project, TIMES)
        assert [each for each in attempts if each.wrong or each.outcome not in OUTCOMES] == []
        assert len(attempts) == TIMES
        assert any(each.outcome.startswith("killed") for each in attempts), "else nothing was tried"
        assert persona("benchmark", "capture", "--name", "next", "--from-last", cwd=project).code == 0
        names, broken = listed(project)
        assert broken == []
        assert {KEPT, "next"} <= names
        assert persona("benchmark", "clean", "--keep", "0", "--yes", cwd=project).code == 0
        assert list((project / "baselines").iterdir()) == [], "clean takes what was left over as well"


STEPS = """
import os, shutil, sys
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from persona_asv import snapshot
from persona_asv.baselines import companion
from persona_asv.baselines.shelf import Shelf, look
from persona_asv.engine.runs import finished

project, action = Path(sys.argv[1]), sys.argv[2]
runs = list(finished(project))

def shelf_in(folder):
    return Shelf(folder / "baselines", folder / "lock")

def put(shelf, name, made):
    with shelf.writing():
        shelf.put(replace(made[0], name=name), made[1], force=True)

def act(shelf):
    if action == "remove":
        with shelf.writing():
            shelf.remove([look(shelf.path("old"))])
    else:
        put(shelf, "new" if action == "put" else "old", second)

def die_at(step, folder):
    # before each operation on a file in the folder, each writing into one, and each wait for the disk
    left = step
    def count():
        nonlocal left
        if left == 0:
            os.kill(os.getpid(), 9)
        left -= 1
    def inside(path):
        return isinstance(path, (str, Path)) and str(path).startswith(str(folder))
    def audit(event, arguments):
        if any(map(inside, arguments)):
            count()
    def profile(frame, event, call):
        if event == "c_call" and call.__name__ == "write" and inside(getattr(call.__self__, "name", 0)):
            count()
    fsync = os.fsync
    def counted(descriptor):
        count()
        fsync(descriptor)
    os.fsync = counted
    sys.addaudithook(audit)
    sys.setprofile(profile)

baseline, packed = snapshot.snapshot(runs, "any", datetime(2025, 1, 1, tzinfo=UTC))
first = baseline, packed
second = replace(baseline, captured_at=datetime(2025, 1, 2, tzinfo=UTC)), companion.pack(runs[0].files()[:1])
before = project / "before"
for name in ("old", "other"):
    put(shelf_in(before), name, first)
for step in range(1000):
    folder = project / f"step-{step:03d}"
    shutil.copytree(before, folder)
    child = os.fork()
    if child == 0:
        try:
            die_at(step, folder / "baselines")
            act(shelf_in(folder))
            os._exit(0)
        finally:
            os._exit(1)
    _, status = os.waitpid(child, 0)
    if status == 0:
        break
    assert os.WIFSIGNALED(status), "it failed by itself"
"""
"""Does one thing to copies of a folder, killed a step later each time, until it gets done."""


def contents(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir()}


@pytest.mark.parametrize("action", ["put", "replace", "remove"])
def test_killed_at_each_step_it_was_done_or_was_not_but_for_what_clean_removes(
    action: str, project: Path
) -> None:
    subprocess.run(
        [*python(STEPS), str(project), action], env=environment(), check=True, timeout=DEADLINE, text=True
    )
    before = contents(project / "before" / "baselines")
    *killed, last = sorted(project.glob("step-*"))
    done = contents(last / "baselines")
    assert len(killed) >= (12 if action != "remove" else 3), "else it was not killed where it matters"
    seen = []
    for folder in killed:
        assert wrong(folder / "baselines") == [], folder.name
        shelf = Shelf(folder / "baselines", folder / "lock")
        with shelf.writing():  # whoever was killed holds it no more
            shelf.discard(shelf.leftovers())
        found = contents(shelf.folder)
        assert found in (before, done), folder.name
        seen.append(found == done)
    assert seen == sorted(seen), "once it was done it stays done"
    assert set(seen) == {False, True}


# --- two at once ------------------------------------------------------------------------------------------


def at_once(project: Path, *names: str) -> list[Done]:
    """Capture under these names, all at the same time."""
    processes = [capture(project, name) for name in names]
    try:
        said = [process.communicate(timeout=DEADLINE) for process in processes]
    finally:
        for process in processes:
            process.kill()
            process.communicate()
    return [Done(process.returncode, *each) for process, each in zip(processes, said, strict=True)]


class TestAtOnce:
    def test_under_different_names_both_are_kept(self, project: Path) -> None:
        assert [(done.code, done.err) for done in at_once(project, "a", "b")] == [(0, ""), (0, "")]
        assert listed(project) == ({"a", "b"}, [])
        assert wrong(project / "baselines") == []
        assert len(list((project / "baselines").iterdir())) == 4, "two baselines, each with its samples"

    def test_under_the_same_name_one_is_kept_and_the_other_refused(self, project: Path) -> None:
        kept, refused = sorted(at_once(project, "a", "a"), key=lambda done: done.code)
        assert (kept.code, kept.err) == (0, "")
        assert (refused.code, refused.out) == (3, "")
        assert refused.err == (
            f"error: {project / 'baselines' / 'a.yaml'} exists; "
            "choose another --name, or --force to replace it\n"
        )
        assert listed(project) == ({"a"}, [])
        assert wrong(project / "baselines") == []
        assert len(list((project / "baselines").iterdir())) == 2, "a baseline with its samples"
