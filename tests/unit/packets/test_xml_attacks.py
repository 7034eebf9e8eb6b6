"""XML that wants more than to be read is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from telemus.errors import DefinitionError
from telemus.packets import parse_definition, read_definition

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


def test_numbers_that_explode_are_faults_or_unsupported() -> None:
    types = "".join(
        f'<IntegerParameterType name="T{index}"><IntegerDataEncoding sizeInBits="{bits}"/></IntegerParameterType>'
        for index, bits in enumerate(["-1", "0", "1e9", "99999999999999999999", "0x"])
    )
    text = f'<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet>{types}</ParameterTypeSet></TelemetryMetaData></SpaceSystem>'
    with pytest.raises(DefinitionError) as caught:
        parse_definition(text.encode())
    assert len(caught.value.faults) == 4
