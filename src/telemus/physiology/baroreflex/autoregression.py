"""The closed loop of pressure and interval as an autoregressive pair, which tells the reflex from its feedback."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from telemus.errors import SignalError
from telemus.numerics import least_squares

ORDER = 10
FREQUENCIES = 64


class ClosedLoop(NamedTuple):
    """The open-loop gains in a band, from the two arms of an autoregressive model.

    ``reflex_ms_mmhg``: modulus of the mean transfer from systolic pressure to interval; ``reflex_phase_rad``: its
    phase, negative where the interval lags. ``mechanical_mmhg_ms``: from interval to systolic pressure. ``order``:
    beats looked back. ``beats``: beats whose whole past is known. NaN where these are under ten to a coefficient.
    """

    reflex_ms_mmhg: float
    reflex_phase_rad: float
    mechanical_mmhg_ms: float
    order: int
    beats: int


def closed_loop(
    sbp_mmhg: ArrayLike, interval_ms: ArrayLike, low_hz: float, high_hz: float, order: int = ORDER
) -> ClosedLoop:
    """Estimate both arms of the loop between systolic pressures and the intervals that follow them (n,), beat by beat.

    Two regressions by least squares: the interval on its own past and on this and past pressures, and the pressure on
    its own past and on past intervals; a beat counts only where its ``order`` past beats are all known, so a gap (NaN)
    is never bridged. The transfer of an arm is B(z) / (1 - A(z)) with A its own past, averaged over the band as a
    complex number; hertz are beats times the mean heart rate. Unlike the cross spectrum it does not mix the reflex with
    the effect of an interval on the next pressure (Barbieri et al. 2001, doi 10.1109/51.917722). Noise that enters both
    series at once, such as respiration, biases it in its own band.

    Raises SignalError where lengths differ or the band is not in order.
    """
    pressure, interval = np.asarray(sbp_mmhg, np.float64), np.asarray(interval_ms, np.float64)
    if pressure.ndim != 1 or pressure.shape != interval.shape:
        raise SignalError(f"closed_loop: got pressures {pressure.shape}, intervals {interval.shape}, wanted (n,) twice")
    if not 0 <= low_hz < high_hz or order < 1:
        raise SignalError(f"closed_loop: got {low_hz} to {high_hz} Hz, order {order}, wanted a band, and at least 1")
    n = len(pressure) - order
    past_p, past_t = (_past(one, order) if n > 0 else np.empty((0, order)) for one in (pressure, interval))
    now_p, now_t = pressure[order:, None], interval[order:, None]
    # one row for each beat: the interval's own past, this and past pressures; the pressure's, past intervals
    known = np.isfinite(np.hstack([past_p, past_t, now_p, now_t])).all(axis=1) if n > 0 else np.zeros(0, np.bool_)
    beats = int(known.sum())
    nan = float("nan")
    if beats < 10 * (2 * order + 2):
        return ClosedLoop(nan, nan, nan, order, beats)
    ones = np.ones((beats, 1))
    of_t = least_squares(np.hstack([ones, past_t[known], now_p[known], past_p[known]]), now_t[known, 0]).coefficients
    of_p = least_squares(np.hstack([ones, past_p[known], past_t[known]]), now_p[known, 0]).coefficients
    mean_s = float(np.mean(now_t[known])) / 1e3
    frequency = np.linspace(low_hz, min(high_hz, 0.5 / mean_s), FREQUENCIES)
    z = np.exp(-2j * np.pi * frequency * mean_s)
    reflex = complex(np.mean(_arm(of_t[1 : order + 1], of_t[order + 1 :], z, 0)))
    mechanical = complex(np.mean(_arm(of_p[1 : order + 1], of_p[order + 1 :], z, 1)))
    return ClosedLoop(abs(reflex), float(np.angle(reflex)), abs(mechanical), order, beats)


def _past(values: NDArray[np.float64], order: int) -> NDArray[np.float64]:
    """Return for each value from number ``order`` on the ``order`` before it, the nearest first (n - order, order)."""
    windows = np.lib.stride_tricks.sliding_window_view(values[:-1], order)
    return np.asarray(windows[:, ::-1], np.float64)


def _arm(
    own: NDArray[np.float64], other: NDArray[np.float64], z: NDArray[np.complex128], first_lag: int
) -> NDArray[np.complex128]:
    """Return the transfer of an arm at z: own past from lag 1 on, the other series from ``first_lag`` on."""
    own_lags, other_lags = np.arange(1, len(own) + 1), np.arange(first_lag, first_lag + len(other))
    denominator = 1.0 - (z[:, None] ** own_lags) @ own
    return np.asarray(((z[:, None] ** other_lags) @ other) / denominator, np.complex128)
