"""What a project says of itself: how it is built, and what its wheel declares to need."""

from __future__ import annotations

import platform
import tomllib
import zipfile
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from persona_asv.engine.layer import canonical
from persona_asv.errors import MeasurementError

_DEFAULT_BACKEND = ("setuptools>=40.8.0",)
"""What a project needs that does not say what it is built with (PEP 518)."""


@dataclass(frozen=True, slots=True)
class Project:
    """A folder that can be built: it holds a ``pyproject.toml`` or a ``setup.py``.

    Attributes
    ----------
    name
        As its pyproject.toml says; None where it does not.
    build
        Requirements of its build backend.
    python
        Versions of Python that it wants, as its pyproject.toml says.
    """

    folder: Path
    name: str | None
    build: tuple[str, ...]
    python: str | None = None


def project(folder: Path) -> Project | None:
    """Return the project in a folder, None where there is nothing to build.

    Raises
    ------
    MeasurementError
        Its pyproject.toml cannot be read.
    """
    path = folder / "pyproject.toml"
    try:
        found = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        found = {}
    except (OSError, ValueError) as error:
        raise MeasurementError(f"{path}: cannot be read ({error})") from error
    buildable = "build-system" in found or "project" in found or (folder / "setup.py").is_file()
    if not buildable:
        return None
    name = _table(found, "project").get("name")
    requires = _table(found, "build-system").get("requires", _DEFAULT_BACKEND)
    return Project(folder, name if isinstance(name, str) else None, tuple(map(str, requires)), _python(found))


def unwelcome(text: str) -> str | None:
    """Return which Pythons a pyproject.toml wants, if the one that runs this is none of them.

    What cannot be read is the build's to complain about.
    """
    try:
        wanted = _python(tomllib.loads(text))
    except ValueError:
        return None
    return None if wanted is None or is_welcome(wanted) else wanted


def is_welcome(wanted: str) -> bool:
    """Return whether the Python that runs this is one of those wanted."""
    from packaging.specifiers import InvalidSpecifier, SpecifierSet

    try:
        return SpecifierSet(wanted).contains(platform.python_version(), prereleases=True)
    except InvalidSpecifier:
        return True


def _python(found: Mapping[str, Any]) -> str | None:
    wanted = _table(found, "project").get("requires-python")
    return wanted if isinstance(wanted, str) else None


def _table(found: Mapping[str, Any], key: str) -> Mapping[str, Any]:
    value = found.get(key)
    return value if isinstance(value, dict) else {}


def declared(wheel: Path) -> tuple[str, ...]:
    """Return what a wheel needs without any of its extras, sorted.

    Raises
    ------
    MeasurementError
        It is no wheel.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    try:
        with zipfile.ZipFile(wheel) as archive:
            names = [n for n in archive.namelist() if n.endswith(".dist-info/METADATA") and n.count("/") == 1]
            text = archive.read(names[0]).decode(errors="replace")
    except (OSError, IndexError, zipfile.BadZipFile) as error:
        raise MeasurementError(f"{wheel}: is no wheel ({error})") from error
    needed = []
    for line in HeaderParser().parsestr(text).get_all("Requires-Dist", ()):
        try:
            requirement = Requirement(str(line))
        except InvalidRequirement:
            continue  # pip would not install it either
        if requirement.marker is None or requirement.marker.evaluate({"extra": ""}):
            requirement.marker = None
            needed.append(str(requirement))
    return tuple(sorted(needed))


def lacking(requirements: Iterable[str], versions: Mapping[str, str], *, exact: bool) -> tuple[str, ...]:
    """Return the requirements that no installed package meets, sorted.

    Parameters
    ----------
    versions
        Installed version by canonical name.
    exact
        Whether a version counts that the requirement does not want; else any version of the name will do.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    missing = []
    for text in requirements:
        try:
            requirement = Requirement(text)
        except InvalidRequirement:
            missing.append(text)
            continue
        if requirement.marker is not None and not requirement.marker.evaluate({"extra": ""}):
            continue
        version = versions.get(canonical(requirement.name))
        if version is None or (exact and not requirement.specifier.contains(version, prereleases=True)):
            missing.append(text)
    return tuple(sorted(missing))
