"""What is wanted: products, the page, and the metadata of the study."""

from __future__ import annotations

from pydantic import Field
from pydantic.dataclasses import dataclass

from telemus.mission.values import STRICT, Name, Positive, Scalar


@dataclass(frozen=True, config=STRICT)
class Wanted:
    """A product wanted by name, with parameters that differ from its defaults, and why."""

    name: Name
    parameters: dict[str, Scalar] = Field(default_factory=dict)
    why: str = ""


@dataclass(frozen=True, config=STRICT)
class Panel:
    """One trend that the page shows: a column of a windowed product, with its label and unit."""

    product: str
    column: str
    title: str
    unit: str


@dataclass(frozen=True, config=STRICT)
class Displays:
    """What the page shows: trends, phases looked at closely, and the length of waveform in the zoom [s]."""

    panel: tuple[Panel, ...]
    transitions: tuple[str, ...] = ()
    zoom_s: Positive = 3.0
    zoom_channels: tuple[str, ...] = ()


@dataclass(frozen=True, config=STRICT)
class Person:
    """Somebody to ask."""

    name: str
    role: str
    organisation: str = ""


@dataclass(frozen=True, config=STRICT)
class Study:
    """Study metadata for publication."""

    identifier: str
    title: str
    description: str
    organisations: tuple[str, ...]
    people: tuple[Person, ...] = ()
    licence: str = ""
    protocol: str = ""
    references: tuple[str, ...] = ()
    notice: str = ""
