"""The exit codes are the product's API: the contract as one table of real commands.

0 pass, 1 warning threshold exceeded, 2 failure threshold exceeded, 3 anything else; an error is one line.
"""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

import psutil
import pytest
from conftest import Done, environment, git, persona
from processes import DEADLINE, marked, new_mark, until, until_gone

RUN = ("benchmark", "run")
NO_SUCH = "No such option"
YAML = "persona.yaml"


@dataclass(frozen=True)
class Row:
    """A command, the files around it, and how it ends."""

    id: str
    arguments: tuple[str, ...]
    expected: str
    """In what it prints: on standard output where it passes, else on standard error."""
    files: Mapping[str, str | bytes] = field(default_factory=dict)
    environ: Mapping[str, str] = field(default_factory=dict)


def configured(id: str, content: str | bytes, expected: str) -> Row:  # noqa: A002
    return Row(f"persona.yaml: {id}", RUN, expected, {YAML: content})


def option(name: str, value: str, expected: str, files: Mapping[str, str | bytes] | None = None) -> Row:
    shown = value.encode("unicode_escape", "surrogatepass").decode() or "empty"
    return Row(f"{name} {shown}", (*RUN, name, value), expected, files or {})


PASS = [
    Row("--help", ("--help",), "Usage:"),
    Row("-h", ("-h",), "Usage:"),
    Row("--version", ("--version",), "persona_asv, version"),
    Row("benchmark --help", ("benchmark", "--help"), "Exit codes: 0 pass"),
    Row("benchmark -h", ("benchmark", "-h"), "Exit codes: 0 pass"),
    Row("benchmark run --help", (*RUN, "--help"), "--workload"),
    Row("benchmark run -h", (*RUN, "-h"), "--workload"),
    Row("help beside a broken persona.yaml", (*RUN, "--help"), "--workload", {YAML: "benchmarks: ["}),
    *(
        Row(f"benchmark {name} --help", ("benchmark", name, "--help"), "Usage:")
        for name in (
            *(
                "capture",
                "compare",
                "report",
                "list",
                "clean",
                "trends",
                "publish",
                "preview",
                "init",
                "doctor",
                "selftest",
            ),
        )
    ),
    Row("no baselines to list", ("benchmark", "list"), "Total: 0 baselines"),
    Row("workloads to list", ("benchmark", "list", "--benchmarks"), "generation.Generation.time_generate"),
    Row("nothing to clean", ("benchmark", "clean", "--keep", "1"), "Nothing to remove."),
    Row("a debugged help", ("--debug", "--help"), "Usage:"),
    Row(
        "a run",
        (*RUN, "--workload", "quick", "--iterations", "1", "--only", "api_efficiency"),
        "Results Summary",
    ),
]

BAD_USAGE = [
    Row("unknown command", ("nope",), "No such command 'nope'"),
    Row("unknown command of benchmark", ("benchmark", "nope"), "No such command 'nope'"),
    Row("command in two lines", ("two\nlines",), "No such command"),
    Row("command in no encoding", ("\udcff",), "No such command"),
    Row("unknown option", ("--nope",), NO_SUCH),
    Row("unknown option of benchmark", ("benchmark", "--nope"), NO_SUCH),
    Row("unknown option of run", (*RUN, "--nope"), "(try 'python -m persona_asv benchmark run --help')"),
    Row("an argument too many", (*RUN, "extra"), "unexpected extra argument (extra)"),
    Row("an option without its value", (*RUN, "--iterations"), "'--iterations' requires an argument"),
    option("--iterations", "0", "--iterations must be a whole number from 1 to 1,000,000, not 0"),
    option("--iterations", "-1", "--iterations must be a whole number from 1 to 1,000,000, not -1"),
    option("--iterations", "1000001", "--iterations must be a whole number from 1 to 1,000,000, not 1000001"),
    option("--iterations", "9" * 30, "--iterations must be a whole number from 1 to 1,000,000, not 999"),
    option("--iterations", "ten", "'ten' is not a valid integer"),
    option("--iterations", "1.5", "'1.5' is not a valid integer"),
    option("--iterations", "", "'' is not a valid integer"),
    option("--rounds", "0", "--rounds must be a whole number from 1 to 1,000, not 0"),
    option("--rounds", "-1", "--rounds must be a whole number from 1 to 1,000, not -1"),
    option("--rounds", "1001", "--rounds must be a whole number from 1 to 1,000, not 1001"),
    option("--rounds", "many", "'many' is not a valid integer"),
    option("--workload", "nope", "unknown workload 'nope'; choose from quick, standard"),
    option("--workload", "", "unknown workload ''"),
    option("--workload", "\udcff", "unknown workload '\\udcff'"),
    option("--only", "nope", "--only: unknown metric 'nope'; choose from generation_latency"),
    option(
        "--provider",
        "nope",
        "--provider: reference does not know 'nope'; choose from anthropic, openai, gemini, ollama",
    ),
    option("--profile", "nope", "--profile: profile 'nope' is not 'none', 'constant:MS'"),
    option("--profile", "constant:-1", "--profile: profile 'constant:-1'"),
    option("--profile", "constant:nan", "--profile: profile 'constant:nan'"),
    option("--profile", "lognormal:5:1", "--profile: profile 'lognormal:5:1'"),
    option("--subject", "nope", "--subject: unknown subject 'nope'"),
    option("--subject", "nowhere:at_all", "module 'nowhere' cannot be imported"),
    option("--subject", "json:nope", "module 'json' has no attribute 'nope'"),
    option("--subject", "json:loads", "--subject: subject 'json:loads'"),
    option("--subject", "broken:x", "SyntaxError", files={"broken.py": "def"}),
    option("--subject", "ends:x", "--subject:", files={"ends.py": "raise SystemExit(0)"}),
    option("--config", "nowhere.yaml", "nowhere.yaml: cannot be read: No such file or directory"),
    option("--config", ".", ".: not a regular file"),
    option("--config", "other.yaml", "other.yaml:1", files={"other.yaml": "benchmarks: 7"}),
]

