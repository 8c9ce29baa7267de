"""The real Persona as a subject: ``GenerationPipeline`` of the installed package `persona`, of any release.

No release has a branch of its own here: what differs between them is asked of the objects (`hasattr`), and
what one lacks it says (`UpstreamSubject.lacks`). Persona offers no setting for a provider's address, so that
the provider's class is told another one; keys it reads from the environment, where it finds the session's.
Facts: v0.1.0 to v1.11.1, read and run.
"""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module, metadata
from pathlib import Path
from types import ModuleType
from typing import Any, ClassVar
from urllib.parse import urlsplit

from persona_asv.subject import SubjectError
from persona_asv.subject.protocol import Start
from persona_asv.subject.reference import REFERENCE
from persona_asv.subject.surroundings import away, elsewhere, environment
from persona_asv.subject.upstream_session import UpstreamSession

PIPELINE = "persona.core.generation.pipeline"
"""The module that makes a package called persona the real one."""

_ORDER = ("anthropic", "openai", "gemini", "ollama")
"""Providers whose wire format the stand-in speaks, ours first; Persona's others have no counterpart there."""

_OLLAMA = "llama3:8b"
"""What Persona asks Ollama for where it cannot learn which models there are; asked here, it would look."""

_NO_BATCH = "it generates no batches asynchronously (generate_batch_async, since 1.5.0)"


@dataclass(frozen=True, slots=True)
class UpstreamSubject:
    """An installed Persona.

    Attributes
    ----------
    code
        Its module that identifies the code under test.
    lacks
        What this release cannot do, and why: providers by name, and ``batch``.
    """

    module: ModuleType
    kinds: Mapping[str, type]
    version: str
    lacks: Mapping[str, str]
    name: ClassVar[str] = "persona"
    code: ClassVar[str] = PIPELINE

    @property
    def providers(self) -> tuple[str, ...]:
        """Those that this release and the stand-in both speak, ours first."""
        return tuple(self.kinds)

    @property
    def default_models(self) -> Mapping[str, str]:
        """The model that each of Persona's providers names by default."""
        return {provider: _default_model(provider, kind) for provider, kind in self.kinds.items()}

    @property
    def start(self) -> Start:
        """What its users import, and its command line, which answers with its version."""
        program = "import sys; sys.argv[0] = 'persona'; from persona.ui.cli import app; app()"
        text = Path(str(self.module.__file__)).parents[2].joinpath("ui", "cli.py")
        if not text.is_file():
            return Start("persona")
        option = "--version" if '"--version"' in text.read_text(encoding="utf-8") else "version"
        return Start("persona", ("-c", program, option))

    def open(self, *, provider: str, base_url: str, model: str, api_key: str) -> UpstreamSession:
        """Open a session; until it is closed, Persona's class for that provider speaks to `base_url`.

        Raises
        ------
        SubjectError
            This release does not know the provider, or gives no way to lead it elsewhere.
        """
        if provider not in self.kinds:
            why = self.lacks.get(provider, "no such provider")
            raise SubjectError(f"Persona {self.version} does not know provider {provider!r}: {why}")
        changes = {
            "HOME": str(elsewhere()),
            "NO_PROXY": "127.0.0.1,localhost",
            "no_proxy": "127.0.0.1,localhost",
            **_led(self.kinds[provider], base_url, f"Persona {self.version}: {provider}"),
        }
        for kind in self.kinds.values():  # so that no real key is left to be sent, or told in an error
            if key := getattr(kind, "ENV_VAR", None):
                changes[key] = api_key
        stack = contextlib.ExitStack()
        stack.enter_context(environment(**changes))
        return UpstreamSession(self.module, provider, model, api_key, stack.close)

    def sample(self, size: str) -> Path:
        """Return our own research data of that size: every subject is given the same."""
        return REFERENCE.sample(size)


def find() -> UpstreamSubject:
    """Return the Persona that is installed where this runs.

    Raises
    ------
    SubjectError
        There is none, it cannot be imported, or it has no generation pipeline.
    """
    with away():
        module = _imported(PIPELINE)
        factory = _imported("persona.core.providers")
    lacking = [name for name in ("GenerationConfig", "GenerationPipeline") if not hasattr(module, name)]
    known = getattr(getattr(factory, "ProviderFactory", None), "BUILTIN_PROVIDERS", None)
    known = known or getattr(getattr(factory, "ProviderFactory", None), "PROVIDERS", None)
    if lacking or not isinstance(known, Mapping):
        what = ", ".join(lacking) or "providers"
        raise SubjectError(f"subject 'persona': {module.__file__} has no {what}; is this Persona?")
    kinds = {provider: known[provider] for provider in _ORDER if provider in known}
    lacks = {provider: "this release has none" for provider in _ORDER if provider not in known}
    if not hasattr(module.GenerationPipeline, "generate_batch_async"):
        lacks["batch"] = _NO_BATCH
    return UpstreamSubject(module, kinds, _version(), lacks)


def _imported(name: str) -> ModuleType:
    try:
        return import_module(name)
    except ModuleNotFoundError as error:
        if error.name == "persona":
            raise SubjectError(
                "subject 'persona': Persona is not installed here; install a clone of it (pip install "
                "path/to/Persona), or name an adapter, module:attribute"
            ) from error
        if error.name and name.startswith(error.name):
            raise SubjectError(
                f"subject 'persona': the package persona that is installed here has no module "
                f"{error.name}: it is not Persona, or lacks its pipeline"
            ) from error
        raise SubjectError(_broken(error)) from error
    except (Exception, SystemExit) as error:
        raise SubjectError(_broken(error)) from error


def _broken(error: BaseException) -> str:
    if isinstance(error, SystemExit):
        return f"subject 'persona': importing Persona called sys.exit({error.code!r})"
    reason = " ".join(f"{type(error).__name__}: {error}".split())
    return f"subject 'persona': Persona cannot be imported ({reason})"


def _version() -> str:
    try:
        return metadata.version("persona")
    except metadata.PackageNotFoundError:
        return str(getattr(sys.modules["persona"], "__version__", "unknown"))


def _default_model(provider: str, kind: type) -> str:
    return _OLLAMA if provider == "ollama" else str(kind(api_key="none").default_model)


_PATHS: dict[type, str] = {}
"""Path of each provider's address, before it was first led elsewhere."""


def _led(kind: Any, base_url: str, what: str) -> dict[str, str]:
    """Lead a provider's class to a server; returns the environment variables that do, where it has one."""
    for name in ("API_URL", "API_BASE"):
        if hasattr(kind, name):
            path = _PATHS.setdefault(kind, urlsplit(getattr(kind, name)).path)
            setattr(kind, name, base_url + path)
            return {}
    if hasattr(kind, "ENV_VAR_BASE_URL"):
        return {kind.ENV_VAR_BASE_URL: base_url}
    raise SubjectError(f"{what} has neither API_URL, API_BASE nor an environment variable for its address")
