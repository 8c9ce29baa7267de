"""``persona benchmark compare``: the current side beside one or several baselines, judged."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from persona_asv.errors import ExitCode, UsageError

if TYPE_CHECKING:
    from persona_asv.chosen import Chosen
    from persona_asv.commands.confirming import Judged
    from persona_asv.gate import Rules
    from persona_asv.render.job import Notice
    from persona_asv.render.terminal import Style


@click.command()
@click.argument("file", required=False, metavar="[WHAT]")
@click.option(
    "--baseline", "-b", multiple=True, metavar="WHAT",
    help="A baseline's name or .yaml file, a branch, tag or commit, a run's folder, or asv result files. "
    "Repeat it for several names (a table each), or for the files of one commit.  [default: the newest "
    "baseline that fits]",
)  # fmt: skip
@click.option(
    "--current", "-c", multiple=True, metavar="WHAT",
    help="The same for the current side.  [default: the last run of this code]",
)  # fmt: skip
@click.option("--warn-threshold", "--threshold", type=float, metavar="N",
              help="Warn from N percent worse, every metric.")  # fmt: skip
@click.option("--fail-threshold", type=float, metavar="N", help="Fail from N percent worse, every metric.")
@click.option(
    "--only", multiple=True, metavar="METRIC", help="Judge this family of metrics only; repeatable."
)
@click.option("--ci", is_flag=True, help="Exit 1 on a warning, 2 on a failure.")
@click.option("--fail-on-regression", is_flag=True, help="The same, but a warning exits 0.")
@click.option("--exact", is_flag=True, help="A branch as baseline is its tip, not the merge base with it.")
@click.option("--no-fetch", is_flag=True, help="With --ci: never fetch a commit that this clone lacks.")
@click.option("--no-run", is_flag=True, help="Never measure: compare what is stored.")
@click.option("--confirm/--no-confirm", default=None,
              help="Measure both commits here, in turn, where stored results raise a suspicion or are none.  "
              "[default: where the current side is the code that lies here]")  # fmt: skip
@click.option("--always", is_flag=True, help="Measure both commits whatever the stored results say.")
@click.option("--rounds", metavar="K|auto", help="Rounds of each commit, in turn.  [default: auto, 5 to 15]")
@click.option("--resolve-each", is_flag=True,
              help="Give each commit the third-party versions that it asks for itself.")  # fmt: skip
@click.option("--explain", is_flag=True, help="Add a sentence a metric: what it rests on.")
@click.option("--rule", type=click.Choice(["gate", "asv"]), default="gate", show_default=True,
              help="Our verdict, or asv's own marks.")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def compare(
    file: str | None,
    baseline: tuple[str, ...],
    current: tuple[str, ...],
    warn_threshold: float | None,
    fail_threshold: float | None,
    only: tuple[str, ...],
    ci: bool,
    fail_on_regression: bool,
    exact: bool,
    no_fetch: bool,
    no_run: bool,
    confirm: bool | None,
    always: bool,
    rounds: str | None,
    resolve_each: bool,
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
      persona benchmark compare --baseline main --ci
      persona benchmark compare --baseline .asv/runs/A --current .asv/runs/B --ci
      persona benchmark compare -b a1.json -b a2.json -b a3.json -c b1.json -c b2.json -c b3.json --ci
      persona benchmark compare --baseline a.json --current b.json --rule asv
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import choice, footing, metrics, pipeline, verdicts
    from persona_asv import config as configuration
    from persona_asv.chosen import Terms
    from persona_asv.commands import confirming
    from persona_asv.commands.envelope import echo_json
    from persona_asv.commands.reporting import reporting_to
    from persona_asv.gate import Rules
    from persona_asv.render.terminal import Style

    if file is not None and baseline:
        raise UsageError(f"{file} and --baseline both name the baseline; give one")
    if rule == "asv" and (only or explain):
        raise UsageError("--rule asv shows what asv shows: leave --only and --explain away")
    names = baseline if file is None else (file,)
    terms = Terms(
        exact=exact,
        ci=ci or fail_on_regression,
        fetch=not no_fetch,
        run=not no_run,
        pipeline=pipeline.around(),
        tell=lambda said: click.echo(said, err=True),
    )
    wish = confirming.wish(confirm, rounds, always=always, run=terms.run, resolve_each=resolve_each)
    with reporting_to(terms, as_json=as_json) as job:
        settings = configuration.load(Path.cwd(), config)
        base = footing.footing(names, terms)
        settings, notes = footing.settings_of(base, settings)
        policy = settings.ci
        if fail_on_regression:
            policy = replace(policy, fail_on="fail", fail_on_regression=True)
        rules = Rules(
            thresholds=verdicts.thresholds(settings.thresholds, warn_threshold, fail_threshold),
            only=metrics.keys(metrics.families(only)) if only else None,
        )
        style = None if as_json else Style.of(sys.stdout)
        found, families = [], metrics.families(only)
        for group in choice.groups(names):
            before, now = choice.sides(group, current, settings, terms, base)
            before = replace(before, notes=(*before.notes, *notes))
            if rule == "asv":
                found.append(_by_asvs_rule(before, now, rules))
            else:
                word = confirming.judged(before, now, settings, rules, families, wish, sys.stderr)
                found.append(_judged(before, now, word, style, explain=explain))
        verdict = max(each.verdict for each in found)
        code = verdicts.exit_code(verdict, policy) if terms.ci else verdicts.unless_failed(verdict)
        if as_json:
            echo_json("benchmark compare", _document(found, verdict, code))
        else:
            job.show("\n\n".join(each.text for each in found))
        job.conclude([each.notice for each in found], code)
    return code


@dataclass(frozen=True, slots=True)
class _Found:
    """One comparison: its verdict, and what is printed of it."""

    verdict: ExitCode
    text: str
    data: Mapping[str, Any]
    notice: Notice


def _judged(before: Chosen, now: Chosen, word: Judged, style: Style | None, *, explain: bool) -> _Found:
    from persona_asv.render import comparison as render
    from persona_asv.render import job
    from persona_asv.render.heading import Heading

    comparison, commits = word.comparison, (before.commit, now.commit)
    heading = Heading(word.labels, (before.heading, now.heading), commits)
    text = "" if style is None else render.text(comparison, heading, style, explain=explain)
    data = dict(zip(("baseline_commit", "current_commit"), commits, strict=True))
    data = {**render.as_json(comparison, heading.names), **data, **word.facts}
    word.keep(data)
    return _Found(comparison.exit_code, text, data, job.notice(comparison, heading))


def _by_asvs_rule(before: Chosen, now: Chosen, rules: Rules) -> _Found:
    from persona_asv.render import asv_marks, job

    for side in (now, before):
        if not side.files:
            raise UsageError(side.lack or "--rule asv compares samples, and one side has none")
    general, names = rules.thresholds.general, (before.label, now.label)
    marks = asv_marks.compare(before.files, now.files, warn=general.warn, fail=general.fail)
    notice = job.plain_notice(marks.exit_code, (before.heading, now.heading), "by asv's rule")
    return _Found(marks.exit_code, marks.text(names), marks.as_json(names), notice)


def _document(found: Sequence[_Found], verdict: ExitCode, code: ExitCode) -> dict[str, Any]:
    """Return what ``--json`` prints: one comparison as ever, several as a list."""
    if len(found) == 1:
        return {**found[0].data, "exit_code": int(code)}
    return {
        "comparisons": [{**each.data, "exit_code": int(code)} for each in found],
        "verdict_code": int(verdict),
        "exit_code": int(code),
    }
