"""Passes put together: the same twice with other losses, files in wrong order, files cut and joined in mid packet."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telemus.packets import Account, Decoder, compile_plan, encode, read_definition

PLAN = compile_plan(read_definition(Path(__file__).with_name("recorder.xml")))


def rows_of(count: int, container: str = "SealedWaveform") -> np.ndarray:
    """Packets of one pass, a row each; OBT_COARSE is the packet's number."""
    wave = np.random.default_rng(2).integers(0, 65536, (count, 100))
    columns = {"OBT_COARSE": np.arange(count), "OBT_FINE": 0, "WAVE": wave}
    return encode(PLAN.containers[container], columns)


def decode(*pieces: np.ndarray | bytes, prefix_bytes: int = 0) -> tuple[list[int], Account]:
    """Decode the pieces one behind the other; return the numbers of the packets and the account."""
    decoder = Decoder(PLAN, prefix_bytes=prefix_bytes)
    tables = [table for piece in pieces for table in decoder.feed(bytes(np.asarray(piece).reshape(-1)))]
    end = decoder.finish()
    assert end.account.is_balanced
    return [int(one) for table in [*tables, *end.tables] for one in table.columns["OBT_COARSE"]], end.account


@pytest.mark.parametrize("count", [900, 40_000])
def test_the_same_pass_twice_with_other_losses(count: int) -> None:
    """Each packet that either copy has returns once; what both lost is missing; the counter wraps twice in between."""
    rows = rows_of(count)
    lost = np.random.default_rng(5).random((2, count)) < 0.02
    lost[0, :10], lost[1, -10:], lost[:, [0, -1]] = True, True, False
    lost[0, 0], lost[1, -1] = True, True
    numbers, account = decode(rows[~lost[0]], rows[~lost[1]])
    both = lost.all(axis=0)
    assert sorted(numbers) == np.flatnonzero(~both).tolist()
    (apid,) = account.apids.values()
    twice = int((~lost).all(axis=0).sum())
    assert len(set(numbers)) == len(numbers)
    assert (apid.duplicates, apid.missing, apid.restarts) == (twice, int(both.sum()), 0)
    assert account.duplicate_bytes == twice * rows.shape[1]


def test_of_two_copies_the_one_whose_checksum_holds_returns() -> None:
    rows = rows_of(400)
    first, second = rows.copy(), rows.copy()
    first[50:60, 30] ^= 1
    second[100:120, 40] ^= 2
    numbers, account = decode(first, second)
    assert sorted(numbers) == list(range(400))
    apid = account.apids[49]
    assert (apid.checksum_failures, apid.duplicates, apid.late, apid.missing) == (30, 370, 10, 0)
    assert account.rejected_by_reason == {"checksum": 30 * rows.shape[1]}


@pytest.mark.parametrize("container", ["SealedWaveform", "Waveform"])
def test_files_in_the_wrong_order(container: str) -> None:
    rows = rows_of(900, container)
    numbers, account = decode(rows[300:600], rows[:300], rows[600:])
    assert sorted(numbers) == list(range(900))
    (apid,) = account.apids.values()
    assert (apid.packets, apid.duplicates) == (900, 0)


@pytest.mark.parametrize("cut", [1, 3, 6, 100, 213])
def test_two_files_cut_and_joined_in_mid_packet(cut: int) -> None:
    """The end of the first and the beginning of the second are rejected without a hole; nothing else is lost."""
    octets = rows_of(500).tobytes()
    size = 214
    first, second = octets[: 200 * size + cut], octets[300 * size + 77 :]
    numbers, account = decode(first, second)
    assert numbers == [*range(200), *range(301, 500)]
    assert (account.rejected[0].start, account.rejected[-1].stop) == (200 * size, 200 * size + cut + size - 77)
    assert account.rejected_bytes == cut + size - 77
    assert account.apids[49].missing == 101


@pytest.mark.parametrize("marker", [b"\x1a\xcf\xfc\x1d", b"\0\0\0\0"])
@pytest.mark.parametrize("harm", ["changed", "lost", "doubled"])
def test_damaged_record_marker(marker: bytes, harm: str) -> None:
    """A marker's own octets are not looked at: changed they cost nothing; lost or doubled they cost no good packet."""
    rows = rows_of(300)
    records = [marker + row.tobytes() for row in rows]
    records[100] = {
        "changed": b"\x00\xff\x00\xff" + rows[100].tobytes(),
        "lost": marker[:1] + rows[100].tobytes(),
        "doubled": marker + marker + rows[100].tobytes(),
    }[harm]
    numbers, account = decode(b"".join(records), prefix_bytes=4)
    assert numbers == [one for one in range(300) if one != 100 or harm != "lost"] or numbers == list(range(300))
    assert account.framing_bytes == 4 * len(numbers)
    assert account.apids[49].packets + account.apids[49].missing == 300
