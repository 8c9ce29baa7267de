"""How a subject is named and found, and what the reference subject says of itself."""

from __future__ import annotations

import ast
import hashlib
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

import persona_asv
from persona_asv import subject
from persona_asv.subject import SubjectError, load

PACKAGE = Path(subject.__file__).parent

ADAPTER = """
from pathlib import Path

class Adapter:
    name, version, providers, default_models = "mine", "7", ("anthropic",), {"anthropic": "m"}
    def open(self, *, provider, base_url, model, api_key): return None
    def sample(self, size): return Path(size)

class Demanding(Adapter):
    def __init__(self, needed): pass

class Half:
    name, version, providers, default_models = "half", 7, ["anthropic"], {}
    def open(self): return None

instance = Adapter()
def factory(): return instance
def broken(): raise RuntimeError("no\\nbackend")
def nothing(): return None
number = 3
"""


@pytest.fixture
def adapter(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[str, str], None]]:
    """Write a module that can be imported during this test only."""
    monkeypatch.syspath_prepend(str(tmp_path))

    def write(name: str, source: str) -> None:
        (tmp_path / f"{name}.py").write_text(source)
        monkeypatch.delitem(sys.modules, name, raising=False)

    yield write
    for file in tmp_path.glob("*.py"):
        sys.modules.pop(file.stem, None)


def test_the_reference_subject_is_found_by_its_name() -> None:
    found = load("reference")
    assert ("reference", persona_asv.__version__) == (found.name, found.version)
    assert dict(found.default_models) == {
        "anthropic": "claude-sonnet-4-20250514",
        "openai": "gpt-4o",
        "gemini": "gemini-1.5-pro",
        "ollama": "llama3:8b",
    }
    assert found.providers == tuple(found.default_models)


@pytest.mark.parametrize("attribute", ["instance", "factory", "Adapter"])
def test_an_adapter_is_an_instance_or_makes_one(adapter: Callable[[str, str], None], attribute: str) -> None:
    adapter("their_adapter", ADAPTER)
    found = load(f"their_adapter:{attribute}")
    assert ("mine", Path("1kb")) == (found.name, found.sample("1kb"))


@pytest.mark.parametrize(
    ("expected", "name"),
    [
        pytest.param(
            'use "reference", "persona" or "module:attribute"', "personal", id="neither name nor adapter"
        ),
        pytest.param("unknown subject ''", "", id="empty"),
        pytest.param("unknown subject", ".relative:thing", id="relative module"),
        pytest.param("unknown subject", "os:path.join", id="dotted attribute"),
        pytest.param("unknown subject", "/etc/passwd:x", id="path"),
        pytest.param("'no_such_module' cannot be imported", "no_such_module:x", id="missing module"),
        pytest.param("(SyntaxError: ", "wrong_syntax:x", id="module with a syntax error"),
        pytest.param("(RuntimeError: at import)", "raising:x", id="module that raises"),
        pytest.param("has no attribute 'absent'", "their_adapter:absent", id="missing attribute"),
        pytest.param(
            "lacks name, version, providers, default_models, open, sample",
            "their_adapter:number",
            id="no subject",
        ),
        pytest.param("of type 'NoneType'", "their_adapter:nothing", id="factory of no subject"),
        pytest.param("lacks version, providers, sample", "their_adapter:Half", id="half a subject"),
        pytest.param("failed (RuntimeError: no backend)", "their_adapter:broken", id="factory that raises"),
        pytest.param(
            "calling it without arguments failed (TypeError",
            "their_adapter:Demanding",
            id="class with arguments",
        ),
    ],
)
def test_anything_else_is_one_clear_line(
    adapter: Callable[[str, str], None], expected: str, name: str
) -> None:
    adapter("their_adapter", ADAPTER)
    adapter("wrong_syntax", "def (")
    adapter("raising", "raise RuntimeError('at import')")
    with pytest.raises(SubjectError) as caught:
        load(name)
    assert expected in str(caught.value)
    assert "\n" not in str(caught.value)
    assert isinstance(caught.value, ValueError)


