"""The documentation: every command is typed here, in the order in which it stands, and does what it says.

The README is followed in a clone of this repository, pages on pipelines in a repository of somebody
else's. Workloads are small, so that it takes a minute; what is typed is what is written, unless `ACTS` says
what else, and why. What is not typed at all stands in `LEFT`, pages with a test of their own in `ELSEWHERE`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from functools import cache
from importlib import import_module
from pathlib import Path
from threading import Event

import click
import pytest
import yaml
from conftest import ADAPTER, ROOT, Done, git
from pages import LANGUAGES, PAGES, Command, commands, languages, spans, text_of
from terminal import Terminal, cloned, opened

from persona_asv import config
from persona_asv.commands.group import COMMANDS
from persona_asv.thresholds import SHIPPED, Limits

ELSEWHERE = {
    "docs/tutorial/first-gate.md": "with the pull requests that it leads to: test_story.py",
    "docs/how-to/benchmark-persona.md": "in a clone of a Persona: test_backfill.py",
}
"""Pages whose commands are typed by tests of their own."""

CLONE, THEIRS = "persona-asv", "theirs"
PLACES = {"docs/how-to/ci.md": THEIRS}
"""Where a page is read, if not in a clone of this repository."""

SIZES = """\
benchmarks:
  machine: docs
  workloads:
    quick: {iterations: 1, rounds: 1}
    standard: {iterations: 1, rounds: 1}
  thresholds:
    warn: 900
    fail: 1000
    metrics:
      import_ms: {warn: 900, fail: 1000}
      cli_startup_ms: {warn: 900, fail: 1000}
"""
"""One operation a round, one round where nobody asks for more, and what is timed decides nothing."""

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "theirs"
version = "1.0"
optional-dependencies = { all = [] }
[tool.hatch.build.targets.wheel]
only-include = ["my_adapter.py"]
"""


@dataclass(frozen=True)
class Act:
    """What comes of a command.

    Attributes
    ----------
    shows
        What its output holds, as a regular expression: that it did what the text says.
    codes
        Exit codes that the text names.
    instead, why
        What is typed instead, and why; or why it may end in another way.
    first, last
        What the reader has done before, by the words around it, and what is tidied up behind it.
    where
        The terminal it is typed in, if not the page's. Two are in use at a time: what one installs the other
        may not need.
    serves
        Whether it goes on until Ctrl-C.
    """

    shows: str
    codes: tuple[int, ...] = (0,)
    instead: str = ""
    why: str = ""
    first: str = ":"
    last: str = ":"
    where: str = ""
    serves: bool = False


def compared(what: str) -> str:
    return rf"Performance Comparison: Current[^\n]* vs {what}[\s\S]*generation_latency_p50"


ENTERED = ". .venv/bin/activate"
BOTH = "persona benchmark compare --baseline main --ci"
TOPIC = "git switch -q -C topic && git commit -q --allow-empty -m topic"
MINUTES = "measures for minutes, in environments of its own; that noxfile.py has the session is tested"
RUN = Act(r"Running Benchmark Suite: standard[\s\S]*generation_latency[\s\S]*Kept: \.asv/runs/")
QUICK = Act(r"Running Benchmark Suite: quick[\s\S]*generation_latency[\s\S]*Kept: \.asv/runs/")
ASV_RUN = Act(
    r"stages\.\w+\.time_",
    instead="asv run --environment existing:python --quick --bench stages",
    why="environments of its own would ask the package index, and the whole suite takes minutes",
    first="asv machine --yes",
    where=CLONE,
)

