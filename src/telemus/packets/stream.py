"""Decode any stream of packets, or of frames that carry them, into Arrow record batches, in memory that stays the same.

The stream may be a file larger than memory, a pipe, or blocks that come one by one. It is read in blocks; what a block
leaves unfinished is carried over to the next, so that the rows of each container, their order and the account are those
of the whole stream decoded at once. Where frames carry several virtual channels, that holds for each channel; between
channels rows come block by block.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, BinaryIO, NamedTuple

import pyarrow as pa

from telemus.packets.account import Account, merge_accounts
from telemus.packets.alarm_watch import SCHEMA, AlarmWatch, alarm_table
from telemus.packets.arrow import ArrowTables
from telemus.packets.ccsds import Block, octets_of
from telemus.packets.decode import DecodedTable, Decoder, as_plan
from telemus.packets.frames import FrameAccount, FrameLayout, FrameReader
from telemus.packets.plan import Plan
from telemus.packets.xtce import Definition

BLOCK_BYTES = 1 << 20
"""What is decoded together: more bytes than this at once would need more memory beside the rows, and gain nothing."""
ALARMS = "/alarms"
"""The table of alarm events among the containers, none of which has such a name."""


class Batch(NamedTuple):
    """Packets of one container as an Arrow record batch; of one container all batches have one schema."""

    container: str
    rows: pa.RecordBatch


@dataclass(frozen=True)
class StreamAccount:
    """Where every byte of a stream went: of its packets, and of the frames that carried them if there were any.

    ``channels`` are the packets of each virtual channel (spacecraft, channel).
    """

    packets: Account
    frames: FrameAccount | None = None
    channels: dict[tuple[int, int], Account] | None = None

    @property
    def received_bytes(self) -> int:
        """Bytes of the stream that are accounted for."""
        return self.packets.received_bytes if self.frames is None else self.frames.received_bytes

    @property
    def is_balanced(self) -> bool:
        """True if the classes add up to the bytes received, in packets and in frames (they always must)."""
        return self.packets.is_balanced and (self.frames is None or self.frames.is_balanced)

    def to_dict(self) -> dict[str, Any]:
        """Return the account as plain data, ready for JSON."""
        told: dict[str, Any] = {
            "packets": self.packets.to_dict(),
            "frames": None if self.frames is None else self.frames.to_dict(),
        }
        if self.channels is not None:
            told["packets_by_channel"] = [
                {"spacecraft": spacecraft, "virtual_channel": channel, **one.to_dict()}
                for (spacecraft, channel), one in sorted(self.channels.items())
            ]
        return told


class StreamDecoder:
    """Decodes one stream that arrives in blocks into record batches; it lives as long as the stream.

    ``definition``, ``root``, ``containers``, ``prefix_bytes``, ``suffix_bytes`` and ``source`` as in ``Decoder``.
    ``frames``, if given, says that the stream is one of transfer frames, and how the packets are in them; each virtual
    channel is decoded by itself, and its rows say so in ``spacecraft`` and ``virtual_channel``. ``alarms``: a batch of
    ``ALARMS`` follows where levels change. ``origin`` is the name and the SHA-256 of the definition's document.
    """

    def __init__(
        self,
        definition: Definition | Plan | Path | str,
        *,
        frames: FrameLayout | None = None,
        root: str | None = None,
        containers: Collection[str] | None = None,
        prefix_bytes: int = 0,
        suffix_bytes: int = 0,
        source: str = "",
        alarms: bool = False,
    ) -> None:
        self.plan = as_plan(definition, root)
        self._settings: dict[str, Any] = {
            "containers": containers,
            "prefix_bytes": prefix_bytes,
            "suffix_bytes": suffix_bytes,
        }
        self._source = source
        self.origin = _origin_of(self.plan.definition)
        self._tables: dict[str, ArrowTables] = {}
        self._alarms = alarms
        self._watches: dict[tuple[int, int] | None, AlarmWatch] = {}
        self._reader = None if frames is None else FrameReader(frames)
        self._decoders: dict[tuple[int, int], Decoder] = {}
        self._plain = Decoder(self.plan, source=source, **self._settings)

    def feed(self, block: Block) -> list[Batch]:
        """Return the rows of the packets that ``block`` completes, in order of arrival. Raises nothing on any bytes.

        Memory beside the block and its rows is a few times ``BLOCK_BYTES``, however long the block is.
        """
        octets = octets_of(block)
        found: list[Batch] = []
        for start in range(0, octets.size, BLOCK_BYTES):
            part = octets[start : start + BLOCK_BYTES]
            if self._reader is not None:
                found += self._feed_frames(part, final=False)
            else:
                found += self._batches(self._plain.feed(part))
        return found

    def finish(self) -> list[Batch]:
        """End the stream: return the rows of what was waiting; the account is complete then."""
        if self._reader is None:
            found = self._batches(self._plain.finish().tables)
        else:
            found = self._feed_frames(b"", final=True)
            for channel, decoder in sorted(self._decoders.items()):
                found += self._batches(decoder.finish().tables, channel)
        if self._alarms:  # so that there is a table also where no level has changed
            found.append(Batch(ALARMS, pa.RecordBatch.from_pylist([], self.schema(ALARMS))))
        return found

    def account(self) -> StreamAccount:
        """Return the account of the bytes that are done with so far."""
        if self._reader is None:
            return StreamAccount(self._plain.account())
        channels = {channel: one.account() for channel, one in sorted(self._decoders.items())}
        merged = merge_accounts(channels.values()) if channels else self._plain.account()
        return StreamAccount(merged, self._reader.account(), channels)

    def schema(self, container: str) -> pa.Schema:
        """Return the schema of a container's rows, which is known before the first comes.

        Raises KeyError where no packet can be of that container.
        """
        if container == ALARMS:
            return SCHEMA.with_metadata({key: text for key, text in self.origin.items() if text})
        return self._arrow(container).schema

    def _arrow(self, container: str) -> ArrowTables:
        if container not in self._tables:
            plan = self.plan.containers[container]
            in_frames = self._reader is not None
            self._tables[container] = ArrowTables(plan, self.plan.definition, self.origin, in_frames=in_frames)
        return self._tables[container]

    def _feed_frames(self, block: Block, *, final: bool) -> list[Batch]:
        found: list[Batch] = []
        if self._reader is not None:
            for part in self._reader.feed(block, final=final):
                channel = (part.spacecraft, part.channel)
                if channel not in self._decoders:
                    source = f"{self._source} virtual channel {part.channel}".strip()
                    self._decoders[channel] = Decoder(self.plan, source=source, **self._settings)
                found += self._batches(self._decoders[channel].feed(part.octets), channel)
        return found

    def _batches(self, tables: Iterable[DecodedTable], channel: tuple[int, int] | None = None) -> list[Batch]:
        found = []
        for table in tables:
            rows = self._arrow(table.container).batch(replace(table, channel=channel) if channel else table)
            found.append(Batch(table.container, rows))
            events = self._watches.setdefault(channel, AlarmWatch()).follow(table) if self._alarms else []
            if events:
                told = alarm_table(events).replace_schema_metadata(self.schema(ALARMS).metadata)
                found += [Batch(ALARMS, one) for one in told.to_batches()]
        return found


class Stream:
    """A stream under way: iterate over it for the batches, ask it for the account meanwhile and afterwards."""

    def __init__(self, blocks: Iterable[Block], decoder: StreamDecoder) -> None:
        self._blocks = blocks
        self._decoder = decoder

    def __iter__(self) -> Iterator[Batch]:
        """Yield the batches; once only, for the bytes are read as they come."""
        for block in self._blocks:
            yield from self._decoder.feed(block)
        yield from self._decoder.finish()

    def account(self) -> StreamAccount:
        """Return the account of the bytes that are done with so far."""
        return self._decoder.account()

    def schema(self, container: str) -> pa.Schema:
        """Return the schema of a container's rows; KeyError where no packet can be of that container."""
        return self._decoder.schema(container)


