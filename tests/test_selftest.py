"""The proof of the gate: what is planted, what counts as right, and one of each kind for real."""

from __future__ import annotations

import json
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from conftest import ADAPTER

from persona_asv import door, plants, selftest
from persona_asv.config import Config, WorkloadSizes
from persona_asv.confirmation import Watcher
from persona_asv.errors import ExitCode
from persona_asv.gate import Rules
from persona_asv.judgement import Finding, Verdict
from persona_asv.plants import PLANTS, UNCHANGED
from persona_asv.render import selftest as render
from persona_asv.render.terminal import Style
from persona_asv.selftest import Proof, Trial

QUIET = Finding("generation_latency_p50", Verdict.PASS, 1, 1.01, 0.01, interval=(-0.1, 0.1))
LOUD = Finding("api_calls_per_persona", Verdict.FAIL, 1, 2, 1.0)


class TestTruth:
    @pytest.mark.parametrize(
        ("plant", "findings", "code", "right"),
        [
            (UNCHANGED, (QUIET,), ExitCode.PASS, True),
            (UNCHANGED, (QUIET, LOUD), ExitCode.FAIL, False),
            (UNCHANGED, (QUIET,), ExitCode.WARN, False),
            (UNCHANGED, (QUIET,), ExitCode.COULD_NOT_MEASURE, False),
            (PLANTS["call"], (QUIET, LOUD), ExitCode.FAIL, True),
            (PLANTS["call"], (QUIET,), ExitCode.PASS, False),
            (PLANTS["cpu"], (QUIET, LOUD), ExitCode.FAIL, False),
        ],
    )
    def test_is_told_from_error(
        self, plant: plants.Plant, findings: tuple[Finding, ...], code: ExitCode, right: bool
    ) -> None:
        trial = Trial(plant, findings, code)
        assert trial.right is right
        assert Proof((trial,)).exit_code is (ExitCode.PASS if right else ExitCode.FAIL)

    def test_the_planted_metric_is_shown(self) -> None:
        assert Trial(PLANTS["call"], (QUIET, LOUD), ExitCode.FAIL).telling is LOUD
        assert Trial(PLANTS["cpu"], (LOUD, QUIET), ExitCode.FAIL).telling is QUIET
        assert Trial(UNCHANGED, (QUIET, LOUD), ExitCode.FAIL).telling is LOUD
        assert Trial(UNCHANGED, (QUIET,), ExitCode.PASS).telling is QUIET

    def test_the_table_counts_alarms_and_detections(self) -> None:
        proof = Proof(
            (
                Trial(UNCHANGED, (QUIET,), ExitCode.PASS),
                Trial(UNCHANGED, (QUIET, LOUD), ExitCode.FAIL),
                Trial(PLANTS["call"], (QUIET, LOUD), ExitCode.FAIL),
                Trial(PLANTS["cpu"], (QUIET,), ExitCode.PASS),
            )
        )
        lines = render.text(proof, Style(unicode=False, live=False, width=100)).splitlines()
        assert lines[-2:] == [
            "False alarms: 1 of 2 comparisons of unchanged code",
            "Detected: 1 of 2 planted slowdowns",
        ]
        assert [line.split("|")[-2].strip() for line in lines[3:7]] == [
            "yes",
            "NO: api_calls_per_persona",
            "yes",
            "NO",
        ]
        found = render.as_json(proof)
        assert [found[key] for key in ("false_alarms", "unchanged", "detected", "planted", "exit_code")] == [
            1, 2, 1, 2, 2,
        ]  # fmt: skip
        assert found["comparisons"][0]["interval"] == [-0.1, 0.1]
        json.dumps(found, allow_nan=False)

    def test_quick_has_one_of_each(self) -> None:
        assert [plant.kind for plant in selftest.QUICK] == ["none", "cpu", "wait", "memory", "call"]
        assert len(selftest.WHOLE) == 22


