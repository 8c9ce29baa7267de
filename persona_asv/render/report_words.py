"""What the three forms of a report say alike: titles, sentences, and which rows there are."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import UTC, datetime

from persona_asv.environment import Environment
from persona_asv.estimates import Estimate
from persona_asv.judgement import Finding, Judgement, Verdict
from persona_asv.render.comparison import verdicts
from persona_asv.render.endpoint import endpoint
from persona_asv.render.terminal import Style
from persona_asv.reports.report import CaseReport, Report, Track
from persona_asv.units import PER_MINUTE, Unit, significant

STYLE = Style(unicode=True, live=False, width=100)
"""Pages show everything."""

_SPELT = {"api": "API", "cli": "CLI", "mb": "", "ms": "", "p50": "(P50)", "p95": "(P95)", "p99": "(P99)"}
_SMALL = {"per", "of", "to"}

ABSENT = "\N{EN DASH}"


def title(key: str) -> str:
    """Return what a metric is called on a page.

    >>> title("generation_latency_p50"), title("memory_peak_mb"), title("api_calls_per_persona")
    ('Generation Latency (P50)', 'Memory Peak', 'API Calls per Persona')
    >>> title("throughput_per_minute"), title("throughput")
    ('Throughput', 'Throughput')
    """
    words = key.removesuffix("_per_minute").split("_")
    spelt = (_SPELT.get(word, word if word in _SMALL else word.capitalize()) for word in words)
    return " ".join(filter(None, spelt))


def amount(value: float, unit: Unit) -> str:
    """Return a number with its unit, as a sentence would have it."""
    symbol = {"MB": " MB", "personas/min": "/min"}.get(unit.name, "")
    return unit.write(value) + symbol


def moment(at: datetime) -> str:
    """Return a time as every file has it."""
    return at.astimezone(UTC).replace(microsecond=0).isoformat().replace("+00:00", "Z")


def headlines(case: CaseReport) -> Iterator[Estimate]:
    """Yield the metrics that a summary shows: one row a quantity, the tails stand further down."""
    yield from (each for key, each in case.estimates.items() if not key.endswith(("_p95", "_p99")))


def finding_of(case: CaseReport, key: str) -> Finding | None:
    """Return what the comparison found of a metric."""
    findings = () if case.judgement is None else case.judgement.findings
    return next((each for each in findings if each.key == key), None)


def rests_on(finding: Finding) -> str:
    """Return why a verdict is what it is and on how much it stands, without the numbers beside it."""
    (n, n_now), (rounds, rounds_now) = finding.n, finding.rounds
    said = [f"{finding.reason[:1].upper()}{finding.reason[1:]}."] if finding.reason else []
    on = f"{rounds} + {rounds_now} rounds" + (f", n = {n} + {n_now}" if (n, n_now) != finding.rounds else "")
    if finding.channel:
        on += f", {finding.basis} {finding.channel.upper() if finding.channel == 'cpu' else finding.channel}"
    return " ".join((*said, f"{on}."))


def order_of(judgement: Judgement) -> str:
    """Return how the rounds of both sides were measured."""
    if judgement.interleaved:
        return "The rounds of both sides alternated."
    return "The sides were measured one after the other, which sees less than rounds that alternate."


def facts(report: Report) -> dict[str, str]:
    """Return the head of a report, F-139's three facts first."""
    environment = report.environment
    python = f"Python {environment.python_version}" if environment.python_version else ""
    where = ", ".join(filter(None, (environment.platform, python, environment.cpu)))
    found = {
        "Generated": moment(report.generated_at),
        "Version": report.version,
        "Environment": where,
        "Subject": f"{report.subject}, commit {report.commit}",
        "Measured": "" if report.measured_at is None else moment(report.measured_at),
        "Workload": ", ".join(f"{case.name} ({_dealt(case)})" for case in report.cases),
        "Provider": f"{report.provider} ({report.model})",
        "Endpoint": answered_by(report),
    }
    return {name: fact for name, fact in found.items() if fact}


def _dealt(case: CaseReport) -> str:
    rounds = max(each.rounds for each in case.estimates.values())
    return f"{case.iterations} iterations in {rounds} round{'' if rounds == 1 else 's'}"


def answered_by(report: Report) -> str:
    """Return who answered, and with how much model time."""
    return endpoint(report.profile) if report.endpoint == "stand-in" else report.endpoint


