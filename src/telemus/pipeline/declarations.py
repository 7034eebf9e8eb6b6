"""Declares the products that this room makes itself: corrections, windows that join several sources, phases, findings.

What a science computes alone is declared by the science; here stands what joins sciences, slow channels and the
mission.
"""

from __future__ import annotations

from collections.abc import Iterable

from telemus.product import Column, Parameter, Product
from telemus.series import Quality

REJECTED = int(
    Quality.DROPOUT
    | Quality.FLATLINE
    | Quality.RAIL
    | Quality.SPIKE
    | Quality.CLOCK_STEP
    | Quality.CHECKSUM_FAILED
    | Quality.UNVERIFIED
    | Quality.COMMON_GAP
)
"""General bits that keep a beat out of means. A science adds its own."""

LEAST_COVERAGE = Parameter(
    "least_coverage",
    0.5,
    "1",
    "a window with less of its scheduled time covered by kept beats is left out",
    "assumption",
)

CORRECTIONS = Product(
    name="corrections",
    version=1,
    level=1,
    title="What makes arterial pressure of absolute pressure",
    inputs=("pressure_arterial",),
    columns=(
        Column("tai_ns", "ns", "time of the barometer's sample; between samples the correction is linear"),
        Column("subject", "", "subject"),
        Column("barometer_mmhg", "mmHg", "pressure of the air in the subject's cage"),
        Column("zero_mmhg", "mmHg", "zero offset of the sensor, linear between readings"),
        Column("provisional", "", "true where no later reading closes the zero offset"),
        Column("quality", "", "quality bits of the barometer"),
    ),
    mission_values=("calibration", "zeros", "installations"),
    notes={"definition": "arterial = absolute - barometer_mmhg - zero_mmhg"},
)

_SOURCES = (("pressure", "foot to foot, arterial pressure"), ("ecg", "R to R, ECG"))


def _source_columns(prefix: str, meaning: str) -> Iterable[Column]:
    yield Column(f"{prefix}_n_beats", "1", f"beats found ({meaning})")
    yield Column(f"{prefix}_n_intervals", "1", "of them, intervals kept")
    yield Column(f"{prefix}_coverage", "1", "sum of kept intervals over the scheduled time")
    yield Column(f"{prefix}_received_share", "1", "usable samples over the scheduled time")
    yield Column(f"{prefix}_rejected_share", "1", "share of beats whose interval is not kept, for any reason")
    for reason, why in (
        ("missing", "a gap, a bad mark or the border follows"),
        ("quality", "a quality bit of the beat or the next"),
        ("average", "it differs from the moving average by more than the allowed share"),
        ("neighbour", "it differs from a neighbour by more than the allowed share"),
        ("range", "it lies outside the range given"),
    ):
        yield Column(f"{prefix}_rejected_{reason}", "1", f"share of beats whose interval is not kept: {why}")
    yield Column(f"{prefix}_heart_rate_bpm", "bpm", f"60 / mean interval: time-weighted ({meaning})")
    yield Column(f"{prefix}_heart_rate_beat_bpm", "bpm", "mean of 60 / interval: beat-weighted, never the lower")
    yield Column(f"{prefix}_nn_mean_ms", "ms", "mean kept interval")
    yield Column(f"{prefix}_sdnn_ms", "ms", "standard deviation of kept intervals, n - 1")
    yield Column(f"{prefix}_rmssd_ms", "ms", "root mean square of successive differences of kept intervals that touch")
    yield Column(f"{prefix}_quality", "", "union of the beats' quality bits")


