"""The house rules that a reader relies on: who imports whom, what starts quickly, what modules are like."""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from conftest import ROOT, environment

ROOMS = {
    "words": ("errors", "units", "credentials"),
    "nouns": (
        "model",
        "stats",
        "yaml_tree",
        "rounds",
        "judgement",
        "thresholds",
        "case_rounds",
        "estimates",
        "environment",
        "yaml_text",
        "sizes",
        "prices",
        "costs",
        "rates",
    ),
    "gate": (
        *("doubt", "traces", "evidence", "calibration", "timing", "starts", "scalars", "token_times", "jury"),
        "gate",
    ),
    "steps": ("config", "workloads", "metrics"),
    "comparison": ("fingerprints", "sides", "comparison", "recorded", "verdicts"),
    "engine": ("engine",),
    "baselines": ("baselines", "tidying"),
    "fingerprint": ("fingerprint",),
    "subject": ("subject",),
    "standin": ("standin",),
    "scaffold": ("scaffold", "beginning"),
    "fitness": ("fitness",),
    "comments": ("comments",),
    "github": ("github",),
    "checkup": ("checkup",),
    "plan": ("plan",),
    "trial": ("trial", "course"),
    "profiling": ("profiling",),
    "place": ("place",),
    "keeping": ("snapshot", "keeping"),
    "pipeline": ("pipeline",),
    "choice": ("chosen", "footing", "named", "stored", "choice"),
    "last word": ("last_word",),
    "contest": ("contest",),
    "confirmation": ("confirmation", "decision"),
    "selftest": ("plants", "selftest"),
    "backfill": ("backfill",),
    "reports": ("reports",),
    "telling": ("telling",),
    "site": ("site",),
    "render": ("render",),
    "commands": ("commands",),
    "door": ("door",),
    "script": ("script",),
    "mounting": ("mounting",),
    "program": ("__main__",),
    "version": ("",),
}
"""Every module and package of persona_asv has its room; ``version`` is ``persona_asv/__init__.py``."""

ENTERED_FROM: dict[str, set[str]] = {
    "words": set(),
    "nouns": {"nouns", "words"},
    "gate": {"gate", "words", "nouns"},
    "steps": {"words", "nouns"},
    "comparison": {"comparison", "gate", "words", "nouns", "steps", "persona_asv.baselines.baseline"},
    "engine": {"engine", "words", "nouns", "version"},
    "baselines": {"baselines", "words", "nouns", "steps", "engine"},
    "fingerprint": {"words", "nouns", "engine", "version"},
    "subject": {"subject", "version"},
    "standin": {"standin", "version"},
    "scaffold": {"scaffold", "words", "nouns", "steps", "engine", "subject", "version"},
    "fitness": {
        *("fitness", "words", "nouns", "gate", "steps", "comparison", "engine", "baselines", "plan", "trial"),
    },
    "comments": {"comments", "words", "nouns", "engine", "baselines", "persona_asv.comparison"},
    "github": {"github", "words", "steps", "comments", "engine", "persona_asv.render.comment"},
    "checkup": {
        *("words", "nouns", "steps", "comparison", "engine", "fingerprint", "trial", "place", "fitness"),
    },
    "plan": {"words", "nouns", "steps", "engine", "version"},
    "trial": {"trial", "words", "nouns", "steps", "engine", "plan", "persona_asv.standin.process", "version"},
    "profiling": {
        *("words", "nouns", "steps", "engine", "plan", "trial", "persona_asv.standin.process"),
    },
    "place": {
        *("words", "nouns", "steps", "engine", "fingerprint", "standin", "subject", "plan", "trial"),
        "version",
    },
    "keeping": {
        *("keeping", "words", "nouns", "steps", "engine", "baselines", "plan", "trial", "place", "version"),
    },
    "pipeline": set(),
    "choice": {
        *("words", "nouns", "gate", "steps", "comparison", "engine", "baselines", "plan", "place", "keeping"),
        "choice",
        "pipeline",
    },
    "last word": {"words", "nouns", "comparison", "engine"},
    "contest": {"words", "nouns", "engine", "plan", "trial", "persona_asv.standin.process"},
    "confirmation": {
        *("confirmation", "words", "nouns", "gate", "steps", "comparison", "engine", "plan", "trial"),
        *("place", "keeping", "choice", "contest", "last word"),
    },
    "selftest": {"selftest", "words", "nouns", "gate", "steps", "engine", "confirmation"},
    "backfill": {
        *("words", "nouns", "steps", "engine", "fingerprint", "plan", "trial", "place"),
    },
    "reports": {
        *("reports", "words", "nouns", "gate", "steps", "comparison", "engine", "baselines", "keeping"),
        *("choice", "place", "last word"),
    },
    "telling": {"words", "nouns", "steps", "engine", "fingerprint", "comments", "reports"},
    "site": {
        *("site", "words", "nouns", "gate", "steps", "comparison", "engine", "baselines", "version"),
    },
    "render": {
        *(
            "render",
            "site",
            "words",
            "nouns",
            "steps",
            "comparison",
            "engine",
            "baselines",
            "plan",
            "trial",
            "profiling",
            "scaffold",
            "fitness",
            "reports",
            "comments",
            "contest",
            "confirmation",
            "selftest",
            "backfill",
        ),
        "version",
    },
    "commands": {
        *("words", "nouns", "steps", "gate", "comparison", "engine", "baselines", "standin", "subject"),
        *(
            "trial",
            "profiling",
            "place",
            "plan",
            "keeping",
            "choice",
            "pipeline",
            "reports",
            "site",
            "render",
        ),
        *(
            "scaffold",
            "fitness",
            "checkup",
            "comments",
            "telling",
            "contest",
            "confirmation",
            "selftest",
            "backfill",
            "version",
        ),
        "persona_asv.commands.envelope",
        "persona_asv.commands.measuring",
        "persona_asv.commands.confirming",
        "persona_asv.commands.reporting",
        "persona_asv.commands.commenting",
    },
    "door": {"persona_asv.commands.group", "words", "version"},
    "script": {"door", "words"},
    "mounting": {"door"},
    "program": {"door"},
    "version": set(),
}
"""The rooms, or single modules, that the modules of a room may import: only downward, never sideways."""

