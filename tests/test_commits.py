"""Commits as sides of a comparison: what is stored of them, and what a change cannot hide itself behind."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import git, persona
from test_choice import baseline
from test_comparison import file

from persona_asv import choice, metrics, pipeline, place, plan, workloads
from persona_asv.baselines import companion
from persona_asv.baselines.shelf import shelf_of
from persona_asv.chosen import Chosen, Terms
from persona_asv.config import Config, load
from persona_asv.engine.results import write_result_file
from persona_asv.errors import ExitCode, MeasurementError, UsageError
from persona_asv.footing import footing, settings_of
from persona_asv.gate import Rules
from persona_asv.pipeline import Pipeline

CI = Terms(ci=True)


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return main with a release and a commit after it, checked out at a change that left it there."""
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.chdir(tmp_path)
    git(tmp_path, "init", "-q", "-b", "main")
    (tmp_path / ".gitignore").write_text(".asv/\n")
    committed(tmp_path, "release")
    git(tmp_path, "tag", "v1.0.0")
    committed(tmp_path, "main")
    git(tmp_path, "switch", "-q", "-c", "change")
    committed(tmp_path, "change")
    return tmp_path


def committed(root: Path, message: str) -> str:
    git(root, "add", "--all")
    git(root, "commit", "-q", "--allow-empty", "-m", message)
    return git(root, "rev-parse", "HEAD")


def head(root: Path, name: str = "HEAD") -> str:
    return git(root, "rev-parse", name)


def ran(root: Path, number: int, commit: str | None = None, *, case: str = "standard", **how: float) -> Path:
    """Store a run of three rounds: of a commit, else of the code as it is now."""
    workload = workloads.resolve(case, Config(root=root), None, None)
    intended, ground = place.prepare(Config(root=root), workload, metrics.families(()))
    facts = plan.facts(intended, ground, state="finished")
    if commit is not None:
        facts |= {"commit": commit, "state_of_code": ""}
    run = root / ".asv" / "runs" / f"2026010{number}T120000-{number:06}"
    params, stamp = (f"'{case}'", "'anthropic'"), plan.identity(intended, ground)
    for each in range(3):
        seed = 100 * number + each
        made = file(seed, commit or "0" * 40, start=seed, params=params, stamp=stamp, **how)
        write_result_file(made, run / f"round-0{each + 1}" / "here" / "x.json")
    (run / "run.json").write_text(json.dumps(facts))
    return run


def sides(*names: str, terms: Terms | None = None, current: tuple[str, ...] = ()) -> tuple[Chosen, Chosen]:
    terms = terms or Terms()
    return choice.sides(names, current, load(Path.cwd()), terms, footing(names, terms))


