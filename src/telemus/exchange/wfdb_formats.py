"""Unpacks the sample formats of WFDB signal files into whole numbers.

Source: G. B. Moody, "WFDB Applications Guide", signal(5), https://physionet.org/physiotools/wag/signal-5.htm. Each
function takes the bytes of a file from its first frame and returns as many whole samples as they hold.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Bytes = NDArray[np.uint8]
Digital = NDArray[np.int16] | NDArray[np.int32]


def _sign_extend(values: NDArray[np.int16], bits: int) -> NDArray[np.int16]:
    """Return two's complement numbers of fewer than 16 bits as int16; the bits above are ignored."""
    shift = 16 - bits
    return (values << shift) >> shift


def _format_8(raw: Bytes) -> Digital:
    """First differences of 8 bits, as they stand: they are summed for each signal by itself."""
    return raw.view(np.int8).astype(np.int16)


def _format_16(raw: Bytes) -> Digital:
    return raw[: len(raw) // 2 * 2].view("<i2")


def _format_61(raw: Bytes) -> Digital:
    return raw[: len(raw) // 2 * 2].view(">i2").astype(np.int16)


def _format_160(raw: Bytes) -> Digital:
    """Offset binary: 32768 stands for 0."""
    return (raw[: len(raw) // 2 * 2].view("<u2") ^ np.uint16(0x8000)).view(np.int16)


def _format_80(raw: Bytes) -> Digital:
    """Offset binary of 8 bits: 128 stands for 0."""
    return raw.astype(np.int16) - np.int16(128)


def _format_24(raw: Bytes) -> Digital:
    triple = raw[: len(raw) // 3 * 3].reshape(-1, 3)
    wide = np.zeros((len(triple), 4), np.uint8)
    wide[:, 1:] = triple  # the sample sits in the upper three bytes, so that the shift carries its sign
    return wide.reshape(-1).view("<i4") >> np.int32(8)


def _format_32(raw: Bytes) -> Digital:
    return raw[: len(raw) // 4 * 4].view("<i4")


def _format_212(raw: Bytes) -> Digital:
    """Two samples of 12 bits in three bytes: low byte, the two high nibbles, low byte."""
    count = len(raw) // 3 * 2 + (1 if len(raw) % 3 == 2 else 0)
    padded = np.concatenate([raw, np.zeros(-len(raw) % 3, np.uint8)]).reshape(-1, 3).astype(np.int16)
    values = np.empty((len(padded), 2), np.int16)
    values[:, 0] = padded[:, 0] | ((padded[:, 1] & 0x0F) << 8)
    values[:, 1] = padded[:, 2] | ((padded[:, 1] & 0xF0) << 4)
    return _sign_extend(values.reshape(-1), 12)[:count]


def _format_310(raw: Bytes) -> Digital:
    """Three samples of 10 bits in two words of 16: each word's bits 1 to 11, and the rest of both."""
    words = raw[: len(raw) // 4 * 4].view("<u2").reshape(-1, 2).astype(np.int32)
    values = np.empty((len(words), 3), np.int16)
    values[:, 0] = (words[:, 0] >> 1) & 0x3FF
    values[:, 1] = (words[:, 1] >> 1) & 0x3FF
    values[:, 2] = ((words[:, 0] >> 11) & 0x1F) | ((words[:, 1] >> 6) & 0x3E0)
    return _sign_extend(values.reshape(-1), 10)


def _format_311(raw: Bytes) -> Digital:
    """Three samples of 10 bits in one word of 32, lowest bits first."""
    words = raw[: len(raw) // 4 * 4].view("<u4").astype(np.int64)
    values = np.stack([words & 0x3FF, (words >> 10) & 0x3FF, (words >> 20) & 0x3FF], axis=1).astype(np.int16)
    return _sign_extend(values.reshape(-1), 10)


class SampleFormat(NamedTuple):
    """A way to store samples: bytes of a group, samples in it, the marker of a missing value, the range, the
    unpacker.
    """

    group_bytes: int
    group_samples: int
    missing: int | None
    bits: int
    unpack: Callable[[Bytes], Digital]


FORMATS = {
    8: SampleFormat(1, 1, None, 8, _format_8),
    16: SampleFormat(2, 1, -(1 << 15), 16, _format_16),
    24: SampleFormat(3, 1, -(1 << 23), 24, _format_24),
    32: SampleFormat(4, 1, -(1 << 31), 32, _format_32),
    61: SampleFormat(2, 1, -(1 << 15), 16, _format_61),
    80: SampleFormat(1, 1, -(1 << 7), 8, _format_80),
    160: SampleFormat(2, 1, -(1 << 15), 16, _format_160),
    212: SampleFormat(3, 2, -(1 << 11), 12, _format_212),
    310: SampleFormat(4, 3, -(1 << 9), 10, _format_310),
    311: SampleFormat(4, 3, -(1 << 9), 10, _format_311),
}
"""The formats that are read, by their number in the header. 508, 516 and 524 (FLAC) are not."""
