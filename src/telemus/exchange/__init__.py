"""The doors to other people's files: one reader or writer for each format.

``read_recording`` opens a laboratory's recording (EDF, BDF, WFDB, LabChart, CSV, Parquet); the writers put beats and
windows where a spreadsheet can read them. No reader trusts a name, a header or a length that it has not checked.
"""

from telemus.exchange.read import read_contents, read_recording
from telemus.exchange.recording import Channel, Contents, Recording, Source
from telemus.exchange.sniff import FORMATS, sniff
from telemus.exchange.wfdb_annotations import Annotations, read_wfdb_annotations
from telemus.exchange.write import write_beats_csv, write_windows_csv

__all__ = [
    "FORMATS",
    "Annotations",
    "Channel",
    "Contents",
    "Recording",
    "Source",
    "read_contents",
    "read_recording",
    "read_wfdb_annotations",
    "sniff",
    "write_beats_csv",
    "write_windows_csv",
]
