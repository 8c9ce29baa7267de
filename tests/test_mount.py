"""``persona_asv.mount``: one line gives an application our group, and it behaves as through our own door."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, NoReturn

import click
import pytest
import typer
from click.testing import CliRunner
from conftest import ROOT, Done, environment, persona
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from test_compare import written
from typer.testing import CliRunner as TyperRunner

import persona_asv
from persona_asv import door

TYPER = """
import typer
import persona_asv

app = typer.Typer(no_args_is_help=True)

@app.callback()
def main(quiet: bool = typer.Option(False, "--quiet", "-q")) -> None:
    "The host."

@app.command()
def generate(code: int = 0) -> None:
    "Generate."
    raise typer.Exit(code)

persona_asv.mount(app)

if __name__ == "__main__":
    app()
"""

CLICK = """
import click
import persona_asv

@click.group()
@click.option("--quiet", "-q", is_flag=True)
def app(quiet):
    "The host."

@app.command()
@click.option("--code", default=0)
def generate(code):
    "Generate."
    raise SystemExit(code)

persona_asv.mount(app)

if __name__ == "__main__":
    app()
"""

HOSTS = {"typer": TYPER, "click": CLICK}

OURS = "python -m persona_asv"
LINES = [
    (3, "benchmark"),
    (0, "benchmark --help"),
    (0, "benchmark -h"),
    (3, "benchmark nope"),
    (0, "benchmark run --help"),
    (3, "benchmark run --nope"),
    (3, "benchmark run --workload nope --debug"),
    (3, "benchmark --debug run --workload nope"),
    (0, "benchmark list"),
    (0, "benchmark list --json"),
    (3, "benchmark compare --baseline v9 --ci"),
]
"""Exit code and command line."""


@dataclass(frozen=True)
class Host:
    """A program that mounts our group, in an empty folder."""

    folder: Path
    name: str

    def run(self, *words: str) -> Done:
        """Run it; what it prints calls it as our own door is called."""
        done = subprocess.run(
            [sys.executable, self.name, *words],
            cwd=self.folder,
            env=environment(PYTHONPATH=str(ROOT), COLUMNS="100", NO_COLOR="1"),
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        out, err = (text.replace(self.name, OURS) for text in (done.stdout, done.stderr))
        return Done(done.returncode, out, err)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of both hosts."""
    return tmp_path_factory.mktemp("hosts")


@pytest.fixture(params=HOSTS)
def host(request: pytest.FixtureRequest, folder: Path) -> Host:
    name = f"{request.param}_host.py"
    (folder / name).write_text(HOSTS[request.param])
    return Host(folder, name)


@cache
def ours(folder: Path, line: str) -> Done:
    """Return what our own door answers there."""
    return persona(*line.split(), cwd=folder, COLUMNS="100")


class TestHost:
    @pytest.mark.parametrize(("code", "line"), LINES, ids=[line for _, line in LINES])
    def test_answers_as_our_own_door(self, code: int, line: str, host: Host) -> None:
        assert ours(host.folder, line).code == code
        assert host.run(*line.split()) == ours(host.folder, line)

    def test_answers_as_our_own_door_what_depends_on_clicks_version(self, host: Host) -> None:
        line = "benchmark -- --help"
        assert host.run(*line.split()) == ours(host.folder, line)
        assert ours(host.folder, line).code in (0, 3)

    @pytest.mark.parametrize(("code", "fail"), [(2, "25"), (1, "200")])
    def test_ends_with_the_verdict(self, code: int, fail: str, host: Host) -> None:
        baseline, current = written(host.folder, 5, 0, "a"), written(host.folder, 5, 50, "b", slower=1.6)
        sides = [word for path in baseline for word in ("--baseline", str(path))]
        sides += [word for path in current for word in ("--current", str(path))]
        line = ("benchmark", "compare", *sides, "--warn-threshold", "10", "--fail-threshold", fail, "--ci")
        done = host.run(*line)
        assert done.code == code
        assert done == persona(*line, cwd=host.folder, COLUMNS="100")

    def test_lists_the_command_and_keeps_its_own(self, host: Host) -> None:
        listed = host.run("--help")
        assert listed.code == 0
        assert "generate" in listed.out
        assert "Measure persona generation, and judge it" in " ".join(listed.out.split())
        assert host.run("generate", "--code", "7").code == 7
        assert host.run("nope").code == 2

    def test_takes_its_own_options_first(self, host: Host) -> None:
        done = host.run("-q", "benchmark", "list")
        assert (done.code, done.err) == (0, "")
        assert "Total: 0 baselines" in done.out


