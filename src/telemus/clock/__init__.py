"""Time: TAI in int64 nanoseconds, UTC at the doors, and the on-board clock through its correlation.

``tai_ns`` counts nanoseconds of TAI since 1970-01-01T00:00:00 TAI. ``utc_ns`` counts nanoseconds since
1970-01-01T00:00:00 UTC as POSIX does: days of 86 400 s, so a leap second shares its number with the second after
it. ``onboard_ns`` is what a recorder's own counter says, in nanoseconds since the counter's zero. Where a leap second
must keep its own name, UTC is a day and the nanoseconds since its beginning (``utc_day``), or text.
"""

from telemus.clock.correlation import Correlation
from telemus.clock.exact import rounded_down, rounded_half_even
from telemus.clock.leap_seconds import TABLE_VARIABLE, LeapTable, leap_table, read_leap_table
from telemus.clock.scales import NS_PER_DAY, NS_PER_S, TAI_1958_NS, from_utc_day, tai_to_utc, utc_day, utc_to_tai
from telemus.clock.utc_text import format_utc, parse_utc

__all__ = [
    "NS_PER_DAY",
    "NS_PER_S",
    "TABLE_VARIABLE",
    "TAI_1958_NS",
    "Correlation",
    "LeapTable",
    "format_utc",
    "from_utc_day",
    "leap_table",
    "parse_utc",
    "read_leap_table",
    "rounded_down",
    "rounded_half_even",
    "tai_to_utc",
    "utc_day",
    "utc_to_tai",
]
