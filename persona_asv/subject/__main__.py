"""The reference subject's own command line: ``python -m persona_asv.subject RESEARCH --base-url URL``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from persona_asv.subject import SubjectError
from persona_asv.subject.protocol import GenerationError
from persona_asv.subject.reference import REFERENCE

KEY = "PERSONA_ASV_API_KEY"
"""Environment variable that holds the provider's key; a stand-in takes any."""


def main(arguments: list[str] | None = None) -> int:
    """Generate personas from research data and say how many came back; returns 0, or 1 where none did."""
    parser = argparse.ArgumentParser(prog="python -m persona_asv.subject", description=__doc__)
    parser.add_argument("--version", action="version", version=f"{REFERENCE.name} {REFERENCE.version}")
    parser.add_argument("research", type=Path, help="file or folder of research data")
    parser.add_argument("--base-url", required=True, help="URL of the provider, or of a stand-in's session")
    parser.add_argument("--provider", default=REFERENCE.providers[0], choices=REFERENCE.providers)
    parser.add_argument("--model", help="model to name to the provider")
    parser.add_argument("--personas", type=int, default=1, metavar="N")
    asked = parser.parse_args(arguments)
    try:
        session = REFERENCE.open(
            provider=asked.provider,
            base_url=asked.base_url,
            model=asked.model or REFERENCE.default_models[asked.provider],
            api_key=os.environ.get(KEY, "stand-in"),
        )
        try:
            outcome = session.generate(asked.research, asked.personas)
        finally:
            session.close()
    except (GenerationError, SubjectError, ValueError) as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stdout.write(f"{outcome.personas} of {asked.personas} personas\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
