"""Says what a subject is, in the environment that holds it: a script of its own, standard library only.

``python subject_probe.py ANSWER SUBJECT MODULE`` imports the subject as a benchmark process would and
writes one JSON document to the file ANSWER: what it is, or the reason why it is not there.
"""

from __future__ import annotations

import json
import sys
from importlib import import_module
from pathlib import Path


def main(answer: str, subject: str, module: str) -> None:
    """Write what the subject is."""
    facts: dict[str, object]
    try:
        found = import_module("persona_asv.subject").load(subject)
        code = sys.modules[getattr(found, "code", module)]
        facts = {
            "version": str(found.version),
            "providers": list(found.providers),
            "models": dict(found.default_models),
            "lacks": dict(getattr(found, "lacks", {})),
            "file": str(getattr(code, "__file__", None)),
        }
    except BaseException as error:
        facts = {"reason": " ".join((str(error) or type(error).__name__).split())}
    Path(answer).write_text(json.dumps(facts), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
