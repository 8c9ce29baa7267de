"""``--rule asv`` as a specification: the rows, marks and flags of the real ``asv compare`` on the same files.

asv is asked in two ways. In process (`Compare.print_table`), its rows are caught on their way to tabulate.
And as a user would, by ``asv compare`` in a process of its own: the whole output must be our rows put through
the same tabulate. Either way the files lie in a scratch repository, as those of commits.
"""

from __future__ import annotations

import contextlib
import io
import json
import math
import os
import random
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import tabulate
from asv import _stats
from asv.commands import compare as asv_compare
from asv.config import Config
from conftest import git
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from persona_asv.engine.asv_evidence import is_different
from persona_asv.engine.asv_rule import AsvComparison, AsvRow, Mark, asv_comparison
from persona_asv.engine.results import Benchmark, merge, read_benchmarks_file, read_result_file
from persona_asv.errors import ResultFileError
from persona_asv.model import Cell, ResultFile, Series, State

GOLDEN = Path(__file__).parent / "golden" / "results"
SHARED = Path(__file__).parents[2] / "shared" / "data" / "asv"
FACTORS = (1.1, 1.25)
# A busy machine is no reason to fail.
patient = settings(deadline=None, max_examples=200, suppress_health_check=[HealthCheck.too_slow])

HEAD: dict[str, Any] = {
    "commit_hash": "c0ffee" * 6 + "c0de",
    "date": 1767225600000,
    "env_name": "env",
    "params": {"machine": "m"},
    "python": "3",
    "requirements": {},
}
COLUMNS = ["result", "params", "version", "stats_ci_99_a", "stats_ci_99_b", "stats_q_25", "stats_q_75"]
COLUMNS += ["stats_number", "stats_repeat", "samples"]


# --- asv, asked -------------------------------------------------------------------------------------------

Told = tuple[list[list[str]], bool, bool]


@dataclass(frozen=True)
class Scratch:
    """A repository with two commits and a folder of asv's results."""

    folder: Path
    commits: tuple[str, str]

    @property
    def results(self) -> Path:
        return self.folder / "results"

    def list_benchmarks(self, found: dict[str, Any]) -> None:
        (self.results / "benchmarks.json").write_text(json.dumps(found), encoding="utf-8")

    def store(self, found: dict[str, Any], commit: str) -> Path:
        """Store a result file's content as that of a commit, on the one machine and environment."""
        moved = {**found, "commit_hash": commit, "env_name": "env", "params": {"machine": "m"}}
        path = self.results / "m" / f"{commit[:8]}-env.json"
        path.write_text(json.dumps(moved), encoding="utf-8")
        return path

    def asv(self, *arguments: str, **environ: str) -> str:
        """Run asv as a user would and return its stdout."""
        outside = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        done = subprocess.run(
            [sys.executable, "-m", "asv", *arguments],
            cwd=self.folder,
            env={**outside, "HOME": str(self.folder), "PYTHONIOENCODING": "utf-8", **environ},
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=300,
            check=False,
        )
        assert done.returncode in (0, 2), done.stdout + done.stderr  # 2: a benchmark failed
        return done.stdout

    def printed(self, factor: float) -> str:
        """Return everything that ``asv compare`` prints of the two commits."""
        return self.asv("compare", "--factor", str(factor), *self.commits)

    def told(self, factor: float, commits: tuple[str, str] | None = None) -> Told:
        """Return asv's rows of two commits before tabulate has seen them, and its two flags."""
        config = Config()
        config.results_dir = str(self.results)
        caught = Caught()
        with pytest.MonkeyPatch.context() as patch, contextlib.redirect_stdout(io.StringIO()):
            patch.setattr(asv_compare, "tabulate", caught)
            before, after = commits or self.commits
            flags = asv_compare.Compare.print_table(
                config, before, after, factor=factor, split=False, machine="m"
            )
        return caught.rows, *flags


class Caught:
    """Stands where asv expects the module tabulate, and keeps the rows."""

    rows: list[list[str]]

    def tabulate(self, rows: list[list[str]], **_: object) -> str:
        self.rows = rows
        return ""


@pytest.fixture(scope="module")
def scratch(tmp_path_factory: pytest.TempPathFactory) -> Scratch:
    return new_scratch(tmp_path_factory.mktemp("scratch"))


