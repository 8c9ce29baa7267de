"""The shelf of baselines: put there and taken away whole or not at all, listed whatever lies there."""

from __future__ import annotations

import errno
import gzip
import itertools
import json
import os
import pickle
import random
import re
import subprocess
import time
import tracemalloc
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any, TypeVar

import pytest
from conftest import environment, git
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from processes import DEADLINE, python, until
from test_results import GOLDEN, result_files

from persona_asv import config, keeping, snapshot, tidying
from persona_asv.baselines import book as books
from persona_asv.baselines import companion, document
from persona_asv.baselines import shelf as shelves
from persona_asv.baselines.baseline import Baseline, Entry, Figure, Samples
from persona_asv.baselines.book import Book
from persona_asv.baselines.order import newest_first
from persona_asv.baselines.shelf import Shelf
from persona_asv.engine.results import read_result_file
from persona_asv.engine.runs import KeptRun, finished
from persona_asv.errors import BaselineError, MeasurementError, PersonaAsvError, UsageError
from persona_asv.model import Cell, ResultFile, Series, State
from persona_asv.tidying import Selection, Tidying

T = TypeVar("T")
AT = datetime(2025, 1, 15, 10, 30, tzinfo=UTC)
COMMIT, OTHER_COMMIT = "1a" * 20, "2b" * 20
TEMPORARY = ".persona-asv-4711-00ff00ff00ff.tmp"
ORPHAN = "gone-0123456789ab.samples.json.gz"
not_as_root = pytest.mark.skipif(os.geteuid() == 0, reason="root may read and write everything")
patient = settings(
    deadline=None,
    max_examples=100,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)


# --- what is put on the shelf -----------------------------------------------------------------------------


def a_round(number: float = 1.0) -> ResultFile:
    """Return one round's result file that holds the number."""
    cells = (
        Cell(
            ("'quick'",),
            State.MEASURED,
            number,
            (number, 0.1),
            1,
            2,
            (float("-inf"), float("inf")),
            (0.5, 2.0),
        ),
        Cell(("'standard'",), State.SKIPPED),
        Cell(("'full'",), State.FAILED),
    )
    series = Series("m.time_it", (("'quick'", "'standard'", "'full'"),), cells, "1", 1_700_000_000_000, 1.25)
    return ResultFile(
        path=Path("anywhere.json"),
        api_version=2,
        commit=COMMIT,
        date=1_700_000_000_000,
        env_name="existing-py3",
        machine="tester",
        python="3.11",
        params={"machine": "tester", "cpu": "K\u00fchl 1000"},
        series={series.name: series},
        requirements={"numpy": ""},
        stamp={"subject": {"name": "reference"}, "none": None},
    )


def a_baseline(name: str = "a", **changes: Any) -> Baseline:
    metrics = {
        "generation_latency_p50": Figure(12.5, 10, 2, (12.0, 13.25)),
        "error_rate": Figure(0.0),
    }
    facts: dict[str, Any] = {
        "version": "1.2.0",
        "captured_at": AT,
        "environment": document.Environment(machine="tester", cores=2),
        "workloads": {"quick": Entry(10, metrics)},
        "commit": COMMIT,
        "subject": "reference",
    }
    return Baseline(name=name, **{**facts, **changes})


@pytest.fixture
def shelf(tmp_path: Path) -> Shelf:
    return Shelf(tmp_path / "baselines", tmp_path / ".asv" / "baselines.lock")


def put(shelf: Shelf, name: str = "a", *numbers: float, force: bool = False, **changes: Any) -> Book:
    """Put a baseline on the shelf whose samples hold these numbers; without any, its name makes one."""
    found = [a_round(number) for number in numbers] or [a_round(random.Random(name).random())]
    with shelf.writing():
        return shelf.put(a_baseline(name, **changes), companion.pack(found), force=force)


def put_values(shelf: Shelf, name: str = "a", **changes: Any) -> Book:
    """Put a baseline without samples there."""
    with shelf.writing():
        return shelf.put(a_baseline(name, **changes), None)


def write(shelf: Shelf, file: str, content: str | bytes) -> Path:
    """Write any file into the shelf's folder, past all rules."""
    shelf.folder.mkdir(exist_ok=True)
    path = shelf.folder / file
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return path


def companion_of(book: Book) -> Path:
    return book.path.parent / samples_of(book).file


def samples_of(book: Book) -> Samples:
    assert book.baseline is not None, book.problem
    assert book.baseline.samples is not None
    return book.baseline.samples


def rounds_of(book: Book) -> tuple[ResultFile, ...]:
    return books.rounds(book.path, samples_of(book))


def names(shelf: Shelf) -> set[str]:
    return {path.name for path in shelf.folder.iterdir()}


def contents(folder: Path) -> dict[str, object]:
    """Return everything in a folder, down to its bytes."""
    return {path.name: content(path) for path in folder.iterdir()}


def content(path: Path) -> object:
    if path.is_symlink():
        return "a link to", path.readlink()
    if path.is_dir():
        return contents(path)
    return path.read_bytes() if path.is_file() else "neither file nor folder"


def assert_one_line(message: object) -> None:
    assert "\n" not in str(message)
    assert str(message).isprintable()


def without_waiting(pipe: Path, call: Callable[[], T]) -> T:
    """Return what the call returns; fails where it opens the pipe and would wait for ever."""
    waited = False
    with ThreadPoolExecutor(1) as pool:
        future = pool.submit(call)
        while not future.done():
            try:
                os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))  # an error unless somebody reads
                waited = True
            except OSError:
                time.sleep(0.001)
    assert not waited, f"{pipe.name} was opened and waited for"
    return future.result()


