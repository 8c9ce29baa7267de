"""What asv's profiler saw, taken out of a result file: a cProfile, compressed in its column ``profile``."""

from __future__ import annotations

import base64
import os
import pstats
import zlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

from persona_asv.engine.results_json import UnfitError, items, load_object, mapping, text
from persona_asv.engine.suite import suite_folder
from persona_asv.errors import MeasurementError


@dataclass(frozen=True, slots=True)
class Function:
    """One function as the profiler saw it.

    Attributes
    ----------
    file, line
        Where it is defined; an empty file for what is written in C.
    calls
        How often it was called, all operations together.
    own, total
        Seconds in it, without and with what it called; the profiler's own cost is in them.
    """

    name: str
    file: str
    line: int
    calls: int
    own: float
    total: float


def take_profile(result: Path, benchmark: str, target: Path) -> tuple[Function, ...]:
    """Write a benchmark's profile to a file that ``pstats`` reads, and return its functions.

    The suite's own frames, and asv's around them, are left out.

    Raises
    ------
    MeasurementError
        The result file holds no profile of the benchmark.
    """
    try:
        target.write_bytes(_stored(load_object(result), benchmark))
        found = cast("Any", pstats.Stats(str(target))).stats
    except (UnfitError, ValueError, zlib.error, TypeError, EOFError) as error:
        raise MeasurementError(f"asv kept no profile of {benchmark} ({error})") from error
    except OSError as error:
        raise MeasurementError(f"{target}: cannot be written ({error.strerror})") from error
    suite = f"{suite_folder()}{os.sep}"
    return tuple(
        Function(name, "" if file == "~" else file, line, calls, own, total)
        for (file, line, name), (_, calls, own, total, callers) in found.items()
        if callers and not file.startswith(suite) and f"{os.sep}asv_runner{os.sep}" not in file
    )


def _stored(found: dict[str, object], benchmark: str) -> bytes:
    columns = items(found.get("result_columns"), "result_columns")
    row = items(mapping(found.get("results"), "results").get(benchmark), benchmark)
    stored = dict(zip(columns, row, strict=False)).get("profile")
    return zlib.decompress(base64.b64decode(text(stored, "profile")))
