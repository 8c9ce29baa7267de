"""Baselines as text and as JSON: F-139's list, the details of each, and what was kept or removed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC
from pathlib import Path
from typing import TYPE_CHECKING, Any

from persona_asv.baselines.baseline import Baseline, Entry, Figure
from persona_asv.baselines.book import Book
from persona_asv.render.endpoint import endpoint
from persona_asv.render.terminal import Style
from persona_asv.units import significant

if TYPE_CHECKING:
    from persona_asv.tidying import Tidying


def size(count: int) -> str:
    """Return a number of bytes for people.

    >>> size(880), size(2350), size(3_400_000)
    ('880 B', '2.3 KB', '3.2 MB')
    """
    if count < 1000:
        return f"{count} B"
    kilo = count / 1024
    return f"{kilo:.1f} KB" if kilo < 1000 else f"{kilo / 1024:.1f} MB"


def near(path: Path) -> str:
    """Return a path as a user in this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)


def text(books: Sequence[Book], folder: Path, style: Style, *, verbose: bool = False) -> str:
    """Return the list of baselines; broken files stand below the table, each with its reason."""
    sound = [(book, book.baseline) for book in books if book.baseline is not None]
    parts = ["Available Baselines", style.rule(len("Available Baselines")), ""]
    if sound:
        parts.append(
            style.table(
                ("Name", "Captured", "Version", "Size"),
                [(book.name, _when(its), its.version, size(book.size)) for book, its in sound],
            )
        )
    else:
        parts.append(f"None in {near(folder)} yet. Next: persona benchmark capture --name NAME")
    if verbose:
        for book, baseline in sound:
            parts += ["", *_details(book, baseline, style)]
    broken = [book for book in books if book.baseline is None]
    if broken:
        parts += ["", "Broken:", *(style.wrap(f"  {_file(book)}: {_reason(book)}") for book in broken)]
    total = f"{len(sound)} baseline{'' if len(sound) == 1 else 's'} ({size(sum(b.size for b, _ in sound))})"
    parts += ["", f"Total: {total}" + (f", {len(broken)} broken" if broken else "")]
    return "\n".join(parts)


def _when(baseline: Baseline) -> str:
    return baseline.captured_at.astimezone(UTC).strftime("%Y-%m-%d %H:%M")


def _file(book: Book) -> str:
    """Return the file's name in one line, whatever it holds."""
    return "".join(each if each.isprintable() else repr(each)[1:-1] for each in book.path.name)


def _reason(book: Book) -> str:
    """Return what is wrong, without the file's name that the line begins with."""
    reason = book.problem.removeprefix(f"{book.path.name}:").lstrip()
    return f"line {reason}" if reason != book.problem and reason[:1].isdigit() else reason


def _details(book: Book, baseline: Baseline, style: Style) -> list[str]:
    lines = [book.name, style.rule(len(book.name))]
    its = asdict(baseline.environment)
    facts = {
        "Subject": _joined(baseline.subject, baseline.version, f"commit {baseline.commit_label}"),
        "Provider": _joined(baseline.provider, baseline.model and f"({baseline.model})"),
        "Endpoint": _endpoint(baseline),
        "Price": "" if baseline.price is None else baseline.price.text(),
        "Machine": _joined(its["machine"], its["platform"], its["cpu"], _counted(its["cores"], "cores"),
                           _counted(its["memory_gb"], "GB")),
        "System": _joined(its["os"], its["virtualisation"], _labelled("governor", its["governor"])),
        "Software": _joined(*(f"{name} {its[key]}" for name, key in _SOFTWARE if its[key])),
        "Samples": baseline.samples.file if baseline.samples else "none: compared by its values alone",
        "Pinned": "yes" if baseline.pinned else "",
    }  # fmt: skip
    lines += [style.wrap(f"{name + ':':<10}{fact}") for name, fact in facts.items() if fact]
    for case, entry in baseline.workloads.items():
        lines += ["", f"Workload: {case}" + _iterations(entry)]
        rows = [(key, _value(key, figure), _range(key, figure), _standing(figure))
                for key, figure in entry.metrics.items()]  # fmt: skip
        lines.append(style.table(("Metric", "Value", "95 % interval", "n / rounds"), rows))
    return lines


def _endpoint(baseline: Baseline) -> str:
    if baseline.endpoint == "stand-in" and baseline.profile:
        return endpoint(baseline.profile)
    return baseline.endpoint or ""


_SOFTWARE = (("Python", "python_version"), ("persona_asv", "persona_asv"), ("asv", "asv"))


