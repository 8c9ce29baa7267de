"""The door: where every way a command can end becomes one of our four exit codes, and nothing else does."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from types import FrameType
from typing import Any, NoReturn, TextIO

import click

import persona_asv
from persona_asv.commands.group import Group, NoCommand, benchmark
from persona_asv.credentials import redacted
from persona_asv.errors import ExitCode, Interrupted, PersonaAsvError

_SIGNALS = tuple(getattr(signal, name) for name in ("SIGINT", "SIGTERM", "SIGHUP") if hasattr(signal, name))
"""What ends a command; Windows has no SIGHUP."""


class Door(Group):
    """The group that every command is in: a signal ends them all as an error of ours."""

    def invoke(self, ctx: click.Context) -> Any:
        """Carry out the command.

        Raises
        ------
        Interrupted
            A signal ended it.
        """
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as error:
            raise Interrupted(str(error) or "interrupted") from error


@click.group(cls=Door, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(persona_asv.__version__, prog_name="persona_asv")
@click.option("--debug", is_flag=True, expose_value=False, help="Show tracebacks; may stand anywhere.")
@click.option("-q", "--quiet", is_flag=True, expose_value=False, hidden=True)
@click.option("-v", "--verbose", count=True, expose_value=False, hidden=True)
@click.option("--no-color", is_flag=True, expose_value=False, hidden=True)
def persona() -> None:
    """Persona's performance gate and history."""
    # The hidden options are Persona's, which may stand before any command of it. They change nothing here:
    # there is no colour to switch off, and how much a command of ours tells is that command's to say.


persona.add_command(benchmark)


def main(arguments: list[str] | None = None, *, program: str | None = None) -> NoReturn:
    """Run the command line and exit with an `ExitCode`.

    Parameters
    ----------
    arguments
        By default those of this process.
    program
        What the user called, for help and errors; by default this process's script.
    """
    arguments = sys.argv[1:] if arguments is None else arguments
    if sys.stdout is None:  # closed by the caller, who wants the code alone
        sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - open to the end
    debug = "--debug" in arguments
    code = run([each for each in arguments if each != "--debug"], debug=debug, program=program)
    _be_deaf()
    try:
        sys.stdout.flush()
    except OSError:
        code = _unread(sys.stdout)
    sys.exit(int(code))


def run(arguments: list[str], *, debug: bool = False, program: str | None = None) -> ExitCode:
    """Run the command line; returns its exit code, every error already told in one line.

    A command returns its `ExitCode` (None is a pass). click's own codes (1 for an abort, 2 for bad usage) and
    asv's never get out: they would read as a warning or as a regression.
    """
    for number in _SIGNALS:
        if signal.getsignal(number) is not signal.SIG_IGN:  # which is how nohup asks to run on
            signal.signal(number, _interrupt)
    try:
        result = persona.main(arguments, prog_name=program or _name(), standalone_mode=False)
        return ExitCode(result or 0)
    except SystemExit as end:  # click's: 0 after a shell's completion, else nobody reads what it prints
        return _unread(sys.stdout) if end.code else ExitCode.PASS
    except (Exception, KeyboardInterrupt) as error:
        _be_deaf()
        tell(error, debug=debug)
        return ExitCode.COULD_NOT_MEASURE


def tell(error: BaseException, *, debug: bool) -> None:
    """Print the error on standard error; where that is full or not read, the exit code must do."""
    try:
        if debug:
            import traceback

            click.echo(redacted("".join(traceback.format_exception(error))), err=True, nl=False)
        click.echo(redacted(_last_words(error)), err=True)
    except OSError:
        _unread(sys.stderr)


def _last_words(error: BaseException) -> str:
    """Return the one line that tells an error; a group called without a command gets its help instead."""
    match error:
        case NoCommand():
            return error.format_message()
        case PersonaAsvError():
            message = str(error)
        case click.UsageError(ctx=click.Context() as context):
            message = f"{error.format_message().rstrip('.')} (try '{context.command_path} --help')"
        case click.ClickException():
            message = error.format_message()
        case KeyboardInterrupt() | click.Abort():
            message = "interrupted"
        case OSError(filename=None, strerror=str(reason)):
            message = f"cannot write: {reason}"
        case _:
            message = f"{type(error).__name__}: {error} (a fault of persona_asv: --debug shows where)"
    return "error: " + " ".join(message.split())


def _name() -> str:
    name = Path(sys.argv[0]).name
    return "python -m persona_asv" if name == "__main__.py" else name


def _interrupt(signum: int, frame: FrameType | None) -> None:
    # No `Exception`: libraries swallow those in passing, importlib.metadata while it looks for a version.
    raise KeyboardInterrupt(f"interrupted by {signal.Signals(signum).name}")


def _be_deaf() -> None:
    """Ignore further signals: how this ends is decided."""
    for number in _SIGNALS:
        signal.signal(number, signal.SIG_IGN)


def _unread(stream: TextIO) -> ExitCode:
    """Let go of a stream that takes nothing any more, so that the interpreter's exit stays silent."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())
    return ExitCode.COULD_NOT_MEASURE
