"""``persona benchmark history``: commits of a clone, measured; what cannot be is said and passed over."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import persona_like
import pytest
from conftest import ROOT, UNTRACED, Done, environment, git, persona
from pages import commands

from persona_asv.engine.revisions import chosen
from persona_asv.errors import UsageError

KEY = "sk-planted-5f1c9a"
KEYS = dict.fromkeys(("ANTHROPIC_API_KEY", "OPENAI_API_KEY", "GOOGLE_API_KEY"), KEY)


def release(clone: Path, tag: str, **shape: Any) -> None:
    """Commit and tag a release of a shape."""
    shutil.rmtree(clone / "src", ignore_errors=True)
    persona_like.write(clone, version=tag.removeprefix("v"), **shape)
    git(clone, "add", "--all")
    git(clone, "commit", "-q", "-m", tag)
    git(clone, "tag", tag)


def digest(folder: Path) -> str:
    """Return a digest of every file in a folder, git's included."""
    found = hashlib.sha256()
    for path in sorted(folder.rglob("*")):
        if path.is_file():
            found.update(f"{path.relative_to(folder)}\0".encode() + path.read_bytes())
    return found.hexdigest()


@dataclass(frozen=True)
class Made:
    """A history that was made: in a project's folder, of a clone beside it."""

    project: Path
    clone: Path
    before: str
    done: Done

    @property
    def commits(self) -> dict[str, dict[str, Any]]:
        """What became of each commit, by tag."""
        data = json.loads(self.done.out)["data"]
        return {each["label"]: each for each in data["commits"]}


MEASURE = ("--subject", "persona", "--iterations", "2", "--rounds", "1", "--only", "api_efficiency")


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("upstream")
    clone, project = folder / "Persona", folder / "performance"
    project.mkdir()
    clone.mkdir()
    git(clone, "init", "-q", "-b", "main")
    release(clone, "v0.4.0", ollama=False, batches=False)
    release(clone, "v0.9.0", top="import absent_library")
    release(clone, "v1.0.0", before="sys.exit(3)")
    release(clone, "v1.1.0", before="print('chatter')")
    release(clone, "v1.2.0", python=">=3.99")
    release(clone, "v1.11.1", before="input()")
    git(clone, "checkout", "-q", "--detach", "v1.1.0")
    (clone / "src" / "persona" / "__init__.py").write_text("raise SystemExit('a dirty tree')\n")
    (project / "asv.conf.json").write_text('{"version": 1, "repo": "../Persona"}  // the clone\n')
    (project / "persona.yaml").write_text("benchmarks:\n  machine: tester\n")
    before = digest(clone)
    done = persona(
        *("benchmark", "history", "v0.4.0..main", "--tags", *MEASURE, "--json", "--debug"),
        *("--provider", "anthropic", "--provider", "ollama"),
        cwd=project,
        **KEYS,
    )
    return Made(project, clone, before, done)


class TestOutcomes:
    def test_each_commit_has_its_own(self, made: Made) -> None:
        assert {label: each["outcome"] for label, each in made.commits.items()} == {
            "v0.4.0": "measured",
            "v0.9.0": "skipped",
            "v1.0.0": "failed",
            "v1.1.0": "measured",
            "v1.2.0": "skipped",
            "v1.11.1": "failed",
        }, made.done.err

    @pytest.mark.parametrize(
        ("label", "reason"),
        [
            ("v0.9.0", "Persona cannot be imported (ModuleNotFoundError: No module named 'absent_library')"),
            ("v1.0.0", "each of 8 warm-up operations failed, the last with SystemExit: 3"),
            ("v1.2.0", f"it needs Python >=3.99, and this is {sys.version.split()[0]}"),
            ("v1.11.1", "the last with GenerationError: EOFError: EOF when reading a line"),
        ],
    )
    def test_a_reason_stands_beside_what_was_not_measured(self, made: Made, label: str, reason: str) -> None:
        assert reason in made.commits[label]["reason"]

    def test_one_that_failed_is_exit_code_3_and_the_rest_is_kept(self, made: Made) -> None:
        kept = {path.name[:8] for path in (made.project / ".asv" / "results" / "tester").glob("*-*.json")}
        measured = {each["commit"][:8] for each in made.commits.values() if each["outcome"] == "measured"}
        assert (made.done.code, kept) == (3, measured)

    def test_figures_are_those_of_the_commit(self, made: Made) -> None:
        old, new = made.commits["v0.4.0"], made.commits["v1.1.0"]
        assert (old["version"], new["version"]) == ("0.4.0", "1.1.0")
        calls = {
            (label, wire): its["cases"]["quick"]["metrics"]["api_calls_per_persona"]["value"]
            for label, each in (("old", old), ("new", new))
            for wire, its in each["providers"].items()
        }
        assert calls == {("old", "anthropic"): 1.0, ("new", "anthropic"): 1.0, ("new", "ollama"): 2.0}
        assert old["lacking"] == {"ollama": "this release has none"}

    def test_the_record_says_the_same(self, made: Made) -> None:
        record = json.loads(made.done.out)["data"]["record"]
        assert json.loads((made.project / record).read_text()) == json.loads(made.done.out)["data"]


