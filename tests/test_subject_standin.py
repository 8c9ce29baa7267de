"""The reference subject against the stand-in, end to end: what ships together works together."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing

import pytest

from persona_asv.standin.process import StandIn
from persona_asv.subject import GenerationError, load
from persona_asv.subject.reference import ReferenceSubject


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as process:
        yield process


@pytest.mark.parametrize("provider", load("reference").providers)
@pytest.mark.parametrize(("size", "personas"), [("1kb", 1), ("5kb", 3)])
def test_one_operation(stand_in: StandIn, provider: str, size: str, personas: int) -> None:
    subject = load("reference")
    stand_in.configure("single")
    model = subject.default_models[provider]
    with closing(
        subject.open(provider=provider, base_url=stand_in.base_url("single"), model=model, api_key="none")
    ) as session:
        outcome = session.generate(subject.sample(size), personas)
    (request,) = stand_in.requests("single")
    assert (outcome.personas, outcome.rejected, outcome.retries) == (personas, 0, 0)
    assert (request.status, request.personas) == (200, personas)
    assert (outcome.input_tokens, outcome.output_tokens) == (request.input_tokens, request.output_tokens)


@pytest.mark.parametrize("concurrency", [1, 3, 10])
def test_a_batch(stand_in: StandIn, concurrency: int) -> None:
    subject = load("reference")
    stand_in.configure("batch")
    with closing(
        subject.open(
            provider="anthropic", base_url=stand_in.base_url("batch"), model="claude-test", api_key="none"
        )
    ) as session:
        outcome = session.generate_batch(subject.sample("5kb"), 10, concurrency)
    requests = stand_in.requests("batch")
    assert (outcome.personas, outcome.failed, len(requests)) == (10, 0, 10)
    assert len({request.connection for request in requests}) <= concurrency


def test_ordered_waits_and_failures_of_the_server_are_survived(stand_in: StandIn) -> None:
    waits: list[float] = []
    faults = [
        {"kind": "429", "every": 9, "offset": 0, "retry_after": 2},
        {"kind": "500", "every": 9, "offset": 1},
    ]
    stand_in.configure("faulty", faults=faults)
    subject = ReferenceSubject(sleep=waits.append)
    with closing(
        subject.open(
            provider="anthropic", base_url=stand_in.base_url("faulty"), model="claude-test", api_key="none"
        )
    ) as session:
        outcome = session.generate(subject.sample("1kb"), 1)
    assert (outcome.personas, outcome.retries, outcome.retry_after) == (1, 2, 2.0)
    assert waits == [2.0, 0.5]
    assert [request.status for request in stand_in.requests("faulty")] == [429, 500, 200]


@pytest.mark.parametrize("kind", ["truncated", "invalid"])
def test_an_answer_that_holds_no_sound_persona_is_a_failed_operation(stand_in: StandIn, kind: str) -> None:
    stand_in.configure("unsound", faults=[{"kind": kind, "every": 1}])
    subject = ReferenceSubject(sleep=lambda _: None)
    with (
        closing(
            subject.open(
                provider="anthropic",
                base_url=stand_in.base_url("unsound"),
                model="claude-test",
                api_key="none",
            )
        ) as session,
        pytest.raises(GenerationError),
    ):
        session.generate(subject.sample("1kb"), 1)
    assert {request.fault for request in stand_in.requests("unsound")} == {kind}
