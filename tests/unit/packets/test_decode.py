"""Decoding: kinds of columns, calibration, time, streams, and packets that do not fit their definition."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.packets import (
    Decoder,
    Ragged,
    compile_plan,
    decode_bytes,
    decode_file,
    decode_table,
    encode,
    merge_accounts,
    parse_definition,
    read_definition,
    walk,
)

DEFINITION = Path(__file__).with_name("recorder.xml")
PLAN = compile_plan(read_definition(DEFINITION))


def mixture(count: int = 5) -> dict[str, Any]:
    rng = np.random.default_rng(0)
    return {
        "OBT_COARSE": np.arange(count) + 100,
        "OBT_FINE": np.full(count, 32768),
        "TEMPERATURE": np.arange(count) * 100 - 200,
        "MODE": np.array([0, 1, 1, 0, 7])[:count],
        "LAMP": np.arange(count) % 2,
        "SPARE": 3,
        "LONG": np.array([(1 << 61) - 1 - index for index in range(count)]),
        "SINGLE": np.linspace(-1, 1, count, dtype=np.float32),
        "DOUBLE": np.array([0.1, -0.0, np.inf, np.nan, 1e-300])[:count],
        "LITTLE": np.arange(count) + 0x01020304,
        "NAME": np.array(["alpha", "b", "", "delta", "eightchr"])[:count],
        "BLOB": rng.integers(0, 256, (count, 4), dtype=np.uint8),
        "MATRIX": rng.integers(-2048, 2048, (count, 3, 4)),
        "PAIR.left": np.arange(count),
        "PAIR.right": np.arange(count) * 300,
    }


def decode(octets: bytes) -> Any:
    (table,) = decode_bytes(octets, PLAN).tables
    return table


def test_every_kind_of_column() -> None:
    columns = mixture()
    table = decode(encode(PLAN.containers["Mixture"], columns).tobytes())
    assert table.container == "Mixture"
    for name in columns:
        if name not in ("NAME", "DOUBLE", "SPARE"):
            np.testing.assert_array_equal(table.columns[name], columns[name], err_msg=name)
    assert table.columns["NAME"].tolist() == [b"alpha", b"b", b"", b"delta", b"eightchr"]
    np.testing.assert_array_equal(table.columns["DOUBLE"].view(np.uint64), columns["DOUBLE"].view(np.uint64))
    assert table.columns["MATRIX"].shape == (5, 3, 4)
    assert table.columns["LITTLE"].dtype == np.uint32
    assert list(table.columns)[:8] == [
        *("VERSION", "TYPE", "SEC_HDR_FLG", "PKT_APID", "SEQ_FLGS", "SRC_SEQ_CTR", "PKT_LEN", "OBT_COARSE")
    ]


def test_calibrated_values_units_and_labels() -> None:
    table = decode(encode(PLAN.containers["Mixture"], mixture()).tobytes())
    np.testing.assert_allclose(table.calibrated("TEMPERATURE"), [-12, -11, -10, -9, -8], atol=1e-12)
    assert table.unit("TEMPERATURE") == "degC"
    assert table.calibrated("MODE").tolist() == ["OFF", "ON", "ON", "OFF", "7"]
    assert table.calibrated("LAMP").tolist() == ["NO", "YES", "NO", "YES", "NO"]
    assert table.calibrated("LONG") is table.columns["LONG"]


def test_time_and_table() -> None:
    table = decode(encode(PLAN.containers["Mixture"], mixture(), sequence_start=16382).tobytes())
    assert table.onboard_ns.tolist() == [100_500_000_000 + index * 10**9 for index in range(5)]
    assert table.sequence_count.tolist() == [16382, 16383, 0, 1, 2]
    assert table.packet_offset.tolist() == [index * table.packet_bytes[0] for index in range(5)]
    assert table.checksum_ok.all()
    assert table.verified.all()


def burst(values: list[int], count: int = 0, *, claim: int | None = None) -> bytes:
    body = bytes(6) + bytes([len(values) if claim is None else claim])
    body += np.array(values, ">i2").tobytes() + b"\x12\x34"
    return bytes([8, 51, 0xC0, count, 0, len(body) - 1]) + body


def test_dynamic_array_and_what_follows_it() -> None:
    table = decode(burst([1, -2, 3], 0) + burst([], 1) + burst([9], 2))
    column = table.columns["BURST"]
    assert isinstance(column, Ragged)
    assert [column.row(index).tolist() for index in range(3)] == [[1, -2, 3], [], [9]]
    assert table.columns["AFTER"].tolist() == [0x1234] * 3


def test_text_and_binary_of_fixed_size_behind_a_dynamic_array() -> None:
    text = DEFINITION.read_text().replace(
        '<ParameterRefEntry parameterRef="AFTER"/>',
        '<ParameterRefEntry parameterRef="NAME"/><ParameterRefEntry parameterRef="BLOB"/>',
    )
    octets = b""
    for count, values in enumerate(([1, 2], [])):
        body = (
            bytes(6)
            + bytes([len(values)])
            + np.array(values, ">i2").tobytes()
            + b"name\0\0\0"
            + bytes([count, 1, 2, 3, 4])
        )
        octets += bytes([8, 51, 0xC0, count, 0, len(body) - 1]) + body
    (table,) = decode_bytes(octets, compile_plan(parse_definition(text.encode()))).tables
    assert table.columns["NAME"].tolist() == [b"name", b"name\0\0\0\1"]  # type: ignore[union-attr]
    assert table.columns["BLOB"].tolist() == [[1, 2, 3, 4]] * 2  # type: ignore[union-attr]
    assert table.calibrated("NAME").tolist()[0] == "name"  # type: ignore[union-attr]


def test_a_count_beyond_the_packet_is_rejected_by_itself() -> None:
    octets = burst([1, 2], 0) + burst([3, 4], 1, claim=200) + burst([5, 6], 2)
    decoder = Decoder(PLAN)
    tables = decoder.feed(octets)
    end = decoder.finish()
    counts = np.concatenate([table.sequence_count for table in tables + end.tables])
    assert counts.tolist() == [0, 2]
    assert end.account.rejected_by_reason == {"shorter than its definition": 19}
    assert end.account.is_balanced


def test_known_apid_that_no_container_matches() -> None:
    packets = encode(PLAN.containers["Mixture"], mixture(), sequence_flags=1)
    decoder = Decoder(PLAN)
    assert decoder.feed(packets.reshape(-1)) + decoder.finish().tables == []
    (apid,) = decoder.account().apids.values()
    assert apid.undecoded == {"no container matches": 5}


def test_only_the_wanted_containers_are_decoded_but_all_are_accounted() -> None:
    octets = burst([1], 0) + encode(PLAN.containers["Mixture"], mixture()).tobytes()
    decoder = Decoder(PLAN, containers=["Mixture"])
    tables = decoder.feed(octets) + decoder.finish().tables
    assert [table.container for table in tables] == ["Mixture"]
    assert decoder.account().packets == 6


def test_file_by_blocks_equals_file_at_once(tmp_path: Path) -> None:
    octets = encode(PLAN.containers["Mixture"], mixture()).tobytes() * 1 + b"junk!" + burst([1, 2, 3])
    path = tmp_path / "recorder.bin"
    path.write_bytes(octets)
    whole, pieces = Decoder(PLAN), Decoder(PLAN)
    expected = list(decode_file(path, PLAN, decoder=whole))
    got = list(decode_file(path, PLAN, decoder=pieces, block_bytes=50))
    assert whole.account() == pieces.account()
    assert whole.account().rejected_bytes == 5
    assert sum(table.count for table in got) == sum(table.count for table in expected) == 6


def test_empty_file_and_missing_file(tmp_path: Path) -> None:
    path = tmp_path / "empty"
    path.write_bytes(b"")
    decoder = Decoder(PLAN)
    assert list(decode_file(path, PLAN, decoder=decoder)) == []
    assert decoder.account().received_bytes == 0
    with pytest.raises(OSError, match="absent"):
        list(decode_file(tmp_path / "absent", PLAN))


def test_decode_table_alone() -> None:
    octets = np.frombuffer(encode(PLAN.containers["Mixture"], mixture()).tobytes(), np.uint8)
    columns = decode_table(PLAN.containers["Mixture"], octets, walk(octets, PLAN.rules).table)
    np.testing.assert_array_equal(columns["PAIR.right"], np.arange(5) * 300)


def test_accounts_add_up() -> None:
    accounts = []
    for source, octets in (("a", burst([1], 0)), ("b", b"xx" + burst([2], 3))):
        decoder = Decoder(PLAN, source=source)
        decoder.feed(octets)
        accounts.append(decoder.finish().account)
    merged = merge_accounts(accounts)
    assert merged.is_balanced
    assert merged.sources == ("a", "b")
    assert merged.received_bytes == sum(one.received_bytes for one in accounts)
    assert merged.apids[51].packets == 2
    assert merged.to_dict()["bytes"]["rejected"] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"MODE": 256}, "wanted 0 to 255"),
        ({"TEMPERATURE": -40000}, "wanted -32768 to 32767"),
        ({"MODE": 0.5}, "got fractions"),
        ({"MATRIX": np.zeros((5, 4, 3), int)}, "wanted \\(5, 3, 4\\)"),
        ({"NAME": np.array(["far too long"] * 5)}, "wanted 8"),
        ({"BLOB": np.zeros((5, 3), np.uint8)}, "wanted \\(n, 4\\)"),
        ({"NOTHING": 1}, "NOTHING, wanted OBT_COARSE"),
    ],
)
def test_columns_that_cannot_be_encoded(change: dict[str, Any], message: str) -> None:
    with pytest.raises(SignalError, match=message):
        encode(PLAN.containers["Mixture"], mixture() | change)


def test_missing_column_and_varying_length() -> None:
    columns = mixture()
    del columns["LONG"]
    with pytest.raises(SignalError, match="no LONG"):
        encode(PLAN.containers["Mixture"], columns)
    with pytest.raises(SignalError, match="length that varies"):
        encode(PLAN.containers["Bursts"], {})
