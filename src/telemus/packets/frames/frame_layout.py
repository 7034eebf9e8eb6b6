"""Say how a mission frames its packets: what a receiver must be told because no frame says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from telemus.errors import SignalError
from telemus.packets.frames.randomiser import Randomiser
from telemus.packets.frames.reed_solomon import ReedSolomon
from telemus.packets.frames.sync import MARKER

FrameKind = Literal["tm", "aos"]
TM_HEADER_BYTES = 6
"""132.0-B-3 clause 4.1.2.1."""
AOS_HEADER_BYTES = 6
"""732.0-B-4 clause 4.1.2.1, without header error control."""
AOS_POINTER_BYTES = 2
"""Header of a multiplexing protocol data unit: 732.0-B-4 clause 4.1.4.2.2."""
OPERATIONAL_CONTROL_BYTES = 4
"""132.0-B-3 clause 4.1.5, 732.0-B-4 clause 4.1.5."""
ERROR_CONTROL_BYTES = 2
"""132.0-B-3 clause 4.1.6, 732.0-B-4 clause 4.1.6."""


@dataclass(frozen=True)
class FrameLayout:
    """The managed parameters of one physical channel.

    ``kind``: ``tm`` (CCSDS 132.0-B) or ``aos`` (732.0-B). ``frame_bytes``: length of a transfer frame, without marker
    and check symbols. ``marker``: attached sync marker, empty if the file holds bare frames; ``marker_tolerance``:
    its wrong bits that are accepted. ``randomiser``: None, ``short`` or ``long``. ``reed_solomon``: None, 223 or 239
    with ``interleave`` words and symbols in the ``dual_basis``; what is missing to a full block is virtual fill.
    ``error_control``: frames end with a CRC of 16 bits. For AOS, whose frames do not say it: ``operational_control``
    (4 bytes before the CRC), ``header_error_control`` (2 bytes, skipped), ``insert_bytes`` of insert zone. Of TM
    frames that have a secondary header or operational control, the header tells. ``packet_channels``: virtual
    channels that carry packets, None for all.

    Raises SignalError for what the standards do not have.

    >>> FrameLayout("aos", 892, randomiser="short", reed_solomon=223, interleave=4).unit_bytes
    1020
    """

    kind: FrameKind
    frame_bytes: int
    marker: bytes = MARKER
    marker_tolerance: int = 2
    randomiser: Randomiser | None = None
    reed_solomon: int | None = None
    interleave: int = 1
    dual_basis: bool = True
    error_control: bool = False
    operational_control: bool = False
    header_error_control: bool = False
    insert_bytes: int = 0
    packet_channels: frozenset[int] | None = None

    def __post_init__(self) -> None:
        if self.kind not in ("tm", "aos"):
            raise SignalError(f"frame layout: got kind {self.kind!r}, wanted tm or aos")
        if self.randomiser not in (None, "short", "long"):
            raise SignalError(f"frame layout: got randomiser {self.randomiser!r}, wanted none, short or long")
        least = self.header_bytes + self.trailer_bytes(self.operational_control) + 1
        if not least <= self.frame_bytes <= 65536:
            raise SignalError(f"frame layout: got {self.frame_bytes} bytes, wanted {least} to 65536")
        if self.reed_solomon is not None:
            self.code  # noqa: B018 - it checks itself

    @property
    def code(self) -> ReedSolomon | None:
        """The Reed-Solomon code, if there is one."""
        if self.reed_solomon is None:
            return None
        return ReedSolomon(self.reed_solomon, self.interleave, self.frame_bytes, self.dual_basis)

    @property
    def unit_bytes(self) -> int:
        """Frame and check symbols: what stands between two markers [bytes]."""
        return self.code.block_bytes if self.code else self.frame_bytes

    @property
    def header_bytes(self) -> int:
        """Bytes before the packet zone that every frame has."""
        if self.kind == "tm":
            return TM_HEADER_BYTES
        return AOS_HEADER_BYTES + 2 * self.header_error_control + self.insert_bytes + AOS_POINTER_BYTES

    def trailer_bytes(self, operational_control: bool) -> int:
        """Bytes behind the data field, with or without operational control field."""
        return OPERATIONAL_CONTROL_BYTES * operational_control + ERROR_CONTROL_BYTES * self.error_control
