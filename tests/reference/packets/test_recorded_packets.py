"""Real packets decode to what their makers, or two other decoders, say they hold."""

from __future__ import annotations

import csv
import warnings
from pathlib import Path
from typing import Any

import numpy as np

from telemus.packets import Account, DecodedTable, Decoder, Ragged


def decode(definition: Path, *files: Path, prefix_bytes: int = 0) -> tuple[dict[str, DecodedTable], Account]:
    """Decode files as one block each; the parts of a container are expected to join."""
    decoder = Decoder(definition, prefix_bytes=prefix_bytes)
    tables = [table for file in files for table in decoder.feed(file.read_bytes())]
    end = decoder.finish()
    parts: dict[str, list[DecodedTable]] = {}
    for table in tables + end.tables:
        parts.setdefault(table.container, []).append(table)
    return {name: joined(some) for name, some in parts.items()}, end.account


def joined(parts: list[DecodedTable]) -> DecodedTable:
    columns: dict[str, Any] = {}
    for name in parts[0].columns:
        columns[name] = (
            [row for part in parts for row in rows(part.columns[name])]
            if isinstance(parts[0].columns[name], Ragged)
            else np.concatenate([part.columns[name] for part in parts])
        )
    return DecodedTable(**{**vars(parts[0]), "columns": columns})


def rows(column: Any) -> list[Any]:
    return [column.row(index) for index in range(column.offsets.size - 1)]


def test_jpss_against_two_decoders(shared_data: Path) -> None:
    folder = shared_data / "packets" / "jpss"
    file = folder / "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"
    tables, account = decode(folder / "jpss1_geolocation_xtce_v1.xml", file)
    ours = tables["JPSS_ATT_EPHEM"].columns
    assert len(ours["DOY"]) == 7200
    assert account.packet_bytes == account.received_bytes == 511200

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ccsdspy

        layout = [
            ccsdspy.PacketField(name=name, data_type=kind, bit_length=bits)
            for name, kind, bits in [
                ("DOY", "uint", 16),
                ("MSEC", "uint", 32),
                ("USEC", "uint", 16),
                ("ADAESCID", "uint", 8),
                ("ADAET1DAY", "uint", 16),
                ("ADAET1MS", "uint", 32),
                ("ADAET1US", "uint", 16),
                ("ADGPSPOSX", "float", 32),
                ("ADGPSPOSY", "float", 32),
                ("ADGPSPOSZ", "float", 32),
                ("ADGPSVELX", "float", 32),
                ("ADGPSVELY", "float", 32),
                ("ADGPSVELZ", "float", 32),
                ("ADAET2DAY", "uint", 16),
                ("ADAET2MS", "uint", 32),
                ("ADAET2US", "uint", 16),
                ("ADCFAQ1", "float", 32),
                ("ADCFAQ2", "float", 32),
                ("ADCFAQ3", "float", 32),
                ("ADCFAQ4", "float", 32),
            ]
        ]
        theirs = ccsdspy.FixedLength(layout).load(str(file))
    for name in [field._name for field in layout]:
        np.testing.assert_array_equal(ours[name], theirs[name], err_msg=name)

    import space_packet_parser

    for definition in ("jpss1_geolocation_xtce_v1.xml", "contrived_inheritance_structure.xml"):
        reader = space_packet_parser.XtcePacketDefinition.from_xtce(folder / definition)
        mine = decode(folder / definition, file)[0]["JPSS_ATT_EPHEM"].columns
        for row, packet in enumerate(list(space_packet_parser.ccsds_generator(file.open("rb")))[:50]):
            for name, value in reader.parse_bytes(packet).items():
                assert float(mine[name][row]) == float(value.raw_value), name


