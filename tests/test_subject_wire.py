"""Wire formats: from plain values to a provider's documents and back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wires import ANTHROPIC, GEMINI, KEY, MODEL, OLLAMA, OPENAI, WIRES, Wire, on_every_wire

from persona_asv.subject.wire import FORMATS, Reply, ReplyError

NOT_READ = "answered with something other than a"


def read(wire: Wire, document: object) -> Reply:
    return FORMATS[wire.provider].reply(document)


def answer(wire: Wire, **fields: object) -> dict[str, object]:
    return wire.answer("Hello", 12, 3, False) | fields


def case(expected: object, wire: Wire, name: str, **fields: object) -> object:
    return pytest.param(expected, wire, fields, id=f"{wire.provider}: {name}")


def test_every_format_stands_under_its_own_name_the_default_first() -> None:
    assert list(FORMATS) == [wire.provider for wire in FORMATS.values()] == [wire.provider for wire in WIRES]
    assert next(iter(FORMATS)) == "anthropic"


@on_every_wire
def test_the_request(wire: Wire) -> None:
    ours = FORMATS[wire.provider]
    assert wire.path == ours.path(MODEL)
    assert wire.headers == ours.headers(KEY)
    assert wire.request("Hi", 9) == ours.body(MODEL, "Hi", 9)


@pytest.mark.parametrize(
    ("expected", "model"),
    [
        pytest.param("gemini-1.5-pro", "gemini-1.5-pro", id="plain"),
        pytest.param("a%2F..%2F..%2Fb", "a/../../b", id="another folder"),
        pytest.param("m%3Fkey%3Dk%23x", "m?key=k#x", id="query and fragment"),
        pytest.param("m%3AstreamGenerateContent", "m:streamGenerateContent", id="another method"),
        pytest.param("m%252F%C3%A9%20", "m%2Fé ", id="quoted already, Unicode, space"),
    ],
)
def test_a_model_in_the_path_is_one_segment_of_it(expected: str, model: str) -> None:
    assert f"/v1beta/models/{expected}:generateContent" == FORMATS["gemini"].path(model)


def test_without_a_key_there_is_no_empty_bearer() -> None:
    assert FORMATS["openai"].headers("") == {}


@pytest.mark.parametrize("cut", [False, True], ids=["whole", "cut at the limit"])
@on_every_wire
def test_the_reply(wire: Wire, cut: bool) -> None:
    assert Reply("Hello", not cut, 12, 3) == read(wire, wire.answer("Hello", 12, 3, cut))


@pytest.mark.parametrize(
    ("expected", "wire", "fields"),
    [
        case(
            Reply("ab", True, 12, 3), ANTHROPIC, "several blocks",
            content=[{"type": "text", "text": "a"}, {"type": "tool_use"}, {"type": "text", "text": "b"}],
        ),
        case(Reply("", True, 12, 3), ANTHROPIC, "no block", content=[]),
        case(Reply("", True, 12, 3), ANTHROPIC, "odd blocks", content=[5, {"type": "text", "text": 5}]),
        case(Reply("Hello", True, None, None), ANTHROPIC, "no usage", usage=None),
        case(
            Reply("Hello", True, None, 0), ANTHROPIC, "odd usage",
            usage={"input_tokens": True, "output_tokens": 0},
        ),
        case(
            Reply("Hello", True, None, None), ANTHROPIC, "no counts",
            usage={"input_tokens": "1", "output_tokens": -1},
        ),
        case(
            Reply("", True, 12, 3), OPENAI, "refused",
            choices=[{"message": {"content": None, "refusal": "No."}, "finish_reason": "stop"}],
        ),
        case(Reply("Hello", True, None, None), OPENAI, "no usage", usage=None),
        case(
            Reply("ab", True, 12, 3), GEMINI, "several parts",
            candidates=[{"content": {"parts": [{"text": "a"}, {"inlineData": {}}, {"text": "b"}]}}],
        ),
        case(
            Reply("", False, 12, 3), GEMINI, "cut before the first part",
            candidates=[{"content": {"role": "model"}, "finishReason": "MAX_TOKENS"}],
        ),
        case(Reply("", True, 12, 3), GEMINI, "stopped", candidates=[{"finishReason": "SAFETY"}]),
        case(
            Reply("Hello", True, 12, None), GEMINI, "nothing written",
            usageMetadata={"promptTokenCount": 12},
        ),
        case(Reply("Hello", True, None, 3), OLLAMA, "prompt known", prompt_eval_count=None),
    ],
)  # fmt: skip
def test_the_reply_in_other_words(expected: Reply, wire: Wire, fields: dict[str, object]) -> None:
    assert expected == read(wire, answer(wire, **fields))


@pytest.mark.parametrize("document", [None, [], "text", {}, {"error": {"message": "Overloaded"}}])
@on_every_wire
def test_another_document_is_no_reply(wire: Wire, document: object) -> None:
    with pytest.raises(ReplyError, match=f"{wire.provider} {NOT_READ}"):
        read(wire, document)


@pytest.mark.parametrize(
    ("what", "wire", "fields"),
    [
        case("message", ANTHROPIC, "type", type="error"),
        case("message", ANTHROPIC, "content a string", content="text"),
        case("message", ANTHROPIC, "no content", content=None),
        case("chat completion", OPENAI, "no choice", choices=[]),
        case("chat completion", OPENAI, "choice without a message", choices=[{"text": "a"}]),
        case(
            "candidate", GEMINI, "prompt blocked", candidates=None, promptFeedback={"blockReason": "SAFETY"}
        ),
        case("candidate", GEMINI, "candidates of another kind", candidates=["text"]),
        case("chat message", OLLAMA, "no content", message={"role": "assistant"}),
        case("chat message", OLLAMA, "of /api/generate", message=None, response="Hello"),
    ],
)
def test_an_answer_that_lacks_the_text_is_no_reply(what: str, wire: Wire, fields: dict[str, object]) -> None:
    with pytest.raises(ReplyError, match=f"{wire.provider} {NOT_READ} {what}"):
        read(wire, answer(wire, **fields))


@on_every_wire
def test_the_error_type_is_the_provider_s_word(wire: Wire) -> None:
    for status, word in wire.words.items():
        document = wire.refusal(status, word, "Something happened")
        assert (word or "Something happened") == FORMATS[wire.provider].error_type(document)


@pytest.mark.parametrize("document", [[], "text", {}, {"error": 5}, {"error": {"type": 5, "status": ["x"]}}])
@on_every_wire
def test_an_error_of_another_kind_has_no_type(wire: Wire, document: object) -> None:
    assert FORMATS[wire.provider].error_type(document) is None


KEYS = ("type", "content", "text", "error", "message", "parts", "code", "status")
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS), inner, max_size=4),
)


@on_every_wire
@settings(deadline=None)
@given(document=documents)
def test_no_document_breaks_a_format(wire: Wire, document: object) -> None:
    assert isinstance(FORMATS[wire.provider].error_type(document), str | None)
    sound = answer(wire)
    for candidate in (document, *(sound | {key: document} for key in sound)):
        with suppress(ReplyError):
            assert isinstance(read(wire, candidate).text, str)
