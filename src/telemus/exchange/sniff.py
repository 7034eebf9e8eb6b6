"""Tells a file's format from its first bytes; the extension is asked only where bytes say nothing."""

from __future__ import annotations

import bz2
import gzip
import lzma
import re
import zlib
from pathlib import Path

from telemus.errors import FormatError
from telemus.exchange.guard import file_size, read_head
from telemus.exchange.mat_version_4 import is_version_4
from telemus.exchange.wfdb import header_of

FORMATS = ("wfdb", "edf", "labchart-mat", "labchart-text", "csv", "parquet")
"""The formats that are read, as ``format=`` names them; csv stands for any delimited text."""

HEAD_BYTES = 1 << 16
_FOREIGN = (
    (b"\x89HDF", "HDF5 (perhaps NWB or MATLAB 7.3)", "save it as MATLAB version 7 or as EDF"),
    (b"PK\x03\x04", "a zip archive (perhaps a spreadsheet)", "unpack it, or save the sheet as CSV"),
    (b"CFWB", "LabChart's own binary file", "export it from LabChart as .mat or as text"),
    (b"%PDF", "a PDF", "give the recording itself"),
    (b"\x89PNG", "a picture", "give the recording itself"),
)
_RECORD_LINE = re.compile(r"^[A-Za-z]\S*(/\d+)?\s+\d+(\s+[\d.]+\S*(\s+\d+.*)?)?$")
_SIGNAL_LINE = re.compile(r"^\S+\s+(8|16|24|32|61|80|160|212|310|311|508|516|524)([x:+]\S*)?(\s|$)|^\S+\s+\d+$")


def sniff(path: Path) -> str:
    """Return the format of a file as one of FORMATS.

    Raises FormatError where nothing is there, nothing is in it, or what is in it is no recording that we read.
    """
    header = header_of(path)
    if header is not None and not path.exists():
        return "wfdb"
    file_size(path)
    head = expand(path, read_head(path, HEAD_BYTES))
    found = _binary(path, head)
    if found is None and header is not None and (path.suffix == ".hea" or _binary_noise(head)):
        found = "wfdb"
    if found is None and not _binary_noise(head):
        found = _text(head)
    if found is None:
        raise FormatError(
            f"got bytes of no format that is read here (they begin {head[:8].hex(' ')}), wanted one of: EDF, BDF, WFDB "
            "(with its .hea beside it), LabChart .mat or text, CSV or other delimited text, Parquet",
            path=path,
            offset=0,
        )
    return found


def expand(path: Path, head: bytes) -> bytes:
    """Return the first bytes of what a compressed file holds, or the head itself where it is not compressed."""
    try:
        if head[:2] == b"\x1f\x8b":
            with gzip.open(path) as file:
                return file.read(HEAD_BYTES)
        if head[:3] == b"BZh":
            with bz2.open(path) as file:
                return file.read(HEAD_BYTES)
        if head[:6] == b"\xfd7zXZ\0" or head[:3] == b"\x5d\0\0":
            with lzma.open(path) as file:
                return file.read(HEAD_BYTES)
    except (OSError, EOFError, lzma.LZMAError, zlib.error, ValueError) as error:
        raise FormatError(
            f"got a compressed file that does not unpack ({error}), wanted a whole one", path=path
        ) from error
    return head


def _binary(path: Path, head: bytes) -> str | None:
    """Return the format of a file with magic bytes, None where there are none we know; refuse those we cannot read."""
    for magic, name, advice in _FOREIGN:
        if head.startswith(magic):
            raise FormatError(f"got {name}, which is not read here: {advice}", path=path, offset=0)
    if head.startswith(b"\xffBIOSEMI") or (
        head[:8] == b"0       " and len(head) >= 192 and head[184:192].strip().isdigit()
    ):
        return "edf"
    if head.startswith(b"MATLAB 7.3"):
        raise FormatError(
            "got MATLAB version 7.3 (HDF5), wanted version 5 to 7.2: save it with -v7", path=path, offset=0
        )
    if head.startswith(b"MATLAB") or is_version_4(head):
        return "labchart-mat"
    if head.startswith(b"PAR1"):
        return "parquet"
    return None


def _binary_noise(head: bytes) -> bool:
    """Return whether bytes are anything but text; UTF-16 with its mark counts as text."""
    if head[:2] in (b"\xff\xfe", b"\xfe\xff"):
        return False
    controls = sum(head.count(bytes([code])) for code in (*range(9), *range(14, 32), 127))
    return controls > len(head) // 1000


def _text(head: bytes) -> str:
    encoding = "utf-16" if head[:2] in (b"\xff\xfe", b"\xfe\xff") else "latin-1"
    text = head.decode(encoding, "replace").removeprefix("\ufeff").removeprefix("ï»¿")
    if text.lstrip().startswith("Interval="):
        return "labchart-text"
    lines = [line.strip() for line in text.splitlines()[:50] if line.strip() and not line.startswith("#")]
    if len(lines) >= 2 and _RECORD_LINE.match(lines[0]) and _SIGNAL_LINE.match(lines[1]):
        return "wfdb"
    return "csv"
