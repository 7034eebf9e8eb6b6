"""Count packets of a file that other received files have too: the same pass delivered twice, passes that overlap."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.archive import Received

_KEY = np.dtype([("tai_ns", "<i8"), ("apid", "<u2"), ("sequence_count", "<u2"), ("length", "<i4")])


class Repeats(NamedTuple):
    """Packets of a file that other files have too, and their bytes; first and last time of the file [ms TAI]."""

    packets: int
    bytes: int
    span_ms: tuple[int, int] | None


def received_before(received: Received, index: Mapping[str, Any], others: Iterable[Received]) -> Repeats:
    """Return how much of a file stands in other ingested files: same kind, count, length and time.

    ``index`` is what the file's mark will tell of its packet index. Times are compared to the millisecond, for each
    file has its own correlation. Only files whose span, as their marks tell it, overlaps are looked
    into. The bytes stay in the account of each file.
    """
    own = _keys(received, index)
    if not len(own):
        return Repeats(0, 0, None)
    first, last = int(own["tai_ns"].min()), int(own["tai_ns"].max())
    again = np.zeros(len(own), np.bool_)
    for other in others:
        if other.sha256 == received.sha256 or not other.ingested:
            continue
        span = other.mark()["span_ms"]
        if span is not None and first <= span[1] and span[0] <= last:
            common = (max(first, span[0]), min(last, span[1]))
            shared = np.flatnonzero(_within(own, common))
            theirs = _keys(other)
            again[shared] |= np.isin(own[shared], theirs[_within(theirs, common)])
    return Repeats(int(np.count_nonzero(again)), int(own["length"][again].sum(dtype=np.int64)), (first, last))


def _within(keys: NDArray[Any], span_ms: tuple[int, int]) -> NDArray[np.bool_]:
    return np.asarray((keys["tai_ns"] >= span_ms[0]) & (keys["tai_ns"] <= span_ms[1]))


def _keys(received: Received, index: Mapping[str, Any] | None = None) -> NDArray[Any]:
    """Return the packets of a file that have a time, each as one comparable record."""
    names = list(_KEY.names or ())
    table = received.packet_index(names, index).drop_null()
    keys = np.zeros(table.num_rows, _KEY)
    for name in names:
        keys[name] = table[name].to_numpy()
    keys["tai_ns"] = (keys["tai_ns"] + 500_000) // 1_000_000
    return keys
