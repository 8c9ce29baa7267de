"""Environments of two commits: what is in them, whose code runs, what breaks them, what stays as it was."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
import zipfile
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import ROOT, environment, git

from persona_asv.engine import layer
from persona_asv.engine.cache import KEPT, Cache
from persona_asv.engine.environments import Built, Environments, Wanted
from persona_asv.engine.layer import Layer, Package
from persona_asv.engine.presence import Presence, Seat, presence
from persona_asv.engine.wheel import declared, lacking
from persona_asv.engine.wheel import project as buildable
from persona_asv.engine.workshop import Workshop, tool
from persona_asv.errors import MeasurementError

SOURCE = """
from persona_asv.subject.reference import REFERENCE as subject
VERSION = {version!r}
"""

PYPROJECT = """
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"
[project]
name = "acme-app"
version = "{version}"
dependencies = [{dependencies}]
[tool.hatch.build.targets.wheel]
packages = ["acme"]
"""


FULL = "No space left on device"


def far() -> float:
    return time.monotonic() + 120


def write(folder: Path, version: str, dependencies: str = '"packaging>=20"') -> None:
    (folder / "acme").mkdir(exist_ok=True)
    (folder / "acme" / "__init__.py").write_text(SOURCE.format(version=version))
    (folder / "pyproject.toml").write_text(PYPROJECT.format(version=version, dependencies=dependencies))


def snapshot(folder: Path) -> dict[str, str]:
    """Return a digest of every file of the work tree and of git's, but not of what we keep."""
    return {
        str(path.relative_to(folder)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in folder.rglob("*")
        if path.is_file() and ".asv" not in path.parts
    }


def imported(built: Built, code: str) -> str:
    """Return what a process of an environment prints."""
    return subprocess.run(
        [built.python, "-I", "-c", code], check=True, capture_output=True, text=True
    ).stdout.strip()


def commits(project: Path) -> tuple[str, str]:
    return git(project, "rev-parse", "HEAD~1"), git(project, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a repository with two commits of a package that has to be built, and a changed work tree."""
    folder = tmp_path_factory.mktemp("project").resolve()
    git(folder, "init", "-q", "-b", "main")
    (folder / ".gitignore").write_text("__pycache__/\nignored.txt\n")
    write(folder, "1.0")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "first")
    write(folder, "2.0", '"packaging>=21", "wcwidth"')
    git(folder, "commit", "-q", "-am", "second")
    (folder / "acme" / "__init__.py").write_text(SOURCE.format(version="dirty"))
    (folder / "acme" / "new.py").write_text("")
    (folder / "ignored.txt").write_text("mine")
    return folder


def makers(project: Path, said: list[str] | None = None, deadline: float | None = None) -> Environments:
    return Environments(
        project, Path(), ("acme-app",), deadline or far(), (said if said is not None else []).append
    )


@pytest.fixture(scope="module")
def built(project: Path) -> tuple[Built, ...]:
    """Return the environments of both commits and of the work tree; nothing of the user's has changed."""
    before = snapshot(project)
    first, second = commits(project)
    said: list[str] = []
    found = makers(project, said).build(
        Wanted("the old one", first), Wanted("the new one", second), Wanted("the tree", second, dirty=True)
    )
    assert said == [
        *(f"building {name}" for name in ("the old one", "the new one", "the tree")),
        *(f"installing {name}" for name in ("the old one", "the new one", "the tree")),
    ]
    assert snapshot(project) == before
    return found


class TestBuilding:
    def test_each_side_has_its_own_code(self, built: tuple[Built, ...]) -> None:
        code = "import acme; print(acme.VERSION, acme.__file__)"
        for each, version in zip(built, ("1.0", "2.0", "dirty"), strict=True):
            assert imported(each, code) == f"{version} {each.path[0] / 'acme' / '__init__.py'}"

    def test_what_git_does_not_track_is_part_of_the_work_tree_and_what_it_ignores_is_not(
        self, built: tuple[Built, ...]
    ) -> None:
        assert (built[2].source.folder / "acme" / "new.py").exists()
        assert not (built[1].source.folder / "acme" / "new.py").exists()
        assert not (built[2].source.folder / "ignored.txt").exists()

    def test_both_sides_share_every_third_party_version(self, built: tuple[Built, ...]) -> None:
        first, second, _ = built
        assert first.versions == second.versions
        assert first.key == second.key
        assert "acme-app" not in first.versions
        assert {"asv-runner", "numpy", "wcwidth"} <= first.versions.keys()

    def test_the_instrument_is_todays(self, built: tuple[Built, ...]) -> None:
        code = "import persona_asv, os; print(os.path.realpath(persona_asv.__file__))"
        assert {imported(each, code) for each in built} == {str(ROOT / "persona_asv" / "__init__.py")}

    def test_what_a_commit_declares_is_known(self, built: tuple[Built, ...]) -> None:
        assert built[0].requires == ("packaging>=20",)
        assert built[1].requires == ("packaging>=21", "wcwidth")

    def test_the_second_time_nothing_is_built(self, project: Path, built: tuple[Built, ...]) -> None:
        said: list[str] = []
        first, second = commits(project)
        again = makers(project, said).build(Wanted("a", first), Wanted("b", second, dirty=True))
        assert again == (built[0], built[2])
        assert said == []

    def test_nothing_unfinished_is_left(self, project: Path, built: tuple[Built, ...]) -> None:
        names = {path.name.partition("-")[0] for path in (project / ".asv" / "environments").iterdir()}
        assert names == {".lock", "builder", "layer", "commit", "side"}

    def test_the_whole_subject_is_there(self, built: tuple[Built, ...]) -> None:
        found = presence(built[0], "acme:subject", "the old one", far())
        assert found.file == built[0].path[0] / "acme" / "__init__.py"
        assert found.sha256 == hashlib.sha256(found.file.read_bytes()).hexdigest()
        assert "anthropic" in found.providers

    def test_a_subject_from_elsewhere_is_no_commits(self, built: tuple[Built, ...]) -> None:
        with pytest.raises(MeasurementError, match=r"was imported from .*, not from that commit; is it part"):
            presence(built[0], "persona_asv.subject.reference:REFERENCE", "the old one", far())

    @pytest.mark.parametrize(
        ("subject", "reason"),
        [
            ("acme:nothing", "module 'acme' has no attribute 'nothing'"),
            ("acme.new:subject", "module 'acme.new' cannot be imported"),
            ("acme:VERSION", "lacks name, version"),
        ],
    )
    def test_a_commit_without_the_subject_is_told(
        self, subject: str, reason: str, built: tuple[Built, ...]
    ) -> None:
        with pytest.raises(MeasurementError, match=f"^the old one has no subject {subject}: .*{reason}"):
            presence(built[0], subject, "the old one", far())

    def test_a_changed_file_in_the_cache_is_noticed(self, built: tuple[Built, ...]) -> None:
        file = built[1].path[0] / "acme" / "__init__.py"
        whole = file.read_text()
        file.write_text(whole + "# edited")
        try:
            with pytest.raises(MeasurementError, match="is not what the commit holds"):
                presence(built[1], "acme:subject", "the new one", far())
        finally:
            file.write_text(whole)

    @pytest.mark.parametrize(
        ("code", "reason"),
        [
            ("import os; os.write(2, b'cannot'); os._exit(1)", "importing it ended the process: cannot"),
            ("import os; os._exit(1)", "importing it ended the process: it said nothing"),
            ("raise SystemExit", "SystemExit"),
        ],
        ids=["last words", "silence", "an exit"],
    )  # fmt: skip
    def test_a_subject_that_ends_its_process(self, code: str, reason: str, built: tuple[Built, ...]) -> None:
        file = built[1].path[0] / "acme" / "dies.py"
        file.write_text(code)
        try:
            with pytest.raises(MeasurementError, match=f"^it has no subject acme.dies:subject: .*{reason}"):
                presence(built[1], "acme.dies:subject", "it", far())
        finally:
            file.unlink()

    def test_a_subject_that_never_comes(self, built: tuple[Built, ...]) -> None:
        file = built[1].path[0] / "acme" / "late.py"
        file.write_text("import time; time.sleep(1000)")
        try:
            with pytest.raises(MeasurementError, match=r"acme\.late:subject took until the deadline"):
                presence(built[1], "acme.late:subject", "it", time.monotonic() + 0.1)
        finally:
            file.unlink()

    def test_what_a_benchmark_process_imported_is_checked(self, tmp_path: Path) -> None:
        there = Presence("1", (), tmp_path / "acme.py", "")
        seat = Seat(Built(tmp_path, (tmp_path,), None, (), {}, ""), there, "the old one")  # type: ignore[arg-type]
        seat.check([str(tmp_path / "acme.py")])
        with pytest.raises(MeasurementError, match=r"a benchmark process measured /else/acme\.py"):
            seat.check([str(tmp_path / "acme.py"), "/else/acme.py"])


class TestTrouble:
    def test_a_commit_that_does_not_build(self, project: Path, built: tuple[Built, ...]) -> None:
        (project / "pyproject.toml").write_text('[build-system]\nrequires = []\nbuild-backend = "nowhere"\n')
        try:
            with pytest.raises(
                MeasurementError, match=r"^the tree does not build: its wheel failed"
            ) as error:
                makers(project).build(Wanted("the tree", commits(project)[1], dirty=True))
        finally:
            git(project, "checkout", "-q", "pyproject.toml")
        assert len(str(error.value).splitlines()) == 1

    def test_a_submodule(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        (tmp_path / ".gitmodules").write_text('[submodule "vendor"]\npath = vendor\nurl = ./x\n')
        git(tmp_path, "add", ".")
        git(tmp_path, "update-index", "--add", "--cacheinfo", f"160000,{'1' * 40},vendor")
        git(tmp_path, "commit", "-q", "-m", "first")
        with pytest.raises(MeasurementError, match=r"has a submodule \(vendor\), and submodules"):
            makers(tmp_path).build(Wanted("it", git(tmp_path, "rev-parse", "HEAD")))

    def test_a_deadline(self, project: Path, built: tuple[Built, ...]) -> None:
        (project / "acme" / "late.py").write_text("")
        try:
            with pytest.raises(MeasurementError, match="was not done before the deadline"):
                makers(project, deadline=time.monotonic() + 0.001).build(
                    Wanted("the tree", commits(project)[1], dirty=True)
                )
        finally:
            (project / "acme" / "late.py").unlink()

    def test_a_folder_that_cannot_be_written(self, project: Path, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        git(tmp_path, "commit", "-q", "--allow-empty", "-m", "first")
        (tmp_path / ".asv").write_text("in the way")
        with pytest.raises(MeasurementError, match=r"^cannot build in .*: (Not a dir|File exists)"):
            makers(tmp_path).build(Wanted("it", git(tmp_path, "rev-parse", "HEAD")))

    def test_killed_in_the_middle_it_leaves_a_cache_that_works(
        self, project: Path, built: tuple[Built, ...]
    ) -> None:
        """A backend that never ends: the builder is killed, its children go, and the next build is whole."""
        head = commits(project)[1]
        (project / "pyproject.toml").write_text(
            '[build-system]\nrequires = []\nbuild-backend = "slow"\nbackend-path = ["."]\n'
        )
        (project / "slow.py").write_text(
            "import os, time\nopen(os.environ['STARTED'], 'w').write(str(os.getpid()))\ntime.sleep(1000)\n"
        )
        started = project / ".asv" / "started"
        code = (
            "import sys, time; from pathlib import Path; from persona_asv.engine.environments import *\n"
            "e = Environments(Path(sys.argv[1]), Path(), (), time.monotonic() + 300, print)\n"
            "e.build(Wanted('the tree', sys.argv[2], dirty=True))"
        )
        try:
            with subprocess.Popen(
                [sys.executable, "-c", code, str(project), head],
                env=environment(STARTED=str(started), PYTHONPATH=str(ROOT)),
            ) as process:
                _until(lambda: started.exists() and started.read_text() != "")
                process.send_signal(signal.SIGKILL)
            _until(lambda: not _alive(int(started.read_text())))
        finally:
            (project / "slow.py").unlink()
            git(project, "checkout", "-q", "pyproject.toml")
        said: list[str] = []
        again = makers(project, said).build(
            Wanted("a", commits(project)[0]), Wanted("the tree", head, dirty=True)
        )
        assert again == (built[0], built[2])
        assert said == []
        assert not list((project / ".asv" / "environments").glob(".*-*"))


def _until(met: object) -> None:
    deadline = time.monotonic() + 60
    while not met():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except OSError:
        return False
    return state != "Z"


def stub(folder: Path, name: str, version: str, *lines: str) -> Path:
    """Write a wheel with one empty module."""
    module = name.replace("-", "_")
    path = folder / f"{module}-{version}-py3-none-any.whl"
    info = f"{module}-{version}.dist-info"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(f"{module}.py", "")
        head = ("Metadata-Version: 2.1", f"Name: {name}", f"Version: {version}")
        archive.writestr(f"{info}/METADATA", "\n".join([*head, *lines]) + "\n")
        archive.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(
            f"{info}/RECORD", f"{module}.py,,\n{info}/METADATA,,\n{info}/WHEEL,,\n{info}/RECORD,,\n"
        )
    return path


class TestIndex:
    @pytest.fixture
    def index(self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
        """Return the only place that pip finds anything in."""
        folder = tmp_path / "index"
        folder.mkdir()
        monkeypatch.setenv("PIP_NO_INDEX", "1")
        monkeypatch.setenv("PIP_FIND_LINKS", str(folder))
        return folder

    def test_what_cannot_be_fetched_is_told(
        self, project: Path, built: tuple[Built, ...], index: Path
    ) -> None:
        with pytest.raises(MeasurementError, match=r"^old does not install: .*: ERROR: ") as error:
            replace(makers(project), resolve_each=True).build(Wanted("old", commits(project)[0]))
        assert len(str(error.value).splitlines()) == 1

    def test_what_nobody_installed_is_fetched_once_for_both(
        self, project: Path, built: tuple[Built, ...], index: Path
    ) -> None:
        stub(index, "acme-rare", "3.1")
        pyproject = project / "pyproject.toml"
        pyproject.write_text(pyproject.read_text().replace('"wcwidth"', '"acme-rare>3"'))
        said: list[str] = []
        try:
            first, second = makers(project, said).build(
                Wanted("old", commits(project)[0]), Wanted("tree", commits(project)[1], dirty=True)
            )
        finally:
            git(project, "checkout", "-q", "pyproject.toml")
        assert sorted(said) == [
            "building tree", "fetching acme-rare>3", "installing old", "installing tree",
        ]  # fmt: skip
        for each in (first, second):
            assert each.versions["acme-rare"] == "3.1"
            assert imported(each, "import acme_rare, numpy; print('in')") == "in"
        assert first.key == second.key != built[0].key

    def test_each_commit_may_have_the_versions_that_it_asks_for(
        self, project: Path, built: tuple[Built, ...], index: Path
    ) -> None:
        found = layer.installed(project, ()).versions
        for name in ("asv-runner", "httpx", "jinja2"):
            stub(index, name, found[name])
        stub(index, "packaging", "21.5")
        stub(index, "wcwidth", "0.1")
        makers_ = replace(makers(project), resolve_each=True)
        first, second = makers_.build(*(Wanted(name, name) for name in commits(project)))
        assert first.versions["packaging"] == second.versions["packaging"] == "21.5"
        assert ("wcwidth" in first.versions, second.versions["wcwidth"]) == (False, "0.1")
        assert "numpy" not in second.versions
        assert imported(second, "import asv_runner, persona_asv; print('in')") == "in"


class TestWheel:
    def test_declares_what_holds_here_without_extras(self, tmp_path: Path) -> None:
        path = stub(
            tmp_path, "acme", "1", "Requires-Dist: b>2 ; python_version >= '3'", "Requires-Dist: a",
            "Requires-Dist: never ; python_version < '3'", "Requires-Dist: more ; extra == 'all'",
            "Requires-Dist: not a requirement !",
        )  # fmt: skip
        assert declared(path) == ("a", "b>2")

    def test_is_a_wheel(self, tmp_path: Path) -> None:
        (tmp_path / "x.whl").write_text("no archive")
        with pytest.raises(MeasurementError, match=r"x\.whl: is no wheel"):
            declared(tmp_path / "x.whl")

    @pytest.mark.parametrize(
        ("requirement", "exact", "lacks"),
        [
            ("A_b>1", True, False),
            ("a.b>2", True, True),
            ("a-b>2", False, False),
            ("c", False, True),
            ("c ; python_version < '3'", True, False),
            ("no requirement !", False, True),
        ],
    )
    def test_what_is_lacking(self, requirement: str, exact: bool, lacks: bool) -> None:
        found = lacking([requirement], {"a-b": "2.0"}, exact=exact)
        assert found == ((requirement,) if lacks else ())

    @pytest.mark.parametrize(
        ("files", "expected"),
        [
            ({}, None),
            ({"pyproject.toml": "[tool.ruff]\n"}, None),
            ({"setup.py": ""}, (None, ("setuptools>=40.8.0",))),
            ({"pyproject.toml": "[project]\nname = 'acme'\n"}, ("acme", ("setuptools>=40.8.0",))),
            ({"pyproject.toml": "[build-system]\nrequires = ['hatchling']\n"}, (None, ("hatchling",))),
            ({"pyproject.toml": "project = 3\n", "setup.py": ""}, (None, ("setuptools>=40.8.0",))),
        ],
        ids=["nothing", "tools only", "setup.py", "a name", "a backend", "another shape"],
    )
    def test_what_can_be_built(
        self, files: dict[str, str], expected: tuple[str | None, tuple[str, ...]] | None, tmp_path: Path
    ) -> None:
        for name, text in files.items():
            (tmp_path / name).write_text(text)
        found = buildable(tmp_path)
        assert (found and (found.name, found.build)) == expected

    def test_a_pyproject_that_is_none(self, tmp_path: Path) -> None:
        (tmp_path / "pyproject.toml").write_text("[project")
        with pytest.raises(MeasurementError, match=r"pyproject\.toml: cannot be read"):
            buildable(tmp_path)


class TestWorkshop:
    @pytest.mark.parametrize(
        ("log", "said"),
        [
            ("", "it said nothing"),
            ("Collecting a\nERROR: nothing found\n[notice] a new pip\n", "ERROR: nothing found"),
            ("  File x\nValueError: bad\nerror: subprocess\nnote: not pip's\n", "ValueError: bad"),
            (f"OSError: [Errno 28] {FULL}: 'x'\nERROR: other\n", f"OSError: [Errno 28] {FULL}: 'x'"),
            ("only this\n", "only this"),
        ],
        ids=["silence", "pip", "an exception", "a full disk", "anything"],
    )  # fmt: skip
    def test_says_why_in_one_line(self, log: str, said: str, tmp_path: Path) -> None:
        shop = Workshop(tmp_path, far())
        shop.log.write_text(log)
        assert shop.said() == said

    def test_uv_is_asked_where_it_is_on_the_path(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        uv = tmp_path / "uv"
        uv.write_text('#!/bin/sh\necho "$@" >> "$UV_CALLS"\n')
        uv.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=os.pathsep)
        monkeypatch.setenv("UV_CALLS", str(tmp_path / "calls"))
        shop = Workshop(tmp_path, far())
        shop.create(tmp_path / "env", seeded=True)
        shop.install(tmp_path / "builder", tmp_path / "env", ["x.whl"], deps=False)
        assert (tmp_path / "calls").read_text().splitlines() == [
            f"venv --quiet --python {sys.executable} {tmp_path / 'env'} --seed",
            f"pip install --quiet --python {tmp_path / 'env' / 'bin' / 'python'} --no-deps --no-index x.whl",
        ]
        assert tool() == "uv"


class TestCache:
    def test_a_folder_that_was_not_sealed_is_made_anew(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path / ".asv" / "environments")
        with cache.working(far()):
            folder, whole = cache.place("side-1")
            assert not whole
            folder.mkdir()
            (folder / "half").touch()
        with cache.working(far()):
            folder, whole = cache.place("side-1")
            assert (whole, folder.exists()) == (False, False)
            folder.mkdir()
            cache.seal(folder, commit="c")
            assert cache.place("side-1") == (folder, True)
            assert cache.facts(folder) == {"commit": "c"}

    def test_what_was_unused_for_longest_goes(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path / ".asv" / "environments")
        with cache.working(far()):
            for number in range(KEPT + 2):
                folder, _ = cache.place(f"side-{number}")
                folder.mkdir()
                cache.seal(folder)
                os.utime(folder / "whole.json", (1000 + number, 1000 + number))
            cache.place("side-0")
        left = {path.name for path in cache.home.glob("side-*")}
        assert left == {f"side-{number}" for number in range(KEPT + 2)} - {"side-1", "side-2"}

    def test_one_process_at_a_time(self, tmp_path: Path) -> None:
        cache = Cache(tmp_path / ".asv" / "environments")
        code = (
            "import sys, time; from pathlib import Path; from persona_asv.engine.cache import Cache\n"
            "with Cache(Path(sys.argv[1])).working(time.monotonic() + 60):\n"
            "    print('in', flush=True); sys.stdin.read()"
        )
        with subprocess.Popen(
            [sys.executable, "-c", code, str(cache.home)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=environment(PYTHONPATH=str(ROOT)),
        ) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"in\n"
            with pytest.raises(MeasurementError, match="another process builds"), cache.working(0.0):
                raise AssertionError
            other.communicate()
        with cache.working(far()):
            assert cache.home.is_dir()


class TestLayer:
    def test_packages_that_share_a_folder_at_two_places_share_it(self, tmp_path: Path) -> None:
        for place, name in (("one", "a"), ("two", "b")):
            (tmp_path / place / "space").mkdir(parents=True)
            (tmp_path / place / "space" / f"{name}.py").write_text(name)
        packages = tuple(
            Package(place, "1", (tmp_path / place / "space", tmp_path / place / "gone"))
            for place in ("one", "two")
        )
        (tmp_path / "layer").mkdir()
        Layer(packages).link(tmp_path / "layer")
        assert sorted(path.name for path in (tmp_path / "layer" / "space").iterdir()) == ["a.py", "b.py"]
        assert [path.name for path in (tmp_path / "layer").iterdir()] == ["space"]

    def test_its_key_tells_versions_apart(self) -> None:
        one, two = (Layer((Package("a", version, ()),)) for version in "12")
        assert one.key != two.key
        assert one.key == Layer((Package("a", "1", ()),)).key
        assert one.key != Layer(one.packages, ("b>1",)).key

    def test_the_project_is_no_part_of_it(self) -> None:
        """Nor is what we are asked to leave out."""
        names = [package.name for package in layer.installed(ROOT, ("numpy",)).packages]
        assert "persona-asv" not in layer.installed(ROOT, ("persona-asv",)).versions
        assert "numpy" not in names
        assert "asv-runner" in names

    def test_a_package_that_is_read_from_its_folder_is_seen(self, tmp_path: Path) -> None:
        source, site = tmp_path / "source", tmp_path / "site"
        info = site / "acme-1.dist-info"
        for folder in (source, info):
            folder.mkdir(parents=True)
        (site / "acme.pth").write_text(f"{source}\n\n")
        (info / "METADATA").write_text("Name: Acme\nVersion: 1\n")
        (info / "RECORD").write_text("acme.pth,,\nacme-1.dist-info/METADATA,,\n../../bin/acme,,\n")
        (info / "direct_url.json").write_text(
            json.dumps({"url": source.as_uri(), "dir_info": {"editable": True}})
        )
        (found,) = layer.metadata.distributions(path=[str(site)])
        assert Package.of(found) == Package("acme", "1", (info,), (str(source),), source)
        (info / "direct_url.json").write_text("no JSON")
        assert Package.of(found) == Package("acme", "1", (info,))
