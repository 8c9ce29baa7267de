"""asv's history: what finished rounds leave in it, and what stays as it was."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

import pytest
from asv import util
from asv.benchmarks import Benchmarks
from asv.config import Config
from asv.machine import Machine as AsvMachine
from asv.results import Results, iter_results_for_machine

from persona_asv.engine.history import ResultsFolder
from persona_asv.engine.machine import Machine
from persona_asv.engine.results import read_result_file
from persona_asv.errors import ResultFileError
from persona_asv.model import Cell, ResultFile, Series, State

COMMIT = "c0ffee" * 6 + "c0de"
NAME = "generation.Generation.time_generate"
PARAMS = ("'quick'",)
MACHINE = Machine("tester", "Linux 6", "x86_64", "Fast 9000", "8", "16000")
FILE = "tester/c0ffeec0-existing-py3.11.json"


def entry(name: str) -> dict[str, object]:
    """Return what asv's discovery writes about a benchmark."""
    return {"name": name, "param_names": ["workload"], "params": [["'quick'"]], "type": "time",
            "unit": "seconds", "version": "1", "code": "", "timeout": 60.0}  # fmt: skip


def result(*samples: float, commit: str = COMMIT, name: str = NAME, stamp: str = "") -> ResultFile:
    cell = Cell(
        PARAMS, State.MEASURED, sorted(samples)[len(samples) // 2], samples, number=1, repeat=len(samples)
    )
    return ResultFile(
        path=Path("nowhere"),
        api_version=2,
        commit=commit,
        date=1_767_225_600_000,
        env_name="existing-py3.11",
        machine="tester",
        python="3.11",
        params={"machine": "tester", "python": "3.11"},
        series={name: Series(name, (PARAMS,), (cell,), "1", 1_767_225_690_000, 1.0)},
        stamp={"run": stamp} if stamp else {},
    )


@pytest.fixture
def benchmarks(tmp_path: Path) -> Path:
    path = tmp_path / "discovered.json"
    path.write_text(json.dumps({NAME: entry(NAME), "version": 2}))
    return path


@pytest.fixture
def folder(tmp_path: Path) -> ResultsFolder:
    return ResultsFolder(tmp_path / "results")


def everything(folder: ResultsFolder) -> dict[str, bytes]:
    return {
        path.relative_to(folder.path).as_posix(): path.read_bytes()
        for path in folder.path.rglob("*")
        if path.is_file()
    }


class TestPlace:
    @pytest.mark.parametrize(
        ("expected", "commit"),
        [
            pytest.param("c0ffeec0-existing-py3.11.json", COMMIT, id="clean"),
            pytest.param("c0ffeec0+dirty-existing-py3.11.json", COMMIT + "+dirty", id="dirty"),
            pytest.param("00000000-existing-py3.11.json", "0" * 40, id="unattributed"),
        ],
    )
    def test_is_asvs_own_but_a_dirty_trees_is_marked(
        self, expected: str, commit: str, folder: ResultsFolder
    ) -> None:
        assert folder.place(result(1.0, commit=commit)) == folder.path / "tester" / expected

    def test_is_where_asv_would_write_it(self, folder: ResultsFolder) -> None:
        loaded = Results({"machine": "tester"}, {}, COMMIT, 0, "3.11", "existing-py3.11", {})
        found = folder.place(result(1.0)).relative_to(folder.path)
        assert found.as_posix() == Path(loaded._filename).as_posix()


class TestPut:
    def test_returns_what_it_stored(self, folder: ResultsFolder, benchmarks: Path) -> None:
        stored = folder.put(result(1.0, 3.0, 2.0), MACHINE, benchmarks)
        assert stored == replace(result(1.0, 3.0, 2.0), path=folder.path / FILE)

    def test_writes_the_three_files_that_asv_needs_and_no_other(
        self, folder: ResultsFolder, benchmarks: Path
    ) -> None:
        folder.put(result(1.0), MACHINE, benchmarks)
        assert set(everything(folder)) == {"benchmarks.json", "tester/machine.json", FILE}

    def test_asv_reads_all_three(self, folder: ResultsFolder, benchmarks: Path) -> None:
        folder.put(result(1.0, 3.0, 2.0), MACHINE, benchmarks)
        config = Config.from_json({"repo": ".", "results_dir": str(folder.path)})
        assert list(Benchmarks.load(config)) == [NAME]
        machine = util.load_json(str(folder.path / "tester" / "machine.json"), AsvMachine.api_version)
        assert machine == asdict(MACHINE)
        (found,) = iter_results_for_machine(str(folder.path), "tester")
        assert found.commit_hash == COMMIT
        assert found.get_result_samples(NAME, [["'quick'"]]) == [[1.0, 3.0, 2.0]]

    def test_benchmarks_of_other_suites_stay_known(self, folder: ResultsFolder, benchmarks: Path) -> None:
        folder.path.mkdir()
        theirs = entry("theirs.time_it")
        old = entry(NAME) | {"unit": "hours"}
        (folder.path / "benchmarks.json").write_text(
            json.dumps({"theirs.time_it": theirs, NAME: old, "version": 2})
        )
        folder.put(result(1.0), MACHINE, benchmarks)
        known = json.loads((folder.path / "benchmarks.json").read_text())
        assert known == {NAME: entry(NAME), "theirs.time_it": theirs, "version": 2}
        assert list(known) == sorted(known), "in one order, whoever comes first"

    @pytest.mark.parametrize(
        "known",
        [
            pytest.param('{"theirs.time_it": {}, "version": 1}', id="of another format"),
            pytest.param('{"theirs.time_it": {}}', id="of no format"),
            pytest.param('{"theirs.time_it', id="cut off"),
            pytest.param("[]", id="a list"),
        ],
    )
    def test_a_list_of_benchmarks_that_asv_would_not_read_is_replaced(
        self, known: str, folder: ResultsFolder, benchmarks: Path
    ) -> None:
        folder.path.mkdir()
        (folder.path / "benchmarks.json").write_text(known)
        folder.put(result(1.0), MACHINE, benchmarks)
        assert json.loads((folder.path / "benchmarks.json").read_text()) == json.loads(benchmarks.read_text())

    @pytest.mark.parametrize(
        "occupied",
        [
            pytest.param("results", id="the folder is a file"),
            pytest.param("results/tester", id="the machine's folder is a file"),
            pytest.param("results/benchmarks.json/x", id="the list of benchmarks is a folder"),
            pytest.param(f"results/{FILE}/x", id="the result is a folder"),
        ],
    )
    def test_a_folder_that_cannot_be_written_is_named(
        self, occupied: str, folder: ResultsFolder, benchmarks: Path, tmp_path: Path
    ) -> None:
        (tmp_path / occupied).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / occupied).write_text("in the way")
        with pytest.raises(ResultFileError, match="cannot be written") as raised:
            folder.put(result(1.0), MACHINE, benchmarks)
        assert str(folder.path) in str(raised.value)
        assert (tmp_path / occupied).read_text() == "in the way"


