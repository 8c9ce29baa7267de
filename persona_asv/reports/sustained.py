"""The rate that a long run keeps up: not its best minutes, and none at all of a short run."""

from __future__ import annotations

from collections.abc import Sequence

from persona_asv.stats import percentile

LONG = 600.0
"""Seconds of measured time from which a rate counts as sustained: F-139's ten minutes."""

_WINDOW = 60.0
_SHARE = 0.1


def sustained(walls: Sequence[float], seconds_per_persona: Sequence[float]) -> float | None:
    """Return the personas per minute that nine of ten measured minutes reached or surpassed.

    Parameters
    ----------
    walls, seconds_per_persona
        Of each operation in measuring order, in seconds.

    Returns
    -------
    None where fewer than ten minutes were measured, or the two do not belong together. The operations are
    cut into windows of at least a minute; a last one that is shorter is left out.
    """
    if len(walls) != len(seconds_per_persona) or sum(walls) < LONG:
        return None
    rates: list[float] = []
    time = personas = 0.0
    for wall, each in zip(walls, seconds_per_persona, strict=True):
        time += wall
        personas += wall / each if each > 0 else 0.0
        if time >= _WINDOW:
            rates.append(60 * personas / time)
            time = personas = 0.0
    return percentile(rates, _SHARE)
