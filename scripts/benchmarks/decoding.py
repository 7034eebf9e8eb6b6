"""Measure decoding against one pass of numpy over the same bytes, and against ccsdspy on the same file."""

from __future__ import annotations

import binascii
import logging
import tempfile
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

import telemus
from benchmarks.timing import timed
from telemus.packets import Plan, compile_plan, decode_bytes, decode_file, encode, parse_definition, read_definition

MISSION = Path(telemus.__file__).parent / "missions" / "mtb2" / "packets.xml"
HEADER_BITS = (("VERSION", 3), ("TYPE", 1), ("SECONDARY", 1), ("APID", 11), ("FLAGS", 2), ("COUNT", 14), ("LENGTH", 16))
TIME = (("SECONDS", 32), ("FRACTION", 16))


class Layout(NamedTuple):
    """Packets of one fixed length: name, columns before the samples (name, bits), samples, bytes after them."""

    title: str
    container: str
    before: tuple[tuple[str, int], ...]
    samples: tuple[str, int, bool]
    tail: int
    packets: int


MISSION_TIME = (("OBT_COARSE", 32), ("OBT_FINE", 24), ("IMPLANT", 8), ("ANTENNA", 8))
LAYOUTS = (
    Layout("fixed 212 B: header, time, 100 x 16 bit", "Fixed", TIME, ("SAMPLES", 100, False), 0, 500_000),
    Layout("the same, other packets have a checksum", "Unsealed", TIME, ("SAMPLES", 100, False), 0, 500_000),
    Layout("214 B: the same with its checksum", "Sealed", TIME, ("SAMPLES", 100, False), 2, 500_000),
    Layout(
        "mission pressure, 1017 B, checksum",
        "PressureWaveform",
        MISSION_TIME,
        ("WAVE_PRESSURE", 500, False),
        2,
        100_000,
    ),
    Layout("mission ECG, 2017 B, checksum", "EcgWaveform", MISSION_TIME, ("WAVE_ECG", 1000, True), 2, 50_000),
)


def fixed_plan(*containers: str) -> Plan:
    """Return the plan of packets of 212 octets, APIDs from 100; one called ``Sealed`` ends with a checksum besides."""
    bits = dict(HEADER_BITS) | dict(TIME)
    types = "".join(
        f'<IntegerParameterType name="U{n}" signed="false" sizeInBits="{n}"><UnitSet/>'
        f'<IntegerDataEncoding sizeInBits="{n}" encoding="unsigned"/></IntegerParameterType>'
        for n in sorted(set(bits.values()))
    )
    types += (
        '<ArrayParameterType name="Samples" arrayTypeRef="U16"><DimensionList><Dimension>'
        "<StartingIndex><FixedValue>0</FixedValue></StartingIndex><EndingIndex><FixedValue>99</FixedValue></EndingIndex>"
        "</Dimension></DimensionList></ArrayParameterType>"
    )
    parameters = "".join(f'<Parameter name="{name}" parameterTypeRef="U{n}"/>' for name, n in bits.items())
    types += (
        '<IntegerParameterType name="CRC" signed="false"><UnitSet/><IntegerDataEncoding sizeInBits="16">'
        '<ErrorDetectCorrect><CRC width="16"><Polynomial>1021</Polynomial><InitRemainder>FFFF</InitRemainder></CRC>'
        "</ErrorDetectCorrect></IntegerDataEncoding></IntegerParameterType>"
    )
    parameters += '<Parameter name="SAMPLES" parameterTypeRef="Samples"/><Parameter name="PEC" parameterTypeRef="CRC"/>'
    refs = {name: f'<ParameterRefEntry parameterRef="{name}"/>' for name in bits}
    header = "".join(refs[name] for name, _ in HEADER_BITS)
    body = "".join(refs[name] for name, _ in TIME) + '<ArrayParameterRefEntry parameterRef="SAMPLES"/>'
    seal = '<ParameterRefEntry parameterRef="PEC"/>'
    xml = (
        '<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="Fixed212"><TelemetryMetaData>'
        f"<ParameterTypeSet>{types}</ParameterTypeSet><ParameterSet>{parameters}</ParameterSet><ContainerSet>"
        f'<SequenceContainer name="Packet" abstract="true"><EntryList>{header}</EntryList></SequenceContainer>'
        + "".join(
            f'<SequenceContainer name="{name}"><EntryList>{body}{seal if name == "Sealed" else ""}</EntryList>'
            f'<BaseContainer containerRef="Packet"><RestrictionCriteria>'
            f'<Comparison parameterRef="APID" value="{apid}"/></RestrictionCriteria>'
            "</BaseContainer></SequenceContainer>"
            for apid, name in enumerate(containers, 100)
        )
        + "</ContainerSet></TelemetryMetaData></SpaceSystem>"
    )
    return compile_plan(parse_definition(xml.encode()))


def stream(plan: Plan, layout: Layout) -> np.ndarray:
    """Return random packets of a layout, one after the other."""
    rng = np.random.default_rng(212)
    count = layout.packets
    columns: dict[str, Any] = {name: rng.integers(0, 1 << bits, count) for name, bits in layout.before}
    columns[layout.before[0][0]] = 1_000 + np.arange(count)
    name, width, signed = layout.samples
    columns[name] = rng.integers(-2000 if signed else 0, 2000 if signed else 4096, (count, width))
    return np.ascontiguousarray(encode(plan.containers[layout.container], columns)).ravel()


