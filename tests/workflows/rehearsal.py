"""The shell steps of our workflows, carried out here one by one, with simulated events.

``python tests/workflows/rehearsal.py PERSONA_ASV`` makes a package and a bare repository as a forge has it: a
pull request that brings the benchmarks, one from a branch, one from a fork, a push and a tag. Takes some
minutes; ``nox -s rehearsal`` runs it. Actions (checkout, upload, Pages) are played by git.
"""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
import tempfile
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

sys.path.insert(0, str(Path(__file__).parent.parent))
from forge import Forge, finished, pull, serving
from forge import job as job_of

PARTS = ("bringing", "same", "fork", "push", "tag")
"""What is rehearsed, unless some are named behind the requirement."""

ADAPTER = '''
"""The subject: the reference generator, and some work of our own before each operation."""
import time
from persona_asv.subject.reference import REFERENCE
from theirs.work import work

class Theirs:
    name = "theirs"
    version = "1.0"
    providers = REFERENCE.providers
    default_models = REFERENCE.default_models

    def sample(self, size):
        return REFERENCE.sample(size)

    def open(self, **endpoint):
        self.session = REFERENCE.open(**endpoint)
        return self

    def generate(self, research, personas):
        work()
        return self.session.generate(research, personas)

    def close(self):
        self.session.close()

subject = Theirs()
'''
WORK = "import json\n\ndef work():\n    for _ in range({rounds}):\n        json.dumps(list(range(400)))\n"
PYPROJECT = """\
[build-system]
requires = ["hatchling"]
build-backend = "hatchling.build"

[project]
name = "theirs"
version = "1.0"
dependencies = ["persona-asv"]

[project.optional-dependencies]
all = []

[tool.hatch.build.targets.wheel]
packages = ["src/theirs"]
"""


