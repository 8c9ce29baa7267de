"""The run as text: what a terminal gets, what a pipe gets, what ASCII gets."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest

from persona_asv import metrics
from persona_asv.case_rounds import CaseRounds, params
from persona_asv.course import Harness, Progress, Run
from persona_asv.engine.machine import Machine
from persona_asv.engine.store import RunFolder
from persona_asv.engine.worktree import Attribution
from persona_asv.estimates import Family
from persona_asv.model import Cell, ResultFile, Series, State
from persona_asv.plan import Ground, Plan
from persona_asv.render import providers as side_by_side
from persona_asv.render import run as render
from persona_asv.render.terminal import Style
from persona_asv.workloads import WORKLOADS

UNICODE = Style(unicode=True, live=False, width=80)
ASCII = Style(unicode=False, live=False, width=80)
LIVE = Style(unicode=True, live=True, width=60)

FAMILIES = metrics.families(())


def series(name: str, value: float, samples: tuple[float, ...] | None = None) -> Series:
    at = params("quick", "anthropic")
    return Series(name, (at[:1], at[1:]), (Cell(at, State.MEASURED, value, samples),), version="1")


def round_file(number: int) -> ResultFile:
    seconds = tuple(0.001 * (number + step) for step in range(5))
    found = (
        series(metrics.LATENCY, 0.003, seconds),
        series(metrics.OVERHEAD, 0.002, tuple(each / 2 for each in seconds)),
        series(metrics.SECONDS_PER_PERSONA, 0.003, seconds),
        series(metrics.MEMORY, 47_900_000.0 + 100_000 * number),
        series(metrics.API_CALLS, 1.0),
        series(metrics.TOKENS, 842.0),
        series(metrics.OPERATION_CALLS, 1.0, (1.0,) * 5),
        series(metrics.OPERATION_TOKENS, 842.0, (842.0,) * 5),
        series(metrics.ERROR_RATE, 10.0 * (number - 1)),
    )
    return ResultFile(
        Path("f"), 2, "c" * 40, 0, "existing-py3.11", "m", "3.11", {}, {each.name: each for each in found}
    )


def a_run(profile: str = "none", failed: int = 1, families: tuple[Family, ...] = FAMILIES) -> Run:
    plan = Plan(WORKLOADS["quick"], families, "reference", "0.1.0", "anthropic", "model-1", profile)
    attribution = Attribution("c" * 40, 0, dirty=False)
    ground = Ground(Path(), None, attribution, Machine("m", "Linux", "x", "cpu", "2", "1"))
    cases = (CaseRounds("quick", "anthropic", (round_file(1), round_file(2))),)
    return Run(plan, ground, RunFolder(Path("r")), cases, Harness(1.0, 0.125, failed), 2)


TABLE = """\
┌─────────────────────────┬────────┬──────────┬──────────┐
│ Metric                  │ P50    │ P95      │ P99      │
├─────────────────────────┼────────┼──────────┼──────────┤
│ generation_latency      │ 3.50ms │ 5.55ms † │ 5.91ms † │
│ client_overhead         │ 1.75ms │ 2.77ms † │ 2.96ms † │
│ throughput (per min)    │ 17500  │ 46500 †  │ 57300 †  │
│ memory_peak (MB)        │ 48.0 † │ 48.1 †   │ 48.1 †   │
│ api_calls (per persona) │ 1      │ 1 †      │ 1 †      │
│ tokens (per persona)    │ 842    │ 842 †    │ 842 †    │
└─────────────────────────┴────────┴──────────┴──────────┘
Reliability: error_rate 5%
generation_latency here is Persona's own time; add your model's. Throughput is a ceiling.
† fewer than 5 samples lie beyond this percentile: shown, never decisive.
A smoke test: 2 rounds can raise a suspicion, a verdict needs at least 3 a side.

Total time: 1m 05s
Harness overhead: 64.0 s (32.0 s a round of 2)
Waiting for a CPU: 12.5% of the operations' wall time
History: here

