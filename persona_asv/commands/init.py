"""``persona benchmark init``: a repository becomes one whose performance is gated."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from persona_asv.commands.envelope import echo_json


@click.command()
@click.option("--subject", metavar="NAME", help="Code under test, as for run.  [default: reference]")
@click.option("--provider", metavar="NAME", help="Wire format to speak.  [default: anthropic]")
@click.option("--ci", type=click.Choice(["github", "none"]), default="github", show_default=True,
              help="Workflows to write.")  # fmt: skip
@click.option("--requirement", metavar="SPEC",
              help="What pip installs persona_asv from, in pipelines and asv's environments.")  # fmt: skip
@click.option("--force", is_flag=True, help="Replace files that differ; yours are only ever added to.")
@click.option("--dry-run", is_flag=True, help="Only say what would be written.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def init(
    subject: str | None,
    provider: str | None,
    ci: str,
    requirement: str | None,
    force: bool,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Set up this repository: configuration, asv suite, baselines folder, workflows.

    \b
    Examples:
      persona benchmark init --dry-run
      persona benchmark init
      persona benchmark init --subject benchmarks_adapter:subject --provider openai
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import beginning
    from persona_asv.render import scaffold as render
    from persona_asv.render.terminal import Style

    wish = beginning.Wish(subject, provider, ci, requirement, force)
    begun = beginning.planned(Path.cwd(), wish)
    if not dry_run:
        begun.write()
    if as_json:
        echo_json("benchmark init", render.as_json(begun, dry_run=dry_run))
    else:
        click.echo(render.text(begun, Style.of(sys.stdout), dry_run=dry_run))
