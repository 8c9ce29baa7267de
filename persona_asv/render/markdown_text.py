"""Any text as GitHub Markdown that shows it and nothing else: no markup, link or mention, no broken table."""

from __future__ import annotations

import re
from collections.abc import Sequence

_PLAIN = re.compile(r"""[+-]?[A-Za-z0-9(†‡'"][A-Za-z0-9.,;:'"()%+±/=†_-]*|[†‡%=\u2013]""")
"""A word that Markdown leaves as it is, unless `_TURNS` finds something in it."""

_TURNS = re.compile(r"://|^www\.|^\d+[.)]$|(?<![A-Za-z0-9])_|_(?![A-Za-z0-9])", re.IGNORECASE)
"""What a renderer would turn into a link, a list or emphasis."""


_SPAN = re.compile(r"(?<!\S)`([^`\s][^`\n]*[^`\s])`(?!\S)")
"""A code span that stands for itself, of two characters at least."""


def code(text: str, *, in_table: bool = False) -> str:
    r"""Return a text as a code span, in which GitHub renders, links and mentions nothing.

    What cannot be printed is shown as Python writes it. In a table a pipe ends the cell wherever it stands:
    it is escaped, and kept apart from a backslash before it, which renderers understand differently.

    >>> print(code("a`b"), code("<b>"), code("x|y", in_table=True))
    ``a`b`` `<b>` `x\|y`
    """
    shown = "".join(each if each.isprintable() else repr(each)[1:-1] for each in text)
    if in_table:
        shown = re.sub(r"\\(?=\|)", r"\\ ", shown).replace("|", r"\|")
    fence = "`" * (max((len(run) for run in re.findall("`+", shown)), default=0) + 1)
    inner = f" {shown} " if shown.startswith("`") or shown.endswith("`") else shown
    return f"{fence}{inner}{fence}" if shown.strip() else ""


def prose(text: str, *, in_table: bool = False) -> str:
    """Return a sentence word by word: what Markdown would take for markup becomes a code span.

    A code span that is there already stays one.

    >>> print(prose("baseline v1.11.0 of <script> and https://example.org, by `a b`"))
    baseline v1.11.0 of `<script>` and `https://example.org,` by `a b`
    """
    spans = _SPAN.split(text)  # every second part is the inside of a span
    alone = len(text.split()) == 1
    words = []
    for number, part in enumerate(spans):
        if number % 2:
            words.append(code(part, in_table=in_table))
            continue
        words += [
            word if _is_plain(word, alone=alone) else code(word, in_table=in_table) for word in part.split()
        ]
    return " ".join(filter(None, words))


def _is_plain(word: str, *, alone: bool) -> bool:
    """Return whether Markdown leaves a word as it is; a lone ``=`` would make a heading of the line above."""
    return bool(_PLAIN.fullmatch(word)) and not _TURNS.search(word) and not (alone and word == "=")


def table(head: Sequence[str], rows: Sequence[Sequence[str]], *, numbers_from: int = 1) -> str:
    """Return a table; cells are Markdown already, columns from `numbers_from` on are aligned to the right."""
    rule = ["---" if column < numbers_from else "---:" for column in range(len(head))]
    return "\n".join(f"| {' | '.join(row)} |" for row in (head, rule, *rows))
