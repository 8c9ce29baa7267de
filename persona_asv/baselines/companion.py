"""A baseline's companion: the rounds behind it, every sample, in one compressed file.

Compressed JSON, ``{"schema": 1, "rounds": [...]}``; a round is an asv result file's content, so a baseline is
judged by the very code that judges files. The same rounds make the same bytes.
"""

from __future__ import annotations

import gzip
import hashlib
import io
import json
import zlib
from collections.abc import Collection, Sequence
from pathlib import Path

from persona_asv.engine.results import document, read_document
from persona_asv.errors import BaselineError, ResultFileError
from persona_asv.model import ResultFile

SCHEMA = 1
SUFFIX = ".samples.json.gz"
MOST = 1 << 29
"""Bytes of a companion, unpacked: what unpacks to more is no measurement."""


def pack(rounds: Sequence[ResultFile]) -> bytes:
    """Return the companion's bytes."""
    content = json.dumps(
        {"schema": SCHEMA, "rounds": [document(result) for result in rounds]}, separators=(",", ":")
    )
    packed = io.BytesIO()
    with gzip.GzipFile(filename="", mode="wb", fileobj=packed, mtime=0) as stream:
        stream.write(content.encode())
    return packed.getvalue()


def digest(content: bytes) -> str:
    """Return the SHA-256 of a companion's bytes."""
    return hashlib.sha256(content).hexdigest()


def unpack(content: bytes, path: Path, only: Collection[str] | None = None) -> tuple[ResultFile, ...]:
    """Return the rounds in a companion's bytes; `path` is what errors call it.

    Where some benchmarks `only` are wanted the rounds hold those: a history reads many companions at once.

    Raises
    ------
    BaselineError
        It is not what `pack` makes.
    """
    try:
        with gzip.GzipFile(fileobj=io.BytesIO(content)) as stream:
            text = stream.read(MOST + 1)
        found = json.loads(text) if len(text) <= MOST else None
    except (OSError, EOFError, zlib.error, ValueError, RecursionError) as error:
        raise BaselineError(f"{path}: not a file of samples ({error})") from error
    if not isinstance(found, dict) or not isinstance(found.get("rounds"), list):
        raise BaselineError(f"{path}: not a file of samples")
    if found.get("schema") != SCHEMA:
        raise BaselineError(
            f"{path}: samples of schema {found.get('schema')}, this persona_asv reads {SCHEMA}; update it"
        )
    try:
        return tuple(
            read_document(_part(each, only), Path(f"{path}#{number}"))
            for number, each in enumerate(found["rounds"], 1)
        )
    except ResultFileError as error:
        raise BaselineError(str(error)) from error


def _part(found: object, only: Collection[str] | None) -> object:
    """Return a round's content with some of its results; what is no round is left to the reader of rounds."""
    if only is None or not isinstance(found, dict) or not isinstance(found.get("results"), dict):
        return found
    return {**found, "results": {name: row for name, row in found["results"].items() if name in only}}
