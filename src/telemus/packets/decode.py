"""Decode packets into columns, block by block: bytes in, one table per container out, every byte accounted for."""

from __future__ import annotations

from collections.abc import Collection, Generator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.account import Account
from telemus.packets.ccsds import IDLE_APID, Block, PacketTable, octets_of
from telemus.packets.columns import Octets, Ragged
from telemus.packets.extract import extract, read_rows, rows_that_fit
from telemus.packets.groups import PacketGroup
from telemus.packets.ledger import Ledger
from telemus.packets.plan import ContainerPlan, Plan, compile_plan
from telemus.packets.segments import Joined, SegmentJoiner
from telemus.packets.select import select
from telemus.packets.time_codes import cuc_to_ns
from telemus.packets.told import told_column
from telemus.packets.walk import ApidRule, Walker
from telemus.packets.walk_state import CHECKSUM, REASONS, TRUNCATED
from telemus.packets.xtce import Definition, read_definition

Column = NDArray[Any] | Ragged

TOO_SHORT = "shorter than its definition"
SEGMENTS = "segments"
"""Under this name the account counts packets that were joined to others."""


@dataclass(frozen=True)
class DecodedTable:
    """Packets of one container as columns; row i of each array is the i-th packet.

    ``columns`` are raw values under the parameter names: (n,) scalars, (n, k) arrays, uint8 (n, k) binary, bytes (n,)
    strings, Ragged where the length differs from packet to packet. ``packet_offset`` is where the packet begins in
    the stream [bytes]. ``verified`` is False where nothing confirms the packet's limits. ``checksum_ok`` is True
    where a checksum was there and held (packets whose checksum fails never get here). ``onboard_ns`` is the on-board
    clock [ns] if the definition marks it. ``channel`` is (spacecraft, virtual channel) if frames carried the packets.
    """

    container: str
    plan: ContainerPlan
    columns: dict[str, Column]
    packet_offset: NDArray[np.int64]
    packet_bytes: NDArray[np.int32]
    apid: NDArray[np.uint16]
    sequence_count: NDArray[np.uint16]
    verified: NDArray[np.bool_]
    checksum_ok: NDArray[np.bool_]
    onboard_ns: NDArray[np.int64] | None
    channel: tuple[int, int] | None = None

    @property
    def count(self) -> int:
        """Number of packets."""
        return int(self.packet_offset.size)

    def unit(self, name: str) -> str:
        """Return the unit of a column's calibrated values, empty if it has none."""
        return self.plan.field(name).type.unit

    def calibrated(self, name: str) -> Column:
        """Return a column in the unit of its type: float64 by the calibrator that applies, or text of its labels."""
        return told_column(self.plan.field(name), self.columns, self.plan.field_of)


class Advance(NamedTuple):
    """What one buffer gave: decoded tables, and how many of its bytes are done with."""

    tables: list[DecodedTable]
    consumed: int


class Finish(NamedTuple):
    """The tables of what was still waiting, and the account of the whole stream."""

    tables: list[DecodedTable]
    account: Account


