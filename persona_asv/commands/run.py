"""``persona benchmark run``: measure, keep, show."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

import click

from persona_asv.commands.envelope import echo_json, uptime


@click.command()
@click.option(
    "--workload", "-w", "names", multiple=True, metavar="NAME", default=["standard"], show_default="standard",
    help="quick, standard, full, batch, provider or one of your own; repeatable.",
)  # fmt: skip
@click.option(
    "--iterations", type=int, metavar="N", help="Measured operations in total, dealt over the rounds."
)
@click.option("--rounds", type=int, metavar="K", help="Fresh processes to deal them over.")
@click.option(
    "--only", multiple=True, metavar="METRIC", help="Measure this family of metrics only; repeatable."
)
@click.option(
    "--also", multiple=True, metavar="METRIC",
    help="Measure this family as well, which nobody measures unasked: streaming.",
)  # fmt: skip
@click.option(
    "--provider", "providers", multiple=True, metavar="NAME",
    help="Wire format to speak: anthropic (default), openai, gemini or ollama; repeat to see them side by "
    "side.",
)  # fmt: skip
@click.option("--model", metavar="NAME", help="Model to name to the provider; recorded.")
@click.option("--profile", metavar="PROFILE", default="none", show_default=True,
              help="Simulated: none, constant:MS, lognormal:MEDIAN:P99, stream:TTFT:ITL or "
              "sonnet-like.")  # fmt: skip
@click.option(
    "--subject",
    metavar="NAME",
    help="Code under test: reference, persona (installed here), or module:attribute of an adapter.",
)
@click.option("--profile-code", metavar="METRIC",
              help="Show the hottest functions of this metric's benchmark as well.")  # fmt: skip
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="persona.yaml to use.")
@click.option("--json", "as_json", is_flag=True, help="One JSON document on standard output.")
def run(
    names: tuple[str, ...],
    iterations: int | None,
    rounds: int | None,
    only: tuple[str, ...],
    also: tuple[str, ...],
    providers: tuple[str, ...],
    model: str | None,
    profile: str,
    subject: str | None,
    profile_code: str | None,
    config: Path | None,
    as_json: bool,
) -> None:
    """Execute the benchmark suite and show P50, P95 and P99 of every metric.

    \b
    Examples:
      persona benchmark run --workload quick --workload full
      persona benchmark run --iterations 50 --only generation_latency
      persona benchmark run --only streaming --profile stream:300:20
      persona benchmark run --provider anthropic --provider ollama
      persona benchmark run --workload quick --profile-code client_overhead
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv import metrics, place, profiling, workloads
    from persona_asv.commands.measuring import each_measured
    from persona_asv.render import profile as lead
    from persona_asv.render import providers as side_by_side
    from persona_asv.render import run as render
    from persona_asv.render.terminal import Style

    settings = configuration.load(Path.cwd(), config)
    families = metrics.families(only, also)
    if profile_code is not None:
        profiling.benchmark_of(profile_code)
    chosen = [workloads.resolve(name, settings, iterations, rounds) for name in dict.fromkeys(names)]
    out, begun, found = sys.stderr if as_json else sys.stdout, 0.0, []
    for workload in chosen:
        plans, ground = place.prepare_each(
            settings, workload, families, subject=subject, providers=providers, model=model, profile=profile
        )
        runs, kept = zip(*each_measured(plans, ground, out), strict=True)
        hot = None if profile_code is None else profiling.profile(runs[0], profile_code)
        lines = [each.line for each in kept]
        took = uptime() - begun
        begun = uptime()
        if as_json:
            found += [render.as_json(run, took, line) for run, line in zip(runs, lines, strict=True)]
            if hot is not None:
                found[-len(runs)]["profile"] = profiling.as_json(hot)
            continue
        style = Style.of(sys.stdout)
        if len(runs) > 1:
            said = [side_by_side.summary(runs, took, style, lines)]
        else:
            said = [render.summary(runs[0], took, style, lines[0])]
        said += [] if hot is None else [lead.text(hot, style)]
        click.echo("\n\n".join(said) + ("" if workload is chosen[-1] else "\n"))
    if as_json:
        echo_json("benchmark run", found[0] if len(found) == 1 else {"runs": found})


def _on_every_provider(**chosen: Any) -> None:
    """Measure the standard operation on every provider and show them side by side.

    The same as `run --workload provider`.
    """
    vars(run)["callback"](names=("provider",), **chosen)


providers = click.Command(
    "providers",
    params=[option for option in run.params if option.name != "names"],
    callback=_on_every_provider,
    help=_on_every_provider.__doc__,
    hidden=True,
)
"""What the dashboard's plan calls ``run --workload provider``."""