class TestResultsStoredHere:
    def test_of_the_commit_that_a_branch_means_are_compared(self, project: Path) -> None:
        ran(project, 1, head(project, "main"))
        ran(project, 2, slower=1.6)
        before, now = sides("main")
        short = head(project, "main")[:8]
        assert before.title == f"main (merge base with main, {short})"
        assert (before.commit, before.label) == (head(project, "main"), f"{before.title}, {short} (3 rounds)")
        assert (now.title, now.here) == ("Current", True)
        assert choice.compared(before, now, Rules()).exit_code is ExitCode.FAIL

    def test_are_the_last_of_both_that_have_a_case_in_common(self, project: Path) -> None:
        older = ran(project, 1, head(project, "main"))
        ran(project, 2, head(project, "main"), case="full")
        ran(project, 3)
        ran(project, 4, case="quick")
        before, now = sides("main")
        assert {each.path.parents[2] for each in before.files} == {older}
        assert now.cases == {"standard"}

    def test_fit_the_current_side_that_is_named(self, project: Path) -> None:
        quick = ran(project, 1, head(project, "main"), case="quick")
        ran(project, 2, head(project, "main"))
        mine = ran(project, 3, case="quick")
        before, _ = sides("main", current=(str(mine),))
        assert {each.path.parents[2] for each in before.files} == {quick}

    @pytest.mark.parametrize(
        "other",
        [
            pytest.param({"dirty": True}, id="with changes"),
            pytest.param({"provider": "openai"}, id="on another provider"),
            pytest.param({"model": "other"}, id="of another model"),
            pytest.param({"subject": {"name": "persona", "version": "1"}}, id="of another subject"),
            pytest.param(
                {"endpoint": {"kind": "stand-in", "profile": "constant:5"}}, id="of another endpoint"
            ),
        ],
    )
    def test_of_something_else_do_not_count(self, project: Path, other: dict[str, object]) -> None:
        run = ran(project, 1, head(project, "main"))
        ran(project, 2)
        facts = json.loads((run / "run.json").read_text())
        (run / "run.json").write_text(json.dumps(facts | other))
        assert sides("main")[0].lack

    def test_that_came_with_the_change_do_not_count_for_a_build(self, project: Path) -> None:
        """A change could bring slow results of the commit it builds on."""
        ran(project, 1, head(project, "main"), slower=3.0)
        git(project, "add", "--force", ".asv")
        committed(project, "results")
        ran(project, 2)
        assert sides("main")[0].files
        assert sides("main", terms=CI)[0].lack

    def test_of_the_current_side_by_its_commit(self, project: Path) -> None:
        ran(project, 1, head(project, "v1.0.0"))
        ran(project, 2, head(project, "main"))
        before, now = sides("v1.0.0", current=("main",))
        assert (before.commit, now.commit) == (head(project, "v1.0.0"), head(project, "main"))
        assert not now.here
        assert choice.compared(before, now, Rules()).exit_code is ExitCode.PASS

    @pytest.mark.parametrize("missing", ["baseline", "current"])
    def test_that_are_missing_say_what_to_type(self, project: Path, missing: str) -> None:
        names = {"baseline": "v1.0.0", "current": "main"}
        ran(project, 1, head(project, names["current" if missing == "baseline" else "baseline"]))
        short = head(project, names[missing])[:8]
        found = sides(names["baseline"], current=(names["current"],))
        with pytest.raises(MeasurementError) as error:
            choice.compared(*found, Rules())
        assert f"--{missing} {names[missing]} (" in str(error.value)
        assert f"`git switch --detach {short} && persona benchmark run" in str(error.value)

    def test_of_the_very_commit_are_called_what_they_are(self, project: Path) -> None:
        ran(project, 1, head(project))
        ran(project, 2)
        before, _ = sides(head(project))
        assert before.title == f"{head(project)[:8]} (A/A)"


class TestWhatANameMeans:
    def test_a_path_comes_first_and_the_branch_is_said(self, project: Path) -> None:
        run = ran(project, 1)
        run.rename(project / "main")
        before, _ = sides("main", current=("main",))
        assert before.notes == ("--baseline main is a path here; to git it is refs/heads/main",)

    def test_a_folder_without_results_is_refused_and_the_branch_is_said(self, project: Path) -> None:
        (project / "main").mkdir()
        with pytest.raises(UsageError, match=r"without finished rounds.*to git it is refs/heads/main"):
            sides("main")

    def test_a_baseline_comes_before_a_commit_and_the_commit_is_said(self, project: Path) -> None:
        ran(project, 1)
        with shelf_of(Config(root=project)).writing():
            shelf_of(Config(root=project)).put(baseline("v1.0.0", commit="a" * 40), None)
        before, _ = sides("v1.0.0")
        (note,) = before.notes
        assert before.recorded is not None
        assert note == (
            f"--baseline v1.0.0 is a baseline; as a revision it is {head(project, 'v1.0.0')[:8]}, "
            "which is not meant"
        )

    def test_a_baseline_of_that_very_commit_is_no_ambiguity(self, project: Path) -> None:
        ran(project, 1)
        with shelf_of(Config(root=project)).writing():
            shelf_of(Config(root=project)).put(baseline("v1.0.0", commit=head(project, "v1.0.0")), None)
        before, _ = sides("v1.0.0")
        assert (before.notes, before.commit) == ((), head(project, "v1.0.0"))

    def test_nothing_is_said_to_be_nothing(self, project: Path) -> None:
        with pytest.raises(
            UsageError, match=r"'v9' is neither a file nor a baseline in .* nor a commit here"
        ):
            sides("v9")

    def test_without_a_repository_there_is_no_commit(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.resolve()))
        (tmp_path / "x").mkdir()
        monkeypatch.chdir(tmp_path / "x")
        with pytest.raises(UsageError, match="and no repository with a commit is here"):
            sides("main")


