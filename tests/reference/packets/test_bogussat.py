"""BogusSAT-2: every value that its makers' own decoder is tested for, with its place and width."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telemus.packets import Definition, PacketTable, Ragged, compile_plan, decode_bytes, read_definition
from telemus.packets.extract import extract, rows_that_fit
from telemus.packets.run_steps import Run, run_steps
from telemus.packets.steps import compile_steps
from telemus.packets.told import told_column


@cache
def definition_of(path: Path) -> Definition:
    return read_definition(path)


def cases(folder: Path) -> list[dict[str, Any]]:
    listed = json.loads((folder / "expected_values.json").read_text())
    return [one for one in listed if one["entries"]]


def whole_file(path: Path) -> tuple[np.ndarray[Any, Any], PacketTable]:
    """Return a file's octets as one record (not all of these are space packets)."""
    octets = np.frombuffer(path.read_bytes(), np.uint8)
    return octets, PacketTable(
        offset=np.zeros(1, np.int64),
        length=np.array([octets.size], np.int32),
        apid=np.array([(int(octets[0]) & 7) << 8 | int(octets[1])], np.uint16),
        sequence_count=np.array([(int(octets[2]) & 0x3F) << 8 | int(octets[3])], np.uint16),
        flags=np.array([int(octets[2]) >> 6 | (int(octets[0]) & 8) >> 1], np.uint8),
    )


def values_of(run: Run, slot: int) -> list[tuple[int, int]]:
    return [(int(piece.begin[0]), int(piece.bits[0])) for piece in run.pieces[slot]]


def flat(column: Any) -> list[Any]:
    if isinstance(column, Ragged):
        return list(column.values.tolist())
    if isinstance(column, np.ma.MaskedArray):
        return list(column.compressed().tolist())
    return list(column.tolist())


def same(expected: str, told: Any, bits: int) -> bool:
    wanted = expected.removeprefix("==").removesuffix("{cal}")
    if isinstance(told, bytes):
        return int.from_bytes(told, "big") >> (-bits % 8) == int(wanted, 16)
    if isinstance(told, str):
        return told == wanted
    number = int(wanted, 0) if wanted.lower().startswith("0x") else float(wanted)
    return bool(np.float32(told) == np.float32(number)) if isinstance(told, float) else told == number


def test_375_values(shared_data: Path) -> None:
    folder = shared_data / "packets" / "bogussat"
    definition = definition_of(folder / "BogusSAT-2.xml")
    checked = 0
    wrong: list[str] = []
    for case in cases(folder):
        (container,) = [definition.containers[name] for name in case["container"]]
        octets, table = whole_file(folder / case["bin"][0])
        plan = compile_plan(definition, container.name).root
        assert plan.undecodable == "", case["test"]
        assert rows_that_fit(plan, octets, table).all(), case["test"]
        columns = extract(plan, octets, table)
        program = compile_steps(definition, container)
        run = run_steps(program, octets, table)
        found: dict[str, list[tuple[int, int, Any]]] = {}
        for slot, field in enumerate(program.fields):
            told = flat(told_column(plan.field(field.name), columns, plan.field_of))
            places = values_of(run, slot)
            assert len(told) == len(places), field.name
            short = field.parameter.rsplit("/", 1)[-1]
            found.setdefault(short, []).extend((*place, value) for place, value in zip(places, told, strict=True))
        for entry in case["entries"]:
            checked += 1
            problem = judge(entry, found)
            if problem:
                wrong.append(f"{case['test']}: {entry['entry']}: {problem}")
        if case["size_bits"]:
            assert int(run.furthest[0]) == case["size_bits"][0], case["test"]
    assert wrong == []
    assert checked == 375


def judge(entry: dict[str, Any], found: dict[str, list[tuple[int, int, Any]]]) -> str:
    """Return what is wrong with one entry, nothing if its place, width and value are as expected."""
    name, here = entry["entry"], found.get(entry["entry"], [])
    if not entry["start_bit"]:  # an entry whose condition does not hold, or the heading of an aggregate
        members = [one for one in found if one.startswith(f"{name}.")]
        return "" if not here or members else f"is there at {here}, expected nowhere"
    expected = (int(entry["start_bit"]), int(entry["bits"]))
    at = [one for one in here if one[:2] == expected]
    if not at:
        return f"is at {[one[:2] for one in here]}, expected {expected}"
    return "" if same(entry["expected"], at[0][2], expected[1]) else f"is {at[0][2]}, expected {entry['expected']}"


def test_stream_of_60000_packets(shared_data: Path) -> None:
    """Six packets, ten thousand times: each is decoded or counted as a copy, no byte left over."""
    folder = shared_data / "packets" / "bogussat"
    plan = compile_plan(definition_of(folder / "BogusSAT-2.xml"), "CCSDSPacket")
    once = decode_bytes((folder / "Container-UniquePackets.bin").read_bytes(), plan)
    assert {table.container: table.count for table in once.tables} == {
        "CCSDS_SpacePacket1": 1,
        "CCSDS_SpacePacket3": 1,
        "ECSS_Service_1_Subservice_1": 1,
        "ECSS_Service_1_Subservice_2": 1,
        "ECSS_SpacePacket2": 2,
    }
    account = decode_bytes((folder / "Container-10000Packets.bin").read_bytes(), plan).account
    assert sum(one.packets + one.duplicates for one in account.apids.values()) == 60_000
    assert account.packet_bytes + account.duplicate_bytes == account.received_bytes == 1_430_000


@pytest.mark.parametrize("name", ["Container-CCSDS_SpacePacket1-Bad.bin"])
def test_a_restriction_that_fails_selects_nothing(shared_data: Path, name: str) -> None:
    folder = shared_data / "packets" / "bogussat"
    plan = compile_plan(definition_of(folder / "BogusSAT-2.xml"), "CCSDSPacket")
    tables = decode_bytes((folder / name).read_bytes(), plan).tables
    assert "CCSDS_SpacePacket1" not in [table.container for table in tables]