class TestTheClone:
    def test_it_is_as_it_was_dirty_tree_and_all(self, made: Made) -> None:
        assert digest(made.clone) == made.before

    def test_what_is_there_is_not_measured_again(self, made: Made) -> None:
        done = persona(
            *("benchmark", "history", "v0.4.0", "v1.1.0", *MEASURE),
            *("--provider", "anthropic", "--provider", "ollama"),
            cwd=made.project,
        )
        assert (done.code, done.out.count("  already measured\n")) == (0, 2)
        assert "2 already measured. Of every commit: .asv/histories/" in done.out

    def test_what_another_machine_measured_is_measured_here(self, made: Made, tmp_path: Path) -> None:
        project = tmp_path / "performance"
        shutil.copytree(made.project, project, ignore=shutil.ignore_patterns("html"))
        (project / "asv.conf.json").write_text(json.dumps({"repo": str(made.clone)}))
        (project / "persona.yaml").write_text("benchmarks:\n  machine: another\n")
        done = persona("benchmark", "history", "v0.4.0", *MEASURE, cwd=project)
        assert (done.code, "1 measured." in done.out) == (0, True), done.err

    def test_the_site_is_of_its_history(self, made: Made) -> None:
        done = persona("benchmark", "publish", cwd=made.project)
        assert done.code == 0, done.err
        tags = json.loads((made.project / "html" / "index.json").read_text())["tags"]
        assert {"v0.4.0", "v1.1.0"} <= tags.keys()
        assert digest(made.clone) == made.before


class TestKeys:
    def test_a_key_is_in_no_file_and_no_output(self, made: Made) -> None:
        for path in made.project.rglob("*"):
            if path.is_file():
                assert KEY.encode() not in path.read_bytes(), path
        assert KEY not in made.done.out + made.done.err


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    """A clone with five commits, three tags, and a branch that has a tag of its own."""
    git(tmp_path, "init", "-q", "-b", "main")
    for number in range(5):
        (tmp_path / "file").write_text(str(number))
        git(tmp_path, "add", "file")
        date = f"2025-01-0{number + 1}T00:00:00Z"
        subprocess.run(
            ["git", "-C", str(tmp_path), "-c", "user.name=t", "-c", "user.email=t@e", "commit", "-qm", date],
            env={**os.environ, "GIT_COMMITTER_DATE": date, "GIT_AUTHOR_DATE": date},
            check=True,
        )
        if number % 2 == 0:
            git(tmp_path, "tag", ("v1.9", "", "v1.10", "", "v2.0")[number])
    return tmp_path


