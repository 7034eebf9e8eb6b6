"""Declarations of every result of this room: columns, units, parameters with their source. No engine behind them.

Tables of beats carry ``tai_ns`` and ``subject`` first, tables of level 3 ``subject``; the pipeline adds them, and
declares the windows, which join several sources.
"""

from __future__ import annotations

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

LIGHT_DARK = Product(
    name="light_dark",
    version=1,
    level=3,
    title="Means in light and in dark",
    inputs=("windows_1min",),
    columns=(
        Column("measure", "", "column of the windows"),
        Column("light_mean", "", "mean over windows in light, in the measure's unit"),
        Column("dark_mean", "", "mean over windows in dark"),
        Column("difference", "", "dark minus light"),
        Column("light_sd", "", "standard deviation in light, n - 1"),
        Column("dark_sd", "", "standard deviation in dark, n - 1"),
        Column("light_n", "1", "windows in light"),
        Column("dark_n", "1", "windows in dark"),
    ),
    parameters=(Parameter("least_coverage", 0.5, "1", "a window with less coverage is left out", "assumption"),),
    mission_values=("light",),
    notes={"definition": "telemus.physiology.circadian.light_dark"},
)

COSINOR = Product(
    name="cosinor",
    version=1,
    level=3,
    title="Cosinor of one period",
    inputs=("windows_1min",),
    columns=(
        Column("measure", "", "column of the windows"),
        Column("mesor", "", "mean of the fitted curve, in the measure's unit"),
        Column("amplitude", "", "half the distance of crest and trough"),
        Column("acrophase_h", "h", "local time of the crest"),
        Column("mesor_se", "", "standard error of the mesor"),
        Column("amplitude_se", "", "standard error of the amplitude, delta method"),
        Column("acrophase_se_h", "h", "standard error of the acrophase, delta method"),
        Column("r2", "1", "share of variance explained"),
        Column("p_value", "1", "F test of no rhythm; residuals taken as independent, which windows are not"),
        Column("n", "1", "windows used"),
        Column("period_h", "h", "period"),
    ),
    parameters=(
        Parameter("period_h", 24.0, "h", "period of the cosine", "the light cycle"),
        Parameter("least_coverage", 0.5, "1", "a window with less coverage is left out", "assumption"),
    ),
    mission_values=("light",),
    reference="Cornelissen 2014, doi 10.1186/1742-4682-11-16",
    notes={"definition": "telemus.physiology.circadian.cosinor"},
)

PRODUCTS = {p.name: p for p in (BEATS_PRESSURE, BEATS_ECG, LIGHT_DARK, COSINOR)}
"""Every product of this room by name."""
