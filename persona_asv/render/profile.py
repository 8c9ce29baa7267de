"""The hottest functions of a profiled benchmark as text, two tables of at most 80 columns."""

from __future__ import annotations

import re
import sysconfig
from collections.abc import Sequence
from pathlib import Path

from persona_asv.engine.profiles import Function
from persona_asv.profiling import Profile
from persona_asv.render.terminal import Style
from persona_asv.units import milliseconds

_NAME = 46
"""Columns of a function's name and place."""
_METHOD = re.compile(r"<method '(?P<name>[^']*)' of '(?P<type>[^']*)' objects>")
"""What cProfile calls a method written in C."""


def text(profile: Profile, style: Style) -> str:
    """Return where the time goes, by what functions do themselves and by what they have done."""
    title = f"Hottest functions: {profile.metric}"
    parts = [
        title,
        style.rule(len(title)),
        style.wrap(
            f"{profile.benchmark} of case {profile.case}, under asv's profiler, "
            "which slows Python code down: a lead, not a measurement."
        ),
        "",
        "By own time",
        _table(profile.by_own, profile.seconds, style, own=True),
        "By cumulative time, what they call included",
        _table(profile.by_total, profile.seconds, style, own=False),
        style.wrap(f"All of it: python -m pstats {profile.path}"),
    ]
    return "\n".join(parts)


def _table(functions: Sequence[Function], whole: float, style: Style, *, own: bool) -> str:
    rows = []
    for each in functions:
        seconds = each.own if own else each.total
        share = f"{seconds / whole:.1%}" if whole else ""
        rows.append((share, milliseconds(1000 * seconds), str(each.calls), _place(each, style)))
    return style.table(("Share", "Time", "Calls", "Function"), rows)


def _place(function: Function, style: Style) -> str:
    """Return what a function is called and where it stands, the end of it where that is long."""
    if function.file:
        said = f"{_near(function.file)}:{function.line} {function.name}"
    elif found := _METHOD.fullmatch(function.name):
        said = f"{found['type']}.{found['name']} (in C)"
    else:
        said = function.name.strip("<>{}").removeprefix("built-in method ") + " (in C)"
    said = said if style.unicode else said.encode("ascii", "replace").decode()
    dots = "…" if style.unicode else "..."
    return said if len(said) <= _NAME else dots + said[len(dots) - _NAME :]


def _near(file: str) -> str:
    """Return a module's path below the folder that it is imported from, as far as that is plain."""
    path = Path(file)
    for name in ("purelib", "platlib", "stdlib"):
        folder = sysconfig.get_paths()[name]
        if path.is_relative_to(folder):
            return str(path.relative_to(folder))
    return "/".join(path.parts[-3:]) if len(path.parts) > 3 else str(path)