Keep = Callable[..., None]


@pytest.fixture
def keep(project: Path) -> Keep:
    """Put a baseline on the work tree's shelf, with samples."""

    def put(name: str, first: int = 1, **how: float) -> None:
        shelf = shelf_of(Config(root=project))
        rounds = [file(seed, "a" * 40, start=seed, **how) for seed in range(first, first + 3)]
        with shelf.writing():
            shelf.put(baseline(name), companion.pack(rounds), force=True)

    return put


@pytest.fixture
def reviewed(project: Path, keep: Keep) -> Path:
    """Return the project with a baseline on main, and a change on top of that."""
    git(project, "switch", "-q", "main")
    keep("v1")
    (project / "persona.yaml").write_text("benchmarks:\n  thresholds: {warn: 12, fail: 24}\n")
    committed(project, "baseline")
    git(project, "switch", "-q", "-C", "change")
    return project


REQUEST = Terms(ci=True, pipeline=Pipeline(actions=True, target="main"))


class TestWhatAChangeBrings:
    """It does not count before it is merged, where a build depends on it."""

    def verdict(self, *names: str, terms: Terms) -> ExitCode:
        *_, last = (sides(name, terms=terms) for name in names)
        return choice.compared(*last, Rules()).exit_code

    @pytest.fixture
    def edited(self, reviewed: Path, keep: Keep) -> Path:
        """Return a change that is 60 % slower, and so is the baseline now."""
        keep("v1", 50, slower=1.6)
        committed(reviewed, "slower")
        ran(reviewed, 2, slower=1.6)
        return reviewed

    def test_an_edited_baseline_does_not_change_the_verdict(self, edited: Path) -> None:
        before, now = sides("v1", terms=REQUEST)
        assert choice.compared(before, now, Rules()).exit_code is ExitCode.FAIL
        (note,) = before.notes
        assert note.startswith("this change edits baselines (v1")
        assert note.endswith(f"those of main ({head(edited, 'main')[:8]}) count")

    def test_beside_a_branch_as_baseline_it_does_not_either(self, edited: Path) -> None:
        stands = footing(("main", "v1"), CI)
        assert stands is not None
        assert stands.ancestor.commit == head(edited, "main")
        found = choice.sides(["v1"], [], load(edited), CI, stands)
        assert choice.compared(*found, Rules()).exit_code is ExitCode.FAIL

    def test_by_its_file_it_does_not_either(self, edited: Path) -> None:
        found = sides("baselines/v1.yaml", terms=REQUEST)
        assert choice.compared(*found, Rules()).exit_code is ExitCode.FAIL

    def test_as_the_newest_it_does_not_either(self, edited: Path, keep: Keep) -> None:
        keep("v2", 80, slower=1.6)
        committed(edited, "another")
        found = sides(terms=REQUEST)
        assert found[0].title == "v1"
        assert choice.compared(*found, Rules()).exit_code is ExitCode.FAIL

    def test_without_ci_the_work_tree_counts(self, edited: Path) -> None:
        found = sides("v1")
        assert found[0].notes == ()
        assert choice.compared(*found, Rules()).exit_code is ExitCode.PASS

    def test_an_edit_that_is_not_committed_is_an_edit(self, reviewed: Path, keep: Keep) -> None:
        keep("v1", 50, slower=1.6)
        ran(reviewed, 2, slower=1.6)
        found = sides("v1", terms=REQUEST)
        assert choice.compared(*found, Rules()).exit_code is ExitCode.FAIL

    def test_a_deleted_baseline_is_still_there(self, reviewed: Path) -> None:
        git(reviewed, "rm", "-q", "-r", "baselines")
        committed(reviewed, "none")
        ran(reviewed, 2)
        assert sides("v1", terms=REQUEST)[0].files

    def test_a_new_baseline_counts_once_it_is_merged(self, reviewed: Path, keep: Keep) -> None:
        keep("v2")
        committed(reviewed, "new")
        ran(reviewed, 2)
        where = f"main ({head(reviewed, 'main')[:8]})"
        with pytest.raises(UsageError) as error:
            sides("v2", terms=REQUEST)
        assert f"'v2' is neither a file nor a baseline in {where} (baselines: v1) nor a commit" in str(
            error.value
        )
        git(reviewed, "switch", "-q", "main")
        git(reviewed, "merge", "-q", "change")
        ran(reviewed, 3)
        assert sides("v2", terms=REQUEST)[0].files

    def test_what_the_pipeline_put_there_counts(self, reviewed: Path, keep: Keep) -> None:
        """Restored from its cache, say: git tracks it nowhere."""
        keep("cached")
        ran(reviewed, 2)
        assert sides("cached", terms=REQUEST)[0].files

    def test_a_file_in_front_of_the_branch_is_not_looked_at(self, reviewed: Path) -> None:
        run = ran(reviewed, 1, head(reviewed, "main"))
        shadow = ran(reviewed, 3, slower=9.0)
        shadow.rename(reviewed / "main")
        git(reviewed, "add", "main")
        committed(reviewed, "shadow")
        ran(reviewed, 4)
        before, _ = sides("main", terms=CI)
        assert {each.path.parents[2] for each in before.files} == {run}

    def test_a_link_among_the_baselines_is_none(self, reviewed: Path) -> None:
        git(reviewed, "switch", "-q", "main")
        (reviewed / "baselines" / "link.yaml").symlink_to("v1.yaml")
        committed(reviewed, "link")
        git(reviewed, "switch", "-q", "-C", "change")
        committed(reviewed, "change")
        with pytest.raises(UsageError, match="'link' is neither"):
            sides("link", terms=REQUEST)

    def test_baselines_outside_of_the_repository_are_no_changes(
        self, reviewed: Path, tmp_path_factory: pytest.TempPathFactory
    ) -> None:
        elsewhere = tmp_path_factory.mktemp("elsewhere")
        settings = Config(root=reviewed, baselines_dir=elsewhere)
        with shelf_of(settings).writing():
            shelf_of(settings).put(baseline("v7"), None)
        run = str(ran(reviewed, 2))
        before, _ = choice.sides(["v7"], [run], settings, REQUEST, footing((), REQUEST))
        assert before.title == "v7"

    def test_on_main_itself_there_is_no_change_under_review(self, reviewed: Path) -> None:
        git(reviewed, "switch", "-q", "main")
        assert footing(("main",), CI) is None
        assert footing((), REQUEST) is None

    def test_of_a_hint_that_leads_nowhere_nothing_is_made(self, reviewed: Path) -> None:
        lost = replace(REQUEST, pipeline=Pipeline(target="gone"))
        assert footing(("v1",), lost) is None
        git(reviewed, "branch", "first", git(reviewed, "rev-list", "--max-parents=0", "HEAD"))
        git(reviewed, "switch", "-q", "--detach", "first")
        assert footing(("v1",), replace(REQUEST, pipeline=Pipeline(target="first"))) is None


