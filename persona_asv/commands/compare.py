"""``persona benchmark compare``: two sets of result files, judged."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from persona_asv.errors import ExitCode, UsageError


@click.command()
@click.option(
    "--baseline", "-b", multiple=True, metavar="WHAT",
    help="A baseline's name or .yaml file, a branch, tag or commit, a run's folder, or asv result files "
    "(repeat for the rounds of one commit).  [default: the newest baseline that fits]",
)  # fmt: skip
@click.option(
    "--current", "-c", multiple=True, metavar="WHAT",
    help="The same for the current side.  [default: the last run of this code]",
)  # fmt: skip
@click.option("--warn-threshold", type=float, metavar="N", help="Warn from N percent worse, every metric.")
@click.option("--fail-threshold", type=float, metavar="N", help="Fail from N percent worse, every metric.")
@click.option(
    "--only", multiple=True, metavar="METRIC", help="Judge this family of metrics only; repeatable."
)
@click.option("--ci", is_flag=True, help="Exit 1 on a warning, 2 on a failure.")
@click.option("--exact", is_flag=True, help="A branch as baseline is its tip, not the merge base with it.")
@click.option("--no-fetch", is_flag=True, help="With --ci: never fetch a commit that this clone lacks.")
@click.option("--no-run", is_flag=True, help="Never measure: compare what is stored.")
@click.option("--explain", is_flag=True, help="Add a sentence a metric: what it rests on.")
@click.option("--rule", type=click.Choice(["gate", "asv"]), default="gate", show_default=True,
              help="Our verdict, or asv's own marks.")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def compare(
    baseline: tuple[str, ...],
    current: tuple[str, ...],
    warn_threshold: float | None,
    fail_threshold: float | None,
    only: tuple[str, ...],
    ci: bool,
    exact: bool,
    no_fetch: bool,
    no_run: bool,
    explain: bool,
    rule: str,
    config: Path | None,
    as_json: bool,
) -> ExitCode:
    """Compare the last run with a baseline, or any two sets of result files, and judge every metric.

    \b
    Examples:
      persona benchmark compare
      persona benchmark compare --baseline v1.11.0 --ci
      persona benchmark compare --baseline .asv/runs/A --current .asv/runs/B --ci
      persona benchmark compare -b a1.json -b a2.json -b a3.json -c b1.json -c b2.json -c b3.json --ci
      persona benchmark compare --baseline a.json --current b.json --rule asv
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import choice, metrics, pipeline, verdicts
    from persona_asv import config as configuration
    from persona_asv.chosen import Terms
    from persona_asv.commands.envelope import echo_json
    from persona_asv.render.terminal import Style

    settings = configuration.load(Path.cwd(), config)
    thresholds = verdicts.thresholds(settings.thresholds, warn_threshold, fail_threshold)
    keys = metrics.keys(metrics.families(only)) if only else None
    if rule == "asv" and (only or explain):
        raise UsageError("--rule asv shows what asv shows: leave --only and --explain away")
    terms = Terms(
        exact=exact,
        ci=ci,
        fetch=not no_fetch,
        run=not no_run,
        pipeline=pipeline.around(),
        tell=lambda said: click.echo(said, err=True),
    )
    before, now = choice.sides(baseline, current, settings, terms)
    names = before.label, now.label
    style = Style.of(sys.stdout)
    if rule == "asv":
        from persona_asv.render import asv_marks

        if not (before.files and now.files):
            raise UsageError("--rule asv compares samples, and one side has none")
        marks = asv_marks.compare(
            before.files, now.files, warn=thresholds.general.warn, fail=thresholds.general.fail
        )
        verdict = marks.exit_code
        text, data = marks.text(names), marks.as_json(names)
    else:
        from persona_asv.gate import Rules
        from persona_asv.render import comparison as render

        found = choice.compared(before, now, Rules(thresholds=thresholds, only=keys))
        verdict = found.exit_code
        text = "" if as_json else render.text(found, names, style, explain=explain)
        data = render.as_json(found, names) if as_json else {}
    code = verdicts.exit_code(verdict, settings.ci) if ci else verdicts.unless_failed(verdict)
    if as_json:
        echo_json("benchmark compare", {**data, "exit_code": int(code)})
    else:
        click.echo(text)
    return code
