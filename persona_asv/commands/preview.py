"""``persona benchmark preview``: the published site in a browser of this machine."""

from __future__ import annotations

from pathlib import Path

import click

from persona_asv.commands.envelope import echo_json
from persona_asv.errors import UsageError


@click.command()
@click.option("--port", type=click.IntRange(0, 65535), default=0, metavar="N", help="[default: a free one]")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FOLDER",
              help="Where the site is.  [default: html beside persona.yaml]")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def preview(port: int, output: Path | None, config: Path | None, as_json: bool) -> None:
    """Serve the published site on 127.0.0.1 until Ctrl-C; nobody else can reach it.

    \b
    Examples:
      persona benchmark preview
      persona benchmark preview --port 8080
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv.site.server import Server

    settings = configuration.load(Path.cwd(), config)
    folder = (output or settings.root / "html").absolute()
    if not (folder / "index.html").is_file():
        raise UsageError(f"{folder} holds no site; persona benchmark publish builds it")
    with Server(folder, port) as server:
        if as_json:
            echo_json("benchmark preview", {"url": server.url, "folder": str(folder)})
        else:
            click.echo(f"{server.url} shows {folder}; Ctrl-C ends it")
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            return
