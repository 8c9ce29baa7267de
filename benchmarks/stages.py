"""The stages of one operation that are the subject's alone: research data read, prompt written, reply parsed.

Ordinary asv timing benchmarks, wall time in seconds: they tell which stage a regression of the whole is in.
They do not need ``persona benchmark run``, and it does not run them: ``asv run --bench stages``.
"""

from __future__ import annotations

from typing import Any

from persona_asv.subject import load

from . import settings
from .generation import described
from .measurement import API_KEY, skip_unless_possible
from .provider import Provider

PERSONAS = {"1kb": 1, "5kb": 3}
"""Samples of research data, and the personas that an operation asks of each."""
STAGES = ("load", "render", "call", "parse")
"""What a session must have (`persona_asv.subject.protocol.Staged`)."""


class Stages:
    """Each stage by itself, on what the stage before it made; the provider is asked once, and not timed."""

    params = (tuple(PERSONAS),)
    param_names = ("research",)
    timeout = 120.0
    version = "1"
    number = 1
    repeat = 200
    rounds = 2
    warmup_time = 0.05

    _session: Any = None

    def setup(self, research: str) -> None:
        """Take one operation apart, or skip with a reason; asv calls this anew before every sample."""
        if self._session is not None:
            return
        told = settings.read().at_once()
        subject = load(told.subject)
        provider = told.providers[0]
        skip_unless_possible(told, provider)
        with Provider(told.standin) as standin:
            standin.open_session(f"{told.session}.stages", "none", ())
            session: Any = subject.open(
                provider=provider,
                base_url=standin.base_url(f"{told.session}.stages"),
                model=told.model or subject.default_models[provider],
                api_key=API_KEY,
            )
            try:
                if lacking := [name for name in STAGES if not callable(getattr(session, name, None))]:
                    raise NotImplementedError(
                        f"sessions of {subject.name} have no stages to be timed: {', '.join(lacking)} missing"
                    )
                self._personas = PERSONAS[research]
                self._research = subject.sample(research)
                self._records = session.load(self._research)
                prompt = session.render(self._records, self._personas)
                self._reply = session.call(prompt, self._personas).reply.text
            finally:
                session.close()
        self._session = session

    @described("stage 1, research data read", "seconds")
    def time_load(self, research: str) -> None:
        """Files on disk become records."""
        self._session.load(self._research)

    @described("stage 2, prompt written", "seconds")
    def time_render(self, research: str) -> None:
        """Records become the prompt; the template is compiled already."""
        self._session.render(self._records, self._personas)

    @described("stage 4, reply parsed", "seconds")
    def time_parse(self, research: str) -> None:
        """The model's text becomes validated personas; stage 3, the call, is the provider's."""
        self._session.parse(self._reply, self._records, self._personas)