Next: persona benchmark run --workload standard"""


def test_the_summary_says_everything_that_a_reader_needs() -> None:
    assert render.summary(a_run(), 65.0, UNICODE, "History: here").split("\n", 3)[3] == TABLE


def test_ascii_says_the_same() -> None:
    text = render.summary(a_run(), 65.0, ASCII, "History: here")
    assert text.isascii()
    assert "| memory_peak (MB)        | 48.0 * | 48.1 *   | 48.1 *   |" in text


def test_lines_are_broken_at_the_width_of_a_terminal() -> None:
    text = render.summary(a_run(), 65.0, LIVE, "Kept: " + "word " * 30)
    assert max(map(len, text.splitlines())) <= 60


def test_simulated_model_time_is_called_so() -> None:
    assert "stand-in (model time lognormal:9:20, simulated)" in render.header(
        [a_run("lognormal:9:20").plan], "abc", UNICODE
    )
    text = render.summary(a_run("lognormal:9:20", failed=0), 1.0, UNICODE, "")
    assert "The model time (lognormal:9:20) is simulated" in text
    assert "Throughput is a ceiling" not in text
    assert "Reliability: error_rate 5%" in text


def test_json_carries_every_metric_with_what_it_stands_on() -> None:
    found = render.as_json(a_run(), 65.0, "History: here")
    assert found["harness_overhead_seconds"] == 64.0
    keys = found["cases"]["quick"]["metrics"]
    assert set(keys) == {
        "generation_latency_p50", "generation_latency_p95", "generation_latency_p99",
        "client_overhead_p50", "client_overhead_p95", "client_overhead_p99",
        "throughput_per_minute", "memory_peak_mb", "api_calls_per_persona", "tokens_per_persona",
        "error_rate",
    }  # fmt: skip
    assert keys["throughput_per_minute"] == {
        "value": pytest.approx(60 / 0.0035), "unit": "personas/min", "better": "higher",
        "n": 10, "rounds": 2, "supported": True,
    }  # fmt: skip
    assert not keys["generation_latency_p95"]["supported"]


def test_json_has_the_providers_time_beside_the_percentiles_of_the_table() -> None:
    run = a_run()
    seconds = series(metrics.PROVIDER_TIME, 0.02, (0.01, 0.02, 0.03))
    files = tuple(replace(each, series={**each.series, seconds.name: seconds}) for each in run.cases[0].files)
    timed = replace(run, cases=(replace(run.cases[0], files=files),))
    found = render.as_json(timed, 65.0, "")["cases"]["quick"]["percentiles"]
    assert found["provider_time"]["p50"] == pytest.approx(20)
    assert "provider_time" not in render.as_json(run, 65.0, "")["cases"]["quick"]["percentiles"]


def test_peaks_that_were_only_sampled_are_said_to_be() -> None:
    run = a_run()
    sampled = replace(run, harness=replace(run.harness, sampled=True))
    said = "memory_peak is the most that was seen of an operation: here no peak can be read exactly."
    assert said in render.summary(sampled, 65.0, UNICODE, "")
    assert said not in render.summary(run, 65.0, UNICODE, "")


def test_a_batch_is_explained() -> None:
    run = a_run()
    batch = replace(run, plan=replace(run.plan, workload=WORKLOADS["batch"]))
    said = "In a batch client_overhead is per persona"
    assert said in render.summary(batch, 65.0, UNICODE, "")
    assert said not in render.summary(run, 65.0, UNICODE, "")


class TestSideBySide:
    """Runs on several providers in one table."""

    def runs(self) -> list[Run]:
        first = a_run()
        case = first.cases[0]
        lines = (case.files[0].series[metrics.LATENCY], case.files[0].series[metrics.ERROR_RATE])
        at = params("quick", "ollama")
        found = {}
        for each in lines:
            cells = tuple(replace(cell, params=at) for cell in each.cells)
            found[each.name] = replace(each, param_sets=(at[:1], at[1:]), cells=cells)
        other = CaseRounds("quick", "ollama", (replace(case.files[0], series=found),))
        return [first, replace(first, plan=replace(first.plan, provider="ollama"), cases=(other,))]

    def test_every_provider_has_a_column_and_what_was_not_measured_a_dash(self) -> None:
        text = side_by_side.summary(self.runs(), 65.0, ASCII, ["kept 1", "kept 2"])
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in text.splitlines() if "|" in line]
        assert rows == [
            ["Metric", "anthropic", "ollama"],
            ["generation_latency P50", "3.50ms", "3ms *"],
            ["generation_latency P95", "5.55ms *", "4.80ms *"],
            ["client_overhead P50", "1.75ms", "-"],
            ["throughput (per min)", "17143", "-"],
            ["api_calls (per persona)", "1", "-"],
            ["tokens (per persona)", "842", "-"],
            ["error_rate", "5%", "0%"],
        ]

    def test_it_ends_with_times_places_and_what_to_do_next(self) -> None:
        text = side_by_side.summary(self.runs(), 65.0, ASCII, ["kept 1", "kept 2"])
        assert text.splitlines()[-8:] == [
            "",
            "Total time: 1m 05s",
            "Harness overhead: 63.0 s",
            "Waiting for a CPU: 12.5% of the operations' wall time at most",
            "kept 1",
            "kept 2",
            "",
            "Next: persona benchmark capture --workload quick --provider anthropic",
        ]
        assert "* fewer than 5 samples lie beyond this percentile: shown, never decisive." in text

    def test_the_header_names_each_with_its_model(self) -> None:
        plans = [run.plan for run in self.runs()]
        assert "Provider: anthropic (model-1), ollama (model-1)" in render.header(plans, "abc", ASCII)


class TestProgress:
    def lines(self, style: Style) -> tuple[render.ProgressLines, io.StringIO]:
        stream = io.StringIO()
        return render.ProgressLines(stream, style, metrics.families(["memory_usage", "throughput"])), stream

    def test_bars_move_with_operations_and_memory_processes_and_are_redrawn_in_place(self) -> None:
        lines, stream = self.lines(LIVE)
        lines.show(Progress(2, 4, 0, 2))
        first = stream.getvalue()
        assert "throughput             [██████████░░░░░░░░░░]  50%" in first
        assert "memory_usage           [░░░░░░░░░░░░░░░░░░░░]   0%" in first
        lines.show(Progress(2, 4, 0, 2))
        assert stream.getvalue() == first, "nothing new, nothing drawn"
        lines.done()
        assert stream.getvalue().startswith(first + "\x1b[2A")
        assert stream.getvalue().count("✅") == 2

    def test_off_a_terminal_one_plain_line_a_metric(self) -> None:
        lines, stream = self.lines(ASCII)
        lines.show(Progress(2, 4, 0, 2))
        assert stream.getvalue() == ""
        lines.done()
        assert stream.getvalue() == "  ok throughput\n  ok memory_usage\n"


@pytest.mark.parametrize(
    ("expected", "encoding"), [(True, "utf-8"), (False, "ascii"), (False, "latin-1"), (False, None)]
)
def test_a_streams_encoding_decides_the_characters(expected: bool, encoding: str | None) -> None:
    class Stream(io.StringIO):
        pass

    stream = Stream()
    stream.__class__.encoding = encoding
    style = Style.of(stream)
    assert (style.unicode, style.live) == (expected, False)