ACTS: Mapping[str, Act] = {
    # the README
    "python3 -m venv .venv && .venv/bin/pip install --quiet -e . && "
    ".venv/bin/persona benchmark run --workload quick": QUICK,
    ENTERED: Act(
        r"/persona-asv/\.venv/bin/persona\n",
        instead=". .venv/bin/activate && command -v persona",
        why="what it changes is to be seen",
    ),
    "persona benchmark run --help": Act(r"--only METRIC[\s\S]*--profile-code METRIC"),
    "asv show": Act(r"docs[\s\S]*[0-9a-f]{8}"),
    "asv compare": Act(
        r"generation\.Generation\.time_generate",
        instead="asv compare HEAD HEAD",
        why="it wants two commits, and there is one",
    ),
    "asv publish": Act(r"(?i)publish|generating|loading"),
    "asv run": ASV_RUN,
    "asv run --bench stages": ASV_RUN,
    "asv machine --yes": Act(r"machine"),
    "persona benchmark publish": Act(r"html: \d+ series of \d+ commits"),
    "persona benchmark run": RUN,
    "persona benchmark history": Act(
        r"\[1/1\] v9[\s\S]*1 measured\.",
        instead="git tag v9 && persona benchmark history v9",
        why="it wants to be told which commits",
    ),
    "persona benchmark": Act(r"run +Execute[\s\S]*history +Measure", codes=(3,), why="it wants a command"),
    "python -m persona_asv": Act(
        r"benchmark +Measure persona generation", codes=(3,), why="it wants a command"
    ),
    "persona-asv benchmark doctor": Act(
        r"script +.*persona_asv's",
        codes=(0, 1, 3),
        instead="persona-asv benchmark doctor --seconds 0.2",
        why="its readings take ten seconds, twice; what it says of this machine is the machine's business",
    ),
    "persona benchmark run --only streaming": Act(r"time_to_first_token[\s\S]*inter_token_latency"),
    "persona benchmark run --only streaming --profile stream:300:20": Act(
        r"time_to_first_token[\s\S]*Kept: ",
        instead="persona benchmark run --only streaming --profile stream:3:1",
        why="hundreds of tokens at 20 ms each take a minute",
    ),
    "persona benchmark run --also streaming": Act(r"generation_latency[\s\S]*time_to_first_token"),
    "persona benchmark capture --name v1.12.0": Act(r"v1\.12\.0"),
    "persona benchmark list": Act(r"Available Baselines[\s\S]*v1\.12\.0[\s\S]*Total: \d baselines"),
    "persona benchmark compare --baseline v1.12.0 --ci --explain": Act(compared(r"v1\.12\.0")),
    "persona benchmark run --subject my_adapter:subject --workload quick": replace(QUICK, where=THEIRS),
    "persona benchmark init --subject my_adapter:subject": Act(
        r"(Wrote|Left) \.github/workflows/benchmark\.yml", where=THEIRS
    ),
    "persona benchmark doctor": Act(
        r"Measuring on This Machine[\s\S]*This machine is",
        codes=(0, 1, 3),
        instead="persona benchmark doctor --seconds 0.2",
        why="its readings take ten seconds, twice; what it says of this machine is the machine's business",
        where=THEIRS,
    ),
    "persona benchmark report --format html": Act(r"Report: benchmark-reports/\S+\.html"),
    "persona benchmark trends": Act(r"standard \(anthropic\) over \d+ [\s\S]*generation_latency"),
    BOTH: Act(r"Measuring both commits here: main[\s\S]*" + compared("main"), first=TOPIC),
    "persona benchmark compare --baseline .asv/runs/A --current .asv/runs/B --ci --explain": Act(
        r"Performance Comparison: [\s\S]*generation_latency_p50",
        first='set -- $(ls -d .asv/runs/* | tail -2); cp -R "$1" .asv/runs/A; cp -R "$2" .asv/runs/B',
        last="rm -R .asv/runs/A .asv/runs/B",
    ),
    # the pages
    "persona benchmark --help": Act(r"run +Execute[\s\S]*selftest +Prove"),
    'pip install -e ".[all]"': Act(r"Successfully installed theirs-1\.0", where=THEIRS),
    "persona benchmark init --dry-run": Act(r"(Would write|Would leave) \.github/workflows/benchmark\.yml"),
    "persona benchmark run --workload quick": QUICK,
    "persona benchmark compare --baseline main --ci --json > comparison.json": Act(
        r'"command": "benchmark compare"',
        instead=f"{BOTH} --json > comparison.json && cat comparison.json",
        why="what it writes is to be seen",
        first=f"git add . && git commit -q -m gated; persona benchmark run; {TOPIC}; persona benchmark run",
    ),
    "persona benchmark report --format markdown --for pr --comparison comparison.json": Act(
        r"### \S+ Performance: [\s\S]*against its base"
    ),
    'python -m pip install -e ".[all]" "$PERSONA_ASV"': Act(
        r"Successfully installed theirs-1\.0",
        first="export PERSONA_ASV=persona-asv CI_MERGE_REQUEST_DIFF_BASE_SHA=$(git rev-parse main)",
    ),
    'git cat-file -e "$CI_MERGE_REQUEST_DIFF_BASE_SHA:persona.yaml" || '
    "{ persona-asv benchmark run; exit; }": Act(
        r"fatal: path 'persona.yaml'[\s\S]*Running Benchmark Suite: standard",
        first="export AFTER=$CI_MERGE_REQUEST_DIFF_BASE_SHA "
        "CI_MERGE_REQUEST_DIFF_BASE_SHA=$(git rev-list --max-parents=0 HEAD)",
        last="export CI_MERGE_REQUEST_DIFF_BASE_SHA=$AFTER",
    ),
    'persona-asv benchmark compare --baseline "$CI_MERGE_REQUEST_DIFF_BASE_SHA" --always --ci': Act(
        compared("[0-9a-f]{8}")
    ),
    "persona benchmark report --format markdown --output BENCHMARK.md": Act(
        r"Report: BENCHMARK\.md\n# Benchmark Report",
        instead="persona benchmark report --format markdown --output BENCHMARK.md && head -1 BENCHMARK.md",
        why="what it writes is to be seen",
    ),
    "persona benchmark trends --metric generation_latency --last 20": Act(r"generation_latency_p50"),
    "persona benchmark trends --days 90 --output trends.svg": Act(
        r"<svg",
        instead="persona benchmark trends --days 90 --output trends.svg && head -c 200 trends.svg",
        why="what it draws is to be seen",
    ),
    "persona benchmark preview": Act(r"http://127\.0\.0\.1:\d+/ shows [\s\S]*<html", serves=True),
    "persona benchmark init": Act(r"Left persona\.yaml: it has a section benchmarks:"),
    "persona benchmark compare": Act(compared(r"v1\.12\.0")),
    "persona --help": Act(r"benchmark +Measure persona generation"),
}

