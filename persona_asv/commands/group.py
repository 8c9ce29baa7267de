"""``persona benchmark``: the table of contents; a command's module is imported when it is called."""

from __future__ import annotations

from importlib import import_module
from typing import cast

import click

COMMANDS = {
    "run": "Execute the benchmark suite.",
    "capture": "Save a run as a named baseline.",
    "compare": "Compare with a baseline, and judge what moved.",
    "report": "Write a report of a run: Markdown, JSON or HTML.",
    "list": "List baselines, workloads and benchmarks.",
    "clean": "Remove old baselines and reports.",
    "trends": "Show how every metric went, over baselines and commits.",
    "publish": "Build the site of the history.",
    "preview": "Show the site on this machine.",
    "init": "Set up a repository: configuration, suite, workflows.",
    "doctor": "Is this machine fit to measure?",
    "selftest": "Prove the gate on this machine.",
    "history": "Measure commits of the past.",
}
"""Name and one line of help, in the order of ``--help``."""


FORMER = {"providers": "run"}
"""Commands that stand in no list, and the module of each: other documents' spellings."""


class NoCommand(click.UsageError):
    """A group was called without a command; the message is its help."""


class Group(click.Group):
    """A group that is bad usage without a command, whatever the version of click makes of that."""

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        """Read the group's own options.

        Raises
        ------
        NoCommand
            There is nothing to read.
        """
        if not args and not ctx.resilient_parsing:
            raise NoCommand(ctx.get_help(), ctx=ctx)
        return super().parse_args(ctx, args)


class Contents(Group):
    """A group that knows its commands' names and lines without importing them."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the commands in the order of `COMMANDS`."""
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the command's module and return the command; None for an unknown name."""
        if cmd_name not in COMMANDS and cmd_name not in FORMER:
            return None
        module = vars(import_module(f"persona_asv.commands.{FORMER.get(cmd_name, cmd_name)}"))
        return cast("click.Command", module.get(cmd_name) or module[f"{cmd_name}_"])  # list is a builtin

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Write the list of commands without importing any."""
        with formatter.section("Commands"):
            formatter.write_dl(list(COMMANDS.items()))


@click.group(cls=Contents)
def benchmark() -> None:
    """Measure persona generation, and judge it against what it was.

    Exit codes: 0 pass, 1 warning threshold exceeded, 2 failure threshold exceeded, 3 could not measure.
    """
