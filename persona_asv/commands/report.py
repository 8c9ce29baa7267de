"""``persona benchmark report``: a finished run as a page for people or programs."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import click

from persona_asv.errors import UsageError

if TYPE_CHECKING:
    from persona_asv.reports.report import Report


@click.command()
@click.option("--format", "form", type=click.Choice(["markdown", "json", "html"]), default="markdown",
              show_default=True, help="What the report is written in.")  # fmt: skip
@click.option("--output", "-o", metavar="FILE",
              help="Write to this file, - for standard output.  [default: in reports_dir]")  # fmt: skip
@click.option("--baseline", "-b", multiple=True, metavar="WHAT",
              help="What to compare with, as for compare.  [default: the newest that fits]")  # fmt: skip
@click.option("--current", "-c", type=click.Path(path_type=Path), metavar="FOLDER",
              help="A run's folder.  [default: the last run of this code]")  # fmt: skip
@click.option("--compare-history", "past", type=click.IntRange(0, 1000), metavar="N",
              help="Show the last N baselines.  [default: 5]")  # fmt: skip
@click.option("--workload", "-w", multiple=True, metavar="NAME",
              help="Report the last run of this workload; repeatable.")  # fmt: skip
@click.option("--provider", metavar="NAME", help="Report the last run on this provider.")
@click.option("--for", "reader", type=click.Choice(["pr"]),
              help="Write the comment for a pull request instead; html is none.")  # fmt: skip
@click.option("--comparison", type=click.Path(path_type=Path), metavar="FILE",
              help="With --for pr: what `compare --json` printed.  [default: the last run's]")  # fmt: skip
@click.option("--log", type=click.Path(path_type=Path), metavar="FILE",
              help="With --comparison: what it said, to tell why it printed nothing.")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def report(
    form: str,
    output: str | None,
    baseline: tuple[str, ...],
    current: Path | None,
    past: int | None,
    workload: tuple[str, ...],
    provider: str | None,
    reader: str | None,
    comparison: Path | None,
    log: Path | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Write a report of the last run: summary, distributions, comparison, history, environment.

    \b
    Examples:
      persona benchmark report --format markdown --output BENCHMARK.md
      persona benchmark report --format html --compare-history 20
      persona benchmark report --format json --output -
      persona benchmark report --format markdown --for pr
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv.commands.envelope import echo_json
    from persona_asv.render import report_json
    from persona_asv.render.baselines import near
    from persona_asv.reports import output as files
    from persona_asv.reports import sources

    if reader is None and (comparison or log):
        raise UsageError("--comparison and --log belong to --for pr")
    if reader is not None:
        from persona_asv.commands import commenting

        wish = sources.Wish(workload, current, baseline, past, provider)
        commenting.write(form, output, wish, comparison, log, config, as_json=as_json)
        return
    if as_json and output == "-":
        raise UsageError("--output - and --json both want standard output; leave one away")
    settings = configuration.load(Path.cwd(), config)
    wish = sources.Wish(workload, current, baseline, past, provider)
    found = sources.report(settings, wish, datetime.now(UTC))
    text = report_json.text(found) if form == "json" else _page(found, form)
    if output == "-":
        click.echo(files.encoded(text), nl=False)
        return
    path = (
        files.place(settings, found.subject, found.version, found.generated_at, form)
        if output is None
        else Path(output)
    )
    files.write(path, text, make_folder=output is None)
    if as_json:
        echo_json(
            "benchmark report", {"path": str(path), "format": form, "report": report_json.document(found)}
        )
    else:
        click.echo(f"Report: {near(path)}")


def _page(found: Report, form: str) -> str:
    """Return a report for people; Jinja2 is loaded for HTML alone."""
    if form == "markdown":
        from persona_asv.render.report_markdown import markdown

        return markdown(found)
    from persona_asv.render.report_html import html

    return html(found)