class TestSettingsOfAChange:
    """Thresholds are a way around a verdict as well."""

    def held(self, root: Path, terms: Terms = REQUEST) -> tuple[Config, tuple[str, ...]]:
        return settings_of(footing((), terms), load(root))

    @pytest.mark.parametrize("write", [True, False], ids=["edited", "deleted"])
    def test_those_it_builds_on_hold(self, reviewed: Path, write: bool) -> None:
        path = reviewed / "persona.yaml"
        if write:
            path.write_text(
                "benchmarks:\n  thresholds: {warn: 900, fail: 900}\n  ci: {fail_on_regression: false}\n"
            )
        else:
            path.unlink()
        committed(reviewed, "loose")
        settings, notes = self.held(reviewed)
        assert (settings.thresholds.warn, settings.thresholds.fail) == (12, 24)
        assert settings.ci.fail_on_regression
        assert notes == (
            "this change edits thresholds or ci in persona.yaml: those of "
            f"main ({head(reviewed, 'main')[:8]}) hold until it is merged",
        )

    def test_the_rest_of_the_file_is_the_changes_own(self, reviewed: Path) -> None:
        text = (reviewed / "persona.yaml").read_text()
        (reviewed / "persona.yaml").write_text(text + "  machine: other\n  ci: {}\n")
        settings, notes = self.held(reviewed)
        assert (settings.machine, settings.thresholds.warn, notes) == ("other", 12, ())

    def test_a_first_file_holds_once_it_is_merged(self, project: Path) -> None:
        (project / "persona.yaml").write_text("benchmarks:\n  thresholds: {warn: 900, fail: 900}\n")
        committed(project, "settings")
        settings, notes = self.held(project)
        assert (settings.thresholds.warn, len(notes)) == (10, 1)

    def test_a_file_that_the_pipeline_wrote_holds(self, project: Path) -> None:
        (project / "persona.yaml").write_text("benchmarks:\n  thresholds: {warn: 900, fail: 900}\n")
        settings, notes = self.held(project)
        assert (settings.thresholds.warn, notes) == (900, ())

    def test_a_broken_one_on_main_can_be_mended(self, reviewed: Path) -> None:
        git(reviewed, "switch", "-q", "main")
        (reviewed / "persona.yaml").write_text("benchmarks: 7\n")
        committed(reviewed, "broken")
        git(reviewed, "switch", "-q", "-C", "change")
        (reviewed / "persona.yaml").write_text("benchmarks:\n  thresholds: {warn: 5}\n")
        committed(reviewed, "mended")
        settings, (note,) = self.held(reviewed)
        assert settings.thresholds.warn == 5
        assert "its thresholds cannot be read (persona.yaml:1" in note
        assert "this change's own hold" in note

    def test_without_ci_they_are_its_own(self, reviewed: Path) -> None:
        (reviewed / "persona.yaml").write_text("benchmarks:\n  thresholds: {warn: 900, fail: 900}\n")
        assert self.held(reviewed, Terms())[0].thresholds.warn == 900

    def test_beside_a_repository_that_git_does_not_read_files_compare(
        self, project: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        one, other = str(ran(project, 1)), str(ran(project, 2))
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        before, _ = choice.sides([one], [other], Config(root=project), CI, footing((one,), CI))
        assert before.notes == ()
        with pytest.raises(MeasurementError, match=r"safe\.directory"):
            footing((one,), REQUEST)

    def test_outside_of_a_repository_nothing_holds_them(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.resolve()))
        (tmp_path / "x").mkdir()
        monkeypatch.chdir(tmp_path / "x")
        assert footing(("main",), CI) is None


