"""Gives free memory back to the system between files, so that long work does not swell in pieces."""

from __future__ import annotations

import ctypes
import sys

import pyarrow as pa


def give_back() -> None:
    """Return free pages of Arrow's pool and of the C library to the system; nothing that lives is touched.

    Arrow's own pools keep some pages of threads that ended. The program ``telemus`` therefore starts with the system's
    pool (variable ARROW_DEFAULT_MEMORY_POOL, before Arrow is loaded): over the four files of a day the peak of an
    ingest then goes from 465 to 517 MB with the second file and stays there; without, from 521 to 646 MB.
    """
    pa.default_memory_pool().release_unused()
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, others do without
        if trim is not None:
            trim(0)
