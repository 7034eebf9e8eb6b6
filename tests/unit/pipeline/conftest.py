"""A recorder in little: packets of the mtb2 definition whose samples say when they were taken."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest
from numpy.typing import NDArray

from telemus import archive, mission
from telemus.clock import NS_PER_S, TAI_1958_NS
from telemus.packets import Plan, as_plan, encode, ns_to_cuc

DRIFT = 20e-6
PRESSURE_MODULUS, ECG_MODULUS = 50_000, 60_000


class Sent(NamedTuple):
    """One packet on its way: second since the start, kind, entity address and bytes."""

    second: int
    kind: str
    address: int
    data: bytes


def pressure_counts(first_second: int, seconds: int = 1) -> NDArray[np.int64]:
    """Return the counts of pressure that say their own time: the index at 500 Hz, modulo 50 000, plus 100."""
    return (np.arange(first_second * 500, (first_second + seconds) * 500) % PRESSURE_MODULUS) + 100


def ecg_counts(first_second: int, seconds: int = 1) -> NDArray[np.int64]:
    """Return the counts of ECG that say their own time: the index at 1 kHz, modulo 60 000, minus 30 000."""
    return (np.arange(first_second * 1000, (first_second + seconds) * 1000) % ECG_MODULUS) - 30_000


@dataclass
class Recorder:
    """Encodes packets; ``clock`` gives the counter [ns] at seconds since the start."""

    plan: Plan
    start_ns: int
    clock: Callable[[int], int] = lambda second: round((1000 + second * (1 + DRIFT)) * NS_PER_S)
    animals: tuple[int, ...] = (1, 2)
    correlation_every_s: int = 10
    sequence: dict[str, int] = field(default_factory=dict)

    def record(self, first: int, last: int) -> list[Sent]:
        """Return the packets of the seconds from ``first`` to before ``last``."""
        return [packet for second in range(first, last) for packet in self._second(second)]

    def _second(self, second: int) -> Iterable[Sent]:
        if second % self.correlation_every_s == 0:
            tai = self.start_ns + second * NS_PER_S - TAI_1958_NS
            columns = {
                "REFERENCE_TAI_S": tai // NS_PER_S,
                "REFERENCE_TAI_NS": tai % NS_PER_S,
                "CORRELATION_STATUS": 1,
            }
            yield self.send("TimeCorrelation", second, columns)
        for animal in self.animals:
            pressure, ecg = pressure_counts(second)[None], ecg_counts(second)[None]
            named = {"IMPLANT": animal, "ANTENNA": animal}
            yield self.send("PressureWaveform", second, {**named, "WAVE_PRESSURE": pressure}, animal)
            yield self.send("EcgWaveform", second, {**named, "WAVE_ECG": ecg}, animal)
        columns = {"CAGE": 1, "PRESSURE": 101_300, "TEMPERATURE": second % 100, "LIGHT": 5}
        yield self.send("CageEnvironment", second, columns, 1)

    def send(self, kind: str, second: int, columns: dict[str, object], address: int = 0) -> Sent:
        """Return one packet of a kind, counted in its sequence."""
        coarse, fine = ns_to_cuc(self.clock(second), 3)
        count = self.sequence.get(kind, 0)
        self.sequence[kind] = count + 1
        shaped = {name: np.asarray(value).reshape((1, *np.shape(value)[1:])) for name, value in columns.items()}
        stamp = {"OBT_COARSE": np.atleast_1d(coarse), "OBT_FINE": np.atleast_1d(fine)}
        plan = next(one for name, one in self.plan.containers.items() if name.rsplit("/", 1)[-1] == kind)
        return Sent(second, kind, address, encode(plan, stamp | shaped, sequence_start=count % 16384).tobytes())


def write(path: Path, packets: Iterable[Sent]) -> Path:
    """Write packets one behind the other, and return the path."""
    path.write_bytes(b"".join(packet.data for packet in packets))
    return path


@pytest.fixture(scope="session")
def flight() -> mission.Mission:
    """Return the mission mtb2 with its rehearsal."""
    return mission.load("mtb2", "rehearsal")


@pytest.fixture(scope="session")
def flight_plan(flight: mission.Mission) -> Plan:
    """Return its packet definition, compiled."""
    return as_plan(flight.definition_path)


@pytest.fixture
def recorder(flight: mission.Mission, flight_plan: Plan) -> Recorder:
    """Return a recorder switched on at the start of the rehearsal."""
    return Recorder(flight_plan, flight.timeline.start_ns)


@pytest.fixture
def store(tmp_path: Path, flight: mission.Mission) -> archive.Archive:
    """Return an empty archive of the rehearsal."""
    return archive.create(tmp_path / "archive", flight.folder, "rehearsal")


@pytest.fixture
def write_packets(tmp_path: Path) -> Callable[[str, Iterable[Sent]], Path]:
    """Return a function that writes packets to a named file."""
    return lambda name, packets: write(tmp_path / name, packets)


@pytest.fixture
def in_order() -> Callable[[Iterable[Sent]], list[Sent]]:
    """Return a function that puts packets in the order of their seconds."""
    return lambda packets: sorted(packets, key=lambda one: one.second)


@pytest.fixture
def taken() -> Callable[[archive.Archive, str, int, int], NDArray[np.int64]]:
    """Return a function that reads a waveform and checks every sample against the time it says itself.

    It returns the seconds since the start of the samples found, one per sample, rounded down.
    """

    def read(store: archive.Archive, channel: str, animal: int, stop_s: int) -> NDArray[np.int64]:
        start_ns = store.description.timeline.start_ns
        samples = store.raw_samples(channel, f"S2510{animal}", start_ns - NS_PER_S, start_ns + stop_s * NS_PER_S)
        since = samples.times_ns() - start_ns
        rate, modulus, offset = (500, PRESSURE_MODULUS, 100) if channel == "pressure" else (1000, ECG_MODULUS, -30_000)
        index = np.rint(since * rate / NS_PER_S).astype(np.int64)
        assert np.abs(since - index * (NS_PER_S // rate)).max(initial=0) < 200, "times are off by more than 200 ns"
        np.testing.assert_array_equal(samples.values.astype(np.int64), index % modulus + offset)
        return np.asarray(index // rate, np.int64)

    return read
