"""``persona benchmark selftest``: does the gate see here what it must, and nothing else."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from persona_asv.errors import ExitCode


@click.command()
@click.option("--quick", is_flag=True, help="One of each, within 3 minutes; else 10 unchanged and 3 of each.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def selftest(quick: bool, config: Path | None, as_json: bool) -> ExitCode:
    """Plant known slowdowns in a copy of the subject, and see whether the gate finds them on this machine.

    Exits 0 where every slowdown was seen and no unchanged code sounded an alarm, else 2.

    \b
    Examples:
      persona benchmark selftest --quick
      persona benchmark selftest --json
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv import selftest as proof
    from persona_asv import verdicts
    from persona_asv.commands.envelope import echo_json
    from persona_asv.confirmation import Watcher
    from persona_asv.gate import Rules
    from persona_asv.render import selftest as render
    from persona_asv.render.terminal import Style

    settings = configuration.load(Path.cwd(), config)
    chosen = proof.QUICK if quick else proof.WHOLE
    style = Style.of(sys.stdout)
    click.echo(render.header(settings.subject or "reference", len(chosen), style), err=True)
    rules = Rules(thresholds=verdicts.thresholds(settings.thresholds, None, None))
    found = proof.prove(
        settings,
        chosen,
        rules,
        Watcher(lambda line: None, lambda sides, blocks: None, lambda progress: None),
        lambda number, plant: click.echo(render.beginning(number, len(chosen), plant), err=True),
    )
    if as_json:
        echo_json("benchmark selftest", render.as_json(found))
    else:
        click.echo(render.text(found, style))
    return found.exit_code
