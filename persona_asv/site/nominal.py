"""What the reference operation costs by definition, per machine name: kept, so that no graph ever shifts."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from persona_asv.engine.store import write_json
from persona_asv.site.reduction import Reduced

FILE = "nominal.json"
"""Below ``.asv``: seconds by machine name."""


def of_machines(files: Sequence[Reduced], path: Path) -> dict[str, float]:
    """Return the nominal cost of each machine, in seconds: the kept one, else that of its oldest result.

    Another one would multiply a whole graph by a factor, which is nobody's regression; so it is settled once.
    """
    known = kept(path)
    found = dict(known)
    for file in sorted(files, key=lambda file: (file.date, str(file.path))):
        if file.reference is not None:
            found.setdefault(file.machine, file.reference)
    if found != known:
        write_json(path, dict(sorted(found.items())), indent=1)
    return found


def kept(path: Path) -> dict[str, float]:
    """Return the costs that were settled so far."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        return {
            str(machine): float(seconds) for machine, seconds in said.items() if 0 < float(seconds) < math.inf
        }
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
