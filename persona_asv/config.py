"""persona.yaml: what its key ``benchmarks:`` configures, typed and checked.

Every other top-level key belongs to Persona and is never looked at. Values are read off the tree of YAML
nodes, led by the schema: nothing is constructed, no alias is expanded, and a complaint knows its line.
"""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from persona_asv import prices
from persona_asv.prices import Price
from persona_asv.rounds import TOKEN_TIMES
from persona_asv.sizes import OwnWorkload, WorkloadSizes
from persona_asv.yaml_tree import TEXT, Entry, Reader, compose, read_text, scalar

WORKLOADS = ("quick", "standard", "full", "batch", "provider")
FILE = "persona.yaml"
TAKEN = (*WORKLOADS, "full-5kb", "batch-c1", "batch-c3", "batch-c10")
"""Names that no own workload can have: those of our workloads and of their cases."""
METRICS = (
    *(f"{family}_{p}" for family in ("generation_latency", "client_overhead") for p in ("p50", "p95", "p99")),
    *("throughput_per_minute", "memory_peak_mb", "memory_average_mb"),
    *("api_calls_per_persona", "tokens_per_persona", "connections_per_persona", "cost_per_persona"),
    "python_calls_per_persona",
    *("cli_startup_ms", "import_ms", "imported_modules", "error_rate", "retry_rate", "parse_success_rate"),
    *(f"{name}_{p}" for name in TOKEN_TIMES for p in ("p50", "p95", "p99")),
)


@dataclass(frozen=True, slots=True)
class MetricThresholds:
    """What ``thresholds.metrics.<key>`` changes, in percent; None where it is silent."""

    warn: float | None = None
    fail: float | None = None


@dataclass(frozen=True, slots=True)
class ThresholdSettings:
    """The general pair, in percent, and the metrics that have their own."""

    warn: float = 10.0
    fail: float = 25.0
    metrics: Mapping[str, MetricThresholds] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class CiSettings:
    """What a pipeline does with a verdict; `fail_on` is the mildest verdict that fails a build."""

    upload_artifacts: bool = True
    comment_on_pr: bool = True
    fail_on_regression: bool = True
    fail_on: Literal["warn", "fail"] = "warn"


@dataclass(frozen=True, slots=True)
class Config:
    """The configuration in force.

    Relative directories are relative to `root`: the folder of the file at `path`, or the start folder where
    there is no file. `keep_always` holds baseline names and shell-style patterns, `prices` the project's own
    by model. A choice that is None is left to the command line and its defaults.
    """

    root: Path
    path: Path | None = None
    baselines_dir: Path = Path("baselines")
    reports_dir: Path = Path("benchmark-reports")
    workloads: Mapping[str, WorkloadSizes] = field(default_factory=dict)
    thresholds: ThresholdSettings = field(default_factory=ThresholdSettings)
    ci: CiSettings = field(default_factory=CiSettings)
    keep_always: tuple[str, ...] = ()
    prices: Mapping[str, Price] = field(default_factory=dict)
    subject: str | None = None
    provider: str | None = None
    model: str | None = None
    machine: str | None = None


def load(start: Path, explicit: Path | None = None) -> Config:
    """Return the configuration in force for work that starts in the folder `start`.

    It is that of the file `explicit`, or else of the first ``persona.yaml`` found from `start` upwards, as
    far as a folder that holds ``.git``. Where there is none, the defaults are in force.

    Raises
    ------
    ConfigError
        If the file cannot be read, is not one plain YAML document, or says anything under ``benchmarks:``
        that is unknown, of the wrong type or out of range.
    """
    path = explicit.absolute() if explicit else _find(start.resolve())
    if path is None:
        return Config(root=start.resolve())
    here = Path.cwd()
    file = str(explicit or (path.relative_to(here) if path.is_relative_to(here) else path))
    tree = compose(read_text(path, file), file)
    schema = {"benchmarks": _benchmarks(path.parent)}
    top = Entry(file, "", 1, tree).read(schema, others=True) if tree else {}
    return Config(root=path.parent, path=path, **top.get("benchmarks", {}))


