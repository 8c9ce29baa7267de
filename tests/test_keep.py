"""``persona benchmark capture``, ``list`` and ``clean``: whole commands, what they print, keep and refuse."""

from __future__ import annotations

import io
import json
import os
import pty
import re
import shutil
import signal
import subprocess
import sys
import termios
from collections.abc import Callable, Iterator, Mapping
from contextlib import chdir, contextmanager, redirect_stderr, redirect_stdout, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import yaml
from conftest import ADAPTER, Done, environment, git, persona
from processes import until

from persona_asv import door, workloads
from persona_asv.baselines import companion
from persona_asv.baselines.baseline import Baseline, Entry, Figure
from persona_asv.baselines.book import Book
from persona_asv.baselines.shelf import Shelf
from persona_asv.environment import Environment

GOLDEN = Path(__file__).parent / "golden" / "keep"
LIST, CAPTURE, CLEAN = (("benchmark", command) for command in ("list", "capture", "clean"))
SMALL = """\
benchmarks:
  subject: adapter:plain
  machine: tester
  workloads:
    quick: {iterations: 3, rounds: 1}
    standard: {iterations: 2, rounds: 1}
"""
MEASURING = "Running Benchmark Suite: "
F139 = """\
Available Baselines
───────────────────

┌─────────────────┬─────────────────────┬──────────┬─────────┐
│ Name            │ Captured            │ Version  │ Size    │
├─────────────────┼─────────────────────┼──────────┼─────────┤
│ v1.12.0         │ 2025-01-15 10:30    │ 1.12.0   │ 2.3 KB  │
│ v1.11.0         │ 2025-01-01 14:22    │ 1.11.0   │ 2.1 KB  │
│ v1.10.0         │ 2024-12-15 09:15    │ 1.10.0   │ 2.0 KB  │
│ v1.9.0          │ 2024-12-01 11:45    │ 1.9.0    │ 1.9 KB  │
└─────────────────┴─────────────────────┴──────────┴─────────┘

Total: 4 baselines (8.3 KB)
"""


def loosely(text: str) -> str:
    """Return a text of which it does not matter how wide its columns are."""
    return re.sub(r"([ ─])+", r"\1", text)


def data(done: Done, command: str) -> dict:
    """Return what the envelope of a command that succeeded holds; it must be one strict JSON document."""

    def refuse(constant: str) -> None:
        raise AssertionError(f"{constant} is no JSON")

    def once(pairs: list[tuple[str, object]]) -> dict[str, object]:
        assert len(dict(pairs)) == len(pairs), "a key stands twice"
        return dict(pairs)

    assert done.code == 0, done.err
    envelope = json.loads(done.out, parse_constant=refuse, object_pairs_hook=once)
    assert list(envelope) == ["command", "version", "success", "data"]
    assert (envelope["command"], envelope["success"]) == (f"benchmark {command}", True)
    return envelope["data"]


def refused(done: Done, *parts: str) -> None:
    """Assert that it ended with 3 and one line that holds the parts."""
    assert done.code == 3, done.out
    assert done.err.startswith("error: ")
    assert done.err.count("\n") == 1
    assert "a fault of persona_asv" not in done.err
    for part in parts:
        assert part in done.err


@contextmanager
def terminal(columns: int) -> Iterator[tuple[int, int]]:
    """Give the two ends of a terminal that is so wide: the user's, and the program's."""
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (24, columns))
    try:
        yield ours, theirs
    finally:
        os.close(ours)
        os.close(theirs)


def on_terminal(
    *arguments: str, cwd: Path, columns: int = 80, answer: str | None = None, **environ: str
) -> Done:
    """Run ``persona`` on a terminal of its own, where both streams are one, and answer its question."""
    environ = environment(TERM="xterm", **environ)
    environ.pop("COLUMNS", None)
    with (
        terminal(columns) as (ours, theirs),
        subprocess.Popen(
            [sys.executable, "-m", "persona_asv", *arguments],
            cwd=cwd,
            env=environ,
            stdin=theirs,
            stdout=theirs,
            stderr=theirs,
            start_new_session=True,
        ) as process,
    ):
        os.set_blocking(ours, False)
        shown = b""

        def ended() -> bool:
            nonlocal shown, answer
            over = process.poll() is not None
            with suppress(BlockingIOError):
                while more := os.read(ours, 65536):
                    shown += more
            if answer is not None and shown.endswith(b"[y/N]: "):
                os.write(ours, f"{answer}\n".encode())
                answer = None
            return over

        try:
            until(ended)
        finally:
            process.kill()
    assert answer is None, "it never asked"
    return Done(process.returncode, shown.decode().replace("\r\n", "\n"), "")


def inline(*arguments: str, cwd: Path) -> Done:
    """Run ``persona`` in this process: the whole command, without the time it takes to start."""
    out, err = (io.TextIOWrapper(io.BytesIO(), "utf-8", write_through=True) for _ in range(2))
    path = sys.path.copy()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    try:
        with chdir(cwd), redirect_stdout(out), redirect_stderr(err):
            code = door.run(list(arguments))
    finally:
        sys.path[:] = path
        sys.modules.pop("adapter", None)
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return Done(code, *(each.buffer.getvalue().decode() for each in (out, err)))


def new_project(folder: Path) -> Path:
    """Make a clean repository with one commit, whose workloads are as small as can be."""
    (folder / "adapter.py").write_text(ADAPTER)
    (folder / ".gitignore").write_text("__pycache__/\n")
    (folder / "persona.yaml").write_text(SMALL)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


