"""Random octets in every container of every definition of others: no exception, whole rows or none."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from telemus.errors import DefinitionError
from telemus.packets import DecodedTable, PacketTable, compile_plan, read_definition, to_arrow
from telemus.packets.alarms import alarm_levels
from telemus.packets.extract import read_rows

PACKETS = 20
FILES = [
    "bogussat/BogusSAT-2.xml",
    "xtce/yamcs-core-test/BogusSAT-2.xml",
    "xtce/yamcs-core-test/BogusSAT-1.xml",
    "xtce/yamcs-core-test/strings-tm.xml",
    "xtce/yamcs-core-test/array-tm.xml",
    "xtce/yamcs-core-test/VariableBinary.xml",
    "xtce/yamcs-core-test/ref-xtce.xml",
    "xtce/yamcs-core-test/booleans.xml",
    "xtce/xtcetools/Diagnostic_Log_Packets.xml",
    "xtce/pymdb/csp.xml",
    "suda/suda_combined_science_definition.xml",
]


@pytest.mark.parametrize("zeros", [0, 2], ids=["dense", "sparse"])
@pytest.mark.parametrize("name", FILES)
def test_random_packets(shared_data: Path, name: str, zeros: int) -> None:
    random = np.random.default_rng(zeros)
    try:
        definition = read_definition(shared_data / "packets" / name)
    except DefinitionError as error:
        pytest.fail(str(error))
    for container in definition.containers:
        plan = compile_plan(definition, container).root
        if plan.undecodable:
            continue
        lengths = random.integers(7, 600, PACKETS).astype(np.int32)
        buffer = random.integers(0, 256, int(lengths.sum()), dtype=np.uint8)
        for _ in range(zeros):
            buffer &= random.integers(0, 256, buffer.size, dtype=np.uint8)
        none = np.zeros(PACKETS, np.uint16)
        offset = np.concatenate([[0], np.cumsum(lengths)[:-1]]).astype(np.int64)
        table = PacketTable(offset, lengths, none, none, none.astype(np.uint8))
        fits, columns = read_rows(plan, buffer, table)
        if not fits.any():
            continue
        table = table.take(fits)
        good = np.ones(table.size, np.bool_)
        decoded = DecodedTable(
            plan.name, plan, columns, table.offset, table.length, table.apid, table.sequence_count, good, good, None
        )
        assert to_arrow(decoded).num_rows == table.size
        for field in plan.fields:
            alarm_levels(field, columns, plan.field_of)
