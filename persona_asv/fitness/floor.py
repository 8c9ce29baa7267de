"""The noise floor: the same code measured twice, in turn, and what that says of every workload."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import replace

from persona_asv.calibration import calibrate
from persona_asv.course import Progress
from persona_asv.evidence import PRIOR_WEIGHT, USUAL_SCATTER, Effect, squares, usual_scatter
from persona_asv.fitness.readings import Floor
from persona_asv.gate import ALPHA, judge
from persona_asv.plan import Ground, Plan
from persona_asv.rounds import Side
from persona_asv.sides import own_cases, own_side
from persona_asv.thresholds import Limits
from persona_asv.timing import SCATTER
from persona_asv.trial import measure
from persona_asv.workloads import Workload

KEY, STATISTIC = "generation_latency_p50", "p50"


def twice(workload: Workload) -> Workload:
    """Return a workload of twice the operations in twice the rounds, time included."""
    rounds = max(case.rounds for case in workload.cases)
    total = workload.cases[0].iterations
    return workload.sized(2 * total, 2 * min(rounds, total), 2 * workload.timeout_s)


def take(
    plan: Plan,
    ground: Ground,
    workloads: Mapping[str, Workload],
    limits: Limits,
    watch: Callable[[Progress], None],
) -> Floor:
    """Measure the plan's workload twice, the rounds in turn, and say what would be seen here.

    Parameters
    ----------
    ground
        Its folder keeps the rounds.
    workloads
        Those to tell of, by name, by their first case.
    limits
        The levels of latency, in percent.

    Raises
    ------
    PersonaAsvError
        Nothing could be measured.
    """
    (run,) = measure([replace(plan, workload=twice(plan.workload))], ground, watch)
    files = run.cases[0].files
    label = own_cases(files)[0]
    first, second = (  # A B, B A, ...
        own_side([file for index, file in enumerate(files) if (index % 4 in (1, 2)) is odd], label)
        for odd in (False, True)
    )
    return floor(first, second, workloads, limits)


def floor(first: Side, second: Side, workloads: Mapping[str, Workload], limits: Limits) -> Floor:
    """Return what two sides of the same code say."""
    judgement = judge(first, second)
    found = next((each for each in judgement.findings if each.key == KEY), None)
    hundred = scatter(first, second)
    waiting = judgement.waiting
    return Floor(
        change=found.change if found else None,
        interval=found.interval if found else None,
        scatter=hundred,
        waiting=None if waiting is None else sum(waiting) / 2,
        detectable={name: detectable(each, hundred, limits) for name, each in workloads.items()},
    )


def scatter(first: Side, second: Side) -> float:
    """Return the standard deviation between rounds of 100 operations of the log of the calibrated median.

    A few rounds say little, so it is moderated by what is usual, as the gate does it (`evidence`).
    """
    calibration = calibrate(first, second, paired=False)
    logs = calibration.logs(calibration.channels()[0], STATISTIC)
    rounds = len(logs[0]) + len(logs[1])
    operations = (first.operations + second.operations) / rounds
    usual = usual_scatter(STATISTIC, operations) * SCATTER[calibration.basis]
    seen = squares(logs[0]) + squares(logs[1])
    here = math.sqrt((PRIOR_WEIGHT * usual**2 + seen) / (PRIOR_WEIGHT + rounds - 2))
    return here / usual_scatter(STATISTIC, operations) * USUAL_SCATTER[STATISTIC]


def detectable(workload: Workload, hundred: float, limits: Limits) -> float:
    """Return the smallest true change that a comparison of two runs of a workload would mark."""
    deal = workload.cases[0].deal()
    rounds = len(deal)
    error = usual_scatter(STATISTIC, sum(deal) / rounds, {STATISTIC: hundred}) * math.sqrt(2 / rounds)
    return Effect(0.0, error, PRIOR_WEIGHT + 2 * rounds - 2).detectable(limits.warn / 100, ALPHA[False][0])
