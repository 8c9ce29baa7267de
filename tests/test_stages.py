"""The stages: each one the subject's own step, on what the one before it made, or skipped with a reason."""

from __future__ import annotations

import pytest

from benchmarks import stages
from persona_asv.subject.reference import REFERENCE
from persona_asv.subject.research import Record


class Stageless:
    """A subject whose sessions can do nothing but generate."""

    name, version = "stageless", "1"
    providers, default_models = REFERENCE.providers, REFERENCE.default_models
    closed = False

    def sample(self, size: str):
        return REFERENCE.sample(size)

    def open(self, **endpoint: str) -> Stageless:
        return self

    def load(self) -> None:
        """Has one of the four."""

    def close(self) -> None:
        Stageless.closed = True


@pytest.fixture(autouse=True)
def _bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("SUBJECT", "STANDIN", "OPERATIONS", "PROVIDERS"):
        monkeypatch.delenv(f"PERSONA_ASV_{name}", raising=False)


@pytest.fixture(scope="module")
def taken_apart() -> stages.Stages:
    found = stages.Stages()
    found.setup("5kb")
    return found


def test_a_stage_runs_on_what_the_one_before_it_made(taken_apart: stages.Stages) -> None:
    assert taken_apart._records
    assert all(isinstance(each, Record) for each in taken_apart._records)
    parsed = taken_apart._session.parse(taken_apart._reply, taken_apart._records, 3)
    assert len(parsed.personas) == 3
    assert not parsed.rejected


@pytest.mark.parametrize("stage", ["load", "render", "parse"])
def test_a_benchmark_is_one_stage_and_no_other(
    taken_apart: stages.Stages, stage: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    called = []
    for name in stages.STAGES:
        monkeypatch.setattr(
            type(taken_apart._session), name, lambda self, *its, name=name: called.append((name, len(its)))
        )
    getattr(taken_apart, f"time_{stage}")("5kb")
    assert called == [(stage, {"load": 1, "render": 2, "parse": 3}[stage])]


def test_what_is_prepared_once_is_not_prepared_again(taken_apart: stages.Stages) -> None:
    before = taken_apart._session
    taken_apart.setup("5kb")
    assert taken_apart._session is before


def test_a_subject_without_stages_is_skipped_with_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(stages, "load", lambda name: Stageless())
    with pytest.raises(
        NotImplementedError,
        match="sessions of stageless have no stages to be timed: render, call, parse missing",
    ):
        stages.Stages().setup("1kb")
    assert Stageless.closed
