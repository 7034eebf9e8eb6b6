"""When the samples of a signal are taken."""

from __future__ import annotations

from typing import NamedTuple


class Sampling(NamedTuple):
    """Sample number n, counted from time zero, is taken at n / rate_hz - latency_s.

    Attributes:
        first: number of the first sample.
        rate_hz: sampling rate [Hz].
        latency_s: delay of the sensor [s].
    """

    first: int
    rate_hz: float
    latency_s: float
