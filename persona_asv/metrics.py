"""The metrics: how each is read from the rounds of a case, and which way it is better.

`FAMILIES` is the one table. A family is what ``--only`` names and what a row of the run table shows; its keys
are those of baselines and of JSON.
"""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Mapping

from persona_asv import costs, rates
from persona_asv.case_rounds import CaseRounds
from persona_asv.errors import UsageError
from persona_asv.estimates import QUANTILES, Distribution, Estimate, Family, Row, Single
from persona_asv.rounds import TOKEN_TIMES
from persona_asv.units import COUNT, MEGABYTES, MILLISECONDS, PER_MINUTE, PERCENT, USD, Unit

GENERATION = "generation.Generation."
LATENCY = GENERATION + "time_generate"
OVERHEAD = GENERATION + "track_client_overhead"
DELAY = GENERATION + "track_run_delay"
PROVIDER_TIME = GENERATION + "track_provider_time"
SECONDS_PER_PERSONA = rates.SECONDS_PER_PERSONA
WINDOWS = GENERATION + "track_window_seconds_per_persona"
API_CALLS = costs.API_CALLS
TOKENS = GENERATION + "track_tokens"
OPERATION_CALLS = GENERATION + "track_operation_calls"
OPERATION_TOKENS = GENERATION + "track_operation_tokens"
CONNECTIONS = GENERATION + "track_connections"
ERROR_RATE = GENERATION + "track_error_rate"
RETRY_RATE = GENERATION + "track_retry_rate"
PARSE_FAILURE_RATE = GENERATION + "track_parse_failure_rate"
MEMORY = "memory.Memory.peakmem_generate"
OPERATION_PEAK = "memory.Memory.track_operation_peak"
MEMORY_AVERAGE = "memory.Memory.track_average"

STREAMED = {name: f"streaming.Streaming.track_{name}" for name in TOKEN_TIMES}
"""Times of streamed tokens by what they are called, and the series that hold them."""

CONCURRENT = frozenset({WINDOWS})
"""What is measured only where several requests are under way: else it repeats another series."""
WORK = "work.Work.track_python_calls"
IMPORT = "startup.Startup.track_import"
IMPORTED_MODULES = "startup.Startup.track_imported_modules"
INTERPRETER = "startup.Startup.track_interpreter"
CLI_STARTUP = "startup.CommandLine.track_start"

_READINGS = tuple(
    GENERATION + name
    for name in (
        "time_generate",
        "track_cpu",
        "track_thread_cpu",
        "track_run_delay",
        "track_reference",
        "track_reference_cold",
        "track_reference_wall",
        "track_client_overhead",
        "track_provider_time",
        "track_error_rate",
        "track_retry_rate",
        "track_parse_failure_rate",
    )
)
"""What every latency-like family takes along: a verdict needs all of them, and they are one measurement."""

FAMILIES: Mapping[str, Family] = {
    family.name: family
    for family in (
        Family("generation_latency", "wall time of one operation, end to end", _READINGS),
        Family("client_overhead", "Persona's own share of it, without the provider's", _READINGS),
        Family("throughput", "personas returned per minute", (*_READINGS, SECONDS_PER_PERSONA, WINDOWS)),
        Family(
            "memory_usage",
            "peak memory of a fresh process, each operation's, and the average",
            (MEMORY, OPERATION_PEAK, MEMORY_AVERAGE),
        ),
        Family(
            "api_efficiency",
            "API calls, tokens and new connections per persona",
            (*_READINGS, API_CALLS, TOKENS, OPERATION_CALLS, OPERATION_TOKENS, CONNECTIONS),
        ),
        Family(
            "cost",
            "list price of the tokens of one persona, where the model has one",
            (*_READINGS, API_CALLS, costs.INPUT_TOKENS, costs.OUTPUT_TOKENS),
        ),
        Family("reliability", "operations that failed, requests sent again, answers parsed", _READINGS),
        Family("work", "Python calls per persona, counted", (WORK,), rounds=1),
        Family(
            "startup",
            "import and command line of the subject, in fresh processes",
            (IMPORT, IMPORTED_MODULES, INTERPRETER, CLI_STARTUP),
            rounds=3,
            least=3,
        ),
        Family(
            "streaming",
            "time to first token, between tokens and per token, of streamed answers; only on request",
            tuple(STREAMED.values()),
            on_request=True,
        ),
    )
}