class TestPut:
    def test_writes_the_yaml_and_beside_it_the_samples_named_by_their_digest(self, shelf: Shelf) -> None:
        packed = companion.pack([a_round()])
        digest = companion.digest(packed)
        with shelf.writing():
            book = shelf.put(a_baseline(), packed)
        file = f"a-{digest[:12]}.samples.json.gz"
        samples = Samples(file, digest)
        assert contents(shelf.folder) == {
            "a.yaml": document.write(a_baseline(samples=samples)).encode(),
            file: packed,
        }
        assert book.baseline == a_baseline(samples=samples)

    def test_returns_what_then_stands_on_the_shelf(self, shelf: Shelf) -> None:
        assert [put(shelf)] == list(shelf.books())

    def test_without_samples_there_is_only_the_yaml(self, shelf: Shelf) -> None:
        book = put_values(shelf)
        assert book.baseline == a_baseline(samples=None)
        assert names(shelf) == {"a.yaml"}

    @pytest.mark.parametrize("name", ["", ".hidden", "-dash", "../a", "a/b", "a b", "a\n", "x" * 121])
    def test_a_name_that_could_lead_elsewhere_is_refused(self, name: str, shelf: Shelf) -> None:
        with pytest.raises(BaselineError, match="is no baseline name") as refusal:
            put(shelf, name, 1.0)
        assert_one_line(refusal.value)
        assert contents(shelf.folder) == {}

    @pytest.mark.parametrize(
        "occupy",
        [
            pytest.param(lambda path: put(Shelf(path.parent, path.parent.parent / "lock")), id="a baseline"),
            pytest.param(lambda path: path.write_text("- no baseline"), id="a broken file"),
            pytest.param(lambda path: path.symlink_to("nowhere"), id="a link to nowhere"),
            pytest.param(Path.mkdir, id="a folder"),
            pytest.param(os.mkfifo, id="a pipe"),
        ],
    )
    def test_a_taken_name_is_refused_and_nothing_changes(
        self, occupy: Callable[[Path], object], shelf: Shelf
    ) -> None:
        put(shelf, "b")
        occupy(shelf.path("a"))
        before = contents(shelf.folder)
        with pytest.raises(BaselineError) as refusal:
            put(shelf, "a", 2.0, version="9.9")
        assert str(refusal.value) == (
            f"{shelf.path('a')} exists; choose another --name, or --force to replace it"
        )
        assert contents(shelf.folder) == before

    def test_with_force_the_new_one_replaces_the_old_with_its_samples_and_no_other_one(
        self, shelf: Shelf
    ) -> None:
        old = companion_of(put(shelf, "a", 1.0))
        others = {
            file for name in ("b", "aa") for file in (f"{name}.yaml", companion_of(put(shelf, name)).name)
        }
        book = put(shelf, "a", 2.0, version="2.0", force=True)
        assert book.baseline is not None
        assert book.baseline.version == "2.0"
        assert not old.exists()
        assert names(shelf) == {"a.yaml", companion_of(book).name, *others}
        assert [found.problem for found in shelf.books()] == ["", "", ""]

    def test_with_force_and_the_same_samples_they_stay(self, shelf: Shelf) -> None:
        put(shelf, "a", 1.0)
        book = put(shelf, "a", 1.0, version="2.0", force=True)
        assert names(shelf) == {"a.yaml", companion_of(book).name}
        assert len(rounds_of(book)) == 1

    def test_with_force_and_no_samples_the_old_ones_go(self, shelf: Shelf) -> None:
        put(shelf)
        with shelf.writing():
            shelf.put(a_baseline(), None, force=True)
        assert names(shelf) == {"a.yaml"}

    def test_with_force_a_broken_file_is_replaced(self, shelf: Shelf) -> None:
        write(shelf, "a.yaml", "- no baseline")
        book = put(shelf, force=True)
        assert list(shelf.books()) == [book]
        assert book.problem == ""

    def test_with_force_where_nothing_stands_it_is_a_new_one(self, shelf: Shelf) -> None:
        assert put(shelf, force=True).problem == ""

    def test_samples_that_another_baseline_shares_stay_until_both_are_gone(self, shelf: Shelf) -> None:
        shared = companion_of(put(shelf, "a", 1.0))
        write(shelf, "b.yaml", shelf.path("a").read_bytes())
        book = put(shelf, "a", 2.0, force=True)
        assert names(shelf) == {"a.yaml", companion_of(book).name, "b.yaml", shared.name}
        with shelf.writing():
            shelf.remove([books.look(shelf.path("b"))])
        assert names(shelf) == {"a.yaml", companion_of(book).name}

    def test_samples_that_no_yaml_names_are_left_to_clean(self, shelf: Shelf) -> None:
        """Their YAML may be on its way back, out of git's stash for one."""
        write(shelf, ORPHAN, b"samples")
        put(shelf, "a", 1.0)
        put(shelf, "a", 2.0, force=True)
        assert ORPHAN in names(shelf)

    @pytest.mark.parametrize("force", [False, True])
    @pytest.mark.parametrize("target", ["elsewhere.yaml", "nowhere.yaml"])
    def test_a_link_is_never_written_through(
        self, target: str, force: bool, shelf: Shelf, tmp_path: Path
    ) -> None:
        (tmp_path / "elsewhere.yaml").write_text("mine")
        shelf.folder.mkdir()
        shelf.path("a").symlink_to(tmp_path / target)
        before = contents(tmp_path)
        with pytest.raises(BaselineError, match="is a symbolic link" if force else "exists") as refusal:
            put(shelf, force=force)
        assert_one_line(refusal.value)
        assert contents(tmp_path)["baselines"] == before["baselines"]
        assert (tmp_path / "elsewhere.yaml").read_text() == "mine"
        assert not (tmp_path / "nowhere.yaml").exists()

    def test_a_folder_in_the_way_is_told_and_nothing_is_added(self, shelf: Shelf) -> None:
        shelf.path("a").mkdir(parents=True)
        before = contents(shelf.folder)
        with pytest.raises(BaselineError, match=r"a\.yaml: cannot be written \(Is a directory\)") as refusal:
            put(shelf, force=True)
        assert_one_line(refusal.value)
        assert contents(shelf.folder) == before

    def test_a_pipe_beside_it_holds_nothing_up(self, shelf: Shelf) -> None:
        shelf.folder.mkdir()
        os.mkfifo(shelf.path("pipe"))
        book = without_waiting(shelf.path("pipe"), lambda: put(shelf))
        assert book.problem == ""


WITH_LIMIT = """
import pickle, resource, sys
from pathlib import Path
from persona_asv.baselines.shelf import Shelf
from persona_asv.errors import BaselineError
shelf = Shelf(Path("baselines"), Path(".asv/baselines.lock"))
baseline, packed = pickle.loads(Path("wanted").read_bytes())
with shelf.writing():
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (int(sys.argv[1]), hard))
    try:
        shelf.put(baseline, packed, force=True)
    except BaselineError as error:
        print(error)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
"""
"""Replaces a baseline where no file may become larger than so many bytes."""


