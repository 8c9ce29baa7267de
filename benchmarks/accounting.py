"""What happened in each operation, from the probe's readings and the stand-in's log of requests.

Pure: readings and log entries in, `Operation` values out. Both sides share the machine's monotonic clock.
"""

from __future__ import annotations

import math
from bisect import bisect_left
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from statistics import median
from typing import Any

from .probe import Reading
from .traffic import Request, covered, dealings, opened, outstanding


@dataclass(frozen=True)
class Operation:
    """One measured operation; times in seconds.

    Attributes
    ----------
    delay
        Time that threads were runnable but waited for a CPU; in a batch that of the one that waited longest.
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
    connections
        Connections it opened, see `traffic.opened`.
    retries, answers, unparsed
        See `traffic.Dealings`.
    arrivals
        Seconds from its start to the answer that brought each persona, ascending.
    input_tokens
        Those of `tokens` that the model read; it wrote the others.
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
    connections: int = 0
    retries: int = 0
    answers: int = 0
    unparsed: int = 0
    arrivals: Sequence[float] = ()
    input_tokens: int = 0

    @property
    def output_tokens(self) -> int:
        """Tokens that the model wrote."""
        return self.tokens - self.input_tokens


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
    the CPU time, less what sending and receiving burn meanwhile: what the undelayed operations tell, never
    more than the provider's time itself.
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
        else max(share, reading.thread_cpu - min(meanwhile, MOST_MEANWHILE * reading.thread_cpu, its))
        for reading, share, its in zip(readings, raw, provider, strict=True)
    ]


def share_of_batch(readings: Sequence[Reading], provider: Sequence[float]) -> list[float]:
    """Return the application's own share of each batch, in seconds: wall less provider time, less delay.

    The threads of a batch wait for a CPU side by side: the sum of their delays can exceed the wall time, and
    most of it falls where the provider has the ball, so it cannot be taken off. But it tells how much longer
    everything took: while threads were runnable they ran for cpu of cpu + delay, and so did the own share.
    Between processes of the same code at a load of 12 on two cores the log of what is left scatters by 0.16,
    0.70 and 0.53 at 1, 3 and 10 requests at a time, and by 0.69, 1.10 and 0.72 with nothing taken off.
    """
    shares = []
    for reading, its in zip(readings, provider, strict=True):
        running = reading.cpu / (reading.cpu + reading.delay) if reading.delay > 0 else 1.0
        shares.append(max(0.0, reading.wall - its) * running)
    return shares


def account(
    readings: Sequence[Reading],
    outcomes: Sequence[tuple[int, bool]],
    requests: Sequence[Request],
    *,
    asked: int = 1,
    concurrency: int | None = None,
) -> list[Operation]:
    """Return the operations: each reading with its outcome (personas, failed) and the requests in its span.

    Operations of one process follow each other: a request belongs to the one in whose span it was answered.

    Parameters
    ----------
    asked
        Personas that one operation asks for.
    concurrency
        Requests that a batch has under way at once; None where an operation is no batch.
    """
    ordered = sorted(requests, key=lambda request: request.received)
    of_each = _by_operation(readings, ordered)
    at_once = concurrency or 1
    provider = [
        covered(outstanding(mine, reading.ended, at_once), reading.started, reading.ended)
        for reading, mine in zip(readings, of_each, strict=True)
    ]
    shares = (own_share if concurrency is None else share_of_batch)(readings, provider)
    began = readings[0].started if readings else 0.0
    warm_ups = [request for request in ordered if _last_seen(request) < began]
    connections = opened(of_each, warm_ups, at_once)
    operations = []
    for index, (reading, (personas, failed), mine) in enumerate(
        zip(readings, outcomes, of_each, strict=True)
    ):
        short = int(failed) if concurrency is None else max(0, asked - personas)
        deal = dealings(mine, short=short, batch=concurrency is not None)
        operations.append(
            Operation(
                wall=reading.wall,
                cpu=reading.cpu,
                thread_cpu=reading.thread_cpu,
                delay=reading.delay if concurrency is None else reading.longest_delay,
                reference_cold=reading.reference_cold,
                reference=reading.reference,
                reference_wall=reading.reference_wall,
                personas=personas,
                failed=failed,
                overhead=shares[index],
                provider=provider[index],
                calls=len(mine),
                tokens=sum(request.tokens for request in mine),
                connections=connections[index],
                retries=deal.retries,
                answers=deal.answers,
                unparsed=deal.unparsed,
                arrivals=_arrivals(reading, personas, mine),
                input_tokens=sum(request.input_tokens for request in mine),
            )
        )
    return operations


def _last_seen(request: Request) -> float:
    return request.received if request.finished is None else request.finished


def _by_operation(readings: Sequence[Reading], requests: Sequence[Request]) -> list[list[Request]]:
    """Return the requests of each operation, in the order given.

    The stamp of an arrival is an estimate, early on a busy machine, even by so much that it lies ahead of the
    operation; that of the answer is not (``persona_asv.standin.arrival``). A request that was not answered
    while its operation lasted belongs where it arrived.
    """
    ends = [reading.ended for reading in readings]
    of_each: list[list[Request]] = [[] for _ in readings]
    for request in requests:
        for moment in (request.finished, request.received):
            index = len(ends) if moment is None else bisect_left(ends, moment)
            if moment is not None and index < len(ends) and readings[index].started <= moment:
                of_each[index].append(request)
                break
    return of_each


def _arrivals(reading: Reading, personas: int, requests: Sequence[Request]) -> list[float]:
    """Return when each persona that came back had been answered, the rest with the operation's end."""
    wall = reading.wall
    answered = sorted(
        min(max(0.0, request.finished - reading.started), wall)
        for request in requests
        if request.finished is not None
        for _ in range(request.personas)
    )[:personas]
    return answered + [wall] * (personas - len(answered))


