"""Reading, writing and merging asv result files, as a specification on golden and hand-made files."""

import json
import math
import os
import stat
import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_asv.engine.results import (
    Benchmark,
    Machine,
    machine_file,
    merge,
    read_benchmarks_file,
    read_result_file,
    read_results,
    write_result_file,
)
from persona_asv.errors import ResultFileError
from persona_asv.model import Cell, ResultFile, Series, State

GOLDEN = Path(__file__).parent / "golden" / "results"
# A busy machine is no reason to fail.
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"]
COLUMNS += ["stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples", "profile"]
HEAD: dict[str, Any] = {
    "commit_hash": "c0ffee" * 6 + "c0de",
    "env_name": "existing-py3",
    "date": 1767225600000,
    "params": {"machine": "golden", "ram": 8804682956.8, "numpy": None},
    "python": "3.11",
    "requirements": {"numpy": "", "Cython": None},
    "env_vars": {},
    "durations": {},
}


@pytest.fixture
def stored(tmp_path: Path):
    """Return a function that writes an object as a result file and returns its path."""

    def store(found: object, name: str = "c0ffeec0-existing-py3.json") -> Path:
        path = tmp_path / name
        path.write_text(found if isinstance(found, str) else json.dumps(found), encoding="utf-8")
        return path

    return store


def format_2(*row: object, **more: object) -> dict[str, object]:
    return HEAD | {"result_columns": COLUMNS, "results": {"m.time_it": list(row)}, "version": 2} | more


def format_1(entry: object, **more: object) -> dict[str, object]:
    return HEAD | {"results": {"m.time_it": entry}, "version": 1} | more


def row_of(**columns: object) -> list[object]:
    return [columns.get(column, [] if column == "params" else None) for column in COLUMNS]


# --- what a file says -------------------------------------------------------------------------------------


def test_a_file_says_who_measured_what_and_when():
    file = read_result_file(GOLDEN / "recorded.json")

    assert (file.api_version, file.machine, file.env_name, file.python) == (2, "golden", "existing-py3", "3")
    assert len(file.commit) == 40
    assert file.date == 1767225600000
    assert file.params["cpu"] == "Golden 1000"
    assert file.path == GOLDEN / "recorded.json"
    assert file.stamp == {}


def test_a_timing_series_has_a_cell_for_each_combination_in_the_order_of_the_product():
    series = read_result_file(GOLDEN / "recorded.json").series["cases.Timed.time_generate"]

    assert series.param_sets == (("'mock'", "'http'"), ("'quick'", "'standard'"))
    assert [(*cell.params, cell.state) for cell in series.cells] == [
        ("'mock'", "'quick'", State.MEASURED),
        ("'mock'", "'standard'", State.MEASURED),
        ("'http'", "'quick'", State.SKIPPED),
        ("'http'", "'standard'", State.FAILED),
    ]
    assert (series.version, series.started_at, series.duration) == ("1", 1767225690000, 1.25)


def test_a_measured_cell_has_samples_and_the_statistics_that_asv_made_of_them():
    cell = read_result_file(GOLDEN / "recorded.json").series["cases.Timed.time_generate"].cells[0]

    assert (cell.number, cell.repeat, len(cell.samples)) == (1, 10, 10)
    assert sorted(cell.samples)[4] <= cell.value <= sorted(cell.samples)[5]
    assert cell.ci_99[0] < cell.quartiles[0] < cell.value < cell.quartiles[1] < cell.ci_99[1]


@pytest.mark.parametrize(
    ("name", "state", "value"),
    [
        ("Tracked.track_whole", State.MEASURED, 3),
        ("Tracked.track_fraction", State.MEASURED, 2.5),
        ("Tracked.track_true", State.MEASURED, True),
        ("Tracked.track_infinity", State.MEASURED, math.inf),
        ("Tracked.track_nothing", State.FAILED, None),
        ("Tracked.track_nan", State.SKIPPED, None),
        ("Tracked.track_text", State.SKIPPED, None),
        ("Tracked.track_list", State.SKIPPED, None),
        ("Tracked.track_object", State.SKIPPED, None),
        ("Cached.track_cached", State.MEASURED, 3),
        ("peakmem_suite", State.MEASURED, 25165824),
    ],
)
def test_what_a_benchmark_returned_becomes_a_state_and_a_number(name, state, value):
    (cell,) = read_result_file(GOLDEN / "recorded.json").series[f"cases.{name}"].cells

    assert (cell.state, cell.value, cell.samples) == (state, value, None)
    assert type(cell.value) is type(value)  # asv prints 3, 3.0 and true differently, and so must we


def test_one_sample_has_an_unbounded_interval():
    (cell,) = read_result_file(GOLDEN / "recorded.json").series["cases.Plain.time_once"].cells

    assert cell.ci_99 == (-math.inf, math.inf)
    assert cell.samples == (cell.value,)


