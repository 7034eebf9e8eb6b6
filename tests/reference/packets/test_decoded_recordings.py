"""Every recording through ``telemus decode``: packets, bytes kept and rejected, as the page of recordings says.

And for every definition that was not made for a file, either tables or a precise message.
"""

from __future__ import annotations

import csv
import json
import re
import warnings
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import pytest

from telemus import cli
from telemus.archive import read_table

SUOMI = "--frames aos --frame-bytes 892 --randomised short --rs 223 --interleave 4"


class Recording(NamedTuple):
    """A file, its definition, options, and what the account must say."""

    file: str
    definition: str
    options: str
    packets: int
    kept_bytes: int
    rejected_bytes: int
    tables: dict[str, int]


RECORDINGS = [
    Recording(
        "jpss/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1",
        "jpss/jpss1_geolocation_xtce_v1.xml",
        "",
        7200,
        511_200,
        0,
        {"JPSS_ATT_EPHEM": 7200},
    ),
    Recording(
        "jpss/J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1",
        "jpss/contrived_inheritance_structure.xml",
        "",
        7200,
        511_200,
        0,
        {"JPSS_ATT_EPHEM": 7200},
    ),
    Recording(
        "suda/sciData_2022_130_17_41_53.spl",
        "suda/suda_combined_science_definition.xml",
        "--prefix-bytes 4",
        13,
        36_724,
        0,
        {"SciFetchTypeNonZero": 12, "SciFetchTypeZero": 1},
    ),
    Recording(
        "swapi/l0_data/imap_swapi_l0_raw_20240924_v001.pkts",
        "swapi/swapi_packet_definition.xml",
        "",
        463,
        16_006,
        0,
        {"CCSDSPacket": 140, "P_SWP_AUT": 153, "P_SWP_HK": 17, "P_SWP_SCI": 153},
    ),
    Recording(
        "mag/mag_l0_test_data.pkts",
        "mag/MAG_SCI_COMBINED.xml",
        "",
        36,
        38_608,
        0,
        {"P_MAG_SCI_BURST": 19, "P_MAG_SCI_NORM": 17},
    ),
    Recording(
        "bogussat/Container-UniquePackets.bin",
        "bogussat/BogusSAT-2.xml",
        "--root CCSDSPacket",
        6,
        143,
        0,
        {
            "CCSDS_SpacePacket1": 1,
            "CCSDS_SpacePacket3": 1,
            "ECSS_Service_1_Subservice_1": 1,
            "ECSS_Service_1_Subservice_2": 1,
            "ECSS_SpacePacket2": 2,
        },
    ),
    Recording(
        "bogussat/Container-10000Packets.bin",
        "bogussat/BogusSAT-2.xml",
        "--root CCSDSPacket",
        30_003,
        650_078,
        0,
        {
            "CCSDS_SpacePacket1": 1,
            "CCSDS_SpacePacket3": 1,
            "ECSS_Service_1_Subservice_1": 10_000,
            "ECSS_Service_1_Subservice_2": 1,
            "ECSS_SpacePacket2": 20_000,
        },
    ),
    Recording("snpp_cadus/snpp_synchronized_cadus.dat", "", SUOMI, 12, 53_098, 0, {"Packet": 12}),
    Recording("snpp_cadus/snpp_7cadus_2vcids.dat", "", SUOMI, 1, 1862, 0, {"Packet": 1}),
    Recording(
        "hypersat/apid001/SSAT1_2015-180-00-00-00_2015-180-01-59-58_1_1_sim.tlm",
        "csv",
        "",
        1448,
        73_848,
        0,
        {"Packet": 1448},
    ),
    Recording(
        "hypersat/apid010/SSAT1_2015-180-00-00-00_2015-180-00-59-59_10_1_sim.tlm",
        "csv",
        "",
        3513,
        179_163,
        0,
        {"Packet": 3513},
    ),
    Recording(
        "hypersat/apid035/SSAT1_2015-180-00-00-00_2015-180-01-59-59_35_1_sim.tlm",
        "csv",
        "",
        7200,
        367_200,
        0,
        {"Packet": 7200},
    ),
]


