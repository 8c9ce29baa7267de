"""A YAML file as a tree whose every value knows its key and its line.

Nothing is constructed and no alias is expanded: a reader goes down the tree as its schema leads, and a
complaint names file, line and key.
"""

from __future__ import annotations

import re
import stat
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_asv.errors import ConfigError

if TYPE_CHECKING:
    import yaml

_FORBIDDEN = r"[^\t\n\r -~\x85\xa0-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]"
"""Characters no YAML document may hold (YAML 1.1, section 5.1), nor a byte-order mark within it."""


def complaint(place: str, problem: str) -> ConfigError:
    """Return the error that tells a problem at a place, in one line whatever the file holds."""
    line = f"{place}: {problem}"
    return ConfigError("".join(char if char.isprintable() else repr(char)[1:-1] for char in line))


def read_text(path: Path, file: str) -> str:
    """Return the text of a regular UTF-8 file of at most 1 MiB; ``file`` is what errors call it.

    Raises
    ------
    ConfigError
        It is something else.
    """
    try:
        facts = path.stat()
        regular = stat.S_ISREG(facts.st_mode)  # a pipe would block, a device never end
        content = path.read_bytes() if regular and facts.st_size <= 1 << 20 else None
    except OSError as error:
        raise complaint(file, f"cannot be read: {error.strerror}") from error
    if content is None:
        raise complaint(file, "larger than 1 MiB" if regular else "not a regular file; name a YAML file")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise complaint(f"{file}:{line}", "not UTF-8; save the file as UTF-8") from error


def compose(text: str, file: str) -> yaml.Node | None:
    """Return the root of the one document in a text, None where it is empty.

    Raises
    ------
    ConfigError
        It is not YAML, several documents, or too deep or too full of aliases to read.
    """
    import yaml

    if forbidden := re.search(_FORBIDDEN, text):
        line = text.count("\n", 0, forbidden.start()) + 1
        raise complaint(f"{file}:{line}", f"not valid YAML: it holds the character {forbidden[0]!r}")
    loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
    try:
        _limit(yaml.parse(text, Loader=loader), file)
        return yaml.compose(text, Loader=loader)
    except (yaml.YAMLError, ValueError, OverflowError) as error:  # the last two: an escape beyond Unicode
        mark: yaml.Mark | None = getattr(error, "problem_mark", None)
        problem = f"not valid YAML: {getattr(error, 'problem', None) or error}"
        if "maximum nesting depth" in problem:  # a newer libyaml reads ahead of us, up to a limit of its own
            problem = TOO_DEEP
        raise complaint(f"{file}:{mark.line + 1}" if mark else file, problem) from error


TOO_DEEP = "more than 100 aliases or nested levels"


def _limit(events: Iterable[Any], file: str) -> None:
    """Refuse what would take unbounded time or stack to compose; reading events takes neither."""
    documents = aliases = 0
    levels = -2  # the stream and the document count as well
    for event in events:
        kind = type(event).__name__
        documents += kind == "DocumentStartEvent"
        aliases += kind == "AliasEvent"
        levels += ("Start" in kind) - ("End" in kind)
        if documents > 1 or max(aliases, levels) > 100:
            problem = "more than one YAML document" if documents > 1 else TOO_DEEP
            raise complaint(f"{file}:{event.start_mark.line + 1}", problem)


@dataclass(frozen=True, slots=True)
class Entry:
    """One value in the file, with all that a complaint about it names."""

    file: str
    key: str
    line: int
    node: Any  # a yaml.Node; which kind, its `id` says

    @property
    def tag(self) -> str:
        """The short tag, unless a tag written in the file belies what the value is."""
        tag = self.node.tag.replace("tag:yaml.org,2002:", "!!")
        kind = {"!!map": "mapping", "!!seq": "sequence"}.get(tag, "scalar")
        return tag if kind == self.node.id else f"{tag[:60]} on a {self.node.id}"

    def error(self, problem: str) -> ConfigError:
        """Return the error that this entry has the problem."""
        return complaint(f"{self.file}:{self.line}", f"{self.key or 'the top level'}: {problem}")

    def expected(self, wanted: str) -> ConfigError:
        """Return the error that something else was wanted here."""
        found = {"!!map": "a mapping", "!!seq": "a list", "!!null": "nothing"}.get(self.tag, self.tag[:80])
        if self.tag in (*TEXT, "!!bool"):
            quote = '"' if self.node.style else ""
            found = f"{quote}{self.node.value[:60]}{quote}"
        return self.error(f"expected {wanted}, found {found}")

    def read(self, schema: Mapping[str, Reader], others: bool = False) -> dict[str, Any]:
        """Read a mapping with each key's reader; an empty value is an empty mapping."""
        if self.tag not in ("!!map", "!!null"):
            raise self.expected("a mapping")
        entries: dict[str, Entry] = {}
        for key, node in self.node.value if self.tag == "!!map" else ():
            name = key.value if key.id == "scalar" else "?"
            path = f"{self.key}.{name[:60]}" if self.key else name[:60]
            entry = Entry(self.file, path, key.start_mark.line + 1, node)
            if name in entries:
                raise entry.error(f"given twice, first on line {entries[name].line}; keep one")
            if name in schema:
                entries[name] = entry
            elif not others:
                raise entry.error(_unknown(name[:60], schema))
        return {name: schema[name](entry) for name, entry in entries.items()}

    def items(self, reader: Reader) -> tuple[Any, ...]:
        """Read each item of a list."""
        if self.tag != "!!seq":
            raise self.expected("a list")
        return tuple(
            reader(Entry(self.file, f"{self.key}[{index}]", node.start_mark.line + 1, node))
            for index, node in enumerate(self.node.value)
        )


def _unknown(name: str, known: Collection[str]) -> str:
    import difflib

    meant = "".join(f'did you mean "{key}"? ' for key in difflib.get_close_matches(name, known, n=1))
    return f"unknown key; {meant}(known: {', '.join(known)})"


Reader = Callable[[Entry], Any]
TEXT = ("!!str", "!!int", "!!float", "!!timestamp")  # a name is its text: an unquoted 1.10 is not 1.1


def scalar(wanted: str, tags: Collection[str], pattern: str, make: Callable[[str], Any] = str) -> Reader:
    """Return a reader of short printable scalars that match `pattern` and of which `make` makes a value."""

    def read(entry: Entry) -> object:
        text = entry.node.value if entry.tag in tags else "\n"
        fits = len(text) <= 500 and text.isprintable() and re.fullmatch(pattern, text)
        if not fits or (value := make(text)) is None:
            raise entry.expected(wanted)
        return value

    return read
