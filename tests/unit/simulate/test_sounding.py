"""The sounding against the printed tables of the standard atmosphere."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.simulate.sounding import altitude_m, standard_pressure_pa, standard_temperature_k

# ISO 2533:1975 and US Standard Atmosphere 1976, by geopotential height [m]: temperature [K], pressure [Pa]
TABLE = (
    (0, 288.15, 101325.0),
    (1000, 281.65, 89874.6),
    (5000, 255.65, 54019.9),
    (10000, 223.15, 26436.3),
    (11000, 216.65, 22632.1),
    (15000, 216.65, 12044.6),
    (20000, 216.65, 5474.89),
    (25000, 221.65, 2511.02),
    (30000, 226.65, 1171.87),
    (32000, 228.65, 868.019),
)


@pytest.mark.parametrize(("height_m", "kelvin", "pascal"), TABLE)
def test_printed_values(height_m: float, kelvin: float, pascal: float) -> None:
    assert standard_temperature_k(np.array([height_m]))[0] == pytest.approx(kelvin, abs=0.005)
    assert standard_pressure_pa(np.array([height_m]))[0] == pytest.approx(pascal, rel=2e-5)


def test_pressure_falls_without_a_step_at_the_layers() -> None:
    pressure = standard_pressure_pa(np.arange(0.0, 47_000.0, 1.0))
    assert (np.diff(pressure) < 0).all()
    assert np.abs(np.diff(np.log(pressure), n=2)).max() < 1e-5


def test_the_fall_is_fast_in_thin_air_and_ends_on_the_ground() -> None:
    height = altitude_m(np.arange(0.0, 12_000.0))
    assert height.max() == pytest.approx(30_000.0, abs=20.0)
    speed = -np.diff(height)
    assert 15.0 < speed[6001] < 20.0
    landed = int(np.argmax((height == 0.0) & (np.arange(12_000) > 6000)))
    assert speed[landed - 2] == pytest.approx(6.0, abs=0.1)
    assert (height[landed:] == 0.0).all()
