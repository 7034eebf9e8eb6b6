"""Keeps the answers: every beat, every fault and every recorded span, as Arrow files that grow without being held.

beats.arrow      one row per beat; *_before_* is the same in the body, before the sensor
faults.arrow     one row per fault, subject and channel, half open in time; null is all of them
recorded.arrow   spans in which the recorder was on by its schedule
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.simulate.damage import Damage

_ROWS = 65_536
"""Rows of a record batch, so that the file does not depend on how the time was cut."""
KINDS = ("sinus", "ectopic")
_TIMES = {"foot": "foot_s", "systole": "systole_s", "r": "r_s"}
_LENGTHS = {"interval": "interval_s", "rr_interval": "rr_s"}
_PRESSURES = ("sbp_mmhg", "dbp_mmhg", "map_mmhg")

_NAME = pa.dictionary(pa.int16(), pa.string())
RECORDED = pa.schema([("start_tai_ns", pa.int64()), ("stop_tai_ns", pa.int64())])
FAULTS = pa.schema(
    [
        ("kind", pa.string()), ("subject", pa.string()), ("channel", pa.string()),
        ("start_tai_ns", pa.int64()), ("stop_tai_ns", pa.int64()),
        ("detail", pa.string()), ("file", pa.string()), ("offset", pa.int64()),
    ]
)  # fmt: skip


def beat_columns() -> dict[str, tuple[str, str]]:
    """Return the columns of beats.arrow: name -> (name in the model, "time", "length" or "value")."""
    found: dict[str, tuple[str, str]] = {}
    for prefix, middle in (("sensor_", ""), ("", "before_")):
        found |= {f"{name}_{middle}tai_ns": (prefix + source, "time") for name, source in _TIMES.items()}
        found |= {f"{name}_{middle}ns": (prefix + source, "length") for name, source in _LENGTHS.items()}
        for source in _PRESSURES:
            quantity, unit = source.split("_")
            found[f"{quantity}_{middle}{unit}"] = (prefix + source, "value")
    return found


def beat_schema() -> pa.Schema:
    """Return the schema of beats.arrow: subject, kind, times [ns TAI], intervals [ns], pressures [mmHg]."""
    numbers = [(name, pa.float64() if what == "value" else pa.int64()) for name, (_, what) in beat_columns().items()]
    return pa.schema([("subject", _NAME), ("kind", _NAME), *numbers])


class Truth:
    """The files of truth while they are written; a context that closes them."""

    def __init__(self, folder: Path, subjects: tuple[str, ...], zero_ns: int) -> None:
        self.folder = folder
        self.beats = 0
        self.faults: dict[str, int] = {}
        self._zero_ns = zero_ns
        self._subjects = subjects
        folder.mkdir(parents=True, exist_ok=True)
        self._pending: list[dict[str, NDArray[Any]]] = []
        self._damage: list[Damage] = []
        self._beat_file = pa.ipc.new_file(str(folder / "beats.arrow"), beat_schema())
        self._fault_file = pa.ipc.new_file(str(folder / "faults.arrow"), FAULTS)

    def __enter__(self) -> Truth:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self._write_beats(0)
            self._write_faults(None)
        self._beat_file.close()
        self._fault_file.close()

    def add_beats(self, blocks: list[tuple[str, int, Mapping[str, NDArray[np.float64]]]]) -> None:
        """Add the beats of one block: of each subject, the block's start [s since time zero] and the columns (m,).

        They are ordered by their R wave in the body. What is not known is null.
        """
        parts = [self._columns(subject, start_s, beats) for subject, start_s, beats in blocks if len(beats["r_s"])]
        if not parts:
            return
        joined = {name: np.concatenate([part[name] for part in parts]) for name in parts[0]}
        order = np.lexsort((joined["subject"], joined["r_before_tai_ns"]))
        self._pending.append({name: column[order] for name, column in joined.items()})
        self.beats += len(order)
        if sum(len(part["subject"]) for part in self._pending) >= _ROWS:
            self._write_beats(_ROWS)

    def _columns(self, subject: str, start_s: int, beats: Mapping[str, NDArray[np.float64]]) -> dict[str, NDArray[Any]]:
        count = len(beats["r_s"])
        columns: dict[str, NDArray[Any]] = {"subject": np.full(count, self._subjects.index(subject), np.int16)}
        columns["kind"] = beats["kind"].astype(np.int16)
        for name, (source, what) in beat_columns().items():
            value = beats[source]
            if what == "value":
                columns[name] = value
                continue
            known = ~np.isnan(value)
            whole = np.full(count, _UNKNOWN, np.int64)
            start_ns = self._zero_ns + start_s * NS_PER_S if what == "time" else 0
            whole[known] = start_ns + np.rint(value[known] * NS_PER_S).astype(np.int64)
            columns[name] = whole
        return columns

    def _write_beats(self, rows: int) -> None:
        """Write whole batches of ``rows``; the rest waits. With 0, all that waits is written."""
        if not self._pending:
            return
        joined = {name: np.concatenate([part[name] for part in self._pending]) for name in self._pending[0]}
        total = len(joined["subject"])
        whole = total // rows * rows if rows else total
        for at in range(0, whole, rows or _ROWS):
            part = {name: column[at : min(at + (rows or _ROWS), whole)] for name, column in joined.items()}
            self._beat_file.write_batch(self._batch(part))
        rest = {name: column[whole:] for name, column in joined.items()}
        self._pending = [rest] if total > whole else []

    def _batch(self, part: Mapping[str, NDArray[Any]]) -> pa.RecordBatch:
        subject = pa.DictionaryArray.from_arrays(_array(part["subject"]), _strings(self._subjects))
        kind = pa.DictionaryArray.from_arrays(_array(part["kind"]), _strings(KINDS))
        columns = [_array(part[name], _unknown(part[name])) for name in beat_columns()]
        return pa.RecordBatch.from_arrays([subject, kind, *columns], schema=beat_schema())

    def add_damage(self, damage: list[Damage], until_ns: int) -> None:
        """Add faults, and write those that began before ``until_ns`` [ns since time zero], in order of time.

        Whatever is added later begins later, so the file is in order however the time was cut.
        """
        for one in damage:
            self.faults[one.kind] = self.faults.get(one.kind, 0) + 1
        self._damage.extend(damage)
        if len(self._damage) >= _ROWS:
            self._write_faults(until_ns)

    def _write_faults(self, until_ns: int | None) -> None:
        """Write what began before a time, or all with None."""
        ready = sorted((one for one in self._damage if until_ns is None or one.start_ns < until_ns), key=_by_time)
        if not ready:
            return
        columns = list(zip(*ready, strict=True))
        times = [[self._zero_ns + value for value in columns[at]] for at in (3, 4)]
        values = [*columns[:3], *times, *columns[5:]]
        arrays = [
            _strings(value) if field.type == pa.string() else _numbers(value)
            for value, field in zip(values, FAULTS, strict=True)
        ]
        self._fault_file.write_batch(pa.RecordBatch.from_arrays(arrays, schema=FAULTS))
        self._damage = [one for one in self._damage if until_ns is not None and one.start_ns >= until_ns]

    def write_recorded(self, spans_s: NDArray[np.int64]) -> None:
        """Write the recorded spans (n, 2) [s since time zero]."""
        spans = self._zero_ns + spans_s * NS_PER_S
        batch = pa.RecordBatch.from_arrays([_array(spans[:, 0]), _array(spans[:, 1])], schema=RECORDED)
        with pa.ipc.new_file(str(self.folder / "recorded.arrow"), RECORDED) as file:
            file.write_batch(batch)


_UNKNOWN = np.iinfo(np.int64).min


def _unknown(column: NDArray[Any]) -> NDArray[np.bool_]:
    return np.isnan(column) if column.dtype.kind == "f" else np.asarray(column == _UNKNOWN)


def _array(column: NDArray[Any], unknown: NDArray[np.bool_] | None = None) -> pa.Array:
    """Return a column (n,) as an Arrow array, null where unknown.

    From its buffers, as below: ``pyarrow.array`` loads pandas, where that is installed, only to ask what this is.
    """
    kind = pa.from_numpy_dtype(column.dtype)
    data = pa.py_buffer(np.ascontiguousarray(column))
    known = None if unknown is None else pa.py_buffer(np.packbits(~unknown, bitorder="little"))
    return pa.Array.from_buffers(kind, len(column), [known, data])


def _numbers(values: Sequence[int | None]) -> pa.Array:
    unknown = np.array([value is None for value in values], np.bool_)
    return _array(np.array([value or 0 for value in values], np.int64), unknown)


def _strings(values: Sequence[str | None]) -> pa.Array:
    octets = [(value or "").encode() for value in values]
    offsets = np.concatenate([[0], np.cumsum([len(one) for one in octets])]).astype(np.int32)
    known = np.packbits(np.array([value is not None for value in values], np.bool_), bitorder="little")
    buffers = [pa.py_buffer(known), pa.py_buffer(offsets), pa.py_buffer(b"".join(octets))]
    return pa.Array.from_buffers(pa.string(), len(octets), buffers)


def _by_time(one: Damage) -> tuple[int, str, str, str, int]:
    return one.start_ns, one.kind, one.subject or "", one.channel or "", one.stop_ns
