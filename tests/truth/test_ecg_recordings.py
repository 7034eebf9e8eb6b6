"""R peaks against annotations that others made, on real recordings, with pinned floors."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.numerics.agreement import match_events
from telemus.physiology.ecg import find_r_peaks

wfdb = pytest.importorskip("wfdb")
pytestmark = pytest.mark.filterwarnings("ignore:The inplace keyword")  # of pandas, called by wfdb
BEATS = set("NLRBAaJSVrFejnE/fQ?")  # beat annotations of the WFDB library


def scores(beats, truth, tolerance, floor):
    agreement = match_events(beats.r_index, truth, tolerance)
    assert agreement.sensitivity >= floor, agreement.sensitivity
    assert agreement.predictivity >= floor, agreement.predictivity
    return agreement


@pytest.mark.parametrize("turned", [1.0, -1.0])
def test_mouse_24_whatever_its_polarity(shared_data, turned):
    name = str(shared_data / "physio/mouse_ecg_physiozoo/Mouse_24")
    x = turned * wfdb.rdrecord(name).p_signal[:, 0]
    truth = wfdb.rdann(name, "qrs").sample
    beats = find_r_peaks(x, 1000.0)
    agreement = scores(beats, truth, 5.0, 0.9995)
    assert (beats.polarity == -turned).mean() > 0.999  # the QRS of this mouse is inverted
    assert abs(agreement.bias) < 0.5  # samples of 1 ms; the truth stands on whole samples
    assert agreement.jitter < 1.0


@pytest.mark.parametrize("lead", [0, 1])
def test_mit_bih_100(shared_data, lead):
    name = str(shared_data / "physio/human_wfdb/100")
    annotation = wfdb.rdann(name, "atr")
    truth = annotation.sample[[symbol in BEATS for symbol in annotation.symbol]]
    assert len(truth) == 2273
    scores(find_r_peaks(wfdb.rdrecord(name).p_signal[:, lead], 360.0), truth, 0.05 * 360, 0.999)


@pytest.mark.parametrize(
    ("record", "floor"),
    [("C1P165", 0.985), ("C2P184", 0.999), ("C3P208", 0.999), ("C4P164", 0.999), ("C4P212", 0.999)],
)
def test_tilt_records(shared_data, record, floor):
    with np.load(shared_data / f"physio/human_ecg_pressure_tilt/{record}_plain.npz") as held:
        x, truth = held["ecg_mV"].astype(np.float64), held["r_index0"]
    inner = slice(500, x.size - 500)  # the first and last second are left out: that truth is unreviewed at its ends
    beats = find_r_peaks(x, 500.0)
    found = beats.r_index[(beats.r_index >= inner.start) & (beats.r_index < inner.stop)]
    agreement = match_events(found, truth[(truth >= inner.start) & (truth < inner.stop)], 0.05 * 500)
    assert min(agreement.sensitivity, agreement.predictivity) >= floor


def test_labchart_mouse_has_the_beats_its_author_counted(shared_data):
    from scipy.io import loadmat

    held = loadmat(shared_data / "physio/labchart/mouse_ecg_breathing_2khz.mat")
    beats = find_r_peaks(held["data"][0, :90391], 2000.0)
    assert abs(len(beats.r_index) - 349) <= 1


def noisy(shared_data, name):
    return find_r_peaks(np.loadtxt(shared_data / f"physio/mouse_ecg_noisy/{name}.csv"), 500.0)


@pytest.mark.parametrize("name", ["4_29_T514_seg0", "4_30_T418_seg0"])
def test_pieces_that_are_hum_are_doubtful(shared_data, name):
    beats = noisy(shared_data, name)
    assert len(beats.r_index) < 45
    assert (beats.quality >> 24 & 1).mean() > 0.8


@pytest.mark.parametrize(
    "name",
    ["4_18_T366_seg0", "5_14_T356_seg0", "5_14_T455_seg3", "5_14_T511_seg0", "5_28_T483_seg0", "6_11_T356_seg0"],
)
def test_pieces_with_a_visible_rhythm_are_even(shared_data, name):
    beats = noisy(shared_data, name)
    interval = beats.interval_s[:-1]
    assert np.isfinite(interval).all()
    assert np.abs(np.diff(interval)).max() < 0.05 * np.median(interval)
    assert not beats.quality.any()
