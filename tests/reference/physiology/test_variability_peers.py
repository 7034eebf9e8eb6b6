"""Variability against independent packages on the same intervals: recorded by design/variability_peers.py.

Where a definition differs, the figure of ours that has the peer's definition is compared, or the tolerance says why.
"""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from telemus.numerics import lomb_spectrum
from telemus.physiology import variability
from telemus.physiology.variability import SeriesOfBeats, variability_rules, variability_windows

PEERS = json.loads(Path(__file__).with_name("variability_peers.json").read_text(encoding="utf-8"))
SAME = ("avnn_ms", "sdnn_ms", "rmssd_ms", "sdsd_ms", "sd1_ms", "sd2_ms", "csi", "cvi", "pip_percent", "ials", "sampen")
PACKAGES = ("neurokit2", "hrv-analysis", "nolds", "antropy")


def ours(name: str, intervals_ms: np.ndarray) -> dict[str, float]:
    """Return every measure of the intervals as one window, nothing rejected."""
    stop_ns = np.rint(np.cumsum(intervals_ms) * 1e6).astype(np.int64)
    start_ns = stop_ns - np.rint(intervals_ms * 1e6).astype(np.int64)
    beats = SeriesOfBeats(start_ns, intervals_ms / 1e3, np.zeros(len(intervals_ms), np.bool_))
    rules = variability_rules(PEERS[name]["species"])
    columns = variability_windows(beats, [0, int(stop_ns[-1])], rules)
    return {key: column[0] for key, column in columns.items()}


@pytest.fixture(params=["small", "large", "mouse_rr_physiozoo"])
def case(request):
    """Return name, intervals [ms] and the peers' values; the mouse's own file is not in the repository."""
    name = request.param
    if name != "mouse_rr_physiozoo":
        return name, np.array(PEERS[name]["intervals_ms"]), PEERS[name]["peers"]
    folder = request.getfixturevalue("shared_data") / "physio/mouse_rr_physiozoo"
    text = (folder / "Mouse_example_qrs.txt").read_text()
    beats_ms = np.array([int(line) for line in text.split("---")[-1].split()])
    return name, np.diff(beats_ms)[beats_ms[:-1] < 180_000].astype(float), PEERS[name]["peers"]


@pytest.mark.parametrize("package", PACKAGES)
def test_what_has_the_same_definition_is_the_same(case, package):
    name, intervals_ms, peers = case
    found = ours(name, intervals_ms)
    quantised = name == "mouse_rr_physiozoo"  # equal intervals: neurokit2 counts no segment for a difference of zero
    names = [key for key in peers[package] if key in SAME and not (quantised and key in ("pip_percent", "ials"))]
    names += [key for key in peers[package] if key.startswith("mse_")]
    assert names
    for key in names:
        assert found[key] == pytest.approx(peers[package][key], rel=1e-9), key


def test_dfa_and_scaled_measures(case):
    name, intervals_ms, peers = case
    found = ours(name, intervals_ms)
    assert found["alpha1"] == pytest.approx(peers["neurokit2"]["alpha1"], rel=0.01)
    if name != "mouse_rr_physiozoo":  # artefacts weigh more in the root of a mean than in a mean of roots
        assert found["alpha1"] == pytest.approx(peers["nolds"]["alpha1_mean_of_roots"], rel=0.1)
    boxes = variability.box_sizes(16, 64)
    long = variability.fluctuations(intervals_ms, boxes)
    slope = np.polyfit(np.log(boxes), np.log(long.fluctuation), 1)[0]
    assert slope == pytest.approx(peers["neurokit2"]["alpha2_to_64"], rel=0.02)


def test_definitions_that_differ_differ_by_what_is_said(case):
    name, intervals_ms, peers = case
    found, peer, n = ours(name, intervals_ms), peers["hrv-analysis"], len(intervals_ms)
    assert found["sdsd_ms"] * ((n - 2) / (n - 1)) ** 0.5 == pytest.approx(peer["sdsd_ms_n"])  # n for n - 1
    of_sdnn = (2 * found["sdnn_ms"] ** 2 - found["sdsd_ms"] ** 2 / 2) ** 0.5  # SD2 from SDNN, not from the pairs
    assert of_sdnn == pytest.approx(peer["sd2_ms_of_sdnn"])
    assert found["sd2_ms"] == pytest.approx(of_sdnn, rel=0.005)
    if "pnn_percent" in peer:
        assert found["pnn_percent"] == pytest.approx(peer["pnn_percent"])


def test_lomb_bands_against_astropy(case):
    """Astropy's on a grid four times as fine: the area of a band is the same within what its border leaks."""
    name, intervals_ms, peers = case
    found = ours(name, intervals_ms)
    for key in ("lomb_lf_ms2", "lomb_hf_ms2"):
        assert found[key] == pytest.approx(peers["astropy"][key], rel=0.03), key


def test_lomb_against_scipy():
    from scipy.signal import lombscargle

    rng = np.random.default_rng(3)
    times_s = np.cumsum(0.11 + 0.01 * rng.standard_normal(400))
    spectrum = lomb_spectrum(times_s, rng.standard_normal(400), 4.0)
    values = np.random.default_rng(3).standard_normal(800)[400:]  # the same draw
    line = np.polyfit(times_s, values, 1)
    peer = lombscargle(times_s, values - np.polyval(line, times_s), 2 * np.pi * spectrum.frequency_hz)
    assert spectrum.density == pytest.approx(2 * np.median(np.diff(times_s)) * peer, rel=1e-8)