class TestChosen:
    @pytest.mark.parametrize(
        ("words", "options", "labels"),
        [
            (["v1.9..v2.0"], {"tagged": True}, ["v1.9", "v1.10", "v2.0"]),
            (["v1.9..v2.0"], {"steps": 3}, ["v1.9", "v1.10", "v2.0"]),
            (["v1.9..v2.0"], {"tagged": True, "steps": 2}, ["v1.9", "v2.0"]),
            (["v1.9..", "v1.9"], {"steps": 1}, ["v2.0"]),
            (["v1.*"], {}, ["v1.9", "v1.10"]),
            (["v2.0", "v1.9", "main"], {}, ["v1.9", "v2.0"]),
            (["v1.9..v1.9"], {}, ["v1.9"]),
        ],
    )
    def test_words(self, clone: Path, words: list[str], options: dict[str, Any], labels: list[str]) -> None:
        assert [each.label for each in chosen(clone, words, **options)] == labels

    def test_a_range_is_every_commit_of_the_line(self, clone: Path) -> None:
        found = chosen(clone, ["v1.9..main"])
        assert [each.commit for each in found] == git(clone, "rev-list", "--reverse", "main").split()
        assert [each.label for each in found][1] == found[1].commit[:8]

    @pytest.mark.parametrize(
        ("word", "message"),
        [
            ("v3.0", "'v3.0' is no tag, branch or commit of"),
            ("v1.9..v3.0", "'v3.0' is no tag, branch or commit of"),
            ("x*", "'x*' is no pattern of a tag of"),
            ("..v2.0", "'..v2.0' is no range: name both ends, A..B"),
            ("v1.9...v2.0", "is no range: name both ends, A..B"),
            ("v2.0..v1.9", "v2.0..v1.9: v1.9 has nothing that v2.0 has not; name the older one first"),
            ("--all", "'--all' is no tag, branch or commit of"),
        ],
    )
    def test_words_that_name_nothing(self, clone: Path, word: str, message: str) -> None:
        with pytest.raises(UsageError) as error:
            chosen(clone, [word])
        assert message in str(error.value)


class TestBadUsage:
    @pytest.mark.parametrize(
        ("arguments", "message"),
        [
            (
                [],
                "error: name what to measure: a range such as v1.0..main, tags, or a pattern such as 'v1.*'",
            ),
            (["main", "--steps", "0"], "error: --steps: a whole number from 1, not 0"),
            (["main~1", "--tags", "--only", "speed"], "error: --only: unknown metric 'speed'; choose from"),
            (["main~1..main~1", "--tags"], "none of these commits has a tag; leave --tags away to take all"),
            (["main", "--provider", "a b"], "error: --provider: a name of printable ASCII characters"),
        ],
    )
    def test_one_line_and_exit_code_3(self, clone: Path, arguments: list[str], message: str) -> None:
        done = persona("benchmark", "history", *arguments, cwd=clone)
        assert (done.code, done.err.count("\n")) == (3, 1)
        assert message in done.err

    def test_a_subject_of_ours_is_no_part_of_somebody_elses_commits(self, clone: Path) -> None:
        done = persona("benchmark", "history", "main", cwd=clone)
        assert done.code == 3
        assert "skipped: subject reference is ours, and no part of it: name yours with --subject" in done.out
        assert not (clone / ".asv" / "environments").exists()

    def test_outside_a_repository(self, tmp_path: Path) -> None:
        done = persona("benchmark", "history", "main", cwd=tmp_path)
        assert (done.code, done.err) == (
            3,
            f"error: {tmp_path} is no git repository: a history needs one; `repo` of asv.conf.json names "
            "another clone\n",
        )

    def test_a_repository_that_is_not_here(self, tmp_path: Path) -> None:
        (tmp_path / "asv.conf.json").write_text('{"repo": "https://example.org/Persona.git"}')
        done = persona("benchmark", "history", "main", cwd=tmp_path)
        assert done.code == 3
        assert "repo: https://example.org/Persona.git is no folder here; clone it" in done.err

    def test_an_address_in_asvs_configuration_is_asvs_where_a_repository_is_here(self, clone: Path) -> None:
        (clone / "asv.conf.json").write_text('{"repo": "https://example.org/Persona.git"}')
        done = persona("benchmark", "run", *("--workload", "quick", "--iterations", "1", "--rounds", "1"),
                       *("--only", "api_efficiency"), cwd=clone)  # fmt: skip
        assert done.code == 0, done.err

    def test_a_python_older_than_all_need_is_said_before_anything_is_built(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        release(tmp_path, "v1.0.0", python=">=3.99")
        done = persona("benchmark", "history", "v1.0.0", "--subject", "persona", cwd=tmp_path)
        assert done.code == 3
        assert done.err.startswith("error: it needs Python >=3.99, and this is")
        assert not (tmp_path / ".asv" / "environments").exists()


def test_an_interruption_keeps_what_was_measured(made: Made, tmp_path: Path) -> None:
    project = tmp_path / "performance"
    shutil.copytree(made.project, project, ignore=shutil.ignore_patterns("results", "html"))
    (project / "asv.conf.json").write_text(json.dumps({"repo": str(made.clone)}))
    command = [sys.executable, "-m", "persona_asv", "benchmark", "history", "v0.4.0", "v1.1.0", *MEASURE]
    with subprocess.Popen(
        command, cwd=project, env=environment(PYTHONPATH=str(ROOT)), stdout=subprocess.PIPE,
        stderr=subprocess.PIPE, text=True,
    ) as process:  # fmt: skip
        for line in _lines(process):
            if line.startswith("[2/2]"):
                process.send_signal(signal.SIGINT)
                break
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said.startswith("error: interrupted")) == (3, True)
    assert len(list((project / ".asv" / "results" / "tester").glob("*-*.json"))) == 1


