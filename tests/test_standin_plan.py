"""Plans: model times that follow a seed, faults that fall where planned, errors that name the key."""

from __future__ import annotations

import json
import math
from statistics import quantiles

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_asv.standin.faults import Fault, FaultKind
from persona_asv.standin.plan import Plan, PlanError
from persona_asv.standin.profile import MAX_MS, Profile

PINNED = [75.857388, 109.797552, 152.688406]


class TestProfile:
    @pytest.mark.parametrize(
        ("expected", "text"),
        [(0.0, "none"), (0.0, "constant:0"), (12.5, "constant:12.5"), (80.0, "lognormal:80:80")],
    )
    def test_without_spread_every_draw_is_the_same(self, expected: float, text: str) -> None:
        assert {Profile.parse(text).draw(seed, index) for seed in range(3) for index in range(3)} == {
            expected
        }

    def test_sonnet_like_is_the_example_run_of_the_specification(self) -> None:
        profile = Profile.parse("sonnet-like")
        assert profile == Profile.parse("lognormal:1230:2340")

    def test_a_lognormal_has_the_median_and_p99_it_was_given(self) -> None:
        profile = Profile.parse("lognormal:200:900")
        draws = [profile.draw(7, index) for index in range(20_000)]
        cuts = quantiles(draws, n=100)
        assert cuts[49] == pytest.approx(200, rel=0.03)
        assert cuts[98] == pytest.approx(900, rel=0.10)

    def test_sigma_is_the_formula(self) -> None:
        assert Profile.parse("lognormal:100:1000").sigma == pytest.approx(math.log(10) / 2.3263478740408408)

    def test_draws_never_change(self) -> None:
        profile = Profile.parse("lognormal:100:400")
        draws = [round(profile.draw(1, index), 6) for index in range(3)]
        assert draws == PINNED

    @given(seed=st.integers(), index=st.integers(0, 10**9))
    def test_a_draw_follows_from_seed_and_index(self, seed: int, index: int) -> None:
        profile = Profile.parse("lognormal:100:400")
        assert profile.draw(seed, index) == profile.draw(seed, index) > 0
        assert profile.draw(seed, index) != profile.draw(seed, index + 1)

    def test_a_draw_stays_within_the_longest_time(self) -> None:
        profile = Profile.parse(f"lognormal:{MAX_MS}:{MAX_MS}")
        wide = Profile(MAX_MS, 2.0)
        assert max(wide.draw(0, index) for index in range(100)) == profile.draw(0, 0) == MAX_MS

    @pytest.mark.parametrize(
        "text",
        [
            "",
            "fast",
            "none:1",
            "constant",
            "constant:",
            "constant:x",
            "constant:-1",
            "constant:nan",
            "constant:inf",
            "constant:600001",
            "constant:1:2",
            "lognormal:100",
            "lognormal:0:100",
            "lognormal:100:99",
            "lognormal:1:2:3",
        ],
    )
    def test_anything_else_is_refused_by_name(self, text: str) -> None:
        with pytest.raises(ValueError, match=r"^profile ") as caught:
            Profile.parse(text)
        assert repr(text) in str(caught.value)


