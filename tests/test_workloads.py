"""Workloads: the table, how iterations are dealt, and whose word counts."""

from dataclasses import FrozenInstanceError, dataclass, field
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from persona_asv import config
from persona_asv.errors import ConfigError, UsageError
from persona_asv.sizes import OwnWorkload
from persona_asv.sizes import WorkloadSizes as Sizes
from persona_asv.workloads import WARMUPS, WORKLOADS, Case, resolve


@dataclass
class Settings:
    workloads: dict[str, Sizes] = field(default_factory=dict)


def sizes(name, settings=None, iterations=None, rounds=None):
    """(iterations, rounds) of the first case, and the deadline."""
    workload = resolve(name, settings or Settings(), iterations, rounds)
    return workload.cases[0].iterations, workload.cases[0].rounds, workload.timeout_s


def refusal(*args) -> str:
    with pytest.raises(UsageError) as caught:
        resolve(*args)
    return str(caught.value)


class TestTable:
    @pytest.mark.parametrize(
        ("name", "timeout_s", "cases"),
        [
            ("quick", 60, [("quick", 1, "1kb", 1, 10, 2)]),
            ("standard", 600, [("standard", 1, "1kb", 1, 100, 5)]),
            ("full", 1800, [("full", 1, "1kb", 1, 500, 5), ("full-5kb", 3, "5kb", 1, 100, 5)]),
            (
                "batch",
                900,
                [
                    ("batch-c1", 10, "5kb", 1, 20, 4, True),
                    ("batch-c3", 10, "5kb", 3, 20, 4, True),
                    ("batch-c10", 10, "5kb", 10, 20, 4, True),
                ],
            ),
            ("provider", 1200, [("standard", 1, "1kb", 1, 25, 5)]),
        ],
        ids=lambda value: value if isinstance(value, str) else "",
    )
    def test_a_workload_is_what_the_decisions_say(self, name, timeout_s, cases):
        workload = WORKLOADS[name]
        assert workload.timeout_s == timeout_s
        assert workload.cases == tuple(Case(*case) for case in cases)
        assert workload.summary

    def test_there_are_five_in_the_order_of_the_specification(self):
        assert list(WORKLOADS) == ["quick", "standard", "full", "batch", "provider"]
        assert all(name == workload.name for name, workload in WORKLOADS.items())

    def test_eight_operations_warm_up(self):
        assert WARMUPS == 8

    def test_cases_are_frozen(self):
        with pytest.raises(FrozenInstanceError):
            WORKLOADS["quick"].cases[0].iterations = 1  # type: ignore[misc]


class TestDeal:
    @pytest.mark.parametrize(
        ("dealt", "iterations", "rounds"),
        [
            ((20,) * 5, 100, 5),
            ((5, 5), 10, 2),
            ((3, 3, 2, 2), 10, 4),
            ((1, 1, 1), 3, 5),
            ((1,), 1, 1000),
            ((7,), 7, 1),
        ],
        ids=["standard", "quick", "remainder first", "more rounds than iterations", "one", "one round"],
    )
    def test_examples(self, dealt, iterations, rounds):
        assert Case("any", 1, "1kb", 1, iterations, rounds).deal() == dealt

    @given(iterations=st.integers(1, 1_000_000), rounds=st.integers(1, 1_000))
    def test_every_iteration_is_dealt_evenly_and_no_round_is_empty(self, iterations, rounds):
        dealt = Case("any", 1, "1kb", 1, iterations, rounds).deal()
        assert sum(dealt) == iterations
        assert len(dealt) == min(iterations, rounds)
        assert min(dealt) >= 1
        assert max(dealt) - min(dealt) <= 1
        assert list(dealt) == sorted(dealt, reverse=True)


class TestSized:
    def test_nothing_given_changes_nothing(self):
        for workload in WORKLOADS.values():
            assert workload.sized() == workload

    @pytest.mark.parametrize(
        ("totals", "name", "iterations"),
        [
            ([500, 100], "full", 500),
            ([50, 10], "full", 50),
            ([7, 1], "full", 7),
            ([1, 1], "full", 1),
            ([6, 6, 6], "batch", 6),
        ],
        ids=["F-139's example", "a tenth", "rounded down", "never none", "batch"],
    )
    def test_the_other_cases_keep_their_proportion_to_the_first(self, totals, name, iterations):
        assert [case.iterations for case in WORKLOADS[name].sized(iterations).cases] == totals

    def test_rounds_and_deadline_hold_for_every_case(self):
        workload = WORKLOADS["batch"].sized(rounds=3, timeout_s=12.5)
        assert [(case.iterations, case.rounds) for case in workload.cases] == [(20, 3)] * 3
        assert workload.timeout_s == 12.5


