"""One thing found of a machine, how grave it is, and what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

from persona_asv.errors import ExitCode


class Fitness(StrEnum):
    """How fit a machine is in one respect, or in all."""

    FIT = "fit"
    CARE = "usable with care"
    UNFIT = "not fit"

    @property
    def exit_code(self) -> ExitCode:
        """What ``doctor`` returns."""
        return {
            Fitness.FIT: ExitCode.PASS,
            Fitness.CARE: ExitCode.WARN,
            Fitness.UNFIT: ExitCode.COULD_NOT_MEASURE,
        }[self]


@dataclass(frozen=True, slots=True)
class Finding:
    """One respect.

    Attributes
    ----------
    said
        What is so.
    advice
        What to do about it; empty where there is nothing to do.
    """

    topic: str
    fitness: Fitness
    said: str
    advice: str = ""


def worst(findings: Iterable[Finding]) -> Fitness:
    """Return the gravest of the findings' grades."""
    order = list(Fitness)
    return max((finding.fitness for finding in findings), key=order.index, default=Fitness.FIT)
