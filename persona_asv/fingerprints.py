"""Where both sides were measured: what differs is ignored, said, or leaves the numbers in doubt.

What makes numbers of another thing altogether (subject, provider, endpoint, a benchmark's version) is refused
where the sides are put together: `comparison`, `recorded`. The rest is graded here; the reasons stand in
docs/decisions/0019-fingerprints.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from persona_asv.doubt import Kind
from persona_asv.environment import Environment
from persona_asv.model import ResultFile

RUNNERS = "ci-"
"""How the name begins that all machines of a pipeline share (`engine.machine.machine_name`)."""


@dataclass(frozen=True, slots=True)
class Fingerprint:
    """What one side was measured on; None where it does not say.

    Attributes
    ----------
    machine
        asv's name of it.
    cpu, cores
        Model, and logical CPUs.
    platform
        Operating system and architecture: ``linux-x86_64``.
    python
        Minor version: ``3.12``.
    instrument
        Version of persona_asv.
    governor
        What sets the CPU's clock.
    instance
        Which of a pipeline's machines.
    """

    machine: str | None = None
    cpu: str | None = None
    cores: int | None = None
    platform: str | None = None
    python: str | None = None
    instrument: str | None = None
    governor: str | None = None
    instance: str | None = None

    @classmethod
    def of_environment(cls, its: Environment) -> Fingerprint:
        """Return the fingerprint that a baseline or a run keeps."""
        return cls(
            machine=its.machine,
            cpu=its.cpu,
            cores=its.cores,
            platform=its.platform and its.platform.lower(),
            python=_minor(its.python_version),
            instrument=its.persona_asv,
            governor=its.governor,
            instance=its.instance,
        )

    @classmethod
    def of_files(cls, files: Sequence[ResultFile]) -> Fingerprint:
        """Return what asv result files, of one machine, tell."""
        its = files[0]
        cores, system = its.params.get("num_cpu", ""), its.params.get("os", "").partition(" ")[0]
        instrument = its.stamp.get("persona_asv")
        return cls(
            machine=its.machine or None,
            cpu=its.params.get("cpu") or None,
            cores=int(cores) if re.fullmatch(r"[0-9]{1,6}", cores) else None,
            platform=f"{system}-{its.params['arch']}".lower() if system and its.params.get("arch") else None,
            python=_minor(its.python),
            instrument=instrument if isinstance(instrument, str) else None,
        )


def _minor(version: str | None) -> str | None:
    found = re.match(r"[0-9]+\.[0-9]+(?![0-9])", version or "")
    return found[0] if found else None


@dataclass(frozen=True, slots=True)
class Differences:
    """What differs between two fingerprints.

    Attributes
    ----------
    notes
        One sentence each.
    doubts
        What can therefore only suspect, and why as half a sentence.
    """

    notes: tuple[str, ...] = ()
    doubts: Mapping[Kind, str] = field(default_factory=dict)


_MACHINE = frozenset({Kind.TIMES})
_INTERPRETER = frozenset({Kind.TIMES, Kind.MEMORY})
_GRADES: Mapping[str, tuple[str, frozenset[Kind]]] = {
    "machine": ("another machine", _MACHINE),
    "cpu": ("another CPU", _MACHINE),
    "cores": ("another number of cores", _MACHINE),
    "platform": ("another system", _INTERPRETER),
    "python": ("another Python", _INTERPRETER),
    "instrument": ("another persona_asv", frozenset()),
    "governor": ("another clock governor", frozenset()),
}
"""What each difference is called, and what it leaves in doubt; what is not here is ignored."""


def differences(baseline: Fingerprint, current: Fingerprint, *, stored: bool) -> Differences:
    """Grade what differs; what a side does not tell is no difference.

    Parameters
    ----------
    stored
        Whether the baseline was kept from another day. In a pipeline that is another machine, unless both say
        that it is not: all of them have one name.
    """
    seen, doubtful = [], dict[Kind, list[str]]()
    for aspect, (what, doubts) in _GRADES.items():
        before, now = getattr(baseline, aspect), getattr(current, aspect)
        if None in (before, now) or before == now:
            continue
        seen.append(f"{what} ({before}, now {now})")
        for kind in doubts:
            doubtful.setdefault(kind, []).append(what)
    if stored and _another_runner(baseline, current):
        seen.append("another machine of the pipeline")
        doubtful.setdefault(Kind.TIMES, []).append("another machine of the pipeline")
    if not seen:
        return Differences()
    note = f"the baseline is from {', '.join(seen)}"
    if doubtful:
        note += (
            f": {' and '.join(kind for kind in Kind if kind in doubtful)} can raise a suspicion, not decide"
        )
    reasons = {kind: f"it is from {whats[0]}" for kind, whats in doubtful.items()}
    return Differences((note,), reasons)


def _another_runner(baseline: Fingerprint, current: Fingerprint) -> bool:
    if baseline.machine != current.machine or not (current.machine or "").startswith(RUNNERS):
        return False
    return baseline.instance is None or baseline.instance != current.instance
