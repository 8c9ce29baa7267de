"""What was read of this machine; a fact that the system does not tell is None."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True)
class Processor:
    """The cores and their clock.

    Attributes
    ----------
    cores
        Logical CPUs that this process may run on.
    quota
        CPUs' worth of time that the control group allows, where it limits.
    load
        The load average of the last minute, before anything was measured.
    governor
        The policy that sets the clock.
    turbo, smt
        Whether the clock may exceed its nominal rate, and whether two logical CPUs share one core.
    """

    cores: int = 2
    quota: float | None = None
    load: float | None = None
    governor: str | None = None
    turbo: bool | None = None
    smt: bool | None = None


@dataclass(frozen=True, slots=True)
class Pulse:
    """The reference operation over some seconds.

    Attributes
    ----------
    runs
        How often it ran.
    median
        Its median CPU time in seconds.
    scatter
        Standard deviation of the log of its median CPU time between spans of a quarter of a second.
    slow
        Wall time of the 95th percentile over that of the median.
    waiting, stolen
        Shares of the time in which this process waited for a CPU, and in which the host ran somebody else.
    """

    runs: int
    median: float
    scatter: float
    slow: float
    waiting: float | None = None
    stolen: float | None = None


@dataclass(frozen=True, slots=True)
class Floor:
    """The same code measured twice, in turn, with the workload quick: what moved is noise.

    Attributes
    ----------
    change, interval
        Of `generation_latency_p50`, as fractions; None where too little was measured.
    scatter
        Standard deviation between rounds of 100 operations of the log of the calibrated median.
    waiting
        Share of the operations' wall time spent waiting for a CPU.
    detectable
        By workload: the smallest true change of `generation_latency_p50` that a comparison of two runs of it
        would mark on this machine, as a fraction.
    """

    change: float | None
    interval: tuple[float, float] | None
    scatter: float
    waiting: float | None = None
    detectable: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Checkout:
    """The repository around the current folder.

    Attributes
    ----------
    git
        git's version, None where there is no git.
    repository
        Whether the folder is in one.
    commits
        How many commits of its history are here.
    """

    git: str | None = None
    repository: bool = False
    commits: int = 0
    shallow: bool = False


@dataclass(frozen=True, slots=True)
class Command:
    """An executable file.

    Attributes
    ----------
    starts
        The module that it imports its program from; None where it is no console script.
    """

    path: str
    starts: str | None


@dataclass(frozen=True, slots=True)
class Claim:
    """An installed package that brings a console script.

    Attributes
    ----------
    module
        Where its program is.
    source
        What pip installs the package from again.
    """

    name: str
    module: str
    source: str


@dataclass(frozen=True, slots=True)
class Script:
    """The script ``persona``.

    Attributes
    ----------
    folder
        Where this environment's scripts are.
    here
        The one in that folder.
    found
        The one that a shell finds.
    claims
        The packages of this environment that bring one, by name.
    """

    folder: str = ""
    here: Command | None = None
    found: Command | None = None
    claims: tuple[Claim, ...] = ()


@dataclass(frozen=True, slots=True)
class Readings:
    """Everything that was read.

    Attributes
    ----------
    system
        ``linux``, ``darwin`` or ``windows``.
    python
        Its version, as numbers.
    mismatched
        Packages whose installed version is not the one we are written against: name, installed, wanted.
    plugged
        Whether mains power is on; None without a battery.
    container, virtualisation
        Their kinds.
    clock
        The least step of the wall clock, in seconds; `cpu_clock` that of the CPU clock.
    free
        Bytes free where runs are kept.
    baselines, broken
        How many can be read, and what is wrong with the others.
    unmeasured
        Why there is no `floor`.
    """

    system: str = "linux"
    python: tuple[int, int, int] = (3, 12, 0)
    mismatched: tuple[tuple[str, str, str], ...] = ()
    processor: Processor = field(default_factory=Processor)
    plugged: bool | None = None
    container: str | None = None
    virtualisation: str | None = None
    clock: float = 1e-9
    cpu_clock: float = 1e-9
    pulse: Pulse | None = None
    floor: Floor | None = None
    unmeasured: str = ""
    checkout: Checkout = field(default_factory=Checkout)
    free: int = 1 << 40
    baselines: int = 0
    broken: tuple[str, ...] = ()
    script: Script = field(default_factory=Script)
