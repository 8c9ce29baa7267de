"""One side of a comparison, and on which terms a comparison is set up."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from persona_asv.baselines.baseline import Baseline
from persona_asv.environment import Environment
from persona_asv.fingerprints import Fingerprint
from persona_asv.model import ResultFile
from persona_asv.pipeline import Pipeline
from persona_asv.sides import own_cases


@dataclass(frozen=True, slots=True)
class Terms:
    """What the command line allows, and where we run.

    Attributes
    ----------
    exact
        A branch as baseline means its tip.
    ci
        Whether a build depends on it: then a shallow clone is made the best of, and what a change could edit
        to hide its regression is read from the commit that it is compared with.
    fetch
        Whether ``--ci`` may fetch a commit that is not here.
    run
        Whether a side without results may be measured.
    tell
        Is told what is being done, before it is done.
    """

    exact: bool = False
    ci: bool = False
    fetch: bool = True
    run: bool = True
    pipeline: Pipeline = field(default_factory=Pipeline)
    tell: Callable[[str], None] = field(default=lambda said: None)


@dataclass(frozen=True, slots=True)
class Chosen:
    """One side of a comparison.

    Attributes
    ----------
    label
        What it is called where its rounds are counted.
    files
        Its rounds; empty where only numbers are known, or nothing was measured yet.
    recorded
        The baseline it is, where it is one.
    notes
        What was decided for the user, one sentence each.
    title
        What it is called in a heading: ``Current``, ``v1.11.0``, ``main``; empty where it is its label.
    commit
        The commit it is, a stored baseline's own too. None where it belongs to none that is known, or is a
        work tree with changes.
    here
        Whether it is the code as it lies here, changes included.
    branch
        Whether the user named a branch.
    environment
        Where it was measured, where a run or a baseline keeps that; files tell less.
    lack
        Why it has neither files nor numbers, and what to type; empty where it has.
    """

    label: str
    files: tuple[ResultFile, ...] = ()
    recorded: Baseline | None = None
    notes: tuple[str, ...] = ()
    title: str = ""
    commit: str | None = None
    here: bool = False
    branch: bool = False
    environment: Environment | None = None
    lack: str = ""

    @property
    def fingerprint(self) -> Fingerprint:
        """What it was measured on, as far as it tells: its rounds first, which both sides usually have."""
        kept = Fingerprint.of_environment(self.environment or Environment())
        if not self.files:
            return kept
        return replace(Fingerprint.of_files(self.files), governor=kept.governor, instance=kept.instance)

    @property
    def heading(self) -> str:
        """What it is called in a few words."""
        return self.title or self.label

    @property
    def cases(self) -> frozenset[str]:
        """The names of the cases it holds."""
        if self.files or self.recorded is None:
            return frozenset(label.values[0] for label in own_cases(self.files) if label.values)
        return frozenset(self.recorded.workloads)

    @property
    def provider(self) -> str | None:
        """The provider it was measured on, where that is known and one."""
        if self.recorded is not None:
            return self.recorded.provider
        found = {file.stamp.get("provider") for file in self.files}
        return str(found.pop()) if len(found) == 1 and None not in found else None
