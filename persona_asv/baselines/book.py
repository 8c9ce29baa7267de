"""One baseline's files: what stands in a YAML, and the rounds in its companion."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from persona_asv.baselines import document
from persona_asv.baselines.baseline import Baseline, Samples
from persona_asv.errors import BaselineError, ConfigError
from persona_asv.yaml_tree import read_text

if TYPE_CHECKING:
    from persona_asv.model import ResultFile

SUFFIX = ".yaml"


@dataclass(frozen=True, slots=True)
class Book:
    """One file on the shelf: a baseline, or what is wrong with it.

    Attributes
    ----------
    size
        Bytes, the companion's included.
    """

    path: Path
    size: int
    baseline: Baseline | None
    problem: str = ""

    @property
    def name(self) -> str:
        """What it is called: as its file is."""
        return self.path.name.removesuffix(SUFFIX)

    @property
    def title(self) -> Book:
        """The same without its workloads, for a list of very many."""
        return self if self.baseline is None else replace(self, baseline=replace(self.baseline, workloads={}))


def look(path: Path) -> Book:
    """Return what stands in a file, a problem included."""
    size = 0
    try:
        if path.is_symlink():
            return Book(path, 0, None, "a symbolic link, which could lead anywhere; put the file itself here")
        size = path.stat().st_size
        baseline = document.read(read_text(path, path.name), path.name, path.name.removesuffix(SUFFIX))
        if baseline.samples is not None:
            size += companion_of(path, baseline.samples).stat().st_size
    except ConfigError as error:
        return Book(path, size, None, str(error))
    except OSError as error:
        missing = Path(error.filename or path).name
        return Book(path, size, None, f"{missing}: cannot be read ({error.strerror})")
    return Book(path, size, baseline)


def companion_of(path: Path, samples: Samples) -> Path:
    """Return where the companion of the YAML at `path` lies: beside it, whatever the YAML says."""
    return path.parent / samples.file


def rounds(path: Path, samples: Samples, only: Collection[str] | None = None) -> tuple[ResultFile, ...]:
    """Return the rounds behind the baseline at `path`, with all their benchmarks or some `only`.

    Raises
    ------
    BaselineError
        The companion is missing, was changed, or is none.
    """
    from persona_asv.baselines import companion

    beside = companion_of(path, samples)
    try:
        if beside.is_symlink():
            raise BaselineError(f"{beside}: a symbolic link; put the file itself there")
        if beside.exists() and not beside.is_file():
            raise BaselineError(f"{beside}: not a regular file; restore it, or capture again")
        content = beside.read_bytes()
    except FileNotFoundError as error:
        raise BaselineError(
            f"{beside}: missing; {path.name} needs it. Restore it, or remove `samples` from {path.name} to "
            "compare its values alone"
        ) from error
    except OSError as error:
        raise BaselineError(f"{beside}: cannot be read ({error.strerror})") from error
    if companion.digest(content) != samples.sha256:
        raise BaselineError(
            f"{beside}: not the file that {path.name} was written with (its SHA-256 differs); restore it, or "
            "capture again"
        )
    return companion.unpack(content, beside, only)
