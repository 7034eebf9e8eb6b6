"""Account for every byte of a stream of frames.

received = packets + data + framing + idle + duplicates + rejected, each byte in exactly one class: *packets* are the
bytes handed on (the packet account divides them further), *data* the data units of other services handed on, *framing*
markers, headers (with secondary header and insert zone), trailers (operational and error control) and parity (check
symbols) of good frames, *idle* the data zones of idle frames, what fills a zone behind its data, and the idle packets,
*duplicates* whole frames that came twice, *rejected* whatever else, by reason and with its ranges.
"""

from __future__ import annotations

from dataclasses import dataclass, field, fields
from typing import Any, NamedTuple

from telemus.packets.account import RejectedRange

FORMAT = "telemus frame account 2"


class FrameGap(NamedTuple):
    """Frames missing on one virtual channel: the counts around the hole and how many are missing."""

    after_count: int
    before_count: int
    missing: int


@dataclass(frozen=True)
class ChannelAccount:
    """What arrived on one virtual channel. Bytes are of whole units, from marker to check symbols.

    ``restarts`` counts frames whose count went back or jumped by more than half its range, ``rollovers`` how often it
    began anew as it should. ``corrected_frames`` are those in which Reed-Solomon corrected something,
    ``corrected_symbols`` and ``corrected_bits`` what it was, ``words_by_symbols`` how many code words had 0, 1, 2, ...
    symbols corrected (empty without Reed-Solomon); ``corrected_header_symbols`` what the header error control of AOS
    corrected. ``operational_controls`` counts frames that carry an operational control field.
    """

    spacecraft: int
    channel: int
    frames: int = 0
    missing: int = 0
    duplicates: int = 0
    restarts: int = 0
    rollovers: int = 0
    idle_frames: int = 0
    packets: int = 0
    idle_packets: int = 0
    data_units: int = 0
    operational_controls: int = 0
    packet_bytes: int = 0
    data_bytes: int = 0
    marker_bytes: int = 0
    header_bytes: int = 0
    trailer_bytes: int = 0
    parity_bytes: int = 0
    idle_bytes: int = 0
    duplicate_bytes: int = 0
    rejected_by_reason: dict[str, int] = field(default_factory=dict)
    corrected_frames: int = 0
    corrected_symbols: int = 0
    corrected_bits: int = 0
    corrected_header_symbols: int = 0
    words_by_symbols: tuple[int, ...] = ()
    first_count: int | None = None
    last_count: int | None = None
    gaps: tuple[FrameGap, ...] = ()
    gaps_omitted: int = 0

    @property
    def framing_bytes(self) -> int:
        """Markers, headers, trailers and check symbols."""
        return self.marker_bytes + self.header_bytes + self.trailer_bytes + self.parity_bytes

    @property
    def rejected_bytes(self) -> int:
        """Bytes of good frames that are in nothing handed on."""
        return sum(self.rejected_by_reason.values())

    @property
    def received_bytes(self) -> int:
        """Bytes of all classes."""
        handed_on = self.packet_bytes + self.data_bytes
        return handed_on + self.framing_bytes + self.idle_bytes + self.duplicate_bytes + self.rejected_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data, ready for JSON."""
        plain = {one.name: getattr(self, one.name) for one in fields(self)}
        return plain | {
            "framing_bytes": self.framing_bytes,
            "rejected_by_reason": dict(sorted(self.rejected_by_reason.items())),
            "words_by_symbols": list(self.words_by_symbols),
            "gaps": [gap._asdict() for gap in self.gaps],
        }


@dataclass(frozen=True)
class FrameAccount:
    """The account of one stream of frames: its virtual channels, and the bytes that belong to none.

    ``pending_bytes`` are read but not yet decided on; 0 once the stream has been finished. ``rejected_by_reason`` has
    the bytes that no channel has; ``rejected`` the ranges of all rejected bytes, in their order. ``failed`` counts
    units that are no good frames, by reason; ``uncorrectable_words`` code words with too many errors;
    ``passed_uncorrectable`` frames taken in spite of them, because their error control held; ``inverted_units`` those
    that came with every bit turned over; ``marker_errors`` the wrong bits of the markers of all units;
    ``master_missing`` frames that the master channel counts of TM leave out, by spacecraft.
    """

    received_bytes: int
    pending_bytes: int
    rejected_by_reason: dict[str, int]
    rejected: tuple[RejectedRange, ...]
    rejected_omitted: int
    failed: dict[str, int]
    marker_errors: int
    channels: dict[tuple[int, int], ChannelAccount]
    inverted_units: int = 0
    uncorrectable_words: int = 0
    passed_uncorrectable: int = 0
    master_missing: dict[int, int] = field(default_factory=dict)

    def _sum(self, name: str) -> int:
        return sum(getattr(one, name) for one in self.channels.values())

    @property
    def frames(self) -> int:
        """Good frames of all channels, duplicates not counted."""
        return self._sum("frames")

    @property
    def packets(self) -> int:
        """Packets handed on."""
        return self._sum("packets")

    @property
    def packet_bytes(self) -> int:
        """Bytes of the packets handed on."""
        return self._sum("packet_bytes")

    @property
    def data_bytes(self) -> int:
        """Bytes of the data units of other services handed on."""
        return self._sum("data_bytes")

    @property
    def framing_bytes(self) -> int:
        """Markers, headers, trailers and check symbols of good frames."""
        return self._sum("framing_bytes")

    @property
    def idle_bytes(self) -> int:
        """Idle data and idle packets."""
        return self._sum("idle_bytes")

    @property
    def duplicate_bytes(self) -> int:
        """Frames that came twice."""
        return self._sum("duplicate_bytes")

    @property
    def rejected_bytes(self) -> int:
        """Bytes rejected, between frames and in them."""
        return sum(self.rejected_by_reason.values()) + self._sum("rejected_bytes")

    @property
    def missing(self) -> int:
        """Frames that the virtual channel counts leave out."""
        return self._sum("missing")

    @property
    def corrected_bits(self) -> int:
        """Bits corrected by Reed-Solomon in good frames."""
        return self._sum("corrected_bits")

    @property
    def is_balanced(self) -> bool:
        """True if the classes add up to the bytes received (they always must)."""
        handed_on = self.packet_bytes + self.data_bytes
        classes = handed_on + self.framing_bytes + self.idle_bytes + self.duplicate_bytes + self.rejected_bytes
        return classes + self.pending_bytes == self.received_bytes

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data, ready for JSON."""
        framing = ("marker_bytes", "header_bytes", "trailer_bytes", "parity_bytes")
        return {
            "format": FORMAT,
            "bytes": {
                "received": self.received_bytes,
                "packets": self.packet_bytes,
                "data": self.data_bytes,
                "framing": self.framing_bytes,
                "idle": self.idle_bytes,
                "duplicates": self.duplicate_bytes,
                "rejected": self.rejected_bytes,
                "pending": self.pending_bytes,
            },
            "framing": {name.removesuffix("_bytes"): self._sum(name) for name in framing},
            "rejected_between_frames": dict(sorted(self.rejected_by_reason.items())),
            "rejected": [one._asdict() for one in self.rejected],
            "rejected_omitted": self.rejected_omitted,
            "failed_frames": dict(sorted(self.failed.items())),
            "uncorrectable_words": self.uncorrectable_words,
            "passed_uncorrectable": self.passed_uncorrectable,
            "inverted_units": self.inverted_units,
            "marker_errors": self.marker_errors,
            "master_missing": {str(one): count for one, count in sorted(self.master_missing.items())},
            "channels": [one.to_dict() for _, one in sorted(self.channels.items())],
        }
