"""CCSDS 131.0-B clause 9: units are found by their attached sync marker, with wrong bits, slips and noise."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.frames import FrameLayout, FrameReader, Synchroniser, encode_frames, encode_units
from telemus.packets.frames.sync import MARKER

Octets = NDArray[np.uint8]
UNITS = np.random.default_rng(7).integers(0, 256, (30, 100), np.uint8)
STREAM = np.concatenate([np.broadcast_to(np.frombuffer(MARKER, np.uint8), (30, 4)), UNITS], axis=1).ravel()


def _cut(stream: Octets, block: int = 0) -> tuple[list[bytes], list[tuple[int, int, str]]]:
    sync = Synchroniser(100)
    step = block or max(stream.size, 1)
    found = [sync.feed(stream[start : start + step]) for start in range(0, stream.size, step)]
    found.append(sync.feed(b"", final=True))
    units = [row.tobytes() for one in found for row in one.rows]
    rejected = [tuple(entry) for one in found for entry in one.rejected]
    assert 104 * len(units) + sum(stop - start for start, stop, _ in rejected) == stream.size
    return units, rejected


def _good(units: list[bytes]) -> list[int]:
    sent = [row.tobytes() for row in UNITS]
    return [sent.index(one) for one in units if one in sent]


def test_9_3_3_marker() -> None:
    assert MARKER.hex() == "1acffc1d"


@pytest.mark.parametrize("block", [0, 1, 7, 104, 999])
def test_units_whatever_the_blocks(block: int) -> None:
    units, rejected = _cut(STREAM, block)
    assert units == [row.tobytes() for row in UNITS]
    assert not rejected


def test_wrong_bits_up_to_the_tolerance_are_counted() -> None:
    stream = STREAM.copy()
    stream[104 * 3] ^= 0x81
    units = Synchroniser(100).feed(stream, final=True)
    assert len(units.rows) == 30
    assert units.marker_errors[3] == 2
    assert units.marker_errors.sum() == 2


def test_a_marker_that_is_gone_is_bridged() -> None:
    stream = STREAM.copy()
    stream[104 * 3 : 104 * 3 + 4] ^= 0x3C
    units, rejected = _cut(stream)
    assert _good(units) == list(range(30))
    assert not rejected


@pytest.mark.parametrize("bits", [1, 3, 8, 13, 400])
@pytest.mark.parametrize("block", [0, 50])
@pytest.mark.parametrize("lost", [True, False])
def test_slips_cost_one_unit(bits: int, block: int, lost: bool) -> None:
    stream, place = np.unpackbits(STREAM), 8 * (104 * 10 + 50)
    noise = np.random.default_rng(bits).integers(0, 2, bits, np.uint8)
    slipped = np.delete(stream, np.arange(place, place + bits)) if lost else np.insert(stream, place, noise)
    units, rejected = _cut(np.packbits(slipped), block)
    assert [one for one in range(30) if one not in _good(units)] == [10]
    assert rejected


@pytest.mark.parametrize("block", [0, 1, 104, 333])
@pytest.mark.parametrize("shift", [0, 3])
def test_a_stream_turned_over_is_turned_back(block: int, shift: int) -> None:
    """A receiver that locks half a cycle off delivers every bit inverted; here it does from unit 10 to unit 19."""
    bits = np.unpackbits(STREAM)
    bits[8 * 104 * 10 : 8 * 104 * 20] ^= 1
    units, _ = _cut(np.packbits(np.concatenate([np.zeros(shift, np.uint8), bits])), block)
    assert _good(units) == list(range(30))
    found = Synchroniser(100).feed(np.packbits(bits), final=True)
    assert found.inverted.tolist() == [10 <= one < 20 for one in range(30)]
    assert np.flatnonzero(found.doubtful).tolist() == [9, 19]


def test_a_marker_that_is_gone_leaves_the_polarity_as_it_was() -> None:
    stream = STREAM ^ 0xFF
    stream[104 * 3 : 104 * 3 + 4] ^= 0x3C
    found = Synchroniser(100).feed(stream, final=True)
    assert (found.rows == UNITS).all()
    assert found.inverted.all()
    assert not found.doubtful.any()


@pytest.mark.parametrize("bits", [1, 3, 8, 13, 300])
def test_a_unit_before_a_late_marker_is_doubtful(bits: int) -> None:
    """Bits came into unit 10: it holds wrong ones, which only a code would notice."""
    place = 8 * (104 * 10 + 50)
    slipped = np.insert(np.unpackbits(STREAM), place, np.zeros(bits, np.uint8))
    found = Synchroniser(100).feed(np.packbits(slipped), final=True)
    assert np.flatnonzero(found.doubtful).tolist() == [10]


@pytest.mark.parametrize(("protected", "failed"), [(False, "bits slipped or turned over in the unit"), (True, "")])
def test_doubtful_units_are_rejected_where_no_code_would_notice(protected: bool, failed: str) -> None:
    layout = FrameLayout("tm", 100, error_control=protected)
    packets = [bytes([8, 9, 0xC0, count, 0, 85]) + bytes([count]) * 86 for count in range(30)]
    units = encode_units(encode_frames(packets, layout, spacecraft=1, channel=1), layout)
    slipped = np.insert(units.reshape(-1), 104 * 10 + 50, 0)
    reader = FrameReader(layout)
    found = [one for batch in reader.packets([slipped]) for one in batch.packets()]
    assert set(found) < set(packets)
    assert reader.account().failed == {failed or "frame error control": 1}


def test_a_marker_inside_the_data_is_no_marker() -> None:
    """What looks like a marker counts only where another stands one unit further."""
    units = UNITS.copy()
    units[7, 30:34] = units[12, 1:5] = np.frombuffer(MARKER, np.uint8)
    stream = np.concatenate([np.broadcast_to(np.frombuffer(MARKER, np.uint8), (30, 4)), units], axis=1).ravel()
    found = Synchroniser(100).feed(np.concatenate([stream[:500], stream[517:]]), final=True)
    sent = [row.tobytes() for row in units]
    assert [sent.index(row.tobytes()) for row in found.rows if row.tobytes() in sent] == [
        one for one in range(30) if one != 4
    ]


@pytest.mark.parametrize("junk", [1, 5, 1000])
def test_junk_before_between_and_behind(junk: int) -> None:
    noise = np.random.default_rng(junk).integers(0, 256, junk, np.uint8)
    units, rejected = _cut(np.concatenate([noise, STREAM[: 104 * 9], noise, STREAM[104 * 9 :], noise]))
    assert _good(units) == list(range(30))
    assert rejected[0] == (0, junk, "no sync marker")


@pytest.mark.parametrize("missing", [1, 50, 103])
def test_head_and_tail_cut_off(missing: int) -> None:
    units, _ = _cut(STREAM[missing:-missing])
    assert _good(units) == list(range(1, 29))


def test_noise_holds_no_units() -> None:
    units, rejected = _cut(np.random.default_rng(9).integers(0, 256, 200_000, np.uint8), 10_000)
    assert not units
    assert sum(stop - start for start, stop, _ in rejected) == 200_000


def test_without_marker_units_follow_one_another() -> None:
    units = Synchroniser(100, marker=b"").feed(UNITS.tobytes() + b"rest", final=True)
    assert (units.rows == UNITS).all()
    assert tuple(units.rejected[0]) == (3000, 3004, "truncated frame")


def test_lengths_that_cannot_work_are_refused() -> None:
    for unit_bytes, tolerance in ((0, 2), (100, 9), (100, -1)):
        with pytest.raises(SignalError):
            Synchroniser(unit_bytes, tolerance=tolerance)
