"""Where a run happens and where it is kept: subject, commit and machine before it, asv's history after it."""

from __future__ import annotations

import importlib.util
import os
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from persona_asv import metrics
from persona_asv.config import Config
from persona_asv.course import Run
from persona_asv.engine import worktree
from persona_asv.engine.history import ResultsFolder
from persona_asv.engine.machine import machine_name, this_machine
from persona_asv.engine.suite import results_folder, subject_repository
from persona_asv.errors import ResultFileError, UsageError
from persona_asv.estimates import Family
from persona_asv.fingerprint import fingerprint
from persona_asv.plan import Ground, Plan, deals
from persona_asv.standin.profile import Profile
from persona_asv.subject import Subject, SubjectError, load
from persona_asv.workloads import Workload, own

DEFAULT_PROVIDER = "anthropic"
EVERY_PROVIDER = "provider"
"""The workload that is measured on every provider."""


def root(settings: Config) -> Path:
    """Return the project's folder: the repository's, else where persona.yaml lies or we are."""
    tree = worktree.find(Path.cwd(), unborn=_set_up(settings))
    return tree.root if tree else settings.root


def inner(settings: Config, repository: Path) -> Path:
    """Return the project's folder within a repository: where persona.yaml lies, if that is in it."""
    here, home = settings.root.resolve(), repository.resolve()
    return here.relative_to(home) if here.is_relative_to(home) else Path()


def prepare(
    settings: Config,
    workload: Workload,
    families: tuple[Family, ...],
    *,
    subject: str | None = None,
    provider: str | None = None,
    model: str | None = None,
    profile: str = "none",
) -> tuple[Plan, Ground]:
    """Return what to measure and where, on one provider; see `prepare_each`."""
    wire = provider or settings.provider or DEFAULT_PROVIDER
    plans, ground = prepare_each(
        settings, workload, families, subject=subject, providers=(wire,), model=model, profile=profile
    )
    return plans[0], ground


def prepare_each(
    settings: Config,
    workload: Workload,
    families: tuple[Family, ...],
    *,
    subject: str | None = None,
    providers: Sequence[str] = (),
    model: str | None = None,
    profile: str = "none",
) -> tuple[tuple[Plan, ...], Ground]:
    """Return what to measure and where: the command line's word first, then persona.yaml's, then defaults.

    The workload ``provider`` is measured on every provider that the subject knows, unless some are named.

    Returns
    -------
    A plan for each provider.

    Raises
    ------
    UsageError
        The subject, a provider or the profile is unknown, or one model is named for several providers.
    MeasurementError
        The repository around the current folder has no commit.
    """
    check_names(subject, model, providers)
    name = subject or settings.subject or "reference"
    found, path = _subject(name, settings.root)
    plans = plans_of(
        settings,
        workload,
        families,
        Known(name, found.name, found.version, found.providers, found.default_models),
        providers=providers,
        model=model,
        profile=profile,
        python_path=path,
    )
    tree = worktree.find(Path.cwd(), unborn=_set_up(settings))
    home = tree.root if tree else settings.root
    if (clone := subject_repository(home)) is not None:
        tree = worktree.find(clone)  # whose code it may be instead
    code, package = _code(found, name)
    machine = this_machine(machine_name(settings.machine))
    ground = Ground(
        root=home,
        repository=tree.root if tree else None,
        attribution=worktree.attribute(tree, code, package),
        machine=machine,
        environment=fingerprint(machine, found.version),
    )
    return plans, ground


def check_names(subject: str | None, model: str | None, providers: Sequence[str]) -> None:
    """Make sure that what the command line names can be a name.

    Raises
    ------
    UsageError
        One of them cannot.
    """
    given = [("--subject", subject), ("--model", model), *(("--provider", each) for each in providers)]
    for flag, value in given:
        if value is not None and not re.fullmatch(r"[!-~]{1,200}", value):
            raise UsageError(f"{flag}: a name of printable ASCII characters without spaces, not {value!r}")


@dataclass(frozen=True, slots=True)
class Known:
    """What is known of a subject, wherever it was found.

    Attributes
    ----------
    name
        As ``--subject`` has it; `title` is what it calls itself.
    """

    name: str
    title: str
    version: str
    providers: tuple[str, ...]
    models: Mapping[str, str]


