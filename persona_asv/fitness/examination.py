"""What the readings mean: a list of findings, by pure functions, one a topic.

The last word has what the same code measured twice shows (`_detectable`): where a comparison of two standard
runs would not even see the failure threshold's change, the machine is not fit. All else is a reason why, and
makes a machine usable with care at most, unless nothing can be measured at all.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator

from persona_asv.fitness import ownership
from persona_asv.fitness.finding import Finding, Fitness
from persona_asv.fitness.readings import Readings
from persona_asv.thresholds import Limits

SUPPORTED = ((3, 11), (3, 13))
"""The oldest and the newest Python that this version was tested with."""

BUSY = 0.5
"""Load a core above which the machine is doing much else."""
WAITING, STOLEN = 0.1, 0.02
"""Shares of the time, without a CPU of one's own, that call for care."""
SCATTER = 0.1
"""Scatter of the reference operation between quarters of a second that calls for care."""
COARSE, TOO_COARSE = 1e-6, 1e-4
"""Clock steps in seconds: an operation's overhead is measured in microseconds, an operation takes some ms."""
LITTLE, TOO_LITTLE = 1 << 30, 100 << 20
"""Free bytes: a confirmation keeps two environments, a run some MB."""
BLURRED = 2.0
"""Detectable change of a standard run, in warning thresholds, above which care is called for."""

FIT, CARE, UNFIT = Fitness


def examine(readings: Readings, limits: Limits) -> tuple[Finding, ...]:
    """Return the findings, in the order in which they are told; `limits` are those of latency, in percent."""
    found = [finding for topic in _TOPICS for finding in topic(readings)]
    return (*found, *_detectable(readings, limits))


def _system(r: Readings) -> Iterator[Finding]:
    if r.system == "linux":
        yield Finding("system", FIT, "Linux")
    elif r.system == "darwin":
        yield Finding("system", CARE, "macOS: the time spent waiting for a CPU cannot be read",
                      "gate on Linux; measure here to try things out")  # fmt: skip
    else:
        yield Finding("system", UNFIT, f"{r.system}: list, report and compare work here, run does not",
                      "measure on Linux")  # fmt: skip


def _software(r: Readings) -> Iterator[Finding]:
    version = ".".join(map(str, r.python))
    oldest, newest = SUPPORTED
    if oldest <= r.python[:2] <= newest:
        yield Finding("Python", FIT, version)
    else:
        tested = " to ".join(".".join(map(str, each)) for each in SUPPORTED)
        yield Finding("Python", CARE, f"{version}: untested, {tested} are", "measure with one of these")
    for name, installed, wanted in r.mismatched:
        yield Finding("asv", UNFIT, f"{name} {installed} is installed, {wanted} is needed",
                      f"python -m pip install '{name}{wanted}'")  # fmt: skip
    if not r.mismatched:
        yield Finding("asv", FIT, "the version we are written against")


def _cores(r: Readings) -> Iterator[Finding]:
    its = r.processor
    if its.quota is not None and its.quota < 2:
        yield Finding("cores", CARE, f"{its.cores}, but the control group allows {its.quota:g} CPUs' time",
                      "allow at least 2: the stand-in runs beside the subject")  # fmt: skip
    elif its.cores < 2:
        yield Finding("cores", CARE, "1", "give it at least 2: the stand-in runs beside the subject")
    else:
        yield Finding("cores", FIT, str(its.cores))
    if its.load is not None:
        busy = its.load > BUSY * its.cores
        yield Finding("load", CARE if busy else FIT, f"{its.load:.1f} in the last minute",
                      "end what else runs here" if busy else "")  # fmt: skip


def _clocking(r: Readings) -> Iterator[Finding]:
    its = r.processor
    if its.governor is None:
        yield Finding("frequency", FIT, "the governor cannot be read here")
    elif its.governor == "performance":
        yield Finding("frequency", FIT, "governor performance")
    else:
        yield Finding("frequency", CARE, f"governor {its.governor}: the clock follows the load",
                      "sudo cpupower frequency-set --governor performance")  # fmt: skip
    if its.turbo:
        yield Finding("turbo", FIT, "on: the clock depends on how busy the other cores are",
                      "switch it off for the last percent")  # fmt: skip
    if its.smt:
        yield Finding("SMT", FIT, "on: two logical CPUs share a core",
                      "keep other work off, or switch it off for the last percent")  # fmt: skip


def _surroundings(r: Readings) -> Iterator[Finding]:
    if r.plugged is not None:
        yield Finding("power", FIT if r.plugged else CARE, "mains" if r.plugged else "battery",
                      "" if r.plugged else "plug it in: a battery throttles the clock")  # fmt: skip
    if r.container:
        yield Finding("container", FIT, f"{r.container}: its limits and its neighbours count")
    if r.virtualisation and r.virtualisation != "none":
        yield Finding("virtual machine", FIT, f"{r.virtualisation}: the host may take the CPU away")


