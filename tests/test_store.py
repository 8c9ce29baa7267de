"""The folder of runs: whole files or none, and nothing that git would pick up."""

from __future__ import annotations

import json
import os
import re
import stat
import subprocess
import sys
from pathlib import Path
from typing import IO

import pytest
from conftest import git

from persona_asv.engine.store import RunFolder, write_json
from persona_asv.errors import MeasurementError


def names(folder: Path) -> list[str]:
    return [path.name for path in folder.iterdir()]


class TestWriteJson:
    @pytest.mark.parametrize(
        "content",
        [{"a": [1, 2.5, None, True]}, [], "text", {"\u00e9": "\ud7ff\U0001f600"}],
        ids=["mapping", "list", "text", "Unicode"],
    )
    def test_writes_what_json_reads_back(self, content: object, tmp_path: Path) -> None:
        write_json(tmp_path / "file.json", content)
        assert json.loads((tmp_path / "file.json").read_text(encoding="utf-8")) == content

    def test_ends_with_a_line_break_and_indents_on_demand(self, tmp_path: Path) -> None:
        write_json(tmp_path / "file.json", {"a": 1}, indent=2)
        assert (tmp_path / "file.json").read_text() == '{\n  "a": 1\n}\n'

    def test_replaces_the_old_file_and_leaves_nothing_else(self, tmp_path: Path) -> None:
        write_json(tmp_path / "file.json", "a much longer text than the new one")
        write_json(tmp_path / "file.json", 2)
        assert (tmp_path / "file.json").read_text() == "2\n"
        assert names(tmp_path) == ["file.json"]

    def test_everybody_may_read_it(self, tmp_path: Path) -> None:
        write_json(tmp_path / "file.json", 1)
        assert stat.S_IMODE((tmp_path / "file.json").stat().st_mode) == 0o644

    @pytest.mark.parametrize(
        ("error", "content"),
        [
            pytest.param(ValueError, [1, float("nan")], id="no JSON number"),
            pytest.param(TypeError, {"a": 1, "b": object()}, id="no JSON value"),
            pytest.param(UnicodeEncodeError, None, id="written in part"),
        ],
    )
    def test_a_failure_leaves_the_old_file_and_no_temporary_one(
        self, error: type[Exception], content: object, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "file.json").write_text("old")
        if content is None:

            def dump(content: object, file: IO[str], **options: object) -> None:
                file.write('{"half')
                file.write("\udcff")

            monkeypatch.setattr("persona_asv.engine.store.json.dump", dump)
        with pytest.raises(error):
            write_json(tmp_path / "file.json", content)
        assert (tmp_path / "file.json").read_text() == "old"
        assert names(tmp_path) == ["file.json"]

    def test_a_full_disk_leaves_the_old_file_and_no_temporary_one(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        def sync(descriptor: int) -> None:
            raise OSError(28, "No space left on device")

        (tmp_path / "file.json").write_text("old")
        monkeypatch.setattr(os, "fsync", sync)
        with pytest.raises(OSError, match="No space left"):
            write_json(tmp_path / "file.json", "new")
        assert (tmp_path / "file.json").read_text() == "old"
        assert names(tmp_path) == ["file.json"]

    def test_it_is_on_the_disk_before_it_has_its_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        synced = []
        monkeypatch.setattr(os, "fsync", lambda descriptor: synced.append(os.fstat(descriptor).st_size))
        write_json(tmp_path / "file.json", [1])
        assert synced == [len("[1]\n")]

    def test_the_file_is_whole_before_it_has_its_name(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        seen = []
        replace = Path.replace

        def spy(self: Path, target: Path) -> Path:
            seen.append((self.read_text(), self.parent, target.exists()))
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", spy)
        write_json(tmp_path / "file.json", [1])
        assert seen == [("[1]\n", tmp_path, False)]

    def test_where_there_is_no_folder_it_is_an_os_error(self, tmp_path: Path) -> None:
        with pytest.raises(FileNotFoundError):
            write_json(tmp_path / "nowhere" / "file.json", 1)


class TestRunFolder:
    def test_lies_below_the_root_under_a_name_that_sorts_by_time(self, tmp_path: Path) -> None:
        folder = RunFolder.create(tmp_path)
        assert folder.path == tmp_path / ".asv" / "runs" / folder.id
        assert folder.path.is_dir()
        assert re.fullmatch(r"\d{8}T\d{6}Z-[0-9a-f]{6}", folder.id)

    def test_no_two_are_the_same(self, tmp_path: Path) -> None:
        assert len({RunFolder.create(tmp_path).id for _ in range(20)}) == 20

    def test_git_ignores_it_and_itself(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        RunFolder.create(tmp_path).describe({"state": "running"})
        assert (tmp_path / ".asv" / ".gitignore").read_text() == (
            "# written by persona_asv: runs and results are not source\n*\n"
        )
        assert git(tmp_path, "status", "--porcelain", "--untracked-files=all") == ""

    def test_a_users_own_gitignore_stays(self, tmp_path: Path) -> None:
        (tmp_path / ".asv").mkdir()
        (tmp_path / ".asv" / ".gitignore").write_text("mine\n")
        RunFolder.create(tmp_path)
        assert (tmp_path / ".asv" / ".gitignore").read_text() == "mine\n"

    @pytest.mark.parametrize("occupied", [".asv", ".asv/runs"])
    def test_where_it_cannot_be_made_nothing_can_be_measured(self, occupied: str, tmp_path: Path) -> None:
        (tmp_path / occupied).parent.mkdir(exist_ok=True)
        (tmp_path / occupied).write_text("a file where a folder belongs")
        with pytest.raises(MeasurementError) as raised:
            RunFolder.create(tmp_path)
        assert str(raised.value) == f"cannot write results below {tmp_path / '.asv'}: Not a directory"

    @pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
    def test_a_folder_without_permission_is_one_of_them(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(MeasurementError, match="Permission denied"):
            RunFolder.create(tmp_path)

    def test_has_a_folder_a_round_and_another_while_it_is_under_way(self, tmp_path: Path) -> None:
        folder = RunFolder(tmp_path / "run")
        assert folder.round(3) == tmp_path / "run" / "round-03"
        assert folder.scratch(3) == tmp_path / "run" / "round-03.unfinished"

    def test_is_described_by_run_json(self, tmp_path: Path) -> None:
        folder = RunFolder.create(tmp_path)
        folder.describe({"state": "running"})
        folder.describe({"state": "finished"})
        assert json.loads((folder.path / "run.json").read_text()) == {"state": "finished"}
        assert names(folder.path) == ["run.json"]

    @pytest.mark.parametrize(
        ("expected", "log"),
        [
            pytest.param("it said nothing", None, id="no log"),
            pytest.param("it said nothing", b" \n\n", id="an empty log"),
            pytest.param("the end", b"first\n  the end \n\n", id="several lines"),
            pytest.param("\ufffd", b"\xff\n", id="no text"),
        ],
    )
    def test_tells_what_the_launcher_said_last(
        self, expected: str, log: bytes | None, tmp_path: Path
    ) -> None:
        if log is not None:
            (tmp_path / "launcher.log").write_bytes(log)
        assert RunFolder(tmp_path).said() == expected


def test_a_reader_never_sees_half_a_file(tmp_path: Path) -> None:
    """While another process writes without a pause, whatever is read is one of its documents, whole."""
    writer = (
        "import pathlib, sys\nfrom persona_asv.engine.store import write_json\n"
        "path = pathlib.Path(sys.argv[1])\n"
        "for n in range(60): write_json(path, {'n': n, 'much': ['x'] * 20_000})\n"
    )
    path = tmp_path / "file.json"
    with subprocess.Popen([sys.executable, "-c", writer, str(path)]) as process:
        seen = set()
        while process.poll() is None:
            if path.exists():
                content = json.loads(path.read_text())
                assert len(content["much"]) == 20_000
                seen.add(content["n"])
    assert process.returncode == 0
    assert seen
