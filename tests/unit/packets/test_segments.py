"""Segmented packets are joined and decoded; broken groups are kept as bytes; where blocks end does not matter."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from telemus.packets import Account, Decoder, PacketGroup, PacketGrouper, compile_plan, encode, read_definition

PLAN = compile_plan(read_definition(Path(__file__).with_name("recorder.xml")))
CONTINUATION, FIRST, LAST, ALONE = range(4)


def waveform(number: int, apid: int = 48) -> bytes:
    columns = {"OBT_COARSE": [number], "OBT_FINE": 0, "WAVE": np.full((1, 100), number)}
    packet = bytearray(encode(PLAN.containers["Waveform"], columns, sequence_start=0).tobytes())
    packet[1] = apid
    return bytes(packet)


def cut(packet: bytes, count: int, size: int, again: int = 0) -> list[bytes]:
    """Segments of ``size`` octets of data; the first ``again`` octets of data stand in front of each."""
    header, data = packet[:6], packet[6:]
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    flags = [ALONE] if len(parts) == 1 else [FIRST, *[CONTINUATION] * (len(parts) - 2), LAST]
    segments = []
    for row, (part, flag) in enumerate(zip(parts, flags, strict=True)):
        whole = data[:again] * (row > 0) + part
        sequence = flag << 14 | (count + row) % 16384
        segments.append(header[:2] + sequence.to_bytes(2, "big") + (len(whole) - 1).to_bytes(2, "big") + whole)
    return segments


def decode(
    packets: list[bytes], step: int = 0, strip: int = 0, apids: tuple[int, ...] = (48,)
) -> tuple[list[int], list[PacketGroup], Account]:
    octets = b"".join(packets)
    decoder = Decoder(PLAN, grouped=dict.fromkeys(apids, strip))
    tables = []
    for at in range(0, len(octets), step or len(octets)):
        tables += decoder.feed(octets[at : at + (step or len(octets))])
        assert decoder.account().is_balanced
    end = decoder.finish()
    numbers: list[int] = []
    for table in [*tables, *end.tables]:
        for number, wave in zip(table.columns["OBT_COARSE"], table.columns["WAVE"], strict=True):  # type: ignore[arg-type]
            assert (np.asarray(wave) == number).all()
            numbers.append(int(number))
    assert end.account.is_balanced
    return numbers, decoder.broken_groups(), end.account


@pytest.mark.parametrize("step", [0, 1, 100])
@pytest.mark.parametrize("strip", [0, 6])
def test_groups_are_decoded_as_packets(step: int, strip: int) -> None:
    packets = [one for n in range(6) for one in cut(waveform(n), 16_380 + 5 * n, 45, strip)]
    numbers, broken, account = decode(packets, step, strip)
    assert (numbers, broken) == ([0, 1, 2, 3, 4, 5], [])
    assert (account.apids[48].groups, account.apids[48].broken_groups) == (6, 0)
    assert account.apids[48].containers == {"segments": 30}
    assert account.packet_bytes == sum(map(len, packets))


@pytest.mark.parametrize("lost", range(5))
def test_a_broken_group_is_kept_and_takes_no_other_with_it(lost: int) -> None:
    packets = [one for n in range(4) for one in cut(waveform(n), 5 * n, 45)]
    del packets[5 + lost]
    numbers, broken, account = decode(packets)
    assert numbers == [0, 2, 3]
    assert not any(group.complete for group in broken)
    kept = b"".join(group.octets[6:] for group in broken)
    assert kept == b"".join(part[6:] for row, part in enumerate(cut(waveform(1), 5, 45)) if row != lost)
    assert account.apids[48].broken_groups == len(broken) == (1 if lost in (0, 4) else 2)


@settings(max_examples=100, deadline=None)
@given(st.data(), st.lists(st.booleans(), min_size=30, max_size=30), st.sampled_from([0, 53]))
def test_interleaved_apids_and_any_losses_give_what_the_plain_grouper_gives(
    data: st.DataObject, lost: list[bool], step: int
) -> None:
    sides = [[one for n in range(3) for one in cut(waveform(n, apid), 5 * n, 45)] for apid in (48, 60)]
    mixed = []
    while any(sides):
        side = data.draw(st.sampled_from([one for one in sides if one]))
        mixed.append(side.pop(0))
    packets = [one for one, gone in zip(mixed, lost, strict=True) if not gone]
    if not packets:
        return
    numbers, broken, _ = decode(packets, step, apids=(48, 60))
    grouper = PacketGrouper()
    plain = grouper.add(packets) + grouper.finish()
    assert len(numbers) == sum(one.complete and one.apid == 48 for one in plain)
    ours = sorted((one.apid, one.first_count, one.last_count, one.packets, one.octets[6:]) for one in broken)
    theirs = sorted(one[:5] for one in plain if not (one.complete and one.apid == 48))
    assert ours == theirs
