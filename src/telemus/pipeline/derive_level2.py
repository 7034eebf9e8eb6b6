"""Makes the granules of level 1 and 2 of one subject and one bin of hours: corrections, beats, windows."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.pipeline import calibrate
from telemus.pipeline.derive_beats import Columns, Detector, Search, beats_between, chunks_of, no_beats, stacked
from telemus.pipeline.derive_load import LIMIT, loaded
from telemus.pipeline.derive_windows import SLOW, BeatRules, received_seconds, window_columns
from telemus.pipeline.schedule import lit, local_hour, phase_names
from telemus.pipeline.sources import Source, quantities_of, sources
from telemus.pipeline.stretches import Anchors
from telemus.pipeline.work import Work, columns_of, table_of
from telemus.series import NS_PER_S, Samples

CHUNK_S = 900.0
"""Samples held at once [s]: a quarter of an hour of 1 kHz in double precision is 7 MB."""
MINUTE_NS = 60 * NS_PER_S


def make_corrections(work: Work) -> pa.Table:
    """Make ``corrections``: barometer and zero offset that turn absolute into arterial pressure, row by row."""
    found = calibrate.correction(work.archive, work.mission, work.subject or "", work.start_ns, work.stop_ns)
    columns = {
        "tai_ns": found.times_ns,
        "barometer_mmhg": found.reference,
        "zero_mmhg": found.zero,
        "provisional": found.provisional,
        "quality": found.quality,
    }
    return table_of(columns, work.product, work.subject)


def make_beats(work: Work, detector: Detector, prefix: str, loaded_bit: int = 0) -> pa.Table:
    """Make a table of beats of one subject and span, and note how much of the waveform was received each minute.

    ``loaded_bit`` marks beats under acceleration; 0 where acceleration does nothing to the quantity.
    """
    subject, species = work.subject or "", work.mission.description.species
    parts: list[Columns] = []
    received = np.zeros((work.stop_ns - work.start_ns) // MINUTE_NS)
    given = {name: value for name, value in work.parameters.items() if name != LIMIT}
    for source in sources(work.mission, subject, detector.quantity, work.start_ns, work.stop_ns):
        reader = _Reader(work, source, detector.quantity, received)
        chunks = chunks_of(reader.anchors.spans_ns(), source.start_ns, source.stop_ns, CHUNK_S)
        how = Search(detector, source.channel.rate_hz, given, species)
        parts.extend(beats_between(reader, reader.anchors, chunks, how))
    work.shared[f"received {prefix}"] = received
    if not parts:
        parts = [no_beats(Search(detector, 1000.0, given, species))]
    columns = stacked(parts)
    if loaded_bit:
        columns["quality"] = columns["quality"] | np.where(loaded(work, columns["tai_ns"]), np.uint32(loaded_bit), 0)
        columns["quality"] = columns["quality"].astype(np.uint32)
    return table_of(columns, work.product, subject)


class _Reader:
    """Reads one source piece by piece in canonical units; counts what was received in each minute of the work once."""

    def __init__(self, work: Work, source: Source, quantity: str, received_s: NDArray[np.float64]) -> None:
        self._work, self._source, self._quantity, self._received_s = work, source, quantity, received_s
        self._edges = np.arange(work.start_ns, work.stop_ns + 1, MINUTE_NS)
        self._counted_until = source.start_ns
        delay_ns = round(source.channel.latency_ms * 1e6)
        self.anchors: Anchors = work.anchors_for(source.channel.name, source.entity).shifted(-delay_ns)

    def __call__(self, start_ns: int, stop_ns: int) -> Samples:
        """Return the samples between two instants [ns TAI], as far as the sensor was installed then."""
        wide = sources(self._work.mission, self._work.subject or "", self._quantity, start_ns, stop_ns)
        same = [one for one in wide if one.channel == self._source.channel and one.entity == self._source.entity]
        parts = [calibrate.source_samples(self._work.archive, self._work.mission, one, self._quantity) for one in same]
        samples = calibrate.joined(parts, calibrate.quantity_unit(self._quantity))
        until = min(stop_ns, self._source.stop_ns)
        self._received_s += received_seconds(samples.between(self._counted_until, until), self._edges)
        self._counted_until = max(until, self._counted_until)
        return samples


def make_windows(work: Work, rules: BeatRules, minutes: int, tables: Mapping[str, Detector]) -> pa.Table:
    """Make windows of some minutes from the beats (table -> detector) and slow channels of one subject and span."""
    subject = work.subject or ""
    edges_ns = np.arange(work.start_ns, work.stop_ns + 1, minutes * MINUTE_NS)
    known = quantities_of(work.mission, subject)
    beats, received = {}, {}
    for name, detector in tables.items():
        if detector.quantity not in known or name not in work.product.inputs:
            continue
        prefix = name.removeprefix("beats_")
        beats[prefix] = columns_of(work.table(name))
        by_minute = work.shared.get(f"received {prefix}")
        if by_minute is None:
            by_minute = work.shared[f"received {prefix}"] = received_by_minute(work, detector.quantity)
        received[prefix] = by_minute.reshape(-1, minutes).sum(axis=1)
    slow = {quantity: _slow(work, subject, quantity) for quantity in SLOW if quantity in known}
    scheduled = work.mission.timeline.recorded(work.start_ns, work.stop_ns)
    columns = window_columns(edges_ns, scheduled, beats, received, slow, rules, work.parameters)
    hour = local_hour(columns["tai_ns"], work.mission.description.light)
    times = {
        "phase": np.array(phase_names(work.mission.timeline, columns["tai_ns"]), dtype=object),
        "hour_h": hour,
        "light": lit(hour, work.mission.description.light),
    }
    first = {name: columns.pop(name) for name in ("tai_ns", "stop_ns")}
    return table_of(first | times | columns, work.product, subject)


def _slow(work: Work, subject: str, quantity: str) -> Samples:
    """Return a slow quantity over the span of the work, read once for all windows of the job."""
    name = f"slow {quantity}"
    if name not in work.shared:
        span = work.start_ns, work.stop_ns
        work.shared[name] = calibrate.physical(work.archive, work.mission, subject, quantity, *span)
    found: Samples = work.shared[name]
    return found


def received_by_minute(work: Work, quantity: str) -> NDArray[np.float64]:
    """Return the seconds of usable samples in each minute of the work (m,), where the beats were made before."""
    received = np.zeros((work.stop_ns - work.start_ns) // MINUTE_NS)
    for source in sources(work.mission, work.subject or "", quantity, work.start_ns, work.stop_ns):
        reader = _Reader(work, source, quantity, received)
        for start_ns, stop_ns in chunks_of(reader.anchors.spans_ns(), source.start_ns, source.stop_ns, CHUNK_S):
            reader(start_ns, stop_ns)
    return received