def test_a_benchmark_that_failed_as_a_whole_has_failed_at_each_combination():
    series = read_result_file(GOLDEN / "recorded.json").series["cases.Broken.track_broken"]

    assert series.cells == (Cell(("'a'",), State.FAILED), Cell(("'b'",), State.FAILED))


def test_without_recorded_samples_the_statistics_remain():
    cell = read_result_file(GOLDEN / "unrecorded.json").series["cases.Timed.time_generate"].cells[0]

    assert cell.samples is None
    assert cell.repeat == 10


def test_combinations_that_were_not_selected_are_skipped():
    series = read_result_file(GOLDEN / "partial.json").series["cases.Timed.time_generate"]

    assert [cell.state for cell in series.cells] == [
        State.SKIPPED,
        State.MEASURED,
        State.SKIPPED,
        State.SKIPPED,
    ]


def test_several_files_come_in_the_order_of_their_paths():
    paths = [GOLDEN / "round-2.json", GOLDEN / "round-1.json"]

    assert [file.path for file in read_results(paths)] == paths


# --- tolerance --------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "expected"),
    [
        pytest.param([], (Cell((), State.FAILED),), id="empty row"),
        pytest.param([[1.5]], (Cell((), State.MEASURED, 1.5),), id="row without parameters"),
        pytest.param([[1.5], None], (Cell((), State.MEASURED, 1.5),), id="parameters null"),
        pytest.param([[1.5], []], (Cell((), State.MEASURED, 1.5),), id="row cut after the parameters"),
        pytest.param(
            [[1.5], [], "1", 5, 1.0, *([None] * 8), "more than the columns"],
            (Cell((), State.MEASURED, 1.5),),
            id="row longer than the columns",
        ),
        pytest.param([[], [[]]], (), id="parameter without values"),
        pytest.param(
            [[1.5], [["a", "b"]]],
            (Cell(("a",), State.MEASURED, 1.5), Cell(("b",), State.FAILED)),
            id="fewer values than combinations",
        ),
        pytest.param([[1, 2, 3], [["a"]]], (Cell(("a",), State.MEASURED, 1.0),), id="surplus values"),
        pytest.param(
            [[1, 2], [["a", "a"]]],
            (Cell(("a",), State.MEASURED, 2.0), Cell(("a",), State.MEASURED, 2.0)),
            id="one value twice: the later result, as asv",
        ),
        pytest.param(
            row_of(result=[1], samples=[[True, 2, 0.5]]),
            (Cell((), State.MEASURED, 1.0, (1.0, 2.0, 0.5)),),
            id="samples that are integers and booleans",
        ),
        pytest.param(row_of(result=[1], samples=[[]]), (Cell((), State.MEASURED, 1.0, ()),), id="no sample"),
        pytest.param(
            row_of(result=[1], samples=[[None, None]]), (Cell((), State.MEASURED, 1.0),), id="samples null"
        ),
        pytest.param(
            row_of(result=[1], samples=[None]), (Cell((), State.MEASURED, 1.0),), id="all samples null"
        ),
        pytest.param(
            row_of(result=[1], stats_ci_99_a=[-math.inf], stats_ci_99_b=[None], stats_repeat=[4.0]),
            (Cell((), State.MEASURED, 1.0, repeat=4),),
            id="half an interval is none",
        ),
    ],
)
def test_rows_that_asv_tolerates_are_read(stored, row, expected):
    assert read_result_file(stored(format_2(*row))).series["m.time_it"].cells == expected


def test_unknown_keys_are_ignored_and_ours_is_the_stamp(stored):
    file = read_result_file(stored(format_2(notes=[1], persona_asv={"subject": {"name": "reference"}})))

    assert file.stamp == {"subject": {"name": "reference"}}


def test_what_was_not_installed_is_absent_and_a_number_is_kept_as_text(stored):
    file = read_result_file(stored(format_2()))

    assert file.params == {"machine": "golden", "ram": "8804682956.8"}
    assert file.requirements == {"numpy": ""}


def test_an_unknown_column_that_no_row_reaches_does_no_harm(stored):
    assert read_result_file(stored(format_2([1], result_columns=["result", "later"]))).series


def test_a_file_without_benchmarks_needs_no_columns(stored):
    found = format_2(results={})
    del found["result_columns"]

    assert read_result_file(stored(found)).series == {}


# --- refusal ----------------------------------------------------------------------------------------------