class Decoder:
    """Decodes one stream that arrives in blocks; it lives as long as the stream.

    ``definition`` is XTCE, read or compiled, or the path of it. ``containers`` limits what is decoded (the account
    covers all). ``prefix_bytes`` are skipped before each packet, ``suffix_bytes`` behind it. A packet that came before
    is counted, not returned again. ``source`` names the stream in the account. ``grouped``: APIDs whose segments are
    joined before they are decoded, and how many octets of secondary header to take off all but the first; groups that
    are broken are not decoded but handed out by ``broken_groups``, and checksums of segments are not looked at.
    """

    def __init__(
        self,
        definition: Definition | Plan | Path | str,
        *,
        root: str | None = None,
        containers: Collection[str] | None = None,
        prefix_bytes: int = 0,
        suffix_bytes: int = 0,
        source: str = "",
        grouped: Mapping[int, int] | None = None,
    ) -> None:
        self.plan = as_plan(definition, root)
        rules = self.plan.rules | dict.fromkeys(grouped or (), ApidRule())
        self._joiner = SegmentJoiner(grouped) if grouped else None
        self._broken: list[PacketGroup] = []
        timed = [one.apid for one in self.plan.containers.values() if one.time and one.apid is not None]
        checksummed = frozenset(apid for apid, rule in rules.items() if rule.checksum)
        self._ledger = Ledger(source, checksummed, frozenset(timed), frozenset(rules))
        # A suffix is the beginning of the next packet's prefix, once the first packet is given an imagined one.
        self._between = prefix_bytes + suffix_bytes
        self._walker = Walker(rules, prefix_bytes=self._between)
        self._wanted = None if containers is None else frozenset(containers)
        self._suffix_bytes = suffix_bytes
        self._position = -suffix_bytes
        self._tail: Octets = np.zeros(suffix_bytes, np.uint8)
        self._ends_whole = False

    def feed(self, block: Block) -> list[DecodedTable]:
        """Return the tables of the packets that ``block`` completes, one per container, in order of arrival."""
        buffer = octets_of(block)
        if self._tail.size:
            buffer = np.concatenate([self._tail, buffer])
        tables, consumed = self.advance(buffer)
        self._tail = buffer[consumed:].copy()
        return tables

    def finish(self) -> Finish:
        """End the stream: return the tables of what was waiting and the account of every byte."""
        body = self._tail[: max(self._tail.size - self._suffix_bytes, 0)]
        tables, _ = self.advance(body, final=True)
        start, stop = max(self._position, 0), self._position + self._tail.size - body.size
        self._tail = np.empty(0, np.uint8)
        if stop > start:  # what may be the suffix of the last packet
            self._ledger.receive(stop - start)
            if self._ends_whole:
                self._ledger.frame(stop - start)
            else:
                self._ledger.reject(start, stop, REASONS[TRUNCATED])
        return Finish(tables, self.account())

    def account(self) -> Account:
        """Return the account of the bytes that are done with so far."""
        return self._ledger.account()

    def advance(self, buffer: Octets, *, final: bool = False) -> Advance:
        """Decode ``buffer`` and say how far; the caller puts the rest in front of the next buffer.

        This is ``feed`` without its copy of the tail, for callers who own their buffer (of a stream without suffixes).
        """
        buffer = octets_of(buffer)
        table, rejected, consumed = self._walker.walk(buffer, final=final)
        base = self._position
        self._ledger.receive(max(base + consumed, 0) - max(base, 0))
        for start, stop, reason in rejected.tolist():
            if base + stop > 0:
                self._ledger.reject(max(base + start, 0), base + stop, REASONS[reason])
            if reason == CHECKSUM:
                header = start + self._between
                self._ledger.fail_checksum(int(buffer[header] & 7) << 8 | int(buffer[header + 1]))
        if table.size:
            imagined = max(self._between - base - int(table.offset[0]), 0)
            self._ledger.frame(self._between * table.size - imagined)
        if consumed:
            self._ends_whole = bool(table.size) and int(table.offset[-1] + table.length[-1]) == consumed
        table = self._without_idle(buffer, table)
        if table.size:
            duplicate = self._ledger.follow(buffer, table, base)
            table = table.take(~duplicate) if duplicate.any() else table
        tables = []
        if self._joiner is not None:
            segment = self._joiner.is_segment(table)
            self._ledger.keep(table.take(segment), SEGMENTS)
            for group in self._joiner.join(buffer, table.take(segment), base, final=final):
                tables += self._decode_groups(group)
            table = table.take(~segment)
        tables += self._decode(buffer, table, base)
        self._position += consumed
        return Advance(tables, consumed)

    def broken_groups(self) -> list[PacketGroup]:
        """Return the groups of segments that were broken since this was last asked; nothing of them is thrown away."""
        broken, self._broken = self._broken, []
        return broken

    def _decode_groups(self, joined: Joined) -> list[DecodedTable]:
        tables: list[DecodedTable] = []
        good = np.zeros(joined.table.size, np.bool_)
        complete = np.flatnonzero(joined.complete)
        for plan, rows in select(self.plan.root, joined.octets, joined.table.take(complete)):
            if plan.undecodable:
                continue
            mine = complete[rows]
            fits, columns = read_rows(plan, joined.octets, joined.table.take(mine))
            mine = mine[fits]
            good[mine] = True
            if mine.size and (self._wanted is None or plan.name in self._wanted):
                decoded = _decoded(plan, columns, joined.table.take(mine), 0)
                tables.append(replace(decoded, packet_offset=joined.stream_offset[mine]))
        self._ledger.group(joined.table.apid, good)
        self._broken += joined.groups(np.flatnonzero(~good))
        return tables

    def _without_idle(self, buffer: Octets, table: PacketTable) -> PacketTable:
        idle = table.apid == IDLE_APID
        if idle.any():
            self._ledger.idle(table.take(idle))
            table = table.take(~idle)
        return table

    def _decode(self, buffer: Octets, table: PacketTable, base: int) -> list[DecodedTable]:
        tables: list[DecodedTable] = []
        unclaimed = np.ones(table.size, np.bool_)
        for plan, rows in select(self.plan.root, buffer, table):
            unclaimed[rows] = False
            mine = table if rows.size == table.size else table.take(rows)
            tables.extend(self._decode_container(plan, buffer, mine, base))
        if unclaimed.any():
            self._keep_unclaimed(table.take(unclaimed))
        return tables

    def _decode_container(
        self, plan: ContainerPlan, buffer: Octets, table: PacketTable, base: int
    ) -> list[DecodedTable]:
        if plan.undecodable:
            self._ledger.keep(table, undecoded=plan.undecodable)
            return []
        wanted = self._wanted is None or plan.name in self._wanted
        fits, columns = read_rows(plan, buffer, table) if wanted else (rows_that_fit(plan, buffer, table), {})
        if not fits.all():
            for offset, length in zip(table.offset[~fits].tolist(), table.length[~fits].tolist(), strict=True):
                self._ledger.reject(base + offset, base + offset + length, TOO_SHORT)
            table = table.take(fits)
        self._ledger.keep(table, plan.name, described=plan.fixed_bytes)
        if not wanted or not table.size:
            return []
        decoded = _decoded(plan, columns, table, base)
        if decoded.onboard_ns is not None:
            self._ledger.tick(table, plan.name, decoded.onboard_ns, base)
        return [decoded]

    def _keep_unclaimed(self, table: PacketTable) -> None:
        known = np.isin(table.apid, list(self.plan.rules))
        for mask, why in ((known, "no container matches"), (~known, "unknown APID")):
            if mask.any():
                self._ledger.keep(table.take(mask), undecoded=why)


