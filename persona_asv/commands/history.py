"""``persona benchmark history``: measure commits of the past, and put them into the history."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TextIO

import click

from persona_asv.commands.envelope import echo_json
from persona_asv.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from persona_asv.backfill import Past, Watcher
    from persona_asv.engine.revisions import Revision
    from persona_asv.plan import Ground, Plan


@click.command()
@click.argument("which", nargs=-1, metavar="RANGE|TAG...")
@click.option("--tags", "tagged", is_flag=True, help="Of a range, the commits that have a tag.")
@click.option("--steps", type=int, metavar="N", help="N of the commits, evenly spaced.")
@click.option("--workload", "-w", "name", metavar="NAME", default="quick", show_default=True,
              help="What to measure of each, as for run.")  # fmt: skip
@click.option("--iterations", type=int, metavar="N", help="Operations of each, dealt over the rounds.")
@click.option("--rounds", type=int, metavar="K", help="Fresh processes to deal them over.")
@click.option(
    "--only", multiple=True, metavar="METRIC", help="Measure this family of metrics only; repeatable."
)
@click.option("--provider", "providers", multiple=True, metavar="NAME", help="Wire format; repeatable.")
@click.option("--model", metavar="NAME", help="Model to name to the provider; recorded.")
@click.option("--subject", metavar="NAME",
              help="persona, reference, or module:attribute of an adapter in the commits.")  # fmt: skip
@click.option("--anew", is_flag=True, help="Measure those again that the history has.")
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def history(
    which: tuple[str, ...],
    tagged: bool,
    steps: int | None,
    name: str,
    iterations: int | None,
    rounds: int | None,
    only: tuple[str, ...],
    providers: tuple[str, ...],
    model: str | None,
    subject: str | None,
    anew: bool,
    config: Path | None,
    as_json: bool,
) -> ExitCode:
    """Measure commits of the past, each in an environment of its own, and put them into the history.

    Name a range (both ends included), tags, patterns of tags, or commits, of the repository here or of the
    clone that `repo` in asv.conf.json names; its work tree is not touched. A commit that does not build or
    import is skipped, with its reason. What the history has is not measured again, so that the same command
    goes on after an interruption.

    \b
    Examples:
      persona benchmark history v0.4.0..v1.11.1 --tags --subject persona
      persona benchmark history main~50..main --steps 6 --workload standard
      persona benchmark history 'v1.*' --provider anthropic --provider ollama
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv import metrics, workloads
    from persona_asv.backfill import Backfill, Wish
    from persona_asv.engine.store import RunFolder, write_json
    from persona_asv.render import backfill as render
    from persona_asv.render.paths import near
    from persona_asv.render.terminal import Style

    if not which:
        raise UsageError(
            "name what to measure: a range such as v1.0..main, tags, or a pattern such as 'v1.*'"
        )
    if steps is not None and steps < 1:
        raise UsageError(f"--steps: a whole number from 1, not {steps}")
    settings = configuration.load(Path.cwd(), config)
    workload = workloads.resolve(name, settings, iterations, rounds)
    wish = Wish(workload, metrics.families(only), subject, providers, model, anew)
    its = Backfill.of(settings)
    revisions = its.revisions(which, tagged=tagged, steps=steps)
    if not revisions:
        raise UsageError(f"{' '.join(which)}: none of these commits has a tag; leave --tags away to take all")
    out = sys.stderr if as_json else sys.stdout
    style = Style.of(out)
    pasts: list[Past] = []
    click.echo(render.header(its, wish, revisions, style), file=out)
    record = RunFolder.create(its.root, "histories").path / "history.json"
    for past in its.fill(revisions, wish, _Teller(out, revisions).watcher()):
        pasts.append(past)
        write_json(record, render.as_json(pasts, near(record)), indent=2)
        click.echo(render.told(past, style), file=out)
    if as_json:
        echo_json("benchmark history", render.as_json(pasts, near(record)))
    else:
        click.echo(render.summary(pasts, near(record), style))
    return _code(pasts)


def _code(pasts: Sequence[Past]) -> ExitCode:
    """Return 3 where a commit could not be measured or none was; what is skipped has its reason."""
    from persona_asv.backfill import Outcome

    outcomes = {past.outcome for past in pasts}
    some = outcomes & {Outcome.MEASURED, Outcome.PRESENT}
    return ExitCode.PASS if some and Outcome.FAILED not in outcomes else ExitCode.COULD_NOT_MEASURE


@dataclass(slots=True)
class _Teller:
    """Says on a stream how it goes."""

    out: TextIO
    revisions: Sequence[Revision]
    number: int = 0

    def watcher(self) -> Watcher:
        """Return who is told."""
        from persona_asv.backfill import Watcher
        from persona_asv.course import Progress
        from persona_asv.render import backfill as render
        from persona_asv.render.run import ProgressLines
        from persona_asv.render.terminal import Style

        style = Style.of(self.out)
        lines = ProgressLines(self.out, style, ())

        def announce(revision: Revision) -> None:
            self.number += 1
            click.echo(render.step(revision, self.number, len(self.revisions)), file=self.out)

        def begin(plans: Sequence[Plan], ground: Ground) -> None:
            nonlocal lines
            click.echo(render.begun(plans), file=self.out)
            lines = ProgressLines(self.out, style, plans[0].families)
            lines.show(Progress(0, 1, 0, 1))

        def say(line: str) -> None:
            click.echo(f"  {line} ...", file=self.out)

        def show(progress: Progress) -> None:
            lines.show(progress)

        return Watcher(announce, say, begin, show)