def run(*words: str | Path, cwd: Path) -> str:
    done = subprocess.run(list(map(str, words)), cwd=cwd, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.exit(f"{words}: {done.stdout}{done.stderr}")
    return done.stdout.strip()


def say(*lines: str) -> None:
    sys.stdout.write("".join(f"{line}\n" for line in lines))
    sys.stdout.flush()


def git(folder: Path, *words: str) -> str:
    who = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    return run("git", "-C", folder, *who, *words, cwd=folder)


@dataclass
class Rehearsal:
    """One job: what GitHub knows, and what its steps put out."""

    clone: Path
    github: dict[str, str]
    environ: dict[str, str]
    outputs: dict[str, dict[str, str]] = field(default_factory=dict)
    log: list[str] = field(default_factory=list)

    def expand(self, text: str) -> str:
        def value(found: re.Match[str]) -> str:
            path = found[1].strip().split(".")
            if path[0] == "steps":
                return self.outputs.get(path[1], {}).get(path[3], "")
            return self.github[path[1]]

        return re.sub(r"\$\{\{(.*?)\}\}", value, text)

    def wants(self, condition: str | None) -> bool:
        return condition is None or all(
            self.expand(f"${{{{{left}}}}}") == right.strip().strip("'")
            for left, right in (part.split("==") for part in condition.split("&&"))
        )

    def carry_out(self, workflow: Path, job: str) -> int:
        """Run every step of a job until one fails; returns its exit code."""
        whole = yaml.safe_load(workflow.read_text())
        files = {name: self.clone.parent / f"{self.clone.name}.{name}" for name in ("OUTPUT", "STEP_SUMMARY")}
        for number, step in enumerate(whole["jobs"][job]["steps"]):
            name = step.get("name") or step.get("uses") or str(number)
            if not self.wants(step.get("if")):
                self.log.append(f"  skipped  {name}")
                continue
            if "run" not in step:
                self.log.append(f"  (action) {name}")
                continue
            files["OUTPUT"].write_text("")
            environ = {**whole.get("env", {}), **step.get("env", {})}
            environ = {key: self.expand(text) for key, text in environ.items()} | self.environ
            environ |= {f"GITHUB_{key}": str(path) for key, path in files.items()}
            script = self.clone.parent / "step.sh"
            script.write_text(step["run"])
            done = subprocess.run(  # as the runner starts a step
                ["bash", "--noprofile", "--norc", "-eo", "pipefail", str(script)],
                cwd=self.clone, env={**os.environ, **environ}, capture_output=True, text=True, check=False,
            )  # fmt: skip
            said = dict(line.split("=", 1) for line in files["OUTPUT"].read_text().splitlines())
            if "id" in step:
                self.outputs[step["id"]] = said
            marks = [line for line in (done.stdout + done.stderr).splitlines() if line.startswith("::")]
            self.log.append(f"  exit {done.returncode}   {name}  {said or ''}")
            self.log += [f"           {mark[:200]}" for mark in marks]
            if done.returncode:
                self.log += [f"           {line}" for line in (done.stdout + done.stderr).splitlines()[-4:]]
                return done.returncode
        return 0


@dataclass
class Stage:
    """A project on a forge, the environment of its jobs, and the event files."""

    root: Path
    python: Path
    requirement: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> Path:
        return self.root / "origin.git"

    def environ(self, event: dict[str, Any], **more: str) -> dict[str, str]:
        path = self.root / "event.json"
        path.write_text(json.dumps(event))
        usual = {
            "CI": "true", "GITHUB_ACTIONS": "true", "GITHUB_EVENT_PATH": str(path),
            "PATH": f"{self.python.parent}:{os.environ['PATH']}",
        }  # fmt: skip
        return {**self.variables, **usual, **more}

    def checkout(self, name: str, commit: str, depth: int) -> Path:
        """Return a clone as the checkout action leaves it: detached, shallow, no branch."""
        clone = self.root / name
        clone.mkdir()
        git(clone, "init", "-q")
        git(clone, "remote", "add", "origin", self.origin.as_uri())
        everything = ("origin", "+refs/heads/*:refs/remotes/origin/*")
        wanted = ("--depth", str(depth), "origin", commit) if depth else everything
        git(clone, "fetch", "-q", *wanted)
        git(clone, "checkout", "-q", "--detach", commit)
        return clone

    def pull_request(self, name: str, base: str, head: str) -> Rehearsal:
        """Return the job of a pull request: the checkout is the merge of base and head."""
        work = self.root / f"{name}.merge"
        git(self.root, "clone", "-q", str(self.origin), work.name)
        git(work, "checkout", "-q", "--detach", base)
        git(work, "fetch", "-q", "origin", head)
        git(work, "merge", "-q", "--no-ff", "-m", "merge", head)
        git(work, "push", "-q", "origin", f"HEAD:refs/pull/{name}/merge")
        merge = git(work, "rev-parse", "HEAD")
        clone = self.checkout(name, merge, 2)
        event = {"pull_request": {"number": 1, "base": {"sha": base, "ref": "main"}, "head": {"sha": head}}}
        more = {
            "GITHUB_BASE_REF": "main",
            "GITHUB_WORKSPACE": str(clone),
            "GITHUB_EVENT_NAME": "pull_request",
        }
        return Rehearsal(clone, {"ref": f"refs/pull/{name}/merge"}, self.environ(event, **more))


def commit(folder: Path, message: str, **files: str) -> str:
    for name, text in files.items():
        path = folder / name.replace("SLASH", "/").replace("DOT", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", message)
    return git(folder, "rev-parse", "HEAD")


def tell(title: str, job: Rehearsal, code: int) -> None:
    say(f"{title}: exit {code}", *job.log)
    comment = job.clone / "benchmark" / "comment.markdown"
    if comment.is_file():
        say(*(f"    | {line[:140]}" for line in comment.read_text().splitlines()[:14]))


def comment(stage: Stage, name: str, head: str, artifact: Path, workflows: Path) -> Forge:
    """Carry out the job that comments, in a checkout of main, against a stand-in for GitHub's API."""
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as file:
        for path in sorted(each for each in artifact.rglob("*") if each.is_file()):
            file.write(path, path.relative_to(artifact))
    forge = Forge(pulls=[pull(7, head)], artifact=packed.getvalue() if artifact.is_dir() else None)
    clone = stage.checkout(f"{name}.comment", git(stage.origin, "rev-parse", "main"), 1)
    with serving(forge):
        event = finished()
        event["workflow_run"]["head_sha"] = head
        known = job_of(forge, stage.root, event)
        job = Rehearsal(clone, {"token": known["GITHUB_TOKEN"]}, stage.environ(event, **known))
        tell("  its comment", job, job.carry_out(workflows / "benchmark-comment.yml", "comment"))
    for each in forge.comments:
        say(f"    posted: {len(each['body'])} characters, {each['body'].splitlines()[2]}")
    return forge


def main(requirement: str, *only: str) -> None:
    with tempfile.TemporaryDirectory(prefix="rehearsal-") as scratch:
        root = Path(scratch)
        run(sys.executable, "-m", "venv", root / "venv", cwd=root)
        stage = Stage(root, root / "venv" / "bin" / "python", requirement)
        run(stage.python, "-m", "pip", "install", "-q", requirement, cwd=root)
        git(root, "init", "-q", "--bare", "-b", "main", "origin.git")
        git(root, "clone", "-q", "origin.git", "project")
        project = root / "project"
        first = commit(project, "first", pyprojectDOTtoml=PYPROJECT, srcSLASHtheirsSLASH__init__DOTpy="",
                       srcSLASHtheirsSLASHworkDOTpy=WORK.format(rounds=10),
                       srcSLASHtheirsSLASHadapterDOTpy=ADAPTER)  # fmt: skip
        git(project, "push", "-q", "origin", "HEAD:main")
        run(stage.python, "-m", "pip", "install", "-q", "-e", ".", cwd=project)
        init = ("-m", "persona_asv", "benchmark", "init", "--subject", "theirs.adapter:subject")
        say(run(stage.python, *init, "--requirement", requirement, cwd=project))
        gated = commit(project, "gated")
        measuring = project / ".github" / "workflows" / "benchmark.yml"
        history = project / ".github" / "workflows" / "benchmark-history.yml"
        git(project, "push", "-q", "origin", "HEAD:refs/heads/gate")

        def pull_request(name: str, title: str, base: str, head: str) -> None:
            if name in (only or PARTS):
                job = stage.pull_request(name, base, head)
                tell(f"A pull request {title}", job, job.carry_out(measuring, "benchmark"))
                comment(stage, name, head, job.clone / "benchmark", project / ".github" / "workflows")

        pull_request("bringing", "that brings the benchmarks", first, gated)
        git(project, "push", "-q", "origin", "HEAD:main")
        same = commit(project, "words", READMEDOTmd="words\n")
        git(project, "push", "-q", "origin", "HEAD:refs/heads/same")
        pull_request("same", "from a branch that changes nothing", gated, same)

        git(project, "checkout", "-q", "-b", "slow", gated)
        slow = commit(project, "slow", srcSLASHtheirsSLASHworkDOTpy=WORK.format(rounds=80))
        git(project, "push", "-q", "origin", "HEAD:refs/pull/2/head")
        pull_request("fork", "from a fork that slows it down", gated, slow)

        git(project, "checkout", "-q", "main")
        git(project, "reset", "-q", "--hard", gated)
        git(project, "tag", "v1.0")
        git(project, "push", "-q", "origin", "v1.0")
        for name, kind, ref in (("push", "branch", "main"), ("tag", "tag", "v1.0")):
            if name not in (only or PARTS):
                continue
            clone = stage.checkout(name, gated, 0)
            more = {"GITHUB_SHA": gated, "GITHUB_WORKSPACE": str(clone)}
            known = {"ref_type": kind, "ref_name": ref, "token": ""}
            job = Rehearsal(clone, known, stage.environ({}, **more))
            tell(f"A {name}", job, job.carry_out(history, "measure"))
            say("    on the branch:", git(stage.origin, "ls-tree", "-r", "--name-only", "benchmark-results"))


if __name__ == "__main__":
    main(*sys.argv[1:])
