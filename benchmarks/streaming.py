"""Streamed answers, token by token: when the first came, how far the next ones lay apart, and their mean.

The definitions are those of vLLM's serving benchmark (github.com/vllm-project/vllm, vllm/benchmarks/serve.py,
`calculate_metrics`, and lib/endpoint_request_func.py). guidellm (github.com/vllm-project/guidellm,
src/guidellm/schemas/request_stats.py) measures the first token alike; what it calls inter-token latency is
the mean per answer that vLLM, and this module, call time per output token, and its own time per output token
has the first token in it.

At model time 0 every token is there at once, and what is measured is what the application spends on it; a
pace comes from the stand-in's profile (``stream:TTFT_MS:ITL_MS``). Wall times all of them: a neighbour on the
machine is in them, so they are shown and compared, and never decide (docs/decisions/0023).
"""

from __future__ import annotations

import json
import math
import os
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from persona_asv.subject import load

from . import settings
from .generation import described, samples
from .measurement import API_KEY, Spool, file_of, skip_unless_possible
from .provider import Provider

MOST = 20
"""Operations measured in one process: an answer has hundreds of gaps, and evidence is in the processes."""
RESOLUTION = 8
"""Digits of a second that are kept: 10 ns, a thousandth of what an event takes to be read."""


@dataclass(frozen=True)
class Times:
    """What the streamed answers of one process took; all in seconds.

    Attributes
    ----------
    first
        Of each answer: from sending the request to its first token (TTFT).
    gaps
        Between one token and the next, those of all answers together (ITL).
    per_token
        Of each answer of more than one token: what followed the first token, divided by the number of tokens
        that followed it (TPOT).
    """

    first: list[float]
    gaps: list[float]
    per_token: list[float]

    @classmethod
    def of(cls, streams: Sequence[Any]) -> Times:
        """Return the times of answers (``persona_asv.subject.protocol.Stream``, which old commits lack).

        Where the provider counted no tokens, the pieces are counted.
        """
        counted = [(sum(each.gaps), each.tokens or len(each.gaps) + 1) for each in streams]
        return cls(
            [round(each.first, RESOLUTION) for each in streams],
            [round(gap, RESOLUTION) for each in streams for gap in each.gaps],
            [round(time / (tokens - 1), RESOLUTION) for time, tokens in counted if tokens > 1],
        )


class Streaming:
    """A session whose answers are streamed; every series is a reading of the same operations."""

    params = settings.PARAMS
    param_names = settings.PARAM_NAMES
    timeout = 1800.0
    version = "1"

    def setup_cache(self) -> None:
        """Make asv give all benchmarks of this class one working directory; nothing is cached."""

    def setup(self, workload: str, provider: str) -> None:
        """Choose the case, or skip it with a reason."""
        self._settings = settings.read()
        self._case = self._settings.case(workload, provider)
        self._for = provider
        self._store = Path(f"{workload}.{provider}.json")
        subject = load(self._settings.subject)
        if not getattr(subject, "streams", False):
            raise NotImplementedError(
                f"answers of subject {self._settings.subject} are not streamed (its attribute `streams`, "
                "persona_asv.subject.protocol.Streamed)"
            )
        if self._settings.operations is None:
            wish = json.dumps({workload: self._case.operations})
            raise NotImplementedError(
                f"answers are streamed on request: ask with PERSONA_ASV_OPERATIONS='{wish}'"
            )
        if self._case.concurrency is not None:
            raise NotImplementedError(f"{workload} is a batch: single answers are streamed")
        skip_unless_possible(self._settings, provider)

    def _times(self) -> Times:
        try:
            return Times(**json.loads(self._store.read_text()))
        except FileNotFoundError:
            found = self._measured()
        new = self._store.with_suffix(".new")
        new.write_text(json.dumps(vars(found)))
        new.replace(self._store)
        return found

    def _measured(self) -> Times:
        told, case = self._settings, self._case
        name = f"{told.session}.streaming.{case.name[:16]}.{self._for}.{os.getpid()}"
        folder = Path(told.spool) if told.spool else Path.cwd()
        spool = Spool(folder / f"streaming.{case.name}.{self._for}.jsonl")
        subject = load(told.subject)
        spool.write(
            "start", kind="streaming", case=case.name, provider=self._for, code=file_of(told.subject, subject)
        )
        research = Path(case.path) if case.path else subject.sample(case.sample)
        started = time.perf_counter()
        with Provider(told.standin) as standin:
            standin.open_session(name, told.profile, told.faults)
            session: Any = subject.open(
                provider=self._for,
                base_url=standin.base_url(name),
                model=told.model or subject.default_models[self._for],
                api_key=API_KEY,
            )
            streams: list[Any] = []
            reason = "nothing was streamed"
            for operation in range(case.warm_ups + min(case.operations, MOST)):
                try:
                    heard = session.generate_streamed(research, case.personas).streams
                except (Exception, SystemExit) as error:
                    reason = f"{type(error).__name__}: {error}"
                else:
                    streams += (heard or ()) if operation >= case.warm_ups else ()
            session.close()
        spool.write("warm", seconds=time.perf_counter() - started)
        if not streams:
            reason = f"no operation told when the tokens of its answer came, the last: {reason}"
            spool.write("failed", reason=reason)
            raise RuntimeError(reason)
        spool.close()
        return Times.of(streams)

    @described("time to first token, wall", "seconds")
    def track_time_to_first_token(self, workload: str, provider: str) -> dict[str, Any] | float:
        """From sending the request to the first token of its answer."""
        return _known(self._times().first)

    @described("time between tokens, wall", "seconds")
    def track_inter_token_latency(self, workload: str, provider: str) -> dict[str, Any] | float:
        """From one token to the next, of all answers together."""
        return _known(self._times().gaps)

    @described("time per output token, wall", "seconds")
    def track_time_per_output_token(self, workload: str, provider: str) -> dict[str, Any] | float:
        """Of each answer: the time after its first token, divided by the tokens after it."""
        return _known(self._times().per_token)


def _known(figures: list[float]) -> dict[str, Any] | float:
    """Return figures as asv stores them, its word for "skipped" where there are none."""
    return samples(figures) if figures else math.nan
