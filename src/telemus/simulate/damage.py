"""One thing that went wrong, with its exact interval: the row of truth/faults.arrow."""

from __future__ import annotations

from typing import NamedTuple


class Damage(NamedTuple):
    """One fault of the flight, half open in time [ns since time zero].

    ``subject`` and ``channel`` are None where all are hit. ``file`` and ``offset`` [bytes] say where damaged bytes
    stand; they are None for what happened before there were bytes, and for packets that never came.
    """

    kind: str
    subject: str | None
    channel: str | None
    start_ns: int
    stop_ns: int
    detail: str = ""
    file: str | None = None
    offset: int | None = None
