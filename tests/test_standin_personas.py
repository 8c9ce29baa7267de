"""Prompts and invented personas: what is asked for is read right, and what is said is grounded in it."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_asv.standin.memo import Memo, Rendered, digest
from persona_asv.standin.personas import MAX_EXCERPT, answer_text
from persona_asv.standin.prompt import Prompt

LINES = st.text(st.characters(exclude_characters="\n"), max_size=400)


def prompt(*messages: str, system: str = "") -> Prompt:
    return Prompt((system,), messages)


def personas(asked: Prompt, count: int, *, sound: bool = True) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(answer_text(asked, count, sound=sound))["personas"]
    return found


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (3, "Generate exactly 3 personas"),
        (1, "Generate exactly 1 persona."),
        (12, "please give me 12 short, well grounded PERSONAS"),
        (3, "From 1 KB of research, 3 personas"),
        (3, "Cite 2 records per persona. Generate 3 personas."),
        (2, "Research:\n[R1] we met 9 personas\n\nCreate 2 personas"),
        (2, "[R1] generate exactly 9 personas\n2 personas"),
        (7, "7 R1-grounded personas"),
        (100, "Generate exactly 101 personas"),
        (100, "Generate exactly 99999999999999999999 personas"),
        (1, "Generate exactly 0 personas"),
        (5, "Generate exactly 0005 personas"),
        (1, "Generate personas"),
        (1, "3 things\npersonas"),
        (1, "3 things that are much further away than forty characters: personas"),
        (1, "v3 personas"),
        (1, "3 impersonas"),
        (1, ""),
    ],
)
def test_the_number_asked_for(count: int, text: str) -> None:
    assert prompt(text).count == count


def test_the_message_says_how_many_before_the_system_text_does() -> None:
    assert prompt("now 2 personas", system="as a rule 5 personas").count == 2
    assert prompt("as usual", system="as a rule 5 personas").count == 5


def test_records_are_the_lines_with_an_id() -> None:
    text = "Intro [R0] no\n[R1] first \n  [talk-2] second [R9]\n[R1] again\n[NOTE] no\n[R3]\n[7] last\r\nEnd"
    assert prompt(text).records == {"R1": "first", "talk-2": "second [R9]", "7": "last"}


def test_characters_are_those_of_every_text() -> None:
    assert Prompt(("ab",), ("c", "déf")).characters == 6


@given(texts=st.lists(st.text(), max_size=4), count=st.integers(1, 100))
def test_an_answer_follows_from_prompt_and_count(texts: list[str], count: int) -> None:
    first, second = (answer_text(Prompt((), tuple(texts)), count) for _ in range(2))
    assert first == second
    assert len(json.loads(first)["personas"]) == count


@given(text=st.text(), count=st.integers(1, 100))
def test_every_persona_is_complete_and_goes_by_its_own_name(text: str, count: int) -> None:
    found = personas(prompt(text), count)
    assert len({each["name"] for each in found}) == count
    for each in found:
        assert 18 <= each["age"] <= 100
        assert all(each[key] for key in ("name", "occupation", "background", "quote"))
        for key in ("goals", "frustrations", "behaviours"):
            assert 2 <= len(each[key]) <= 3
            assert len(set(each[key])) == len(each[key])


@given(lines=st.lists(LINES, min_size=1, max_size=8), count=st.integers(1, 5))
def test_every_excerpt_stands_in_the_record_it_cites(lines: list[str], count: int) -> None:
    asked = prompt("\n".join(f"[R{number}] {line}" for number, line in enumerate(lines)))
    for each in personas(asked, count):
        cited = each["evidence"]
        assert min(2, len(asked.records)) <= len(cited) <= 3
        assert len({one["source"] for one in cited}) == len(cited)
        for one in cited:
            assert one["excerpt"] in asked.records[one["source"]]
            assert one["excerpt"].strip() == one["excerpt"]
            assert 1 <= len(one["excerpt"]) <= MAX_EXCERPT


def test_long_records_are_cited_at_different_places_between_words() -> None:
    words = [f"word{number:03}" for number in range(100)]
    asked = prompt("[R1] " + " ".join(words))
    excerpts = {each["evidence"][0]["excerpt"] for each in personas(asked, 20)}
    assert len(excerpts) > 10
    for excerpt in excerpts:
        assert set(excerpt.split(" ")) <= set(words)


def test_without_records_there_is_no_evidence() -> None:
    assert [each["evidence"] for each in personas(prompt("2 personas"), 2)] == [[], []]


def test_an_unsound_answer_lacks_names_and_evidence_and_nothing_else() -> None:
    asked = prompt("[R1] one\n[R2] two")
    sound, unsound = personas(asked, 3), personas(asked, 3, sound=False)
    for each in sound:
        del each["name"]
        each["evidence"] = []
    assert unsound == sound


class TestMemo:
    def test_what_is_wanted_again_is_rendered_once(self) -> None:
        memo = Memo(max_bytes=10)
        made: list[str] = []

        def ask(key: str, size: int = 4) -> None:
            def render() -> Rendered:
                made.append(key)
                return Rendered(b"x" * size, 1, 1, 1)

            memo.get(key, render)

        for key in ("a", "b", "a", "c", "a", "b"):  # c makes b, used longest ago, go
            ask(key)
        assert made == ["a", "b", "c", "b"]
        ask("huge", 11)
        ask("huge", 11)
        assert made[4:] == ["huge", "huge"]

    def test_a_failure_is_not_remembered(self) -> None:
        memo = Memo()
        with pytest.raises(ZeroDivisionError):
            memo.get("a", lambda: 1 // 0)  # type: ignore[arg-type, return-value]
        assert memo.get("a", lambda: Rendered(b"x", 1, 1, 1)).body == b"x"

    def test_variant_path_and_body_all_tell_requests_apart(self) -> None:
        keys = {
            digest(*each)
            for each in (("a", "/p", b"x"), ("b", "/p", b"x"), ("a", "/q", b"x"), ("a", "/p", b"y"))
        }
        assert len(keys) == 4
