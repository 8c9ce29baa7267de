"""A supervised child process: whatever it starts ends with it, and with us."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType

from persona_asv.engine import supervisor

_PATIENCE = 5.0
"""Seconds that a supervisor may take to kill its descendants before it is killed itself."""


class Job:
    """One command under a `supervisor`, its output in a file.

    It gets a session of its own, so that Ctrl-C in a terminal reaches the CLI alone, which decides. Leaving
    the ``with`` block ends the job, whatever it was doing.
    """

    def __init__(
        self, command: Sequence[str], *, environ: Mapping[str, str], cwd: Path, output: Path
    ) -> None:
        read, self._leash = os.pipe()
        try:
            with output.open("ab") as file:
                self._process = subprocess.Popen(
                    [sys.executable, "-I", "-S", str(Path(supervisor.__file__)), "--", *command],
                    stdin=read,
                    stdout=file,
                    stderr=subprocess.STDOUT,
                    env=dict(environ),
                    cwd=cwd,
                    start_new_session=True,
                )
        except BaseException:
            os.close(self._leash)
            raise
        finally:
            os.close(read)

    @property
    def pid(self) -> int:
        """Process id of the supervisor."""
        return self._process.pid

    def wait(self, seconds: float) -> int | None:
        """Wait at most so long; return the command's exit code, None while it runs."""
        try:
            return self._process.wait(seconds)
        except subprocess.TimeoutExpired:
            return None

    def end(self) -> None:
        """Kill the command and its descendants, and wait until they are gone."""
        if self._leash >= 0:
            os.close(self._leash)
            self._leash = -1
        if self.wait(_PATIENCE) is None:
            self._process.kill()
            self._process.wait()

    def __enter__(self) -> Job:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.end()
