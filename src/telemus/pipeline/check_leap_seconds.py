"""Warns of a table of leap seconds that does not reach far enough: no fault of a mission, but its UTC may be off."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

from telemus import mission as missions
from telemus.clock import LeapTable, format_utc, leap_table, tai_to_utc


def leap_second_warnings(folder: Path, now_utc_ns: int | None = None) -> Iterator[str]:
    """Yield a sentence where the table in use has expired, now or by the end of one of a mission's timelines.

    ``now_utc_ns`` is the time of this computer unless it is given [utc_ns].
    """
    table = leap_table()
    if table.expires_utc_ns is None:
        yield f"leap seconds: {table.source} tells no date of expiry, so nobody knows whether it is complete"
        return
    now = time.time_ns() if now_utc_ns is None else now_utc_ns
    if table.expired(now):
        yield f"leap seconds: {table.source} has expired on {_date(table)}; {_REMEDY}"
    for path in sorted((folder / "timelines").glob("*.toml")):
        mission, _ = missions.read(folder, path.stem)
        if mission is not None and table.expired(int(tai_to_utc(mission.timeline.stop_ns))):
            stop = format_utc(mission.timeline.stop_ns, decimals=0)
            yield (
                f"leap seconds: timeline {path.stem} ends on {stop}, after {_date(table)}, until when "
                f"{table.source} is valid; {_REMEDY}"
            )


_REMEDY = "name a newer one in the setting leap_seconds (leap-seconds.list of the IERS)"


def _date(table: LeapTable) -> str:
    """Return the date of expiry; no leap second lies between the last row and it, as far as the table knows."""
    expires = table.expires_utc_ns or 0
    return format_utc(expires + int(table.offsets_ns[-1]), decimals=0, table=table)[:10]
