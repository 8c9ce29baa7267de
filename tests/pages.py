"""The documentation as a reader types it: every command of its pages, and every file they show."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

import yaml
from conftest import ROOT

PAGES = (
    "README.md",
    *(
        path.relative_to(ROOT).as_posix()
        for folder in ("", "tutorial", "how-to", "reference", "explanation", "decisions", "examples")
        for path in sorted((ROOT / "docs" / folder).glob("*.md"))
    ),
    "html/README.md",
)
"""Every page, in the order in which one reads them."""

LANGUAGES = {"console", "bash", "yaml", "toml", "json", "python", "text"}
"""What a block of code may be: in one of another kind, or of none, a command could hide."""

_FENCE = re.compile(r"^```(?P<language>.*)\n(?P<body>(?:.*\n)*?)```$", re.MULTILINE)
_SPAN = re.compile(r"(?<!`)`(?P<code>[^`]+)`(?!`)")
_COMMAND = re.compile(r"(persona|persona-asv|asv|nox|pip|git|python3?) \S")
_FILE = re.compile(r"`(?P<name>[\w./-]+)`:\s*\Z")


@dataclass(frozen=True)
class Command:
    """One thing to type: a line of a terminal or of a pipeline, a script, or a command in running text."""

    page: str
    line: int
    text: str
    inline: bool = False

    def __str__(self) -> str:
        return f"{self.page}:{self.line} {self.text.splitlines()[0]}"


@dataclass(frozen=True)
class File:
    """A file that a page shows whole, its name in the words before."""

    page: str
    line: int
    name: str
    text: str


def text_of(page: str) -> str:
    return (ROOT / page).read_text(encoding="utf-8")


def languages(page: str) -> set[str]:
    return {fence["language"] for fence in _FENCE.finditer(text_of(page))}


def steps(page: str) -> list[Command | File]:
    """Return what a page tells to do, in the order in which it stands."""
    return sorted(_steps(page, text_of(page)), key=lambda step: step.line)


def commands(page: str) -> list[Command]:
    return [step for step in steps(page) if isinstance(step, Command)]


def spans(page: str) -> Iterator[tuple[int, str]]:
    """Yield each piece of code in running text, with its line."""
    text = text_of(page)
    prose = _FENCE.sub(lambda fence: "\n" * fence[0].count("\n"), text)
    prose = re.sub(r"<!--.*?-->", lambda note: "\n" * note[0].count("\n"), prose, flags=re.DOTALL)
    for span in _SPAN.finditer(prose):
        yield _line(prose, span.start()), " ".join(span["code"].split())


def _steps(page: str, text: str) -> Iterator[Command | File]:
    for fence in _FENCE.finditer(text):
        line = _line(text, fence.start()) + 1
        shown = _FILE.search(text[: fence.start()])
        if shown is not None:
            yield File(page, line, shown["name"], fence["body"])
        elif fence["language"] == "console":
            for number, typed in enumerate(fence["body"].splitlines()):
                yield Command(page, line + number, typed)
        elif fence["language"] == "bash":
            yield Command(page, line, fence["body"])
        elif fence["language"] == "yaml":
            for number, typed in enumerate(_script(fence["body"])):
                yield Command(page, line + number, typed)
    for line, code in spans(page):
        if _COMMAND.match(code):
            yield Command(page, line, code, inline=True)


def _script(text: str) -> Iterator[str]:
    """Yield what the jobs of a pipeline's definition type; other YAML types nothing."""
    for job in yaml.safe_load(text).values():
        yield from job.get("script", ()) if isinstance(job, dict) else ()


def _line(text: str, place: int) -> int:
    return text.count("\n", 0, place) + 1
