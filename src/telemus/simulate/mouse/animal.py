"""One simulated mouse, rendered block after block."""

from __future__ import annotations

import math
from collections.abc import Mapping
from fractions import Fraction

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.simulate.model import Artefact, Block
from telemus.simulate.mouse import heart, spline
from telemus.simulate.mouse.artefacts import bursts_between
from telemus.simulate.mouse.electrocardiogram import (
    Lead,
    behind_low_pass,
    find_r_peaks,
    make_complexes,
    sample_ecg,
)
from telemus.simulate.mouse.fiducials import FIDUCIALS, find_fiducials, mean_pressure
from telemus.simulate.mouse.influence import Influence
from telemus.simulate.mouse.modulation import CHUNK_S, make_knots
from telemus.simulate.mouse.noise import spline_noise, stream_key
from telemus.simulate.mouse.parameters import MouseParameters, draw_parameters
from telemus.simulate.mouse.pressure import Vessel, sample_pressure
from telemus.simulate.mouse.pulse import pulse_table, usual_stroke
from telemus.simulate.mouse.reflex import beat_constants
from telemus.simulate.mouse.sampling import Sampling
from telemus.simulate.mouse.spline import Knots
from telemus.simulate.mouse.state import activity_strength, body_temperature, vigour
from telemus.simulate.sensor import SensorParameters, low_pass_sigma_s

PRESSURE, ECG, TEMPERATURE, ACTIVITY = "pressure_arterial", "ecg", "temperature_body", "activity"
DEFAULT_RATES_HZ: Mapping[str, float] = {PRESSURE: 500.0, ECG: 1000.0, TEMPERATURE: 0.1, ACTIVITY: 0.1}

_WARM_UP_S = 8.0
_BEFORE_S, _AHEAD_S = 1.0, 0.4
_MARGIN_S = 12


