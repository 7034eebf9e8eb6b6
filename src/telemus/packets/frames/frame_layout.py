"""Say how a mission frames its packets: what a receiver must be told because no frame says it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.frames.randomiser import Randomiser
from telemus.packets.frames.reed_solomon import ReedSolomon
from telemus.packets.frames.sync import MARKER

FrameKind = Literal["tm", "aos", "uslp"]
TM_HEADER_BYTES = 6
"""132.0-B-3 clause 4.1.2.1."""
AOS_HEADER_BYTES = 6
"""732.0-B-4 clause 4.1.2.1, without header error control."""
USLP_HEADER_BYTES = 7
"""732.1-B-3 clause 4.1.2, without the frame count."""
TRUNCATED_HEADER_BYTES = 4
"""732.1-B-3 annex D."""
AOS_POINTER_BYTES = 2
"""Header of a multiplexing or bitstream protocol data unit: 732.0-B-4 clauses 4.1.4.2.2 and 4.1.4.3.2."""
OPERATIONAL_CONTROL_BYTES = 4
"""132.0-B-3 clause 4.1.5, 732.0-B-4 clause 4.1.5, 732.1-B-3 clause 4.1.5."""
ERROR_CONTROL_BITS = (16, 32)
"""16 in all (132.0-B-3, 732.0-B-4, 732.1-B-3 clause 4.1.6); 32 in USLP only."""
MAX_FRAME_BYTES = 65536


@dataclass(frozen=True)
class FrameLayout:
    """The managed parameters of one physical channel.

    ``kind``: ``tm`` (CCSDS 132.0-B), ``aos`` (732.0-B) or ``uslp`` (732.1-B). ``frame_bytes``: length of a transfer
    frame, without marker and check symbols; the longest where ``variable_length`` (USLP only) says that each frame
    tells its own. ``marker``: attached sync marker, empty if the file holds bare frames; ``marker_tolerance``: its
    wrong bits that are accepted. ``randomiser``: None, ``short`` or ``long``. ``reed_solomon``: None, 223 or 239 with
    ``interleave`` words and symbols in the ``dual_basis``; what is missing to a full block is virtual fill.
    ``error_control``: frames end with a CRC of ``error_control_bits`` (16; 32 in USLP only). ``accept_uncorrectable``:
    take a frame that Reed-Solomon could not correct if its CRC holds all the same.

    For AOS, whose frames do not say it: ``operational_control`` (4 bytes before the CRC; TM and USLP headers tell),
    ``header_error_control`` (2 bytes, checked and correcting) and ``spacecraft_bits`` (8 up to issue 4, 10 since
    issue 5). ``insert_bytes`` of insert zone (AOS, USLP). ``extended_count``: the TM secondary header is 3 octets more
    of frame count. ``truncated_bytes``: length of truncated USLP frames, 0 if there are none. ``packet_channels``:
    virtual channels that carry packets, None for all; ``bitstream_channels``: those of AOS that carry a bitstream. What
    other channels carry is handed out as data units.

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
    error_control_bits: int = 16
    accept_uncorrectable: bool = False
    spacecraft_bits: int = 8
    extended_count: bool = False
    variable_length: bool = False
    truncated_bytes: int = 0
    bitstream_channels: frozenset[int] = frozenset()

    def __post_init__(self) -> None:
        if self.kind not in ("tm", "aos", "uslp"):
            raise SignalError(f"frame layout: got kind {self.kind!r}, wanted tm, aos or uslp")
        if self.randomiser not in (None, "short", "long"):
            raise SignalError(f"frame layout: got randomiser {self.randomiser!r}, wanted none, short or long")
        least = self.header_bytes + self.trailer_bytes(self.operational_control) + 1
        if not least <= self.frame_bytes <= MAX_FRAME_BYTES:
            raise SignalError(f"frame layout: got {self.frame_bytes} bytes, wanted {least} to {MAX_FRAME_BYTES}")
        self._check_kind()
        if self.reed_solomon is not None:
            self.code  # noqa: B018 - it checks itself

    def _check_kind(self) -> None:
        """Refuse what only another protocol has."""
        wide = (16, 32) if self.kind == "uslp" else (16,)
        rules = (
            (self.error_control_bits in wide, f"{self.kind} with error control of {self.error_control_bits} bits"),
            (self.error_control or not self.accept_uncorrectable, "accept_uncorrectable without error control"),
            (self.spacecraft_bits in ((8, 10) if self.kind == "aos" else (8,)), "another length of spacecraft names"),
            (self.kind != "tm" or not self.insert_bytes, "an insert zone in TM"),
            (self.kind == "aos" or not (self.header_error_control or self.bitstream_channels), "a service of AOS"),
            (self.kind == "tm" or not self.extended_count, "an extended count outside TM"),
            (self.kind == "uslp" or not (self.variable_length or self.truncated_bytes), "a length of USLP"),
            (self.variable_length or not self.truncated_bytes, "truncated frames of a fixed length"),
            (not (self.variable_length and self.reed_solomon), "Reed-Solomon over frames of variable length"),
            (self.truncated_bytes in (0, *range(6, self.frame_bytes + 1)), "truncated frames of no length"),
        )
        for holds, what in rules:
            if not holds:
                raise SignalError(f"frame layout: got {what}, wanted what CCSDS has for {self.kind}")

    @property
    def code(self) -> ReedSolomon | None:
        """The Reed-Solomon code, if there is one."""
        if self.reed_solomon is None:
            return None
        return ReedSolomon(self.reed_solomon, self.interleave, self.frame_bytes, self.dual_basis)

    @property
    def parity_bytes(self) -> int:
        """Check symbols of a unit [bytes]."""
        return self.code.parity_bytes if self.code else 0

    @property
    def unit_bytes(self) -> int:
        """Frame and check symbols: what stands between two markers [bytes]."""
        return self.frame_bytes + self.parity_bytes

    @property
    def detects_errors(self) -> bool:
        """True if wrong bits in a frame are noticed: by Reed-Solomon or by error control."""
        return self.reed_solomon is not None or self.error_control

    @property
    def header_bytes(self) -> int:
        """Bytes before the packet zone that every frame with packets has."""
        if self.kind == "tm":
            return TM_HEADER_BYTES
        if self.kind == "uslp":
            return USLP_HEADER_BYTES + self.insert_bytes + 1
        return AOS_HEADER_BYTES + 2 * self.header_error_control + self.insert_bytes + AOS_POINTER_BYTES

    @property
    def error_control_bytes(self) -> int:
        """Bytes of the frame error control field."""
        return self.error_control_bits // 8 * self.error_control

    def carries_packets(self, channel: NDArray[np.uint8]) -> NDArray[np.bool_]:
        """Say which of these virtual channels (n,) of TM or AOS carry packets."""
        if self.packet_channels is None:
            return ~np.isin(channel, list(self.bitstream_channels))
        return np.isin(channel, list(self.packet_channels))

    def trailer_bytes(self, operational_control: bool) -> int:
        """Bytes behind the data field, with or without operational control field."""
        return OPERATIONAL_CONTROL_BYTES * operational_control + self.error_control_bytes
