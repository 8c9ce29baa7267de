"""The suite as asv is told of it: a configuration that asv accepts, and the folder of asv's history."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from asv.config import Config
from conftest import ROOT

import persona_asv
from persona_asv.engine import suite


class TestSuiteFolder:
    def test_is_the_source_trees(self) -> None:
        assert suite.suite_folder() == ROOT / "benchmarks"

    def test_is_the_wheels_copy_where_there_is_no_source_tree(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(persona_asv, "__file__", str(tmp_path / "site" / "persona_asv" / "__init__.py"))
        assert suite.suite_folder() == tmp_path / "site" / "persona_asv" / "suite"

    def test_another_packages_benchmarks_beside_it_are_not_ours(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "benchmarks").mkdir()
        (tmp_path / "benchmarks" / "theirs.py").touch()
        monkeypatch.setattr(persona_asv, "__file__", str(tmp_path / "persona_asv" / "__init__.py"))
        assert suite.suite_folder() == tmp_path / "persona_asv" / "suite"


class TestConfiguration:
    @pytest.fixture(params=["in a repository", "outside"])
    def repository(self, request: pytest.FixtureRequest, tmp_path: Path) -> Path | None:
        return tmp_path / "repository" if request.param == "in a repository" else None

    @pytest.fixture
    def config(self, repository: Path | None, tmp_path: Path) -> Config:
        path = tmp_path / "round" / "asv.conf.json"
        path.parent.mkdir()
        suite.write_config(
            path, suite=ROOT / "benchmarks", results=tmp_path / "results", repository=repository
        )
        return Config.load(str(path))

    def test_asv_loads_it(self, config: Config, tmp_path: Path) -> None:
        assert config.benchmark_dir == str(ROOT / "benchmarks")
        assert config.results_dir == str(tmp_path / "results")
        assert config.environment_type == "existing"
        assert config.branches == ["HEAD"], "which every checkout has"

    def test_the_repository_is_the_codes_or_else_a_folder_of_ours(
        self, config: Config, repository: Path | None, tmp_path: Path
    ) -> None:
        assert config.repo == str(repository or tmp_path / "round")

    def test_every_path_in_it_is_absolute_for_asv_changes_its_folder(self, config: Config) -> None:
        paths = {
            name: value for name, value in vars(config).items() if name.endswith("_dir") or name == "repo"
        }
        assert set(paths) == {"repo", "env_dir", "benchmark_dir", "results_dir", "html_dir"}
        assert {name for name, value in paths.items() if not Path(value).is_absolute()} == set()

    def test_it_has_no_key_that_asv_does_not_know(self, config: Config) -> None:
        assert set(vars(config)) == set(vars(Config()))


class TestResultsFolder:
    DEFAULT = ".asv/results"

    @pytest.mark.parametrize(
        ("expected", "content"),
        [
            pytest.param(DEFAULT, None, id="no asv.conf.json"),
            pytest.param("elsewhere", b'{"results_dir": "elsewhere"}', id="named"),
            pytest.param("a/b", b'{"results_dir": "a/b/"}', id="named, with a slash at the end"),
            pytest.param(
                "elsewhere",
                b'{\n  // where asv keeps them\n  "results_dir": "elsewhere", /* and more */\n}\n',
                id="commented, with a comma too many",
            ),
            pytest.param("\u00e9", b'{"results_dir": "\xc3\xa9"}', id="in Unicode"),
            pytest.param(DEFAULT, b'{"project": "p"}', id="not named"),
            pytest.param(DEFAULT, b'{"results_dir": 7}', id="no text"),
            pytest.param(DEFAULT, b'{"results_dir": null}', id="nothing"),
            pytest.param(DEFAULT, b'["results_dir"]', id="a list"),
            pytest.param(DEFAULT, b'{"results_dir": ', id="cut off"),
            pytest.param(DEFAULT, b"", id="empty"),
            pytest.param(DEFAULT, b"\xff\xfe", id="no UTF-8"),
        ],
    )
    def test_is_what_the_repository_says_else_the_default(
        self, expected: str, content: bytes | None, tmp_path: Path
    ) -> None:
        if content is not None:
            (tmp_path / "asv.conf.json").write_bytes(content)
        assert suite.results_folder(tmp_path) == tmp_path / expected

    def test_may_be_absolute(self, tmp_path: Path) -> None:
        (tmp_path / "asv.conf.json").write_text(json.dumps({"results_dir": str(tmp_path / "far" / "away")}))
        assert suite.results_folder(tmp_path / "nowhere") == tmp_path / "nowhere" / self.DEFAULT
        assert suite.results_folder(tmp_path) == tmp_path / "far" / "away"

    def test_a_folder_of_that_name_is_no_configuration(self, tmp_path: Path) -> None:
        (tmp_path / "asv.conf.json").mkdir()
        assert suite.results_folder(tmp_path) == tmp_path / self.DEFAULT

    def test_of_this_repository_is_where_asv_itself_looks(self) -> None:
        config = Config.load(str(ROOT / "asv.conf.json"))
        assert suite.results_folder(ROOT) == ROOT / config.results_dir


class TestTimes:
    def test_are_the_seconds_of_each_line_in_order(self, tmp_path: Path) -> None:
        (tmp_path / "times.jsonl").write_text('{"name": "b", "seconds": 2}\n{"name": "a", "seconds": 0.5}\n')
        assert suite.read_times(tmp_path / "times.jsonl") == [2.0, 0.5]

    def test_are_none_where_no_benchmark_was_executed(self, tmp_path: Path) -> None:
        assert suite.read_times(tmp_path / "times.jsonl") == []
