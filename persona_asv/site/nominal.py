"""What a yardstick costs by definition, per machine name: kept, so that no graph ever shifts."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from pathlib import Path

from persona_asv.engine.store import write_json
from persona_asv.site.reduction import Reduced

FILE = "nominal.json"
"""Below ``.asv``: seconds by machine name and yardstick."""

Costs = dict[str, dict[str, float]]


def of_machines(files: Sequence[Reduced], path: Path) -> Costs:
    """Return the nominal cost of each machine's yardsticks: the kept one, else that of its oldest result.

    Another one would multiply a whole graph by a factor, which is nobody's regression; so it is settled once.
    """
    known = kept(path)
    found = {machine: dict(costs) for machine, costs in known.items()}
    for file in sorted(files, key=lambda file: (file.date, str(file.path))):
        for yardstick, seconds in file.yardsticks.items():
            found.setdefault(file.machine, {}).setdefault(yardstick, seconds)
    if found != known:
        write_json(path, dict(sorted(found.items())), indent=1)
    return found


def kept(path: Path) -> Costs:
    """Return the costs that were settled so far; none where the file holds anything else."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        found = {m: {name: float(cost) for name, cost in costs.items()} for m, costs in said.items()}
    except (OSError, ValueError, TypeError, AttributeError):
        return {}
    sound = all(0 < cost < math.inf for costs in found.values() for cost in costs.values())
    return found if sound else {}
