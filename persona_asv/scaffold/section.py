"""A section added at the end of a YAML file, every byte before it left as it is."""

from __future__ import annotations

import re
from typing import Any

from persona_asv.errors import ConfigError
from persona_asv.yaml_tree import compose


def has_key(text: str, file: str, key: str) -> bool:
    """Return whether the document's top level has the key, whatever its value.

    Raises
    ------
    ConfigError
        The text is not one YAML document.
    """
    root: Any = compose(text, file)
    return root is not None and root.id == "mapping" and any(name.value == key for name, _ in root.value)


def appended(text: str, section: str, file: str) -> str | None:
    """Return the text with the section as one more key of its top level; None where that cannot be done.

    It cannot where the top level is written in braces, or where the last value would not stay what it is.
    The file's own line ends and indentation are kept.
    """
    root: Any = compose(text, file)
    newline = "\r\n" if "\r\n" in text else "\n"
    indent = " " * root.start_mark.column if root is not None and root.id == "mapping" else ""
    ends = re.search(r"^\.\.\.(?=\s|\Z)", text, re.MULTILINE)
    before, after = (text[: ends.start()], text[ends.start() :]) if ends else (text, "")
    if before and not before.endswith("\n"):
        before += newline
    body = "".join(f"{indent}{line}{newline}" for line in section.splitlines())
    gap = newline if before.strip() and not before.endswith(newline * 2) else ""
    wholes = (before + between + body + after for between in (gap, ""))  # an empty line may be a value's
    return next((whole for whole in wholes if _adds_one_key(root, whole, file)), None)


def _adds_one_key(root: Any, whole: str, file: str) -> bool:
    """Return whether the longer text is the document of this root with one more key, all else as it was."""
    try:
        extended: Any = compose(whole, file)
    except ConfigError:
        return False
    if extended is None or extended.id != "mapping":
        return False
    old = root.value if root is not None and root.id == "mapping" else []
    new = extended.value
    if [key.value for key, _ in new[:-1]] != [key.value for key, _ in old]:
        return False
    return not old or _last(old[-1][1]) == _last(new[-2][1])


def _last(node: Any) -> tuple[str, str]:
    """Return tag and text of the last scalar below a node: all that a longer file could change."""
    for _ in range(200):  # a node may hold itself
        if node.id == "scalar" or not node.value:
            break
        node = node.value[-1] if node.id == "sequence" else node.value[-1][1]
    return node.tag, node.value if node.id == "scalar" else ""
