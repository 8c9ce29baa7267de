"""The reference subject against the stand-in, end to end: what ships together works together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from persona_asv.standin import wire as standin_wire
from persona_asv.standin.process import StandIn
from persona_asv.subject import GenerationError
from persona_asv.subject.protocol import Outcome
from persona_asv.subject.reference import REFERENCE, ReferenceSession, ReferenceSubject

on_every_provider = pytest.mark.parametrize("provider", REFERENCE.providers)


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as process:
        yield process


@pytest.fixture
def waits() -> list[float]:
    """Every wait before a retry, in seconds; none is really waited for."""
    return []


@pytest.fixture
def session(stand_in: StandIn, waits: list[float], provider: str) -> Iterator[ReferenceSession]:
    """A session of the provider, which the stand-in knows by the provider's name."""
    stand_in.configure(provider)
    with closing(
        ReferenceSubject(sleep=waits.append).open(
            provider=provider,
            base_url=stand_in.base_url(provider),
            model=REFERENCE.default_models[provider],
            api_key="none",
        )
    ) as opened:
        yield opened


def test_both_ends_know_the_same_providers() -> None:
    assert [wire.name for wire in standin_wire.FORMATS] == list(REFERENCE.providers)


@on_every_provider
@pytest.mark.parametrize(("size", "personas"), [("1kb", 1), ("5kb", 3)])
def test_one_operation(
    stand_in: StandIn, session: ReferenceSession, provider: str, size: str, personas: int
) -> None:
    outcome = session.generate(REFERENCE.sample(size), personas)
    (request,) = stand_in.requests(provider)
    assert (outcome.personas, outcome.rejected, outcome.retries) == (personas, 0, 0)
    assert (request.status, request.personas) == (200, personas)
    assert (outcome.input_tokens, outcome.output_tokens) == (request.input_tokens, request.output_tokens)


def test_the_same_research_gets_the_same_answer_from_every_provider(stand_in: StandIn) -> None:
    said: dict[str, Outcome] = {}
    for provider in REFERENCE.providers:
        with closing(
            REFERENCE.open(provider=provider, base_url=stand_in.base_url("same"), model="m", api_key="none")
        ) as opened:
            said[provider] = opened.generate(REFERENCE.sample("5kb"), 3)
    assert list(said.values()) == [said["anthropic"]] * 4


@on_every_provider
@pytest.mark.parametrize("concurrency", [1, 3, 10])
def test_a_batch(stand_in: StandIn, session: ReferenceSession, provider: str, concurrency: int) -> None:
    outcome = session.generate_batch(REFERENCE.sample("5kb"), 10, concurrency)
    requests = stand_in.requests(provider)
    assert (outcome.personas, outcome.failed, len(requests)) == (10, 0, 10)
    assert len({request.connection for request in requests}) <= concurrency


@on_every_provider
def test_ordered_waits_and_failures_of_the_server_are_survived(
    stand_in: StandIn, session: ReferenceSession, provider: str, waits: list[float]
) -> None:
    faults = [
        {"kind": "429", "every": 9, "offset": 0, "retry_after": 2},
        {"kind": "500", "every": 9, "offset": 1},
    ]
    stand_in.configure(provider, faults=faults)
    outcome = session.generate(REFERENCE.sample("1kb"), 1)
    assert (outcome.personas, outcome.retries, outcome.retry_after) == (1, 2, 2.0)
    assert waits == [2.0, 0.5]
    assert [request.status for request in stand_in.requests(provider)] == [429, 500, 200]


@on_every_provider
@pytest.mark.parametrize("kind", ["truncated", "invalid"])
def test_an_answer_that_holds_no_sound_persona_is_a_failed_operation(
    stand_in: StandIn, session: ReferenceSession, provider: str, kind: str
) -> None:
    stand_in.configure(provider, faults=[{"kind": kind, "every": 1}])
    with pytest.raises(GenerationError):
        session.generate(REFERENCE.sample("1kb"), 1)
    assert [request.fault for request in stand_in.requests(provider)] == [kind]
