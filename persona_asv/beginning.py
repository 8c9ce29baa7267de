"""The beginning of a gated repository: what the user wished, the repository, and what is to be written."""

from __future__ import annotations

import json
import re
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import persona_asv
from persona_asv import config
from persona_asv.engine import ownership, repository
from persona_asv.errors import UsageError
from persona_asv.scaffold.drafts import Choices
from persona_asv.scaffold.plan import Scaffold
from persona_asv.scaffold.step import Step
from persona_asv.scaffold.writing import write
from persona_asv.subject import SubjectError, load

_PACKAGING = ("pyproject.toml", "setup.py", "setup.cfg")
_REQUIREMENT = re.compile(r"[A-Za-z0-9./][A-Za-z0-9 ._@:/+\[\]=<>!~,#&%-]{0,299}")
"""What stands within quotes in YAML, in JSON and in a shell alike, and expands to nothing in any of them."""
_BRANCH = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]*")


@dataclass(frozen=True, slots=True)
class Wish:
    """What the command line says; None where it is silent."""

    subject: str | None = None
    provider: str | None = None
    ci: str = "github"
    requirement: str | None = None
    force: bool = False


@dataclass(frozen=True, slots=True)
class Beginning:
    """What is to be written, and what it is made for."""

    root: Path
    choices: Choices
    steps: tuple[Step, ...]
    notes: tuple[str, ...] = ()

    def write(self) -> None:
        """Write it, all or nothing.

        Raises
        ------
        UsageError
            A file cannot be written.
        """
        write(self.root, self.steps)


def planned(start: Path, wish: Wish) -> Beginning:
    """Return what `init` would do in the repository around a folder.

    Raises
    ------
    UsageError
        There is no repository, or a wish cannot be met.
    ConfigError
        The repository's persona.yaml or .gitignore cannot be read.
    """
    found = repository.around(start)
    if found is None:
        raise UsageError(f"init: {start} is in no git repository; `git init` makes one")
    if wish.ci == "github" and found.branch and not _BRANCH.fullmatch(found.branch):
        raise UsageError(f"--ci: a workflow cannot be told of the branch {found.branch!r}; use --ci none")
    settings = config.load(found.root)
    subject = wish.subject or settings.subject or ownership.OURS
    choices = Choices(
        project=found.root.name,
        branch=found.branch,
        packaged=any((found.root / name).is_file() for name in _PACKAGING),
        requirement=_requirement(wish.requirement),
        subject=subject,
        provider=_provider(found.root, subject, wish.provider or settings.provider or "anthropic"),
    )
    chosen = wish.subject is not None or wish.provider is not None
    scaffold = Scaffold(found, choices, settings.baselines_dir, chosen=chosen, ci=wish.ci, force=wish.force)
    return Beginning(found.root, choices, scaffold.steps(), tuple(_notes(found.root, choices, wish)))


def _notes(root: Path, choices: Choices, wish: Wish) -> Iterator[str]:
    if not (wish.requirement or _origin()) and _is_local():
        yield _LOCAL
    if choices.subject == ownership.OURS and not (root / "persona_asv" / "subject").is_dir():
        yield _NOT_YOURS


def _provider(root: Path, subject: str, provider: str) -> str:
    """Return the provider, once it is sure that the subject can be opened here and knows it."""
    if ":" in subject:
        sys.path.insert(0, str(root))
    try:
        found = load(subject)
    except SubjectError as error:
        raise UsageError(f"--subject: {error}") from error
    if provider not in found.providers:
        raise UsageError(
            f"--provider: {found.name} does not know {provider!r}; choose from {', '.join(found.providers)}"
        )
    return provider


_LOCAL = (
    "persona_asv is installed from a folder of this machine; pipelines will ask the package index for it: "
    "name another source with --requirement"
)
_NOT_YOURS = (
    "the subject reference is persona_asv's own: it shows that measuring works, and gates nothing of this "
    "repository; name your adapter as benchmarks.subject in persona.yaml: until then every pull "
    "request passes, with a warning"
)


def _requirement(wished: str | None) -> str:
    """Return what pip installs persona_asv from: the wish, else where this one came from, else the index."""
    found = wished or _origin() or f"persona-asv=={persona_asv.__version__}"
    if not _REQUIREMENT.fullmatch(found):
        raise UsageError(
            f"--requirement: one requirement of pip's without quotes, $, ; or braces, not {found!r}"
        )
    return found


def _direct_url() -> dict[str, object]:
    """Return what pip noted on where this installation came from (PEP 610); empty for the index."""
    try:
        text = distribution("persona-asv").read_text("direct_url.json")
        found = json.loads(text or "{}")
    except (PackageNotFoundError, ValueError):
        return {}
    return found if isinstance(found, dict) else {}


def _is_local() -> bool:
    return str(_direct_url().get("url", "")).startswith("file:")


def _origin() -> str | None:
    """Return the address this installation came from, if others can reach it."""
    facts = _direct_url()
    url, source = str(facts.get("url", "")), facts.get("vcs_info")
    if not url.startswith("https://"):
        return None
    if isinstance(source, dict):
        return f"persona-asv @ {source.get('vcs')}+{url}@{source.get('commit_id')}"
    return f"persona-asv @ {url}"
