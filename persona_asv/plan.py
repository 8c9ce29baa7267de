"""What is to be measured, where, and how every party to it is told."""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import Any

import persona_asv
from persona_asv import metrics
from persona_asv.case_rounds import params
from persona_asv.credentials import covered
from persona_asv.engine.machine import Machine
from persona_asv.engine.worktree import Attribution
from persona_asv.environment import Environment
from persona_asv.estimates import Family
from persona_asv.prices import Price
from persona_asv.workloads import Case, Workload

SCHEMA = 1
"""Version of the ``persona_asv`` stamp in result files and of ``run.json``."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What to measure.

    Attributes
    ----------
    subject, subject_version
        The code under test, as named to ``persona_asv.subject.load``.
    profile
        Model time of the stand-in, ``none`` for 0.
    python_path
        Folders that the measuring processes need to import the subject, beyond their environment.
    own
        Every case of the project's own, measured or not: asv's list of parameters shall hold them all.
    price
        The project's own price of the model; None where the price table has the word.
    """

    workload: Workload
    families: tuple[Family, ...]
    subject: str
    subject_version: str
    provider: str
    model: str
    profile: str
    python_path: tuple[Path, ...] = ()
    own: tuple[Case, ...] = ()
    price: Price | None = None


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a run happens: the folder that keeps it, the commit it is attributed to, the machine."""

    root: Path
    repository: Path | None
    attribution: Attribution
    machine: Machine
    environment: Environment = field(default_factory=Environment)


def deals(workload: Workload, families: Iterable[Family] = ()) -> list[dict[str, int]]:
    """Return the operations of each case in each round, without rounds that none of the families measures."""
    shares = {case.name: case.deal() for case in workload.cases}
    most = [family.rounds for family in families]
    last = None if None in most else max(filter(None, most), default=None)
    return [
        {name: deal[index] for name, deal in shares.items() if index < len(deal)}
        for index in range(max(map(len, shares.values())))
    ][:last]


def selected(plan: Plan, deal: dict[str, int], number: int) -> list[str]:
    """Return the benchmarks of a round, counted from 1, by full name with parameters."""
    families = [family for family in plan.families if family.rounds is None or number <= family.rounds]
    return [
        f"{name}({', '.join(params(case.name, plan.provider))})"
        for case in plan.workload.cases
        if case.name in deal
        for name in metrics.benchmarks(families, case.concurrency)
    ]


def environ(plan: Plan, standin: str, session: str, deal: dict[str, int]) -> dict[str, str]:
    """Return what the suite is told."""
    return {
        "PERSONA_ASV_SUBJECT": plan.subject,
        "PERSONA_ASV_MODEL": plan.model,
        "PERSONA_ASV_PROFILE": plan.profile,
        "PERSONA_ASV_STANDIN": standin,
        "PERSONA_ASV_SESSION": session,
        "PERSONA_ASV_OPERATIONS": json.dumps(deal),
        "PERSONA_ASV_PROVIDERS": plan.provider,
        "PERSONA_ASV_CASES": json.dumps([_as_told(case) for case in plan.own]),
    }


def _as_told(case: Case) -> dict[str, object]:
    return {
        "name": case.name,
        "personas": case.personas,
        "sample": case.data,
        "operations": case.iterations,
        "concurrency": case.concurrency if case.batch else None,
        "path": None if case.own is None else str(case.own),
    }


def definitions(cases: Iterable[Case], known: Iterable[Case]) -> dict[str, dict[str, object]]:
    """Return what those of the cases are that the project defines itself: `known`.

    Ours are what they are by name. One of the project's own may be changed from one run to the next, its
    research data included, and then the two have only the name in common.
    """
    wanted = {case.name for case in cases}
    return {
        case.name: {
            "personas": case.personas,
            "data": case.data if case.own is None else f"{case.data} {_digest(case.own)}",
            "concurrency": case.concurrency if case.batch else None,
        }
        for case in known
        if case.name in wanted
    }


def _digest(data: Path) -> str:
    """Return the first digits of the SHA-256 of a file, or of a folder's files with their names."""
    files = [data] if data.is_file() else sorted(path for path in data.rglob("*") if path.is_file())
    whole = hashlib.sha256()
    for path in files:
        whole.update(f"{path.relative_to(data)}\0{path.stat().st_size}\0".encode())
        with path.open("rb") as file:
            while chunk := file.read(1 << 20):
                whole.update(chunk)
    return whole.hexdigest()[:12]


def inherited(plan: Plan) -> dict[str, str]:
    """Return our environment as measuring processes get it: no former orders, credentials covered."""
    environ = {
        name: value for name, value in covered(os.environ).items() if not name.startswith("PERSONA_ASV_")
    }
    paths = [str(path) for path in plan.python_path]
    paths += filter(None, environ.get("PYTHONPATH", "").split(os.pathsep))
    if paths:
        # asv drops PYTHONPATH from its benchmark processes; this is its own way around that
        environ["ASV_PYTHONPATH"] = os.pathsep.join(paths)
    return environ


def facts(plan: Plan, ground: Ground, *, state: str, reason: str = "") -> dict[str, Any]:
    """Return what a run folder says of itself."""
    return {
        "schema": SCHEMA,
        "state": state,
        **({"reason": reason} if reason else {}),
        "workload": plan.workload.name,
        "families": [family.name for family in plan.families],
        "cases": {
            case.name: {"iterations": case.iterations, "rounds": case.rounds} for case in plan.workload.cases
        },
        "own": definitions(plan.workload.cases, plan.own),
        "state_of_code": ground.attribution.state,
        "environment": asdict(ground.environment),
        **identity(plan, ground),
    }


def fits(found: Mapping[str, Any], plan: Plan, ground: Ground) -> bool:
    """Return whether a run's `facts` are what this plan would measure here, all of it the same."""
    wanted = {**identity(plan, ground), "state_of_code": ground.attribution.state}
    if any(found.get(key) != value for key, value in wanted.items()):
        return False
    own = found.get("own") or {}
    known = [case for case in plan.own if case.name in own]
    return not own or bool(own == definitions(known, known))


def identity(plan: Plan, ground: Ground) -> dict[str, Any]:
    """Return whose numbers these are: what must be equal for two runs to be comparable."""
    return {
        "subject": {"name": plan.subject, "version": plan.subject_version},
        "commit": ground.attribution.commit,
        "dirty": ground.attribution.dirty,
        "provider": plan.provider,
        "model": plan.model,
        "endpoint": {"kind": "stand-in", "profile": plan.profile},
        "persona_asv": persona_asv.__version__,
        "asv": version("asv"),
    }
