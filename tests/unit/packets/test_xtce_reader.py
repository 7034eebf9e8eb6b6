"""XTCE: what a definition says, and everything that can be wrong with one."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemus.errors import DefinitionError
from telemus.packets import compile_plan, parse_definition, read_definition
from telemus.packets.xtce import Reference

DEFINITION = Path(__file__).with_name("recorder.xml")


def system(types: str = "", parameters: str = "", containers: str = "", more: str = "") -> bytes:
    return f"""<?xml version="1.0"?>
<SpaceSystem xmlns="http://www.omg.org/spec/XTCE/20180204" name="A"><TelemetryMetaData>
<ParameterTypeSet>{types}</ParameterTypeSet>
<ParameterSet>{parameters}</ParameterSet>
<ContainerSet>{containers}</ContainerSet>
</TelemetryMetaData>{more}</SpaceSystem>""".encode()


U8 = '<IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>'


def test_reads_types() -> None:
    definition = read_definition(DEFINITION)
    assert definition.unsupported == ()
    kinds = {one.short_name: one.type for one in definition.parameters.values()}
    assert kinds["TEMPERATURE"].calibration == (-10.0, 0.01)
    assert kinds["TEMPERATURE"].unit == "degC"
    assert kinds["MODE"].labels == {0: "OFF", 1: "ON"}
    assert kinds["LAMP"].labels == {0: "NO", 1: "YES"}
    assert kinds["WAVE"].dimensions == (100,)
    assert kinds["MATRIX"].dimensions == (3, 4)
    assert kinds["BURST"].dimensions == (Reference("BURST_COUNT", 1.0, 0.0),)
    assert [name for name, _ in kinds["PAIR"].members] == ["left", "right"]
    assert kinds["PEC"].encoding is not None
    assert kinds["PEC"].encoding.is_checksum


def test_plan_of_a_container() -> None:
    plan = compile_plan(read_definition(DEFINITION))
    sealed = plan.containers["SealedWaveform"]
    assert (sealed.apid, sealed.fixed_bytes, sealed.has_checksum) == (49, 214, True)
    assert plan.containers["Waveform"].has_checksum is False
    assert plan.containers["Bursts"].fixed_bytes is None
    assert plan.containers["Bursts"].shortest_bytes == 15
    assert plan.rules[49] == (214, 214, True)
    assert plan.rules[48] == (212, 65542, False)
    assert plan.apids == {48: ("Waveform",), 49: ("SealedWaveform",), 50: ("Mixture",), 51: ("Bursts",)}
    with pytest.raises(KeyError, match="wanted one of"):
        sealed.field("NOTHING")


def test_all_faults_at_once_with_lines() -> None:
    text = system(
        types=U8
        + '\n<IntegerParameterType name="Bad"><IntegerDataEncoding sizeInBits="many"/></IntegerParameterType>'
        + '\n<ArrayParameterType name="Gone" arrayTypeRef="Nowhere"><DimensionList/></ArrayParameterType>',
        parameters='<Parameter name="P" parameterTypeRef="U9"/>\n<Parameter name="Q" parameterTypeRef="U8"/>'
        + '\n<Parameter name="Q" parameterTypeRef="U8"/>',
        containers='<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="R"/>'
        + '<ParameterRefEntry parameterRef="P"/></EntryList>\n<BaseContainer containerRef="D"/></SequenceContainer>',
    )
    with pytest.raises(DefinitionError) as caught:
        parse_definition(text, "some.xml")
    lines = [str(fault) for fault in caught.value.faults]
    assert len(lines) == 6
    for part in ("line 4", "'many'", "'Nowhere'", "'U9'", "second time", "parameter 'R'", "container 'D'"):
        assert any(part in line for line in lines), part
    assert all(line.startswith("some.xml, line ") for line in lines)


@pytest.mark.parametrize(
    ("types", "containers"),
    [
        ('<IntegerParameterType name="A" baseType="A"/>', ""),
        ('<IntegerParameterType name="A" baseType="B"/><IntegerParameterType name="B" baseType="A"/>', ""),
        ("", '<SequenceContainer name="C"><EntryList/><BaseContainer containerRef="C"/></SequenceContainer>'),
        (
            "",
            '<SequenceContainer name="C"><EntryList><ContainerRefEntry containerRef="D"/></EntryList>'
            "</SequenceContainer>"
            '<SequenceContainer name="D"><EntryList/><BaseContainer containerRef="C"/></SequenceContainer>',
        ),
    ],
)
def test_cycles_are_faults(types: str, containers: str) -> None:
    with pytest.raises(DefinitionError, match="a chain with an end"):
        parse_definition(system(types, "", containers))


def test_unsupported_is_reported_not_dropped_and_stops_only_its_container() -> None:
    text = system(
        types=U8 + '<FloatParameterType name="Old"><FloatDataEncoding sizeInBits="32" encoding="Cray"/>'
        "</FloatParameterType>",
        parameters='<Parameter name="P" parameterTypeRef="U8"/><Parameter name="O" parameterTypeRef="Old"/>',
        containers="""<SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="P"/>
