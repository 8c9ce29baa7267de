"""``persona benchmark doctor``: whether this machine is fit to measure."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from persona_asv.commands.envelope import echo_json
from persona_asv.errors import ExitCode


@click.command()
@click.option("--subject", metavar="NAME", help="Code to measure twice, as for run.")
@click.option("--seconds", type=click.FloatRange(0.05, 600), default=10.0, hidden=True)
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def doctor(subject: str | None, seconds: float, config: Path | None, as_json: bool) -> ExitCode:
    """Look whether this machine is fit to measure, and what change would show here; takes half a minute.

    Exit codes: 0 fit, 1 usable with care, 3 not fit.

    \b
    Examples:
      persona benchmark doctor
      persona benchmark doctor --json
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import checkup
    from persona_asv import config as configuration
    from persona_asv.fitness.finding import worst
    from persona_asv.render import fitness as render
    from persona_asv.render.terminal import Style

    settings = configuration.load(Path.cwd(), config)
    readings, findings = checkup.check(
        settings,
        seconds,
        tell=lambda said: click.echo(said, err=True),
        watch=lambda progress: None,
        subject=subject,
    )
    if as_json:
        echo_json("benchmark doctor", render.as_json(findings, readings))
    else:
        click.echo(render.text(findings, Style.of(sys.stdout)))
    return worst(findings).exit_code