def new_scratch(folder: Path) -> Scratch:
    machine = {"machine": "m", "arch": "x86_64", "cpu": "c", "num_cpu": "4", "os": "Linux", "ram": "1"}
    (folder / "results" / "m").mkdir(parents=True)
    (folder / "results" / "m" / "machine.json").write_text(json.dumps(machine | {"version": 1}))
    (folder / ".asv-machine.json").write_text(json.dumps({"m": machine, "version": 1}))
    config = {"version": 1, "project": "p", "repo": ".", "branches": ["HEAD"], "benchmark_dir": "suite"}
    (folder / "asv.conf.json").write_text(
        json.dumps(config | {"results_dir": "results", "environment_type": "virtualenv"})
    )
    git(folder, "init", "-q", "-b", "main")
    commits = []
    for side in ("before", "after"):
        git(folder, "commit", "-q", "--allow-empty", "-m", side)
        git(folder, "tag", side)
        commits.append(git(folder, "rev-parse", "HEAD"))
    return Scratch(folder, (commits[0], commits[1]))


# --- ours, in asv's form ----------------------------------------------------------------------------------


def as_told(ours: AsvComparison) -> Told:
    return [list(row.columns) for row in ours.rows], ours.worsened, ours.improved


def as_printed(ours: AsvComparison, scratch: Scratch) -> str:
    before, after = (commit[:8] for commit in scratch.commits)
    headers = ["Change", f"Before [{before}] <before>", f"After [{after}] <after>", "Ratio"]
    table = tabulate.tabulate(
        [row.columns for row in ours.rows], [*headers, "Benchmark (Parameter)"], tablefmt="github"
    )
    return f"\nAll benchmarks:\n\n{table}\n"


NOT_TO_DIVIDE = {f"cases.Tracked.track_{kind}" for kind in ("text", "list", "object")}
"""Golden benchmarks without a number: two of them side by side stop ``asv compare``."""


def divisible(found: dict[str, Any]) -> dict[str, Any]:
    return found | {
        "results": {name: row for name, row in found["results"].items() if name not in NOT_TO_DIVIDE}
    }


# --- files of other projects, and ours --------------------------------------------------------------------


@dataclass(frozen=True)
class Project:
    """The result files of a project, side by side in one scratch repository; asv has updated the old ones."""

    scratch: Scratch
    files: dict[str, tuple[ResultFile, ...]]
    """By the commit under which asv finds it: a file as we read it, and as we read asv's update of it."""
    benchmarks: dict[str, Benchmark]
    refused: int

    def ours(self, before: str, after: str, factor: float) -> Iterator[AsvComparison]:
        for one, other in zip(self.files[before], self.files[after], strict=True):
            yield asv_comparison(one, other, self.benchmarks, factor=factor)


def project_of(paths: list[Path], benchmarks: Path, scratch: Scratch) -> Project:
    stored: dict[str, tuple[ResultFile, Path]] = {}
    refused = 0
    for index, path in enumerate(sorted(paths)):
        try:
            file = read_result_file(path)
        except ResultFileError:
            refused += 1
            continue
        found = divisible(json.loads(path.read_text("utf-8")))
        commit = f"{index + 1:08x}" * 5
        kept = {name: series for name, series in file.series.items() if name in found["results"]}
        stored[commit] = replace(file, series=kept), scratch.store(found, commit)
    scratch.list_benchmarks(json.loads(benchmarks.read_text("utf-8")))
    scratch.asv("update")
    files = {commit: (file, read_result_file(updated)) for commit, (file, updated) in stored.items()}
    assert all(updated.api_version == 2 for _, updated in files.values())
    return Project(scratch, files, dict(read_benchmarks_file(benchmarks)), refused)