def conclusion(report: Report) -> tuple[Verdict | None, str]:
    """Return the gravest verdict with one sentence on all of them; no verdict without a comparison."""
    against = report.against
    if against is None:
        return None, "Not compared with a baseline."
    found = {key: Verdict(verdict) for key, verdict in verdicts(against.comparison).items()}
    missing = [key for case in against.comparison.cases for key in case.judgement.missing]
    if missing:
        return Verdict.INSUFFICIENT, f"Not measured in this run: {', '.join(map(title, missing))}."
    for verdict, said in _CONCLUSIONS.items():
        keys = [title(key) for key, each in found.items() if each is verdict]
        if keys:
            fresh = (
                " 5 fresh interleaved rounds a side would confirm it." if against.comparison.remeasure else ""
            )
            return verdict, f"{said}: {', '.join(keys)}.{fresh}"
    if set(found.values()) <= {Verdict.INSUFFICIENT}:
        return Verdict.INSUFFICIENT, "Nothing could be judged: too few samples of everything."
    fresh = " What moved cannot be told from noise: 5 fresh interleaved rounds a side would decide."
    return Verdict.PASS, "All metrics within acceptable thresholds." + (
        fresh if against.comparison.remeasure else ""
    )


_CONCLUSIONS = {
    Verdict.FAIL: "Failure threshold exceeded",
    Verdict.WARN: "Warning threshold exceeded",
    Verdict.INCONCLUSIVE: "Inconclusive",
}


def remarks(report: Report) -> list[str]:
    """Return what a reader must know of the numbers, one sentence each."""
    found = list(report.notes)
    if report.against is not None:
        found += report.against.comparison.notes
        found += dict.fromkeys(
            note for case in report.cases if case.judgement for note in case.judgement.notes
        )
    if report.profile == "none" and report.endpoint == "stand-in":
        found.append("Generation latency is Persona's own time: add your model's. Throughput is a ceiling.")
    elif report.endpoint == "stand-in":
        found.append(f"The model time ({report.profile}) is simulated.")
    if any(
        f.basis == "calibrated" for case in report.cases if case.judgement for f in case.judgement.findings
    ):
        found.append(
            "Changes of times are CPU time beside a reference operation; values are wall time. "
            "A busy machine moves the values, not the changes."
        )
    for case in report.cases:
        if case.waiting is not None and case.waiting >= 0.005:
            found.append(f"{case.waiting:.0%} of the wall time of {case.name} went by waiting for a CPU.")
    if any(not each.supported for case in report.cases for each in _all(case)):
        found.append("† Fewer than 5 samples lie beyond this percentile: shown, never decisive.")
    return [each[:1].upper() + each[1:] + ("" if each.endswith(".") else ".") for each in found]


def _all(case: CaseReport) -> Iterator[Estimate]:
    yield from case.estimates.values()
    for spread in case.spreads:
        yield from spread.quantiles


@dataclass(frozen=True, slots=True)
class Fact:
    """One line of the environment table; None where a side does not say."""

    name: str
    now: str | None
    then: str | None

    @property
    def differs(self) -> bool:
        """Whether both are known and not the same."""
        return None not in (self.now, self.then) and self.now != self.then


_LABELS = {
    "platform": "Platform",
    "cpu": "CPU",
    "cores": "Cores",
    "memory_gb": "Memory (GB)",
    "os": "System",
    "virtualisation": "Virtualisation",
    "governor": "Clock governor",
    "machine": "Machine",
    "instance": "Instance",
    "python_version": "Python",
    "persona_version": "Subject's version",
    "persona_asv": "persona_asv",
    "asv": "asv",
}


def environment_rows(report: Report) -> list[Fact]:
    """Return what is known of where the run and its baseline were measured."""
    then = None if report.against is None else report.against.environment
    now_facts, then_facts = asdict(report.environment), asdict(then or Environment())
    rows = (Fact(label, _fact(now_facts[key]), _fact(then_facts[key])) for key, label in _LABELS.items())
    return [row for row in rows if (row.now, row.then) != (None, None)]


def _fact(value: str | float | None) -> str | None:
    return significant(value) if isinstance(value, float | int) else value


def sustained_rate(case: CaseReport) -> str | None:
    """Return the sustained rate as F-139 words it; None for a run that was too short for one."""
    return None if case.sustained is None else f"{PER_MINUTE.write(case.sustained)} (>10min runs)"


def milestones(tracks: tuple[Track, ...]) -> dict[str, datetime]:
    """Return the points of a history by label, oldest first."""
    found = {point.label: point.at for track in tracks for point in track.points}
    return dict(sorted(found.items(), key=lambda each: each[1]))