RECORDED = (GOLDEN / "recorded.json").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param("", "is not JSON or was cut off", id="empty"),
        pytest.param(RECORDED[:2000], "is not JSON or was cut off", id="cut off"),
        pytest.param("[" * 100_000, "is not JSON or was cut off", id="nested too deeply"),
        pytest.param("\ufeff{}", "is not JSON or was cut off", id="byte order mark"),
        pytest.param([1], "the file is a list, not an object", id="list"),
        pytest.param('"text"', "the file is text, not an object", id="text"),
        pytest.param({}, "has no version", id="empty object"),
        pytest.param(format_2(version=3), "is of result format 3, newer than 2; update", id="newer"),
        pytest.param(format_2(version=0), "is of result format 0, which asv never had", id="format 0"),
        pytest.param(format_2(version="2"), "version is text, not a number", id="version as text"),
        pytest.param(format_2(version=None), "version is null, not a number", id="version null"),
        pytest.param(
            {"version": 2},
            "lacks commit_hash, env_name, date, params, python, requirements, results",
            id="nothing but a version",
        ),
        pytest.param(
            {"version": 1},
            "lacks commit_hash, date, params, python, requirements, results",
            id="nothing but a version 1",
        ),
        pytest.param(HEAD | {"version": 2, "results": {"a": []}}, "lacks result_columns", id="no columns"),
        pytest.param(format_2(params={}), "lacks params.machine", id="no machine"),
        pytest.param(format_2(params=[]), "params is a list, not an object", id="params"),
        pytest.param(format_2(params={"machine": 1}), "params.machine is a number, not text", id="machine"),
        pytest.param(format_2(commit_hash=None), "commit_hash is null, not text", id="commit"),
        pytest.param(format_2(env_name=True), "env_name is a boolean, not text", id="environment"),
        pytest.param(format_2(date="2026"), "date is text, not a number", id="date"),
        pytest.param(format_2(date=1.5), "date is 1.5, not a whole number", id="part of a millisecond"),
        pytest.param(format_2(requirements=["numpy"]), "requirements is a list", id="requirements"),
        pytest.param(format_2(results=[]), "results is a list, not an object", id="results"),
        pytest.param(format_2(results={"a": "row"}), "the row of 'a' is text, not a list", id="row"),
        pytest.param(format_2(result_columns="result"), "result_columns is text", id="columns"),
        pytest.param(format_2([1], result_columns=[1]), "a result column is a number", id="column name"),
        pytest.param(
            format_2([1], result_columns=["later"]),
            "has a result column 'later' that asv",
            id="unknown column",
        ),
        pytest.param(format_2(persona_asv=[]), "persona_asv is a list, not an object", id="stamp"),
        pytest.param(format_2(5), "result is a number, not a list (in 'm.time_it')", id="bare value"),
        pytest.param(format_2({"a": 1}), "result is an object, not a list", id="object of values"),
        pytest.param(format_2([10**400]), "result is larger than any float", id="huge"),
        pytest.param(format_2([1], ["a"]), "an axis of params is text, not a list", id="axis"),
        pytest.param(format_2([1], [[1]]), "an entry of an axis of params is a number", id="parameter"),
        pytest.param(
            format_2([1], [["x"] * 101] * 3), "the parameters make 1030301 combinations", id="explosion"
        ),
        pytest.param(format_2([1], [], 2), "version is a number, not text (in", id="benchmark version"),
        pytest.param(format_2([1], [], "1", "now"), "started_at is text, not a number", id="start"),
        pytest.param(format_2([1], [], "1", 1, "1 s"), "duration is text, not a number", id="duration"),
        pytest.param(
            format_2(*row_of(result=[1], stats_ci_99_a=["a"], stats_ci_99_b=[1])),
            "stats_ci_99 is text",
            id="interval",
        ),
        pytest.param(
            format_2(*row_of(result=[1], stats_number=[math.inf])),
            "stats_number is inf, not a whole number",
            id="calls",
        ),
        pytest.param(
            format_2(*row_of(result=[1], samples=[[1.0, "2.0"]])),
            "a sample is text, not a number",
            id="sample",
        ),
        pytest.param(
            format_2(*row_of(result=[1], samples=[[1.0, None]])), "a sample is null, not a number", id="gap"
        ),
        pytest.param(
            format_2(*row_of(result=[1], samples=[1.0])), "samples is a number, not a list", id="flat samples"
        ),
        pytest.param(format_1({"samples": None}), "lacks result", id="format 1 without result"),
        pytest.param(
            format_1({"result": 1, "stats": {"q_25": 1}}), "lacks ci_99", id="format 1 without interval"
        ),
        pytest.param(
            format_1({"result": 1, "stats": {"ci_99": [1]}}), "ci_99 of 'm.time_it' has 1 ends", id="one end"
        ),
        pytest.param(format_1(1, duration=[]), "duration is a list, not an object", id="format 1 durations"),
    ],
)
def test_what_is_no_result_file_is_refused_in_one_line_with_file_and_reason(stored, found, reason):
    path = stored(found)

    with pytest.raises(ResultFileError) as refusal:
        read_result_file(path)

    message = str(refusal.value)
    assert message.startswith(f"{path}: ")
    assert reason in message
    assert "; " in message
    assert "\n" not in message


