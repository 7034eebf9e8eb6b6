"""Keeps received bytes and everything made from them: granules written once, a catalogue that can be rebuilt.

    archive = create("flight", mission_folder, "rehearsal")      or open("flight")
    archive.read("beats_pressure", subject="M1")                 rows of the current granules, sorted by time
    archive.raw_samples("pressure", "S25101", start_ns, stop_ns) counts and quality of one channel of one entity
    archive.decimated("pressure", "S25101", start_ns, stop_ns, 2000) their extremes and means, however long the span

The only room that reads and writes Parquet: ``write_table`` and ``read_table`` serve others.
"""

from telemus.archive.backup import BackupSummary, backup
from telemus.archive.checks import BlockChecks
from telemus.archive.compaction import CompactionSummary, compact
from telemus.archive.decimation import Decimated
from telemus.archive.disk import require_space
from telemus.archive.gaps import Gap
from telemus.archive.granule import Draft, Granule
from telemus.archive.journal import Journal
from telemus.archive.opening import create, heal, open, open_or_create
from telemus.archive.parquet import annotate, read_table, table_writer, write_table
from telemus.archive.pyramid_tiles import update_pyramid
from telemus.archive.received import Received
from telemus.archive.reception import Reception
from telemus.archive.revision import revise_mission
from telemus.archive.samples import SAMPLES, SampleRow, tables_of
from telemus.archive.store import Archive
from telemus.archive.table_files import open_table
from telemus.archive.verification import Damage, verify

__all__ = [
    "SAMPLES",
    "Archive",
    "BackupSummary",
    "BlockChecks",
    "CompactionSummary",
    "Damage",
    "Decimated",
    "Draft",
    "Gap",
    "Granule",
    "Journal",
    "Received",
    "Reception",
    "SampleRow",
    "annotate",
    "backup",
    "compact",
    "create",
    "heal",
    "open",
    "open_or_create",
    "open_table",
    "read_table",
    "require_space",
    "revise_mission",
    "table_writer",
    "tables_of",
    "update_pyramid",
    "verify",
    "write_table",
]
