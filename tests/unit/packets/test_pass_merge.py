"""Several recordings of one flight: the best copy of every frame is taken, whatever each of them lost."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from telemus.packets import FrameLayout, FrameReader, PassMerger, encode_frames, encode_units, idle_frames

Octets = NDArray[np.uint8]
TM = FrameLayout("tm", 100, error_control=True)
AOS = FrameLayout("aos", 223, reed_solomon=223, randomiser="short")


def _packets(count: int, seed: int = 1) -> list[bytes]:
    noise = np.random.default_rng(seed)
    sizes = noise.integers(7, 400, count).tolist()
    return [bytes([8, 9, 0xC0, 0]) + (size - 7).to_bytes(2, "big") + noise.bytes(size - 6) for size in sizes]


def _units(layout: FrameLayout, sent: list[bytes], **more: int) -> Octets:
    return encode_units(encode_frames(sent, layout, spacecraft=3, channel=1, **more), layout)


def _merge(layout: FrameLayout, *passes: Octets) -> tuple[list[bytes], PassMerger]:
    merger = PassMerger([one.tobytes() for one in passes], layout)
    found = [one for batch in merger.packets() for one in batch.packets()]
    account = merger.account()
    assert account.is_balanced
    assert account.pending_bytes == 0
    assert account.received_bytes == sum(one.size for one in passes)
    return found, merger


@pytest.mark.parametrize("layout", [TM, AOS])
@pytest.mark.parametrize("skew", [0, 40, 300])
def test_what_one_pass_lost_the_other_has(layout: FrameLayout, skew: int) -> None:
    """Two stations, of which the second begins ``skew`` frames later, across several rollovers of the TM count."""
    sent = _packets(900)
    units = _units(layout, sent, first_count=200)
    lost = np.arange(500, 560) if skew > 100 else np.arange(100, 160)
    first = np.delete(units, lost, axis=0)[:-80]
    second = np.delete(units, np.concatenate([np.arange(skew), np.arange(350, 450, 7)]), axis=0)
    found, merger = _merge(layout, first, second)
    assert found == sent
    assert merger.account().missing == 0
    assert merger.account().channels[3, 1].duplicates == len(first) + len(second) - len(units)


def test_the_order_of_the_passes_does_not_matter() -> None:
    sent = _packets(300)
    units = _units(TM, sent)
    first, second = np.delete(units, np.arange(30, 200, 3), axis=0), np.delete(units, np.arange(31, 200, 3), axis=0)
    assert _merge(TM, first, second)[0] == _merge(TM, second, first)[0] == sent


def test_a_frame_that_is_damaged_in_one_pass_is_taken_from_the_other() -> None:
    sent = _packets(200)
    units = _units(AOS, sent)
    noise = np.random.default_rng(5)
    passes = []
    for rows in (np.arange(0, len(units), 3), np.arange(1, len(units), 3)):
        damaged = units.copy()
        damaged[rows, 4:] ^= noise.integers(0, 256, (rows.size, units.shape[1] - 4), np.uint8)
        passes.append(damaged)
    found, merger = _merge(AOS, *passes)
    assert found == sent
    assert merger.account().failed["uncorrectable code word"] == sum(len(units[start::3]) for start in (0, 1))


def test_the_copy_with_fewer_corrections_is_taken() -> None:
    units = _units(AOS, _packets(20))
    worse, better = units.copy(), units.copy()
    worse[:, 50:60] ^= 1
    better[:, 70] ^= 1
    _, merger = _merge(AOS, worse, better)
    assert merger.account().corrected_bits == len(units)


def test_a_restart_of_the_counts_is_kept_apart() -> None:
    before, after = _packets(100, 1), _packets(100, 2)
    flight = np.concatenate([_units(TM, before, first_count=50), _units(TM, after)])
    first, second = np.delete(flight, np.arange(20, 30), axis=0), np.delete(flight, np.arange(260, 280), axis=0)
    found, merger = _merge(TM, first, second)
    assert found == before + after
    assert merger.account().channels[3, 1].restarts == 1


def test_passes_that_share_nothing_follow_one_another() -> None:
    sent = _packets(400)
    units = _units(TM, sent)
    found, _ = _merge(TM, units[:100], units[120:])
    assert set(found) < set(sent)
    long = _units(AOS, sent, first_count=(1 << 24) - 50)
    found, merger = _merge(AOS, long[100:], long[:100])
    assert found == sent
    assert merger.account().missing == 0


def test_several_channels_and_idle_frames() -> None:
    rows = []
    for channel in range(3):
        frames = encode_frames(_packets(100, channel), TM, spacecraft=3, channel=channel)
        rows += [(index, channel, frame) for index, frame in enumerate(frames)]
    flight = np.stack([row for _, _, row in sorted(rows, key=lambda row: row[:2])])
    idle = idle_frames(300, TM, spacecraft=3, channel=7)
    units = encode_units(np.concatenate([idle[:100], flight, idle[100:]]), TM)
    first, second = np.delete(units, np.arange(150, 220), axis=0), np.delete(units, np.arange(300, 333), axis=0)
    merger = PassMerger([first, second], TM)
    found: dict[int, list[bytes]] = {}
    for batch in merger.packets():
        found.setdefault(batch.channel, []).extend(batch.packets())
    assert found == {channel: _packets(100, channel) for channel in range(3)}
    assert merger.account().is_balanced


def test_one_pass_is_read_as_it_is() -> None:
    units = np.delete(_units(AOS, _packets(300)), [5, 90], axis=0)
    found, merger = _merge(AOS, units)
    reader = FrameReader(AOS)
    assert found == [one for batch in reader.packets([units]) for one in batch.packets()]
    assert merger.account() == reader.account()


def test_nothing_and_noise() -> None:
    assert _merge(TM)[0] == _merge(TM, np.empty((0, 1), np.uint8))[0] == []
    noise = np.random.default_rng(2).integers(0, 256, (10, 1000), np.uint8)
    assert _merge(TM, noise, noise)[0] == []


def test_two_deliveries_of_a_real_pass(shared_data: Path) -> None:
    """Suomi-NPP, 65 units; each delivery lost others; together they give what the whole gives."""
    layout = FrameLayout("aos", 892, randomiser="short", reed_solomon=223, interleave=4)
    path = shared_data / "packets" / "snpp_cadus" / "snpp_synchronized_cadus.dat"
    units = np.fromfile(path, np.uint8).reshape(65, 1024)
    found, merger = _merge(layout, np.delete(units, range(5, 30), axis=0), np.delete(units, range(31, 60), axis=0))
    assert (len(found), sum(map(len, found))) == (12, 53_098)
    assert merger.account().missing == 1
