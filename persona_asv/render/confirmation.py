"""Both commits measured in turn, as text: what is done, why, how long it takes, and where it is kept."""

from __future__ import annotations

from persona_asv.confirmation import Bout, Confirmation, declarations
from persona_asv.contest import Contender
from persona_asv.render.endpoint import endpoint
from persona_asv.render.paths import near
from persona_asv.render.terminal import Style

_WIDTH = 61

SECONDS_A_ROUND = 2.5
"""What a round costs beside its operations: processes, warm-ups, a memory process."""

SECONDS_AN_OPERATION = 0.01
"""Generously: operation and reference operation without model time, on a busy machine."""


def announcement(bout: Bout, why: str, style: Style) -> str:
    """Return what is about to be done, and why."""
    return "\n".join(
        (
            f"Measuring both commits here: {bout.title} and the code as it is now",
            style.rule(_WIDTH, double=True),
            style.wrap(f"Why: {why}"),
        )
    )


def plan(sides: tuple[Contender, Contender], blocks: int, style: Style, *, fixed: bool) -> str:
    """Return what is measured of each side, and how long it will take."""
    its = sides[1].plan
    cases = ", ".join(f"{case.deal()[0]} of {case.name}" for case in its.workload.cases)
    operations = sum(case.deal()[0] for case in its.workload.cases)
    seconds = 2 * blocks * (SECONDS_A_ROUND * len(its.workload.cases) + SECONDS_AN_OPERATION * operations)
    lines = [style.wrap(f"Note: {line}") for line in declarations(sides)]
    lines += [
        f"Rounds:   {blocks} blocks of one round a side in turn, {cases} each",
        *(
            f"{name} {side.label}, {its.subject} {side.plan.subject_version}"
            for name, side in zip(("Baseline:", "Current: "), sides, strict=True)
        ),
        f"Provider: {its.provider} ({its.model})",
        f"Endpoint: {endpoint(its.profile)}",
        f"Third-party packages: the same {len(sides[1].seat.versions)} on both sides"
        if sides[0].seat.versions == sides[1].seat.versions
        else "Third-party packages: each side its own",
        f"This takes about {max(5, 5 * round(seconds / 5))} s, longer where the machine is busy"
        + ("" if fixed else ", and two or three times that while something is left open"),
    ]
    return "\n".join(lines)


def kept(done: Confirmation, style: Style) -> str:
    """Return where the rounds are."""
    return style.wrap(f"Kept: {near(done.contest.folder.path)}, outside the history: another environment")