def plans_of(
    settings: Config,
    workload: Workload,
    families: tuple[Family, ...],
    known: Known,
    *,
    providers: Sequence[str] = (),
    model: str | None = None,
    profile: str = "none",
    python_path: tuple[Path, ...] = (),
) -> tuple[Plan, ...]:
    """Return what to measure of a subject, a plan a provider; see `prepare_each`.

    Raises
    ------
    UsageError
        A provider or the profile is unknown, or one model is named for several providers.
    """
    configured = settings.provider or DEFAULT_PROVIDER
    wires = providers or (known.providers if workload.name == EVERY_PROVIDER else (configured,))
    for wire in wires:
        if wire not in known.providers:
            raise UsageError(
                f"--provider: {known.title} does not know {wire!r}; choose from {', '.join(known.providers)}"
            )
    wires = tuple(dict.fromkeys(wires))
    if model is not None and len(wires) > 1:
        raise UsageError(f"--model: one name cannot be a model of {', '.join(wires)}; name one --provider")
    try:
        Profile.parse(profile)
    except ValueError as error:
        raise UsageError(f"--profile: {error}") from error

    def model_of(wire: str) -> str:
        meant = len(wires) == 1 or wire == configured
        return model or (settings.model if meant else None) or known.models[wire]

    return tuple(
        Plan(
            workload=workload,
            families=metrics.of_a_run(families, len(deals(workload))),
            subject=known.name,
            subject_version=known.version,
            provider=wire,
            model=model_of(wire),
            profile=profile,
            python_path=python_path,
            own=tuple(case for each in own(settings).values() for case in each.cases),
            price=settings.prices.get(model_of(wire)),
        )
        for wire in wires
    )


def _set_up(settings: Config) -> bool:
    """Whether the project has a configuration: then it is measured before its first commit too, nobody's."""
    return settings.path is not None


def _subject(name: str, root: Path) -> tuple[Subject, tuple[Path, ...]]:
    """Return the subject, and the folders its adapter needs on the path: beside persona.yaml it may lie."""
    path: tuple[Path, ...] = ()
    if ":" in name:
        path = (root,)
        sys.path.insert(0, str(root))
    try:
        return load(name), path
    except SubjectError as error:
        raise UsageError(f"--subject: {error}") from error
    except SystemExit as error:
        raise UsageError(f"--subject: importing {name} called sys.exit({error.code!r})") from error


def _code(found: Subject, name: str) -> tuple[Path, str]:
    """Return where a subject's code lies, and its path within a source tree."""
    adapter = name.partition(":")[0] if ":" in name else "persona_asv.subject"
    module = str(getattr(found, "code", adapter))
    module = module if module == "persona_asv.subject" else module.partition(".")[0]
    spec = importlib.util.find_spec(module)
    if spec is not None and spec.submodule_search_locations:
        return Path(next(iter(spec.submodule_search_locations))), module.replace(".", "/")
    origin = spec.origin if spec is not None and spec.origin else os.devnull
    return Path(origin), Path(origin).name


@dataclass(frozen=True, slots=True)
class Kept:
    """Where a run is kept: its file in asv's history, None where it stays out of it, and one line on that."""

    history: Path | None
    line: str


def keep(run: Run) -> Kept:
    """Merge a finished run into asv's history, if its numbers belong to a commit."""
    attribution = run.ground.attribution
    apart = attribution.reason
    if attribution.historic and run.plan.profile != "none":
        apart = "its model time is simulated"
    if attribution.historic and not apart:
        folder = ResultsFolder(results_folder(run.ground.root))
        try:
            path = folder.merge(
                run.cases[0].files, run.ground.machine, run.folder.round(1) / "benchmarks.json"
            )
        except ResultFileError as error:
            apart = str(error)
        else:
            where = f"{_near(run.folder.path)}, and the history of {attribution.label}: {_near(path)}"
            return Kept(path, f"Kept: {where}")
    return Kept(None, f"Kept: {_near(run.folder.path)} ({attribution.label}, not in the history: {apart})")


def _near(path: Path) -> str:
    """Return a path as a user in this folder would type it."""
    here = Path.cwd()
    return str(path.relative_to(here)) if path.is_relative_to(here) else str(path)
