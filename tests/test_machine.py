"""The machine as asv knows it, and the name under which its history is kept."""

from __future__ import annotations

import platform
from dataclasses import asdict, fields
from pathlib import Path

import psutil
import pytest
from asv import util
from asv.machine import Machine as AsvMachine
from asv.machine import MachineCollection
from hypothesis import given
from hypothesis import strategies as st

from persona_asv.engine import machine
from persona_asv.engine.history import write_machine_collection
from persona_asv.engine.machine import machine_name, this_machine


class TestName:
    @pytest.fixture(autouse=True)
    def _at_home(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.delenv("CI", raising=False)

    @pytest.mark.parametrize("ci", ["", "true"], ids=["at home", "in CI"])
    def test_the_configured_one_wins(self, ci: str, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setenv("CI", ci)
        assert machine_name("bench-1") == "bench-1"

    @pytest.mark.parametrize("ci", ["true", "1", "yes"])
    def test_in_ci_all_runners_of_a_kind_are_one_machine(
        self, ci: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("CI", ci)
        monkeypatch.setattr(platform, "node", lambda: "fv-az1234-567")
        monkeypatch.setattr(platform, "system", lambda: "Linux")
        monkeypatch.setattr(platform, "machine", lambda: "AMD64")
        assert machine_name(None) == "ci-linux-amd64"

    @pytest.mark.parametrize(
        ("expected", "host"),
        [
            ("laptop", "laptop"),
            ("My.Mac-book_2", "My.Mac-book_2"),
            ("two-words", "two words"),
            ("a-b", "a/b"),
            ("a-..-b", "a/../b"),
            ("x", "../../x"),
            ("passwd", "/passwd"),
            ("a-b", "a\n\x1bb"),
            ("J-rgen", "J\u00fcrgen"),
            ("localhost", ""),
            ("localhost", "."),
            ("localhost", "\u4e3b\u673a"),
        ],
    )
    def test_elsewhere_it_is_the_hosts_fit_for_a_folder(
        self, expected: str, host: str, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(platform, "node", lambda: host)
        assert machine_name(None) == expected

    @given(host=st.text())
    def test_whatever_the_host_is_called_the_name_is_one_folder(self, host: str) -> None:
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(platform, "node", lambda: host)
            name = machine_name(None)
        assert (Path("results") / name).parent == Path("results")
        assert name not in ("", ".", "..")
        assert name.isascii()

    def test_it_is_the_same_each_time(self) -> None:
        assert machine_name(None) == machine_name(None)


class TestThisMachine:
    def test_has_the_fields_that_asv_asks_for_all_of_them_text(self) -> None:
        found = this_machine("tester")
        assert [field.name for field in fields(found)] == [name for name, _ in AsvMachine.fields]
        assert {type(value) for value in asdict(found).values()} == {str}

    def test_says_what_the_operating_system_says(self) -> None:
        found = this_machine("tester")
        assert found.machine == "tester"
        assert found.os == f"{platform.system()} {platform.release()}"
        assert found.arch == platform.machine()
        assert int(found.num_cpu) == psutil.cpu_count()
        assert int(found.ram) == psutil.virtual_memory().total

    def test_counts_one_cpu_where_they_cannot_be_counted(self, monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(psutil, "cpu_count", lambda: None)
        assert this_machine("tester").num_cpu == "1"

    @pytest.mark.parametrize(
        ("expected", "cpuinfo"),
        [
            pytest.param("Fast 9000 @ 3 GHz", "processor\t: 0\nmodel name\t: Fast 9000 @ 3 GHz \n", id="x86"),
            pytest.param("First", "model name : First\nmodel name : Second\n", id="two kinds"),
            pytest.param("unnamed", "processor\t: 0\nBogoMIPS\t: 50\n", id="ARM"),
            pytest.param("unnamed", None, id="no /proc"),
        ],
    )
    def test_names_the_cpu(
        self, expected: str, cpuinfo: str | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        if cpuinfo is not None:
            (tmp_path / "cpuinfo").write_text(cpuinfo)
        monkeypatch.setattr(machine, "Path", lambda name: tmp_path / Path(name).name)
        monkeypatch.setattr(platform, "processor", lambda: "unnamed")
        assert this_machine("tester").cpu == expected


class TestMachineFile:
    @pytest.mark.parametrize("name", ["tester", "ci-linux-x86_64", "my.host"])
    def test_asv_finds_the_machine_in_it(self, name: str, tmp_path: Path) -> None:
        found = this_machine(name)
        write_machine_collection(tmp_path / "machine.json", found)
        assert MachineCollection.load(name, _path=str(tmp_path / "machine.json")) == asdict(found)

    def test_asv_asks_nobody(self, tmp_path: Path) -> None:
        """Asv's own loader, as ``asv run --machine`` calls it, takes it without a terminal."""
        write_machine_collection(tmp_path / "machine.json", this_machine("tester"))
        loaded = AsvMachine.load(machine_name="tester", _path=str(tmp_path / "machine.json"))
        assert loaded.machine == "tester"

    def test_another_machine_is_not_in_it(self, tmp_path: Path) -> None:
        write_machine_collection(tmp_path / "machine.json", this_machine("tester"))
        with pytest.raises(util.UserError, match="No information stored about machine 'other'"):
            MachineCollection.load("other", _path=str(tmp_path / "machine.json"))
