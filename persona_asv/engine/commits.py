"""asv's history as our values: one result file a commit, of one machine and one environment."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from persona_asv.engine.results import read_result_file
from persona_asv.errors import ResultFileError
from persona_asv.model import UNATTRIBUTED, ResultFile


def measured_commits(folder: Path) -> Iterator[ResultFile | str]:
    """Yield what a results folder holds of our suite, and a sentence on each file that cannot be read.

    Files of other suites, which have no stamp of ours, and those of no commit are passed over: both may lie
    there, and neither is of this history.
    """
    for path in sorted(folder.glob("*/*.json")):
        if path.name == "machine.json":
            continue
        try:
            found = read_result_file(path)
        except ResultFileError as error:
            yield str(error)
            continue
        if found.stamp and "+" not in found.commit and found.commit != UNATTRIBUTED:
            yield found
