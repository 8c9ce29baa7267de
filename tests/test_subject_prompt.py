"""The prompt: what it must say, and that research data cannot change it."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_asv.subject.prompt import render
from persona_asv.subject.research import Record

RECORDS = (Record("R1", 'He said: "5 < 6 & {{ 7 }}"', "a.txt"), Record("R2", "It's {% raw %}", "a.txt"))


@pytest.mark.parametrize(
    ("expected", "personas"),
    [
        pytest.param("Generate exactly 1 persona and nothing else.", 1, id="one"),
        pytest.param("Generate exactly 3 personas and nothing else.", 3, id="three"),
    ],
)
def test_the_number_of_personas_stands_on_a_line_of_its_own(expected: str, personas: int) -> None:
    assert render(RECORDS, personas).splitlines().count(expected) == 1


def test_the_records_are_its_last_lines_letter_for_letter() -> None:
    lines = render(RECORDS, 1).splitlines()
    assert lines[-3:] == ["Research records:", '[R1] He said: "5 < 6 & {{ 7 }}"', "[R2] It's {% raw %}"]


def test_several_personas_must_differ() -> None:
    assert "must differ" in render(RECORDS, 2)
    assert "must differ" not in render(RECORDS, 1)


@settings(deadline=None)
@given(st.lists(st.text(st.characters(categories=["L", "N", "P", "S"]), min_size=1), min_size=1))
def test_a_record_is_one_line_and_the_rest_is_always_the_same(texts: list[str]) -> None:
    records = [Record(f"R{number}", text, "a.txt") for number, text in enumerate(texts, 1)]
    expected = [f"[{record.id}] {record.text}" for record in records]
    head, lines = render(RECORDS, 1).splitlines()[:-2], render(records, 1).splitlines()
    assert head + expected == lines
