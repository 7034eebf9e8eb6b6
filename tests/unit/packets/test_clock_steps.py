"""What the on-board time tells beside the sequence count: clock steps, and gaps of more than 16384 packets."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telemus.packets import ApidAccount, Decoder, compile_plan, encode, read_definition

PLAN = compile_plan(read_definition(Path(__file__).with_name("recorder.xml")))
SECOND_NS = 1_000_000_000


def follow(counts: np.ndarray, seconds: np.ndarray, step: int = 0) -> ApidAccount:
    """Send packets with these counts and on-board times (in blocks of ``step`` packets) and return their account."""
    columns = {"OBT_COARSE": seconds, "OBT_FINE": 0, "WAVE": np.zeros((len(counts), 100), int)}
    packets = encode(PLAN.containers["SealedWaveform"], columns, sequence_start=np.asarray(counts) % 16384)
    decoder = Decoder(PLAN)
    for first in range(0, len(packets), step or len(packets)):
        decoder.feed(packets[first : first + (step or len(packets))].reshape(-1))
    return decoder.finish().account.apids[49]


@pytest.mark.parametrize("step", [0, 1, 7])
@pytest.mark.parametrize("jump", [-40, -3, 5, 100_000])
def test_a_clock_that_was_set(jump: int, step: int) -> None:
    """300 packets, one every 2 s; before packet 200 the clock is set by ``jump`` seconds."""
    counts = np.arange(300)
    seconds = 1000 + 2 * counts + np.where(counts >= 200, jump, 0)
    (one,) = follow(counts, seconds, step).clock_steps
    assert one.step_ns == jump * SECOND_NS
    assert (one.after_ns, one.before_ns) == (1398 * SECOND_NS, (1400 + jump) * SECOND_NS)
    assert one.offset == 200 * 214


@pytest.mark.parametrize("lost", [1, 5000, 16384, 16385, 50_000])
def test_a_gap_longer_than_the_count_is_told_by_the_time(lost: int) -> None:
    counts = np.r_[0:100, 100 + lost : 200 + lost]
    one = follow(counts, 7 * counts)
    assert (one.missing, one.missing_modulo, one.expected) == (lost, False, 200 + lost)
    assert one.clock_steps == ()


def test_without_a_period_the_count_is_known_modulo_16384_only() -> None:
    counts = np.r_[0:100, 40_100:40_200]
    seconds = np.cumsum(np.random.default_rng(1).integers(1, 1000, 200))
    one = follow(counts, seconds)
    assert (one.missing, one.missing_modulo) == (40_000 % 16384, True)


def test_backwards_without_a_period() -> None:
    seconds = 1_000_000 + np.cumsum(np.random.default_rng(1).integers(1, 1000, 200))
    seconds[150:] -= 600_000
    (step,) = follow(np.arange(200), seconds).clock_steps
    assert step.step_ns == int(seconds[150] - seconds[149]) * SECOND_NS


def test_late_and_repeated_packets_are_no_steps() -> None:
    counts = np.r_[0:100, 120:140, 100:120, 140:180, 60:180, 180:200]
    one = follow(counts, 1000 + 3 * counts)
    assert (one.clock_steps, one.missing, one.missing_modulo) == ((), 0, False)
    assert one.duplicates == 120


def test_a_pass_of_more_than_a_cycle_again_is_no_gap() -> None:
    counts = np.r_[0:20_000, 0:20_000, 20_000:20_010]
    one = follow(counts, counts)
    assert (one.clock_steps, one.missing, one.duplicates) == ((), 0, 20_000)


def test_drift_is_no_step() -> None:
    counts = np.arange(5000)
    assert follow(counts, np.round(counts * 10.001).astype(int)).clock_steps == ()
