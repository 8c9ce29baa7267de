"""What ``init`` did, or would do, as text and as JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from persona_asv.render.terminal import Style
from persona_asv.scaffold.step import Fate

if TYPE_CHECKING:
    from persona_asv.beginning import Beginning

_DONE = {Fate.CREATED: "Wrote", Fate.EXTENDED: "Added to", Fate.REPLACED: "Replaced", Fate.LEFT: "Left"}
_TO_DO = {
    Fate.CREATED: "Would write",
    Fate.EXTENDED: "Would add to",
    Fate.REPLACED: "Would replace",
    Fate.LEFT: "Would leave",
}


def text(begun: Beginning, style: Style, *, dry_run: bool) -> str:
    """Return one line a file, what to look at, and what to type next."""
    words = _TO_DO if dry_run else _DONE
    lines = [
        f"{words[step.fate]} {step.path}" + (f": {step.reason}" if step.reason else "")
        for step in begun.steps
    ]
    lines += [f"Note: {note}" for note in begun.notes]
    if all(step.fate is Fate.LEFT for step in begun.steps):
        lines.append("Nothing to write.")
    lines += ["", "Next: persona benchmark run --workload quick"]
    return "\n".join(map(style.wrap, lines))


def as_json(begun: Beginning, *, dry_run: bool) -> dict[str, Any]:
    """Return the same for ``--json``."""
    return {
        "dry_run": dry_run,
        "repository": str(begun.root),
        "branch": begun.choices.branch,
        "subject": begun.choices.subject,
        "provider": begun.choices.provider,
        "requirement": begun.choices.requirement,
        "files": [
            {"path": step.path, "fate": str(step.fate), "reason": step.reason or None} for step in begun.steps
        ],
        "notes": list(begun.notes),
    }