Record = list[tuple[list[str], str | None]]


class TestWords:
    """Nothing that follows the command's name is read by the host."""

    @pytest.fixture
    def passed(self, monkeypatch: pytest.MonkeyPatch) -> Record:
        """Return the calls of the door, which ends with 3 at once."""
        calls: Record = []

        def main(arguments: list[str], *, program: str | None = None) -> NoReturn:
            calls.append((arguments, program))
            raise SystemExit(3)

        monkeypatch.setattr(door, "main", main)
        return calls

    WORDS = st.lists(st.text() | st.sampled_from(["--", "-", "--help", "-h", "--debug"]))

    def apps(self) -> Iterator[tuple[Callable[..., Any], object]]:
        application = typer.Typer()
        application.callback()(lambda: None)
        yield TyperRunner().invoke, application
        yield CliRunner().invoke, click.Group("host")

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(WORDS)
    def test_arrive_as_they_are(self, words: list[str]) -> None:
        for invoke, application in self.apps():
            calls: Record = []

            def main(arguments: list[str], *, program: str | None = None, calls: Record = calls) -> NoReturn:
                calls.append((arguments, program))
                raise SystemExit(3)

            with pytest.MonkeyPatch.context() as patch:
                patch.setattr(door, "main", main)
                persona_asv.mount(application)
                result = invoke(application, ["benchmark", *words], prog_name="a host")
            assert result.exit_code == 3
            assert calls == [(["benchmark", *words], "a host")]

    def test_of_an_application_in_another_are_told_by_the_whole_name(self, passed: Record) -> None:
        outer, inner = typer.Typer(), typer.Typer()
        persona_asv.mount(inner)
        outer.add_typer(inner, name="more")
        TyperRunner().invoke(outer, ["more", "benchmark", "run"], prog_name="host")
        assert passed == [(["benchmark", "run"], "host more")]

    def test_of_an_application_of_one_command_need_no_name(self, passed: Record) -> None:
        """Typer makes no group of a single command; the application is that command."""
        alone = typer.Typer()
        persona_asv.mount(alone)
        TyperRunner().invoke(alone, ["run"], prog_name="host")
        assert passed == [(["benchmark", "run"], "host")]


class TestWhatCanMount:
    class Typer:
        """An object that is only called like Typer's application."""

        def command(self, name: str) -> NoReturn:
            raise AssertionError("nothing of it is called")

    @pytest.mark.parametrize(
        ("named", "app"),
        [
            ("test_mount.TestWhatCanMount.Typer", Typer()),
            ("click.core.Command", click.Command("host")),
            ("builtins.type", click.Group),
            ("builtins.NoneType", None),
        ],
    )
    def test_nothing_else(self, named: str, app: object) -> None:
        with pytest.raises(TypeError) as raised:
            persona_asv.mount(app)
        assert str(raised.value) == f"persona_asv.mount takes a typer.Typer or a click.Group, not a {named}"

    def test_without_typer_nothing_is_typers(self, monkeypatch: pytest.MonkeyPatch) -> None:
        application = typer.Typer()
        monkeypatch.delitem(sys.modules, "typer")
        with pytest.raises(TypeError, match=r"not a typer\.main\.Typer$"):
            persona_asv.mount(application)

    def test_mounting_imports_neither_typer_nor_any_command(self, tmp_path: Path) -> None:
        code = (
            "import sys, click, persona_asv; persona_asv.mount(click.Group()); "
            "late = {'typer', 'persona_asv.door', 'persona_asv.commands'}; print(late & set(sys.modules))"
        )
        done = subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONPATH": str(ROOT)},
            cwd=tmp_path,
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        assert done.stdout == "set()\n"