def _lines(process: subprocess.Popen[str]) -> Iterator[str]:
    assert process.stdout is not None
    yield from iter(process.stdout.readline, "")


class TestThePage:
    """The page on the real Persona, typed in a clone of its shape; its workloads are the smallest."""

    NAME = "docs/how-to/benchmark-persona.md"
    SHOWS: ClassVar[dict[str, tuple[str, ...]]] = {
        "persona-asv benchmark run --subject persona --workload quick": ("Subject:  persona 1.11.1",),
        "persona-asv benchmark run --subject persona --workload provider": (
            "anthropic",
            "ollama",
            "parse_success",
        ),
        "persona-asv benchmark init --subject persona": ("Wrote .github/workflows/benchmark.yml",),
        "persona-asv benchmark history v0.4.0..v1.11.1 --tags --subject persona": (
            "[3/3] v1.11.1",
            "3 measured.",
        ),
        "persona-asv benchmark history 'v1.*' --subject persona --provider ollama": (
            "skipped: 0.4.0 does not know provider ollama",
            "2 measured, 1 skipped.",
        ),
        "persona-asv benchmark history v1.0.0..main --steps 8 --subject persona --workload standard": (
            "4 measured.",
        ),
        "persona-asv benchmark publish": ("series of 4 commits",),
        "persona-asv benchmark trends": ("quick (anthropic) over 3 commits",),
        "persona-asv benchmark compare --baseline v1.9.7 --ci": (
            "Baseline: commit ",
            "api_calls_per_persona",
        ),
    }
    LEFT: ClassVar[dict[str, str]] = {
        "asv run v1.11.1^! --bench quick": "asv's environments ask the package index"
    }
    SMALL = "{iterations: 1, rounds: 1}"
    SETTINGS = (
        "benchmarks:\n  subject: persona\n  machine: tester\n  workloads:\n"
        f"    quick: {SMALL}\n    standard: {SMALL}\n    provider: {{iterations: 4, rounds: 1}}\n"
    )

    def test_every_command_is_known(self) -> None:
        assert {each.text for each in commands(self.NAME)} == {*self.SHOWS, *self.LEFT}

    def test_every_command_does_what_it_says(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        (tmp_path / ".gitignore").write_text("__pycache__/\n")
        (tmp_path / "persona.yaml").write_text(self.SETTINGS)
        release(tmp_path, "v0.4.0", ollama=False, batches=False)
        for tag in ("v1.9.7", "v1.11.1"):
            release(tmp_path, tag)
        git(tmp_path, "tag", "v1.0.0", "v1.9.7~1")
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "after the release")
        for command in commands(self.NAME):
            if command.text in self.LEFT:
                continue
            script, *words = shlex.split(command.text)
            path = f"{tmp_path / 'src'}{os.pathsep}{ROOT}"
            done = persona(*words, cwd=tmp_path, PYTHONPATH=path, **UNTRACED)
            assert (script, done.code) == ("persona-asv", 0), f"{command}: {done.err}{done.out}"
            assert [text for text in self.SHOWS[command.text] if text not in done.out] == [], done.out
