"""Paths as a user in this folder would type them."""

from __future__ import annotations

from pathlib import Path


def near(path: Path) -> str:
    """Return a path relative to the current folder where it lies below it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
