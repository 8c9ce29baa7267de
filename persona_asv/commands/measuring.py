"""What every command that measures does alike: say what is coming, show how far it is, keep the run."""

from __future__ import annotations

from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from persona_asv.place import Kept
    from persona_asv.plan import Ground, Plan
    from persona_asv.trial import Run


def measured(plan: Plan, ground: Ground, out: TextIO) -> tuple[Run, Kept]:
    """Measure, with header and progress on a stream; returns the run and where it is kept."""
    from persona_asv import place, trial
    from persona_asv.render import run as render
    from persona_asv.render.terminal import Style

    style = Style.of(out)
    click.echo(render.header(plan, ground.attribution.label, style), file=out)
    lines = render.ProgressLines(out, style, plan.families)
    lines.show(trial.Progress(0, 1, 0, 1))
    done = trial.measure(plan, ground, lines.show)
    lines.done()
    return done, place.keep(done)