class TestCommand:
    @pytest.mark.parametrize(("code", "expected"), [(ExitCode.PASS, 0), (ExitCode.WARN, 2)])
    @pytest.mark.parametrize("as_json", [False, True], ids=["text", "json"])
    def test_says_what_it_found(
        self,
        code: ExitCode,
        expected: int,
        as_json: bool,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        def proven(settings: Config, chosen: Any, rules: Any, watcher: Watcher, begin: Any) -> Proof:
            watcher.say("a step")
            for number, plant in enumerate(chosen, 1):
                begin(number, plant)
            return Proof((Trial(UNCHANGED, (QUIET,), code),))

        monkeypatch.chdir(tmp_path)
        monkeypatch.setattr(selftest, "prove", proven)
        command = ["benchmark", "selftest", "--quick", *(["--json"] if as_json else [])]
        assert door.persona.main(command, standalone_mode=False) == expected
        said = capsys.readouterr()
        assert "[5/5] planted: a second request an operation" in said.err
        if as_json:
            assert json.loads(said.out)["data"]["exit_code"] == expected
        else:
            assert f"False alarms: {int(expected > 0)} of 1 comparisons" in said.out


class TestShim:
    """What is planted, in a subject that only counts."""

    @pytest.fixture
    def module(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
        (tmp_path / "counting.py").write_text(
            "from types import MappingProxyType\n"
            "class Counting:\n"
            "    name, version, providers, default_models = 'n', '1', ('p',), MappingProxyType({'p': 'm'})\n"
            "    calls = 0\n"
            "    def sample(self, size): return size\n"
            "    def open(self, **endpoint): return self\n"
            "    def generate(self, research, personas): Counting.calls += 1; return personas\n"
            "    def close(self): Counting.calls = -1\n"
        )
        monkeypatch.setattr(sys, "path", list(sys.path))

        def made(kind: str) -> Any:
            plant = UNCHANGED if kind == "none" else PLANTS[kind]
            found: dict[str, Any] = {}
            exec(plants.shim(plant, "counting:Counting", str(tmp_path)), found)  # noqa: S102 - what it is for
            return SimpleNamespace(**found)

        yield made
        sys.modules.pop("counting", None)

    @pytest.mark.parametrize(
        ("kind", "calls"), [("none", 1), ("call", 2), ("memory", 1), ("cpu", 1), ("wait", 1)]
    )
    def test_does_the_operation_and_what_is_planted(self, module: Any, kind: str, calls: int) -> None:
        shim = module(kind)
        subject = shim.Planted()
        assert (subject.name, subject.version, subject.providers) == ("n", "1", ("p",))
        assert subject.sample("1kb") == "1kb"
        session = subject.open(base_url="u")
        assert session.generate("r", 3) == 3
        assert sys.modules["counting"].Counting.calls == calls
        assert sum(map(len, shim.held)) == (64 * 2**20 if kind == "memory" else 0)
        session.close()
        assert sys.modules["counting"].Counting.calls == -1


def test_a_second_request_is_seen_through_the_whole_path(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An adapter of a project's own: planted, committed, built, measured in turn and judged."""
    (tmp_path / "adapter.py").write_text(ADAPTER)
    monkeypatch.setattr(sys, "path", list(sys.path))
    sizes = {"standard": WorkloadSizes(iterations=6, rounds=2)}
    settings = Config(root=tmp_path, subject="adapter:plain", machine="tester", workloads=sizes)
    begun: list[str] = []
    here = Path.cwd()
    found = selftest.prove(
        settings,
        (PLANTS["call"],),
        Rules(),
        Watcher(lambda line: None, lambda sides, blocks: None, lambda progress: None),
        lambda number, plant: begun.append(f"{number} {plant.kind}"),
        rounds=2,
    )
    assert begun == ["1 call"]
    (trial,) = found.trials
    assert trial.right
    assert (trial.telling.key, trial.telling.baseline, trial.telling.current) == (
        "api_calls_per_persona",
        1,
        2,
    )
    assert found.exit_code is ExitCode.PASS
    assert Path.cwd() == here
    assert [path.name for path in tmp_path.iterdir() if path.name != "__pycache__"] == ["adapter.py"]
