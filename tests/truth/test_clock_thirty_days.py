"""Thirty days of a recorder whose clock is 20 ppm off: times of samples against the instants at which they were taken.

The truth is rational arithmetic of the test; packets are written by the encoder and read by the whole of ingest.
"""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from telemus import archive as archives
from telemus import mission as missions
from telemus.clock import NS_PER_S, TAI_1958_NS
from telemus.packets import as_plan, encode
from telemus.pipeline import ingest

GRAIN_NS = NS_PER_S / (1 << 24)
"""The tick of a counter of three fine octets, 59.6 ns."""


def counter_ticks(at_s: Fraction, wander_ppm: int) -> int:
    """Return the counter [2**-24 s] at an instant since the start: 20 ppm fast, and a daily wander as a parabola."""
    rest = at_s % 86_400
    swing = Fraction(wander_ppm, 10**6) * rest * (86_400 - rest) / 86_400  # the rate moves by twice as much in a day
    seconds = 1000 + at_s + at_s * Fraction(20, 10**6) + swing
    return int(seconds * (1 << 24))


@pytest.mark.parametrize(("days", "every_s", "wander_ppm", "bound_ns"), [(30, 600, 0, 60), (5, 300, 1, 320)])
def test_sample_times(tmp_path, days, every_s, wander_ppm, bound_ns):
    """The bound is a grain of the counter, and what a wander of 2 ppm a day bends within 300 s, 260 ns."""
    count = days * 86_400 // every_s
    mission = missions.load("mtb2", "flight")
    plan = as_plan(mission.definition_path)
    containers = {name.rsplit("/", 1)[-1]: one for name, one in plan.containers.items()}
    start_ns = mission.timeline.start_ns
    times = [Fraction(every_s * number) for number in range(count)]
    samples = [at + Fraction(every_s * (number * 7919 % 1000), 1000) for number, at in enumerate(times)]

    def stamp(instants):
        ticks = np.array([counter_ticks(at, wander_ppm) for at in instants], np.int64)
        return {"OBT_COARSE": ticks >> 24, "OBT_FINE": ticks & 0xFFFFFF}

    told = start_ns + np.array([int(at) for at in times], np.int64) * NS_PER_S - TAI_1958_NS
    reference = {"REFERENCE_TAI_S": told // NS_PER_S, "REFERENCE_TAI_NS": told % NS_PER_S}
    one = np.ones(count, np.int64)
    counts = np.arange(count, dtype=np.int64)
    cage = {"CAGE": one, "PRESSURE": 100_000 + counts % 5000, "TEMPERATURE": one, "LIGHT": one}
    rows = [
        encode(containers["TimeCorrelation"], stamp(times) | reference | {"CORRELATION_STATUS": one}),
        encode(containers["CageEnvironment"], stamp(samples) | cage),
    ]
    octets = np.concatenate([np.frombuffer(part.tobytes(), np.uint8).reshape(count, -1) for part in rows], axis=1)
    (tmp_path / "month.bin").write_bytes(octets.tobytes())
    store = archives.create(tmp_path / "archive", mission.folder, "flight")
    summary = ingest(store, [tmp_path / "month.bin"])

    found = store.raw_samples("cage_pressure", "C1", start_ns - NS_PER_S, start_ns + (count + 1) * every_s * NS_PER_S)
    truth = np.array([start_ns + round(at * NS_PER_S) for at in samples], np.int64)
    np.testing.assert_array_equal(found.values, 100_000 + counts % 5000)
    error = found.times_ns() - truth
    assert np.abs(error[:-1]).max() <= bound_ns
    assert abs(error[-1]) <= bound_ns + 4 * 100 * wander_ppm  # behind the last time packet the line goes on
    (stretch,) = summary.account["level_1"]["clock"]["stretches"]
    assert stretch["points"] == count
    assert stretch["drift_ppm"] == pytest.approx(-20, abs=0.01)
    bend_ns = (
        wander_ppm * every_s * 1000
    )  # at midnight the rate turns by 2 ppm, which a line of twice the length would miss
    assert stretch["largest_ns"] == pytest.approx(bend_ns, rel=0.01, abs=2 * GRAIN_NS)
