"""A folder put in another's place in one step: whoever reads it sees the old one or the new one, whole."""

from __future__ import annotations

import ctypes
import errno
import os
import shutil
from pathlib import Path

from persona_asv.errors import UsageError

KEPT = (".gitkeep", "README.md", ".nojekyll", "CNAME")
"""Files of a site's folder that are not the site's, and stay."""
MARK = "persona-site.json"
"""What a site of ours holds, and a folder of somebody's photographs does not."""
_EXCHANGE, _AT_CWD = 2, -100


def refuse_foreign(target: Path) -> None:
    """Refuse a folder that holds anything but a site of ours, or of asv's own.

    Raises
    ------
    UsageError
        It would be lost.
    """
    if not os.path.lexists(target):
        return
    if not target.is_dir():
        raise UsageError(f"--output: {target} is a file; name a folder")
    content = {path.name for path in target.iterdir()} - set(KEPT)
    if content and MARK not in content and not {"index.html", "asv.js", "info.json"} <= content:
        raise UsageError(
            f"--output: {target} holds {min(content)}, which is no site's; name another folder, or empty it"
        )


def put(new: Path, target: Path) -> None:
    """Make the folder ``new`` stand at ``target``, with the files of the old one that are not the site's.

    Raises
    ------
    OSError
        It cannot be done; the old folder stands as it was.
    """
    for name in KEPT:
        if (target / name).is_file() and not (new / name).exists():
            shutil.copy2(target / name, new / name)
    if not target.exists():
        new.rename(target)
        return
    if not _exchange(new, target):  # pragma: no cover - no Linux, or a file system that cannot
        old = new.with_name(new.name + ".old")
        target.rename(old)
        try:
            new.rename(target)
        except OSError:
            old.rename(target)
            raise
        old.rename(new)
    shutil.rmtree(new, ignore_errors=True)


def _exchange(new: Path, target: Path) -> bool:
    """Exchange two folders in one step (renameat2, Linux 3.15); False where that is unknown."""
    try:
        rename = ctypes.CDLL(None, use_errno=True).renameat2
    except (AttributeError, OSError):  # pragma: no cover
        return False
    if rename(_AT_CWD, os.fsencode(new), _AT_CWD, os.fsencode(target), _EXCHANGE) == 0:
        return True
    code = ctypes.get_errno()
    if code in (errno.ENOSYS, errno.EINVAL, errno.ENOTSUP):  # pragma: no cover
        return False
    raise OSError(code, os.strerror(code), str(target))
