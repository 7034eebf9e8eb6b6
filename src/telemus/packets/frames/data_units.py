"""Name what a virtual channel hands out: space packets, and data units of other services."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Octets = NDArray[np.uint8]


class ChannelPackets(NamedTuple):
    """Whole space packets of one virtual channel, one after another in ``octets`` (m,); ``lengths`` (n,) [bytes].

    ``map_id`` is the multiplexer access point in USLP, else 0. ``verified`` is False where nothing would have detected
    wrong bits in the frames: no Reed-Solomon, no error control.
    """

    spacecraft: int
    channel: int
    octets: Octets
    lengths: NDArray[np.int64]
    map_id: int = 0
    verified: bool = True

    def packets(self) -> Iterator[bytes]:
        """Yield each packet."""
        return _cut(self.octets, self.lengths)


class ChannelData(NamedTuple):
    """Data units of one virtual channel that are no space packets, one after another in ``octets`` (m,).

    ``lengths`` (n,) [bytes]. ``protocol`` says whose they are, in the numbers of the USLP protocol identifier: 0 is an
    encapsulation packet, 4 octets of a stream (whose division into units means nothing), 5 a private unit (VCA_SDU,
    MAPA_SDU), others as registered. ``map_id`` and ``verified`` as for packets.
    """

    spacecraft: int
    channel: int
    map_id: int
    protocol: int
    octets: Octets
    lengths: NDArray[np.int64]
    verified: bool = True

    def units(self) -> Iterator[bytes]:
        """Yield each data unit."""
        return _cut(self.octets, self.lengths)


def _cut(octets: Octets, lengths: NDArray[np.int64]) -> Iterator[bytes]:
    stop = 0
    for length in lengths.tolist():
        start, stop = stop, stop + length
        yield octets[start:stop].tobytes()
