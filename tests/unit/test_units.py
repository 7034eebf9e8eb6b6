"""Units against their definitions, and the messages where there is none."""

from __future__ import annotations

import pytest

from telemus.errors import UnitError
from telemus.units import CANONICAL, QUANTITIES, quantity_of, to_canonical, unit_of


@pytest.mark.parametrize(
    ("value", "symbol", "dimension", "canonical"),
    [
        (101325.0, "Pa", "pressure", 760.0),  # standard atmosphere, within the conventional millimetre of mercury
        (1013.25, "hPa", "pressure", 760.0),
        (1013.25, "mbar", "pressure", 760.0),
        (101.325, "kPa", "pressure", 760.0),
        (760.0, "Torr", "pressure", 760.0),
        (1033.227, "cmH2O", "pressure", 760.0),
        (310.15, "K", "temperature", 37.0),
        (98.6, "degF", "temperature", 37.0),
        (9.80665, "m/s2", "acceleration", 1.0),
        (1500.0, "uV", "voltage", 1.5),
        (0.0015, "V", "voltage", 1.5),
        (2.0, "h", "time", 7200.0),
        (1.2, "km", "length", 1200.0),
    ],
)
def test_definitions(value: float, symbol: str, dimension: str, canonical: float) -> None:
    factor, offset = to_canonical(symbol, dimension)
    assert value * factor + offset == pytest.approx(canonical, rel=2e-6)


def test_each_canonical_unit_is_its_own() -> None:
    for dimension, symbol in CANONICAL.items():
        assert to_canonical(symbol, dimension) == (1.0, 0.0)


@pytest.mark.parametrize("spelling", ["mmHg", "mm Hg", "MMHG", " mmhg "])
def test_spellings(spelling: str) -> None:
    assert unit_of(spelling).symbol == "mmHg"


def test_case_tells_milli_from_nothing_else() -> None:
    assert unit_of("mV").factor == 1.0
    assert unit_of("V").factor == 1000.0
    assert unit_of("µV") == unit_of("μV") == unit_of("uV")


@pytest.mark.parametrize("symbol", ["", "  ", "bananas", "mmHg2"])
def test_an_unknown_unit_lists_the_known(symbol: str) -> None:
    with pytest.raises(UnitError, match=r"got .*, wanted one of mmHg, Torr"):
        unit_of(symbol)


def test_a_unit_of_another_dimension() -> None:
    with pytest.raises(UnitError, match="got 'mV', a unit of voltage, wanted a unit of pressure"):
        to_canonical("mV", "pressure")


def test_quantities() -> None:
    assert all(quantity.dimension in CANONICAL and quantity.meaning for quantity in QUANTITIES.values())
    with pytest.raises(UnitError, match="wanted one of pressure_absolute"):
        quantity_of("happiness")