def test_a_file_that_is_not_utf_8_is_refused(tmp_path):
    (tmp_path / "r.json").write_bytes(b'{"version": "\xff"}')

    with pytest.raises(ResultFileError, match="is not JSON or was cut off"):
        read_result_file(tmp_path / "r.json")


@pytest.mark.parametrize("name", ["absent.json", "."], ids=["absent", "folder"])
def test_a_path_that_cannot_be_read_is_refused(tmp_path, name):
    with pytest.raises(ResultFileError, match=r"cannot be read \(.+\); check the path"):
        read_result_file(tmp_path / name)


# --- the old format ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        pytest.param(2.5, (Cell((), State.MEASURED, 2.5),), id="bare value"),
        pytest.param(None, (Cell((), State.FAILED),), id="bare null"),
        pytest.param(math.nan, (Cell((), State.SKIPPED),), id="bare NaN"),
        pytest.param([1, 2], (Cell((), State.SKIPPED),), id="a list is one value"),
        pytest.param({"result": 2.5}, (Cell((), State.MEASURED, 2.5),), id="object"),
        pytest.param(
            {"result": [1, None], "params": [["a", "b"]]},
            (Cell(("a",), State.MEASURED, 1.0), Cell(("b",), State.FAILED)),
            id="parameters",
        ),
        pytest.param(
            {
                "result": [1],
                "samples": [[0.5, 1, 1.5]],
                "stats": [{"ci_99": [0.1234567, math.inf], "q_25": 0.75, "q_75": 1.25, "number": 3, "n": 3}],
            },
            (Cell((), State.MEASURED, 1.0, (0.5, 1.0, 1.5), 3, None, (0.12346, math.inf), (0.75, 1.25)),),
            id="samples and statistics, these with five digits",
        ),
        pytest.param(
            {"result": [1, 2], "stats": [None, {"ci_99": [1, 3]}], "params": [["a", "b"]]},
            (Cell(("a",), State.MEASURED, 1.0), Cell(("b",), State.MEASURED, 2.0, ci_99=(1.0, 3.0))),
            id="statistics of one combination only",
        ),
    ],
)
def test_the_old_format_is_read_as_asv_would_update_it(stored, entry, expected):
    file = read_result_file(stored(format_1(entry)))

    assert file.api_version == 1
    assert file.series["m.time_it"].cells == expected


def test_the_old_format_keeps_versions_starts_and_durations_beside_the_results(stored):
    beside = {"benchmark_version": {"m.time_it": "7"}, "started_at": {"m.time_it": 1234567}}
    file = read_result_file(stored(format_1(1, duration={"m.time_it": 1.2345678, "<build>": 3}, **beside)))

    series = file.series["m.time_it"]
    assert (series.version, series.started_at, series.duration) == ("7", 1234567, 1.2346)


def test_the_oldest_files_do_not_name_their_environment(stored):
    found = format_1(1, python="2.7", requirements={"numpy": "1.8", "Cython": None, "six": "a/b"})
    del found["env_name"]

    assert read_result_file(stored(found)).env_name == "py2.7-Cython-numpy1.8-sixa_b"


# --- writing ----------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["recorded", "unrecorded", "partial", "appended"])
def test_writing_a_golden_file_again_gives_what_asv_wrote(tmp_path, name):
    text = (GOLDEN / f"{name}.json").read_text(encoding="utf-8")
    path = tmp_path / "again.json"

    write_result_file(read_result_file(GOLDEN / f"{name}.json"), path)

    golden, again = (json.loads(content, parse_constant=str) for content in (text, path.read_text()))
    golden["durations"] = {}
    for benchmark in ("track_text", "track_list", "track_object"):
        if (row := golden["results"].get(f"cases.Tracked.{benchmark}")) is not None:
            row[0] = ["NaN"]
    assert again == golden
    assert list(again) == list(golden)


def test_the_stamp_is_written_only_where_there_is_one(tmp_path):
    file = read_result_file(GOLDEN / "partial.json")
    write_result_file(file, tmp_path / "plain.json")
    write_result_file(replace(file, stamp={"subject": "reference"}), tmp_path / "stamped.json")

    assert "persona_asv" not in json.loads((tmp_path / "plain.json").read_text())
    assert json.loads((tmp_path / "stamped.json").read_text())["persona_asv"] == {"subject": "reference"}


