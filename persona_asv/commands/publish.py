"""``persona benchmark publish``: asv's HTML history, with a front page."""

from __future__ import annotations

from pathlib import Path

import click

from persona_asv.commands.envelope import echo_json


@click.command()
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Where the site goes.  [default: html beside persona.yaml]")  # fmt: skip
@click.option("--commits", metavar="RANGE", help="Only these commits, as git understands it: v1.0..main.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def publish(output: Path | None, commits: str | None, config: Path | None, as_json: bool) -> None:
    """Build the site of the history: asv's graphs of every commit, and a front page on what changed.

    It is built beside the old one and put in its place in one step; where nothing has changed since, nothing
    is built. Results that cannot be used are named and left out.

    \b
    Examples:
      persona benchmark publish
      persona benchmark publish --commits v1.0..main --output site
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv.render import site as render
    from persona_asv.site import publish as site

    settings = configuration.load(Path.cwd(), config)
    done = site.publish(settings, output or settings.root / "html", commits, render.front_page)
    for line in render.left_out(done):
        click.echo(line, err=True)
    if as_json:
        echo_json("benchmark publish", render.as_json(done))
    else:
        click.echo(render.published(done))
