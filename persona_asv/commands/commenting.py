"""The comment of ``report --for pr``: Markdown to read, or the document that the trusted job renders."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from persona_asv.commands.envelope import echo_json
from persona_asv.errors import UsageError

if TYPE_CHECKING:
    from persona_asv.reports.sources import Wish


def write(
    form: str,
    output: str | None,
    wish: Wish,
    comparison: Path | None,
    log: Path | None,
    config: Path | None,
    *,
    as_json: bool,
) -> None:
    """Write the comment to a file, or to standard output where none is named.

    Raises
    ------
    PersonaAsvError
        There is nothing to tell of, or it cannot be written.
    """
    from persona_asv import config as configuration
    from persona_asv import telling
    from persona_asv.comments import document
    from persona_asv.render import comment as render
    from persona_asv.render import comparison as whole
    from persona_asv.reports import output as files
    from persona_asv.reports import sources

    if form == "html":
        raise UsageError("--for pr: a comment is Markdown; --format markdown, or json for its document")
    settings = configuration.load(Path.cwd(), config)
    if comparison is not None:
        compared, its = telling.compared(comparison, log)
    else:
        its = telling.reported(sources.report(settings, wish, datetime.now(UTC)))
        compared = None if its.comparison is None else whole.as_json(its.comparison, its.labels)
    its = telling.completed(its, settings, wish.baseline[0] if len(wish.baseline) == 1 else None)
    text = render.comment(its) if form == "markdown" else document.write(compared, its) + "\n"
    if output not in (None, "-"):
        files.write(Path(str(output)), text, make_folder=False)
    if as_json:
        path = output if output != "-" else None
        echo_json("benchmark report", {"path": path, "format": form, "comment": text})
    elif output in (None, "-"):
        click.echo(files.encoded(text), nl=False)
    else:
        click.echo(f"Comment: {output}")
