"""Where a site is built: by one command at a time, beside the old one, and swept clean."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from persona_asv.engine.store import make_home
from persona_asv.errors import MeasurementError

PATIENCE = 60.0
"""Seconds to wait for another publish."""
_PREFIX, _SUFFIX = ".site-", ".tmp"


@contextmanager
def alone(home: Path) -> Iterator[None]:
    """Hold the lock of the project whose runs are kept in ``home``.

    Raises
    ------
    MeasurementError
        Another publish held it for too long, or the folder cannot be written.
    """
    from filelock import FileLock, Timeout

    lock = FileLock(home / "site.lock", timeout=PATIENCE)
    try:
        make_home(home)
        lock.acquire()
    except Timeout as error:
        raise MeasurementError(
            f"another publish has been at work for {PATIENCE:.0f} s; try again when it has ended"
        ) from error
    except OSError as error:
        raise MeasurementError(
            f"{error.filename or home}: cannot be written ({error.strerror}); nothing was built"
        ) from error
    try:
        yield
    finally:
        lock.release()


@contextmanager
def workshop(home: Path, output: Path) -> Iterator[Path]:
    """Make a folder on the site's file system; what a killed publish left is swept away first."""
    if home.stat().st_dev != output.parent.stat().st_dev:
        home = output.parent
    for left in home.glob(f"{_PREFIX}*{_SUFFIX}"):
        shutil.rmtree(left, ignore_errors=True)
    shop = Path(tempfile.mkdtemp(prefix=_PREFIX, suffix=_SUFFIX, dir=home))
    try:
        yield shop
    finally:
        shutil.rmtree(shop, ignore_errors=True)
