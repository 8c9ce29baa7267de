"""What was measured here before: runs of the code as it is now, and runs of a commit."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from persona_asv import metrics, place, verdicts, workloads
from persona_asv.chosen import Chosen
from persona_asv.config import Config
from persona_asv.engine import git
from persona_asv.engine.runs import KeptRun, finished
from persona_asv.engine.store import HOME
from persona_asv.keeping import DEFAULT_WORKLOAD
from persona_asv.plan import Ground, Plan, fits


def last_run(settings: Config, before: Chosen | None) -> Chosen:
    """Return the last run of this code on the baseline's provider that holds one of its cases, or any.

    Where there is none, the side says what it lacks.
    """
    cases, provider = (None, None) if before is None else (before.cases or None, before.provider)
    plan, ground = _now(settings, provider)
    for run in _of_this_code(plan, ground):
        if cases is None or set(run.iterations) & set(cases):
            return _current(run, ground)
    of = (f" with {' or '.join(sorted(cases))}" if cases else "") + f" on {plan.provider}"
    lack = (
        f"no finished run of this code ({ground.attribution.label}){of} in {ground.root / HOME / 'runs'}: "
        "`persona benchmark run` first, or name --current"
    )
    return Chosen("Current", title="Current", here=True, lack=lack, commit=_clean(ground))


def of_commit(settings: Config, commit: Chosen, other: Chosen | None, *, ci: bool) -> Chosen:
    """Return a side that is a commit with the last results stored of it here that fit the other side.

    Under ``--ci`` no results count that came with the work tree: a change could bring its own.
    """
    stamp = dict(other.files[0].stamp) if other is not None and other.files else {}
    cases = other.cases if other is not None else frozenset()
    for run in _of_commit(place.root(settings), commit.commit, ci=ci):
        if _like(run, stamp) and (not cases or set(run.iterations) & cases):
            return _with(commit, run)
    return commit


def pair(settings: Config, commit: Chosen, *, ci: bool) -> tuple[Chosen, Chosen]:
    """Return a commit and the code as it is now: the last runs of both that have a case in common.

    Where they have none, the current side is the last run at all, and the commit lacks results.
    """
    plan, ground = _now(settings, None)
    ours = list(_of_this_code(plan, ground))
    theirs = [run for run in _of_commit(ground.root, commit.commit, ci=ci) if _like(run, _facts(plan))]
    for run in ours:
        for other in theirs:
            if set(run.iterations) & set(other.iterations):
                return _with(commit, other), _current(run, ground)
    return commit, _current(ours[0], ground) if ours else last_run(settings, None)


def _now(settings: Config, provider: str | None) -> tuple[Plan, Ground]:
    workload = workloads.resolve(DEFAULT_WORKLOAD, settings, None, None)
    return place.prepare(settings, workload, metrics.families(()), provider=provider)


def _of_this_code(plan: Plan, ground: Ground) -> Iterator[KeptRun]:
    return (run for run in finished(ground.root) if fits(run.facts, plan, ground))


def _of_commit(root: Path, commit: str | None, *, ci: bool) -> Iterator[KeptRun]:
    for run in finished(root):
        if run.facts["commit"] != commit or run.facts["dirty"]:
            continue
        if not (ci and git.ask(root, "ls-files", "--", str(run.path))):
            yield run


def _facts(plan: Plan) -> dict[str, object]:
    return {
        "subject": {"name": plan.subject},
        "provider": plan.provider,
        "model": plan.model,
        "endpoint": {"kind": "stand-in", "profile": plan.profile},
    }


def _like(run: KeptRun, stamp: dict[str, object]) -> bool:
    """Return whether a run is of the same subject, provider, model and endpoint, as far as a stamp tells."""

    def named(fact: object) -> object:
        return fact.get("name", fact) if isinstance(fact, dict) else fact

    return all(
        named(run.facts[key]) == named(stamp[key])
        for key in ("subject", "provider", "model", "endpoint")
        if key in stamp
    )


def _current(run: KeptRun, ground: Ground) -> Chosen:
    files = run.files()
    return Chosen(
        f"Current, {verdicts.name(files)}",
        files,
        title="Current",
        commit=_clean(ground),
        here=True,
        environment=run.environment,
    )


def _clean(ground: Ground) -> str | None:
    return ground.attribution.commit if ground.attribution.historic else None


def _with(commit: Chosen, run: KeptRun) -> Chosen:
    files = run.files()
    label = f"{commit.title}, {verdicts.name(files)}" if commit.title else verdicts.name(files)
    return replace(commit, label=label, files=files, lack="", environment=run.environment)
