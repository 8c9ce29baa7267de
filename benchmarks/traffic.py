"""What the stand-in's log of requests says: when the provider had the ball, and what went wrong.

Pure: log entries in, plain numbers out.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any


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
    connection
        Number of the TCP connection it came in on.
    status
        HTTP status of the answer, None where none left.
    personas
        Sound personas in the answer.
    listing
        Whether it asked which models there are: a call like any other, but no answer of a model.
    input_tokens
        Those of `tokens` that the model read.
    """

    received: float
    finished: float | None
    tokens: int
    ordered_wait: float = 0.0
    connection: int = 0
    status: int | None = 200
    personas: int = 1
    input_tokens: int = 0
    listing: bool = False

    @classmethod
    def of(cls, entry: dict[str, Any]) -> Request:
        """Return the request of one log entry."""
        return cls(
            received=float(entry["received"]),
            finished=None if entry["finished"] is None else float(entry["finished"]),
            tokens=int(entry["input_tokens"]) + int(entry["output_tokens"]),
            ordered_wait=float(entry.get("retry_after_s") or 0.0),
            connection=int(entry["connection"]),
            status=entry["status"],
            personas=int(entry["personas"]),
            listing=bool(entry.get("listing")),
            input_tokens=int(entry["input_tokens"]),
        )

    @property
    def refused(self) -> bool:
        """Whether the provider could not serve it just then (429, 5xx): worth another try."""
        return self.status is not None and (self.status == 429 or self.status >= 500)

    @property
    def answered(self) -> bool:
        """Whether the model answered, soundly or not."""
        return self.status is not None and self.status < 300 and not self.listing


def covered(spans: Iterable[tuple[float, float]], start: float, end: float) -> float:
    """Return how much of [start, end] the union of the spans covers."""
    total, reached = 0.0, start
    for first, last in sorted(spans):
        begin, finish = max(first, reached), min(last, end)
        if finish > begin:
            total += finish - begin
            reached = finish
    return total


def outstanding(requests: Sequence[Request], end: float, concurrency: int = 1) -> list[tuple[float, float]]:
    """Return the spans in which the provider had the ball.

    An ordered wait belongs to them. One request at a time, it lasts until the next request at most: a client
    that does not obey uses its own time again. With several at a time the next request may be anyone's, so
    the wait counts as ordered.
    """
    spans = []
    for index, request in enumerate(requests):
        finished = end if request.finished is None else request.finished
        if request.ordered_wait:
            later = [other.received for other in requests[index + 1 :] if other.received >= finished]
            finished = min([finished + request.ordered_wait, *(later[:1] if concurrency == 1 else [])])
        spans.append((request.received, finished))
    return spans


@dataclass(frozen=True)
class Dealings:
    """What the requests of one operation came to.

    Attributes
    ----------
    retries
        Requests that were sent again because the provider had refused them (429, 5xx).
    answers
        Answers of the model.
    unparsed
        Answers of which no persona came.
    """

    retries: int
    answers: int
    unparsed: int


def dealings(requests: Sequence[Request], *, short: int, batch: bool) -> Dealings:
    """Return what one operation's requests, in order of arrival, came to.

    The log tells no request's purpose, so the rest is inferred: a refused request was sent again unless its
    member gave up on it, and a persona that is missing without a refusal was lost in parsing.

    Parameters
    ----------
    short
        Members of the operation that brought nothing: of a single one 0 or 1, of a batch the missing ones.
    batch
        Whether the operation sends a request a persona, so that the last one says nothing of the others.
    """
    refused = sum(request.refused for request in requests)
    answers = sum(request.answered for request in requests)
    unsound = sum(request.answered and not request.personas for request in requests)
    if batch:
        given_up = min(refused, max(0, short - unsound))
    else:
        given_up = int(bool(requests) and requests[-1].refused)
    return Dealings(refused - given_up, answers, min(answers, max(unsound, short - given_up)))


def opened(
    of_each: Sequence[Sequence[Request]], before: Iterable[Request], concurrency: int = 1
) -> list[int]:
    """Return the connections that each operation opened, beyond those that fill the client's pool.

    A pool opens a connection when more requests are under way than ever before, which is chance; so the first
    ones, up to as many as requests may be under way at once, count for nothing. A client that pools comes to
    exactly 0 and one that connects anew for each call to exactly 1 a call, whatever the machine does.

    Parameters
    ----------
    before
        The requests ahead of the first operation: warm-ups.
    """
    seen = {request.connection for request in before}
    free = max(0, concurrency - len(seen))
    counts = []
    for requests in of_each:
        fresh = {request.connection for request in requests} - seen
        seen |= fresh
        counted = max(0, len(fresh) - free)
        free -= len(fresh) - counted
        counts.append(counted)
    return counts