USUAL = tuple(family for family in FAMILIES.values() if not family.on_request)
"""What is measured where nobody says what."""


def families(only: Iterable[str], also: Iterable[str] = ()) -> tuple[Family, ...]:
    """Return the families asked for: all but those on request where none is named.

    Parameters
    ----------
    also
        Families beside those.

    Raises
    ------
    UsageError
        A name is unknown.
    """
    chosen = {"--only": tuple(only), "--also": tuple(also)}
    for flag, names in chosen.items():
        for name in names:
            if name not in FAMILIES:
                raise UsageError(f"{flag}: unknown metric {name!r}; choose from {', '.join(FAMILIES)}")
    wanted = {*(chosen["--only"] or (family.name for family in USUAL)), *chosen["--also"]}
    return tuple(family for family in FAMILIES.values() if family.name in wanted)


def of_a_run(chosen: Iterable[Family], rounds: int) -> tuple[Family, ...]:
    """Return what a run of so many rounds measures: all that was asked for, or all that it can judge."""
    wished = tuple(chosen)
    asked = not set(wished) >= set(USUAL)
    return tuple(family for family in wished if asked or rounds >= family.least)


def benchmarks(chosen: Iterable[Family], concurrency: int | None = None) -> tuple[str, ...]:
    """Return the asv benchmarks that the families need, each once; at a concurrency, where one is given."""
    names = dict.fromkeys(name for family in chosen for name in family.benchmarks)
    return tuple(name for name in names if concurrency is None or concurrency > 1 or name not in CONCURRENT)


DISTRIBUTIONS = (
    Distribution(
        "generation_latency",
        "generation_latency",
        "generation_latency",
        MILLISECONDS,
        LATENCY,
        1e3,
        gated=True,
    ),
    Distribution(
        "client_overhead", "client_overhead", "client_overhead", MILLISECONDS, OVERHEAD, 1e3, gated=True
    ),
    Distribution(
        "throughput",
        "throughput (per min)",
        "throughput",
        PER_MINUTE,
        (WINDOWS, SECONDS_PER_PERSONA),
        60,
        inverted=True,
    ),
    Distribution(
        "memory_usage", "memory_peak (MB)", "memory_peak", MEGABYTES, (OPERATION_PEAK, MEMORY), 1e-6
    ),
    Distribution("api_efficiency", "api_calls (per persona)", "api_calls", COUNT, OPERATION_CALLS),
    Distribution("api_efficiency", "tokens (per persona)", "tokens", COUNT, OPERATION_TOKENS),
    Distribution("work", "python_calls (per persona)", "python_calls", COUNT, WORK),
    Distribution("startup", "cli_startup", "cli_startup", MILLISECONDS, CLI_STARTUP, 1e3),
    Distribution("startup", "import", "import", MILLISECONDS, IMPORT, 1e3),
    Distribution("startup", "imported_modules", "imported_modules", COUNT, IMPORTED_MODULES),
    *(
        Distribution("streaming", name, name, MILLISECONDS, series, 1e3, gated=True)
        for name, series in STREAMED.items()
    ),
)


PROVIDERS_SHARE = Distribution(
    "client_overhead", "provider_time", "provider_time", MILLISECONDS, PROVIDER_TIME, 1e3
)
"""What client_overhead leaves of the latency: shown beside other providers', and no metric of ours."""

