"""The catalogue: one SQLite file that says which granules exist and which are current. It can be thrown away.

It is read whole and checked, row by row and in sum, whenever it has changed; questions are answered from memory. So a
flipped bit in it is damage and never another answer, and it is made again from the granules and the pointers.
"""

from __future__ import annotations

import json
import sqlite3
import zlib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple

from telemus.archive import disk
from telemus.archive.documents import canonical
from telemus.archive.granule import Granule, granule_path
from telemus.errors import DamageError, SpaceError

_SCHEMA = """
CREATE TABLE granule (
    id TEXT NOT NULL, product TEXT NOT NULL, level INTEGER NOT NULL, version INTEGER NOT NULL, subject TEXT, slot TEXT,
    start_ns INTEGER NOT NULL, stop_ns INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
    crc32 INTEGER NOT NULL, blocks TEXT NOT NULL, recipe TEXT NOT NULL, current INTEGER NOT NULL,
    PRIMARY KEY (product, id));
CREATE TABLE state (change INTEGER, granules INTEGER, row_sum INTEGER, pointers_bytes INTEGER, state_crc32 INTEGER);
"""
Key = tuple[str, str]
"""Product and name of a granule."""


class State(NamedTuple):
    """What the catalogue says of itself: number of its changes, of its granules, sum of their rows' CRCs, and how much
    of the pointers' journal [bytes] it holds.
    """

    change: int
    granules: int
    row_sum: int
    pointers_bytes: int


class Catalogue:
    """Granules by product and name, in memory, as the file has them."""

    def __init__(self, path: Path, folder: Path) -> None:
        self._path, self._folder = path, folder
        self._state: State | None = None
        self._known: dict[Key, Granule] = {}
        self._ordered: dict[str, list[Granule]] = {}

    def create(self) -> None:
        """Make the file anew, empty."""
        for ending in ("", "-journal", "-wal", "-shm"):
            disk.remove(self._path.with_name(self._path.name + ending))
        with self._connection() as connection:
            connection.executescript(_SCHEMA)
            _set_state(connection, State(0, 0, 0, 0))
            disk.commit(connection)
        self._state = None

    def state(self) -> State:
        """Return what it says of itself. Raises DamageError where it cannot be read, or is not what was written."""
        self._refresh()
        if self._state is None:
            raise DamageError(f"{self._path}: got no state, wanted a catalogue")
        return self._state

    def granules(self, product: str | None = None) -> list[Granule]:
        """Return all granules, or those of a product, current or not, by product, start, subject, slot and name.

        Raises DamageError.
        """
        self._refresh()
        if not self._ordered:
            for one in sorted(self._known.values(), key=_order):
                self._ordered.setdefault(one.product, []).append(one)
        if product is not None:
            return self._ordered.get(product, [])
        return [one for group in self._ordered.values() for one in group]

    def get(self, product: str, identifier: str) -> Granule | None:
        """Return one granule, current or not; None where there is none. Raises DamageError."""
        self._refresh()
        return self._known.get((product, identifier))

    def put(self, granules: Iterable[Granule], pointers_bytes: int) -> None:
        """Enter granules and make each the current one of its place, in the order given, in one transaction.

        The place is the slot where a granule has one, else its product and subject and every span it overlaps.
        """
        self._refresh()
        after = _Places(self._known)
        for one in granules:
            after.put(one._replace(current=True))
        self._change(after.granules, pointers_bytes)

    def retire(self, product: str, ids: Iterable[str], pointers_bytes: int) -> None:
        """Make granules of a product no longer current; their files stay."""
        self._refresh()
        gone = {(product, one) for one in ids}
        after = {key: one._replace(current=False) if key in gone else one for key, one in self._known.items()}
        self._change(after, pointers_bytes)

    def _refresh(self) -> None:
        """Read the file again if it has changed, in one transaction, and check it."""
        with self._connection() as connection:
            connection.execute("BEGIN")
            state = _state_of(connection, self._path)
            if state == self._state:
                return
            rows = connection.execute("SELECT * FROM granule").fetchall()
        if len(rows) != state.granules or sum(map(_crc32, rows)) != state.row_sum:
            raise DamageError(f"{self._path}: got rows that do not match their CRC, wanted a catalogue as written")
        self._know({(row[1], row[0]): self._granule(row) for row in rows}, state)

    def _change(self, after: dict[Key, Granule], pointers_bytes: int) -> None:
        """Write what differs from what was read, with the new state, in one transaction."""
        before = self.state()
        new = [_row(one) for key, one in after.items() if self._known.get(key) != one]
        old = [_row(one) for key, one in self._known.items() if after[key] != one]
        row_sum = before.row_sum + sum(map(_crc32, new)) - sum(map(_crc32, old))
        state = State(before.change + 1, len(after), row_sum, pointers_bytes)
        with self._connection() as connection:
            connection.executemany("INSERT OR REPLACE INTO granule VALUES (?,?,?,?,?,?,?,?,?,?,?,?,?,?)", new)
            _set_state(connection, state)
            disk.commit(connection)
        self._know(after, state)

    def _know(self, granules: dict[Key, Granule], state: State) -> None:
        self._known, self._ordered, self._state = granules, {}, state

    def _granule(self, row: tuple[Any, ...]) -> Granule:
        path = granule_path(self._folder, row[1], row[0])
        return Granule._make((*row[:11], row[11], path, json.loads(row[12]), bool(row[13])))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        connection = None
        try:
            connection = disk.database(self._path)
            connection.execute("PRAGMA synchronous = OFF")  # a power cut may spoil it: then it is made again
            yield connection
        except sqlite3.Error as error:
            if getattr(error, "sqlite_errorcode", None) == sqlite3.SQLITE_FULL:
                raise SpaceError(f"{self._path}: got a full disk, wanted room for the catalogue") from error
            raise DamageError(
                f"{self._path}: got {error}, wanted a catalogue; it can be rebuilt from the granules"
            ) from error
        finally:
            if connection is not None:
                connection.close()