_WINDOW_COLUMNS = (
    Column("tai_ns", "ns", "start of the window, a whole minute of UTC"),
    Column("stop_ns", "ns", "end of the window"),
    Column("subject", "", "subject"),
    Column("phase", "", "phase at the start of the window; null outside the timeline"),
    Column("hour_h", "h", "local time of day at the start of the window"),
    Column("light", "", "true where the light is on by the cycle"),
    Column("scheduled_s", "s", "time in which the recorder was on by its schedule"),
    Column("sbp_mmhg", "mmHg", "systolic pressure, weighted by the interval that follows"),
    Column("dbp_mmhg", "mmHg", "diastolic pressure, weighted by the interval that follows"),
    Column("map_mmhg", "mmHg", "true mean pressure, weighted by interval: the time mean of the pressure"),
    Column("pulse_pressure_mmhg", "mmHg", "systolic minus diastolic, weighted by the interval that follows"),
    Column("dpdt_max_mmhg_s", "mmHg/s", "steepest rise, weighted by the interval that follows"),
    Column("amplitude_mv", "mV", "height of the R peak, signed, weighted by the interval that follows"),
    Column("heart_rate_bpm", "bpm", "60 / mean interval of the source that covers most of the window"),
    Column("heart_rate_source", "", "that source: pressure or ecg; empty where no beat was kept"),
    Column("coverage", "1", "sum of that source's kept intervals over the scheduled time"),
    *(column for prefix, meaning in _SOURCES for column in _source_columns(prefix, meaning)),
    Column("temperature_degc", "degC", "mean body temperature"),
    Column("activity", "1", "mean activity count per sample: comparable within an animal and cage only"),
    Column("signal_strength", "1", "mean strength of the radio signal, receiver's own scale"),
    Column("battery_mv", "mV", "mean battery voltage"),
    Column("ambient_degc", "degC", "mean air temperature in the cage"),
    Column("light_lx", "lx", "mean light in the cage"),
)
REJECTION = (
    Parameter(
        "neighbour_share",
        0.2,
        "1",
        "an interval that differs from either neighbour by more of it is not kept",
        "10 to 20 %: doi 10.3389/fphys.2019.00693",
    ),
    Parameter(
        "average_share",
        0.2,
        "1",
        "an interval that differs from the moving average by more of it is not kept",
        "PhysioZoo, doi 10.3389/fphys.2018.01390",
    ),
)
"""What keeps an interval out of means; given with every product that sums intervals up."""


def _windows(name: str, title: str) -> Product:
    return Product(
        name=name,
        version=1,
        level=2,
        title=title,
        inputs=("beats_pressure", "beats_ecg", "slow"),
        columns=_WINDOW_COLUMNS,
        parameters=REJECTION,
        quality_rejects=REJECTED,
        mission_values=("calibration", "zeros", "installations", "schedule", "phases", "light"),
    )


WINDOWS_1MIN = _windows("windows_1min", "Means by the minute")
WINDOWS_1H = _windows("windows_1h", "Means by the hour")

FINDINGS = Product(
    name="findings",
    version=1,
    level=3,
    title="Events that several signals agree on",
    inputs=("windows_1min",),
    columns=(
        Column("start_ns", "ns", "start of the first window concerned"),
        Column("stop_ns", "ns", "end of the last window concerned"),
        Column("subject", "", "subject"),
        Column("kind", "", "dead, or no_signal where nothing says why"),
        Column("evidence", "", "what the signals showed, in words"),
    ),
    parameters=(
        Parameter(
            "least_received", 0.5, "1", "good reception: share of scheduled samples that are usable", "assumption"
        ),
        Parameter("silent_coverage", 0.1, "1", "a source is silent below this coverage by kept beats", "assumption"),
        Parameter("silent_windows", 3, "1", "least number of windows in a row", "assumption"),
        Parameter("fall_degc", 3.0, "degC", "fall of body temperature that a dead body shows", "assumption"),
    ),
    reference="PHYSIOLOGY: death is said only when several signals agree under good reception",
)

_COMPARED = (
    Column("measure", "", "column of the windows"),
    Column("unit", "", "its unit"),
    Column("mean", "", "mean over windows of one minute, each the same weight: weighted by time"),
    Column("sd", "", "standard deviation of windows, n - 1"),
    Column("light_mean", "", "mean over windows in light"),
    Column("dark_mean", "", "mean over windows in dark"),
    Column("n", "1", "windows used"),
    Column("coverage", "1", "windows used over windows in which the recorder was scheduled to be on"),
    Column("baseline_mean", "", "mean over windows of all baseline phases"),
    Column("difference", "", "mean over windows of value minus the baseline mean of the same local hour of the day"),
    Column("compared_n", "1", "windows that have a baseline at their hour"),
    Column("hours", "1", "hours of the day compared, of 24"),
    Column("reason", "", "why there is no difference; empty where there is one"),
)


def _compared(name: str, title: str, *place: Column) -> Product:
    return Product(
        name=name,
        version=1,
        level=3,
        title=title,
        inputs=("windows_1min", "findings"),
        columns=(*place, *_COMPARED),
        parameters=(LEAST_COVERAGE,),
        mission_values=("phases", "light"),
    )


PHASES = _compared(
    "phases",
    "Each subject in each phase, against its own baseline",
    Column("start_ns", "ns", "start of the phase"),
    Column("stop_ns", "ns", "end of the phase"),
    Column("subject", "", "subject"),
    Column("phase", "", "phase"),
)

