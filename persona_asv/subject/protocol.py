"""What the suite asks of the code under test: the whole contract, in plain types.

Today's suite measures yesterday's subjects, so nothing here may be renamed or removed; fields may be added
with a default.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol


class GenerationError(Exception):
    """One operation failed; `str(error)` is one line that says what failed and never holds the key."""


@dataclass(frozen=True, slots=True)
class Stream:
    """When the tokens of one streamed answer reached the subject: when it had their text in hand.

    Attributes
    ----------
    first
        Seconds from sending the request to its first token; of a request sent again, the last sending.
    gaps
        Seconds between one token and the next, in order. What arrives together as one piece counts as one.
    tokens
        Output tokens as the provider counted them; None where it did not say.
    """

    first: float
    gaps: tuple[float, ...]
    tokens: int | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one operation brought back.

    The optional counts are None where a subject does not know them: absent, never 0. They cover the requests
    that ended well; what failed requests cost stands in the endpoint's own log.

    Attributes
    ----------
    personas
        Valid personas returned.
    failed
        Members of a batch that failed; 0 for a single operation, which raises instead.
    rejected
        Personas that the model returned and validation refused.
    retries
        Requests sent again after a transient failure.
    retry_after
        Seconds waited because the provider ordered it (``Retry-After``); the subject's own back-off is apart.
    input_tokens, output_tokens
        As the provider counted them.
    streams
        The streamed answers it was made of; None where none was streamed.
    """

    personas: int
    failed: int = 0
    rejected: int | None = None
    retries: int | None = None
    retry_after: float | None = None
    input_tokens: int | None = None
    output_tokens: int | None = None
    streams: tuple[Stream, ...] | None = None


@dataclass(frozen=True, slots=True)
class Start:
    """How a subject starts: the value of its attribute ``start``, which it may leave out.

    Attributes
    ----------
    module
        What its users import; by default the module that holds the subject.
    command
        Arguments of the Python interpreter that make its command line answer and end at once, for instance
        ``("-m", "persona_asv.subject", "--version")``; empty where it has no command line.
    """

    module: str
    command: tuple[str, ...] = ()


class Session(Protocol):
    """An open connection to one provider and model; what is costly is built once and kept until `close`."""

    def generate(self, research: Path, personas: int) -> Outcome:
        """Generate personas from a file or folder of research data: one operation.

        Raises
        ------
        GenerationError
            Where no valid persona came back.
        """
        ...

    def generate_batch(self, research: Path, personas: int, concurrency: int) -> Outcome:
        """Generate personas in single requests of one persona each, `concurrency` of them at a time.

        A failed member is counted in `Outcome.failed` and does not lose the others.

        Raises
        ------
        GenerationError
            Where every member failed.
        """
        ...

    def close(self) -> None:
        """Give back connections and threads; closing twice is harmless."""
        ...


class Staged(Protocol):
    """What a session may have besides, so that each stage of `Session.generate` can be timed by itself."""

    def load(self, research: Path) -> object:
        """Stage 1: read the research data."""
        ...

    def render(self, records: Any, personas: int) -> str:
        """Stage 2: write the prompt."""
        ...

    def call(self, text: str, personas: int) -> Any:
        """Stage 3: ask the model; the answer's ``reply.text`` is what it wrote."""
        ...

    def parse(self, text: str, records: Any, personas: int) -> object:
        """Stage 4: validate what the model wrote."""
        ...


class Streamed(Protocol):
    """What a session may have besides, where its subject's attribute ``streams`` is true."""

    def generate_streamed(self, research: Path, personas: int) -> Outcome:
        """Do what `Session.generate` does, but have the answer streamed; `Outcome.streams` says when it came.

        Raises
        ------
        GenerationError
            Where no valid persona came back.
        """
        ...


class Subject(Protocol):
    """The code under test: who it is, and how to open it.

    It may say more by attributes that it may leave out: ``start``, a `Start`; ``streams``, whether its
    sessions are `Streamed`; ``code``, the module whose file is the code under test, where an adapter only
    leads to it; ``lacks``, what it cannot do and why, by name: ``batch``, or a provider.
    """

    @property
    def name(self) -> str:
        """Name under which results are stored; results of different names are never compared."""
        ...

    @property
    def version(self) -> str:
        """Version of the code under test."""
        ...

    @property
    def providers(self) -> tuple[str, ...]:
        """Providers whose wire format it speaks, the default first."""
        ...

    @property
    def default_models(self) -> Mapping[str, str]:
        """Model asked for where none is named, by provider."""
        ...

    def open(self, *, provider: str, base_url: str, model: str, api_key: str) -> Session:
        """Open a session against the provider that answers at `base_url`."""
        ...

    def sample(self, size: str) -> Path:
        """Return the shipped sample research data of that size: ``"1kb"`` or ``"5kb"``."""
        ...