LEFT: Mapping[str, str] = {
    'python3 -m venv .venv && .venv/bin/pip install --quiet -e ".[test]" && '
    ".venv/bin/python -m pytest --cov -n auto": "these very tests: .ci/run reads the line here and types it",
    "persona benchmark selftest": "22 comparisons: test_selftest.py carries out one, and the command",
    "persona benchmark selftest --quick": "five comparisons, a minute of both cores: likewise",
    "persona benchmark compare --baseline WHAT": "WHAT stands for anything of the table below it",
    "git fetch --no-tags --depth=1 origin <hash>": "what compare does by itself: test_commits.py sees it",
    "git ls-remote": "what compare does by itself: test_commits.py sees it",
    "nox -s speed": MINUTES,
    "nox -s mount": MINUTES,
    "nox -s gate-evaluation": MINUTES,
    "nox -s gate-evaluation -- --live": MINUTES,
    "nox -s gate-evaluation -- --traces FILE": MINUTES,
    "nox -s gate-attacks": MINUTES,
    "nox -s gate-record": MINUTES,
}
"""Commands that are not typed here, each with its reason."""

SCRIPT = Act(r"Performance Comparison: [\s\S]*performance: pass\n\Z", instead="bash gate.sh main")
"""The shell script of the page on pipelines, which a reader saves as `gate.sh`."""


AT: Mapping[tuple[str, str], Act] = {
    ("docs/how-to/both-commits.md", BOTH): Act(compared("main"), first="persona benchmark run"),
}
"""What comes of a command on one page, if not the same as elsewhere: both sides have stored results then."""


def act_of(command: Command) -> Act | None:
    if command.text.startswith("#!"):
        return SCRIPT
    return AT.get((command.page, command.text)) or ACTS.get(command.text)


def typed() -> list[tuple[Command, Act]]:
    """Return what is typed: of one in running text the first mention in a repository."""
    found, named = [], set()
    for page in PAGES:
        for command in commands(page) if page not in ELSEWHERE else ():
            act = act_of(command)
            if act is None:
                continue
            act = replace(act, where=act.where or PLACES.get(page, CLONE))
            if not (command.inline and (act.where, command.text) in named):
                found.append((command, act))
            named.add((act.where, command.text))
    return found


STORY = typed()


