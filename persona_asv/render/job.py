"""What a pipeline is told of a comparison: GitHub's annotations, and the job's summary in Markdown.

Workflow commands are lines of the log that begin with ``::``; names from files must not become any.
Source of the format: https://docs.github.com/en/actions/reference/workflows-and-actions/workflow-commands
"""

from __future__ import annotations

import secrets
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from persona_asv.comparison import Comparison
from persona_asv.errors import ExitCode
from persona_asv.judgement import Finding, Verdict
from persona_asv.render.comparison import change, percent, summary, tables, unit_written
from persona_asv.render.heading import Heading
from persona_asv.render.markdown_text import code, prose, table
from persona_asv.render.terminal import Style
from persona_asv.render.verdict_marks import GRAVITY, status

MOST_ROWS = 200
"""Rows of a table in the summary: GitHub refuses one of more than a mebibyte."""

_WHAT = {
    ExitCode.PASS: "all within the thresholds",
    ExitCode.WARN: "warning threshold exceeded, or inconclusive",
    ExitCode.FAIL: "failure threshold exceeded",
    ExitCode.COULD_NOT_MEASURE: "could not measure",
}
_STYLE = Style(unicode=True, live=False, width=120)
_PLAIN = Style(unicode=False, live=False, width=120)


@dataclass(frozen=True, slots=True)
class Notice:
    """What a job is told of one comparison.

    Attributes
    ----------
    title
        The comparison in a few words.
    lines
        What it came to, metric by metric.
    markdown
        The same for the job's summary.
    """

    verdict: ExitCode
    title: str
    lines: tuple[str, ...]
    markdown: str


def notice(comparison: Comparison, heading: Heading) -> Notice:
    """Return what a job is told of a comparison."""
    title = f"Performance: {heading.titles[1]} vs {heading.titles[0]}"
    moved = [
        f"{finding.key}: {_moved(finding)}" + (f" in {case.name}" if case.provider else "")
        for case in tables(comparison)
        for finding in case.judgement.findings
        if finding.verdict in (Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE)
    ]
    lines = (summary(comparison, _PLAIN), *moved[:20])
    return Notice(comparison.exit_code, title, lines, _markdown(comparison, heading))


def plain_notice(verdict: ExitCode, titles: tuple[str, str], how: str) -> Notice:
    """Return what a job is told of a comparison that is a verdict and no more."""
    said = f"{_WHAT[verdict]}, {how}"
    title = f"Performance: {titles[1]} vs {titles[0]}"
    return Notice(verdict, title, (said,), f"## {prose(title)}\n\n{prose(said)}\n")


def failure(error: Exception) -> Notice:
    """Return what a job is told of a comparison that there is not."""
    said = " ".join(str(error).split())
    title = "Performance: nothing was compared"
    return Notice(ExitCode.COULD_NOT_MEASURE, title, (said,), f"## {title}\n\n{prose(said)}\n")


def annotation(found: Notice, exit_code: ExitCode) -> str:
    """Return the line that marks a build; empty where nothing is wrong.

    A verdict that does not fail the build, because the settings say so, is a warning at most.
    """
    if found.verdict is ExitCode.PASS:
        return ""
    level = "error" if found.verdict > ExitCode.WARN and exit_code is not ExitCode.PASS else "warning"
    return workflow_command(level, found.title, "\n".join(found.lines))


def workflow_command(level: str, title: str, message: str) -> str:
    r"""Return one workflow command: whatever it says, one line and no other command.

    >>> workflow_command("error", "a: b, c", "100 %\n::error::forged")
    '::error title=a%3A b%2C c::100 %25%0A::error::forged'
    """
    return f"::{level} title={_escaped(title, ':,')}::{_escaped(message)}"


def _escaped(text: str, more: str = "") -> str:
    shown = text.replace("##[", "## [")  # the runner's older commands, which it looks for anywhere in a line
    return "".join(f"%{ord(each):02X}" if each in f"%\r\n{more}" else each for each in shown)


def as_log(text: str) -> str:
    """Return a text for the log of a job: where a line of it could be taken for a command, none is."""
    lines = text.splitlines()
    if not any(line.lstrip().startswith("::") or "##[" in line for line in lines):
        return text
    token = secrets.token_hex(16)
    return f"::stop-commands::{token}\n{text}\n::{token}::"


def softened(verdict: ExitCode, exit_code: ExitCode) -> str:
    """Return what is said where a verdict does not fail a build; empty where it does, or there is none."""
    if verdict is exit_code:
        return ""
    return f"Verdict: {_WHAT[verdict]}; exit code {int(exit_code)}, as benchmarks.ci has it"


def _moved(finding: Finding) -> str:
    values = unit_written(finding)
    return f"{change(finding)} ({values[0]} to {values[1]}), {finding.verdict.value}"


def _markdown(comparison: Comparison, heading: Heading) -> str:
    titles = heading.titles
    parts = [f"## Performance: {prose(titles[1])} vs {prose(titles[0])}", prose(summary(comparison, _PLAIN))]
    parts += [f"- {prose(note)}" for note in comparison.notes]
    left = MOST_ROWS
    for case in tables(comparison):
        if case.provider:
            parts.append(f"### {prose(case.name)} ({prose(case.provider)})")
        parts += _rows(case.judgement.findings, left)
        left = max(0, left - len(case.judgement.findings))
    return "\n\n".join(parts) + "\n"


def _rows(findings: Sequence[Finding], most: int) -> Iterator[str]:
    """Yield a table of the gravest, and how many more there are."""
    shown = findings
    if len(findings) > most:
        shown = sorted(findings, key=lambda finding: -GRAVITY.index(finding.verdict))[:most]
    rows = []
    for finding in shown:
        written, interval = unit_written(finding), finding.interval
        rows.append(
            (
                code(finding.key, in_table=True),
                *(prose(each, in_table=True) for each in (*written, change(finding))),
                f"{percent(interval[0])} to {percent(interval[1])}" if interval else "",
                f"{status(finding.verdict, _STYLE)} {finding.verdict.value}",
            )
        )
    if rows:
        yield table(("Metric", "Baseline", "Current", "Change", "95 % interval", "Status"), rows)
    if len(findings) > len(rows):
        yield f"and {len(findings) - len(rows)} more, none of them graver"
