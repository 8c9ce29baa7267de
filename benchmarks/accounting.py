"""What happened in each operation, from the probe's readings and the stand-in's log of requests.

Pure: readings and log entries in, `Operation` values out. Both sides share the machine's monotonic clock.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from .probe import Reading


@dataclass(frozen=True)
class Operation:
    """One measured operation; times in seconds.

    Attributes
    ----------
    personas
        Valid personas that came back.
    failed
        Whether fewer came back than were asked for.
    overhead
        The application's own share: wall minus run-queue delay minus provider time, see `own_share`.
    provider
        Time in which at least one request was outstanding, or in which the provider had ordered a wait.
    calls, tokens
        Requests that arrived during the operation, and the tokens they carried both ways.
    """

    wall: float
    cpu: float
    thread_cpu: float
    delay: float
    reference_cold: float
    reference: float
    reference_wall: float
    personas: int
    failed: bool
    overhead: float
    provider: float
    calls: int
    tokens: int


@dataclass(frozen=True)
class Request:
    """One request as the stand-in logged it.

    Attributes
    ----------
    received
        When the first byte arrived.
    finished
        When the last byte of the answer was handed over; None while (or for ever) unanswered.
    ordered_wait
        Seconds that the answer told the client to wait (``Retry-After``): the provider's time, not ours.
    """

    received: float
    finished: float | None
    tokens: int
    ordered_wait: float = 0.0

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Request:
        """Return the request of one log entry."""
        return cls(
            received=float(entry["received"]),
            finished=None if entry["finished"] is None else float(entry["finished"]),
            tokens=int(entry["input_tokens"]) + int(entry["output_tokens"]),
            ordered_wait=float(entry.get("retry_after_s") or 0.0),
        )


def covered(spans: Iterable[tuple[float, float]], start: float, end: float) -> float:
    """Return how much of [start, end] the union of the spans covers."""
    total, reached = 0.0, start
    for first, last in sorted(spans):
        begin, finish = max(first, reached), min(last, end)
        if finish > begin:
            total += finish - begin
            reached = finish
    return total


def _outstanding(requests: Sequence[Request], end: float) -> list[tuple[float, float]]:
    """Return the spans in which the provider had the ball; an ordered wait lasts until the next request."""
    spans = []
    for index, request in enumerate(requests):
        finished = end if request.finished is None else request.finished
        if request.ordered_wait:
            later = [other.received for other in requests[index + 1 :] if other.received >= finished]
            finished = min([finished + request.ordered_wait, *later[:1]])
        spans.append((request.received, finished))
    return spans


DELAYED = 0.01
"""Share of the wall time from which waiting for a CPU can spoil the own share."""
MOST_MEANWHILE = 0.1
"""Share of its CPU time that an operation may burn while it waits for the provider (0.05 was measured)."""
THREADED = 1.2
"""Process CPU over thread CPU from which CPU time says nothing about wall time any more."""


def own_share(readings: Sequence[Reading], provider: Sequence[float]) -> list[float]:
    """Return the application's own share of each operation, in seconds.

    It is the wall time less the run-queue delay and the provider's time. On a busy machine that takes a time
    off twice: while the application, its request just sent, waits for a CPU and the provider is at work. At a
    load of 6 on two cores 0.47 ms were left of 0.77, and nothing at all of some operations. But the share is
    never less than the CPU time burnt outside of the provider's time. So where there was delay it is at least
    the CPU time, less what sending and receiving burn meanwhile, which the undelayed operations tell.
    """
    raw = [reading.wall - reading.delay - its for reading, its in zip(readings, provider, strict=True)]
    threads = sum(reading.cpu for reading in readings) / max(1e-9, sum(each.thread_cpu for each in readings))
    if threads > THREADED:
        return [max(0.0, share) for share in raw]
    calm = [
        reading.thread_cpu - share
        for reading, share in zip(readings, raw, strict=True)
        if reading.delay <= DELAYED * reading.wall
    ]
    meanwhile = max(0.0, median(calm)) if len(calm) >= 3 else math.inf
    return [
        max(0.0, share)
        if reading.delay <= DELAYED * reading.wall
        else max(share, reading.thread_cpu - min(meanwhile, MOST_MEANWHILE * reading.thread_cpu))
        for reading, share in zip(readings, raw, strict=True)
    ]


def account(
    readings: Sequence[Reading], outcomes: Sequence[tuple[int, bool]], requests: Sequence[Request]
) -> list[Operation]:
    """Return the operations: each reading with its outcome (personas, failed) and the requests in its span.

    Operations of one process follow each other, so a request belongs to the one in whose span it arrived.
    """
    ordered = sorted(requests, key=lambda request: request.received)
    position = 0
    of_each: list[list[Request]] = []
    for reading in readings:
        while position < len(ordered) and ordered[position].received < reading.started:
            position += 1
        first = position
        while position < len(ordered) and ordered[position].received <= reading.ended:
            position += 1
        of_each.append(ordered[first:position])
    provider = [
        covered(_outstanding(mine, reading.ended), reading.started, reading.ended)
        for reading, mine in zip(readings, of_each, strict=True)
    ]
    return [
        Operation(
            wall=reading.wall,
            cpu=reading.cpu,
            thread_cpu=reading.thread_cpu,
            delay=reading.delay,
            reference_cold=reading.reference_cold,
            reference=reading.reference,
            reference_wall=reading.reference_wall,
            personas=personas,
            failed=failed,
            overhead=overhead,
            provider=waited,
            calls=len(mine),
            tokens=sum(request.tokens for request in mine),
        )
        for reading, (personas, failed), mine, waited, overhead in zip(
            readings, outcomes, of_each, provider, own_share(readings, provider), strict=True
        )
    ]


def spread(operations: Sequence[Operation], amount: Callable[[Operation], float]) -> list[float]:
    """Return an amount per persona, one figure per operation that returned personas.

    What was spent on operations that returned nothing is charged to the next persona returned (after the
    last one: to that one), so that failures cost something instead of vanishing.
    """
    figures: list[float] = []
    lost = 0.0
    last = 1
    for operation in operations:
        if operation.personas:
            figures.append((amount(operation) + lost) / operation.personas)
            last, lost = operation.personas, 0.0
        else:
            lost += amount(operation)
    if figures and lost:
        figures[-1] += lost / last
    return figures


def per_persona(operations: Sequence[Operation], amount: Callable[[Operation], float]) -> float | None:
    """Return the whole amount divided by all personas returned; None where none was."""
    personas = sum(operation.personas for operation in operations)
    return sum(map(amount, operations)) / personas if personas else None


def as_rows(operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return the operations as plain values, for a JSON file."""
    return [asdict(operation) for operation in operations]
