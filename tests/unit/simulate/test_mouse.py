"""The simulated mouse as a whole: the same animal whichever way its time is cut."""

from __future__ import annotations

import numpy as np
import pytest
from telemus.errors import SignalError
from telemus.simulate.mouse import ECG, PRESSURE, Mouse


def test_pieces_equal_the_whole_bit_for_bit() -> None:
    whole = Mouse(3).render(100.0, 60)
    mouse = Mouse(3)
    pieces = [mouse.render(start_s, count_s) for start_s, count_s in ((100.0, 1), (101.0, 30), (131.0, 29))]
    for name in (PRESSURE, ECG):
        assert np.array_equal(whole.signals[name], np.concatenate([piece.signals[name] for piece in pieces]))
    for name, value in whole.beats.items():
        offsets = (0.0, 1.0, 31.0)
        shift = offsets if name in ("r_s", "foot_s", "sensor_systole_s") else (0.0, 0.0, 0.0)
        if name.removeprefix("sensor_") in ("r_s", "foot_s", "diastole_s", "slope_s", "systole_s"):
            shift = offsets
        joined = np.concatenate([piece.beats[name] + s for piece, s in zip(pieces, shift, strict=True)])
        np.testing.assert_allclose(value, joined, rtol=0, atol=1e-9)


def test_another_seed_is_another_animal() -> None:
    assert not np.array_equal(Mouse(3).render(0.0, 1).signals[PRESSURE], Mouse(4).render(0.0, 1).signals[PRESSURE])


def test_an_unknown_quantity_is_refused() -> None:
    with pytest.raises(SignalError, match="pressure_venous"):
        Mouse(1, rates_hz={"pressure_venous": 500.0})