class TestPipeline:
    def event(self, folder: Path, content: object) -> dict[str, str]:
        (folder / "event.json").write_text(content if isinstance(content, str) else json.dumps(content))
        return {
            "GITHUB_ACTIONS": "true",
            "GITHUB_BASE_REF": "main",
            "GITHUB_EVENT_PATH": str(folder / "event.json"),
            "GITHUB_STEP_SUMMARY": str(folder / "summary.md"),
        }

    def test_says_what_it_knows(self, tmp_path: Path) -> None:
        request = {"pull_request": {"base": {"sha": "a" * 40}, "head": {"sha": "b" * 40}}}
        found = pipeline.around(self.event(tmp_path, request))
        assert found == Pipeline(True, "main", "a" * 40, "b" * 40, tmp_path / "summary.md")

    def test_says_what_a_merge_queue_builds_on(self, tmp_path: Path) -> None:
        """Its checkout is a branch of its own, so only the event knows."""
        group = {"base_ref": "refs/heads/main", "base_sha": "a" * 40, "head_sha": "b" * 40}
        environ = {**self.event(tmp_path, {"merge_group": group}), "GITHUB_EVENT_NAME": "merge_group"}
        found = pipeline.around({**environ, "GITHUB_BASE_REF": ""})
        assert (found.target, found.target_commit, found.head) == ("main", "a" * 40, "b" * 40)

    @pytest.mark.parametrize(
        "content",
        [
            "",
            "[",
            "[]",
            "{}",
            '{"pull_request": 7}',
            '{"pull_request": {"base": {"sha": "--upload-pack=x"}}}',
        ],
    )
    def test_believes_nothing_of_another_shape(self, tmp_path: Path, content: str) -> None:
        found = pipeline.around(self.event(tmp_path, content))
        assert (found.target_commit, found.head) == (None, None)

    def test_is_none_on_a_laptop(self) -> None:
        assert pipeline.around({"GITHUB_BASE_REF": "main", "CI": "true"}) == Pipeline()

    def test_of_another_repository_says_nothing_of_this_one(self, tmp_path: Path) -> None:
        environ = {**self.event(tmp_path, "{}"), "GITHUB_WORKSPACE": str(tmp_path / "elsewhere")}
        assert pipeline.around(environ) == Pipeline(True, summary=tmp_path / "summary.md")

    def test_needs_no_event(self, tmp_path: Path) -> None:
        environ = {**self.event(tmp_path, "{}"), "GITHUB_EVENT_PATH": str(tmp_path / "none.json")}
        assert pipeline.around(environ).target == "main"


