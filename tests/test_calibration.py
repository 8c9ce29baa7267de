"""How times become comparable, and when the reference operation is not believed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from synthetic import blocks, measured, side, without

from persona_asv.calibration import Basis, Channel, calibrate
from persona_asv.gate import judge
from persona_asv.judgement import Verdict
from persona_asv.rounds import Round, Side

P50 = "generation_latency_p50"
STRAINS = [1.0, 1.5, 0.8, 1.9, 1.2, 1.0]


def strained(seed: int, **how: float) -> Round:
    return measured(seed, strain=STRAINS[seed // 2], **how)


def median(judgement) -> float:
    return next(f.change for f in judgement.findings if f.key == P50)


@pytest.mark.parametrize(
    ("expected", "lost"),
    [
        pytest.param(Basis.CALIBRATED, (), id="everything recorded"),
        pytest.param(Basis.CALIBRATED, ("cpu",), id="thread CPU only"),
        pytest.param(Basis.CALIBRATED, ("reference_cold",), id="one reference only"),
        pytest.param(Basis.CALIBRATED, ("delay",), id="no run-queue delay"),
        pytest.param(Basis.WALL, ("reference", "reference_cold"), id="no reference"),
        pytest.param(Basis.WALL, ("cpu", "thread_cpu"), id="no CPU time"),
    ],
)
def test_what_was_recorded_decides_what_is_judged(expected: Basis, lost: tuple[str, ...]) -> None:
    sides = (without(side(range(3)), *lost), side(range(3, 6), slower=1.3))
    assert calibrate(*sides, paired=False).basis is expected
    assert calibrate(*reversed(sides), paired=False).basis is expected
    assert median(judge(*sides)) > 0.2


def test_a_subject_without_references_is_told_so() -> None:
    judgement = judge(without(side(range(3)), "reference"), side(range(3)))
    assert judgement.notes == ("judged on wall time: the results hold no reference series",)
    assert {f.basis for f in judgement.findings} == {"wall"}


def test_a_clock_too_coarse_for_the_reference_is_told() -> None:
    def coarse(s: Side) -> Side:
        return replace(
            s, rounds=tuple(replace(r, reference=(0.0, *(r.reference or ())[1:])) for r in s.rounds)
        )

    judgement = judge(coarse(side(range(3))), side(range(3)))
    assert "too short for this machine's clock" in judgement.notes[0]


def test_without_run_queue_delay_a_busy_machine_is_said_to_look_like_waiting() -> None:
    judgement = judge(without(side(range(3)), "delay"), without(side(range(3)), "delay"))
    assert "no run-queue delay" in judgement.notes[0]
    assert judgement.waiting is None


def test_calibration_takes_the_machine_out() -> None:
    quiet, busy = side(range(4)), side(range(4, 8), strain=1.7)
    calibration = calibrate(quiet, busy, paired=False)
    before, after = calibration.logs(Channel.CPU, "p50")
    assert np.mean(after) - np.mean(before) == pytest.approx(0, abs=0.03)


def test_the_shared_wait_is_part_of_every_time() -> None:
    calibration = calibrate(side(range(3), wait=0.5), side(range(3), wait=0.5), paired=False)
    assert calibration.floor == pytest.approx(0.5)
    assert min(calibration.logs(Channel.CPU, "p50")[0]) > np.log(0.5)


# --- threads


def spread(seed: int, **how: float) -> Round:
    """A round whose work is done in three threads: the measuring one sees a quarter of it."""
    whole = measured(seed, **how)
    return replace(whole, thread_cpu=tuple(0.25 * c for c in whole.cpu or ()))


def test_threads_switch_waiting_off_and_are_told() -> None:
    judgement = judge(
        side(
            range(5),
            strained,
        ),
        Side(tuple(spread(s) for s in range(5, 10))),
    )
    assert judgement.notes == ("several threads: waiting is not judged",)
    assert {f.channel for f in judgement.findings} <= {"cpu", "overhead"}


def test_work_moved_into_threads_is_counted_by_the_process() -> None:
    after = Side(tuple(spread(s, slower=1.6) for s in range(5, 10)))
    judgement = judge(side(range(5)), after)
    assert median(judgement) > 0.4
    assert judgement.verdicts[P50] is Verdict.FAIL


def test_code_that_always_had_threads_is_only_suspected_unless_rounds_take_turns() -> None:
    """Its CPU time follows the machine, so two runs apart are two machines."""
    before, after = Side(tuple(map(spread, range(5)))), range(5, 10)
    apart = judge(before, Side(tuple(spread(s, slower=1.6) for s in after)))
    assert apart.verdicts[P50] is Verdict.INCONCLUSIVE
    assert apart.remeasure
    same = judge(before, Side(tuple(map(spread, after))))
    assert same.verdicts[P50] is Verdict.PASS
    in_turns = judge(*blocks(5, spread, lambda s: spread(s, slower=1.6)))
    assert in_turns.verdicts[P50] is Verdict.FAIL


def test_thread_time_is_never_held_against_process_time() -> None:
    before, after = without(side(range(3)), "cpu"), Side(tuple(spread(s) for s in range(3)))
    cpu = calibrate(before, after, paired=False).current[0].cpu
    assert cpu is not None
    assert tuple(cpu) == after.rounds[0].thread_cpu


# --- guards


def test_code_that_disturbs_its_reference_is_judged_without_it() -> None:
    sides = blocks(6, strained, lambda s: strained(s, disturbs=1.4))
    judgement = judge(*sides)
    assert "the reference operation takes +" in judgement.notes[0]
    assert {f.basis for f in judgement.findings} == {"uncalibrated"}
    assert median(judgement) == pytest.approx(0, abs=0.05)


def test_a_regression_that_slows_its_reference_as_much_is_still_found() -> None:
    sides = blocks(6, measured, lambda s: measured(s, slower=1.5, disturbs=1.4))
    assert median(judge(*sides)) == pytest.approx(0.4, abs=0.1)
    assert judge(*sides).verdicts[P50] is Verdict.FAIL


def test_without_interleaving_another_machine_is_not_taken_for_a_disturbance() -> None:
    judgement = judge(side(range(5)), side(range(5, 10), strain=1.4))
    assert judgement.notes == ()


def test_code_that_does_not_move_with_its_reference_is_judged_without_it() -> None:
    # the reference is hit by a neighbour that the operation does not feel
    def foreign(seed: int) -> Round:
        plain = measured(seed)
        factor = [1.0, 1.0, 1.5, 1.5, 0.8, 0.8, 2.0, 2.0, 1.2, 1.2][seed]
        jitter = np.random.default_rng(seed).lognormal(0, 0.3)
        return replace(
            plain,
            reference=tuple(factor * jitter * r for r in plain.reference or ()),
            reference_cold=tuple(factor * jitter * r for r in plain.reference_cold or ()),
        )

    judgement = judge(*blocks(5, foreign, foreign))
    assert "moves unlike the code" in judgement.notes[0]


def test_two_blocks_are_too_few_to_distrust_a_reference_but_both_numbers_are_said() -> None:
    judgement = judge(*blocks(2, measured, lambda s: measured(s, disturbs=1.4)))
    assert {f.basis for f in judgement.findings} == {"calibrated"}
    (note,) = judgement.notes
    assert note.startswith("CPU time changed by -2")
    assert "by +0 % without it: the reference took +" in note


@pytest.mark.parametrize("slower", [1.0, 1.05, 1.3, 2.5])
def test_where_raw_and_calibrated_time_agree_there_is_nothing_to_say(slower: float) -> None:
    assert judge(*blocks(5, measured, lambda s: measured(s, slower=slower))).notes == ()


def test_a_small_change_is_not_explained() -> None:
    """On a busy machine the two differ all the time: that is what the reference is for."""
    assert judge(*blocks(2, measured, lambda s: measured(s, disturbs=1.06))).notes == ()


def test_a_cold_reference_that_tells_the_sides_apart_is_left_out() -> None:
    before = side(range(3))
    contaminated = replace(
        side(range(3, 6)),
        rounds=tuple(
            replace(r, reference_cold=tuple(1.5 * c for c in r.reference_cold or ()))
            for r in side(range(3, 6)).rounds
        ),
    )
    assert median(judge(before, contaminated)) == pytest.approx(0, abs=0.03)
