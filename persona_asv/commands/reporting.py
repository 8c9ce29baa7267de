"""How a command with a verdict ends: as text, and in a job of GitHub Actions with its marks as well."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

import click

from persona_asv.errors import ExitCode, PersonaAsvError

if TYPE_CHECKING:
    from persona_asv.chosen import Terms
    from persona_asv.render.job import Notice


@dataclass(frozen=True, slots=True)
class Job:
    """Where a verdict is shown; `as_json` keeps standard output for the one document."""

    terms: Terms
    as_json: bool

    @property
    def marks(self) -> bool:
        """Whether annotations are read, and a build depends on the verdict."""
        return self.terms.ci and self.terms.pipeline.actions

    def show(self, text: str) -> None:
        """Print the result; in a job's log no line of it is a command."""
        from persona_asv.render import job

        click.echo(job.as_log(text) if self.marks else text)

    def conclude(self, notices: Sequence[Notice], code: ExitCode) -> None:
        """Say what it comes to: a line where a verdict does not fail the build, and what a job is told."""
        from persona_asv.render import job

        said = job.softened(max(each.verdict for each in notices), code) if self.terms.ci else ""
        if said:
            click.echo(said, err=self.as_json)
        if not self.marks:
            return
        for each in notices:
            if line := job.annotation(each, code):
                click.echo(line, err=self.as_json)
        self._summarise("\n".join(each.markdown for each in notices) + (f"\n{said}\n" if said else ""))

    def _summarise(self, markdown: str) -> None:
        path = self.terms.pipeline.summary
        if path is None:
            return
        try:
            with path.open("a", encoding="utf-8", errors="replace") as stream:
                stream.write(markdown)
        except OSError as error:  # the verdict stands all the same
            click.echo(f"the job's summary {path} cannot be written ({error.strerror})", err=True)


@contextmanager
def reporting_to(terms: Terms, *, as_json: bool) -> Iterator[Job]:
    """Give the job to report to; an error of ours is reported as well, and goes on."""
    job = Job(terms, as_json)
    try:
        yield job
    except PersonaAsvError as error:
        if job.marks:
            from persona_asv.render.job import failure

            job.conclude([failure(error)], ExitCode.COULD_NOT_MEASURE)
        raise
