"""``persona benchmark compare``: two sets of result files, judged."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from persona_asv.errors import ExitCode, UsageError


@click.command()
@click.option(
    "--baseline", "-b", multiple=True, required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="asv result file of the baseline, repeated for its rounds, or a run's folder.",
)  # fmt: skip
@click.option(
    "--current", "-c", multiple=True, required=True, type=click.Path(path_type=Path), metavar="FILE",
    help="The same for the current side.",
)  # fmt: skip
@click.option("--warn-threshold", type=float, metavar="N", help="Warn from N percent worse, every metric.")
@click.option("--fail-threshold", type=float, metavar="N", help="Fail from N percent worse, every metric.")
@click.option(
    "--only", multiple=True, metavar="METRIC", help="Judge this family of metrics only; repeatable."
)
@click.option("--ci", is_flag=True, help="Exit 1 on a warning, 2 on a failure.")
@click.option("--explain", is_flag=True, help="Add a sentence a metric: what it rests on.")
@click.option("--rule", type=click.Choice(["gate", "asv"]), default="gate", show_default=True,
              help="Our verdict, or asv's own marks.")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def compare(
    baseline: tuple[Path, ...],
    current: tuple[Path, ...],
    warn_threshold: float | None,
    fail_threshold: float | None,
    only: tuple[str, ...],
    ci: bool,
    explain: bool,
    rule: str,
    config: Path | None,
    as_json: bool,
) -> ExitCode:
    """Compare result files of two commits, each file one round, and judge every metric.

    \b
    Examples:
      persona benchmark compare --baseline .asv/runs/A --current .asv/runs/B --ci
      persona benchmark compare -b a1.json -b a2.json -b a3.json -c b1.json -c b2.json -c b3.json --ci
      persona benchmark compare --baseline a.json --current b.json --rule asv
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv import metrics, verdicts
    from persona_asv.commands.envelope import echo_json
    from persona_asv.engine.results import read_results
    from persona_asv.engine.store import round_files
    from persona_asv.render.terminal import Style

    settings = configuration.load(Path.cwd(), config)
    thresholds = verdicts.thresholds(settings.thresholds, warn_threshold, fail_threshold)
    keys = metrics.keys(metrics.families(only)) if only else None
    if rule == "asv" and (only or explain):
        raise UsageError("--rule asv shows what asv shows: leave --only and --explain away")
    sides = read_results(round_files(baseline)), read_results(round_files(current))
    names = verdicts.name(sides[0]), verdicts.name(sides[1])
    style = Style.of(sys.stdout)
    if rule == "asv":
        from persona_asv.render import asv_marks

        marks = asv_marks.compare(*sides, warn=thresholds.general.warn, fail=thresholds.general.fail)
        verdict = marks.exit_code
        text, data = marks.text(names), marks.as_json(names)
    else:
        from persona_asv.comparison import compare as compared
        from persona_asv.gate import Rules
        from persona_asv.render import comparison as render

        found = compared(*sides, Rules(thresholds=thresholds, only=keys))
        verdict = found.exit_code
        text = "" if as_json else render.text(found, names, style, explain=explain)
        data = render.as_json(found, names) if as_json else {}
    code = verdicts.exit_code(verdict, settings.ci) if ci else verdicts.unless_failed(verdict)
    if as_json:
        echo_json("benchmark compare", {**data, "exit_code": int(code)})
    else:
        click.echo(text)
    return code
