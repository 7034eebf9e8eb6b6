"""Canonical units, conversion at the doors, and the vocabulary of quantities.

Inside the house every quantity has one unit, written in the name of the variable. Files and spacecraft
use others; they are converted once, where they come in, by the table below.

Sources: BIPM, The International System of Units, 9th edition (2019), and its conversion of the conventional
millimetre of mercury, 133.322387415 Pa (CODATA/NIST SP 811, table B.8).
"""

from __future__ import annotations

import re
from typing import NamedTuple

from telemus.errors import UnitError

PASCAL_PER_MMHG = 133.322387415  # NIST SP 811 (2008), appendix B.8
PASCAL_PER_CMH2O = 98.0665  # NIST SP 811 (2008), appendix B.8, conventional


class Unit(NamedTuple):
    """A unit: its dimension, and how a value becomes canonical: ``value * factor + offset``."""

    symbol: str
    dimension: str
    factor: float
    offset: float = 0.0


CANONICAL = {
    "pressure": "mmHg",
    "voltage": "mV",
    "temperature": "degC",
    "acceleration": "g",
    "illuminance": "lx",
    "time": "s",
    "frequency": "Hz",
    "length": "m",
    "rate": "bpm",
    "count": "1",
    "information": "kB",
}
"""The one unit of each dimension inside Telemus."""

_UNITS = (
    Unit("mmHg", "pressure", 1.0),
    Unit("Torr", "pressure", 101325.0 / 760.0 / PASCAL_PER_MMHG),
    Unit("Pa", "pressure", 1.0 / PASCAL_PER_MMHG),
    Unit("hPa", "pressure", 100.0 / PASCAL_PER_MMHG),
    Unit("mbar", "pressure", 100.0 / PASCAL_PER_MMHG),
    Unit("kPa", "pressure", 1000.0 / PASCAL_PER_MMHG),
    Unit("cmH2O", "pressure", PASCAL_PER_CMH2O / PASCAL_PER_MMHG),
    Unit("V", "voltage", 1000.0),
    Unit("mV", "voltage", 1.0),
    Unit("uV", "voltage", 1e-3),
    Unit("nV", "voltage", 1e-6),
    Unit("degC", "temperature", 1.0),
    Unit("K", "temperature", 1.0, -273.15),
    Unit("degF", "temperature", 5.0 / 9.0, -160.0 / 9.0),
    Unit("g", "acceleration", 1.0),
    Unit("m/s2", "acceleration", 1.0 / 9.80665),
    Unit("lx", "illuminance", 1.0),
    Unit("s", "time", 1.0),
    Unit("ms", "time", 1e-3),
    Unit("us", "time", 1e-6),
    Unit("min", "time", 60.0),
    Unit("h", "time", 3600.0),
    Unit("Hz", "frequency", 1.0),
    Unit("m", "length", 1.0),
    Unit("km", "length", 1000.0),
    Unit("bpm", "rate", 1.0),
    Unit("1", "count", 1.0),
    Unit("kB", "information", 1.0),
)
_BY_SYMBOL = {unit.symbol: unit for unit in _UNITS}
_SPELLINGS = {
    "mmhg": "mmHg", "torr": "Torr", "pa": "Pa", "hpa": "hPa", "mbar": "mbar", "kpa": "kPa", "cmh2o": "cmH2O",
    "v": "V", "volt": "V", "volts": "V", "mv": "mV", "millivolt": "mV", "millivolts": "mV", "uv": "uV", "µv": "uV",
    "μv": "uV", "microvolt": "uV", "microvolts": "uV", "nv": "nV",
    "degc": "degC", "°c": "degC", "c": "degC", "celsius": "degC", "k": "K", "kelvin": "K", "degf": "degF", "°f": "degF",
    "g": "g", "m/s2": "m/s2", "m/s^2": "m/s2", "m/s²": "m/s2", "lx": "lx", "lux": "lx",
    "s": "s", "sec": "s", "seconds": "s", "second": "s", "ms": "ms", "msec": "ms", "us": "us", "µs": "us", "min": "min",
    "h": "h", "hr": "h", "hz": "Hz", "m": "m", "km": "km", "bpm": "bpm", "/min": "bpm", "1": "1", "counts": "1",
    "count": "1", "kb": "kB",
}  # fmt: skip


def unit_of(symbol: str) -> Unit:
    """Return the unit that a symbol or a common spelling of it means.

    Raises UnitError with the units that are known.

    >>> unit_of("mm Hg").symbol, unit_of("µV").factor
    ('mmHg', 0.001)
    """
    stripped = re.sub(r"\s+", "", symbol)
    found = _BY_SYMBOL.get(stripped) or _BY_SYMBOL.get(_SPELLINGS.get(stripped.lower(), ""))
    if found is None:
        got = repr(symbol) if stripped else "no unit"
        raise UnitError(f"unit: got {got}, wanted one of {', '.join(_BY_SYMBOL)}")
    return found


def to_canonical(symbol: str, dimension: str) -> tuple[float, float]:
    """Return (factor, offset) that turn values in ``symbol`` into the canonical unit of ``dimension``.

    Raises UnitError where the unit is unknown or of another dimension.

    >>> factor, offset = to_canonical("kPa", "pressure")
    >>> round(16.0 * factor + offset, 3)  # 16 kPa [mmHg]
    120.01
    """
    unit = unit_of(symbol)
    if unit.dimension != dimension:
        raise UnitError(f"unit: got {symbol!r}, a unit of {unit.dimension}, wanted a unit of {dimension}")
    return unit.factor, unit.offset


class Quantity(NamedTuple):
    """A thing that is measured: its dimension and its meaning, in the vocabulary of the house."""

    dimension: str
    meaning: str


QUANTITIES = {
    "pressure_absolute": Quantity("pressure", "pressure at the tip of the sensor, against vacuum"),
    "pressure_barometric": Quantity("pressure", "pressure of the air around the subject, against vacuum"),
    "pressure_arterial": Quantity("pressure", "arterial pressure against the surrounding air (gauge)"),
    "ecg": Quantity("voltage", "electrocardiogram between two leads"),
    "temperature_body": Quantity("temperature", "temperature at the implant"),
    "temperature_ambient": Quantity("temperature", "temperature of the air"),
    "temperature_electronics": Quantity("temperature", "temperature of a circuit"),
    "activity": Quantity("count", "changes of received signal strength, counted over the sampling period"),
    "signal_strength": Quantity("count", "received strength of the radio signal, receiver's own scale"),
    "battery": Quantity("voltage", "voltage of a battery"),
    "supply": Quantity("voltage", "voltage of the supply"),
    "illuminance": Quantity("illuminance", "light"),
    "acceleration": Quantity("acceleration", "specific force along one axis"),
    "storage": Quantity("information", "memory in use"),
    "state": Quantity("count", "a state, a code or a counter"),
    "altitude": Quantity("length", "height above mean sea level"),
}
"""The quantities that a channel may declare."""


def quantity_of(name: str) -> Quantity:
    """Return the quantity of that name, or raise UnitError with the names that are known.

    >>> quantity_of("ecg").dimension
    'voltage'
    """
    if name not in QUANTITIES:
        raise UnitError(f"quantity: got {name!r}, wanted one of {', '.join(QUANTITIES)}")
    return QUANTITIES[name]
