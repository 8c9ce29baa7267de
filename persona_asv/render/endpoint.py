"""Who answered, as every output says it."""

from __future__ import annotations


def endpoint(profile: str) -> str:
    """Return who answers, and with how much simulated model time."""
    return f"stand-in (model time {'0 ms' if profile == 'none' else f'{profile}, simulated'})"