<ParameterRefEntry parameterRef="O"/></EntryList></SequenceContainer>
<SequenceContainer name="D"><EntryList><ParameterRefEntry parameterRef="P"/></EntryList></SequenceContainer>""",
        more="<ServiceSet/>",
    )
    definition = parse_definition(text, "some.xml")
    assert [fault.got for fault in definition.unsupported] == ["services", "float encoding Cray"]
    assert "line 3" in definition.unsupported[1].where
    assert "Cray" in compile_plan(definition, "C").root.undecodable
    assert compile_plan(definition, "D").root.undecodable == ""


def test_names_resolve_inwards_then_outwards_and_by_path() -> None:
    inner = """<SpaceSystem name="B"><TelemetryMetaData><ParameterTypeSet/>
<ParameterSet><Parameter name="P" parameterTypeRef="U8"/><Parameter name="Q" parameterTypeRef="/A/U8"/></ParameterSet>
<ContainerSet><SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="P"/>
<ParameterRefEntry parameterRef="../P"/><ParameterRefEntry parameterRef="/A/B/Q"/></EntryList></SequenceContainer>
</ContainerSet></TelemetryMetaData></SpaceSystem>"""
    definition = parse_definition(system(U8, '<Parameter name="P" parameterTypeRef="U8"/>', "", inner))
    entries = definition.containers["/A/B/C"].entries
    assert [one.parameter for one in entries] == ["/A/B/P", "/A/P", "/A/B/Q"]
    names = [one.name for one in compile_plan(definition).root.fields]
    assert names == ["P", "P#2", "Q"]


def test_root_that_does_not_exist() -> None:
    with pytest.raises(DefinitionError, match="wanted one of Packet"):
        compile_plan(read_definition(DEFINITION), "Parcel")
    with pytest.raises(DefinitionError, match="no container without a base"):
        compile_plan(parse_definition(system()))


def test_no_space_system() -> None:
    with pytest.raises(DefinitionError, match="wanted SpaceSystem"):
        parse_definition(b"<html/>")


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(OSError, match="nothing"):
        read_definition(tmp_path / "nothing.xml")


@pytest.mark.parametrize("name", ["BogusSAT-1-Bad.xml", "UnitTest-BadForm.xml"])
def test_faulty_definitions_of_others(shared_data: Path, name: str) -> None:
    with pytest.raises(DefinitionError) as caught:
        read_definition(shared_data / "packets" / "xtce" / "xtcetools" / name)
    assert caught.value.faults


VALID = ["pymdb/ccsds.xml", "pymdb/csp.xml", "xtcetools/GovSat_2_0_1.xml", "yamcs-core-test/array-tm.xml"]


@pytest.mark.parametrize("name", VALID)
def test_definitions_of_others(shared_data: Path, name: str) -> None:
    definition = read_definition(shared_data / "packets" / "xtce" / name)
    assert definition.containers
    compile_plan(definition)
