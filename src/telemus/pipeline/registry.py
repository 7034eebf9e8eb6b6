"""The written list of products: name -> declaration, what a granule speaks for, and the function that makes it.

The only file of this room that names a science. A mission asks for products by these names; nothing is looked up
through the import system. A science adds its line here.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus import physiology
from telemus.errors import ProductError
from telemus.physiology import baroreflex
from telemus.pipeline import declarations
from telemus.pipeline.derive_alarms import make_alarms
from telemus.pipeline.derive_beats import Columns, Detector
from telemus.pipeline.derive_channels import make_channel_windows
from telemus.pipeline.derive_findings import make_findings
from telemus.pipeline.derive_level2 import make_beats, make_corrections, make_windows
from telemus.pipeline.derive_load import LIMIT
from telemus.pipeline.derive_phases import make_days, make_groups, make_phases
from telemus.pipeline.derive_reflex import make_reflex
from telemus.pipeline.derive_rhythms import make_bouts, make_rhythm
from telemus.pipeline.derive_variability import Vary, make_variability, make_variability_phases
from telemus.pipeline.derive_windows import BeatRules
from telemus.pipeline.work import Registered, Work
from telemus.product import Column, Parameter, Product
from telemus.series import NS_PER_S

_MEASURED = ("calibration", "zeros", "installations", "species")
_PHASE = (Column("phase", "", "phase, or all for the whole record"),)
_UNIT = (Column("unit", "", "unit of the measure"),)


def _find_pressure(
    values: NDArray[np.float64],
    rate_hz: float,
    quality: NDArray[np.uint32],
    first_sample: int,
    given: Mapping[str, Any],
) -> NamedTuple:
    """Find the beats of a pressure, whose samples are first marked where they do what no pressure does."""
    marks = quality | physiology.flag_samples(values, rate_hz) if len(values) else quality
    beats: NamedTuple = physiology.find_beats(
        values, rate_hz, marks, physiology.PressureParameters(**given), first_sample
    )
    return beats


def _find_r_peaks(
    values: NDArray[np.float64],
    rate_hz: float,
    quality: NDArray[np.uint32],
    first_sample: int,
    given: Mapping[str, Any],
) -> NamedTuple:
    """Find the R peaks of an ECG."""
    peaks: NamedTuple = physiology.find_r_peaks(
        values, rate_hz, quality, physiology.EcgParameters(**given), first_sample
    )
    return peaks


def _mark(columns: Columns, species: str | None) -> NDArray[np.uint32]:
    """Return the bits that beats get from their neighbours, and from the norms of the species where it is known."""
    bits = physiology.flag_intervals(columns["interval_s"])
    if species is not None:
        for name, norm in physiology.load_species(species).norms.items():
            if name in columns:
                bits = bits | physiology.flag_range(columns[name], norm)
    return np.asarray(bits, np.uint32)


def _reject(
    interval_s: NDArray[np.float64], quality: NDArray[np.uint32], given: Mapping[str, Any]
) -> NDArray[np.uint32]:
    """Return why an interval is kept out of means, 0 where it is kept."""
    interval_ns = physiology.whole_ns(interval_s)
    words = physiology.reject_missing(interval_ns)
    words = words | physiology.reject_quality(interval_ns, quality, QUALITY_REJECTS)
    words = words | physiology.reject_average(interval_ns, given["average_share"])
    return np.asarray(words | physiology.reject_neighbour(interval_ns, given["neighbour_share"]), np.uint32)


_BITS = physiology.BeatQuality
QUALITY_REJECTS = declarations.REJECTED | int(
    _BITS.DAMPED | _BITS.MISSED_BEAT | _BITS.EXTRA_BEAT | _BITS.DEAD | _BITS.DOUBTFUL
)
"""Bits that keep a beat out of means; norms of the species only flag."""

DETECTORS = {
    "beats_pressure": Detector("pressure_arterial", _find_pressure, "foot_index", _mark),
    "beats_ecg": Detector("ecg", _find_r_peaks, "r_index", _mark),
}
"""Tables of beats, and how each is found."""

RULES = BeatRules(physiology.summarise_windows, _reject, QUALITY_REJECTS)


def _beats(name: str, *extra: Parameter, loaded_bit: int = 0) -> Registered:
    detector = DETECTORS[name]
    fiducial = detector.fiducial.removesuffix("_index").replace("r", "R", 1)
    declared: Product = physiology.PRODUCTS[name]
    product = replace(
        declared,
        inputs=(detector.quantity,),
        columns=(
            Column("tai_ns", "ns", f"time of the fiducial: {fiducial}"),
            Column("subject", "", "subject"),
            *declared.columns,
        ),
        parameters=(*declared.parameters, *extra),
        mission_values=(*_MEASURED, "transitions") if loaded_bit else _MEASURED,
        quality_rejects=QUALITY_REJECTS,
    )
    make = partial(make_beats, detector=detector, prefix=name.removeprefix("beats_"), loaded_bit=loaded_bit)
    return Registered(product, "subject_bin", make)


_LOAD = Parameter(
    LIMIT, 1.5, "g", "in launch and descent, a beat in a second above it is marked", "assumption: half above gravity"
)


def _windows(product: Product, minutes: int) -> Registered:
    whole = replace(product, quality_rejects=QUALITY_REJECTS)
    return Registered(whole, "subject_bin", partial(make_windows, rules=RULES, minutes=minutes, tables=DETECTORS))


def _variability_by(compute: Callable[..., Columns]) -> Vary:
    """Return how beats become windows of variability: what is rejected in means is rejected here."""

    def vary(
        beats: Columns,
        edges_ns: NDArray[np.int64],
        due_s: NDArray[np.float64],
        species: str,
        given: Mapping[str, Any],
    ) -> Columns:
        rejected = _reject(beats["interval_s"], beats["quality"], given) != 0
        pressures = {name: beats[name] for name in PRESSURES if name in beats}
        bad_beat = (beats["quality"] & np.uint32(QUALITY_REJECTS)) != 0
        series = physiology.SeriesOfBeats(beats["tai_ns"], beats["interval_s"], rejected, pressures, bad_beat)
        others = {"window_min", *(parameter.name for parameter in declarations.REJECTION)}
        rules = physiology.variability_rules(species, {k: value for k, value in given.items() if k not in others})
        return compute(series, edges_ns, rules, due_s)

    return vary


PRESSURES = ("sbp_mmhg", "dbp_mmhg", "map_mmhg")
"""Pressures of a beat whose variability is computed."""

VARY = {
    "variability": _variability_by(physiology.variability_windows),
    "variability_pressure": _variability_by(physiology.pressure_variability_windows),
}
"""Tables of variability, and how beats become each."""


def _variability(name: str) -> Registered:
    declared: Product = physiology.PRODUCTS[name]
    columns = (
        Column("tai_ns", "ns", "start of the window, a whole minute of UTC"),
        Column("stop_ns", "ns", "end of the window"),
        Column("subject", "", "subject"),
        Column("phase", "", "phase at the start of the window; null outside the timeline"),
        Column("hour_h", "h", "local time of day at the start of the window"),
        Column("light", "", "true where the light is on by the cycle"),
        Column("source", "", "where the beats are from: pressure or ecg"),
        *(column for column in declared.columns if column.name not in {"start_ns", "stop_ns"}),
    )
    values = ("calibration", "zeros", "installations", "schedule", "phases", "light", "species")
    product = replace(
        declared,
        columns=columns,
        parameters=(*declared.parameters, *declarations.REJECTION),
        quality_rejects=QUALITY_REJECTS,
        mission_values=values,
    )
    return Registered(product, "subject_bin", partial(make_variability, vary=VARY[name], tables=DETECTORS))


def _variability_phases() -> Registered:
    declared: Product = physiology.PRODUCTS["variability_phases"]
    columns = (Column("subject", "", "subject"), *_PHASE, *declared.columns)
    product = replace(declared, inputs=("variability", "findings"), columns=columns, mission_values=("phases",))
    return Registered(product, "subject", partial(make_variability_phases, long_term=physiology.long_term))


def _rhythm(name: str) -> Registered:
    declared: Product = physiology.PRODUCTS[name]
    columns = (Column("subject", "", "subject"), *_PHASE, *declared.columns[:1], *_UNIT, *declared.columns[1:])
    inputs = ("windows_1min", "findings")
    product = replace(declared, inputs=inputs, columns=columns, mission_values=("light", "phases"))
    return Registered(product, "subject", partial(make_rhythm, rhythm=physiology.RHYTHMS[name]))


def _reflex(declared: Product, rows_of: Callable[..., Any]) -> Registered:
    place = (
        Column("tai_ns", "ns", "start of the window, a whole minute of UTC"),
        Column("stop_ns", "ns", "end of the window"),
        Column("subject", "", "subject"),
        Column("phase", "", "phase at the start of the window; null outside the timeline"),
    )
    product = replace(
        declared,
        columns=(*place, *declared.columns),
        parameters=(*declared.parameters, *declarations.REJECTION),
        quality_rejects=QUALITY_REJECTS,
        mission_values=(*_MEASURED, "phases"),
    )
    return Registered(product, "subject_bin", partial(_make_reflex, rows_of=rows_of))


def _make_reflex(work: Work, rows_of: Callable[..., Any]) -> pa.Table:
    reject = partial(_reject, given=work.parameters)
    return make_reflex(work, lambda *beats: rows_of(baroreflex.Beats(*beats[:3]), beats[3]), reject, QUALITY_REJECTS)


REGISTRY: Mapping[str, Registered] = {
    "corrections": Registered(declarations.CORRECTIONS, "subject_bin", make_corrections),
    "beats_pressure": _beats("beats_pressure", _LOAD, loaded_bit=int(_BITS.ACCELERATION)),
    "beats_ecg": _beats("beats_ecg"),
    "windows_1min": _windows(declarations.WINDOWS_1MIN, 1),
    "windows_1h": _windows(declarations.WINDOWS_1H, 60),
    "baroreflex": _reflex(baroreflex.BAROREFLEX, baroreflex.reflex_rows),
    "baroreflex_sequences": _reflex(baroreflex.BAROREFLEX_SEQUENCES, baroreflex.sequence_rows),
    "variability": _variability("variability"),
    "variability_pressure": _variability("variability_pressure"),
    "channel_windows": Registered(declarations.CHANNEL_WINDOWS, "bin", make_channel_windows),
    "alarms": Registered(declarations.ALARMS, "bin", make_alarms),
    "findings": Registered(declarations.FINDINGS, "subject", make_findings),
    "phases": Registered(declarations.PHASES, "subject", make_phases),
    "variability_phases": _variability_phases(),
    "days": Registered(declarations.DAYS, "subject", make_days),
    **{name: _rhythm(name) for name in physiology.RHYTHMS},
    "bouts": Registered(
        declarations.BOUTS,
        "subject",
        partial(make_bouts, find=physiology.find_bouts, scale=physiology.relative_activity),
    ),
    "groups": Registered(declarations.GROUPS, "mission", make_groups),
}
"""Every product, in an order in which each comes after what it is made from."""


def product(name: str) -> Product:
    """Return the declaration of a product, or raise ProductError with the names that are known.

    >>> product("windows_1min").level
    2
    """
    if name not in REGISTRY:
        raise ProductError(f"product: got {name!r}, wanted one of: {', '.join(REGISTRY)}")
    return REGISTRY[name].product


def interval_summary(beats: Columns, species: str | None, given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what became of the intervals of beats: found, kept, rejected by reason, and statistics of those kept."""
    words = _reject(beats["interval_s"], beats["quality"], given)
    threshold_ms = physiology.load_species(species).pnn_ms if species is not None else 5.0
    statistics = physiology.interval_statistics(
        physiology.whole_ns(beats["interval_s"]), words, threshold_ns=round(threshold_ms * 1e6)
    )
    return {
        "beats": len(words),
        "rejected_share": dict(physiology.rejected_shares(words)),
        "pnn_threshold_ms": threshold_ms,
        **statistics._asdict(),
    }


COMPILED = (*DETECTORS, "variability")
"""Products whose functions are compiled, each on its own."""


def warm(names: Iterable[str]) -> None:
    """Run those of the named products that are compiled once on nothing much, so that their code is there."""
    times_s = np.arange(2000) / 500.0
    wave = 100.0 + 15.0 * np.sin(2.0 * np.pi * 8.0 * times_s)
    for name in (one for one in COMPILED if one in set(names)):
        if name in DETECTORS:
            given = physiology.PRODUCTS[name].with_parameters({})
            DETECTORS[name].find(wave, 500.0, np.zeros(len(wave), np.uint32), 0, given)
        else:
            interval_s = 1e-3 * wave
            times_ns = np.rint(np.cumsum(interval_s) * NS_PER_S).astype(np.int64)
            beats: Columns = {"tai_ns": times_ns, "interval_s": interval_s, "quality": np.zeros(len(wave), np.uint32)}
            known, due_s = REGISTRY[name].product.with_parameters({}), np.array([1.0])
            VARY[name](beats, times_ns[[0, -1]], due_s, known_species()[0], known)


def known_species() -> list[str]:
    """Return the species whose norms are known."""
    return list(physiology.species_names())
