"""The history on a branch of its own: fetched before a measurement, pushed after it, whoever else pushes."""

from __future__ import annotations

import base64
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from persona_asv.errors import MeasurementError

ATTEMPTS = 5
"""Pushes until it is given up: each that was refused starts from what the other one pushed."""
IDENTITY = ("github-actions[bot]", "41898282+github-actions[bot]@users.noreply.github.com")


@dataclass(frozen=True, slots=True)
class ResultsBranch:
    """A branch of ``origin`` that holds folders of results, and no code.

    Attributes
    ----------
    root
        The repository's folder.
    folders
        What the branch holds: the folder's name on it, and where its files belong here.
    server, token
        Where the token is valid, and the token; empty to push as git is set up.
    """

    root: Path
    branch: str
    folders: Mapping[str, Path]
    server: str = ""
    token: str = ""

    def fetch(self) -> bool:
        """Copy what the branch holds to where it belongs; returns whether there is such a branch.

        What lies there already stays: a baseline that git tracks must not look changed.

        Raises
        ------
        MeasurementError
            ``origin`` cannot be reached.
        """
        tip = self._tip()
        if tip is None:
            return False
        with self._checked_out(tip) as tree:
            for name, place in self.folders.items():
                if (tree / name).is_dir():
                    _copy(tree / name, place, replace=False)
        return True

    def push(self, message: str) -> int:
        """Add what lies here to the branch; returns the attempts it took, 0 where there was nothing new.

        Raises
        ------
        MeasurementError
            It was refused every time.
        """
        for attempt in range(1, ATTEMPTS + 1):
            tip = self._tip()
            with self._checked_out(tip) as tree:
                for name, place in self.folders.items():
                    if place.is_dir():
                        _copy(place, tree / name, replace=True)
                self._git("add", "--all", "--force", ".", folder=tree)
                if not self._git("status", "--porcelain", folder=tree).strip():
                    return 0
                name, address = IDENTITY
                who = ("-c", f"user.name={name}", "-c", f"user.email={address}", "-c", "commit.gpgsign=false")
                self._git(*who, "commit", "--quiet", "--no-verify", "-m", message, folder=tree)
                if self._ask("push", "origin", f"HEAD:refs/heads/{self.branch}", folder=tree) is not None:
                    return attempt
        raise MeasurementError(f"origin refused {ATTEMPTS} pushes to {self.branch}: is it protected?")

    def _tip(self) -> str | None:
        """Return the branch's commit, fetched anew; None where there is no such branch."""
        listed = self._git("ls-remote", "origin", f"refs/heads/{self.branch}")
        if not listed.strip():
            return None
        commit = listed.split()[0]
        self._git("fetch", "--quiet", "--no-tags", "--depth=1", "origin", commit)
        return commit

    @contextmanager
    def _checked_out(self, commit: str | None) -> Iterator[Path]:
        """Give a work tree of a commit, or of a history that has yet to begin."""
        with tempfile.TemporaryDirectory(prefix="persona-asv-history-") as scratch:
            tree = Path(scratch) / "tree"
            self._git("worktree", "add", "--quiet", "--detach", "--no-checkout", str(tree), commit or "HEAD")
            try:
                if commit is None:
                    self._git("symbolic-ref", "HEAD", f"refs/heads/new-{Path(scratch).name}", folder=tree)
                    self._git("read-tree", "--empty", folder=tree)
                else:
                    self._git("checkout", "--quiet", "--detach", commit, folder=tree)
                yield tree
            finally:
                self._ask("worktree", "remove", "--force", str(tree))

    def _git(self, *arguments: str, folder: Path | None = None) -> str:
        found = self._ask(*arguments, folder=folder)
        if found is None:
            raise MeasurementError(f"git {arguments[0]} failed for the branch {self.branch}: see above")
        return found

    def _ask(self, *arguments: str, folder: Path | None = None) -> str | None:
        """Return what git prints, None where it fails; why, it says on standard error."""
        done = subprocess.run(
            ["git", "-C", str(folder or self.root), *arguments],
            stdout=subprocess.PIPE,
            stdin=subprocess.DEVNULL,
            check=False,
            env={**os.environ, "GIT_TERMINAL_PROMPT": "0", **self._credentials()},
        )
        return done.stdout.decode(errors="surrogateescape") if done.returncode == 0 else None

    def _credentials(self) -> dict[str, str]:
        """Return git's variables that hold the token: on a command line every process could read it."""
        if not self.token:
            return {}
        secret = base64.b64encode(f"x-access-token:{self.token}".encode()).decode()
        return {
            "GIT_CONFIG_COUNT": "1",
            "GIT_CONFIG_KEY_0": f"http.{self.server}/.extraheader",
            "GIT_CONFIG_VALUE_0": f"AUTHORIZATION: basic {secret}",
        }


def _copy(source: Path, target: Path, *, replace: bool) -> None:
    """Copy the files of a folder; links and what git keeps for itself stay behind."""
    for path in sorted(source.rglob("*")):
        inside = path.relative_to(source)
        if path.is_symlink() or not path.is_file() or ".git" in inside.parts:
            continue
        if not replace and (target / inside).exists():
            continue
        (target / inside).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(path, target / inside)
