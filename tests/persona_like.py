"""A package of the real Persona's shape, written into a folder: the names that the adapter relies on.

Releases differ as the real ones do: the older has no Ollama and no batches, the newer pools its connections
in clients that belong to the class, the asynchronous one to the event loop it was made in.
"""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "persona"
version = "{version}"
requires-python = "{python}"
dependencies = ["httpx"]

[project.scripts]
persona = "persona.ui.cli:app"

[tool.hatch.build.targets.wheel]
packages = ["src/persona"]
"""

PIPELINE = '''\
"""Research in, personas out."""

import asyncio
import json
import sys
from dataclasses import dataclass
from pathlib import Path

from persona.core.providers import ProviderFactory

HOME = Path.home() / ".persona"
PROJECT = Path(".persona").resolve()


@dataclass
class GenerationConfig:
    data_path: object
    count: int = 3
    provider: str = "anthropic"
    model: str = None


@dataclass
class Persona:
    name: str


@dataclass
class GenerationResult:
    personas: list
    input_tokens: int
    output_tokens: int


class GenerationPipeline:
    def generate(self, config):
        {before}
        answer = ProviderFactory.create(config.provider).generate(self._prompt(config), config.model)
        return self._result(answer)

    def _prompt(self, config):
        files = sorted(path for path in Path(config.data_path).rglob("*") if path.is_file())
        text = "\\n".join(path.read_text() for path in files)
        return f"Read this and generate {{config.count}} distinct user personas.\\n\\n{{text}}"

    def _result(self, answer):
        text, used = answer
        personas = [Persona(each["name"]) for each in json.loads(text)["personas"]]
        return GenerationResult(personas, *used)
'''

BATCH = """
    async def generate_async(self, config):
        provider = ProviderFactory.create(config.provider)
        return self._result(await provider.generate_async(self._prompt(config), config.model))

    async def generate_batch_async(self, configs, max_concurrent=3):
        gate = asyncio.Semaphore(max_concurrent)

        async def one(config):
            async with gate:
                return await self.generate_async(config)

        return await asyncio.gather(*(one(config) for config in configs))
"""

PROVIDERS = '''\
"""Who is asked."""

import asyncio
import functools
import os

import httpx


@functools.cache
def client():
    return httpx.Client()


class Provider:
    def __init__(self, api_key=None):
        self.key = api_key or os.environ[self.ENV_VAR]

    def generate(self, prompt, model):
        return self.read(client().post(**self.request(prompt, model)))


class Anthropic(Provider):
    API_URL = "https://api.anthropic.com/v1/messages"
    ENV_VAR = "ANTHROPIC_API_KEY"
    default_model = "claude-sonnet-4-20250514"

    def request(self, prompt, model):
        headers = {"x-api-key": self.key, "anthropic-version": "2023-06-01"}
        body = {"model": model, "max_tokens": 4096, "messages": [{"role": "user", "content": prompt}]}
        return {"url": self.API_URL, "headers": headers, "json": body}

    def read(self, answer):
        answer.raise_for_status()
        found = answer.json()
        used = found["usage"]
        return found["content"][0]["text"], (used["input_tokens"], used["output_tokens"])


class Gemini(Provider):
    API_BASE = "https://generativelanguage.googleapis.com/v1beta/models"
    ENV_VAR = "GOOGLE_API_KEY"
    default_model = "gemini-1.5-pro"

    def request(self, prompt, model):
        body = {"contents": [{"parts": [{"text": prompt}]}]}
        return {"url": f"{self.API_BASE}/{model}:generateContent?key={self.key}", "json": body}

    def read(self, answer):
        answer.raise_for_status()
        found = answer.json()
        used = found["usageMetadata"]
        text = found["candidates"][0]["content"]["parts"][0]["text"]
        return text, (used["promptTokenCount"], used["candidatesTokenCount"])


class OpenAI(Provider):
    API_URL = "https://api.openai.com/v1/chat/completions"
    ENV_VAR = "OPENAI_API_KEY"
    default_model = "gpt-4o"

    def request(self, prompt, model):
        body = {"model": model, "messages": [{"role": "user", "content": prompt}]}
        return {"url": self.API_URL, "headers": {"authorization": f"Bearer {self.key}"}, "json": body}

    def read(self, answer):
        answer.raise_for_status()
        found = answer.json()
        used = found["usage"]
        text = found["choices"][0]["message"]["content"]
        return text, (used["prompt_tokens"], used["completion_tokens"])


'''

OLLAMA = """\
class Ollama:
    ENV_VAR_BASE_URL = "OLLAMA_BASE_URL"

    def __init__(self, api_key=None):
        self.base = os.environ.get(self.ENV_VAR_BASE_URL, "http://localhost:11434")

    @property
    def default_model(self):
        raise RuntimeError("this would ask the server")

    def generate(self, prompt, model):
        there = [each["name"] for each in client().get(f"{self.base}/api/tags").json()["models"]]
        if model not in there:
            raise ValueError(f"no model {model}, there are {', '.join(there)}")
        body = {"model": model, "stream": False, "messages": [{"role": "user", "content": prompt}]}
        found = client().post(f"{self.base}/api/chat", json=body).json()
        return found["message"]["content"], (found["prompt_eval_count"], found["eval_count"])