BAD_USAGE += [
    Row(
        "rounds that are none", ("benchmark", "compare", "--rounds", "1"), "--rounds: auto, or a whole number"
    ),
    Row("compare with nothing", ("benchmark", "compare"), "no finished run of this code"),
    Row(
        "compare with an unknown name", ("benchmark", "compare", "-b", "v9"), "neither a file nor a baseline"
    ),
    Row("compare with an option", ("benchmark", "compare", "-b", "--all"), "neither a file nor a baseline"),
    Row(
        "compare with a branch and no repository",
        ("benchmark", "compare", "-b", "main", "--ci"),
        "'main' is neither a file nor a baseline in",
    ),
    Row(
        "compare with WHAT and --baseline",
        ("benchmark", "compare", "v1", "-b", "v2"),
        "both name the baseline",
    ),
    Row("compare with two WHATs", ("benchmark", "compare", "v1", "v2"), "unexpected extra argument (v2)"),
    Row(
        "compare by no threshold",
        ("benchmark", "compare", "--threshold", "many"),
        "'many' is not a valid float",
    ),
    Row(
        "compare by a threshold of 0",
        ("benchmark", "compare", "--threshold", "0"),
        "--warn-threshold must be above 0",
    ),
    Row(
        "compare with nothing in a pipeline",
        ("benchmark", "compare", "--fail-on-regression", "--no-fetch"),
        "no finished run of this code",
    ),
    Row(
        "compare exactly with nothing",
        ("benchmark", "compare", "-b", "v9", "--exact", "--no-run"),
        "neither a file nor a baseline",
    ),
    Row("capture from nothing", ("benchmark", "capture", "--from-last"), "no finished run of this code"),
    Row("capture under no name", ("benchmark", "capture", "--name", "../x"), "'../x' is no baseline name"),
    Row("init outside a repository", ("benchmark", "init"), "is in no git repository; `git init` makes one"),
    Row("a report of nothing", ("benchmark", "report"), "no finished run of this code"),
    Row("a report in no format", ("benchmark", "report", "--format", "pdf"), "'pdf' is not one of"),
    Row("trends of nothing", ("benchmark", "trends"), "no trend to show"),
    Row("trends of an unknown metric", ("benchmark", "trends", "-m", "x"), "--metric: unknown metric 'x'"),
    Row("publish outside of a repository", ("benchmark", "publish"), "is in no git repository"),
    Row("preview of nothing", ("benchmark", "preview"), "persona benchmark publish builds it"),
    Row("preview on no port", ("benchmark", "preview", "--port", "70000"), "0<=x<=65535"),
    Row("clean without saying what", ("benchmark", "clean"), "say what goes: --keep N"),
    Row("clean an unknown name", ("benchmark", "clean", "--name", "v9"), "no baseline 'v9'"),
]