def test_the_folder_is_made_and_nothing_else_is_left_in_it(tmp_path):
    path = tmp_path / "results" / "golden" / "r.json"

    write_result_file(read_result_file(GOLDEN / "partial.json"), path)

    assert [entry.name for entry in path.parent.iterdir()] == ["r.json"]
    assert read_result_file(path).commit == read_result_file(GOLDEN / "partial.json").commit


@pytest.mark.skipif(os.name != "posix", reason="permissions of POSIX")
def test_a_new_file_has_the_permissions_that_any_new_file_gets(tmp_path):
    write_result_file(read_result_file(GOLDEN / "partial.json"), tmp_path / "r.json")
    (tmp_path / "plain").touch()

    modes = {stat.S_IMODE((tmp_path / name).stat().st_mode) for name in ("r.json", "plain")}
    assert len(modes) == 1


@pytest.mark.parametrize(
    "failure",
    [OSError(28, "No space left on device"), KeyboardInterrupt()],
    ids=["disk full", "interrupted"],
)
def test_a_failed_write_leaves_the_old_file_and_no_temporary_one(tmp_path, monkeypatch, failure):
    path = tmp_path / "r.json"
    path.write_text("old")

    def fail(descriptor: int) -> None:
        raise failure

    monkeypatch.setattr(os, "fsync", fail)
    with pytest.raises((ResultFileError, KeyboardInterrupt)) as raised:
        write_result_file(read_result_file(GOLDEN / "partial.json"), path)

    assert [entry.name for entry in tmp_path.iterdir()] == ["r.json"]
    assert path.read_text() == "old"
    if isinstance(failure, OSError):
        assert str(raised.value).startswith(f"{path}: cannot be written (No space left on device)")


def test_a_folder_that_cannot_be_is_refused(tmp_path):
    (tmp_path / "file").touch()

    with pytest.raises(ResultFileError, match="cannot be written"):
        write_result_file(read_result_file(GOLDEN / "partial.json"), tmp_path / "file" / "r.json")


def test_a_reader_never_sees_half_a_file(tmp_path):
    path = tmp_path / "r.json"
    file = read_result_file(GOLDEN / "recorded.json")
    write_result_file(file, path)
    stop = threading.Event()

    def keep_writing() -> None:
        while not stop.is_set():
            write_result_file(file, path)

    writer = threading.Thread(target=keep_writing)
    writer.start()
    try:
        seen = {len(read_result_file(path).series) for _ in range(200)}
    finally:
        stop.set()
        writer.join()

    assert seen == {len(file.series)}


def test_cells_that_are_not_the_product_of_the_parameters_cannot_be_written(tmp_path):
    file = read_result_file(GOLDEN / "partial.json")
    (series,) = file.series.values()
    broken = replace(file, series={series.name: replace(series, cells=series.cells[::-1])})

    with pytest.raises(ValueError, match=r"cases\.Timed\.time_generate are not the product"):
        write_result_file(broken, tmp_path / "r.json")
    assert not list(tmp_path.iterdir())


# --- round trip -------------------------------------------------------------------------------------------

NUMBERS = st.floats(allow_nan=False)
TEXTS = st.text(max_size=5)
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
    max_leaves=5,
)


@st.composite
def cells(draw, params: tuple[str, ...]) -> Cell:
    state = draw(st.sampled_from(State))
    pair = st.none() | st.tuples(NUMBERS, NUMBERS)
    count = st.none() | st.integers(0, 2**50)
    return Cell(
        params,
        state,
        draw(NUMBERS) if state is State.MEASURED else None,
        draw(st.none() | st.lists(NUMBERS, max_size=4).map(tuple)),
        draw(count),
        draw(count),
        draw(pair),
        draw(pair),
    )


@st.composite
def series(draw, name: str) -> Series:
    axis = st.lists(TEXTS, unique=True, max_size=3).map(tuple)
    axes = draw(st.lists(axis, max_size=2).map(tuple))
    places: list[tuple[str, ...]] = [()]
    for values in axes:
        places = [(*place, value) for place in places for value in values]
    return Series(
        name,
        axes,
        tuple(draw(cells(place)) for place in places),
        draw(st.none() | TEXTS),
        draw(st.none() | st.integers(0, 2**50)),
        draw(st.none() | NUMBERS.map(lambda seconds: float(f"{seconds:.4e}"))),
    )


@st.composite
def result_files(draw) -> ResultFile:
    names = draw(st.lists(TEXTS, unique=True, max_size=3))
    params = draw(st.dictionaries(TEXTS, TEXTS, max_size=2))
    return ResultFile(
        path=Path("somewhere.json"),
        api_version=2,
        commit=draw(TEXTS),
        date=draw(st.integers(0, 2**50)),
        env_name=draw(TEXTS),
        machine=(machine := draw(TEXTS)),
        python=draw(TEXTS),
        params=params | {"machine": machine},
        series={name: draw(series(name)) for name in names},
        requirements=draw(st.dictionaries(TEXTS, TEXTS, max_size=2)),
        stamp=draw(st.dictionaries(TEXTS, JSON, max_size=3)),
    )


