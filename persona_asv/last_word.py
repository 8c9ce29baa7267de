"""What measuring both commits came to, read back: a report and a comment say what ``compare`` said."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_asv.comparison import Case, Comparison
from persona_asv.engine.results import read_results
from persona_asv.engine.runs import KeptRun, at
from persona_asv.engine.store import HOME, round_files
from persona_asv.errors import MeasurementError
from persona_asv.judgement import Finding, Judgement, Stage, Verdict
from persona_asv.model import ResultFile

VERDICT = "verdict.json"
"""What a contest came to, in its folder: the document that ``compare --json`` prints as ``data``."""

_SAME = ("subject", "commit", "dirty", "state_of_code", "provider", "model", "endpoint")
"""What a run and a contest's side agree on where they measured the same code."""


@dataclass(frozen=True, slots=True)
class LastWord:
    """A contest that was judged.

    Attributes
    ----------
    title
        What its baseline was called.
    """

    baseline: KeptRun
    title: str
    comparison: Comparison

    def rounds(self) -> tuple[ResultFile, ...]:
        """Return the baseline's rounds."""
        return read_results(round_files([self.baseline.path]))


def of(root: Path, facts: Mapping[str, Any], commit: str | None = None) -> LastWord | None:
    """Return the newest contest of the code that a run measured; None where there is none.

    Parameters
    ----------
    facts
        What the run says of itself.
    commit
        The baseline's commit; None for any.
    """
    for path in sorted((root / HOME / "trials").glob(f"*/{VERDICT}"), reverse=True):
        try:
            before, now = at(path.parent / "baseline"), at(path.parent / "current")
            document = json.loads(path.read_text(encoding="utf-8"))
            if any(now.facts.get(key) != facts.get(key) for key in _SAME):
                continue
            if commit in (None, before.facts["commit"]):
                return LastWord(before, str(document["baseline"]), _comparison(document))
        except (MeasurementError, OSError, ValueError, KeyError, TypeError):
            continue  # of another version, or broken: it is not the word then
    return None


def _comparison(document: Mapping[str, Any]) -> Comparison:
    return Comparison(
        tuple(_cases(document)),
        only_baseline=tuple(document["only_baseline"]),
        only_current=tuple(document["only_current"]),
        changed=tuple(document["changed"]),
        notes=tuple(document["notes"]),
    )


def _cases(document: Mapping[str, Any]) -> Iterator[Case]:
    for case in document["cases"]:
        findings = tuple(_finding(key, found) for key, found in case["findings"].items())
        waiting = case["cpu_wait_share"]
        yield Case(
            case["case"],
            case["provider"],
            Judgement(
                findings,
                remeasure=case["remeasure"],
                missing=tuple(case["missing"]),
                added=tuple(case["added"]),
                notes=tuple(case["notes"]),
                waiting=None if waiting is None else (waiting[0], waiting[1]),
                interleaved=case["interleaved"],
            ),
        )


def _finding(key: str, found: Mapping[str, Any]) -> Finding:
    interval = found["interval"]
    return Finding(
        key,
        Verdict(found["verdict"]),
        found["baseline"],
        found["current"],
        found["change"],
        interval=None if interval is None else (interval[0], interval[1]),
        detectable=found["detectable"],
        n=(found["n"][0], found["n"][1]),
        rounds=(found["rounds"][0], found["rounds"][1]),
        channel=found["channel"],
        basis=found["basis"],
        stage=Stage(found["stage"]),
        suspicious=found["suspicious"],
        reason=found["reason"],
    )
