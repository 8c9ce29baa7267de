"""Where runs are kept: one folder a run, written so that a reader never sees half of one.

``<root>/.asv/runs/<id>/`` holds ``run.json`` and one folder a round with its asv result file. asv's history,
``<root>/.asv/results`` or wherever the repository's asv.conf.json says, takes finished runs of clean commits.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from persona_asv.errors import MeasurementError, UsageError

HOME = ".asv"


def write_json(path: Path, content: object, *, indent: int | None = None) -> None:
    """Write a JSON file in one step: a reader sees the old one or the new one.

    Raises
    ------
    OSError
        It cannot be written; nothing of it is left.
    """
    import tempfile  # what only looks at baselines need not wait for it

    descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    new = Path(name)
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8") as file:
            json.dump(content, file, indent=indent, allow_nan=False)
            file.write("\n")
            file.flush()
            os.fsync(file.fileno())
        new.chmod(0o644)
        new.replace(path)
    except BaseException:
        new.unlink(missing_ok=True)
        raise


def make_home(home: Path) -> None:
    """Make the folder in which runs are kept, which git shall ignore."""
    home.mkdir(parents=True, exist_ok=True)
    ignore = home / ".gitignore"
    if not ignore.exists():
        ignore.write_text("# written by persona_asv: runs and results are not source\n*\n")


@dataclass(frozen=True, slots=True)
class RunFolder:
    """The folder of one run."""

    path: Path

    @classmethod
    def create(cls, root: Path, kind: str = "runs") -> RunFolder:
        """Make a new folder for a run (or another kind of measurement) below ``root``; git shall ignore it.

        Raises
        ------
        MeasurementError
            It cannot be made.
        """
        import secrets

        home = root / HOME
        stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
        path = home / kind / f"{stamp}-{secrets.token_hex(3)}"
        try:
            path.mkdir(parents=True)
            make_home(home)
        except OSError as error:
            raise MeasurementError(f"cannot write results below {home}: {error.strerror}") from error
        return cls(path)

    @property
    def id(self) -> str:
        """The run's name."""
        return self.path.name

    def round(self, number: int) -> Path:
        """Return the folder of a finished round, counted from 1."""
        return self.path / f"round-{number:02d}"

    def scratch(self, number: int) -> Path:
        """Return the folder in which a round is under way."""
        return self.path / f"round-{number:02d}.unfinished"

    def said(self) -> str:
        """Return the last line of what asv's launcher said before it ended."""
        try:
            lines = (self.path / "launcher.log").read_text(errors="replace").split("\n")
        except OSError:
            lines = []
        return ([line.strip() for line in lines if line.strip()] or ["it said nothing"])[-1]

    def describe(self, facts: Mapping[str, Any]) -> None:
        """Write ``run.json``, in one step."""
        write_json(self.path / "run.json", facts, indent=2)


def round_files(paths: Sequence[Path]) -> tuple[Path, ...]:
    """Return result files: those named, and for a run's folder those of its finished rounds.

    Raises
    ------
    UsageError
        A folder holds no finished round.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        rounds = [each for each in path.glob("round-*[0-9]/*/*.json") if each.name != "machine.json"]
        if not rounds:
            raise UsageError(f"{path}: a folder without finished rounds; name .asv/runs/RUN or result files")
        found += sorted(rounds)
    return tuple(found)
