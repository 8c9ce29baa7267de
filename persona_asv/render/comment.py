"""The comment on a pull request, in GitHub Markdown: verdict first, then what moved, evidence folded away.

Whatever it is told, it is text: nothing of it renders as markup, links or mentions anybody, and the whole is
never longer than GitHub takes.
"""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import quote

from persona_asv.comments.comment import Comment, Edit, Links
from persona_asv.comparison import Case, Comparison
from persona_asv.errors import ExitCode
from persona_asv.judgement import Finding, Verdict
from persona_asv.metrics import LATENCY, unit_of
from persona_asv.render.comparison import change, percent, unit_written, verdicts
from persona_asv.render.markdown_text import code, prose, table
from persona_asv.render.terminal import Style
from persona_asv.render.verdict_marks import evidence, status
from persona_asv.units import significant

MARKER = "<!-- persona_asv: performance of this pull request -->"
"""How the comment is found again; the first line of it."""
MOST_CHARACTERS = 60_000
"""GitHub refuses a comment of more than 65,536."""
ROWS = (400, 100, 30, 10, 3, 0)
"""Rows a table may have: the first that makes the whole fit."""
LONGEST = 160
"""Characters of a text that are shown."""

_STYLE = Style(unicode=True, live=False, width=100)
_MOVED = (Verdict.FAIL, Verdict.WARN, Verdict.INCONCLUSIVE, Verdict.BETTER)
_ABSENT = "\N{EN DASH}"


def comment(its: Comment, links: Links | None = None) -> str:
    """Return the comment, at most `MOST_CHARACTERS` long."""
    for rows in ROWS:
        text = "\n\n".join(filter(None, (MARKER, *_blocks(its, links or Links(), rows)))) + "\n"
        if len(text) <= MOST_CHARACTERS:
            break
    return text


def _blocks(its: Comment, links: Links, rows: int) -> Iterator[str]:
    yield f"### {_headline(its)}"
    if its.comparison is None:
        yield _said(its.failure)
    else:
        yield _sides(its)
        yield from _moved(its.comparison, rows)
    yield from _edits(its.edits, rows)
    if its.comparison is not None:
        yield from _evidence(its.comparison, rows)
    yield _machine(its)
    yield from _more(its, links)


def _headline(its: Comment) -> str:
    if its.comparison is None:
        return "❌ Performance could not be measured"
    found = verdicts(its.comparison)
    match its.comparison.exit_code:
        case ExitCode.PASS:
            better = [key for key, verdict in found.items() if verdict == Verdict.BETTER.value]
            return f"✅ Performance: better, {_keys(better)}" if better else "✅ Performance: no regression"
        case ExitCode.COULD_NOT_MEASURE:
            return "❌ Performance could not be judged"
        case ExitCode.FAIL:
            worst, said, sign = Verdict.FAIL, "failure threshold exceeded by", "❌"
        case _:
            some = Verdict.WARN.value in found.values()
            worst = Verdict.WARN if some else Verdict.INCONCLUSIVE
            said, sign = "warning threshold exceeded by" if some else "inconclusive:", "⚠️"
    return f"{sign} Performance: {said} {_keys([k for k, v in found.items() if v == worst.value])}"


def _keys(keys: list[str]) -> str:
    shown = ", ".join(_name(key) for key in keys[:5])
    return shown + (f" and {len(keys) - 5} more" if len(keys) > 5 else "")


def _sides(its: Comment) -> str:
    before, now = (
        code(commit[:8]) if commit else _said(label)
        for label, commit in zip(its.labels, its.commits, strict=True)
    )
    taken = all(case.judgement.interleaved for case in its.comparison.cases) if its.comparison else False
    how = ", measured in turn on one machine" if taken else ""
    return f"This change ({now}) against its base ({before}){how}."


def _moved(comparison: Comparison, rows: int) -> Iterator[str]:
    """Yield the metrics that moved, the gravest case first as the comparison has them."""
    found = [
        (case, finding)
        for case in comparison.cases
        for finding in case.judgement.findings
        if finding.verdict in _MOVED or evidence(finding) == "noise"
    ]
    found.sort(key=lambda pair: _MOVED.index(pair[1].verdict) if pair[1].verdict in _MOVED else len(_MOVED))
    if found:
        several = len(comparison.cases) > 1
        yield table(
            (*(["Case"] if several else []), "Metric", "Base", "This change", "Change", "95 % interval", ""),
            [_row(case, finding, several=several) for case, finding in found[:rows]],
            numbers_from=1 + several,
        )
    yield _rest(len(found), rows)
    quiet = sum(len(case.judgement.findings) for case in comparison.cases) - len(found)
    yield (
        f"{quiet or 'No'} other metric{'' if quiet == 1 else 's'}: nothing to tell."
        if found
        else (f"None of {quiet} metrics moved beyond noise and thresholds.")
    )
    for case in comparison.cases:
        if case.judgement.missing:
            missing = _keys(list(case.judgement.missing))
            yield f"**Not measured in this change:** {missing} of {_name(case.name)}."