SINGLES = (
    Single("memory_usage", "memory_peak_mb", MEGABYTES, MEMORY, statistics.median, 1e-6),
    Single("memory_usage", "memory_average_mb", MEGABYTES, MEMORY_AVERAGE, statistics.median, 1e-6),
    Single("api_efficiency", "api_calls_per_persona", COUNT, API_CALLS, statistics.fmean),
    Single("api_efficiency", "tokens_per_persona", COUNT, TOKENS, statistics.fmean),
    Single("api_efficiency", "connections_per_persona", COUNT, CONNECTIONS, statistics.fmean),
    Single("work", "python_calls_per_persona", COUNT, WORK, statistics.median, per_python=True),
    Single(
        "startup", "cli_startup_ms", MILLISECONDS, CLI_STARTUP, statistics.median, 1e3, yardstick=INTERPRETER
    ),
    Single("startup", "import_ms", MILLISECONDS, IMPORT, statistics.median, 1e3, yardstick=INTERPRETER),
    Single("startup", "imported_modules", COUNT, IMPORTED_MODULES, statistics.median, per_python=True),
    Single("reliability", "error_rate", PERCENT, ERROR_RATE, statistics.fmean),
    Single("reliability", "retry_rate", PERCENT, RETRY_RATE, statistics.fmean),
    Single(
        "reliability",
        "parse_success_rate",
        PERCENT,
        PARSE_FAILURE_RATE,
        statistics.fmean,
        rest_of=100.0,
    ),
)


PER_PYTHON = {single.key: single.series for single in SINGLES if single.per_python}
"""Metrics that belong to one minor version of Python, with their series."""


def unit_of(key: str) -> Unit | None:
    """Return the unit of a metric by its key; None for a name that is no metric of ours."""
    units = {each.key: each.unit for each in SINGLES}
    units |= {"throughput_per_minute": PER_MINUTE, costs.KEY: USD}
    for each in DISTRIBUTIONS:
        units |= {f"{each.key}_p{q * 100:.0f}": each.unit for q in QUANTILES if each.gated}
    return units.get(key)


def keys(chosen: Iterable[Family]) -> frozenset[str]:
    """Return the keys of all metrics of the families."""
    wanted = {family.name for family in chosen}
    found = {each.key for each in SINGLES if each.family in wanted}
    for each in DISTRIBUTIONS:
        if each.family in wanted and each.gated:
            found |= {f"{each.key}_p{q * 100:.0f}" for q in QUANTILES}
    derived = {"throughput": "throughput_per_minute", "cost": costs.KEY}
    return frozenset(found | {key for family, key in derived.items() if family in wanted})


def family_of(metric: str) -> str | None:
    """Return the family that is called so or has a metric of that key; None where there is none."""
    return next((each.name for each in FAMILIES.values() if metric in {each.name, *keys([each])}), None)


def table(rounds: CaseRounds, chosen: Iterable[Family]) -> tuple[Row, ...]:
    """Return the rows of the run table, in the order of `FAMILIES`; what was not measured has none."""
    wanted = {family.name for family in chosen}
    rows = (Row(each.label, each.quantiles(rounds)) for each in DISTRIBUTIONS if each.family in wanted)
    return tuple(row for row in rows if row.quantiles)


def estimates(rounds: CaseRounds, chosen: Iterable[Family]) -> dict[str, Estimate]:
    """Return the metrics of the families by key, as baselines and JSON name them; reliability always."""
    wanted = {family.name for family in chosen} | {"reliability"}
    found = [
        estimate
        for each in DISTRIBUTIONS
        if each.gated and each.family in wanted
        for estimate in each.quantiles(rounds)
    ]
    if "throughput" in wanted:
        found += filter(None, [rates.throughput(rounds)])
    found += filter(None, (each.estimate(rounds) for each in SINGLES if each.family in wanted))
    if "cost" in wanted:
        found += filter(None, [costs.estimate(rounds)])
    return {estimate.key: estimate for estimate in found}