class _Places:
    """Granules by name, and the current ones by the place that they fill."""

    def __init__(self, granules: Mapping[Key, Granule]) -> None:
        self.granules = dict(granules)
        self._filled: dict[tuple[str, str | None, bool], set[Key]] = {}
        for key, one in granules.items():
            if one.current:
                self._filled.setdefault(_place(one), set()).add(key)

    def put(self, new: Granule) -> None:
        """Enter a granule; those that it replaces are no longer current."""
        there = self._filled.setdefault(_place(new), set())
        for key in [key for key in there if _replaces(new, self.granules[key])]:
            there.remove(key)
            self.granules[key] = self.granules[key]._replace(current=False)
        self.granules[new.product, new.id] = new
        there.add((new.product, new.id))


def _place(one: Granule) -> tuple[str, str | None, bool]:
    return (one.product, one.subject, False) if one.slot is None else (one.product, one.slot, True)


def _replaces(new: Granule, old: Granule) -> bool:
    """Return whether a granule takes the place of another of the same slot, or else of the same subject."""
    overlap = old.start_ns < new.stop_ns and old.stop_ns > new.start_ns
    return new.slot is not None or overlap or old.start_ns == new.start_ns


def _order(one: Granule) -> tuple[Any, ...]:
    return one.product, one.start_ns, one.subject or "", one.slot or "", one.id


def _row(one: Granule) -> tuple[Any, ...]:
    return (*one[:11], one.blocks, canonical(one.recipe).decode(), int(one.current))


def _crc32(row: tuple[Any, ...]) -> int:
    return zlib.crc32(repr(row).encode())


def _state_of(connection: sqlite3.Connection, path: Path) -> State:
    rows = connection.execute("SELECT * FROM state").fetchall()
    if len(rows) != 1 or rows[0][-1] != _crc32(rows[0][:-1]):
        raise DamageError(f"{path}: got a state that does not match its CRC, wanted a catalogue as written")
    return State._make(rows[0][:-1])


def _set_state(connection: sqlite3.Connection, state: State) -> None:
    connection.execute("DELETE FROM state")
    connection.execute("INSERT INTO state VALUES (?,?,?,?,?)", (*state, _crc32(tuple(state))))
