"""From a name to a commit: real repositories, and clones as a pipeline makes them."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from conftest import git

from persona_asv.engine import lineage
from persona_asv.engine.ancestor import Ancestor, Asked, Work
from persona_asv.errors import MeasurementError, PersonaAsvError, UsageError

FLAG = "--baseline"
CI = Asked(ci=True, fetch=True)


@pytest.fixture(autouse=True)
def _git_of_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")


@dataclass
class History:
    """The repository that everything here is a clone of, and its commits by name."""

    root: Path
    commits: dict[str, str] = field(default_factory=dict)

    def __getitem__(self, name: str) -> str:
        return self.commits[name]

    def commit(self, name: str, *tags: str) -> None:
        git(self.root, "commit", "-q", "--allow-empty", "-m", name)
        self.commits[name] = git(self.root, "rev-parse", "HEAD")
        for tag in tags:
            git(self.root, "tag", tag)

    def merge(self, name: str, other: str) -> None:
        git(self.root, "merge", "-q", "--no-ff", "-m", name, other)
        self.commits[name] = git(self.root, "rev-parse", "HEAD")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory) -> History:
    """Return main 1-2-3-4, a feature of two commits that left it at 3, and what merging that makes."""
    its = History(tmp_path_factory.mktemp("origin"))
    git(its.root, "init", "-q", "-b", "main")
    its.commit("1", "v1.9.0")
    its.commit("2", "v1.10.0")
    its.commit("3", "v2.0.0rc1", "nightly")
    git(its.root, "switch", "-q", "-c", "feature/x")
    its.commit("f1")
    its.commit("f2")
    git(its.root, "switch", "-q", "main")
    its.commit("4")
    git(its.root, "tag", "-a", "-m", "annotated", "later", its["4"])
    git(its.root, "switch", "-q", "--detach", "main")
    its.merge("pull", "feature/x")
    git(its.root, "update-ref", "refs/pull/7/merge", "HEAD")
    git(its.root, "switch", "-q", "--orphan", "stranger")
    its.commit("s")
    git(its.root, "switch", "-q", "main")
    return its


Clone = Callable[..., Path]


@pytest.fixture
def clone(history: History, tmp_path: Path) -> Clone:
    """Return a whole clone at a commit, detached unless a branch is named."""

    def make(at: str, branch: str | None = None) -> Path:
        git(tmp_path, "clone", "-q", "--no-checkout", history.root.as_uri(), "whole")
        how = ["-B", branch] if branch else ["--detach"]
        root = tmp_path / "whole"
        git(root, "checkout", "-q", *how, history[at])
        if branch != "main":
            git(root, "update-ref", "-d", "refs/heads/main")
        return root

    return make


@pytest.fixture
def checkout(history: History, tmp_path: Path) -> Clone:
    """Return what actions/checkout leaves: one commit, no tags, on no branch unless it was pushed to one."""

    def make(at: str, ref: str = "refs/remotes/pull/7/merge", depth: int = 1) -> Path:
        root = tmp_path / "checkout"
        git(tmp_path, "init", "-q", str(root))
        git(root, "remote", "add", "origin", history.root.as_uri())
        git(
            *(root, "fetch", "-q", "--no-tags", "--prune", "--no-recurse-submodules", f"--depth={depth}"),
            *("origin", f"+{history[at]}:{ref}"),
        )
        branch = ref.removeprefix("refs/remotes/origin/")
        git(root, "checkout", "-q", "--force", *(["-B", branch, ref] if branch != ref else ["--detach", ref]))
        return root

    return make


def state(root: Path) -> tuple[str, ...]:
    """What a search must leave as it was."""
    return git(root, "rev-parse", "HEAD"), git(root, "status", "--porcelain"), git(root, "show-ref")


def found(root: Path, name: str, asked: Asked = CI, *, work: Work | None = None) -> Ancestor | None:
    before = state(root)
    work = work or Work(git(root, "rev-parse", "HEAD"))
    try:
        return lineage.find(root, FLAG, name, work, asked)
    finally:
        assert state(root) == before


def commit(root: Path, name: str, asked: Asked = CI, *, work: Work | None = None) -> str:
    ancestor = found(root, name, asked, work=work)
    assert ancestor is not None
    assert git(root, "cat-file", "-t", ancestor.commit) == "commit", "it must be here"
    return ancestor.commit


class TestABranch:
    def test_means_where_this_work_left_it(self, history: History, clone: Clone) -> None:
        root = clone("f2", "feature/x")
        git(root, "branch", "-q", "main", history["4"])
        ancestor = found(root, "main", Asked())
        assert ancestor == Ancestor("main", history["3"], "merge base with main", branch=True)

    @pytest.mark.parametrize("name", ["main", "origin/main", "refs/remotes/origin/main"])
    def test_is_looked_for_at_origin_as_well(self, history: History, clone: Clone, name: str) -> None:
        ancestor = found(clone("f2", "feature/x"), name, Asked())
        assert ancestor == Ancestor(name, history["3"], "merge base with origin/main", branch=True)

    def test_is_the_local_one_first(self, history: History, clone: Clone) -> None:
        root = clone("f2", "feature/x")
        git(root, "branch", "-q", "main", history["2"])
        assert commit(root, "main", Asked()) == history["2"]

    def test_may_have_a_slash(self, history: History, clone: Clone) -> None:
        assert commit(clone("4", "main"), "feature/x", Asked()) == history["3"]

    def test_is_its_tip_with_exact(self, history: History, clone: Clone) -> None:
        ancestor = found(clone("f2", "feature/x"), "main", Asked(exact=True))
        assert ancestor == Ancestor("main", history["4"], "the tip of origin/main", branch=True)

    def test_of_the_merge_of_a_whole_clone_is_its_first_parent(self, history: History, clone: Clone) -> None:
        root = clone("4")
        git(root, "fetch", "-q", "origin", "refs/pull/7/merge")
        git(root, "checkout", "-q", history["pull"])
        assert commit(root, "main") == history["4"]

    def test_wins_over_a_tag_and_says_so(self, history: History, clone: Clone) -> None:
        root = clone("f2", "feature/x")
        git(root, "tag", "main", history["1"])
        ancestor = found(root, "main", Asked())
        assert ancestor is not None
        assert ancestor.commit == history["3"]
        assert ancestor.notes == (
            "--baseline main is a branch and a tag: the branch is meant, not refs/tags/main",
        )

    def test_wins_over_a_hash_and_says_so(self, history: History, clone: Clone) -> None:
        root = clone("f2", "feature/x")
        name = history["1"][:7]
        git(root, "branch", name, history["4"])
        ancestor = found(root, name, Asked())
        assert ancestor is not None
        assert (ancestor.commit, ancestor.notes) == (
            history["3"],
            (f"--baseline {name} is a branch, and a hash begins like it: the branch is meant",),
        )

    def test_with_no_history_in_common_is_refused(self, clone: Clone) -> None:
        root = clone("f2", "feature/x")
        with pytest.raises(
            MeasurementError, match=r"origin/stranger and .* have no history in common; --exact"
        ):
            found(root, "stranger", CI)

    def test_with_no_history_in_common_has_a_tip_all_the_same(self, history: History, clone: Clone) -> None:
        assert commit(clone("f2", "feature/x"), "stranger", Asked(exact=True)) == history["s"]


class TestTheCurrentCommitItself:
    """A comparison of a commit with itself can only pass: nobody gets one by accident."""

    def test_is_the_previous_release(self, history: History, clone: Clone) -> None:
        """Of 1.10 and 1.9 the former, by number; a candidate and a word are no releases."""
        ancestor = found(clone("4", "main"), "main", Asked())
        short = history["4"][:8]
        assert ancestor == Ancestor(
            "main",
            history["2"],
            "the previous release v1.10.0",
            branch=True,
            moved=True,
            notes=(
                f"main is the current commit itself, {short}: compared with the previous release v1.10.0",
            ),
        )

    @pytest.mark.parametrize("name", ["later", "HEAD", "HEAD^0", "refs/tags/later", "main~0"])
    def test_by_any_name_but_its_hash(self, history: History, clone: Clone, name: str) -> None:
        assert commit(clone("4", "main"), name, Asked()) == history["2"]

    def test_is_not_the_release_that_it_is(self, history: History, clone: Clone) -> None:
        assert commit(clone("2"), "v1.10.0", Asked()) == history["1"]

    def test_with_exact_too(self, history: History, clone: Clone) -> None:
        assert commit(clone("4"), "main", Asked(exact=True)) == history["2"]

    def test_is_the_commit_before_where_nothing_was_released(self, history: History, clone: Clone) -> None:
        root = clone("f2", "feature/x")
        for tag in git(root, "tag").split():
            git(root, "tag", "-d", tag)
        ancestor = found(root, "feature/x", Asked())
        assert ancestor is not None
        assert (ancestor.commit, ancestor.meaning) == (
            history["f1"],
            f"{history['f2'][:8]}^, the commit before it",
        )

    def test_with_changes_is_compared_with_as_it_is(self, history: History, clone: Clone) -> None:
        root = clone("4", "main")
        assert commit(root, "main", Asked(), work=Work(history["4"], clean=False)) == history["4"]

    @pytest.mark.parametrize("digits", [40, 7])
    def test_by_its_hash_is_honoured_and_called_what_it_is(
        self, history: History, clone: Clone, digits: int
    ) -> None:
        ancestor = found(clone("4"), history["4"][:digits], Asked())
        assert ancestor is not None
        assert (ancestor.commit, ancestor.itself) == (history["4"], True)

    def test_that_is_the_first_has_nothing_before_it(self, clone: Clone) -> None:
        root = clone("1")
        git(root, "branch", "-q", "first")
        with pytest.raises(UsageError, match="first of its history: nothing is before it"):
            found(root, "first", Asked())


class TestOtherNames:
    @pytest.mark.parametrize(
        ("expected", "name"),
        [("1", "v1.9.0"), ("4", "later"), ("f1", "HEAD~1"), ("3", "origin/main~1"), ("2", "HEAD~3")],
    )
    def test_are_the_commit_they_name(self, history: History, clone: Clone, expected: str, name: str) -> None:
        ancestor = found(clone("f2", "feature/x"), name, Asked())
        assert ancestor is not None
        assert (ancestor.commit, ancestor.branch, ancestor.meaning) == (history[expected], False, "")

    @pytest.mark.parametrize("digits", [40, 8])
    def test_a_hash(self, history: History, clone: Clone, digits: int) -> None:
        assert commit(clone("f2"), history["1"][:digits], Asked()) == history["1"]

    @pytest.mark.parametrize("asked", [Asked(), CI], ids=["here", "ci"])
    def test_that_are_none_touch_nothing(self, clone: Clone, asked: Asked) -> None:
        root = clone("f2", "feature/x")
        work = Work(git(root, "rev-parse", "HEAD"))
        before = state(root)
        for name in (
            *(
                "nope",
                "",
                " ",
                "main..feature",
                "v1.9.0:",
                "HEAD^{tree}",
                "main\nmain",
                "\udcff",
                "main --all",
            ),
            *("--all", "-h", "--output=touched", "--upload-pack=touch touched", "-", "--", "main --all"),
        ):
            assert lineage.find(root, FLAG, name, work, asked) is None, name
        assert state(root) == before
        assert not list(root.rglob("touched"))

    def test_the_hash_of_nothing(self, clone: Clone) -> None:
        root = clone("f2", "feature/x")
        assert found(root, "0" * 40, Asked()) is None
        with pytest.raises(MeasurementError, match="is not in this clone"):
            found(root, "0" * 40, CI)

    def test_of_no_commit(self, clone: Clone) -> None:
        root = clone("f2", "feature/x")
        (root / "note").write_text("text")
        git(root, "tag", "text", git(root, "hash-object", "-w", "note"))
        (root / "note").unlink()
        assert found(root, "text", Asked()) is None


class TestAShallowClone:
    def test_of_a_merge_means_its_first_parent_and_fetches_it(
        self, history: History, checkout: Clone
    ) -> None:
        said: list[str] = []
        root = checkout("pull")
        assert git(root, "branch", "--list", "main") == ""
        ancestor = found(root, "main", replace(CI, tell=said.append))
        assert ancestor == Ancestor(
            "main", history["4"], f"first parent of the merge commit {history['pull'][:8]}", branch=True
        )
        assert git(root, "cat-file", "-t", history["4"]) == "commit"
        assert said == [
            "asking origin for main: it is not in this shallow clone",
            f"fetching commit {history['4'][:8]} from origin: it is not in this clone",
        ]
        assert git(root, "rev-list", "--count", history["4"]) == "1", "one commit, not all of history"

    def test_of_a_merge_asks_nobody_what_the_pipeline_says(self, history: History, checkout: Clone) -> None:
        said: list[str] = []
        root = checkout("pull")
        asked = replace(CI, target="main", target_commit=history["3"], head=history["f2"], tell=said.append)
        assert commit(root, "main", asked) == history["4"], "git knows better than the event"
        assert len(said) == 1

    def test_of_a_merge_needs_no_network_where_the_parent_is_there(
        self, history: History, checkout: Clone
    ) -> None:
        root = checkout("pull", depth=2)
        git(root, "remote", "set-url", "origin", "file:///nowhere")
        assert commit(root, "main", Asked(ci=True)) == history["4"]
        assert commit(root, "main", CI) == history["4"]

    def test_of_a_merge_where_fetching_is_forbidden(self, checkout: Clone) -> None:
        root = checkout("pull")
        with pytest.raises(MeasurementError, match=r"it was not fetched.*`fetch-depth: 0`"):
            found(root, "main", Asked(ci=True))

    def test_of_a_merge_where_fetching_fails(self, history: History, checkout: Clone) -> None:
        root = checkout("pull")
        git(root, "remote", "set-url", "origin", "file:///nowhere")
        with pytest.raises(MeasurementError) as error:
            found(root, "main", CI)
        line = str(error.value)
        assert f"commit {history['4'][:8]} is not in this clone (fetching it failed: " in line
        assert "fetch-depth" in line
        assert "\n" not in line

    def test_of_a_merge_without_a_remote(self, checkout: Clone) -> None:
        root = checkout("pull")
        git(root, "remote", "remove", "origin")
        with pytest.raises(MeasurementError, match="fetch-depth"):
            found(root, "main", CI)

    def test_a_merge_into_main_is_no_merge_into_another_branch(
        self, history: History, checkout: Clone
    ) -> None:
        root = checkout("pull")
        with pytest.raises(MeasurementError, match=r"does not show where .* left stranger; .*fetch-depth"):
            found(root, "stranger", replace(CI, target="main"))

    def test_a_name_that_nobody_knows(self, checkout: Clone) -> None:
        assert found(checkout("pull"), "mian") is None

    def test_a_version_is_no_branch_even_where_nobody_can_be_asked(self, checkout: Clone) -> None:
        with pytest.raises(MeasurementError, match="origin was not asked or did not answer"):
            found(checkout("pull"), "v1.9.0", Asked(ci=True))

    @pytest.mark.parametrize(("expected", "name"), [("1", "v1.9.0"), ("4", "later")])
    def test_a_tag_is_fetched(self, history: History, checkout: Clone, expected: str, name: str) -> None:
        assert commit(checkout("pull"), name) == history[expected]

    def test_a_whole_hash_is_fetched(self, history: History, checkout: Clone) -> None:
        assert commit(checkout("pull"), history["1"]) == history["1"]

    def test_half_a_hash_cannot_be_fetched(self, history: History, checkout: Clone) -> None:
        with pytest.raises(UsageError, match="give the whole hash"):
            found(checkout("pull"), history["1"][:9])

    def test_the_tip_of_a_branch_with_exact(self, history: History, checkout: Clone) -> None:
        assert commit(checkout("pull"), "stranger", replace(CI, exact=True)) == history["s"]

    def test_of_a_push_to_main_means_the_commit_before(self, history: History, checkout: Clone) -> None:
        root = checkout("4", "refs/remotes/origin/main")
        ancestor = found(root, "main")
        assert ancestor is not None
        assert ancestor.commit == history["3"]
        assert git(root, "cat-file", "-t", history["3"]) == "commit"
        assert "a shallow clone does not show the previous release" in ancestor.notes[0]

    def test_of_a_pushed_tag_means_the_commit_before(self, history: History, checkout: Clone) -> None:
        """The branch went on since; the tag is on it all the same."""
        root = checkout("3", "refs/tags/v2.0.0")
        ancestor = found(root, "main")
        assert ancestor is not None
        assert ancestor.commit == history["2"]
        assert ancestor.notes[0] == "main is taken to hold the tag v2.0.0: this clone is shallow"

    def test_of_a_requests_own_head_means_what_the_pipeline_says(
        self, history: History, checkout: Clone
    ) -> None:
        root = checkout("f2", "refs/remotes/pull/7/head")
        asked = replace(CI, target="main", target_commit=history["4"], head=history["f2"])
        ancestor = found(root, "main", asked)
        assert ancestor is not None
        assert (ancestor.commit, ancestor.notes) == (
            history["4"],
            ("main is taken where the pipeline says it stood: this clone is shallow",),
        )
        assert git(root, "cat-file", "-t", history["4"]) == "commit"

    def test_of_a_merge_queue_means_what_the_pipeline_says(self, history: History, checkout: Clone) -> None:
        root = checkout("pull", "refs/remotes/origin/gh-readonly-queue/main/pr-7")
        asked = replace(CI, target="main", target_commit=history["4"], head=history["pull"])
        assert commit(root, "main", asked) == history["4"]

    def test_a_requests_own_head_that_merged_main_is_no_merge_into_main(
        self, history: History, checkout: Clone
    ) -> None:
        root = checkout("pull")
        asked = replace(CI, target="main", target_commit=history["1"], head=history["pull"])
        assert commit(root, "main", asked) == history["1"]

    def test_of_another_branch_does_not_show_where_that_left_main(self, checkout: Clone) -> None:
        root = checkout("f2", "refs/remotes/origin/feature/x")
        with pytest.raises(MeasurementError, match=r"does not show where .* left main; .*fetch-depth"):
            found(root, "main")

    def test_on_a_laptop_is_not_fetched_into(self, checkout: Clone) -> None:
        root = checkout("pull")
        assert found(root, "main", Asked()) is None

    def test_a_whole_clone_stays_whole(self, history: History, clone: Clone, tmp_path: Path) -> None:
        root = clone("f2", "feature/x")
        assert commit(root, history["pull"]) == history["pull"]
        assert git(root, "rev-parse", "--is-shallow-repository") == "false"

    def test_a_hash_that_nobody_has(self, clone: Clone) -> None:
        with pytest.raises(PersonaAsvError, match="fetch it first"):
            found(clone("f2", "feature/x"), "1" * 40)


def test_a_remote_that_does_not_answer_is_given_up(
    checkout: Clone, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    root = checkout("pull")
    monkeypatch.setenv("PATH", str(tmp_path))
    from persona_asv.engine.git import ask_remote

    assert ask_remote(root, "ls-remote")[1] == "FileNotFoundError: git fetched nothing"
