"""A terminal as a new user has it: git, a bare ``python3``, and nothing of ours before it is installed.

An environment made here sees what we depend on in the one that runs the tests: pip finds all of it installed
and asks no index. Everything else is as everywhere: real environments, real pip, real scripts.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from conftest import ROOT, Done, environment, git

from persona_asv.engine import layer

_OURS = ("persona-asv", "pip", "setuptools")
"""What an environment has of its own."""
_CLONED = (
    "persona_asv",
    "benchmarks",
    "baselines",
    ".github",
    "asv.conf.json",
    "pyproject.toml",
    "noxfile.py",
)
_CLONED += ("README.md", "CHANGELOG.md", "LICENSE", ".gitignore")


@dataclass
class Terminal:
    """A shell: folder and environment are kept from one command to the next."""

    folder: Path
    environ: dict[str, str]
    scratch: Path

    def beside(self, folder: Path) -> Terminal:
        """Return another terminal like this one, in another folder."""
        return Terminal(folder, dict(self.environ), Path(tempfile.mkdtemp(dir=self.scratch)))

    def type(self, text: str, timeout: float = 300) -> Done:
        """Carry out what is typed, and wait for its end."""
        folder, environ = self.scratch / "folder", self.scratch / "environ"
        keep = f"trap 'pwd > {folder}; env -0 > {environ}' EXIT\n"
        done = subprocess.run(
            ["bash", "--noprofile", "--norc", "-c", keep + text],
            cwd=self.folder,
            env=self.environ,
            capture_output=True,
            text=True,
            encoding="utf-8",
            timeout=timeout,
            check=False,
            stdin=subprocess.DEVNULL,
        )
        self.folder = Path(folder.read_text().rstrip("\n"))
        entries = environ.read_bytes().rstrip(b"\0").split(b"\0")
        self.environ = dict(entry.decode().split("=", 1) for entry in entries)
        return Done(done.returncode, done.stdout, done.stderr)

    def look(self, text: str) -> Done:
        """Start a server, look at the page that it names, and end it with Ctrl-C."""
        process = subprocess.Popen(
            ["bash", "-c", f"exec {text}"],
            cwd=self.folder,
            env=self.environ | {"PYTHONUNBUFFERED": "1"},
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            stdin=subprocess.DEVNULL,
        )
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            address = re.match(r"http://127\.0\.0\.1:\d+/", said)
            assert address is not None, said
            opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
            with opener.open(address[0], timeout=60) as answer:
                page = answer.read().decode()
            process.send_signal(2)
            _, error = process.communicate(timeout=60)
        finally:
            process.kill()
            process.wait()
        return Done(process.returncode, said + page, error)


def opened(root: Path, folder: Path) -> Terminal:
    """Return a new user's terminal in a folder, everything that belongs to it below the root."""
    for name in ("scripts", "scratch", "home", "seen"):
        (root / name).mkdir()
    layer.installed(ROOT, _OURS).link(root / "seen")
    _python3(root / "scripts" / "python3", root / "seen")
    _script(root / "scripts" / "asv", 'exec python -m asv "$@"')  # pip would have installed it
    environ = environment(
        PATH=f"{root / 'scripts'}:{os.environ['PATH']}",
        HOME=str(root / "home"),
        PIP_NO_INDEX="1",
        PIP_FIND_LINKS="",
        PIP_NO_BUILD_ISOLATION="0",  # means that there is none: pip's own reading of its options
        PIP_DISABLE_PIP_VERSION_CHECK="1",
        GIT_CONFIG_GLOBAL=os.devnull,
        GIT_CONFIG_NOSYSTEM="1",
        **{
            f"GIT_{who}_{what}": "t@example.org"
            for who in ("AUTHOR", "COMMITTER")
            for what in ("NAME", "EMAIL")
        },
    )
    for name in ("VIRTUAL_ENV", "PYTHONPATH", "PYTHONHOME"):
        environ.pop(name, None)
    return Terminal(folder, environ, root / "scratch")


def _python3(path: Path, seen: Path) -> None:
    """Write the ``python3`` of a machine; an environment that it makes sees what the tests' own sees."""
    version = sysconfig.get_python_version()
    base = Path(sys.base_prefix) / "bin" / f"python{version}"
    site = f"$3/lib/python{version}/site-packages"
    _script(
        path,
        f'"{base}" "$@" || exit\ncase "$1 $2" in "-m venv") echo "{seen}" > "{site}/seen.pth" ;; esac',
    )


def _script(path: Path, text: str) -> None:
    path.write_text(f"#!/bin/sh\n{text}\n")
    path.chmod(0o755)


def cloned(folder: Path) -> None:
    """Make a folder what a clone of this repository is: one commit of it on main."""
    folder.mkdir()
    for name in _CLONED:
        source = ROOT / name
        if source.is_dir():
            shutil.copytree(source, folder / name, ignore=shutil.ignore_patterns("__pycache__"))
        elif source.exists():
            shutil.copy(source, folder / name)
    git(folder, "init", "-q", "-b", "main")
    git(folder, "add", ".")
    git(folder, "commit", "-q", "-m", "persona_asv")
