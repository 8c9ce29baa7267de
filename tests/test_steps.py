"""Steps of a series: found where they are, not found where nothing happened."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from persona_asv.engine.steps import FEWEST, Step, steps
from persona_asv.render.terminal import Style
from persona_asv.render.trends import sparkline

patient = settings(deadline=None, max_examples=50, suppress_health_check=[HealthCheck.too_slow])


class TestSteps:
    @pytest.mark.parametrize(
        ("expected", "values"),
        [
            pytest.param((), [], id="nothing"),
            pytest.param((), [1.0] * 20, id="flat"),
            pytest.param((), [0.0] * 20, id="zero"),
            pytest.param((), [1.0, 2.0, 2.0, 2.0, 2.0], id="too few points to tell"),
            pytest.param((Step(10, 0.5),), [2.0] * 10 + [3.0] * 10, id="up"),
            pytest.param((Step(10, -0.5),), [2.0] * 10 + [1.0] * 10, id="down"),
            pytest.param((Step(10, None),), [0.0] * 10 + [3.0] * 10, id="from zero"),
            pytest.param(
                (Step(5, 1.0), Step(10, -0.5)), [1.0] * 5 + [2.0] * 5 + [1.0] * 5, id="there and back"
            ),
            pytest.param((), [1.0] * 10 + [1.04] * 10, id="less than asv's threshold"),
            pytest.param((), [1.0] * 10 + [3.0] + [1.0] * 10, id="one outlier is no level"),
        ],
    )
    def test_are_found(self, expected: tuple[Step, ...], values: list[float]) -> None:
        found = steps(values)
        assert [step.index for step in found] == [step.index for step in expected]
        assert [step.change for step in found] == [pytest.approx(step.change) for step in expected]

    @given(st.integers(0, 2**32), st.integers(FEWEST, 40), st.integers(-20, 20))
    @patient
    def test_do_not_depend_on_the_unit(self, seed: int, count: int, power: int) -> None:
        values = np.exp(np.random.default_rng(seed).normal(0, 0.05, count))
        values[count // 2 :] *= 1.5
        assert [s.index for s in steps(list(values))] == [s.index for s in steps(list(values * 2.0**power))]

    def test_noise_makes_next_to_none(self) -> None:
        """Of 300 series of 20 unchanged commits with 5 % of noise."""
        draw = np.random.default_rng(7)
        assert sum(bool(steps(list(np.exp(draw.normal(0, 0.05, 20))))) for _ in range(300)) <= 6

    def test_a_quarter_is_seen(self) -> None:
        draw = np.random.default_rng(8)
        change = np.repeat([1.0, 1.25], 10)
        seen = [steps(list(change * np.exp(draw.normal(0, 0.03, 20)))) for _ in range(50)]
        assert sum([step.index for step in found] == [10] for found in seen) >= 45


class TestSparkline:
    @given(
        st.lists(st.floats(0, 1e9), min_size=1, max_size=200),
        st.sets(st.integers(1, 199), max_size=5),
        st.integers(12, 60),
        st.booleans(),
    )
    @patient
    def test_fits_and_is_of_what_the_terminal_knows(
        self, values: list[float], borders: set[int], width: int, unicode: bool
    ) -> None:
        borders = {border for border in borders if border < len(values)}
        line = sparkline(values, sorted(borders), Style(unicode, live=False, width=80), width)
        assert 1 <= len(line) <= width
        assert line.isascii() is (not unicode)
        assert line.count("│" if unicode else "|") <= len(borders)

    def test_a_level_for_each_eighth(self) -> None:
        style = Style(unicode=True, live=False, width=80)
        assert sparkline(range(8), [], style, 20) == "▁▂▃▄▅▆▇█"
        assert sparkline([1, 1, 9, 9], [2], style, 20) == "▁▁│██"
        assert sparkline([5, 5], [], style, 20) == "▅▅"
