"""asv itself as the oracle: what it accepts we read alike, what it refuses we refuse."""

import copy
import json
import math
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import pytest
from asv.results import Results
from asv.runner import BenchmarkResult
from asv.util import UserError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_asv.engine.results import merge, read_result_file, write_result_file
from persona_asv.errors import ResultFileError
from persona_asv.model import Cell, ResultFile, State

GOLDEN = Path(__file__).parent / "golden" / "results"
GOLDEN_RESULTS = sorted(set(GOLDEN.glob("*.json")) - {GOLDEN / "machine.json", GOLDEN / "benchmarks.json"})
SHARED = Path(__file__).parents[2] / "shared" / "data" / "asv"
# A busy machine is no reason to fail.
patient = settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
COLUMNS = ["result", "params", "version", "started_at", "duration", "stats_ci_99_a", "stats_ci_99_b"]
COLUMNS += ["stats_q_25", "stats_q_75", "stats_number", "stats_repeat", "samples", "profile"]


def shared_results(project: str) -> list[Path]:
    """Return the result files of another project, or skip the test that wants them."""
    if not SHARED.is_dir():
        pytest.skip("the real result files of other projects (../shared/data) are not on this machine")
    return sorted(set((SHARED / project / "results").glob("*/*.json")) - set(SHARED.rglob("machine.json")))


@contextmanager
def stored(found: object) -> Iterator[Path]:
    """Write an object where asv would look for a result of machine ``m``."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "m" / "c0ffeec0-env.json"
        path.parent.mkdir()
        path.write_text(json.dumps(found), encoding="utf-8")
        yield path


def asv_on_format_1(path: Path) -> Results:
    """Let asv update a file of the old format, and load the outcome."""
    with stored({**Results.update_to_2(json.loads(path.read_text("utf-8"))), "version": 2}) as updated:
        return Results.load(str(updated))


# --- one cell, as asv tells it and as we do ---------------------------------------------------------------


def as_asv_tells(results: Results, name: str) -> list[dict[str, object]]:
    """Return for each combination what asv's own accessors say, as far as it has a place in our model."""
    if results.get_result_params(name) is None:
        # asv loads a row without parameters and stumbles when it is asked for values; no parameters is meant.
        results._benchmark_params[name] = []
    axes = results.get_result_params(name)
    told = (get(name, axes) for get in (results.get_result_value, results.get_result_samples))
    return [
        {"params": place, "samples": samples, **value_of(value), **stats_of(stats or {})}
        for place, value, samples, stats in zip(
            product(*axes), *told, results.get_result_stats(name, axes), strict=True
        )
    ]


def value_of(value: object) -> dict[str, object]:
    if value is None:
        return {"state": State.FAILED, "value": None}
    if not isinstance(value, (int, float)) or math.isnan(value):
        return {"state": State.SKIPPED, "value": None}
    return {"state": State.MEASURED, "value": value}


def stats_of(stats: dict[str, Any]) -> dict[str, object]:
    pairs = {"ci_99": ("ci_99_a", "ci_99_b"), "quartiles": ("q_25", "q_75")}
    told = {what: tuple(stats[end] for end in ends if end in stats) for what, ends in pairs.items()}
    return {
        "number": stats.get("number"),
        "repeat": stats.get("repeat"),
        **{what: ends if len(ends) == 2 else None for what, ends in told.items()},
    }


def as_we_tell(cell: Cell) -> dict[str, object]:
    return {field: getattr(cell, field) for field in Cell.__dataclass_fields__}


def comparable(told: object) -> object:
    """Make numbers comparable: 1, 1.0 and True are one number, and a NaN is itself."""
    match told:
        case dict():
            return {key: comparable(value) for key, value in told.items()}
        case list() | tuple():
            return [comparable(value) for value in told]
        case int() | float():
            return repr(float(told) + 0.0)
        case _:
            return told


def assert_alike(ours: ResultFile, asvs: Results) -> None:
    assert ours.commit == asvs.commit_hash
    assert ours.date == asvs.date
    assert ours.env_name == asvs.env_name
    assert ours.machine == asvs.params["machine"]
    assert {key: asvs.params[key] for key in ours.params if isinstance(asvs.params[key], str)}.items() <= (
        ours.params.items()
    )
    assert ours.params.keys() == {key for key, value in asvs.params.items() if value is not None}
    assert set(ours.series) == set(asvs.get_all_result_keys())
    for name, series in ours.series.items():
        assert series.name == name
        assert series.version == asvs.benchmark_version.get(name)
        assert series.started_at == asvs.started_at.get(name)
        assert comparable(series.duration) == comparable(asvs.duration.get(name))
        assert series.param_sets == tuple(map(tuple, asvs.get_result_params(name) or []))
        assert [comparable(as_we_tell(cell)) for cell in series.cells] == [
            comparable(told) for told in as_asv_tells(asvs, name)
        ]