@patient
@given(file=result_files())
def test_what_was_written_is_read_back_as_the_same_value(tmp_path_factory, file):
    path = tmp_path_factory.mktemp("round-trip") / "r.json"

    write_result_file(file, path)

    assert read_result_file(path) == replace(file, path=path)


# --- merging ----------------------------------------------------------------------------------------------


def a_file(name: str = "r.json", **series: Series) -> ResultFile:
    return ResultFile(
        path=Path(name),
        api_version=2,
        commit="c0ffee",
        date=5,
        env_name="existing-py3",
        machine="golden",
        python="3",
        params={"machine": "golden"},
        series={f"m.{key}": value for key, value in series.items()},
    )


def a_series(*cells: Cell, version: str | None = "1", **more: Any) -> Series:
    axes = tuple(
        tuple(dict.fromkeys(values)) for values in zip(*(cell.params for cell in cells), strict=True)
    )
    return Series("m.it", axes, cells, version, **more)


def measured(value: float, *params: str, **more: Any) -> Cell:
    return Cell(params, State.MEASURED, value, **more)


def failed(*params: str) -> Cell:
    return Cell(params, State.FAILED)


def skipped(*params: str) -> Cell:
    return Cell(params, State.SKIPPED)


def sampled(*samples: float) -> Cell:
    return measured(sorted(samples)[len(samples) // 2], samples=samples, number=1, repeat=len(samples))


@pytest.mark.parametrize(
    ("older", "rounds", "expected"),
    [
        pytest.param(None, [measured(4)], measured(4), id="one round: as it is"),
        pytest.param(None, [measured(4), measured(8), measured(5)], measured(5), id="no samples: median"),
        pytest.param(None, [measured(4), measured(8)], measured(6), id="two rounds: their middle"),
        pytest.param(None, [measured(4), failed(), measured(4)], failed(), id="failed once is failed"),
        pytest.param(None, [failed(), skipped()], failed(), id="failed and skipped is failed"),
        pytest.param(None, [skipped(), measured(4)], measured(4), id="a skipped round says nothing"),
        pytest.param(None, [skipped(), skipped()], skipped(), id="skipped in all"),
        pytest.param(measured(9), [skipped()], measured(9), id="not selected: the older value"),
        pytest.param(failed(), [skipped()], failed(), id="not selected: the older failure"),
        pytest.param(measured(9), [measured(4)], measured(4), id="measured again"),
        pytest.param(measured(9), [failed()], failed(), id="failed now"),
        pytest.param(None, [measured(math.inf), measured(-math.inf)], failed(), id="no middle of infinities"),
        pytest.param(None, [sampled(1, 2), sampled(math.inf)], failed(), id="a sample without a number"),
    ],
)
def test_rounds_of_one_cell_become_one_cell(older, rounds, expected):
    merged = merge(
        a_file(it=a_series(older)) if older else None, [a_file(it=a_series(cell)) for cell in rounds]
    )

    assert merged.series["m.it"].cells == (expected,)


def test_samples_are_pooled_in_the_order_of_the_rounds_with_asvs_statistics_of_all():
    rounds = [a_file(it=a_series(sampled(*samples))) for samples in [(3, 1, 2), (9, 8, 7), (5, 4, 6)]]

    (cell,) = merge(None, rounds).series["m.it"].cells

    assert cell.samples == (3, 1, 2, 9, 8, 7, 5, 4, 6)
    assert (cell.value, cell.number, cell.repeat, cell.quartiles) == (5, 1, 9, (3, 7))
    assert cell.ci_99 == (1, 9)


def test_a_round_without_samples_adds_none_to_those_that_have_them():
    rounds = [a_file(it=a_series(cell)) for cell in (sampled(1, 2, 3), measured(50))]

    (cell,) = merge(None, rounds).series["m.it"].cells

    assert (cell.value, cell.samples) == (2, (1, 2, 3))


def test_what_only_the_older_file_has_is_kept_in_its_place():
    older = a_file("old.json", a=a_series(measured(1)), it=a_series(measured(1, "x"), measured(2, "y")))
    newer = a_file(it=a_series(skipped("x"), measured(5, "y")), z=a_series(measured(3)))

    merged = merge(older, [newer])

    assert merged.path == Path("old.json")
    assert list(merged.series) == ["m.a", "m.it", "m.z"]
    assert merged.series["m.it"].cells == (measured(1, "x"), measured(5, "y"))


def test_parameter_values_that_one_side_lacks_are_kept_and_filled_up_with_skipped():
    older = a_file(it=a_series(measured(1, "x", "1")))
    newer = a_file(it=a_series(measured(2, "y", "2")))

    merged = merge(older, [newer]).series["m.it"]

    assert merged.param_sets == (("y", "x"), ("2", "1"))
    assert merged.cells == (
        measured(2, "y", "2"),
        skipped("y", "1"),
        skipped("x", "2"),
        measured(1, "x", "1"),
    )


@pytest.mark.parametrize(
    "older",
    [a_series(measured(1), version="0"), a_series(measured(1, "x"))],
    ids=["another version", "another number of parameters"],
)
def test_an_older_series_that_is_not_the_same_benchmark_is_replaced_whole(older):
    assert merge(a_file(it=older), [a_file(it=a_series(skipped()))]).series["m.it"].cells == (skipped(),)


@pytest.mark.parametrize(
    ("rounds", "expected"),
    [
        ([(1, "1"), (2, "2"), (4, "2")], 3),
        ([(1, "1"), (2, "2"), (4, "3")], 4),
        ([(1, "1"), (2, "2"), (4, "1")], 4),
    ],
    ids=["changed once", "changed twice", "changed and changed back"],
)
def test_a_round_of_another_version_replaces_the_rounds_before_it(rounds, expected):
    files = [a_file(it=a_series(measured(value), version=version)) for value, version in rounds]

    merged = merge(None, files).series["m.it"]

    assert (merged.version, merged.cells) == (rounds[-1][1], (measured(expected),))


def test_the_newest_round_says_the_order_of_parameter_values():
    rounds = [a_file(it=a_series(measured(1, *name))) for name in ("x", "y")]

    assert merge(None, rounds).series["m.it"].param_sets == (("y", "x"),)


def test_start_is_the_earliest_and_duration_the_sum_of_the_rounds_that_measured():
    rounds = [
        a_file(it=a_series(skipped(), started_at=10, duration=100.0)),
        a_file(it=a_series(measured(1), started_at=30, duration=1.00001)),
        a_file(it=a_series(measured(1), started_at=20, duration=0.00001)),
    ]

    merged = merge(None, rounds).series["m.it"]

    assert (merged.started_at, merged.duration) == (20, 1.0)


def test_a_series_that_no_round_measured_keeps_its_start_and_duration():
    older = a_file(it=a_series(measured(1), started_at=1, duration=2.0))
    newer = a_file(it=a_series(skipped(), started_at=9, duration=9.0))

    assert merge(older, [newer]).series["m.it"] == older.series["m.it"]


def test_the_newest_stamp_and_facts_stand():
    older = replace(a_file("old.json"), stamp={"run": 1}, python="3.10", api_version=1)
    rounds = [replace(a_file(), stamp={"run": 2}), replace(a_file(), date=6)]

    merged = merge(older, rounds)

    assert (merged.stamp, merged.python, merged.date, merged.api_version) == ({"run": 2}, "3", 6, 2)


def test_an_older_file_alone_stays_what_it_is():
    older = read_result_file(GOLDEN / "recorded.json")

    assert merge(older, []) == older


def test_nothing_cannot_be_merged():
    with pytest.raises(ValueError, match="at least one result file"):
        merge(None, [])


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"commit": "decaf0"}, "is of commit decaf0, but a.json of commit c0ffee"),
        ({"machine": "other"}, "is of machine other, but a.json of machine golden"),
        ({"env_name": "py2"}, "is of environment py2, but a.json of environment existing-py3"),
    ],
    ids=["commit", "machine", "environment"],
)
@pytest.mark.parametrize("with_older", [True, False], ids=["older file", "rounds only"])
def test_files_of_different_origin_are_not_merged(change, reason, with_older):
    first, other = a_file("a.json"), replace(a_file("b.json"), **change)

    with pytest.raises(ResultFileError) as refusal:
        merge(*(first, [other]) if with_older else (None, [first, other]))

    assert str(refusal.value).startswith(f"b.json: {reason}; ")


