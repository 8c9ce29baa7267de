"""``persona benchmark init``: what it puts into a repository, what it leaves, and the run that follows."""

from __future__ import annotations

import io
import json
import shutil
import signal
import subprocess
import sys
from contextlib import chdir, redirect_stderr, redirect_stdout
from pathlib import Path
from typing import Any

import pytest
import yaml
from asv.config import Config as AsvConfig
from conftest import ADAPTER, ROOT, Done, environment, git, persona
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from jsonschema import validate

from persona_asv import beginning, config, door
from persona_asv.beginning import Wish
from persona_asv.engine import repository
from persona_asv.errors import ConfigError, UsageError
from persona_asv.scaffold import drafts, section, writing
from persona_asv.scaffold.step import Fate, Step

INIT = ("benchmark", "init")
QUICK = ("benchmark", "run", "--workload", "quick", "--iterations", "2", "--rounds", "1")
WORKFLOWS = [f".github/workflows/{name}" for name in drafts.WORKFLOWS]
EVERYTHING = ["persona.yaml", "asv.conf.json", "benchmarks/__init__.py", "baselines/.gitkeep", ".gitignore"]
EVERYTHING += WORKFLOWS

PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "theirs"
version = "0.1"

[tool.hatch.build.targets.wheel]
packages = ["src/theirs"]
"""
THEIR_YAML = """\
# Persona's settings, by hand
persona:   {model: "x"}   # ours

logging:
    level: info


# the end
"""
THEIR_ASV = (
    '{\n  // ours\n  "version": 1, "project": "theirs", "repo": ".", "benchmark_dir": "asv_suite"\n}\n'
)


def inline(*arguments: str, cwd: Path) -> Done:
    """Run ``persona`` in this process: the whole command, without the time it takes to start."""
    out, err = io.StringIO(), io.StringIO()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)}
    path, modules = sys.path.copy(), sys.modules.keys() | set()
    try:
        with chdir(cwd), redirect_stdout(out), redirect_stderr(err):
            code = door.run(list(arguments))
    finally:
        sys.path[:] = path
        for name in sys.modules.keys() - modules:
            if name.endswith("adapter"):
                del sys.modules[name]
        for number, handler in handlers.items():
            signal.signal(number, handler)
    return Done(code, out.getvalue(), err.getvalue())


def files(folder: Path) -> dict[str, bytes]:
    """Return everything in a folder that git would look at, .asv aside."""
    found = (path for path in folder.rglob("*") if path.is_file())
    kept = (path for path in found if not {".git", ".asv", "__pycache__"} & set(path.parts))
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in kept}


@pytest.fixture
def empty(tmp_path: Path) -> Path:
    """Return a repository as ``git init`` leaves it."""
    folder = tmp_path / "empty"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "trunk")
    return folder


@pytest.fixture
def package(tmp_path: Path) -> Path:
    """Return a typical package, its code below src/ and its adapter in it."""
    folder = tmp_path / "package"
    (folder / "src" / "theirs").mkdir(parents=True)
    (folder / "pyproject.toml").write_text(PYPROJECT)
    (folder / "src" / "theirs" / "__init__.py").touch()
    (folder / "theirs_adapter.py").write_text(ADAPTER)
    (folder / ".gitignore").write_bytes(b"dist/\r\n*.pyc")
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


@pytest.fixture
def configured(tmp_path: Path) -> Path:
    """Return a repository that has asv's and Persona's configuration already."""
    folder = tmp_path / "configured"
    (folder / "asv_suite").mkdir(parents=True)
    (folder / "asv_suite" / "__init__.py").touch()
    (folder / "asv.conf.json").write_text(THEIR_ASV)
    (folder / "persona.yaml").write_text(THEIR_YAML)
    git(folder, "init", "-q", "-b", "develop")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    return folder


def fates(done: Done) -> dict[str, str]:
    """Return what became of each file, by the command's JSON."""
    assert done.code == 0, done.err
    whole = json.loads(done.out)
    validate(whole, json.loads((ROOT / "docs" / "reference" / "init.schema.json").read_text()))
    return {each["path"]: each["fate"] for each in whole["data"]["files"]}


