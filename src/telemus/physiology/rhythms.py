"""What each product of a rhythm says of one measure's course: functions of one shape, named as their products.

Each takes local time [h since a midnight], values and activity (n,), and a mapping with the product's parameters,
``light_on_h`` and ``light_off_h`` [h, local] and ``length_h``, that of the phase [h], infinite for a whole record. Each
returns rows: name of column -> value.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.physiology.activity import STRATA, by_activity
from telemus.physiology.circadian import cosinor, light_dark
from telemus.physiology.harmonics import fit_period, multi_cosinor
from telemus.physiology.nonparametric import rest_activity, typical_day
from telemus.physiology.periods import find_period

Array = NDArray[np.float64]
Rows = list[dict[str, Any]]
Rhythm = Callable[[Array, Array, Array, Mapping[str, Any]], Rows]


def _light_dark(hour: Array, values: Array, _: Array, given: Mapping[str, Any]) -> Rows:
    on_s, off_s = given["light_on_h"] * 3600.0, given["light_off_h"] * 3600.0
    return [light_dark(np.mod(hour, 24.0) * 3600.0, values, on_s, off_s)._asdict()]


def _cosinor(hour: Array, values: Array, _: Array, given: Mapping[str, Any]) -> Rows:
    if given["length_h"] < given["period_h"]:
        return []
    return [cosinor(hour, values, given["period_h"])._asdict()]


def _harmonics(hour: Array, values: Array, _: Array, given: Mapping[str, Any]) -> Rows:
    longest_h = given["period_h"]
    if given["length_h"] < 2.0 * longest_h or np.ptp(hour) < 2.0 * longest_h:
        return []
    fit = multi_cosinor(hour, values, tuple(longest_h / k for k in range(1, given["components"] + 1)))
    free = fit_period(hour, values, longest_h / 1.2, longest_h * 1.2)
    shared = {name: value for name, value in fit._asdict().items() if name not in ("waves", "periods_h")}
    return [
        {
            "period_h": period_h,
            "amplitude": wave.amplitude,
            "amplitude_se": wave.amplitude_se,
            "acrophase_h": wave.phase_rad * period_h / (2.0 * np.pi),
            "acrophase_se_h": wave.phase_se_rad * period_h / (2.0 * np.pi),
            "fitted_period_h": free.period_h,
            "fitted_period_se_h": free.period_se_h,
            **shared,
        }
        for period_h, wave in zip(fit.periods_h, fit.waves, strict=True)
    ]


def _periods(hour: Array, values: Array, _: Array, given: Mapping[str, Any]) -> Rows:
    return [find_period(hour, values, given["shortest_h"], given["longest_h"], given["level"])._asdict()]


def _rest_activity(hour: Array, values: Array, _: Array, __: Mapping[str, Any]) -> Rows:
    return [rest_activity(hour, values)._asdict()]


def _typical_day(hour: Array, values: Array, _: Array, given: Mapping[str, Any]) -> Rows:
    day = typical_day(hour, values, given["cell_h"])
    return [dict(zip(day._fields, cell, strict=True)) for cell in zip(*day, strict=True)]


def _activity_strata(_: Array, values: Array, activity: Array, given: Mapping[str, Any]) -> Rows:
    strata = by_activity(activity, values, given["floor"])
    cells = zip(*strata, strict=True)
    return [
        {"stratum": name} | dict(zip(strata._fields, cell, strict=True))
        for name, cell in zip(STRATA, cells, strict=True)
    ]


RHYTHMS: Mapping[str, Rhythm] = {
    "light_dark": _light_dark,
    "cosinor": _cosinor,
    "harmonics": _harmonics,
    "periods": _periods,
    "rest_activity": _rest_activity,
    "typical_day": _typical_day,
    "activity_strata": _activity_strata,
}
"""Product -> what it says of one measure's course."""
