"""What stands above a comparison: both sides by name, then exactly what they are."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from persona_asv.render.terminal import Style

_WIDTH = 61


@dataclass(frozen=True, slots=True)
class Heading:
    """What the sides of a comparison are called, baseline first.

    Attributes
    ----------
    names
        Exactly: commit and number of rounds included.
    titles
        In a few words, as F-139 prints them: ``v1.11.0``, ``Current``.
    commits
        What they are, where that is known.
    """

    names: tuple[str, str]
    titles: tuple[str, str]
    commits: tuple[str | None, str | None] = (None, None)

    def lines(self, notes: Sequence[str], style: Style) -> Iterator[str]:
        """Yield the lines, the comparison's notes last."""
        yield f"Performance Comparison: {self.titles[1]} vs {self.titles[0]}"
        yield style.rule(_WIDTH, double=True)
        if self.titles != self.names:
            yield style.wrap(f"Baseline: {self._exactly(0)}")
            yield style.wrap(f"Current:  {self._exactly(1)}")
        yield from (style.wrap(f"Note: {note}") for note in notes)

    def _exactly(self, side: int) -> str:
        said, commit = self.names[side].removeprefix(f"{self.titles[side]}, "), self.commits[side]
        return said if commit is None or commit[:8] in said else f"{said}, commit {commit[:8]}"
