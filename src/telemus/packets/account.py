"""Account for every byte received: received = packets kept + duplicates + framing + idle + rejected.

Each byte is in exactly one class. Beside the sum stand, per APID, what the sequence counts tell: gaps, duplicates,
late and out-of-order packets, restarts, checksum failures; and what could not be decoded, by name.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from telemus.packets.ccsds import IDLE_APID
from telemus.packets.clock_steps import ClockStep

FORMAT = "telemus account 1"
MAX_LISTED = 10_000
"""Ranges and gaps listed one by one; beyond that they are only counted, so that the account stays bounded."""


class RejectedRange(NamedTuple):
    """Bytes [start, stop) of the input that are in no packet, and why."""

    start: int
    stop: int
    reason: str


class Gap(NamedTuple):
    """Missing packets of one APID: the counts around the hole, how many are missing, and where in the input."""

    after_count: int
    before_count: int
    missing: int
    offset: int


@dataclass(frozen=True)
class ApidAccount:
    """What arrived of one APID.

    ``missing`` is what the sequence counts leave out, ``late`` what came after all and closed its gap, ``out_of_order``
    what came with a count that was not missed. ``unverified`` packets have nothing that confirms their limits;
    ``longer`` ones have bytes at the end that their definition does not describe. ``groups`` of segments were joined,
    ``broken_groups`` of them not decoded. ``missing_modulo`` is True where only the fourteen bits of the count tell
    what is missing, so that whole cycles of 16384 packets may be missing besides: the packets carry no time that the
    definition marks, or keep no period.
    """

    apid: int
    known: bool
    containers: dict[str, int] = field(default_factory=dict)
    undecoded: dict[str, int] = field(default_factory=dict)
    packets: int = 0
    bytes: int = 0
    first_count: int | None = None
    last_count: int | None = None
    missing: int = 0
    duplicates: int = 0
    late: int = 0
    out_of_order: int = 0
    restarts: int = 0
    checksum_failures: int = 0
    unverified: int = 0
    longer: int = 0
    gaps: tuple[Gap, ...] = ()
    gaps_omitted: int = 0
    groups: int = 0
    broken_groups: int = 0
    missing_modulo: bool = True
    clock_steps: tuple[ClockStep, ...] = ()
    clock_steps_omitted: int = 0

    @property
    def expected(self) -> int:
        """Packets that the counts say were sent between the first and the last seen."""
        return self.packets + self.missing

    @property
    def name(self) -> str:
        """What the definition calls it; ``unknown APID n`` if it does not."""
        if self.apid == IDLE_APID:
            return "idle"
        return "/".join(self.containers) or (f"APID {self.apid}" if self.known else f"unknown APID {self.apid}")


@dataclass(frozen=True)
class Account:
    """The account of one input, or of several added up."""

    sources: tuple[str, ...]
    received_bytes: int
    packet_bytes: int
    duplicate_bytes: int
    framing_bytes: int
    idle_bytes: int
    rejected_bytes: int
    rejected_by_reason: dict[str, int]
    rejected: tuple[RejectedRange, ...]
    rejected_omitted: int
    apids: dict[int, ApidAccount]

    @property
    def is_balanced(self) -> bool:
        """True if the classes add up to the bytes received (they always must)."""
        parts = self.packet_bytes + self.duplicate_bytes + self.framing_bytes + self.idle_bytes + self.rejected_bytes
        return parts == self.received_bytes and sum(self.rejected_by_reason.values()) == self.rejected_bytes

    @property
    def packets(self) -> int:
        """Packets kept, idle ones not counted."""
        return sum(one.packets for apid, one in self.apids.items() if apid != IDLE_APID)

    @property
    def missing(self) -> int:
        """Packets that the sequence counts leave out."""
        return sum(one.missing for one in self.apids.values())

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data, ready for JSON."""
        return {
            "format": FORMAT,
            "sources": list(self.sources),
            "bytes": {
                "received": self.received_bytes,
                "packets": self.packet_bytes,
                "duplicates": self.duplicate_bytes,
                "framing": self.framing_bytes,
                "idle": self.idle_bytes,
                "rejected": self.rejected_bytes,
            },
            "rejected_by_reason": dict(sorted(self.rejected_by_reason.items())),
            "rejected": [one._asdict() for one in self.rejected],
            "rejected_omitted": self.rejected_omitted,
            "apids": {str(apid): _apid_dict(one) for apid, one in sorted(self.apids.items())},
        }

    def to_json(self, indent: int | None = 2) -> str:
        """Return the account as JSON text."""
        return json.dumps(self.to_dict(), indent=indent, ensure_ascii=False)


