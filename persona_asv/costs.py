"""What a persona costs: tokens read and written, counted exactly, times the price of the model.

A result file says which model was asked for, and its price where the project's own configuration names one;
else today's table has the word. So two sides of a comparison are told in one price, and a table that changes
changes neither.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from statistics import fmean

from persona_asv.case_rounds import CaseRounds, params
from persona_asv.estimates import Estimate
from persona_asv.model import ResultFile, State
from persona_asv.prices import TABLE, Price, of
from persona_asv.units import USD, Better

KEY = "cost_per_persona"
INPUT_TOKENS = "generation.Generation.track_input_tokens"
OUTPUT_TOKENS = "generation.Generation.track_output_tokens"
API_CALLS = "generation.Generation.track_api_calls"
SERIES = (INPUT_TOKENS, OUTPUT_TOKENS, API_CALLS)
MOST = 1e6
"""Dollars per million tokens from which a price is a mistake."""


def price_of(stamp: Mapping[str, object]) -> Price | None:
    """Return the price of the model that a result file's stamp names; None where none is known."""
    if (own := stamp.get("price")) is not None:
        return _own(own)
    provider, model = stamp.get("provider"), stamp.get("model")
    return of(provider, model) if isinstance(provider, str) and isinstance(model, str) else None


def _own(stamped: object) -> Price | None:
    """Return a price of the project's own as `stamped` has written it; None for what is none."""
    facts = stamped if isinstance(stamped, Mapping) else {}
    amounts = [each for each in map(facts.get, ("input", "output")) if isinstance(each, int | float)]
    if len(amounts) != 2 or not all(0 < each < MOST for each in amounts):
        return None
    read, written = amounts
    return Price(read, written, str(facts.get("source")))


def stamped(price: Price) -> dict[str, object]:
    """Return a price as JSON has it, the stamp of a result file too: US dollars per million tokens."""
    return {"input": price.input, "output": price.output, "source": price.source}


def of_round(file: ResultFile, where: tuple[str, ...]) -> float | None:
    """Return the dollars that a persona of a round cost; None where tokens or price are not known."""
    price = price_of(file.stamp)
    counts = [_value(file, name, where) for name in SERIES]
    tokens_in, tokens_out, calls = counts
    if price is None or tokens_in is None or tokens_out is None or calls is None:
        return None
    return price.cost(tokens_in, tokens_out, calls)


def _value(file: ResultFile, name: str, where: tuple[str, ...]) -> float | None:
    cell = file.series[name].at(*where) if name in file.series else None
    return cell.value if cell is not None and cell.state is State.MEASURED else None


def counted(rounds: CaseRounds) -> bool:
    """Whether the tokens of a case were counted apart, so that it has a cost if its model has a price."""
    return bool(rounds.cells(INPUT_TOKENS) and rounds.cells(OUTPUT_TOKENS))


def sentence(rounds: CaseRounds) -> str:
    """Return by which price the cost of a case is told, or why it is not; empty where nothing was counted."""
    if not counted(rounds):
        return ""
    stamp = rounds.files[0].stamp
    model, price = stamp.get("model", "this model"), price_of(stamp)
    if price is None:
        return f"unknown: {model} is not in {TABLE}; benchmarks.prices in persona.yaml takes a price"
    if all(of_round(file, params(rounds.case, rounds.provider)) is None for file in rounds.files):
        return f"unknown: {model} at {price.text()}, of requests up to {price.longest:,} tokens alone"
    return f"{model} at {price.text()}"


def estimate(rounds: CaseRounds) -> Estimate | None:
    """Return the mean cost of a persona over the rounds; None where tokens or price are not known."""
    where = params(rounds.case, rounds.provider)
    found = [cost for file in rounds.files if (cost := of_round(file, where)) is not None]
    if not found:
        return None
    return Estimate(KEY, fmean(found), USD, Better.LOWER, len(found), len(found))


def comparable(baseline: Sequence[ResultFile], current: Sequence[ResultFile]) -> bool:
    """Whether a model that both sides asked for has one price on both: else it is the price that moved."""
    before, now = _prices(baseline), _prices(current)
    return all(before[model] == now[model] for model in before.keys() & now.keys())


def _prices(files: Sequence[ResultFile]) -> dict[str, tuple[float, float] | None]:
    """Return what was paid for each model whose tokens were counted."""
    found = {}
    for file in files:
        if INPUT_TOKENS in file.series:
            price = price_of(file.stamp)
            found[str(file.stamp.get("model"))] = None if price is None else (price.input, price.output)
    return found


def remarks(baseline: Sequence[ResultFile], current: Sequence[ResultFile]) -> Iterator[str]:
    """Yield what a comparison has to say of prices: which ones it used, or why it compares no cost."""
    before, now = _prices(baseline), _prices(current)
    if not before or not now:
        return
    if not comparable(baseline, current):
        yield f"{KEY} is not compared: the sides have other prices for the same model"
        return
    unknown = [model for model, price in {**before, **now}.items() if price is None]
    if unknown and len(unknown) < len({**before, **now}):
        yield f"{KEY} is not compared: no price of {', '.join(unknown)} is known"
    for model, price in {file.stamp.get("model"): price_of(file.stamp) for file in current}.items():
        if price is not None and not unknown:
            yield f"{KEY}: {model} at {price.text()}"