@pytest.fixture(scope="module")
def measured(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a project whose workload quick was just measured; it is everybody's, so only read it."""
    project = new_project(tmp_path_factory.mktemp("measured"))
    done = persona("benchmark", "run", "-w", "quick", cwd=project)
    assert done.code == 0, done.err
    return project


@pytest.fixture
def project(measured: Path, tmp_path: Path) -> Path:
    """Return a copy of the measured project."""
    return Path(shutil.copytree(measured, tmp_path / "project", symlinks=True))


def edit(project: Path) -> None:
    with (project / "adapter.py").open("a") as file:
        file.write("# changed\n")


def commit(project: Path) -> str:
    git(project, "commit", "-q", "-a", "-m", "another")
    return head(project)


def head(project: Path) -> str:
    return git(project, "rev-parse", "HEAD")


def runs(project: Path) -> list[str]:
    return sorted(f".asv/runs/{path.name}" for path in project.glob(".asv/runs/*"))


def held(path: Path) -> dict:
    """Return what a baseline's file says."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def names(folder: Path) -> set[str]:
    """Return the baselines that a project holds, by their files."""
    return {path.name.removesuffix(".yaml") for path in folder.glob("baselines/*.yaml")}


def companions(folder: Path) -> set[str]:
    """Return the baselines that the companions in a project are named after."""
    return {re.sub(r"-\w+\.samples\.json\.gz$", "", path.name) for path in folder.glob("baselines/*.gz")}


def tree(folder: Path) -> dict[str, bytes | None]:
    """Return every file and folder with its content, of all that a command might touch."""
    found = {}
    for path in folder.rglob("*"):
        name = path.relative_to(folder).as_posix()
        if not re.match(r"\.git/|.*__pycache__|\.asv/baselines\.lock", name):
            found[name] = path.read_bytes() if path.is_file() else None
    return found


def shelf(folder: Path) -> Shelf:
    return Shelf(folder / "baselines", folder / ".asv" / "baselines.lock")


def put(folder: Path, baseline: Baseline, size: int | None = None) -> Book:
    """Put a baseline on the folder's shelf, with a companion that makes both together so many bytes."""
    where = shelf(folder)
    with where.writing():
        book = where.put(baseline, b"")
        return where.put(baseline, b"x" * (3000 if size is None else size - book.size), force=True)


def at(moment: str) -> datetime:
    return datetime.fromisoformat(moment).replace(tzinfo=UTC)


def made(name: str, moment: datetime, **facts) -> Baseline:
    """Return a baseline of one metric."""
    metrics = {"generation_latency_p50": Figure(1230.0)}
    facts = {"workloads": {"standard": Entry(100, metrics)}, "environment": Environment(), **facts}
    return Baseline(name=name, version=name.removeprefix("v"), captured_at=moment, **facts)


def stocked(folder: Path, **days: int) -> Path:
    """Put baselines on the folder's shelf, each so many days old."""
    for name, age in days.items():
        put(folder, made(name, datetime.now(UTC).replace(microsecond=0) - timedelta(days=age)))
    return folder


FULL = {
    "generation_latency_p50": Figure(1230, 100, 5, (1198.0, 1262.0)),
    "generation_latency_p95": Figure(1870, 100, 5, (1790.0, 2010.0)),
    "throughput_per_minute": Figure(48.7, 100, 5, (47.9, 49.6)),
    "memory_peak_mb": Figure(512, 5, 5),
    "error_rate": Figure(0, 5, 5),
}
MACHINE = Environment(
    python_version="3.12.0",
    platform="linux-x86_64",
    cpu="Intel(R) Xeon(R) Platinum 8375C CPU @ 2.90GHz",
    memory_gb=16,
    persona_version="1.12.0",
    cores=8,
    os="Linux 6.1.0",
    governor="performance",
    virtualisation="kvm",
    machine="runner-7",
    persona_asv="0.1.0",
    asv="0.6.6",
)
BOOKS = (
    (2355, made("v1.12.0", at("2025-01-15T10:30"), workloads={"standard": Entry(100, FULL)},
                environment=MACHINE, commit="12" * 20, subject="persona", provider="anthropic",
                model="claude-sonnet-4-20250514", endpoint="stand-in")),
    (2150, made("v1.11.0", at("2025-01-01T14:22"), commit="11" * 20, dirty=True, subject="persona",
                workloads={
                    "quick": Entry(10, {"generation_latency_p50": Figure(1250, 10, 2)}),
                    "standard": Entry(None, {"api_calls_per_persona": Figure(2.0)}, "as it always was"),
                })),
    (2048, made("v1.10.0", at("2024-12-15T09:15"), environment=Environment(platform="darwin-arm64"))),
    (1946, made("v1.9.0", at("2024-12-01T11:45"), pinned=True)),
)  # fmt: skip
"""The four of F-139's list, with all that a baseline can hold in the first, less in the others."""


@pytest.fixture(scope="module")
def library(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with the four baselines; it is everybody's, so only read it."""
    folder = tmp_path_factory.mktemp("library")
    for size, baseline in reversed(BOOKS):
        assert put(folder, baseline, size).size == size
    return folder


@dataclass(frozen=True)
class Story:
    """A developer's day: measure, capture, change, measure, capture, look, clean."""

    project: Path
    told: Mapping[str, Done]
    commits: tuple[str, str]
    figures: Mapping[str, dict]


@pytest.fixture(scope="module")
def story(measured: Path, tmp_path_factory: pytest.TempPathFactory) -> Story:
    project = Path(shutil.copytree(measured, tmp_path_factory.mktemp("story") / "project"))
    before, told = head(project), {}
    told["capture a"] = persona(*CAPTURE, "--name", "a", cwd=project)
    (project / "persona.yaml").write_text(SMALL.replace("adapter:plain", "adapter:extra_request"))
    after = commit(project)
    told["run"] = persona("benchmark", "run", "-w", "quick", cwd=project)
    told["capture b"] = persona(*CAPTURE, "--name", "b", cwd=project)
    figures = {name: held(project / f"baselines/{name}.yaml") for name in sorted(names(project))}
    told["list"] = on_terminal(*LIST, cwd=project)
    told["list --verbose"] = on_terminal(*LIST, "--verbose", cwd=project)
    told["clean"] = persona(*CLEAN, "--keep", "1", "--yes", cwd=project)
    told["list after"] = on_terminal(*LIST, cwd=project)
    return Story(project, told, (before, after), figures)


class TestStory:
    def test_every_command_of_it_succeeds(self, story: Story) -> None:
        assert {name: (done.code, done.err) for name, done in story.told.items()} == dict.fromkeys(
            story.told, (0, "")
        )

    def test_each_baseline_is_of_its_own_commit_and_subject(self, story: Story) -> None:
        assert {name: (its["commit"], its["subject"]) for name, its in story.figures.items()} == {
            "a": (story.commits[0], "adapter:plain"),
            "b": (story.commits[1], "adapter:extra_request"),
        }

    def test_the_change_shows_in_the_figures(self, story: Story) -> None:
        calls = {name: its["workloads"]["quick"]["metrics"] for name, its in story.figures.items()}
        assert {name: its["api_calls_per_persona"] for name, its in calls.items()} == {"a": 1, "b": 2}

    def test_a_capture_says_what_it_took_where_it_is_and_what_next(self, story: Story) -> None:
        (size,) = re.findall(r"[0-9.]+ KB", story.told["list after"].out.splitlines()[-1])
        assert story.told["capture b"].out.splitlines() == [
            f"✅ Captured b: quick of adapter:extra_request 1.0, commit {story.commits[1][:8]}",
            f"From: {runs(story.project)[1]}",
            f"Kept: baselines/b.yaml ({size} with its samples)",
            "Note: fewer than 3 rounds of quick: can raise a suspicion, never a verdict.",
            "",
            "Next: persona benchmark compare --baseline b",
        ]

    def test_the_newest_baseline_stands_first(self, story: Story) -> None:
        rows = [line.split()[1] for line in story.told["list"].out.splitlines() if line.startswith("│")]
        assert rows == ["Name", "b", "a"]

    def test_details_follow_the_very_same_table(self, story: Story) -> None:
        table, _, total = story.told["list"].out.rstrip("\n").rpartition("\n\n")
        assert story.told["list --verbose"].out.startswith(table + "\n\nb\n─\n")
        assert story.told["list --verbose"].out.endswith(f"\n\n{total}\n")
        assert "Subject:  adapter:extra_request 1.0 commit " in story.told["list --verbose"].out

    def test_nothing_is_wider_than_the_terminal(self, story: Story) -> None:
        shown = story.told["list"].out + story.told["list --verbose"].out
        assert max(map(len, shown.splitlines())) <= 80

    def test_the_newest_survives_the_cleaning_with_its_samples(self, story: Story) -> None:
        assert re.fullmatch(r"Removing a \([0-9.]+ KB\)\nRemoved 1 baseline\n", story.told["clean"].out)
        assert (names(story.project), companions(story.project)) == ({"b"}, {"b"})
        assert re.search(r"\n\nTotal: 1 baseline \([0-9.]+ KB\)\n$", story.told["list after"].out)


class TestList:
    def test_it_is_f139s(self, library: Path) -> None:
        """Line by line, at the same sizes; only the columns are as wide as what stands in them."""
        done = on_terminal(*LIST, cwd=library)
        assert done.code == 0
        assert loosely(done.out) == loosely(F139)

    @pytest.mark.parametrize("width", [80, 120])
    @pytest.mark.parametrize("encoding", ["utf-8", "ascii"])
    @pytest.mark.parametrize(
        ("name", "arguments"),
        [
            pytest.param("list", LIST, id="list"),
            pytest.param("verbose", (*LIST, "--verbose"), id="list --verbose"),
            pytest.param("clean", (*CLEAN, "--keep", "2", "--dry-run"), id="clean --keep 2 --dry-run"),
        ],
    )
    def test_golden(
        self, library: Path, name: str, arguments: tuple[str, ...], encoding: str, width: int
    ) -> None:
        """The whole text on a terminal; UPDATE_GOLDEN=1 rewrites the files."""
        done = on_terminal(*arguments, cwd=library, columns=width, PYTHONIOENCODING=encoding)
        assert done.code == 0
        golden = GOLDEN / f"{name}-{width}-{encoding}.txt"
        if os.environ.get("UPDATE_GOLDEN"):
            golden.parent.mkdir(exist_ok=True)
            golden.write_text(done.out, encoding="utf-8")
        assert done.out == golden.read_text(encoding="utf-8")
        if encoding == "ascii":
            assert done.out.isascii()

    def test_off_a_terminal_no_line_is_broken(self, library: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("COLUMNS", "40")
        lines = inline(*LIST, "-v", cwd=library).out.splitlines()
        (machine,) = [line for line in lines if line.startswith("Machine: ") and MACHINE.cpu in line]
        assert machine.endswith(" 8 cores 16 GB")

    @pytest.mark.parametrize(
        ("expected", "profile"),
        [
            pytest.param("stand-in (model time 0 ms)", "none", id="none"),
            pytest.param("stand-in (model time constant:1200, simulated)", "constant:1200", id="simulated"),
        ],
    )
    def test_the_endpoint_reads_as_in_every_other_output(
        self, tmp_path: Path, expected: str, profile: str
    ) -> None:
        put(tmp_path, made("a", at("2025-01-15T10:30"), endpoint="stand-in", profile=profile))
        done = inline(*LIST, "--verbose", cwd=tmp_path)
        assert f"Endpoint: {expected}" in done.out.splitlines()

    def test_a_baseline_without_samples_says_what_that_means(self, tmp_path: Path) -> None:
        with shelf(tmp_path).writing():
            shelf(tmp_path).put(made("a", at("2025-01-15T10:30")), None)
        done = inline(*LIST, "--verbose", cwd=tmp_path)
        assert "Samples:  none: compared by its values alone" in done.out.splitlines()

    def test_nothing_yet(self, tmp_path: Path) -> None:
        done = inline(*LIST, cwd=tmp_path)
        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines()[3:] == [
            "None in baselines yet. Next: persona benchmark capture --name NAME",
            "",
            "Total: 0 baselines (0 B)",
        ]
        assert not (tmp_path / "baselines").exists()

    def test_json(self, library: Path) -> None:
        found = data(inline(*LIST, "--json", cwd=library), "list")
        assert (found["folder"], found["broken"]) == (str(library / "baselines"), [])
        assert [(each["name"], each["captured_at"], each["size"]) for each in found["baselines"]] == [
            (its.name, f"{its.captured_at:%Y-%m-%dT%H:%M:%SZ}", size) for size, its in BOOKS
        ]
        newest = found["baselines"][0]
        assert newest["environment"]["cpu"] == MACHINE.cpu
        assert newest["workloads"]["standard"]["metrics"]["generation_latency_p50"] == {
            "value": 1230, "n": 100, "rounds": 5, "interval": [1198, 1262],
        }  # fmt: skip
        assert Path(newest["path"]) == library / "baselines" / "v1.12.0.yaml"


BROKEN: Mapping[str, tuple[str, Callable[[Path], object]]] = {
    "no-text": ("not UTF-8", lambda path: path.write_bytes(b"\xff")),
    "no-yaml": ("not valid YAML", lambda path: path.write_text("name: [")),
    "empty": ("empty", lambda path: path.write_text("")),
    "no-baseline": ("lacks captured_at", lambda path: path.write_text("version: 1")),
    "newer": ("a newer persona_asv", lambda path: path.write_text("schema: 2")),
    "folder": ("not a regular file", lambda path: path.mkdir()),
    "pipe": ("not a regular file", os.mkfifo),
    "link": ("a symbolic link", lambda path: path.symlink_to("sound.yaml")),
}
"""By name: a part of the reason that is given, and what makes such a file."""


class TestBrokenFiles:
    @pytest.fixture
    def shelved(self, tmp_path: Path) -> Path:
        """Return a folder with a sound baseline among broken ones, one of which lost its companion."""
        for name in ("sound", "alone"):
            put(tmp_path, made(name, at("2025-01-15T10:30")))
        for path in tmp_path.glob("baselines/alone-*"):
            path.unlink()
        for name, (_, break_it) in BROKEN.items():
            break_it(tmp_path / "baselines" / f"{name}.yaml")
        return tmp_path

    def test_they_stand_below_the_others_each_with_its_reason(self, shelved: Path) -> None:
        done = inline(*LIST, cwd=shelved)
        assert (done.code, done.err) == (0, "")
        assert [line.split()[1] for line in done.out.splitlines() if line.startswith("│")] == [
            "Name",
            "sound",
        ]
        told = dict(line.strip().split(": ", 1) for line in done.out.splitlines() if line.startswith("  "))
        expected = {name: reason for name, (reason, _) in BROKEN.items()} | {"alone": "alone-"}
        assert set(told) == {f"{name}.yaml" for name in expected}
        for name, reason in expected.items():
            assert reason in told[f"{name}.yaml"]
        assert re.search(r"\n\nTotal: 1 baseline \(3\.\d KB\), 9 broken\n$", done.out)

    def test_json_holds_them_apart(self, shelved: Path) -> None:
        found = data(inline(*LIST, "--json", cwd=shelved), "list")
        assert [each["name"] for each in found["baselines"]] == ["sound"]
        assert {each["file"] for each in found["broken"]} == {f"{name}.yaml" for name in (*BROKEN, "alone")}
        assert all(each["reason"] for each in found["broken"])

    @pytest.mark.parametrize(
        "name",
        [
            pytest.param(b"no\xffencoding.yaml", id="in no encoding"),
            pytest.param(b"two\nlines.yaml", id="of two lines"),
        ],
    )
    def test_a_name_that_cannot_be_shown_hides_no_other(self, tmp_path: Path, name: bytes) -> None:
        path = put(tmp_path, made("sound", at("2025-01-15T10:30"))).path
        shutil.copy(path, os.path.join(os.fsencode(path.parent), name))  # noqa: PTH118 - pathlib takes no bytes
        done = inline(*LIST, cwd=tmp_path)
        assert (done.code, done.err) == (0, "")
        rows = [line.split("│")[1].strip() for line in done.out.splitlines() if line.startswith("│")]
        assert "sound" in rows
        assert not {"two", "lines"} & set(rows), "a row of the table is one baseline"

    def test_only_the_name_removes_one(self, shelved: Path) -> None:
        assert inline(*CLEAN, "--keep", "0", "--yes", cwd=replaced_pipe(shelved)).code == 0
        assert names(shelved) == {*BROKEN, "alone"}
        done = inline(*CLEAN, "--name", "newer", "--name", "link", "--yes", cwd=shelved)
        assert (done.code, done.err) == (0, "")
        assert names(shelved) == {*BROKEN, "alone"} - {"newer", "link"}

    def test_a_pipe_never_makes_a_command_wait(self, tmp_path: Path) -> None:
        put(tmp_path, made("sound", at("2025-01-15T10:30")))
        pipe = tmp_path / "baselines" / "pipe.yaml"
        os.mkfifo(pipe)
        opened = False
        with subprocess.Popen(
            [sys.executable, "-m", "persona_asv", *CLEAN, "--keep", "0", "--yes"],
            cwd=tmp_path,
            env=environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
        ) as process:

            def ended() -> bool:
                nonlocal opened
                with suppress(OSError):  # nobody reads from it, which is as it should be
                    os.close(os.open(pipe, os.O_WRONLY | os.O_NONBLOCK))
                    opened = True
                return process.poll() is not None

            until(ended)
        assert not opened, "it waits for whoever writes into the pipe"
        assert (process.returncode, names(tmp_path)) == (0, {"pipe"})


def replaced_pipe(folder: Path) -> Path:
    """Return the folder with an empty file in place of the pipe, which has a test of its own."""
    (folder / "baselines" / "pipe.yaml").unlink()
    (folder / "baselines" / "pipe.yaml").touch()
    return folder


class TestCatalogue:
    def test_workloads_are_as_persona_yaml_sizes_them(self, tmp_path: Path) -> None:
        (tmp_path / "persona.yaml").write_text("benchmarks: {workloads: {quick: {iterations: 7, rounds: 3}}}")
        done = on_terminal(*LIST, "--benchmarks", cwd=tmp_path)
        assert done.code == 0
        rows = [re.split(r" *│ *", line)[1:4] for line in done.out.splitlines() if line.startswith("│")]
        assert rows[:3] == [["Name", "Operations", "Rounds"], ["quick", "7", "3"], ["standard", "100", "5"]]
        assert {name for name, *_ in rows[1:]} == set(workloads.WORKLOADS)
        assert (
            "\nmemory_usage: peak memory of a fresh process, each operation's, and the average\n"
            "  memory.Memory.peakmem_generate\n" in done.out
        )

    def test_it_fits_a_terminal_of_80_columns(self, tmp_path: Path) -> None:
        done = on_terminal(*LIST, "--benchmarks", cwd=tmp_path)
        assert max(map(len, done.out.splitlines())) <= 80

    def test_ascii_where_the_terminal_has_no_unicode(self, tmp_path: Path) -> None:
        done = persona(*LIST, "--benchmarks", cwd=tmp_path, PYTHONIOENCODING="ascii")
        assert done.out.startswith("Available Workloads\n-------------------\n\n+")
        assert done.out.isascii()

    def test_json(self, tmp_path: Path) -> None:
        found = data(inline(*LIST, "--benchmarks", "--json", cwd=tmp_path), "list")
        assert {each["name"] for each in found["workloads"]} == set(workloads.WORKLOADS)
        assert found["families"]["memory_usage"]["benchmarks"][0] == "memory.Memory.peakmem_generate"


class TestCapture:
    def test_the_last_run_of_this_code_is_taken(self, project: Path) -> None:
        done = inline(*CAPTURE, cwd=project)
        assert (done.code, done.err) == (0, "")
        assert MEASURING not in done.out
        (run,) = runs(project)
        assert f"From: {run}" in done.out.splitlines()
        assert names(project) == {"v1.0"}, "named after its version"
        its = held(project / "baselines/v1.0.yaml")
        assert (its["commit"], its["dirty"], set(its["workloads"])) == (head(project), False, {"quick"})
        assert its["environment"]["machine"] == "tester"

    def test_the_version_of_another_commits_baseline_gets_the_commit_added(self, project: Path) -> None:
        put(project, made("v1.0", at("2025-01-15T10:30"), commit="a" * 40))
        assert inline(*CAPTURE, cwd=project).code == 0
        assert names(project) == {"v1.0", f"v1.0-{head(project)[:8]}"}

    def test_a_taken_name_is_replaced_by_force_alone_and_the_old_samples_go(self, project: Path) -> None:
        before = put(project, made("a", at("2025-01-15T10:30"))).path.read_bytes()
        refused(inline(*CAPTURE, "--name", "a", cwd=project), "a.yaml exists", "--force")
        assert (project / "baselines/a.yaml").read_bytes() == before
        done = inline(*CAPTURE, "--name", "a", "--force", cwd=project)
        assert (done.code, done.err) == (0, "")
        its = held(project / "baselines/a.yaml")
        assert its["commit"] == head(project)
        assert [path.name for path in project.glob("baselines/*.gz")] == [its["samples"]["file"]]

    def test_a_taken_name_is_refused_before_anything_is_measured(self, project: Path) -> None:
        put(project, made("a", at("2025-01-15T10:30")))
        edit(project)
        done = persona(*CAPTURE, "--name", "a", "-w", "quick", cwd=project)
        refused(done, "a.yaml exists")
        assert (MEASURING in done.out, len(runs(project))) == (False, 1)

    def test_pinned_it_survives_clean(self, project: Path) -> None:
        assert inline(*CAPTURE, "--name", "a", "--pin", cwd=project).code == 0
        assert held(project / "baselines/a.yaml")["pinned"] is True
        done = inline(*CLEAN, "--name", "a", "--keep", "0", "--yes", cwd=project)
        assert (done.code, done.out) == (0, "Keeping a: pinned\nNothing to remove.\n")
        assert (names(project), companions(project)) == ({"a"}, {"a"})

    def test_output_names_it_after_its_file_and_next_finds_it(self, project: Path) -> None:
        done = inline(*CAPTURE, "--output", "kept/here/x.yaml", cwd=project)
        assert (done.code, done.err) == (0, "")
        its = held(project / "kept/here/x.yaml")
        assert (its["name"], (project / "kept/here" / its["samples"]["file"]).is_file()) == ("x", True)
        assert not (project / "baselines").exists()
        command, _, path = done.out.splitlines()[-1].rpartition(" ")
        assert command == "Next: persona benchmark compare --baseline"
        assert (project / path).resolve() == (project / "kept/here/x.yaml").resolve()

    def test_the_longest_name_is_one_that_can_be_read_again(self, project: Path) -> None:
        told = inline(*CAPTURE, "--name", "n" * 1000, cwd=project).err
        (most,) = re.findall(r"at most (\d+)", told)
        name = "n" * int(most)
        assert inline(*CAPTURE, "--name", name, cwd=project).code == 0
        found = data(inline(*LIST, "--json", cwd=project), "list")
        assert [each["name"] for each in found["baselines"]] == [name]

    def test_several_workloads_make_one_baseline_and_only_what_lacks_is_measured(self, project: Path) -> None:
        done = persona(*CAPTURE, "-w", "quick", "-w", "standard", "--name", "both", "--json", cwd=project)
        found = data(done, "capture")
        assert set(found["workloads"]) == {"quick", "standard"}
        assert [found["workloads"][case]["iterations"] for case in ("quick", "standard")] == [3, 2]
        assert (found["name"], found["commit"]) == ("both", head(project))
        assert Path(found["path"]) == project / "baselines/both.yaml"
        files = project.glob("baselines/*")
        assert found["size"] == sum(path.stat().st_size for path in files)
        assert f"{MEASURING}standard" in done.err
        assert f"{MEASURING}quick" not in done.err
        assert len(runs(project)) == 2

    def test_run_measures_anew_whatever_was_measured(self, project: Path) -> None:
        done = persona(*CAPTURE, "--run", "-w", "quick", cwd=project)
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"{MEASURING}quick\n")
        assert len(runs(project)) == 2
        assert f"From: {runs(project)[1]}" in done.out.splitlines()

    def test_changed_code_is_measured_and_marked_as_no_commits(self, project: Path) -> None:
        edit(project)
        done = persona(*CAPTURE, "-w", "quick", "--name", "edited", cwd=project)
        assert (done.code, done.err) == (0, "")
        label = f"{head(project)[:8]}+dirty"
        assert f"Captured edited: quick of adapter:plain 1.0, commit {label}" in done.out
        assert "Note: the code is no commit's; nobody can measure it again." in done.out.splitlines()
        assert held(project / "baselines/edited.yaml")["dirty"] is True
        again = inline(*CAPTURE, "--from-last", "--name", "again", cwd=project)
        assert (again.code, MEASURING in again.out) == (0, False), "the same changes are the same code"
        assert inline(*CAPTURE, "--commit", "HEAD", "--name", "clean", cwd=project).code == 0
        assert held(project / "baselines/clean.yaml")["dirty"] is False, "a commit is what was committed"
        edit(project)
        refused(inline(*CAPTURE, "--from-last", "--name", "more", cwd=project), f"({label})", "changed since")


def described(project: Path, **facts: object) -> None:
    """Change what the one run says of itself."""
    (path,) = project.glob(".asv/runs/*/run.json")
    path.write_text(json.dumps(json.loads(path.read_text()) | facts))


class TestOnlyWhatFitsIsTaken:
    @pytest.mark.parametrize(
        ("change", "flags"),
        [
            pytest.param(edit, (), id="the code was edited since"),
            pytest.param(lambda project: (edit(project), commit(project)), (), id="another commit"),
            pytest.param(None, ("--model", "other"), id="another model"),
            pytest.param(None, ("--iterations", "4"), id="other iterations"),
            pytest.param(None, ("--subject", "adapter:extra_request"), id="another subject"),
            pytest.param(None, ("--workload", "standard"), id="another workload"),
            pytest.param(lambda project: described(project, provider="openai"), (), id="another provider"),
            pytest.param(lambda project: described(project, state="partial"), (), id="a part of a run"),
            pytest.param(
                lambda project: described(project, endpoint={"kind": "stand-in", "profile": "constant:5"}),
                (),
                id="simulated model time",
            ),
        ],
    )
    def test_from_last_measures_nothing_and_says_so(
        self, project: Path, change: Callable[[Path], object] | None, flags: tuple[str, ...]
    ) -> None:
        if change is not None:
            change(project)
        before = tree(project)
        done = inline(*CAPTURE, "--from-last", *flags, cwd=project)
        refused(done, "no finished run of this code", "changed since, or never measured", "--from-last")
        assert (done.out, tree(project)) == ("", before)

    def test_a_run_folder_that_is_none_is_passed_over(self, project: Path) -> None:
        for name, content in (("z1", "{"), ("z2", '{"state": "finished", "cases": {}}')):
            (project / ".asv/runs" / name).mkdir()
            (project / ".asv/runs" / name / "run.json").write_text(content)
        for flags in (("--from-last", "--name", "a"), ("--commit", "HEAD", "--name", "b")):
            done = inline(*CAPTURE, *flags, cwd=project)
            assert (done.code, done.err) == (0, "")


class TestCommit:
    @pytest.fixture
    def moved_on(self, project: Path) -> Path:
        """Return the measured project one commit later, with more changes in its tree."""
        edit(project)
        commit(project)
        edit(project)
        return project

    @pytest.mark.parametrize("ref", ["HEAD~1", "main~1", "the hash"])
    def test_what_was_measured_of_it_is_taken(self, moved_on: Path, ref: str) -> None:
        measured = git(moved_on, "rev-parse", "HEAD~1")
        ref = measured if ref == "the hash" else ref
        done = inline(*CAPTURE, "--commit", ref, "--name", "old", cwd=moved_on)
        assert (done.code, done.err) == (0, "")
        its = held(moved_on / "baselines/old.yaml")
        assert (its["commit"], its["dirty"]) == (measured, False)

    @pytest.mark.parametrize(
        ("expected", "flags"),
        [
            pytest.param("no finished run of workload at", ("--commit", "HEAD"), id="not measured"),
            pytest.param("no finished run of workload standard at", ("--commit", "HEAD~1", "-w", "standard"),
                         id="another workload was"),
            pytest.param("no finished run", ("--commit", "HEAD~1", "--model", "other"),
                         id="with another model it was"),
            pytest.param("no finished run", ("--commit", "HEAD~1", "--iterations", "4"),
                         id="with other iterations it was"),
            pytest.param("'nope' names no commit", ("--commit", "nope"), id="no such commit"),
            pytest.param("'--all' names no commit", ("--commit=--all",), id="a flag of git"),
            pytest.param("'' names no commit", ("--commit", ""), id="empty"),
            pytest.param("'HEAD^{tree}' names no commit", ("--commit", "HEAD^{tree}"), id="no commit"),
        ],
    )  # fmt: skip
    def test_what_was_not_is_refused(self, moved_on: Path, expected: str, flags: tuple[str, ...]) -> None:
        refused(inline(*CAPTURE, *flags, cwd=moved_on), expected)
        assert not (moved_on / "baselines").exists()


class TestBadInput:
    @pytest.fixture
    def shelved(self, project: Path) -> Path:
        """Return the measured project with a baseline, and a folder that is called like one."""
        put(project, made("sound", at("2025-01-15T10:30")))
        (project / "folder.yaml").mkdir()
        return project

    @pytest.mark.parametrize(
        ("expected", "arguments"),
        [
            pytest.param("--name: '../../x' is no baseline name", (*CAPTURE, "--name", "../../x"), id="path"),
            pytest.param(r"--name: 'a\nb' is no", (*CAPTURE, "--name", "a\nb"), id="name of two lines"),
            pytest.param("--name: '-x' is no", (*CAPTURE, "--name=-x"), id="name like a flag"),
            pytest.param("--name: '' is no", (*CAPTURE, "--name", ""), id="empty name"),
            pytest.param("leave --name away", (*CAPTURE, "--name", "x", "--output", "x.yaml"),
                         id="two names"),
            pytest.param("exclude each other", (*CAPTURE, "--from-last", "--run"), id="last and anew"),
            pytest.param("name a .yaml file, not 'x.txt'", (*CAPTURE, "--output", "x.txt"), id="no YAML"),
            pytest.param("name a .yaml file, not 'baselines'", (*CAPTURE, "--output", "baselines"),
                         id="output to a folder"),
            pytest.param("unknown workload 'nope'", (*CAPTURE, "--workload", "nope"), id="unknown workload"),
            pytest.param("--iterations must be", (*CAPTURE, "--iterations", "0"), id="no iterations"),
            pytest.param("say what goes", CLEAN, id="clean without any limit"),
            pytest.param("say what goes", (*CLEAN, "--reports", "--yes"), id="--reports alone"),
            pytest.param("'--keep': -1 is not", (*CLEAN, "--keep", "-1", "--yes"), id="--keep -1"),
            pytest.param("no baseline 'unknown'", (*CLEAN, "--name", "unknown", "--name", "sound", "--yes"),
                         id="one unknown name among others"),
            pytest.param("add --yes", (*CLEAN, "--keep", "0"), id="nobody to ask"),
        ],
    )  # fmt: skip
    def test_one_line_and_nothing_is_written(
        self, shelved: Path, expected: str, arguments: tuple[str, ...]
    ) -> None:
        before = tree(shelved)
        refused(persona(*arguments, cwd=shelved), expected)
        assert tree(shelved) == before

    @pytest.mark.parametrize(
        ("expected", "arguments"),
        [
            pytest.param("--name: '.x' is no", (*CAPTURE, "--name", ".x"), id="hidden name"),
            pytest.param("exclude each other", (*CAPTURE, "--commit", "HEAD", "--run"), id="commit and anew"),
            pytest.param("name a .yaml file, not 'folder.yaml'", (*CAPTURE, "--output", "folder.yaml"),
                         id="output to a folder that is called like a file"),
            pytest.param("--output: 'two words' is no", (*CAPTURE, "--output", "two words.yaml"),
                         id="output to no baseline name"),
            pytest.param("adapter.py", (*CAPTURE, "--output", "adapter.py/x.yaml"), id="output below a file"),
            pytest.param("does not know 'nope'", (*CAPTURE, "--provider", "nope"), id="unknown provider"),
            pytest.param("--reports: say which", (*CLEAN, "--reports", "--name", "sound", "--yes"),
                         id="--reports and a name"),
            pytest.param("'--older-than'", (*CLEAN, "--older-than", "nan", "--yes"), id="no number of days"),
            pytest.param("'--older-than'", (*CLEAN, "--older-than", "-1", "--yes"), id="days to come"),
            pytest.param("add --yes", (*CLEAN, "--keep", "0", "--json"), id="nobody to ask, in JSON"),
            pytest.param("extra argument", (*LIST, "sound"), id="list takes no names"),
        ],
    )  # fmt: skip
    def test_so_are_the_rarer_ones(self, shelved: Path, expected: str, arguments: tuple[str, ...]) -> None:
        before = tree(shelved)
        refused(inline(*arguments, cwd=shelved), expected)
        assert tree(shelved) == before

    @pytest.mark.parametrize(
        "arguments",
        [LIST, (*CAPTURE, "--name", "x"), (*CLEAN, "--keep", "1", "--yes")],
        ids=lambda arguments: arguments[1],
    )
    def test_a_folder_of_baselines_that_is_a_file(self, project: Path, arguments: tuple[str, ...]) -> None:
        (project / "baselines").write_text("in the way")
        before = tree(project)
        refused(persona(*arguments, cwd=project), str(project / "baselines"))
        assert tree(project) == before


class TestClean:
    def test_the_newest_stay_and_companions_go_with_their_baselines(self, tmp_path: Path) -> None:
        done = inline(*CLEAN, "--keep", "2", "--yes", cwd=stocked(tmp_path, d=9, a=1, c=3, b=2))
        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines() == [
            "Removing c (3.2 KB)", "Removing d (3.2 KB)", "Removed 2 baselines",
        ]  # fmt: skip
        assert (names(tmp_path), companions(tmp_path)) == ({"a", "b"}, {"a", "b"})

    @pytest.mark.parametrize(
        ("expected", "flags"),
        [
            pytest.param("ab", ("--older-than", "25"), id="--older-than"),
            pytest.param("abc", ("--older-than", "25", "--keep", "3"), id="beyond both limits"),
            pytest.param("ab", ("--older-than", "0.5", "--keep", "2"), id="beyond both, the newest two stay"),
            pytest.param("acd", ("--name", "b"), id="--name"),
            pytest.param("a", ("--name", "b", "--keep", "2"), id="--name beside a limit"),
            pytest.param("abcd", ("--keep", "9"), id="fewer than may stay"),
            pytest.param("", ("--keep", "0"), id="all"),
        ],
    )
    def test_limits(self, tmp_path: Path, expected: str, flags: tuple[str, ...]) -> None:
        stocked(tmp_path, a=10, b=20, c=30, d=40)
        assert inline(*CLEAN, *flags, "--yes", cwd=tmp_path).code == 0
        assert (names(tmp_path), companions(tmp_path)) == (set(expected), set(expected))

    def test_dry_run_removes_nothing_and_says_what_would_go(self, tmp_path: Path) -> None:
        before = tree(stocked(tmp_path, a=1, b=2))
        found = data(inline(*CLEAN, "--keep", "1", "--dry-run", "--json", cwd=tmp_path), "clean")
        assert (found["dry_run"], found["removed"], tree(tmp_path)) == (True, ["b"], before)

    def test_json_says_what_went_and_what_stayed_and_why(self, tmp_path: Path) -> None:
        put(stocked(tmp_path, a=1, b=2), made("c", at("2024-12-01T11:45"), pinned=True))
        found = data(inline(*CLEAN, "--keep", "1", "--yes", "--json", cwd=tmp_path), "clean")
        assert found == {
            "dry_run": False, "removed": ["b"], "reports": [], "leftovers": [],
            "kept": [{"name": "c", "reason": "pinned"}],
        }  # fmt: skip
        assert names(tmp_path) == {"a", "c"}

    def test_what_persona_yaml_keeps_always_survives_even_its_name(self, tmp_path: Path) -> None:
        stocked(tmp_path, **{"v1.9.0": 9, "v1.9.1": 8, "v2.0.0": 7, "main": 6})
        (tmp_path / "persona.yaml").write_text("benchmarks: {keep_always: [v1.9.*, main]}\n")
        done = inline(*CLEAN, "--keep", "0", "--name", "main", "--yes", cwd=tmp_path)
        assert (done.code, done.err) == (0, "")
        assert "Keeping v1.9.0: keep_always: v1.9.*" in done.out.splitlines()
        assert names(tmp_path) == companions(tmp_path) == {"v1.9.0", "v1.9.1", "main"}

    def test_samples_that_a_copied_baseline_shares_stay(self, tmp_path: Path) -> None:
        book = put(tmp_path, made("a", at("2025-01-15T10:30")))
        shutil.copy(book.path, book.path.with_name("copied.yaml"))
        assert inline(*CLEAN, "--name", "a", "--yes", cwd=tmp_path).code == 0
        assert (names(tmp_path), companions(tmp_path)) == ({"copied"}, {"a"})

    def test_what_killed_commands_left_behind_goes_and_other_files_stay(self, tmp_path: Path) -> None:
        folder = stocked(tmp_path, a=1) / "baselines"
        ours = (".persona-asv-1-ab.tmp", f"gone-0123456789ab{companion.SUFFIX}")
        for name in (*ours, "README.md", "data.json.gz"):
            (folder / name).touch()
        done = inline(*CLEAN, "--keep", "1", "--yes", cwd=tmp_path)
        assert (done.code, done.err) == (0, "")
        assert done.out.splitlines()[:2] == [f"Removing leftover baselines/{name}" for name in ours]
        assert {path.name for path in folder.iterdir() if not path.name.startswith("a")} == {
            "README.md", "data.json.gz",
        }  # fmt: skip


class TestQuestion:
    @pytest.mark.parametrize("answer", [pytest.param("n", id="no"), pytest.param("", id="just Enter")])
    def test_anything_but_yes_removes_nothing(self, tmp_path: Path, answer: str) -> None:
        before = tree(stocked(tmp_path, a=1, b=2))
        done = on_terminal(*CLEAN, "--keep", "1", cwd=tmp_path, answer=answer)
        assert done.code == 3
        assert "Remove 1 baseline for good? [y/N]: " in done.out
        assert done.out.splitlines()[-1] == "error: clean: nothing was removed"
        assert tree(tmp_path) == before

    def test_yes_removes_it(self, tmp_path: Path) -> None:
        stocked(tmp_path, a=1, b=2)
        done = on_terminal(*CLEAN, "--keep", "1", cwd=tmp_path, answer="y")
        assert done.code == 0
        assert done.out.splitlines()[-1] == "Removed 1 baseline"
        assert names(tmp_path) == {"a"}

    def test_it_names_the_reports_where_no_baseline_goes(self, tmp_path: Path) -> None:
        (tmp_path / "benchmark-reports").mkdir()
        (tmp_path / "benchmark-reports/benchmark-1.md").touch()
        done = on_terminal(*CLEAN, "--keep", "0", "--reports", cwd=tmp_path, answer="n")
        (question,) = [line for line in done.out.splitlines() if "[y/N]" in line]
        assert "1 report " in question
        assert "0 baselines" not in question


class TestReports:
    @pytest.fixture
    def reported(self, tmp_path: Path) -> Path:
        """Return a folder with three reports of ours, each a day older, and files of somebody else."""
        folder = tmp_path / "written"
        folder.mkdir()
        (tmp_path / "persona.yaml").write_text("benchmarks: {reports_dir: written}\n")
        today = datetime.now(UTC).timestamp()
        for days, name in enumerate(("benchmark-c.md", "benchmark-b.html", "benchmark-a.json"), start=1):
            (folder / name).touch()
            os.utime(folder / name, (today - days * 86400,) * 2)
        for name in ("README.md", "benchmark.md", "benchmark-c.txt", "my-benchmark-c.md", "benchmark-c.md~"):
            (folder / name).touch()
        (folder / "benchmark-folder.md").mkdir()
        (folder / "benchmark-link.md").symlink_to("README.md")
        return tmp_path

    @pytest.mark.parametrize(
        ("expected", "flags"),
        [
            pytest.param(set(), ("--keep", "1"), id="not asked for"),
            pytest.param({"benchmark-b.html", "benchmark-a.json"}, ("--keep", "1", "--reports"), id="--keep"),
            pytest.param({"benchmark-a.json"}, ("--older-than", "2.5", "--reports"), id="--older-than"),
            pytest.param({"benchmark-c.md", "benchmark-b.html", "benchmark-a.json"},
                         ("--keep", "0", "--reports"), id="all"),
        ],
    )  # fmt: skip
    def test_only_files_that_report_named_go(self, reported: Path, expected: set[str], flags) -> None:
        before = {path.name for path in (reported / "written").iterdir()}
        done = inline(*CLEAN, *flags, "--yes", cwd=reported)
        assert (done.code, done.err) == (0, "")
        assert before - {path.name for path in (reported / "written").iterdir()} == expected
        told = {line.rpartition("/")[2] for line in done.out.splitlines() if " report " in line}
        assert told == expected

    def test_one_report_is_counted_as_one(self, reported: Path) -> None:
        done = inline(*CLEAN, "--keep", "2", "--reports", "--yes", cwd=reported)
        assert done.out.splitlines()[-1].endswith("1 report")
