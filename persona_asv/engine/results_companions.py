"""What asv keeps beside result files: ``machine.json`` in the machine's folder, ``benchmarks.json`` above."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from persona_asv.engine.results_json import (
    UnfitError,
    load_object,
    mapping,
    param_sets,
    text,
    text_mapping,
    texts,
)
from persona_asv.errors import ResultFileError

MACHINE_FORMAT = 1
BENCHMARK_FORMATS = (1, 2)


@dataclass(frozen=True, slots=True)
class Machine:
    """The machine of a folder of results, in asv's words; None where the file does not say."""

    name: str
    os: str | None = None
    arch: str | None = None
    cpu: str | None = None
    num_cpu: str | None = None
    ram: str | None = None
    """As asv wrote it: bytes or KiB without a unit, or text such as ``8.2G``."""


@dataclass(frozen=True, slots=True)
class Benchmark:
    """One entry of ``benchmarks.json``: what asv found in the suite when it last looked.

    Attributes
    ----------
    type, unit
        None where the file does not say.
    params
        For each parameter the reprs of its values.
    version
        Results of another version are not comparable; None in old files.
    pretty_name
        The name to show; the plain name where the suite gave none.
    """

    name: str
    type: str | None
    unit: str | None
    params: tuple[tuple[str, ...], ...]
    param_names: tuple[str, ...]
    version: str | None
    pretty_name: str


def machine_file(path: Path) -> Machine | None:
    """Return what the ``machine.json`` beside a result file says.

    None where there is none, or none that asv would accept: who measured is told by the result file itself,
    and no comparison depends on this file. Never raises.
    """
    try:
        found = load_object(path.parent / "machine.json")
        if found.get("version") != MACHINE_FORMAT:
            return None
        facts = text_mapping(found, "the file")
        return Machine(
            text(found.get("machine"), "machine"),
            facts.get("os"),
            facts.get("arch"),
            facts.get("cpu"),
            facts.get("num_cpu"),
            facts.get("ram"),
        )
    except UnfitError:
        return None


def read_benchmarks_file(path: Path) -> Mapping[str, Benchmark]:
    """Return the benchmarks of a ``benchmarks.json`` by name, in the file's order.

    Formats 1 and 2 have the same shape for what is read here. Absent keys are tolerated, wrong types are not.

    Raises
    ------
    ResultFileError
        Not readable, not JSON, of an unknown format, or an entry that cannot be a benchmark.
    """
    try:
        return _benchmarks(load_object(path))
    except UnfitError as unfit:
        advice = "let `asv run --bench just-discover` write it anew"
        raise ResultFileError(f"{path}: {unfit.reason}; {advice}") from unfit


def _benchmarks(found: Mapping[str, object]) -> dict[str, Benchmark]:
    if found.get("version") not in BENCHMARK_FORMATS:
        raise UnfitError(f"is of format {found.get('version')!r}, not 1 or 2")
    return {name: _benchmark(name, entry) for name, entry in found.items() if name != "version"}


def _benchmark(name: str, entry: object) -> Benchmark:
    facts = mapping(entry, f"the entry {name!r}")
    return Benchmark(
        name,
        _optional_text(facts, "type"),
        _optional_text(facts, "unit"),
        param_sets(facts.get("params")),
        texts(facts.get("param_names"), "param_names"),
        _optional_text(facts, "version"),
        _optional_text(facts, "pretty_name") or name,
    )


def _optional_text(facts: Mapping[str, object], key: str) -> str | None:
    return None if facts.get(key) is None else text(facts[key], key)
