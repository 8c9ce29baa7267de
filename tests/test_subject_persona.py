"""Parsing: only what is valid, and proven by the records, becomes a persona."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_asv.subject.persona import Evidence, Persona, PersonaError, parse
from persona_asv.subject.protocol import GenerationError
from persona_asv.subject.research import Record

RECORDS = (Record("R1", "I never have time.", "a.txt"), Record("R2", "The form is too long.", "a.txt"))
VALID = {
    "name": " Ada Example ",
    "age": 34,
    "occupation": "Nurse",
    "background": "Night shifts.",
    "goals": ["Sleep"],
    "frustrations": [],
    "behaviours": ["Lists"],
    "quote": "No time.",
    "evidence": [{"source": "R1", "excerpt": "never have time"}],
}
ABSENT = object()


def reply(*personas: object) -> str:
    return json.dumps({"personas": personas})


def changed(**fields: object) -> dict[str, object]:
    return {key: value for key, value in (VALID | fields).items() if value is not ABSENT}


def test_a_valid_persona() -> None:
    expected = Persona(
        name="Ada Example",
        age=34,
        occupation="Nurse",
        background="Night shifts.",
        goals=("Sleep",),
        frustrations=(),
        behaviours=("Lists",),
        quote="No time.",
        evidence=(Evidence("R1", "never have time"),),
    )
    parsed = parse(reply(VALID), RECORDS, 1)
    assert ((expected,), ()) == (parsed.personas, parsed.rejected)


@pytest.mark.parametrize(
    "text",
    [
        pytest.param("```json\n{}\n```", id="json fence"),
        pytest.param("```\n{}\n```", id="bare fence"),
        pytest.param("\n ```json\r\n{}\r\n``` \n", id="white space around it"),
        pytest.param("Here they are:\n\n```json\n{}\n```\nAnything else?", id="talk around it"),
        pytest.param("```json\n{}", id="fence left open"),
        pytest.param("  {}\n", id="no fence"),
    ],
)
def test_a_fence_around_the_json_is_tolerated(text: str) -> None:
    marked = changed(quote="Use ``` for code.")
    assert parse(reply(marked), RECORDS, 1) == parse(text.replace("{}", reply(marked)), RECORDS, 1)


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        pytest.param("name must be a string", {"name": ABSENT}, id="name absent"),
        pytest.param("name must be a string", {"name": 5}, id="name a number"),
        pytest.param("name is empty", {"name": " "}, id="name blank"),
        pytest.param("age must be a whole number from 0 to 120", {"age": ABSENT}, id="age absent"),
        pytest.param("age must be", {"age": -1}, id="age below 0"),
        pytest.param("age must be", {"age": 121}, id="age above 120"),
        pytest.param("age must be", {"age": True}, id="age a boolean"),
        pytest.param("age must be", {"age": 34.0}, id="age a fraction"),
        pytest.param("age must be", {"age": "34"}, id="age a string"),
        pytest.param("occupation must be a string", {"occupation": None}, id="occupation null"),
        pytest.param("background must be a string", {"background": []}, id="background a list"),
        pytest.param("quote must be a string", {"quote": ABSENT}, id="quote absent"),
        pytest.param("goals must hold at least 1", {"goals": []}, id="no goal"),
        pytest.param("goals must be a list of strings", {"goals": "Sleep"}, id="goals a string"),
        pytest.param("goals must be a list of strings", {"goals": [""]}, id="goal empty"),
        pytest.param("frustrations must be a list", {"frustrations": [1]}, id="frustration a number"),
        pytest.param("behaviours must be a list", {"behaviours": {}}, id="behaviours an object"),
        pytest.param("evidence must be a list of objects", {"evidence": ABSENT}, id="evidence absent"),
        pytest.param("evidence must be a list of objects", {"evidence": ["R1"]}, id="evidence a string"),
        pytest.param("source must be a string", {"evidence": [{"excerpt": "x"}]}, id="no source"),
        pytest.param("excerpt must be a string", {"evidence": [{"source": "R1"}]}, id="no excerpt"),
        pytest.param("no excerpt of its evidence", {"evidence": []}, id="no evidence"),
        pytest.param("no excerpt", {"evidence": [{"source": "R3", "excerpt": "I"}]}, id="unknown record"),
        pytest.param(
            "no excerpt", {"evidence": [{"source": "R2", "excerpt": "time"}]}, id="another record's"
        ),
        pytest.param("no excerpt", {"evidence": [{"source": "R1", "excerpt": "NEVER"}]}, id="not literal"),
        pytest.param("no excerpt", {"evidence": [{"source": "R1", "excerpt": " "}]}, id="blank excerpt"),
    ],
)
def test_an_invalid_persona_is_refused_with_its_reason(expected: str, fields: dict[str, object]) -> None:
    parsed = parse(reply(changed(**fields), VALID), RECORDS, 2)
    assert len(parsed.personas) == 1
    (reason,) = parsed.rejected
    assert reason.startswith(f"persona 1: {expected}")
    with pytest.raises(PersonaError, match="holds no valid persona"):
        parse(reply(changed(**fields)), RECORDS, 1)


@pytest.mark.parametrize("age", [0, 120])
def test_the_ends_of_the_range_of_ages_are_valid(age: int) -> None:
    assert [age] == [persona.age for persona in parse(reply(changed(age=age)), RECORDS, 1).personas]


def test_unproven_evidence_is_dropped_and_proven_evidence_kept() -> None:
    claims = [
        {"source": "R9", "excerpt": "made up"},
        {"source": "R2", "excerpt": "too long"},
        {"source": "R1", "excerpt": "made up"},
    ]
    (persona,) = parse(reply(changed(evidence=claims)), RECORDS, 1).personas
    assert (Evidence("R2", "too long"),) == persona.evidence


@pytest.mark.parametrize(
    ("expected", "returned", "asked"),
    [
        pytest.param(2, 2, 2, id="as many"),
        pytest.param(2, 2, 3, id="too few"),
        pytest.param(2, 5, 2, id="too many"),
    ],
)
def test_never_more_personas_than_asked_for(expected: int, returned: int, asked: int) -> None:
    parsed = parse(reply(*[VALID] * returned), RECORDS, asked)
    assert (expected, 0) == (len(parsed.personas), len(parsed.rejected))


def test_a_refused_persona_is_made_up_for_by_a_further_one() -> None:
    parsed = parse(reply("not one", VALID, VALID), RECORDS, 2)
    assert (len(parsed.personas), parsed.rejected) == (2, ("persona 1: must be an object",))


@pytest.mark.parametrize(
    ("expected", "text"),
    [
        pytest.param("is not JSON", "", id="empty"),
        pytest.param("is not JSON", "I cannot help with that.", id="talk"),
        pytest.param("is not JSON", '{"personas": [', id="cut short"),
        pytest.param("is not JSON", "1" * 5000, id="number beyond all bounds"),
        pytest.param("nested too deeply", "[" * 200_000, id="nested"),
        pytest.param('not an object with a list "personas"', "[]", id="list"),
        pytest.param('not an object with a list "personas"', "{}", id="no personas"),
        pytest.param('not an object with a list "personas"', '{"personas": {}}', id="personas an object"),
        pytest.param("its list is empty", '{"personas": []}', id="no persona"),
    ],
)
def test_a_reply_without_personas_is_one_clear_line(expected: str, text: str) -> None:
    with pytest.raises(PersonaError) as caught:
        parse(text, RECORDS, 1)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8)
anything = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)
claims = st.fixed_dictionaries(
    {
        "source": st.sampled_from(["R1", "R2", "R3"]),
        "excerpt": st.sampled_from(["time", "form", "", "I", "no"]),
    }
)
mutants = st.fixed_dictionaries(
    {},
    optional={key: st.just(value) | anything for key, value in VALID.items()}
    | {"evidence": st.lists(claims, max_size=3) | anything},
)
replies = st.one_of(
    st.text(),
    anything.map(json.dumps),
    st.lists(mutants | st.fixed_dictionaries({k: st.just(v) for k, v in VALID.items()}) | anything).map(
        lambda entries: json.dumps({"personas": entries})
    ),
)


@settings(deadline=None)
@given(text=replies, asked=st.integers(1, 4))
def test_any_text_becomes_proven_personas_or_a_generation_error(text: str, asked: int) -> None:
    try:
        personas = parse(text, RECORDS, asked).personas
    except GenerationError:
        return
    known = {record.id: record.text for record in RECORDS}
    assert 1 <= len(personas) <= asked
    for persona in personas:
        assert persona.name
        assert persona.goals
        assert 0 <= persona.age <= 120
        assert persona.evidence
        assert all(piece.excerpt and piece.excerpt in known[piece.source] for piece in persona.evidence)