class Mouse:
    """A mouse with an implant: a :class:`telemus.simulate.model.Model`.

    Samples depend on seed and time alone, not on how the time is cut into blocks. After a jump forward the beats begin
    anew, eight seconds before the jump's end, from the slow state there.

    Args:
        seed: of the animal.
        parameters: of the animal; drawn from the seed where None.
        influence: what acts on it.
        sensor: its implant.
        rates_hz: by quantity, the sampling rate of what is wanted [Hz]; only these are rendered.

    Raises:
        SignalError: a quantity that a mouse does not have, or a rate that is not above 0.
    """

    def __init__(
        self,
        seed: int,
        parameters: MouseParameters | None = None,
        influence: Influence | None = None,
        sensor: SensorParameters | None = None,
        rates_hz: Mapping[str, float] = DEFAULT_RATES_HZ,
    ) -> None:
        for quantity, rate_hz in rates_hz.items():
            if quantity not in DEFAULT_RATES_HZ or not rate_hz > 0:
                wanted = f"one of {', '.join(DEFAULT_RATES_HZ)} with a rate above 0 Hz"
                raise SignalError(f"rates of a mouse: got {quantity!r} at {rate_hz} Hz, wanted {wanted}")
        self.seed = seed
        self.parameters = parameters or draw_parameters(seed)
        self.influence = influence or Influence()
        self.sensor = sensor or SensorParameters()
        self.rates_hz = dict(rates_hz)
        self._low_pass_s = low_pass_sigma_s(self.sensor.bandwidth_hz)
        self._ecg_low_pass_s = low_pass_sigma_s(self.sensor.ecg_bandwidth_hz)
        self._artery = pulse_table(self.parameters, 0.0)
        self._sensed = pulse_table(self.parameters, self._low_pass_s)
        self._usual_mmhg = usual_stroke(self.parameters, self._artery)
        self._constants = beat_constants(self.parameters, self._artery)
        self._chunks: dict[int, NDArray[np.float64]] = {}
        self._around = (math.nan, np.empty((spline.KNOT_ROWS, 0)))
        self._state = np.zeros(heart.STATE_COLUMNS)
        self._beats = np.empty((0, heart.BEAT_COLUMNS))
        self._reached_s = math.nan

    def render(self, start_s: float, count_s: int) -> Block:
        """Render `count_s` seconds from `start_s`.

        Args:
            start_s: begin of the block [s since time zero].
            count_s: its length [s].

        Returns:
            Signals of the quantities asked for. Samples lie on whole multiples of the period since time zero, those in
            [start_s, start_s + count_s). Beats are those whose R wave begins, in the body, in the block; their
            fiducials may lie up to a beat beyond it. After a jump, the beat whose R wave fell just before the block but
            whose foot falls into it is given as well. Names of the beats: ``kind`` (0 sinus, 1 ectopic), ``r_s``,
            ``rr_s`` (R to next R), ``foot_s``, ``diastole_s``, ``slope_s``, ``systole_s``, ``dbp_mmhg``, ``sbp_mmhg``,
            ``map_mmhg`` (time mean from foot to next foot), ``dpdt_max_mmhg_s``, ``interval_s`` (foot to next foot),
            and all but ``kind`` after the sensor with ``sensor_`` before the name. The last beat of a life has no
            interval and no mean, and a beat too weak to raise the pressure no fiducials: NaN.

        Raises:
            SignalError: the length is not a whole number of seconds above 0.
        """
        if count_s < 1 or count_s != int(count_s):
            raise SignalError(f"length of a block: got {count_s} s, wanted a whole number of seconds above 0")
        stop_s = start_s + count_s
        signals = {name: np.empty(_span(start_s, stop_s, rate)[1]) for name, rate in self.rates_hz.items()}
        pieces = []
        piece_start_s = start_s
        while piece_start_s < stop_s:
            piece_stop_s = min(stop_s, (math.floor(piece_start_s / CHUNK_S) + 1.0) * CHUNK_S)
            pieces.append(self._render_piece(piece_start_s, piece_stop_s, start_s, signals))
            piece_start_s = piece_stop_s
        self._render_slow(start_s, stop_s, signals)
        beats = {name: np.concatenate([piece[name] for piece in pieces]) for name in pieces[0]}
        return Block(signals, beats, self._artefacts(start_s, stop_s))

    def _render_piece(
        self, start_s: float, stop_s: float, block_s: float, signals: dict[str, NDArray[np.float64]]
    ) -> dict[str, NDArray[np.float64]]:
        """Render what lies in one chunk into `signals`, and return its beats."""
        knots = self._knots_around(start_s)
        jumped = start_s != self._reached_s
        if jumped:
            self._restart(start_s)
        self._advance(start_s, stop_s, knots)
        self._reached_s = stop_s
        sensor, key = self.sensor, stream_key(self.seed, "sensor-noise")
        if PRESSURE in signals:
            out, first = self._part(PRESSURE, start_s, stop_s, block_s, signals)
            sampling = Sampling(first, self.rates_hz[PRESSURE], sensor.pressure_latency_s)
            sample_pressure(sampling, self._vessel(knots, sensed=True), sensor.noise_mmhg, key, out)
        waves = self._complexes(knots)
        if ECG in signals:
            out, first = self._part(ECG, start_s, stop_s, block_s, signals)
            sampling = Sampling(first, self.rates_hz[ECG], sensor.ecg_latency_s)
            key = stream_key(self.seed, "ecg-noise")
            seen = behind_low_pass(waves, self._ecg_low_pass_s)
            sample_ecg(sampling, seen, knots, sensor.ecg_noise_mv, key, out)
        return self._truth(start_s, stop_s, block_s, knots, waves, jumped)

    def _truth(
        self,
        start_s: float,
        stop_s: float,
        block_s: float,
        knots: Knots,
        waves: NDArray[np.float64],
        jumped: bool,
    ) -> dict[str, NDArray[np.float64]]:
        """Return the truth of the beats of a piece, times relative to `block_s`."""
        r = self._beats[:, heart.R]
        # A jump lands between an R wave and its pulse: the beat is seen in the pressure, so it has a row.
        first = int(np.searchsorted(r, start_s - (0.06 if jumped else 0.0)))
        stop = int(np.searchsorted(r, stop_s))
        # Nobody comes after the last beat of a life.
        follow = min(stop + 1, r.size)
        found = np.empty(0)
        truth = {"kind": self._beats[first:stop, heart.KIND].copy()}
        for prefix, table, sensed in (("", self._artery, False), ("sensor_", self._sensed, True)):
            peaks = find_r_peaks(first, follow, behind_low_pass(waves, self._ecg_low_pass_s) if sensed else waves)
            peaks += self.sensor.ecg_latency_s if sensed else 0.0
            # The artery's fiducials are where the search behind the sensor begins.
            found = found.copy() if sensed else np.full((follow - first, len(FIDUCIALS)), np.nan)
            vessel = self._vessel(knots, sensed=sensed)
            find_fiducials(first, follow, vessel, self.parameters.upstroke_s, found)
            found[:-1, 6] = mean_pressure(first, found[:, 0], vessel, table)
            found[:, :4] += self.sensor.pressure_latency_s if sensed else 0.0
            count = stop - first
            truth[prefix + "r_s"] = peaks[:count] - block_s
            truth[prefix + "rr_s"] = _to_next(peaks, count)
            for column, name in enumerate(FIDUCIALS):
                value = found[:count, column]
                truth[prefix + name] = value - block_s if name.endswith("e_s") or name == "foot_s" else value.copy()
            truth[prefix + "interval_s"] = _to_next(found[:, 0], count)
        if jumped:
            seen = (r[first:stop] >= start_s) | (truth["sensor_foot_s"] >= start_s - block_s)
            truth = {name: value[seen] for name, value in truth.items()}
        return truth

    def _restart(self, start_s: float) -> None:
        """Let the beats begin anew before `start_s`."""
        first_s = start_s - _WARM_UP_S
        self._state[:] = 0.0
        self._state[heart.NEXT_R] = first_s
        self._state[heart.LAST_CENTRE] = first_s
        self._state[heart.LAST_LENGTH] = 60.0 / self.parameters.rate_bpm
        # Beats are at least 45 ms apart, so numbers that begin at the millisecond never meet again.
        self._state[heart.NUMBER] = math.floor(first_s * 1000.0)
        self._beats = np.empty((0, heart.BEAT_COLUMNS))

    def _advance(self, start_s: float, stop_s: float, knots: Knots) -> None:
        """Forget beats long before `start_s` and generate those up to a little after `stop_s`."""
        old = int(np.searchsorted(self._beats[:, heart.R], start_s - _BEFORE_S))
        kept = [self._beats[max(min(old, len(self._beats)) - 6, 0) :]]
        key = stream_key(self.seed, "beat")
        room = np.empty((256 + int(25 * (stop_s - start_s)), heart.BEAT_COLUMNS))
        while True:
            count = heart.advance(self._state, stop_s + _AHEAD_S, key, self._constants, knots, room)
            kept.append(room[:count].copy())
            if count < len(room):
                break
        self._beats = np.concatenate(kept)

    def _knots_around(self, time_s: float) -> Knots:
        """Return the knots of the chunk that holds this time with a margin on both sides."""
        chunk = math.floor(time_s / CHUNK_S)
        margin = _MARGIN_S * int(spline.KNOT_HZ)
        if chunk != self._around[0]:
            near = (chunk - 1, chunk, chunk + 1)
            chunks = {k: self._chunks[k] if k in self._chunks else self._make_knots(k) for k in near}
            parts = [chunks[chunk - 1][:, -margin:], chunks[chunk], chunks[chunk + 1][:, :margin]]
            self._chunks, self._around = chunks, (chunk, np.concatenate(parts, axis=1))
        return Knots(self._around[1], chunk * CHUNK_S * int(spline.KNOT_HZ) - margin)

    def _make_knots(self, chunk: int) -> NDArray[np.float64]:
        return make_knots(self.parameters, self.influence, self.seed, self._artery, self._usual_mmhg, chunk)

    def _complexes(self, knots: Knots) -> NDArray[np.float64]:
        mouse, r = self.parameters, self._beats[:, heart.R]
        lead = Lead(mouse.ecg_r_mv, mouse.posture_s, mouse.inverted_share, mouse.tall_t_share)
        # The last beats of the dead lie before the knots, and are seen no more.
        r = np.maximum(r, (knots.first + 2) / spline.KNOT_HZ)
        # The diaphragm moves the heart in its lead by some 6 %.
        respiration = 40.0 * spline.spline_at(knots, spline.SINUS, r)
        activity = spline.spline_at(knots, spline.ACTIVITY, r)
        return make_complexes(self._beats, respiration, activity, self.seed, lead)

    def _vessel(self, knots: Knots, *, sensed: bool) -> Vessel:
        table = self._sensed if sensed else self._artery
        gain = math.exp(0.5 * (self._low_pass_s / table.decay_s) ** 2) if sensed else 1.0
        shape = np.array([table.first_s, table.last_s, table.decay_s, gain])
        return Vessel(self._beats, knots, table.values, shape, sensed)

    def _part(
        self, name: str, start_s: float, stop_s: float, block_s: float, signals: dict[str, NDArray[np.float64]]
    ) -> tuple[NDArray[np.float64], int]:
        """Return the part of a signal that lies in [start_s, stop_s), and the absolute number of its first sample."""
        first, count = _span(start_s, stop_s, self.rates_hz[name])
        offset = first - _span(block_s, block_s + 1.0, self.rates_hz[name])[0]
        return signals[name][offset : offset + count], first

    def _render_slow(self, start_s: float, stop_s: float, signals: dict[str, NDArray[np.float64]]) -> None:
        """Fill body temperature and activity counts."""
        for name in (TEMPERATURE, ACTIVITY):
            if name in signals:
                rate_hz = self.rates_hz[name]
                first, count = _span(start_s, stop_s, rate_hz)
                times_s = (first + np.arange(count)) / rate_hz
                signals[name][:] = (
                    body_temperature(self.parameters, self.influence, self.seed, times_s)
                    if name == TEMPERATURE
                    else self._counts(times_s, rate_hz)
                )

    def _counts(self, times_s: NDArray[np.float64], rate_hz: float) -> NDArray[np.float64]:
        """Counts of the period that begins at each time: a number scattered like a Poisson number, by index."""
        strength = activity_strength(self.parameters, self.influence, self.seed, times_s)
        strength = strength * vigour(self.influence, times_s)
        expected = self.parameters.activity_counts_10s * strength * (0.1 / rate_hz)
        scatter = spline_noise(stream_key(self.seed, "counts"), times_s, 0.5 / rate_hz)
        counts: NDArray[np.float64] = np.maximum(np.rint(expected + np.sqrt(expected) * scatter), 0.0)
        return counts

    def _artefacts(self, start_s: float, stop_s: float) -> tuple[Artefact, ...]:
        out: list[Artefact] = []
        for burst in bursts_between(self.parameters, self.influence, self.seed, start_s, stop_s):
            buried = (ECG, PRESSURE) if burst.in_pressure else (ECG,)
            begin_s, end_s = burst.start_s - start_s, burst.stop_s - start_s
            out.extend(Artefact(begin_s, end_s, quantity, "motion") for quantity in buried)
        return tuple(out)


def _span(start_s: float, stop_s: float, rate_hz: float) -> tuple[int, int]:
    """Return the absolute number of the first sample in [start_s, stop_s) and how many there are.

    >>> _span(5.0, 25.0, 0.1)
    (1, 2)
    """
    rate = Fraction(rate_hz).limit_denominator(1_000_000)
    first, stop = math.ceil(Fraction(start_s) * rate), math.ceil(Fraction(stop_s) * rate)
    return first, stop - first


def _to_next(times_s: NDArray[np.float64], count: int) -> NDArray[np.float64]:
    """Return the distance to the following time, NaN after the last."""
    out = np.full(count, np.nan)
    known = min(count, times_s.size - 1)
    out[:known] = np.diff(times_s[: known + 1])
    return out
