"""Research data in: files of four formats become numbered records, one line of text each."""

from __future__ import annotations

import csv
import io
import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from persona_asv.subject.protocol import GenerationError

MAX_BYTES = 1 << 20
"""Largest file read, bytes; more than a megabyte of text fits no model's context window."""

_HEADING = re.compile(r"#{1,6}\s(?P<text>.*)")
_ITEM = re.compile(r"(?:[-*+]|\d{1,9}[.)])\s+(?P<text>.*)")
_RULE = re.compile(r"([-*_])(?:\s*\1){2,}")


class ResearchError(GenerationError):
    """The research data cannot be used; the message names the file."""


@dataclass(frozen=True, slots=True)
class Record:
    """One statement of the research data, on one line.

    Attributes
    ----------
    id
        ``R1``, ``R2``, … in reading order across all files.
    text
        The statement, runs of white space made one space: never empty, never more than a line.
    file
        Name of the file it came from.
    """

    id: str
    text: str
    file: str


def load(path: Path) -> tuple[Record, ...]:
    """Read a file, or every file of a known format in a folder, sorted by name.

    A folder's files of other formats, its hidden files and its subfolders are left out.

    Raises
    ------
    ResearchError
        Where a file cannot be read, is not UTF-8 (a byte-order mark is tolerated) or not of its format, and
        where there is no statement at all.
    """
    records: list[Record] = []
    for file in _files(path):
        for text in _statements(file):
            records.append(Record(f"R{len(records) + 1}", text, file.name))
    if not records:
        raise ResearchError(f"{path}: holds no research data, every file in it is empty")
    return tuple(records)


def _files(path: Path) -> list[Path]:
    accepted = ", ".join(_READERS)
    try:
        if path.is_dir():
            files = sorted(
                file
                for file in path.iterdir()
                if file.suffix.lower() in _READERS and not file.name.startswith(".") and file.is_file()
            )
            if not files:
                raise ResearchError(f"{path}: the folder holds no research data ({accepted})")
            return files
        if not path.is_file():
            raise ResearchError(f"{path}: no such file or folder of research data")
    except OSError as error:
        raise ResearchError(f"{path}: cannot be read ({error.strerror})") from error
    if path.suffix.lower() not in _READERS:
        raise ResearchError(f"{path}: unknown format {path.suffix!r}; research data is {accepted}")
    return [path]


def _statements(file: Path) -> Iterator[str]:
    """Yield the statements of one file, each on one line, empty ones left out."""
    try:
        for text in _READERS[file.suffix.lower()](_text(file)):
            if line := " ".join(text.split()):
                line.encode()
                yield line
    except UnicodeEncodeError as error:
        raise ResearchError(f"{file}: holds half a surrogate pair, which is no text") from error
    except csv.Error as error:
        raise ResearchError(f"{file}: is not comma-separated values ({error})") from error
    except RecursionError as error:
        raise ResearchError(f"{file}: is nested too deeply") from error
    except json.JSONDecodeError as error:
        raise ResearchError(f"{file}: is not JSON ({error})") from error
    except ValueError as error:
        raise ResearchError(f"{file}: {error}") from error


def _text(file: Path) -> str:
    try:
        with file.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        raise ResearchError(f"{file}: cannot be read ({error.strerror})") from error
    if len(raw) > MAX_BYTES:
        raise ResearchError(
            f"{file}: is larger than {MAX_BYTES} bytes, the most that is read; split or shorten it"
        )
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ResearchError(f"{file}: is not UTF-8 (byte {error.start}); save it as UTF-8") from error


def _csv(text: str) -> Iterator[str]:
    """Yield one statement a row, each cell with its column's name; empty cells are left out."""
    rows = csv.reader(io.StringIO(text, newline=""), strict=True)
    header = [name.strip() for name in next(rows, [])]
    for row in rows:
        if len(row) > len(header):
            raise csv.Error(f"line {rows.line_num} has {len(row)} cells, the header {len(header)}")
        yield "; ".join(
            _labelled(name, cell) for name, cell in zip(header, row, strict=False) if cell.strip()
        )


def _json(text: str) -> Iterator[str]:
    """Yield one statement for each scalar in a list and for the scalars of each object, at any depth."""
    return _walk(json.loads(text), "")


def _walk(node: object, label: str) -> Iterator[str]:
    if isinstance(node, dict):
        words = ((key, _word(value)) for key, value in node.items() if not isinstance(value, dict | list))
        yield "; ".join(_labelled(key, word) for key, word in words if word)
        for key, value in node.items():
            if isinstance(value, dict | list):
                yield from _walk(value, key)
    elif isinstance(node, list):
        for value in node:
            yield from _walk(value, label)
    elif word := _word(node):
        yield _labelled(label, word)


def _word(value: object) -> str:
    """Return a JSON scalar as text: a string as it is, null as nothing, the rest as JSON writes it."""
    if value is None:
        return ""
    return value.strip() if isinstance(value, str) else json.dumps(value)


def _markdown(text: str) -> Iterator[str]:
    """Yield one statement a paragraph or list item, each with the heading it stands under."""
    heading = ""
    block: list[str] = []
    for raw in [*text.splitlines(), ""]:
        line = raw.strip().lstrip(">").strip()
        rule, title, item = _RULE.fullmatch(line), _HEADING.fullmatch(line), _ITEM.fullmatch(line)
        if line and not (rule or title or item):
            block.append(line)
            continue
        if block:
            yield _labelled(heading, " ".join(block))
        block = [item["text"]] if item and not rule else []
        if title:
            heading = title["text"].strip("# \t")


def _plain(text: str) -> Iterator[str]:
    """Yield one statement a paragraph; paragraphs are parted by blank lines."""
    block: list[str] = []
    for line in [*text.splitlines(), ""]:
        if line.strip():
            block.append(line)
        else:
            yield " ".join(block)
            block = []


def _labelled(label: str, text: str) -> str:
    return f"{label}: {text.strip()}" if label else text.strip()


_READERS = {".csv": _csv, ".json": _json, ".md": _markdown, ".txt": _plain}
