"""The parts of a report: the sustained rate, paces, scales, titles, and files written whole or not at all."""

from __future__ import annotations

import doctest
import os
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_asv.errors import UsageError
from persona_asv.render import history_chart, markdown_text, report_words, scale, trends
from persona_asv.render.report_words import title
from persona_asv.render.scale import Scale, ticks
from persona_asv.reports import output
from persona_asv.reports.pace import at_pace, follows, pace
from persona_asv.reports.sustained import LONG, sustained
from persona_asv.units import MILLISECONDS, PER_MINUTE

patient = settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.too_slow])


@pytest.mark.parametrize("module", [history_chart, markdown_text, output, report_words, scale, trends])
def test_examples_in_docstrings(module: object) -> None:
    assert doctest.testmod(module).failed == 0  # type: ignore[arg-type]


class TestSustained:
    @pytest.mark.parametrize(
        ("expected", "walls", "each"),
        [
            pytest.param(None, [], [], id="nothing"),
            pytest.param(None, [1.0] * 599, [1.0] * 599, id="a second too short"),
            pytest.param(60.0, [1.0] * 600, [1.0] * 600, id="one a second for ten minutes"),
            pytest.param(120.0, [1.0] * 600, [0.5] * 600, id="two a second"),
            pytest.param(None, [1.0] * 700, [1.0] * 600, id="series that do not belong together"),
            pytest.param(1.0, [300.0, 300.0], [60.0, 60.0], id="operations longer than a minute"),
            pytest.param(60.0, [1.0] * 1200, [1.0] * 1140 + [100.0] * 60, id="one bad minute of twenty"),
            pytest.param(0.0, [60.0] * 10, [0.0] * 10, id="nothing came back"),
        ],
    )
    def test_is_what_nine_of_ten_minutes_reached(
        self, expected: float | None, walls: list[float], each: list[float]
    ) -> None:
        assert sustained(walls, each) == (expected if expected is None else pytest.approx(expected))

    @given(st.lists(st.floats(0.5, 5), min_size=200, max_size=400))
    @patient
    def test_lies_between_the_slowest_and_the_quickest(self, each: list[float]) -> None:
        walls = [5 * LONG / len(each)] * len(each)
        rate = sustained(walls, each)
        assert rate is not None
        assert 60 / max(each) <= rate * (1 + 1e-9)
        assert rate <= 60 / min(each) * (1 + 1e-9)


class TestPace:
    def test_of_what_is_not_known_is_not_known(self) -> None:
        assert pace(None, 1.0) is None
        assert pace(1.0, None) is None
        assert pace(0.5, 1.0) == 2.0

    def test_times_grow_with_it_and_rates_shrink(self) -> None:
        assert at_pace(10.0, MILLISECONDS, 2.0) == 20.0
        assert at_pace(10.0, PER_MINUTE, 2.0) == 5.0
        assert at_pace(10.0, MILLISECONDS, None) == 10.0

    @pytest.mark.parametrize(
        ("expected", "key", "profile"),
        [
            (True, "generation_latency_p50", "none"),
            (True, "client_overhead", "none"),
            (True, "throughput_per_minute", "none"),
            (False, "memory_peak_mb", "none"),
            (False, "cli_startup_ms", "none"),
            (False, "generation_latency_p50", "sonnet-like"),
            (False, "generation_latency_p50", None),
        ],
    )
    def test_is_followed_by_what_was_measured_beside_it_while_no_model_takes_time(
        self, expected: bool, key: str, profile: str | None
    ) -> None:
        assert follows(key, profile) is expected


class TestScale:
    @given(st.floats(0, 1e12), st.floats(1e-9, 1e12), st.integers(3, 10))
    @patient
    def test_ticks_are_few_round_and_within(self, low: float, span: float, most: int) -> None:
        high = low + span
        found = ticks(low, high, most)
        assert 1 <= len(found) <= most
        assert list(found) == sorted(found)
        if len(found) > 1:
            slack = 1e-6 * span + 1e-9 * high
            assert low - slack <= found[0]
            assert found[-1] <= high + slack

    @given(st.floats(-1e9, 1e9), st.floats(-1e9, 1e9), st.floats(-1e9, 1e9))
    @patient
    def test_places_are_on_the_paper(self, low: float, high: float, value: float) -> None:
        low, high = sorted((low, high))
        assert 10 <= Scale(low, high, 10, 90).at(value) <= 90


@pytest.mark.parametrize(
    ("expected", "key"),
    [
        ("Tokens per Persona", "tokens_per_persona"),
        ("CLI Startup", "cli_startup_ms"),
        ("Client Overhead (P99)", "client_overhead_p99"),
        ("Error Rate", "error_rate"),
        ("API Calls", "api_calls"),
    ],
)
def test_titles(expected: str, key: str) -> None:
    assert title(key) == expected


class TestWriting:
    def test_replaces_whole(self, tmp_path: Path) -> None:
        path = tmp_path / "r.md"
        output.write(path, "old\n", make_folder=False)
        output.write(path, "new é\n", make_folder=False)
        assert path.read_bytes() == "new é\n".encode()
        assert list(tmp_path.iterdir()) == [path]

    def test_a_text_in_no_encoding_is_written_with_its_escapes(self, tmp_path: Path) -> None:
        output.write(tmp_path / "r.json", '"\udcff"', make_folder=False)
        assert (tmp_path / "r.json").read_bytes() == b'"\\udcff"'

    @pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
    def test_an_unwritable_folder(self, tmp_path: Path) -> None:
        tmp_path.chmod(0o500)
        with pytest.raises(UsageError, match="cannot be written"):
            output.write(tmp_path / "r.md", "text", make_folder=False)

    def test_no_folder_at_all(self) -> None:
        with pytest.raises(UsageError, match=r"/dev/null/r\.md: cannot be written"):
            output.write(Path("/dev/null/r.md"), "text", make_folder=False)
