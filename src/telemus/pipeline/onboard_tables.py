"""Tables beside the samples: the index of packets, events as the recorder told them, the correlation of its clock."""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive import annotate
from telemus.mission import OnboardClock
from telemus.packets import DecodedTable
from telemus.pipeline.correlate import ClockEvent, Stretch, residuals_ns
from telemus.pipeline.routes import short_name
from telemus.pipeline.stamp import Settled
from telemus.product import Column

_HEADER_BITS = 48

INDEX_SCHEMA = pa.schema(
    [
        pa.field(
            "offset", pa.int64(), metadata={"unit": "byte", "meaning": "place of the packet in the received file"}
        ),
        pa.field("length", pa.int32(), metadata={"unit": "byte", "meaning": "length of the packet"}),
        pa.field("apid", pa.uint16(), metadata={"unit": "", "meaning": "application process identifier"}),
        pa.field("sequence_count", pa.uint16(), metadata={"unit": "1", "meaning": "sequence count, modulo 16384"}),
        pa.field("onboard_ns", pa.int64(), metadata={"unit": "ns", "meaning": "counter, rollovers undone"}),
        pa.field("tai_ns", pa.int64(), metadata={"unit": "ns TAI", "meaning": "time; null where none can be given"}),
        pa.field("quality", pa.uint32(), metadata={"unit": "", "meaning": "general quality bits"}),
    ]
)
"""Columns of the packet index of a received file."""

EVENT_COLUMNS = (
    Column("tai_ns", "ns TAI", "time of the packet"),
    Column("onboard_ns", "ns", "counter of the recorder, rollovers undone"),
    Column("container", "", "kind of packet"),
    Column("label", "", "what its enumerated parameters say, in words"),
    Column("detail", "", "all its parameters, as JSON"),
    Column("quality", "", "general quality bits"),
)
CORRELATION_COLUMNS = (
    Column("tai_ns", "ns TAI", "time that the time packet states"),
    Column("onboard_ns", "ns", "counter at that instant, rollovers undone"),
    Column("stretch", "", "number of the stretch in which the counter ran without interruption, in its file"),
    Column("residual_ns", "ns", "distance from the line through the neighbours; 0 at the ends of a stretch"),
    Column("drift_ppm", "1e-6", "how much slower than TAI the counter ran since the knot before; NaN at the first"),
    Column("source", "", "SHA-256 of the received file"),
)

CLOCK_EVENT_COLUMNS = (
    Column("tai_ns", "ns TAI", "time that the time packet states, or of the rollover"),
    Column("onboard_ns", "ns", "counter at that instant, as sent"),
    Column("kind", "", "set forward, set back, restart, rollover, time packet rejected"),
    Column(
        "amount_ns", "ns", "by how much the counter jumped ahead of TAI, or a rejected time packet was off the line"
    ),
    Column("detail", "", "why a time packet was rejected"),
    Column("source", "", "SHA-256 of the received file"),
)


def index_rows(settled: Settled, quality: NDArray[np.uint32]) -> pa.Table:
    """Return the rows of the packet index for packets of one table."""
    table, rows, timed = settled
    columns = [
        pa.array(table.packet_offset[rows]),
        pa.array(table.packet_bytes[rows]),
        pa.array(table.apid[rows]),
        pa.array(table.sequence_count[rows]),
        pa.array(timed.onboard_ns),
        pa.array(timed.tai_ns, mask=timed.stretch < 0),
        pa.array(quality),
    ]
    return pa.table(columns, schema=INDEX_SCHEMA)


def event_rows(settled: Settled, quality: NDArray[np.uint32], clock: OnboardClock) -> list[dict[str, Any]]:
    """Return one record per packet of a kind that carries no channel."""
    table, rows, timed = settled
    names = _own_names(table, clock)
    raw = {name: _plain(table.columns[name], rows) for name in names}
    words = {name: _plain(table.calibrated(name), rows) for name in names if table.plan.field(name).type.labels}
    records = []
    for place in range(len(rows)):
        detail = {name: column[place] for name, column in raw.items()}
        records.append(
            {
                "tai_ns": int(timed.tai_ns[place]),
                "onboard_ns": int(timed.onboard_ns[place]),
                "container": short_name(table.container),
                "label": ", ".join(str(column[place]) for column in words.values()),
                "detail": json.dumps(detail),
                "quality": int(quality[place]),
            }
        )
    return records


def event_table(records: list[dict[str, Any]]) -> pa.Table:
    """Return records of events as a table, in order of time."""
    kinds = (pa.int64(), pa.int64(), pa.string(), pa.string(), pa.string(), pa.uint32())
    schema = pa.schema([(column.name, kind) for column, kind in zip(EVENT_COLUMNS, kinds, strict=True)])
    ordered = sorted(records, key=lambda record: int(record["tai_ns"]))
    return annotate(pa.Table.from_pylist(ordered, schema), EVENT_COLUMNS)


def correlation_table(stretches: list[Stretch], source: str) -> pa.Table:
    """Return the knots of a file's own stretches with their residuals."""
    parts = []
    for number, stretch in enumerate(stretches):
        if not stretch.verified:
            continue
        onboard_ns, tai_ns = np.array(stretch.knots, np.int64).T
        run, rise = np.diff(onboard_ns), np.diff(tai_ns)
        columns = {
            "tai_ns": tai_ns,
            "onboard_ns": onboard_ns,
            "stretch": np.full(len(tai_ns), number),
            "residual_ns": residuals_ns(stretch.knots),
            "drift_ppm": np.concatenate(([np.nan], (rise - run) / np.maximum(run, 1) * 1e6)),
            "source": [source] * len(tai_ns),
        }
        parts.append(pa.table(columns))
    return annotate(pa.concat_tables(parts), CORRELATION_COLUMNS)


def clock_event_table(events: list[ClockEvent], source: str) -> pa.Table:
    """Return what happened to the clock of a file, in order of time."""
    kinds = (pa.int64(), pa.int64(), pa.string(), pa.int64(), pa.string())
    schema = pa.schema([(column.name, kind) for column, kind in zip(CLOCK_EVENT_COLUMNS, kinds, strict=False)])
    table = pa.Table.from_pylist([event._asdict() for event in events], schema)
    return annotate(table.append_column("source", pa.array([source] * len(events))), CLOCK_EVENT_COLUMNS)


def _own_names(table: DecodedTable, clock: OnboardClock) -> list[str]:
    """Return the columns that are neither primary header nor counter nor checksum."""
    shared = {clock.coarse_parameter, clock.fine_parameter}
    return [
        field.name
        for field in table.plan.fields
        if field.name not in shared
        and not field.encoding.is_checksum
        and not (field.place.anchor == 0 and field.place.bit < _HEADER_BITS)
    ]


def _plain(column: Any, rows: NDArray[np.int64]) -> list[Any]:
    """Return rows of a column as values that JSON can say; octets as hexadecimal text."""
    if not isinstance(column, np.ndarray):
        return [column.row(int(row)).tolist() for row in rows]
    values = column[rows].tolist()
    return [value.hex() if isinstance(value, bytes) else value for value in values]
