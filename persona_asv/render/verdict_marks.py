"""Marks: what a verdict and what evidence look like, in pictures or in ASCII."""

from __future__ import annotations

from persona_asv.judgement import Finding, Stage, Verdict
from persona_asv.render.terminal import Style

_STATUS = {
    Verdict.PASS: ("✅", "ok"),
    Verdict.BETTER: ("🚀", "better"),
    Verdict.WARN: ("⚠️", "WARN"),
    Verdict.FAIL: ("❌", "FAIL"),
    Verdict.INSUFFICIENT: ("·", "n/a"),
    Verdict.INCONCLUSIVE: ("❔", "??"),
}
EVIDENCE = {
    "exact": ("=", "a count or a memory figure: compared as it is"),
    "proven": ("!", "moved beyond doubt"),
    "steady": ("", ""),
    "noise": ("~", "moved, but cannot be told from noise here"),
    "few": ("†", "too few samples: shown, never decisive"),
    "shown": ("w", "wall time of a stream: shown, never judged"),
}
"""Kinds of evidence: mark and meaning."""
GRAVITY = (
    Verdict.INSUFFICIENT, Verdict.PASS, Verdict.BETTER, Verdict.INCONCLUSIVE, Verdict.WARN, Verdict.FAIL,
)  # fmt: skip
"""Verdicts, the mildest first."""


def status(verdict: Verdict, style: Style) -> str:
    """Return a verdict's mark."""
    return _STATUS[verdict][0 if style.unicode else 1]


def evidence(finding: Finding) -> str:
    """Return what kind of evidence a number has: a key of the legend."""
    if finding.stage is Stage.SHOWN:
        return "shown"
    if finding.verdict is Verdict.INSUFFICIENT:
        return "few"
    if finding.stage is Stage.PLAIN:
        return "exact"
    if finding.verdict in (Verdict.WARN, Verdict.FAIL, Verdict.BETTER):
        return "proven"
    return "noise" if finding.suspicious or finding.verdict is Verdict.INCONCLUSIVE else "steady"