LIBRARIES = {
    "click": ("persona_asv.commands", "persona_asv.door", "persona_asv.mounting"),
    "typer": (),
    "yaml": ("persona_asv.yaml_tree", "persona_asv.yaml_text"),
    "filelock": ("persona_asv.baselines", "persona_asv.engine.cache", "persona_asv.site"),
    "packaging": ("persona_asv.baselines", "persona_asv.engine.wheel"),
    "asv": ("persona_asv.engine",),
    "asv_runner": ("persona_asv.engine",),
    "json5": ("persona_asv.engine",),
    "subprocess": (
        *("persona_asv.engine", "persona_asv.fingerprint", "persona_asv.standin", "benchmarks.provider"),
        "benchmarks.interpreter",
        "benchmarks.startup",
        "benchmarks.resident",
    ),
    "multiprocessing": (),
    "jinja2": ("persona_asv.subject", "persona_asv.render"),
    "httpx": ("persona_asv.subject", "persona_asv.github"),
    "httptools": ("persona_asv.standin",),
    "tabulate": ("persona_asv.render",),
}
"""The only places that may import a library at all."""

HEAVY = {
    "asv",
    "asv_runner",
    "httpx",
    "jinja2",
    "yaml",
    "psutil",
    "numpy",
    "msgspec",
    "tabulate",
    "filelock",
    "packaging",
}
"""What ``--help`` has no need of."""

MOST_LINES = 300


@dataclass(frozen=True)
class Import:
    """One imported module, wherever the statement stands."""

    target: str
    line: int
    at_start: bool
    """Whether it is imported with the module, not first when a function is called."""


@dataclass(frozen=True)
class Module:
    """A module by its dotted name."""

    name: str
    path: Path

    @property
    def imports(self) -> list[Import]:
        """Return everything that it imports."""
        return list(
            imports_of(self.path.read_text(encoding="utf-8"), self.name, self.path.stem == "__init__")
        )

    def below(self, *packages: str) -> bool:
        """Whether it is one of these modules, or in one of these packages."""
        return is_below(self.name, *packages)


def is_below(name: str, *packages: str) -> bool:
    return any(name == package or name.startswith(package + ".") for package in packages)


