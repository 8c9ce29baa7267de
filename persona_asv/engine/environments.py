"""Two commits, one recipe: an environment for each side of a contest, cached per commit.

Below ``<root>/.asv/environments`` (see `cache`):

- ``layer-<key>``: the third-party packages, the same for both sides (`layer`);
- ``builder-<key>``: a virtual environment with pip that sees them, to build wheels in;
- ``commit-<key>``: a commit's source, and the wheel built from it where there is something to build;
- ``side-<key>``: a virtual environment that holds that wheel alone, and sees the source and the layer.
"""

from __future__ import annotations

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

from persona_asv.engine import checkout, layer
from persona_asv.engine.cache import Cache, key
from persona_asv.engine.checkout import Source
from persona_asv.engine.layer import OURS, Layer
from persona_asv.engine.store import HOME
from persona_asv.engine.wheel import declared, is_welcome, lacking, project
from persona_asv.engine.workshop import Workshop, packages_of, python_of, tool
from persona_asv.errors import MeasurementError

RECIPE = 1
"""Version of how environments are made: another number, other environments."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """A side as it is asked for.

    Attributes
    ----------
    label
        What messages call it.
    commit
        The commit, or the one that the work tree's uncommitted changes are based on.
    dirty
        Whether the work tree itself is meant.
    """

    label: str
    commit: str
    dirty: bool = False


@dataclass(frozen=True, slots=True)
class Built:
    """An environment that holds the code of one commit.

    Attributes
    ----------
    python
        Its interpreter.
    path
        The folders that its subject may come from: the environment's own packages, then the source.
    source
        The commit's files.
    requires
        What the commit declares to need.
    versions
        Version of every third-party package by name.
    key
        The name of the recipe it was made by: equal for both sides of a contest.
    """

    python: Path
    path: tuple[Path, ...]
    source: Source
    requires: tuple[str, ...]
    versions: dict[str, str]
    key: str


@dataclass(frozen=True, slots=True)
class Environments:
    """The environments of one repository.

    Attributes
    ----------
    inner
        The project's folder below the repository: where persona.yaml lies.
    own
        Names of the project's distribution beyond what its pyproject.toml says.
    deadline
        Moment on the monotonic clock at which making them is given up.
    say
        Takes one line about each step that takes a while.
    resolve_each
        Whether every side gets the versions that its own commit asks for, fetched from the index.
    home
        The folder that keeps them, where that is not the repository.
    """

    repository: Path
    inner: Path
    own: tuple[str, ...]
    deadline: float
    say: Callable[[str], None]
    resolve_each: bool = False
    home: Path | None = None

    @property
    def cache(self) -> Cache:
        """Where they are."""
        return Cache((self.home or self.repository) / HOME / "environments")

    def build(self, *wanted: Wanted) -> tuple[Built, ...]:
        """Return an environment for each side, made now where it is not there.

        Raises
        ------
        MeasurementError
            A commit cannot be checked out or built, or there is no room for it.
        """
        with self.cache.working(self.deadline):
            shared = layer.installed(self.repository, self._names())
            commits = [self._commit(side, shared) for side in wanted]
            missing: tuple[str, ...] = ()
            if not self.resolve_each:
                needs = sorted({need for each in commits for need in self.cache.facts(each)["requires"]})
                there = {**shared.versions, **{layer.canonical(name): "0" for name in self._names()}}
                missing = lacking(needs, there, exact=False)
            whole = Layer(shared.packages, missing)
            pairs = zip(wanted, commits, strict=True)
            return tuple(self._side(side, folder, shared, whole) for side, folder in pairs)

    def _names(self) -> tuple[str, ...]:
        """Return what the project's distribution may be called."""
        here = project(self.repository / self.inner) or project(self.repository)
        return self.own if here is None or here.name is None else (*self.own, here.name)

    def _commit(self, side: Wanted, shared: Layer) -> Path:
        """Return the folder with a commit's source and wheel."""
        work = self.cache.scratch("checkout")
        checkout.scratch(self.repository, work / "source")
        commit = side.commit
        if side.dirty:
            commit = checkout.work_tree(self.repository, work / "source", commit)
        folder, whole = self.cache.place(f"commit-{key(RECIPE, commit, str(self.inner))}")
        if whole:
            return folder
        self.say(f"building {side.label}")
        try:
            source = checkout.checkout(work / "source", commit)
            wheel = self._wheel(source, work, shared)
        except MeasurementError as error:
            raise MeasurementError(f"{side.label} does not build: {error}") from error
        requires = [] if wheel is None else declared(wheel)
        work.rename(folder)
        self.cache.seal(folder, commit=commit, wheel=wheel and wheel.name, requires=requires)
        return folder

    def _wheel(self, source: Source, work: Path, shared: Layer) -> Path | None:
        """Build a commit's wheel; None where there is nothing to build."""
        found = project(source.folder / self.inner) or project(source.folder)
        if found is None:
            return None
        if found.python is not None and not is_welcome(found.python):
            raise MeasurementError(
                f"it needs Python {found.python}, and this is {platform.python_version()}: run "
                "persona_asv with such a Python"
            )
        isolated = bool(lacking(found.build, shared.versions, exact=True))
        shop = Workshop(work, self.deadline)
        shop.wheel(self._builder(shared), found.folder, work / "wheel", isolated=isolated)
        return next((work / "wheel").glob("*.whl"))

    def _builder(self, shared: Layer) -> Path:
        folder, whole = self.cache.place(f"builder-{key(RECIPE, tool(), shared.key)}")
        if not whole:
            Workshop(self.cache.scratch("builder"), self.deadline).create(folder, seeded=True)
            _see(folder, self._layer(shared), shared)
            self.cache.seal(folder)
        return folder

    def _layer(self, wanted: Layer) -> Path:
        folder, whole = self.cache.place(f"layer-{wanted.key}")
        if not whole:
            (folder / "packages").mkdir(parents=True)
            wanted.link(folder / "packages")
            if wanted.missing:
                self.say(f"fetching {', '.join(wanted.missing)}")
                shop = Workshop(self.cache.scratch("fetch"), self.deadline)
                builder = self._builder(Layer(wanted.packages))
                shop.fetch(builder, folder / "fetched", wanted.missing, wanted.versions)
            self.cache.seal(folder)
        return folder

    def _side(self, side: Wanted, commit: Path, shared: Layer, shown: Layer) -> Built:
        """Return the environment of a commit."""
        facts = self.cache.facts(commit)
        recipe = key(RECIPE, tool(), shown.key, "each" if self.resolve_each else "")
        folder, whole = self.cache.place(f"side-{key(RECIPE, commit.name, recipe)}")
        if not whole:
            self.say(f"installing {side.label}")
            try:
                self._install(folder, commit, facts["wheel"], shared, shown)
            except MeasurementError as error:
                raise MeasurementError(f"{side.label} does not install: {error}") from error
            self.cache.seal(folder)
        source = Source(commit / "source", facts["commit"])
        return Built(
            python=python_of(folder),
            path=(packages_of(folder), source.folder / self.inner),
            source=source,
            requires=tuple(facts["requires"]),
            versions=self._versions(folder, shown),
            key=recipe,
        )

    def _install(self, folder: Path, commit: Path, wheel: str | None, shared: Layer, shown: Layer) -> None:
        shop = Workshop(self.cache.scratch("install"), self.deadline)
        shop.create(folder, seeded=False)
        wheels = [str(commit / "wheel" / wheel)] if wheel else []
        source = commit / "source" / self.inner
        if self.resolve_each:
            instrument = [name for name in ("asv-runner", "httpx", "jinja2") if name in shared.versions]
            fixed = [f"{name}=={shared.versions[name]}" for name in instrument]
            shop.install(self._builder(shared), folder, [*wheels, *fixed], deps=True)
            ours = Layer(tuple(package for package in shared.packages if package.name == OURS))
            _see(folder, self._layer(ours), ours, source)
            return
        _see(folder, self._layer(shown), shown, source)
        if wheels:
            shop.install(self._builder(shared), folder, wheels, deps=False)

    def _versions(self, folder: Path, shown: Layer) -> dict[str, str]:
        """Return the third-party versions that an environment sees."""
        where = [packages_of(folder)]
        if not self.resolve_each:
            where = [self.cache.home / f"layer-{shown.key}" / name for name in ("packages", "fetched")]
        own = {layer.canonical(name) for name in self._names()}
        found = metadata.distributions(path=[str(each) for each in where])
        versions = {layer.canonical(each.name): each.version for each in found if each.metadata["Name"]}
        return dict(sorted((name, version) for name, version in versions.items() if name not in own))


def _see(environment: Path, shown: Path, what: Layer, *source: Path) -> None:
    """Make an environment see source and layer, behind its own packages."""
    lines = [*map(str, source), str(shown / "packages"), str(shown / "fetched"), *what.lines]
    (packages_of(environment) / "layer.pth").write_text("".join(f"{line}\n" for line in lines))