class TestMerge:
    def test_the_rounds_become_one_result(self, folder: ResultsFolder, benchmarks: Path) -> None:
        path = folder.merge([result(1.0, 5.0), result(2.0, 3.0, 4.0)], MACHINE, benchmarks)
        assert path == folder.path / FILE
        cell = read_result_file(path).series[NAME].at(*PARAMS)
        assert cell is not None
        assert (cell.value, cell.samples) == (3.0, (1.0, 5.0, 2.0, 3.0, 4.0))

    def test_what_is_measured_anew_is_replaced(self, folder: ResultsFolder, benchmarks: Path) -> None:
        folder.merge([result(1.0, stamp="old")], MACHINE, benchmarks)
        path = folder.merge([result(9.0, stamp="new")], MACHINE, benchmarks)
        found = read_result_file(path)
        cell = found.series[NAME].at(*PARAMS)
        assert cell is not None
        assert cell.samples == (9.0,)
        assert found.stamp == {"run": "new"}

    def test_an_older_result_keeps_its_series_when_the_suite_gains_parameter_values(
        self, folder: ResultsFolder, benchmarks: Path
    ) -> None:
        before = folder.merge([result(1.0, commit="d" * 40)], MACHINE, benchmarks)
        folder.merge([result(1.0)], MACHINE, benchmarks)
        gained = ("'quick'", "'full'")
        cells = (Cell(("'quick'",), State.SKIPPED), Cell(("'full'",), State.MEASURED, 9.0, (9.0,), 1, 1))
        newer = result(9.0)
        newer = replace(newer, series={NAME: replace(newer.series[NAME], param_sets=(gained,), cells=cells)})
        benchmarks.write_text(json.dumps({NAME: entry(NAME) | {"params": [gained]}, "version": 2}))
        path = folder.merge([newer], MACHINE, benchmarks)
        known = json.loads((folder.path / "benchmarks.json").read_text())[NAME]["params"]
        assert known == [list(gained)]
        asvs = [Results.load(str(each)).get_result_samples(NAME, known) for each in (before, path)]
        assert asvs == [[[1.0], None], [[1.0], [9.0]]]

    @pytest.mark.parametrize(
        ("expected", "providers"),
        [
            pytest.param({"provider": "b", "model": "of b"}, ["b", "b"], id="one provider"),
            pytest.param({}, ["a", "b"], id="two providers"),
            pytest.param({}, ["a", "b", "b"], id="two providers and the newer again"),
        ],
    )
    def test_the_stamp_names_a_provider_only_while_there_is_one(
        self, folder: ResultsFolder, benchmarks: Path, expected: dict[str, str], providers: list[str]
    ) -> None:
        for name in providers:
            stamp = {"provider": name, "model": f"of {name}", "run": "x"}
            path = folder.merge([replace(result(1.0), stamp=stamp)], MACHINE, benchmarks)
        assert read_result_file(path).stamp == expected | {"run": "x"}

    @pytest.mark.parametrize("key", ["subject", "endpoint"])
    def test_results_of_something_else_are_refused_and_left_alone(
        self, folder: ResultsFolder, benchmarks: Path, key: str
    ) -> None:
        path = folder.merge([replace(result(1.0), stamp={key: {"name": "one"}})], MACHINE, benchmarks)
        before = path.read_bytes()
        with pytest.raises(ResultFileError, match=f"holds results of {key} one, this run is of other"):
            folder.merge([replace(result(9.0), stamp={key: {"name": "other"}})], MACHINE, benchmarks)
        assert path.read_bytes() == before

    def test_what_was_not_measured_anew_stays(self, folder: ResultsFolder, benchmarks: Path) -> None:
        folder.merge([result(1.0, name="theirs.time_it")], MACHINE, benchmarks)
        path = folder.merge([result(9.0)], MACHINE, benchmarks)
        assert set(read_result_file(path).series) == {"theirs.time_it", NAME}

    def test_results_of_other_commits_stay(self, folder: ResultsFolder, benchmarks: Path) -> None:
        other = folder.merge([result(1.0, commit="d" * 40)], MACHINE, benchmarks)
        before = other.read_bytes()
        folder.merge([result(9.0)], MACHINE, benchmarks)
        assert other.read_bytes() == before

    @pytest.mark.parametrize(
        "content",
        [
            pytest.param(b"", id="empty"),
            pytest.param(b'{"commit_hash": "c0f', id="cut off"),
            pytest.param(b"\x00\xff", id="no text"),
            pytest.param(b'{"version": 99}', id="of a later format"),
        ],
    )
    def test_a_result_that_cannot_be_read_is_left_with_all_that_is_around_it(
        self, content: bytes, folder: ResultsFolder, benchmarks: Path
    ) -> None:
        place = folder.place(result(1.0))
        place.parent.mkdir(parents=True)
        place.write_bytes(content)
        (folder.path / "benchmarks.json").write_text('{"version": 2}')
        before = everything(folder)
        with pytest.raises(ResultFileError) as raised:
            folder.merge([result(1.0)], MACHINE, benchmarks)
        assert str(place) in str(raised.value)
        assert everything(folder) == before

    def test_a_result_of_another_machine_under_our_name_is_left(
        self, folder: ResultsFolder, benchmarks: Path
    ) -> None:
        place = folder.merge([result(1.0)], MACHINE, benchmarks)
        place.write_text(place.read_text().replace(COMMIT, COMMIT[:8] + "0" * 32))
        before = everything(folder)
        with pytest.raises(ResultFileError, match="is of commit"):
            folder.merge([result(2.0)], MACHINE, benchmarks)
        assert everything(folder) == before


