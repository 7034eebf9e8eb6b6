"""Decoded packets as Arrow: one schema per container, known before the first packet comes, and batches of it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from telemus.packets import arrow_values
from telemus.packets.decode import DecodedTable
from telemus.packets.floating import numbers_at
from telemus.packets.layout import Field
from telemus.packets.plan import ContainerPlan
from telemus.packets.steps import Block, Program, Step
from telemus.packets.timestamps import time_rule
from telemus.packets.xtce import Definition

Metadata = Mapping[str, str]
Make = Callable[[DecodedTable], pa.Array]
_BOOKS: dict[str, tuple[pa.DataType, str, str]] = {
    "spacecraft": (pa.uint16(), "", "spacecraft identifier of the frames"),
    "virtual_channel": (pa.uint8(), "", "virtual channel of the frames"),
    "packet_offset": (pa.int64(), "B", "where the packet begins in the stream"),
    "apid": (pa.uint16(), "", "application process identifier"),
    "sequence_count": (pa.uint16(), "", "packet sequence count, modulo 16384"),
    "verified": (pa.bool_(), "", "a checksum or the neighbours confirm where the packet begins and ends"),
    "onboard_ns": (pa.int64(), "ns", "on-board clock"),
}
"""Columns that every table begins with: type, unit, meaning."""


@dataclass(frozen=True)
class _Leaf:
    """One column-to-be: what it is called, of which type, what is known of it, and how it is made."""

    name: str
    type: pa.DataType
    metadata: Metadata
    make: Make
    slot: int = -1


_Tree = dict[str, "_Leaf | _Tree"]


class ArrowTables:
    """Makes Arrow batches of one container; all have the same schema, whatever their packets hold.

    ``definition``, if given, lends the descriptions of its parameters, ``metadata`` goes into the schema. With
    ``in_frames`` spacecraft and virtual channel come first. For the names and types of the columns see ``to_arrow``.
    """

    def __init__(
        self,
        plan: ContainerPlan,
        definition: Definition | None = None,
        metadata: Metadata | None = None,
        *,
        in_frames: bool = False,
    ) -> None:
        self._chains = _repetitions(plan.steps) if plan.steps else {}
        own = {
            "container": plan.container.name,
            "description": plan.container.description,
            "definition_sha256": plan.digest,
        }
        own.update(metadata or {})
        tree: _Tree = {}
        for slot, field in enumerate((*plan.fields, *(one.field for one in plan.derived))):
            for leaf in _leaves(plan, slot, field, definition):
                _insert(tree, leaf.name.split("."), leaf)
        there = {"onboard_ns": plan.time is not None, "spacecraft": in_frames, "virtual_channel": in_frames}
        books = [name for name in _BOOKS if there.get(name, True)]
        free = {name: name if name not in tree else f"{name}#2" for name in books}
        leaves = [_book(name, free[name]) for name in books]
        self._columns = [(leaf.name, self._column(leaf)) for leaf in leaves]
        self._columns += [(name, self._column(branch)) for name, branch in tree.items()]
        fields = [_field(name, kind, meta) for name, (kind, meta, _) in self._columns]
        self.schema: pa.Schema = pa.schema(fields, metadata={key: text for key, text in own.items() if text})

    def batch(self, decoded: DecodedTable) -> pa.RecordBatch:
        """Return the packets as one record batch."""
        return pa.record_batch([make(decoded) for _, (_, _, make) in self._columns], schema=self.schema)

    def _column(self, branch: _Leaf | _Tree) -> tuple[pa.DataType, Metadata, Make]:
        """Return type, metadata and maker of a leaf, of a struct of the branches below, or of a list of structs."""
        if isinstance(branch, _Leaf):
            return branch.type, branch.metadata, branch.make
        parts = {name: self._column(below) for name, below in branch.items()}
        if self._run_together(branch):
            inner = pa.struct([_field(name, kind.value_type, meta) for name, (kind, meta, _) in parts.items()])
            return pa.large_list(inner), {}, _list_of_structs(inner, [make for _, _, make in parts.values()])
        fields = pa.struct([_field(name, kind, meta) for name, (kind, meta, _) in parts.items()])
        makers = [make for _, _, make in parts.values()]
        return fields, {}, lambda decoded: _struct(fields, [make(decoded) for make in makers])

    def _run_together(self, branch: _Tree) -> bool:
        """Say whether all below are single values that repeat in the same repetition: an array of aggregates."""
        slots = [below.slot if isinstance(below, _Leaf) else -1 for below in branch.values()]
        chains = {self._chains.get(slot, ()) for slot in slots}
        return len(chains) == 1 and chains != {()}


def to_arrow(decoded: DecodedTable, tables: ArrowTables | None = None) -> pa.Table:
    """Return a decoded table as Arrow: one row per packet, one column per parameter.

    ``packet_offset`` [bytes], ``apid``, ``sequence_count``, ``verified`` and, where the definition marks it,
    ``onboard_ns`` [ns] come first. A calibrated, labelled or timed parameter stands under its plain name, its raw
    value beside it as ``NAME_raw``; labels are dictionary columns (null where a value has none), times with an epoch
    timestamps [ns]. Arrays are list columns, of fixed size where the definition fixes it; aggregates struct columns,
    arrays of aggregates lists of structs. What a packet does not have is null. Where the definition has a parameter of
    the name of a column that is added here, that keeps it, and ours gets ``#2``. Unit and description stand in the
    field's metadata.
    """
    return pa.Table.from_batches([(tables or ArrowTables(decoded.plan)).batch(decoded)])


def _book(name: str, free: str) -> _Leaf:
    kind, unit, meaning = _BOOKS[name]
    about = {"unit": unit, "description": meaning}
    if name in ("spacecraft", "virtual_channel"):
        place = int(name == "virtual_channel")
        return _Leaf(
            free, kind, about, lambda one: pa.repeat(pa.scalar((one.channel or (0, 0))[place], kind), one.count)
        )
    return _Leaf(free, kind, about, lambda one: pa.array(getattr(one, name)))


def _field(name: str, kind: pa.DataType, metadata: Metadata) -> pa.Field:
    return pa.field(name, kind, metadata={key: text for key, text in metadata.items() if text} or None)


def _leaves(plan: ContainerPlan, slot: int, field: Field, definition: Definition | None) -> list[_Leaf]:
    """Return the column of a field, and that of its raw values where the two differ."""
    kind, name = field.type, field.name
    parameter = definition.parameters.get(field.parameter) if definition else None
    about = {"unit": kind.unit, "description": parameter.description if parameter else ""}
    repeats = slot if not field.counts else -1
    element, raw_values = _raw_element(field)
    if field.encoding.scheme == "binary":
        return [_Leaf(name, _binary_type(plan, slot, field), about, _from_raw(name, None), repeats)]
    raw_type = _shaped(plan, slot, field, element)
    beside = f"{name}_raw" if all(one.name != f"{name}_raw" for one in plan.fields) else f"{name}_raw#2"
    raw = _Leaf(beside, raw_type, {"raw_of": name}, _from_raw(name, raw_values), repeats)
    rule = time_rule(kind)
    told: tuple[pa.DataType, Make]
    if field.encoding.scheme == "string":
        return [_Leaf(name, _shaped(plan, slot, field, pa.string()), about, raw.make, repeats)]
    if kind.labels or kind.label_ranges:
        index = pa.from_numpy_dtype(arrow_values.index_dtype(len(arrow_values.labels_of(kind))))
        told = pa.dictionary(index, pa.string()), _from_raw(name, arrow_values.label_values(kind))
    elif rule is not None:
        told = pa.timestamp("ns"), _from_raw(name, arrow_values.time_values(rule))
        about = {"description": about["description"], "epoch": kind.time.epoch if kind.time else ""}
    elif kind.calibrator is not None or kind.calibration or kind.contexts:
        told = pa.float64(), _calibrated(name)
    else:
        return [_Leaf(name, raw_type, about, raw.make, repeats)]
    return [_Leaf(name, _shaped(plan, slot, field, told[0]), about, told[1], repeats), raw]


def _raw_element(field: Field) -> tuple[pa.DataType, arrow_values.Flat]:
    """Return the Arrow type of one raw value, and what makes an array of them."""
    if field.encoding.scheme in ("string", "binary"):
        return pa.string(), arrow_values.text_values(field.type)
    bits = field.bits if isinstance(field.bits, int) else 8
    dtype = numbers_at(np.empty(0, np.uint8), np.empty(0, np.int64), bits, field.encoding).dtype
    kind = {"O": pa.string(), "e": pa.float32()}.get(dtype.char) or pa.from_numpy_dtype(dtype)
    return kind, arrow_values.number_values(kind)


def _from_raw(name: str, flat: arrow_values.Flat | None) -> Make:
    if flat is None:
        return lambda decoded: arrow_values.binary_column(decoded.columns[name])
    return lambda decoded: arrow_values.wrapped(decoded.columns[name], flat)


def _calibrated(name: str) -> Make:
    flat = arrow_values.number_values(pa.float64())
    return lambda decoded: arrow_values.wrapped(decoded.calibrated(name), flat)


def _shaped(plan: ContainerPlan, slot: int, field: Field, element: pa.DataType) -> pa.DataType:
    """Return the type of a column whose single values are of type ``element``."""
    sizes = [size for size in field.counts if isinstance(size, int)]
    varies = plan.steps is not None and slot in plan.steps.repeated
    varies |= bool(field.counts) and plan.steps is not None and slot in plan.steps.optional
    if varies or len(sizes) < len(field.counts) or 0 in sizes:
        return pa.large_list(element)
    for size in reversed(sizes):
        element = pa.list_(element, size)
    return element


def _binary_type(plan: ContainerPlan, slot: int, field: Field) -> pa.DataType:
    if plan.steps is not None:
        return _shaped(plan, slot, field, pa.large_binary())
    return pa.large_binary() if field.total_bits is None else pa.binary(field.total_bits // 8)


def _repetitions(program: Program) -> dict[int, tuple[int, ...]]:
    """Return for each slot the repetitions that it lies in, as running numbers."""
    found: dict[int, tuple[int, ...]] = {}
    count = 0

    def go(steps: tuple[Step, ...], around: tuple[int, ...]) -> None:
        nonlocal count
        for step in steps:
            if isinstance(step, Block):
                count += 1
                go(step.steps, around if step.repeat is None else (*around, count))
            else:
                found[step.slot] = around

    go(program.steps, ())
    return found


def _insert(tree: _Tree, path: list[str], leaf: _Leaf) -> None:
    """Hang a leaf into the tree of aggregates; a name that is taken gets ``#2``, and so on."""
    name, *rest = path
    if rest and isinstance(tree.get(name, {}), dict):
        below = tree.setdefault(name, {})
        _insert(below, rest, leaf)  # type: ignore[arg-type]
        return
    name = ".".join(path)
    number = 2
    free = name
    while free in tree:
        free, number = f"{name}#{number}", number + 1
    tree[free] = leaf


def _struct(kind: pa.StructType, arrays: list[pa.Array]) -> pa.Array:
    return pa.StructArray.from_arrays(arrays, fields=list(kind))


def _list_of_structs(inner: pa.StructType, makers: list[Make]) -> Make:
    def make(decoded: DecodedTable) -> pa.Array:
        lists = [one(decoded) for one in makers]
        return pa.LargeListArray.from_arrays(lists[0].offsets, _struct(inner, [one.values for one in lists]))

    return make
