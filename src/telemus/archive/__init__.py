"""Keeps received bytes and everything made from them: granules written once, a catalogue that can be rebuilt.

    archive = create("flight", mission_folder, "rehearsal")      or open("flight")
    archive.read("beats_pressure", subject="M1")                 rows of the current granules, sorted by time
    archive.raw_samples("pressure", "S25101", start_ns, stop_ns) counts and quality of one channel of one entity

The only room that reads and writes Parquet: ``write_table`` and ``read_table`` serve others.
"""

from telemus.archive.gaps import Gap
from telemus.archive.granule import Granule
from telemus.archive.journal import Journal
from telemus.archive.parquet import annotate, read_table, table_writer, write_table
from telemus.archive.received import Received
from telemus.archive.samples import SampleRow, tables_of
from telemus.archive.store import SAMPLES, Archive, create, open, open_or_create

__all__ = [
    "SAMPLES",
    "Archive",
    "Gap",
    "Granule",
    "Journal",
    "Received",
    "SampleRow",
    "annotate",
    "create",
    "open",
    "open_or_create",
    "read_table",
    "table_writer",
    "tables_of",
    "write_table",
]