BAD_FILES = [
    configured("cut off", "benchmarks: {", "persona.yaml:2: not valid YAML"),
    configured("no YAML", "\tbenchmarks: 1", "persona.yaml:1: not valid YAML"),
    configured("no text", b"\xff\xfe\x00", "persona.yaml:1: not UTF-8"),
    configured("a list", "- benchmarks", "expected a mapping, found a list"),
    configured(
        "an unknown key",
        "benchmarks:\n  machin: x",
        'persona.yaml:2: benchmarks.machin: unknown key; did you mean "machine"?',
    ),
    configured("a key twice", "benchmarks: {model: a, model: b}", "benchmarks.model: given twice"),
    configured("no number", "benchmarks: {thresholds: {warn: much}}", "expected a number above 0"),
    configured(
        "warn above fail", "benchmarks: {thresholds: {warn: 30}}", "warn (30) must not be above fail (25)"
    ),
    configured(
        "no iterations", "benchmarks: {workloads: {quick: {iterations: 0}}}", "expected a whole number from 1"
    ),
    configured(
        "an unknown workload", "benchmarks: {workloads: {slow: {}}}", "has either size (1kb, 5kb) or data"
    ),
    configured(
        "an unknown subject", "benchmarks: {subject: nope}", "expected reference, persona or module:attribute"
    ),
    configured(
        "a subject that is not installed",
        "benchmarks: {subject: persona}",
        "--subject: subject 'persona': Persona is not installed here; install a clone of it",
    ),
    configured("an unknown provider", "benchmarks: {provider: claude}", "gemini or ollama, found claude"),
    configured(
        "code",
        "benchmarks: {model: !!python/object/apply:os.system [touch executed]}",
        "expected a model's name",
    ),
    configured("two documents", "benchmarks: {}\n---\nbenchmarks: {}", "more than one YAML document"),
]

HELP_INSTEAD = [Row("no command", (), "Usage:"), Row("no command of benchmark", ("benchmark",), "Usage:")]


