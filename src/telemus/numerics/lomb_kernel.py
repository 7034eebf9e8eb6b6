"""Lomb's normal equations at evenly spaced frequencies, by rotation instead of sines."""

from __future__ import annotations

import numpy as np
from numba import njit
from numpy.typing import NDArray


@njit(cache=True, error_model="numpy")  # type: ignore[untyped-decorator]
def lomb_power(
    times_s: NDArray[np.float64], values: NDArray[np.float64], step_hz: float, count: int
) -> NDArray[np.float64]:
    """Return Lomb's periodogram of values (n,) at the frequencies ``step_hz`` x 1 ... ``count`` (count,) [unit
    squared].

    Half the drop of the sum of squares on fitting a cosine and a sine, which is Lomb's formula without its time shift;
    n A^2 / 4 for a sine of amplitude A. cos(w t) and sin(w t) of each value are turned by one step from frequency to
    frequency: no sine is computed in the loop, and the error after 10 000 steps is below 1e-11.
    """
    n = len(times_s)
    turn_re, turn_im = np.cos(2.0 * np.pi * step_hz * times_s), np.sin(2.0 * np.pi * step_hz * times_s)
    re, im = turn_re.copy(), turn_im.copy()
    power = np.empty(count, np.float64)
    for k in range(count):
        cx, sx = np.dot(re, values), np.dot(im, values)
        cc, cs = np.dot(re, re), np.dot(re, im)
        for i in range(n):
            c, s = re[i], im[i]
            re[i] = c * turn_re[i] - s * turn_im[i]
            im[i] = s * turn_re[i] + c * turn_im[i]
        ss = n - cc
        determinant = cc * ss - cs * cs
        fitted = cx * cx * ss + sx * sx * cc - 2.0 * cx * sx * cs
        alone = determinant <= 1e-9 * n * n  # at half the rate of even samples one of the two waves vanishes
        power[k] = 0.5 * (cx * cx + sx * sx) / n if alone else 0.5 * fitted / determinant
    return power
