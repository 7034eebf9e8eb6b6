"""Bring decoded tables back from Arrow: raw columns under the plan of the definition that made them.

So archived tables can be judged again, by the alarms that were valid when they were made or, where a study asks for it,
by others.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.errors import SignalError
from telemus.packets.columns import Ragged
from telemus.packets.decode import DecodedTable
from telemus.packets.layout import Field
from telemus.packets.plan import ContainerPlan, Plan

Column = NDArray[Any] | Ragged


def from_arrow(table: pa.Table, plan: Plan, *, other_definition: bool = False) -> DecodedTable:
    """Return a table that ``to_arrow`` made as it was decoded.

    Raises SignalError if the table was made by another definition (by its hash; ``other_definition`` lets that be), or
    if a column of the definition is not there.
    """
    told = {key.decode(): text.decode() for key, text in (table.schema.metadata or {}).items()}
    made_by = told.get("definition_sha256", "")
    if made_by != plan.definition.digest and not other_definition:
        raise SignalError(
            f"table of {told.get('container', 'no container')}: got one made by the definition {made_by or 'unknown'}, "
            f"wanted {plan.definition.digest}"
        )
    found = [one for one in plan.containers.values() if one.container.name == told.get("container")]
    if not found:
        raise SignalError(f"table: got the container {told.get('container')!r}, wanted one of {list(plan.containers)}")
    return _restored(table, found[0])


def _restored(table: pa.Table, plan: ContainerPlan) -> DecodedTable:
    books = {name: _book(table, name) for name in ("packet_offset", "apid", "sequence_count", "verified")}
    onboard = _book(table, "onboard_ns") if plan.time is not None else None
    fields = (*plan.fields, *(one.field for one in plan.derived))
    return DecodedTable(
        container=plan.name,
        plan=plan,
        columns={one.name: _column(_raw_of(table, one), one) for one in fields},
        packet_offset=books["packet_offset"],
        packet_bytes=np.zeros(table.num_rows, np.int32),
        apid=books["apid"],
        sequence_count=books["sequence_count"],
        verified=books["verified"],
        checksum_ok=np.zeros(table.num_rows, np.bool_),
        onboard_ns=onboard,
    )


def _book(table: pa.Table, name: str) -> NDArray[Any]:
    """Return a column that every table begins with; it has ``#2`` where a parameter has its name."""
    free = f"{name}#2" if f"{name}#2" in table.schema.names else name
    column: NDArray[Any] = table.column(free).to_numpy()
    return column


def _raw_of(table: pa.Table, field: Field) -> pa.Array:
    """Return the raw values of a field: a column of its own, or a member of a struct or of a list of structs."""
    for depth in range(field.name.count(".") + 1):
        head, *rest = field.name.split(".", depth)
        if head in table.schema.names or (not rest and _beside(table.schema, field.name)):
            name = _beside(table.schema, field.name) if not rest else head
            array = table.column(name or head).combine_chunks()
            array = array if isinstance(array, pa.Array) else pa.concat_arrays(array.chunks)
            return _member(array, rest, field.name)
    raise SignalError(f"table: got no column {field.name}, wanted one")


def _member(array: pa.Array, path: list[str], name: str) -> pa.Array:
    for place, step in enumerate(path):
        lists = array if pa.types.is_large_list(array.type) else None
        struct = array.values if lists is not None else array
        chosen = (_beside(struct.type, name) if place == len(path) - 1 else None) or step
        inner = struct.field(chosen)
        array = inner if lists is None else pa.LargeListArray.from_arrays(lists.offsets, inner)
    return array


def _beside(fields: Iterable[pa.Field], name: str) -> str | None:
    """Return the name of the column that holds the raw values of another one."""
    wanted = name.encode()
    return next((one.name for one in fields if (one.metadata or {}).get(b"raw_of") == wanted), None)


def _column(array: pa.Array, field: Field) -> Column:
    if pa.types.is_large_list(array.type):
        return Ragged(_flat(array.values, field), array.offsets.to_numpy())
    if pa.types.is_fixed_size_list(array.type):
        shape = [len(array)]
        while pa.types.is_fixed_size_list(array.type):
            shape.append(array.type.list_size)
            array = array.flatten()
        return _flat(array, field).reshape(shape)
    return _flat(array, field)


def _flat(array: pa.Array, field: Field) -> NDArray[Any]:
    if pa.types.is_string(array.type) or pa.types.is_binary(array.type) or pa.types.is_large_binary(array.type):
        values: list[Any] = array.to_pylist()
        if field.encoding.scheme not in ("string", "binary"):  # integers of more than 64 bits stand as decimal text
            values = [None if one is None else int(one) for one in values]
        filled = ["" if one is None and field.encoding.scheme == "string" else one for one in values]
        result = np.array(filled, str) if field.encoding.scheme == "string" else _objects(filled)
    else:
        result = array.fill_null(0).to_numpy(zero_copy_only=False) if array.null_count else array.to_numpy()
    if array.null_count:
        return np.ma.MaskedArray(result, array.is_null().to_numpy(zero_copy_only=False))
    return result


def _objects(values: list[Any]) -> NDArray[Any]:
    result = np.empty(len(values), object)
    result[:] = values
    return result