def generic_definition(fields: list[tuple[str, int, int, bool]]) -> str:
    """Return XTCE of the primary header and of unsigned or signed fields (name, first bit, bits, signed)."""
    head = [
        ("VERSION", 0, 3),
        ("TYPE", 3, 1),
        ("SECONDARY", 4, 1),
        ("APID", 5, 11),
        ("FLAGS", 16, 2),
        ("COUNT", 18, 14),
    ]
    every = [(*one, False) for one in [*head, ("LENGTH", 32, 16)]] + fields
    types = "".join(
        f'<IntegerParameterType name="T{name}"><IntegerDataEncoding sizeInBits="{bits}" '
        f'encoding="{"twosComplement" if signed else "unsigned"}"/></IntegerParameterType>'
        for name, _, bits, signed in every
    )
    parameters = "".join(f'<Parameter name="{name}" parameterTypeRef="T{name}"/>' for name, *_ in every)
    entries = "".join(
        f'<ParameterRefEntry parameterRef="{name}"><LocationInContainerInBits referenceLocation="containerStart">'
        f"<FixedValue>{bit}</FixedValue></LocationInContainerInBits></ParameterRefEntry>"
        for name, bit, _, _ in every
    )
    return (
        '<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="S"><TelemetryMetaData><ParameterTypeSet>'
        f"{types}</ParameterTypeSet><ParameterSet>{parameters}</ParameterSet><ContainerSet><SequenceContainer "
        f'name="Packet"><EntryList>{entries}</EntryList></SequenceContainer></ContainerSet></TelemetryMetaData>'
        "</SpaceSystem>"
    )


def csv_fields(path: Path) -> list[tuple[str, int, int, bool]]:
    """Return the fields of a CSV definition, whose bits count from the end of the primary header."""
    with path.open(newline="") as file:
        return [
            (line["name"], 48 + int(line["bit_offset"]), int(line["bit_length"]), line["data_type"] == "int")
            for line in csv.DictReader(file)
        ]


def run(capsys: pytest.CaptureFixture[str], *arguments: object) -> tuple[int, str, str]:
    """Run ``telemus decode`` and return exit code, standard output and standard error."""
    capsys.readouterr()
    with pytest.raises(SystemExit) as left:
        cli.main(["decode", *map(str, arguments)])
    told = capsys.readouterr()
    return int(left.value.code or 0), told.out, told.err


def decoded(capsys: pytest.CaptureFixture[str], folder: Path, out: Path, one: Recording) -> dict[str, Any]:
    definition = folder / one.definition
    if one.definition in ("", "csv"):
        fields = csv_fields((folder / one.file).parent / "defs.csv") if one.definition else []
        definition = out / "definition.xml"
        definition.write_text(generic_definition(fields), encoding="utf-8")
    code, text, error = run(
        capsys, definition, folder / one.file, "--out", out / "tables", "--json", *one.options.split()
    )
    assert code == 0, error
    told: dict[str, Any] = json.loads(text)
    return told


@pytest.mark.parametrize("one", RECORDINGS, ids=lambda one: f"{one.file}-{one.definition}")
def test_recording(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], one: Recording) -> None:
    told = decoded(capsys, shared_data / "packets", tmp_path, one)
    account = told["account"]
    octets = account["packets"]["bytes"]
    assert sum(apid["packets"] for apid in account["packets"]["apids"].values()) == one.packets
    assert (octets["packets"], octets["rejected"]) == (one.kept_bytes, one.rejected_bytes)
    assert {name: table["rows"] for name, table in account["tables"].items()} == one.tables
    for table in account["tables"].values():
        assert read_table(tmp_path / "tables" / table["file"]).num_rows == table["rows"]


