"""One received file, from its bytes to granules of samples, events and time correlation."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from telemus.archive import SAMPLES, Archive, BlockChecks, Received, tables_of
from telemus.clock import NS_PER_S
from telemus.mission import Mission
from telemus.packets import Decoder, Plan
from telemus.pipeline.blocks import decoded_blocks
from telemus.pipeline.borrow import CORRELATION, Guides, borrowed_stretch
from telemus.pipeline.clock_report import clock_account, clock_notes
from telemus.pipeline.correlate import Timed
from telemus.pipeline.onboard_tables import (
    INDEX_SCHEMA,
    clock_event_table,
    correlation_table,
    event_rows,
    event_table,
    index_rows,
)
from telemus.pipeline.repeats import received_before
from telemus.pipeline.routes import Route, routes_of, samples_of
from telemus.pipeline.sealing import Sealer, StampsName
from telemus.pipeline.segments import Gatherer, Packets
from telemus.pipeline.stamp import Settled, Stamper
from telemus.pipeline.summary import FileSummary
from telemus.provenance import digest, file_sha256
from telemus.series import Quality

GATHERED_BYTES = 24 << 20
"""Samples that make a granule [bytes]."""
EVENTS = "events_onboard"
"""Name of the product that holds packets without channels."""
CLOCK_EVENTS = "events_clock"
"""Name of the product that tells when the counter was set, started again or rolled over, and what was rejected."""
_MANY_EVENTS = 100_000


class FileIngest:
    """The work on one received file; it lives until the file's mark is written.

    ``guides`` are the time packets of other files, by which packets may be timed that no time packet of the file
    itself can reach; ``stamped_again`` says that the file was done before, without them.
    """

    def __init__(
        self,
        archive: Archive,
        mission: Mission,
        plan: Plan,
        received: Received,
        guides: Guides,
        *,
        stamped_again: bool = False,
    ) -> None:
        self._archive, self._mission, self._plan, self._received = archive, mission, plan, received
        clock = mission.description.clock
        self._routes = routes_of(mission, plan)
        self._guides, self._again = guides, stamped_again
        self._stamper = Stamper(
            clock,
            self._routes,
            lambda onboard_ns: borrowed_stretch(guides, received, plan, clock, onboard_ns),
            (lambda knot: guides.beside(knot, clock)) if stamped_again else (lambda knot: ()),
        )
        self._stamps = {SAMPLES: StampsName(), EVENTS: StampsName()}
        self._gatherer = Gatherer(NS_PER_S / (1 << (8 * clock.fine_octets)))
        self._events: list[dict[str, Any]] = []
        self._unknown: Counter[str] = Counter()
        self._untimed = 0
        self._samples: Counter[str] = Counter()
        self._index_checks = BlockChecks()
        self._sealer = Sealer(archive, received.sha256, {"definition": definition_digest(mission)})

    def run(self, progress: Callable[[int], None]) -> FileSummary:
        """Do all of it and return what became of the file."""
        decoder = Decoder(self._plan, source=self._received.name)
        self._received.unmark()  # the old mark would vouch for another index
        with self._received.index_writer(INDEX_SCHEMA, self._index_checks) as write_index, self._sealer:
            for tables in decoded_blocks(self._received, decoder, progress):
                for settled in self._stamper.feed(tables):
                    write_index(self._sort_out(settled))
                    self._flush(GATHERED_BYTES)
            for settled in self._stamper.finish():
                write_index(self._sort_out(settled))
                self._flush(GATHERED_BYTES)
            self._flush(0)
            self._seal_clock()
        self._adopt()
        return self._close(decoder)

    def _sort_out(self, settled: Settled) -> Any:
        """Send packets of one table where they belong, and return their rows of the index."""
        table, rows, timed = settled
        believed = table.verified[rows] | table.checksum_ok[rows]
        quality = timed.quality | np.where(believed, np.uint32(0), np.uint32(Quality.UNVERIFIED))
        index = index_rows(settled, quality)
        placed = timed.stretch >= 0
        if not placed.all():
            self._untimed += int(np.count_nonzero(~placed))
            timed = Timed._make(column[placed] for column in timed)
            settled, quality = Settled(table, rows[placed], timed), quality[placed]
        routes = self._routes.get(table.container, ())
        self._stamps[SAMPLES if routes else EVENTS].add(settled, quality)
        for route in routes:
            self._gather(route, settled, quality)
        if not routes and not self._stamper.is_time(table):
            self._events.extend(event_rows(settled, quality, self._mission.description.clock))
        return index

    def _gather(self, route: Route, settled: Settled, quality: NDArray[np.uint32]) -> None:
        table, rows, timed = settled
        address = route.addresses(table)[rows]
        known = np.isin(address, np.fromiter(route.entities, np.int64, len(route.entities)))
        for one, count in zip(*np.unique(address[~known], return_counts=True), strict=True):
            self._unknown[f"{route.kind} {one}"] += int(count)
        take = rows if known.all() else rows[known]
        every = len(take) == table.count and bool(np.all(np.diff(take) == 1))
        values = tuple(samples_of(table, channel.parameter) for channel in route.channels)
        values = values if every else tuple(one[take] for one in values)
        packets = Packets(address[known], timed.tai_ns[known], timed.slope[known], quality[known], values)
        self._gatherer.add(route, packets)

    def _flush(self, limit: int) -> None:
        """Write what was gathered as granules, if it is more than ``limit`` bytes."""
        if self._gatherer.bytes > limit:
            rows = self._gatherer.drain()
            for row in rows:
                self._samples[row.channel] += row.segment.count
            if rows:
                span = min(row.segment.start_ns for row in rows), max(row.segment.stop_ns for row in rows)
                self._sealer.seal(SAMPLES, tables_of(rows), span, self._stamps[SAMPLES].taken())
        if self._events and (limit == 0 or len(self._events) > _MANY_EVENTS):
            table = event_table(self._events)
            times = table["tai_ns"].to_numpy()
            self._sealer.seal(EVENTS, table, (int(times[0]), int(times[-1]) + 1), self._stamps[EVENTS].taken())
            self._events = []

    def _seal_clock(self) -> None:
        keeper, source = self._stamper.keeper, self._received.sha256
        own = [one for one in keeper.stretches if one.verified]
        events = keeper.events()
        if own:
            table = correlation_table(keeper.stretches, source)
            times = table["tai_ns"].to_numpy()
            name = digest({"knots": [one.knots for one in own]})
            self._sealer.seal(CORRELATION, table, (int(times.min()), int(times.max()) + 1), name)
        if events:
            span = events[0].tai_ns, events[-1].tai_ns + 1
            self._sealer.seal(CLOCK_EVENTS, clock_event_table(events, source), span, digest({"events": events}))

    def _adopt(self) -> None:
        """Make the file's granules current, all at once, and those that an older version made of it no longer."""
        self._archive.adopt(self._sealer.granules)
        written = {one.id for one in self._sealer.granules}
        for product in (SAMPLES, EVENTS, CORRELATION, CLOCK_EVENTS):
            older = [
                one
                for one in self._archive.granules(product)
                if one.recipe.get("source") == self._received.sha256 and one.id not in written
            ]
            self._archive.retire(product, older)

    def _close(self, decoder: Decoder) -> FileSummary:
        """Write the account and the mark."""
        account = decoder.account()
        keeper = self._stamper.keeper
        untimed = self._untimed + sum(self._stamper.untimed.values())
        index = {"bytes": self._index_checks.bytes, "blocks": self._index_checks.blocks}
        before = received_before(self._received, index, self._archive.received())
        clock = clock_account(keeper)
        beyond = {
            "samples": dict(sorted(self._samples.items())),
            "packets_without_time": untimed,
            "packets_of_unknown_entities": dict(sorted(self._unknown.items())),
            "packets_received_before": {"packets": before.packets, "bytes": before.bytes},
            "clock_stretches": len(keeper.stretches),
            "clock_steps_tai_ns": list(keeper.steps),
            "clock": clock,
        }
        told = {
            **account.to_dict(),
            "name": self._received.name,
            "sha256": self._received.sha256,
            "level_1": beyond,
        }
        self._received.set_account(told)
        mark = {
            "packets": account.packets,
            "span_ms": before.span_ms,
            "granules": [one.id for one in self._sealer.granules],
            "made_from": self._sealer.made_from,
            "clock_doubtful": self._again or keeper.doubtful,
            "clock_guides": self._guides.name if self._again else "",
            "index": index,
        }
        self._received.mark_ingested(mark)
        return FileSummary(
            name=self._received.name,
            status=("stamped again" if self._again else "ingested") if account.packets else "no packets",
            sha256=self._received.sha256,
            bytes=self._received.bytes,
            packets=account.packets,
            samples=self._samples.total(),
            granules=len(self._sealer.granules),
            stretches=len(keeper.stretches),
            clock_steps=tuple(keeper.steps),
            clock=clock,
            untimed_packets=untimed,
            unknown_entities=dict(sorted(self._unknown.items())),
            notes=tuple(self._notes(account.packets, account.rejected_bytes, untimed, before.packets)),
        )

    def _notes(self, packets: int, rejected_bytes: int, untimed: int, before: int) -> list[str]:
        """Return a sentence for each thing that a reader should know."""
        notes = []
        if packets == 0:
            notes.append(f"got {rejected_bytes} bytes in which nothing is a packet of the definition; kept at level 0")
        elif rejected_bytes:
            notes.append(f"{rejected_bytes} bytes are in no packet; the account says where")
            notes.extend(
                f"bytes {start} to {stop} of level 0 are no longer those received; what is around them is kept"
                for start, stop in self._received.damage()
            )
        notes.extend(
            f"{count} packets are of {name}, which the mission does not have; kept at level 0"
            for name, count in sorted(self._unknown.items())
        )
        if untimed:
            notes.append(f"{untimed} packets have no time packet to go by; kept at level 0")
        notes.extend(clock_notes(self._stamper.keeper))
        if before:
            notes.append(f"{before} packets came in other files too; each sample is read once, from the verified copy")
        return notes


def definition_digest(mission: Mission) -> str:
    """Return a digest of what level 1 takes from a mission: packets, channels' places, clock, addresses."""
    channels = [
        [one.name, one.entity, one.container, one.parameter, one.entity_parameter, one.rate_hz, one.rails]
        for one in mission.channels
    ]
    clock = mission.description.clock
    return digest(
        {
            "packets": file_sha256(mission.definition_path),
            "channels": channels,
            "entities": [[one.kind, one.id, one.address] for one in mission.description.entity],
            "clock": [
                clock.coarse_octets,
                clock.fine_octets,
                clock.coarse_parameter,
                clock.fine_parameter,
                clock.container,
                clock.reference_s_parameter,
                clock.reference_ns_parameter,
                clock.step_limit_s,
                clock.modulus_s,
            ],
        }
    )
