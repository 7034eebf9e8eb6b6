"""Reads WFDB annotation files in MIT format (.atr, .qrs, .wabp, ...): which beat, at which sample.

Source: G. B. Moody, "WFDB Applications Guide", annot(5), https://physionet.org/physiotools/wag/annot-5.htm, and the
codes of ecgcodes.h (library 10.7).
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.errors import FormatError
from telemus.exchange.guard import file_size

_SKIP, _NUM, _SUB, _CHN, _AUX = 59, 60, 61, 62, 63
_SYMBOLS = {
    1: "N", 2: "L", 3: "R", 4: "a", 5: "V", 6: "F", 7: "J", 8: "A", 9: "S", 10: "E", 11: "j", 12: "/", 13: "Q", 14: "~",
    16: "|", 18: "s", 19: "T", 20: "*", 21: "D", 22: '"', 23: "=", 24: "p", 25: "B", 26: "^", 27: "t", 28: "+", 29: "u",
    30: "?", 31: "!", 32: "[", 33: "]", 34: "e", 35: "n", 36: "@", 37: "x", 38: "f", 39: "(", 40: ")", 41: "r",
}  # fmt: skip
BEAT_SYMBOLS = frozenset("NLRaVFJASEj/QBenfr?")
"""The symbols of annot(5) that mark a beat; the others mark rhythm, quality, waves and remarks."""
_NOTE = 22
_RESOLUTION = re.compile(r"^## time resolution: (\d{1,12}(?:\.\d{1,12})?)$")
_DEFINITION = re.compile(r"^(\d{1,2}) (\S+) (.+)$")


class Annotations(NamedTuple):
    """Annotations of a record (n,): place [samples of the annotation's own rate], symbol, remark; that rate [Hz] where
    stated.
    """

    sample: NDArray[np.int64]
    symbol: tuple[str, ...]
    text: tuple[str, ...]
    rate_hz: float | None

    def beats(self) -> NDArray[np.int64]:
        """Return the places of those that mark a beat [samples]."""
        mask = np.array([symbol in BEAT_SYMBOLS for symbol in self.symbol], np.bool_)
        return np.asarray(self.sample[mask], np.int64)


def read_wfdb_annotations(path: str | Path) -> Annotations:
    """Return the annotations of a file in MIT format.

    A code without a symbol is kept as its number. Places may go back where a file says so. A file without the closing
    zero gives what is whole. Raises FormatError where the file is missing, empty or shorter than one annotation.
    """
    where = Path(path)
    size = file_size(where)
    if size < 2:
        raise FormatError(f"got {size} byte, wanted annotations of 2 bytes each", path=where)
    raw = where.read_bytes()
    words = np.frombuffer(raw, "<u2", count=len(raw) // 2).tolist()
    samples: list[int] = []
    codes: list[int] = []
    texts: list[str] = []
    place, time = 0, 0
    while place < len(words) and words[place] != 0:
        code, value = words[place] >> 10, words[place] & 0x3FF
        place += 1
        if code == _SKIP and place + 1 < len(words):
            skip = (words[place] << 16) | words[place + 1]
            time += skip - (1 << 32) if skip >= 1 << 31 else skip
            place += 2
        elif code == _AUX:
            if texts:
                texts[-1] = raw[2 * place : 2 * place + value].decode("latin-1").rstrip("\0")
            place += (value + 1) // 2
        elif code not in (_SKIP, _NUM, _SUB, _CHN):
            time += value
            if code:  # code 0 only moves the time
                samples.append(time)
                codes.append(code)
                texts.append("")
    return _annotations(samples, codes, texts)


def _annotations(samples: list[int], codes: list[int], texts: list[str]) -> Annotations:
    """Take out the notes at time 0 that state the time resolution or define codes of the file's own."""
    symbols, rate_hz, keep = dict(_SYMBOLS), None, []
    for index, (sample, code, text) in enumerate(zip(samples, codes, texts, strict=True)):
        rate, definition = _RESOLUTION.match(text), _DEFINITION.match(text)
        if sample != 0 or code != _NOTE or not (rate or definition or text.startswith("## ")):
            keep.append(index)
        elif rate:
            rate_hz = float(rate[1])
        elif definition:
            symbols[int(definition[1])] = definition[2]
    return Annotations(
        np.array([samples[index] for index in keep], np.int64),
        tuple(symbols.get(codes[index], str(codes[index])) for index in keep),
        tuple(texts[index] for index in keep),
        rate_hz or None,
    )
