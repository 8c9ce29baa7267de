"""A comment as a JSON document, and back: what the job that measures hands to the job that may write.

The first runs the pull request's code, so the second believes nothing: it takes the document apart value by
value (`shape`), and what is told is rendered from the result, never copied.
"""

from __future__ import annotations

import json
from typing import Any

from persona_asv.comments.comment import Comment, Edit
from persona_asv.comments.shape import LONGEST, MOST, Value, parse
from persona_asv.comparison import Case, Comparison
from persona_asv.judgement import Finding, Judgement, Stage, Verdict

SCHEMA = 1
"""1: a comparison as ``compare --json`` prints it, or a failure; the machine; edited baselines."""

_COMMIT = "[0-9a-f]{40}|[0-9a-f]{64}"
_KEY = "[a-z][a-z0-9_]{0,60}"


def write(compared: dict[str, Any] | None, comment: Comment) -> str:
    """Return the document of a comment; `compared` is the data of ``compare --json``.

    What is longer than a reader of it takes is cut off.
    """
    whole = {
        "schema": SCHEMA,
        "comparison": compared,
        "failure": comment.failure,
        "machine": dict(comment.machine),
        "edits": [
            {
                "name": edit.name,
                "problem": edit.problem,
                "figures": [
                    {"case": case, "metric": key, "values": list(values)}
                    for (case, key), values in edit.figures.items()
                ],
            }
            for edit in comment.edits
        ],
    }
    return json.dumps(_cut(whole), indent=2, allow_nan=False)


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= LONGEST else value[: LONGEST - 1] + "…"
    if isinstance(value, list):
        return [_cut(each) for each in value[:MOST]]
    if isinstance(value, dict):
        return {_cut(key): _cut(each) for key, each in list(value.items())[:MOST]}
    return value


def read(content: bytes, name: str) -> Comment:
    """Return the comment of a document.

    Raises
    ------
    UsageError
        It is no such document; the message names the value.
    """
    root = parse(content, name)
    if root.member("schema").whole() != SCHEMA:
        raise root.member("schema").wrong(f"{SCHEMA}, the schema that this version knows")
    compared = root.member("comparison")
    failure = root.member("failure").text()
    if (compared.held is None) == (not failure):
        raise root.wrong("either a comparison or a failure")
    comment = Comment(failure=failure) if compared.held is None else compared_as_comment(compared)
    return Comment(
        comment.labels,
        comment.commits,
        comment.comparison,
        failure,
        machine={key: value.text() for key, value in root.member("machine").members().items()},
        edits=tuple(map(_edit, root.member("edits").items())),
    )


def compared_as_comment(data: Value) -> Comment:
    """Return the comment on what ``compare --json`` printed as ``data``.

    Raises
    ------
    UsageError
        It is no such thing.
    """
    comparison = Comparison(
        tuple(map(_case, data.member("cases").items())),
        only_baseline=data.member("only_baseline").texts(),
        only_current=data.member("only_current").texts(),
        changed=data.member("changed").texts(),
        notes=data.member("notes").texts(),
    )
    labels = data.member("baseline").text(), data.member("current").text()
    before, now = (
        data.member(f"{side}_commit").maybe(lambda value: value.text(_COMMIT))
        for side in ("baseline", "current")
    )
    return Comment(labels, (before, now), comparison)


def _case(value: Value) -> Case:
    judgement = Judgement(
        tuple(_finding(key, its) for key, its in value.member("findings").members().items()),
        remeasure=value.member("remeasure").flag(),
        missing=value.member("missing").texts(),
        added=value.member("added").texts(),
        notes=value.member("notes").texts(),
        waiting=value.member("cpu_wait_share").maybe(lambda share: share.two(Value.number)),
        interleaved=value.member("interleaved").flag(),
    )
    return Case(value.member("case").text(), value.member("provider").text(), judgement)


def _finding(key: str, value: Value) -> Finding:
    verdicts, stages = ("|".join(each.value for each in kind) for kind in (Verdict, Stage))
    return Finding(
        key,
        Verdict(value.member("verdict").text(verdicts)),
        baseline=value.member("baseline").number(),
        current=value.member("current").number(),
        change=value.member("change").maybe(Value.number),
        interval=value.member("interval").maybe(lambda ends: ends.two(Value.number)),
        detectable=value.member("detectable").maybe(Value.number),
        n=value.member("n").two(Value.whole),
        rounds=value.member("rounds").two(Value.whole),
        channel=value.member("channel").text("[a-z]{0,20}"),
        basis=value.member("basis").text("[a-z]{0,20}"),
        stage=Stage(value.member("stage").text(stages)),
        suspicious=value.member("suspicious").flag(),
        reason=value.member("reason").text(),
    )


def _edit(value: Value) -> Edit:
    figures = {
        (each.member("case").text(), each.member("metric").text(_KEY)): each.member("values").two(
            lambda figure: figure.maybe(Value.number)
        )
        for each in value.member("figures").items()
    }
    return Edit(value.member("name").text(), figures, value.member("problem").text())
