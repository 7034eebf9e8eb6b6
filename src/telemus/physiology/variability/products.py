"""Declares the tables of variability: every column with unit and definition, every parameter with its source."""

from __future__ import annotations

from collections.abc import Iterator

from telemus.physiology.variability.rules import METHODS
from telemus.physiology.variability.window import PRESSURE_METHODS, SCALES
from telemus.product import Column, Parameter, Product

_WINDOW = (
    Column("start_ns", "ns", "start of the window"),
    Column("stop_ns", "ns", "end of the window"),
    Column("n_beats", "1", "beats found in the window"),
    Column("n_intervals", "1", "of them, intervals that are kept"),
    Column("coverage", "1", "sum of kept intervals over the time that was due, at most 1"),
    Column("rejected_share", "1", "share of beats that are not kept, for any reason"),
    Column("half_rate_hz", "Hz", "half the mean rate of kept beats: no spectrum of beats reaches further"),
    Column("bands", "", "species, profile of bands and its version"),
    Column("correction", "", "how rejected values were treated: none, removal, linear or cubic"),
    Column("shortfall", "", "what is missing, or cut, and why; empty where nothing is"),
)
_ESTIMATORS = {
    "lomb": "Lomb-Scargle, on kept values as they are",
    "welch": "Welch, Hann, 50 % overlap",
    "ar": "autoregressive, Yule-Walker",
    "fft": "one transform of the longest run, Hann",
}


def _bands(method: str, unit: str) -> Iterator[Column]:
    name, how = f"{method}_", _ESTIMATORS[method]
    suffix, square = f"_{unit.lower()}2", f"{unit}^2"
    yield Column(f"{name}vlf{suffix}", square, f"power in VLF ({how})")
    yield Column(f"{name}lf{suffix}", square, f"power in LF ({how})")
    yield Column(f"{name}hf{suffix}", square, f"power in HF, cut at half the heart rate ({how})")
    yield Column(f"{name}total{suffix}", square, f"VLF + LF + HF ({how})")
    yield Column(f"{name}lf_nu", "%", f"LF / (LF + HF) ({how})")
    yield Column(f"{name}hf_nu", "%", f"HF / (LF + HF) ({how})")
    yield Column(f"{name}lf_hf", "1", f"LF / HF ({how})")
    yield Column(f"{name}lf_peak_hz", "Hz", f"where the density in LF is highest ({how})")
    yield Column(f"{name}hf_peak_hz", "Hz", f"where the density in HF is highest ({how})")
    yield Column(f"{name}beta", "1", f"slope of log density over log frequency in VLF ({how})")


def _spread(unit: str, of: str) -> Iterator[Column]:
    low = unit.lower()
    yield Column(f"sem_{low}", unit, f"standard error of the mean {of}: SD over the root of their number")
    yield Column("n_differences", "1", "differences of neighbours: none is taken across a hole")
    yield Column(f"rmssd_{low}", unit, "root mean square of successive differences")
    yield Column(f"sdsd_{low}", unit, "standard deviation of successive differences, n - 1")
    yield Column(f"sd1_{low}", unit, "Poincare plot, across the line of identity")
    yield Column(f"sd2_{low}", unit, "Poincare plot, along the line of identity")
    yield Column("csi", "1", "SD2 / SD1")
    yield Column("cvi", "1", "log10(16 SD1 SD2)")
    yield Column("alpha1", "1", "detrended fluctuation analysis, short boxes")
    yield Column("alpha2", "1", "detrended fluctuation analysis, long boxes")
    yield Column("sampen", "1", "sample entropy, m = 2, r = 0.2 SD")


def _raw() -> Iterator[Column]:
    as_found = "of the intervals as found, with nothing rejected"
    yield Column("raw_avnn_ms", "ms", f"mean {as_found}")
    yield Column("raw_sdnn_ms", "ms", f"SDNN {as_found}")
    yield Column("raw_rmssd_ms", "ms", f"RMSSD {as_found}")
    yield Column("raw_pnn_percent", "%", f"pNN {as_found}")
    yield Column("raw_sd1_ms", "ms", f"SD1 {as_found}")
    yield Column("raw_sd2_ms", "ms", f"SD2 {as_found}")
    yield Column("raw_lomb_lf_ms2", "ms^2", f"power in LF by Lomb-Scargle {as_found}")
    yield Column("raw_lomb_hf_ms2", "ms^2", f"power in HF by Lomb-Scargle {as_found}")
    yield Column("raw_alpha1", "1", f"alpha1 {as_found}")
    yield Column("raw_sampen", "1", f"sample entropy {as_found}")


