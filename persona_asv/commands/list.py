"""``persona benchmark list``: what can be compared with, and what can be measured."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from persona_asv.commands.envelope import echo_json


@click.command(name="list")
@click.option("--verbose", "-v", is_flag=True, help="Show machine, workloads and metrics of each.")
@click.option("--benchmarks", is_flag=True, help="List workloads and benchmarks instead.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def list_(verbose: bool, benchmarks: bool, config: Path | None, as_json: bool) -> None:
    """List the baselines, newest first."""
    from persona_asv import config as configuration
    from persona_asv.baselines.order import newest_first
    from persona_asv.baselines.shelf import shelf_of
    from persona_asv.render import baselines as render
    from persona_asv.render.terminal import Style

    settings = configuration.load(Path.cwd(), config)
    style = Style.of(sys.stdout)
    if benchmarks:
        from persona_asv.render import catalogue

        if as_json:
            echo_json("benchmark list", catalogue.as_json(settings))
        else:
            click.echo(catalogue.text(settings, style))
        return
    shelf = shelf_of(settings)
    whole = verbose or as_json
    books = newest_first(book if whole else book.title for book in shelf.books())
    if as_json:
        echo_json("benchmark list", render.as_json(books, shelf.folder))
    else:
        click.echo(render.text(books, shelf.folder, style, verbose=verbose))
