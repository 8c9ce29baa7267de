"""Wire formats: from plain values to a provider's documents and back."""

from __future__ import annotations

from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_asv.subject.wire import FORMATS, Reply, ReplyError

ANTHROPIC = FORMATS["anthropic"]


def message(**fields: object) -> dict[str, object]:
    return {
        "type": "message",
        "role": "assistant",
        "content": [{"type": "text", "text": "Hello"}],
        "stop_reason": "end_turn",
        "usage": {"input_tokens": 12, "output_tokens": 3},
    } | fields


def test_every_format_stands_under_its_own_name_the_default_first() -> None:
    assert list(FORMATS) == [wire.provider for wire in FORMATS.values()]
    assert next(iter(FORMATS)) == "anthropic"


def test_the_request() -> None:
    assert ANTHROPIC.path("m") == "/v1/messages"
    assert ANTHROPIC.headers("k") == {"x-api-key": "k", "anthropic-version": "2023-06-01"}
    assert ANTHROPIC.body("m", "Hi", 9) == {
        "model": "m",
        "max_tokens": 9,
        "messages": [{"role": "user", "content": "Hi"}],
    }


@pytest.mark.parametrize(
    ("expected", "fields"),
    [
        pytest.param(Reply("Hello", True, 12, 3), {}, id="plain"),
        pytest.param(
            Reply("ab", True, 12, 3),
            {"content": [{"type": "text", "text": "a"}, {"type": "tool_use"}, {"type": "text", "text": "b"}]},
            id="several blocks",
        ),
        pytest.param(Reply("", True, 12, 3), {"content": []}, id="no block"),
        pytest.param(Reply("", True, 12, 3), {"content": [5, {"type": "text", "text": 5}]}, id="odd blocks"),
        pytest.param(Reply("Hello", False, 12, 3), {"stop_reason": "max_tokens"}, id="cut at the limit"),
        pytest.param(Reply("Hello", True, None, None), {"usage": None}, id="no usage"),
        pytest.param(
            Reply("Hello", True, None, 0),
            {"usage": {"input_tokens": True, "output_tokens": 0}},
            id="odd usage",
        ),
        pytest.param(
            Reply("Hello", True, None, None),
            {"usage": {"input_tokens": "1", "output_tokens": -1}},
            id="no counts",
        ),
    ],
)
def test_the_reply(expected: Reply, fields: dict[str, object]) -> None:
    assert expected == ANTHROPIC.reply(message(**fields))


@pytest.mark.parametrize(
    "document", [None, [], "text", {}, message(type="error"), message(content="text"), message(content=None)]
)
def test_another_document_is_no_reply(document: object) -> None:
    with pytest.raises(ReplyError, match="anthropic answered with something other than a message"):
        ANTHROPIC.reply(document)


@pytest.mark.parametrize(
    ("expected", "document"),
    [
        pytest.param(
            "overloaded_error", {"type": "error", "error": {"type": "overloaded_error"}}, id="error"
        ),
        pytest.param(None, {"type": "error", "error": {"type": 5}}, id="type a number"),
        pytest.param(None, {"type": "error", "error": "overloaded"}, id="error a string"),
        pytest.param(None, [], id="list"),
    ],
)
def test_the_error_type(expected: str | None, document: object) -> None:
    assert expected == ANTHROPIC.error_type(document)


documents = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.sampled_from(["type", "content", "text", "error", "usage"]), inner, max_size=4)
    ),
)


@pytest.mark.parametrize("provider", FORMATS)
@settings(deadline=None)
@given(document=documents)
def test_no_document_breaks_a_format(provider: str, document: object) -> None:
    wire = FORMATS[provider]
    assert isinstance(wire.error_type(document), str | None)
    for candidate in (document, message(content=document), message(usage=document)):
        with suppress(ReplyError):
            assert isinstance(wire.reply(candidate).text, str)
