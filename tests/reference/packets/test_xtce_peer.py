"""The same definitions and random packets through space_packet_parser: encodings, text, labels, calibrators, times."""

from __future__ import annotations

import io
import warnings
from typing import Any

import numpy as np
import pytest

from telemus.packets import decode_bytes, parse_definition

HEADER = (
    ("VERSION", 3),
    ("TYPE", 1),
    ("SEC_HDR_FLG", 1),
    ("PKT_APID", 11),
    ("SEQ_FLGS", 2),
    ("SRC_SEQ_CTR", 14),
    ("PKT_LEN", 16),
)


def point(raw: float, value: float) -> str:
    return f'<xtce:SplinePoint raw="{raw}" calibrated="{value}"/>'


def integer(bits: int, attributes: str = "", inside: str = "") -> str:
    return f"""<xtce:IntegerParameterType name="T"><xtce:UnitSet/><xtce:IntegerDataEncoding sizeInBits="{bits}"
{attributes}>{inside}</xtce:IntegerDataEncoding></xtce:IntegerParameterType>"""


def real(bits: int, attributes: str = "") -> str:
    return f"""<xtce:FloatParameterType name="T"><xtce:UnitSet/><xtce:FloatDataEncoding sizeInBits="{bits}"
{attributes}/></xtce:FloatParameterType>"""


def calibrated(calibrator: str) -> str:
    return integer(8, 'encoding="unsigned"', f"<xtce:DefaultCalibrator>{calibrator}</xtce:DefaultCalibrator>").replace(
        "IntegerParameterType", "FloatParameterType"
    )


def text(charset: str, size: str) -> str:
    return f"""<xtce:StringParameterType name="T"><xtce:UnitSet/><xtce:StringDataEncoding encoding="{charset}">{size}
</xtce:StringDataEncoding></xtce:StringParameterType>"""


POINTS = point(0, 1) + point(100, 5) + point(300, -9)
CURVE = """<xtce:PolynomialCalibrator><xtce:Term coefficient="0.5" exponent="2"/>
<xtce:Term coefficient="-3" exponent="0"/></xtce:PolynomialCalibrator>"""
CONTEXT = f"""<xtce:DefaultCalibrator>{CURVE}</xtce:DefaultCalibrator><xtce:ContextCalibratorList>
<xtce:ContextCalibrator><xtce:ContextMatch><xtce:Comparison parameterRef="LEAD" comparisonOperator="&gt;" value="7"
useCalibratedValue="false"/></xtce:ContextMatch><xtce:Calibrator><xtce:PolynomialCalibrator>
<xtce:Term coefficient="7" exponent="1"/></xtce:PolynomialCalibrator></xtce:Calibrator></xtce:ContextCalibrator>
</xtce:ContextCalibratorList>"""
FIXED = "<xtce:SizeInBits><xtce:Fixed><xtce:FixedValue>64</xtce:FixedValue></xtce:Fixed></xtce:SizeInBits>"
TYPES = {
    **{f"unsigned {bits}": integer(bits) for bits in (1, 7, 12, 33, 64)},
    **{f"signed {bits}": integer(bits, 'encoding="twosComplement"') for bits in (2, 12, 31, 64)},
    "little endian": integer(32, 'byteOrder="leastSignificantByteFirst"'),
    **{f"float {bits}": real(bits) for bits in (16, 32, 64)},
    "little endian float": real(64, 'byteOrder="leastSignificantByteFirst"'),
    "MIL-STD-1750A": real(32, 'encoding="MILSTD_1750A"'),
    "polynomial": calibrated(CURVE),
    "spline 0": calibrated(f'<xtce:SplineCalibrator order="0" extrapolate="true">{POINTS}</xtce:SplineCalibrator>'),
    "spline 1": calibrated(f'<xtce:SplineCalibrator order="1" extrapolate="true">{POINTS}</xtce:SplineCalibrator>'),
    "context": integer(8, "", CONTEXT).replace("IntegerParameterType", "FloatParameterType"),
    "text": text("ISO-8859-1", FIXED),
    "labels": """<xtce:EnumeratedParameterType name="T"><xtce:IntegerDataEncoding sizeInBits="2"/><xtce:EnumerationList>
<xtce:Enumeration value="0" label="A"/><xtce:Enumeration value="1" label="B"/><xtce:Enumeration value="2" label="C"/>
<xtce:Enumeration value="3" label="D"/></xtce:EnumerationList></xtce:EnumeratedParameterType>""",
    "time": """<xtce:AbsoluteTimeParameterType name="T"><xtce:Encoding units="seconds" scale="0.001" offset="5">
<xtce:IntegerDataEncoding sizeInBits="32"/></xtce:Encoding><xtce:ReferenceTime><xtce:Epoch>TAI</xtce:Epoch>
</xtce:ReferenceTime></xtce:AbsoluteTimeParameterType>""",
}


def definition(kind: str) -> bytes:
    types = "".join(integer(bits).replace('"T"', f'"U{bits}"') for bits in sorted({bits for _, bits in HEADER} | {4}))
    parameters = "".join(
        f'<xtce:Parameter name="{name}" parameterTypeRef="U{bits}"/>' for name, bits in (*HEADER, ("LEAD", 4))
    )
    names = [name for name, _ in HEADER] + ["LEAD", "X"]
    entries = "".join(f'<xtce:ParameterRefEntry parameterRef="{name}"/>' for name in names)
    return f"""<xtce:SpaceSystem name="S" xmlns:xtce="http://www.omg.org/spec/XTCE/20180204"><xtce:TelemetryMetaData>
<xtce:ParameterTypeSet>{types}{kind}</xtce:ParameterTypeSet><xtce:ParameterSet>{parameters}
<xtce:Parameter name="X" parameterTypeRef="T"/></xtce:ParameterSet><xtce:ContainerSet>
<xtce:SequenceContainer name="CCSDSPacket"><xtce:EntryList>{entries}</xtce:EntryList></xtce:SequenceContainer>
</xtce:ContainerSet></xtce:TelemetryMetaData></xtce:SpaceSystem>""".encode()


@pytest.mark.parametrize("name", TYPES)
def test_equal_to_space_packet_parser(name: str) -> None:
    import space_packet_parser

    random = np.random.default_rng(660)
    packets = [
        bytes([0, 1, 0xC0, count, 0, 9]) + random.integers(1, 256, 10, np.uint8).tobytes() for count in range(40)
    ]
    document = definition(TYPES[name])
    (ours,) = decode_bytes(b"".join(packets), parse_definition(document)).tables
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        reader = space_packet_parser.XtcePacketDefinition.from_xtce(io.BytesIO(document))
        theirs = [reader.parse_bytes(packet, root_container_name="CCSDSPacket")["X"] for packet in packets]
    told: Any = ours.calibrated("X")
    for got, wanted in zip(told.tolist(), theirs, strict=True):
        if isinstance(got, str):
            assert got == str(wanted)
        else:
            np.testing.assert_allclose(got, float(wanted), rtol=1e-12)