INTERVAL_COLUMNS = (
    *_WINDOW,
    Column("avnn_ms", "ms", "mean of kept intervals"),
    Column("sdnn_ms", "ms", "standard deviation of kept intervals, n - 1"),
    *_spread("ms", "interval"),
    Column("pnn_percent", "%", "share of successive differences above the threshold of the species, strictly"),
    Column("filled_share", "1", "share of values made up by the correction"),
    Column("triangular_index", "1", "intervals over those in the fullest bin of their histogram"),
    Column("tinn_ms", "ms", "base of the triangle fitted to the histogram"),
    Column("pip_percent", "%", "intervals at which the rate turns round"),
    Column("ials", "1", "one over the mean length of segments between turns"),
    Column("pss_percent", "%", "intervals in segments of fewer than three"),
    Column("pas_percent", "%", "intervals in stretches of at least four that turn round at every beat"),
    *(Column(f"mse_{scale}", "1", f"sample entropy at scale {scale}") for scale in range(2, SCALES + 1)),
    Column("mse_area", "1", f"sum of the sample entropies over scales 1 to {SCALES}; missing where one is"),
    Column("joint_words", "1", "words of three changes of systolic pressure and interval"),
    Column("joint_same_percent", "%", "words in which both rise and fall alike"),
    Column("joint_opposite_percent", "%", "words in which each change of the one is against that of the other"),
    Column("joint_entropy_bits", "bit", "Shannon's entropy of the pairs of words, at most 6"),
    *(column for method in METHODS for column in _bands(method, "ms")),
    *_raw(),
)
"""Columns of the variability of intervals."""

PRESSURE_COLUMNS = (
    Column("series", "", "the pressure: column of the beats"),
    *_WINDOW,
    Column("mean_mmhg", "mmHg", "mean of kept beats, each the same weight"),
    Column("sd_mmhg", "mmHg", "standard deviation of kept beats, n - 1"),
    *_spread("mmHg", "pressure"),
    *(column for method in PRESSURE_METHODS for column in _bands(method, "mmHg")),
)
"""Columns of the variability of pressures."""

PARAMETERS = (
    Parameter("bands", "", "", "name of the profile of bands; empty for the first of the species", "species.toml"),
    Parameter("correction", "removal", "", "none, removal, linear or cubic", "Task Force 1996: normal intervals only"),
    Parameter("longest_fill", 5, "1", "longest hole of rejected values that is filled [beats]", "assumption"),
    Parameter("least_intervals", 50, "1", "with fewer kept intervals nothing is computed", "assumption"),
    Parameter("least_coverage", 0.5, "1", "with less coverage nothing is computed", "assumption"),
)
"""Parameters that both tables share."""
WINDOW_MIN = Parameter(
    "window_min",
    3,
    "min",
    "length of a window; a whole number that divides 60",
    "source: PhysioZoo, for its smallest animal",
)

VARIABILITY = Product(
    name="variability",
    version=1,
    level=2,
    title="Variability of intervals, by the window",
    inputs=("beats_pressure", "beats_ecg"),
    columns=INTERVAL_COLUMNS,
    parameters=(WINDOW_MIN, *PARAMETERS),
    reference="Task Force 1996, doi 10.1161/01.CIR.93.5.1043; each measure: docs/explanation/variability.md",
    notes={"definition": "telemus.physiology.variability"},
)

VARIABILITY_PRESSURE = Product(
    name="variability_pressure",
    version=1,
    level=2,
    title="Variability of systolic, diastolic and mean pressure, by the window",
    inputs=("beats_pressure",),
    columns=PRESSURE_COLUMNS,
    parameters=(WINDOW_MIN, *PARAMETERS),
    reference="each measure: docs/explanation/variability.md",
    notes={"definition": "telemus.physiology.variability"},
)

VARIABILITY_PHASES = Product(
    name="variability_phases",
    version=1,
    level=3,
    title="Variability of intervals in each phase: SDANN, SDNN index and means of the windows",
    inputs=("variability",),
    columns=(
        Column("source", "", "where the beats are from: pressure or ecg"),
        Column("n", "1", "windows with intervals enough"),
        Column("window_min", "min", "their length: the segment of SDANN and SDNN index"),
        Column("avnn_ms", "ms", "mean over windows of the mean interval"),
        Column("sdann_ms", "ms", "standard deviation over windows of the mean interval, n - 1"),
        Column("sdnn_index_ms", "ms", "mean over windows of SDNN"),
        Column("rmssd_ms", "ms", "mean over windows of RMSSD"),
        Column("lomb_lf_ms2", "ms^2", "mean over windows of the power in LF by Lomb-Scargle"),
        Column("lomb_hf_ms2", "ms^2", "mean over windows of the power in HF by Lomb-Scargle"),
        Column("alpha1", "1", "mean over windows of alpha1"),
        Column("sampen", "1", "mean over windows of the sample entropy"),
    ),
    reference="Task Force 1996, doi 10.1161/01.CIR.93.5.1043",
    notes={"definition": "telemus.physiology.variability.long_term"},
)