def measured(folder: Path, *options: str) -> dict[str, Any]:
    """Return the data of the run that must work after ``init``."""
    done = persona(*QUICK, *options, "--json", cwd=folder)
    assert done.code == 0, done.err
    data: dict[str, Any] = json.loads(done.out)["data"]
    return data


class TestAnEmptyRepository:
    def test_gets_everything_and_a_quick_run_works(self, empty: Path) -> None:
        done = persona(*INIT, cwd=empty)
        assert done.code == 0, done.err
        assert [line for line in done.out.splitlines() if line.startswith("Wrote")] == [
            f"Wrote {path}" for path in EVERYTHING
        ]
        assert done.out.endswith("Next: persona benchmark run --workload quick\n")
        assert sorted(files(empty)) == sorted(EVERYTHING)
        assert measured(empty)["subject"]["name"] == "reference"
        assert git(empty, "status", "--porcelain", "--untracked-files=all").splitlines() == [
            f"?? {path}" for path in sorted(EVERYTHING)
        ], "what a run leaves is ignored"

    def test_asv_accepts_its_configuration(self, empty: Path) -> None:
        inline(*INIT, cwd=empty)
        found = AsvConfig.load(str(empty / "asv.conf.json"))
        assert found.branches == ["trunk"], "the branch that the first commit will make"
        assert set(vars(found)) - set(vars(AsvConfig())) == {"build_cache_size"}, (
            "which asv reads if it is there"
        )
        assert found.build_command == [], "there is nothing to build"
        assert (empty / found.benchmark_dir / "__init__.py").is_file()

    def test_says_that_the_default_subject_gates_nothing_of_it(self, empty: Path) -> None:
        note = "gates nothing of this repository; name your adapter as benchmarks.subject"
        assert note in inline(*INIT, cwd=empty).out
        (empty / "persona_asv" / "subject").mkdir(parents=True)
        assert note not in inline(*INIT, cwd=empty).out, "but this is its own"

    def test_its_settings_are_the_defaults(self, empty: Path) -> None:
        inline(*INIT, cwd=empty)
        found, default = config.load(empty), config.Config(root=empty.resolve())
        assert (found.thresholds, found.ci) == (default.thresholds, default.ci)
        assert (found.baselines_dir, found.reports_dir) == (default.baselines_dir, default.reports_dir)

    def test_asv_finds_the_installed_suite_and_modules_beside(self, empty: Path) -> None:
        inline(*INIT, cwd=empty)
        (empty / "benchmarks" / "own.py").write_text("def time_own():\n    pass\n")
        code = (
            "import sys; from asv_runner.discovery import list_benchmarks; "
            "list_benchmarks(sys.argv[1], sys.stdout)"
        )
        done = subprocess.run(
            [sys.executable, "-c", code, str(empty / "benchmarks")],
            cwd=empty,
            env=environment(PYTHONPATH=str(ROOT)),
            capture_output=True,
            text=True,
            check=True,
        )
        names = {each["name"] for each in json.loads(done.stdout)}
        assert {
            "generation.Generation.time_generate",
            "memory.Memory.peakmem_generate",
            "own.time_own",
        } <= names

    def test_dry_run_writes_nothing_and_says_the_same(self, empty: Path) -> None:
        said = inline(*INIT, "--dry-run", cwd=empty)
        assert files(empty) == {}
        done = inline(*INIT, cwd=empty)
        assert said.out.replace("Would write", "Wrote") == done.out

    def test_from_a_sub_folder_it_is_the_repositorys_root_that_gets_it(self, empty: Path) -> None:
        (empty / "deep" / "down").mkdir(parents=True)
        inline(*INIT, cwd=empty / "deep" / "down")
        assert sorted(files(empty)) == sorted(EVERYTHING)

    def test_without_workflows(self, empty: Path) -> None:
        assert not set(WORKFLOWS) & set(fates(inline(*INIT, "--ci", "none", "--json", cwd=empty)))
        assert not (empty / ".github").exists()


