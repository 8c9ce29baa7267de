"""``python -m persona_asv.github``: the comment, against a stand-in for GitHub's API, and the history."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from io import BytesIO
from pathlib import Path
from typing import Any

import pytest
from conftest import Done, environment, git
from forge import BOT, FORK, RUN, Forge, archive, finished, job, pull, serving
from test_comment import assert_harmless, data_of, hostile, told

from persona_asv.comments import document
from persona_asv.comments.comment import Comment
from persona_asv.engine import results_branch
from persona_asv.engine.results_branch import ResultsBranch
from persona_asv.errors import ExitCode
from persona_asv.github import api, artifact, posting
from persona_asv.github.__main__ import main
from persona_asv.render.comment import MARKER

SLOWER, SAME = (told(factor) for factor in (1.5, 1.0))


def packed(its: Comment, **members: bytes) -> bytes:
    """Return the artifact of a comment, with other members beside it."""
    compared = None if its.comparison is None else data_of(its)
    return archive(comment__json=document.write(compared, its).encode(), **members)


@pytest.fixture
def forge(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Forge]:
    """Return a forge that is served, its artifact telling of a regression; we are in an empty checkout."""
    monkeypatch.chdir(tmp_path)
    with serving(Forge(artifact=packed(SLOWER))) as its:
        yield its


Comment_ = Callable[..., Done]


@pytest.fixture
def run(forge: Forge, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Comment_:
    """Return the command that comments, in this process."""

    def comment(event: object | None = None, **changes: str) -> Done:
        code = main(["comment"], job(forge, tmp_path, event) | changes)
        said = capsys.readouterr()
        return Done(code, said.out, said.err)

    return comment


class TestComment:
    def test_is_posted_once_and_then_kept_up_to_date(self, forge: Forge, run: Comment_) -> None:
        assert run().out == "Posted to pull request 7.\n"
        assert run().out == "The comment on pull request 7 says so already.\n"
        forge.artifact = packed(SAME)
        assert run().out == "Updated the comment on pull request 7.\n"
        (only,) = forge.comments
        assert only["body"].splitlines()[2] == "### ✅ Performance: no regression", "it turns green"
        assert [method for method, _ in forge.written] == ["POST", "PATCH"]

    def test_links_to_run_artifact_and_history(self, forge: Forge, run: Comment_) -> None:
        forge.site = "https://owner.github.io/project/"
        run()
        page = f"https://github.example/owner/project/actions/runs/{RUN}"
        body = forge.comments[0]["body"]
        assert f"[run]({page}) · [report, JSON and results]({page}/artifacts/3) · [history](" in body
        assert "(https://owner.github.io/project/#generation." in body

    @pytest.mark.parametrize("site", ["javascript:alert(1)", "https://h/)[x](", "http://h/ x"])
    def test_a_strange_address_of_the_site_is_left_out(self, site: str, forge: Forge, run: Comment_) -> None:
        forge.site = site
        run()
        assert "history" not in forge.comments[0]["body"]

    def test_of_a_fork_goes_to_its_pull_request(self, forge: Forge, run: Comment_) -> None:
        forge.pulls = [pull(5, origin=FORK), pull(6)]
        assert run(finished(origin=FORK)).out == "Posted to pull request 5.\n"
        assert ("GET", "/repos/owner/project/pulls", ["stranger:topic"]) in [
            (method, path, asked.get("head")) for method, path, asked in forge.requests
        ]

    def test_a_branchs_name_is_data(self, forge: Forge, run: Comment_) -> None:
        run(finished(branch="a&state=closed#x?../ü"))
        asked = next(asked for _, path, asked in forge.requests if path.endswith("/pulls"))
        assert (asked["head"], asked["state"]) == (["owner:a&state=closed#x?../ü"], ["open"])

    @pytest.mark.parametrize(
        "its",
        [
            pytest.param(pull(head="c" * 40), id="moved on"),
            pytest.param(pull(into="other/project"), id="into another repository"),
            pytest.param(pull() | {"number": "7"}, id="a number that is none"),
            pytest.param(pull() | {"number": True}, id="a truth value"),
            pytest.param({"number": 7}, id="of no shape"),
        ],
    )
    def test_of_no_open_pull_request_with_this_head_is_not_told(
        self, its: dict[str, Any], forge: Forge, run: Comment_
    ) -> None:
        forge.broken["pulls"] = (200, json.dumps([its, 3]).encode())
        assert run().out == "No open pull request has this commit as its head: nothing to tell.\n"
        assert forge.written == []

    def test_a_number_in_the_artifact_has_no_say(self, forge: Forge, run: Comment_) -> None:
        whole = json.loads(document.write(data_of(SLOWER), SLOWER)) | {"number": 1, "pull_request": 1}
        forge.artifact = archive(comment__json=json.dumps(whole).encode(), number=b"1", pr__json=b"1")
        assert run().out == "Posted to pull request 7.\n"
        assert forge.written == [("POST", "/repos/owner/project/issues/7/comments")]

    def test_others_comments_are_never_changed(self, forge: Forge, run: Comment_) -> None:
        forge.comments = [
            {"id": 1, "user": {"login": "stranger"}, "body": f"{MARKER}\nforged"},
            {"id": 2, "user": None, "body": MARKER},
            {"id": 3, "user": BOT, "body": f"another bot's\n{MARKER}"},
        ]
        run()
        assert forge.written == [("POST", "/repos/owner/project/issues/7/comments")]

    def test_ours_is_found_however_many_there_are(self, forge: Forge, run: Comment_) -> None:
        forge.comments = [{"id": n, "user": {"login": "a"}, "body": "b"} for n in range(1, 251)]
        forge.comments.append({"id": 999, "user": BOT, "body": f"{MARKER}\nold"})
        run()
        assert forge.written == [("PATCH", "/repos/owner/project/issues/comments/999")]

    def test_without_an_artifact_nothing_is_told(self, forge: Forge, run: Comment_) -> None:
        forge.artifact = None
        assert run().out == "The run left no artifact: nothing to tell.\n"
        assert forge.written == []

    def test_but_a_green_comment_does_not_outlive_its_result(self, forge: Forge, run: Comment_) -> None:
        run()
        forge.artifact = None
        run()
        assert "### ❌ Performance could not be measured" in forge.comments[0]["body"]

    @pytest.mark.parametrize("other", [{"name": "x"}, {"expired": True}, {"id": "3/../../1"}, {"id": 0}])
    def test_other_artifacts_are_none(self, other: dict[str, Any], forge: Forge, run: Comment_) -> None:
        usual = {"id": 3, "name": "persona-benchmark", "expired": False, "size_in_bytes": 1}
        forge.artifacts = [usual | other]
        assert run().out == "The run left no artifact: nothing to tell.\n"

    def test_of_a_run_that_no_pull_request_set_off(self, forge: Forge, run: Comment_) -> None:
        assert run(finished(event="push")).out == "No pull request set that run off: nobody to tell.\n"
        assert forge.requests == []

    def test_can_be_switched_off(self, forge: Forge, run: Comment_, tmp_path: Path) -> None:
        (tmp_path / "persona.yaml").write_text("benchmarks: {ci: {comment_on_pr: false}}\n")
        assert "comment_on_pr is false" in run().out
        assert forge.requests == []

    def test_the_token_stays_with_github(self, forge: Forge, run: Comment_) -> None:
        assert run().code == 0
        assert forge.strangers == [None]

    def test_the_whole_program(self, forge: Forge, tmp_path: Path) -> None:
        done = subprocess.run(
            [sys.executable, "-m", "persona_asv.github", "comment"],
            cwd=tmp_path,
            env=environment(**job(forge, tmp_path)),
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stdout) == (0, "Posted to pull request 7.\n"), done.stderr


def lying_zip() -> bytes:
    """Return an archive whose directory says that a large document is small."""
    content = bytearray(archive(comment__json=b" " * (artifact.MOST_DOCUMENT + 10)))
    real = (artifact.MOST_DOCUMENT + 10).to_bytes(4, "little")
    return bytes(content.replace(real, (10).to_bytes(4, "little")))


def encrypted_zip() -> bytes:
    content = bytearray(archive(comment__json=b"{}"))
    directory = content.index(b"PK\x01\x02")
    content[6] |= 1
    content[directory + 8] |= 1
    return bytes(content)


def twice() -> bytes:
    content = BytesIO()
    with zipfile.ZipFile(content, "w") as file:
        file.writestr("comment.json", "{}")
        with pytest.warns(UserWarning, match="Duplicate name"):
            file.writestr("comment.json", "{}")
    return content.getvalue()


HOSTILE_ARTIFACTS: dict[str, Callable[[], bytes]] = {
    "no archive": lambda: b"PK nonsense",
    "nothing": lambda: b"",
    "no document": lambda: archive(other=b""),
    "a path up": lambda: archive(**{"..SLASH..SLASHcomment__json": b"{}"}),
    "a path in": lambda: archive(xSLASHcomment__json=b"{}"),
    "two documents": twice,
    "a bomb": lambda: archive(comment__json=b" " * (100 << 20)),
    "a lying directory": lying_zip,
    "an encrypted document": encrypted_zip,
    "cut off": lambda: packed(SLOWER)[:-30],
    "another schema": lambda: archive(comment__json=b'{"schema": 99}'),
    "no JSON": lambda: archive(comment__json=b"\xff"),
    "deep JSON": lambda: archive(comment__json=b"[" * 200_000),
    "many files": lambda: archive(**{f"n{n}": b"" for n in range(artifact.MOST_FILES + 1)}),
}


class TestHostileArtifacts:
    @pytest.mark.parametrize("make", HOSTILE_ARTIFACTS.values(), ids=HOSTILE_ARTIFACTS)
    def test_post_nothing(
        self, make: Callable[[], bytes], forge: Forge, run: Comment_, tmp_path: Path
    ) -> None:
        forge.artifact = make()
        done = run()
        assert (done.code, done.out) == (ExitCode.COULD_NOT_MEASURE, "")
        assert done.err.startswith("error: ")
        assert done.err.count("\n") == 1
        assert forge.written == []
        assert [path.name for path in tmp_path.iterdir()] == ["event.json"], "nothing was unpacked"

    def test_a_size_that_is_told_is_not_even_fetched(self, forge: Forge, run: Comment_) -> None:
        forge.artifacts = [{"id": 3, "name": "persona-benchmark", "size_in_bytes": artifact.MOST_ZIP + 1}]
        assert "the artifact is larger than" in run().err
        assert forge.strangers == []

    def test_a_size_that_is_not_told_is_noticed(
        self, forge: Forge, run: Comment_, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(posting, "MOST_ZIP", 1000)
        forge.artifact = b"x" * 5000
        forge.artifacts = [{"id": 3, "name": "persona-benchmark", "size_in_bytes": 10}]
        assert "is larger than 1,000 bytes" in run().err
        assert forge.written == []

    def test_hostile_text_is_posted_as_text(self, forge: Forge, run: Comment_) -> None:
        its = hostile()
        whole = json.loads(document.write(data_of(its), its)) | {"failure": "", "edits": []}
        for side in ("baseline", "current"):
            whole["comparison"][f"{side}_commit"] = None
        forge.artifact = archive(comment__json=json.dumps(whole).encode())
        assert run().code == 0, "it is a document, whatever it says"
        body = forge.comments[0]["body"]
        assert "<script>" in body, "and shown"
        page = f"https://github.example/owner/project/actions/runs/{RUN}"
        assert_harmless(body.replace(f"{page}/artifacts/3", "https://h/run").replace(page, "https://h/run"))


class TestGitHub:
    @pytest.mark.parametrize(
        ("place", "answer", "expected"),
        [
            ("pulls", (500, b""), "was answered by 500"),
            ("pulls", (200, b"<html>"), "an answer that is not JSON"),
            ("pulls", (200, b"[" * 100_000), "an answer that is not JSON"),
            ("issues/7/comments", (403, b"{}"), "was answered by 403"),
        ],
    )
    def test_that_answers_badly_is_one_line(
        self, place: str, answer: tuple[int, bytes], expected: str, forge: Forge, run: Comment_
    ) -> None:
        forge.broken[place] = answer
        done = run()
        assert done.code == ExitCode.COULD_NOT_MEASURE
        assert expected in done.err
        assert done.err.count("\n") == 1

    def test_that_is_not_there(self, run: Comment_) -> None:
        done = run(GITHUB_API_URL="http://127.0.0.1:1")
        assert "GitHub: GET pulls: ConnectError" in done.err

    def test_an_answer_without_an_end_is_given_up(
        self, forge: Forge, run: Comment_, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(api, "MOST_JSON", 10)
        assert "pulls is larger than 10 bytes" in run().err

    @pytest.mark.parametrize(
        ("changes", "expected"),
        [
            ({"GITHUB_TOKEN": ""}, "GITHUB_TOKEN is not set"),
            ({"GITHUB_REPOSITORY": "../x"}, "GITHUB_REPOSITORY: expected owner/name"),
            ({"GITHUB_EVENT_PATH": "/nowhere"}, "GITHUB_EVENT_PATH: '/nowhere' cannot be read"),
        ],
    )
    def test_a_job_that_is_none(self, changes: dict[str, str], expected: str, run: Comment_) -> None:
        assert expected in run(**changes).err

    @pytest.mark.parametrize("key", ["id", "head_sha", "head_branch", "head_repository"])
    def test_an_event_of_another_shape(self, key: str, run: Comment_) -> None:
        event = finished()
        event["workflow_run"][key] = ["x"]
        assert f"the event.workflow_run.{key}" in run(event).err

    def test_an_unknown_command_says_which_there_are(self, capsys: pytest.CaptureFixture[str]) -> None:
        assert main(["frobnicate"], {}) == ExitCode.COULD_NOT_MEASURE
        assert "settings, comment, history fetch, history push" in capsys.readouterr().err


class TestSettings:
    @pytest.mark.parametrize(
        ("expected", "content"),
        [
            ("upload_artifacts=true\ncomment_on_pr=true\n", ""),
            (
                "upload_artifacts=false\ncomment_on_pr=true\n",
                "benchmarks: {ci: {upload_artifacts: false}}\n",
            ),
        ],
    )
    def test_are_outputs_of_a_step(
        self,
        expected: str,
        content: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        (tmp_path / "persona.yaml").write_text(content)
        monkeypatch.chdir(tmp_path)
        assert main(["settings"], {}) == ExitCode.PASS
        assert capsys.readouterr().out == expected


class TestBase:
    """What a pull request's job is told: of the commit it is merged into, and of whose code is measured."""

    GATE = {".github/workflows/benchmark.yml": "on: pull_request\n"}  # noqa: RUF012
    ADAPTER = {"persona.yaml": "benchmarks: {subject: 'acme.measured:Acme'}\n"}  # noqa: RUF012
    REFERENCE = {"persona.yaml": "benchmarks: {subject: reference}\n"}  # noqa: RUF012
    OURSELVES = {"src/persona_asv/subject/__init__.py": ""}  # noqa: RUF012

    def commit(self, folder: Path, files: dict[str, str], message: str) -> str:
        for name, text in files.items():
            (folder / name).parent.mkdir(parents=True, exist_ok=True)
            (folder / name).write_text(text)
        git(folder, "add", ".")
        git(folder, "commit", "-q", "--allow-empty", "-m", message)
        return git(folder, "rev-parse", "HEAD")

    def merge(self, folder: Path, base: dict[str, str], change: dict[str, str]) -> str:
        """Check out what a forge makes of a change to a base; returns the base's commit."""
        git(folder, "init", "-q", "-b", "main")
        commit = self.commit(folder, base, "base")
        git(folder, "switch", "-q", "-c", "change")
        self.commit(folder, change, "change")
        git(folder, "switch", "-q", "--detach", commit)
        git(folder, "merge", "-q", "--no-ff", "-m", "merge", "change")
        return commit

    @pytest.mark.parametrize(
        ("gated", "own", "base", "change"),
        [
            pytest.param("true", "true", GATE | ADAPTER, {}, id="as it goes on"),
            pytest.param("false", "true", {}, GATE | ADAPTER, id="the first of all"),
            pytest.param("false", "true", ADAPTER, GATE, id="a base without the workflow"),
            pytest.param("false", "true", GATE, ADAPTER, id="a base without a configuration"),
            pytest.param("false", "true", GATE | REFERENCE, ADAPTER, id="the first adapter"),
            pytest.param("false", "false", {}, GATE | REFERENCE, id="the first, without an adapter"),
            pytest.param("false", "false", GATE | REFERENCE, {}, id="never an adapter"),
            pytest.param("true", "false", GATE | ADAPTER, REFERENCE, id="an adapter that is taken away"),
            pytest.param("true", "true", GATE | {"persona.yaml": "["}, ADAPTER, id="a broken configuration"),
            pytest.param(
                "true", "true", GATE | {"persona.yaml": "benchmarks: {subject: 1}"}, ADAPTER, id="no subject"
            ),
            pytest.param("true", "true", GATE | OURSELVES, {}, id="this very repository"),
        ],
    )
    def test_its_own_tree_says_whether_it_is_gated(
        self,
        gated: str,
        own: str,
        base: dict[str, str],
        change: dict[str, str],
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        commit = self.merge(tmp_path, base, change)
        monkeypatch.chdir(tmp_path)
        assert [main([command], {}) for command in ("base", "subject")] == [ExitCode.PASS] * 2
        assert capsys.readouterr().out == f"sha={commit}\ngated={gated}\nown={own}\n"

    def test_a_checkout_that_ends_at_the_merge_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        (tmp_path / "origin").mkdir()
        self.merge(tmp_path / "origin", self.GATE, self.ADAPTER)
        git(tmp_path / "origin", "switch", "-q", "-c", "merged")
        git(tmp_path, "clone", "-q", "--depth", "1", (tmp_path / "origin").as_uri(), "clone")
        monkeypatch.chdir(tmp_path / "clone")
        assert main(["base"], {}) == ExitCode.COULD_NOT_MEASURE
        assert "check out the merge with `fetch-depth: 2`" in capsys.readouterr().err

    @pytest.mark.parametrize("command", ["base", "subject"])
    def test_outside_of_a_repository(
        self,
        command: str,
        tmp_path: Path,
        monkeypatch: pytest.MonkeyPatch,
        capsys: pytest.CaptureFixture[str],
    ) -> None:
        monkeypatch.chdir(tmp_path)
        assert main([command], {}) == ExitCode.COULD_NOT_MEASURE
        assert capsys.readouterr().err == "error: this folder is in no git repository: check it out first\n"

    def test_a_configuration_that_cannot_be_read_is_told(
        self, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> None:
        self.merge(tmp_path, self.GATE | self.ADAPTER, {"persona.yaml": "benchmarks: ["})
        monkeypatch.chdir(tmp_path)
        assert main(["subject"], {}) == ExitCode.COULD_NOT_MEASURE
        assert capsys.readouterr().err.startswith("error: persona.yaml:2: not valid YAML")


class TestHistory:
    """The branch that holds the results, in a bare repository as a forge has it."""

    @pytest.fixture
    def origin(self, repository: Path, tmp_path: Path) -> Path:
        git(tmp_path, "clone", "-q", "--bare", str(repository), "origin.git")
        return tmp_path / "origin.git"

    def clone(self, origin: Path, name: str, **files: str) -> Path:
        """Return a shallow clone, as a job has it, with results in it."""
        git(origin.parent, "clone", "-q", "--depth", "1", origin.as_uri(), name)
        for file, text in files.items():
            path = origin.parent / name / ".asv" / "results" / "m" / f"{file}.json"
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
        return origin.parent / name

    def on_branch(self, origin: Path) -> dict[str, str]:
        names = git(origin, "ls-tree", "-r", "--name-only", "benchmark-results").splitlines()
        return {name: git(origin, "show", f"benchmark-results:{name}") for name in names}

    @pytest.fixture
    def history(
        self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
    ) -> Callable[..., Done]:
        def run(command: str, clone: Path, **environ: str) -> Done:
            monkeypatch.chdir(clone)
            code = main(["history", command], environ)
            said = capsys.readouterr()
            return Done(code, said.out, said.err)

        return run

    def test_begins_grows_and_comes_back(self, origin: Path, history: Callable[..., Done]) -> None:
        first = self.clone(origin, "first", one="1")
        (first / "baselines").mkdir()
        (first / "baselines" / "v1.yaml").write_text("name: v1")
        assert history("fetch", first).out == "There is no branch benchmark-results yet.\n"
        assert (
            history("push", first, GITHUB_SHA="c0ffee00dead").out == "Pushed benchmark-results, attempt 1.\n"
        )
        assert history("push", first).out == "Nothing new to push.\n"
        assert git(origin, "log", "--format=%s", "benchmark-results") == "Results of c0ffee00"
        second = self.clone(origin, "second")
        assert history("fetch", second).out == "Fetched benchmark-results.\n"
        assert (second / ".asv" / "results" / "m" / "one.json").read_text() == "1"
        (second / ".asv" / "results" / "m" / "two.json").write_text("2")
        history("push", second)
        assert self.on_branch(origin) == {
            "baselines/v1.yaml": "name: v1",
            "results/m/one.json": "1",
            "results/m/two.json": "2",
        }
        assert git(second, "status", "--porcelain", "--untracked-files=no") == "", "the checkout is untouched"
        assert git(second, "worktree", "list").count("\n") == 0, "and nothing is left behind"

    def test_what_lies_here_is_not_replaced(self, origin: Path, history: Callable[..., Done]) -> None:
        history("push", self.clone(origin, "first", one="1"))
        second = self.clone(origin, "second", one="ours")
        history("fetch", second)
        assert (second / ".asv" / "results" / "m" / "one.json").read_text() == "ours"

    def test_a_push_that_lost_the_race_starts_from_what_won(
        self, origin: Path, history: Callable[..., Done], monkeypatch: pytest.MonkeyPatch
    ) -> None:
        first, second = self.clone(origin, "first", one="1"), self.clone(origin, "second", two="2")
        third = self.clone(origin, "third", three="3")
        history("push", first)
        ask, raced = ResultsBranch._ask, []

        def slowly(self: ResultsBranch, *arguments: str, folder: Path | None = None) -> str | None:
            if arguments[0] == "push" and not raced:
                raced.append(True)
                ResultsBranch(third, self.branch, {"results": third / ".asv" / "results"}).push("in between")
            return ask(self, *arguments, folder=folder)

        monkeypatch.setattr(ResultsBranch, "_ask", slowly)
        assert history("push", second).out == "Pushed benchmark-results, attempt 2.\n"
        assert sorted(self.on_branch(origin)) == [f"results/m/{n}.json" for n in ("one", "three", "two")]

    def test_a_branch_that_takes_no_push_is_told(self, origin: Path, history: Callable[..., Done]) -> None:
        clone = self.clone(origin, "first", one="1")
        hook = origin / "hooks" / "pre-receive"
        hook.write_text("#!/bin/sh\nexit 1\n")
        hook.chmod(0o755)
        done = history("push", clone)
        assert done.code == ExitCode.COULD_NOT_MEASURE
        assert f"origin refused {results_branch.ATTEMPTS} pushes to benchmark-results" in done.err

    def test_an_origin_that_is_gone_is_told(self, origin: Path, history: Callable[..., Done]) -> None:
        clone = self.clone(origin, "first", one="1")
        git(clone, "remote", "set-url", "origin", str(origin.parent / "gone"))
        assert "git ls-remote failed" in history("fetch", clone).err

    def test_outside_of_a_repository(self, history: Callable[..., Done], tmp_path: Path) -> None:
        assert "in no git repository" in history("fetch", tmp_path).err

    def test_links_stay_behind(self, origin: Path, history: Callable[..., Done]) -> None:
        clone = self.clone(origin, "first", one="1")
        (clone / ".asv" / "results" / "passwd").symlink_to("/etc/passwd")
        history("push", clone)
        assert list(self.on_branch(origin)) == ["results/m/one.json"]

    def test_the_token_goes_where_it_is_valid_and_onto_no_command_line(self, tmp_path: Path) -> None:
        its = ResultsBranch(tmp_path, "b", {}, "https://github.example", "s3cret")
        found = its._credentials()
        assert found["GIT_CONFIG_KEY_0"] == "http.https://github.example/.extraheader"
        asked = subprocess.run(
            ["git", "config", "--get-urlmatch", "http.extraheader", "https://github.example/o/r"],
            env={**os.environ, **found},
            capture_output=True,
            text=True,
            check=True,
        )
        assert asked.stdout.startswith("AUTHORIZATION: basic ")
        assert ResultsBranch(tmp_path, "b", {})._credentials() == {}
