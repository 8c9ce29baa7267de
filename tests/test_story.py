"""The story of a gate, all of it really run: the tutorial to the letter, and the pull requests it leads to.

The shell steps of the workflows that `init` wrote are carried out one by one, with the events that GitHub
would send: see `workflows/rehearsal.py`. What decides is counted, not timed: the slower change asks twice.
"""

from __future__ import annotations

import sys
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from conftest import ROOT, Done, git
from pages import Command, File, steps
from terminal import Terminal, cloned, opened

sys.path.insert(0, str(ROOT / "tests" / "workflows"))
from rehearsal import Rehearsal, Stage, comment

TUTORIAL = "docs/tutorial/first-gate.md"
SIZES = """\
  machine: tester
  workloads:
    standard: {iterations: 2, rounds: 2}
    quick: {iterations: 2}
"""
"""A few operations, added to the persona.yaml that `init` wrote; all else is as in the tutorial."""

CAPTURE = "git switch -q main && git merge -q gate && persona benchmark capture --name v1.0"
SHOWN = {
    "persona benchmark init --subject acme.measured:Acme": "Wrote .github/workflows/benchmark.yml",
    "persona benchmark run --workload quick": "Subject:  acme.measured:Acme 1.0",
    CAPTURE: "Captured",
    "persona benchmark compare --baseline main --ci": "api_calls_per_persona",
}
ENDS = {"persona benchmark compare --baseline main --ci": 2}
"""Exit codes that the text names; all others are 0."""


@dataclass
class Story:
    """What was typed so far, and the forge that it is pushed to."""

    root: Path
    terminal: Terminal
    done: dict[str, Done] = field(default_factory=dict)

    @property
    def project(self) -> Path:
        return self.root / "acme"

    def follow(self, page: str) -> None:
        """Do what a page says: write the files it shows, type its commands."""
        for step in steps(page):
            if isinstance(step, File):
                path = self.terminal.folder / step.name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_text(step.text)
            elif not step.inline:
                self.done[step.text] = self.terminal.type(step.text)
                if step.text.startswith("persona benchmark init"):
                    with (self.terminal.folder / "persona.yaml").open("a") as settings:
                        settings.write(SIZES)

    def stage(self, project: Path, python: Path) -> Stage:
        """Return the forge of a project, every branch of it pushed."""
        root = self.root / f"{project.name}.forge"
        root.mkdir()
        git(root, "clone", "-q", "--bare", str(project), "origin.git")
        kept = ("HOME", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM")
        environ = self.terminal.environ
        variables = {n: v for n, v in environ.items() if n in kept or n.startswith(("PIP_", "GIT_AUTHOR"))}
        return Stage(root, python, "", variables)


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory) -> Story:
    root = tmp_path_factory.mktemp("story").resolve()
    cloned(root / "persona-asv")
    its = Story(root, opened(root, root))
    its.follow(TUTORIAL)
    return its


@pytest.fixture(scope="module")
def python(story: Story) -> Path:
    """Return the interpreter of every job: the environment that the tutorial made."""
    return story.project / ".venv" / "bin" / "python"


@pytest.fixture(scope="module")
def stage(story: Story, python: Path) -> Stage:
    return story.stage(story.project, python)


def workflow(name: str, project: Path) -> Path:
    return project / ".github" / "workflows" / f"benchmark{name}.yml"


def of(project: Path, name: str) -> str:
    return git(project, "rev-parse", name)


def branch(stage: Stage, name: str, base: str, **files: str | None) -> str:
    """Push a branch with one commit on a base, which writes files or removes them; returns the commit."""
    work = stage.root / f"{name}.work"
    git(stage.root, "clone", "-q", str(stage.origin), work.name)
    git(work, "switch", "-q", "-c", name, base)
    for file, text in files.items():
        path = work / file.replace("__", ".")
        if text is None:
            path.unlink()
        else:
            path.write_text(text)
    git(work, "add", ".")
    git(work, "commit", "-q", "-m", name)
    git(work, "push", "-q", "origin", name)
    return of(work, "HEAD")


