"""Text from result files and git, made such that asv's pages can do no harm with it.

asv's scripts put names of benchmarks, parameters and tags into a page as HTML, unescaped. What they are given
therefore has no character that HTML knows: each is replaced by one that looks alike.
"""

from __future__ import annotations

import re
from collections.abc import Container

_ALIKE = str.maketrans({"<": "\u2039", ">": "\u203a", "&": "+", '"': "\u201d", "`": "\u02bd"})
_CONTROL = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]+")
LONGEST = 200


def inert(text: str) -> str:
    """Return one line of at most 200 characters that is plain text wherever it is put between tags."""
    line = _CONTROL.sub(" ", text).translate(_ALIKE).strip()
    return line if len(line) <= LONGEST else line[: LONGEST - 1] + "…"


def inert_title(text: str) -> str:
    """Return the same without an apostrophe, which would end an attribute."""
    return inert(text).replace("'", "\u2019")


def name(text: str, taken: Container[str] = ()) -> str:
    """Return a name for files, links and elements, like the text but of letters, digits, . _ and - alone.

    >>> name("time_x<script>", taken={"time_x_script_"})
    'time_x_script_-2'
    """
    plain = re.sub(r"[^\w.-]", "_", _CONTROL.sub("_", text))[:LONGEST].strip(".") or "_"
    found, number = plain, 1
    while found in taken:
        number += 1
        found = f"{plain}-{number}"
    return found