@patient
@given(file=result_files())
def test_one_round_alone_stays_what_it_is(file):
    bare = {
        name: replace(series, cells=tuple(map(without_leftovers, series.cells)))
        for name, series in file.series.items()
    }

    assert merge(None, [file]) == replace(file, series=bare)


def without_leftovers(cell: Cell) -> Cell:
    """Return what asv keeps of a cell that was not measured: nothing but that."""
    return cell if cell.state is State.MEASURED else Cell(cell.params, cell.state)


@patient
@given(
    rounds=st.lists(st.lists(st.floats(1e-6, 1e6), min_size=1, max_size=6), min_size=2, max_size=4),
    order=st.randoms(use_true_random=False),
)
def test_the_order_of_rounds_changes_nothing_but_the_order_of_samples(rounds, order):
    shuffled = order.sample(rounds, len(rounds))

    first, second = (
        merge(None, [a_file(it=a_series(sampled(*samples))) for samples in each]).series["m.it"].cells[0]
        for each in (rounds, shuffled)
    )

    assert sorted(first.samples) == sorted(second.samples)
    assert replace(first, samples=None) == replace(second, samples=None)


# --- machine.json and benchmarks.json ---------------------------------------------------------------------


def test_the_machine_beside_a_result_file():
    expected = Machine("golden", "Linux 6.1", "x86_64", "Golden 1000", "4", "8589934592")

    assert machine_file(GOLDEN / "recorded.json") == expected


