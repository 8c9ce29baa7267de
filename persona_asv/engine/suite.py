"""The benchmark suite as asv is told of it: where it lies, and the generated configuration."""

from __future__ import annotations

import json
from pathlib import Path

import persona_asv
from persona_asv.engine.store import write_json
from persona_asv.errors import UsageError


def suite_folder() -> Path:
    """Return the suite: ``benchmarks/`` beside the package in a source tree, else the wheel's copy."""
    package = Path(persona_asv.__file__).parent
    beside = package.parent / "benchmarks"
    return beside if (beside / "generation.py").is_file() else package / "suite"


def write_config(path: Path, *, suite: Path, results: Path, repository: Path | None) -> None:
    """Write the asv configuration of one run; every path in it is absolute.

    The branch is HEAD, which exists in every checkout, detached and shallow ones included.
    """
    folder = path.parent
    write_json(
        path,
        {
            "version": 1,
            "project": "persona",
            "repo": str(repository or folder),
            "branches": ["HEAD"],
            "environment_type": "existing",
            "benchmark_dir": str(suite),
            "results_dir": str(results),
            "env_dir": str(folder / "env"),
            "html_dir": str(folder / "html"),
        },
        indent=2,
    )


def results_folder(root: Path) -> Path:
    """Return the folder of asv's history: what the repository's asv.conf.json says, else ``.asv/results``."""
    configured = _configured(root, "results_dir")
    return root / ".asv" / "results" if configured is None else root / configured


def subject_repository(root: Path, *, needed: bool = False) -> Path | None:
    """Return the repository whose commits are measured: what ``repo`` of asv.conf.json names, a clone here.

    None where it names none, the folder's own, or an address, which asv clones for itself.

    Parameters
    ----------
    needed
        Whether there is no other repository that could be meant.

    Raises
    ------
    UsageError
        It names an address, and a clone is needed.
    """
    configured = _configured(root, "repo")
    if configured is None or configured in ("", "."):
        return None
    if (root / configured).is_dir():
        return (root / configured).resolve()
    if not needed:
        return None
    raise UsageError(
        f"{root / 'asv.conf.json'}: repo: {configured} is no folder here; clone it, and name the clone"
    )


def _configured(root: Path, key: str) -> str | None:
    """Return a text of asv's configuration.

    It may hold comments; one that cannot be read is asv's to complain about, not ours.
    """
    for name in ("asv.conf.json", "asv.conf.jsonc"):
        try:
            import json5

            found = json5.loads((root / name).read_text(encoding="utf-8")).get(key)
        except (OSError, ValueError, AttributeError):
            continue
        if isinstance(found, str):
            return found
    return None


def read_times(path: Path) -> list[float]:
    """Return the seconds that executed benchmarks took, as the launcher noted them."""
    if not path.exists():
        return []
    return [float(json.loads(line)["seconds"]) for line in path.read_text().splitlines()]
