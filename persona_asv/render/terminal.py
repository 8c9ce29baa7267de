"""What the terminal can show: Unicode or ASCII, colour or none, how wide."""

from __future__ import annotations

import os
import shutil
import textwrap
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TextIO

_GLYPHS = "✅█░─═†"


@dataclass(frozen=True, slots=True)
class Style:
    """How to draw.

    Attributes
    ----------
    unicode
        Whether box lines, blocks and emoji can be shown; else ASCII stands in.
    live
        Whether lines may be redrawn.
    """

    unicode: bool
    live: bool
    width: int

    @classmethod
    def of(cls, stream: TextIO) -> Style:
        """Return what suits a stream: its encoding decides the characters, a terminal the rest."""
        try:
            _GLYPHS.encode(getattr(stream, "encoding", None) or "ascii")
            unicode = True
        except (UnicodeEncodeError, LookupError):
            unicode = False
        live = stream.isatty() and os.environ.get("TERM", "dumb") != "dumb"
        return cls(unicode, live, shutil.get_terminal_size((80, 24)).columns)

    @property
    def ok(self) -> str:
        """Mark of something done."""
        return "✅" if self.unicode else "ok"

    @property
    def mark(self) -> str:
        """Mark of a footnote."""
        return "†" if self.unicode else "*"

    def wrap(self, text: str) -> str:
        """Return a sentence broken at the terminal's width; off a terminal it stays one line, for grep."""
        if not self.live:
            return text
        return textwrap.fill(text, self.width, subsequent_indent="  ", break_on_hyphens=False)

    def rule(self, length: int, *, double: bool = False) -> str:
        """Return a horizontal line."""
        return ("═" if double else "─") * length if self.unicode else ("=" if double else "-") * length

    def bar(self, share: float, length: int = 20) -> str:
        """Return a progress bar, F-139's."""
        full = min(length, int(share * length))
        blocks = "█" * full + "░" * (length - full) if self.unicode else "#" * full + "." * (length - full)
        return f"[{blocks}] {share:4.0%}"

    def table(self, head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
        """Return a box table, columns aligned also with wide characters in them."""
        from tabulate import tabulate

        return tabulate(
            rows,
            headers=head,
            tablefmt="simple_outline" if self.unicode else "outline",
            disable_numparse=True,
        )