@pytest.mark.parametrize(
    ("found", "expected"),
    [
        pytest.param('{"machine": "m", "num_cpu": 4, "version": 1}', Machine("m", num_cpu="4"), id="sparse"),
        pytest.param(None, None, id="absent"),
        pytest.param("{", None, id="cut off"),
        pytest.param("[]", None, id="list"),
        pytest.param('{"machine": "m"}', None, id="no version"),
        pytest.param('{"machine": "m", "version": 2}', None, id="newer"),
        pytest.param('{"machine": 5, "version": 1}', None, id="name is a number"),
        pytest.param('{"version": 1}', None, id="no name"),
    ],
)
def test_a_machine_file_never_stands_in_the_way(tmp_path, found, expected):
    if found is not None:
        (tmp_path / "machine.json").write_text(found)

    assert machine_file(tmp_path / "r.json") == expected


def test_the_benchmarks_that_asv_found():
    found = read_benchmarks_file(GOLDEN / "benchmarks.json")

    assert found["cases.Timed.time_generate"] == Benchmark(
        name="cases.Timed.time_generate",
        type="time",
        unit="seconds",
        params=(("'mock'", "'http'"), ("'quick'", "'standard'")),
        param_names=("provider", "workload"),
        version="1",
        pretty_name="cases.Timed.time_generate",
    )
    assert (found["cases.Cached.track_cached"].unit, found["cases.Cached.track_cached"].params) == (
        "calls",
        (),
    )
    assert "version" not in found


def test_a_benchmark_may_leave_everything_out(stored):
    found = read_benchmarks_file(stored({"m.time_it": {"pretty_name": "It"}, "version": 1}))

    assert found == {"m.time_it": Benchmark("m.time_it", None, None, (), (), None, "It")}


@pytest.mark.parametrize(
    ("found", "reason"),
    [
        pytest.param('{"a": ', "is not JSON or was cut off", id="cut off"),
        pytest.param({"a": {}}, "is of format None, not 1 or 2", id="no version"),
        pytest.param({"version": 3}, "is of format 3, not 1 or 2", id="newer"),
        pytest.param({"a": [], "version": 2}, "the entry 'a' is a list, not an object", id="entry"),
        pytest.param({"a": {"unit": 1}, "version": 2}, "unit is a number, not text", id="unit"),
        pytest.param({"a": {"params": "x"}, "version": 2}, "params is text, not a list", id="params"),
    ],
)
def test_a_list_of_benchmarks_that_cannot_be_used_is_refused(stored, found, reason):
    path = stored(found)

    with pytest.raises(ResultFileError) as refusal:
        read_benchmarks_file(path)

    assert str(refusal.value).startswith(f"{path}: {reason}")
    assert "just-discover" in str(refusal.value)


# --- the module and its golden files ----------------------------------------------------------------------


def test_reading_does_not_import_asv():
    code = (
        "import sys; from pathlib import Path; from persona_asv.engine.results import read_result_file;"
        f"read_result_file(Path({str(GOLDEN / 'recorded.json')!r}));"
        "print(sorted({name.split('.')[0] for name in sys.modules} - sys.stdlib_module_names - {'__main__'}))"
    )
    ran = subprocess.run([sys.executable, "-S", "-c", code], **_isolated(), check=True)

    assert ran.stdout.strip() == "['persona_asv']"


def _isolated() -> dict[str, Any]:
    root = str(Path(__file__).parents[1])
    return {"capture_output": True, "text": True, "env": {**os.environ, "PYTHONPATH": root}}


def test_the_golden_files_name_no_path():
    for path in GOLDEN.glob("*.json"):
        text = path.read_text(encoding="utf-8")
        assert "/" not in text, path.name
        assert "\\\\" not in text, path.name


def test_the_golden_files_are_what_asv_writes_today(tmp_path):
    subprocess.run([sys.executable, str(GOLDEN / "make.py"), str(tmp_path)], check=True)

    golden, made = (
        {path.name: path.read_text() for path in folder.glob("*.json")} for folder in (GOLDEN, tmp_path)
    )
    assert made == golden
