"""The source of a commit, in a scratch repository: the user's tree, index, refs and objects stay as they are.

The scratch repository borrows the objects of the user's (git's alternates), so nothing is copied or fetched,
and it knows the tags, because many a build asks git for its version. The work tree with its uncommitted
changes becomes a commit like any other, in the scratch repository alone.
"""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from persona_asv.errors import MeasurementError

_GITLINK = "160000"
"""The mode under which git stores a submodule."""

IDENTITY = {
    f"GIT_{role}_{what}": value
    for role in ("AUTHOR", "COMMITTER")
    for what, value in (("NAME", "persona_asv"), ("EMAIL", "persona_asv@localhost"))
}
"""Who commits in scratch repositories."""


@dataclass(frozen=True, slots=True)
class Source:
    """A scratch repository's work tree with the files of one commit.

    Attributes
    ----------
    folder
        Where the files are.
    commit
        Their commit; one that only the scratch repository has where the work tree had changes.
    """

    folder: Path
    commit: str

    def blob(self, path: str) -> str | None:
        """Return git's name of a file's content in the commit, None where it has no such file."""
        try:
            return git(self.folder, "rev-parse", "--verify", "--quiet", f"{self.commit}:{path}").strip()
        except MeasurementError:
            return None


def scratch(repository: Path, folder: Path) -> Path:
    """Make an empty repository in a folder that sees all objects and tags of another; returns the folder.

    Raises
    ------
    MeasurementError
        git cannot make it.
    """
    common = Path(git(repository, "rev-parse", "--path-format=absolute", "--git-common-dir").strip())
    tags = git(repository, "for-each-ref", "--format=%(objectname) %(refname)", "refs/tags")
    kind = git(repository, "rev-parse", "--show-object-format").strip()
    try:
        folder.mkdir(parents=True)
        git(folder, "init", "--quiet", "--template=", f"--object-format={kind}")
        own = folder / ".git"
        (own / "objects" / "info").mkdir(parents=True, exist_ok=True)
        (own / "objects" / "info" / "alternates").write_text(f"{common / 'objects'}\n")
        (own / "packed-refs").write_text(tags)
        for name in ("shallow", "info/exclude"):
            if (common / name).is_file():
                (own / name).parent.mkdir(exist_ok=True)
                (own / name).write_bytes((common / name).read_bytes())
    except OSError as error:
        raise MeasurementError(f"{folder}: cannot be written ({error.strerror})") from error
    return folder


def work_tree(repository: Path, folder: Path, head: str) -> str:
    """Commit the work tree as it is in a scratch repository; returns the commit.

    Everything counts that git does not ignore. The same tree on the same commit is the same commit again.

    Raises
    ------
    MeasurementError
        A file cannot be read, or the scratch folder is full.
    """
    there = {"GIT_DIR": str(folder / ".git"), "GIT_WORK_TREE": str(repository)}
    git(repository, "read-tree", head, environ=there)
    git(repository, "-c", "advice.addEmbeddedRepo=false", "add", "--all", environ=there)
    tree = git(repository, "write-tree", environ=there).strip()
    date = git(repository, "log", "-1", "--no-show-signature", "--format=%ct +0000", head).strip()
    dates = {"GIT_AUTHOR_DATE": date, "GIT_COMMITTER_DATE": date}
    environ = {**there, **IDENTITY, **dates}
    message = "work tree with its uncommitted changes"
    return git(
        repository, "commit-tree", "--no-gpg-sign", tree, "-p", head, "-m", message, environ=environ
    ).strip()


def checkout(folder: Path, commit: str) -> Source:
    """Put the files of a commit into the scratch repository.

    Raises
    ------
    MeasurementError
        The commit has submodules, whose files no repository here need hold; or its files cannot be written.
    """
    listing = git(folder, "ls-tree", "-r", "-z", "--full-tree", commit)
    links = [entry.split("\t", 1)[1] for entry in listing.split("\0") if entry.startswith(_GITLINK)]
    known = git(folder, "ls-tree", "-z", "--full-tree", "--name-only", commit, ".gitmodules")
    if links and known:
        raise MeasurementError(
            f"commit {commit[:8]} has a submodule ({links[0]}), and submodules are not built here: "
            "compare result files instead, measured in checkouts of both commits"
        )
    git(folder, "-c", "advice.detachedHead=false", "checkout", "--quiet", "--force", "--detach", commit)
    return Source(folder, commit)


def git(folder: Path, *arguments: str, environ: Mapping[str, str] | None = None) -> str:
    """Return what git prints.

    Variables that a hook or an editor set (``GIT_DIR``, ``GIT_INDEX_FILE``) would lead it elsewhere.

    Raises
    ------
    MeasurementError
        It fails: its last line says why.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("GIT_")}
    settings = {name: value for name, value in os.environ.items() if name.startswith("GIT_CONFIG")}
    done = subprocess.run(
        ["git", "-C", str(folder), *arguments],
        capture_output=True,
        check=False,
        stdin=subprocess.DEVNULL,
        env={**kept, **settings, "LC_ALL": "C", **(environ or {})},
    )
    if done.returncode:
        said = done.stderr.decode(errors="replace").strip().splitlines()
        raise MeasurementError(
            f"git {_verb(arguments)} failed in {folder}: {(said or ['it said nothing'])[-1]}"
        )
    return done.stdout.decode(errors="surrogateescape")


def _verb(arguments: tuple[str, ...]) -> str:
    """Return the command among git's arguments, behind its settings."""
    rest = list(arguments)
    while rest[:1] == ["-c"]:
        rest = rest[2:]
    return rest[0]
