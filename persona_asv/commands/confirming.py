"""What ``compare`` does with two sides: the screen first, then both commits measured where that decides."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, TextIO

import click

from persona_asv.errors import BuildError, MeasurementError, UsageError

if TYPE_CHECKING:
    from persona_asv.chosen import Chosen
    from persona_asv.comparison import Comparison
    from persona_asv.config import Config
    from persona_asv.confirmation import Bout, Confirmation
    from persona_asv.contest import Contender
    from persona_asv.decision import Wish
    from persona_asv.estimates import Family
    from persona_asv.gate import Rules


@dataclass(frozen=True, slots=True)
class Judged:
    """The last word on two sides.

    Attributes
    ----------
    labels
        What baseline and current are called where their rounds are counted.
    confirmation
        The contest behind it; None where stored results are all there is.
    facts
        What ``--json`` says of how it came about.
    """

    comparison: Comparison
    labels: tuple[str, str]
    confirmation: Confirmation | None
    facts: dict[str, Any]

    def keep(self, document: dict[str, Any]) -> None:
        """Keep what was found beside the rounds it rests on, for every report of it to say the same."""
        from persona_asv.confirmation import store

        if self.confirmation is not None:
            store(self.confirmation.contest.folder, document)


def wish(confirm: bool | None, rounds: str | None, *, always: bool, run: bool, resolve_each: bool) -> Wish:
    """Return what the command line says about measuring both commits.

    Raises
    ------
    UsageError
        Flags contradict each other, or the number of rounds is none.
    """
    from persona_asv.confirmation import MOST_ROUNDS
    from persona_asv.decision import Wish

    if always and (confirm is False or not run):
        other = "--no-confirm" if run else "--no-run"
        raise UsageError(f"--always measures both commits, {other} forbids it")
    if confirm and not run:
        raise UsageError("--confirm measures both commits, --no-run forbids it")
    number = None
    if rounds not in (None, "auto"):
        number = int(rounds) if rounds.isascii() and rounds.isdigit() else 0
        if not 2 <= number <= MOST_ROUNDS:
            raise UsageError(f"--rounds: auto, or a whole number from 2 to {MOST_ROUNDS}, not {rounds!r}")
    return Wish(confirm, always, number, run, resolve_each)


def judged(
    before: Chosen,
    now: Chosen,
    settings: Config,
    rules: Rules,
    families: tuple[Family, ...],
    wish: Wish,
    out: TextIO,
) -> Judged:
    """Judge two sides: by stored results where they say enough, else by measuring both commits now.

    Raises
    ------
    PersonaAsvError
        Neither is possible.
    """
    from persona_asv.decision import decide

    found = decide(before, now, settings, rules, families, wish)
    if found.bout is None and now.lack and now.here and wish.run and not before.lack:
        now = _measured(before, now, settings, families, out)
        found = decide(before, now, settings, rules, families, wish)
    if found.bout is None:
        return _by_screen(before, now, found.screen, found.why, wish)
    try:
        done = confirmed(settings, found.bout, rules, found.why, out)
    except BuildError as error:
        if found.screen is None or wish.always:
            raise
        return _by_screen(before, now, found.screen, str(error), wish)
    screen = found.screen
    facts = {
        "confirmed": {
            "trial": done.contest.folder.id,
            "blocks": done.contest.blocks,
            "why": found.why,
            "screen": None if screen is None else int(screen.exit_code),
        }
    }
    rounds = f"{done.contest.blocks} round" + ("s" if done.contest.blocks > 1 else "")
    sides = done.contest.contenders
    labels = (f"{before.heading}, {sides[0].label} ({rounds})", f"Current, {sides[1].label} ({rounds})")
    notes = (*before.notes, *done.comparison.notes)
    return Judged(replace(done.comparison, notes=notes), labels, done, facts)


def _by_screen(before: Chosen, now: Chosen, screen: Comparison | None, why: str, wish: Wish) -> Judged:
    """Return what stored results say, and why nothing fresher is to be had."""
    if screen is None or wish.always:
        lack = "; ".join(side.lack for side in (before, now) if side.lack and not wish.always)
        obstacle = f"both commits cannot be measured: {why}"
        raise MeasurementError(f"{obstacle}; and {lack}" if lack else obstacle)
    if why:
        screen = replace(screen, notes=(*screen.notes, f"not confirmed by measuring both commits: {why}"))
    return Judged(screen, (before.label, now.label), None, {"confirmed": None})


def _measured(
    before: Chosen, now: Chosen, settings: Config, families: tuple[Family, ...], out: TextIO
) -> Chosen:
    """Measure the code that lies here, for a baseline whose commit cannot be measured beside it."""
    from persona_asv import place, verdicts, workloads
    from persona_asv.commands.measuring import measured
    from persona_asv.decision import measurable

    for name in measurable(before.cases, settings):
        workload = workloads.resolve(name, settings, None, None)
        plan, ground = place.prepare(settings, workload, families, provider=before.provider)
        done, _ = measured(plan, ground, out)
        files = done.cases[0].files
        now = replace(now, lack="", files=(*now.files, *files))
    return replace(now, label=f"Current, {verdicts.name(now.files)}")


def confirmed(settings: Config, bout: Bout, rules: Rules, why: str, out: TextIO) -> Confirmation:
    """Measure both commits in turn, saying on a stream what, why and how long; returns the verdict."""
    from persona_asv import confirmation, course
    from persona_asv.render import confirmation as render
    from persona_asv.render import run as lines
    from persona_asv.render.terminal import Style

    style = Style.of(out)
    progress = lines.ProgressLines(out, style, bout.families)

    def say(line: str) -> None:
        click.echo(f"  {line} ...", file=out)

    def begin(sides: tuple[Contender, Contender], blocks: int) -> None:
        click.echo(render.plan(sides, blocks, style, fixed=bout.rounds is not None), file=out)
        progress.show(course.Progress(0, 1, 0, 1))

    click.echo(render.announcement(bout, why, style), file=out)
    done = confirmation.confirm(settings, bout, rules, confirmation.Watcher(say, begin, progress.show))
    progress.done()
    click.echo(render.kept(done, style), file=out)
    return done
