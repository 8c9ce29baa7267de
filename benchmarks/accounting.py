"""What happened in each operation, from the probe's readings and the stand-in's log of requests.

Pure: readings and log entries in, `Operation` values out. Both sides share the machine's monotonic clock.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass
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
        The application's own share: wall minus run-queue delay minus provider time.
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


def account(
    readings: Sequence[Reading], outcomes: Sequence[tuple[int, bool]], requests: Sequence[Request]
) -> list[Operation]:
    """Return the operations: each reading with its outcome (personas, failed) and the requests in its span.

    Operations of one process follow each other, so a request belongs to the one in whose span it arrived.
    """
    ordered = sorted(requests, key=lambda request: request.received)
    operations = []
    position = 0
    for reading, (personas, failed) in zip(readings, outcomes, strict=True):
        while position < len(ordered) and ordered[position].received < reading.started:
            position += 1
        first = position
        while position < len(ordered) and ordered[position].received <= reading.ended:
            position += 1
        mine = ordered[first:position]
        provider = covered(_outstanding(mine, reading.ended), reading.started, reading.ended)
        operations.append(
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
                overhead=max(0.0, reading.wall - reading.delay - provider),
                provider=provider,
                calls=len(mine),
                tokens=sum(request.tokens for request in mine),
            )
        )
    return operations


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