def test_suda_waveforms(shared_data: Path) -> None:
    """13 packets, each behind a record marker of 4 octets; the waveforms are binary of dynamic size."""
    import space_packet_parser

    folder = shared_data / "packets" / "suda"
    definition = folder / "suda_combined_science_definition.xml"
    file = folder / "sciData_2022_130_17_41_53.spl"
    tables, account = decode(definition, file, prefix_bytes=4)
    assert account.framing_bytes == 13 * 4
    assert account.packet_bytes + account.framing_bytes == account.received_bytes == file.stat().st_size
    waveforms = tables["SciFetchTypeNonZero"].columns
    reader = space_packet_parser.XtcePacketDefinition.from_xtce(definition)
    packets = list(space_packet_parser.ccsds_generator(file.open("rb"), skip_header_bytes=4))
    theirs = [reader.parse_bytes(packet) for packet in packets]
    assert len(theirs) == 13
    for row, packet in enumerate(theirs[1:]):
        assert bytes(waveforms["IDX__SCIFETCHRAW"][row]) == bytes(packet["IDX__SCIFETCHRAW"])
        assert int(waveforms["IDX__CRCSCIFETCHPKT"][row]) == packet["IDX__CRCSCIFETCHPKT"].raw_value
    for name, value in theirs[0].items():
        assert int(tables["SciFetchTypeZero"].columns[name][0]) == value.raw_value, name


def test_swapi_science_and_housekeeping(shared_data: Path) -> None:
    folder = shared_data / "packets" / "swapi"
    file = folder / "l0_data" / "imap_swapi_l0_raw_20240924_v001.pkts"
    tables, account = decode(folder / "swapi_packet_definition.xml", file)
    assert account.packet_bytes == account.received_bytes
    compared, differing = compare_csv(folder / "l0_validation_data", "*SWP_SCI*", tables["P_SWP_SCI"])
    assert (compared, differing) == (7650, 0)
    compared, differing = compare_csv(folder / "l0_validation_data", "*SWP_HK*", tables["P_SWP_HK"])
    assert differing == 159  # XTCE says signed, the CSV prints unsigned: see data/README.md
    assert compared > 1500


def compare_csv(folder: Path, pattern: str, table: DecodedTable) -> tuple[int, int]:
    """Return (values compared, values that differ); the rows meet by sequence count."""
    (path,) = folder.glob(pattern)
    row_of = {int(count): row for row, count in enumerate(table.columns["SRC_SEQ_CTR"])}
    compared = differing = 0
    with path.open(newline="") as file:
        for line in csv.DictReader(file):
            row = row_of[int(line["SRC_SEQ_CTR"])]
            for name in line:
                if name in table.columns:
                    compared += 1
                    differing += int(table.columns[name][row]) != int(line[name])
    return compared, differing


def test_mag_vectors(shared_data: Path) -> None:
    folder = shared_data / "packets" / "mag"
    tables, account = decode(folder / "MAG_SCI_COMBINED.xml", folder / "mag_l0_test_data.pkts")
    assert account.packet_bytes == account.received_bytes == 38608
    lines = list(csv.DictReader((folder / "mag_l0_test_output.csv").open(newline="")))
    found = 0
    for table in tables.values():
        for row, count in enumerate(table.columns["SRC_SEQ_CTR"]):
            (line,) = [
                one
                for one in lines
                if int(one["PHSEQCNT"]) == count and int(one["PHAPID"]) == table.columns["PKT_APID"][row]
            ]
            found += 1
            for name in (
                "SHCOARSE",
                "PUS_STYPE",
                "PUS_SSUBTYPE",
                "COMPRESSION",
                "PRI_COARSETM",
                "PRI_FNTM",
                "SEC_FNTM",
            ):
                assert int(table.columns[name][row]) == int(line[name]), name
            octets = bytes(table.columns["VECTORS"][row])
            wanted = bytes.fromhex(line["CCSDS_HEX"])[27:]  # the CSV leaves out the octet that makes the length even
            assert len(wanted) > 100
            assert octets in (wanted, wanted + b"\0")
    assert found == len(lines) == 36