def judged(stage: Stage, name: str, base: str, head: str, by: Path) -> tuple[int, Rehearsal, str]:
    """Carry out the job of a pull request; returns its exit code, itself, and the summary it wrote."""
    job = stage.pull_request(name, base, head)
    code = job.carry_out(by, "benchmark")
    summary = stage.root / f"{name}.STEP_SUMMARY"
    return code, job, summary.read_text() if summary.exists() else ""


def pushed(stage: Stage, commit: str) -> Rehearsal:
    """Return the job of a push to the default branch."""
    clone = stage.checkout("push", commit, 0)
    more = {"GITHUB_SHA": commit, "GITHUB_WORKSPACE": str(clone)}
    known = {"ref_type": "branch", "ref_name": "main", "token": ""}
    return Rehearsal(clone, known, stage.environ({}, **more))


def log(job: Rehearsal) -> str:
    return "\n".join(job.log)


class TestTheTutorial:
    COMMANDS = tuple(step for step in steps(TUTORIAL) if isinstance(step, Command))

    @pytest.mark.parametrize("command", [c for c in COMMANDS if not c.inline], ids=str)
    def test_a_command_does_what_it_says(self, command: Command, story: Story) -> None:
        done = story.done[command.text]
        assert done.code == ENDS.get(command.text, 0), done.out + done.err
        assert SHOWN.get(command.text, "") in done.out + done.err

    def test_names_no_other_command(self) -> None:
        assert [command for command in self.COMMANDS if command.inline] == []
        assert SHOWN.keys() | ENDS.keys() <= {command.text for command in self.COMMANDS}

    def test_tells_that_the_change_costs_twice_the_requests(self, story: Story) -> None:
        said = story.done["persona benchmark compare --baseline main --ci"].out
        (row,) = [line for line in said.splitlines() if "api_calls_per_persona" in line and "│" in line]
        assert "+100.0%" in row

    def test_is_short(self) -> None:
        assert len((ROOT / TUTORIAL).read_text().splitlines()) <= 80


class TestPullRequests:
    def test_the_first_is_measured_and_passes_with_a_notice(self, story: Story, stage: Stage) -> None:
        first = git(story.project, "rev-list", "--max-parents=0", "HEAD")
        code, job, summary = judged(
            stage, "first", first, of(story.project, "gate"), workflow("", story.project)
        )
        assert code == 0, log(job)
        assert "::notice title=Performance: nothing to compare with yet::" in log(job)
        assert summary.startswith("## Performance: nothing to compare with yet\n")
        assert list(job.clone.glob(".asv/runs/*/run.json")) != [], "and it was measured"
        assert "skipped  Compare" in log(job)

    def test_one_that_is_slower_fails_and_is_told_why(self, story: Story, stage: Stage) -> None:
        main, slower = of(story.project, "main"), of(story.project, "slower")
        code, job, summary = judged(stage, "slower", main, slower, workflow("", story.project))
        assert code == 2, log(job)
        assert "::error title=Performance: failure threshold exceeded::" in log(job)
        said = (job.clone / "benchmark" / "compare.log").read_text()
        assert "%0Aapi_calls_per_persona: +100.0%25 (1 to 2), fail in standard" in said, "an annotation"
        assert "`api_calls_per_persona`" in summary
        forge = comment(stage, "slower", slower, job.clone / "benchmark", workflow("", story.project).parent)
        (posted,) = forge.comments
        headline = posted["body"].splitlines()[2]
        assert headline.startswith("### ❌ Performance: failure threshold exceeded by ")
        assert "`api_calls_per_persona`" in headline

    def test_one_onto_a_commit_without_benchmarks_is_measured(self, story: Story, stage: Stage) -> None:
        settings = (story.project / "persona.yaml").read_text()
        main = of(story.project, "main")
        base = branch(stage, "without", main, persona__yaml=None)
        head = branch(stage, "with", base, persona__yaml=settings)
        code, job, _ = judged(stage, "without", base, head, workflow("", story.project))
        assert code == 0, log(job)
        assert "::notice title=Performance: nothing to compare with yet::" in log(job)

    def test_one_that_takes_the_adapter_away_fails(self, story: Story, stage: Stage) -> None:
        settings = (story.project / "persona.yaml").read_text()
        away = settings.replace("acme.measured:Acme", "reference")
        main = of(story.project, "main")
        head = branch(stage, "away", main, persona__yaml=away)
        code, job, _ = judged(stage, "away", main, head, workflow("", story.project))
        assert code == 3, log(job)
        assert "::error title=Performance: could not measure::" in log(job)
        said = (job.clone / "benchmark" / "comment.markdown").read_text()
        assert "subject reference is ours" in said
        assert "benchmarks.subject" in said

    def test_the_first_push_begins_the_history(self, story: Story, stage: Stage) -> None:
        job = pushed(stage, of(story.project, "main"))
        assert job.carry_out(workflow("-history", story.project), "measure") == 0, log(job)
        names = git(stage.origin, "ls-tree", "-r", "--name-only", "benchmark-results").splitlines()
        assert any(name.startswith("results/tester/") for name in names)
        assert (job.clone / "site" / "start.html").is_file()