def numpy_pass(octets: np.ndarray, layout: Layout, apid: int) -> dict[str, np.ndarray]:
    """Decode with numpy alone: the bound for fixed layouts. Headers and sequence are checked, columns are fresh.

    It knows that every packet has the same length, that none is damaged and that no checksum is asked for.
    """
    name, width, signed = layout.samples
    fields = [("id", ">u2"), ("sequence", ">u2"), ("length", ">u2")]
    for field, bits in layout.before:
        fields.append((field, {8: "u1", 16: ">u2", 24: "V3", 32: ">u4"}[bits]))
    fields.append((name, f"({width},)>{'i' if signed else 'u'}2"))
    fields += [("tail", f"V{layout.tail}")] if layout.tail else []
    packed = np.dtype([tuple(field) for field in fields])
    rows = octets.view(packed)
    wrong = ((rows["id"] & 0x7FF) != apid) | (rows["length"] != packed.itemsize - 7)
    steps = np.diff((rows["sequence"] & 0x3FFF).astype(np.int16)) & 0x3FFF
    if wrong.any() or (steps != 1).any():
        raise ValueError("numpy pass: got a damaged stream, wanted a clean one")
    columns = {}
    for field, kind in fields[3:-1] if layout.tail else fields[3:]:
        values = rows[field]
        if kind == "V3":
            octet = np.ascontiguousarray(values).view(np.uint8).reshape(-1, 3).astype(np.uint32)
            columns[field] = octet[:, 0] << 16 | octet[:, 1] << 8 | octet[:, 2]
        else:
            columns[field] = values.astype(values.dtype.newbyteorder("="))
    return columns


def peer_layout(layout: Layout) -> Any:
    """Return the same packets as ccsdspy describes them."""
    import ccsdspy

    name, width, signed = layout.samples
    fields = [ccsdspy.PacketField(name=field, data_type="uint", bit_length=bits) for field, bits in layout.before]
    kind = "int" if signed else "uint"
    fields.append(ccsdspy.PacketArray(name=name, data_type=kind, bit_length=16, array_shape=width, array_order="C"))
    if layout.tail:
        fields.append(ccsdspy.PacketField(name="TAIL", data_type="uint", bit_length=8 * layout.tail))
    return ccsdspy.FixedLength(fields)


def drain(path: Path, plan: Plan) -> None:
    """Decode a file in blocks and keep nothing."""
    for _ in decode_file(path, plan):
        pass


def measure(repetitions: int = 5) -> list[dict[str, Any]]:
    """Return one row for each layout and way: MB/s, packets/s, and how many times slower than the bound."""
    warnings.simplefilter("ignore")
    logging.disable(logging.WARNING)  # the peer tells of every wrap of the sequence count
    with tempfile.TemporaryDirectory() as scratch:
        return [row for layout in LAYOUTS for row in _rows(layout, Path(scratch), repetitions)]


def _plan(container: str) -> Plan:
    if container == "Fixed":
        return fixed_plan("Fixed")
    if container in ("Sealed", "Unsealed"):
        return fixed_plan("Unsealed", "Sealed")
    return compile_plan(read_definition(MISSION))


def _rows(layout: Layout, scratch: Path, repetitions: int) -> list[dict[str, Any]]:
    plan = _plan(layout.container)
    apid = plan.containers[layout.container].apid or 0
    octets = stream(plan, layout)
    path = scratch / "packets.bin"
    octets.tofile(path)
    _agree(octets, plan, layout, apid)
    peer = peer_layout(layout)
    ways: list[tuple[str, int, Callable[[], Any]]] = [
        ("numpy, one pass: the bound", repetitions, lambda: numpy_pass(octets, layout, apid)),
        ("telemus, in memory", repetitions, lambda: decode_bytes(octets, plan)),
        ("telemus, file in blocks", repetitions, lambda: drain(path, plan)),
        ("ccsdspy, file", 2, lambda: peer.load(str(path))),
    ]
    if layout.tail:
        blob = octets.tobytes()
        ways.append(("CRC-16 of binascii alone", repetitions, lambda: binascii.crc_hqx(blob, 0xFFFF)))
    times = [timed(call, count) for _, count, call in ways]
    return [
        {
            "packets": layout.title,
            "way": way,
            "mb_per_s": octets.nbytes / one.median_s / 1e6,
            "best_mb_per_s": octets.nbytes / one.best_s / 1e6,
            "packets_per_s": layout.packets / one.median_s,
            "slower_than_bound": one.median_s / times[0].median_s,
        }
        for (way, _, _), one in zip(ways, times, strict=True)
    ]


def _agree(octets: np.ndarray, plan: Plan, layout: Layout, apid: int) -> None:
    """Check that what is timed gives the same columns."""
    wanted = numpy_pass(octets, layout, apid)
    [table] = decode_bytes(octets, plan).tables
    for name, column in wanted.items():
        np.testing.assert_array_equal(table.columns[name], column)