class TestAPackage:
    def test_gets_everything_and_its_own_subject_is_measured(self, package: Path) -> None:
        wish = ("--subject", "theirs_adapter:plain", "--provider", "openai")
        found = fates(inline(*INIT, *wish, "--json", cwd=package))
        assert found == {path: "extended" if path == ".gitignore" else "created" for path in EVERYTHING}
        git(package, "add", ".")
        git(package, "commit", "-q", "-m", "gated")
        run = measured(package, "--only", "generation_latency")
        assert (run["subject"]["name"], run["provider"]) == ("theirs_adapter:plain", "openai")
        assert run["commit"] == git(package, "rev-parse", "HEAD"), "and its commit is the package's"

    def test_ignored_lines_follow_the_files_own_habit(self, package: Path) -> None:
        inline(*INIT, cwd=package)
        assert (package / ".gitignore").read_bytes() == (
            b"dist/\r\n*.pyc\r\n\r\n"
            b"# persona_asv: runs, asv's environments and history; reports\r\n.asv/\r\nbenchmark-reports/\r\n"
        )

    def test_asv_builds_and_installs_it_beside_persona_asv(self, package: Path) -> None:
        inline(*INIT, "--requirement", "persona-asv @ https://example.org/p.whl", cwd=package)
        found = AsvConfig.load(str(package / "asv.conf.json"))
        assert len(found.build_command) == 1
        assert found.install_command[-1].endswith("'persona-asv @ https://example.org/p.whl'")

    def test_again_it_leaves_everything(self, package: Path) -> None:
        inline(*INIT, cwd=package)
        before = files(package)
        done = inline(*INIT, cwd=package)
        assert set(fates(inline(*INIT, "--json", cwd=package)).values()) == {"left"}
        assert "Nothing to write." in done.out
        assert "Wrote" not in done.out
        assert files(package) == before

    def test_what_was_changed_by_hand_stays_but_for_force(self, package: Path) -> None:
        inline(*INIT, cwd=package)
        hand = {name: f"# by hand: {name}\n" for name in ("asv.conf.json", WORKFLOWS[0])}
        hand["benchmarks/__init__.py"] = "own = 1\n"
        original = {name: (package / name).read_bytes() for name in hand}
        for name, text in hand.items():
            (package / name).write_text(text)
        done = inline(*INIT, cwd=package)
        assert {name: (package / name).read_text() for name in hand} == hand
        assert f"Left {WORKFLOWS[0]}: it exists and differs; --force replaces it" in done.out
        forced = fates(inline(*INIT, "--force", "--json", cwd=package))
        assert {name for name, fate in forced.items() if fate != "left"} == set(hand)
        assert {name: (package / name).read_bytes() for name in hand} == original


class TestAConfiguredRepository:
    def test_keeps_what_it_has_and_a_quick_run_works(self, configured: Path) -> None:
        before = files(configured)
        found = fates(inline(*INIT, "--json", cwd=configured))
        assert {path for path, fate in found.items() if fate == "left"} == {
            "asv.conf.json",
            "benchmarks/__init__.py",
        }
        after = files(configured)
        assert {name: after[name] for name in before if name != "persona.yaml"} == {
            name: content for name, content in before.items() if name != "persona.yaml"
        }
        text = (configured / "persona.yaml").read_text()
        assert text.startswith(THEIR_YAML), "every byte that was there, comments and all"
        assert list(yaml.safe_load(text)) == ["persona", "logging", "benchmarks"]
        assert yaml.safe_load(text)["benchmarks"]["subject"] == "reference"
        assert measured(configured, "--only", "generation_latency")["subject"]["name"] == "reference"

    def test_a_section_that_is_there_is_its_owners(self, configured: Path) -> None:
        (configured / "persona.yaml").write_text("benchmarks: {machine: m}\nother: 1\n")
        done = inline(*INIT, "--provider", "gemini", cwd=configured)
        assert "Left persona.yaml: it has a section benchmarks:; set subject and provider there" in done.out
        assert (configured / "persona.yaml").read_text() == "benchmarks: {machine: m}\nother: 1\n"

    def test_its_baselines_folder_is_the_one(self, configured: Path) -> None:
        (configured / "persona.yaml").write_text("benchmarks: {baselines_dir: perf/kept}\n")
        assert fates(inline(*INIT, "--json", cwd=configured))["perf/kept/.gitkeep"] == "created"
        assert not (configured / "baselines").exists()

    def test_a_baselines_folder_elsewhere_is_left_alone(self, configured: Path) -> None:
        (configured / "persona.yaml").write_text("benchmarks: {baselines_dir: ../kept}\n")
        assert fates(inline(*INIT, "--json", cwd=configured))["../kept"] == "left"
        assert not (configured.parent / "kept").exists()

    def test_baselines_that_git_would_ignore_are_told(self, configured: Path) -> None:
        (configured / ".gitignore").write_text("baselines/*\n")
        assert (
            "git ignores the folder, and baselines belong into commits" in inline(*INIT, cwd=configured).out
        )

    def test_the_workflows_follow_its_branch(self, configured: Path) -> None:
        inline(*INIT, cwd=configured)
        for name in WORKFLOWS:
            assert "@BRANCH@" not in (configured / name).read_text()