@dataclass
class Beginning:
    """A repository that `init` was told of no subject for, a change on top, and what `init` said."""

    project: Path
    said: Done
    stage: Stage
    terminal: Terminal


@pytest.fixture(scope="module")
def beginning(story: Story, python: Path) -> Beginning:
    folder = story.root / "plain"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    terminal = story.terminal.beside(folder)
    (folder / "README.md").write_text("words\n")
    terminal.type("git add . && git commit -q -m first && git switch -q -c gate")
    said = terminal.type("persona benchmark init")
    terminal.type("git add . && git commit -q -m gate && git switch -q -c change")
    (folder / "README.md").write_text("other words\n")
    terminal.type("git commit -q -am change")
    return Beginning(folder, said, story.stage(folder, python), terminal)


class TestARepositoryWithoutAnAdapter:
    """``init`` as it comes, without a subject: what it says, and what becomes of every pull request."""

    def test_is_told_what_to_do(self, beginning: Beginning) -> None:
        said = beginning.said
        assert said.code == 0, said.err
        (note,) = [line for line in said.out.replace("\n  ", " ").splitlines() if "gates nothing" in line]
        assert note.startswith("Note: the subject reference is persona_asv's own")
        assert "name your adapter as benchmarks.subject in persona.yaml" in note

    @pytest.mark.parametrize(("base", "head"), [("main", "gate"), ("gate", "change")])
    def test_passes_with_a_warning_and_a_summary(self, base: str, head: str, beginning: Beginning) -> None:
        project = beginning.project
        commits = of(project, base), of(project, head)
        code, job, summary = judged(beginning.stage, head, *commits, workflow("", project))
        assert code == 0, log(job)
        (mark,) = [line.strip() for line in job.log if line.strip().startswith("::")]
        assert mark.startswith("::warning title=Performance: nothing of this repository is measured::")
        assert summary.startswith("## Performance: nothing of this repository is measured\n")
        assert "benchmarks.subject in persona.yaml" in summary
        assert not (job.clone / ".asv").exists(), "nothing of ours is measured instead"

    def test_a_push_begins_no_history(self, beginning: Beginning) -> None:
        job = pushed(beginning.stage, of(beginning.project, "gate"))
        assert job.carry_out(workflow("-history", beginning.project), "measure") == 0, log(job)
        assert "::warning title=Performance: nothing of this repository is measured::" in log(job)
        assert git(beginning.stage.origin, "branch", "--list", "benchmark-results") == ""

    def test_in_a_terminal_compare_says_it_in_one_line(self, beginning: Beginning) -> None:
        done = beginning.terminal.type("persona benchmark compare --baseline main --ci")
        assert (done.code, done.out, done.err.count("\n")) == (3, "", 1)
        assert done.err.startswith("error: both commits cannot be measured: subject reference is ours")
        assert "name your adapter as benchmarks.subject in persona.yaml" in done.err
