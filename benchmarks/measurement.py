"""One measurement: a case on a provider, in this process; every metric of the case reads the same one.

`generation.Generation.time_generate` is the measurement, driven by asv. The ``track_*`` benchmarks beside it
share its working directory and read what it left there (`stored`); selected alone, they measure themselves.
"""

from __future__ import annotations

import importlib.util
import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NoReturn

from persona_asv.subject import load

from .accounting import Operation, account, as_rows
from .probe import Probe, Reading
from .provider import Provider
from .reference_operation import reference_operation
from .settings import Case, Settings
from .traffic import Request

API_KEY = "stand-in"
"""What the stand-in takes for a key; no real key is read here."""


class Spool:
    """One line of JSON per event, written at once: live progress, and what is left of a broken-off run."""

    def __init__(self, path: Path) -> None:
        self._file = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND | os.O_CLOEXEC, 0o644)

    def write(self, event: str, **facts: Any) -> None:
        """Append one event."""
        os.write(self._file, json.dumps({"event": event, **facts}).encode() + b"\n")

    def close(self) -> None:
        """Close the file."""
        os.close(self._file)


def skip_unless_possible(settings: Settings, provider: str, case: Case | None = None) -> None:
    """Raise asv's word for "skip" where this commit cannot be measured this way.

    Raises
    ------
    NotImplementedError
        The subject does not know the provider or cannot do what the case is, or no stand-in was named and the
        commit has none of its own.
    """
    subject = load(settings.subject)
    lacks = getattr(subject, "lacks", {})
    if case is not None and case.concurrency is not None and "batch" in lacks:
        raise NotImplementedError(f"{subject.name} {subject.version}: {lacks['batch']}")
    if provider not in subject.providers:
        raise NotImplementedError(f"{subject.name} {subject.version} does not know the provider {provider}")
    if settings.standin is None and importlib.util.find_spec("persona_asv.standin") is None:
        raise NotImplementedError(
            "this commit has no stand-in of its own: measure it with `persona benchmark run`"
        )


class Measurement:
    """The subject, opened and warmed up, with a probe ready to time operations.

    Parameters
    ----------
    case, provider
        What one operation is, and the wire format it uses.
    settings
        What the environment said.
    kind
        Name of the measurement in the spool: "generation" or "memory".
    """

    def __init__(self, case: Case, provider: str, settings: Settings, kind: str = "generation") -> None:
        if sys.stdin is None or sys.stdin.closed:  # asv closes it; who asks shall hear that nobody answers
            sys.stdin = Path(os.devnull).open()  # noqa: SIM115
        subject = load(settings.subject)
        self.case = case
        research = Path(case.path) if case.path else subject.sample(case.sample)
        self._session = f"{settings.session}.{kind}.{case.name[:16]}.{provider}.{os.getpid()}"
        folder = Path(settings.spool) if settings.spool else Path.cwd()
        self._spool = Spool(folder / f"{kind}.{case.name}.{provider}.jsonl")
        self._spool.write(
            "start", kind=kind, case=case.name, provider=provider, operations=case.operations,
            code=file_of(settings.subject, subject),
        )  # fmt: skip
        self._provider = Provider(settings.standin)
        self._provider.open_session(self._session, settings.profile, settings.faults)
        self._subject = subject.open(
            provider=provider,
            base_url=self._provider.base_url(self._session),
            model=settings.model or subject.default_models[provider],
            api_key=API_KEY,
        )
        if case.concurrency is None:
            self._generate = partial(self._subject.generate, research, case.personas)
        elif hasattr(self._subject, "generate_batch"):
            self._generate = partial(self._subject.generate_batch, research, case.personas, case.concurrency)
        else:
            self.fail(f"it has no generate_batch, which {case.name} measures")
        self._readings: list[Reading] = []
        self._outcomes: list[tuple[int, bool]] = []
        self._last: tuple[int, bool] = (0, True)
        self.reason = ""
        self.probe = Probe(reference_operation, self._keep)

    def operate(self) -> None:
        """Run one operation; a failure is an outcome, not an error: the operation counts up to it."""
        try:
            personas = self._generate().personas
        except (Exception, SystemExit) as error:
            self._last = (0, True)
            self.reason = f"{type(error).__name__}: {error}"
        else:
            self._last = (personas, personas < self.case.personas)

    def warm_up(self, operations: int, after: Callable[[], object] = bool) -> None:
        """Run operations that are not measured, and something after each.

        Raises
        ------
        RuntimeError
            Every one of them failed: there is nothing to measure.
        """
        started = time.perf_counter()
        failures = 0
        for _ in range(operations):
            self.operate()
            failures += self._last[0] == 0
            after()
        self.probe.follow()
        self._spool.write("warm", seconds=time.perf_counter() - started)
        if failures == operations:
            self.fail(f"each of {operations} warm-up operations failed, the last with {self.reason}")

    def say(self, event: str, **facts: Any) -> None:
        """Add an event to the spool."""
        self._spool.write(event, **facts)

    def fail(self, reason: str) -> NoReturn:
        """Say why nothing can be measured, then raise it."""
        self._spool.write("failed", reason=reason)
        raise RuntimeError(reason)

    def run(self) -> None:
        """Measure the case's operations without asv's loop."""
        while not self.complete:
            self.probe()
            self.operate()
            self.probe()

    @property
    def complete(self) -> bool:
        """Whether all operations of the case are measured."""
        return len(self._readings) >= self.case.operations

    def _keep(self, reading: Reading) -> None:
        self._readings.append(reading)
        self._outcomes.append(self._last)
        personas, failed = self._last
        facts = reading._asdict()
        del facts["before"], facts["after"]
        delay = reading.delay if self.case.concurrency is None else reading.longest_delay
        self._spool.write("operation", **facts, delay=delay, personas=personas, failed=failed)

    def finish(self, store: Path) -> list[Operation]:
        """Account for the operations measured so far and store them, in one step, for the other metrics.

        Raises
        ------
        RuntimeError
            No operation returned a persona.
        """
        requests = [Request.of(entry) for entry in self._provider.requests(self._session)]
        operations = account(
            self._readings,
            self._outcomes,
            requests,
            asked=self.case.personas,
            concurrency=self.case.concurrency,
        )
        if not any(operation.personas for operation in operations):
            self.fail(f"each of {len(operations)} operations failed, the last with {self.reason}")
        new = store.with_suffix(".new")
        new.write_text(json.dumps(as_rows(operations)))
        new.replace(store)
        self._spool.write("end", operations=len(operations), personas=sum(o.personas for o in operations))
        return operations

    def close(self) -> None:
        """Close the subject, the stand-in if it is ours, and the files."""
        self._subject.close()
        self._provider.close()
        self.probe.close()
        self._spool.close()


def file_of(name: str, subject: object) -> str:
    """Return the file that a loaded subject's code came from: whose code this process measures."""
    module = name.partition(":")[0] if ":" in name else "persona_asv.subject.reference"
    return str(getattr(sys.modules.get(getattr(subject, "code", module)), "__file__", None) or "")


def stored(store: Path) -> list[Operation] | None:
    """Return the operations of an earlier process, or None where none finished here."""
    try:
        rows = json.loads(store.read_text())
    except FileNotFoundError:
        return None
    return [Operation(**row) for row in rows]
