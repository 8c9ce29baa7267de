"""The real Persona at work: its generation pipeline, called as its own command line calls it."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any

from persona_asv.subject.protocol import GenerationError, Outcome


class UpstreamSession:
    """One pipeline and one event loop, kept: an asynchronous client belongs to the loop it was made in."""

    def __init__(
        self, module: ModuleType, provider: str, model: str, key: str, close: Callable[[], None]
    ) -> None:
        self._config = module.GenerationConfig
        self._pipeline = module.GenerationPipeline()
        self._provider, self._model, self._key = provider, model, key
        self._runner: asyncio.Runner | None = None
        self._close = close

    def generate(self, research: Path, personas: int) -> Outcome:
        """Generate personas from research data: one operation, one request for all of them."""
        wanted = self._config(data_path=research, count=personas, provider=self._provider, model=self._model)
        try:
            result = self._pipeline.generate(wanted)
        except Exception as error:
            raise self._told(error) from None
        return self._outcome([result])

    def generate_batch(self, research: Path, personas: int, concurrency: int) -> Outcome:
        """Generate personas in single requests, as many of them at a time, with Persona's own batches.

        One member's failure is all its batch's, for Persona gives none of the others back.
        """
        wanted = [
            self._config(data_path=research, count=1, provider=self._provider, model=self._model)
            for _ in range(personas)
        ]
        if self._runner is None:
            self._runner = asyncio.Runner()
        try:
            results = self._runner.run(
                self._pipeline.generate_batch_async(wanted, max_concurrent=concurrency)
            )
        except Exception as error:
            raise self._told(error) from None
        return self._outcome(results)

    def close(self) -> None:
        """Give back connections, loop, and what the environment was; closing twice is harmless."""
        http = sys.modules.get("persona.core.providers.http_base")
        pool = getattr(http, "HTTPProvider", None)
        if pool is not None:
            pool.cleanup_sync()
        if self._runner is not None:
            if pool is not None:
                self._runner.run(pool.cleanup_async())
                pool._lock = None  # bound to the loop as well; Persona makes another one
            self._runner.close()
            self._runner = None
        close, self._close = self._close, _nothing
        close()

    def _outcome(self, results: list[Any]) -> Outcome:
        personas = sum(len(result.personas) for result in results)
        if not personas:
            raise GenerationError("Persona returned no persona")
        return Outcome(
            personas=personas,
            failed=sum(not result.personas for result in results),
            input_tokens=sum(result.input_tokens for result in results),
            output_tokens=sum(result.output_tokens for result in results),
        )

    def _told(self, error: Exception) -> GenerationError:
        """Return an error as one line; Gemini's URL, which holds the key, may stand in it."""
        line = " ".join(f"{type(error).__name__}: {error}".split())
        return GenerationError(line.replace(self._key, "…") if self._key else line)


def _nothing() -> None:
    """Close what is closed already."""