def test_the_page_has_every_recording() -> None:
    page = (Path(__file__).resolve().parents[3] / "docs" / "explanation" / "decoded-recordings.md").read_text("utf-8")
    for one in RECORDINGS:
        definition = {"": "primary header only", "csv": "from its `defs.csv`"}.get(one.definition, one.definition)
        numbers = f"{one.packets:,} | {one.kept_bytes:,} | {one.rejected_bytes:,}"
        row = f"| {one.file} | {definition} | {f'`{one.options}`' if one.options else 'none'} | {numbers} |"
        assert row.replace(",", " ") in page.replace(",", " "), row


def test_suomi_npp_has_one_gap(shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (one,) = [one for one in RECORDINGS if "synchronized" in one.file]
    account = decoded(capsys, shared_data / "packets", tmp_path, one)["account"]
    assert {apid: one["packets"] for apid, one in account["packets"]["apids"].items()} == {"802": 1, "803": 11}
    (channel,) = account["frames"]["channels"]
    assert (channel["channel"], channel["frames"], channel["missing"], len(channel["gaps"])) == (16, 65, 1, 1)
    table = read_table(tmp_path / "tables" / "Packet.parquet")
    assert set(table["virtual_channel"].to_pylist()) == {16}
    assert sorted(table["APID"].to_pylist()) == [802] + 11 * [803]


@pytest.mark.parametrize("name", ["apid001", "apid010", "apid035"])
def test_hypersat_equals_another_decoder(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import ccsdspy

    (one,) = [one for one in RECORDINGS if f"/{name}/" in one.file]
    folder = shared_data / "packets"
    decoded(capsys, folder, tmp_path, one)
    ours = read_table(tmp_path / "tables" / "Packet.parquet")
    fields = csv_fields((folder / one.file).parent / "defs.csv")
    layout = [
        ccsdspy.PacketField(name=field, data_type="int" if signed else "uint", bit_length=bits, bit_offset=bit)
        for field, bit, bits, signed in fields
    ]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        theirs = ccsdspy.FixedLength(layout).load(str(folder / one.file))
    assert fields
    for field, *_ in fields:
        np.testing.assert_array_equal(ours[field].to_numpy(), theirs[field], err_msg=field)


def definitions() -> list[str]:
    """Return every definition beside this repository; none where the recordings are absent."""
    folder = Path(__file__).resolve().parents[3] / ".." / "shared" / "data" / "packets"
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*.xml"))


@pytest.mark.parametrize("name", definitions())
def test_any_definition_gives_tables_or_a_precise_message(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    """Each definition is given the first JPSS packets, which but two were not made for."""
    file = tmp_path / "jpss.bin"
    whole = shared_data / "packets" / "jpss" / "J01_G011_LZ_2021-04-09T00-00-00Z_V01.DAT1"
    file.write_bytes(whole.read_bytes()[: 71 * 50])
    code, _, error = run(capsys, shared_data / "packets" / name, file, "--out", tmp_path / "tables")
    made = list((tmp_path / "tables").glob("*.parquet"))
    assert (code, bool(made)) in ((0, True), (3, False), (4, False)), error
    if code:
        assert re.search(r"got .*, wanted ", error), error
    elif not name.startswith("jpss"):
        assert "longer than the definition says" in error or read_table(made[0]).num_rows == 50


@pytest.mark.parametrize("name", ["byte_order/byteorder_1234.bin", "bogussat/Container-Proc_1_Cfg_Table.bin"])
def test_records_that_are_no_space_packets_are_told(
    shared_data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    folder = shared_data / "packets"
    code, _, error = run(capsys, folder / "bogussat" / "BogusSAT-2.xml", folder / name, "--out", tmp_path)
    assert code == 4
    assert "nothing is a packet of the definition, wanted packets of APID 1, 2, 3" in error
