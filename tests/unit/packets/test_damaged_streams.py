"""The damaged streams of the field (1000 packets of 212 octets): every good packet returned, no wrong value."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telemus.packets import Account, Decoder, compile_plan, encode, read_definition

DEFINITION = Path(__file__).with_name("recorder.xml")
COUNT = 1000
CONTAINERS = ["Waveform", "SealedWaveform"]
Damage = Callable[[bytes, int], bytes]


def good_packets(container: str, count: int = COUNT, start: int = 0) -> tuple[dict[str, Any], np.ndarray]:
    rng = np.random.default_rng(7)
    columns = {
        "OBT_COARSE": np.arange(start, start + count),
        "OBT_FINE": rng.integers(0, 65536, count),
        "WAVE": rng.integers(0, 65536, (count, 100)),
    }
    plan = compile_plan(read_definition(DEFINITION)).containers[container]
    return columns, encode(plan, columns, sequence_start=start)


def run(octets: bytes) -> tuple[dict[str, np.ndarray], Account]:
    decoder = Decoder(DEFINITION)
    tables = decoder.feed(octets)
    end = decoder.finish()
    tables += end.tables
    names = ("OBT_COARSE", "WAVE", "SRC_SEQ_CTR")
    columns = {name: np.concatenate([table.columns[name] for table in tables]) for name in names}
    columns["verified"] = np.concatenate([table.verified for table in tables])
    assert end.account.is_balanced
    assert end.account.received_bytes == len(octets)
    return columns, end.account


def check(container: str, octets: bytes, lost: set[int]) -> tuple[dict[str, np.ndarray], Account]:
    """Decode, and insist that exactly the packets not ``lost`` came back, each with its own values."""
    wanted, _ = good_packets(container)
    columns, account = run(octets)
    order = np.argsort(columns["OBT_COARSE"])
    expected = [row for row in range(COUNT) if row not in lost]
    np.testing.assert_array_equal(columns["OBT_COARSE"][order], expected)
    np.testing.assert_array_equal(columns["WAVE"][order], wanted["WAVE"][expected])
    return columns, account


@pytest.fixture(params=CONTAINERS)
def container(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture
def stream(container: str) -> tuple[bytes, int]:
    _, packets = good_packets(container)
    return packets.tobytes(), packets.shape[1]


def test_undamaged(container: str, stream: tuple[bytes, int]) -> None:
    columns, account = check(container, stream[0], set())
    assert columns["verified"].all()
    assert account.rejected_bytes == account.missing == 0


@pytest.mark.parametrize("place", [0, 2, 4, 6, 50, 211])
def test_one_byte_lost(container: str, stream: tuple[bytes, int], place: int) -> None:
    octets, size = stream
    cut = 500 * size + place
    _, account = check(container, octets[:cut] + octets[cut + 1 :], {500})
    assert account.rejected_bytes == size - 1
    assert [(one.start, one.stop) for one in account.rejected] == [(500 * size, 501 * size - 1)]
    (apid,) = account.apids.values()
    assert apid.missing == 1
    assert [(gap.after_count, gap.before_count, gap.missing) for gap in apid.gaps] == [(499, 501, 1)]


def test_37_junk_bytes(container: str, stream: tuple[bytes, int]) -> None:
    octets, size = stream
    junk = np.random.default_rng(3).integers(0, 256, 37, dtype=np.uint8).tobytes()
    columns, account = check(container, octets[: 500 * size] + junk + octets[500 * size :], set())
    assert account.rejected_bytes == 37
    # Without a checksum nothing tells whether the junk stood inside packet 499 or behind it.
    assert np.count_nonzero(~columns["verified"]) == (0 if container == "SealedWaveform" else 1)


@pytest.mark.parametrize("field", [b"\xff\xcd", b"\x00\x00", b"\x00\xce", b"\x7f\xff"])
def test_wrong_length_field(container: str, stream: tuple[bytes, int], field: bytes) -> None:
    octets, size = stream
    at = 500 * size + 4
    _, account = check(container, octets[:at] + field + octets[at + 2 :], {500})
    assert account.rejected_bytes == size


def test_unknown_apid_after_every_hundred(container: str, stream: tuple[bytes, int]) -> None:
    octets, size = stream
    hundreds = [octets[at : at + 100 * size] for at in range(0, len(octets), 100 * size)]
    foreign = [bytes([0x08, 0x4D, 0xC0, count, 0, 9]) + bytes(10) for count in range(10)]
    mixed = b"".join(part for pair in zip(hundreds, foreign, strict=True) for part in pair)
    _, account = check(container, mixed, set())
    assert account.rejected_bytes == 0
    unknown = account.apids[0x4D]
    assert (unknown.packets, unknown.known, unknown.name) == (10, False, "unknown APID 77")
    assert unknown.undecoded == {"unknown APID": 10}


def test_ten_packets_lost(container: str, stream: tuple[bytes, int]) -> None:
    octets, size = stream
    _, account = check(container, octets[: 500 * size] + octets[510 * size :], set(range(500, 510)))
    (apid,) = account.apids.values()
    assert (apid.packets, apid.expected, apid.missing) == (990, 1000, 10)
    assert [(gap.missing, gap.offset) for gap in apid.gaps] == [(10, 500 * size)]


def test_twenty_duplicated_and_order_reversed_in_part(container: str, stream: tuple[bytes, int]) -> None:
    octets, size = stream
    packets = [octets[at : at + size] for at in range(0, len(octets), size)]
    shuffled = packets[:300] + packets[280:300] + packets[300:600] + packets[650:599:-1] + packets[651:]
    _, account = check(container, b"".join(shuffled), set())
    (apid,) = account.apids.values()
    assert (apid.packets, apid.duplicates, apid.late, apid.missing) == (1000, 20, 50, 0)
    assert account.duplicate_bytes == 20 * size


def test_zeros_at_the_end(container: str, stream: tuple[bytes, int]) -> None:
    _, account = check(container, stream[0] + bytes(1024), set())
    assert account.rejected_bytes == 1024


@pytest.mark.parametrize("filling", [b"\x00", b"\xff", b"\x00\x01", b"\x55"])
def test_fill_in_the_middle(container: str, stream: tuple[bytes, int], filling: bytes) -> None:
    octets, size = stream
    fill = filling * (5000 // len(filling))
    _, account = check(container, octets[: 500 * size] + fill + octets[500 * size :], set())
    assert sum(one.bytes for one in account.apids.values() if one.known) == len(octets)


def test_first_and_last_hundred_bytes_missing(container: str, stream: tuple[bytes, int]) -> None:
    octets, size = stream
    _, account = check(container, octets[100:], {0})
    assert account.rejected_bytes == size - 100
    _, account = check(container, octets[:-100], {COUNT - 1})
    assert account.rejected_by_reason == {"truncated": size - 100}


def test_spliced_from_the_middle_of_a_packet(container: str, stream: tuple[bytes, int]) -> None:
    octets, size = stream
    columns, _ = run(octets[: 500 * size + 100] + octets[600 * size + 90 :])
    doubtful = columns["OBT_COARSE"][~columns["verified"]].tolist()
    # 222 octets where 212 should be: without a checksum the first 212 cannot be told from a packet with junk behind it.
    assert doubtful == ([] if container == "SealedWaveform" else [500])
    trusted = columns["OBT_COARSE"][columns["verified"]]
    np.testing.assert_array_equal(trusted, [*range(500), *range(601, COUNT)])


def test_flipped_bit_is_found_where_there_is_a_checksum() -> None:
    wanted, packets = good_packets("SealedWaveform")
    size = packets.shape[1]
    for bit in (20, 30, 100, 8 * size - 1):
        octets = bytearray(packets.tobytes())
        octets[500 * size + bit // 8] ^= 1 << (bit % 8)
        _, account = check("SealedWaveform", bytes(octets), {500})
        assert account.rejected_bytes == size
    assert account.apids[49].checksum_failures == 1
    assert account.rejected_by_reason == {"checksum": size}
    assert account.rejected[0][:2] == (500 * size, 501 * size)
    assert wanted["WAVE"].shape == (COUNT, 100)


def test_flipped_bit_in_the_apid_names_an_unknown_apid(container: str, stream: tuple[bytes, int]) -> None:
    octets, size = stream
    broken = bytearray(octets)
    broken[500 * size] ^= 1
    _, account = check(container, bytes(broken), {500})
    assert [one.name for one in account.apids.values() if not one.known] == [f"unknown APID {broken[1] + 256}"]


def test_the_copy_whose_checksum_holds_wins() -> None:
    _, packets = good_packets("SealedWaveform")
    size = packets.shape[1]
    octets = packets.tobytes()
    broken = bytearray(octets[500 * size : 501 * size])
    broken[60] ^= 4
    _, account = check("SealedWaveform", octets[: 500 * size] + bytes(broken) + octets[500 * size :], set())
    assert account.apids[49].duplicates == 0
    assert account.apids[49].checksum_failures == 1
    assert account.missing == 0


def test_random_junk_of_any_length(container: str, stream: tuple[bytes, int]) -> None:
    octets, size = stream
    rng = np.random.default_rng(11)
    for length in (1, 5, 6, 7, 211, 212, 213, 4000, 70_000):
        junk = rng.integers(0, 256, length, dtype=np.uint8).tobytes()
        check(container, octets[: 500 * size] + junk + octets[500 * size :], set())
