"""asv runs, one a round, in a process of their own, with the seams that asv leaves no option for.

``python -m persona_asv.engine.asv_launcher ORDER…`` carries out one order (`Order`, a JSON file) after the
other by calling asv's own ``Run``; each round's benchmarks are fresh processes, but asv itself is imported
once. What differs from the plain command, all of it against the pinned version (tests/test_launcher.py fails
when asv moves):

- **The commit is stated, not looked up.** asv wants a repository whose configured branches exist, which a
  pull request's checkout has not, and saves nothing without one. The CLI knows the commit and its date.
- **The machine file is ours**, so the user's ``~/.asv-machine.json`` is neither needed nor touched, HOME
  stays what it is, and asv never prompts.
- **Memory is measured in an executed process, all else in forked ones**: asv's fork server makes a
  benchmark cost 0.02 s instead of 0.11 s, but a forked process inherits its parent's memory.
- **What cannot change between the rounds is done once**: the discovery of benchmarks. And the suite's
  ``setup_cache``, which only asks for a common folder, gets one without a process.
"""

from __future__ import annotations

import copy
import json
import os
import pickle
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

NOTHING_SELECTED = 1
"""asv's exit code where it ran nothing; 2 means that a benchmark failed, but the others are saved."""


@dataclass(frozen=True, slots=True)
class Order:
    """What one `asv run` shall do.

    Attributes
    ----------
    config
        Path of the generated asv configuration.
    python
        Interpreter whose environment is measured (asv's ``existing`` environment).
    commit, date
        Hash under which asv saves, and its date in milliseconds since the epoch.
    machine, machine_file
        Name of this machine, and the file that describes it.
    benchmarks
        Regular expressions as for ``asv run --bench``.
    times
        File that takes one JSON line per executed (not forked) benchmark: name, wall seconds.
    log, done
        File that takes asv's output, and the one that takes its exit code, in one step, at the end.
    environ
        Environment variables for the benchmark processes.
    profile
        Whether asv runs every benchmark once more, under its profiler.
    """

    config: str
    python: str
    commit: str
    date: int
    machine: str
    machine_file: str
    benchmarks: tuple[str, ...]
    times: str
    log: str
    done: str
    environ: dict[str, str]
    profile: bool = False

    def to_json(self) -> str:
        """Return the order as the launcher reads it."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Order:
        """Return the order that `to_json` wrote."""
        facts = json.loads(text)
        return cls(**{**facts, "benchmarks": tuple(facts["benchmarks"])})


def _stated_repository(order: Order) -> type:
    """Return a class with as much of asv's ``Repo`` as a run in an existing environment asks for."""

    class StatedRepository:
        def __init__(self, *args: object) -> None:
            pass

        def pull(self) -> None:
            pass

        def get_hash_from_name(self, name: str | None) -> str:
            return order.commit

        def get_date(self, commit: str) -> int:
            return order.date

        def get_decorated_hash(self, commit: str, length: int = 8) -> str:
            return commit[:length]

    return StatedRepository


def _mixed_spawner(order: Order) -> Any:
    """Return asv's ``get_spawner``, replaced: executed processes for memory, forked ones for the rest."""
    from asv import runner

    class MixedSpawner(runner.ForkServer):  # type: ignore[misc]
        def __init__(self, env: Any, root: str) -> None:
            super().__init__(env, root)
            self._executed = runner.Spawner(env, root)

        def create_setup_cache(self, *args: Any) -> tuple[str, None]:
            folder = tempfile.mkdtemp()
            (Path(folder) / "cache.pickle").write_bytes(pickle.dumps(None))
            return folder, None

        def run(self, name: str, *args: Any, **kwargs: Any) -> Any:
            if not name.rpartition("-")[0].rpartition(".")[2].startswith("peakmem_"):
                return super().run(name, *args, **kwargs)
            started = time.perf_counter()
            result = self._executed.run(name, *args, **kwargs)
            with Path(order.times).open("a") as file:
                file.write(json.dumps({"name": name, "seconds": time.perf_counter() - started}) + "\n")
            return result

    def get_spawner(env: Any, benchmark_dir: str, launch_method: str | None) -> Any:
        return MixedSpawner(env, benchmark_dir)

    return get_spawner


def _remember_discovery() -> None:
    """Make asv discover the benchmarks of a suite in an environment once in this process."""
    from asv.benchmarks import Benchmarks

    discover = Benchmarks._disc_benchmarks
    found: dict[tuple[str, ...], list[dict[str, Any]]] = {}

    def discover_once(
        conf: Any, repo: Any, environments: Any, commits: Any, check: bool
    ) -> list[dict[str, Any]]:
        key = (conf.benchmark_dir, *(environment.name for environment in environments))
        if key not in found:
            found[key] = discover(conf, repo, environments, commits, check)
        return copy.deepcopy(found[key])

    Benchmarks._disc_benchmarks = discover_once


def run(order: Order) -> int:
    """Run asv as ordered; returns its exit code (0, `NOTHING_SELECTED`, or 2 where a benchmark failed)."""
    from asv import config, console, environment, runner, util
    from asv.commands import run as command

    command.get_repo = lambda conf: _stated_repository(order)()
    runner.get_spawner = _mixed_spawner(order)
    try:
        code = command.Run.run(
            config.Config.load(order.config),
            env_spec=[f"existing:{order.python}"],
            set_commit_hash=order.commit,
            bench=list(order.benchmarks),
            record_samples=True,
            profile=order.profile,
            show_stderr=True,
            pull=False,
            machine=order.machine,
            _machine_file=order.machine_file,
            _returns={},
        )
    except (util.UserError, environment.EnvironmentUnavailable) as error:
        console.log.error(str(error))
        return NOTHING_SELECTED
    finally:
        console.log.flush()
    return int(code or 0)


def main(orders: list[str]) -> int:
    """Carry out the orders until one fails; each leaves its exit code in its file ``done``."""
    from asv import console

    console.log.enable(verbose=False)
    _remember_discovery()
    code = 0
    for name in orders:
        order = Order.from_json(Path(name).read_text())
        log = os.open(order.log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        for stream in (sys.stdout, sys.stderr):
            stream.flush()
            os.dup2(log, stream.fileno())
        os.close(log)
        os.chdir(Path(order.config).parent)
        os.environ.update(order.environ)
        code = run(order)
        sys.stdout.flush()
        done = Path(order.done)
        done.with_suffix(".new").write_text(str(code))
        done.with_suffix(".new").replace(done)
        if code:
            break
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