def _joined(*facts: object) -> str:
    return " ".join(str(fact) for fact in facts if fact)


def _labelled(label: str, fact: str | None) -> str:
    return f"{label} {fact}" if fact else ""


def _counted(count: float | None, what: str) -> str:
    return "" if count is None else f"{significant(count)} {what}"


def _iterations(entry: Entry) -> str:
    known = "" if entry.iterations is None else f" ({entry.iterations} iterations)"
    return known + (f", {entry.description}" if entry.description else "")


def _value(key: str, figure: Figure) -> str:
    from persona_asv.metrics import unit_of

    unit = unit_of(key)
    return unit.write(figure.value) if unit else significant(figure.value)


def _range(key: str, figure: Figure) -> str:
    if figure.interval is None:
        return ""
    low, high = (_value(key, Figure(end)) for end in figure.interval)
    return f"{low} to {high}"


def _standing(figure: Figure) -> str:
    return "" if figure.n is None else f"{figure.n} / {figure.rounds or '?'}"


def captured(book: Book, runs: Iterable[Path], what: str, style: Style) -> str:
    """Return what a capture says when it is done; `what` is how ``compare`` will find it."""
    baseline = book.baseline
    assert baseline is not None  # noqa: S101 - the caller's
    few = [case for case, entry in baseline.workloads.items() if _rounds(entry) < 3]
    lines = [
        f"{style.ok} Captured {book.name}: {', '.join(baseline.workloads)} of {baseline.subject} "
        f"{baseline.version}, commit {baseline.commit_label}",
        f"From: {', '.join(near(path) for path in runs)}",
        f"Kept: {near(book.path)} ({size(book.size)} with its samples)",
    ]
    if few:
        lines.append(
            f"Note: fewer than 3 rounds of {', '.join(few)}: can raise a suspicion, never a verdict."
        )
    if baseline.dirty or baseline.commit is None:
        lines.append("Note: the code is no commit's; nobody can measure it again.")
    lines += ["", f"Next: persona benchmark compare --baseline {what}"]
    return "\n".join(map(style.wrap, lines))


def _rounds(entry: Entry) -> int:
    return max((figure.rounds or 0 for figure in entry.metrics.values()), default=0)


def tidying(found: Tidying, style: Style, *, dry_run: bool) -> str:
    """Return what is about to be removed, and what stays and why."""
    would = "Would remove" if dry_run else "Removing"
    lines = [f"{would} {book.name} ({size(book.size)})" for book in found.remove]
    lines += [f"{would} report {near(path)}" for path in found.reports]
    lines += [f"{would} leftover {near(path)}" for path in found.leftovers]
    lines += [f"Keeping {name}: {reason}" for name, reason in found.kept]
    if found.nothing:
        lines.append("Nothing to remove.")
    return "\n".join(map(style.wrap, lines))


def counted(found: Tidying) -> str:
    """Return how much of what goes, in words."""
    kinds = (("baseline", found.remove), ("report", found.reports), ("leftover", found.leftovers))
    said = [f"{len(its)} {kind}{'' if len(its) == 1 else 's'}" for kind, its in kinds if its]
    return " and ".join(said) or "nothing"


def tidied(found: Tidying) -> str:
    """Return what was removed."""
    return f"Removed {counted(found)}"


def tidying_as_json(found: Tidying, *, dry_run: bool) -> dict[str, Any]:
    """Return the same for ``--json``."""
    return {
        "dry_run": dry_run,
        "removed": [book.name for book in found.remove],
        "reports": [str(path) for path in found.reports],
        "leftovers": [str(path) for path in found.leftovers],
        "kept": [{"name": name, "reason": reason} for name, reason in found.kept],
    }


def as_json(books: Sequence[Book], folder: Path) -> dict[str, Any]:
    """Return the list for ``--json``."""
    return {
        "folder": str(folder),
        "baselines": [book_as_json(book) for book in books if book.baseline is not None],
        "broken": [{"file": _file(book), "reason": _reason(book)} for book in books if book.baseline is None],
    }


def book_as_json(book: Book) -> dict[str, Any]:
    """Return one baseline for ``--json``; sizes in bytes."""
    baseline = book.baseline
    assert baseline is not None  # noqa: S101 - the caller's
    return {
        **asdict(baseline),
        "name": book.name,
        "path": str(book.path),
        "size": book.size,
        "captured_at": baseline.captured_at.isoformat().replace("+00:00", "Z"),
    }
