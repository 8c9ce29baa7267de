"""The model time: how long the simulated model thinks about one request, and how fast it speaks."""

from __future__ import annotations

import math
from dataclasses import dataclass
from hashlib import blake2b
from statistics import NormalDist

Z_99 = 2.3263478740408408
"""The standard normal's 99th percentile."""

MAX_MS = 600_000.0
"""Longest model time accepted, milliseconds: ten minutes, the limit of the providers' own clients."""

FORMS = "'none', 'constant:MS', 'lognormal:MEDIAN_MS:P99_MS', 'stream:TTFT_MS:ITL_MS' or 'sonnet-like'"

SONNET_LIKE = "lognormal:1230:2340"
"""Median and 99th percentile of F-139's own example of a run with a Sonnet model."""

_NORMAL = NormalDist()


@dataclass(frozen=True, slots=True)
class Profile:
    """A lognormal distribution of model times; ``sigma`` 0 makes it constant, ``median_ms`` 0 makes it none.

    Attributes
    ----------
    median_ms
        Milliseconds until the first token, exp(mu).
    sigma
        Standard deviation of the logarithm. With z the normal quantile, the p99 is
        ``median * exp(sigma * z99)``, hence ``sigma = ln(p99 / median) / z99``.
    gap_ms
        Milliseconds between one token and the next; 0 says them all at once. A whole answer leaves when the
        last token would have.
    """

    median_ms: float = 0.0
    sigma: float = 0.0
    gap_ms: float = 0.0

    @classmethod
    def parse(cls, text: str) -> Profile:
        """Return the profile a text names.

        Raises
        ------
        ValueError
            If it is none of the forms, or a time is not within 0 to `MAX_MS`.
        """
        kind, *figures = text.split(":")
        times = tuple(_milliseconds(figure, text) for figure in figures)
        match kind, times:
            case "none", ():
                return cls()
            case "sonnet-like", ():
                return cls.parse(SONNET_LIKE)
            case "constant", (constant,):
                return cls(constant)
            case "stream", (first, gap):
                return cls(first, gap_ms=gap)
            case "lognormal", (median, p99):
                if not 0 < median <= p99:
                    raise ValueError(f"profile {text!r}: 0 < MEDIAN_MS <= P99_MS must hold")
                return cls(median, math.log(p99 / median) / Z_99)
        raise ValueError(f"profile {text!r} is not {FORMS}")

    def draw(self, seed: int, index: int, tokens: int = 1) -> float:
        """Return the model time of the session's request ``index``, milliseconds.

        A pure function of seed, index and tokens (inverse transform of a hashed uniform), so that what other
        requests do, and which Python runs, never changes it.

        Parameters
        ----------
        tokens
            How many the answer has; up to the first one it is the same for all.
        """
        first = self.median_ms
        if self.sigma:
            digest = blake2b(f"{seed}:{index}".encode(), digest_size=8).digest()
            uniform = ((int.from_bytes(digest) >> 12) + 0.5) / 2**52
            first *= math.exp(self.sigma * _NORMAL.inv_cdf(uniform))
        return min(first + self.gap_ms * (tokens - 1), MAX_MS)


def _milliseconds(figure: str, text: str) -> float:
    try:
        value = float(figure)
    except ValueError:
        raise ValueError(f"profile {text!r}: {figure!r} is not a number of milliseconds") from None
    if not 0 <= value <= MAX_MS:
        raise ValueError(f"profile {text!r}: {figure} is not within 0 to {MAX_MS:.0f} ms")
    return value
