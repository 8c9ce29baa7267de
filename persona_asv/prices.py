"""What tokens cost: the list prices that providers publish, and a project's own.

The table is small and versioned: it has the models that Persona asks for by default and their kin, and
nothing is guessed. A model that is not in it has no known price, which is not a price of 0. Where a provider
has withdrawn a model, its last list price stands. Raise `VERSION` and `DATE` with every change.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from persona_asv.yaml_tree import Entry, Reader, scalar

VERSION, DATE = 1, "2026-11-25"
"""Of the table: when it was drawn up."""
TABLE = f"price table {VERSION} of {DATE}"

MILLION = 1_000_000
LONG = 200_000
"""Input tokens of a request beyond which some models cost more."""


@dataclass(frozen=True, slots=True)
class Price:
    """What the tokens of one model cost, US dollars per million.

    Attributes
    ----------
    input, output
        Of a token read, and of a token written.
    source
        Where it stands: the provider's page and the version and date of our table, or the project's file.
    longest
        Input tokens of a request up to which it holds; None for any number.
    """

    input: float
    output: float
    source: str
    longest: int | None = None

    def cost(self, tokens_in: float, tokens_out: float, calls: float) -> float | None:
        """Return the dollars that tokens cost; None where the requests are too long for this price.

        Parameters
        ----------
        calls
            Requests that the tokens are spread over: their mean length is what can be known.
        """
        if self.longest is not None and tokens_in > self.longest * calls:
            return None
        return (tokens_in * self.input + tokens_out * self.output) / MILLION

    def text(self) -> str:
        """Return the price as people read it.

        >>> Price(3, 15, "persona.yaml").text()
        '3 USD per million tokens read, 15 written (persona.yaml)'
        """
        return f"{self.input:g} USD per million tokens read, {self.output:g} written ({self.source})"


SOURCES = {
    "anthropic": "https://docs.anthropic.com/en/docs/about-claude/pricing",
    "openai": "https://platform.openai.com/docs/pricing",
    "gemini": "https://ai.google.dev/gemini-api/docs/pricing",
}
"""Where a provider lists its prices. Models that ollama runs have no list price: it runs them at home."""


def _listed(provider: str, rows: Mapping[str, tuple[float, float, int | None]]) -> dict[str, Price]:
    return {
        model: Price(read, written, f"{TABLE}, {SOURCES[provider]}", longest)
        for models, (read, written, longest) in rows.items()
        for model in models.split()
    }


PRICES: Mapping[str, Mapping[str, Price]] = {
    "anthropic": _listed(
        "anthropic",
        {
            "claude-sonnet-4-5-20250929 claude-sonnet-4-5": (3, 15, LONG),
            "claude-sonnet-4-20250514 claude-sonnet-4-0": (3, 15, LONG),
            "claude-haiku-4-5-20251001 claude-haiku-4-5": (1, 5, None),
            "claude-opus-4-1-20250805 claude-opus-4-1": (15, 75, None),
            "claude-opus-4-20250514 claude-opus-4-0": (15, 75, None),
            "claude-3-7-sonnet-20250219 claude-3-7-sonnet-latest": (3, 15, None),
            "claude-3-5-sonnet-20241022 claude-3-5-sonnet-20240620": (3, 15, None),
            "claude-3-5-haiku-20241022 claude-3-5-haiku-latest": (0.8, 4, None),
            "claude-3-opus-20240229": (15, 75, None),
            "claude-3-haiku-20240307": (0.25, 1.25, None),
        },
    ),
    "openai": _listed(
        "openai",
        {
            "gpt-4o": (2.5, 10, None),
            "gpt-4o-mini": (0.15, 0.6, None),
            "gpt-4.1": (2, 8, None),
            "gpt-4.1-mini": (0.4, 1.6, None),
            "gpt-4.1-nano": (0.1, 0.4, None),
        },
    ),
    "gemini": _listed(
        "gemini",
        {
            "gemini-2.5-pro": (1.25, 10, LONG),
            "gemini-2.5-flash": (0.3, 2.5, None),
            "gemini-2.5-flash-lite": (0.1, 0.4, None),
            "gemini-2.0-flash": (0.1, 0.4, None),
            "gemini-1.5-pro": (1.25, 5, 128_000),
            "gemini-1.5-flash": (0.075, 0.3, 128_000),
        },
    ),
}
"""List prices by provider and model, for text without caching, batching or other discounts."""


def of(provider: str, model: str) -> Price | None:
    """Return the list price of a model; None where none is known."""
    return PRICES.get(provider, {}).get(model)


_DOLLARS = scalar(
    f"US dollars per million tokens, above 0 and below {MILLION:,}",
    ("!!int", "!!float"),
    r"(0|[1-9][0-9]*)(\.[0-9]+)?",
    lambda text: amount if 0 < (amount := float(text)) < MILLION else None,
)
_MODEL = r"[A-Za-z0-9][A-Za-z0-9._:/@+-]*"


def read(entry: Entry) -> dict[str, Price]:
    """Return a project's own prices by model, as its configuration spells them.

    Raises
    ------
    ConfigError
        A model's name or a price is none.
    """
    schema: dict[str, Reader] = {}
    for key, node in entry.node.value if entry.tag == "!!map" else ():
        name = key.value if key.id == "scalar" else ""
        if not re.fullmatch(_MODEL, name):
            at = Entry(entry.file, f"{entry.key}.{name[:60]}", key.start_mark.line + 1, node)
            raise at.error("no model's name")
        schema[name] = _price
    return entry.read(schema)


def _price(entry: Entry) -> Price:
    found = entry.read({"input": _DOLLARS, "output": _DOLLARS})
    if len(found) != 2:
        raise entry.error("needs input and output, US dollars per million tokens")
    return Price(**found, source=entry.file.rpartition("/")[2])
