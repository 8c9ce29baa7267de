"""Which commit measured code is: real repositories in every state that a user or a CI leaves them in."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from conftest import git

from persona_asv.engine.worktree import Attribution, WorkTree, attribute, find
from persona_asv.errors import MeasurementError
from persona_asv.model import UNATTRIBUTED

PACKAGE = "product/subject"
FILES = {
    "__init__.py": b"VALUE = 1\n",
    "deep/module.py": b"",
    "a template.txt": b"Hello,\r\nworld\n",
    "new\nline.py": b"x = 2\n",
    "na\u00efve.json": b'{"\xc3\xa9": 1}\n',
}
COMMITTED_AT = "2024-01-02T03:04:05+0200"
COMMITTED_AT_MS = 1_704_157_445_000


@pytest.fixture(autouse=True)
def _git_of_nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Free git of this machine's configuration and of a repository around the temporary folder."""
    for name in ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    monkeypatch.setenv("GIT_CONFIG_NOSYSTEM", "1")
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.resolve()))
    monkeypatch.setenv("GIT_COMMITTER_DATE", COMMITTED_AT)


def write_package(folder: Path) -> Path:
    """Write the product's files as an installer would."""
    for name, content in FILES.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return folder


def commit(root: Path, *options: str) -> None:
    git(root, "add", "--all")
    git(root, "commit", "-q", "-m", "a commit", *options)


def make_repository(root: Path, layout: str = PACKAGE, *options: str) -> Path:
    root.mkdir(parents=True)
    git(root, "init", "-q", "-b", "main", *options)
    (root / ".gitignore").write_text("__pycache__/\n.venv/\n*.log\n")
    (root / "notes.md").write_text("notes\n")
    (root / "adapter.py").write_text("SUBJECT = None\n")
    write_package(root / layout)
    commit(root)
    return root


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return make_repository(tmp_path / "root")


def found(start: Path) -> WorkTree:
    tree = find(start)
    assert tree is not None
    return tree


