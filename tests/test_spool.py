"""The spool: what a measuring process has done so far, read while it writes."""

from __future__ import annotations

import json
from dataclasses import fields
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_asv.engine.spool import SpoolReader, Tally

GENERATION = "generation.quick.anthropic.jsonl"
MEMORY = "memory.quick.anthropic.jsonl"


def operation(
    *, wall: float = 2.0, references: float = 0.5, delay: float = 0.25, failed: bool = False
) -> str:
    event = {"event": "operation", "started": 10.0, "ended": 10.0 + wall, "references": references}
    return json.dumps({**event, "delay": delay, "failed": failed, "personas": 1}) + "\n"


def warm(seconds: float = 1.0) -> str:
    return json.dumps({"event": "warm", "seconds": seconds}) + "\n"


def failure(reason: str) -> str:
    return json.dumps({"event": "failed", "reason": reason}) + "\n"


START = '{"event": "start", "kind": "generation"}\n'
END = '{"event": "end", "operations": 1}\n'


class Spool:
    """A folder that grows."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reader = SpoolReader(folder)

    def add(self, *lines: str, to: str = GENERATION) -> Tally:
        with (self.folder / to).open("a") as file:
            file.writelines(lines)
        return self.reader.read()


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    return Spool(tmp_path)


@pytest.mark.parametrize(
    ("expected", "lines"),
    [
        pytest.param(Tally(), [START, END], id="nothing measured"),
        pytest.param(
            Tally(operations=1, own=2.5, wall=2.0, delay=0.25),
            [operation(wall=2.0, references=0.5, delay=0.25)],
            id="an operation takes its wall time and its references",
        ),
        pytest.param(
            Tally(operations=1, own=2.5, wall=2.0, delay=0.25, failed=1),
            [operation(failed=True)],
            id="a failed one does, too",
        ),
        pytest.param(Tally(own=1.5), [warm(1.5)], id="a warm-up is our own time, but no operation"),
        pytest.param(Tally(failure="why"), [failure("why"), failure("later")], id="the first failure counts"),
        pytest.param(Tally(), ['{"event": "something of a later version"}\n'], id="an unknown event"),
        pytest.param(
            Tally(operations=2, own=6.0, wall=4.0, delay=0.5, failed=1),
            [START, warm(1.0), operation(), operation(failed=True), END],
            id="a whole measurement",
        ),
    ],
)
def test_events_of_a_measurement(expected: Tally, lines: list[str], spool: Spool) -> None:
    assert spool.add(*lines) == expected


def test_a_memory_process_is_counted_and_its_time_is_in_another_account(spool: Spool) -> None:
    assert spool.add(START, warm(9.0), to=MEMORY) == Tally(memory_processes=1)


def test_a_memory_process_that_fails_says_why(spool: Spool) -> None:
    assert spool.add(failure("no memory"), to=MEMORY) == Tally(failure="no memory")


class TestGrowth:
    def test_nothing_is_there_yet(self, tmp_path: Path) -> None:
        assert SpoolReader(tmp_path).read() == Tally()
        assert SpoolReader(tmp_path / "nowhere").read() == Tally()

    def test_each_event_counts_once(self, spool: Spool) -> None:
        for count in (1, 2, 3):
            assert spool.add(operation()).operations == count
            assert spool.reader.read().operations == count

    def test_a_line_half_written_waits_for_its_end(self, spool: Spool) -> None:
        line = operation()
        assert spool.add(operation(), line[:20]).operations == 1
        assert spool.reader.read().operations == 1
        assert spool.add(line[20:-1]).operations == 1, "without its line break it may still grow"
        assert spool.add("\n", line).operations == 3

    def test_several_files_grow_side_by_side(self, spool: Spool) -> None:
        spool.add(operation(), to="generation.a.anthropic.jsonl")
        spool.add(warm(), to="memory.a.anthropic.jsonl")
        tally = spool.add(operation(), operation()[:9], to="generation.b.anthropic.jsonl")
        assert (tally.operations, tally.memory_processes) == (2, 1)
        spool.add(operation()[9:], to="generation.b.anthropic.jsonl")
        assert spool.add(warm(), to="memory.b.anthropic.jsonl") == Tally(3, 2, 7.5, 6.0, 0.75)

    def test_other_files_are_not_read(self, spool: Spool) -> None:
        assert spool.add("no JSON\n", to="generation.txt") == Tally()

    def test_a_second_reader_starts_at_the_beginning(self, spool: Spool) -> None:
        first = spool.add(operation(), operation())
        assert SpoolReader(spool.folder).read() == first

    @settings(max_examples=30, deadline=None)
    @given(cuts=st.lists(st.integers(0, 10_000), max_size=8))
    def test_however_it_is_cut_the_totals_are_the_same(
        self, cuts: list[int], tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        text = START + warm() + operation() * 3 + operation(failed=True) + END
        spool = Spool(tmp_path_factory.mktemp("spool"))
        at = 0
        for cut in sorted(cut % len(text) for cut in cuts):
            whole = text[: text.rfind("\n", 0, cut) + 1]
            assert spool.add(text[at:cut]).operations == whole.count('"operation"')
            at = cut
        assert spool.add(text[at:]) == Tally(operations=4, own=11.0, wall=8.0, delay=1.0, failed=1)


class TestPlus:
    ONE = Tally(1, 2, 3.0, 4.0, 5.0, 6, 7, "first")
    OTHER = Tally(10, 20, 30.0, 40.0, 50.0, 60, 70, "second")

    def test_adds_everything_and_keeps_the_first_failure(self) -> None:
        assert self.ONE.plus(self.OTHER) == Tally(11, 22, 33.0, 44.0, 55.0, 66, 77, "first")
        assert Tally().plus(self.OTHER) == self.OTHER
        assert self.ONE.plus(Tally()) == self.ONE

    def test_leaves_its_summands_alone(self) -> None:
        before = {field.name: getattr(self.ONE, field.name) for field in fields(Tally)}
        self.ONE.plus(self.OTHER)
        assert {field.name: getattr(self.ONE, field.name) for field in fields(Tally)} == before


def test_it_reads_what_the_suite_writes(tmp_path: Path) -> None:
    from benchmarks.measurement import Spool as Writer

    writer = Writer(tmp_path / GENERATION)
    writer.write("operation", started=1.0, ended=3.0, references=0.5, delay=0.25, failed=False, personas=1)
    writer.close()
    assert SpoolReader(tmp_path).read() == Tally(operations=1, own=2.5, wall=2.0, delay=0.25)
