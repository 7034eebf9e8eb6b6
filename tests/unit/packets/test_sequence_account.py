"""What the sequence counts tell: gaps across rollover, late packets, duplicates, restarts."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from telemus.packets import ApidAccount, Decoder, compile_plan, encode, read_definition

PLAN = compile_plan(read_definition(Path(__file__).with_name("recorder.xml")))


def follow(counts: list[int] | np.ndarray, seconds: list[int] | np.ndarray | None = None) -> ApidAccount:
    """Send sealed packets with these counts (and on-board times) and return what the account says of them."""
    number = len(counts)
    columns = {
        "OBT_COARSE": np.arange(number) if seconds is None else seconds,
        "OBT_FINE": np.zeros(number, int),
        "WAVE": np.zeros((number, 100), int),
    }
    packets = encode(PLAN.containers["SealedWaveform"], columns, sequence_start=np.asarray(counts))
    decoder = Decoder(PLAN)
    decoder.feed(packets.reshape(-1))
    account = decoder.finish().account
    assert account.is_balanced
    return account.apids[49]


def test_gap_across_rollover() -> None:
    one = follow([16380, 16381, 2, 3])
    assert (one.first_count, one.last_count, one.packets, one.missing, one.expected) == (16380, 3, 4, 4, 8)
    assert [(gap.after_count, gap.before_count, gap.missing) for gap in one.gaps] == [(16381, 2, 4)]


def test_many_rollovers_are_no_duplicates() -> None:
    one = follow(np.arange(40_000) % 16384)
    assert (one.packets, one.missing, one.duplicates, one.restarts) == (40_000, 0, 0, 0)


def test_late_packets_close_their_gap() -> None:
    one = follow([0, 1, 5, 6, 2, 3, 4, 7])
    assert (one.missing, one.late, one.out_of_order, one.packets) == (0, 3, 0, 8)


def test_same_count_other_content_is_no_duplicate() -> None:
    one = follow([0, 1, 2, 2, 3])
    assert (one.duplicates, one.out_of_order, one.packets) == (0, 1, 5)


def test_duplicates_by_content() -> None:
    one = follow([0, 1, 2, 2, 1, 3], [0, 1, 2, 2, 1, 3])
    assert (one.duplicates, one.packets, one.out_of_order) == (2, 4, 0)


def test_restart_of_the_counter() -> None:
    one = follow([7000, 7001, 0, 1, 2, 3, 4])
    assert (one.restarts, one.missing, one.out_of_order, one.last_count) == (1, 0, 0, 4)


def test_a_whole_stretch_again_is_found_by_its_time() -> None:
    counts = np.r_[0:9000, 0:9000]
    one = follow(counts, counts)
    assert (one.packets, one.duplicates, one.missing) == (9000, 9000, 0)
