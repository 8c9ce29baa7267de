"""Persona's JSON envelope, and how long this command has been running."""

from __future__ import annotations

import json
import time

import click

import persona_asv


def echo_json(command: str, data: object) -> None:
    """Print the one document of a command that succeeded: ``{command, version, success, data}``."""
    envelope = {"command": command, "version": persona_asv.__version__, "success": True, "data": data}
    click.echo(json.dumps(envelope, indent=2, allow_nan=False))


def uptime() -> float:
    """Return the seconds since this command's first line ran, imports included.

    Not since the process was started: a shell may have become this process after an hour of something else.
    """
    return time.perf_counter() - persona_asv.STARTED
