"""``persona benchmark clean``: old baselines and reports go, pinned ones stay."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path

import click

from persona_asv.commands.envelope import echo_json
from persona_asv.errors import UsageError


@click.command()
@click.option("--keep", type=click.IntRange(min=0), metavar="N", help="Keep the newest N baselines.")
@click.option("--name", "names", multiple=True, metavar="NAME", help="Remove this baseline; repeatable.")
@click.option("--older-than", type=click.FloatRange(min=0, max=36500), metavar="DAYS",
              help="Remove only what is older.")  # fmt: skip
@click.option("--reports", is_flag=True, help="Clean the reports folder by the same limits as well.")
@click.option("--dry-run", is_flag=True, help="Only say what would be removed.")
@click.option("--yes", "-y", is_flag=True, help="Do not ask.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def clean(
    keep: int | None,
    names: tuple[str, ...],
    older_than: float | None,
    reports: bool,
    dry_run: bool,
    yes: bool,
    config: Path | None,
    as_json: bool,
) -> None:
    """Remove old baselines with their samples; pinned ones and those of keep_always stay.

    With --keep and --older-than together only what is beyond both limits goes.

    \b
    Examples:
      persona benchmark clean --keep 5
      persona benchmark clean --name v1.10.0-alpha --yes
      persona benchmark clean --older-than 365 --reports --dry-run
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv import tidying
    from persona_asv.baselines.shelf import shelf_of
    from persona_asv.render import baselines as render
    from persona_asv.render.terminal import Style

    if keep is None and older_than is None and not names:
        raise UsageError("clean: say what goes: --keep N, --older-than DAYS or --name NAME")
    if reports and keep is None and older_than is None:
        raise UsageError("--reports: say which: --keep N or --older-than DAYS")
    if older_than is not None and older_than != older_than:  # noqa: PLR0124 - a NaN passes every range
        raise UsageError("'--older-than': a number of days, not nan")
    settings = configuration.load(Path.cwd(), config)
    shelf = shelf_of(settings)
    before = None if older_than is None else tidying.days_ago(older_than, datetime.now(UTC))
    selection = tidying.Selection(names, keep, before, settings.keep_always)
    old = tidying.old_reports(settings.root / settings.reports_dir, selection) if reports else ()
    style = Style.of(sys.stderr if as_json else sys.stdout)
    found = tidying.plan(shelf, selection, old)
    asks = not (dry_run or found.nothing or yes)
    if asks and (as_json or not (sys.stdin and sys.stdin.isatty())):
        raise UsageError("clean: nobody to ask here; add --yes to remove, or --dry-run to see what would go")
    if not as_json:
        click.echo(render.tidying(found, style, dry_run=dry_run))
    if asks and not click.confirm(f"Remove {render.counted(found)} for good?"):
        raise UsageError("clean: nothing was removed")
    if not dry_run and not found.nothing:
        found = tidying.carry_out(shelf, found)
        if not as_json:
            click.echo(render.tidied(found))
    if as_json:
        echo_json("benchmark clean", render.tidying_as_json(found, dry_run=dry_run))
