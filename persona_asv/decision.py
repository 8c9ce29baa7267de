"""Whether both commits are to be measured: what the screen says, what was asked for, and what is possible."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_asv import choice, workloads
from persona_asv.chosen import Chosen
from persona_asv.comparison import Comparison
from persona_asv.config import Config
from persona_asv.confirmation import Bout
from persona_asv.engine import git, ownership
from persona_asv.errors import ExitCode
from persona_asv.estimates import Family
from persona_asv.gate import Rules
from persona_asv.keeping import DEFAULT_WORKLOAD


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says about measuring both commits.

    Attributes
    ----------
    confirm
        Whether a suspicion is followed by it; None where nobody said: then it is for the code that lies here.
    always
        Whether it is done whatever the screen says.
    rounds
        Blocks of both sides; None for as many as it takes.
    run
        Whether anything may be measured at all.
    resolve_each
        Whether each commit gets the third-party versions that it asks for itself.
    """

    confirm: bool | None = None
    always: bool = False
    rounds: int | None = None
    run: bool = True
    resolve_each: bool = False


@dataclass(frozen=True, slots=True)
class Decision:
    """What to do about two sides.

    Attributes
    ----------
    screen
        What stored results say; None where a side has none.
    bout
        What to measure; None for nothing.
    why
        Why it is measured; or why not, where it should have been. Empty where the screen is the last word.
    """

    screen: Comparison | None
    bout: Bout | None
    why: str = ""


def decide(
    before: Chosen,
    now: Chosen,
    settings: Config,
    rules: Rules,
    families: tuple[Family, ...],
    wish: Wish,
) -> Decision:
    """Screen two sides where both have results, and say what is to be measured.

    Raises
    ------
    PersonaAsvError
        The stored results cannot be compared.
    """
    lacking = [side for side in (before, now) if side.lack]
    screen = None if lacking else choice.compared(before, now, rules)
    reason = _reason(lacking, screen, wish)
    if not reason:
        return Decision(screen, None)
    if obstacle := _obstacle(before, now, settings, wish):
        return Decision(screen, None, obstacle if _expected(before, now, wish) else "")
    return Decision(screen, _bout(before, now, settings, families, wish), reason)


def _reason(lacking: Sequence[Chosen], screen: Comparison | None, wish: Wish) -> str:
    """Return why both commits should be measured; nothing where there is no need."""
    if wish.always:
        return "--always"
    if lacking:
        what = " and ".join("the current code" if side.here else side.heading for side in lacking)
        return f"nothing that fits is stored of {what}"
    if screen is None or screen.exit_code is ExitCode.COULD_NOT_MEASURE:
        return ""
    moved = [
        f"{finding.key} {finding.change:+.1%}" if finding.change is not None else finding.key
        for case in screen.cases
        for finding in case.judgement.findings
        if finding.suspicious
    ]
    if screen.remeasure or screen.exit_code is not ExitCode.PASS:
        more = ", ..." if len(moved) > 4 else ""
        return f"stored results only say where to look: {', '.join(moved[:4]) or 'a verdict'}{more}"
    return ""


def _expected(before: Chosen, now: Chosen, wish: Wish) -> bool:
    """Return whether the user may expect both commits to be measured: else nothing is said of it."""
    return bool(wish.confirm or wish.always or now.here or before.lack)


def _obstacle(before: Chosen, now: Chosen, settings: Config, wish: Wish) -> str:
    """Return why both commits cannot, or shall not, be measured here."""
    if not wish.run:
        return "--no-run forbids measuring"
    if wish.confirm is False:
        return "--no-confirm forbids measuring both commits"
    if not (now.here or wish.confirm or wish.always or before.lack or now.lack):
        return "only result files were named"
    subject = _subject(before, now) or settings.subject or ownership.OURS
    found = (_absence(side, subject) for side in (before, now))
    return next(filter(None, found), "")


def _absence(side: Chosen, subject: str) -> str:
    """Return why a side cannot be built here."""
    if side.commit is None and not side.here:
        return f"{side.heading} belongs to no commit"
    commit = git.commit_of(Path.cwd(), side.commit or "HEAD")
    if commit is None:
        if side.commit is None:
            return "there is no commit here yet"
        return f"{side.heading} is commit {side.commit[:8]}, which is not in this repository"
    if not ownership.is_part(Path.cwd(), commit, subject):
        return (
            f"subject {subject} is ours, and no part of commit {commit[:8]}: name your adapter as "
            "benchmarks.subject in persona.yaml"
        )
    return ""


def _bout(before: Chosen, now: Chosen, settings: Config, families: tuple[Family, ...], wish: Wish) -> Bout:
    stamp = next((side.files[0].stamp for side in (before, now) if side.files), {})
    endpoint = stamp.get("endpoint")
    model, profile = stamp.get("model"), endpoint.get("profile") if isinstance(endpoint, dict) else None
    recorded = before.recorded
    if recorded is not None:
        model, profile = model or recorded.model, profile or recorded.profile
    return Bout(
        commit=before.commit or "",
        title=before.heading,
        names=measurable(before.cases & now.cases or before.cases | now.cases, settings),
        families=families,
        current=None if now.here else now.commit,
        provider=before.provider or now.provider,
        model=str(model) if model else None,
        profile=str(profile) if profile else None,
        subject=_subject(before, now),
        rounds=wish.rounds,
        resolve_each=wish.resolve_each,
    )


def _subject(before: Chosen, now: Chosen) -> str | None:
    """Return the subject of what is stored of either side; None where it does not say."""
    for side in (before, now):
        found = side.files[0].stamp.get("subject") if side.files else None
        if isinstance(found, dict) and "name" in found:
            return str(found["name"])
    return None if before.recorded is None else before.recorded.subject


def measurable(cases: frozenset[str], settings: Config) -> tuple[str, ...]:
    """Return the workloads to measure for these cases; the default one for none.

    >>> measurable(frozenset({"quick", "standard"}), Config(Path()))
    ('quick', 'standard')
    """
    left, names = set(cases), []
    for workload in (*workloads.WORKLOADS.values(), *workloads.own(settings).values()):
        its = {case.name for case in workload.cases}
        if its & left:
            names.append(workload.name)
            left -= its
    return tuple(names) or (DEFAULT_WORKLOAD,)
