"""Every definition of others: what loads, what is reported, what is faulty, and what cannot be decoded."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemus.errors import DefinitionError
from telemus.packets import compile_plan, parse_definition, read_definition

OUTCOMES = [
    # file below packets/, faults, elements reported, containers, containers that cannot be decoded
    ("bogussat/BogusSAT-1-Bad.xml", 6, 0, 0, 0),
    ("bogussat/BogusSAT-2.xml", 0, 8, 30, 0),
    ("bogussat/UnitTest-BadAttr.xml", 2, 0, 0, 0),
    ("bogussat/UnitTest-BadForm.xml", 1, 0, 0, 0),
    ("bogussat/UnitTest-Convert-DefNS.xml", 8, 0, 0, 0),
    ("bogussat/UnitTest-Convert-NS.xml", 8, 0, 0, 0),
    ("bogussat/UnitTests.xml", 0, 9, 0, 0),
    ("jpss/contrived_inheritance_structure.xml", 0, 0, 5, 0),
    ("jpss/jpss1_geolocation_xtce_v1.xml", 0, 0, 4, 0),
    ("mag/MAG_SCI_COMBINED.xml", 0, 1, 3, 0),
    ("suda/suda_combined_science_definition.xml", 0, 0, 9, 0),
    ("swapi/swapi_packet_definition.xml", 0, 3, 4, 0),
    ("xtce/pymdb/ccsds.xml", 0, 0, 1, 0),
    ("xtce/pymdb/csp.xml", 0, 0, 1, 0),
    ("xtce/xtce-workshop/arrays-1.2.xml", 2, 0, 0, 0),
    ("xtce/xtce-workshop/commands-1.2.xml", 0, 0, 0, 0),
    ("xtce/xtce-workshop/containers-1.2.xml", 0, 3, 5, 5),
    ("xtce/xtce-workshop/demo-mission-1.2.xml", 0, 1, 4, 0),
    ("xtce/xtce-workshop/messages-1.2.xml", 0, 1, 3, 3),
    ("xtce/xtce-workshop/minimal-1.2.xml", 0, 0, 0, 0),
    ("xtce/xtce-workshop/nested-1.2.xml", 0, 0, 0, 0),
    ("xtce/xtce-workshop/preservation-1.2.xml", 2, 0, 0, 0),
    ("xtce/xtce-workshop/telemetry-1.2.xml", 0, 0, 0, 0),
    ("xtce/xtce-workshop/telemetry-with-issues-1.2.xml", 0, 0, 0, 0),
    ("xtce/xtce-workshop/time-binary-1.2.xml", 0, 0, 0, 0),
    ("xtce/xtcetools/BogusSAT-1-Bad.xml", 6, 0, 0, 0),
    ("xtce/xtcetools/BogusSAT-1.xml", 6, 0, 0, 0),
    ("xtce/xtcetools/BogusSAT-2.xml", 0, 8, 30, 0),
    ("xtce/xtcetools/Diagnostic_Log_Packets.xml", 0, 1, 4, 0),
    ("xtce/xtcetools/GovSat_2_0_1.xml", 0, 3, 219, 1),
    ("xtce/xtcetools/UnitTest-BadAttr.xml", 2, 0, 0, 0),
    ("xtce/xtcetools/UnitTest-BadForm.xml", 1, 0, 0, 0),
    ("xtce/xtcetools/UnitTest-Convert-DefNS.xml", 8, 0, 0, 0),
    ("xtce/xtcetools/UnitTest-Convert-NS.xml", 8, 0, 0, 0),
    ("xtce/xtcetools/UnitTests.xml", 0, 9, 0, 0),
    ("xtce/yamcs-core-test/BogusSAT-1.xml", 0, 3, 4, 0),
    ("xtce/yamcs-core-test/BogusSAT-2.xml", 0, 6, 29, 0),
    ("xtce/yamcs-core-test/VariableBinary.xml", 0, 0, 1, 0),
    ("xtce/yamcs-core-test/a1.xml", 0, 0, 0, 0),
    ("xtce/yamcs-core-test/a2.xml", 0, 0, 0, 0),
    ("xtce/yamcs-core-test/array-arg.xml", 0, 0, 0, 0),
    ("xtce/yamcs-core-test/array-in-array-arg.xml", 0, 0, 0, 0),
    ("xtce/yamcs-core-test/array-tm.xml", 0, 0, 4, 0),
    ("xtce/yamcs-core-test/b.xml", 0, 0, 0, 0),
    ("xtce/yamcs-core-test/booleans.xml", 0, 0, 2, 0),
    ("xtce/yamcs-core-test/ccsds-green-book.xml", 0, 0, 3, 0),
    ("xtce/yamcs-core-test/container-entry.xml", 0, 0, 2, 0),
    ("xtce/yamcs-core-test/empty-match-criteria.xml", 0, 0, 2, 0),
    ("xtce/yamcs-core-test/enum-arg.xml", 0, 0, 0, 0),
    ("xtce/yamcs-core-test/ref-xtce.xml", 0, 5, 4, 0),
    ("xtce/yamcs-core-test/refsolver1.xml", 0, 1, 0, 0),
    ("xtce/yamcs-core-test/refsolver2.xml", 1, 0, 0, 0),
    ("xtce/yamcs-core-test/refsolver3.xml", 0, 0, 0, 0),
    ("xtce/yamcs-core-test/strings-cmd.xml", 0, 0, 0, 0),
    ("xtce/yamcs-core-test/strings-tm.xml", 0, 0, 6, 0),
    ("xtce/yamcs-core-test/test_float_add_js.xml", 0, 10, 0, 0),
    ("xtce/yamcs-xtce-test/BogusSAT-1.xml", 0, 3, 5, 0),
    ("xtce/yamcs-xtce-test/basetype.xml", 0, 0, 1, 0),
    ("xtce/yamcs-xtce-test/indirect-param.xml", 0, 0, 2, 0),
    ("xtce/yamcs-xtce-test/ipre-no-instance.xml", 1, 0, 0, 0),
    ("xtce/yamcs-xtce-test/ranges-test.xml", 0, 0, 1, 0),
    ("xtce/yamcs-xtce-test/to-string.xml", 0, 0, 0, 0),
]
"""Faults: BogusSAT-1-Bad, UnitTest-*, arrays-1.2 and xtcetools' BogusSAT-1 have deliberate ones (parameters that are
nowhere); preservation-1.2 and refsolver2 refer to other files; ipre-no-instance lacks an element."""


NAMESPACES = [
    "http://www.omg.org/space/xtce",
    "http://www.omg.org/spec/XTCE/20180204",
    "http://www.omg.org/spec/XTCE/20250214",
]
"""Of XTCE 1.1, 1.2 and 1.3."""


def test_the_table_has_every_file(shared_data: Path) -> None:
    folder = shared_data / "packets"
    found = {str(path.relative_to(folder)) for path in folder.rglob("*.xml")}
    assert found == {name for name, *_ in OUTCOMES}


@pytest.mark.parametrize(("name", "faults", "reported", "containers", "undecodable"), OUTCOMES, ids=str)
def test_outcome(shared_data: Path, name: str, faults: int, reported: int, containers: int, undecodable: int) -> None:
    path = shared_data / "packets" / name
    if faults:
        with pytest.raises(DefinitionError) as caught:
            read_definition(path)
        assert len(caught.value.faults) == faults
        assert all(fault.where and fault.got and fault.wanted for fault in caught.value.faults)
        return
    definition = read_definition(path)
    assert len(definition.unsupported) == reported
    assert all(", line " in fault.where for fault in definition.unsupported)
    assert len(definition.containers) == containers
    stopped = [one for one in definition.containers if compile_plan(definition, one).root.undecodable]
    assert len(stopped) == undecodable


@pytest.mark.parametrize("version", NAMESPACES)
@pytest.mark.parametrize("prefix", ["", "x:"])
def test_namespaces(version: str, prefix: str) -> None:
    binding = f'xmlns:x="{version}"' if prefix else f'xmlns="{version}"'
    text = f'<{prefix}SpaceSystem {binding} name="A"><{prefix}TelemetryMetaData/></{prefix}SpaceSystem>'
    assert parse_definition(text.encode()).name == "A"
