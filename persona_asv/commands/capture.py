"""``persona benchmark capture``: a run becomes a named baseline."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from persona_asv.commands.envelope import echo_json
from persona_asv.errors import UsageError


@click.command()
@click.option("--name", metavar="NAME", help="Name of the baseline.  [default: v and the version]")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE",
              help="Write to this .yaml file instead of the baselines folder.")  # fmt: skip
@click.option("--workload", "-w", multiple=True, metavar="NAME", help="Capture this workload; repeatable.")
@click.option("--iterations", type=int, metavar="N", help="Measured operations in total.")
@click.option("--from-last", is_flag=True, help="Take the last run of this code; never measure.")
@click.option("--run", "anew", is_flag=True, help="Measure anew, whatever was measured before.")
@click.option("--commit", metavar="REF", help="Take the last run of this commit; never measure.")
@click.option("--pin", is_flag=True, help="Mark it so that clean leaves it alone.")
@click.option("--force", is_flag=True, help="Replace a baseline of the same name.")
@click.option(
    "--provider", metavar="NAME", help="Wire format to speak: anthropic (default), openai, gemini or ollama."
)
@click.option("--model", metavar="NAME", help="Model to name to the provider; recorded.")
@click.option("--subject", metavar="NAME", help="Code under test, as for run.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def capture(
    name: str | None,
    output: Path | None,
    workload: tuple[str, ...],
    iterations: int | None,
    from_last: bool,
    anew: bool,
    commit: str | None,
    pin: bool,
    force: bool,
    provider: str | None,
    model: str | None,
    subject: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Save the last run as a named baseline; where none is of this very code, measure first.

    \b
    Examples:
      persona benchmark capture
      persona benchmark capture --name v1.12.0-rc1
      persona benchmark capture --workload quick --workload standard --output baselines/v1.12.0.yaml
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv import keeping
    from persona_asv.commands.measuring import measured
    from persona_asv.render import baselines as render
    from persona_asv.render.terminal import Style

    if sum((from_last, anew, commit is not None)) > 1:
        raise UsageError("--from-last, --run and --commit exclude each other; give one")
    if name is not None and output is not None:
        raise UsageError("--output names the baseline after its file; leave --name away")
    settings = configuration.load(Path.cwd(), config)
    wish = keeping.Wish(workload, iterations, subject, provider, model)
    out = sys.stderr if as_json else sys.stdout
    shelf, name = keeping.shelf_for(settings, name, output)
    if name is not None and not force:
        shelf.refuse_taken(name)  # before a measurement of minutes, not after it
    runs = (
        keeping.of_commit(settings, wish, commit)
        if commit is not None
        else keeping.of_this_code(settings, wish, measure=None if from_last else measured, anew=anew, out=out)
    )
    book = keeping.put(shelf, runs, name, pinned=pin, force=force)
    if as_json:
        echo_json("benchmark capture", render.book_as_json(book))
    else:
        what = book.name if output is None else render.near(book.path)
        click.echo(render.captured(book, [run.path for run in runs], what, Style.of(out)))
