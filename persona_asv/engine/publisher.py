"""asv's ``publish`` started, watched and read: one order, one process, what it found."""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, cast

import persona_asv
from persona_asv.engine.asv_site import Order
from persona_asv.engine.job import Job
from persona_asv.errors import MeasurementError

DEADLINE = 3600.0
"""Seconds after which asv is taken to hang."""


def run_asv(order: Order, folder: Path) -> Sequence[Mapping[str, Any]]:
    """Let asv publish; returns what its step detection found (`asv_site`).

    Raises
    ------
    MeasurementError
        asv failed; its last line says why.
    """
    name, log = folder / "order.json", folder / "asv.log"
    name.write_text(order.to_json(), encoding="utf-8")
    package = str(Path(persona_asv.__file__).parent.parent)
    path = os.pathsep.join(filter(None, [package, os.environ.get("PYTHONPATH")]))
    command = [sys.executable, "-m", "persona_asv.engine.asv_site", str(name)]
    # asv writes series in the order of a set; a fixed seed makes the same results the same site
    environ = {**os.environ, "PYTHONPATH": path, "PYTHONHASHSEED": "0"}
    with Job(command, environ=environ, cwd=folder, output=log) as job:
        code = job.wait(DEADLINE)
    if code != 0:
        said = [line.strip() for line in log.read_text(errors="replace").splitlines() if line.strip()]
        how = "did not end" if code is None else f"ended with {code}"
        raise MeasurementError(
            f"asv publish {how}: {said[-1] if said else 'it said nothing'}; the site is as it was"
        )
    found = json.loads(Path(order.pieces).read_text(encoding="utf-8"))
    return cast("Sequence[Mapping[str, Any]]", found)
