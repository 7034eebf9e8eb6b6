"""Read XTCE (CCSDS 660.0-B-2), the XML language of telemetry definitions."""

from telemus.packets.xtce.model import (
    Comparison,
    Container,
    Definition,
    Encoding,
    Entry,
    Parameter,
    ParameterType,
    Reference,
)
from telemus.packets.xtce.reader import parse_definition, read_definition

__all__ = [
    "Comparison",
    "Container",
    "Definition",
    "Encoding",
    "Entry",
    "Parameter",
    "ParameterType",
    "Reference",
    "parse_definition",
    "read_definition",
]