DAYS = _compared(
    "days",
    "Each subject on each day, against its own baseline",
    Column("start_ns", "ns", "start of the day: whole days after time zero of the timeline"),
    Column("stop_ns", "ns", "end of the day"),
    Column("subject", "", "subject"),
    Column("day", "d", "number of the day; 0 begins at time zero, -1 is the last day before"),
    Column("phase", "", "phases that the day has windows of"),
)

BOUTS = Product(
    name="bouts",
    version=1,
    level=3,
    title="Bouts of activity",
    inputs=("windows_1min", "findings"),
    columns=(
        Column("start_ns", "ns", "start of the first active window"),
        Column("stop_ns", "ns", "end of the last active window"),
        Column("subject", "", "subject"),
        Column("phase", "", "phase at the start"),
        Column("length_min", "min", "from start to stop, pauses within it included"),
        Column("activity", "1", "mean activity count per sample in the bout"),
        Column("relative_activity", "1", "that over the subject's own mean in its baseline; NaN without one"),
    ),
    parameters=(
        Parameter("floor", 0.0, "1", "a window above it is active", "activity is at its floor in 70 % of windows"),
        Parameter("pause_min", 3.0, "min", "a longer pause, or a missing window, ends a bout", "assumption"),
        Parameter("least_min", 2.0, "min", "a shorter bout is left out", "assumption"),
    ),
    mission_values=("phases",),
)

GROUPS = Product(
    name="groups",
    version=1,
    level=3,
    title="Groups and factor levels in each phase, every subject shown",
    inputs=("phases",),
    columns=(
        Column("group", "", "group, or factor=level"),
        Column("phase", "", "phase"),
        Column("measure", "", "column of the windows"),
        Column("unit", "", "its unit"),
        Column("n", "1", "subjects with a difference from baseline"),
        Column("members", "1", "subjects in the group"),
        Column("mean", "", "mean of the subjects' differences from their own baseline"),
        Column("sd", "", "standard deviation of the differences, n - 1"),
        Column("minimum", "", "smallest difference"),
        Column("maximum", "", "largest difference"),
        Column("subjects", "", "the subjects, in order"),
        Column("differences", "", "their differences, null where there is none"),
        Column("reasons", "", "why a subject has none; empty where it has one"),
    ),
    mission_values=("groups",),
)

CHANNEL_WINDOWS = Product(
    name="channel_windows",
    version=1,
    level=2,
    title="Minimum, mean and maximum of every channel by the window",
    inputs=("samples",),
    columns=(
        Column("tai_ns", "ns", "start of the window, a whole minute of UTC"),
        Column("stop_ns", "ns", "end of the window"),
        Column("entity", "", "what carries the channel"),
        Column("channel", "", "channel of the mission"),
        Column("unit", "", "canonical unit of the channel"),
        Column("n", "1", "usable samples"),
        Column("minimum", "", "smallest usable value"),
        Column("mean", "", "mean of usable values"),
        Column("maximum", "", "largest usable value"),
        Column("scheduled_s", "s", "time in which the recorder was on by its schedule"),
        Column("received_share", "1", "usable samples over those scheduled"),
        Column("quality", "", "union of the samples' quality bits"),
    ),
    parameters=(Parameter("window_min", 1, "min", "length of a window; a whole number that divides 60", "convention"),),
    mission_values=("calibration", "schedule"),
)

ALARMS = Product(
    name="alarms",
    version=1,
    level=2,
    title="When a channel was outside the limits that were valid then",
    inputs=("samples",),
    columns=(
        Column("start_ns", "ns", "time of the first sample outside"),
        Column("stop_ns", "ns", "end of the last sample outside"),
        Column("entity", "", "what carries the channel"),
        Column("channel", "", "channel of the mission"),
        Column("unit", "", "canonical unit of the channel"),
        Column("level", "", "limit (a value outside is not believed), watch, warning, distress, critical or severe"),
        Column("side", "", "low or high"),
        Column("extreme", "", "the value farthest outside"),
        Column("limit", "", "the end of the range that was passed"),
        Column("n", "1", "samples outside"),
        Column("continued", "", "true where it still held at the end of the granule and may go on in the next"),
        Column("since_ns", "ns", "from when on the limits used are valid; null: from the beginning"),
        Column("definition", "", "hash of the limits used"),
    ),
    parameters=(
        Parameter("channels", "", "", "channels to watch, with commas between; none: all with limits", "convention"),
        Parameter(
            "join_s", 1.0, "s", "excursions with no more time than this between them are one alarm", "convention"
        ),
        Parameter("least_samples", 1, "1", "an alarm of fewer samples outside is left out", "XTCE minViolations"),
    ),
    mission_values=("calibration", "limits", "zeros", "installations"),
    notes={"definition": "samples with a general quality bit against them raise no alarm"},
)
