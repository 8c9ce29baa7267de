"""Result files of asv up to 0.3 (format 1), turned into the rows of format 2 as ``asv update`` would.

In format 1 a benchmark is a bare value, or an object with ``result``, ``samples``, ``stats`` and ``params``;
versions, starts and durations stand in objects of their own. Statistics and durations, stored in full, are
cut to five digits on the way, because asv's own update does so and both ways must give the same number.
"""

from __future__ import annotations

import re
from collections.abc import Mapping

from persona_asv.engine.results_json import UnfitError, items, mapping, missing, short, text

REQUIRED = ("commit_hash", "date", "params", "python", "requirements", "results")
_UNSAFE_IN_FILE_NAMES = re.compile(r'[<>:"/^|?*\x00-\x1f]')
_PLAIN_STATS = ("q_25", "q_75", "number", "repeat")


def rows(found: Mapping[str, object]) -> dict[str, dict[str, object]]:
    """Return, for each benchmark in alphabetical order, the columns that format 2 would give it.

    Raises
    ------
    UnfitError
        An object that asv's update cannot read either: without ``result``, or statistics without interval.
    """
    beside = {
        column: {} if found.get(key) is None else mapping(found[key], key)
        for column, key in (
            ("version", "benchmark_version"),
            ("started_at", "started_at"),
            ("duration", "duration"),
        )
    }
    return {
        name: _row(entry, name)
        | {column: named.get(name) for column, named in beside.items()}
        | {"duration": _short(beside["duration"].get(name))}
        for name, entry in sorted(mapping(found["results"], "results").items())
    }


def env_name(found: Mapping[str, object]) -> object:
    """Return the environment's name, which the oldest files do not store: asv makes it of its parts."""
    if "env_name" in found:
        return found["env_name"]
    wanted = mapping(found["requirements"], "requirements")
    parts = [f"py{text(found['python'], 'python')}"]
    parts += [package + text(version or "", "a requirement") for package, version in sorted(wanted.items())]
    return _UNSAFE_IN_FILE_NAMES.sub("_", "-".join(parts))


def _row(entry: object, name: str) -> dict[str, object]:
    if not isinstance(entry, dict):
        return {"result": [entry]}
    missing(("result",), entry)
    stats = entry.get("stats")
    return {
        "result": _listed(entry["result"]),
        "samples": entry.get("samples"),
        "params": entry.get("params"),
        **({} if stats is None else _stats_columns([_stats(one, name) for one in _listed(stats)])),
    }


def _listed(found: object) -> list[object]:
    return found if isinstance(found, list) else [found]


def _stats(found: object, name: str) -> dict[str, object]:
    if found is None:
        return {}
    stats = mapping(found, "an entry of stats")
    missing(("ci_99",), stats)
    match items(stats["ci_99"], "ci_99"):
        case [low, high, *_]:
            return {"ci_99_a": low, "ci_99_b": high} | {key: stats.get(key) for key in _PLAIN_STATS}
        case ends:
            raise UnfitError(f"ci_99 of {name!r} has {len(ends)} ends, not two")


def _stats_columns(stats: list[dict[str, object]]) -> dict[str, object]:
    keys = ("ci_99_a", "ci_99_b", *_PLAIN_STATS)
    return {f"stats_{key}": [_short(one.get(key)) for one in stats] for key in keys}


def _short(found: object) -> object:
    return short(found) if isinstance(found, float) else found