def test_a_merge_checkout_as_a_pipeline_makes_it(
    reviewed: Path, tmp_path_factory: pytest.TempPathFactory
) -> None:
    """The whole command where history is one commit and main is not known: fetched, and said."""
    committed(reviewed, "the change")
    git(reviewed, "switch", "-q", "--detach", "main")
    git(reviewed, "merge", "-q", "--no-ff", "-m", "merge", "change")
    git(reviewed, "update-ref", "refs/pull/7/merge", "HEAD")
    base, merge = head(reviewed, "main"), head(reviewed)
    root = tmp_path_factory.mktemp("checkout")
    git(root, "init", "-q")
    git(root, "remote", "add", "origin", reviewed.as_uri())
    ref = "refs/remotes/pull/7/merge"
    git(root, "fetch", "-q", "--no-tags", "--depth=1", "origin", f"+{merge}:{ref}")
    git(root, "checkout", "-q", "--force", ref)
    ran(root, 1, base)
    mine = ran(root, 2, slower=1.6)
    told = {"GITHUB_ACTIONS": "true", "GITHUB_BASE_REF": "main", "GITHUB_WORKSPACE": str(root)}
    arguments = ("benchmark", "compare", "--baseline", "main", "--current", str(mine), "--ci")
    done = persona(*arguments, "--no-fetch", cwd=root, **told)
    assert (done.code, "fetch-depth" in done.err) == (3, True)
    done = persona(*arguments, cwd=root, **told)
    assert done.code == 2, done.err
    assert done.err == f"fetching commit {base[:8]} from origin: it is not in this clone\n"
    assert f"vs main (first parent of the merge commit {merge[:8]}, {base[:8]})\n" in done.out
    assert head(root) == merge
    assert git(root, "status", "--porcelain") == ""


class TestSeveralBaselines:
    def test_have_a_table_each_and_the_gravest_verdict_counts(self, project: Path, keep: Keep) -> None:
        keep("v1")
        keep("v2", 40, slower=1.6)
        mine = str(ran(project, 2, slower=1.6))
        arguments = ("benchmark", "compare", "-b", "v2", "-b", "v1", "-c", mine, "--ci")
        done = persona(*arguments, cwd=project)
        assert done.code == 2, done.err
        assert [line for line in done.out.splitlines() if line.startswith("Performance Comparison:")] == [
            "Performance Comparison: unattributed (3 rounds) vs v2",
            "Performance Comparison: unattributed (3 rounds) vs v1",
        ]
        data = json.loads(persona(*arguments, "--json", cwd=project).out)["data"]
        assert [each["verdict_code"] for each in data["comparisons"]] == [0, 2]
        assert (data["verdict_code"], data["exit_code"]) == (2, 2)
