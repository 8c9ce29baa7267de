"""How long the subject takes to start: to be imported, and to answer on its command line.

Every figure is of fresh interpreters, the quickest of three, and less the time they waited for a CPU. A start
follows the machine, so that what a bare interpreter burns in the same breath is stored beside each figure: it
is divided by that where two are compared. (Its CPU time: its wall time is so short that, on a busy machine,
half of it is our own waiting to hear of its end.) Imports and starts depend on neither workload nor provider;
the cases of a round share one measurement.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import NamedTuple

from persona_asv.subject import load

from . import settings
from .generation import described
from .interpreter import environment
from .measurement import Spool

STARTS = 3
"""Processes of each kind, taken in turns; the quickest counts."""

_IMPORT = """
import importlib, os, sys, time

def waited():
    try:
        with open("/proc/self/schedstat") as file:
            return int(file.read().split()[1]) * 1e-9
    except (OSError, ValueError, IndexError):
        return 0.0

known, delay, started, cpu = set(sys.modules), waited(), time.perf_counter(), time.process_time()
importlib.import_module(sys.argv[1])
burnt, seconds = time.process_time() - cpu, time.perf_counter() - started - (waited() - delay)
os.write(int(sys.argv[2]), f"{max(burnt, seconds)} {len(set(sys.modules) - known)}".encode())
"""


@dataclass(frozen=True)
class Starts:
    """What one round found; times in seconds, the quickest.

    Attributes
    ----------
    interpreter
        CPU time of an interpreter that does nothing.
    importing, modules
        The import statement alone, and how many modules came in by it.
    command
        A whole process of the command line; None where the subject has none.
    """

    interpreter: float
    importing: float
    modules: int
    command: float | None


def module_of(subject: object, name: str) -> str:
    """Return what a user of the subject imports: as it says itself, else the module that holds it."""
    holds = name.partition(":")[0] if ":" in name else type(subject).__module__
    return str(getattr(getattr(subject, "start", None), "module", holds))


def command_of(subject: object) -> tuple[str, ...]:
    """Return the interpreter's arguments for the subject's command line; () where it says none."""
    return tuple(getattr(getattr(subject, "start", None), "command", ()))


def _waited(pid: int) -> float:
    """Return the seconds that an ended process, not yet reaped, was runnable without a CPU."""
    try:
        return int(Path(f"/proc/{pid}/schedstat").read_text().split()[1]) * 1e-9
    except (OSError, ValueError, IndexError):
        return 0.0


class Start(NamedTuple):
    """One process, in seconds.

    Attributes
    ----------
    seconds
        Wall time less what it waited for a CPU, but never less than it burnt.
    cpu
        What it and its children burnt.
    """

    seconds: float
    cpu: float


def start(arguments: Sequence[str], *, keep: tuple[int, ...] = ()) -> Start:
    """Start an interpreter and see it end.

    Parameters
    ----------
    keep
        File descriptors that it inherits.

    Raises
    ------
    RuntimeError
        It failed: a start that did not happen is never a fast one.
    """
    started = time.perf_counter()
    with subprocess.Popen(
        [sys.executable, "-P", *arguments],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        env=environment(),
        pass_fds=keep,
    ) as process:
        waited = 0.0
        if hasattr(os, "waitid"):  # which leaves the ended process there, for the kernel to be asked about it
            os.waitid(os.P_PID, process.pid, os.WEXITED | os.WNOWAIT)
            waited = _waited(process.pid)
        _, status, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - started - waited
        process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        said = " ".join(argument for argument in arguments if "\n" not in argument)
        raise RuntimeError(f"`python {said}` ended with exit code {process.returncode}")
    cpu = usage.ru_utime + usage.ru_stime
    return Start(max(seconds, cpu), cpu)


def importing(module: str) -> tuple[float, int]:
    """Import a module in a fresh interpreter; returns the seconds it took and the modules it brought in."""
    read, write = os.pipe()
    try:
        start(("-c", _IMPORT, module, str(write)), keep=(write,))
        seconds, modules = os.read(read, 100).decode().split()
    finally:
        os.close(read)
        os.close(write)
    return float(seconds), int(modules)


def measure(module: str, command: Sequence[str]) -> Starts:
    """Start everything `STARTS` times, in turns, so that each kind meets the same machine."""
    bare, imports, commands = [], [], []
    for _ in range(STARTS):
        bare.append(start(("-c", "pass")).cpu)
        imports.append(importing(module))
        if command:
            commands.append(start(command).seconds)
    return Starts(min(bare), *min(imports), min(commands, default=None))


class _Starts:
    """What both classes below share; asv passes over its name."""

    params = settings.PARAMS
    param_names = settings.PARAM_NAMES
    timeout = 1800.0
    version = "1"

    def setup_cache(self) -> None:
        """Make asv give all benchmarks of this module one working directory; nothing is cached."""

    def setup(self, workload: str, provider: str) -> None:
        """Choose the case, or skip it with a reason."""
        self._settings = settings.read()
        self._settings.case(workload, provider)
        self._subject = load(self._settings.subject)

    def _starts(self) -> Starts:
        store = Path("starts.json")
        if store.exists():
            return Starts(**json.loads(store.read_text()))
        started = time.perf_counter()
        spool = Spool(Path(self._settings.spool or Path.cwd()) / "startup.jsonl")
        try:
            found = measure(module_of(self._subject, self._settings.subject), command_of(self._subject))
        except RuntimeError as error:
            spool.write("failed", reason=str(error))
            raise
        store.write_text(json.dumps(asdict(found)))
        spool.write("warm", seconds=time.perf_counter() - started)
        spool.close()
        return found


class Startup(_Starts):
    """The subject imported, and the bare interpreter that it is compared with."""

    @described("import of the subject", "seconds")
    def track_import(self, workload: str, provider: str) -> float:
        """The import statement alone, in a fresh interpreter."""
        return self._starts().importing

    @described("modules imported by the subject", "modules")
    def track_imported_modules(self, workload: str, provider: str) -> int:
        """Modules that the import brings in, the standard library's included; exact."""
        return self._starts().modules

    @described("start of a bare interpreter, CPU", "seconds")
    def track_interpreter(self, workload: str, provider: str) -> float:
        """CPU time of an interpreter that does nothing: what this machine makes of a start right now."""
        return self._starts().interpreter


class CommandLine(_Starts):
    """The subject's own command line, where it has one."""

    def setup(self, workload: str, provider: str) -> None:
        """Choose the case, or skip it with a reason."""
        super().setup(workload, provider)
        if not command_of(self._subject):
            raise NotImplementedError(
                f"subject {self._settings.subject} names no command line (persona_asv.subject.protocol.Start)"
            )

    @described("start of the command line", "seconds")
    def track_start(self, workload: str, provider: str) -> float:
        """A whole process: interpreter, imports, answer, end."""
        command = self._starts().command
        assert command is not None
        return command
