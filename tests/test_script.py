"""The script ``persona``: two packages bring it, pip lets the last one have it, and nobody loses a command.

Real wheels of ours and of a neighbour of Persona's shape, installed, upgraded and removed by pip in real
environments.
"""

from __future__ import annotations

import doctest
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import venv
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from importlib.metadata import Distribution, PathDistribution
from pathlib import Path

import neighbour
import pytest
from conftest import ROOT, Done, environment
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import validate
from processes import DEADLINE

from persona_asv import script
from persona_asv.engine import layer
from persona_asv.errors import PersonaAsvError
from persona_asv.fitness import ownership
from persona_asv.fitness import script as fitness
from persona_asv.fitness.readings import Claim, Command, Script

patient = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
SCHEMA = json.loads((ROOT / "docs" / "reference" / "doctor.schema.json").read_text())


class TestWhose:
    """Which command lines are ours where both packages are installed."""

    def test_examples_in_docstrings(self) -> None:
        found = doctest.testmod(script)
        assert (found.failed, found.attempted) == (0, 2)

    @pytest.mark.parametrize(
        "line",
        [
            "benchmark",
            "benchmark --help",
            "benchmark run --workload quick",
            "-q benchmark",
            "--quiet benchmark",
            "-v benchmark",
            "-vv benchmark list -v",
            "-qv --verbose benchmark",
            "--no-color benchmark",
            "--debug benchmark",
        ],
    )
    def test_ours(self, line: str) -> None:
        assert script.is_ours(line.split())

    @pytest.mark.parametrize(
        "line",
        [
            "",
            "-h",
            "--help",
            "--version",
            "-V",
            "generate",
            "generate benchmark",
            "help benchmark",
            "--help benchmark",
            "--version benchmark",
            "-i benchmark",
            "-- benchmark",
            "- benchmark",
            "-qi benchmark",
            "-q",
            "--quiet=1 benchmark",
            "Benchmark",
            "benchmarks",
        ],
    )
    def test_personas(self, line: str) -> None:
        assert not script.is_ours(line.split())

    BEFORE = ("-q", "-v", "-vv", "-qv", "--quiet", "--verbose", "--no-color", "--debug")
    FLAGS = st.lists(st.sampled_from(BEFORE))
    WORD = st.text().filter(lambda word: not re.fullmatch("benchmark|-[qv]+|--.*", word))

    @patient
    @given(FLAGS, st.lists(st.text()))
    def test_what_follows_changes_nothing(self, before: list[str], after: list[str]) -> None:
        assert script.is_ours([*before, "benchmark", *after])

    @patient
    @given(FLAGS, WORD, st.lists(st.text()))
    def test_another_word_first_is_personas(self, before: list[str], word: str, after: list[str]) -> None:
        assert not script.is_ours([*before, word, *after])


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Return a folder that is first on the path of this process, beside a file and a folder that is gone."""
    (tmp_path / "archive.zip").touch()
    folders = (tmp_path, tmp_path / "archive.zip", tmp_path / "gone")
    monkeypatch.setattr(sys, "path", [*map(str, folders), *sys.path])
    yield tmp_path
    for name in [name for name in sys.modules if name.partition(".")[0] == "neighbours"]:
        del sys.modules[name]


APP = "def app():\n    return 7\n"


def installed(folder: Path, entry: str, code: str = APP, suffix: str = "dist-info") -> None:
    """Put a distribution ``persona`` into a folder as an installer does, with a module ``neighbours``."""
    (folder / "neighbours.py").write_text(code)
    kept = folder / f"persona-9.8.{suffix}"
    kept.mkdir()
    (kept / ("METADATA" if suffix == "dist-info" else "PKG-INFO")).write_text(
        "Metadata-Version: 2.1\nName: persona\nVersion: 9.8\n"
    )
    (kept / "entry_points.txt").write_text(entry)


SCRIPTS = "[console_scripts]\npersona = neighbours:app\n"


class TestPersona:
    """What counts as Persona: the installed distribution and its script, nothing that is only called so."""

    def test_is_absent_without_a_trace(self, path: Path) -> None:
        assert script.persona() is None

    @pytest.mark.parametrize("suffix", ["dist-info", "egg-info"])
    def test_is_found_by_its_script_whatever_its_module(self, path: Path, suffix: str) -> None:
        installed(path, SCRIPTS, suffix=suffix)
        found = script.persona()
        assert found is not None
        assert found() == 7

    @pytest.mark.parametrize(
        "entry",
        [
            "",
            "[console_scripts]\nother = neighbours:app\n",
            "[gui_scripts]\npersona = neighbours:app\n",
            "[persona.formatters]\npersona = neighbours:app\n",
        ],
    )
    def test_is_not_a_distribution_without_the_script(self, path: Path, entry: str) -> None:
        installed(path, entry)
        assert script.persona() is None

    def test_is_not_a_module_or_a_folder_of_that_name(self, path: Path) -> None:
        neighbour.write(path / "project", "1")
        shutil.move(path / "project" / "persona", path / "persona")
        (path / "persona-1.0.dist-info.bak").mkdir()
        assert script.persona() is None

    def test_is_not_a_name_that_proves_nothing(self, path: Path) -> None:
        (path / "persona.egg").mkdir()
        assert script.persona() is None

    @pytest.mark.parametrize(
        ("reason", "code"),
        [
            ("ModuleNotFoundError: No module named 'nowhere'", "import nowhere"),
            ("SyntaxError", "def"),
            ("AttributeError: module 'neighbours' has no attribute 'app'", ""),
            ("ValueError: no home", "raise ValueError('no home')"),
            ("neighbours:app is no command", "app = 7"),
        ],
    )
    def test_that_is_broken_says_why_and_how_to_reach_ours(self, path: Path, reason: str, code: str) -> None:
        installed(path, SCRIPTS, code)
        with pytest.raises(PersonaAsvError) as raised:
            script.persona()
        assert str(raised.value).startswith("Persona 9.8 is installed, but cannot be started (")
        assert reason in str(raised.value)
        assert "persona-asv is ours alone" in str(raised.value)


@pytest.fixture
def called(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., object]]:
    """Return a function that calls the script as its file does; signals are as before afterwards."""
    before = {number: signal.getsignal(number) for number in SIGNALS}

    def call(*words: str) -> object:
        monkeypatch.setattr(sys, "argv", ["/bin/persona", *words])
        return script.main()

    yield call
    for number, handler in before.items():
        signal.signal(number, handler)


class TestMain:
    def test_without_persona_every_line_is_ours(
        self, called: Callable[..., object], capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        with pytest.raises(SystemExit) as raised:
            called("generate")
        assert raised.value.code == 3
        assert capsys.readouterr() == ("", "error: No such command 'generate' (try 'persona --help')\n")

    def test_with_persona_what_it_returns_is_the_scripts(
        self, called: Callable[..., object], path: Path
    ) -> None:
        installed(path, SCRIPTS, "import sys\ndef app():\n    return sys.argv\n")
        assert called("generate", "--from", "x") == ["/bin/persona", "generate", "--from", "x"]

    def test_with_persona_ours_never_looks_at_it(
        self, called: Callable[..., object], capsys: pytest.CaptureFixture[str], path: Path
    ) -> None:
        installed(path, SCRIPTS, "raise SystemExit('touched')")
        with pytest.raises(SystemExit) as raised:
            called("-q", "benchmark", "--help")
        assert raised.value.code == 0
        assert capsys.readouterr().out.startswith("Usage: persona benchmark ")

    @pytest.mark.parametrize(
        ("words", "traceback"), [(("generate",), False), (("--debug", "generate"), True)]
    )
    def test_a_broken_persona_is_one_line_and_3(
        self,
        words: tuple[str, ...],
        traceback: bool,
        called: Callable[..., object],
        capsys: pytest.CaptureFixture[str],
        path: Path,
    ) -> None:
        installed(path, SCRIPTS, "import nowhere")
        assert called(*words) == 3
        out, err = capsys.readouterr()
        assert out == ""
        assert err.splitlines()[-1].startswith("error: Persona 9.8 is installed, but cannot be started")
        assert (err.count("\n") > 1) == traceback

    @pytest.mark.parametrize("line", ["-q", "--quiet", "-vv", "--verbose -v", "--no-color", "-qv --no-color"])
    def test_personas_options_before_ours_change_nothing(
        self, line: str, called: Callable[..., object], capsys: pytest.CaptureFixture[str]
    ) -> None:
        told = []
        for words in ([], line.split()):
            with pytest.raises(SystemExit) as raised:
                called(*words, "benchmark", "nope")
            told.append((raised.value.code, capsys.readouterr()))
        assert told[0] == told[1]
        assert told[0][0] == 3

    @pytest.mark.parametrize("line", ["benchmark --help", "--help", "--version", "benchmark list --help"])
    def test_it_costs_no_search_of_metadata_where_persona_is_absent(self, line: str, tmp_path: Path) -> None:
        words = ["persona", *line.split()]
        code = f"import sys; sys.argv = {words}; from persona_asv.script import main; main()"
        done = subprocess.run(
            [sys.executable, "-S", "-X", "importtime", "-c", code],
            cwd=tmp_path,
            env=environment(PYTHONPATH=os.pathsep.join([str(ROOT), str(links(tmp_path))])),
            capture_output=True,
            text=True,
            timeout=60,
            check=True,
        )
        imported = {each.rpartition("|")[2].strip() for each in done.stderr.splitlines()}
        assert "persona_asv.door" in imported
        assert not imported & {"importlib.metadata", "typer", "rich"}


def links(folder: Path) -> Path:
    """Return a new folder with links to what is installed here, but for the two packages."""
    made = folder / "links"
    made.mkdir()
    layer.installed(ROOT, ("persona-asv", "persona")).link(made)
    return made


class TestReading:
    """What ``doctor`` reads of the script."""

    def put(self, folder: Path, text: str | bytes) -> Path:
        folder.mkdir(exist_ok=True)
        path = folder / "persona"
        path.write_bytes(text.encode() if isinstance(text, str) else text)
        path.chmod(0o755)
        return path

    @pytest.mark.parametrize(
        ("starts", "text"),
        [
            ("persona.ui.cli", "#!/usr/bin/python\nimport sys\nfrom persona.ui.cli import app\napp()\n"),
            ("persona_asv.script", "#!/bin/sh\n'''exec' ...\n' '''\nfrom persona_asv.script import main\n"),
            ("persona.ui.cli", b"MZ\x90\xff\x00\nimport sys\r\nfrom persona.ui.cli import app\r\n\xfe"),
            (None, "#!/bin/sh\nexec echo from here\n"),
            (None, b"\x7fELF\xff"),
            (None, ""),
        ],
    )
    def test_what_it_starts(
        self, starts: str | None, text: str | bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        path = self.put(tmp_path, text)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert fitness.read().found == Command(str(path), starts)

    def test_the_one_that_a_shell_finds_may_be_another(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        here, there = (self.put(tmp_path / name, f"from {name} import main") for name in ("here", "there"))
        monkeypatch.setattr(fitness, "_folder", lambda: here.parent)
        monkeypatch.setenv("PATH", f"{there.parent}:{here.parent}")
        read = fitness.read()
        assert (read.here, read.found) == (Command(str(here), "here"), Command(str(there), "there"))
        monkeypatch.setenv("PATH", str(tmp_path))
        assert fitness.read().found is None
        there.unlink()
        there.symlink_to(here)
        monkeypatch.setenv("PATH", str(there.parent))
        assert fitness.read().found == read.here, "a link to the one here is the one here"

    def test_one_that_cannot_be_read(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        def refuses(self: Path) -> bytes:
            raise PermissionError(13, "Permission denied")

        path = self.put(tmp_path, "from persona.ui.cli import app")
        monkeypatch.setenv("PATH", str(tmp_path))
        monkeypatch.setattr(Path, "read_bytes", refuses)
        assert fitness.read().found == Command(str(path), None)

    def test_in_a_source_tree_the_folder_is_the_interpreters(self, monkeypatch: pytest.MonkeyPatch) -> None:
        def absent(name: str) -> Distribution:
            raise fitness.PackageNotFoundError(name)

        monkeypatch.setattr(fitness, "distribution", absent)
        assert Path(fitness.read().folder).samefile(Path(sys.executable).parent)

    @pytest.mark.parametrize(
        ("source", "facts"),
        [
            ("persona==9.8", None),
            ("persona==9.8", "nonsense"),
            ("persona==9.8", "[]"),
            ("persona==9.8", "{}"),
            ("persona==9.8", '{"url": "https://x", "dir_info": 7}'),
            ("persona==9.8", '{"url": "https://x", "vcs_info": {}}'),
            ("persona==9.8", '{"url": 7}'),
            ("https://example.org/p.whl", '{"url": "https://example.org/p.whl", "archive_info": {}}'),
            ("file:///home/me/persona", '{"url": "file:///home/me/persona", "dir_info": {}}'),
            ("'file:///a b'", '{"url": "file:///a b", "dir_info": {"editable": false}}'),
            ("--editable file:///p", '{"url": "file:///p", "dir_info": {"editable": true}}'),
            (
                "git+https://example.org/p@c0ffee",
                '{"url": "https://example.org/p", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}}',
            ),
        ],
    )
    def test_what_it_is_installed_from_again(self, source: str, facts: str | None, path: Path) -> None:
        installed(path, SCRIPTS)
        kept = path / "persona-9.8.dist-info"
        if facts is not None:
            (kept / "direct_url.json").write_text(facts)
        assert fitness.source(PathDistribution(kept)) == source
        assert Claim("persona", "neighbours", source) in fitness.read().claims


class TestOwnership:
    """The findings on PATH; those on the script itself stand in the table of test_doctor."""

    HERE = Command("/env/bin/persona", "persona_asv.script")

    CLAIM = Claim("persona-asv", "persona_asv.script", "")

    def told(self, found: Command | None) -> list[tuple[str, str]]:
        told = ownership.findings(Script("/env/bin", self.HERE, found, (self.CLAIM,)))
        return [(finding.said, finding.advice) for finding in told]

    def test_the_one_here_needs_no_word(self) -> None:
        assert self.told(self.HERE) == [("/env/bin/persona is persona_asv's", "")]

    def test_none(self) -> None:
        _, (said, advice) = self.told(None)
        assert said == "a shell finds no persona: /env/bin is not on PATH"
        assert advice.startswith("persona-asv and")

    def test_another(self) -> None:
        _, (said, advice) = self.told(Command("/bin/persona", "persona_asv.script"))
        assert said == "a shell finds /bin/persona, of another installation"
        assert advice == "put /env/bin first on PATH"


OTHER_FOLDERS = [each for each in os.environ["PATH"].split(os.pathsep) if not Path(each, "persona").exists()]
"""What is on PATH, but for other installations of either package."""


@dataclass(frozen=True)
class Environment:
    """A virtual environment in which pip installs either package from wheels, without an index."""

    folder: Path
    wheels: Path

    def run(self, *command: str, stdin: str = "") -> Done:
        """Run a command as a shell does in which the environment is active."""
        done = subprocess.run(
            command, cwd=self.folder, env=self.environ, input=stdin, capture_output=True, text=True,
            encoding="utf-8", timeout=120, check=False,
        )  # fmt: skip
        return Done(done.returncode, done.stdout, done.stderr)

    @property
    def bin(self) -> Path:
        return self.folder / "bin"

    @property
    def environ(self) -> dict[str, str]:
        variables = environment(
            PATH=os.pathsep.join([str(self.bin), *OTHER_FOLDERS]),
            PIP_NO_INDEX="1",
            PIP_FIND_LINKS=str(self.wheels),
            PIP_CONFIG_FILE=os.devnull,
            PIP_DISABLE_PIP_VERSION_CHECK="1",
            COLUMNS="100",
            NO_COLOR="1",
        )
        return {name: value for name, value in variables.items() if name != "PYTHONPATH"}

    def pip(self, *arguments: str) -> None:
        done = self.run("python", "-m", "pip", "--quiet", *arguments)
        assert done.code == 0, done.err

    def install(self, requirement: str) -> None:
        self.pip("install", "--no-deps", "--upgrade", requirement)

    def uninstall(self, name: str) -> None:
        self.pip("uninstall", "--yes", name)

    def told(self) -> tuple[str, str]:
        """Return what ``doctor`` says of the script, and what to do; the rest of it takes long."""
        code = (
            "from persona_asv.fitness import ownership, script; "
            "finding, = ownership.findings(script.read()); print(finding.said); print(finding.advice)"
        )
        said, advice = self.run("python", "-I", "-c", code).out.splitlines()
        return said, advice

    def follow(self, advice: str) -> None:
        """Do what doctor advises."""
        found = re.search(r"python -m pip .*?(?= makes | brings )", advice)
        assert found is not None, advice
        done = self.run("/bin/sh", "-c", found[0])
        assert done.code == 0, done.err


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with wheels: two versions of each, and a neighbour that mounts our group."""
    folder = tmp_path_factory.mktemp("wheels")
    for version in ("0.1.0", "0.1.1"):
        source = folder / f"ours-{version}"
        for name in ("persona_asv", "benchmarks"):
            shutil.copytree(ROOT / name, source / name, ignore=shutil.ignore_patterns("__pycache__"))
        for name in ("README.md", "LICENSE"):
            shutil.copy(ROOT / name, source)
        text = (ROOT / "pyproject.toml").read_text()
        assert 'version = "0.1.0"' in text
        (source / "pyproject.toml").write_text(text.replace('version = "0.1.0"', f'version = "{version}"'))
        theirs = neighbour.write(folder / f"theirs-{version}", {"0.1.0": "1.0", "0.1.1": "1.1"}[version])
        build(folder, source, theirs)
    build(folder, neighbour.write(folder / "mounting", "2.0", neighbour.MOUNTING))
    return folder


