"""What goes wrong between recorder and ground, on finished packets: flipped bits, lost and repeated packets, cut ends.

A fault of this file is drawn by the second in which it happens and hits one packet that was written in that second, so
that blocks of any size give the same faults.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.clock import NS_PER_S
from telemus.mission import Entity, FaultRates
from telemus.simulate.chance import happenings, uniform
from telemus.simulate.damage import Damage
from telemus.simulate.recorder import PacketKind
from telemus.simulate.seal import Sealed

SubjectsOf = Callable[[Entity, int], tuple[str | None, ...]]
"""Returns the subjects whose results rest on an entity at a time [ns since time zero]; (None,) for all or none."""


class Hit(NamedTuple):
    """A fault of one packet: its place among the packets as written, or None where the packet is gone."""

    kind: str
    place: int | None
    packet: int
    detail: str = ""


def injure(sealed: Sealed, seed: int, rates: FaultRates) -> tuple[Sealed, list[Hit]]:
    """Return the packets of a block as they arrive, and what was done to which.

    ``packet`` of a hit is the place in ``sealed``; ``place`` that in the result.
    """
    second = sealed.times_ns // NS_PER_S
    flips = _chosen(seed, "bit_flip", rates.bit_flips, second)
    lost = _chosen(seed, "lost_packet", rates.lost_packets, second)
    twice = _chosen(seed, "duplicate", rates.duplicate_packets, second)
    if not (flips or lost or twice):
        return sealed, []
    packets = list(sealed.packets)
    details = {row: _flip(packets, row, share) for row, share in flips.items() if row not in lost}
    order, hits = _rewritten(
        len(packets), second, lost, {row: share for row, share in twice.items() if row not in lost}
    )
    changed = Sealed(packets, sealed.times_ns, sealed.kind, sealed.entity).take(order)
    written = np.asarray(order, np.int64)
    hits = [hit._replace(place=_place(written, hit.packet, 1)) if hit.kind == "duplicate" else hit for hit in hits]
    hits += [Hit("bit_flip", _place(written, row, 0), row, detail) for row, detail in details.items()]
    return changed, sorted(hits, key=lambda hit: (hit.packet, hit.kind))


def _chosen(seed: int, stream: str, per_hour: float, second: NDArray[np.int64]) -> dict[int, float]:
    """Return the packets that a kind of fault hits, each with a number in [0, 1) to shape it."""
    if not per_hour:
        return {}
    seconds, first = np.unique(second, return_index=True)
    last = np.append(first[1:], len(second))
    hit = happenings(seed, stream, per_hour, seconds)
    row = np.searchsorted(seconds, hit)
    which = uniform(seed, f"{stream}/packet", hit)
    shape = uniform(seed, f"{stream}/shape", hit)
    places = first[row] + (which * (last[row] - first[row])).astype(np.int64)
    return dict(zip(places.tolist(), shape.tolist(), strict=True))


def _flip(packets: list[bytes], row: int, share: float) -> str:
    """Flip one bit of a packet in place of the old; return which."""
    bit = int(share * 8 * len(packets[row]))
    octets = bytearray(packets[row])
    octets[bit // 8] ^= 0x80 >> (bit % 8)
    packets[row] = bytes(octets)
    return f"bit {bit}"


def _rewritten(
    count: int, second: NDArray[np.int64], lost: Mapping[int, float], twice: Mapping[int, float]
) -> tuple[list[int], list[Hit]]:
    """Return the order of packets after losses and repetitions, a repeated one at the end of its second at latest."""
    repeats: dict[int, list[int]] = {}
    hits = [Hit("lost_packet", None, row) for row in lost]
    for row, share in twice.items():
        end = int(np.searchsorted(second, second[row], side="right"))
        repeats.setdefault(row + int(share * (end - row)), []).append(row)
        hits.append(Hit("duplicate", None, row))
    order: list[int] = []
    for row in range(count):
        if row not in lost:
            order.append(row)
        order.extend(repeats.get(row, ()))
    return order, hits


def _place(order: NDArray[np.int64], row: int, which: int) -> int:
    """Return where a packet stands for the first (0) or second (1) time."""
    return int(np.flatnonzero(order == row)[which])


def damage_of(
    hit: str, kind: PacketKind, entity: int, time_ns: int, subjects_of: SubjectsOf, *, detail: str = ""
) -> list[Damage]:
    """Return the rows of truth for one packet: every subject and channel that it carries, over its own time."""
    stop_ns = time_ns + int(kind.length * NS_PER_S)
    subjects = subjects_of(kind.entities[entity], time_ns) if kind.entities else (None,)
    return [
        Damage(hit, subject, channel, time_ns, stop_ns, detail)
        for subject in subjects
        for channel in kind.channel_names
    ]


def cut_end(sealed: Sealed, octets: int) -> tuple[Sealed, list[int]]:
    """Return the packets without their last ``octets`` [bytes], and the old places of those that were hit.

    What is left of a packet stays as it is. At most the whole block is cut.
    """
    packets = list(sealed.packets)
    hit: list[int] = []
    left = octets
    for row in range(len(packets) - 1, -1, -1):
        if left <= 0:
            break
        hit.append(row)
        keep = max(len(packets[row]) - left, 0)
        left -= len(packets[row]) - keep
        packets[row] = packets[row][:keep]
    kept = [row for row in range(len(packets)) if packets[row]]
    return sealed._replace(packets=packets).take(kept), sorted(hit)
