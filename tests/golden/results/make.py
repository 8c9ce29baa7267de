"""Make the golden result files again: real asv, in a temporary git repository, on the suite beside this file.

Run it as ``python tests/golden/results/make.py [FOLDER]``; without a folder the files beside it are replaced.
The repository's one commit has a fixed author and date, hence a fixed hash; the machine is a made-up one that
asv reads from its own file; the clock of the suite is scripted. What is left that differs from run to run or
from machine to machine is replaced by fixed values: environment and interpreter, starts, durations, and the
peak of memory. Two runs give the same bytes.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent
MACHINE = {
    "machine": "golden",
    "arch": "x86_64",
    "cpu": "Golden 1000",
    "num_cpu": "4",
    "os": "Linux 6.1",
    "ram": "8589934592",
}
ENVIRONMENT = "existing-py3"
DAY = 1_767_225_600
STARTED_AT = DAY * 1000 + 90_000
PEAK_BYTES = 25_165_824
FIXED = {
    "GIT_CONFIG_GLOBAL": os.devnull,
    "GIT_CONFIG_NOSYSTEM": "1",
    "GIT_AUTHOR_NAME": "Golden",
    "GIT_AUTHOR_EMAIL": "golden@example.org",
    "GIT_AUTHOR_DATE": f"{DAY} +0000",
    "GIT_COMMITTER_NAME": "Golden",
    "GIT_COMMITTER_EMAIL": "golden@example.org",
    "GIT_COMMITTER_DATE": f"{DAY} +0000",
}
SAMPLES = "--record-samples"
SELECTED = ["--bench", r"^cases\.Timed\.time_generate\('mock', 'standard'\)$"]
ROUND = ["--bench", "Timed|Plain|track_samples|track_whole"]
# Golden file: its runs, one after the other into one results folder: (SUITE_ROUND, asv's options).
RUNS = {
    "recorded.json": [("1", [SAMPLES])],
    "unrecorded.json": [("1", ROUND)],
    "partial.json": [("1", [SAMPLES, *SELECTED])],
    "round-1.json": [("1", [SAMPLES, *ROUND])],
    "round-2.json": [("2", [SAMPLES, *ROUND])],
    "appended.json": [("1", [SAMPLES, *ROUND]), ("2", [SAMPLES, "--append-samples", *ROUND])],
}


def make(target: Path) -> None:
    """Write every golden file into a folder."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder)
        (home / ".asv-machine.json").write_text(json.dumps({"golden": MACHINE, "version": 1}))
        project = home / "project"
        shutil.copytree(HERE / "suite", project / "suite", ignore=shutil.ignore_patterns("__pycache__"))
        # A git hook's GIT_DIR would lead the commands below into the repository that runs it.
        outside = {key: value for key, value in os.environ.items() if not key.startswith("GIT_")}
        environment = {**outside, **FIXED, "HOME": str(home)}
        for command in ("init --quiet --initial-branch=main", "add suite", "commit --quiet -m Golden"):
            subprocess.run(["git", *command.split()], cwd=project, env=environment, check=True)
        for name, runs in RUNS.items():
            results = home / name / "golden"
            for script, options in runs:
                _run_asv(project, results.parent, options, {**environment, "SUITE_ROUND": script})
            (stored,) = set(results.glob("*.json")) - {results / "machine.json"}
            _normalise(stored, target / name)
        shutil.copy(results / "machine.json", target / "machine.json")
        shutil.copy(results.parent / "benchmarks.json", target / "benchmarks.json")


def _run_asv(project: Path, results: Path, options: list[str], environment: dict[str, str]) -> None:
    config = {
        "version": 1,
        "project": "golden",
        "repo": ".",
        "branches": ["HEAD"],
        "benchmark_dir": "suite",
        "environment_type": "virtualenv",
        "results_dir": str(results),
    }
    (project / "asv.conf.json").write_text(json.dumps(config))
    command = ["run", "-E", "existing:same", "--set-commit-hash", "HEAD", "--machine", "golden"]
    command += ["--launch-method", "forkserver", *options]
    ran = subprocess.run(
        [sys.executable, "-m", "asv", *command],
        cwd=project,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    # 2: a benchmark failed, and the suite has some that do; asv has written the result all the same.
    if ran.returncode not in (0, 2):
        raise SystemExit(f"asv {' '.join(command)} ended with {ran.returncode}:\n{ran.stdout}{ran.stderr}")


def _normalise(stored: Path, target: Path) -> None:
    found = json.loads(stored.read_text(encoding="utf-8"))
    found["env_name"] = ENVIRONMENT
    found["python"] = found["params"]["python"] = "3"
    started_at, duration = (found["result_columns"].index(key) for key in ("started_at", "duration"))
    for name, row in found["results"].items():
        row[started_at], row[duration] = STARTED_AT, 1.25
        if "peakmem" in name:
            row[0] = [PEAK_BYTES]
    found["durations"] = dict.fromkeys(found["durations"], 0.5)
    target.write_text(json.dumps(found), encoding="utf-8")


if __name__ == "__main__":
    make(Path(sys.argv[1]) if len(sys.argv) > 1 else HERE)
