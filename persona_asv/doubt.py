"""Numbers that a machine or an interpreter moves as much as the code does: they suspect, never decide."""

from __future__ import annotations

from dataclasses import replace
from enum import StrEnum

from persona_asv.judgement import Finding, Stage, Verdict


class Kind(StrEnum):
    """What is in doubt: what depends on the machine, or on the interpreter's own size."""

    TIMES = "times"
    MEMORY = "memory"


def kind_of(key: str) -> Kind | None:
    """Return what a plain number depends on; None for a count, which is the code's wherever it runs.

    >>> kind_of("memory_peak_mb"), kind_of("import_ms"), kind_of("tokens_per_persona")
    (<Kind.MEMORY: 'memory'>, <Kind.TIMES: 'times'>, None)
    """
    if key.startswith("memory_"):
        return Kind.MEMORY
    return Kind.TIMES if key.endswith("_ms") else None


def softened(finding: Finding, why: str) -> Finding:
    """Return a finding without its verdict: what moved is worth a measurement of both sides here, no more."""
    if finding.verdict not in (Verdict.WARN, Verdict.FAIL, Verdict.BETTER):
        return replace(finding, stage=Stage.SCREEN)
    return replace(finding, verdict=Verdict.PASS, stage=Stage.SCREEN, reason=f"moved, but {why}")
