"""The names of sessions: a path segment of every provider URL, and nothing else."""

from __future__ import annotations

import re

NAME_RULE = "a session's name is 1 to 64 letters, digits, '.', '_' or '-', starting with a letter or digit"

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}")


def is_name(text: str) -> bool:
    """Tell whether a session may be called so."""
    return _NAME.fullmatch(text) is not None
