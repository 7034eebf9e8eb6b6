"""Tables of a laboratory's recording: seconds from its origin and the channel stand first, units beside the columns."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.pipeline.derive_beats import Columns
from telemus.pipeline.work import table_of
from telemus.product import Product
from telemus.series import NS_PER_S, Samples


def grid_edges(samples: Samples, origin_ns: int, window_s: float) -> NDArray[np.int64]:
    """Return the edges [ns] (m + 1,) of the windows that cover samples, counted from the origin of the recording.

    >>> grid_edges(Samples.of(np.zeros(10), 1, start_ns=5 * NS_PER_S), 0, 10.0).tolist()
    [0, 10000000000, 20000000000]
    """
    length_ns = round(window_s * NS_PER_S)
    first = (samples.start_ns - origin_ns) // length_ns
    last = max(-((origin_ns - samples.stop_ns) // length_ns), first + 1)
    return np.asarray(origin_ns + length_ns * np.arange(first, last + 1, dtype=np.int64), np.int64)


def window_times(name: str, start_ns: NDArray[np.int64], stop_ns: NDArray[np.int64], origin_ns: int) -> Columns:
    """Return ``start_s`` and ``stop_s`` [s from the origin] and ``channel`` of windows (m,)."""
    return {
        "start_s": (start_ns - origin_ns) / NS_PER_S,
        "stop_s": (stop_ns - origin_ns) / NS_PER_S,
        "channel": np.full(len(start_ns), name, dtype=object),
    }


def channel_table(columns: Mapping[str, Any], product: Product) -> pa.Table:
    """Return columns of one channel as a table; seconds keep 64 bits, the channel is text."""
    seconds = {name: pa.array(columns[name]) for name in ("time_s", "start_s", "stop_s") if name in columns}
    text = {"channel": pa.array(list(columns["channel"]), pa.string())}
    rest = {name: column for name, column in columns.items() if name not in {*seconds, "channel"}}
    table = table_of(rest, product)
    fixed = seconds | text
    return pa.table(fixed | {name: table[name] for name in table.column_names}).cast(
        pa.schema([*(pa.field(name, column.type) for name, column in fixed.items()), *table.schema])
    )