# --- real files -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", GOLDEN_RESULTS, ids=lambda path: path.stem)
def test_golden_files_are_read_as_asv_reads_them(path):
    assert_alike(read_result_file(path), Results.load(str(path)))


def test_scipys_files_are_read_as_asv_reads_them():
    paths = shared_results("scipy-bench")

    assert len(paths) == 4
    for path in paths:
        assert_alike(read_result_file(path), Results.load(str(path)))


def test_astropys_old_files_are_read_as_asv_updates_them():
    refused = []
    paths = shared_results("astropy-2013")
    for path in paths:
        try:
            ours = read_result_file(path)
        except ResultFileError:
            refused.append(path)
        else:
            assert_alike(ours, asv_on_format_1(path))

    assert len(paths) == 41
    assert [path.name[:8] for path in refused] == ["aaaaaaaa", "bbbbbbbb"]
    for path in refused:
        with pytest.raises((UserError, ValueError)):
            asv_on_format_1(path)


# --- made-up files ----------------------------------------------------------------------------------------

NUMBERS = st.floats() | st.integers(-(2**53), 2**53) | st.booleans()
WORDS = st.text("ab'é\n", max_size=3)
COUNTS = st.integers(0, 2**53)
VALUES = (
    st.none() | NUMBERS | WORDS | st.lists(NUMBERS, max_size=2) | st.dictionaries(WORDS, NUMBERS, max_size=2)
)
SAMPLES = st.none() | st.lists(NUMBERS, max_size=4)
AXES = st.lists(st.lists(WORDS, max_size=3), max_size=3)


