"""Variability on a page: what its windows hold, with and without correction, their course, and what they lack."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.pipeline import ChannelResult
from telemus.report.numbers import count, number
from telemus.report.page import Block, Picture, Table, Text
from telemus.report.time_figures import Trend, course_figure
from telemus.report.view import column

_INTERVALS = (
    ("AVNN [ms]", "avnn_ms", 2), ("SDNN [ms]", "sdnn_ms", 2), ("RMSSD [ms]", "rmssd_ms", 3),
    ("pNN [%]", "pnn_percent", 2), ("triangular index", "triangular_index", 2), ("TINN [ms]", "tinn_ms", 1),
    ("SD1 [ms]", "sd1_ms", 3), ("SD2 [ms]", "sd2_ms", 2), ("CSI", "csi", 2), ("CVI", "cvi", 3),
    ("alpha1", "alpha1", 3), ("alpha2", "alpha2", 3), ("SampEn", "sampen", 3), ("MSE, sum of scales", "mse_area", 2),
    ("PIP [%]", "pip_percent", 1), ("IALS", "ials", 3), ("PSS [%]", "pss_percent", 1), ("PAS [%]", "pas_percent", 1),
    ("joint words alike [%]", "joint_same_percent", 1),
    ("VLF, Lomb-Scargle [ms²]", "lomb_vlf_ms2", 3), ("LF, Lomb-Scargle [ms²]", "lomb_lf_ms2", 3),
    ("HF, Lomb-Scargle [ms²]", "lomb_hf_ms2", 3), ("LF, Welch [ms²]", "welch_lf_ms2", 3),
    ("HF, Welch [ms²]", "welch_hf_ms2", 3), ("LF, AR [ms²]", "ar_lf_ms2", 3), ("HF, AR [ms²]", "ar_hf_ms2", 3),
    ("LF, FFT [ms²]", "fft_lf_ms2", 3), ("HF, FFT [ms²]", "fft_hf_ms2", 3), ("LF / HF, Lomb-Scargle", "lomb_lf_hf", 2),
)  # fmt: skip
_RAW = (
    ("SDNN [ms]", "sdnn_ms", 2), ("RMSSD [ms]", "rmssd_ms", 3), ("SD1 [ms]", "sd1_ms", 3), ("alpha1", "alpha1", 3),
    ("SampEn", "sampen", 3), ("LF, Lomb-Scargle [ms²]", "lomb_lf_ms2", 3), ("HF, Lomb-Scargle [ms²]", "lomb_hf_ms2", 3),
)  # fmt: skip
_PRESSURES = (
    ("mean [mmHg]", "mean_mmhg", 1), ("SD [mmHg]", "sd_mmhg", 2), ("RMSSD [mmHg]", "rmssd_mmhg", 2),
    ("LF, Lomb-Scargle [mmHg²]", "lomb_lf_mmhg2", 2), ("HF, Lomb-Scargle [mmHg²]", "lomb_hf_mmhg2", 2),
    ("alpha1", "alpha1", 3), ("SampEn", "sampen", 3),
)  # fmt: skip
_DRAWN = (("rmssd_ms", "RMSSD", "ms"), ("lomb_lf_ms2", "LF", "ms²"), ("lomb_hf_ms2", "HF", "ms²"))


def variability_blocks(found: ChannelResult) -> list[Block]:
    """Return the blocks of one channel's variability: tables, course, what is missing; or why there is none."""
    rows = found.variability.intervals
    if not rows.column_names:
        return [Text("No variability: its bands belong to a species, and none was named (--species).", "notice")]
    if rows.num_rows == 0:
        return []
    windows = f"{count(rows.num_rows)} windows of {_minutes(rows):g} min"
    told = f"{windows}; bands: {rows['bands'][0]}; rejected values: {rows['correction'][0]}. {_lacking(rows)}"
    blocks: list[Block] = [
        Table(("Variability of intervals", "median", "lowest", "highest"), _spread(rows, _INTERVALS), told),
        Table(("With and without rejection, medians", "kept", "as found"), _with_and_without(rows)),
    ]
    blocks += _pressures(found.variability.pressures)
    if rows.num_rows >= 3:
        minutes = column(rows, "start_s") / 60.0
        panels = [(title, unit, Trend(minutes, _values(rows, name))) for name, title, unit in _DRAWN]
        caption = f"Variability in windows of {_minutes(rows):g} min; powers by Lomb-Scargle."
        blocks.append(Picture(f"variability-{found.name}", course_figure(panels), caption))
    return blocks


def _pressures(rows: pa.Table) -> list[Block]:
    blocks: list[Block] = []
    for name in dict.fromkeys(rows["series"].to_pylist()) if rows.num_rows else ():
        own = rows.filter(np.array(rows["series"].to_pylist()) == name)
        head = f"Variability of {name.removesuffix('_mmhg').upper()}"
        blocks.append(Table((head, "median", "lowest", "highest"), _spread(own, _PRESSURES)))
    return blocks


def _spread(rows: pa.Table, measures: tuple[tuple[str, str, int], ...]) -> list[tuple[str, ...]]:
    lines = []
    for label, name, decimals in measures:
        known = _values(rows, name)
        known = known[np.isfinite(known)]
        if known.size:
            figures = float(np.median(known)), float(known.min()), float(known.max())
            lines.append((label, *(number(value, decimals) for value in figures)))
    return lines


def _with_and_without(rows: pa.Table) -> list[tuple[str, ...]]:
    lines = []
    for label, name, decimals in _RAW:
        pair = (_values(rows, one) for one in (name, f"raw_{name}"))
        known = [values[np.isfinite(values)] for values in pair]
        lines.append((label, *(number(float(np.median(one)), decimals) if one.size else number(None) for one in known)))
    return lines


def _lacking(rows: pa.Table) -> str:
    """Return in words in how many windows something is missing or cut."""
    counts = Counter(word for text in rows["shortfall"].to_pylist() for word in text.split("|") if word)
    if not counts:
        return "Nothing is missing."
    return "Missing or cut: " + ", ".join(f"{word} in {n}" for word, n in counts.most_common()) + " windows."


def _minutes(rows: pa.Table) -> float:
    return float(rows["stop_s"][0].as_py() - rows["start_s"][0].as_py()) / 60.0


def _values(rows: pa.Table, name: str) -> NDArray[np.float64]:
    return column(rows, name).astype(np.float64)
