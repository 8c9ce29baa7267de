"""What a persona costs: a small table of list prices, tokens counted apart, and never a guess."""

from __future__ import annotations

import doctest
import re
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from test_comparison import CASE, STAMP, cell, file, series

from persona_asv import config, costs, prices, units
from persona_asv.case_rounds import CaseRounds
from persona_asv.comparison import Comparison, compare
from persona_asv.errors import ConfigError, ExitCode
from persona_asv.gate import Rules
from persona_asv.judgement import Finding, Verdict
from persona_asv.model import ResultFile
from persona_asv.prices import MILLION, PRICES, SOURCES, TABLE, Price
from persona_asv.subject import load

SONNET = "claude-sonnet-4-20250514"
OWN = {"input": 0.5, "output": 2.0, "source": "persona.yaml"}
TOKENS = st.floats(0, 1e6)


def counted(
    read: float = 450,
    written: float = 392,
    calls: float = 1,
    *,
    seed: int = 0,
    commit: str = "a" * 40,
    **stamp,
) -> ResultFile:
    """Return a round whose tokens were counted apart, of the default model where the stamp says no other."""
    plain = file(seed, commit, stamp={**STAMP, "model": SONNET, **stamp})
    values = zip(costs.SERIES, (read, written, calls), strict=True)
    return replace(
        plain, series={**plain.series, **{name: series(name, cell(value)) for name, value in values}}
    )


def rounds(*files: ResultFile) -> CaseRounds:
    return CaseRounds("standard", "anthropic", files)


def found(comparison: Comparison) -> dict[str, Finding]:
    return {finding.key: finding for finding in comparison.cases[0].judgement.findings}


def compared(before: ResultFile, after: ResultFile, rules: Rules | None = None) -> Comparison:
    return compare([before], [after], rules)


def test_the_modules_examples_are_true() -> None:
    for module in (prices, units):
        assert doctest.testmod(module).failed == 0


class TestTable:
    def test_it_has_the_default_models_and_nothing_of_ollama(self) -> None:
        models = load("reference").default_models
        known = {provider: prices.of(provider, model) for provider, model in models.items()}
        assert {provider for provider, price in known.items() if price is None} == {"ollama"}
        assert known["anthropic"] == Price(3, 15, f"{TABLE}, {SOURCES['anthropic']}", 200_000)
        assert known["openai"] == Price(2.5, 10, f"{TABLE}, {SOURCES['openai']}")
        assert known["gemini"] == Price(1.25, 5, f"{TABLE}, {SOURCES['gemini']}", 128_000)

    def test_every_price_is_one_and_says_where_and_when(self) -> None:
        assert re.fullmatch(r"price table [1-9]\d* of 20\d\d-[01]\d-[0-3]\d", TABLE)
        for provider, models in PRICES.items():
            assert models
            for price in models.values():
                assert 0 < price.input < price.output < 100
                assert price.source == f"{TABLE}, {SOURCES[provider]}"
                assert SOURCES[provider].startswith("https://")

    @pytest.mark.parametrize(
        ("provider", "model"),
        [
            ("anthropic", "claude"),
            ("anthropic", "gpt-4o"),
            ("ollama", "gpt-4o"),
            ("nobody", SONNET),
            ("", ""),
        ],
    )
    def test_what_is_not_in_it_has_no_price(self, provider: str, model: str) -> None:
        assert prices.of(provider, model) is None


