"""Reading research data: four formats become numbered records of one line each."""

from __future__ import annotations

import json
import string
import tempfile
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from persona_asv.subject.research import MAX_BYTES, Record, ResearchError, load

SUFFIXES = [".csv", ".json", ".md", ".txt"]


def texts(path: Path) -> list[str]:
    return [record.text for record in load(path)]


@pytest.mark.parametrize(
    ("expected", "name", "content"),
    [
        pytest.param(["one two", "three"], "a.txt", "one\n two\n\n\n three \n", id="text: paragraphs"),
        pytest.param(["one", "two"], "a.txt", "one\r\n\r\ntwo", id="text: CRLF, no last line break"),
        pytest.param(["a b c"], "a.txt", "a\tb\u2003\u00a0c", id="text: white space becomes one space"),
        pytest.param(["x: 1; y: 2"], "a.csv", "x,y\n1,2\n", id="csv: cells carry their column"),
        pytest.param(["x: a, b c"], "a.csv", 'x,y\n"a, b\nc",\n', id="csv: quoted cell, empty cell"),
        pytest.param(["x: 1", "y: 2"], "a.csv", "x,y\n1\n\n,2\n", id="csv: short, blank and sparse rows"),
        pytest.param(["1; y: 2"], "a.csv", " ,y\n1,2\n", id="csv: unnamed column"),
        pytest.param(["x: 1; x: 2"], "a.csv", "x,x\n1,2\n", id="csv: two columns of one name"),
        pytest.param(["x: 1"], "A.CSV", "x\n1\n", id="csv: suffix in capitals"),
        pytest.param(["a", "3", "true"], "a.json", '["a", 3, null, true, " "]', id="json: list of scalars"),
        pytest.param(["k: v; n: 1.5"], "a.json", '{"k": "v", "n": 1.5, "z": null}', id="json: object"),
        pytest.param(
            ["s: x", "id: 1", "id: 2", "w: a", "w: b"],
            "a.json",
            '{"m": [{"id": 1}, {"id": 2}], "s": "x", "w": ["a", ["b"]]}',
            id="json: nested, scalars first, labels kept",
        ),
        pytest.param(["only"], "a.json", '"only"', id="json: a lone string"),
        pytest.param(["p q", "r"], "a.md", "p\nq\n\nr\n", id="markdown: paragraphs"),
        pytest.param(["H: p", "H: q", "I: r"], "a.md", "# H #\np\n\nq\n## I\nr", id="markdown: headings"),
        pytest.param(["a b", "c", "d"], "a.md", "- a\n  b\n* c\n1. d\n", id="markdown: list items"),
        pytest.param(["said so"], "a.md", "> said\n> so\n", id="markdown: quotation"),
        pytest.param(["p", "q"], "a.md", "p\n\n---\n* * *\nq\n", id="markdown: rules"),
        pytest.param(
            ["#tag", "-5 degrees"], "a.md", "#tag\n\n-5 degrees\n", id="markdown: neither heading nor item"
        ),
    ],
)
def test_statements(tmp_path: Path, expected: list[str], name: str, content: str) -> None:
    file = tmp_path / name
    file.write_bytes(content.encode())
    assert expected == texts(file)


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_a_byte_order_mark_is_no_part_of_the_text(tmp_path: Path, suffix: str) -> None:
    content = {".csv": "x\na\n", ".json": '{"x": "a"}'}.get(suffix, "x: a")
    (tmp_path / f"f{suffix}").write_bytes(b"\xef\xbb\xbf" + content.encode())
    assert texts(tmp_path) == ["x: a"]


def test_a_folder_is_read_in_order_of_names_and_numbered_throughout(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "b.txt").write_text("second")
    (tmp_path / "a.json").write_text('["zero", "first"]')
    (tmp_path / "empty.md").write_text("")
    for ignored in (".hidden.txt", "photo.png", "notes.docx"):
        (tmp_path / ignored).write_text("not this")
    (tmp_path / "folder.txt").mkdir()
    unordered = sorted(tmp_path.iterdir(), reverse=True)
    monkeypatch.setattr(Path, "iterdir", lambda _: iter(unordered))
    assert load(tmp_path) == (
        Record("R1", "zero", "a.json"),
        Record("R2", "first", "a.json"),
        Record("R3", "second", "b.txt"),
    )


def test_research_data_is_read_anew_each_time(tmp_path: Path) -> None:
    file = tmp_path / "a.txt"
    file.write_text("before")
    assert texts(file) == ["before"]
    file.write_text("after")
    assert texts(file) == ["after"]