class TestParameters:
    """A workload of a project's own is a parameter value that the next run may not know."""

    def known(self, folder: Path) -> list[list[str]]:
        found: list[list[str]] = json.loads((folder / "benchmarks.json").read_text())[NAME]["params"]
        return found

    def discovered(self, tmp_path: Path, *values: str, version: str = "1") -> Path:
        path = tmp_path / "discovered.json"
        its = {**entry(NAME), "params": [list(values)], "version": version}
        path.write_text(json.dumps({NAME: its, "version": 2}))
        return path

    def test_values_of_before_stay_behind_the_new_ones(self, tmp_path: Path) -> None:
        folder = ResultsFolder(tmp_path / "results")
        folder.put(result(1.0), MACHINE, self.discovered(tmp_path, "'quick'", "'nightly'"))
        folder.put(result(1.0), MACHINE, self.discovered(tmp_path, "'quick'", "'batch-c1'"))
        assert self.known(folder.path) == [["'quick'", "'batch-c1'", "'nightly'"]]

    def test_another_version_starts_anew(self, tmp_path: Path) -> None:
        folder = ResultsFolder(tmp_path / "results")
        folder.put(result(1.0), MACHINE, self.discovered(tmp_path, "'quick'", "'nightly'"))
        folder.put(result(1.0), MACHINE, self.discovered(tmp_path, "'quick'", version="2"))
        assert self.known(folder.path) == [["'quick'"]]

    def test_an_entry_that_is_none_is_replaced(self, tmp_path: Path) -> None:
        folder = ResultsFolder(tmp_path / "results")
        folder.path.mkdir()
        (folder.path / "benchmarks.json").write_text(json.dumps({NAME: "broken", "version": 2}))
        folder.put(result(1.0), MACHINE, self.discovered(tmp_path, "'quick'"))
        assert self.known(folder.path) == [["'quick'"]]
