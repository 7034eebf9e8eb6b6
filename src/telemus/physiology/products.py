"""Declarations of every result of this room: columns, units, parameters with their source. No engine behind them.

Tables of beats carry ``tai_ns`` and ``subject`` first, tables of level 3 ``subject``; the pipeline adds them, and
declares the windows, which join several sources.
"""

from __future__ import annotations

from telemus.physiology.variability import VARIABILITY, VARIABILITY_PHASES, VARIABILITY_PRESSURE
from telemus.product import Column, Parameter, Product

_QUALITY = Column("quality", "", "quality bits of the beat and of its samples")
_INTERVAL = Column("interval_s", "s", "to the next beat; missing where a gap, a bad mark or the border follows")
_RATE = Column("heart_rate_bpm", "bpm", "60 / interval_s")

_LONGEST = Parameter(
    "longest_interval_s", 2.2, "s", "a longer interval is a pause, and missing", "30 bpm and a tenth for rounding"
)

BEATS_PRESSURE = Product(
    name="beats_pressure",
    version=1,
    level=2,
    title="Beats of an arterial pressure",
    inputs=("pressure",),
    columns=(
        Column("systole_ns", "ns", "time of the systolic maximum after the foot"),
        Column("notch_ns", "ns", "time of the dicrotic notch after the foot; missing where there is none"),
        Column("sbp_mmhg", "mmHg", "systolic pressure: the maximum after the upstroke"),
        Column("dbp_mmhg", "mmHg", "diastolic pressure: the minimum before the upstroke"),
        Column("map_mmhg", "mmHg", "true mean: the time mean from this foot to the next"),
        Column("pulse_pressure_mmhg", "mmHg", "systolic minus diastolic pressure"),
        Column("dpdt_max_mmhg_s", "mmHg/s", "steepest rise of pressure"),
        _INTERVAL,
        _RATE,
        _QUALITY,
    ),
    parameters=(
        Parameter("smallest_pulse_mmhg", 1.0, "mmHg", "a smaller pulse is no beat", "docs/accuracy.md"),
        Parameter(
            "damped_below_mmhg", 10.0, "mmHg", "a smaller pulse is marked damped", "rule of practice, 5 to 10 mmHg"
        ),
        _LONGEST,
        Parameter("notch_share", 0.03, "1", "least recovery after the notch over the pulse", "docs/accuracy.md"),
    ),
    reference="Foot by intersecting tangents: Chiu et al. 1991, doi 10.1016/0002-8703(91)90678-B",
)

BEATS_ECG = Product(
    name="beats_ecg",
    version=1,
    level=2,
    title="R peaks of an electrocardiogram",
    inputs=("ecg",),
    columns=(
        Column("amplitude_mv", "mV", "height of the QRS extremum against the local baseline, signed"),
        _INTERVAL,
        _RATE,
        Column("polarity", "", "+1 where the QRS extremum points up, -1 where it points down"),
        _QUALITY,
    ),
    parameters=(
        _LONGEST,
        Parameter("least_merit", 0.45, "", "below it a half second yields no beats", "docs/accuracy.md"),
        Parameter("doubtful_merit", 0.6, "", "below it beats are marked doubtful", "docs/accuracy.md"),
    ),
    notes={"definition": "telemus.physiology.ecg.find_r_peaks"},
)

_MEASURE = Column("measure", "", "column of the windows")
_LEAST_COVERAGE = Parameter("least_coverage", 0.5, "1", "a window with less coverage is left out", "assumption")


def _rhythm(
    name: str, title: str, *columns: Column, parameters: tuple[Parameter, ...] = (), reference: str = ""
) -> Product:
    """Declare the product of a rhythm: rows for each measure of the windows of one minute."""
    return Product(
        name=name,
        version=1,
        level=3,
        title=title,
        inputs=("windows_1min",),
        columns=(_MEASURE, *columns),
        parameters=(*parameters, _LEAST_COVERAGE),
        mission_values=("light",),
        reference=reference,
        notes={"definition": f"telemus.physiology.rhythms, {name}"},
    )


LIGHT_DARK = _rhythm(
    "light_dark",
    "Means in light and in dark",
    Column("light_mean", "", "mean over windows in light, in the measure's unit"),
    Column("dark_mean", "", "mean over windows in dark"),
    Column("difference", "", "dark minus light"),
    Column("light_sd", "", "standard deviation in light, n - 1"),
    Column("dark_sd", "", "standard deviation in dark, n - 1"),
    Column("light_n", "1", "windows in light"),
    Column("dark_n", "1", "windows in dark"),
)

_WAVE = (
    Column("amplitude", "", "half the distance of crest and trough"),
    Column("acrophase_h", "h", "local time of the crest"),
    Column("mesor_se", "", "standard error of the mesor"),
    Column("amplitude_se", "", "standard error of the amplitude, delta method"),
    Column("acrophase_se_h", "h", "standard error of the acrophase, delta method"),
    Column("r2", "1", "share of variance explained"),
    Column("p_value", "1", "F test of no rhythm; residuals taken as independent, which windows are not"),
    Column("n", "1", "windows used"),
)
_CORNELISSEN = "Cornelissen 2014, doi 10.1186/1742-4682-11-16"
_DAY = Parameter("period_h", 24.0, "h", "period of the cosine", "the light cycle")