class TestCost:
    def test_tokens_times_price(self) -> None:
        assert costs.of_round(counted(450, 392), CASE) == pytest.approx((450 * 3 + 392 * 15) / 1e6)

    @given(read=TOKENS, written=TOKENS, more=st.floats(0, 1e6), calls=st.floats(0.1, 10))
    def test_it_grows_with_the_tokens_and_is_linear(
        self, read: float, written: float, more: float, calls: float
    ) -> None:
        price = Price(3, 15, "x")
        cost = price.cost(read, written, calls)
        assert cost is not None
        assert price.cost(read + more, written, calls) >= cost
        assert price.cost(2 * read, 2 * written, calls) == pytest.approx(2 * cost)
        assert price.cost(MILLION, 0, calls) == 3
        assert price.cost(0, MILLION, calls) == 15

    def test_longer_requests_than_the_price_is_for_cost_nobody_knows_what(self) -> None:
        price = Price(3, 15, "x", longest=1000)
        assert price.cost(1000, 1, 1) is not None
        assert price.cost(1001, 1, 1) is None
        assert price.cost(1001, 1, 2) is not None, "two requests of 501 on average"
        case = rounds(counted(200_001))
        assert costs.estimate(case) is None
        assert costs.sentence(case).startswith(
            f"unknown: {SONNET} at 3 USD per million tokens read, 15 written"
        )
        assert costs.sentence(case).endswith("of requests up to 200,000 tokens alone")

    def test_of_a_run_it_is_the_mean_of_the_rounds(self) -> None:
        case = rounds(counted(100, 0), counted(300, 0, seed=1))
        estimate = costs.estimate(case)
        assert estimate is not None
        assert estimate.value == pytest.approx(200 * 3 / 1e6)
        assert (estimate.key, estimate.unit.name, estimate.n, estimate.rounds) == (
            "cost_per_persona",
            "USD",
            2,
            2,
        )

    @pytest.mark.parametrize(
        "stamp",
        [
            {"model": "claude-unheard-of"},
            {"model": None},
            {"provider": "ollama", "model": "llama3:8b"},
            {"price": "cheap"},
            {"price": {"input": 1.0}},
            {"price": {"input": "1", "output": 2.0, "source": "s"}},
            {"price": {"input": 0, "output": 2.0, "source": "s"}},
            {"price": {"input": 1.0, "output": float("nan"), "source": "s"}},
        ],
    )
    def test_without_a_price_it_is_unknown_and_says_so(self, stamp: dict[str, object]) -> None:
        case = rounds(counted(**stamp))
        assert costs.estimate(case) is None
        assert costs.sentence(case).startswith("unknown: ")
        assert TABLE in costs.sentence(case)

    def test_where_tokens_were_not_counted_apart_nothing_is_said(self) -> None:
        case = rounds(file(0, stamp={**STAMP, "model": SONNET}))
        assert costs.estimate(case) is None
        assert costs.sentence(case) == ""

    def test_a_projects_own_price_goes_before_the_table(self) -> None:
        case = rounds(counted(1_000_000, 0, 10, price=OWN))
        estimate = costs.estimate(case)
        assert estimate is not None
        assert estimate.value == 0.5
        assert costs.sentence(case) == (
            f"{SONNET} at 0.5 USD per million tokens read, 2 written (persona.yaml)"
        )

    def test_a_price_in_a_stamp_is_read_back(self) -> None:
        price = Price(0.25, 1.5, "persona.yaml")
        assert costs.price_of({"price": costs.stamped(price)}) == price


class TestConfiguration:
    @staticmethod
    def read(folder: Path, text: str) -> dict[str, Price]:
        (folder / "persona.yaml").write_text("benchmarks:\n  prices:\n" + text)
        return dict(config.load(folder).prices)

    def test_models_have_prices_by_name(self, tmp_path: Path) -> None:
        text = "    llama3:8b: {input: 0.05, output: 0.1}\n    org/model@1: {output: 15, input: 3}\n"
        assert self.read(tmp_path, text) == {
            "llama3:8b": Price(0.05, 0.1, "persona.yaml"),
            "org/model@1": Price(3, 15, "persona.yaml"),
        }

    @pytest.mark.parametrize(
        ("said", "text"),
        [
            (":3: benchmarks.prices.m: needs input and output", "    m: {input: 1}\n"),
            (":3: benchmarks.prices.m: needs input and output", "    m:\n"),
            (":3: benchmarks.prices.m.input: expected US dollars", "    m: {input: 0, output: 1}\n"),
            (":3: benchmarks.prices.m.input: expected US dollars", "    m: {input: -1, output: 1}\n"),
            (":3: benchmarks.prices.m.output: expected US dollars", "    m: {input: 1, output: free}\n"),
            (":3: benchmarks.prices.m.output: expected US dollars", "    m: {input: 1, output: 1000000}\n"),
            (":3: benchmarks.prices.m.cached: unknown key", "    m: {input: 1, output: 1, cached: 1}\n"),
            (":3: benchmarks.prices.m: expected a mapping", "    m: 3\n"),
            (":3: benchmarks.prices.a b: no model's name", "    a b: {input: 1, output: 1}\n"),
            (":3: benchmarks.prices.: no model's name", "    [x]: {input: 1, output: 1}\n"),
        ],
    )
    def test_what_is_no_price_is_refused_by_line_and_key(self, tmp_path: Path, said: str, text: str) -> None:
        with pytest.raises(ConfigError) as caught:
            self.read(tmp_path, text)
        assert said in str(caught.value)
        assert "\n" not in str(caught.value)

    def test_a_list_of_prices_is_none(self, tmp_path: Path) -> None:
        with pytest.raises(ConfigError, match="prices: expected a mapping, found a list"):
            self.read(tmp_path, "    - 3\n")