def build(into: Path, *sources: Path) -> None:
    alone = ("--quiet", "--no-deps", "--no-build-isolation", "--no-index")
    done = subprocess.run(
        [sys.executable, "-m", "pip", "wheel", *alone, "--wheel-dir", str(into), *map(str, sources)],
        env=environment(PIP_DISABLE_PIP_VERSION_CHECK="1"),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert done.returncode == 0, done.stderr


@pytest.fixture(scope="module")
def environments(tmp_path_factory: pytest.TempPathFactory, wheels: Path) -> Callable[[], Environment]:
    """Return a maker of environments; the third-party packages of this one are seen in each, as links."""
    linked = links(tmp_path_factory.mktemp("third-party"))

    def make() -> Environment:
        folder = tmp_path_factory.mktemp("environment").resolve()
        venv.create(folder, symlinks=True)
        (site,) = folder.glob("lib/python*/site-packages")
        (site / "third-party.pth").write_text(f"{linked}\n")
        return Environment(folder, wheels)

    return make


Make = Callable[[], Environment]
OURS, PERSONAS, NOBODYS = "ours", "Persona's", "nobody's"


@dataclass(frozen=True)
class Step:
    """Something done to an environment, and how things stand then.

    Attributes
    ----------
    help, benchmark
        Who answers ``persona --help`` and ``persona benchmark --help``.
    said
        In what doctor says; None where we are not installed.
    """

    what: str
    do: Callable[[Environment], None]
    help: str
    benchmark: str
    said: str | None


def install(requirement: str) -> Callable[[Environment], None]:
    return lambda env: env.install(requirement)


def uninstall(name: str) -> Callable[[Environment], None]:
    return lambda env: env.uninstall(name)


def follow(env: Environment) -> None:
    env.follow(env.told()[1])


BESIDE = "persona_asv's; persona brings one too"
ALONE, THEIRS = "persona is persona_asv's", "persona is persona's"
WALK = [
    Step("ours installed", install("persona-asv==0.1.0"), OURS, OURS, ALONE),
    Step("Persona installed later", install("persona==1.0"), PERSONAS, PERSONAS, THEIRS),
    Step("ours upgraded", install("persona-asv==0.1.1"), PERSONAS, OURS, BESIDE),
    Step("Persona upgraded", install("persona==1.1"), PERSONAS, PERSONAS, THEIRS),
    Step("doctor's advice followed", follow, PERSONAS, OURS, BESIDE),
    Step("and the one that gives it back", follow, PERSONAS, PERSONAS, THEIRS),
    Step("Persona removed", uninstall("persona"), NOBODYS, NOBODYS, "nobody's: "),
    Step("doctor's advice followed again", follow, OURS, OURS, ALONE),
    Step("ours removed", uninstall("persona-asv"), NOBODYS, NOBODYS, None),
    Step("Persona alone", install("persona==1.0"), PERSONAS, PERSONAS, None),
    Step("ours installed later", install("persona-asv==0.1.0"), PERSONAS, OURS, BESIDE),
    Step("Persona upgraded to one that mounts us", install("persona==2.0"), PERSONAS, OURS, THEIRS),
    Step("ours removed from beside it", uninstall("persona-asv"), NOBODYS, NOBODYS, None),
]


class TestBothPackages:
    """Who answers, after each way to install, upgrade and remove them."""

    def test_each_command_is_answered_by_whoever_has_it(self, environments: Make) -> None:
        env = environments()
        for step in WALK:
            step.do(env)
            assert answers(env) == (step.help, step.benchmark), step.what
            assert (env.bin / "persona-asv").exists() == (step.said is not None), step.what
            if step.said is None:
                continue
            assert answered(env.run("persona-asv", "benchmark", "--help"), "persona-asv") == OURS, step.what
            said, advice = env.told()
            assert step.said in said, step.what
            assert bool(advice) == (said != f"{env.bin}/persona is persona_asv's"), step.what


def answers(env: Environment) -> tuple[str, str]:
    """Return who answers ``persona --help`` and ``persona benchmark --help``."""
    if not (env.bin / "persona").exists():
        return NOBODYS, NOBODYS
    return answered(env.run("persona", "--help")), answered(env.run("persona", "benchmark", "--help"))


def answered(done: Done, program: str = "persona") -> str:
    """Return who answered; each in its own way, and with its own exit code."""
    if "Personas from what users said." in done.out:
        assert (done.code, done.err) == (0, "")
        return PERSONAS
    if done.code == 2:
        assert "No such command 'benchmark'" in done.err
        assert done.out == ""
        return PERSONAS
    assert (done.code, done.err) == (0, "")
    assert done.out.startswith(f"Usage: {program} ")
    assert "benchmark" in done.out
    return OURS


@pytest.fixture(scope="module")
def both(environments: Make) -> Environment:
    """Return an environment with both packages, ours installed later."""
    env = environments()
    env.install("persona==1.0")
    env.install("persona-asv==0.1.0")
    return env


class TestBeside:
    """Ours with Persona beside it."""

    def test_persona_sees_what_its_own_script_would_show_it(self, both: Environment) -> None:
        done = both.run("persona", "-q", "-v", "generate", "--code", "0", stdin="question")
        assert (done.code, done.err) == (0, "not a word of ours\n")
        argv = [str(both.bin / "persona"), "-q", "-v", "generate", "--code", "0"]
        assert json.loads(done.out) == {"argv": argv, "asked": "question"}

    @pytest.mark.parametrize("code", [0, 1, 2, 3, 4, 130])
    def test_its_exit_codes_are_its_own(self, both: Environment, code: int) -> None:
        assert both.run("persona", "generate", "--code", str(code)).code == code

    @pytest.mark.parametrize(
        ("words", "code", "expected"),
        [
            (("--version",), 0, "Persona 1.0\n"),
            (("-V", "benchmark"), 0, "Persona 1.0\n"),
            (("generate", "--help"), 0, "What it ends with."),
            (("--nope", "benchmark"), 2, "No such option"),
            ((), 2, "Personas from what users said."),
        ],
        ids=str,
    )
    def test_its_answers_are_its_own(
        self, both: Environment, words: tuple[str, ...], code: int, expected: str
    ) -> None:
        done = both.run("persona", *words)
        assert expected in done.out + done.err
        assert done.code in {code, 0} if not words else done.code == code  # an old click ends its help with 0
        assert "error: " not in done.err

    def test_it_is_in_the_same_process_and_signals_are_its_own(self, both: Environment) -> None:
        process = subprocess.Popen(
            ["persona", "wait"], cwd=both.folder, env=both.environ, stdout=subprocess.PIPE, text=True
        )
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        process.send_signal(signal.SIGTERM)
        process.stdout.close()
        assert process.wait(DEADLINE) == -signal.SIGTERM

    @pytest.mark.parametrize("options", [(), ("-q",), ("-vv", "--no-color"), ("--debug",)], ids=" ".join)
    def test_ours_is_ours_behind_its_options(self, both: Environment, options: tuple[str, ...]) -> None:
        done = both.run("persona", *options, "benchmark", "list", "--json")
        assert (done.code, done.err) == (0, "")
        assert json.loads(done.out)["command"] == "benchmark list"
        assert both.run("persona", *options, "benchmark", "nope").code == 3

    @pytest.mark.parametrize("program", [("persona-asv",), ("python", "-m", "persona_asv")], ids=" ".join)
    def test_our_other_doors_are_ours_alone(self, both: Environment, program: tuple[str, ...]) -> None:
        done = both.run(*program, "--help")
        assert (done.code, done.err) == (0, "")
        assert done.out.startswith(f"Usage: {' '.join(program)} ")
        done = both.run(*program, "generate")
        assert (done.code, done.out) == (3, "")
        assert done.err == f"error: No such command 'generate' (try '{' '.join(program)} --help')\n"

    def test_a_folder_called_persona_is_not_persona(self, both: Environment) -> None:
        (both.folder / "persona" / "ui").mkdir(parents=True)
        (both.folder / "persona" / "ui" / "cli.py").write_text("raise SystemExit('the folder')")
        assert both.run("persona", "--version").out == "Persona 1.0\n"
        shutil.rmtree(both.folder / "persona")

    def test_a_persona_that_cannot_be_imported_is_one_line_and_3(self, both: Environment) -> None:
        (cli,) = both.folder.glob("lib/python*/site-packages/persona/ui/cli.py")
        text = cli.read_text()
        cli.write_text("import nowhere_to_be_found\n")
        try:
            done = both.run("persona", "generate")
            ours = both.run("persona", "benchmark", "--help")
        finally:
            cli.write_text(text)
        assert (done.code, done.out) == (3, "")
        assert done.err == (
            "error: Persona 1.0 is installed, but cannot be started (ModuleNotFoundError: No module named "
            "'nowhere_to_be_found'); reinstall it. persona-asv is ours alone, and benchmark works without "
            "Persona\n"
        )
        assert (ours.code, ours.err) == (0, "")

    def test_doctor_says_whose_it_is(self, both: Environment) -> None:
        quick = "benchmarks: {workloads: {quick: {iterations: 6, rounds: 1}}}\n"
        (both.folder / "persona.yaml").write_text(quick)
        done = both.run("persona", "benchmark", "doctor", "--seconds", "0.1", "--json")
        whole = json.loads(done.out)
        validate(whole, SCHEMA)
        assert whole["data"]["readings"]["script"] == {
            "folder": str(both.bin),
            "here": {"path": str(both.bin / "persona"), "starts": "persona_asv.script"},
            "found": {"path": str(both.bin / "persona"), "starts": "persona_asv.script"},
            "claims": [
                {"name": "persona", "module": "persona.ui.cli", "source": "persona==1.0"},
                {"name": "persona-asv", "module": "persona_asv.script", "source": "persona-asv==0.1.0"},
            ],
        }
        (finding,) = (each for each in whole["data"]["findings"] if each["topic"] == "script")
        assert finding["fitness"] == "fit"
        assert finding["advice"].endswith(
            "python -m pip install --force-reinstall --no-deps persona==1.0 makes it persona's"
        )
