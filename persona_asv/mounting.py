"""Our group in another program's command line: one command there that hands all that follows it to our door.

A group of click's cannot be put into an application of Typer's: since 0.26 Typer carries a click of its own.
And a host of either kind would end our commands in its way, with click's exit codes. So the host gets one
command that reads nothing of its own, and ends as our script does.
"""

from __future__ import annotations

import sys
from typing import Any

import click

NAME = "benchmark"
HELP = "Measure persona generation, and judge it against what it was."


class _AsItIs:
    """A command that takes every word behind its name as it is, ``--help`` and ``--`` included."""

    def parse_args(self, ctx: Any, args: list[str]) -> list[str]:
        """Leave the words to what is called; of click's two kinds of context either will do."""
        ctx.args = list(args)
        return list(args)


class _Command(_AsItIs, click.Command):
    """What a click group is given."""


def mount(app: object) -> None:
    """Add ``benchmark`` to an application; see `persona_asv.mount`.

    Raises
    ------
    TypeError
        It is neither a Typer application nor a click group.
    """
    typer = sys.modules.get("typer")  # whoever has an application of Typer's has imported it
    if typer is not None and isinstance(app, typer.Typer):

        def enter(context: Any) -> None:
            _enter(context)

        enter.__annotations__["context"] = typer.Context  # by which Typer knows what to pass
        kind = type("Command", (_AsItIs, typer.core.TyperCommand), {})
        app.command(NAME, cls=kind, help=HELP)(enter)
    elif isinstance(app, click.Group):
        app.add_command(_Command(NAME, callback=click.pass_context(_enter), help=HELP))
    else:
        found = f"{type(app).__module__}.{type(app).__qualname__}"
        raise TypeError(f"persona_asv.mount takes a typer.Typer or a click.Group, not a {found}")


def _enter(context: Any) -> None:
    """Go through our door with what follows the command's name; never returns."""
    from persona_asv import door

    door.main([NAME, *context.args], program=(context.parent or context).command_path)