def of_any_length(elements: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    return st.none() | st.lists(elements, max_size=6)


@st.composite
def rows(draw) -> dict[str, object]:
    # asv itself stumbles over statistics whose columns differ in length.
    length = draw(st.integers(0, 6))
    row = {
        "result": draw(of_any_length(VALUES)),
        "params": draw(st.none() | AXES),
        "version": draw(st.none() | WORDS),
        "started_at": draw(st.none() | COUNTS),
        "duration": draw(st.none() | NUMBERS),
        "samples": draw(of_any_length(SAMPLES)),
        "profile": draw(st.none() | WORDS),
    }
    for column in COLUMNS:
        if column.startswith("stats_"):
            kind = COUNTS if column in ("stats_number", "stats_repeat") else NUMBERS
            row[column] = draw(st.none() | st.lists(st.none() | kind, min_size=length, max_size=length))
    return row


@st.composite
def heads(draw, version: int) -> dict[str, object]:
    return {
        "commit_hash": draw(WORDS),
        "env_name": draw(WORDS),
        "date": draw(COUNTS),
        "params": {
            "machine": draw(WORDS),
            **draw(st.dictionaries(WORDS, st.none() | WORDS | NUMBERS, max_size=2)),
        },
        "python": draw(WORDS),
        "requirements": draw(st.dictionaries(WORDS, st.none() | WORDS, max_size=3)),
        "version": version,
    } | draw(st.dictionaries(st.sampled_from(["persona_asv", "env_vars"]), st.just({}), max_size=2))


@st.composite
def format_2(draw) -> dict[str, object]:
    columns = draw(st.permutations(COLUMNS))
    results = {}
    for name in draw(st.lists(WORDS, unique=True, max_size=3)):
        row = draw(rows())
        results[name] = [row[column] for column in columns][: draw(st.integers(0, len(columns)))]
        results[name] += (
            draw(st.sampled_from([[], ["beyond the columns"]])) if len(results[name]) == 13 else []
        )
    return draw(heads(2)) | {"result_columns": columns, "results": results}


@st.composite
def old_stats(draw) -> dict[str, object]:
    return {"ci_99": draw(st.lists(NUMBERS, min_size=2, max_size=3))} | draw(
        st.fixed_dictionaries(
            {}, optional={"q_25": NUMBERS, "q_75": NUMBERS, "number": COUNTS, "repeat": COUNTS}
        )
    )


@st.composite
def format_1(draw) -> dict[str, object]:
    entry = VALUES.filter(lambda value: not isinstance(value, dict)) | st.fixed_dictionaries(
        {"result": VALUES | st.lists(VALUES, max_size=5)},
        optional={
            "samples": of_any_length(SAMPLES),
            "stats": st.none() | old_stats() | st.lists(st.none() | old_stats(), max_size=5),
            "params": AXES,
        },
    )
    beside = {"benchmark_version": WORDS, "started_at": COUNTS, "duration": NUMBERS}
    found = draw(heads(1)) | {"results": draw(st.dictionaries(WORDS, entry, max_size=4))}
    for key, values in beside.items():
        if draw(st.booleans()):
            found[key] = draw(
                st.dictionaries(st.sampled_from(sorted({"<build>", *found["results"]})), values)
            )
    if draw(st.booleans()):
        del found["env_name"]
    return found


@patient
@given(found=format_2())
def test_any_file_of_format_2_is_read_as_asv_reads_it(found):
    with stored(found) as path:
        assert_alike(read_result_file(path), Results.load(str(path)))


@patient
@given(found=format_1())
def test_any_file_of_format_1_is_read_as_asv_updates_it(found):
    with stored(found) as path:
        assert_alike(read_result_file(path), asv_on_format_1(path))


# --- refusal ----------------------------------------------------------------------------------------------


def recorded() -> dict[str, Any]:
    return json.loads((GOLDEN / "recorded.json").read_text(encoding="utf-8"))


def without(key: str) -> dict[str, Any]:
    return {other: value for other, value in recorded().items() if other != key}


@pytest.mark.parametrize(
    "found",
    [
        *(
            pytest.param(without(key), id=f"without {key}")
            for key in recorded()
            if key not in ("env_vars", "durations")
        ),
        pytest.param(recorded() | {"version": 3}, id="newer"),
        pytest.param(recorded() | {"result_columns": ["result", "later"]}, id="unknown column"),
        pytest.param(recorded() | {"params": {}}, id="without machine"),
        pytest.param([], id="list"),
    ],
)
def test_what_asv_refuses_we_refuse(found):
    with stored(found) as path:
        with pytest.raises(UserError):
            Results.load(str(path))
        with pytest.raises(ResultFileError):
            read_result_file(path)


@patient
@given(cut=st.integers(0, len((GOLDEN / "partial.json").read_text(encoding="utf-8")) - 1))
def test_a_file_cut_anywhere_is_refused_by_both(cut):
    text = (GOLDEN / "partial.json").read_text(encoding="utf-8")[:cut]
    with stored(None) as path:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(UserError):
            Results.load(str(path))
        with pytest.raises(ResultFileError):
            read_result_file(path)


# --- writing ----------------------------------------------------------------------------------------------


@patient
@given(found=format_2() | format_1())
def test_what_we_write_asv_reads_as_we_do(found):
    with stored(found) as path:
        ours = read_result_file(path)
        write_result_file(ours, path)
        assert_alike(ours, Results.load(str(path)))


def test_asv_drops_our_stamp_when_it_saves_a_file_again():
    with stored(recorded() | {"persona_asv": {"subject": "reference"}}) as path:
        before = read_result_file(path).stamp
        Results.load(str(path)).save(str(path.parents[1]))

        assert before == {"subject": "reference"}
        assert read_result_file(path).stamp == {}


# --- merging ----------------------------------------------------------------------------------------------


def test_merged_rounds_are_what_asv_makes_of_them_with_append_samples():
    merged = merge(None, [read_result_file(GOLDEN / f"round-{number}.json") for number in (1, 2)])
    appended = read_result_file(GOLDEN / "appended.json")

    with_samples = {
        name: series.cells
        for name, series in appended.series.items()
        if any(cell.samples for cell in series.cells)
    }
    assert len(with_samples) == 4
    assert {name: merged.series[name].cells for name in with_samples} == with_samples


@patient
@given(
    rounds=st.lists(
        st.lists(st.lists(st.floats(1e-9, 1e9), min_size=1, max_size=12), min_size=2, max_size=2),
        min_size=1,
        max_size=4,
    ),
    number=st.integers(1, 1000),
)
def test_any_rounds_with_samples_merge_as_asv_appends(rounds, number):
    benchmark = {"name": "m.time_it", "version": "1", "params": [["a", "b"]]}
    pooled = of_asv()
    files = []
    for samples in rounds:
        result = BenchmarkResult(
            result=[True, True], samples=samples, number=[number] * 2, errcode=0, stderr="", profile=None
        )
        single = of_asv()
        for results in (single, pooled):
            results.add_result(
                benchmark,
                copy.deepcopy(result),
                started_at=datetime(2026, 1, 1, tzinfo=UTC),
                record_samples=True,
                append_samples=True,
            )
        files.append(saved_by(single))

    assert merge(None, files).series == saved_by(pooled).series


def of_asv() -> Results:
    return Results({"machine": "m"}, {}, "c0ffeec0", 5, "3", "env", {})


def saved_by(results: Results) -> ResultFile:
    with tempfile.TemporaryDirectory() as folder:
        results.save(folder)
        return read_result_file(Path(folder) / "m" / "c0ffeec0-env.json")
