"""Reads the annotation signals of EDF+ and BDF+: when each data record begins, and what was remarked.

Source: B. Kemp, J. Olivan, "European data format 'plus' (EDF+)", Clin Neurophysiol 2003;114:1755-61,
doi 10.1016/S1388-2457(03)00123-8, clauses 2.2.2 (time-stamped annotation lists) and 2.2.4 (time keeping).
A list that cannot be read is counted and passed over: one spoiled remark must not cost a recording.
"""

from __future__ import annotations

from fractions import Fraction
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

_LONGEST_NUMBER = 32  # characters of an onset or duration that are still a time


class Remark(NamedTuple):
    """An annotation: onset [s] after the header's start time, duration [s] or None, text."""

    onset_s: Fraction
    duration_s: Fraction | None
    text: str


class Lists(NamedTuple):
    """All annotation lists of a file: onset of each record (None where it is unreadable), remarks, lists passed
    over.
    """

    onsets_s: list[Fraction | None]
    remarks: list[Remark]
    spoiled: int


def read_lists(records: NDArray[np.uint8], *, keeps_time: bool) -> Lists:
    r"""Return onsets and remarks from the bytes of an annotation signal (record, byte).

    ``keeps_time`` says that this is the file's first annotation signal, whose first list in each record is the record's
    onset.

    >>> raw = np.frombuffer(b"+0\x14\x14\x00+1.5\x152\x14drug\x14\x00", np.uint8)
    >>> lists = read_lists(raw[None, :], keeps_time=True)
    >>> lists.onsets_s, lists.remarks[0].text, float(lists.remarks[0].onset_s)
    ([Fraction(0, 1)], 'drug', 1.5)
    """
    onsets: list[Fraction | None] = []
    remarks: list[Remark] = []
    spoiled = 0
    for record in records:
        onset: Fraction | None = None
        for place, chunk in enumerate(record.tobytes().rstrip(b"\0").split(b"\0")):
            if not chunk:
                continue
            parsed = _parse(chunk)
            if parsed is None:
                spoiled += 1
                continue
            if keeps_time and place == 0:
                onset = parsed[0].onset_s
            remarks.extend(remark for remark in parsed if remark.text)
        onsets.append(onset)
    return Lists(onsets, remarks, spoiled)


def _parse(chunk: bytes) -> list[Remark] | None:
    """Return the remarks of one list: sign, onset, perhaps 0x15 and a duration, then texts, each closed by 0x14."""
    head, separator, texts = chunk.partition(b"\x14")
    onset, _, duration = head.partition(b"\x15")
    if not separator or onset[:1] not in (b"+", b"-"):
        return None
    start, length = _number(onset), _number(duration) if duration else None
    if start is None or (duration and length is None):
        return None
    return [Remark(start, length, text.decode("utf-8", "replace")) for text in texts.split(b"\x14")]


def _number(text: bytes) -> Fraction | None:
    digits = text[1:] if text[:1] in (b"+", b"-") else text
    if len(text) > _LONGEST_NUMBER or not digits.replace(b".", b"", 1).isdigit():
        return None
    return Fraction(text.decode("ascii"))
