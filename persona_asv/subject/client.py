"""The one way to a provider: a pooled HTTP client that waits, tries again, and gives up with a clear line."""

from __future__ import annotations

import ipaddress
import json
import math
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime

import httpx

from persona_asv.subject.protocol import GenerationError, Stream
from persona_asv.subject.wire import Reply, ReplyError, WireFormat

CONNECT_TIMEOUT = 5.0
"""Seconds for a connection to be accepted."""
READ_TIMEOUT = 60.0
"""Seconds of silence while a request is written or its response read."""
MAX_RETRIES = 3
"""Requests sent again after the first before giving up."""
FIRST_BACK_OFF = 0.25
"""Seconds before the first retry, doubled before each further one; no jitter, so that runs are comparable."""
MAX_WAIT = 30.0
"""Longest wait before a retry, seconds, whatever the provider orders."""

_TRANSIENT = (httpx.NetworkError, httpx.ConnectTimeout, httpx.RemoteProtocolError)
"""Failures of the connection. Silence (a read timeout) is none: the model may be at work, and that costs."""

_SHORTEST_KEY = 8
"""Characters below which a key is a dummy, no secret: cutting it out would only maim a message."""

_ERROR_TYPE = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,63}")


class ProviderError(GenerationError):
    """The provider refused, could not be reached or kept silent; the message names it, never the key."""


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply and what it took to get it.

    Attributes
    ----------
    retries
        Requests sent again after a transient failure.
    retry_after
        Seconds waited because the provider ordered it; our own back-off is not in it.
    stream
        When its tokens came; None where it came as a whole.
    """

    reply: Reply
    retries: int
    retry_after: float
    stream: Stream | None = None


Heard = tuple[Reply, Stream]
"""A streamed reply, and when its tokens came."""
Listen = Callable[[httpx.Client, WireFormat, str, bytes], Heard | httpx.Response | httpx.RequestError]
"""Sends a request whose answer is to be streamed, and hears it: `persona_asv.subject.streaming.listen`."""


class Client:
    """Asks one model of one provider; safe to share between threads.

    Parameters
    ----------
    base_url
        Where the provider answers: https, or plain http on the loopback, where the key crosses no network.
    connect_timeout, read_timeout
        Seconds; see `CONNECT_TIMEOUT` and `READ_TIMEOUT`.
    sleep
        Called with the seconds to wait before a retry.

    Raises
    ------
    ValueError
        Where the URL is unusable or the key cannot stand in a header.
    """

    def __init__(
        self,
        wire: WireFormat,
        *,
        base_url: str,
        model: str,
        api_key: str,
        connect_timeout: float = CONNECT_TIMEOUT,
        read_timeout: float = READ_TIMEOUT,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        if not (api_key.isascii() and api_key.isprintable() and " " not in api_key):
            raise ValueError(
                "the API key holds characters that no key has: white space, control or non-ASCII ones"
            )
        self._wire = wire
        self._model = model
        self._key = api_key
        self._sleep = sleep
        self._url = _checked(base_url)
        self._read_timeout = read_timeout
        self._http = httpx.Client(
            base_url=self._url,
            headers={"content-type": "application/json", **wire.headers(api_key)},
            timeout=httpx.Timeout(read_timeout, connect=connect_timeout),
            # The session bounds how many requests run at a time: here a limit could only break connections.
            limits=httpx.Limits(max_connections=None, max_keepalive_connections=None, keepalive_expiry=30.0),
            trust_env=False,
        )

    def ask(self, prompt: str, max_tokens: int, listen: Listen | None = None) -> Answer:
        """Send the prompt and return the model's reply.

        429, 5xx and failures of the connection are tried again, at most `MAX_RETRIES` times.

        Parameters
        ----------
        listen
            How to hear a streamed answer; None has it come as a whole.

        Raises
        ------
        ProviderError
            Where the provider refused, could not be reached or kept silent.
        ReplyError
            Where it answered with success, but not in its own format.
        """
        body = self._wire.body(self._model, prompt, max_tokens)
        if listen is not None:
            body |= self._wire.streamed
        content = json.dumps(body, ensure_ascii=False).encode()
        retries, ordered = 0, 0.0
        while True:
            if listen is None:
                result: Heard | httpx.Response | httpx.RequestError = self._send(content)
            else:
                result = listen(self._http, self._wire, self._model, content)
            if isinstance(result, tuple):
                return Answer(result[0], retries, ordered, result[1])
            if isinstance(result, httpx.Response) and result.is_success:
                return Answer(self._wire.reply(_document(result)), retries, ordered)
            if retries == MAX_RETRIES or not _is_transient(result):
                raise self._failure(result, retries + 1)
            order = _ordered_wait(result)
            self._sleep(FIRST_BACK_OFF * 2**retries if order is None else order)
            ordered += order or 0.0
            retries += 1

    def close(self) -> None:
        """Close every connection; closing twice is harmless."""
        self._http.close()

    def _send(self, content: bytes) -> httpx.Response | httpx.RequestError:
        try:
            return self._http.post(self._wire.path(self._model), content=content)
        except httpx.RequestError as error:
            return error

    def _failure(self, result: httpx.Response | httpx.RequestError, requests: int) -> ProviderError:
        who, tried = self._wire.provider, f"after {requests} request{'s' if requests > 1 else ''}"
        if isinstance(result, httpx.Response):
            return ProviderError(f"{who} answered {result.status_code} ({self._error_type(result)}) {tried}")
        if isinstance(result, httpx.ReadTimeout | httpx.WriteTimeout):
            reason = f"silent for {self._read_timeout:g} s"
        else:
            reason = " ".join(f"{type(result).__name__}: {result}".split())
        where = f"{self._url.scheme}://{self._url.netloc.decode('ascii')}"
        error = ProviderError(f"{who} did not answer at {where} ({self._without_key(reason)}) {tried}")
        error.__cause__ = result
        return error

    def _without_key(self, text: str) -> str:
        return text.replace(self._key, "[key]") if len(self._key) >= _SHORTEST_KEY else text

    def _error_type(self, response: httpx.Response) -> str:
        """Return the provider's word for the error, provided that it is one word."""
        try:
            word = self._wire.error_type(_document(response))
        except ReplyError:
            word = None
        return self._without_key(word) if word and _ERROR_TYPE.fullmatch(word) else "no error type given"


