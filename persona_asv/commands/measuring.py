"""What every command that measures does alike: say what is coming, show how far it is, keep the run."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, TextIO

import click

if TYPE_CHECKING:
    from persona_asv.course import Run
    from persona_asv.place import Kept
    from persona_asv.plan import Ground, Plan


def measured(plan: Plan, ground: Ground, out: TextIO) -> tuple[Run, Kept]:
    """Measure one plan; see `each_measured`."""
    ((run, kept),) = each_measured([plan], ground, out)
    return run, kept


def each_measured(plans: Sequence[Plan], ground: Ground, out: TextIO) -> list[tuple[Run, Kept]]:
    """Measure plans that differ in their provider, in turns, with header and progress on a stream.

    Returns
    -------
    The run of each plan, and where it is kept.
    """
    from persona_asv import course, place, trial
    from persona_asv.render import run as render
    from persona_asv.render.terminal import Style

    style = Style.of(out)
    click.echo(render.header(plans, ground.attribution.label, style), file=out)
    lines = render.ProgressLines(out, style, plans[0].families)
    lines.show(course.Progress(0, 1, 0, 1))
    runs = trial.measure(plans, ground, lines.show)
    lines.done()
    return [(run, place.keep(run)) for run in runs]
