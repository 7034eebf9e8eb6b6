"""Packets that we encode decode to the same values in two decoders that we did not write (done-when 4)."""

from __future__ import annotations

import io
import warnings
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from lxml import etree

import telemus
from telemus.packets import Decoder, compile_plan, encode, read_definition

DEFINITION = Path(telemus.__file__).parent / "missions" / "mtb2" / "packets.xml"
COUNT = 40
HEADER = 6

# Written by hand from the packet document, not from the XTCE: name, kind, bits, elements.
TIME = [("OBT_COARSE", "uint", 32, 0), ("OBT_FINE", "uint", 24, 0)]
FIELDS: dict[str, tuple[int, list[tuple[str, str, int, int]]]] = {
    "TimeCorrelation": (
        16,
        [("REFERENCE_TAI_S", "uint", 32, 0), ("REFERENCE_TAI_NS", "uint", 32, 0), ("CORRELATION_STATUS", "uint", 8, 0)],
    ),
    "Housekeeping": (
        17,
        [
            ("RECORDER_TEMPERATURE", "int", 16, 0),
            ("SUPPLY_VOLTAGE", "uint", 16, 0),
            ("STORAGE_USED", "uint", 32, 0),
            ("RESTART_COUNT", "uint", 16, 0),
            ("RECORDING", "uint", 8, 0),
        ],
    ),
    "Event": (18, [("EVENT_CODE", "uint", 16, 0), ("EVENT_DETAIL", "uint", 32, 0)]),
    "Acceleration": (19, [(f"ACCELERATION_{axis}", "int", 16, 50) for axis in "XYZ"]),
    "CageEnvironment": (
        32,
        [("CAGE", "uint", 8, 0), ("PRESSURE", "uint", 32, 0), ("TEMPERATURE", "int", 16, 0), ("LIGHT", "uint", 16, 0)],
    ),
    "PressureWaveform": (
        48,
        [("IMPLANT", "uint", 8, 0), ("ANTENNA", "uint", 8, 0), ("WAVE_PRESSURE", "uint", 16, 500)],
    ),
    "EcgWaveform": (49, [("IMPLANT", "uint", 8, 0), ("ANTENNA", "uint", 8, 0), ("WAVE_ECG", "int", 16, 1000)]),
    "ImplantSlow": (
        50,
        [
            ("IMPLANT", "uint", 8, 0),
            ("ANTENNA", "uint", 8, 0),
            ("BODY_TEMPERATURE", "int", 16, 0),
            ("ACTIVITY", "uint", 16, 0),
            ("SIGNAL_STRENGTH", "uint", 16, 0),
            ("BATTERY", "uint", 16, 0),
        ],
    ),
}


# The other decoder refuses values that have no label.
LABELLED = {"EVENT_CODE": (1, 12), "RECORDING": (0, 2), "CORRELATION_STATUS": (0, 2)}


def values(container: str) -> dict[str, Any]:
    """Random raw values over the whole range of each field."""
    rng = np.random.default_rng(FIELDS[container][0])
    columns = {}
    for name, kind, bits, elements in TIME + FIELDS[container][1]:
        low, high = (0, 1 << bits) if kind == "uint" else (-(1 << (bits - 1)), 1 << (bits - 1))
        low, high = LABELLED.get(name, (low, high))
        columns[name] = rng.integers(low, high, (COUNT, elements) if elements else COUNT, dtype=np.int64)
    return columns


def packets(container: str) -> tuple[dict[str, Any], bytes]:
    columns = values(container)
    plan = compile_plan(read_definition(DEFINITION)).containers[container]
    return columns, encode(plan, columns, sequence_start=16370).tobytes()


def test_every_container_is_tested() -> None:
    assert set(compile_plan(read_definition(DEFINITION)).containers) == set(FIELDS)


@pytest.mark.parametrize("container", FIELDS)
def test_ours(container: str) -> None:
    columns, octets = packets(container)
    decoder = Decoder(DEFINITION)
    tables = decoder.feed(octets) + decoder.finish().tables
    assert [table.container for table in tables] == [container]
    for name, wanted in columns.items():
        np.testing.assert_array_equal(tables[0].columns[name], wanted)


@pytest.mark.parametrize("container", FIELDS)
def test_ccsdspy(container: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ccsdspy

        columns, octets = packets(container)
        apid, fields = FIELDS[container]
        layout = [
            ccsdspy.PacketArray(name=name, data_type=kind, bit_length=bits, array_shape=elements, array_order="C")
            if elements
            else ccsdspy.PacketField(name=name, data_type=kind, bit_length=bits)
            for name, kind, bits, elements in TIME + fields
        ]
        layout.append(ccsdspy.PacketField(name="PEC", data_type="uint", bit_length=16))
        theirs = ccsdspy.FixedLength(layout).load(io.BytesIO(octets), include_primary_header=True)
    assert set(np.asarray(theirs["CCSDS_APID"])) == {apid}
    np.testing.assert_array_equal(theirs["CCSDS_SEQUENCE_COUNT"], (16370 + np.arange(COUNT)) % 16384)
    for name, wanted in columns.items():
        np.testing.assert_array_equal(theirs[name], wanted)


def without_arrays() -> io.BytesIO:
    """The definition with each array as one binary parameter: the other decoder reads no arrays."""
    tree = etree.parse(DEFINITION)
    name = "{http://www.omg.org/spec/XTCE/20180204}"
    for array in list(tree.iter(f"{name}ArrayParameterType")):
        last = array.find(f".//{name}EndingIndex/{name}FixedValue")
        assert last is not None
        bits = 16 * (int(last.text or "") + 1)
        binary = etree.Element(f"{name}BinaryParameterType", name=array.get("name", ""))
        encoding = etree.SubElement(binary, f"{name}BinaryDataEncoding")
        size = etree.SubElement(encoding, f"{name}SizeInBits")
        etree.SubElement(size, f"{name}FixedValue").text = str(bits)
        parent = array.getparent()
        assert parent is not None
        parent.replace(array, binary)
    for entry in list(tree.iter(f"{name}ArrayParameterRefEntry")):
        entry.tag = f"{name}ParameterRefEntry"
    return io.BytesIO(etree.tostring(tree))


@pytest.mark.parametrize("container", FIELDS)
def test_space_packet_parser(container: str) -> None:
    import space_packet_parser

    columns, octets = packets(container)
    definition = space_packet_parser.XtcePacketDefinition.from_xtce(without_arrays())
    length = len(octets) // COUNT
    for row in range(COUNT):
        theirs = definition.parse_bytes(octets[row * length : (row + 1) * length], root_container_name="CCSDSPacket")
        for name, kind, _bits, elements in TIME + FIELDS[container][1]:
            got = theirs[name]
            if elements:
                np.testing.assert_array_equal(
                    np.frombuffer(got, ">u2" if kind == "uint" else ">i2"), columns[name][row]
                )
            else:
                assert int(got.raw_value) == columns[name][row]