def as_plan(definition: Definition | Plan | Path | str, root: str | None = None) -> Plan:
    """Return the compiled plan of a definition, of a path to one, or of a plan itself.

    Raises DefinitionError with every fault of the definition.
    """
    if isinstance(definition, Plan):
        return definition
    if isinstance(definition, Definition):
        return compile_plan(definition, root)
    return compile_plan(read_definition(definition), root)


def decode_bytes(data: Block, definition: Definition | Plan | Path | str, *, prefix_bytes: int = 0) -> Finish:
    """Decode a whole stream that is in memory: its tables, one per container, and its account."""
    decoder = Decoder(definition, prefix_bytes=prefix_bytes)
    tables, _ = decoder.advance(octets_of(data), final=True)
    return Finish(tables, decoder.account())


def decode_table(plan: ContainerPlan, buffer: Octets, table: PacketTable) -> dict[str, Column]:
    """Return the columns of packets that are all of one container and long enough for it (``rows_that_fit``)."""
    return extract(plan, octets_of(buffer), table)


def _decoded(plan: ContainerPlan, columns: dict[str, Column], table: PacketTable, base: int) -> DecodedTable:
    return DecodedTable(
        container=plan.name,
        plan=plan,
        columns=columns,
        packet_offset=table.offset + base,
        packet_bytes=table.length,
        apid=table.apid,
        sequence_count=table.sequence_count,
        verified=table.verified,
        checksum_ok=table.checksum_ok,
        onboard_ns=_onboard_ns(plan, columns),
    )


def _onboard_ns(plan: ContainerPlan, columns: dict[str, Column]) -> NDArray[np.int64] | None:
    if plan.time is None:
        return None
    fine = columns[plan.time.fine] if plan.time.fine else 0
    result: NDArray[np.int64] = cuc_to_ns(columns[plan.time.coarse], fine, plan.time.fine_octets)
    return result


def decode_file(
    path: Path | str,
    definition: Definition | Plan | Path | str,
    *,
    block_bytes: int = 8 << 20,
    decoder: Decoder | None = None,
) -> Generator[DecodedTable, None, Account]:
    """Yield the tables of a file, read in blocks: memory does not grow with the file.

    The generator's value is the account; a caller who iterates plainly gives its own ``decoder`` and asks that for
    ``account()``. Raises DefinitionError for a faulty definition and OSError for a file that cannot be read.
    """
    worker = decoder or Decoder(definition, source=str(path))
    buffer = np.empty(block_bytes, np.uint8)
    filled = 0
    with Path(path).open("rb", buffering=0) as file:
        while True:
            if filled == buffer.size:
                buffer = np.concatenate([buffer, np.empty(buffer.size, np.uint8)])
            count = file.readinto(buffer[filled:].data) or 0
            filled += count
            tables, consumed = worker.advance(buffer[:filled], final=count == 0)
            yield from tables
            buffer[: filled - consumed] = buffer[consumed:filled].copy()
            filled -= consumed
            if count == 0:
                return worker.account()
