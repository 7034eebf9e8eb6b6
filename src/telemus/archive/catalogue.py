"""The catalogue: one SQLite file that says which granules exist and which are current. It can be thrown away."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from telemus.archive.granule import Granule
from telemus.errors import ArchiveError

_SCHEMA = """
CREATE TABLE IF NOT EXISTS granule (
    product TEXT NOT NULL, id TEXT NOT NULL, level INTEGER NOT NULL, version INTEGER NOT NULL, subject TEXT, slot TEXT,
    start_ns INTEGER NOT NULL, stop_ns INTEGER NOT NULL, rows INTEGER NOT NULL, bytes INTEGER NOT NULL,
    crc32 INTEGER NOT NULL, recipe TEXT NOT NULL, current INTEGER NOT NULL, PRIMARY KEY (product, id));
CREATE INDEX IF NOT EXISTS granule_place ON granule (product, current, subject, start_ns);
"""
_COLUMNS = "id, product, level, version, subject, slot, start_ns, stop_ns, rows, bytes, crc32, recipe, current"
_REPLACED_BY_SLOT = "product = ? AND slot = ?"
_REPLACED_BY_SPAN = "product = ? AND slot IS NULL AND subject IS ? AND ((start_ns < ? AND stop_ns > ?) OR start_ns = ?)"


class Catalogue:
    """Granules by product, subject and span; a thin layer on SQLite, opened for each question."""

    def __init__(self, path: Path, granules: Path) -> None:
        self.path = path
        self._granules = granules

    @property
    def exists(self) -> bool:
        """Return whether the file is there and holds the tables."""
        if not self.path.is_file():
            return False
        try:
            with self._connection() as connection:
                connection.execute("SELECT count(*) FROM granule WHERE current = 1").fetchone()
        except ArchiveError:
            return False
        return True

    def create(self) -> None:
        """Make the tables; the old file, if any, is removed first."""
        for ending in ("", "-wal", "-shm"):
            self.path.with_name(self.path.name + ending).unlink(missing_ok=True)
        with self._connection() as connection:
            connection.execute("PRAGMA journal_mode = WAL")
            connection.executescript(_SCHEMA)

    def put(self, granules: Iterable[Granule]) -> None:
        """Enter granules and make each the current one of its place, in the order given, in one transaction.

        The place is the slot where a granule has one, else its product and subject and every span it overlaps.
        """
        with self._connection() as connection:
            for one in granules:
                if one.slot is None:
                    where = _REPLACED_BY_SPAN
                    values: tuple[Any, ...] = (one.product, one.subject, one.stop_ns, one.start_ns, one.start_ns)
                else:
                    where, values = _REPLACED_BY_SLOT, (one.product, one.slot)
                connection.execute(f"UPDATE granule SET current = 0 WHERE {where}", values)  # noqa: S608 (constants)
                connection.execute(
                    f"INSERT OR REPLACE INTO granule ({_COLUMNS}) VALUES (?,?,?,?,?,?,?,?,?,?,?,?,1)",  # noqa: S608
                    (*one[:11], json.dumps(one.recipe, sort_keys=True)),
                )

    def retire(self, product: str, ids: Iterable[str]) -> None:
        """Make granules of a product no longer current; their files stay."""
        with self._connection() as connection:
            connection.executemany(
                "UPDATE granule SET current = 0 WHERE product = ? AND id = ?", [(product, one) for one in ids]
            )

    def find(
        self,
        product: str | None = None,
        subject: str | None = None,
        start_ns: int | None = None,
        stop_ns: int | None = None,
        *,
        current: bool = True,
    ) -> list[Granule]:
        """Return granules in the order of their start; a subject's own and those of all subjects.

        A granule is found where its span touches [``start_ns``, ``stop_ns``) [ns TAI].
        """
        tests: list[tuple[str, Any]] = [("product = ?", product)] if product is not None else []
        if subject is not None:
            tests.append(("(subject = ? OR subject IS NULL)", subject))
        if stop_ns is not None:
            tests.append(("start_ns < ?", stop_ns))
        if start_ns is not None:
            tests.append(("(stop_ns > ?)", start_ns))
        where = " AND ".join([test for test, _ in tests] + (["current = 1"] if current else [])) or "1"
        query = f"SELECT {_COLUMNS} FROM granule WHERE {where} ORDER BY product, start_ns, subject, slot, id"  # noqa: S608
        with self._connection() as connection:
            rows = connection.execute(query, [value for _, value in tests]).fetchall()
        return [self._granule(row) for row in rows]

    def get(self, product: str, identifier: str) -> Granule | None:
        """Return one granule, current or not; None where there is none."""
        query = f"SELECT {_COLUMNS} FROM granule WHERE product = ? AND id = ?"  # noqa: S608
        with self._connection() as connection:
            row = connection.execute(query, (product, identifier)).fetchone()
        return None if row is None else self._granule(row)

    def _granule(self, row: tuple[Any, ...]) -> Granule:
        path = self._granules / row[1] / f"{row[0]}.parquet"
        return Granule._make((*row[:11], path, json.loads(row[11]), bool(row[12])))

    @contextmanager
    def _connection(self) -> Iterator[sqlite3.Connection]:
        try:
            connection = sqlite3.connect(self.path, timeout=30.0)
        except sqlite3.Error as error:
            raise ArchiveError(f"{self.path}: got {error}, wanted the catalogue") from error
        try:
            connection.execute("PRAGMA synchronous = NORMAL")
            with connection:
                yield connection
        except sqlite3.DatabaseError as error:
            raise ArchiveError(
                f"{self.path}: got {error}, wanted a catalogue; it can be rebuilt from the granules"
            ) from error
        finally:
            connection.close()