def _row(case: Case, finding: Finding, *, several: bool) -> list[str]:
    before, now = unit_written(finding)
    return [
        *([_name(case.name, in_table=True)] if several else []),
        _name(finding.key, in_table=True),
        before,
        now,
        change(finding) if evidence(finding) == "noise" else f"**{change(finding)}**",
        _interval(finding),
        "cannot be told from noise"
        if finding.verdict is Verdict.PASS
        else f"{status(finding.verdict, _STYLE)} {finding.verdict.value}",
    ]


def _interval(finding: Finding) -> str:
    ends = finding.interval
    return f"{percent(ends[0])} to {percent(ends[1])}" if ends else _ABSENT


def _rest(count: int, rows: int) -> str:
    return f"… and {count - rows} more." if count > rows else ""


def _edits(edits: tuple[Edit, ...], rows: int) -> Iterator[str]:
    """Yield what the change does to stored baselines: a reviewer must see it whatever the verdict."""
    if not edits:
        return
    yield "**This change edits stored baselines** (they do not count before it is merged):"
    lines = []
    for edit in edits:
        name = _name(edit.name, in_table=True)
        if edit.problem:
            lines.append((name, _said(edit.problem, in_table=True), "", "", ""))
        for (case, key), (old, new) in edit.figures.items():
            moved = f"{(new - old) / abs(old):+.1%}" if old and new is not None else ""
            metric = f"{_name(key, in_table=True)} of {_name(case, in_table=True)}"
            lines.append((name, metric, _figure(key, old), _figure(key, new), moved))
        if not edit.problem and not edit.figures:
            lines.append((name, "no value", "", "", ""))
    yield table(("Baseline", "Metric", "Before", "After", ""), lines[:rows], numbers_from=2)
    yield _rest(len(lines), rows)


def _figure(key: str, value: float | None) -> str:
    unit = unit_of(key)
    return _ABSENT if value is None else unit.write(value) if unit else significant(value)


def _evidence(comparison: Comparison, rows: int) -> Iterator[str]:
    parts = []
    for case in comparison.cases:
        where = f"{_short(case.name)} on {_short(case.provider)}" if case.provider else _short(case.name)
        lines = [
            (
                _name(each.key, in_table=True),
                *unit_written(each),
                change(each),
                _interval(each),
                _ABSENT if each.detectable is None else percent(each.detectable),
                f"{each.rounds[0]} + {each.rounds[1]}",
                f"{status(each.verdict, _STYLE)} {each.verdict.value}",
                _said(each.reason, in_table=True),
            )
            for each in case.judgement.findings[:rows]
        ]
        head = ("Metric", "Base", "This change", "Change", "95 % interval", "Detectable", "Rounds", "", "Why")
        parts += [f"**{_said(where)}**", table(head, lines) if lines else ""]
        parts.append(_rest(len(case.judgement.findings), rows))
        parts += [f"- {_said(note)}" for note in case.judgement.notes[:rows]]
    parts += [f"- {_said(note)}" for note in comparison.notes[:rows]]
    for said, names in (
        ("Only in the base", comparison.only_baseline),
        ("Only in this change", comparison.only_current),
        ("Not comparable, other versions of the benchmark", comparison.changed),
    ):
        parts.append(f"- {said}: {_keys(list(names))}" if names else "")
    yield "\n\n".join(
        ("<details><summary>Evidence</summary>", *filter(None, parts[: 6 * rows + 6]), "</details>")
    )


def _machine(its: Comment) -> str:
    facts = [f"{_said(name)} {_said(fact)}" for name, fact in list(its.machine.items())[:12]]
    waiting = [
        sum(case.judgement.waiting) / 2
        for case in (its.comparison.cases if its.comparison else ())
        if case.judgement.waiting is not None
    ]
    if waiting:
        facts.append(f"{min(max(waiting), 1):.0%} of the time without a CPU")
    return f"Machine: {', '.join(facts)}." if facts else ""


def _more(its: Comment, links: Links) -> Iterator[str]:
    found = []
    if links.run:
        found.append(f"[run]({links.run})")
    if links.artifact:
        found.append(f"[report, JSON and results]({links.artifact})")
    if links.site and its.comparison and its.comparison.cases:
        found.append(f"[history]({links.site}{_graph(its.comparison.cases[0], its.commits[0])})")
    if found:
        yield " · ".join(found)
    if its.commits[0]:
        yield f"To measure it yourself: `persona benchmark compare --baseline {its.commits[0][:12]} --always`"


def _graph(case: Case, commit: str | None) -> str:
    """Return the part of the address that makes asv's site show one case's latency, at a commit."""
    chosen = {"p-workload": repr(_short(case.name)), "p-provider": repr(_short(case.provider))}
    if commit:
        chosen["commits"] = commit[:8]
    asked = "&".join(f"{key}={quote(value, safe='')}" for key, value in chosen.items())
    return f"#{LATENCY}?{asked}".replace("'", "%27").replace("(", "%28").replace(")", "%29")


def _short(text: str) -> str:
    return text if len(text) <= LONGEST else text[: LONGEST - 1] + "…"


def _said(text: str, *, in_table: bool = False) -> str:
    return prose(_short(text), in_table=in_table) or _ABSENT


def _name(text: str, *, in_table: bool = False) -> str:
    return code(_short(text), in_table=in_table) or _ABSENT