REFUSED = [
    pytest.param(
        {}, ("--subject", "nowhere:adapter"), "--subject: subject 'nowhere:adapter'", id="a subject"
    ),
    pytest.param({}, ("--provider", "acme"), "--provider: reference does not know 'acme'", id="a provider"),
    pytest.param(
        {}, ("--requirement", "a'; rm -rf ~"), "--requirement: one requirement of pip's", id="a shell's"
    ),
    pytest.param(
        {}, ("--requirement", "${{ secrets.X }}"), "--requirement: one requirement", id="an expression"
    ),
    pytest.param({"persona.yaml": "a: ["}, (), "persona.yaml:2: not valid YAML", id="YAML that is none"),
    pytest.param({"persona.yaml": "- a\n"}, (), "the top level: expected a mapping", id="a list"),
    pytest.param({".gitignore": b"\xff"}, (), ".gitignore:1: not UTF-8", id="bytes"),
    pytest.param({".github": "x"}, (), ".github is no folder", id="a file where a folder belongs"),
    pytest.param(
        {"asv.conf.json/x": "x"}, (), "asv.conf.json is no file", id="a folder where a file belongs"
    ),
]


class TestRefusals:
    @pytest.mark.parametrize(("there", "arguments", "expected"), REFUSED)
    def test_leave_everything_as_it_was(
        self, there: dict[str, str | bytes], arguments: tuple[str, ...], expected: str, empty: Path
    ) -> None:
        for name, content in there.items():
            (empty / name).parent.mkdir(exist_ok=True)
            (empty / name).write_bytes(content if isinstance(content, bytes) else content.encode())
        before = files(empty)
        done = inline(*INIT, *arguments, cwd=empty)
        assert (done.code, done.out) == (3, "")
        assert done.err.startswith("error: ")
        assert done.err.count("\n") == 1
        assert expected in done.err
        assert files(empty) == before

    @pytest.mark.parametrize("name", ["benchmarks", ".github", "asv.conf.json"])
    def test_a_link_that_leads_out_is_not_followed(self, name: str, empty: Path, tmp_path: Path) -> None:
        outside = tmp_path / "outside"
        outside.mkdir()
        (empty / name).symlink_to(outside)
        with pytest.raises(UsageError, match="leads elsewhere by a symbolic link"):
            beginning.planned(empty, Wish())
        assert list(outside.iterdir()) == []

    def test_a_branch_that_no_workflow_can_name(self, empty: Path) -> None:
        git(empty, "symbolic-ref", "HEAD", "refs/heads/a'b")
        with pytest.raises(UsageError, match="--ci: a workflow cannot be told of the branch"):
            beginning.planned(empty, Wish())
        assert beginning.planned(empty, Wish(ci="none")).choices.branch == "a'b"