def merge_accounts(accounts: Iterable[Account]) -> Account:
    """Add up the accounts of several inputs.

    Byte ranges keep the offsets of their own input; sums and counts add; nothing is looked for between the inputs (a
    gap or duplicate that spans two inputs is seen only if one Decoder reads both).
    """
    every = tuple(accounts)
    reasons: Counter[str] = Counter()
    for one in every:
        reasons.update(one.rejected_by_reason)
    listed = [entry for one in every for entry in one.rejected]
    apids = sorted({apid for one in every for apid in one.apids})
    return Account(
        sources=tuple(source for one in every for source in one.sources),
        received_bytes=sum(one.received_bytes for one in every),
        packet_bytes=sum(one.packet_bytes for one in every),
        duplicate_bytes=sum(one.duplicate_bytes for one in every),
        framing_bytes=sum(one.framing_bytes for one in every),
        idle_bytes=sum(one.idle_bytes for one in every),
        rejected_bytes=sum(one.rejected_bytes for one in every),
        rejected_by_reason=dict(reasons),
        rejected=tuple(listed[:MAX_LISTED]),
        rejected_omitted=sum(one.rejected_omitted for one in every) + max(0, len(listed) - MAX_LISTED),
        apids={apid: _merge_apid([one.apids[apid] for one in every if apid in one.apids]) for apid in apids},
    )


def _merge_apid(parts: list[ApidAccount]) -> ApidAccount:
    containers: Counter[str] = Counter()
    undecoded: Counter[str] = Counter()
    for one in parts:
        containers.update(one.containers)
        undecoded.update(one.undecoded)
    gaps = [gap for one in parts for gap in one.gaps]
    steps = [step for one in parts for step in one.clock_steps]
    return ApidAccount(
        apid=parts[0].apid,
        known=any(one.known for one in parts),
        containers=dict(containers),
        undecoded=dict(undecoded),
        packets=sum(one.packets for one in parts),
        bytes=sum(one.bytes for one in parts),
        first_count=parts[0].first_count,
        last_count=parts[-1].last_count,
        missing=sum(one.missing for one in parts),
        duplicates=sum(one.duplicates for one in parts),
        late=sum(one.late for one in parts),
        out_of_order=sum(one.out_of_order for one in parts),
        restarts=sum(one.restarts for one in parts),
        checksum_failures=sum(one.checksum_failures for one in parts),
        unverified=sum(one.unverified for one in parts),
        longer=sum(one.longer for one in parts),
        gaps=tuple(gaps[:MAX_LISTED]),
        gaps_omitted=sum(one.gaps_omitted for one in parts) + max(0, len(gaps) - MAX_LISTED),
        groups=sum(one.groups for one in parts),
        broken_groups=sum(one.broken_groups for one in parts),
        missing_modulo=any(one.missing_modulo for one in parts),
        clock_steps=tuple(steps[:MAX_LISTED]),
        clock_steps_omitted=sum(one.clock_steps_omitted for one in parts) + max(0, len(steps) - MAX_LISTED),
    )


def _apid_dict(one: ApidAccount) -> dict[str, Any]:
    return {
        "name": one.name,
        "known": one.known,
        "containers": dict(one.containers),
        "undecoded": dict(one.undecoded),
        "packets": one.packets,
        "bytes": one.bytes,
        "first_count": one.first_count,
        "last_count": one.last_count,
        "expected": one.expected,
        "missing": one.missing,
        "missing_modulo_16384": one.missing_modulo,
        "duplicates": one.duplicates,
        "late": one.late,
        "out_of_order": one.out_of_order,
        "restarts": one.restarts,
        "checksum_failures": one.checksum_failures,
        "unverified": one.unverified,
        "longer": one.longer,
        "gaps": [gap._asdict() for gap in one.gaps],
        "gaps_omitted": one.gaps_omitted,
        "groups": one.groups,
        "broken_groups": one.broken_groups,
        "clock_steps": [step._asdict() for step in one.clock_steps],
        "clock_steps_omitted": one.clock_steps_omitted,
    }
