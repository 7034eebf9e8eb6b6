"""Packets of one container, written by hand, through the reader and the decoder."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from telemus.packets import DecodedTable, decode_bytes, parse_definition

TYPES = """
<BinaryParameterType name="H"><BinaryDataEncoding><SizeInBits><FixedValue>48</FixedValue></SizeInBits>
</BinaryDataEncoding></BinaryParameterType>
<IntegerParameterType name="U4"><IntegerDataEncoding sizeInBits="4"/></IntegerParameterType>
<IntegerParameterType name="U8"><IntegerDataEncoding sizeInBits="8"/></IntegerParameterType>
<IntegerParameterType name="U16"><IntegerDataEncoding sizeInBits="16"/></IntegerParameterType>
<IntegerParameterType name="I16"><IntegerDataEncoding sizeInBits="16" encoding="twosComplement"/></IntegerParameterType>
<FloatParameterType name="F32"><FloatDataEncoding sizeInBits="32"/></FloatParameterType>
"""


def definition_of(entries: str, declared: str, types: str, sets: str, more: str) -> bytes:
    return f"""<SpaceSystem name="S" xmlns="http://www.omg.org/spec/XTCE/20250214"><TelemetryMetaData>
<ParameterTypeSet>{TYPES}{types}</ParameterTypeSet><ParameterSet><Parameter name="H" parameterTypeRef="H"/>{declared}
</ParameterSet><ContainerSet><SequenceContainer name="C"><EntryList><ParameterRefEntry parameterRef="H"/>{entries}
</EntryList></SequenceContainer>{more}</ContainerSet>{sets}</TelemetryMetaData></SpaceSystem>""".encode()


@pytest.fixture
def decode() -> Callable[..., DecodedTable]:
    """Decode packets of the container C, whose data fields are given in hexadecimal behind their header H.

    ``parameters`` name their types; a name of an entry alone stands for a plain reference to it. ``reported`` is how
    many elements the definition may have that are not acted on.
    """

    def run(
        parameters: dict[str, str],
        entries: str,
        *bodies: str,
        types: str = "",
        declared: str = "",
        sets: str = "",
        more: str = "",
        reported: int = 0,
    ) -> DecodedTable:
        for name, kind in parameters.items():
            declared += f'<Parameter name="{name}" parameterTypeRef="{kind}"/>'
        if not entries.startswith("<"):
            entries = "".join(f'<ParameterRefEntry parameterRef="{name}"/>' for name in entries.split())
        definition = parse_definition(definition_of(entries, declared, types, sets, more))
        assert len(definition.unsupported) == reported, definition.unsupported
        octets = b""
        for count, body in enumerate(bodies):
            data = bytes.fromhex(body)
            octets += bytes([0, 1, 0xC0, count, 0, len(data) - 1]) + data
        finish = decode_bytes(octets, definition)
        assert finish.tables, finish.account
        return finish.tables[0]

    return run
