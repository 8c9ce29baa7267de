"""Keys and passwords of the environment: measuring processes do not get them, and no message tells them.

The stand-in takes any key, so nothing that is measured needs a real one; and a subject may well print what it
has in its environment when it fails.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping

COVER = "stand-in"
"""What stands for a credential: a client that insists on one can be made with it."""

SHORTEST = 6
"""Characters of a value that is worth hiding in a text; a shorter one would take words apart."""

_CREDENTIAL = re.compile(
    r"(?:^|_)(?:API_?KEY|ACCESS_?KEY(?:_ID)?|SECRET(?:_KEY)?|TOKEN|PASSWORD|PASSWD)$", re.I
)


def is_credential(name: str) -> bool:
    """Return whether an environment variable of this name holds something secret.

    >>> [is_credential(name) for name in ("OPENAI_API_KEY", "GITHUB_TOKEN", "TOKENIZERS_PARALLELISM")]
    [True, True, False]
    """
    return _CREDENTIAL.search(name) is not None


def covered(environ: Mapping[str, str]) -> dict[str, str]:
    """Return an environment in which every credential is `COVER`."""
    return {name: COVER if is_credential(name) else value for name, value in environ.items()}


def redacted(text: str, environ: Mapping[str, str] = os.environ) -> str:
    """Return a text without the values of credentials."""
    secrets = {value for name, value in environ.items() if is_credential(name) and len(value) >= SHORTEST}
    for secret in sorted(secrets, key=len, reverse=True):
        text = text.replace(secret, "…")
    return text