def _clocks(r: Readings) -> Iterator[Finding]:
    step = max(r.clock, r.cpu_clock)
    said = f"steps of {r.clock * 1e9:,.0f} ns, for CPU time {r.cpu_clock * 1e9:,.0f} ns"
    if math.isinf(step):
        said = "it stands still"
    if step > TOO_COARSE:
        yield Finding("clock", UNFIT, said, "measure elsewhere: an operation takes a few milliseconds")
    elif step > COARSE:
        yield Finding("clock", CARE, said, "choose a finer clock source, on Linux tsc")
    else:
        yield Finding("clock", FIT, said)


def _pulse(r: Readings) -> Iterator[Finding]:
    its = r.pulse
    if its is None:
        return
    said = (
        f"the reference operation takes {its.median * 1000:.2f} ms of CPU, scattering by "
        f"{its.scatter:.1%} between quarters of a second; a slow one takes {its.slow:.1f} times as long"
    )
    noisy = its.scatter > SCATTER
    yield Finding("noise", CARE if noisy else FIT, said,
                  "measure when less else runs; the gate divides most out" if noisy else "")  # fmt: skip
    if its.waiting is not None:
        much = its.waiting > WAITING
        yield Finding("waiting", CARE if much else FIT, f"{its.waiting:.0%} of the time without a CPU",
                      "end what else runs here" if much else "")  # fmt: skip
    if its.stolen is not None:
        much = its.stolen > STOLEN
        yield Finding("steal", CARE if much else FIT, f"{its.stolen:.1%} of the time taken by the host",
                      "use a machine with CPUs of its own" if much else "")  # fmt: skip


def _repository(r: Readings) -> Iterator[Finding]:
    its = r.checkout
    if its.git is None:
        yield Finding("git", CARE, "not found: runs belong to no commit", "install git")
    elif not its.repository:
        yield Finding("git", CARE, f"{its.git}; no repository here: runs belong to no commit",
                      "go into the repository to be measured")  # fmt: skip
    elif not its.commits:
        yield Finding("git", CARE, f"{its.git}; no commit yet: runs belong to none", "commit first")
    elif its.shallow:
        yield Finding("git", FIT, f"{its.git}; a shallow clone, {_counted(its.commits, 'commit')} deep",
                      "compare --ci fetches the commit it needs; a history needs fetch-depth: 0")  # fmt: skip
    else:
        yield Finding("git", FIT, f"{its.git}; {_counted(its.commits, 'commit')}")


def _disk(r: Readings) -> Iterator[Finding]:
    grade = UNFIT if r.free < TOO_LITTLE else CARE if r.free < LITTLE else FIT
    free = f"{r.free / 2**30:,.1f} GB free" if r.free >= LITTLE else f"{r.free / 2**20:,.0f} MB free"
    yield Finding(
        "disk", grade, free, "" if grade is FIT else "make room: persona benchmark clean, .asv/runs"
    )


def _baselines(r: Readings) -> Iterator[Finding]:
    for problem in r.broken:
        yield Finding("baselines", CARE, problem, "mend it, or remove it: persona benchmark clean --name")
    if r.baselines or not r.broken:
        said = f"{r.baselines} can be read" if r.baselines else "none yet"
        yield Finding("baselines", FIT, said, "" if r.baselines else "persona benchmark capture makes one")


def _script(r: Readings) -> Iterator[Finding]:
    yield from ownership.findings(r.script)


def _detectable(r: Readings, limits: Limits) -> Iterator[Finding]:
    """Yield what the same code measured twice shows, and what a change must be to be seen."""
    its = r.floor
    if its is None:
        if r.unmeasured:
            yield Finding("measuring", UNFIT, r.unmeasured, "mend that first: nothing can be measured here")
        return
    if its.change is not None and its.interval is not None:
        low, high = its.interval
        yield Finding("A/A", FIT, f"the same code, measured twice with quick, differs by {its.change:+.1%} "
                      f"({low:+.1%} to {high:+.1%})")  # fmt: skip
    for workload, change in its.detectable.items():
        said = f"shows a change of {change:.0%} or more"
        if workload != "standard":
            yield Finding(workload, FIT, said)
        elif change > limits.fail / 100:
            yield Finding(workload, UNFIT, f"{said}: a failure at {limits.fail:g} % would be missed",
                          "measure on a quieter machine, or with --rounds 10")  # fmt: skip
        elif change > BLURRED * limits.warn / 100:
            yield Finding(workload, CARE, said, "--rounds 10 sees more; so does comparing with a commit, "
                          "which is measured in turn with this one")  # fmt: skip
        else:
            yield Finding(workload, FIT, said)


def _counted(count: int, what: str) -> str:
    return f"{count:,} {what}{'' if count == 1 else 's'}"


_TOPICS: tuple[Callable[[Readings], Iterator[Finding]], ...] = (
    *(_system, _software, _cores, _clocking, _surroundings, _clocks, _pulse),
    *(_repository, _disk, _baselines, _script),
)  # fmt: skip
