"""What becomes of each file of a scaffold: decided from what is there, before anything is written."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from persona_asv.engine.repository import Repository, is_ignored
from persona_asv.errors import ConfigError, UsageError
from persona_asv.scaffold import drafts, section
from persona_asv.scaffold.drafts import Choices
from persona_asv.scaffold.step import Fate, Step
from persona_asv.yaml_tree import read_text

CONFIGURATION = "persona.yaml"
ASV_CONFIGURATIONS = ("asv.conf.json", "asv.conf.jsonc")
AS_IT_WOULD_BE = "it is as it would be written"


@dataclass(frozen=True, slots=True)
class Scaffold:
    """The files that make a repository one that can be gated.

    Attributes
    ----------
    baselines_dir
        Of the existing persona.yaml, or the default.
    chosen
        Whether the user named a subject or a provider.
    ci
        ``github``, or ``none`` for no workflows.
    force
        Whether files of ours that differ are replaced; files that are added to never are.
    """

    repository: Repository
    choices: Choices
    baselines_dir: Path
    chosen: bool = False
    ci: str = "github"
    force: bool = False

    @property
    def root(self) -> Path:
        """The repository's folder."""
        return self.repository.root

    def steps(self) -> tuple[Step, ...]:
        """Return what becomes of each file, in the order in which they are written.

        Raises
        ------
        ConfigError
            A file that is to be added to cannot be read.
        UsageError
            Something that is no file is in the way.
        """
        return tuple(self._steps())

    def _steps(self) -> Iterator[Step]:
        yield self._configuration()
        yield from self._suite()
        yield self._baselines()
        yield self._gitignore()
        if self.ci == "github":
            for name in drafts.WORKFLOWS:
                yield self._whole(f".github/workflows/{name}", drafts.workflow(name, self.choices))

    def _configuration(self) -> Step:
        text = self._text(CONFIGURATION)
        wanted = drafts.section(self.choices)
        if text is None:
            return Step(CONFIGURATION, Fate.CREATED, content=wanted.encode())
        if section.has_key(text, CONFIGURATION, "benchmarks"):
            chosen = "; set subject and provider there yourself" if self.chosen else ""
            return Step(CONFIGURATION, Fate.LEFT, f"it has a section benchmarks:{chosen}")
        longer = section.appended(text, wanted, CONFIGURATION)
        if longer is None:
            reason = "its top level is not written as lines of its own: add a section benchmarks: by hand"
            return Step(CONFIGURATION, Fate.LEFT, reason)
        mark = b"\xef\xbb\xbf" if (self.root / CONFIGURATION).read_bytes()[:3] == b"\xef\xbb\xbf" else b""
        return Step(CONFIGURATION, Fate.EXTENDED, "the section benchmarks:", mark + longer.encode())

    def _suite(self) -> Iterator[Step]:
        """Yield asv's configuration and the suite it finds: one thing, for the one needs the other."""
        theirs = next((name for name in ASV_CONFIGURATIONS if self._there(name)), None)
        configuration = self._whole(theirs or ASV_CONFIGURATIONS[0], drafts.asv_configuration(self.choices))
        yield configuration
        suite = self._whole("benchmarks/__init__.py", drafts.SUITE)
        ours = configuration.fate is not Fate.LEFT or configuration.reason == AS_IT_WOULD_BE
        if not ours and suite.reason != AS_IT_WOULD_BE:
            reason = f"{theirs} is this project's own; docs/how-to/ci.md tells how its asv measures this too"
            suite = Step(suite.path, Fate.LEFT, reason)
        elif suite.fate is Fate.LEFT and not self._bytes(suite.path).strip():
            suite = Step(suite.path, Fate.EXTENDED, "it was empty", drafts.SUITE.encode())
        yield suite

    def _baselines(self) -> Step:
        folder = self.root / self.baselines_dir
        if not folder.resolve().is_relative_to(self.root.resolve()):
            return Step(str(self.baselines_dir), Fate.LEFT, "baselines_dir is outside of this repository")
        path = f"{folder.resolve().relative_to(self.root.resolve()).as_posix()}/.gitkeep"
        if folder.is_dir() and any(folder.iterdir()):
            return Step(path, Fate.LEFT, "the folder holds files already")
        step = self._whole(path, "")
        if is_ignored(self.root, f"{path.rpartition('/')[0]}/v1.yaml"):
            return replace(step, reason="but git ignores the folder, and baselines belong into commits")
        return step

    def _gitignore(self) -> Step:
        path = ".gitignore"
        text = self._text(path) or ""
        there = {line.strip().strip("/") for line in text.splitlines()}
        missing = [line for line in drafts.IGNORED if line.strip("/") not in there]
        if not missing:
            return Step(path, Fate.LEFT, "it has the lines")
        newline = "\r\n" if "\r\n" in text else "\n"
        if text and not text.endswith("\n"):
            text += newline
        added = [*([""] if text.strip() else []), drafts.GITIGNORE_HEAD, *missing]
        content = (text + "".join(line + newline for line in added)).encode()
        fate = Fate.EXTENDED if self._there(path) else Fate.CREATED
        return Step(path, fate, ", ".join(missing) if fate is Fate.EXTENDED else "", content)

    def _whole(self, path: str, wanted: str) -> Step:
        """Return what becomes of a file that is ours from its first byte to its last."""
        if not self._there(path):
            return Step(path, Fate.CREATED, content=wanted.encode())
        if self._bytes(path) == wanted.encode():
            return Step(path, Fate.LEFT, AS_IT_WOULD_BE)
        if self.force:
            return Step(path, Fate.REPLACED, content=wanted.encode())
        return Step(path, Fate.LEFT, "it exists and differs; --force replaces it")

    def _there(self, path: str) -> bool:
        """Return whether something has the path.

        Raises
        ------
        UsageError
            It is no file, or leads out of the repository, or what should be its folder is none.
        """
        target = self.root / path
        if not target.parent.resolve().is_relative_to(self.root.resolve()) or target.is_symlink():
            raise UsageError(
                f"init: {path} leads elsewhere by a symbolic link; replace it by a file or folder"
            )
        for above in reversed(target.relative_to(self.root).parents[:-1]):
            if (self.root / above).exists() and not (self.root / above).is_dir():
                raise UsageError(f"init: {above} is no folder, and {path} belongs into it; move it away")
        if target.exists() and not target.is_file():
            raise UsageError(f"init: {path} is no file; move it away")
        return target.exists()

    def _bytes(self, path: str) -> bytes:
        try:
            return (self.root / path).read_bytes()
        except OSError as error:
            raise ConfigError(f"{path}: cannot be read: {error.strerror}") from error

    def _text(self, path: str) -> str | None:
        return read_text(self.root / path, path) if self._there(path) else None
