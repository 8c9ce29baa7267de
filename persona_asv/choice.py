"""What ``--baseline`` and ``--current`` mean: files, run folders, baselines, commits, or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from persona_asv import footing as footings
from persona_asv import stored
from persona_asv.baselines.baseline import Baseline
from persona_asv.baselines.book import SUFFIX
from persona_asv.baselines.order import newest_first
from persona_asv.baselines.shelf import Shelf
from persona_asv.chosen import Chosen, Terms
from persona_asv.comparison import Comparison, compare
from persona_asv.config import Config
from persona_asv.errors import MeasurementError, UsageError
from persona_asv.fingerprints import differences
from persona_asv.footing import Footing
from persona_asv.gate import Rules
from persona_asv.model import ResultFile
from persona_asv.named import Named, of_book
from persona_asv.recorded import compare_recorded
from persona_asv.sides import own_cases

__all__ = ["Chosen", "compared", "groups", "sides"]


def groups(baseline: Sequence[str]) -> tuple[tuple[str, ...], ...]:
    """Return the baselines that a repeated ``--baseline`` means: files are the rounds of one, a name is one.

    Names and files together are left together: `sides` says what is wrong with that.
    """
    if any(Path(text).exists() and Path(text).suffix != SUFFIX for text in baseline):
        return (tuple(baseline),)
    return tuple((text,) for text in dict.fromkeys(baseline)) or ((),)


def sides(
    baseline: Sequence[str],
    current: Sequence[str],
    settings: Config,
    terms: Terms | None = None,
    footing: Footing | None = None,
) -> tuple[Chosen, Chosen]:
    """Return both sides of a comparison.

    Without a baseline it is the newest one that fits the current side; without a current side it is the last
    run of the code as it is now that has the provider and a workload in common with the baseline. A commit's
    results are those stored here. A side of which there are none says so in `Chosen.lack`.

    Raises
    ------
    PersonaAsvError
        A side cannot be found or read.
    """
    terms = terms or Terms()
    with footings.shelf_of(footing, settings) as (shelf, notes):
        named = Named("--current", shelf, settings, terms, footing)
        now = named.side(current) if current else None
        before = replace(named, flag="--baseline", now=now).side(baseline) if baseline else None
        if now is not None and now.lack:
            now = stored.of_commit(settings, now, before, ci=terms.ci)
        if before is not None and before.lack and now is not None:
            before = stored.of_commit(settings, before, now, ci=terms.ci)
        elif before is not None and before.lack:
            before, now = stored.pair(settings, before, ci=terms.ci)
        if now is None:
            now = stored.last_run(settings, before)
        if before is None:
            before = _newest_fitting(now, shelf)
    return _of_common_cases(replace(before, notes=(*before.notes, *notes)), now)


def compared(before: Chosen, now: Chosen, rules: Rules) -> Comparison:
    """Judge the current side by the baseline.

    Raises
    ------
    PersonaAsvError
        The sides cannot be compared.
    """
    for side in (now, before):
        if side.lack:
            raise MeasurementError(side.lack)
    if not now.files:
        raise UsageError(f"--current: {now.label} holds no samples; name a run or a baseline that does")
    if before.recorded is not None and _same_rounds(before.files, now.files):
        raise UsageError(
            f"baseline {before.recorded.name} was captured from this very run, so nothing would be compared; "
            "`persona benchmark run` again, or name another --baseline"
        )
    differ = differences(before.fingerprint, now.fingerprint, stored=before.environment is not None)
    rules = replace(rules, doubts={**differ.doubts, **rules.doubts})
    if before.recorded is not None and not before.files:
        found = compare_recorded(before.recorded, now.files, rules)
    else:
        found = compare(before.files, now.files, rules)
    return replace(found, notes=(*before.notes, *now.notes, *differ.notes, *found.notes))


def _same_rounds(before: Sequence[ResultFile], now: Sequence[ResultFile]) -> bool:
    """Return whether a round stands on both sides."""
    return any(one.series == other.series for one in before for other in now)


def _newest_fitting(now: Chosen, shelf: Shelf) -> Chosen:
    """Return the newest baseline of the same subject, provider and endpoint with a case in common."""
    if now.lack:
        raise MeasurementError(now.lack)
    for book in newest_first(shelf.books()):
        if book.baseline is not None and _fits(book.baseline, now):
            chosen = of_book(book)
            if _same_rounds(chosen.files, now.files):
                continue
            return replace(chosen, notes=(f"baseline {book.name}: the newest that fits",))
    raise UsageError(
        f"--baseline: none given, and no baseline in {shelf.folder} fits "
        f"{', '.join(sorted(now.cases)) or 'these files'}; `persona benchmark capture --name NAME` makes one"
    )


def _fits(baseline: Baseline, now: Chosen) -> bool:
    if not now.cases & set(baseline.workloads) or not now.files:
        return False
    stamp = now.files[0].stamp
    subject, endpoint = stamp.get("subject"), stamp.get("endpoint")
    theirs = (
        subject.get("name") if isinstance(subject, dict) else None,
        stamp.get("provider"),
        endpoint.get("kind") if isinstance(endpoint, dict) else None,
        endpoint.get("profile") if isinstance(endpoint, dict) else None,
    )
    ours = (baseline.subject, baseline.provider, baseline.endpoint, baseline.profile)
    return all(None in pair or pair[0] == pair[1] for pair in zip(ours, theirs, strict=True))


def _of_common_cases(before: Chosen, now: Chosen) -> tuple[Chosen, Chosen]:
    """Return both sides without the rounds of workloads that a baseline holds and the other side does not."""
    common = before.cases & now.cases
    if not common:
        return before, now

    def of_common(side: Chosen) -> Chosen:
        if side.recorded is None or not side.files:
            return side
        files = tuple(
            f for f in side.files if any(c.values[:1] and c.values[0] in common for c in own_cases([f]))
        )
        rounds = f"{len(files)} round" + ("s" if len(files) > 1 else "")
        return replace(side, files=files, label=f"{side.label} ({rounds})")

    return of_common(before), of_common(now)
