"""A baseline as YAML text, and back: F-139's keys where F-139 has them, ours beside them.

Format history (``schema``):

- 1: F-139's shape, and ours: ``commit``, ``dirty``, ``subject``, ``provider``, ``model``, ``price``,
  ``endpoint``, the rest of the fingerprint, ``evidence`` per case, ``samples``. A file without ``schema`` is
  read as 1; so is the older variant, which has no ``name``, a ``description`` per workload, and the metric
  ``throughput_personas_per_minute``.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, fields
from datetime import UTC, datetime
from typing import Any, cast

from persona_asv.baselines.baseline import NAME, Baseline, Entry, Figure, Samples
from persona_asv.config import METRICS
from persona_asv.environment import Environment
from persona_asv.prices import Price
from persona_asv.yaml_text import Line, dump
from persona_asv.yaml_tree import TEXT, Reader, complaint, compose, scalar
from persona_asv.yaml_tree import Entry as Node

SCHEMA = 1
_FORMER = {"throughput_personas_per_minute": "throughput_per_minute"}
"""Metric keys of the older variant, and what they are called now."""


def write(baseline: Baseline) -> str:
    """Return the file's text: the same for equal baselines."""
    return dump(
        {
            "name": baseline.name,
            "version": baseline.version,
            "captured_at": baseline.captured_at,
            "schema": SCHEMA,
            "pinned": baseline.pinned or None,
            "commit": baseline.commit,
            "dirty": baseline.dirty,
            "subject": baseline.subject,
            "provider": baseline.provider,
            "model": baseline.model,
            "price": None if baseline.price is None else Line(_price_written(baseline.price)),
            "endpoint": {"kind": baseline.endpoint, "profile": baseline.profile}
            if baseline.endpoint or baseline.profile
            else None,
            "environment": {
                name: _short(fact) if isinstance(fact, float) else fact
                for name, fact in asdict(baseline.environment).items()
            },
            "workloads": {case: _entry(entry) for case, entry in sorted(baseline.workloads.items())},
            "samples": None if baseline.samples is None else asdict(baseline.samples),
        }
    )


def _entry(entry: Entry) -> dict[str, object]:
    figures = {key: entry.metrics[key] for key in METRICS if key in entry.metrics}
    evidence = {
        key: Line(
            n=figure.n,
            rounds=figure.rounds,
            interval=None if figure.interval is None else tuple(map(_short, figure.interval)),
        )
        for key, figure in figures.items()
        if (figure.n, figure.rounds, figure.interval) != (None, None, None)
    }
    return {
        "description": entry.description,
        "iterations": entry.iterations,
        "metrics": {key: _short(figure.value) for key, figure in figures.items()},
        "evidence": evidence or None,
    }


def _price_written(price: Price) -> dict[str, object]:
    """Return a price, in US dollars per million tokens, as a baseline holds it."""
    return {"input": _short(price.input), "output": _short(price.output), "source": price.source}


def _short(value: float) -> float:
    """Return a whole number without its point, F-139's way."""
    return int(value) if value == int(value) and abs(value) < 1e15 else value


def read(text: str, file: str, name: str) -> Baseline:
    """Return the baseline in a text.

    Parameters
    ----------
    file
        What errors call it.
    name
        The baseline's name where the file does not say one.

    Raises
    ------
    ConfigError
        It is no baseline; names file, line and key.
    """
    root = compose(text, file)
    if root is None:
        raise complaint(file, "empty; a baseline has version, captured_at and workloads")
    top = Node(file, "", 1, root)
    _refuse_newer(top)
    found = top.read(_TOP)
    for key in ("version", "captured_at", "workloads"):
        if key not in found:
            raise top.error(f"lacks {key}; a baseline has version, captured_at and workloads")
    return Baseline(
        name=found.get("name", name),
        version=found["version"],
        captured_at=found["captured_at"],
        environment=found.get("environment", Environment()),
        workloads=found["workloads"],
        **{key: found[key] for key in _AS_THEY_ARE if key in found},
        **found.get("endpoint", {}),
    )


_AS_THEY_ARE = ("commit", "dirty", "subject", "provider", "model", "price", "pinned", "samples")


def _refuse_newer(top: Node) -> None:
    """Refuse a newer format before any of its unknown keys is complained about."""
    for key, node in top.node.value if top.tag == "!!map" else ():
        if key.value == "schema":
            schema = _SCHEMA(Node(top.file, "schema", key.start_mark.line + 1, node))
            if schema > SCHEMA:
                raise complaint(
                    top.file,
                    f"written by a newer persona_asv (schema {schema}, this one reads {SCHEMA}); "
                    "update persona-asv to read it",
                )


def _moment(text: str) -> datetime | None:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        return None
    try:
        moment = moment if moment.tzinfo else moment.replace(tzinfo=UTC)
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        return None


