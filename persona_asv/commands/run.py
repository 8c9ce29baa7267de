"""``persona benchmark run``: measure, keep, show."""

from __future__ import annotations

import sys
from pathlib import Path

import click

from persona_asv.commands.envelope import echo_json, uptime


@click.command()
@click.option(
    "--workload", "-w", "names", multiple=True, metavar="NAME", default=["standard"], show_default="standard",
    help="quick, standard or full; repeatable.",
)  # fmt: skip
@click.option(
    "--iterations", type=int, metavar="N", help="Measured operations in total, dealt over the rounds."
)
@click.option("--rounds", type=int, metavar="K", help="Fresh processes to deal them over.")
@click.option(
    "--only", multiple=True, metavar="METRIC", help="Measure this family of metrics only; repeatable."
)
@click.option(
    "--provider", metavar="NAME", help="Wire format to speak: anthropic (default), openai, gemini or ollama."
)
@click.option("--model", metavar="NAME", help="Model to name to the provider; recorded.")
@click.option("--profile", metavar="PROFILE", default="none", show_default=True,
              help="Simulated: none, constant:MS, lognormal:MEDIAN:P99 or sonnet-like.")  # fmt: skip
@click.option(
    "--subject", metavar="NAME", help="Code under test: reference, or module:attribute of an adapter."
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
    provider: str | None,
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
      persona benchmark run --profile constant:1200
      persona benchmark run --workload quick --profile-code client_overhead
    """  # noqa: D301 - click wants the backspace itself
    from persona_asv import config as configuration
    from persona_asv import metrics, place, profiling, workloads
    from persona_asv.commands.measuring import measured
    from persona_asv.render import profile as lead
    from persona_asv.render import run as render
    from persona_asv.render.terminal import Style

    settings = configuration.load(Path.cwd(), config)
    families = metrics.families(only)
    if profile_code is not None:
        profiling.benchmark_of(profile_code)
    chosen = [workloads.resolve(name, settings, iterations, rounds) for name in dict.fromkeys(names)]
    out, begun, runs = sys.stderr if as_json else sys.stdout, 0.0, []
    for workload in chosen:
        plan, ground = place.prepare(
            settings, workload, families, subject=subject, provider=provider, model=model, profile=profile
        )
        done, kept = measured(plan, ground, out)
        hot = None if profile_code is None else profiling.profile(done, profile_code)
        took = uptime() - begun
        begun = uptime()
        if as_json:
            found = render.as_json(done, took, kept.line)
            runs.append(found if hot is None else {**found, "profile": profiling.as_json(hot)})
        else:
            between = "" if workload is chosen[-1] else "\n"
            style = Style.of(sys.stdout)
            parts = [render.summary(done, took, style, kept.line)]
            parts += [] if hot is None else [lead.text(hot, style)]
            click.echo("\n\n".join(parts) + between)
    if as_json:
        echo_json("benchmark run", runs[0] if len(runs) == 1 else {"runs": runs})
