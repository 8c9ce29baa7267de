"""The artifact of a job that ran a stranger's code: one file of it is read, by name and in memory."""

from __future__ import annotations

import io
import zipfile
import zlib

from persona_asv.errors import UsageError

NAME = "persona-benchmark"
DOCUMENT = "comment.json"
MOST_ZIP = 64 << 20
"""Bytes of the archive: results of a few rounds are some hundred kilobytes."""
MOST_DOCUMENT = 2 << 20
"""Bytes of the document, unpacked."""
MOST_FILES = 10_000


def document(archive: bytes) -> bytes:
    """Return the document in an archive; other members are not touched, whatever their names are.

    Raises
    ------
    UsageError
        It is no archive, has no such document or two, or it is too large.
    """
    try:
        with zipfile.ZipFile(io.BytesIO(archive)) as packed:
            if len(packed.infolist()) > MOST_FILES:
                raise UsageError(f"the artifact holds more than {MOST_FILES:,} files")
            found = [each for each in packed.infolist() if each.filename == DOCUMENT]
            if len(found) != 1:
                raise UsageError(f"the artifact holds {len(found)} files named {DOCUMENT}, not one")
            with packed.open(found[0]) as stream:  # the size in the directory may be a lie
                content = stream.read(MOST_DOCUMENT + 1)
    except (zipfile.BadZipFile, zlib.error, NotImplementedError, RuntimeError, EOFError, OSError) as error:
        raise UsageError(f"the artifact is no archive that can be read ({type(error).__name__})") from error
    if len(content) > MOST_DOCUMENT:
        raise UsageError(f"{DOCUMENT} is larger than {MOST_DOCUMENT:,} bytes")
    return content
