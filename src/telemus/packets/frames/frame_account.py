"""Account for every byte of a stream of frames.

received = packets + framing + idle + duplicates + rejected, each byte in exactly one class: *packets* are the bytes
handed on (the packet account divides them further), *framing* markers, headers, insert zones, trailers and check
symbols of good frames, *idle* the packet zones of idle frames and the idle packets, *duplicates* whole frames that
came twice, *rejected* whatever else, by reason.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

from telemus.packets.account import RejectedRange

FORMAT = "telemus frame account 1"


class FrameGap(NamedTuple):
    """Frames missing on one virtual channel: the counts around the hole and how many are missing."""

    after_count: int
    before_count: int
    missing: int


@dataclass(frozen=True)
class ChannelAccount:
    """What arrived on one virtual channel. Bytes are of whole units, from marker to check symbols.

    ``restarts`` counts frames whose count went back or jumped by more than half its range; ``corrected_frames`` those
    in which Reed-Solomon corrected something, ``corrected_symbols`` and ``corrected_bits`` what it was.
    """

    spacecraft: int
    channel: int
    frames: int = 0
    missing: int = 0
    duplicates: int = 0
    restarts: int = 0
    idle_frames: int = 0
    packets: int = 0
    idle_packets: int = 0
    packet_bytes: int = 0
    framing_bytes: int = 0
    idle_bytes: int = 0
    duplicate_bytes: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    corrected_frames: int = 0
    corrected_symbols: int = 0
    corrected_bits: int = 0
    first_count: int | None = None
    last_count: int | None = None
    gaps: tuple[FrameGap, ...] = ()
    gaps_omitted: int = 0

    @property
    def rejected_bytes(self) -> int:
        """Bytes that are in no packet handed on."""
        return sum(self.rejected_by_reason.values())

    @property
    def received_bytes(self) -> int:
        """Bytes of all classes."""
        handed_on = self.packet_bytes + self.framing_bytes
        return handed_on + self.idle_bytes + self.duplicate_bytes + self.rejected_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data, ready for JSON."""
        plain = {name: getattr(self, name) for name in self.__dataclass_fields__}
        gaps = [gap._asdict() for gap in self.gaps]
        return plain | {"rejected_by_reason": dict(sorted(self.rejected_by_reason.items())), "gaps": gaps}


@dataclass(frozen=True)
class FrameAccount:
    """The account of one stream of frames: its virtual channels, and the bytes that belong to none.

    ``pending_bytes`` are read but not yet decided on; 0 once the stream has been finished. ``failed`` counts units
    that no channel has, by reason; ``marker_errors`` the wrong bits of the markers of all units.
    """

    received_bytes: int
    pending_bytes: int
    rejected_by_reason: dict[str, int]
    rejected: tuple[RejectedRange, ...]
    rejected_omitted: int
    failed: dict[str, int]
    marker_errors: int
    channels: dict[tuple[int, int], ChannelAccount]

    @property
    def frames(self) -> int:
        """Good frames of all channels, duplicates not counted."""
        return sum(one.frames for one in self.channels.values())

    @property
    def packets(self) -> int:
        """Packets handed on."""
        return sum(one.packets for one in self.channels.values())

    @property
    def packet_bytes(self) -> int:
        """Bytes of the packets handed on."""
        return sum(one.packet_bytes for one in self.channels.values())

    @property
    def framing_bytes(self) -> int:
        """Markers, headers, insert zones, trailers and check symbols of good frames."""
        return sum(one.framing_bytes for one in self.channels.values())

    @property
    def idle_bytes(self) -> int:
        """Idle data and idle packets."""
        return sum(one.idle_bytes for one in self.channels.values())

    @property
    def duplicate_bytes(self) -> int:
        """Frames that came twice."""
        return sum(one.duplicate_bytes for one in self.channels.values())

    @property
    def rejected_bytes(self) -> int:
        """Bytes rejected, between frames and in them."""
        return sum(self.rejected_by_reason.values()) + sum(one.rejected_bytes for one in self.channels.values())

    @property
    def missing(self) -> int:
        """Frames that the counts leave out."""
        return sum(one.missing for one in self.channels.values())

    @property
    def corrected_bits(self) -> int:
        """Bits corrected by Reed-Solomon in good frames."""
        return sum(one.corrected_bits for one in self.channels.values())

    @property
    def is_balanced(self) -> bool:
        """True if the classes add up to the bytes received (they always must)."""
        classes = self.packet_bytes + self.framing_bytes + self.idle_bytes + self.duplicate_bytes + self.rejected_bytes
        return classes + self.pending_bytes == self.received_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data, ready for JSON."""
        return {
            "format": FORMAT,
            "bytes": {
                "received": self.received_bytes,
                "packets": self.packet_bytes,
                "framing": self.framing_bytes,
                "idle": self.idle_bytes,
                "duplicates": self.duplicate_bytes,
                "rejected": self.rejected_bytes,
                "pending": self.pending_bytes,
            },
            "rejected_between_frames": dict(sorted(self.rejected_by_reason.items())),
            "rejected": [one._asdict() for one in self.rejected],
            "rejected_omitted": self.rejected_omitted,
            "failed_frames": dict(sorted(self.failed.items())),
            "marker_errors": self.marker_errors,
            "channels": [one.to_dict() for _, one in sorted(self.channels.items())],
        }
