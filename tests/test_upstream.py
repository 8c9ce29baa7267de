"""The real Persona as a subject, by packages of its shape: releases, providers, surroundings."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import persona_like
import pytest
from conftest import ROOT, environment

from persona_asv.standin.process import StandIn
from persona_asv.subject.reference import REFERENCE

PROGRAM = """
import json, os, sys
from persona_asv.subject import load
from persona_asv.subject.protocol import GenerationError
from persona_asv.subject.reference import REFERENCE

order = json.loads(sys.argv[1])
subject = load("persona")
session = subject.open(
    provider=order["provider"], base_url=order["url"], model=subject.default_models[order["provider"]],
    api_key="secret-of-ours",
)
research, said = REFERENCE.sample("1kb"), []
try:
    for _ in range(order["times"]):
        if order["batch"]:
            outcome = session.generate_batch(research, order["personas"], order["batch"])
        else:
            outcome = session.generate(research, order["personas"])
        said.append([outcome.personas, outcome.failed, outcome.input_tokens, outcome.output_tokens])
except GenerationError as error:
    said = str(error)
finally:
    session.close()
    session.close()
import persona.core.generation.pipeline as pipeline
print(json.dumps({
    "said": said, "version": subject.version, "providers": subject.providers, "lacks": dict(subject.lacks),
    "home": str(pipeline.HOME), "project": str(pipeline.PROJECT), "HOME": os.environ["HOME"],
    "start": [subject.start.module, *subject.start.command], "cwd": os.getcwd(),
    "keys": [os.environ.get(name) for name in ("ANTHROPIC_API_KEY", "OPENAI_API_KEY")],
}))
"""


@pytest.fixture(scope="module")
def stand_in() -> Iterator[StandIn]:
    with StandIn.start() as process:
        yield process


@pytest.fixture(scope="module")
def newer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return persona_like.write(tmp_path_factory.mktemp("newer"))


@pytest.fixture(scope="module")
def older(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return persona_like.write(tmp_path_factory.mktemp("older"), version="0.4.0", ollama=False, batches=False)


def asked(
    source: Path,
    url: str,
    provider: str,
    *,
    personas: int = 1,
    batch: int = 0,
    times: int = 1,
    **environ: str,
) -> dict[str, Any]:
    """Return what a process says that loads the package and has it generate."""
    order = {"provider": provider, "url": url, "personas": personas, "batch": batch, "times": times}
    path = os.pathsep.join((str(source), str(ROOT)))
    done = subprocess.run(
        [sys.executable, "-P", "-W", "error", "-c", PROGRAM, json.dumps(order)],
        env=environment(PYTHONPATH=path, **environ),
        cwd=source,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def refusal(source: Path | None) -> str:
    """Return the line with which a package is refused."""
    program = (
        "import sys\n"
        "class Hidden:\n"
        "    def find_spec(name, *rest):\n"
        "        if name == 'persona': raise ModuleNotFoundError('hidden', name=name)\n"
        f"sys.meta_path[:0] = [Hidden] if {source is None} else []\n"
        "from persona_asv.subject import SubjectError, load\n"
        "try:\n    load('persona')\nexcept SubjectError as error:\n    print(error)"
    )
    path = os.pathsep.join(map(str, filter(None, (source, ROOT))))
    return subprocess.run(
        [sys.executable, "-P", "-c", program],
        env=environment(PYTHONPATH=path),
        capture_output=True,
        text=True,
        check=True,
    ).stdout.strip()


class TestReleases:
    def test_a_newer_one_knows_all_and_lacks_nothing(self, newer: Path, stand_in: StandIn) -> None:
        found = asked(newer, stand_in.base_url("newer"), "anthropic")
        assert (found["version"], found["lacks"]) == ("1.11.1", {})
        assert tuple(found["providers"]) == REFERENCE.providers

    def test_an_older_one_says_what_it_lacks(self, older: Path, stand_in: StandIn) -> None:
        found = asked(older, stand_in.base_url("older"), "openai")
        assert found["providers"] == ["anthropic", "openai", "gemini"]
        assert found["lacks"] == {
            "ollama": "this release has none",
            "batch": "it generates no batches asynchronously (generate_batch_async, since 1.5.0)",
        }

    def test_its_command_line_answers_with_its_version(self, newer: Path, stand_in: StandIn) -> None:
        module, *command = asked(newer, stand_in.base_url("start"), "anthropic")["start"]
        done = subprocess.run(
            [sys.executable, *command],
            env=environment(PYTHONPATH=str(newer)),
            capture_output=True,
            text=True,
            check=True,
        )
        assert (module, done.stdout) == ("persona", "Persona 1.11.1\n")


class TestOperations:
    @pytest.mark.parametrize("provider", REFERENCE.providers)
    def test_every_provider_is_led_to_the_stand_in(
        self, newer: Path, stand_in: StandIn, provider: str
    ) -> None:
        session = f"wire-{provider}"
        found = asked(newer, stand_in.base_url(session), provider, personas=3, times=2)
        requests = [each for each in stand_in.requests(session) if not each.listing]
        assert [said[:2] for said in found["said"]] == [[3, 0], [3, 0]]
        assert [each.personas for each in requests] == [3, 3]
        assert [said[2:] for said in found["said"]] == [[r.input_tokens, r.output_tokens] for r in requests]

    def test_what_ollama_is_asked_first_is_a_call_but_no_answer(self, newer: Path, stand_in: StandIn) -> None:
        asked(newer, stand_in.base_url("tags"), "ollama")
        assert [each.listing for each in stand_in.requests("tags")] == [True, False]

    def test_five_batches_in_one_process(self, newer: Path, stand_in: StandIn) -> None:
        found = asked(newer, stand_in.base_url("five"), "anthropic", personas=4, batch=3, times=5)
        assert [said[:2] for said in found["said"]] == [[4, 0]] * 5
        assert len({each.connection for each in stand_in.requests("five")}) <= 3

    def test_a_failure_is_one_line_without_the_key(self, newer: Path, stand_in: StandIn) -> None:
        stand_in.configure("refused", faults=[{"kind": "500", "every": 1}])
        said = asked(newer, stand_in.base_url("refused"), "gemini")["said"]
        assert "HTTPStatusError: Server error '500" in said
        assert "secret-of-ours" not in said
        assert "\n" not in said

    def test_one_failed_member_is_its_whole_batch(self, newer: Path, stand_in: StandIn) -> None:
        stand_in.configure("batch", faults=[{"kind": "500", "every": 3}])
        said = asked(newer, stand_in.base_url("batch"), "anthropic", personas=3, batch=1)["said"]
        assert "HTTPStatusError" in said


class TestSurroundings:
    def test_home_and_folder_are_empty_ones(self, newer: Path, stand_in: StandIn, tmp_path: Path) -> None:
        found = asked(newer, stand_in.base_url("home"), "anthropic", HOME=str(tmp_path))
        home = Path(found["home"]).parent
        assert home not in (tmp_path, newer)
        assert Path(found["project"]).parent == home.resolve()
        assert not home.exists(), "it is gone with the process"

    def test_afterwards_all_is_as_it_was(self, newer: Path, stand_in: StandIn, tmp_path: Path) -> None:
        found = asked(
            newer, stand_in.base_url("after"), "anthropic", HOME=str(tmp_path), OPENAI_API_KEY="yours"
        )
        assert (found["HOME"], found["cwd"]) == (str(tmp_path), str(newer.resolve()))
        assert found["keys"] == [None, "yours"]

    def test_no_real_key_is_left_while_a_session_is_open(self, tmp_path: Path, stand_in: StandIn) -> None:
        source = persona_like.write(
            tmp_path, before="raise ValueError(sorted(__import__('os').environ.values()))"
        )
        real = {"ANTHROPIC_API_KEY": "sk-real", "OPENAI_API_KEY": "sk-real", "GOOGLE_API_KEY": "sk-real"}
        found = asked(source, stand_in.base_url("key"), "anthropic", **real)
        assert "ValueError" in found["said"]
        assert "sk-real" not in found["said"]
        assert found["keys"] == ["sk-real", "sk-real"], "afterwards they are there again"

    def test_a_proxy_is_passed_by(self, newer: Path, stand_in: StandIn) -> None:
        found = asked(
            newer, stand_in.base_url("proxy"), "anthropic", HTTP_PROXY="http://127.0.0.1:9", ALL_PROXY=""
        )
        assert found["said"][0][0] == 1


class TestWhatIsNoPersona:
    def test_nothing_installed(self) -> None:
        assert refusal(None) == (
            "subject 'persona': Persona is not installed here; install a clone of it (pip install "
            "path/to/Persona), or name an adapter, module:attribute"
        )

    def test_another_package_of_that_name(self, tmp_path: Path) -> None:
        (tmp_path / "persona").mkdir()
        (tmp_path / "persona" / "__init__.py").write_text("")
        assert refusal(tmp_path) == (
            "subject 'persona': the package persona that is installed here has no module persona.core: "
            "it is not Persona, or lacks its pipeline"
        )

    def test_a_pipeline_without_its_classes(self, tmp_path: Path) -> None:
        source = persona_like.write(tmp_path)
        pipeline = source / "persona" / "core" / "generation" / "pipeline.py"
        pipeline.write_text("class GenerationConfig:\n    pass\n")
        assert refusal(source).endswith("pipeline.py has no GenerationPipeline; is this Persona?")

    @pytest.mark.parametrize(
        ("top", "reason"),
        [
            ("raise ValueError('broken\\nhere')", "Persona cannot be imported (ValueError: broken here)"),
            ("import absent_library", "Persona cannot be imported (ModuleNotFoundError: No module named "
             "'absent_library')"),
            ("raise SystemExit(7)", "importing Persona called sys.exit(7)"),
        ],
        ids=["raises", "lacks a library", "exits"],
    )  # fmt: skip
    def test_one_that_does_not_import(self, tmp_path: Path, top: str, reason: str) -> None:
        assert refusal(persona_like.write(tmp_path, top=top)) == f"subject 'persona': {reason}"

    def test_what_its_import_prints_stays_off_standard_output(self, tmp_path: Path) -> None:
        assert refusal(persona_like.write(tmp_path, top="print('chatter')")) == ""

    def test_a_provider_without_an_address_to_change(self, tmp_path: Path, stand_in: StandIn) -> None:
        source = persona_like.write(tmp_path)
        path = source / "persona" / "core" / "providers" / "__init__.py"
        path.write_text(path.read_text().replace("API_BASE", "SOMEWHERE"))
        with pytest.raises(AssertionError, match="gemini has neither API_URL, API_BASE nor"):
            asked(source, stand_in.base_url("fixed"), "gemini")