class TestFault:
    @pytest.mark.parametrize(
        ("befallen", "document"),
        [
            ([0, 1, 2, 3, 4, 5, 6, 7, 8, 9], {"every": 1}),
            ([3, 7], {"every": 4}),
            ([0, 4, 8], {"every": 4, "offset": 0}),
            ([1, 4], {"every": 3, "offset": 1, "limit": 2}),
            ([], {"every": 2, "limit": 0}),
            ([9], {"every": 10}),
        ],
    )
    def test_it_befalls_the_planned_indices(self, befallen: list[int], document: dict[str, int]) -> None:
        fault = Fault.parse({"kind": "hang", **document})
        assert [index for index in range(10) if fault.befalls(index)] == befallen

    @given(
        every=st.integers(1, 50),
        offset=st.integers(0, 49),
        limit=st.none() | st.integers(0, 5),
    )
    def test_it_never_befalls_more_than_the_limit(self, every: int, offset: int, limit: int | None) -> None:
        fault = Fault(FaultKind.HANG, every, offset % every, limit)
        number = sum(fault.befalls(index) for index in range(every * 6))
        assert number == (6 if limit is None else limit)

    @pytest.mark.parametrize("kind", ["429", "500", "hang", "truncated", "invalid"])
    def test_every_kind_is_known(self, kind: str) -> None:
        assert Fault.parse({"kind": kind, "every": 2}) == Fault(FaultKind(kind), 2, 1)

    @pytest.mark.parametrize(
        ("line", "document"),
        [
            ("each fault is an object", "hang"),
            ("faults.kind: 'boom' is not one of 429, 500, hang", {"kind": "boom", "every": 1}),
            ("faults.kind: None", {"every": 1}),
            ("faults.every: None", {"kind": "hang"}),
            ("faults.every: 0", {"kind": "hang", "every": 0}),
            ("faults.every: True", {"kind": "hang", "every": True}),
            ("faults.every: 1.5", {"kind": "hang", "every": 1.5}),
            ("faults.offset: 2 is not below every", {"kind": "hang", "every": 2, "offset": 2}),
            ("faults.offset: -1", {"kind": "hang", "every": 2, "offset": -1}),
            ("faults.limit: -1", {"kind": "hang", "every": 2, "limit": -1}),
            ("only a 429 carries it", {"kind": "500", "every": 2, "retry_after": 1}),
            ("faults.retry_after: -1", {"kind": "429", "every": 2, "retry_after": -1}),
            ("faults.retry_after: 'soon'", {"kind": "429", "every": 2, "retry_after": "soon"}),
            ("faults.retry_after: True", {"kind": "429", "every": 2, "retry_after": True}),
            ("faults.retry_after: inf", {"kind": "429", "every": 2, "retry_after": math.inf}),
            ("faults.retry_after: nan", {"kind": "429", "every": 2, "retry_after": math.nan}),
            ("unknown key 'often'", {"kind": "429", "every": 2, "often": 1}),
        ],
    )
    def test_a_bad_one_names_the_key(self, line: str, document: object) -> None:
        with pytest.raises((ValueError, TypeError)) as caught:
            Fault.parse(document)
        assert line in str(caught.value)


class TestPlan:
    def test_an_empty_plan_is_the_default(self) -> None:
        assert Plan.parse(b"{}") == Plan()
        assert Plan().fault(0) is None
        assert Plan().model_time_ms(0) == 0.0

    def test_a_full_plan_is_read(self) -> None:
        document = {
            "profile": "constant:5",
            "seed": 3,
            "faults": [{"kind": "429", "every": 2, "retry_after": 1}],
        }
        expected = Plan(Profile(5.0), 3, (Fault(FaultKind.RATE_LIMITED, 2, 1, None, 1.0),))
        assert Plan.parse(json.dumps(document).encode()) == expected

    def test_of_several_faults_the_first_befalls(self) -> None:
        hang, invalid = Fault(FaultKind.HANG, 4, 0), Fault(FaultKind.INVALID, 2, 0)
        plan = Plan(faults=(hang, invalid))
        assert [plan.fault(index) for index in range(5)] == [hang, None, invalid, None, hang]

    @pytest.mark.parametrize(
        ("line", "text"),
        [
            ("not JSON", b""),
            ("not JSON", b"{"),
            ("not JSON", b"\xff"),
            ("not JSON", b"[" * 100_000),
            ("not a JSON object", b"[]"),
            ("unknown key 'speed'", b'{"speed": 1}'),
            ("profile: 5", b'{"profile": 5}'),
            ("profile 'fast'", b'{"profile": "fast"}'),
            ("seed: 1.5", b'{"seed": 1.5}'),
            ("seed: True", b'{"seed": true}'),
            ("faults: {}", b'{"faults": {}}'),
            ("each fault is an object", b'{"faults": [1]}'),
            ("faults.every", b'{"faults": [{"kind": "hang"}]}'),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_bad_plan_is_one_line(self, line: str, text: bytes) -> None:
        with pytest.raises(PlanError) as caught:
            Plan.parse(text)
        assert line in str(caught.value)
        assert "\n" not in str(caught.value)