"""

POOL = '''\
"""Clients that belong to the class."""

import asyncio

import httpx


class HTTPProvider:
    _sync_client = None
    _async_client = None
    _lock = None

    @classmethod
    async def client(cls):
        if HTTPProvider._lock is None:
            HTTPProvider._lock = asyncio.Lock()
        async with HTTPProvider._lock:
            if HTTPProvider._async_client is None or HTTPProvider._async_client.is_closed:
                HTTPProvider._async_client = httpx.AsyncClient()
        return HTTPProvider._async_client

    @classmethod
    def cleanup_sync(cls):
        pass

    @classmethod
    async def cleanup_async(cls):
        if cls._async_client is not None and not cls._async_client.is_closed:
            await cls._async_client.aclose()
            cls._async_client = None
'''

POOLED = """\
from persona.core.providers.http_base import HTTPProvider


async def generate_async(self, prompt, model):
    client = await HTTPProvider.client()
    return self.read(await client.post(**self.request(prompt, model)))


Provider.generate_async = generate_async

"""

CLI = '''\
"""The command line."""

import sys

from persona import __version__


def app():
    print("Persona", __version__) if "--version" in sys.argv else print("usage: persona")
'''


def write(
    folder: Path,
    *,
    version: str = "1.11.1",
    ollama: bool = True,
    batches: bool = True,
    before: str = "pass",
    top: str = "",
    python: str = ">=3.11",
) -> Path:
    """Write a project that holds such a package; returns the folder to have on the path.

    Parameters
    ----------
    before
        Python statement carried out at the start of every operation.
    top
        Code of ``persona/__init__.py`` beyond its version.
    """
    package = folder / "src" / "persona"
    providers = PROVIDERS + (OLLAMA if ollama else "") + (POOLED if batches else "")
    known = '"anthropic": Anthropic, "openai": OpenAI, "gemini": Gemini, "google": Gemini'
    known += ', "ollama": Ollama' if ollama else ""
    name = "BUILTIN_PROVIDERS" if batches else "PROVIDERS"
    factory = f"""
        class ProviderFactory:
            {name} = {{{known}}}

            @classmethod
            def create(cls, name, api_key=None):
                return cls.{name}[name](api_key)
    """
    files = {
        "__init__.py": f'__version__ = "{version}"\n{top}\n',
        "core/__init__.py": "",
        "core/generation/__init__.py": "",
        "core/generation/pipeline.py": PIPELINE.format(before=before) + (BATCH if batches else ""),
        "core/providers/__init__.py": providers + dedent(factory),
        "ui/__init__.py": "",
        "ui/cli.py": CLI,
    }
    if batches:
        files["core/providers/http_base.py"] = POOL
    for path, text in files.items():
        (package / path).parent.mkdir(parents=True, exist_ok=True)
        (package / path).write_text(text, encoding="utf-8")
    (folder / "pyproject.toml").write_text(PYPROJECT.format(version=version, python=python))
    return folder / "src"
