"""Whose the script ``persona`` is, and how each of the packages that bring it gets it back."""

from __future__ import annotations

from collections.abc import Iterator

from persona_asv.engine.layer import OURS
from persona_asv.fitness.finding import Finding, Fitness
from persona_asv.fitness.readings import Claim, Command, Script

THEIRS = "persona"
_ALWAYS = "persona-asv and python -m persona_asv are always ours"


def findings(script: Script) -> Iterator[Finding]:
    """Yield whose the script of this environment is, and whether a shell finds it; neither bars measuring."""
    yield _here(script)
    if script.found is None and script.here is not None:
        yield _finding(f"a shell finds no persona: {script.folder} is not on PATH", _ALWAYS)
    elif script.found is not None and script.found != script.here:
        yield _finding(
            f"a shell finds {script.found.path}, of another installation",
            f"put {script.folder} first on PATH",
        )


def _here(script: Script) -> Finding:
    ours = next((claim for claim in script.claims if claim.name == OURS), None)
    if script.here is None:
        return _finding(f"nobody's: {script.folder} has no persona", _restored(ours, "brings it back"))
    path, owner = script.here.path, owner_of(script.here, script.claims)
    if owner == OURS:
        return _ours(path, [claim for claim in script.claims if claim is not ours])
    if owner is None:
        said = f"something else's: {path} starts no package that brings a persona"
    else:
        said = f"{path} is {owner}'s, and knows benchmark only if {owner} mounts it"
    return _finding(said, _restored(ours, "makes it ours"))


def owner_of(command: Command, claims: tuple[Claim, ...]) -> str | None:
    """Return the package that a command starts; None where it is neither ours nor one that claims it."""
    if (command.starts or "").partition(".")[0] == "persona_asv":
        return OURS
    return next((claim.name for claim in claims if claim.module == command.starts), None)


def _ours(path: str, others: list[Claim]) -> Finding:
    if not others:
        return _finding(f"{path} is persona_asv's")
    theirs = next((claim for claim in others if claim.name == THEIRS), others[0])
    gets = ", and is given all but benchmark" if theirs.name == THEIRS else ""
    return _finding(
        f"{path} is persona_asv's; {theirs.name} brings one too{gets}",
        f"whichever is installed last has it; {_reinstalling(theirs)} makes it {theirs.name}'s",
    )


def _restored(ours: Claim | None, how: str) -> str:
    return f"{_ALWAYS}; {_reinstalling(ours)} {how}" if ours else "use python -m persona_asv"


def _reinstalling(claim: Claim) -> str:
    return f"python -m pip install --force-reinstall --no-deps {claim.source}"


def _finding(said: str, advice: str = "") -> Finding:
    return Finding("script", Fitness.FIT, said, advice)
