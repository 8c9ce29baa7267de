"""Where a report is written: by its own name in the reports folder, or where the user says, in one step."""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path

from persona_asv.config import Config
from persona_asv.errors import UsageError

SUFFIXES = {"markdown": ".md", "json": ".json", "html": ".html"}


def place(settings: Config, subject: str, version: str, at: datetime, form: str) -> Path:
    """Return where a report goes that nobody gave a name: by subject, version and time.

    >>> from datetime import datetime, UTC
    >>> at = datetime(2026, 1, 15, 10, 45, tzinfo=UTC)
    >>> place(Config(Path("p")), "adapter:x/../y", "1.2", at, "html").as_posix()
    'p/benchmark-reports/benchmark-adapter-x-..-y-1.2-20260115T104500Z.html'
    """
    name = re.sub(r"[^A-Za-z0-9._+-]+", "-", f"{subject}-{version}")[:100]
    stamp = at.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    return settings.root / settings.reports_dir / f"benchmark-{name}-{stamp}{SUFFIXES[form]}"


def encoded(text: str) -> bytes:
    """Return a page's bytes: UTF-8 whatever the terminal's encoding, of a path in no encoding its escapes."""
    return text.encode("utf-8", errors="backslashreplace")


def write(path: Path, text: str, *, make_folder: bool) -> None:
    """Write a text in one step: whoever reads the path sees the old file or the new one.

    Raises
    ------
    UsageError
        It cannot be written; nothing of it is left.
    """
    temporary = path.with_name(f".{path.name[:100]}.{os.getpid()}.tmp")
    try:
        if make_folder:
            path.parent.mkdir(parents=True, exist_ok=True)
        if path.is_dir():
            raise UsageError(f"--output: {path} is a folder; name a file in it")
        with temporary.open("xb") as stream:
            stream.write(encoded(text))
            stream.flush()
            os.fsync(stream.fileno())
        temporary.replace(path)
    except OSError as error:
        raise UsageError(f"{path}: cannot be written ({error.strerror})") from error
    finally:
        with suppress(OSError):  # what could not be made need not be removed
            temporary.unlink(missing_ok=True)