def read_policy(text: str, file: str) -> tuple[ThresholdSettings, CiSettings]:
    """Return what a build is judged by, of a persona.yaml's text; the rest of it is not looked at.

    Raises
    ------
    ConfigError
        As for `load`; `file` is what it calls the text.
    """
    found = _parts(text, file, {"thresholds": _THRESHOLDS, "ci": _CI})
    return found.get("thresholds", ThresholdSettings()), found.get("ci", CiSettings())


def read_subject(text: str, file: str) -> str | None:
    """Return the subject that a persona.yaml names, None where it names none; the rest is not looked at.

    Raises
    ------
    ConfigError
        As for `load`; `file` is what it calls the text.
    """
    found: str | None = _parts(text, file, {"subject": _KEYS["subject"]}).get("subject")
    return found


def _parts(text: str, file: str, parts: Mapping[str, Reader]) -> Mapping[str, Any]:
    """Return these parts of the key ``benchmarks`` of a persona.yaml's text."""
    tree = compose(text, file)
    schema = {"benchmarks": lambda entry: entry.read(parts, others=True)}
    top = Entry(file, "", 1, tree).read(schema, others=True) if tree else {}
    found: Mapping[str, Any] = top.get("benchmarks", {})
    return found


def _find(start: Path) -> Path | None:
    for folder in (start, *start.parents):
        if os.path.lexists(folder / FILE):
            return folder / FILE
        if os.path.lexists(folder / ".git"):
            break
    return None


_WORD = r"[^\W\d]\w*(\.[^\W\d]\w*)*"


def _whole(most: int) -> Reader:
    # YAML 1.1 takes 010 for eight and 1:30 for ninety: only plain decimals are understood.
    wanted, pattern = f"a whole number from 1 to {most:,}", r"[1-9][0-9]*(_[0-9]+)*"
    return scalar(wanted, ("!!int",), pattern, lambda text: n if (n := int(text)) <= most else None)


def _number(most: int) -> Reader:
    pattern = r"((0|[1-9][0-9]*(_[0-9]+)*)(\.[0-9]*)?|\.[0-9]+)([eE][-+]?[0-9]+)?"
    wanted = f"a number above 0 and up to {most:,}"
    return scalar(
        wanted, ("!!int", "!!float"), pattern, lambda text: x if 0 < (x := float(text)) <= most else None
    )


def _section(make: Callable[..., Any], schema: Mapping[str, Reader]) -> Reader:
    return lambda entry: make(**entry.read(schema))


def _thresholds(make: Callable[..., Any], more: Mapping[str, Reader]) -> Reader:
    def read(entry: Entry) -> object:
        made = make(**entry.read({"warn": _number(1000), "fail": _number(1000), **more}))
        if made.warn is not None and made.fail is not None and made.warn > made.fail:
            raise entry.error(f"warn ({made.warn:g}) must not be above fail ({made.fail:g}); set both")
        return made

    return read


_FLAG = scalar(
    "true or false",
    ("!!bool",),
    "(?i:true|yes|on|false|no|off)",
    lambda text: text.lower() in ("true", "yes", "on"),
)
_FOLDER = scalar("a folder (~ is not expanded)", TEXT, r"[^\s~].*", Path)
_SIZES: Mapping[str, Reader] = {
    "iterations": _whole(1_000_000),
    "rounds": _whole(1_000),
    "timeout": _number(86_400),
}
_NAME = r"[A-Za-z0-9][A-Za-z0-9._-]{0,39}"


