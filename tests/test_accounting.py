"""What happened in each operation: provider time, overhead and counts, from readings and the request log."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from benchmarks.accounting import Operation, account, per_persona, rate, share_of_batch, spread, windows
from benchmarks.probe import Reading
from benchmarks.traffic import Dealings, Request, covered, dealings, opened, outstanding


def reading(started: float, ended: float, delay: float = 0.0) -> Reading:
    said = {"1": b"0 %d 0\n" % round(delay * 1e9)}
    return Reading(started, ended, 0.001, 0.001, {}, said, 0.0004, 0.0004, 0.0004, 0.0008)


def operation(wall: float, personas: int, calls: int = 1) -> Operation:
    return Operation(wall, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, personas, personas == 0, wall, 0.0, calls, 10)


@pytest.mark.parametrize(
    ("expected", "spans"),
    [
        pytest.param(0.0, [], id="no request"),
        pytest.param(3.0, [(2, 5)], id="one request"),
        pytest.param(4.0, [(2, 5), (3, 6)], id="two at once count once"),
        pytest.param(4.0, [(3, 6), (2, 5)], id="in any order"),
        pytest.param(3.0, [(2, 5), (3, 4)], id="one within the other"),
        pytest.param(10.0, [(-5, 50)], id="clipped to the operation"),
        pytest.param(0.0, [(20, 30)], id="after the operation"),
    ],
)
def test_provider_time_is_the_union_of_outstanding_requests(
    expected: float, spans: list[tuple[float, float]]
) -> None:
    assert covered(spans, 0.0, 10.0) == pytest.approx(expected)


spans = st.lists(
    st.tuples(st.floats(-5, 15), st.floats(0, 10)).map(lambda s: (s[0], s[0] + s[1])), max_size=8
)


@given(spans)
def test_provider_time_is_never_negative_nor_longer_than_the_operation(
    found: list[tuple[float, float]],
) -> None:
    assert 0.0 <= covered(found, 0.0, 10.0) <= 10.0 + 1e-9


@given(spans, st.randoms(use_true_random=False))
def test_provider_time_is_free_of_order(found: list[tuple[float, float]], random) -> None:
    shuffled = list(found)
    random.shuffle(shuffled)
    assert covered(found, 0.0, 10.0) == pytest.approx(covered(shuffled, 0.0, 10.0))


def test_requests_belong_to_the_operation_in_whose_span_they_arrived() -> None:
    readings = [reading(1.0, 2.0), reading(3.0, 4.0)]
    requests = [
        Request(0.5, 0.9, tokens=99),  # a warm-up's
        Request(1.1, 1.4, tokens=5),
        Request(1.5, 1.6, tokens=7),
        Request(3.2, 3.9, tokens=11),
        Request(8.0, 9.0, tokens=99),  # after the last operation
    ]
    first, second = account(readings, [(1, False), (1, False)], requests)
    assert (first.calls, first.tokens) == (2, 12)
    assert (second.calls, second.tokens) == (1, 11)
    assert first.provider == pytest.approx(0.4)
    assert second.overhead == pytest.approx(1.0 - 0.7)


def test_waiting_for_a_cpu_is_not_overhead() -> None:
    (found,) = account([reading(0.0, 1.0, delay=0.25)], [(1, False)], [Request(0.1, 0.6, tokens=1)])
    assert found.overhead == pytest.approx(1.0 - 0.25 - 0.5)


def test_overhead_is_never_negative() -> None:
    (found,) = account([reading(0.0, 1.0)], [(1, False)], [Request(0.0, 1.0, tokens=1)])
    assert found.overhead == 0.0


class TestWaitingForACpuWhileTheProviderWorks:
    """The same time must not be taken off twice, or a busy machine hides what the application costs."""

    def found(self, delays: list[float], cpu: float = 0.3, thread: float = 0.3) -> list[float]:
        """Operations of 0.3 s of CPU and 0.5 s at the provider, in which 0.05 s of the CPU are burnt."""
        readings = [
            reading(number * 10.0, number * 10.0 + 0.75, delay)._replace(cpu=cpu, thread_cpu=thread)
            for number, delay in enumerate(delays)
        ]
        requests = [Request(each.started + 0.1, each.started + 0.6, tokens=1) for each in readings]
        return [each.overhead for each in account(readings, [(1, False)] * len(readings), requests)]

    def test_without_delay_nothing_changes(self) -> None:
        assert self.found([0.0, 0.0]) == pytest.approx([0.25, 0.25])
        assert self.found([0.0] * 5, cpu=0.7, thread=0.7) == pytest.approx([0.25] * 5)

    def test_the_share_is_at_least_the_cpu_burnt_outside(self) -> None:
        assert self.found([0.2, 0.0, 0.0, 0.0]) == pytest.approx([0.27, 0.25, 0.25, 0.25])

    def test_of_what_is_burnt_meanwhile_the_undelayed_operations_tell(self) -> None:
        assert self.found([0.2, 0, 0, 0], cpu=0.26, thread=0.26) == pytest.approx([0.25, 0.25, 0.25, 0.25])

    def test_no_more_is_burnt_meanwhile_than_the_provider_took(self) -> None:
        slow = reading(0.0, 1.0, delay=0.9)._replace(cpu=0.8, thread_cpu=0.8)
        (found,) = account([slow], [(1, False)], [Request(0.5, 0.51, tokens=1)])
        assert found.overhead == pytest.approx(0.8 - 0.01)

    def test_where_all_are_delayed_at_most_a_tenth_is_taken_to_be_burnt_meanwhile(self) -> None:
        assert self.found([0.2, 0.2]) == pytest.approx([0.27, 0.27])

    def test_of_several_threads_cpu_says_nothing(self) -> None:
        assert self.found([0.2, 0.3], cpu=0.6) == pytest.approx([0.05, 0.0], abs=1e-9)


def test_an_unanswered_request_is_the_providers_time_to_the_end() -> None:
    (found,) = account([reading(0.0, 1.0)], [(0, True)], [Request(0.2, None, tokens=1)])
    assert found.provider == pytest.approx(0.8)
    assert found.failed


def test_an_ordered_wait_is_the_providers_until_the_next_request_and_back_off_is_ours() -> None:
    requests = [Request(0.1, 0.2, tokens=1, ordered_wait=0.3), Request(0.6, 0.7, tokens=1)]
    (found,) = account([reading(0.0, 1.0)], [(1, False)], requests)
    assert found.provider == pytest.approx(0.4 + 0.1)  # 0.1 to 0.5 ordered; 0.5 to 0.6 is ours
    early = [Request(0.1, 0.2, tokens=1, ordered_wait=5.0), Request(0.6, 0.7, tokens=1)]
    (found,) = account([reading(0.0, 1.0)], [(1, False)], early)
    assert found.provider == pytest.approx(0.6)


def test_a_request_whose_arrival_is_estimated_too_early_is_of_the_operation_that_it_answered() -> None:
    readings = [reading(1.0, 2.0), reading(3.0, 4.0)]
    early = [Request(0.9, 1.5, tokens=1), Request(1.9, 3.5, tokens=10), Request(2.5, None, tokens=100)]
    found = account(readings, [(1, False)] * 2, early)
    assert [each.tokens for each in found] == [1, 10]
    assert [each.provider for each in found] == pytest.approx([0.5, 0.5])


def test_a_request_answered_after_its_operation_gave_up_is_of_that_operation() -> None:
    (first, second) = account(
        [reading(1.0, 2.0), reading(3.0, 4.0)], [(0, True), (1, False)], [Request(1.5, 2.5, tokens=1)]
    )
    assert (first.calls, second.calls) == (1, 0)


def test_log_entries_are_read_with_and_without_an_answer() -> None:
    entry = {"received": 1, "finished": None, "input_tokens": 3, "output_tokens": 4, "retry_after_s": None}
    entry |= {"connection": 2, "status": None, "personas": 0}
    assert Request.of(entry) == Request(1.0, None, 7, 0.0, 2, None, 0, 3)
    late = {**entry, "finished": 2, "retry_after_s": 1.5, "status": 429}
    assert Request.of(late) == Request(1.0, 2.0, 7, 1.5, 2, 429, 0, 3)


@pytest.mark.parametrize(
    ("expected", "operations"),
    [
        pytest.param([1.0, 2.0], [(1.0, 1), (2.0, 1)], id="one persona each"),
        pytest.param([0.5], [(1.5, 3)], id="three personas at once"),
        pytest.param([1.0, 5.0], [(1.0, 1), (3.0, 0), (2.0, 1)], id="a failure is charged to the next"),
        pytest.param([4.0], [(1.0, 1), (3.0, 0)], id="the last failure to the one before"),
        pytest.param([], [(3.0, 0)], id="nothing returned"),
    ],
)
def test_time_per_persona_loses_no_time(expected: list[float], operations: list[tuple[float, int]]) -> None:
    found = spread([operation(*facts) for facts in operations], lambda each: each.wall)
    assert found == pytest.approx(expected)


@given(st.lists(st.tuples(st.floats(0.001, 10), st.integers(0, 3)), min_size=1))
def test_mean_time_per_persona_weighs_up_to_all_time_spent(facts: list[tuple[float, int]]) -> None:
    operations = [operation(*each) for each in facts]
    figures = spread(operations, lambda each: each.wall)
    returned = [each.personas for each in operations if each.personas]
    total = sum(figure * personas for figure, personas in zip(figures, returned, strict=True))
    assert not returned or total == pytest.approx(sum(wall for wall, _ in facts))


def test_counts_are_divided_by_personas_returned_not_by_operations() -> None:
    operations = [operation(1.0, 2, calls=3), operation(1.0, 0, calls=1)]
    assert per_persona(operations, lambda each: each.calls) == 2.0
    assert per_persona([operation(1.0, 0)], lambda each: each.calls) is None


class TestWindows:
    """Throughput where several requests are under way: seconds per persona in each second."""

    @staticmethod
    def batch(wall: float, *arrivals: float) -> Operation:
        return replace(operation(wall, len(arrivals)), arrivals=arrivals)

    @pytest.mark.parametrize(
        ("expected", "operations"),
        [
            pytest.param([0.25], [(0.5, 0.1, 0.5)], id="less than a window is one"),
            pytest.param([0.5, 0.5], [(2.0, 0.2, 0.9, 1.0, 2.0)], id="two seconds"),
            pytest.param([0.5, 1.5], [(2.5, 0.2, 0.9, 2.5)], id="the rest belongs to the last"),
            pytest.param([1.0, 0.5], [(0.7, 0.7), (1.3, 0.5, 1.3)], id="over operations, end to end"),
            pytest.param([1.0], [(2.0, 1.2, 1.8)], id="an empty window is added to the next"),
            pytest.param([1.0], [(2.0, 0.2, 0.3)], id="the last empty one to the one before"),
            pytest.param([], [(2.0,)], id="nothing came back"),
        ],
    )
    def test_are_a_second_long(self, expected: list[float], operations: list[tuple[float, ...]]) -> None:
        assert windows([self.batch(*each) for each in operations]) == pytest.approx(expected)

    @given(st.lists(st.tuples(st.floats(0.01, 3), st.lists(st.floats(0, 1), max_size=5)), min_size=1))
    def test_lose_neither_time_nor_personas(self, facts: list[tuple[float, list[float]]]) -> None:
        operations = [self.batch(wall, *sorted(wall * each for each in parts)) for wall, parts in facts]
        personas = sum(each.personas for each in operations)
        total = sum(each.wall for each in operations)
        figures = windows(operations)
        assert len(figures) <= max(1, int(total))
        if len(figures) == 1:
            assert figures == pytest.approx([total / personas])
        assert bool(figures) == bool(personas)
        assert all(figure > 0 for figure in figures)


def request(status: int | None = 200, personas: int | None = None, connection: int = 1) -> Request:
    sound = int(status == 200) if personas is None else personas
    return Request(0.0, 0.1, 1, connection=connection, status=status, personas=sound)


OK, UNSOUND, BUSY, REFUSED, SILENT = request(), request(personas=0), request(429), request(400), request(None)


@pytest.mark.parametrize(
    ("expected", "requests", "short", "batch"),
    [
        pytest.param(Dealings(0, 1, 0), [OK], 0, False, id="all well"),
        pytest.param(Dealings(0, 0, 0), [], 1, False, id="failed before any request"),
        pytest.param(Dealings(2, 1, 0), [BUSY, request(503), OK], 0, False, id="tried again twice"),
        pytest.param(Dealings(3, 0, 0), [BUSY] * 4, 1, False, id="given up after three more"),
        pytest.param(Dealings(0, 0, 0), [REFUSED], 1, False, id="refused for good is not tried again"),
        pytest.param(Dealings(0, 0, 0), [SILENT], 1, False, id="no answer"),
        pytest.param(Dealings(0, 1, 1), [UNSOUND], 1, False, id="broken"),
        pytest.param(Dealings(0, 1, 1), [OK], 1, False, id="sound, and not parsed all the same"),
        pytest.param(Dealings(0, 2, 1), [UNSOUND, OK], 0, False, id="asked again after a broken one"),
        pytest.param(Dealings(0, 2, 0), [OK, OK], 0, False, id="two requests by design"),
        pytest.param(Dealings(1, 1, 1), [BUSY, UNSOUND], 1, False, id="tried again, then broken"),
        pytest.param(Dealings(2, 3, 0), [BUSY, OK, BUSY, OK, OK], 0, True, id="batch, tried again"),
        pytest.param(Dealings(3, 2, 0), [BUSY, OK, BUSY, OK, BUSY, BUSY], 1, True, id="batch, one given up"),
        pytest.param(Dealings(0, 3, 1), [OK, UNSOUND, OK], 1, True, id="batch, one broken"),
        pytest.param(Dealings(3, 2, 1), [BUSY, UNSOUND, BUSY, OK, BUSY, BUSY], 2, True, id="batch, both"),
        pytest.param(Dealings(0, 2, 1), [OK, OK], 1, True, id="batch, one sound and not parsed"),
    ],
)
def test_what_requests_come_to(expected: Dealings, requests: list[Request], short: int, batch: bool) -> None:
    assert dealings(requests, short=short, batch=batch) == expected


@given(st.lists(st.sampled_from([OK, UNSOUND, BUSY, REFUSED, SILENT])), st.integers(0, 12), st.booleans())
def test_rates_are_never_beyond_all_or_nothing(requests: list[Request], short: int, batch: bool) -> None:
    found = dealings(requests, short=short, batch=batch)
    assert 0 <= found.retries <= len(requests)
    assert 0 <= found.unparsed <= found.answers <= len(requests)


@pytest.mark.parametrize(
    ("expected", "concurrency", "before", "operations"),
    [
        pytest.param([0, 0], 1, [1], [[1], [1]], id="one connection for all"),
        pytest.param([1, 1], 1, [1, 2], [[3], [4]], id="a new one for each call"),
        pytest.param([0, 1], 1, [1], [[1], [2]], id="one was lost"),
        pytest.param([0, 0], 3, [1, 2], [[1, 2, 3], [3, 2, 1]], id="the pool fills late"),
        pytest.param([1, 0], 3, [1, 2], [[1, 3, 4], [4]], id="beyond what a pool needs"),
        pytest.param([3, 3], 3, [1, 2, 3, 4], [[5, 6, 7], [8, 9, 10]], id="new ones in a batch"),
        pytest.param([0], 1, [], [[1]], id="the first ever"),
    ],
)
def test_connections_count_beyond_the_pool(
    expected: list[int], concurrency: int, before: list[int], operations: list[list[int]]
) -> None:
    made = [[request(connection=number) for number in each] for each in operations]
    assert opened(made, [request(connection=number) for number in before], concurrency) == expected


def test_in_a_batch_an_ordered_wait_is_not_ended_by_anothers_request() -> None:
    requests = [Request(0.1, 0.2, 1, ordered_wait=1.0), Request(0.3, 0.4, 1)]
    assert outstanding(requests, 9.0) == [(0.1, 0.3), (0.3, 0.4)]
    assert outstanding(requests, 9.0, concurrency=2) == [(0.1, 1.2), (0.3, 0.4)]


class TestShareOfBatch:
    """The own share where several threads wait for a CPU side by side; a reading burns 1 ms of CPU."""

    def of(self, *delays: float, provider: float = 0.6) -> float:
        said = {str(number): b"0 %d 0" % round(each * 1e9) for number, each in enumerate(delays)}
        return share_of_batch([reading(0.0, 1.0)._replace(after=said)], [provider])[0]

    def test_is_the_time_without_a_request_under_way(self) -> None:
        assert self.of() == self.of(0.0, 0.0) == pytest.approx(0.4)

    def test_takes_off_how_much_longer_everything_took(self) -> None:
        assert self.of(0.001) == pytest.approx(0.2), "running half of the time"
        assert self.of(*[0.0003] * 10) == pytest.approx(0.1), "a quarter of it"

    def test_is_neither_negative_nor_eaten_up_by_many_threads_that_wait_at_once(self) -> None:
        assert self.of(*[0.9] * 10) > 0.0
        assert self.of(provider=1.5) == 0.0


def test_a_rate_of_nothing_is_none() -> None:
    some = replace(operation(1.0, 1, calls=4), retries=1)
    assert rate([some, operation(1.0, 1, calls=1)], "retries", "calls") == 20.0
    assert rate([operation(1.0, 1, calls=0)], "retries", "calls") is None
