"""Pressure beats of rats and rabbits against the spectral line of the heart rate and the recorder's own rate.

The rule, blind to the beats. A record is cut into consecutive windows of 10 s. A window's *line* is the largest peak
between 1 and 15 Hz of its spectrum (mean removed; three sine tapers, whose sum weighs the window nearly evenly, so
that a rate that moves shows with its plain mean and not with that of the window's middle), or half its frequency
where a peak of at least a tenth of its power stands there (a reflected wave can make the second harmonic the larger
one). Its frequency is the centroid of the power within 15 % of it. A window is *judged* if

- the line and its harmonics up to the fifth (15 % either side) hold at least 80 % of the power between 0.8 Hz and 25
  Hz: there is one heart beat, and no death, artefact or second animal; and
- the line's power in either half of the window is at least a quarter of that in the other: a centroid is blind to
  beats of less than half the pulse beside others (splice, death within the window).

No other window is left out; the number judged is pinned for every record.

The beats of a judged window are those with their foot inside. Their number in 10 s is 10 (n - 1) / (last foot - first
foot), so that no edge rounds it; a beat missed between the first and last lowers it, and the edges may hide no beat:
the first and last foot must be within 1.5 cycles of the window's ends. It must agree with the line within 2 %.

The recorder's rate (rabbits, channel 41) is compared where it is quiet: where it moves by no more than 5 % within the
window, judged or not by the spectrum. The beats' mean rate must agree with its mean within 3 %.
"""

from __future__ import annotations

import lzma
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from telemus.physiology import find_beats

WINDOW_S = 10.0
TAPERS = 3
RATS = [
    *(f"ssbn13{diet}{animal:02d}" for diet in ("hs", "ls") for animal in range(1, 7)),
    *(f"ss{diet}{animal:02d}" for diet in ("hs", "ls") for animal in range(1, 10)),
]

RAT_JUDGED = {"ssbn13ls03": 11, "sshs02": 11}  # of 12; a deep slow wave, an artefact
RABBIT_JUDGED = {
    "glouglou_acetylcholine": 11,
    "glouglou_adrenaline": 16,
    "glouglou_euthanasie": 3,
    "glouglou_sansinjection": 147,
    "glouglou_stimunerfvague": 11,
    "pocher_adrenaline": 60,
    "pocher_sansinjection": 72,
}
RABBIT_QUIET = {
    "glouglou_acetylcholine": 8,
    "glouglou_adrenaline": 7,
    "glouglou_euthanasie": 1,
    "glouglou_sansinjection": 125,
    "glouglou_stimunerfvague": 9,
    "pocher_adrenaline": 33,
    "pocher_sansinjection": 67,
}


class Line(NamedTuple):
    frequency_hz: float
    share: float
    steadiness: float


class Verdict(NamedTuple):
    start_s: float
    line: Line
    found: float
    wanted: float
    edge_cycles: float


def rat_pressure(folder: Path, name: str) -> np.ndarray:
    wfdb = pytest.importorskip("wfdb", reason="wfdb reads the rat records")
    record = wfdb.rdrecord(str(folder / "physio/rat_pressure_dahl" / name))
    assert (record.fs, record.units) == (100, ["mmHg"])
    return np.ascontiguousarray(record.p_signal[:, 0])


