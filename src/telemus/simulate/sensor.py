"""The implant as an instrument: bandwidth, offset, barometer, noise and converter.

The low-pass has a Gaussian impulse response, the limit of a Bessel filter of high order: no overshoot, no phase
distortion, only a latency that is kept apart. A Gaussian of the signal stays a Gaussian, which is why the truth after
the sensor is known in closed form.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError

SECONDS_PER_DAY = 86400.0


@dataclass(frozen=True)
class SensorParameters:
    """One implant.

    Attributes:
        bandwidth_hz: -3 dB of the pressure channel [Hz]; 145 +- 14 in a mouse implant (Mills et al., J Appl
            Physiol 2000;88:1537). ``math.inf`` switches the low-pass off.
        ecg_bandwidth_hz: -3 dB of the ECG channel [Hz]; assumed.
        noise_mmhg, ecg_noise_mv: SD of the noise of the sensor itself [mmHg, mV]; assumed.
        zero_offset_mmhg: false pressure at time zero [mmHg].
        drift_mmhg_per_day: its linear drift [mmHg/d]; mostly downwards.
        pressure_latency_s, ecg_latency_s: pure delay of each channel [s]. Sample times and the truth after the sensor
            both include it.
    """

    bandwidth_hz: float = 145.0
    ecg_bandwidth_hz: float = 145.0
    noise_mmhg: float = 0.3
    ecg_noise_mv: float = 0.015
    zero_offset_mmhg: float = 0.0
    drift_mmhg_per_day: float = 0.0
    pressure_latency_s: float = 0.0
    ecg_latency_s: float = 0.0


def low_pass_sigma_s(bandwidth_hz: float) -> float:
    """Return the SD of the Gaussian impulse response that is 3 dB down at this frequency [s].

    |H(f)| = exp(-2 (pi f s)^2) = 1 / sqrt(2) gives s = sqrt(ln 2) / (2 pi f). 3 dB means half the power.

    >>> round(1e3 * low_pass_sigma_s(145.0), 4)
    0.9138
    """
    return math.sqrt(math.log(2.0)) / (2.0 * math.pi * bandwidth_hz)


def absolute_pressure(
    gauge_mmhg: NDArray[np.float64],
    barometer_mmhg: NDArray[np.float64] | float,
    times_s: NDArray[np.float64],
    sensor: SensorParameters,
) -> NDArray[np.float64]:
    """Return what an absolute sensor feels: gauge pressure, air of the cage, offset and drift [mmHg].

    Args:
        gauge_mmhg: gauge pressure after the analogue chain (n,) [mmHg].
        barometer_mmhg: air pressure in the cage at the same moments (n,) or one number [mmHg].
        times_s: sample times since the offset was read (n,) [s].
        sensor: the implant.

    >>> float(absolute_pressure(np.array([100.0]), 760.0, np.array([86400.0]), SensorParameters(
    ...     zero_offset_mmhg=2.0, drift_mmhg_per_day=-0.5))[0])
    861.5
    """
    drift_mmhg = sensor.drift_mmhg_per_day * (times_s / SECONDS_PER_DAY)
    return gauge_mmhg + barometer_mmhg + (sensor.zero_offset_mmhg + drift_mmhg)


@dataclass(frozen=True)
class Converter:
    """An analogue to digital converter: counts = round((value - offset) / gain), held at the rails.

    Attributes:
        gain: unit per count.
        offset: value of count zero.
        bits: width of the word.
        signed: two's complement, else counts begin at zero.
    """

    gain: float
    offset: float = 0.0
    bits: int = 16
    signed: bool = False

    @property
    def rails(self) -> tuple[int, int]:
        """Lowest and highest count.

        >>> Converter(0.01, bits=12, signed=True).rails
        (-2048, 2047)
        """
        return (-(1 << (self.bits - 1)), (1 << (self.bits - 1)) - 1) if self.signed else (0, (1 << self.bits) - 1)


def quantise(values: NDArray[np.float64], converter: Converter) -> NDArray[np.int64]:
    """Convert values to counts; what exceeds a rail stays at it, and NaN becomes the lower rail.

    Args:
        values: in the unit of the converter (n,).
        converter: gain, offset and width.

    Raises:
        SignalError: the gain is zero or the word is not 1 to 32 bits wide.

    >>> quantise(np.array([0.0, 1.26, 1e9]), Converter(gain=0.5, bits=8)).tolist()
    [0, 3, 255]
    """
    if converter.gain == 0 or not 1 <= converter.bits <= 32:
        raise SignalError(f"converter: got {converter}, wanted a gain other than 0 and 1 to 32 bits")
    low, high = converter.rails
    counts = np.rint((np.asarray(values, dtype=np.float64) - converter.offset) / converter.gain)
    held: NDArray[np.float64] = np.clip(np.nan_to_num(counts, nan=low), low, high)
    return held.astype(np.int64)


def recover(counts: NDArray[np.int64], converter: Converter) -> NDArray[np.float64]:
    """Return the values that these counts stand for, as a calibration would.

    >>> recover(np.array([3]), Converter(gain=0.5, offset=1.0)).tolist()
    [2.5]
    """
    return counts.astype(np.float64) * converter.gain + converter.offset
