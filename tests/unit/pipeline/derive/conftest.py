"""A small archive made of rows of counts: two subjects, an hour or so, no packets."""

from __future__ import annotations

import re
import shutil
from fractions import Fraction

import numpy as np
import pytest

from telemus import archive as archives
from telemus import mission as missions
from telemus.archive import SampleRow, tables_of
from telemus.clock import NS_PER_S, parse_utc
from telemus.series import Segment

START_NS = parse_utc("2025-06-02T08:00:00Z")
TIMELINE = """
title = "Two days"
t0 = 2025-06-02T08:00:00Z
source = "made for a test"

[[phase]]
name = "baseline"
title = "Baseline"
kind = "ground"
start_h = 0.0
stop_h = 24.0
baseline = true

[[phase]]
name = "flight"
title = "Flight"
kind = "flight"
start_h = 24.0
stop_h = 48.0
"""


@pytest.fixture
def mission_folder(tmp_path):
    """A copy of a mission that ships, with a timeline of two days that records all the time."""
    folder = tmp_path / "mission"
    shutil.copytree(missions.MISSIONS / "mtb2", folder)
    for name in ("flight", "rehearsal"):
        (folder / "timelines" / f"{name}.toml").unlink()
    (folder / "timelines" / "short.toml").write_text(TIMELINE, encoding="utf-8")
    told = (folder / "mission.toml").read_text(encoding="utf-8")
    told = re.sub(r"(?m)^(since|at) = .*$", r"\1 = 2025-06-01T00:00:00Z", told)
    (folder / "mission.toml").write_text(told, encoding="utf-8")
    displays = (folder / "displays.toml").read_text(encoding="utf-8")
    displays = displays.replace('transitions = ["launch", "descent"]', 'transitions = ["flight"]')
    (folder / "displays.toml").write_text(displays, encoding="utf-8")
    return folder


@pytest.fixture
def store(tmp_path, mission_folder):
    return archives.create(tmp_path / "archive", mission_folder, "short")


class Recorder:
    """Makes rows of counts for one archive, from functions of time."""

    start_ns = START_NS

    def __init__(self, store):
        self.store = store
        self.seed = 0

    def row(self, channel, entity, rate_hz, counts, at_s=0.0, *, quality=None, period_ns=None):
        period = period_ns or Fraction(NS_PER_S) / Fraction(rate_hz).limit_denominator(10**9)
        segment = Segment(START_NS + round(at_s * NS_PER_S), period, len(counts))
        words = np.zeros(len(counts), np.uint32) if quality is None else np.asarray(quality, np.uint32)
        return SampleRow(channel, entity, segment, np.asarray(counts), words)

    def animal(self, number, at_s, length_s, *, rate_bpm=600.0, map_mmhg=100.0, temperature_degc=36.0):
        """Rows of one animal: a pulse and a QRS of a steady rate, a barometer of 1000 hPa, slow channels."""
        random = np.random.default_rng([number, round(at_s), self.seed])
        sensor, cage = f"S2510{number}", f"C{number}"
        time = at_s + np.arange(round(length_s * 500)) / 500
        phase = (time * rate_bpm / 60) % 1.0
        pulse = 30 * np.exp(-0.5 * ((phase - 0.25) / 0.08) ** 2) if rate_bpm else 0 * time
        absolute = 750.06 + map_mmhg - 8 + pulse + random.normal(0, 0.2, len(time))
        rows = [self.row("pressure", sensor, 500, np.rint((absolute - 400) / 0.02).astype(np.uint16), at_s)]
        time = at_s + np.arange(round(length_s * 1000)) / 1000
        phase = (time * rate_bpm / 60) % 1.0
        spike = 0.9 * np.exp(-0.5 * ((phase - 0.1) / 0.012) ** 2) if rate_bpm else 0 * time
        ecg = spike + random.normal(0, 0.01, len(time))
        rows.append(self.row("ecg", sensor, 1000, np.rint(ecg / 0.0002).astype(np.int16), at_s))
        slow = max(round(length_s / 10), 1)
        counts = {"temperature": round(temperature_degc * 100), "activity": 3, "signal": 90, "battery": 3000}
        rows += [self.row(name, sensor, 0.1, np.full(slow, value, np.uint16), at_s) for name, value in counts.items()]
        seconds = round(length_s)
        for name, value in {"cage_pressure": 100_000, "cage_temperature": 2200, "cage_light": 1000}.items():
            rows.append(self.row(name, cage, 1, np.full(seconds, value, np.uint32), at_s))
        return rows

    def write(self, rows, slot=None):
        """Write rows as one granule of samples and return it."""
        start = min(row.segment.start_ns for row in rows)
        stop = max(row.segment.stop_ns for row in rows)
        name = slot or f"rows at {start}"
        recipe = {"made": "by a test", "slot": name, "rows": len(rows), "seed": self.seed}
        tables = list(tables_of(rows))
        return self.store.write(archives.Draft("samples", 1, 1, recipe, start, stop, slot=name), tables)


@pytest.fixture
def recorder(store):
    return Recorder(store)