class TestComparison:
    @pytest.mark.parametrize(
        ("expected", "written"),
        [(Verdict.PASS, 392), (Verdict.WARN, 420), (Verdict.FAIL, 500), (Verdict.BETTER, 300)],
    )
    def test_it_is_judged_as_exactly_as_it_is_counted(self, expected: Verdict, written: float) -> None:
        cost = found(compared(counted(), counted(450, written, seed=1, commit="b" * 40)))["cost_per_persona"]
        assert cost.verdict is expected
        assert cost.change == pytest.approx((1350 + written * 15) / (1350 + 392 * 15) - 1)

    def test_it_says_which_price_it_used(self) -> None:
        comparison = compared(counted(), counted(seed=1, commit="b" * 40))
        assert f"cost_per_persona: {SONNET} at {PRICES['anthropic'][SONNET].text()}" in comparison.notes

    def test_a_dearer_model_is_dearer_code(self) -> None:
        comparison = compared(counted(), counted(seed=1, commit="b" * 40, model="claude-opus-4-1"))
        assert found(comparison)["cost_per_persona"].verdict is Verdict.FAIL
        assert comparison.exit_code is ExitCode.FAIL

    def test_a_price_that_moved_is_no_cost_that_did(self) -> None:
        comparison = compared(counted(), counted(seed=1, commit="b" * 40, price=OWN))
        assert "cost_per_persona" not in found(comparison)
        assert comparison.cases[0].judgement.missing == ()
        assert comparison.exit_code is ExitCode.PASS
        assert "cost_per_persona is not compared: the sides have other prices for the same model" in (
            comparison.notes
        )

    @pytest.mark.parametrize("unknown", ["baseline", "current"])
    def test_a_model_without_a_price_holds_up_nobody(self, unknown: str) -> None:
        sides = [counted(), counted(seed=1, commit="b" * 40)]
        which = ("baseline", "current").index(unknown)
        sides[which] = counted(seed=which, commit=sides[which].commit, model="new-one")
        comparison = compared(*sides)
        assert "cost_per_persona" not in found(comparison)
        assert comparison.exit_code is ExitCode.PASS
        assert "cost_per_persona is not compared: no price of new-one is known" in comparison.notes

    def test_where_it_was_asked_for_its_absence_is_an_error(self) -> None:
        asked = Rules(only={"cost_per_persona", "error_rate"})
        comparison = compared(counted(), counted(seed=1, commit="b" * 40, model="new-one"), asked)
        assert comparison.cases[0].judgement.missing == ("cost_per_persona",)
        assert comparison.exit_code is ExitCode.COULD_NOT_MEASURE

    def test_results_from_before_tokens_were_counted_apart_compare_as_ever(self) -> None:
        old = file(0, stamp={**STAMP, "model": SONNET})
        comparison = compared(old, counted(seed=1, commit="b" * 40))
        assert comparison.cases[0].judgement.added == ("cost_per_persona",)
        assert compared(counted(), replace(file(1, "b" * 40), stamp=old.stamp)).exit_code is ExitCode.PASS
        assert not any("cost" in note for note in comparison.notes)
