"""A fixed piece of work that says how fast this machine is right now.

It runs right after every measured operation: the ratio of the two survives a neighbour that takes the
other core, a clock that ramps, a virtual machine that is stolen from. Standard library only, about 0.4 ms,
and the same kinds of work as the operation (text, JSON, CSV, dictionaries), so that both slow down alike.
Never change what it does: every stored series is in units of it. A change needs a new version of every
benchmark in this folder.
"""

from __future__ import annotations

import csv
import io
import json
import re

_ROWS = [
    {
        "id": row,
        "who": f"participant {row}",
        "said": f"answer {row * 7919 % 1000} about step {row % 13}",
        "score": row % 7 / 7,
    }
    for row in range(96)
]
_TEXT = json.dumps(_ROWS)
_WORD = re.compile(r"[a-z]+ \d+")


def reference_operation() -> int:
    """Do the fixed work once and return a number that depends on all of it (so nothing can be skipped)."""
    rows = json.loads(_TEXT)
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    for row in rows:
        writer.writerow((row["id"], row["who"].upper(), row["said"], row["score"]))
    counts: dict[str, int] = {}
    for line in csv.reader(sheet.getvalue().splitlines()):
        for word in _WORD.findall(line[2]):
            counts[word] = counts.get(word, 0) + len(line[1])
    ordered = sorted(counts.items(), key=lambda item: (item[1], item[0]))
    return len(json.dumps(ordered)) + sum(value for _, value in ordered)