class TestNoSpace:
    @pytest.mark.parametrize(
        ("file", "packed", "limit"),
        [
            pytest.param(r"a-[0-9a-f]{12}\.samples\.json\.gz", b"x" * 20_000, 10_000, id="for the samples"),
            pytest.param(r"a\.yaml", b"x" * 100, 500, id="for the YAML"),
            pytest.param(r"a-[0-9a-f]{12}\.samples\.json\.gz", b"x" * 100, 0, id="for a single byte"),
        ],
    )
    def test_the_old_baseline_stays_and_nothing_is_added(
        self, file: str, packed: bytes, limit: int, shelf: Shelf, tmp_path: Path
    ) -> None:
        old = put(shelf, "a", 1.0)
        put(shelf, "b")
        before = contents(shelf.folder)
        assert len(before["a.yaml"]) > 500, "else the case is none"  # type: ignore[arg-type]
        (tmp_path / "wanted").write_bytes(pickle.dumps((a_baseline("a", version="2.0"), packed)))
        done = subprocess.run(
            [*python(WITH_LIMIT), str(limit)],
            cwd=tmp_path,
            env=environment(),
            capture_output=True,
            text=True,
            timeout=DEADLINE,
            check=True,
        )
        assert done.stdout.count("\n") == 1
        (said,) = done.stdout.splitlines()
        assert "cannot be written (File too large); nothing was changed" in said
        assert re.match(rf"baselines/{file}: ", said)
        assert contents(shelf.folder) == before
        assert next(shelf.books()) == old

    @not_as_root
    def test_a_folder_that_may_not_be_written_is_told_and_stays_as_it_was(self, shelf: Shelf) -> None:
        put(shelf)
        before = contents(shelf.folder)
        shelf.folder.chmod(0o500)
        try:
            with pytest.raises(BaselineError, match=r"cannot be written \(Permission denied\)") as refusal:
                put(shelf, "a", 2.0, force=True)
        finally:
            shelf.folder.chmod(0o700)
        assert_one_line(refusal.value)
        assert contents(shelf.folder) == before

    @not_as_root
    def test_a_folder_that_may_not_be_made_is_told(self, shelf: Shelf, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        try:
            with pytest.raises(BaselineError, match=r"cannot be written \(Permission denied\)") as refusal:
                put(shelf)
        finally:
            tmp_path.chmod(0o700)
        assert_one_line(refusal.value)


# --- one writer at a time ---------------------------------------------------------------------------------

HOLDER = """
import sys
from pathlib import Path
from persona_asv.baselines.shelf import Shelf
with Shelf(Path("baselines"), Path(".asv/baselines.lock")).writing():
    print("held", flush=True)
    sys.stdin.read()
"""

WRITER = """
import os, pickle, sys, time
from dataclasses import replace
from pathlib import Path
from persona_asv.baselines import companion
from persona_asv.baselines.shelf import Shelf
from persona_asv.errors import BaselineError
import filelock, yaml  # now, for both to begin at the same moment
me, names = sys.argv[1], sys.argv[2:]
shelf = Shelf(Path("baselines"), Path(".asv/baselines.lock"))
baseline, a_round = pickle.loads(Path("wanted").read_bytes())
packed = companion.pack([replace(a_round, commit=me[0] * 40)])
Path(f"ready-{me}").touch()
while not Path("go").exists():
    time.sleep(0.001)
for name in names:
    try:
        with shelf.writing():
            shelf.put(replace(baseline, name=name, version=me), packed)
        print("kept", name)
    except BaselineError as error:
        print(error)
"""
"""Puts baselines of these names on the shelf; the version tells who did."""


@contextmanager
def held(shelf: Shelf) -> Iterator[subprocess.Popen[str]]:
    """Have another process hold the lock."""
    with subprocess.Popen(
        python(HOLDER),
        cwd=shelf.folder.parent,
        env=environment(),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        try:
            yield process
        finally:
            process.kill()


def at_once(folder: Path, **named: list[str]) -> dict[str, list[str]]:
    """Have two processes put these baselines on the shelf, beginning together; returns what each said."""
    (folder / "wanted").write_bytes(pickle.dumps((a_baseline(), a_round())))
    processes = {
        me: subprocess.Popen(
            [*python(WRITER), me, *names], cwd=folder, env=environment(), stdout=subprocess.PIPE, text=True
        )
        for me, names in named.items()
    }
    try:
        until(lambda: all((folder / f"ready-{me}").exists() for me in named))
        (folder / "go").touch()
        return {
            me: process.communicate(timeout=DEADLINE)[0].splitlines() for me, process in processes.items()
        }
    finally:
        for process in processes.values():
            process.kill()
            process.communicate()


def test_a_name_taken_between_the_look_and_the_write_is_not_overwritten(
    shelf: Shelf, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Two projects that capture into one folder hold locks of their own."""
    put(shelf)
    before = contents(shelf.folder)
    monkeypatch.setattr(Shelf, "refuse_taken", lambda *_: None)
    with pytest.raises(BaselineError, match="exists; choose another --name"):
        put(shelf)
    assert contents(shelf.folder) == before


def test_where_files_cannot_be_linked_they_are_moved(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(self: Path, target: Path) -> None:
        raise OSError(errno.EPERM, "Operation not permitted")

    monkeypatch.setattr(Path, "hardlink_to", refuse)
    assert put(shelf).problem == ""
    assert len(contents(shelf.folder)) == 2


class TestWriting:
    def test_makes_the_folders(self, shelf: Shelf) -> None:
        with shelf.writing():
            assert shelf.folder.is_dir()
            assert shelf.lock.parent.is_dir()

    def test_who_waits_for_too_long_is_told_so_in_a_line(
        self, shelf: Shelf, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(shelves, "PATIENCE", 0.1)
        with held(shelf), pytest.raises(BaselineError) as refusal:
            put(shelf)
        assert str(refusal.value) == (
            f"{shelf.folder}: another command has been writing baselines for 0 s; try again"
        )
        assert names(shelf) == set()

    def test_whoever_held_it_and_was_killed_holds_it_no_more(self, shelf: Shelf) -> None:
        with held(shelf) as process:
            process.kill()
            process.wait(DEADLINE)
            assert put(shelf).problem == ""

    def test_reading_waits_for_nobody(self, shelf: Shelf) -> None:
        book = put(shelf)
        with held(shelf):
            assert list(shelf.books()) == [book]
            assert len(rounds_of(book)) == 1

    @pytest.mark.parametrize("occupied", ["baselines", ".asv"])
    def test_a_file_where_a_folder_belongs_is_told(self, occupied: str, shelf: Shelf, tmp_path: Path) -> None:
        (tmp_path / occupied).write_text("a file")
        with pytest.raises(
            BaselineError, match=rf"/{occupied}: cannot be written \(File exists\)"
        ) as refusal:
            put(shelf)
        assert_one_line(refusal.value)

    def test_git_sees_nothing_of_the_lock(self, shelf: Shelf, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        put(shelf)
        seen = git(tmp_path, "status", "--porcelain", "--untracked-files=all").split("\n")
        assert {line.removeprefix("?? baselines/") for line in seen} == names(shelf)

    def test_two_that_write_at_once_under_different_names_both_keep_all(
        self, shelf: Shelf, tmp_path: Path
    ) -> None:
        mine, yours = [f"m{n}" for n in range(8)], [f"y{n}" for n in range(8)]
        said = at_once(tmp_path, a1=mine, b2=yours)
        assert said == {"a1": [f"kept {n}" for n in mine], "b2": [f"kept {n}" for n in yours]}
        found = {book.name: book for book in shelf.books()}
        assert sorted(found) == mine + yours
        assert {name: rounds_of(book)[0].commit[0] for name, book in found.items()} == {
            **dict.fromkeys(mine, "a"),
            **dict.fromkeys(yours, "b"),
        }
        assert shelf.leftovers() == set()

    def test_two_that_write_at_once_under_the_same_names_keep_one_of_each_and_the_other_is_refused(
        self, shelf: Shelf, tmp_path: Path
    ) -> None:
        wanted = [f"n{n}" for n in range(8)]
        said = at_once(tmp_path, a1=wanted, b2=wanted)
        books = {book.name: book for book in shelf.books()}
        assert list(books) == wanted
        for number, name in enumerate(wanted):
            baseline = books[name].baseline
            assert baseline is not None, books[name].problem
            loser = {"a1": "b2", "b2": "a1"}[baseline.version]
            assert said[baseline.version][number] == f"kept {name}"
            assert said[loser][number] == (
                f"baselines/{name}.yaml exists; choose another --name, or --force to replace it"
            )
            assert rounds_of(books[name])[0].commit[0] == baseline.version[0]
        assert shelf.leftovers() == set()


# --- listing ----------------------------------------------------------------------------------------------


def sound_text(**changes: Any) -> str:
    return document.write(a_baseline(**changes))


NAMED = Samples(ORPHAN, "0" * 64)

BROKEN: list[Any] = [
    pytest.param("not valid YAML", lambda path: path.write_text("name: [1, 2\n"), id="no YAML"),
    pytest.param("empty; a baseline has version", Path.touch, id="empty"),
    pytest.param("expected a mapping, found a list", lambda path: path.write_text("- a\n"), id="a list"),
    pytest.param("lacks workloads", lambda path: path.write_text('version: "1"\ncaptured_at: 2025-01-15\n'),
                 id="cut off"),
    pytest.param("update persona-asv", lambda path: path.write_text("schema: 2\nnew: 1\n"), id="newer"),
    pytest.param("not UTF-8", lambda path: path.write_bytes(b"name: \xff\n"), id="no text"),
    pytest.param("larger than 1 MiB", lambda path: path.write_bytes(b"#" * ((1 << 20) + 1)), id="huge"),
    pytest.param(
        f"{ORPHAN}: cannot be read (No such file or directory)",
        lambda path: path.write_text(sound_text(samples=NAMED)),
        id="samples that are missing",
    ),
    pytest.param(
        "expected a file's name, without a folder",
        lambda path: path.write_text(sound_text(samples=Samples("../secret", "0" * 64))),
        id="samples elsewhere",
    ),
    pytest.param("a symbolic link", lambda path: path.symlink_to("sound.yaml"), id="a link"),
    pytest.param("a symbolic link", lambda path: path.symlink_to("nowhere"), id="a link to nowhere"),
    pytest.param("a symbolic link", lambda path: path.symlink_to(path.name), id="a link to itself"),
    pytest.param("not a regular file", Path.mkdir, id="a folder"),
    pytest.param("not a regular file", os.mkfifo, id="a pipe"),
    pytest.param(
        "cannot be read: Permission denied",
        lambda path: (path.write_text(sound_text()), path.chmod(0)),
        id="unreadable",
        marks=not_as_root,
    ),
]  # fmt: skip


class TestBooks:
    def test_every_yaml_file_is_one_in_the_order_of_the_names(self, shelf: Shelf) -> None:
        for name in ("v1.9.0", "b", "A", "v1.10.0"):
            put_values(shelf, name)
        assert [book.name for book in shelf.books()] == ["A", "b", "v1.10.0", "v1.9.0"]

    def test_other_files_are_none(self, shelf: Shelf) -> None:
        book = put(shelf)
        for file in ("README.md", ".hidden.yaml", TEMPORARY, ORPHAN, "a.yml", "a.yaml.orig", "yaml"):
            write(shelf, file, sound_text())
        assert list(shelf.books()) == [book]

    def test_it_is_called_what_its_file_is_called(self, shelf: Shelf) -> None:
        put_values(shelf, "a").path.rename(shelf.path("renamed"))
        assert [book.name for book in shelf.books()] == ["renamed"]

    def test_without_a_folder_there_are_none(self, shelf: Shelf) -> None:
        assert list(shelf.books()) == []

    def test_a_file_in_place_of_the_folder_is_told(self, shelf: Shelf) -> None:
        shelf.folder.write_text("a file")
        with pytest.raises(BaselineError) as refusal:
            list(shelf.books())
        assert str(refusal.value) == f"{shelf.folder}: cannot be listed (Not a directory)"

    @pytest.mark.parametrize(("reason", "make"), BROKEN)
    def test_a_broken_one_has_a_reason_and_hides_no_other(
        self, reason: str, make: Callable[[Path], object], shelf: Shelf
    ) -> None:
        sound = put(shelf, "sound")
        make(shelf.path("broken"))
        broken, after = shelf.books()
        assert (broken.path, broken.baseline) == (shelf.path("broken"), None)
        assert reason in broken.problem
        assert_one_line(broken.problem)
        assert after == sound

    @patient
    @given(data=st.data())
    def test_whatever_becomes_of_a_file_it_is_a_baseline_or_has_a_reason(
        self, data: st.DataObject, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        text = sound_text().encode()
        start = data.draw(st.integers(0, len(text)))
        end = data.draw(st.integers(start, len(text)))
        middle = data.draw(
            st.binary(max_size=8) | st.text("{}[]:,&*!|>'\"\n -1eE.#%@", max_size=8).map(str.encode)
        )
        folder = tmp_path_factory.mktemp("shelf")
        (folder / "a.yaml").write_bytes(text[:start] + middle + text[end:])
        (book,) = Shelf(folder, folder / "lock").books()
        assert (book.baseline is None) == bool(book.problem)
        assert_one_line(book.problem)

    def test_its_size_is_that_of_the_yaml_and_of_the_samples(self, shelf: Shelf) -> None:
        put(shelf, "a")
        put_values(shelf, "b")
        write(shelf, ORPHAN, b"nobody's")
        a, b = shelf.books()
        assert a.size == a.path.stat().st_size + companion_of(a).stat().st_size
        assert b.size == b.path.stat().st_size

    def test_the_projects_shelf_and_its_lock_lie_where_persona_yaml_says(self, tmp_path: Path) -> None:
        settings = config.Config(root=tmp_path, baselines_dir=Path("kept/here"))
        lock = tmp_path / ".asv" / "baselines.lock"
        assert shelves.shelf_of(settings) == Shelf(tmp_path / "kept" / "here", lock)
        assert shelves.shelf_of(settings, Path("/elsewhere")) == Shelf(Path("/elsewhere"), lock)


# --- the samples ------------------------------------------------------------------------------------------


def unpacked(content: bytes) -> tuple[ResultFile, ...]:
    return companion.unpack(content, Path("a.samples.json.gz"))


def zipped(text: str | bytes) -> bytes:
    return gzip.compress(text if isinstance(text, bytes) else text.encode())


def zipped_json(found: object) -> bytes:
    return zipped(json.dumps(found))


def flipped(packed: bytes, place: int) -> bytes:
    changed = bytearray(packed)
    changed[place] ^= 1
    return bytes(changed)


PACKED = companion.pack([a_round()])

NO_SAMPLES: list[Any] = [
    pytest.param("not a file of samples", b"", id="empty"),
    pytest.param("not a file of samples", b'{"schema": 1, "rounds": []}', id="not compressed"),
    pytest.param("not a file of samples", PACKED[: len(PACKED) // 2], id="cut off"),
    pytest.param("not a file of samples", PACKED[:-1], id="cut off by a byte"),
    pytest.param("not a file of samples", PACKED[:5], id="cut off in the head"),
    pytest.param("not a file of samples", PACKED[:10] + b"\xff" * 100, id="compressed by nobody"),
    pytest.param("not a file of samples", flipped(PACKED, -8), id="another checksum"),
    pytest.param("not a file of samples", PACKED + b"more", id="something behind it"),
    pytest.param("not a file of samples", zipped("rounds: 1"), id="no JSON"),
    pytest.param("not a file of samples", zipped(b'{"\xff": 1}'), id="no text"),
    pytest.param("not a file of samples", zipped("[" * 100_000), id="nested too deeply"),
    pytest.param("not a file of samples", zipped_json([1]), id="a list"),
    pytest.param("not a file of samples", zipped_json({"schema": 1}), id="no rounds"),
    pytest.param("not a file of samples", zipped_json({"schema": 1, "rounds": {}}), id="rounds: no list"),
    pytest.param("samples of schema 2, this persona_asv reads 1; update it",
                 zipped_json({"schema": 2, "rounds": []}), id="newer"),
    pytest.param("samples of schema None", zipped_json({"rounds": []}), id="no schema"),
    pytest.param("#1: has no version", zipped_json({"schema": 1, "rounds": [{}]}), id="no round"),
    pytest.param("#1: the content is a list", zipped_json({"schema": 1, "rounds": [[]]}), id="a list"),
]  # fmt: skip


class TestSamples:
    def test_come_back_exactly_as_they_were(self, shelf: Shelf) -> None:
        given = [a_round(number) for number in (0.1, 1e-300, 3, True, float("inf"))]
        with shelf.writing():
            book = shelf.put(a_baseline(), companion.pack(given))
        found = rounds_of(book)
        assert [replace(each, path=given[0].path) for each in found] == given
        assert [each.path for each in found] == [Path(f"{companion_of(book)}#{n}") for n in range(1, 6)]
        types = [type(each.series["m.time_it"].cells[0].value) for each in found]
        assert types == [float, float, int, bool, float]

    @patient
    @given(st.lists(result_files(), max_size=3))
    def test_come_back_whatever_was_measured(self, rounds: list[ResultFile]) -> None:
        found = unpacked(companion.pack(rounds))
        assert [replace(each, path=given.path) for each, given in zip(found, rounds, strict=True)] == rounds

    @pytest.mark.parametrize("name", ["recorded", "unrecorded", "partial", "appended"])
    def test_come_back_as_asv_wrote_them(self, name: str) -> None:
        given = read_result_file(GOLDEN / f"{name}.json")
        (found,) = unpacked(companion.pack([given]))
        assert replace(found, path=given.path) == given

    def test_the_same_rounds_make_the_same_bytes_at_any_time(self, monkeypatch: pytest.MonkeyPatch) -> None:
        first = companion.pack([a_round(), a_round(2)])
        monkeypatch.setattr(time, "time", lambda: 4e9)
        assert companion.pack([a_round(), a_round(2)]) == first

    @pytest.mark.parametrize(
        "rounds", [[], [a_round(2)], [a_round(), a_round()]], ids=["none", "another number", "twice"]
    )
    def test_other_rounds_make_other_bytes(self, rounds: list[ResultFile]) -> None:
        assert companion.pack(rounds) != PACKED

    @pytest.mark.parametrize("place", [0, 3, len(PACKED) // 2, -1])
    def test_one_bit_changed_is_noticed(self, place: int, shelf: Shelf) -> None:
        book = put(shelf, "a", 1.0)
        companion_of(book).write_bytes(flipped(companion_of(book).read_bytes(), place))
        with pytest.raises(BaselineError) as refusal:
            rounds_of(book)
        assert str(refusal.value) == (
            f"{companion_of(book)}: not the file that a.yaml was written with (its SHA-256 differs); "
            "restore it, or capture again"
        )

    def test_where_they_are_missing_it_is_said_what_to_do_and_that_helps(self, shelf: Shelf) -> None:
        book = put(shelf)
        companion_of(book).unlink()
        with pytest.raises(BaselineError) as refusal:
            rounds_of(book)
        assert str(refusal.value) == (
            f"{companion_of(book)}: missing; a.yaml needs it. Restore it, or remove `samples` from a.yaml to "
            "compare its values alone"
        )
        write(shelf, "a.yaml", book.path.read_text().partition("samples:")[0])
        assert books.look(book.path).baseline == a_baseline()

    def test_a_link_is_not_followed(self, shelf: Shelf, tmp_path: Path) -> None:
        book = put(shelf)
        companion_of(book).rename(tmp_path / "elsewhere")
        companion_of(book).symlink_to(tmp_path / "elsewhere")
        with pytest.raises(BaselineError, match="a symbolic link; put the file itself there") as refusal:
            rounds_of(book)
        assert_one_line(refusal.value)

    def test_a_folder_is_told(self, shelf: Shelf) -> None:
        book = put(shelf)
        companion_of(book).unlink()
        companion_of(book).mkdir()
        with pytest.raises(BaselineError, match="not a regular file") as refusal:
            rounds_of(book)
        assert_one_line(refusal.value)

    def test_a_pipe_is_told_and_not_waited_for(self, shelf: Shelf) -> None:
        book = put(shelf)
        companion_of(book).unlink()
        os.mkfifo(companion_of(book))
        with pytest.raises(BaselineError) as refusal:
            without_waiting(companion_of(book), lambda: rounds_of(book))
        assert_one_line(refusal.value)

    @not_as_root
    def test_unreadable_ones_are_told(self, shelf: Shelf) -> None:
        book = put(shelf)
        companion_of(book).chmod(0)
        with pytest.raises(BaselineError, match=r"cannot be read \(Permission denied\)") as refusal:
            rounds_of(book)
        assert_one_line(refusal.value)

    @pytest.mark.parametrize(("reason", "packed"), NO_SAMPLES)
    def test_what_is_none_is_refused_in_a_line_although_its_digest_is_right(
        self, reason: str, packed: bytes, shelf: Shelf
    ) -> None:
        with shelf.writing():
            book = shelf.put(a_baseline(), packed)
        with pytest.raises(BaselineError) as refusal:
            rounds_of(book)
        assert str(refusal.value).startswith(str(companion_of(book)))
        assert reason in str(refusal.value)
        assert_one_line(refusal.value)

    def test_a_bomb_is_refused_before_it_fills_the_memory(self, monkeypatch: pytest.MonkeyPatch) -> None:
        bomb = zipped('{"schema": 1, "rounds": [' + " " * 20_000_000 + "]}")
        assert unpacked(bomb) == ()
        monkeypatch.setattr(companion, "MOST", 1_000_000)
        tracemalloc.start()
        try:
            with pytest.raises(BaselineError, match="not a file of samples") as refusal:
                unpacked(bomb)
            _, peak = tracemalloc.get_traced_memory()
        finally:
            tracemalloc.stop()
        assert_one_line(refusal.value)
        assert peak < 10_000_000

    def test_as_much_as_may_be_is_read(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(companion, "MOST", len(gzip.decompress(PACKED)))
        assert len(unpacked(PACKED)) == 1


# --- taking away ------------------------------------------------------------------------------------------


def remove(shelf: Shelf, *books: Book) -> None:
    with shelf.writing():
        shelf.remove(books)


class TestRemove:
    def test_takes_the_yaml_and_its_samples_and_nothing_else(self, shelf: Shelf) -> None:
        a = put(shelf, "a")
        others = {"b.yaml", companion_of(put(shelf, "b")).name, "README.md", ORPHAN, TEMPORARY}
        for file in ("README.md", ORPHAN, TEMPORARY):
            write(shelf, file, "")
        remove(shelf, a)
        assert names(shelf) == others

    def test_takes_several(self, shelf: Shelf) -> None:
        remove(shelf, *[put(shelf, name) for name in "abc"])
        assert names(shelf) == set()

    def test_what_is_gone_already_is_no_error(self, shelf: Shelf) -> None:
        book = put(shelf)
        remove(shelf, book)
        remove(shelf, book)
        assert names(shelf) == set()

    def test_a_broken_one_goes_with_the_samples_that_it_mentions(self, shelf: Shelf) -> None:
        book = put(shelf)
        book.path.write_text("schema: 99\n" + book.path.read_text())
        remove(shelf, books.look(book.path))
        assert names(shelf) == set()


class TestLeftovers:
    @pytest.mark.parametrize(
        ("expected", "file"),
        [
            pytest.param(True, TEMPORARY, id="a temporary file"),
            pytest.param(True, ORPHAN, id="samples that no YAML names"),
            pytest.param(False, "README.md", id="notes"),
            pytest.param(False, ".gitkeep", id="a hidden file"),
            pytest.param(False, f".{ORPHAN}", id="hidden samples"),
            pytest.param(False, "broken.yaml", id="a broken YAML"),
            pytest.param(False, "old.json.gz", id="an archive"),
            pytest.param(
                False, "mine.samples.json.gz", id="samples without a digest, which capture never wrote"
            ),
            pytest.param(False, "a.yaml.tmp", id="an editor's temporary file"),
        ],
    )
    def test_are_what_a_killed_command_left_behind_and_nothing_else(
        self, expected: bool, file: str, shelf: Shelf
    ) -> None:
        put(shelf)
        path = write(shelf, file, "")
        assert shelf.leftovers() == ({path} if expected else set())

    @pytest.mark.parametrize("name", [TEMPORARY, ORPHAN])
    def test_a_folder_is_none_whatever_its_name(self, name: str, shelf: Shelf) -> None:
        (shelf.folder / name).mkdir(parents=True)
        assert shelf.leftovers() == set()

    @pytest.mark.parametrize(
        "breaks",
        [
            pytest.param(lambda text: text, id="sound"),
            pytest.param(lambda text: f"schema: 99\n{text}", id="newer"),
            pytest.param(lambda text: f"[{text}", id="no YAML"),
            pytest.param(lambda text: text.replace("sha256", "sha512"), id="an unknown key"),
            pytest.param(lambda text: f"<<<<<<< ours\n{text}>>>>>>> theirs\n", id="a merge conflict"),
            pytest.param(lambda text: text.replace("reference", "\udcff"), id="no text"),
        ],
    )
    def test_samples_are_none_that_a_yaml_mentions_broken_or_not(
        self, breaks: Callable[[str], str], shelf: Shelf
    ) -> None:
        book = put(shelf)
        write(shelf, "a.yaml", breaks(book.path.read_text()).encode(errors="surrogateescape"))
        assert shelf.leftovers() == set()

    @not_as_root
    def test_nobody_knows_what_an_unreadable_yaml_mentions(self, shelf: Shelf) -> None:
        put(shelf).path.chmod(0)
        assert shelf.leftovers() == set()

    def test_a_pipe_holds_nothing_up(self, shelf: Shelf) -> None:
        path = write(shelf, ORPHAN, "")
        os.mkfifo(shelf.path("pipe"))
        assert without_waiting(shelf.path("pipe"), shelf.leftovers) == {path}

    def test_samples_of_a_replaced_baseline_that_nobody_removed_are_one(self, shelf: Shelf) -> None:
        old = companion_of(put(shelf, "a", 1.0))
        packed = old.read_bytes()
        put(shelf, "a", 2.0, force=True)
        old.write_bytes(packed)
        assert shelf.leftovers() == {old}


# --- order ------------------------------------------------------------------------------------------------


def a_book(name: str, version: str = "1", days: int = 0) -> Book:
    at = AT + timedelta(days=days)
    return Book(Path(f"{name}.yaml"), 1, a_baseline(name, version=version, captured_at=at))


def a_broken_book(name: str) -> Book:
    return Book(Path(f"{name}.yaml"), 1, None, "not valid YAML")


def in_order(*books: Book) -> list[str]:
    """Return the names, newest first; whatever order the books came in."""
    orders = {tuple(book.name for book in newest_first(each)) for each in itertools.permutations(books)}
    assert len(orders) == 1
    return list(orders.pop())


class TestNewestFirst:
    def test_by_the_time_of_the_capture_whatever_the_version(self) -> None:
        found = in_order(a_book("old", "9.0", -1), a_book("new", "1.0", 1), a_book("middle", "5.0"))
        assert found == ["new", "middle", "old"]

    @pytest.mark.parametrize(
        ("higher", "lower"),
        [
            ("1.10.0", "1.9.0"),
            ("2", "1.99"),
            ("1.0", "1.0rc1"),
            ("1.0rc2", "1.0rc1"),
            ("1.0.post1", "1.0"),
            ("1.0.dev2", "1.0.dev1"),
            ("1.0+local", "1.0"),
            ("1!0.1", "9.0"),
            ("v1.1", "1.0"),
            ("0.0.1", "unknown"),
            ("0.1", "1.0-from-a-branch-of-mine"),
        ],
    )
    def test_a_tie_goes_to_the_higher_version(self, higher: str, lower: str) -> None:
        for first, second in (("a", "z"), ("z", "a")):
            assert in_order(a_book(first, higher), a_book(second, lower)) == [first, second]

    def test_nothing_else_depends_on_the_order_they_came_in(self) -> None:
        assert sorted(in_order(a_book("x", "1.0"), a_book("y", "1.0.0"), a_book("z", "1"))) == ["x", "y", "z"]

    def test_broken_ones_come_last_by_name(self) -> None:
        found = in_order(a_broken_book("b"), a_book("old", days=-999), a_broken_book("a"), a_book("new"))
        assert found == ["new", "old", "a", "b"]

    def test_of_nothing_is_nothing(self) -> None:
        assert newest_first(iter(())) == []


# --- tidying ----------------------------------------------------------------------------------------------


@pytest.fixture
def full(shelf: Shelf) -> Shelf:
    """Return a shelf with five baselines, d0 the newest, d4 four days older, and a broken file."""
    for days in range(5):
        put(shelf, f"d{days}", captured_at=AT - timedelta(days=days))
    write(shelf, "broken.yaml", "- no baseline")
    return shelf


def planned(
    shelf: Shelf,
    *names: str,
    keep: int | None = None,
    days: float | None = None,
    protected: tuple[str, ...] = (),
) -> Tidying:
    """Plan with a limit so many days before `AT`."""
    before = None if days is None else AT - timedelta(days=days)
    return tidying.plan(shelf, Selection(names, keep, before, protected))


def removed(found: Tidying) -> list[str]:
    return [book.name for book in found.remove]


def standing(shelf: Shelf) -> list[str]:
    return [book.name for book in shelf.books()]


class TestPlan:
    @pytest.mark.parametrize(
        ("expected", "names", "keep", "days"),
        [
            pytest.param("", (), None, None, id="nothing chosen"),
            pytest.param("d2 d3 d4", (), 2, None, id="all but the newest two"),
            pytest.param("d0 d1 d2 d3 d4", (), 0, None, id="all but none"),
            pytest.param("", (), 5, None, id="as many as there are"),
            pytest.param("", (), 99, None, id="more than there are"),
            pytest.param("d3 d4", (), None, 2, id="older than two days"),
            pytest.param("d2 d3 d4", (), None, 1.5, id="older than one and a half"),
            pytest.param("", (), None, 4, id="exactly as old as the limit"),
            pytest.param("d3 d4", (), 3, 1, id="beyond both limits: the number is the narrower"),
            pytest.param("d4", (), 1, 3, id="beyond both limits: the age is the narrower"),
            pytest.param("d0 d1 d2 d3 d4", (), 0, -1, id="no limit at all"),
            pytest.param("d1", ("d1",), None, None, id="a name"),
            pytest.param("d0 d3", ("d3", "d0", "d3"), None, None, id="names, one twice"),
            pytest.param("d0 d4", ("d0",), 4, None, id="a name beside a limit"),
            pytest.param("broken", ("broken",), None, None, id="a broken one by its name"),
            pytest.param("d3 d4 broken", ("broken",), 3, None, id="a broken one beside a limit"),
        ],
    )
    def test_what_goes(
        self, expected: str, names: tuple[str, ...], keep: int | None, days: float | None, full: Shelf
    ) -> None:
        assert removed(planned(full, *names, keep=keep, days=days)) == expected.split()

    def test_nothing_is_touched(self, full: Shelf) -> None:
        before = contents(full.folder)
        planned(full, "broken", keep=0)
        assert contents(full.folder) == before

    def test_an_unknown_name_is_an_error_and_no_pattern(self, full: Shelf) -> None:
        for name in ("d9", "d*", "d0.yaml", "../d0", ""):
            with pytest.raises(BaselineError) as refusal:
                planned(full, "d0", name)
            assert str(refusal.value) == (
                f"--name: no baseline {name!r} in {full.folder}; see `persona benchmark list`"
            )

    def test_a_pinned_one_stays_and_is_told(self, full: Shelf) -> None:
        put(full, "d3", force=True, pinned=True, captured_at=AT - timedelta(days=3))
        found = planned(full, keep=2)
        assert (removed(found), found.kept) == (["d2", "d4"], (("d3", "pinned"),))

    def test_what_persona_yaml_keeps_always_stays_and_is_told(self, full: Shelf) -> None:
        found = planned(full, keep=1, protected=("v*", "D1", "d[34]", "d3"))
        assert removed(found) == ["d1", "d2"]
        assert found.kept == (("d3", "keep_always: d[34]"), ("d4", "keep_always: d[34]"))

    def test_they_stay_even_when_named(self, full: Shelf) -> None:
        put(full, "d3", force=True, pinned=True)
        found = planned(full, "d3", "d4", "broken", protected=("d4", "bro*"))
        assert removed(found) == []
        assert dict(found.kept) == {
            "d3": "pinned",
            "d4": "keep_always: d4",
            "broken": "keep_always: bro*",
        }

    def test_what_was_not_meant_is_not_told(self, full: Shelf) -> None:
        assert planned(full, "d0", protected=("d4",)).kept == ()

    def test_leftovers_are_part_of_it(self, full: Shelf) -> None:
        paths = {write(full, file, "") for file in (TEMPORARY, ORPHAN)}
        found = planned(full)
        assert set(found.leftovers) == paths
        assert not found.nothing

    def test_without_a_folder_there_is_nothing_to_do(self, shelf: Shelf) -> None:
        assert planned(shelf, keep=0).nothing
        assert not shelf.folder.exists()

    def test_a_limit_in_days_counts_back_from_now(self) -> None:
        assert tidying.days_ago(1.5, AT) == datetime(2025, 1, 13, 22, 30, tzinfo=UTC)


class TestCarryOut:
    def test_what_was_planned_is_gone_with_its_samples_and_returned(self, full: Shelf) -> None:
        for file in (TEMPORARY, ORPHAN, "README.md"):
            write(full, file, "")
        agreed = planned(full, "broken", keep=2)
        assert tidying.carry_out(full, agreed) == agreed
        assert standing(full) == ["d0", "d1"]
        assert len(names(full)) == 5, "two baselines with their samples, and README.md"
        assert all(rounds_of(book) for book in full.books())

    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(lambda shelf: put(shelf, "d3", 5.0, force=True), id="replaced"),
            pytest.param(lambda shelf: put(shelf, "d3", force=True, pinned=True), id="pinned"),
            pytest.param(lambda shelf: write(shelf, "d3.yaml", "- broken"), id="broken"),
        ],
    )
    def test_what_changed_since_stays(self, change: Callable[[Shelf], object], full: Shelf) -> None:
        agreed = planned(full, keep=3)
        change(full)
        before = contents(full.folder)
        done = tidying.carry_out(full, agreed)
        assert removed(done) == ["d4"]
        assert standing(full) == ["broken", "d0", "d1", "d2", "d3"]
        stays = {file: content for file, content in before.items() if not file.startswith("d4")}
        assert contents(full.folder) == stays

    def test_what_is_gone_since_was_not_removed_by_us(self, full: Shelf) -> None:
        agreed = planned(full, keep=3)
        remove(full, *agreed.remove[:1])
        assert removed(tidying.carry_out(full, agreed)) == ["d4"]

    def test_a_leftover_that_a_yaml_names_since_stays(self, shelf: Shelf) -> None:
        book = put(shelf)
        text = book.path.read_text()
        book.path.unlink()
        agreed = planned(shelf)
        assert agreed.leftovers == (companion_of(book),)
        book.path.write_text(text)
        assert tidying.carry_out(shelf, agreed).leftovers == ()
        assert len(rounds_of(book)) == 1

    def test_links_are_removed_and_never_followed(self, shelf: Shelf, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        for file in ("target.yaml", "samples", "temporary"):
            (outside / file).write_text("mine")
        shelf.folder.mkdir()
        for file, target in (("linked.yaml", "target.yaml"), (ORPHAN, "samples"), (TEMPORARY, "temporary")):
            (shelf.folder / file).symlink_to(outside / target)
        before = contents(outside)
        tidying.carry_out(shelf, planned(shelf, "linked", keep=0))
        assert standing(shelf) == []
        assert contents(outside) == before

    @pytest.mark.parametrize("file", ["README.md", "b.yaml", "data.json.gz"])
    def test_a_yaml_that_calls_another_file_its_samples_does_not_take_it_along(
        self, file: str, shelf: Shelf
    ) -> None:
        put_values(shelf, "b")
        if file != "b.yaml":
            write(shelf, file, "mine")
        write(shelf, "a.yaml", sound_text(samples=Samples(file, "0" * 64)))
        assert removed(tidying.carry_out(shelf, planned(shelf, "a"))) == ["a"]
        assert names(shelf) == {"b.yaml", file}

    def test_samples_shared_with_one_that_stays_stay(self, shelf: Shelf) -> None:
        book = put(shelf, "a")
        write(shelf, "b.yaml", book.path.read_bytes())
        tidying.carry_out(shelf, planned(shelf, "a"))
        assert names(shelf) == {"b.yaml", companion_of(book).name}

    def test_a_folder_called_like_a_baseline_is_told_and_stays(self, shelf: Shelf) -> None:
        shelf.path("a").mkdir(parents=True)
        (shelf.path("a") / "file").write_text("mine")
        before = contents(shelf.folder)
        with pytest.raises(BaselineError) as refusal:
            tidying.carry_out(shelf, planned(shelf, "a"))
        assert str(shelf.path("a")) in str(refusal.value)
        assert_one_line(refusal.value)
        assert contents(shelf.folder) == before

    @not_as_root
    def test_a_folder_that_may_not_be_written_is_told_and_stays_as_it_was(self, full: Shelf) -> None:
        before = contents(full.folder)
        full.folder.chmod(0o500)
        try:
            with pytest.raises(BaselineError, match=r"cannot be written \(Permission denied\)") as refusal:
                tidying.carry_out(full, planned(full, keep=0))
        finally:
            full.folder.chmod(0o700)
        assert_one_line(refusal.value)
        assert contents(full.folder) == before


def report(folder: Path, name: str, days: float = 0) -> Path:
    """Write a report so many days ago."""
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text("report")
    written = (AT - timedelta(days=days)).timestamp()
    os.utime(path, (written, written))
    return path


class TestOldReports:
    @pytest.fixture
    def folder(self, tmp_path: Path) -> Path:
        for days in range(4):
            report(tmp_path / "reports", f"benchmark-r{days}.md", days)
        return tmp_path / "reports"

    @pytest.mark.parametrize(
        ("expected", "keep", "days"),
        [
            pytest.param([], None, None, id="no limit"),
            pytest.param([2, 3], 2, None, id="all but the newest two"),
            pytest.param([0, 1, 2, 3], 0, None, id="all but none"),
            pytest.param([], 9, None, id="more than there are"),
            pytest.param([3], None, 2, id="older than two days"),
            pytest.param([3], 1, 2, id="beyond both limits: the age is the narrower"),
            pytest.param([3], 3, 0, id="beyond both limits: the number is the narrower"),
        ],
    )
    def test_go_by_the_same_two_limits(
        self, expected: list[int], keep: int | None, days: float | None, folder: Path
    ) -> None:
        before = None if days is None else AT - timedelta(days=days)
        found = tidying.old_reports(folder, Selection(("d0",), keep, before))
        assert [path.name for path in found] == [f"benchmark-r{n}.md" for n in expected]

    @pytest.mark.parametrize(
        ("expected", "name"),
        [
            (True, "benchmark-v1.2.0-2025-01-15.md"),
            (True, "benchmark-a.json"),
            (True, "benchmark-a+dirty.html"),
            (False, "benchmark-a.txt"),
            (False, "benchmark-.md.orig"),
            (False, "benchmark-a b.md"),
            (False, "my-benchmark-a.md"),
            (False, ".benchmark-a.md"),
            (False, "benchmark.md"),
            (False, "notes.md"),
        ],
    )
    def test_are_only_what_report_named_itself(self, expected: bool, name: str, tmp_path: Path) -> None:
        path = report(tmp_path / "reports", name)
        found = tidying.old_reports(tmp_path / "reports", Selection(keep=0))
        assert found == ((path,) if expected else ())

    def test_links_folders_and_what_lies_in_them_are_none(self, folder: Path, tmp_path: Path) -> None:
        outside = report(tmp_path / "outside", "benchmark-x.md", 99)
        (folder / "benchmark-link.md").symlink_to(outside)
        (folder / "benchmark-nowhere.md").symlink_to("nowhere")
        report(folder / "benchmark-folder.md", "benchmark-y.md", 99)
        found = tidying.old_reports(folder, Selection(keep=0))
        assert {path.name for path in found} == {f"benchmark-r{n}.md" for n in range(4)}

    def test_without_a_folder_there_are_none(self, tmp_path: Path) -> None:
        assert tidying.old_reports(tmp_path / "nowhere", Selection(keep=0)) == ()

    def test_are_removed_with_the_rest_and_nothing_beside_them(self, folder: Path, full: Shelf) -> None:
        (folder / "notes.md").write_text("mine")
        selection = Selection(keep=3)
        agreed = tidying.plan(full, selection, tidying.old_reports(folder, selection))
        assert tidying.carry_out(full, agreed) == agreed
        assert set(contents(folder)) == {"benchmark-r0.md", "benchmark-r1.md", "benchmark-r2.md", "notes.md"}
        assert standing(full) == ["broken", "d0", "d1", "d2"]


# --- names ------------------------------------------------------------------------------------------------


def a_run(commit: str | None = COMMIT, dirty: bool = False, version: str = "1.2.0") -> KeptRun:
    return KeptRun(
        Path("run"), {"subject": {"name": "reference", "version": version}, "commit": commit, "dirty": dirty}
    )


class TestAutomaticName:
    @pytest.mark.parametrize(
        ("expected", "run"),
        [
            pytest.param("v1.2.0", a_run(), id="a commit"),
            pytest.param("v1.2.0", a_run(dirty=True), id="a commit with changes"),
            pytest.param("v1.2.0", a_run(None), id="no commit"),
            pytest.param("v1.2.0+local.1", a_run(version="1.2.0+local.1"), id="a local version"),
        ],
    )
    def test_is_the_version_where_the_name_is_free(self, expected: str, run: KeptRun, shelf: Shelf) -> None:
        put(shelf, "v1.1.0")
        assert snapshot.automatic_name(run, shelf) == expected

    @pytest.mark.parametrize(
        ("expected", "holder", "run"),
        [
            pytest.param("v1.2.0", (COMMIT, False), a_run(), id="the same commit"),
            pytest.param(
                "v1.2.0", (COMMIT, True), a_run(dirty=True), id="the same commit, both with changes"
            ),
            pytest.param("v1.2.0-2b2b2b2b", (COMMIT, False), a_run(OTHER_COMMIT), id="another commit"),
            pytest.param(
                "v1.2.0-2b2b2b2b+dirty",
                (COMMIT, False),
                a_run(OTHER_COMMIT, dirty=True),
                id="another commit with changes",
            ),
            pytest.param("v1.2.0-1a1a1a1a+dirty", (COMMIT, False), a_run(dirty=True), id="changes since"),
            pytest.param("v1.2.0-1a1a1a1a", (COMMIT, True), a_run(), id="without the changes"),
            pytest.param("v1.2.0-1a1a1a1a", (None, False), a_run(), id="the name of no commit"),
        ],
    )
    def test_where_the_name_is_taken(
        self, expected: str, holder: tuple[str | None, bool], run: KeptRun, shelf: Shelf
    ) -> None:
        put(shelf, "v1.2.0", commit=holder[0], dirty=holder[1])
        assert snapshot.automatic_name(run, shelf) == expected

    @pytest.mark.parametrize(
        "make",
        [lambda path: path.write_text("- broken"), lambda path: path.symlink_to("nowhere")],
        ids=["broken", "a link to nowhere"],
    )
    def test_what_cannot_be_read_is_another_commits(
        self, make: Callable[[Path], object], shelf: Shelf
    ) -> None:
        shelf.folder.mkdir()
        make(shelf.path("v1.2.0"))
        assert snapshot.automatic_name(a_run(), shelf) == "v1.2.0-1a1a1a1a"

    def test_code_of_no_commit_needs_a_name_where_the_versions_is_taken(self, shelf: Shelf) -> None:
        put(shelf, "v1.2.0")
        with pytest.raises(BaselineError) as refusal:
            snapshot.automatic_name(a_run(None), shelf)
        assert str(refusal.value) == "v1.2.0 exists, and this code belongs to no commit; give a --name"

    @pytest.mark.parametrize("version", ["1.0 beta", "a/b", "1" * 200, "\u00fc"])
    def test_a_version_that_makes_no_name_needs_one(self, version: str, shelf: Shelf) -> None:
        with pytest.raises(
            BaselineError, match="makes no name for a baseline; give one with --name"
        ) as refusal:
            snapshot.automatic_name(a_run(version=version), shelf)
        assert_one_line(refusal.value)


# --- runs that were kept ----------------------------------------------------------------------------------


def keep_run(
    root: Path, name: str, facts: Mapping[str, object] | str | bytes | None = None, **changes: object
) -> Path:
    """Write a run's folder, with these facts changed or with another content of run.json."""
    folder = root / ".asv" / "runs" / name
    folder.mkdir(parents=True)
    if facts is None:
        facts = {**FACTS, **changes}
    text = json.dumps(facts) if isinstance(facts, Mapping) else facts
    (folder / "run.json").write_bytes(text if isinstance(text, bytes) else text.encode())
    return folder


FACTS: dict[str, object] = {
    "schema": 1,
    "state": "finished",
    "workload": "quick",
    "cases": {"quick": {"iterations": 10, "rounds": 2}},
    "state_of_code": "",
    "environment": {},
    "subject": {"name": "adapter:plain", "version": "1.0"},
    "commit": COMMIT,
    "dirty": False,
    "provider": "anthropic",
    "model": "m",
    "endpoint": {"kind": "stand-in", "profile": "none"},
}

BROKEN_RUNS: list[Any] = [
    pytest.param("", id="empty"),
    pytest.param(json.dumps(FACTS)[:100], id="cut off"),
    pytest.param("[]", id="a list"),
    pytest.param("null", id="null"),
    pytest.param(b'{"\xff": 1}', id="no text"),
    pytest.param("[" * 100_000, id="nested too deeply"),
    pytest.param({}, id="an empty object"),
    pytest.param({**FACTS, "state": "partial"}, id="interrupted"),
    pytest.param({**FACTS, "state": "running"}, id="under way"),
    pytest.param({**FACTS, "cases": ["quick"]}, id="cases that are none"),
    pytest.param({**FACTS, "cases": {"quick": 1}}, id="a case that is none"),
    pytest.param({**FACTS, "cases": {"quick": {}}}, id="a case without iterations"),
]


class TestFinished:
    def test_are_the_finished_runs_newest_first(self, tmp_path: Path) -> None:
        paths = [keep_run(tmp_path, f"2025010{n}T000000Z-aaaaaa", workload=f"w{n}") for n in (2, 1, 3)]
        found = list(finished(tmp_path))
        assert [run.path for run in found] == [paths[2], paths[0], paths[1]]
        assert [run.workload for run in found] == ["w3", "w2", "w1"]
        assert found[0].iterations == {"quick": 10}

    @pytest.mark.parametrize("content", BROKEN_RUNS)
    def test_one_that_cannot_be_read_is_none_and_hides_no_other(
        self, content: Mapping[str, object] | str | bytes, tmp_path: Path
    ) -> None:
        sound = [keep_run(tmp_path, name) for name in ("3", "1")]
        keep_run(tmp_path, "2", content)
        assert [run.path for run in finished(tmp_path)] == sound

    def test_a_folder_without_run_json_or_with_a_folder_for_it_is_none(self, tmp_path: Path) -> None:
        (tmp_path / ".asv" / "runs" / "1").mkdir(parents=True)
        (tmp_path / ".asv" / "runs" / "2" / "run.json").mkdir(parents=True)
        sound = keep_run(tmp_path, "0")
        assert [run.path for run in finished(tmp_path)] == [sound]

    def test_where_nothing_was_measured_there_are_none(self, tmp_path: Path) -> None:
        assert list(finished(tmp_path)) == []


class TestOfCommit:
    @pytest.fixture
    def here(self, repository: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Enter a repository; its commit is HEAD."""
        monkeypatch.chdir(repository)
        return repository

    @pytest.fixture
    def head(self, here: Path) -> str:
        return git(here, "rev-parse", "HEAD")

    @staticmethod
    def found(ref: str = "HEAD", *workloads: str, **wish: str) -> list[str]:
        """Return the names of the runs that a wish finds."""
        found = keeping.of_commit(config.load(Path.cwd()), keeping.Wish(workloads, **wish), ref)  # type: ignore[arg-type]
        return [run.path.name for run in found]

    def test_is_the_last_run_of_any_workload(self, here: Path, head: str) -> None:
        for name, workload in (("1", "quick"), ("3", "standard"), ("2", "quick")):
            keep_run(here, name, commit=head, workload=workload)
        assert self.found() == ["3"]

    def test_is_the_last_run_of_each_workload_that_is_named(self, here: Path, head: str) -> None:
        for name, workload in (("1", "quick"), ("2", "quick"), ("3", "standard"), ("4", "full")):
            keep_run(here, name, commit=head, workload=workload)
        assert self.found("HEAD", "standard", "quick") == ["3", "2"]

    def test_of_a_run_on_several_providers_it_is_the_usual_ones(self, here: Path, head: str) -> None:
        for name, provider in (("1", "anthropic"), ("2", "openai"), ("3", "gemini")):
            keep_run(here, name, commit=head, workload="provider", provider=provider)
        assert self.found() == self.found("HEAD", "provider") == ["1"]
        assert self.found(provider="openai") == ["2"]
        (here / ".asv" / "runs" / "1" / "run.json").unlink()
        assert self.found() == ["3"], "and where it was not measured, the last one"

    def test_the_commit_may_be_called_by_any_name_it_has(self, here: Path, head: str) -> None:
        git(here, "tag", "-a", "v1", "-m", "a tag")
        git(here, "commit", "-q", "--allow-empty", "-m", "second")
        keep_run(here, "1", commit=head)
        for name in ("v1", "HEAD~1", head, head[:8], "main^"):
            assert self.found(name) == ["1"]

    @pytest.mark.parametrize("ref", ["nope", "", "--all", "HEAD:adapter.py", "HEAD^{tree}"])
    def test_what_names_no_commit_is_an_error(self, ref: str, here: Path, head: str) -> None:
        keep_run(here, "1", commit=head)
        with pytest.raises(UsageError, match=r"--commit: .* names no commit") as refusal:
            self.found(ref)
        assert_one_line(refusal.value)

    def test_a_commit_that_was_not_measured_is_an_error_that_says_what_to_do(
        self, here: Path, head: str
    ) -> None:
        keep_run(here, "1")
        with pytest.raises(MeasurementError) as refusal:
            self.found()
        assert str(refusal.value) == (
            f"--commit: no finished run of workload at {head[:8]} here: check it out and "
            "`persona benchmark run`"
        )

    def test_a_workload_that_was_not_measured_is_named(self, here: Path, head: str) -> None:
        keep_run(here, "1", commit=head)
        with pytest.raises(MeasurementError, match="no finished run of workload standard at"):
            self.found("HEAD", "quick", "standard")

    @pytest.mark.parametrize(
        "changes",
        [
            pytest.param({"state": "partial"}, id="interrupted"),
            pytest.param({"commit": OTHER_COMMIT}, id="of another commit"),
            pytest.param({"commit": None}, id="of no commit"),
            pytest.param({"dirty": True}, id="with changes"),
            pytest.param({"subject": {"name": "reference", "version": "1.0"}}, id="of another subject"),
            pytest.param({"endpoint": {"kind": "stand-in", "profile": "constant:5"}}, id="with model time"),
        ],
    )
    def test_a_newer_run_that_is_not_the_code_of_the_commit_is_passed_over(
        self, changes: Mapping[str, object], here: Path, head: str
    ) -> None:
        keep_run(here, "1", commit=head)
        keep_run(here, "2", **{"commit": head, **changes})
        assert self.found() == ["1"]

    @pytest.mark.parametrize("content", BROKEN_RUNS)
    def test_a_newer_run_that_cannot_be_read_is_passed_over(
        self, content: Mapping[str, object] | str | bytes, here: Path, head: str
    ) -> None:
        keep_run(here, "1", commit=head)
        keep_run(here, "2", content)
        assert self.found() == ["1"]

    @pytest.mark.parametrize("key", ["commit", "dirty", "subject", "endpoint", "provider", "model"])
    @pytest.mark.parametrize("how", ["lacks", "has another type for"])
    def test_a_newer_run_that_does_not_say_what_it_measured_is_passed_over(
        self, how: str, key: str, here: Path, head: str
    ) -> None:
        keep_run(here, "1", commit=head)
        facts = {**FACTS, "commit": head, key: ["something"]}
        keep_run(here, "2", facts if how != "lacks" else {name: facts[name] for name in facts if name != key})
        assert self.found("HEAD", provider="anthropic", model="m") == ["1"]

    def test_provider_and_model_count_where_they_are_asked_for(self, here: Path, head: str) -> None:
        keep_run(here, "1", commit=head)
        keep_run(here, "2", commit=head, provider="ollama", model="other")
        assert self.found() == ["2"]
        assert self.found(provider="anthropic") == ["1"]
        assert self.found(model="m") == ["1"]
        with pytest.raises(PersonaAsvError):
            self.found(provider="anthropic", model="other")

    def test_another_subject_may_be_asked_for(self, here: Path, head: str) -> None:
        keep_run(here, "1", commit=head, subject={"name": "reference", "version": "1.0"})
        keep_run(here, "2", commit=head)
        assert self.found(subject="reference") == ["1"]
