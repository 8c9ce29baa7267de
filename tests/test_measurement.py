"""The suite's measurement against a real stand-in: counts and rates are exact, whatever goes wrong."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

from benchmarks import memory, resident
from benchmarks.accounting import Operation, per_persona, rate, windows
from benchmarks.measurement import Measurement, stored
from benchmarks.settings import CASES, MEMORY_LOOKS, PROVIDERS, Case, Settings
from persona_asv.standin.process import StandIn
from persona_asv.subject import client

ADAPTERS = '''
"""Subjects for tests: the reference subject, changed in how it connects."""
from contextlib import closing
from persona_asv.subject.reference import REFERENCE

class FreshClient:
    """Connects anew for each call, as code does that builds its client in the function that uses it."""
    name, version = "fresh", "1.0"
    providers, default_models = REFERENCE.providers, REFERENCE.default_models
    sample = staticmethod(REFERENCE.sample)

    def open(self, **endpoint):
        self.endpoint = endpoint
        return self

    def generate(self, research, personas):
        with closing(REFERENCE.open(**self.endpoint)) as session:
            return session.generate(research, personas)

    def close(self):
        pass

fresh_client = FreshClient()
'''

SINGLE = Case("single", 1, "1kb", 6)
BATCH = Case("batch", 10, "5kb", 2, concurrency=10)

Measure = Callable[..., list[Operation]]


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as process:
        yield process


@pytest.fixture
def measure(stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Measure:
    """Return a function that measures a case in this process, with faults, and accounts for it."""
    monkeypatch.setattr(client, "FIRST_BACK_OFF", 0.004)
    (tmp_path / "adapters.py").write_text(ADAPTERS)
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(sys.modules, "adapters", raising=False)

    def run(
        case: Case, *faults: dict[str, object], provider: str = "anthropic", subject: str = "reference"
    ) -> list[Operation]:
        settings = Settings(
            subject=subject,
            standin=f"http://127.0.0.1:{stand_in.port}",
            session="tests",
            spool=str(tmp_path),
            faults=faults,
        )
        measurement = Measurement(case, provider, settings)
        try:
            measurement.warm_up(case.warm_ups)
            measurement.run()
            return measurement.finish(tmp_path / "store.json")
        finally:
            measurement.close()

    return run


def at(kind: str, *requests: int, **more: object) -> list[dict[str, object]]:
    """Return faults that befall the given requests of a session, counted from 0, and no other."""
    return [{"kind": kind, "every": 1_000_000, "offset": request, **more} for request in requests]


def counts(operations: list[Operation]) -> dict[str, float | None]:
    return {
        name: per_persona(operations, lambda operation, name=name: getattr(operation, name))
        for name in ("calls", "tokens", "connections")
    }


def rates(operations: list[Operation]) -> tuple[float, float | None, float | None]:
    """Return error rate, retry rate and parse success rate in percent."""
    failed = 100 * sum(operation.failed for operation in operations) / len(operations)
    unparsed = rate(operations, "unparsed", "answers")
    return failed, rate(operations, "retries", "calls"), None if unparsed is None else 100 - unparsed


@pytest.mark.parametrize(
    "case", [SINGLE, replace(CASES["full-5kb"], operations=2), BATCH], ids=lambda c: c.name
)
def test_counts_are_exact_and_the_same_on_every_provider(measure: Measure, case: Case) -> None:
    found = [counts(measure(case, provider=provider)) for provider in PROVIDERS]
    calls = 1 / 3 if case.name == "full-5kb" else 1.0
    assert [each["calls"] for each in found] == [calls] * 4
    assert [each["connections"] for each in found] == [0.0] * 4, "the pool is full, or fills by chance"
    assert len({each["tokens"] for each in found}) == 1


@pytest.mark.parametrize("concurrency", [1, 3, 10])
def test_a_batch_is_exact_at_every_concurrency(measure: Measure, concurrency: int) -> None:
    operations = measure(replace(BATCH, concurrency=concurrency))
    assert [(each.calls, each.personas, each.failed) for each in operations] == [(10, 10, False)] * 2
    assert counts(operations)["connections"] == 0.0
    assert rates(operations) == (0.0, 0.0, 100.0)
    assert [len(each.arrivals) for each in operations] == [10, 10]
    assert all(0 <= each.overhead < each.wall for each in operations)


def test_a_new_connection_for_each_call_is_exactly_one(measure: Measure) -> None:
    assert counts(measure(SINGLE, subject="adapters:fresh_client"))["connections"] == 1.0


FIRST = SINGLE.warm_ups
"""The first request of the first measured operation."""
BATCHED = 10 * BATCH.warm_ups
"""The same of a batch."""


@pytest.mark.parametrize(
    ("expected", "calls", "case", "faults"),
    [
        pytest.param((0, 100 / 7, 100), 7 / 6, SINGLE, at("429", FIRST + 2), id="429"),
        pytest.param((0, 25, 100), 8 / 6, SINGLE, at("500", FIRST, FIRST + 1), id="500 twice"),
        pytest.param(
            (100 / 6, 300 / 9, 100), 9 / 5, SINGLE, at("500", *range(FIRST, FIRST + 4)), id="given up"
        ),
        pytest.param((100 / 6, 0, 500 / 6), 6 / 5, SINGLE, at("truncated", FIRST + 1), id="broken JSON"),
        pytest.param((100 / 3, 0, 400 / 6), 6 / 4, SINGLE, at("invalid", FIRST, FIRST + 5), id="no personas"),
        pytest.param(
            (100 / 6, 100 / 7, 500 / 6), 7 / 5, SINGLE, at("429", FIRST) + at("truncated", FIRST + 1),
            id="429, then broken JSON",
        ),
        pytest.param(
            (0, 300 / 23, 100), 23 / 20, BATCH, at("429", *(BATCHED + n for n in (3, 7, 12))),
            id="429 in a batch",
        ),
        pytest.param(
            (50, 0, 90), 20 / 18, BATCH, at("truncated", BATCHED, BATCHED + 4), id="broken JSON in a batch"
        ),
        pytest.param(
            (50, 100 / 21, 95), 21 / 19, BATCH, at("500", BATCHED + 1) + at("invalid", BATCHED + 5),
            id="500 and no persona in a batch",
        ),
    ],
)  # fmt: skip
def test_faults_come_to_exactly_the_right_figures(
    measure: Measure,
    expected: tuple[float, float, float],
    calls: float,
    case: Case,
    faults: list[dict[str, object]],
) -> None:
    operations = measure(case, *faults)
    assert rates(operations) == pytest.approx(expected)
    assert counts(operations)["calls"] == pytest.approx(calls)


def test_an_operation_counts_up_to_its_failure_back_off_included(measure: Measure) -> None:
    first, *others = measure(SINGLE, *at("500", *range(FIRST, FIRST + 4)))
    assert (first.failed, first.personas, first.calls) == (True, 0, 4)
    back_off = 0.004 * (1 + 2 + 4)
    assert first.wall >= back_off
    assert first.provider <= first.wall - back_off / 2, "waiting to try again is our own time"
    assert not any(each.failed for each in others)


def test_a_wait_that_the_provider_ordered_is_the_providers_time(measure: Measure) -> None:
    waited, *_ = measure(SINGLE, *at("429", FIRST, retry_after=0.05))
    assert waited.provider >= 0.025
    assert waited.overhead <= waited.wall - 0.025


def test_an_ordered_wait_in_a_batch_is_the_providers_although_others_go_on(measure: Measure) -> None:
    waited, _ = measure(replace(BATCH, concurrency=2), *at("429", BATCHED, retry_after=0.05))
    assert waited.retries == 1
    assert waited.provider >= 0.025


def test_a_run_is_stored_whole(measure: Measure, tmp_path: Path) -> None:
    operations = measure(BATCH)
    assert stored(tmp_path / "store.json") == operations
    assert sum(each.personas for each in operations) == 20
    total = sum(each.wall for each in operations)
    assert windows(operations, length=2 * total) == pytest.approx([total / 20]), "less than one is one"


def test_own_research_data_is_read(measure: Measure, tmp_path: Path) -> None:
    (tmp_path / "research").mkdir()
    (tmp_path / "research" / "notes.csv").write_text("name,said\nAnn,I want to save time\n")
    own = Case("own", 1, "research", 2, path=str(tmp_path / "research"))
    assert counts(measure(own))["tokens"] < counts(measure(SINGLE))["tokens"]


def test_a_subject_without_batches_is_told_so(measure: Measure, tmp_path: Path) -> None:
    with pytest.raises(RuntimeError, match="it has no generate_batch, which batch measures"):
        measure(BATCH, subject="adapters:fresh_client")
    last = (tmp_path / "generation.batch.anthropic.jsonl").read_text().splitlines()[-1]
    assert json.loads(last) == {"event": "failed", "reason": "it has no generate_batch, which batch measures"}


class TestMemory:
    """The benchmarks of memory, in the order in which asv calls them."""

    AT = ("quick", "anthropic")

    @pytest.fixture
    def fresh(
        self, stand_in: StandIn, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> Iterator[memory.Memory]:
        monkeypatch.chdir(tmp_path)
        monkeypatch.setenv("PERSONA_ASV_STANDIN", f"http://127.0.0.1:{stand_in.port}")
        monkeypatch.setenv("PERSONA_ASV_OPERATIONS", '{"quick": 1}')
        closers: list[Callable[[], None]] = []
        monkeypatch.setattr(memory, "atexit", SimpleNamespace(register=closers.append))
        made = memory.Memory()
        made.setup_cache()
        yield made
        for close in closers:
            close()

    def test_the_peak_is_read_before_single_operations_are_looked_into(self, fresh: memory.Memory) -> None:
        fresh.setup(*self.AT)
        fresh.peakmem_generate(*self.AT)
        assert not Path("quick.anthropic.json").exists(), "looking into them resets the mark"
        fresh.teardown(*self.AT)
        again = memory.Memory()
        again.setup(*self.AT)
        peaks = again.track_operation_peak(*self.AT)
        assert peaks["number"] == 1
        assert len(peaks["samples"]) == MEMORY_LOOKS
        average = again.track_average(*self.AT)
        assert 5e6 < average <= 1.1 * max(peaks["samples"])
        again.teardown(*self.AT)
        assert again._measurement is None, "what was left behind is enough"

    def test_alone_they_measure_for_themselves(self, fresh: memory.Memory) -> None:
        fresh.setup(*self.AT)
        assert fresh.track_average(*self.AT) > 5e6
        lines = Path("memory.quick.anthropic.jsonl").read_text().splitlines()
        assert [json.loads(line)["event"] for line in lines][:2] == ["start", "warm"]

    def test_a_case_that_is_not_part_of_the_run_is_skipped(self, fresh: memory.Memory) -> None:
        with pytest.raises(NotImplementedError, match="standard is not part of this run"):
            fresh.setup("standard", "anthropic")

    def test_peaks_that_are_only_sampled_are_told(
        self, fresh: memory.Memory, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(resident, "resets", lambda: False)
        fresh.setup(*self.AT)
        fresh.peakmem_generate(*self.AT)
        fresh.teardown(*self.AT)
        last = Path("memory.quick.anthropic.jsonl").read_text().splitlines()[-1]
        assert json.loads(last) == {"event": "sampled"}
