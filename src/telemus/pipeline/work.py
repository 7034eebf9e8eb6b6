"""Work: what one product is made from, for one subject (or all) and one span; and tables from columns."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, NamedTuple

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from telemus.archive import Archive, annotate
from telemus.mission import Mission
from telemus.pipeline.stretches import Anchors, anchors_of
from telemus.product import Product

Scope = Literal["subject_bin", "bin", "subject", "mission"]
"""What one granule of a product speaks for: a subject in a bin of hours, all in a bin, a subject, or the mission."""


@dataclass(frozen=True)
class Work:
    """One product to be made: of whom, from when to when [ns TAI], by which parameters.

    ``tables`` are the products made in the same job; ``anchors`` (channel, entity) -> rows of the recording; ``shared``
    what one product of the job read and another needs too, by name.
    """

    archive: Archive
    mission: Mission
    product: Product
    subject: str | None
    start_ns: int
    stop_ns: int
    parameters: Mapping[str, Any]
    tables: dict[str, pa.Table] = field(default_factory=dict)
    anchors: Mapping[tuple[str, str], Anchors] = field(default_factory=dict)
    shared: dict[str, Any] = field(default_factory=dict)

    def table(self, product: str) -> pa.Table:
        """Return the rows of a product for this subject and span: made in this job, or read from the archive."""
        if product not in self.tables:
            self.tables[product] = self.archive.read(
                product, subject=self.subject, start_ns=self.start_ns, stop_ns=self.stop_ns
            )
        return self.tables[product]

    def anchors_for(self, channel: str, entity: str) -> Anchors:
        """Return the rows of a channel of an entity; none where it was never recorded."""
        return self.anchors.get((channel, entity)) or anchors_of(())


class Registered(NamedTuple):
    """A product with the function that makes it, and what one of its granules speaks for."""

    product: Product
    scope: Scope
    make: Callable[[Work], pa.Table]


def table_of(columns: Mapping[str, Any], product: Product, subject: str | None = None) -> pa.Table:
    """Return columns as an Arrow table, with unit and meaning of each declared column beside it.

    Offsets in ``_ns`` become integers, null where NaN; measures become 32-bit floats (7 digits), intervals stay
    64-bit; a column ``subject`` stands first behind the time where a subject is named.
    """
    arrays = {name: _arrow(name, column) for name, column in columns.items()}
    if subject is not None:
        count = len(next(iter(arrays.values())))
        indices = pa.array(np.zeros(count, np.int32))
        named = {"subject": pa.DictionaryArray.from_arrays(indices, pa.array([subject]))}
        first = dict(list(arrays.items())[:1])
        arrays = first | named | arrays
    return annotate(pa.table(arrays), product.columns)


def _arrow(name: str, column: Any) -> pa.Array:
    values = np.asarray(column)
    if values.dtype == object:
        return pa.array(list(column))
    if values.dtype.kind == "f" and name.endswith("_ns"):
        known = np.isfinite(values)
        return pa.array(np.where(known, values, 0).astype(np.int64), mask=~known)
    if values.dtype.kind == "f" and name != "interval_s":
        return pa.array(values.astype(np.float32))
    return pa.array(values)


def columns_of(table: pa.Table) -> dict[str, NDArray[Any]]:
    """Return the columns of a table as arrays but ``subject``; float32 as float64, null offsets as NaN."""
    columns = {}
    for name in table.column_names:
        if name == "subject":
            continue  # one subject per table: not worth an object for each row
        values = table[name].to_numpy()
        columns[name] = values.astype(np.float64) if values.dtype == np.float32 else values
    return columns
