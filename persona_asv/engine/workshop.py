"""Where environments are built: virtualenv and pip, or uv where it is on PATH, each as a supervised job."""

from __future__ import annotations

import os
import re
import shutil
import sys
import sysconfig
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_asv.credentials import covered
from persona_asv.engine.job import Job
from persona_asv.errors import MeasurementError

_MISLEADING = ("PIP_TARGET", "PIP_PREFIX", "PIP_USER", "PIP_ROOT", "PIP_REQUIRE_VIRTUALENV", "VIRTUAL_ENV")
"""Settings of the user's shell that would make pip install elsewhere."""

_TOOLS = ("PIP_", "UV_")
"""How settings of pip and uv begin: with these they get at a private index."""

_TICK = 0.2
_TELLING = re.compile(r"(?i)^\s*(error\b|[\w.]*(error|exception)\b:|.*no space left on device)")


def tool() -> str:
    """Return what makes environments here: ``uv`` where it is on PATH, else ``virtualenv``."""
    return "uv" if shutil.which("uv") else "virtualenv"


def packages_of(environment: Path) -> Path:
    """Return the folder of a virtual environment that holds its packages."""
    return Path(sysconfig.get_path("purelib", "posix_prefix", {"base": str(environment)}))


def python_of(environment: Path) -> Path:
    """Return a virtual environment's interpreter."""
    return environment / "bin" / "python"


@dataclass(frozen=True, slots=True)
class Workshop:
    """Carries out what makes an environment.

    Attributes
    ----------
    scratch
        Folder for everything temporary, and for the log.
    deadline
        Moment on the monotonic clock after which it gives up.
    """

    scratch: Path
    deadline: float

    @property
    def log(self) -> Path:
        """What the tools said."""
        return self.scratch / "build.log"

    def create(self, environment: Path, *, seeded: bool) -> None:
        """Make an empty virtual environment, with pip in it where it is to build things."""
        if uv := shutil.which("uv"):
            command = [uv, "venv", "--quiet", "--python", sys.executable, str(environment)]
            command += ["--seed"] if seeded else []
        else:
            command = [sys.executable, "-I", "-m", "virtualenv", "--quiet", "--no-download"]
            command += ["--no-periodic-update", "--python", sys.executable, str(environment)]
            command += [] if seeded else ["--no-seed"]
        self._run(command, "a virtual environment")

    def wheel(self, builder: Path, project: Path, folder: Path, *, isolated: bool) -> None:
        """Build a project's wheel into a folder, its backend fetched only where nobody installed it."""
        command = [*_pip(builder), "wheel", "--no-deps", "--wheel-dir", str(folder)]
        command += [] if isolated else ["--no-build-isolation", "--no-index"]
        self._run([*command, str(project)], "its wheel")

    def install(self, builder: Path, environment: Path, what: Sequence[str], *, deps: bool) -> None:
        """Install a wheel, with what it needs or without."""
        python = python_of(environment)
        if uv := shutil.which("uv"):
            command = [uv, "pip", "install", "--quiet", "--python", str(python)]
        else:
            command = [*_pip(builder), "--python", str(python), "install"]
        command += [] if deps else ["--no-deps", "--no-index"]
        self._run([*command, *what], "its installation")

    def fetch(self, builder: Path, folder: Path, requirements: Sequence[str], fixed: dict[str, str]) -> None:
        """Install requirements into a plain folder, leaving the versions that are fixed as they are."""
        constraints = self.scratch / "constraints.txt"
        constraints.write_text("".join(f"{name}=={version}\n" for name, version in fixed.items()))
        command = [*_pip(builder), "install", "--target", str(folder), "--constraint", str(constraints)]
        self._run([*command, *requirements], f"fetching {', '.join(requirements)}")

    def _run(self, command: Sequence[str], what: str) -> None:
        environ = {name: value for name, value in os.environ.items() if name not in _MISLEADING}
        own = {name: value for name, value in environ.items() if name.startswith(_TOOLS)}
        environ = covered(environ) | own  # what a commit's build prints goes into logs and messages
        environ |= {"TMPDIR": str(self.scratch), "PIP_DISABLE_PIP_VERSION_CHECK": "1", "PIP_NO_INPUT": "1"}
        with Job(command, environ=environ, cwd=self.scratch, output=self.log) as job:
            while (code := job.wait(_TICK)) is None:
                if time.monotonic() > self.deadline:
                    raise MeasurementError(f"{what} was not done before the deadline")
        if code:
            raise MeasurementError(f"{what} failed (exit code {code}): {self.said()}")

    def said(self) -> str:
        """Return the line of the log that reads most like a reason."""
        try:
            lines = [line.strip() for line in self.log.read_text(errors="replace").splitlines()]
        except OSError:
            lines = []
        lines = [line for line in lines if line and not line.startswith(("[notice]", "note:", "hint:", "╰"))]
        full = [line for line in lines if "No space left on device" in line]
        errors = [line for line in lines if _TELLING.match(line)]
        exceptions = [line for line in errors if re.match(r"[\w.]*(Error|Exception)\b:", line)]
        return (full or exceptions or errors or lines or ["it said nothing"])[-1]


def _pip(builder: Path) -> list[str]:
    return [str(python_of(builder)), "-I", "-m", "pip", "--quiet"]