@dataclass
class Reader:
    """A new user, who types one command after the other, and in two terminals at a time.

    Attributes
    ----------
    done
        What came of each command, as it is known.
    """

    root: Path
    terminals: dict[str, Terminal] = field(default_factory=dict)
    done: tuple[Future[Done], ...] = field(default_factory=lambda: tuple(Future() for _ in STORY))
    left: Event = field(default_factory=Event)

    def read(self) -> Iterator[Reader]:
        """Begin: the clone first, for all else is typed in the environment that is made there."""
        entered = 1 + next(n for n, (command, _) in enumerate(STORY) if command.text == ENTERED)
        with ThreadPoolExecutor(2) as hands:
            self.terminals[CLONE] = self._clone()
            self._follow(range(entered))
            self.terminals[THEIRS] = self.terminals[CLONE].beside(self._theirs())
            for where in (CLONE, THEIRS):
                numbers = [n for n in range(entered, len(STORY)) if STORY[n][1].where == where]
                hands.submit(self._follow, numbers)
            yield self
            self.left.set()

    def _follow(self, numbers: Iterable[int]) -> None:
        for number in numbers:
            if self.left.is_set():
                break
            try:
                self.done[number].set_result(self._type(*STORY[number]))
            except BaseException as error:
                self.done[number].set_exception(error)

    def _type(self, command: Command, act: Act) -> Done:
        terminal = self.terminals[act.where]
        if command.text.startswith("#!"):
            (terminal.folder / "gate.sh").write_text(command.text)
        assert terminal.type(act.first).code == 0, act.first
        what = act.instead or command.text
        done = terminal.look(what) if act.serves else terminal.type(what)
        terminal.type(act.last)
        return done

    def _clone(self) -> Terminal:
        folder = self.root / CLONE
        cloned(folder)
        self._commit(folder, SIZES)
        return opened(self.root, folder)

    def _theirs(self) -> Path:
        """Make a repository of somebody else's: an adapter, then its settings."""
        folder = self.root / THEIRS
        folder.mkdir()
        (folder / "pyproject.toml").write_text(PYPROJECT)
        (folder / "my_adapter.py").write_text(ADAPTER + "\nsubject = plain\n")
        (folder / ".gitignore").write_text("__pycache__/\n")
        git(folder, "init", "-q", "-b", "main")
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", "theirs")
        self._commit(folder, f"{SIZES}  subject: my_adapter:subject\n")
        return folder

    def _commit(self, folder: Path, settings: str) -> None:
        (folder / "persona.yaml").write_text(settings)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "-m", "small workloads")


@pytest.fixture(scope="module")
def reader(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reader]:
    yield from Reader(tmp_path_factory.mktemp("reader").resolve()).read()


@pytest.mark.parametrize("number", range(len(STORY)), ids=[str(command) for command, _ in STORY])
def test_a_command_does_what_the_text_says(number: int, reader: Reader) -> None:
    _, act = STORY[number]
    done = reader.done[number].result(timeout=600)
    assert done.code in act.codes, done.err + done.out
    assert re.search(act.shows, done.err + done.out), done.err + done.out


class TestEveryCommand:
    WRITTEN = tuple(command for page in PAGES if page not in ELSEWHERE for command in commands(page))

    def test_is_typed_or_has_a_reason(self) -> None:
        unknown = [str(each) for each in self.WRITTEN if act_of(each) is None and each.text not in LEFT]
        assert unknown == [], "say in ACTS what comes of it, or in LEFT why it is not typed"

    def test_that_is_known_stands_somewhere(self) -> None:
        assert {*ACTS, *LEFT} - {each.text for each in self.WRITTEN} == set()
        assert set(ACTS) & set(LEFT) == set()

    def test_that_is_typed_otherwise_says_why(self) -> None:
        assert [
            text for text, act in ACTS.items() if (act.instead or act.codes != (0,)) and not act.why
        ] == []

    def test_of_nox_is_a_session(self) -> None:
        source = (ROOT / "noxfile.py").read_text()
        for text in LEFT:
            if text.startswith("nox -s "):
                name = text.split()[2]
                assert f'name="{name}"' in source or f"def {name}(" in source

    def test_can_be_found(self) -> None:
        assert {path.relative_to(ROOT).as_posix() for path in (ROOT / "docs").rglob("*.md")} <= set(PAGES)
        assert {language for page in PAGES for language in languages(page)} <= LANGUAGES


