"""telemus decode --alarms: the events of a recording in a table beside the others, whatever blocks it comes in."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest

from telemus.packets import ALARMS, parse_definition, stream

DEFINITION = b"""<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet><IntegerParameterType name="H">
<IntegerDataEncoding sizeInBits="48"/></IntegerParameterType><IntegerParameterType name="T">
<IntegerDataEncoding sizeInBits="8"/><DefaultAlarm minViolations="2"><StaticAlarmRanges><WarningRange maxInclusive="9"/>
</StaticAlarmRanges></DefaultAlarm></IntegerParameterType></ParameterTypeSet><ParameterSet>
<Parameter name="H" parameterTypeRef="H"/><Parameter name="X" parameterTypeRef="T"/></ParameterSet><ContainerSet>
<SequenceContainer name="alarms"><EntryList><ParameterRefEntry parameterRef="H"/><ParameterRefEntry parameterRef="X"/>
</EntryList></SequenceContainer></ContainerSet></TelemetryMetaData></SpaceSystem>"""
VALUES = (1, 10, 10, 10, 1, 10, 1, 1, 1)
PACKETS = b"".join(bytes([0, 1, 0xC0, count, 0, 0, value]) for count, value in enumerate(VALUES))
EVENTS = [(2 * 7, "warning"), (7 * 7, "normal")]


@pytest.mark.parametrize("size", [1, 13, 1000])
def test_events_do_not_depend_on_the_blocks(size: int) -> None:
    blocks = [PACKETS[at : at + size] for at in range(0, len(PACKETS), size)]
    run = stream(blocks, parse_definition(DEFINITION), alarms=True)
    seen = [row for name, rows in run if name == ALARMS for row in rows.to_pylist()]
    assert [(row["packet_offset"], row["level"]) for row in seen] == EVENTS


def test_a_table_of_alarms_beside_one_of_a_container_of_that_name(telemus: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "packets.xml").write_bytes(DEFINITION)
    (tmp_path / "pass.bin").write_bytes(PACKETS)
    out = tmp_path / "tables"
    said = telemus("decode", tmp_path / "packets.xml", tmp_path / "pass.bin", "--out", out, "--alarms")
    assert said.code == 0, said.err
    tables = {path.name: pq.read_table(path) for path in out.glob("*.parquet")}
    assert sorted(table.num_rows for table in tables.values()) == [2, 9]
    events = next(table for table in tables.values() if "limit" in table.column_names)
    assert [(row["packet_offset"], row["level"]) for row in events.to_pylist()] == EVENTS
    assert events["limit"].to_pylist() == ["outside [-inf, 9]", ""]
    other = next(table for table in tables.values() if "limit" not in table.column_names)
    digest = other.schema.metadata[b"definition_sha256"].decode()
    assert set(events["definition_sha256"].to_pylist()) == {digest}


def test_no_change_of_level_gives_an_empty_table(telemus: Callable[..., Any], tmp_path: Path) -> None:
    (tmp_path / "packets.xml").write_bytes(DEFINITION)
    (tmp_path / "pass.bin").write_bytes(PACKETS[:14])
    said = telemus(
        "decode", tmp_path / "packets.xml", tmp_path / "pass.bin", "--out", tmp_path / "out", "--alarms", "--json"
    )
    assert said.code == 0
    rows = sorted(pq.read_table(path).num_rows for path in (tmp_path / "out").glob("*.parquet"))
    assert rows == [0, 2]
