"""The script ``persona`` here: what it starts, and which installed packages bring one.

Two packages that bring one script overwrite each other's: the one installed last has it, and uninstalling
either removes it.
"""

from __future__ import annotations

import json
import re
import shlex
import shutil
import sysconfig
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution, entry_points
from pathlib import Path
from typing import Any

from persona_asv.engine.layer import OURS, canonical
from persona_asv.fitness.readings import Claim, Command, Script

NAME = "persona"
_IMPORT = re.compile(rb"^\s*from ([\w.]+) import ", re.MULTILINE)
"""What installers write into a console script, as text or at the end of a program for Windows."""


def read() -> Script:
    """Return the script of this environment, the one a shell finds, and whose it may be."""
    folder = _folder()
    here, found = (shutil.which(NAME, path=path) for path in (str(folder), None))
    if here is not None and found is not None and Path(here).samefile(found):
        found = here
    claims = tuple(sorted(_claims(), key=lambda claim: claim.name))
    return Script(str(folder), _command(here), _command(found), claims)


def _folder() -> Path:
    """Return where our own scripts were installed, else where this interpreter's would be."""
    try:
        files = distribution(OURS).files or ()
    except PackageNotFoundError:  # run from a source tree
        files = ()
    ours = [Path(str(file.locate())) for file in files if file.name in (OURS, f"{OURS}.exe")]
    return ours[0].resolve().parent if ours else Path(sysconfig.get_path("scripts"))


def _command(path: str | None) -> Command | None:
    if path is None:
        return None
    try:
        said = _IMPORT.search(Path(path).read_bytes())
    except OSError:
        said = None
    return Command(path, said[1].decode() if said else None)


def _claims() -> Iterator[Claim]:
    for point in entry_points(group="console_scripts", name=NAME):
        if point.dist is not None:
            yield Claim(canonical(point.dist.name), point.module, source(point.dist))


def source(found: Distribution) -> str:
    """Return what pip installs a distribution from again, as a shell takes it.

    That is the address it came from (PEP 610), else its name with its very version: on the public index the
    name ``persona`` is another project's.
    """
    try:
        facts = json.loads(found.read_text("direct_url.json") or "{}")
        return _address(facts["url"], facts.get("dir_info", {}), facts.get("vcs_info"))
    except (ValueError, TypeError, KeyError, AttributeError):  # none, or nonsense
        return f"{canonical(found.name)}=={found.version}"


def _address(url: str, folder: dict[str, Any], vcs: dict[str, Any] | None) -> str:
    whole = url if vcs is None else f"{vcs['vcs']}+{url}@{vcs['commit_id']}"
    return f"{'--editable ' if folder.get('editable') else ''}{shlex.quote(whole)}"
