"""What a change does to the baselines that the repository stores."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from persona_asv.baselines.baseline import NAME, Baseline
from persona_asv.baselines.book import SUFFIX
from persona_asv.baselines.document import read
from persona_asv.comments.comment import Edit
from persona_asv.engine import git
from persona_asv.errors import PersonaAsvError

MOST_BYTES = 1 << 20
"""Of a baseline's file: what is larger is none."""


def edits(root: Path, folder: Path, base: str) -> tuple[Edit, ...]:
    """Return how baselines differ between a commit and the work tree, by name.

    Parameters
    ----------
    root
        The repository's folder.
    folder
        That of the baselines; nothing is known of one outside of the repository.
    base
        The commit.
    """
    place = folder.resolve()
    if not place.is_relative_to(root.resolve()):
        return ()
    inside = place.relative_to(root.resolve()).as_posix()
    listed = git.ask(root, "diff", "--name-only", "--no-renames", "-z", base, "--", f":(literal){inside}")
    found = (Path(name) for name in (listed or "").split("\0") if name)
    return tuple(
        _edit(root, base, path)
        for path in sorted(found)
        if path.suffix == SUFFIX and NAME.fullmatch(path.stem) and path.parent.as_posix() == inside
    )


def _edit(root: Path, base: str, path: Path) -> Edit:
    old = git.ask_bytes(root, "cat-file", "blob", f"{base}:{path.as_posix()}")
    here = root / path
    new = here.read_bytes() if here.is_file() and not here.is_symlink() else None
    problems, sides = [], []
    for what, content in (("before", old), ("after", new)):
        try:
            sides.append(_figures(content, path))
        except (PersonaAsvError, UnicodeDecodeError) as error:
            problems.append(f"{what}, it cannot be read ({error})"[:400])
            sides.append({})
    before, after = sides
    pairs = {key: (before.get(key), after.get(key)) for key in {**before, **after}}
    changed = {key: pair for key, pair in pairs.items() if pair[0] != pair[1]}
    return Edit(path.stem, changed, "; ".join(problems)[:500])


def _figures(content: bytes | None, path: Path) -> Mapping[tuple[str, str], float]:
    if content is None:
        return {}
    if len(content) > MOST_BYTES:
        raise PersonaAsvError("larger than 1 MiB")
    return dict(_flat(read(content.decode("utf-8-sig"), path.name, path.stem)))


def _flat(baseline: Baseline) -> Iterator[tuple[tuple[str, str], float]]:
    for case, entry in baseline.workloads.items():
        for key, figure in entry.metrics.items():
            yield (case, key), figure.value