def stream(
    source: Path | str | BinaryIO | Iterable[Block],
    definition: Definition | Plan | Path | str,
    *,
    frames: FrameLayout | None = None,
    root: str | None = None,
    containers: Collection[str] | None = None,
    prefix_bytes: int = 0,
    suffix_bytes: int = 0,
    block_bytes: int = BLOCK_BYTES,
    alarms: bool = False,
) -> Stream:
    """Return a file, a pipe or any blocks of bytes as Arrow record batches, container by container.

    ``source``: a path, a binary file that is open (a pipe, a socket's file), or an iterable of blocks. Memory is a few
    times what one block of ``block_bytes`` gives, however long the stream. ``frames`` and the rest are explained at
    ``StreamDecoder``. Raises DefinitionError for a faulty definition; iterating raises OSError where the source cannot
    be read, and nothing on any bytes.

    >>> from telemus.packets import parse_definition
    >>> xtce = parse_definition(
    ...     b'<SpaceSystem name="S"><TelemetryMetaData><ParameterTypeSet><IntegerParameterType name="T">'
    ...     b'<IntegerDataEncoding sizeInBits="56"/></IntegerParameterType></ParameterTypeSet><ParameterSet>'
    ...     b'<Parameter name="X" parameterTypeRef="T"/></ParameterSet><ContainerSet><SequenceContainer name="C">'
    ...     b'<EntryList><ParameterRefEntry parameterRef="X"/></EntryList></SequenceContainer></ContainerSet>'
    ...     b"</TelemetryMetaData></SpaceSystem>"
    ... )
    >>> run = stream([bytes.fromhex("0830c000"), bytes.fromhex("00002a0830c0010000ff")], xtce)
    >>> [(container, [hex(value) for value in rows["X"].to_pylist()]) for container, rows in run]
    [('C', ['0x830c00000002a', '0x830c0010000ff'])]
    >>> run.account().packets.packet_bytes
    14
    """
    worker = StreamDecoder(
        definition,
        frames=frames,
        root=root,
        containers=containers,
        prefix_bytes=prefix_bytes,
        suffix_bytes=suffix_bytes,
        source=str(source) if isinstance(source, Path | str) else "",
        alarms=alarms,
    )
    return Stream(blocks_of(source, block_bytes), worker)


def blocks_of(source: Path | str | BinaryIO | Iterable[Block], block_bytes: int = BLOCK_BYTES) -> Iterator[Block]:
    """Yield the bytes of a source in blocks of at most ``block_bytes``; those of an iterable as they come."""
    if isinstance(source, Path | str):
        with Path(source).open("rb", buffering=0) as file:
            yield from blocks_of(file, block_bytes)
    elif hasattr(source, "read"):
        read = getattr(source, "read1", source.read)  # of a pipe, take what is there
        while block := read(block_bytes):
            yield block
    else:
        yield from source


def _origin_of(definition: Definition) -> dict[str, str]:
    """Return name and SHA-256 of the document that a definition was read from."""
    return {"definition": Path(definition.source).name, "definition_sha256": definition.digest}