@cache
def options_of(name: str) -> frozenset[str]:
    """Return the options of one of our commands, hidden ones as well."""
    module = vars(import_module(f"persona_asv.commands.{name}"))
    command = module.get(name)
    command = command if isinstance(command, click.Command) else module[f"{name}_"]
    return frozenset(option for each in command.params for option in (*each.opts, *each.secondary_opts)) | {
        "--help"
    }


OTHERS = frozenset(
    {"--version", "--debug", "--no-color", "--bench", "--depth", "--no-tags", "--end-of-options"}
)
"""Options in the text that are of our group, of Persona, of asv and of git."""


@pytest.mark.parametrize("page", PAGES)
def test_every_option_in_running_text_exists(page: str) -> None:
    """``capture --pin`` is an option of that command; an option by itself is one of any."""
    every = OTHERS.union(*map(options_of, COMMANDS))
    missing = []
    for line, code in spans(page):
        first = code.removeprefix("persona benchmark ").split()[0]
        if first in COMMANDS or first.startswith("--"):
            known = options_of(first) if first in COMMANDS else every
            missing += [
                f"{page}:{line} {o}" for o in re.findall(r"(?<!\S)--[a-z][a-z-]+", code) if o not in known
            ]
    assert missing == []


@pytest.mark.parametrize("page", PAGES)
def test_every_link_leads_somewhere(page: str) -> None:
    folder = (ROOT / page).parent
    for target in re.findall(r"\]\(([^)\s]+)\)", text_of(page)):
        if "://" in target:
            continue
        name, _, anchor = target.partition("#")
        path = (folder / name).resolve() if name else ROOT / page
        assert path.exists(), f"{page}: {target}"
        if anchor:
            titles = re.findall(r"^#+ (.*)$", path.read_text(), re.MULTILINE)
            assert anchor in {re.sub(r"[^\w -]", "", title.lower()).replace(" ", "-") for title in titles}


class TestTheIndex:
    INDEX = text_of("docs/README.md")

    def test_leads_to_every_page(self) -> None:
        for path in (ROOT / "docs").rglob("*"):
            name = path.relative_to(ROOT / "docs").as_posix()
            if path.suffix in (".md", ".json") and not name.startswith("decisions/0") and name != "README.md":
                assert f"]({name})" in self.INDEX, name

    def test_of_decisions_is_whole(self) -> None:
        listed = text_of("docs/decisions/README.md")
        for path in (ROOT / "docs" / "decisions").glob("0*.md"):
            assert f"({path.name})" in listed, path.name


class TestThePageOnSettings:
    PAGE = text_of("docs/reference/persona-yaml.md")

    def test_has_every_key(self) -> None:
        keys = {*config._KEYS, *(f"thresholds.{key}" for key in ("warn", "fail", "metrics"))}
        keys |= {f"ci.{key}" for key in (*config._FLAGS, "fail_on")} | set(config._SIZES)
        keys |= {"personas", "size", "data", "concurrency"}
        named = set(re.findall(r"`([a-z_.]+)`", self.PAGE))
        assert {key for key in keys if key not in named and key not in ("thresholds", "ci")} == set()

    def test_its_example_is_understood(self, tmp_path: Path) -> None:
        (example,) = re.findall(r"```yaml\n(.*?)```", self.PAGE, re.DOTALL)
        (tmp_path / "persona.yaml").write_text(example)
        (tmp_path / "research" / "interviews").mkdir(parents=True)
        found = config.load(tmp_path)
        assert set(found.workloads) == {"standard", "nightly", "interviews"}
        assert set(found.thresholds.metrics) == {"memory_peak_mb"}

    def test_its_defaults_are_the_defaults(self) -> None:
        found = config.Config(Path())
        assert (found.thresholds.warn, found.thresholds.fail) == (10, 25)
        assert set(SHIPPED.values()) == {Limits(15, 35), Limits(20, 50), Limits(5, 15), Limits(1, 5)}
        assert "15 and 35" in self.PAGE
        assert "20 and 50" in self.PAGE
        assert "5 and 15 percent" in self.PAGE
        assert "1 and 5 percentage points" in self.PAGE


def test_the_readmes_example_of_settings_is_understood(tmp_path: Path) -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", text_of("README.md"), re.DOTALL)
    (tmp_path / "persona.yaml").write_text(example)
    assert set(config.load(tmp_path).workloads) == set(yaml.safe_load(example)["benchmarks"]["workloads"])
