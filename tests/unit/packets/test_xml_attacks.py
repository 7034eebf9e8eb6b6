"""XML that wants more than to be read is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemus.errors import DefinitionError
from telemus.packets import compile_plan, parse_definition, read_definition

LAUGHS = b"""<?xml version="1.0"?><!DOCTYPE S [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;">
<!ENTITY c "&b;&b;&b;&b;&b;&b;&b;&b;&b;&b;">]><SpaceSystem name="&c;"/>"""


@pytest.mark.parametrize(
    "text",
    [
        LAUGHS,
        b'<!DOCTYPE S SYSTEM "http://localhost:1/x.dtd"><SpaceSystem name="S"/>',
        b'<!DOCTYPE SpaceSystem><SpaceSystem name="S"/>',
        LAUGHS.decode().encode("utf-16"),
        b'<!DOCTYPE S [<!ENTITY % p SYSTEM "file:///etc/passwd">%p;]><SpaceSystem name="S"/>',
    ],
)
def test_document_types_and_entities_are_refused(text: bytes) -> None:
    with pytest.raises(DefinitionError, match="document type"):
        parse_definition(text)


def test_external_entity_reads_no_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("swordfish")
    path = tmp_path / "d.xml"
    path.write_text(f'<!DOCTYPE S [<!ENTITY x SYSTEM "file://{secret}">]><SpaceSystem name="S">&x;</SpaceSystem>')
    with pytest.raises(DefinitionError) as caught:
        read_definition(path)
    assert "swordfish" not in str(caught.value)


def test_depth_is_bounded() -> None:
    deep = b"<a>" * 5000 + b"</a>" * 5000
    with pytest.raises(DefinitionError, match=r"nested deeper|no XML"):
        parse_definition(deep)
    nested = b'<SpaceSystem name="S">' * 100 + b"</SpaceSystem>" * 100
    with pytest.raises(DefinitionError, match="nested deeper than 64"):
        parse_definition(nested)


@pytest.mark.parametrize("text", [b"", b"\x00", b"not xml", b"<SpaceSystem", b"\xff\xfe\x00", b"PK\x03\x04"])
def test_no_xml_at_all(text: bytes) -> None:
    with pytest.raises(DefinitionError, match="well-formed XML"):
        parse_definition(text)


def only_types(types: str) -> bytes:
    sets = f"<TelemetryMetaData><ParameterTypeSet>{types}</ParameterTypeSet></TelemetryMetaData>"
    return f'<SpaceSystem name="S">{sets}</SpaceSystem>'.encode()


def test_numbers_that_explode_are_faults_or_unsupported() -> None:
    types = "".join(
        f'<IntegerParameterType name="T{index}"><IntegerDataEncoding sizeInBits="{bits}"/></IntegerParameterType>'
        for index, bits in enumerate(["-1", "0", "1e9", "99999999999999999999", "0x"])
    )
    with pytest.raises(DefinitionError) as caught:
        parse_definition(only_types(types))
    assert len(caught.value.faults) == 4


def doubling(levels: int, leaf: str) -> bytes:
    """Containers that each include the one below twice: 2**levels copies of the leaf."""
    containers = "".join(
        f'<SequenceContainer name="C{level}"><EntryList>'
        + f'<ContainerRefEntry containerRef="C{level + 1}"/>' * 2
        + "</EntryList></SequenceContainer>"
        for level in range(levels)
    )
    return f"""<SpaceSystem name="S"><TelemetryMetaData>
<ParameterTypeSet><IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
</ParameterTypeSet><ParameterSet><Parameter name="P" parameterTypeRef="U8"/></ParameterSet><ContainerSet>{containers}
<SequenceContainer name="C{levels}"><EntryList>{leaf}</EntryList></SequenceContainer></ContainerSet></TelemetryMetaData>
</SpaceSystem>""".encode()


@pytest.mark.parametrize("leaf", ["", '<ParameterRefEntry parameterRef="P"/>'])
def test_inclusion_that_doubles_is_bounded(leaf: str) -> None:
    plan = compile_plan(parse_definition(doubling(40, leaf)), "C0")
    assert "more than 100000" in plan.root.undecodable or "longest packet" in plan.root.undecodable


def test_aggregates_that_double_are_bounded() -> None:
    types = "".join(
        f'<AggregateParameterType name="T{level}"><MemberList><Member name="a" typeRef="T{level + 1}"/>'
        f'<Member name="b" typeRef="T{level + 1}"/></MemberList></AggregateParameterType>'
        for level in range(40)
    )
    text = doubling(0, '<ParameterRefEntry parameterRef="Q"/>').decode()
    text = text.replace("</ParameterTypeSet>", types + '<AggregateParameterType name="T40"/></ParameterTypeSet>')
    text = text.replace("</ParameterSet>", '<Parameter name="Q" parameterTypeRef="T0"/></ParameterSet>')
    assert "more than 100000" in compile_plan(parse_definition(text.encode())).root.undecodable


def test_long_chains_are_faults() -> None:
    containers = "".join(
        f'<SequenceContainer name="C{level}"><EntryList/><BaseContainer containerRef="C{level + 1}"/>'
        "</SequenceContainer>"
        for level in range(3000)
    )
    text = doubling(3000, "").decode()
    start, stop = text.index("<ContainerSet>"), text.index('<SequenceContainer name="C3000">')
    with pytest.raises(DefinitionError, match="a chain of more than 64 containers"):
        parse_definition((text[:start] + "<ContainerSet>" + containers + text[stop:]).encode())
    types = "".join(f'<IntegerParameterType name="T{level}" baseType="T{level + 1}"/>' for level in range(3000))
    with pytest.raises(DefinitionError, match="a chain of more than 64 types"):
        parse_definition(only_types(types))