def rows(table: list[Row]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("row", table, ids=[row.id for row in table])


def carry_out(row: Row, folder: Path) -> Done:
    for name, content in row.files.items():
        (folder / name).write_bytes(content.encode() if isinstance(content, str) else content)
    return persona(*row.arguments, cwd=folder, **row.environ)


def assert_one_line(text: str) -> None:
    assert text.startswith("error: ")
    assert text.count("\n") == 1
    assert text.endswith("\n")
    assert "Traceback" not in text
    assert "a fault of persona_asv" not in text


class TestTable:
    @rows(PASS)
    def test_0(self, row: Row, tmp_path: Path) -> None:
        done = carry_out(row, tmp_path)
        assert (done.code, done.err) == (0, "")
        assert row.expected in done.out

    @rows(BAD_USAGE + BAD_FILES)
    def test_3_and_one_line(self, row: Row, tmp_path: Path) -> None:
        done = carry_out(row, tmp_path)
        assert done.code == 3
        assert_one_line(done.err)
        assert row.expected in done.err
        assert done.out == ""
        assert not (tmp_path / "executed").exists()

    @rows(HELP_INSTEAD)
    def test_3_and_the_help(self, row: Row, tmp_path: Path) -> None:
        done = carry_out(row, tmp_path)
        assert (done.code, done.out) == (3, "")
        assert done.err.startswith(row.expected)
        assert "Commands:" in done.err

    def test_a_repository_without_commits(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        done = persona(*RUN, cwd=tmp_path)
        assert (done.code, done.out) == (3, "")
        assert_one_line(done.err)
        assert "has no commit yet: commit first, then measure" in done.err

    @pytest.mark.parametrize(
        ("expected", "more"),
        [
            ("main is the current commit", ("-b", "main")),
            ("main is the current commit", ("-b", "main", "--exact", "--ci")),
            ("'nope' is neither a file nor a baseline", ("-b", "nope", "--ci")),
            ("nothing measured at this commit is stored here", ("-b", "HEAD^", "--current", "HEAD")),
        ],
    )
    def test_a_commit_that_cannot_be_compared(
        self, tmp_path: Path, expected: str, more: tuple[str, ...]
    ) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
        if "HEAD" in more:
            git(tmp_path, "commit", "-q", "--allow-empty", "-m", "second")
        done = persona("benchmark", "compare", *more, cwd=tmp_path)
        assert (done.code, done.out) == (3, "")
        assert_one_line(done.err)
        assert expected in done.err

    def test_a_persona_yaml_above_the_current_folder(self, tmp_path: Path) -> None:
        (tmp_path / YAML).write_text("benchmarks: 7")
        (tmp_path / "below").mkdir()
        done = persona(*RUN, cwd=tmp_path / "below")
        assert done.code == 3
        assert_one_line(done.err)
        assert str(tmp_path / YAML) in done.err

    def test_results_that_cannot_be_written(self, tmp_path: Path) -> None:
        (tmp_path / ".asv").write_text("a file in the way")
        done = persona(*RUN, cwd=tmp_path)
        assert done.code == 3
        assert_one_line(done.err)
        assert f"cannot write results below {tmp_path.resolve() / '.asv'}: Not a directory" in done.err

    def test_a_deadline(self, tmp_path: Path) -> None:
        (tmp_path / YAML).write_text("benchmarks: {workloads: {quick: {timeout: 0.5}}}")
        done = persona(*RUN, "--workload", "quick", "--profile", "constant:2000", cwd=tmp_path)
        assert done.code == 3
        assert_one_line(done.err)
        assert "the deadline of 0.5 s for workload quick passed" in done.err


@pytest.mark.parametrize(
    "arguments",
    [("--debug", *RUN, "-w", "nope"), (*RUN, "-w", "nope", "--debug"), ("benchmark", "--debug", "nope")],
    ids=" ".join,
)
def test_debug_shows_the_traceback_and_changes_no_code(arguments: tuple[str, ...], tmp_path: Path) -> None:
    done = persona(*arguments, cwd=tmp_path)
    assert (done.code, done.out) == (3, "")
    assert done.err.startswith("Traceback (most recent call last):\n")
    assert done.err.splitlines()[-1].startswith("error: ")


HELPS = [("--help",), ("--version",), (*RUN, "--help")]


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "persona_asv", *arguments]


@contextmanager
def broken_pipe() -> Iterator[int]:
    """Give the end of a pipe that nobody reads."""
    read, write = os.pipe()
    os.close(read)
    try:
        yield write
    finally:
        os.close(write)


@pytest.fixture
def full() -> Iterator[int]:
    """Give a device that is full."""
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full")
    descriptor = os.open("/dev/full", os.O_WRONLY)
    yield descriptor
    os.close(descriptor)


class TestStreams:
    """Nothing that reads our output, or does not, makes a warning or a regression of it."""

    @pytest.mark.parametrize("arguments", [*HELPS, RUN], ids=" ".join)
    def test_nobody_reads_standard_output(self, arguments: tuple[str, ...], tmp_path: Path) -> None:
        with broken_pipe() as stdout:
            done = subprocess.run(
                command(*arguments),
                stdout=stdout,
                stderr=subprocess.PIPE,
                cwd=tmp_path,
                env=environment(),
                timeout=60,
                check=False,
            )
        assert (done.returncode, done.stderr) == (3, b"")

    @pytest.mark.parametrize("arguments", HELPS, ids=" ".join)
    def test_the_reader_stops_after_a_byte(self, arguments: tuple[str, ...], tmp_path: Path) -> None:
        with subprocess.Popen(
            command(*arguments),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            cwd=tmp_path,
            env=environment(),
        ) as process:
            assert process.stdout is not None
            assert process.stderr is not None
            assert process.stdout.read(1) != b""
            process.stdout.close()
            assert process.stderr.read() == b""
            assert process.wait(DEADLINE) in (0, 3)

    @pytest.mark.parametrize("arguments", HELPS, ids=" ".join)
    def test_standard_output_is_full(self, arguments: tuple[str, ...], full: int, tmp_path: Path) -> None:
        done = subprocess.run(
            command(*arguments),
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(),
            timeout=60,
            check=False,
        )
        assert done.returncode == 3
        assert done.stderr.startswith("error: ")
        assert done.stderr.count("\n") == 1
        assert "No space left on device" in done.stderr

    @pytest.mark.parametrize("what", ["broken", "full"])
    @pytest.mark.parametrize("debug", [(), ("--debug",)], ids=["plain", "debug"])
    def test_standard_error_takes_nothing(
        self, debug: tuple[str, ...], what: str, full: int, tmp_path: Path
    ) -> None:
        with broken_pipe() as broken:
            done = subprocess.run(
                command(*RUN, "--nope", *debug),
                stdout=subprocess.PIPE,
                stderr=full if what == "full" else broken,
                cwd=tmp_path,
                env=environment(),
                timeout=60,
                check=False,
            )
        assert (done.returncode, done.stdout) == (3, b"")

    @pytest.mark.parametrize(
        ("expected", "arguments"),
        [
            pytest.param(0, ("--version",), id="--version"),
            pytest.param(0, (*RUN, "--help"), id="benchmark run --help"),
            pytest.param(0, (*RUN, "-w", "quick", "--iterations", "1", "--only", "memory_usage"), id="a run"),
            pytest.param(3, (*RUN, "--nope"), id="an error"),
        ],
    )
    @pytest.mark.parametrize("closed", [">&-", "<&- >&-"])
    def test_standard_streams_are_closed(
        self, expected: int, arguments: tuple[str, ...], closed: str, tmp_path: Path
    ) -> None:
        done = subprocess.run(
            ["/bin/sh", "-c", f'exec "$@" {closed}', "sh", *command(*arguments)],
            stderr=subprocess.PIPE,
            text=True,
            cwd=tmp_path,
            env=environment(),
            timeout=120,
            check=False,
        )
        assert done.returncode == expected
        assert done.stderr.count("\n") == (expected != 0)


class Measuring:
    """A long run under way, and everything that belongs to it."""

    def __init__(self, folder: Path, *prefix: str) -> None:
        self.folder = folder
        self.mark = new_mark()
        self.process = subprocess.Popen(
            [*prefix, *command(*RUN, "--workload", "standard", "--profile", "constant:100")],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            cwd=folder,
            env=environment(**self.mark),
            start_new_session=True,
        )
        assert self.process.stdout is not None
        lines = iter(self.process.stdout)
        assert any(line.startswith("Running benchmarks...") for line in lines)

    def wait_for_operations(self) -> None:
        """Wait until the first operations are measured: by then every process there will be is there."""

        def begun() -> bool:
            assert self.process.poll() is None, "it ended by itself"
            spools = self.folder.glob(".asv/runs/*/round-01.unfinished/spool/generation.*")
            return any('"operation"' in spool.read_text() for spool in spools)

        until(begun)

    def end(self) -> tuple[int, str]:
        """Wait for its end; returns its exit code and what it said on standard error."""
        _, err = self.process.communicate(timeout=DEADLINE)
        return self.process.returncode, err

    def described(self) -> dict[str, object]:
        (path,) = self.folder.glob(".asv/runs/*/run.json")
        found: dict[str, object] = json.loads(path.read_text())
        return found


@pytest.fixture
def measuring(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Measuring]:
    found = Measuring(tmp_path, *getattr(request, "param", ()))
    try:
        yield found
    finally:
        for left in marked(found.mark):
            left.kill()
        found.process.communicate()


class TestInterruption:
    @pytest.mark.parametrize(
        ("number", "send"),
        [
            pytest.param(signal.SIGINT, os.killpg, id="Ctrl-C, which reaches the terminal's whole group"),
            pytest.param(signal.SIGINT, os.kill, id="SIGINT"),
            pytest.param(signal.SIGTERM, os.kill, id="SIGTERM"),
            pytest.param(signal.SIGHUP, os.killpg, id="the end of the terminal"),
        ],
    )
    def test_ends_with_3_keeps_what_was_measured_and_leaves_no_process(
        self, number: signal.Signals, send: Callable[[int, int], None], measuring: Measuring
    ) -> None:
        measuring.wait_for_operations()
        family = psutil.Process(measuring.process.pid).children(recursive=True)
        assert len(family) >= 4, "stand-in, supervisor, asv and its fork server at least"
        assert {each.pid for each in family} < {each.pid for each in marked(measuring.mark)}
        send(measuring.process.pid, number)
        code, err = measuring.end()
        assert code == 3
        assert_one_line(err)
        assert f"interrupted by {number.name}" in err
        found = measuring.described()
        assert (found["state"], found["reason"]) == ("partial", f"interrupted by {number.name}")
        until_gone(family)
        assert marked(measuring.mark) == []
        assert not (measuring.folder / ".asv" / "results").exists(), "nothing enters the history"

    def test_a_second_and_a_third_ctrl_c_change_nothing(self, measuring: Measuring) -> None:
        measuring.wait_for_operations()
        for _ in range(3):
            measuring.process.send_signal(signal.SIGINT)
            with suppress(subprocess.TimeoutExpired):
                measuring.process.wait(0.05)
        code, err = measuring.end()
        assert code == 3
        assert_one_line(err)
        assert measuring.described()["state"] == "partial"
        until(lambda: marked(measuring.mark) == [])

    def test_at_once(self, measuring: Measuring) -> None:
        measuring.process.send_signal(signal.SIGTERM)
        code, err = measuring.end()
        assert code == 3
        assert_one_line(err)
        until(lambda: marked(measuring.mark) == [])

    @pytest.mark.parametrize("measuring", [("/bin/sh", "-c", 'trap "" HUP; exec "$@"', "sh")], indirect=True)
    def test_under_nohup_a_lost_terminal_is_no_reason_to_end(self, measuring: Measuring) -> None:
        measuring.wait_for_operations()
        measuring.process.send_signal(signal.SIGHUP)
        measuring.process.send_signal(signal.SIGTERM)
        code, err = measuring.end()
        assert code == 3
        assert "interrupted by SIGTERM" in err