@pytest.mark.parametrize(
    ("expected", "name", "content"),
    [
        pytest.param(
            "unknown format '.pdf'; research data is .csv, .json, .md, .txt", "a.pdf", b"x", id="format"
        ),
        pytest.param("unknown format ''", "a", b"x", id="no suffix"),
        pytest.param("is not UTF-8 (byte 2)", "a.txt", b"ab\xff", id="encoding"),
        pytest.param("is not UTF-8", "a.csv", "x".encode("utf-16"), id="UTF-16"),
        pytest.param("holds no research data", "a.txt", b" \n", id="blank"),
        pytest.param("holds no research data", "a.csv", b"x,y\n", id="csv without rows"),
        pytest.param("holds no research data", "a.json", b"[null, {}]", id="json without scalars"),
        pytest.param("line 2 has 2 cells, the header 1", "a.csv", b"x\n1,2\n", id="csv row too long"),
        pytest.param("is not comma-separated values", "a.csv", b'x\n"1"2\n', id="csv quoting"),
        pytest.param("is not comma-separated values", "a.csv", b'x\n"1\n', id="csv open quotation"),
        pytest.param("is not JSON (Expecting", "a.json", b'{"x": }', id="json"),
        pytest.param("is not JSON", "a.json", b"", id="empty json"),
        pytest.param("is nested too deeply", "a.json", b"[" * 200_000, id="json nested"),
        pytest.param("Exceeds the limit", "a.json", b"1" * 5000, id="json number"),
        pytest.param("surrogate", "a.json", rb'["\ud800"]', id="json half a surrogate pair"),
        pytest.param("is larger than 1048576 bytes", "a.txt", b"x" * (MAX_BYTES + 1), id="size"),
    ],
)
def test_an_unusable_file_is_named(tmp_path: Path, expected: str, name: str, content: bytes) -> None:
    file = tmp_path / name
    file.write_bytes(content)
    with pytest.raises(ResearchError) as caught:
        load(file)
    assert str(caught.value).startswith(f"{file}: ")
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)


def test_the_culprit_in_a_folder_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.txt").write_text("good")
    (tmp_path / "b.json").write_text("bad")
    with pytest.raises(ResearchError, match=r"b\.json: is not JSON"):
        load(tmp_path)


@pytest.mark.parametrize(
    ("expected", "name"),
    [
        pytest.param("no such file or folder", "absent.md", id="absent"),
        pytest.param("the folder holds no research data (.csv, .json, .md, .txt)", "", id="empty folder"),
        pytest.param("cannot be read (File name too long)", "x" * 5000, id="name too long"),
        pytest.param("no such file or folder", "a\0b", id="no name at all"),
    ],
)
def test_an_unusable_path_is_named(tmp_path: Path, expected: str, name: str) -> None:
    with pytest.raises(ResearchError) as caught:
        load(tmp_path / name)
    assert expected in str(caught.value)


def test_a_file_that_cannot_be_opened_is_named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "a.txt").write_text("x")

    def refuse(*args: object, **kwargs: object) -> None:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "open", refuse)
    with pytest.raises(ResearchError, match=r"a\.txt: cannot be read \(Permission denied\)"):
        load(tmp_path)


def read(suffix: str, content: bytes) -> tuple[Record, ...]:
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / f"f{suffix}"
        file.write_bytes(content)
        return load(file)


syntax = st.text(st.sampled_from('#->*_1. ,;"[]{}:\\u\n\r\t\0\u2028é😀') | st.characters())


@settings(deadline=None)
@given(
    suffix=st.sampled_from(SUFFIXES), content=st.binary() | syntax.map(lambda t: t.encode("utf-8", "replace"))
)
def test_any_bytes_become_records_or_a_research_error(suffix: str, content: bytes) -> None:
    try:
        records = read(suffix, content)
    except ResearchError:
        return
    assert [f"R{number}" for number in range(1, len(records) + 1)] == [record.id for record in records]
    for record in records:
        assert record.text
        assert record.text.splitlines() == [record.text]
        assert " ".join(record.text.split()) == record.text


words = st.text(string.ascii_letters, min_size=1)
documents = st.recursive(
    words | st.none() | st.booleans() | st.integers(-9, 9),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(words, inner, max_size=4),
)


@settings(deadline=None)
@given(document=documents)
def test_every_string_of_a_json_document_is_in_a_record(document: object) -> None:
    try:
        found = "\n".join(record.text for record in read(".json", json.dumps(document).encode()))
    except ResearchError:
        found = ""
    assert [text for text in _strings(document) if text not in found] == []


def _strings(node: object) -> list[str]:
    if isinstance(node, str):
        return [node]
    inner = node.values() if isinstance(node, dict) else node if isinstance(node, list) else []
    return [text for value in inner for text in _strings(value)]


@settings(deadline=None)
@given(rows=st.lists(st.lists(words, min_size=3, max_size=3), min_size=1))
def test_every_row_of_a_table_is_a_record(rows: list[list[str]]) -> None:
    table = "\n".join(["a,b,c", *(",".join(row) for row in rows)])
    expected = [f"a: {a}; b: {b}; c: {c}" for a, b, c in rows]
    assert expected == [record.text for record in read(".csv", table.encode())]