COSINOR = _rhythm(
    "cosinor",
    "Cosinor of one period",
    Column("mesor", "", "mean of the fitted curve, in the measure's unit"),
    *_WAVE,
    Column("period_h", "h", "period"),
    parameters=(_DAY,),
    reference=_CORNELISSEN,
)

HARMONICS = _rhythm(
    "harmonics",
    "Cosinor of several components, and the period that fits best",
    Column("period_h", "h", "period of the component: the longest over 1, 2, 3 ..."),
    Column("mesor", "", "mean of the fitted curve, in the measure's unit"),
    *_WAVE,
    Column("crest_h", "h", "local time at which the sum of components is largest"),
    Column("trough_h", "h", "local time at which it is smallest"),
    Column("swing", "", "half the distance of the two"),
    Column("fitted_period_h", "h", "period of the one cosine that leaves least, within a sixth of the longest"),
    Column("fitted_period_se_h", "h", "its standard error in independent noise"),
    parameters=(
        Parameter("period_h", 24.0, "h", "longest period; a shorter record than two has no rows", "the light cycle"),
        Parameter("components", 3, "1", "number of components", "24, 12 and 8 h: bouts at dusk and dawn"),
    ),
    reference=_CORNELISSEN,
)

PERIODS = _rhythm(
    "periods",
    "The period of a rhythm by two ways, or that there is no stable one",
    Column("period_h", "h", "mean of both ways; NaN where there is no stable period"),
    Column("reason", "", "why there is none; empty where there is one"),
    Column("cosine_h", "h", "period of the best cosine (Lomb-Scargle with a free mean)"),
    Column("cosine_power", "1", "share of variance it explains"),
    Column("cosine_p", "1", "probability of as much without a rhythm, correlated residuals and many periods counted"),
    Column("fold_h", "h", "period of the largest chi-square of the folded record"),
    Column("fold_ratio", "1", "that chi-square over its degrees of freedom"),
    Column("fold_p", "1", "its probability, as cosine_p"),
    Column("width_h", "h", "resolution: period squared over length"),
    Column("independent_n", "1", "samples after correction for their correlation"),
    Column("n", "1", "cells of ten minutes used"),
    parameters=(
        Parameter("shortest_h", 16.0, "h", "shortest period tried", "assumption"),
        Parameter("longest_h", 32.0, "h", "longest period tried", "assumption"),
        Parameter("level", 0.01, "1", "both probabilities must be below it", "assumption"),
    ),
    reference="Zechmeister and Kuerster 2009, doi 10.1051/0004-6361:200811296; "
    "Sokolove and Bushell 1978, doi 10.1016/0022-5193(78)90022-X",
)

REST_ACTIVITY = _rhythm(
    "rest_activity",
    "Stability, fragmentation, most and least active hours",
    Column("interdaily_stability", "1", "IS: variance of the typical day's hours over that of all hours"),
    Column("intradaily_variability", "1", "IV: mean square of hourly differences over the variance"),
    Column("relative_amplitude", "1", "RA: (M10 - L5) / (M10 + L5); NaN where L5 is below 0"),
    Column("m10", "", "mean of the ten hours of the typical day with the most, in the measure's unit"),
    Column("m10_start_h", "h", "local time at which they begin"),
    Column("l5", "", "mean of the five hours with the least"),
    Column("l5_start_h", "h", "local time at which they begin"),
    Column("onset_h", "h", "local time at which six low hours turn to six high ones"),
    Column("days", "d", "length from first to last hour"),
    Column("n", "1", "hours with a value"),
    reference="Witting et al. 1990, doi 10.1016/0006-3223(90)90523-5; "
    "Van Someren et al. 1999, doi 10.3109/07420529908998724",
)

TYPICAL_DAY = _rhythm(
    "typical_day",
    "The average day",
    Column("hour_h", "h", "local time of day, middle of the cell"),
    Column("mean", "", "mean over windows of that time of day"),
    Column("sd", "", "their standard deviation, n - 1"),
    Column("n", "1", "windows"),
    parameters=(Parameter("cell_h", 1.0, "h", "length of a cell; it divides 24", "convention"),),
)

ACTIVITY_STRATA = _rhythm(
    "activity_strata",
    "Every measure by how active the animal is",
    Column("stratum", "", "floor, then thirds of the animal's own active windows: low, middle, high"),
    Column("mean", "", "mean over windows of the stratum, in the measure's unit"),
    Column("sd", "", "standard deviation, n - 1"),
    Column("n", "1", "windows"),
    Column("activity", "1", "mean activity count per sample of the stratum"),
    parameters=(
        Parameter("floor", 0.0, "1", "a window not above it is at the floor", "activity is at its floor in 70 %"),
    ),
)

RHYTHM_PRODUCTS = (LIGHT_DARK, COSINOR, HARMONICS, PERIODS, REST_ACTIVITY, TYPICAL_DAY, ACTIVITY_STRATA)
"""Products of ``telemus.physiology.rhythms``."""

_EVERY = (BEATS_PRESSURE, BEATS_ECG, *RHYTHM_PRODUCTS, VARIABILITY, VARIABILITY_PRESSURE, VARIABILITY_PHASES)
PRODUCTS = {p.name: p for p in _EVERY}
"""Every product of this room by name."""