class TestNoTree:
    def test_outside_of_a_repository(self, tmp_path: Path) -> None:
        assert find(tmp_path) is None

    def test_a_folder_that_does_not_exist(self, tmp_path: Path) -> None:
        assert find(tmp_path / "nowhere") is None

    def test_a_bare_repository(self, root: Path, tmp_path: Path) -> None:
        git(tmp_path, "clone", "-q", "--bare", str(root), "bare")
        assert find(tmp_path / "bare") is None

    @pytest.mark.parametrize("git_is", ["absent", "not executable", "below a file"])
    def test_no_git(self, git_is: str, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        (tmp_path / "bin").mkdir()
        (tmp_path / "file").touch()
        if git_is == "not executable":
            (tmp_path / "bin" / "git").write_text("no program\n")
        monkeypatch.setenv("PATH", str(tmp_path / ("file" if git_is == "below a file" else "bin")))
        assert find(root) is None


class TestUnusableTree:
    def test_without_a_commit(self, tmp_path: Path) -> None:
        git(tmp_path, "init", "-q", "-b", "main")
        with pytest.raises(MeasurementError, match="has no commit yet: commit first, then measure") as raised:
            find(tmp_path)
        assert str(tmp_path.resolve()) in str(raised.value)
        assert find(tmp_path, unborn=True) is None

    def test_of_a_commit_that_is_lost(self, root: Path) -> None:
        commit = git(root, "rev-parse", "HEAD")
        (root / ".git" / "objects" / commit[:2] / commit[2:]).unlink()
        with pytest.raises(MeasurementError, match="git cannot tell the commit of") as raised:
            find(root)
        assert "\n" not in str(raised.value)

    def test_another_users(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        """The checkout in a CI container: git refuses it, and "outside a repository" would be untrue."""
        monkeypatch.setenv("GIT_TEST_ASSUME_DIFFERENT_OWNER", "1")
        with pytest.raises(MeasurementError, match=r"git config --global --add safe\.directory"):
            find(root)

    def test_with_a_broken_index(self, root: Path) -> None:
        (root / ".git" / "index").write_bytes(b"broken")
        with pytest.raises(MeasurementError, match="cannot tell what changed"):
            find(root)


class TestFind:
    def test_tells_root_commit_and_its_committer_date(self, root: Path) -> None:
        assert find(root) == WorkTree(root.resolve(), git(root, "rev-parse", "HEAD"), COMMITTED_AT_MS, ())

    def test_from_a_sub_folder(self, root: Path) -> None:
        (root / "adapter.py").write_text("changed\n")
        assert found(root / PACKAGE / "deep") == found(root)

    def test_through_a_symbolic_link(self, root: Path, tmp_path: Path) -> None:
        (tmp_path / "link").symlink_to(root)
        assert found(tmp_path / "link").root == root.resolve()

    def test_in_a_folder_with_an_odd_name(self, tmp_path: Path) -> None:
        odd = make_repository(tmp_path / "a \u00fcnusual\nfolder [1] ")
        assert found(odd).root == odd.resolve()
        assert found(odd).changed == ()

    def test_with_a_detached_head(self, root: Path) -> None:
        git(root, "commit", "-q", "--allow-empty", "-m", "later")
        git(root, "checkout", "-q", "--detach", "HEAD~1")
        assert found(root).commit == git(root, "rev-parse", "main~1")

    def test_in_a_shallow_clone_without_a_branch(self, root: Path, tmp_path: Path) -> None:
        git(root, "commit", "-q", "--allow-empty", "-m", "later")
        git(tmp_path, "clone", "-q", "--depth", "1", f"file://{root}", "clone")
        git(tmp_path / "clone", "checkout", "-q", "--detach")
        git(tmp_path / "clone", "branch", "-q", "-D", "main")
        assert (tmp_path / "clone" / ".git" / "shallow").exists()
        assert found(tmp_path / "clone").commit == git(root, "rev-parse", "HEAD")
        assert found(tmp_path / "clone").changed == ()

    def test_in_a_linked_work_tree(self, root: Path, tmp_path: Path) -> None:
        git(root, "worktree", "add", "-q", "--detach", str(tmp_path / "linked"))
        (root / "adapter.py").write_text("changed in the other tree\n")
        assert found(tmp_path / "linked").root == (tmp_path / "linked").resolve()
        assert found(tmp_path / "linked").changed == ()

    def test_a_signature_that_git_shows_is_not_taken_for_the_commit(self, root: Path, tmp_path: Path) -> None:
        signer = tmp_path / "signer"
        signer.write_text(
            "#!/bin/sh\n"
            'case "$*" in\n'
            "*--verify*) echo '[GNUPG:] GOODSIG 1 T'; echo 'gpg: Good signature from T' >&2;;\n"
            "*) cat > /dev/null; echo '[GNUPG:] SIG_CREATED ' >&2;\n"
            "   printf '%s\\n' '-----BEGIN PGP SIGNATURE-----' '' 'x' '-----END PGP SIGNATURE-----';;\n"
            "esac\n"
        )
        signer.chmod(0o755)
        for key, value in {"gpg.program": str(signer), "log.showSignature": "true"}.items():
            git(root, "config", key, value)
        git(root, "commit", "-q", "--allow-empty", "-S", "-m", "signed")
        assert "Good signature" in git(root, "log", "-1"), "git shows it"
        assert found(root).commit == git(root, "rev-parse", "HEAD")


Change = Callable[[Path], object]


def untracked(name: str | bytes) -> Change:
    def change(root: Path) -> None:
        path = root / os.fsdecode(name)
        path.parent.mkdir(exist_ok=True)
        path.write_text("new = True\n")

    return change


def rename(root: Path) -> None:
    git(root, "mv", "adapter.py", "renamed.py")


def stage(root: Path) -> None:
    (root / "adapter.py").write_text("staged\n")
    git(root, "add", "adapter.py")


def intend_to_add(root: Path) -> None:
    untracked("planned.txt")(root)
    git(root, "add", "--intent-to-add", "planned.txt")


CHANGES = [
    pytest.param([], lambda root: None, id="nothing"),
    pytest.param(["adapter.py"], lambda root: (root / "adapter.py").write_text("x"), id="a changed file"),
    pytest.param(["notes.md"], lambda root: (root / "notes.md").write_text("x"), id="a changed note"),
    pytest.param([], lambda root: (root / "adapter.py").touch(), id="a touched file"),
    pytest.param(["adapter.py"], lambda root: (root / "adapter.py").chmod(0o755), id="a changed mode"),
    pytest.param(["adapter.py"], stage, id="a staged change"),
    pytest.param(["adapter.py"], lambda root: (root / "adapter.py").unlink(), id="a deleted file"),
    pytest.param(["adapter.py"], lambda root: git(root, "rm", "-q", "adapter.py"), id="a staged deletion"),
    pytest.param(["adapter.py", "renamed.py"], rename, id="a renamed file"),
    pytest.param(["planned.txt"], intend_to_add, id="a file to be added"),
    pytest.param(["new.py"], untracked("new.py"), id="an untracked module"),
    pytest.param(["new/new.py"], untracked("new/new.py"), id="an untracked module in an untracked folder"),
    pytest.param([], untracked("new.txt"), id="an untracked note"),
    pytest.param([], untracked("py"), id="an untracked file without an ending"),
    pytest.param([], untracked(".venv/module.py"), id="an ignored module"),
    pytest.param([], untracked("run.log"), id="an ignored file"),
    pytest.param(["two words.py"], untracked("two words.py"), id="a name with a space"),
    pytest.param(["two\nlines.py"], untracked("two\nlines.py"), id="a name with a line break"),
    pytest.param(['"q".py'], untracked('"q".py'), id="a name with quotes"),
    pytest.param([" M x.py"], untracked(" M x.py"), id="a name like git's own output"),
    pytest.param(["\u00fc.py"], untracked("\u00fc.py"), id="a name in Unicode"),
    pytest.param([os.fsdecode(b"\xff.py")], untracked(b"\xff.py"), id="a name in no encoding"),
]


class TestChanged:
    @pytest.mark.parametrize(("expected", "change"), CHANGES)
    def test_names_what_may_have_been_measured_and_is_not_in_the_commit(
        self, expected: list[str], change: Change, root: Path
    ) -> None:
        change(root)
        assert sorted(found(root).changed) == expected

    @pytest.mark.parametrize(
        ("key", "value"),
        [
            ("status.showUntrackedFiles", "no"),
            ("status.relativePaths", "true"),
            ("status.short", "true"),
            ("status.branch", "true"),
            ("color.ui", "always"),
        ],
    )
    def test_whatever_the_users_settings(self, key: str, value: str, root: Path) -> None:
        git(root, "config", key, value)
        (root / "adapter.py").write_text("changed\n")
        untracked("new folder/new.py")(root)
        assert sorted(found(root / PACKAGE).changed) == ["adapter.py", "new folder/new.py"]


def install(site: Path) -> Path:
    """Install the product as of the commit, compiled files and all."""
    write_package(site / PACKAGE)
    (site / PACKAGE / "deep" / "__pycache__").mkdir()
    (site / PACKAGE / "deep" / "__pycache__" / "module.cpython-311.pyc").write_bytes(b"\0")
    return site / PACKAGE


def of_commit(root: Path) -> Attribution:
    return Attribution(git(root, "rev-parse", "HEAD"), COMMITTED_AT_MS, dirty=False)


class TestAttributeInTheTree:
    def test_outside_of_a_tree_code_is_nobodys(self, tmp_path: Path) -> None:
        attribution = attribute(None, tmp_path, PACKAGE)
        assert (attribution.commit, attribution.dirty) == (None, False)
        assert attribution.reason == "outside a git repository"

    @pytest.mark.parametrize("code", [PACKAGE, "adapter.py"], ids=["a package", "a module"])
    def test_tracked_code_is_the_commits(self, code: str, root: Path) -> None:
        assert attribute(found(root), root / code, code) == of_commit(root)

    @pytest.mark.parametrize("dirty", [False, True], ids=["clean", "dirty"])
    def test_through_a_symbolic_link_as_well(self, dirty: bool, root: Path, tmp_path: Path) -> None:
        if dirty:
            (root / "notes.md").write_text("changed\n")
        (tmp_path / "link").symlink_to(root)
        tree = found(tmp_path / "link")
        linked = replace(tree, root=tmp_path / "link")
        for attribution in (
            attribute(tree, tmp_path / "link" / PACKAGE, PACKAGE),
            attribute(linked, root / PACKAGE, PACKAGE),
        ):
            assert (attribution.commit, attribution.dirty) == (git(root, "rev-parse", "HEAD"), dirty)

    @pytest.mark.parametrize(
        ("expected", "names"),
        [
            pytest.param("the work tree has changes (a.py)", ["a.py"], id="one"),
            pytest.param("the work tree has changes (a.py and 1 more)", ["a.py", "b.py"], id="two"),
            pytest.param("the work tree has changes (a.py and 2 more)", ["a.py", "b.py", "c.py"], id="three"),
        ],
    )
    def test_changes_make_it_dirty_and_are_named(self, expected: str, names: list[str], root: Path) -> None:
        for name in names:
            untracked(name)(root)
        clean = of_commit(root)
        attribution = attribute(found(root), root / PACKAGE, PACKAGE)
        assert attribution == Attribution(
            clean.commit, clean.date, dirty=True, reason=expected, state=attribution.state
        )

    def test_the_state_tells_one_change_from_another(self, root: Path) -> None:
        """So that a run of the tree as it was is not taken for one of the tree as it is."""

        def state() -> str:
            return attribute(found(root), root / PACKAGE, PACKAGE).state

        assert state() == "", "the commit says it all"
        module = root / PACKAGE / "__init__.py"
        clean = module.read_text()
        module.write_text("VALUE = 3\n")
        first = state()
        module.write_text("VALUE = 4\n")
        assert len({"", first, state()}) == 3
        module.write_text("VALUE = 3\n")
        assert state() == first
        module.unlink()
        assert state() not in ("", first), "gone is a change too"
        module.write_text(clean)
        assert state() == ""

    def test_the_state_of_code_without_a_commit_is_its_files(self, root: Path, tmp_path: Path) -> None:
        code = tmp_path / "elsewhere" / "adapter.py"
        code.parent.mkdir()
        code.write_text("VALUE = 1\n")
        first = attribute(None, code, "adapter.py").state
        assert first == attribute(None, code, "adapter.py").state != ""
        code.write_text("VALUE = 2\n")
        assert attribute(None, code, "adapter.py").state != first

    def test_untracked_code_is_nobodys(self, root: Path) -> None:
        untracked("stray/code.txt")(root)
        attribution = attribute(found(root), root / "stray", "stray")
        assert attribution.commit is None
        assert attribution.reason == (
            f"the code measured, stray, is not the one of commit {git(root, 'rev-parse', 'HEAD')[:8]}"
        )

    def test_a_module_without_a_file_is_nobodys(self, root: Path) -> None:
        assert attribute(found(root), Path(os.devnull), "null").commit is None


def edit(package: Path) -> None:
    (package / "__init__.py").write_text("VALUE = 2\n")


def convert_line_ends(package: Path) -> None:
    (package / "a template.txt").write_bytes(b"Hello,\nworld\n")


class TestAttributeInstalled:
    @pytest.mark.parametrize("place", ["root/.venv/lib/site-packages", "elsewhere"])
    @pytest.mark.parametrize("layout", [PACKAGE, f"src/{PACKAGE}"], ids=["flat layout", "src layout"])
    def test_a_copy_that_equals_the_commit_is_the_commits(
        self, layout: str, place: str, tmp_path: Path
    ) -> None:
        root = make_repository(tmp_path / "root", layout)
        assert attribute(found(root), install(tmp_path / place), PACKAGE) == of_commit(root)

    def test_a_wheel_that_leaves_data_out_is_still_the_commits(self, root: Path, tmp_path: Path) -> None:
        code = install(tmp_path / "elsewhere")
        (code / "a template.txt").unlink()
        assert attribute(found(root), code, PACKAGE) == of_commit(root)

    @pytest.mark.parametrize("place", ["root/.venv/lib/site-packages", "elsewhere"])
    @pytest.mark.parametrize(
        "change",
        [
            pytest.param(edit, id="a changed file"),
            pytest.param(convert_line_ends, id="changed line ends"),
            pytest.param(lambda package: (package / "deep" / "module.py").unlink(), id="a missing file"),
            pytest.param(lambda package: (package / "more.py").touch(), id="one more file"),
        ],
    )
    def test_a_copy_that_differs_is_nobodys(
        self, change: Change, place: str, root: Path, tmp_path: Path
    ) -> None:
        code = install(tmp_path / place)
        change(code)
        attribution = attribute(found(root), code, PACKAGE)
        assert (attribution.commit, attribution.historic) == (None, False)
        assert f"the code measured, {PACKAGE}, is not the one of commit" in attribution.reason

    def test_the_work_trees_changes_do_not_matter_to_it(self, root: Path, tmp_path: Path) -> None:
        edit(root / PACKAGE)
        assert found(root).changed
        assert attribute(found(root), install(tmp_path / "elsewhere"), PACKAGE) == of_commit(root)

    def test_it_is_compared_with_the_commit_not_with_the_index(self, root: Path, tmp_path: Path) -> None:
        edit(root / PACKAGE)
        git(root, "add", "--all")
        code = install(tmp_path / "elsewhere")
        assert attribute(found(root), code, PACKAGE) == of_commit(root)
        edit(code)
        assert attribute(found(root), code, PACKAGE).commit is None

    @pytest.mark.parametrize(
        ("expected", "content"),
        [(True, "SUBJECT = None\n"), (False, "SUBJECT = 1\n")],
        ids=["equal", "other"],
    )
    def test_a_single_module(self, expected: bool, content: str, root: Path, tmp_path: Path) -> None:
        (tmp_path / "adapter.py").write_text(content)
        assert attribute(found(root), tmp_path / "adapter.py", "adapter.py").historic is expected

    def test_a_package_that_the_commit_has_not(self, root: Path, tmp_path: Path) -> None:
        assert attribute(found(root), install(tmp_path / "elsewhere"), "another").commit is None

    def test_in_a_repository_of_sha256(self, tmp_path: Path) -> None:
        root = make_repository(tmp_path / "root", PACKAGE, "--object-format=sha256")
        attribution = attribute(found(root), install(tmp_path / "elsewhere"), PACKAGE)
        assert attribution == of_commit(root)
        assert len(attribution.commit or "") == 64

    def test_from_a_sub_folder_of_the_tree(
        self, root: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.chdir(root / PACKAGE)
        assert attribute(found(Path.cwd()), install(tmp_path / "elsewhere"), PACKAGE) == of_commit(root)

    def test_an_export_of_the_commit(self, root: Path, tmp_path: Path) -> None:
        """Git's own export of the commit, as a builder would make it, equals the commit too."""
        archive = tmp_path / "export.tar"
        git(root, "archive", "--output", str(archive), "HEAD")
        shutil.unpack_archive(archive, tmp_path / "site", filter="data")
        assert attribute(found(root), tmp_path / "site" / PACKAGE, PACKAGE) == of_commit(root)


class TestAttribution:
    COMMIT = "0123456789abcdef0123456789abcdef01234567"

    @pytest.mark.parametrize(
        ("label", "historic", "attribution"),
        [
            pytest.param("01234567", True, Attribution(COMMIT, 1, dirty=False), id="clean"),
            pytest.param("01234567+dirty", False, Attribution(COMMIT, 1, dirty=True), id="dirty"),
            pytest.param("unattributed", False, Attribution(None, 0, dirty=False), id="nobody's"),
        ],
    )
    def test_label_and_whether_it_may_enter_the_history(
        self, label: str, historic: bool, attribution: Attribution
    ) -> None:
        assert (attribution.label, attribution.historic) == (label, historic)

    def test_no_commit_stands_for_the_unattributed(self, root: Path) -> None:
        with pytest.raises(subprocess.CalledProcessError):
            git(root, "cat-file", "-e", UNATTRIBUTED)
