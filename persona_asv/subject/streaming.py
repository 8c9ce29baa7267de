"""Answers that come token by token, and when each token came.

The moment of a token is when its text is in hand: its bytes arrived, its event was read. That is how the
benchmark clients of vLLM (vllm/benchmarks/lib/endpoint_request_func.py) and of guidellm take it, so that what
the application spends on every event is in the gaps. Events without text (the opening, usage, the end) are no
tokens.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator
from itertools import pairwise

import httpx

from persona_asv.subject.client import Heard
from persona_asv.subject.protocol import Stream
from persona_asv.subject.wire import Reply, ReplyError, WireFormat


def listen(
    http: httpx.Client, wire: WireFormat, model: str, content: bytes
) -> Heard | httpx.Response | httpx.RequestError:
    """Send a request and hear its answer to the end.

    Returns
    -------
    What was heard; or the response that is none, or the failure of the connection, for the client to judge.

    Raises
    ------
    ReplyError
        Where the provider answered with success, but not to the end, or not in its own format.
    """
    sent = time.perf_counter()
    try:
        with http.stream("POST", wire.stream_path(model), content=content) as response:
            if response.is_success:
                return heard(wire, events(response.iter_bytes()), sent)
            response.read()
            return response
    except httpx.RequestError as error:
        return error


def heard(wire: WireFormat, data: Iterable[str], sent: float) -> Heard:
    """Return the reply that events make up, and when its tokens came.

    Parameters
    ----------
    data
        Of each event, as it comes.
    sent
        When the request was sent, in ``time.perf_counter()`` seconds.

    Raises
    ------
    ReplyError
        Where an event is not of the provider's format, or the last one is missing.
    """
    texts: list[str] = []
    moments: list[float] = []
    counts: dict[str, int | None] = {"input_tokens": None, "output_tokens": None}
    ended, complete = False, True
    for each in data:
        piece = wire.piece(each)
        if piece.text:
            moments.append(time.perf_counter())
            texts.append(piece.text)
        ended |= piece.last
        complete &= piece.complete
        for name in counts:
            if (told := getattr(piece, name)) is not None:
                counts[name] = told
    if not ended:
        raise ReplyError(f"{wire.provider}'s stream broke off after {len(texts)} pieces of text")
    if not moments:
        raise ReplyError(f"{wire.provider}'s stream holds no text")
    gaps = tuple(later - earlier for earlier, later in pairwise(moments))
    return Reply("".join(texts), complete, **counts), Stream(moments[0] - sent, gaps, counts["output_tokens"])


def events(chunks: Iterable[bytes]) -> Iterator[str]:
    """Yield the data of each event in bytes that come in pieces of any size.

    Two framings are understood: server-sent events (WHATWG HTML, section 9.2) whose data is one line, and
    JSON documents of one line each. Names of events, comments and empty lines are passed over.
    """
    for line in _lines(chunks):
        if line.startswith(b"data:"):
            yield line[5:].strip().decode("utf-8", "replace")
        elif line.startswith(b"{"):
            yield line.decode("utf-8", "replace")


def _lines(chunks: Iterable[bytes]) -> Iterator[bytes]:
    """Yield whole lines; ``str.splitlines`` would cut at characters that may stand in a JSON text."""
    rest = b""
    for chunk in chunks:
        *lines, rest = (rest + chunk).split(b"\n")
        for line in lines:
            yield line.removesuffix(b"\r")
    yield rest
