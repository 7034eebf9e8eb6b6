"""Time codes of CCSDS 301.0-B-4, both ways: unsegmented (CUC), day segmented (CDS), calendar segmented (CCS), ASCII.

A binary code is a T-field, which a P-field describes (``Preamble``; it may come before the T-field or be agreed on).
``read_time`` and ``write_time`` go between T-fields, one row of octets each, and ``tai_ns``. All is integer
arithmetic: what a code resolves finer than 1 ns is rounded half to even, so the error is at most 0.5 ns; what it
resolves coarser is cut when written, as a counter does that has not reached its next tick.
"""

from telemus.packets.time_codes.ascii_codes import ascii_to_tai, tai_to_ascii
from telemus.packets.time_codes.binary import read_time, write_time
from telemus.packets.time_codes.cds import cds_to_ns, ns_to_cds
from telemus.packets.time_codes.cuc import cuc_to_ns, ns_to_cuc
from telemus.packets.time_codes.preamble import CcsPreamble, CdsPreamble, CucPreamble, Preamble, read_preamble

__all__ = [
    "CcsPreamble",
    "CdsPreamble",
    "CucPreamble",
    "Preamble",
    "ascii_to_tai",
    "cds_to_ns",
    "cuc_to_ns",
    "ns_to_cds",
    "ns_to_cuc",
    "read_preamble",
    "read_time",
    "tai_to_ascii",
    "write_time",
]
