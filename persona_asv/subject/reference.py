"""The subject that ships with us: research data in, validated personas out, over HTTP to a provider."""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Callable, Iterable, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType
from typing import ClassVar, TypeVar

from persona_asv import __version__
from persona_asv.subject import SubjectError
from persona_asv.subject.client import CONNECT_TIMEOUT, READ_TIMEOUT, Answer, Client, Listen
from persona_asv.subject.persona import Parsed, parse
from persona_asv.subject.prompt import render
from persona_asv.subject.protocol import GenerationError, Outcome, Start
from persona_asv.subject.research import Record, load
from persona_asv.subject.wire import FORMATS, ReplyError

TOKENS_PER_PERSONA = 1024
"""Output tokens allowed for each persona asked for; a persona with evidence takes about 300 to 500."""

_Count = TypeVar("_Count", int, float)

_SAMPLES = Path(__file__).parent / "samples"
_SIZES = ("1kb", "5kb")


class ReferenceSession:
    """One client and its threads; the four stages are methods, so that each can be measured alone."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._threads: ThreadPoolExecutor | None = None
        self._width = 0
        self._closed = False

    def load(self, research: Path) -> tuple[Record, ...]:
        """Stage 1: read the research data."""
        return load(research)

    def render(self, records: Sequence[Record], personas: int) -> str:
        """Stage 2: write the prompt."""
        return render(records, personas)

    def call(self, text: str, personas: int, listen: Listen | None = None) -> Answer:
        """Stage 3: ask the model, for an answer as a whole or for one to listen to."""
        answer = self._client.ask(text, TOKENS_PER_PERSONA * personas, listen)
        if not answer.reply.complete:
            raise ReplyError(f"the model's reply was cut at {TOKENS_PER_PERSONA * personas} tokens")
        return answer

    def parse(self, text: str, records: Sequence[Record], personas: int) -> Parsed:
        """Stage 4: validate what the model wrote."""
        return parse(text, records, personas)

    def generate(self, research: Path, personas: int, listen: Listen | None = None) -> Outcome:
        """Generate personas: one operation, one request; the research data is read anew each time."""
        _positive(personas=personas)
        records = self.load(research)
        answer = self.call(self.render(records, personas), personas, listen)
        parsed = self.parse(answer.reply.text, records, personas)
        return Outcome(
            personas=len(parsed.personas),
            rejected=len(parsed.rejected),
            retries=answer.retries,
            retry_after=answer.retry_after,
            input_tokens=answer.reply.input_tokens,
            output_tokens=answer.reply.output_tokens,
            streams=None if answer.stream is None else (answer.stream,),
        )

    def generate_streamed(self, research: Path, personas: int) -> Outcome:
        """Generate personas from an answer that is streamed, and say when its tokens came."""
        from persona_asv.subject.streaming import listen  # nobody else pays for it

        return self.generate(research, personas, listen)

    def generate_batch(self, research: Path, personas: int, concurrency: int) -> Outcome:
        """Generate personas in single requests, `concurrency` threads working off one queue of them."""
        _positive(personas=personas, concurrency=concurrency)
        queue = deque([research] * personas)
        outcomes: list[Outcome] = []
        errors: list[GenerationError] = []

        def work_off() -> None:
            while True:
                try:
                    path = queue.popleft()
                except IndexError:
                    return
                try:
                    outcomes.append(self.generate(path, 1))
                except GenerationError as error:
                    errors.append(error)

        threads = self._at_least(concurrency)
        lanes = [threads.submit(work_off) for _ in range(min(concurrency, personas))]
        try:
            for lane in wait(lanes, return_when=FIRST_EXCEPTION).done:
                lane.result()
        finally:
            queue.clear()  # after an interrupt or a bug in one lane, the others end after this request
        if not outcomes:
            raise GenerationError(f"all {personas} requests of the batch failed; one of them: {errors[0]}")
        return _total(outcomes, failed=len(errors))

    def close(self) -> None:
        """Give back threads and connections; closing twice is harmless."""
        self._closed = True
        if self._threads is not None:
            self._threads.shutdown()
        self._client.close()

    def _at_least(self, width: int) -> ThreadPoolExecutor:
        """Return the session's threads, widened where more than ever before are asked for."""
        if self._closed:
            raise RuntimeError("the session is closed")
        if self._threads is None or width > self._width:
            if self._threads is not None:
                self._threads.shutdown()
            self._threads, self._width = ThreadPoolExecutor(width, "generate"), width
        return self._threads


@dataclass(frozen=True, slots=True)
class ReferenceSubject:
    """The reference subject; the fields are what its sessions' clients are made with, in seconds."""

    name: ClassVar[str] = "reference"
    version: ClassVar[str] = __version__
    providers: ClassVar[tuple[str, ...]] = tuple(FORMATS)
    default_models: ClassVar[Mapping[str, str]] = MappingProxyType(
        {provider: wire.default_model for provider, wire in FORMATS.items()}
    )

    start: ClassVar[Start] = Start(__name__, ("-m", "persona_asv.subject", "--version"))
    streams: ClassVar[bool] = True

    connect_timeout: float = CONNECT_TIMEOUT
    read_timeout: float = READ_TIMEOUT
    sleep: Callable[[float], None] = time.sleep

    def open(self, *, provider: str, base_url: str, model: str, api_key: str) -> ReferenceSession:
        """Open a session; nothing is sent until the first operation.

        Raises
        ------
        SubjectError
            Where the provider is unknown, no model is named, or URL or key are unusable.
        """
        if provider not in FORMATS:
            raise SubjectError(
                f"unknown provider {provider!r}: the reference subject speaks {', '.join(FORMATS)}"
            )
        if not model:
            raise SubjectError(f"no model named: {provider}'s default is {self.default_models[provider]}")
        try:
            client = Client(
                FORMATS[provider],
                base_url=base_url,
                model=model,
                api_key=api_key,
                connect_timeout=self.connect_timeout,
                read_timeout=self.read_timeout,
                sleep=self.sleep,
            )
        except ValueError as error:
            raise SubjectError(f"{provider}: {error}") from error
        return ReferenceSession(client)

    def sample(self, size: str) -> Path:
        """Return the folder of shipped sample research data of about that size."""
        if size not in _SIZES:
            raise SubjectError(f"no sample research data of size {size!r}: there is {', '.join(_SIZES)}")
        return _SAMPLES / size


REFERENCE = ReferenceSubject()


def _positive(**counts: int) -> None:
    for name, value in counts.items():
        if value < 1:
            raise ValueError(f"{name} must be at least 1, not {value}")


def _total(outcomes: Sequence[Outcome], *, failed: int) -> Outcome:
    return Outcome(
        personas=sum(outcome.personas for outcome in outcomes),
        failed=failed,
        rejected=_sum(outcome.rejected for outcome in outcomes),
        retries=_sum(outcome.retries for outcome in outcomes),
        retry_after=_sum(outcome.retry_after for outcome in outcomes),
        input_tokens=_sum(outcome.input_tokens for outcome in outcomes),
        output_tokens=_sum(outcome.output_tokens for outcome in outcomes),
    )


def _sum(counts: Iterable[_Count | None]) -> _Count | None:
    """Add up, or return None where one is unknown: half a sum would pass for a whole one."""
    total: _Count | None = None
    for value in counts:
        if value is None:
            return None
        total = value if total is None else total + value
    return total
