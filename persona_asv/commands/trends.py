"""``persona benchmark trends``: how every metric went over baselines and commits."""

from __future__ import annotations

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click

from persona_asv.errors import UsageError


@click.command()
@click.option("--metric", "-m", multiple=True, metavar="NAME", help="Show this metric or family; repeatable.")
@click.option("--last", type=click.IntRange(min=1), metavar="N", help="Show the last N baselines or commits.")
@click.option("--since", type=click.DateTime(["%Y-%m-%d", "%Y-%m-%dT%H:%M:%S"]), metavar="DATE",
              help="Show what is not older than this day (UTC).")  # fmt: skip
@click.option("--days", type=click.IntRange(1, 36500), metavar="N", help="Show the last N days.")
@click.option("--output", "-o", type=click.Path(path_type=Path), metavar="FILE",
              help="Draw them into this .svg file instead.")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def trends(
    metric: tuple[str, ...],
    last: int | None,
    since: datetime | None,
    days: int | None,
    output: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Show how every metric went: its course, first and last value, change, drift, and where it jumped.

    \b
    Examples:
      persona benchmark trends
      persona benchmark trends --metric generation_latency --last 20
      persona benchmark trends --days 90 --output trends.svg
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv import verdicts
    from persona_asv.commands.envelope import echo_json
    from persona_asv.render import trends as render
    from persona_asv.render.terminal import Style
    from persona_asv.reports import output as files
    from persona_asv.reports import trend_sources
    from persona_asv.reports.trend import Window

    if sum(each is not None for each in (last, since, days)) > 1:
        raise UsageError("--last, --since and --days exclude each other; give one")
    if output is not None and output.suffix != ".svg":
        raise UsageError(f"--output: name an .svg file, not {str(output)!r}")
    settings = configuration.load(Path.cwd(), config)
    keys = trend_sources.chosen(metric)
    start = None if since is None else since.replace(tzinfo=UTC)
    if days is not None:
        start = datetime.now(UTC) - timedelta(days=days)
    found = trend_sources.trends(settings, keys, Window(last, start))
    thresholds = verdicts.thresholds(settings.thresholds, None, None)
    if output is not None:
        from persona_asv.render.trends_svg import svg

        files.write(output, svg(found, thresholds), make_folder=False)
    if as_json:
        drawn = {} if output is None else {"path": str(output)}
        echo_json("benchmark trends", {**render.as_json(found), **drawn})
    elif output is not None:
        click.echo(f"Drawn: {output}")
    else:
        click.echo(render.text(found, thresholds, Style.of(sys.stdout)))
