"""A comparison with a baseline that holds numbers without their samples: less evidence, and it says so."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from persona_asv import costs, metrics
from persona_asv.baselines.baseline import Baseline, Figure
from persona_asv.case_rounds import CaseRounds
from persona_asv.comparison import Case, Comparison
from persona_asv.doubt import kind_of, softened
from persona_asv.errors import MeasurementError, ResultFileError
from persona_asv.estimates import Estimate
from persona_asv.gate import Rules
from persona_asv.judgement import Finding, Judgement, Stage, Verdict
from persona_asv.model import ResultFile
from persona_asv.rounds import TOKEN_TIMES, Round, Side
from persona_asv.scalars import SCREEN, judge_scalar
from persona_asv.sides import own_cases, own_side
from persona_asv.token_times import WHY
from persona_asv.units import Better

_SCALARS = {costs.KEY, *(single.key for single in metrics.SINGLES if not single.yardstick)}


def compare_recorded(
    baseline: Baseline, current: Sequence[ResultFile], rules: Rules | None = None
) -> Comparison:
    """Judge current files by a baseline's numbers.

    Memory and counts are judged as ever. A time without its samples and references says nothing about the
    machine it was measured on: it is shown, and whether it moved enough to be worth a measurement of both
    sides, but it never decides.

    Raises
    ------
    ResultFileError
        The sides are of different subjects, providers or endpoints.
    MeasurementError
        No workload is common to both.
    """
    rules = rules or Rules()
    _same_subject(baseline, current)
    measured = {label.values: label for label in own_cases(current)}
    cases = []
    for name in baseline.workloads:
        found = [key for key in measured if key[0] == name and baseline.provider in (None, key[1])]
        cases += [_case(name, provider, baseline, current, rules) for _, provider in found]
    if not cases:
        raise MeasurementError(
            f"baseline {baseline.name} and the current files have no workload in common: baseline "
            f"{', '.join(baseline.workloads)}; current {'; '.join(map(str, measured.values())) or 'none'}"
        )
    common = {case.name for case in cases}
    return Comparison(
        tuple(cases),
        only_baseline=tuple(name for name in baseline.workloads if name not in common),
        only_current=tuple(str(label) for label in measured.values() if label.values[0] not in common),
        notes=(
            f"{baseline.name} holds no samples: times are shown, not judged; capture it again to judge them",
            *_of_prices(baseline, current),
        ),
    )


def _same_subject(baseline: Baseline, current: Sequence[ResultFile]) -> None:
    for file in current:
        subject, endpoint = file.stamp.get("subject"), file.stamp.get("endpoint")
        theirs = {
            "subject": subject.get("name") if isinstance(subject, dict) else None,
            "endpoint": endpoint.get("kind") if isinstance(endpoint, dict) else None,
            "profile": endpoint.get("profile") if isinstance(endpoint, dict) else None,
        }
        for key, found in theirs.items():
            expected = getattr(baseline, key)
            if expected is not None and found is not None and expected != found:
                raise ResultFileError(
                    f"{file.path}: {key} {found}, but baseline {baseline.name} has {expected}; "
                    "they cannot be compared"
                )


def _pythons_differ(baseline: Baseline, current: Sequence[ResultFile]) -> bool:
    """Return whether a file is of another minor version of Python than the baseline is known to be."""
    known = baseline.environment.python_version
    return known is not None and any(known.split(".")[:2] != file.python.split(".")[:2] for file in current)


def _of_prices(baseline: Baseline, current: Sequence[ResultFile]) -> Iterator[str]:
    """Yield why a recorded cost is not compared, where there is one."""
    held = any(costs.KEY in entry.metrics for entry in baseline.workloads.values())
    if held and not _same_price(baseline, current):
        yield f"{costs.KEY} is not compared: {baseline.name} was captured with another price of the model"


def _same_price(baseline: Baseline, current: Sequence[ResultFile]) -> bool:
    """Return whether a difference in cost is none of prices: another model's price is the code's choice."""
    price, stamp = costs.price_of(current[0].stamp), current[0].stamp
    if baseline.model is not None and baseline.model != stamp.get("model"):
        return True
    then = baseline.price
    return then is not None and price is not None and (then.input, then.output) == (price.input, price.output)


def _case(name: str, provider: str, baseline: Baseline, current: Sequence[ResultFile], rules: Rules) -> Case:
    entry = baseline.workloads[name]
    label = next(each for each in own_cases(current) if each.values == (name, provider))
    side = own_side(current, label)
    now = metrics.estimates(CaseRounds(name, provider, tuple(current)), metrics.FAMILIES.values())
    apart = set(metrics.PER_PYTHON) if _pythons_differ(baseline, current) else set()
    apart |= set() if _same_price(baseline, current) else {costs.KEY}
    wanted = [key for key in entry.metrics if rules.wants(key) and key not in apart]
    findings = []
    for key in wanted:
        if key in _SCALARS and side.scalar(key):
            held = Side((Round(scalars={key: entry.metrics[key].value}),))
            found = judge_scalar(key, held, side, rules.thresholds.of(key))
            why = rules.doubts.get(kind) if (kind := kind_of(key)) else None
            findings.append(found if why is None else softened(found, why))
        elif key in now:
            findings.append(_shown(key, entry.metrics[key], now[key], rules))
    judged = {finding.key for finding in findings}
    return Case(
        name,
        provider,
        Judgement(
            tuple(findings),
            remeasure=any(finding.suspicious for finding in findings),
            missing=tuple(key for key in wanted if key not in judged and rules.demands(key)),
            added=tuple(key for key in now if key not in entry.metrics and rules.wants(key)),
        ),
    )


def _shown(key: str, held: Figure, now: Estimate, rules: Rules) -> Finding:
    change = now.value / held.value - 1 if held.value else None
    worse = -(change or 0.0) if now.better is Better.HIGHER else change or 0.0
    streamed = key.startswith(TOKEN_TIMES)
    return Finding(
        key,
        Verdict.INSUFFICIENT,
        held.value,
        now.value,
        change,
        n=(held.n or 0, now.n),
        rounds=(held.rounds or 0, now.rounds),
        stage=Stage.SHOWN if streamed else Stage.SCREEN,
        suspicious=not streamed and 100 * worse >= SCREEN * rules.thresholds.of(key).warn,
        reason=WHY if streamed else "the baseline holds the number without its samples",
    )
