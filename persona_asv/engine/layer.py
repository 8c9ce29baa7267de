"""The third-party packages that both sides of a trial share: one set of versions, resolved once.

They are the ones installed where this program runs, which is where the current code was installed with its
dependencies. A layer is a folder of links to them: without the project itself, whose code comes from the
commit, and with our own subject package, which is part of the instrument. So two environments differ in the
project alone, and making one needs no index; what a commit declares and nobody installed is fetched once.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path, PurePosixPath
from urllib.parse import unquote, urlsplit

import persona_asv

OURS = "persona-asv"


def canonical(name: str) -> str:
    """Return a distribution's name as the index spells it.

    >>> canonical("Persona_ASV")
    'persona-asv'
    """
    return re.sub(r"[-_.]+", "-", name).lower()


@dataclass(frozen=True, slots=True)
class Package:
    """An installed distribution: what it is, and which files and folders at the top of a path it consists of.

    Attributes
    ----------
    lines
        What its editable installation adds to a ``.pth`` file.
    home
        Folder that it was installed from, where that is known.
    """

    name: str
    version: str
    tops: tuple[Path, ...]
    lines: tuple[str, ...] = ()
    home: Path | None = None

    @classmethod
    def of(cls, found: metadata.Distribution) -> Package:
        """Return what an installed distribution consists of."""
        names = {PurePosixPath(file.as_posix()).parts[0] for file in found.files or ()}
        tops = [Path(str(found.locate_file(name))) for name in sorted(names - {"..", "__pycache__"})]
        home, editable = _origin(found)
        links = [top for top in tops if top.suffix != ".pth"]
        lines = [line for top in tops if top.suffix == ".pth" for line in _lines(top)] if editable else []
        return cls(canonical(found.name), found.version, tuple(links), tuple(lines), home)


def _origin(found: metadata.Distribution) -> tuple[Path | None, bool]:
    """Return the folder that a distribution was installed from, and whether it is still read from there."""
    try:
        facts = json.loads(found.read_text("direct_url.json") or "{}")
        url = urlsplit(facts.get("url", ""))
        editable = bool(facts.get("dir_info", {}).get("editable"))
    except (ValueError, AttributeError):
        return None, False
    return (Path(unquote(url.path)) if url.scheme == "file" else None), editable


def _lines(path: Path) -> list[str]:
    try:
        return [line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip()]
    except OSError:
        return []


@dataclass(frozen=True, slots=True)
class Layer:
    """The packages that the sides of a trial share.

    Attributes
    ----------
    missing
        Requirements that a commit declares and nobody installed here: fetched into the layer.
    """

    packages: tuple[Package, ...]
    missing: tuple[str, ...] = ()

    @property
    def versions(self) -> dict[str, str]:
        """Version by name, in the order of the names."""
        return {package.name: package.version for package in self.packages}

    @property
    def key(self) -> str:
        """A digest of all that is in it."""
        parts = [(p.name, p.version, *map(str, p.tops), *p.lines) for p in self.packages]
        return hashlib.sha256(json.dumps([parts, self.missing]).encode()).hexdigest()[:12]

    @property
    def lines(self) -> tuple[str, ...]:
        """What a ``.pth`` file needs beside the layer's own folder, for packages installed editable."""
        return tuple(line for package in self.packages for line in package.lines)

    def link(self, folder: Path) -> None:
        """Fill an empty folder with links to the packages.

        Raises
        ------
        OSError
            It cannot be written.
        """
        for package in self.packages:
            for top in package.tops:
                _link(top, folder / top.name)


def _link(target: Path, link: Path) -> None:
    """Link a file or folder; where two distributions at different places share a folder, what is in them."""
    if not target.exists():
        return
    if not link.exists():
        link.symlink_to(target)
    elif target.is_dir() and link.resolve() != target.resolve():
        if link.is_symlink():
            first = link.resolve()
            link.unlink()
            link.mkdir()
            for each in first.iterdir():
                _link(each, link / each.name)
        for each in target.iterdir():
            _link(each, link / each.name)


def installed(repository: Path, own: Collection[str]) -> Layer:
    """Return what is installed beside the project in a repository; the first of a name on the path counts.

    Parameters
    ----------
    own
        Names of the project's distribution.
    """
    root = repository.resolve()
    found: dict[str, Package] = {}
    for each in metadata.distributions():
        if not each.metadata["Name"]:
            continue  # what an interrupted uninstall left
        package = Package.of(each)
        found.setdefault(package.name, package)
    excluded = {canonical(name) for name in own} | {
        name for name, package in found.items() if package.home is not None and package.home.resolve() == root
    }
    found.pop(OURS, None)
    packages = [package for name, package in found.items() if name not in excluded]
    if OURS not in excluded:
        packages.append(_instrument())
    return Layer(tuple(sorted(packages, key=lambda package: package.name)))


def _instrument() -> Package:
    """Return our own package, from where this program runs."""
    return Package(OURS, persona_asv.__version__, (Path(persona_asv.__file__).resolve().parent,))


def providers(module: str) -> Iterator[str]:
    """Yield the names of installed distributions that a top-level module belongs to."""
    yield from map(canonical, metadata.packages_distributions().get(module.partition(".")[0], ()))