def rabbit_channels(folder: Path, name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return pressure [mmHg] and the recorder's heart rate [bpm], both at 200 Hz."""
    text = lzma.decompress((folder / "physio/rabbit_pressure" / f"{name}.txt.lzma").read_bytes()).decode().splitlines()
    columns = text[0].split("\t")
    rows = np.array([[float(field) for field in line.split("\t")] for line in text[1:]])
    return np.ascontiguousarray(rows[:, columns.index("CH2")]), rows[:, columns.index("CH41")]


def spectrum(pressure: np.ndarray, rate_hz: float) -> tuple[np.ndarray, np.ndarray]:
    """Return frequency [Hz] and power by three sine tapers (Riedel and Sidorenko 1995, doi 10.1109/78.365298)."""
    padded = 1 << 15
    n = np.arange(1, len(pressure) + 1)
    centred = pressure - pressure.mean()
    tapers = [np.sin(np.pi * k * n / (len(pressure) + 1)) for k in range(1, TAPERS + 1)]
    return np.fft.rfftfreq(padded, 1 / rate_hz), sum(np.abs(np.fft.rfft(centred * t, padded)) ** 2 for t in tapers)


def spectral_line(pressure: np.ndarray, rate_hz: float) -> Line:
    frequency, power = spectrum(pressure, rate_hz)

    def near(centre_hz: float) -> np.ndarray:
        return np.abs(frequency - centre_hz) <= 0.15 * centre_hz

    def peak(low_hz: float, high_hz: float) -> int:
        return int(np.argmax(np.where((frequency >= low_hz) & (frequency <= high_hz), power, 0)))

    best = peak(1.0, 15.0)
    half = peak(max(1.0, 0.47 * frequency[best]), 0.53 * frequency[best])
    if half > 3 and power[half] >= max(power[half - 3], power[half + 3], 0.1 * power[best]):
        best = half
    line = near(frequency[best])
    centre_hz = float(np.average(frequency[line], weights=power[line]))
    beat = np.logical_or.reduce([near(harmonic * centre_hz) for harmonic in range(1, 6)])
    heard = (frequency >= 0.8) & (frequency <= 25.0)
    middle = len(pressure) // 2
    one, other = (spectrum(part, rate_hz)[1][line].sum() for part in (pressure[:middle], pressure[middle:]))
    return Line(
        centre_hz, float(power[beat & heard].sum() / power[heard].sum()), float(min(one, other) / max(one, other))
    )


def found_beats(foot_s: np.ndarray, start_s: float) -> tuple[float, float]:
    """Return the number of beats in the 10 s from ``start_s``, and the longer stretch without a foot at an end [s]."""
    inside = foot_s[(foot_s >= start_s) & (foot_s < start_s + WINDOW_S)]
    if len(inside) < 2:
        return 0.0, WINDOW_S
    edge_s = max(inside[0] - start_s, start_s + WINDOW_S - inside[-1])
    return WINDOW_S * (len(inside) - 1) / (inside[-1] - inside[0]), edge_s


def judge(pressure: np.ndarray, rate_hz: float) -> tuple[list[Verdict], list[Verdict]]:
    """Return the verdicts on the judged windows and on the others."""
    foot_s = find_beats(pressure, rate_hz).foot_index / rate_hz
    judged, others = [], []
    width = int(WINDOW_S * rate_hz)
    for start in range(0, len(pressure) - width + 1, width):
        line = spectral_line(pressure[start : start + width], rate_hz)
        found, edge_s = found_beats(foot_s, start / rate_hz)
        verdict = Verdict(start / rate_hz, line, found, WINDOW_S * line.frequency_hz, edge_s * line.frequency_hz)
        (judged if line.share >= 0.8 and line.steadiness >= 0.25 else others).append(verdict)
    return judged, others


def assert_as_many_as_the_line_says(verdicts: list[Verdict]) -> None:
    for verdict in verdicts:
        assert verdict.found == pytest.approx(verdict.wanted, rel=0.02), verdict
        assert verdict.edge_cycles < 1.5, verdict


@pytest.mark.parametrize("name", RATS)
def test_rat_beats_are_as_many_as_the_spectral_line_says(shared_data: Path, name: str) -> None:
    judged, others = judge(rat_pressure(shared_data, name), 100.0)
    assert len(judged) == RAT_JUDGED.get(name, 12)
    assert_as_many_as_the_line_says(
        judged + others
    )  # in the rats the line is right even where the rule would not have it


@pytest.mark.parametrize("name", RABBIT_JUDGED)
def test_rabbit_beats_are_as_many_as_the_spectral_line_says(shared_data: Path, name: str) -> None:
    pressure, _ = rabbit_channels(shared_data, name)
    judged, _ = judge(pressure, 200.0)
    assert len(judged) == RABBIT_JUDGED[name]
    assert_as_many_as_the_line_says(judged)


@pytest.mark.parametrize("name", RABBIT_QUIET)
def test_rabbit_beats_agree_with_the_recorder_where_it_is_quiet(shared_data: Path, name: str) -> None:
    pressure, recorder_bpm = rabbit_channels(shared_data, name)
    foot_s = find_beats(pressure, 200.0).foot_index / 200.0
    compared = 0
    for start in range(0, len(pressure) - 1999, 2000):
        there = recorder_bpm[start : start + 2000]
        if np.ptp(there) > 0.05 * there.mean():
            continue
        found, _ = found_beats(foot_s, start / 200.0)
        assert 60 * found / WINDOW_S == pytest.approx(there.mean(), rel=0.03), start / 200.0
        compared += 1
    assert compared == RABBIT_QUIET[name]