@pytest.fixture(scope="module", params=["astropy-2013", "scipy-bench", "golden"])
def project(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Project:
    scratch = new_scratch(tmp_path_factory.mktemp(request.param))
    if request.param == "golden":
        paths = set(GOLDEN.glob("*.json")) - {GOLDEN / "machine.json", GOLDEN / "benchmarks.json"}
        return project_of(list(paths), GOLDEN / "benchmarks.json", scratch)
    if not SHARED.is_dir():
        pytest.skip("the real result files of other projects (../shared/data) are not on this machine")
    results = SHARED / request.param / "results"
    paths = set(results.glob("*/*.json")) - set(results.glob("*/machine.json"))
    return project_of(list(paths), results / "benchmarks.json", scratch)


def test_every_readable_file_takes_part(project: Project) -> None:
    expected = {"astropy-2013": (39, 2), "scipy-bench": (4, 0), "golden": (6, 0)}
    assert (len(project.files), project.refused) in expected.values()


@pytest.mark.parametrize("factor", FACTORS)
def test_every_pair_of_real_files_is_told_as_asv_tells_it(project: Project, factor: float) -> None:
    for before, after in product(project.files, repeat=2):
        expected = project.scratch.told(factor, (before, after))
        for ours in project.ours(before, after, factor):
            assert as_told(ours) == expected


@pytest.mark.parametrize("factor", FACTORS)
def test_real_files_are_printed_as_asv_compare_prints_them(project: Project, factor: float) -> None:
    first, *_, last = project.files
    for before, after in ((first, last), (last, first)):
        for commit, name in zip(project.scratch.commits, (before, after), strict=True):
            stored = project.scratch.results / "m" / f"{name[:8]}-env.json"
            project.scratch.store(json.loads(stored.read_text("utf-8")), commit)
        expected = project.scratch.printed(factor)
        for ours in project.ours(before, after, factor):
            assert as_printed(ours, project.scratch) == expected


# --- results of real asv ----------------------------------------------------------------------------------

SUITE = '''
import math
import os

AFTER = os.environ["SIDE"] == "after"


def either(before, after):
    return after if AFTER else before


class Clock:
    """A timer that finds the scripted time between two readings, give or take the spread."""

    def __init__(self, before, after, spread=0.01):
        self.seconds, self.spread = either(before, after), spread
        self.now, self.readings = 0.0, 0

    def __call__(self):
        self.readings += 1
        self.now += self.seconds * (1 + self.spread * (self.readings % 7 - 3))
        return self.now


class _Timed:
    version = "1"
    number, rounds, repeat, warmup_time = 1, 1, 10, 0

    def time_it(self):
        pass


class Slower(_Timed):
    timer = Clock(0.010, 0.020)


class Faster(_Timed):
    timer = Clock(0.020, 0.010)


class Same(_Timed):
    timer = Clock(0.010, 0.0102)


class Noisy(_Timed):
    timer = Clock(0.010, 0.014, 0.3)


class Once(_Timed):
    timer, repeat = Clock(0.010, 0.020), 1


class Six(_Timed):
    timer, repeat = Clock(0.010, 0.020), 6


class Thirty(_Timed):
    timer, repeat = Clock(0.010, 0.0115, 0.02), 30


class Changed(_Timed):
    timer, version = Clock(0.010, 0.020), either("1", "2")


class Nearly(_Timed):
    timer = Clock(0.010, 0.0119)


class Params(_Timed):
    timer = Clock(0.010, 0.020)
    params = (["mock", "http"], either(["quick", "standard"], ["standard", "full"]))

    def setup(self, provider, workload):
        if (provider, workload) == ("mock", "full"):
            raise NotImplementedError

    def time_it(self, provider, workload):
        if (provider, workload) == ("http", "full"):
            raise RuntimeError("a combination that is new, and fails")


class Fails:
    version = "1"
    params = ["before", "after", "both"]

    def track_it(self, when):
        if when in (os.environ["SIDE"], "both"):
            raise RuntimeError("as it should")
        return 1


class Skips:
    version = "1"
    params = ["before", "after", "both"]

    def setup(self, when):
        if when in (os.environ["SIDE"], "both"):
            raise NotImplementedError

    def track_it(self, when):
        return 1


class Tracks:
    version = "1"

    def track_whole(self):
        return either(3, 4)

    def track_fraction(self):
        return either(3.0, 2.0)

    def track_truth(self):
        return True

    def track_from_zero(self):
        return either(0, 1)

    def track_negative(self):
        return either(-1, -2)

    def track_infinity(self):
        return math.inf

    def track_fails_or_skips(self):
        return either(None, math.nan)

    def track_skips_or_fails(self):
        return either(math.nan, None)

    def track_bytes(self):
        return either(25_165_824, 31_457_280)

    def track_samples(self):
        return {"samples": [20 + either(0, 5) + index / 10 for index in range(12)], "number": 1}

    track_bytes.unit = "bytes"
    track_samples.unit = "seconds"


if not AFTER:
    class Removed(_Timed):
        timer = Clock(0.010, 0.020)
else:
    class Added(_Timed):
        timer = Clock(0.010, 0.020)
'''

MARKS = {
    "cases.Added.time_it": " ",
    "cases.Changed.time_it": "x",
    "cases.Fails.track_it('after')": "!",
    "cases.Fails.track_it('before')": "*",
    "cases.Fails.track_it('both')": " ",
    "cases.Faster.time_it": "-",
    "cases.Nearly.time_it": "+",
    "cases.Noisy.time_it": "~",
    "cases.Once.time_it": "+",
    "cases.Params.time_it('http', 'full')": "!",
    "cases.Params.time_it('http', 'quick')": " ",
    "cases.Params.time_it('http', 'standard')": "+",
    "cases.Params.time_it('mock', 'full')": " ",
    "cases.Params.time_it('mock', 'quick')": " ",
    "cases.Params.time_it('mock', 'standard')": "+",
    "cases.Removed.time_it": " ",
    "cases.Same.time_it": " ",
    "cases.Six.time_it": "~",
    "cases.Skips.track_it('after')": " ",
    "cases.Skips.track_it('before')": " ",
    "cases.Skips.track_it('both')": " ",
    "cases.Slower.time_it": "+",
    "cases.Thirty.time_it": "+",
    "cases.Tracks.track_bytes": "+",
    "cases.Tracks.track_fails_or_skips": "*",
    "cases.Tracks.track_fraction": "-",
    "cases.Tracks.track_from_zero": "+",
    "cases.Tracks.track_infinity": " ",
    "cases.Tracks.track_negative": "-",
    "cases.Tracks.track_samples": "+",
    "cases.Tracks.track_skips_or_fails": "!",
    "cases.Tracks.track_truth": " ",
    "cases.Tracks.track_whole": "+",
}
WITHIN_A_QUARTER = ("Nearly.time_it", "Thirty.time_it", "track_bytes", "track_samples")
UNRECORDED = {"cases.Six.time_it": "+"}
"""Without samples the intervals decide, and six are enough for them."""


@dataclass(frozen=True)
class Measured:
    """What real asv measured of both sides of the suite."""

    scratch: Scratch
    before: ResultFile
    after: ResultFile
    benchmarks: dict[str, Benchmark]
    marks: dict[str, str]

    def ours(self, factor: float) -> AsvComparison:
        return asv_comparison(self.before, self.after, self.benchmarks, factor=factor)


@pytest.fixture(scope="module", params=[True, False], ids=["recorded", "unrecorded"])
def measured(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Measured:
    scratch = new_scratch(tmp_path_factory.mktemp("measured"))
    (scratch.folder / "suite").mkdir()
    (scratch.folder / "suite" / "__init__.py").touch()
    (scratch.folder / "suite" / "cases.py").write_text(SUITE, encoding="utf-8")
    command = ["run", "-E", "existing:same", "--machine", "m", "--launch-method", "forkserver"]
    command += ["--record-samples"] if request.param else []
    for side, commit in zip(("before", "after"), scratch.commits, strict=True):
        scratch.asv(*command, "--set-commit-hash", commit, SIDE=side)
    (before,), (after,) = (scratch.results.glob(f"m/{commit[:8]}-*.json") for commit in scratch.commits)
    benchmarks = read_benchmarks_file(scratch.results / "benchmarks.json")
    marks = MARKS if request.param else MARKS | UNRECORDED
    return Measured(scratch, read_result_file(before), read_result_file(after), dict(benchmarks), marks)


@pytest.mark.parametrize("factor", FACTORS)
def test_what_asv_measured_is_printed_as_asv_compare_prints_it(measured: Measured, factor: float) -> None:
    ours = measured.ours(factor)

    assert as_printed(ours, measured.scratch) == measured.scratch.printed(factor)
    assert as_told(ours) == measured.scratch.told(factor)


def test_each_case_has_its_mark(measured: Measured) -> None:
    assert {row.name: row.mark.value for row in measured.ours(1.1).rows} == measured.marks
    assert set(measured.marks.values()) == set(Mark)


def test_a_larger_factor_lets_small_changes_pass(measured: Measured) -> None:
    changed = {
        row.name.removeprefix("cases.").removeprefix("Tracks.")
        for row in measured.ours(1.25).rows
        if row.mark.value != measured.marks[row.name]
    }
    assert changed == set(WITHIN_A_QUARTER)


# --- made-up files ----------------------------------------------------------------------------------------

UNITS = {"m.seconds": "seconds", "m.bytes": "bytes", "m.unit": "unit", "m.none": None, "m.unlisted": ""}
WORTHS = st.sampled_from([1, 1.0, 1.05, 1.1, 1.2, 1.375, 2, 0, 0.0, -0.0, -1, -1.2, True, False, 3e-9, 4096])
VALUES = st.none() | st.just(math.nan) | WORTHS | WORTHS | st.integers(-(2**70), 2**70)
FINITE = VALUES | st.floats(allow_infinity=False)
SAMPLE_LISTS = st.integers(0, 40).flatmap(
    lambda size: st.lists(
        st.integers(0, 9) | st.floats(0, 9) | st.just(math.nan), min_size=size, max_size=size
    )
)
STATS = st.fixed_dictionaries(
    {
        "stats_ci_99_a": st.floats(-1, 2) | st.sampled_from([-math.inf, math.nan]),
        "stats_ci_99_b": st.floats(-1, 2) | st.sampled_from([math.inf, math.nan]),
        "stats_q_25": st.floats(),
        "stats_q_75": st.floats(),
        "stats_repeat": st.sampled_from([1, 2, 6, 40]),
        "stats_number": st.integers(1, 9),
    }
)
AXES = [[], [["a"]], [["a", "b"]], [["b", "c"]], [["a, b"]], [["a"], ["b", "c"]], [[""]], [["a", "a"]]]


@st.composite
def result_rows(draw: st.DrawFn, name: str) -> list[object]:
    axes = draw(st.sampled_from(AXES))
    values = FINITE if name == "m.bytes" else FINITE | st.sampled_from([math.inf, -math.inf])
    cells = []
    for _ in product(*axes):
        cell = {"result": draw(values), "samples": draw(st.none() | SAMPLE_LISTS)}
        cells.append(cell | (draw(st.none() | STATS) or {}))
    row: dict[str, object] = {
        column: [cell.get(column) for cell in cells] for column in (*STATS_COLUMNS, "result", "samples")
    }
    row |= {"params": axes, "version": draw(st.sampled_from([None, "1", "1", "1", "2"]))}
    return [row[column] for column in COLUMNS]


STATS_COLUMNS = [column for column in COLUMNS if column.startswith("stats_")]


@st.composite
def result_files(draw: st.DrawFn) -> dict[str, Any]:
    names = draw(st.lists(st.sampled_from([*UNITS, "m.unit(a)"]), min_size=1, unique=True))
    return result_file({name: draw(result_rows(name)) for name in names})


def result_file(rows: dict[str, list[object]]) -> dict[str, Any]:
    return HEAD | {"version": 2, "result_columns": COLUMNS, "results": rows}


def row_of(**columns: object) -> list[object]:
    return [columns.get(column, [] if column == "params" else None) for column in COLUMNS]


def compared(scratch: Scratch, before: dict[str, Any], after: dict[str, Any], factor: float) -> AsvComparison:
    """Store both where asv finds them, and return what we say."""
    listed = {
        name: {"name": name, "params": [], "param_names": [], "unit": unit}
        for name, unit in UNITS.items()
        if name != "m.unlisted"
    }
    scratch.list_benchmarks({**listed, "version": 2})
    files = [
        read_result_file(scratch.store(found, commit))
        for found, commit in zip((before, after), scratch.commits, strict=True)
    ]
    benchmarks = read_benchmarks_file(scratch.results / "benchmarks.json")
    return asv_comparison(files[0], files[1], benchmarks, factor=factor)


@patient
@given(before=result_files(), after=result_files(), factor=st.sampled_from([1.1, 1.25, 1.0, 0.5, 7]))
@example(  # two benchmarks of one name: the file's last counts
    result_file({"m.unit": row_of(result=[1], params=[["a"]]), "m.unit(a)": row_of(result=[2])}),
    result_file({"m.unit(a)": row_of(result=[2]), "m.unit": row_of(result=[1], params=[["a"]])}),
    1.1,
)
@example(  # two benchmarks of one name: the unit is that of the side after
    result_file({"m.bytes": row_of(result=[1500], params=[["a"]])}),
    result_file({"m.bytes(a)": row_of(result=[1500])}),
    1.1,
)
@example(  # 1.13 times 1.1 is less than 1.243, but 1.243 by 1.1 is 1.13
    result_file({"m.unit": row_of(result=[1.13])}), result_file({"m.unit": row_of(result=[1.243])}), 1.1
)
def test_any_two_files_are_told_as_asv_tells_them(scratch: Scratch, before, after, factor) -> None:
    ours = compared(scratch, before, after, factor)

    assert as_told(ours) == scratch.told(factor)


@patient
@given(values=st.lists(FINITE.filter(lambda value: value is not None), min_size=2, max_size=2))
def test_a_number_has_asvs_words_in_every_unit(scratch: Scratch, values) -> None:
    before, after = (
        result_file({name: row_of(result=[value]) for name in ("m.seconds", "m.bytes", "m.unit")})
        for value in values
    )
    ours = compared(scratch, before, after, 1.1)

    assert as_told(ours) == scratch.told(1.1)


# --- where asv stops --------------------------------------------------------------------------------------


@pytest.mark.parametrize("value", ["12", [1, 2], {"calls": 3}], ids=["text", "list", "object"])
def test_what_asv_cannot_divide_counts_as_skipped(scratch: Scratch, value: object) -> None:
    found = result_file({"m.unit": row_of(result=[value])})
    ours = compared(scratch, found, found, 1.1)

    with pytest.raises(TypeError):
        scratch.told(1.1)
    assert ours == AsvComparison((AsvRow(Mark.SAME, "n/a", "n/a", "n/a", "m.unit"),), False, False)


def test_infinitely_many_bytes_have_a_word(scratch: Scratch) -> None:
    before, after = (result_file({"m.bytes": row_of(result=[value])}) for value in (1, math.inf))
    ours = compared(scratch, before, after, 1.1)

    with pytest.raises(OverflowError):
        scratch.told(1.1)
    assert ours == AsvComparison((AsvRow(Mark.WORSE, "1", "Infinity", "inf", "m.bytes"),), True, False)


@pytest.mark.parametrize(
    ("mark", "stats"),
    [
        pytest.param(
            Mark.INSIGNIFICANT, {"stats_ci_99_a": [0], "stats_ci_99_b": [9]}, id="without quartiles"
        ),
        pytest.param(Mark.WORSE, {"stats_q_25": [1], "stats_q_75": [1]}, id="without interval"),
    ],
)
def test_statistics_with_a_gap_say_what_they_can(
    scratch: Scratch, mark: Mark, stats: dict[str, object]
) -> None:
    before, after = (result_file({"m.unit": row_of(result=[value], **stats)}) for value in (1, 2))
    ours = compared(scratch, before, after, 1.1)

    with pytest.raises(KeyError):
        scratch.told(1.1)
    assert [row.mark for row in ours.rows] == [mark]


# --- what is refused, and what asv does not know -----------------------------------------------------------


@pytest.mark.parametrize("rows", [{}, {"m.unit": row_of(result=[], params=[[]])}], ids=["none", "no values"])
@pytest.mark.parametrize("empty_is_before", [True, False], ids=["before", "after"])
def test_a_side_without_results_is_refused(
    scratch: Scratch, rows: dict[str, list[object]], empty_is_before: bool
) -> None:
    empty, full = result_file(rows), result_file({"m.unit": row_of(result=[1])})
    sides = (empty, full) if empty_is_before else (full, empty)

    with pytest.raises(ResultFileError, match=r"-env\.json: holds no results; "):
        compared(scratch, *sides, 1.1)
    with pytest.raises(asv_compare.util.UserError, match="Did not find results"):
        scratch.told(1.1)


@pytest.mark.parametrize("factor", [0, -1, math.nan, math.inf])
def test_a_factor_is_a_positive_number(scratch: Scratch, factor: float) -> None:
    with pytest.raises(ValueError, match="positive number"):
        compared(scratch, *[result_file({"m.unit": row_of(result=[1])})] * 2, factor)


def test_rounds_are_merged_first_and_then_are_one_side() -> None:
    rounds = [read_result_file(GOLDEN / f"round-{number}.json") for number in (1, 2)]
    appended = read_result_file(GOLDEN / "appended.json")
    timed = {name for name in appended.series if "time" in name}
    sides = [
        replace(file, series={name: file.series[name] for name in timed})
        for file in (merge(None, rounds), appended)
    ]
    ours = asv_comparison(sides[0], sides[1])

    assert {row.mark for row in ours.rows} == {Mark.SAME}
    assert {row.ratio for row in ours.rows} == {"1.00", "n/a"}


def test_another_machine_or_environment_is_no_other_benchmark() -> None:
    here = read_result_file(GOLDEN / "recorded.json")
    there = replace(here, machine="elsewhere", env_name="virtualenv-py3.13")

    assert asv_comparison(here, there) == asv_comparison(here, here)


def test_the_last_list_that_knows_a_benchmark_tells_its_unit() -> None:
    file = of_one_cell(Cell((), State.MEASURED, 1500.0))
    lists = [{"m.b": Benchmark("m.b", "track", unit, (), (), None, "m.b")} for unit in ("bytes", "seconds")]

    shown = [
        asv_comparison(file, file, *known).rows[0].after for known in ([], lists[:1], lists, lists[::-1])
    ]
    assert shown == ["1500.0", "1.5k", "25.0m", "1.5k"]


def of_one_cell(cell: Cell) -> ResultFile:
    series = Series("m.b", (), (cell,))
    return ResultFile(Path("f.json"), 2, "c" * 40, 0, "env", "m", "3", {}, {"m.b": series})


# --- the test of the samples ------------------------------------------------------------------------------


def sampled(samples: list[float], low: float = 0.0, high: float = 1.0) -> Cell:
    return Cell((), State.MEASURED, 1.0, tuple(samples), 1, max(2, len(samples)), (low, high), (low, high))


def as_asv_decides(one: Cell, other: Cell) -> bool:
    stats = [{"ci_99_a": cell.ci_99[0], "ci_99_b": cell.ci_99[1]} for cell in (one, other) if cell.ci_99]
    return _stats.is_different(one.samples, other.samples, *stats)


SAMPLES = st.lists(st.integers(0, 5) | st.floats(), max_size=60)


@patient
@given(one=SAMPLES, other=SAMPLES, shift=st.integers(0, 5), apart=st.booleans())
def test_any_samples_are_told_apart_as_asv_does(one, other, shift, apart) -> None:
    cells = (
        sampled(one),
        sampled([sample + shift for sample in other], *((2.0, 3.0) if apart else (1.0, 3.0))),
    )

    assert is_different(*cells) == as_asv_decides(*cells)
    assert is_different(*cells[::-1]) == as_asv_decides(*cells[::-1]) == is_different(*cells)


@pytest.mark.parametrize(
    ("digits", "missing"), [(1, 0.0), (12, 0.0), (1, 0.1)], ids=["many ties", "no ties", "some missing"]
)
def test_close_calls_are_called_as_asv_calls_them(digits: int, missing: float) -> None:
    script = random.Random(digits)

    def sample(mean: float) -> float:
        return math.nan if script.random() < missing else round(script.gauss(mean, 1), digits)

    different = 0
    for _ in range(400):
        sizes, shift = (script.randint(3, 70), script.randint(21, 70)), script.uniform(0.4, 1.4)
        cells = [
            sampled([sample(mean) for _ in range(size)]) for size, mean in zip(sizes, (0, shift), strict=True)
        ]
        different += as_asv_decides(*cells)
        assert is_different(*cells) == as_asv_decides(*cells)
    assert 100 < different < 300


@pytest.mark.parametrize(("m", "n"), [(m, n) for m in range(5) for n in range(15, 40)])
def test_few_samples_against_many_count_where_asv_counts_them(m: int, n: int) -> None:
    cells = sampled([0.0] * m), sampled([1.0] * n)

    assert is_different(*cells) == as_asv_decides(*cells)


def test_very_many_samples_are_told_apart_without_comparing_each_with_each() -> None:
    script = random.Random(0)
    samples = [script.random() for _ in range(200_000)]
    moved = [sample + 0.01 for sample in samples]

    assert is_different(sampled(samples), sampled(moved))
    assert not is_different(sampled(samples), sampled(samples[::-1]))