class TestBranch:
    def test_of_a_clone_is_the_remotes_default(self, package: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", str(package), "clone")
        git(tmp_path / "clone", "switch", "-q", "-c", "topic")
        found = repository.around(tmp_path / "clone")
        assert found is not None
        assert found.branch == "main"

    def test_without_a_remote_is_main_whatever_is_checked_out(self, package: Path) -> None:
        git(package, "switch", "-q", "-c", "gate")
        found = repository.around(package)
        assert found is not None
        assert found.branch == "main"

    def test_without_a_remote_and_a_main_is_the_current_one(self, configured: Path) -> None:
        found = repository.around(configured)
        assert found is not None
        assert found.branch == "develop"

    def test_of_a_detached_head_is_main_if_there_is_one(self, package: Path, configured: Path) -> None:
        branches = []
        for folder in (package, configured):
            git(folder, "switch", "-q", "--detach")
            found = repository.around(folder)
            assert found is not None
            branches.append(found.branch)
        assert branches == ["main", None]

    def test_where_there_is_none_asv_follows_what_is_checked_out(self, configured: Path) -> None:
        git(configured, "switch", "-q", "--detach")
        begun = beginning.planned(configured, Wish(force=True))
        assert '"branches": ["HEAD"]' in drafts.asv_configuration(begun.choices)


class TestRequirement:
    @pytest.mark.parametrize(
        ("expected", "noted"),
        [
            pytest.param("persona-asv==0.1.0", None, id="the index"),
            pytest.param("persona-asv==0.1.0", {"url": "file:///home/me/p", "dir_info": {}}, id="a folder"),
            pytest.param(
                "persona-asv @ https://example.org/p.whl",
                {"url": "https://example.org/p.whl", "archive_info": {}},
                id="an archive",
            ),
            pytest.param(
                "persona-asv @ git+https://example.org/p@c0ffee",
                {"url": "https://example.org/p", "vcs_info": {"vcs": "git", "commit_id": "c0ffee"}},
                id="a repository",
            ),
            pytest.param("persona-asv==0.1.0", ["url"], id="nonsense"),
        ],
    )
    def test_is_where_this_installation_came_from(
        self, expected: str, noted: object, empty: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        class Distribution:
            def read_text(self, name: str) -> str | None:
                assert name == "direct_url.json"
                return None if noted is None else json.dumps(noted)

        monkeypatch.setattr(beginning, "distribution", lambda name: Distribution())
        begun = beginning.planned(empty, Wish())
        assert begun.choices.requirement == expected
        told = any("is installed from a folder of this machine" in note for note in begun.notes)
        assert told == (isinstance(noted, dict) and "dir_info" in noted)


TEXTS = {
    "nothing": "",
    "comments": "# a\n\n# b\n",
    "no line end": "a: 1",
    "indented": "  a: 1\n  b: [2]\n",
    "windows": "a: 1\r\nb: 2\r\n",
    "a document's marks": "---\na: 1\n...\n",
    "a mark and nothing": "---\n",
    "a block": "a: |\n  text\n",
    "a block that keeps its empty lines": "a: |+\n  text\n\n",
    "anchors": "a: &x {b: 1}\nc: *x\n",
    "itself": "a: &x [*x]\n",
}
IMPOSSIBLE = {"braces": "{a: 1}\n", "null": "~\n", "a block without an end": "a: |\n  text"}


class TestSection:
    NEW = "benchmarks:\n  ci:\n    fail_on: warn\n"

    @pytest.mark.parametrize("text", TEXTS.values(), ids=TEXTS)
    def test_is_added_and_all_else_stays(self, text: str) -> None:
        found = section.appended(text, self.NEW, "f")
        assert found is not None
        end = text.index("...") if "..." in text else len(text)
        assert found.startswith(text[:end])
        assert found.endswith(text[end:])
        loaded, before = yaml.safe_load(found), yaml.safe_load(text) or {}
        assert loaded.pop("benchmarks") == {"ci": {"fail_on": "warn"}}
        assert str(loaded) == str(before)
        assert ("\r\n" in found) == ("\r\n" in text)
        assert found.replace("\r\n", "").count("\n") in (0, found.count("\n"))

    @pytest.mark.parametrize("text", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
    def test_is_not_added_where_it_would_change_something(self, text: str) -> None:
        assert section.appended(text, self.NEW, "f") is None

    @pytest.mark.parametrize("text", IMPOSSIBLE.values(), ids=IMPOSSIBLE)
    def test_then_the_file_is_left(self, text: str, empty: Path) -> None:
        (empty / "persona.yaml").write_text(text)
        steps = {step.path: step for step in beginning.planned(empty, Wish()).steps}
        assert steps["persona.yaml"].fate is Fate.LEFT
        assert "add a section benchmarks: by hand" in steps["persona.yaml"].reason

    def test_a_byte_order_mark_stays(self, empty: Path) -> None:
        (empty / "persona.yaml").write_bytes(b"\xef\xbb\xbfa: 1\n")
        beginning.planned(empty, Wish()).write()
        assert (empty / "persona.yaml").read_bytes().startswith(b"\xef\xbb\xbfa: 1\n\nbenchmarks:\n")
        assert config.load(empty).subject == "reference"

    @settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
    @given(
        st.dictionaries(
            st.text("abcxyz", min_size=1),
            st.recursive(
                st.none() | st.booleans() | st.integers() | st.text("ab: #\n'\"|-"),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text("ab"), inner, max_size=3),
                max_leaves=6,
            ),
            max_size=4,
        ),
        st.sampled_from([None, '"', "|", ">"]),
    )
    def test_whatever_the_document_holds(self, document: dict[str, object], style: str | None) -> None:
        text = yaml.safe_dump(document, default_style=style, default_flow_style=False, sort_keys=False)
        found = section.appended(text, self.NEW, "f")
        if found is None:
            assert text == "{}\n"
            return
        assert yaml.safe_load(found) == {**document, "benchmarks": {"ci": {"fail_on": "warn"}}}
        assert section.has_key(found, "f", "benchmarks")


class TestWriting:
    STEPS = (
        Step("new/deep/a", Fate.CREATED, content=b"a"),
        Step("old", Fate.EXTENDED, content=b"new"),
        Step("left", Fate.LEFT, "because"),
    )

    def test_keeps_a_files_mode(self, tmp_path: Path) -> None:
        (tmp_path / "old").write_text("old")
        (tmp_path / "old").chmod(0o750)
        writing.write(tmp_path, self.STEPS)
        assert (tmp_path / "old").read_bytes() == b"new"
        assert (tmp_path / "old").stat().st_mode & 0o777 == 0o750
        assert (tmp_path / "new" / "deep" / "a").stat().st_mode & 0o777 == 0o666 & ~writing._umask()

    @pytest.mark.parametrize("error", [OSError(28, "No space left on device"), KeyboardInterrupt()])
    def test_all_or_nothing(
        self, error: BaseException, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        (tmp_path / "old").write_text("old")
        replace, calls = Path.replace, []

        def fails_once(self: Path, target: Path) -> Path:
            calls.append(target)
            if len(calls) == 3:
                raise error
            return replace(self, target)

        monkeypatch.setattr(Path, "replace", fails_once)
        steps = (*self.STEPS, Step("last", Fate.CREATED, content=b"never"))
        with pytest.raises((UsageError, KeyboardInterrupt)) as raised:
            writing.write(tmp_path, steps)
        if isinstance(error, OSError):
            assert str(raised.value) == (
                f"init: {tmp_path / 'last'}: cannot be written (No space left on device); nothing was changed"
            )
        assert files(tmp_path) == {"old": b"old"}
        assert [path.name for path in tmp_path.iterdir()] == ["old"]


def test_what_cannot_be_read_is_told(empty: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    inline(*INIT, cwd=empty)
    read = Path.read_bytes

    def refuses(self: Path) -> bytes:
        if self.name == "asv.conf.json":
            raise PermissionError(13, "Permission denied")
        return read(self)

    monkeypatch.setattr(Path, "read_bytes", refuses)
    with pytest.raises(ConfigError, match=r"asv\.conf\.json: cannot be read: Permission denied"):
        beginning.planned(empty, Wish())


def test_of_this_repository_everything_is_there(tmp_path: Path) -> None:
    shutil.copytree(ROOT / "benchmarks", tmp_path / "benchmarks")
    shutil.copy(ROOT / "asv.conf.json", tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    steps = {step.path: step.fate for step in beginning.planned(tmp_path, Wish()).steps}
    assert steps["benchmarks/__init__.py"] is steps["asv.conf.json"] is Fate.LEFT