class TestResolve:
    @pytest.mark.parametrize(
        ("expected", "configured", "iterations", "rounds"),
        [
            ((100, 5, 600), None, None, None),
            ((40, 5, 600), Sizes(iterations=40), None, None),
            ((40, 8, 30.5), Sizes(iterations=40, rounds=8, timeout=30.5), None, None),
            ((50, 5, 600), None, 50, None),
            ((50, 8, 30.5), Sizes(iterations=40, rounds=8, timeout=30.5), 50, None),
            ((40, 3, 30.5), Sizes(iterations=40, rounds=8, timeout=30.5), None, 3),
            ((1_000_000, 1_000, 600), None, 1_000_000, 1_000),
            ((1, 1, 600), None, 1, 1),
        ],
        ids=[
            "defaults",
            "one size in the file",
            "all sizes in the file",
            "flag",
            "flag over file",
            "rounds over file",
            "the most",
            "the least",
        ],
    )
    def test_the_file_overrides_the_default_and_the_flag_the_file(
        self, expected, configured, iterations, rounds
    ):
        settings = Settings({"standard": configured} if configured else {})
        assert sizes("standard", settings, iterations, rounds) == expected

    def test_another_workloads_sizes_do_not_matter(self):
        assert sizes("standard", Settings({"quick": Sizes(iterations=1)})) == (100, 5, 600)

    def test_a_flag_restores_the_proportion_that_the_file_had_rounded_away(self):
        workload = resolve("full", Settings({"full": Sizes(iterations=3)}), 500, None)
        assert [case.iterations for case in workload.cases] == [500, 100]

    @pytest.mark.parametrize("name", ["quik", "", "Standard", "quick "])
    def test_an_unknown_workload_is_answered_with_the_known_ones(self, name):
        known = "choose from quick, standard, full, batch, provider"
        assert refusal(name, Settings(), None, None) == f"unknown workload {name!r}; {known}"

    def test_the_projects_own_are_among_the_known_ones(self):
        own = Settings({"nightly": OwnWorkload(size="1kb")})
        expected = "unknown workload 'x'; choose from quick, standard, full, batch, provider, nightly"
        assert refusal("x", own, None, None) == expected

    def test_an_own_workload_is_what_the_file_says_else_as_standard(self):
        plain = resolve("mine", Settings({"mine": OwnWorkload(size="5kb", personas=3)}), None, None)
        assert plain.cases == (Case("mine", 3, "5kb", 1, 100, 5),)
        assert (plain.name, plain.timeout_s) == ("mine", 600)
        whole = OwnWorkload(30, 3, 9.5, personas=8, data=Path("/r/interviews"), concurrency=4)
        batch = resolve("mine", Settings({"mine": whole}), None, None)
        assert batch.cases == (Case("mine", 8, "interviews", 4, 30, 3, True, Path("/r/interviews")),)
        assert batch.timeout_s == 9.5

    def test_flags_size_an_own_workload_too(self):
        own = Settings({"mine": OwnWorkload(30, 3, size="1kb")})
        assert sizes("mine", own, iterations=7, rounds=2) == (7, 2, 600)

    def test_a_batch_of_one_at_a_time_is_a_batch(self):
        (case,) = resolve(
            "mine", Settings({"mine": OwnWorkload(size="1kb", concurrency=1)}), None, None
        ).cases
        assert (case.batch, case.concurrency) == (True, 1)

    @pytest.mark.parametrize("value", [0, -1, 1_000_001])
    def test_iterations_out_of_range_name_the_flag(self, value):
        expected = f"--iterations must be a whole number from 1 to 1,000,000, not {value}"
        assert refusal("quick", Settings(), value, None) == expected

    @pytest.mark.parametrize("value", [0, -5, 1_001])
    def test_rounds_out_of_range_name_the_flag(self, value):
        expected = f"--rounds must be a whole number from 1 to 1,000, not {value}"
        assert refusal("quick", Settings(), None, value) == expected


class TestTogetherWithTheConfiguration:
    """config and workloads do not import each other: what they must agree on is held together here."""

    def test_the_file_may_size_every_workload_and_no_other(self):
        assert tuple(WORKLOADS) == config.WORKLOADS

    def test_no_own_workload_can_have_the_name_of_one_of_ours_or_of_its_cases(self):
        cases = {case.name for workload in WORKLOADS.values() for case in workload.cases}
        assert set(config.TAKEN) == cases | set(WORKLOADS)

    def test_a_loaded_file_is_obeyed(self, tmp_path: Path):
        (tmp_path / "persona.yaml").write_text(
            "benchmarks: {workloads: {quick: {iterations: 7, rounds: 3, timeout: 9}}}"
        )
        assert sizes("quick", config.load(tmp_path)) == (7, 3, 9)

    @given(iterations=st.integers(-2, 2) | st.integers(999_998, 1_000_002))
    def test_the_file_and_the_flag_accept_the_same_iterations(self, tmp_path_factory, iterations):
        self.same(tmp_path_factory.mktemp("sizes"), "iterations", iterations, (iterations, None))

    @given(rounds=st.integers(-2, 2) | st.integers(998, 1_002))
    def test_the_file_and_the_flag_accept_the_same_rounds(self, tmp_path_factory, rounds):
        self.same(tmp_path_factory.mktemp("sizes"), "rounds", rounds, (None, rounds))

    @staticmethod
    def same(folder: Path, key: str, value: int, flags: tuple[int | None, int | None]):
        file = folder / "persona.yaml"
        file.write_text(f"benchmarks: {{workloads: {{quick: {{{key}: {value}}}}}}}")
        outcomes = []
        for attempt in (lambda: config.load(folder), lambda: resolve("quick", Settings(), *flags)):
            try:
                attempt()
                outcomes.append("accepted")
            except (ConfigError, UsageError):
                outcomes.append("refused")
        assert outcomes[0] == outcomes[1]