def test_importing_the_package_imports_no_library() -> None:
    code = "import sys, persona_asv.subject; print(*sys.modules)"
    modules = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True).stdout
    assert set() == {"httpx", "jinja2", "concurrent.futures"} & set(modules.split())


def test_the_subject_needs_nothing_but_httpx_and_jinja2() -> None:
    allowed = {*sys.stdlib_module_names, "httpx", "jinja2"}
    outside = {
        name
        for file in PACKAGE.rglob("*.py")
        for name in _imported(ast.parse(file.read_text(encoding="utf-8")))
        if name.split(".")[0] not in allowed and not name.startswith("persona_asv.subject")
    }
    assert outside == {"persona_asv"}, "only the version comes from the rest of the package"


def _imported(tree: ast.AST) -> set[str]:
    nodes = list(ast.walk(tree))
    plain = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    return plain | {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}


@pytest.mark.parametrize(
    ("size", "nominal", "digest"),
    [
        pytest.param("1kb", 1000, "dc64461fe5cb340c", id="1kb"),
        pytest.param("5kb", 5000, "eccaf1058583bdb6", id="5kb"),
    ],
)
def test_samples_are_of_their_size_and_never_change(size: str, nominal: int, digest: str) -> None:
    content = b"".join(file.read_bytes() for file in sorted(load("reference").sample(size).iterdir()))
    assert len(content) == pytest.approx(nominal, rel=0.02)
    assert hashlib.sha256(content).hexdigest()[:16] == digest, "changed samples make old results incomparable"


@pytest.mark.parametrize("size", ["2kb", "", "../wire", "1KB"])
def test_a_sample_of_another_size_does_not_exist(size: str) -> None:
    with pytest.raises(SubjectError, match="there is 1kb, 5kb"):
        load("reference").sample(size)


@pytest.mark.parametrize(
    ("expected", "change"),
    [
        pytest.param("unknown provider 'nobody'", {"provider": "nobody"}, id="provider"),
        pytest.param("anthropic's default is claude-", {"model": ""}, id="model"),
        pytest.param("must look like https://host", {"base_url": "ftp://127.0.0.1"}, id="scheme"),
        pytest.param("must look like https://host", {"base_url": "127.0.0.1:80"}, id="no scheme"),
        pytest.param("must look like https://host", {"base_url": "https://"}, id="no host"),
        pytest.param("must look like https://host", {"base_url": "https://u:secret@h"}, id="credentials"),
        pytest.param("no URL", {"base_url": "http://127.0.0.1:port"}, id="port"),
        pytest.param(
            "'192.0.2.1' needs https", {"base_url": "http://192.0.2.1"}, id="plain http to a network"
        ),
        pytest.param(
            "'api.invalid' needs https", {"base_url": "http://api.invalid"}, id="plain http to a name"
        ),
        pytest.param("API key", {"api_key": "secret\n"}, id="key with a line break"),
        pytest.param("API key", {"api_key": "sécret"}, id="key beyond ASCII"),
    ],
)
def test_a_session_that_cannot_work_is_refused_at_once(expected: str, change: dict[str, str]) -> None:
    usable = {"provider": "anthropic", "base_url": "http://127.0.0.1:1", "model": "m", "api_key": "k"}
    with pytest.raises(SubjectError) as caught:
        load("reference").open(**(usable | change))
    assert expected in str(caught.value)
    assert "secret" not in str(caught.value)


@pytest.mark.parametrize(
    "base_url", ["https://api.invalid/prefix", "http://localhost:1", "http://[::1]:1", "http://127.8.8.8"]
)
def test_https_anywhere_and_plain_http_on_the_loopback_are_accepted(base_url: str) -> None:
    load("reference").open(provider="anthropic", base_url=base_url, model="m", api_key="").close()


@pytest.mark.parametrize("provider", load("reference").providers)
def test_a_session_without_a_key_is_the_provider_s_to_refuse(provider: str) -> None:
    load("reference").open(provider=provider, base_url="http://127.0.0.1:1", model="m", api_key="").close()