def _data(root: Path) -> Reader:
    """Return a reader of a file or folder below `root`, which must exist: it is what is measured."""
    named = scalar("a file or folder of research data, relative to this file", TEXT, r"[^\s~].*", Path)

    def read(entry: Entry) -> Path:
        path: Path = named(entry)
        try:
            there = (root / path).resolve(strict=True)
        except (OSError, RuntimeError) as error:  # the second: symbolic links in a circle
            raise entry.error(f"there is no {str(path)!r} beside this file") from error
        if path.is_absolute() or not there.is_relative_to(root.resolve()):
            raise entry.error(f"{str(path)!r} leads out of the folder of this file; put the data inside it")
        return there

    return read


def _workloads(root: Path) -> Reader:
    """Return a reader of sizes of our workloads, and of the project's own workloads."""
    own: Mapping[str, Reader] = {
        **_SIZES,
        "personas": _whole(100),
        "size": scalar("1kb or 5kb", TEXT, "1kb|5kb"),
        "data": _data(root),
        "concurrency": _whole(100),
    }

    def read_own(entry: Entry) -> OwnWorkload:
        found = entry.read(own)
        if ("size" in found) == ("data" in found):
            import difflib

            name = entry.key.rpartition("workloads.")[2]
            meant = "".join(f'; did you mean "{w}"?' for w in difflib.get_close_matches(name, WORKLOADS, n=1))
            raise entry.error(f"a workload of your own has either size (1kb, 5kb) or data{meant}")
        workload = OwnWorkload(**found)
        if (workload.concurrency or 1) > workload.personas:
            raise entry.error(
                f"concurrency ({workload.concurrency}) must not be above personas ({workload.personas}): "
                "a batch sends one request a persona"
            )
        return workload

    def read(entry: Entry) -> dict[str, WorkloadSizes]:
        schema: dict[str, Reader] = dict.fromkeys(WORKLOADS, _section(WorkloadSizes, _SIZES))
        for key, node in entry.node.value if entry.tag == "!!map" else ():
            name = key.value if key.id == "scalar" else ""
            if name not in schema:
                at = Entry(entry.file, f"{entry.key}.{name[:60]}", key.start_mark.line + 1, node)
                if name.lower() in TAKEN or not re.fullmatch(_NAME, name):
                    raise at.error(
                        f"no name for a workload of your own: use up to 40 letters, digits and . _ -, "
                        f"and none of {', '.join(TAKEN)}"
                    )
                schema[name] = read_own
        return entry.read(schema)

    return read


_LEVELS = {"metrics": _section(dict, dict.fromkeys(METRICS, _thresholds(MetricThresholds, {})))}
_THRESHOLDS = _thresholds(ThresholdSettings, _LEVELS)
_FLAGS = dict.fromkeys(("upload_artifacts", "comment_on_pr", "fail_on_regression"), _FLAG)
_CI = _section(CiSettings, {**_FLAGS, "fail_on": scalar("warn or fail", TEXT, "warn|fail")})
_PATTERN = scalar("a baseline name or pattern", TEXT, r"[A-Za-z0-9*?\[][A-Za-z0-9._+*?\[\]!-]*")
_KEYS: Mapping[str, Reader] = {
    "baselines_dir": _FOLDER,
    "reports_dir": _FOLDER,
    "thresholds": _THRESHOLDS,
    "ci": _CI,
    "keep_always": lambda entry: entry.items(_PATTERN),
    "prices": prices.read,
    "subject": scalar("reference, persona or module:attribute", TEXT, f"reference|persona|{_WORD}:{_WORD}"),
    "provider": scalar("anthropic, openai, gemini or ollama", TEXT, "anthropic|openai|gemini|ollama"),
    "model": scalar("a model's name", TEXT, r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*"),
    "machine": scalar(
        "a name of at most 64 letters, digits, dots, _ and -, not version",
        TEXT,
        r"(?!version$)[A-Za-z0-9][A-Za-z0-9._-]{0,63}",
    ),
}


def _benchmarks(root: Path) -> Reader:
    """Return the reader of the key ``benchmarks`` in a file that lies in `root`."""
    return _section(dict, {**_KEYS, "workloads": _workloads(root)})
