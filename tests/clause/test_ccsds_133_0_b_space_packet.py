"""CCSDS 133.0-B-2, Space Packet Protocol: one test per clause."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.packets import Decoder, parse_definition, walk
from telemus.packets.ccsds import (
    IDLE_APID,
    MAX_PACKET_BYTES,
    MIN_PACKET_BYTES,
    PRIMARY_HEADER_BYTES,
    SEQUENCE_MODULO,
    primary_headers,
)

ONE = "0830c001000155aa"


def table(text: str):  # type: ignore[no-untyped-def]
    return walk(bytes.fromhex(text)).table


def test_4_1_1_2_lengths() -> None:
    assert (PRIMARY_HEADER_BYTES, MIN_PACKET_BYTES, MAX_PACKET_BYTES) == (6, 7, 65542)
    longest = bytes.fromhex("0830c001ffff") + bytes(65536)
    assert walk(longest).table.length.tolist() == [65542]


def test_4_1_3_2_packet_version_number_is_zero() -> None:
    assert table(ONE).size == 1
    for version in range(1, 8):
        octets = bytearray.fromhex(ONE)
        octets[0] |= version << 5
        assert walk(octets).table.size == 0


def test_4_1_3_3_2_packet_type() -> None:
    octets = bytearray.fromhex(ONE)
    octets[0] |= 0x10
    assert walk(octets).table.size == 0  # a telecommand is no telemetry


def test_4_1_3_3_3_secondary_header_flag() -> None:
    assert table("0830c001000155aa").has_secondary_header.tolist() == [True]
    assert table("0030c001000155aa").has_secondary_header.tolist() == [False]


@pytest.mark.parametrize("apid", [0, 1, 255, 256, 1025, 2047])
def test_4_1_3_3_4_apid(apid: int) -> None:
    octets = primary_headers(apid, np.array([5]), 8).tobytes() + b"ab"
    assert walk(octets).table.apid.tolist() == [apid]


def test_4_1_3_3_4_4_idle_packets_are_counted_apart() -> None:
    definition = parse_definition(
        b"""<SpaceSystem name="S"><TelemetryMetaData><ContainerSet><SequenceContainer name="C"><EntryList/>
        </SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem>"""
    )
    decoder = Decoder(definition)
    decoder.feed(primary_headers(IDLE_APID, np.array([0]), 40).tobytes() + bytes(34))
    account = decoder.finish().account
    assert (account.idle_bytes, account.packet_bytes, account.packets) == (40, 0, 0)


@pytest.mark.parametrize("flags", [0, 1, 2, 3])
def test_4_1_3_4_2_sequence_flags(flags: int) -> None:
    octets = primary_headers(5, np.array([1]), 8, sequence_flags=flags).tobytes() + b"ab"
    assert walk(octets).table.sequence_flags.tolist() == [flags]


def test_4_1_3_4_3_sequence_count_is_modulo_16384() -> None:
    assert SEQUENCE_MODULO == 1 << 14
    headers = primary_headers(5, np.array([16383, 16384, 16385]), 8)
    octets = np.hstack([headers, np.zeros((3, 2), np.uint8)]).tobytes()
    assert walk(octets).table.sequence_count.tolist() == [16383, 0, 1]


def test_4_1_3_5_packet_data_length_is_octets_minus_one() -> None:
    assert primary_headers(5, np.array([0]), 7)[0, 4:].tolist() == [0, 0]
    assert table("0830c001000155aa").length.tolist() == [8]
