"""What other packages compute from the same intervals: writes tests/reference/physiology/variability_peers.json.

They are heavy, and want other versions of what we use: run this in an environment of its own,

    python -m venv peers && peers/bin/pip install neurokit2==0.2.13 hrv-analysis==1.0.5 nolds==0.5.2 antropy==0.2.3
    peers/bin/python design/variability_peers.py [../shared/data]

2026-11-23. Consequence: time domain, Poincare, PIP, IALS, sample entropy and DFA agree to rounding where the definition
is the same. They differ where it is not, and the tests say where: PSS and PAS of neurokit2 are shares of segments, not
of intervals; hrv-analysis takes SD2 from SDNN, and its spectra come from linear interpolation at 4 Hz.
"""

from __future__ import annotations

import json
import sys
import warnings
from importlib import metadata
from pathlib import Path

import antropy
import hrvanalysis
import neurokit2
import nolds
import numpy as np
from astropy.timeseries import LombScargle

PAGE = Path(__file__).resolve().parents[1] / "tests" / "reference" / "physiology" / "variability_peers.json"
PACKAGES = ("neurokit2", "hrv-analysis", "nolds", "antropy", "astropy", "numpy", "scipy")


def made(mean_ms: float, lf_hz: float, hf_hz: float, count: int, seed: int) -> list[float]:
    """Return intervals [ms], rounded to a microsecond, with two waves, a random walk and noise."""
    rng = np.random.default_rng(seed)
    time_s, walk, found = 0.0, 0.0, []
    for noise in rng.standard_normal((count, 2)):
        walk = 0.98 * walk + 0.004 * mean_ms * noise[0]
        waves = 0.02 * np.sin(2 * np.pi * lf_hz * time_s) + 0.015 * np.sin(2 * np.pi * hf_hz * time_s)
        found.append(round(float(mean_ms * (1 + waves + 0.008 * noise[1]) + walk), 3))
        time_s += found[-1] / 1000
    return found


def mouse(folder: Path) -> list[float]:
    """Return the intervals of the first 180 s of PhysioZoo's mouse, as found, whole milliseconds."""
    text = (folder / "physio/mouse_rr_physiozoo/Mouse_example_qrs.txt").read_text()
    beats_ms = np.array([int(line) for line in text.split("---")[-1].split()])
    return np.diff(beats_ms)[beats_ms[:-1] < 180_000].astype(float).tolist()


def peers(
    intervals: list[float], bands_hz: tuple[float, float, float], threshold_ms: float
) -> dict[str, dict[str, float]]:
    x = np.array(intervals)
    radius = 0.2 * x.std(ddof=1)
    peaks = neurokit2.intervals_to_peaks(x, sampling_rate=1_000_000)
    found: dict[str, dict[str, float]] = {}
    nonlinear = neurokit2.hrv_nonlinear({"RRI": x, "RRI_Time": np.cumsum(x) / 1000}).iloc[0]
    time = neurokit2.hrv_time(peaks, sampling_rate=1_000_000).iloc[0]
    found["neurokit2"] = {
        "avnn_ms": time["HRV_MeanNN"], "sdnn_ms": time["HRV_SDNN"], "rmssd_ms": time["HRV_RMSSD"],
        "sdsd_ms": time["HRV_SDSD"], "sd1_ms": nonlinear["HRV_SD1"], "sd2_ms": nonlinear["HRV_SD2"],
        "csi": nonlinear["HRV_CSI"], "cvi": nonlinear["HRV_CVI"], "pip_percent": 100 * nonlinear["HRV_PIP"],
        "ials": nonlinear["HRV_IALS"], "sampen": neurokit2.entropy_sample(x, dimension=2, tolerance=radius)[0],
    }  # fmt: skip
    for scale in (2, 3, 5):
        coarse = x[: len(x) // scale * scale].reshape(-1, scale).mean(axis=1)
        found["neurokit2"][f"mse_{scale}"] = neurokit2.entropy_sample(coarse, dimension=2, tolerance=radius)[0]
    sizes = [4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 15], [16, 17, 19, 21, 23, 25, 27, 29, 32, 35, 38, 41, 45, 49, 54, 59, 64]
    for name, boxes in zip(("alpha1", "alpha2_to_64"), sizes, strict=True):
        found["neurokit2"][name] = neurokit2.fractal_dfa(x, scale=np.array(boxes), overlap=False)[0]
    features = hrvanalysis.get_time_domain_features(x)
    plot = hrvanalysis.get_poincare_plot_features(x)
    over = f"pnni_{round(threshold_ms)}"
    found["hrv-analysis"] = {
        "avnn_ms": features["mean_nni"], "sdnn_ms": features["sdnn"], "rmssd_ms": features["rmssd"],
        "sdsd_ms_n": features["sdsd"], "sd1_ms": plot["sd1"], "sd2_ms_of_sdnn": plot["sd2"],
        "sampen_share_of_sd_n": hrvanalysis.get_sampen(x)["sampen"],
    }  # fmt: skip
    if over in features:
        found["hrv-analysis"]["pnn_percent"] = features[over] * len(x) / (len(x) - 1)
    found["nolds"] = {
        "sampen": nolds.sampen(x, emb_dim=2, tolerance=radius),
        "alpha1_mean_of_roots": nolds.dfa(x, nvals=sizes[0], overlap=False, order=1),
    }
    found["antropy"] = {"sampen": antropy.sample_entropy(x, order=2, tolerance=radius)}
    found["astropy"] = lomb(x, bands_hz)
    return {name: {key: float(value) for key, value in values.items()} for name, values in found.items()}


def lomb(x: np.ndarray, bands_hz: tuple[float, float, float]) -> dict[str, float]:
    """Return band powers [ms^2] of astropy's periodogram, on a grid four times as fine as ours."""
    t = np.r_[0.0, np.cumsum(x)[:-1]] / 1000
    y = x - np.polyval(np.polyfit(t, x, 1), t)
    step = 1 / (4 * (t[-1] + np.median(np.diff(t))))
    f = np.arange(step, min(bands_hz[2], 500 / x.mean()), step)
    power = LombScargle(t, y, fit_mean=False, center_data=False).power(f, normalization="psd")
    density = 2 * np.median(np.diff(t)) * power
    low, middle, high = bands_hz
    return {
        "lomb_lf_ms2": density[(f >= low) & (f < middle)].sum() * step,
        "lomb_hf_ms2": density[(f >= middle) & (f < high)].sum() * step,
    }


def main() -> None:
    warnings.simplefilter("ignore")
    small, large = made(110.0, 0.5, 2.8, 1600, 1), made(850.0, 0.1, 0.25, 700, 2)
    page = {
        "made by": "design/variability_peers.py",
        "versions": {name: metadata.version(name) for name in PACKAGES},
        "small": {"species": "mouse", "intervals_ms": small, "peers": peers(small, (0.152, 1.24, 5.0), 5.0)},
        "large": {"species": "human", "intervals_ms": large, "peers": peers(large, (0.04, 0.15, 0.4), 50.0)},
    }
    if len(sys.argv) > 1:
        page["mouse_rr_physiozoo"] = {
            "species": "mouse",
            "peers": peers(mouse(Path(sys.argv[1])), (0.152, 1.24, 5.0), 5.0),
        }
    lines = [f" {json.dumps(name)}: {json.dumps(part)}" for name, part in page.items()]
    PAGE.write_text("{\n" + ",\n".join(lines) + "\n}\n")


if __name__ == "__main__":
    main()
