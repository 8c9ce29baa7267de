"""Whether an environment holds the subject that its commit promises: which file it is, and whose."""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from persona_asv.credentials import covered
from persona_asv.engine import layer, subject_probe
from persona_asv.engine.environments import Built
from persona_asv.engine.job import Job
from persona_asv.engine.worktree import blob
from persona_asv.errors import MeasurementError

_TICK = 0.05


def module_of(subject: str) -> str:
    """Return the module that defines a subject, or for the real Persona the package that it is.

    >>> module_of("persona.benchmarks:adapter"), module_of("reference"), module_of("persona")
    ('persona.benchmarks', 'persona_asv.subject.reference', 'persona')
    """
    if subject == "persona":
        return subject
    return subject.partition(":")[0] if ":" in subject else "persona_asv.subject.reference"


def own_names(subject: str) -> tuple[str, ...]:
    """Return the names of the distribution that a subject may come from where this program runs."""
    module = module_of(subject)
    return (layer.OURS,) if module.startswith("persona_asv.") else tuple(layer.providers(module))


@dataclass(frozen=True, slots=True)
class Presence:
    """A subject as its environment has it.

    Attributes
    ----------
    file
        The file that its module is imported from.
    sha256
        Digest of the file.
    models
        Model asked for where none is named, by provider.
    lacks
        What it cannot do, and why.
    """

    version: str
    providers: tuple[str, ...]
    file: Path
    sha256: str
    models: Mapping[str, str] = field(default_factory=dict)
    lacks: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Seat:
    """An environment, with the subject that it has, ready to be measured.

    Attributes
    ----------
    label
        What messages call its side.
    """

    built: Built
    subject: Presence
    label: str

    @property
    def python(self) -> Path:
        """Its interpreter."""
        return self.built.python

    @property
    def environ(self) -> dict[str, str]:
        """What keeps the user's own path out of measuring processes; asv takes an empty one amiss."""
        return {"PYTHONPATH": "", "ASV_PYTHONPATH": str(self.built.path[0])}

    @property
    def stamp(self) -> dict[str, object]:
        """What its result files say of it: how it was made, the file that was measured, which providers."""
        code = {"file": self.subject.file.name, "sha256": self.subject.sha256}
        return {"recipe": self.built.key, "code": code, "knows": list(self.subject.providers)}

    @property
    def versions(self) -> dict[str, str]:
        """Versions of its third-party packages."""
        return self.built.versions

    def check(self, code: Iterable[str]) -> None:
        """Make sure that measuring processes imported this very subject.

        Raises
        ------
        MeasurementError
            One of them imported another file.
        """
        for found in code:
            if Path(found) != self.subject.file:
                raise MeasurementError(
                    f"{self.label}: a benchmark process measured {found or 'code of no file'}, not "
                    f"{self.subject.file}; nothing of it counts"
                )


def presence(built: Built, subject: str, label: str, deadline: float) -> Presence:
    """Return the subject that an environment has.

    Raises
    ------
    MeasurementError
        It has none, or one that is not the commit's.
    """
    with tempfile.TemporaryDirectory(prefix="persona-asv-", ignore_cleanup_errors=True) as folder:
        answer, log = Path(folder, "answer.json"), Path(folder, "log")
        command = [str(built.python), "-I", str(Path(subject_probe.__file__)), str(answer)]
        command += [subject, module_of(subject)]
        with Job(command, environ=covered(os.environ), cwd=Path(folder), output=log) as job:
            while job.wait(_TICK) is None:
                if time.monotonic() > deadline:
                    raise MeasurementError(f"{label}: importing subject {subject} took until the deadline")
        try:
            facts = json.loads(answer.read_text(encoding="utf-8"))
        except (OSError, ValueError):
            facts = {"reason": f"importing it ended the process: {_last(log)}"}
    if "reason" in facts:
        raise MeasurementError(f"{label} has no subject {subject}: {facts['reason']}")
    file = Path(facts["file"])
    check_owner(built, file, label)
    content = file.read_bytes()
    return Presence(
        facts["version"],
        tuple(facts["providers"]),
        file,
        hashlib.sha256(content).hexdigest(),
        facts["models"],
        facts["lacks"],
    )


def check_owner(built: Built, file: Path, label: str) -> None:
    """Make sure that a module's file belongs to an environment, and is what its commit holds.

    Raises
    ------
    MeasurementError
        It was imported from elsewhere, or differs from the commit's.
    """
    home = next((path for path in built.path if file.is_relative_to(path)), None)
    if home is None:
        raise MeasurementError(
            f"{label}: the subject was imported from {file}, not from that commit; is it part of this "
            "repository, and of its wheel?"
        )
    inside = file.relative_to(home)
    committed = {
        found
        for folder in dict.fromkeys((Path(), Path("src"), *_inner(built)))
        if (found := built.source.blob((folder / inside).as_posix())) is not None
    }
    if committed and blob(file, len(next(iter(committed)))) not in committed:
        raise MeasurementError(
            f"{label}: {file} is not what the commit holds; remove its folder and try again"
        )


def _inner(built: Built) -> tuple[Path, ...]:
    """Return the project's folder within the source, and its ``src``."""
    inner = built.path[-1].relative_to(built.source.folder)
    return inner, inner / "src"


def _last(log: Path) -> str:
    lines = log.read_text(errors="replace").split("\n") if log.exists() else []
    return ([line.strip() for line in lines if line.strip()] or ["it said nothing"])[-1]
