"""Interpreters of our own: what must not share a process with anything else is asked of a fresh one."""

from __future__ import annotations

import json
import os
import site
import subprocess
import sys
from pathlib import Path
from typing import Any


def environment(**changes: str) -> dict[str, str]:
    """Return our environment, in which a child imports what this process imports.

    asv takes ``PYTHONPATH`` off its benchmark processes and has ``ASV_PYTHONPATH`` for it. HOME is the folder
    of this process, an empty one of asv's: what a subject finds in the user's own is no part of its start.
    """
    environ = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environ |= {"HOME": os.getcwd(), "PYTHONUSERBASE": site.getuserbase()}
    if path := environ.get("ASV_PYTHONPATH"):
        environ["PYTHONPATH"] = path
    return {**environ, **changes}


def ask(program: Path, order: dict[str, Any], **changes: str) -> dict[str, Any]:
    """Run a program with an order on its standard input; return what it answers on its standard output.

    Parameters
    ----------
    changes
        Environment variables of the child.

    Raises
    ------
    RuntimeError
        It ended without an answer.
    """
    done = subprocess.run(
        [sys.executable, "-P", str(program)],
        input=json.dumps({**order, "path": sys.path}).encode(),
        stdout=subprocess.PIPE,
        env=environment(**changes),
        check=False,
    )
    try:
        answer = json.loads(done.stdout)
    except ValueError:
        raise RuntimeError(f"{program.stem} ended (exit code {done.returncode}) without an answer") from None
    assert isinstance(answer, dict)
    return answer