def imports_of(source: str, module: str, is_package: bool = False) -> Iterator[Import]:
    def walk(node: ast.AST, at_start: bool) -> Iterator[Import]:
        for child in ast.iter_child_nodes(node):
            if isinstance(child, ast.Import):
                for alias in child.names:
                    yield Import(alias.name, child.lineno, at_start)
            elif isinstance(child, ast.ImportFrom):
                base = child.module or ""
                if child.level:
                    parts = module.split(".")
                    keep = len(parts) - child.level + is_package
                    base = ".".join([*parts[:keep], *filter(None, [child.module])])
                for alias in child.names:
                    # what is imported from a package may be a module of it, or a name in it
                    whole = f"{base}.{alias.name}"
                    yield Import(whole if whole in NAMES else base, child.lineno, at_start)
            inside = isinstance(child, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
            yield from walk(child, at_start and not inside)

    yield from walk(ast.parse(source), at_start=True)


def modules(package: str) -> list[Module]:
    found = []
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found.append(Module(".".join(parts[:-1] if parts[-1] == "__init__" else parts), path))
    return found


OURS = modules("persona_asv")
SUITE = modules("benchmarks")
NAMES = {module.name for module in OURS + SUITE}


def room_of(name: str) -> str | None:
    top = name.partition(".")[2].partition(".")[0]
    return next((room for room, members in ROOMS.items() if top in members), None)


def wrong(module: Module) -> list[str]:
    """Return what the module imports of persona_asv against the rules."""
    room = room_of(module.name)
    assert room is not None, f"{module.name} has no room: give it one in ROOMS"
    allowed = ENTERED_FROM[room]
    return [
        f"{module.name}:{found.line} imports {found.target}"
        for found in module.imports
        if is_below(found.target, "persona_asv")
        and room_of(found.target) not in allowed
        and not is_below(found.target, *(each for each in allowed if "." in each))
    ]


def for_each(found: list[Module]) -> pytest.MarkDecorator:
    return pytest.mark.parametrize("module", found, ids=[module.name for module in found])


class TestImports:
    @for_each(OURS)
    def test_point_one_way(self, module: Module) -> None:
        assert wrong(module) == []

    def test_no_room_leads_back_into_itself(self) -> None:
        def reach(room: str, seen: tuple[str, ...] = ()) -> None:
            for target in ENTERED_FROM[room]:
                other = room_of(target) if "." in target else target
                assert other is not None
                if other != room:
                    assert other not in seen, f"{' -> '.join((*seen, room, other))}"
                    reach(other, (*seen, room))

        for room in ROOMS:
            reach(room)

    @for_each(OURS + SUITE)
    def test_libraries_have_their_places(self, module: Module) -> None:
        assert [
            f"{module.name}:{found.line} imports {found.target}"
            for found in module.imports
            for library in [found.target.partition(".")[0]]
            if library in LIBRARIES and not module.below(*LIBRARIES[library])
        ] == []

    @for_each(OURS)
    def test_asv_is_imported_first_when_it_is_needed(self, module: Module) -> None:
        assert [
            f"{module.name}:{found.line} imports {found.target}"
            for found in module.imports
            if found.at_start and is_below(found.target, "asv", "asv_runner")
        ] == []

    @pytest.mark.parametrize(
        ("package", "allowed"),
        [
            pytest.param("persona_asv.subject", {"persona_asv", "httpx", "jinja2"}, id="subject"),
            pytest.param("persona_asv.standin", {"persona_asv", "httptools"}, id="standin"),
            pytest.param("persona_asv.engine.supervisor", set(), id="supervisor"),
            pytest.param("persona_asv.engine.subject_probe", set(), id="subject probe"),
            pytest.param("persona_asv.errors", set(), id="errors"),
        ],
    )
    def test_what_runs_in_foreign_environments_needs_little(self, package: str, allowed: set[str]) -> None:
        found = [module for module in OURS if module.below(package)]
        assert found
        assert foreign(found) <= allowed

    def test_the_suite_knows_the_subject_and_nothing_else_of_ours(self) -> None:
        assert len(SUITE) > 1
        assert foreign(SUITE) <= {"benchmarks", "persona_asv"}
        assert {
            f"{module.name}:{found.line} imports {found.target}"
            for module in SUITE
            for found in module.imports
            if is_below(found.target, "persona_asv") and not is_below(found.target, "persona_asv.subject")
        } == set()


def foreign(found: list[Module]) -> set[str]:
    """Return the packages outside the standard library that these modules import."""
    packages = {each.target.partition(".")[0] for module in found for each in module.imports}
    return packages - set(sys.stdlib_module_names) - {"__future__"}


class TestReading:
    """The check above sees what it must see."""

    @pytest.mark.parametrize(
        ("expected", "source"),
        [
            pytest.param([("asv", True)], "import asv", id="a module"),
            pytest.param([("asv.commands.run", True)], "import asv.commands.run as command", id="a deep one"),
            pytest.param([("os", True), ("re", True)], "import os, re", id="two"),
            pytest.param([("asv.commands", True)], "from asv.commands import run", id="a name"),
            pytest.param([("persona_asv.trial", True)], "from persona_asv import trial", id="one of ours"),
            pytest.param([("persona_asv", True)], "from persona_asv import __version__", id="our version"),
            pytest.param([("asv", False)], "def f():\n    if f:\n        import asv", id="in a function"),
            pytest.param(
                [("asv", False)], "class A:\n    async def f(self):\n        import asv", id="in a method"
            ),
            pytest.param([("asv", True)], "try:\n    import asv\nexcept ImportError: pass", id="in a try"),
            pytest.param([("asv", True)], "class A:\n    import asv", id="in a class"),
            pytest.param([("persona_asv.engine", True)], "from . import nothing", id="the package"),
            pytest.param([("persona_asv.engine.job", True)], "from . import job", id="a sister"),
            pytest.param([("persona_asv.engine.job", True)], "from .job import Job", id="a name of a sister"),
            pytest.param([("persona_asv.trial", True)], "from ..trial import Run", id="a name of an aunt"),
        ],
    )
    def test_finds_every_form_of_import(self, expected: list[tuple[str, bool]], source: str) -> None:
        found = imports_of(source, "persona_asv.engine.store")
        assert [(each.target, each.at_start) for each in found] == expected

    def test_a_package_is_its_own_neighbour(self) -> None:
        (found,) = imports_of("from .group import benchmark", "persona_asv.commands", is_package=True)
        assert found.target == "persona_asv.commands.group"

    @pytest.mark.parametrize(
        ("name", "source"),
        [
            ("persona_asv.errors", "from persona_asv.units import Unit"),
            ("persona_asv.stats", "from persona_asv.metrics import table"),
            ("persona_asv.metrics", "def f():\n    from persona_asv import config"),
            ("persona_asv.engine.job", "from persona_asv.workloads import Workload"),
            ("persona_asv.subject.client", "from persona_asv.errors import UsageError"),
            ("persona_asv.standin.server", "from persona_asv import subject"),
            ("persona_asv.trial", "from persona_asv.standin.server import serve"),
            ("persona_asv.trial", "from persona_asv.place import prepare"),
            ("persona_asv.render.run", "from persona_asv.commands.envelope import uptime"),
            ("persona_asv.commands.run", "from persona_asv.commands.group import COMMANDS"),
            ("persona_asv.commands.run", "from persona_asv.door import main"),
            ("persona_asv.door", "from persona_asv.commands.run import run"),
            ("persona_asv", "from persona_asv.errors import ExitCode"),
            ("persona_asv", "def mount():\n    from persona_asv.mounting import mount"),
            ("persona_asv.door", "from persona_asv.script import main"),
        ],
    )
    def test_every_wrong_way_is_seen(self, name: str, source: str, tmp_path: Path) -> None:
        (tmp_path / "module.py").write_text(source)
        assert len(wrong(Module(name, tmp_path / "module.py"))) == 1


class TestModules:
    @for_each(OURS + SUITE)
    def test_are_of_a_size_to_read_at_once(self, module: Module) -> None:
        lines = module.path.read_text(encoding="utf-8").count("\n")
        assert lines <= MOST_LINES

    @for_each(OURS + SUITE)
    def test_are_named_after_what_they_hold(self, module: Module) -> None:
        last = module.name.rpartition(".")[2]
        banned = ("util", "utils", "helper", "helpers", "manager", "common", "misc", "tools")
        assert not set(last.split("_")) & set(banned)

    @for_each(OURS + SUITE)
    def test_say_what_they_are_for(self, module: Module) -> None:
        assert ast.get_docstring(ast.parse(module.path.read_text(encoding="utf-8")))


class TestStart:
    @pytest.mark.parametrize(
        "arguments",
        [
            ["--help"],
            ["--version"],
            ["benchmark", "--help"],
            ["benchmark", "run", "--help"],
            ["benchmark", "nope"],
        ],
        ids=" ".join,
    )
    def test_help_waits_for_no_heavy_library(self, arguments: list[str], tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-X", "importtime", "-m", "persona_asv", *arguments],
            cwd=tmp_path,
            env=environment(PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=60,
            check=False,
        )
        lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
        imported = {line.rpartition("|")[2].strip() for line in lines}
        assert "persona_asv.door" in imported
        assert imported & HEAVY == set()