def _checked(base_url: str) -> httpx.URL:
    try:
        url = httpx.URL(base_url)
    except httpx.InvalidURL as error:
        raise ValueError(
            "the base URL is no URL; it looks like https://host or http://127.0.0.1:port"
        ) from error
    if url.scheme not in ("http", "https") or not url.host or url.userinfo:
        raise ValueError("the base URL must look like https://host or http://127.0.0.1:port")
    if url.scheme == "http" and not _is_loopback(url.host):
        raise ValueError(
            f"the base URL's host {url.host!r} needs https: over http anyone on the way reads the key"
        )
    return url


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _document(response: httpx.Response) -> object:
    try:
        document: object = json.loads(response.content)
    except (ValueError, RecursionError) as error:
        raise ReplyError("the provider's response is not JSON") from error
    return document


def _is_transient(result: httpx.Response | httpx.RequestError) -> bool:
    if isinstance(result, httpx.Response):
        return result.status_code == httpx.codes.TOO_MANY_REQUESTS or result.is_server_error
    return isinstance(result, _TRANSIENT)


def _ordered_wait(result: httpx.Response | httpx.RequestError) -> float | None:
    order = result.headers.get("retry-after") if isinstance(result, httpx.Response) else None
    return None if order is None else ordered_seconds(order)


def ordered_seconds(order: str) -> float | None:
    """Return the seconds that a ``Retry-After`` header orders, 0 to `MAX_WAIT`; None where it orders none.

    The header holds seconds or a date (RFC 9110, section 10.2.3); fractions of a second are accepted too.
    """
    try:
        seconds = float(order)
    except ValueError:
        try:
            date = parsedate_to_datetime(order)
            seconds = (date.replace(tzinfo=date.tzinfo or UTC) - datetime.now(UTC)).total_seconds()
        except (ValueError, OverflowError):
            return None
    return None if math.isnan(seconds) else min(max(seconds, 0.0), MAX_WAIT)
