"""The electrocardiogram as a sum of Gaussian waves, its leads turned by posture, and the exact time of each R peak.

The lead of an implant changes polarity and size when the animal changes posture; in the mouse there is no flat ST
segment: the T wave runs into S.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numba import njit
from numpy.typing import NDArray

from telemus.simulate.mouse.heart import BLEND, KIND, R
from telemus.simulate.mouse.noise import normal, stream_key, uniforms
from telemus.simulate.mouse.sampling import Sampling
from telemus.simulate.mouse.spline import MUSCLE, WANDER, Knots, knot_weights

# P, Q, R, S, T.
_R = 2
OFFSETS_S = np.array([-0.036, -0.0043, 0.0, 0.0041, 0.0150])
WIDTHS_S = np.array([0.0050, 0.0013, 0.0016, 0.0017, 0.0060])
REACH = 5.5
ECTOPIC_HEIGHTS = np.array([0.0, 0.0, 1.2, -0.7, -0.35])
ECTOPIC_STRETCH = 2.4


class Lead(NamedTuple):
    """How one animal's ECG looks to its implant.

    Attributes:
        r_mv: height of R in a good posture [mV].
        posture_s: mean time between changes of posture [s].
        inverted_share, tall_t_share: share of postures with inverted complexes, and with T taller than R.
    """

    r_mv: float
    posture_s: float
    inverted_share: float
    tall_t_share: float


def posture_at(key: np.uint64, times_s: NDArray[np.float64], posture_s: float) -> NDArray[np.int64]:
    """Return the number of the posture at these times (n,): one change at a random moment of every `posture_s`."""
    slot = np.floor(times_s / posture_s)
    changed = times_s >= (slot + uniforms(key, slot.astype(np.int64))) * posture_s
    return np.where(changed, slot, slot - 1.0).astype(np.int64)


def make_complexes(
    beats: NDArray[np.float64], respiration: NDArray[np.float64], activity: NDArray[np.float64], seed: int, lead: Lead
) -> NDArray[np.float64]:
    """Return the waves of each beat (m, 5, 3): centre [s since time zero], SD [s], height [mV], before the sensor.

    Args:
        beats: (m, columns).
        respiration: how far respiration moves the heart in its lead, at each beat (m,), a share of the height.
        activity: strength of movement at each beat (m,).
        seed: of the animal.
        lead: of the animal.
    """
    r = beats[:, R]
    posture = posture_at(stream_key(seed, "posture"), r, lead.posture_s)

    def draw(name: str) -> NDArray[np.float64]:
        return uniforms(stream_key(seed, name), posture)

    flutter = uniforms(stream_key(seed, "flutter"), np.floor(r * 1000.0).astype(np.int64)) - 0.5
    size = lead.r_mv * (0.6 + 0.6 * draw("size")) * (1.0 - 0.15 * np.minimum(activity, 1.0))
    size *= (1.0 + respiration + 0.1 * flutter) * np.where(draw("polarity") < lead.inverted_share, -1.0, 1.0)
    shade, tall = draw("shade"), draw("tall") < lead.tall_t_share
    t_height = np.where(tall, 1.0 + 0.2 * shade, 0.15 + 0.30 * shade)
    # Where T towers, it swallows most of S.
    s_height = np.where(tall, -0.10 - 0.10 * draw("s"), -0.20 - 0.40 * draw("s"))
    waves = np.empty((len(beats), len(OFFSETS_S), 3))
    ectopic = beats[:, KIND] == 1.0
    stretch = np.where(ectopic, ECTOPIC_STRETCH, 1.0)
    heights = np.stack([0.12 + 0 * r, -0.10 + 0 * r, 1.0 + 0 * r, s_height, t_height], axis=1)
    heights[ectopic] = ECTOPIC_HEIGHTS
    waves[:, :, 0] = r[:, None] + stretch[:, None] * OFFSETS_S
    # The T wave of a long beat comes later.
    waves[:, -1, 0] += (0.4 * beats[:, BLEND] * stretch + np.where(tall, 0.25, 0.0)) * OFFSETS_S[-1]
    waves[:, :, 1] = stretch[:, None] * WIDTHS_S
    waves[:, :, 2] = size[:, None] * heights
    return waves


def behind_low_pass(waves: NDArray[np.float64], low_pass_s: float) -> NDArray[np.float64]:
    """Return the waves behind a Gaussian low-pass: wider by its SD [s] in quadrature, and lower by as much.

    >>> behind_low_pass(np.array([[[0.0, 3.0, 5.0]]]), 4.0).tolist()
    [[[0.0, 5.0, 3.0]]]
    """
    out = waves.copy()
    out[:, :, 1] = np.hypot(waves[:, :, 1], low_pass_s)
    out[:, :, 2] *= waves[:, :, 1] / out[:, :, 1]
    return out


@njit(cache=True)  # type: ignore[untyped-decorator]
def sample_ecg(
    sampling: Sampling,
    waves: NDArray[np.float64],
    knots: Knots,
    noise_mv: float,
    key: np.uint64,
    out: NDArray[np.float64],
) -> None:
    """Fill `out` with ECG after the sensor [mV]: waves, baseline wander, muscle and sensor noise.

    Args:
        sampling: when the samples are taken.
        waves: (m, 5, 3) of every beat that reaches into the stretch, behind the sensor's low-pass.
        knots: the modulations.
        noise_mv: SD of the sensor's noise [mV].
        key: stream of the noise.
        out: (n,).
    """
    first_sample, rate_hz, latency_s = sampling
    muscles, wander = knots.values[MUSCLE], knots.values[WANDER]
    for n in range(out.size):
        m = first_sample + n
        t = m / rate_hz - latency_s
        j, f, w0, w1, w2, w3 = knot_weights(t, knots.first)
        value = noise_mv * normal(key, m)
        muscle = muscles[j] + f * (muscles[j + 1] - muscles[j])
        if muscle > 0.0:
            # Differences of white noise: the spectrum of a muscle rises to half the sampling rate.
            value += 0.7071067811865476 * muscle * (normal(~key, m) - normal(~key, m - 1))
        level = w0 * wander[j - 1] + w1 * wander[j] + w2 * wander[j + 1]
        out[n] = value + level + w3 * wander[j + 2]
    for i in range(waves.shape[0]):
        for w in range(waves.shape[1]):
            sigma, height = waves[i, w, 1], waves[i, w, 2]
            begin_s = waves[i, w, 0] + latency_s - REACH * sigma
            begin = math.ceil(begin_s * rate_hz)
            end = min(math.floor((begin_s + 2.0 * REACH * sigma) * rate_hz) + 1, first_sample + out.size)
            if height == 0.0 or begin >= first_sample + out.size or end <= first_sample:
                continue
            # exp(-(x + d)^2 / 2) = exp(-x^2 / 2) exp(-x d - d^2 / 2): two products per sample, from a fixed start.
            d = 1.0 / (rate_hz * sigma)
            x = (begin / rate_hz - latency_s - waves[i, w, 0]) / sigma
            value, step, turn = height * math.exp(-0.5 * x * x), math.exp(-x * d - 0.5 * d * d), math.exp(-d * d)
            for n in range(begin - first_sample, end - first_sample):
                if n >= 0:
                    out[n] += value
                value *= step
                step *= turn


def find_r_peaks(first: int, stop: int, waves: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return the exact time of the extremum of each R wave, given its neighbours (stop - first,) [s since time zero].

    Args:
        first: row of the first beat wanted.
        stop: row after the last.
        waves: (m, 5, 3), with the beat before `first` where there is one.
    """
    wanted = np.arange(first, stop)
    t: NDArray[np.float64] = waves[wanted, _R, 0].copy()
    # The waves of this beat, and the T wave of the one before; others are further than their reach.
    before = waves[np.maximum(wanted - 1, 0), -1:].copy()
    before[wanted == 0, :, 2] = 0.0
    near = np.concatenate([waves[wanted], before], axis=1)
    for _ in range(4):
        x = (t[:, None] - near[:, :, 0]) / near[:, :, 1]
        y = near[:, :, 2] * np.exp(-0.5 * x * x)
        slope = -(x * y / near[:, :, 1]).sum(axis=1)
        bend = ((x * x - 1.0) * y / near[:, :, 1] ** 2).sum(axis=1)
        t += np.clip(-slope / bend, -0.001, 0.001)
    return t