def windows(operations: Sequence[Operation], length: float = 1.0) -> list[float]:
    """Return seconds per persona in each window of the operations' own time, laid end to end.

    A window lasts `length` seconds; what is left of the last one belongs to the one before it, and less than
    a window in all is one window. A window in which no persona came back is added to the next that has one.
    """
    total, passed = 0.0, []
    for operation in operations:
        passed += [total + arrival for arrival in operation.arrivals]
        total += operation.wall
    count = max(1, int(total / length))
    spans = [length] * (count - 1) + [total - length * (count - 1)]
    returned = [0] * count
    for moment in passed:
        returned[min(count - 1, int(moment / length))] += 1
    return _each(list(zip(spans, returned, strict=True)))


def spread(operations: Sequence[Operation], amount: Callable[[Operation], float]) -> list[float]:
    """Return an amount per persona, one figure per operation that returned personas.

    What was spent on operations that returned nothing is charged to the next persona returned (after the
    last one: to that one), so that failures cost something instead of vanishing.
    """
    return _each([(amount(operation), operation.personas) for operation in operations])


def _each(spent: Sequence[tuple[float, int]]) -> list[float]:
    """Return amount over number of each pair whose number is not 0; what the others spent is added to it."""
    figures: list[float] = []
    lost = 0.0
    last = 1
    for amount, number in spent:
        if number:
            figures.append((amount + lost) / number)
            last, lost = number, 0.0
        else:
            lost += amount
    if figures and lost:
        figures[-1] += lost / last
    return figures


def per_persona(operations: Sequence[Operation], amount: Callable[[Operation], float]) -> float | None:
    """Return the whole amount divided by all personas returned; None where none was."""
    personas = sum(operation.personas for operation in operations)
    return sum(map(amount, operations)) / personas if personas else None


def rate(operations: Sequence[Operation], part: str, whole: str) -> float | None:
    """Return one count of all operations as a percentage of another; None where there is none of it."""
    of = sum(getattr(operation, whole) for operation in operations)
    return 100.0 * sum(getattr(operation, part) for operation in operations) / of if of else None


def as_rows(operations: Sequence[Operation]) -> list[dict[str, Any]]:
    """Return the operations as plain values, for a JSON file."""
    return [asdict(operation) for operation in operations]