def _number(text: str) -> float | None:
    value = float(text.replace("_", ""))
    return value if value < 1e300 else None


_LINE = scalar("a text of one line", TEXT, r"\S(.*\S)?")
_WHOLE = scalar("a whole number", ("!!int",), r"0|[1-9][0-9]{0,17}", int)
_SCHEMA = scalar("a whole number", ("!!int",), r"[1-9][0-9]{0,17}", int)
_NUMBER = scalar(
    "a number from 0 up",
    ("!!int", "!!float", "!!str"),  # YAML 1.1 takes 1e3 for a text
    r"((0|[1-9][0-9]*(_[0-9]+)*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]{1,3})?",
    _number,
)
_FLAG = scalar("true or false", ("!!bool",), "(?i:true|false)", lambda text: text.lower() == "true")


def _interval(entry: Node) -> tuple[float, float]:
    ends = entry.items(_NUMBER)
    if len(ends) != 2 or ends[0] > ends[1]:
        raise entry.error("expected two numbers, the lower first")
    return cast("tuple[float, float]", ends)


_EVIDENCE: Mapping[str, Reader] = {"n": _WHOLE, "rounds": _WHOLE, "interval": _interval}
_METRIC_KEYS = (*METRICS, *_FORMER)


def _case(node: Node) -> Entry:
    found = node.read(
        {
            "description": _LINE,
            "iterations": _WHOLE,
            "metrics": lambda its: its.read(dict.fromkeys(_METRIC_KEYS, _NUMBER)),
            "evidence": lambda its: its.read(dict.fromkeys(_METRIC_KEYS, lambda each: each.read(_EVIDENCE))),
        }
    )
    if not found.get("metrics"):
        raise node.error("has no metrics")
    for former, key in _FORMER.items():
        if former in found["metrics"] and key in found["metrics"]:
            raise node.error(f"has {key} twice, once as {former}; keep one")
    evidence: dict[str, Any] = found.get("evidence", {})
    if stray := set(evidence) - set(found["metrics"]):
        raise node.error(f"has evidence of {min(stray)}, but no such metric")
    figures = {
        _FORMER.get(key, key): Figure(value, **evidence.get(key, {}))
        for key, value in found["metrics"].items()
    }
    return Entry(found.get("iterations"), figures, found.get("description"))


def _workloads(node: Node) -> dict[str, Entry]:
    """Read a case by any name: a workload may be the user's own."""
    if node.tag != "!!map" or not node.node.value:
        raise node.expected("a mapping of at least one workload")
    names = [key.value if key.id == "scalar" else "" for key, _ in node.node.value]
    for name in names:
        if not NAME.fullmatch(name):
            raise node.error(f"{name[:60]!r} is no workload name")
    return cast("dict[str, Entry]", node.read(dict.fromkeys(names, _case)))


def _environment(node: Node) -> Environment:
    numbers = {"memory_gb": _NUMBER, "cores": _WHOLE}
    names = [each.name for each in fields(Environment)]
    return Environment(**node.read({name: numbers.get(name, _LINE) for name in names}))


def _endpoint(node: Node) -> dict[str, str | None]:
    found = node.read({"kind": _LINE, "profile": _LINE})
    return {"endpoint": found.get("kind"), "profile": found.get("profile")}


def _samples(node: Node) -> Samples:
    found = node.read(
        {
            "file": scalar("a file's name, without a folder", TEXT, r"[A-Za-z0-9][A-Za-z0-9._+-]{0,199}"),
            "sha256": scalar("64 hexadecimal digits", TEXT, "[0-9a-f]{64}"),
        }
    )
    if len(found) != 2:
        raise node.error("needs file and sha256")
    return Samples(**found)


def _price(node: Node) -> Price:
    found = node.read({"input": _NUMBER, "output": _NUMBER, "source": _LINE})
    if len(found) != 3:
        raise node.error("needs input, output and source")
    return Price(**found)


_TOP: Mapping[str, Reader] = {
    "name": scalar("a baseline name", TEXT, NAME.pattern),
    "version": _LINE,
    "captured_at": scalar(
        "a time like 2025-01-15T10:30:00Z", ("!!timestamp", "!!str"), r"[0-9][0-9T:Z+. -]{9,34}", _moment
    ),
    "schema": _SCHEMA,
    "pinned": _FLAG,
    "commit": scalar("a full commit hash", TEXT, "[0-9a-f]{40}|[0-9a-f]{64}"),
    "dirty": _FLAG,
    "subject": _LINE,
    "provider": _LINE,
    "model": _LINE,
    "price": _price,
    "endpoint": _endpoint,
    "environment": _environment,
    "workloads": _workloads,
    "samples": _samples,
}
