"""The implant as an instrument."""

from __future__ import annotations

import math

import numpy as np
import pytest

from telemus.errors import SignalError
from telemus.simulate.sensor import Converter, low_pass_sigma_s, quantise, recover


def test_the_low_pass_has_half_the_power_at_its_bandwidth() -> None:
    sigma_s = low_pass_sigma_s(145.0)
    t = np.arange(-0.02, 0.02, 1e-6)
    response = np.sum(np.exp(-0.5 * (t / sigma_s) ** 2) * np.exp(-2j * np.pi * 145.0 * t))
    assert abs(response / np.sum(np.exp(-0.5 * (t / sigma_s) ** 2))) ** 2 == pytest.approx(0.5, abs=1e-6)


def test_no_bandwidth_is_no_filter() -> None:
    assert low_pass_sigma_s(math.inf) == 0.0


def test_counts_come_back_within_half_a_step() -> None:
    converter = Converter(gain=0.02, offset=-50.0)
    values = np.linspace(-50.0, 400.0, 1001)
    assert np.abs(recover(quantise(values, converter), converter) - values).max() <= 0.01 + 1e-12


@pytest.mark.parametrize(("signed", "rails"), [(False, [0, 4095]), (True, [-2048, 2047])])
def test_what_exceeds_the_rails_stays_at_them(signed: bool, rails: list[int]) -> None:
    converter = Converter(gain=0.1, bits=12, signed=signed)
    assert quantise(np.array([-1e6, 1e6]), converter).tolist() == rails
    assert quantise(np.array([np.nan]), converter).tolist() == rails[:1]


def test_a_converter_without_gain_is_refused() -> None:
    with pytest.raises(SignalError, match="gain"):
        quantise(np.zeros(1), Converter(gain=0.0))
