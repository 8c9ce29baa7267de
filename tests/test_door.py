"""The door: every way a command can end is one of four codes, and an error is one line."""

from __future__ import annotations

import os
import runpy
import signal
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from typing import TextIO

import click
import pytest
from click.testing import CliRunner

from persona_asv import door, errors
from persona_asv.commands.group import benchmark
from persona_asv.errors import ExitCode

SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@pytest.fixture(autouse=True)
def _signals() -> Iterator[None]:
    before = {number: signal.getsignal(number) for number in SIGNALS}
    yield
    for number, handler in before.items():
        signal.signal(number, handler)


@pytest.fixture
def ending(monkeypatch: pytest.MonkeyPatch) -> Callable[[Callable[[], object]], None]:
    """Return a function that makes ``persona probe`` end as it is told."""

    def make(how: Callable[[], object]) -> None:
        monkeypatch.setitem(door.persona.commands, "probe", click.Command("probe", callback=how))
        monkeypatch.setattr(sys, "argv", ["persona", "probe"])

    return make


def raising(error: BaseException) -> Callable[[], object]:
    def how() -> object:
        raise error

    return how


Ending = Callable[[Callable[[], object]], None]


class TestReturn:
    @pytest.mark.parametrize(
        ("expected", "returned"),
        [
            (ExitCode.PASS, None),
            (ExitCode.PASS, ExitCode.PASS),
            (ExitCode.WARN, ExitCode.WARN),
            (ExitCode.FAIL, ExitCode.FAIL),
            (ExitCode.COULD_NOT_MEASURE, ExitCode.COULD_NOT_MEASURE),
        ],
        ids=repr,
    )
    def test_is_the_commands_verdict(
        self, expected: ExitCode, returned: object, ending: Ending, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ending(lambda: returned)
        assert door.run(["probe"]) is expected
        assert capsys.readouterr() == ("", "")

    @pytest.mark.parametrize("returned", [4, -1, 120, "text"])
    def test_of_any_other_code_is_a_fault(
        self, returned: object, ending: Ending, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ending(lambda: returned)
        assert door.run(["probe"]) is ExitCode.COULD_NOT_MEASURE
        assert "a fault of persona_asv" in capsys.readouterr().err


class TestError:
    @pytest.mark.parametrize(
        ("expected", "error"),
        [
            *(
                pytest.param("what to do", kind("what to do"), id=kind.__name__)
                for kind in (
                    errors.PersonaAsvError,
                    errors.UsageError,
                    errors.ConfigError,
                    errors.ResultFileError,
                    errors.MeasurementError,
                    errors.Interrupted,
                )
            ),
            pytest.param("one line of many", errors.UsageError("one\nline\r\n\tof  many\n"), id="lines"),
            pytest.param("interrupted", KeyboardInterrupt(), id="Ctrl-C"),
            pytest.param("interrupted by X", KeyboardInterrupt("interrupted by X"), id="a signal"),
            pytest.param("interrupted", click.Abort(), id="click's abort"),
            pytest.param("it went wrong", click.ClickException("it went wrong"), id="click's error"),
            pytest.param(
                "not like that (try 'persona probe --help')", click.UsageError("not like that."), id="usage"
            ),
            pytest.param(
                "Invalid value: 7 (try 'persona benchmark --help')",
                click.BadParameter("7", ctx=click.Context(click.Command("x"), info_name="persona benchmark")),
                id="usage of another command",
            ),
            pytest.param(
                "ValueError: no such thing (a fault of persona_asv: --debug shows where)",
                ValueError("no such\nthing"),
                id="anything else",
            ),
            pytest.param(
                "RecursionError: (a fault of persona_asv: --debug shows where)",
                RecursionError(),
                id="no words",
            ),
        ],
    )
    def test_is_told_in_one_line(
        self, expected: str, error: BaseException, ending: Ending, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ending(raising(error))
        assert door.run(["probe"]) is ExitCode.COULD_NOT_MEASURE
        assert capsys.readouterr() == ("", f"error: {expected}\n")

    def test_debug_shows_where(self, ending: Ending, capsys: pytest.CaptureFixture[str]) -> None:
        ending(raising(ValueError("no such thing")))
        assert door.run(["probe"], debug=True) is ExitCode.COULD_NOT_MEASURE
        first, *_, source, last = capsys.readouterr().err.splitlines()
        assert first == "Traceback (most recent call last):"
        assert source == "ValueError: no such thing"
        assert last.startswith("error: ValueError: no such thing")

    def test_standard_error_that_takes_nothing_is_let_go(
        self, ending: Ending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with unread_pipe() as stream:
            monkeypatch.setattr(sys, "stderr", stream)
            ending(raising(ValueError()))
            assert door.run(["probe"]) is ExitCode.COULD_NOT_MEASURE
            stream.write("this goes nowhere and raises nothing\n")
            stream.flush()


class unread_pipe:  # noqa: N801 - reads as a function
    """A text stream into a pipe that nobody reads."""

    def __enter__(self) -> TextIO:
        read, write = os.pipe()
        os.close(read)
        self.stream = open(write, "w", encoding="utf-8")  # noqa: PTH123 - a descriptor
        return self.stream

    def __exit__(self, *error: object) -> None:
        with suppress(BrokenPipeError):
            self.stream.close()


class TestStandardOutput:
    @pytest.mark.parametrize(
        "how",
        [
            pytest.param(lambda: click.echo("text"), id="click's"),
            pytest.param(lambda: print("text", flush=True), id="Python's"),  # noqa: T201
            pytest.param(raising(BrokenPipeError(32, "Broken pipe")), id="an error"),
        ],
    )
    def test_that_nobody_reads_is_no_pass_and_no_word(
        self, how: Callable[[], object], ending: Ending, monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:  # fmt: skip
        with unread_pipe() as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            monkeypatch.setattr(sys, "stderr", sys.stderr)  # click wraps both
            ending(how)
            assert door.run(["probe"]) is ExitCode.COULD_NOT_MEASURE
            stream.write("this goes nowhere and raises nothing\n")
            stream.flush()
        assert capsys.readouterr().err == ""

    def test_that_breaks_at_the_last_flush_is_no_pass(
        self, ending: Ending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        with unread_pipe() as stream:
            monkeypatch.setattr(sys, "stdout", stream)
            ending(lambda: print("unflushed"))  # noqa: T201
            with pytest.raises(SystemExit) as raised:
                door.main(["probe"])
        assert raised.value.code == ExitCode.COULD_NOT_MEASURE

    def test_that_is_closed_is_what_the_caller_wants(
        self, ending: Ending, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(sys, "stdout", None)
        ending(lambda: print("text"))  # noqa: T201
        with pytest.raises(SystemExit) as raised:
            door.main(["probe"])
        assert raised.value.code == ExitCode.PASS
        assert sys.stdout.name == os.devnull
        sys.stdout.close()

    def test_a_shells_completion_is_a_pass(self, ending: Ending) -> None:
        ending(raising(SystemExit(0)))
        assert door.run(["probe"]) is ExitCode.PASS


class TestMain:
    @pytest.mark.parametrize("code", list(ExitCode))
    def test_exits_with_the_code(self, code: ExitCode, ending: Ending) -> None:
        ending(lambda: code)
        with pytest.raises(SystemExit) as raised:
            door.main()
        assert type(raised.value.code) is int, "no enumeration's name on standard error"
        assert raised.value.code == code

    @pytest.mark.parametrize("arguments", [["--debug", "probe"], ["probe", "--debug"]], ids=" ".join)
    def test_debug_may_stand_anywhere(
        self, arguments: list[str], ending: Ending, capsys: pytest.CaptureFixture[str]
    ) -> None:
        ending(raising(errors.UsageError("no")))
        with pytest.raises(SystemExit) as raised:
            door.main(arguments)
        assert raised.value.code == ExitCode.COULD_NOT_MEASURE
        assert capsys.readouterr().err.startswith("Traceback")

    @pytest.mark.parametrize(
        ("expected", "program"),
        [
            ("persona", "/usr/bin/persona"),
            ("persona-asv", "persona-asv"),
            ("python -m persona_asv", "/site-packages/persona_asv/__main__.py"),
        ],
    )
    def test_is_called_what_the_user_called_it(
        self, expected: str, program: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        monkeypatch.setattr(sys, "argv", [program])
        assert door.run(["benchmark", "--help"]) is ExitCode.PASS
        assert capsys.readouterr().out.startswith(f"Usage: {expected} benchmark ")


class TestSignals:
    @pytest.mark.parametrize("number", SIGNALS, ids=lambda number: number.name)
    def test_end_a_command_even_within_code_that_swallows_errors(
        self, number: signal.Signals, ending: Ending, capsys: pytest.CaptureFixture[str]
    ) -> None:
        """importlib.metadata is such code: it would lose a signal that arrives while it looks around."""

        def how() -> None:
            with suppress(Exception):
                os.kill(os.getpid(), number)
                time.sleep(5)  # which the signal ends, if it was not handled before

        ending(how)
        signal.signal(number, signal.SIG_DFL)  # a shell ignores SIGINT for what it starts in the background
        assert door.run(["probe"]) is ExitCode.COULD_NOT_MEASURE
        assert capsys.readouterr() == ("", f"error: interrupted by {number.name}\n")

    def test_that_the_caller_ignores_stay_ignored(self, ending: Ending) -> None:
        """``nohup`` ignores SIGHUP, and a shell SIGINT for what it starts in the background."""
        seen = []
        signal.signal(signal.SIGHUP, signal.SIG_IGN)
        ending(lambda: seen.append(signal.getsignal(signal.SIGHUP)))
        door.run(["probe"])
        assert seen == [signal.SIG_IGN]

    def test_after_the_end_change_nothing(self, ending: Ending) -> None:
        ending(lambda: ExitCode.FAIL)
        with pytest.raises(SystemExit) as raised:
            door.main()
        assert {signal.getsignal(number) for number in SIGNALS} == {signal.SIG_IGN}
        assert raised.value.code == ExitCode.FAIL


def test_the_program_is_the_door(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["persona", "--version"])
    with pytest.raises(SystemExit) as raised:
        runpy.run_module("persona_asv", run_name="__main__")
    assert raised.value.code == 0


def test_former_spellings_work_and_stand_in_no_list() -> None:
    runner = CliRunner()
    listed = runner.invoke(benchmark, ["--help"]).output
    assert "providers" not in listed
    told = runner.invoke(benchmark, ["providers", "--help"])
    assert told.exit_code == 0
    assert "The same as `run --workload provider`" in told.output
    assert "--workload" not in told.output.replace("run --workload", "")
    for option in ("--iterations", "--provider", "--json"):
        assert option in told.output
