"""The shelf of granules: a journal of which became current, in order, and the catalogue that follows it.

The journal is written first; the catalogue knows how much of it it holds, and catches up where a crash came between.
Each is a second copy of the other: a sound catalogue heals a damaged journal, a sound journal a damaged catalogue.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from telemus.archive import disk
from telemus.archive.catalogue import Catalogue, Key
from telemus.archive.granule import Granule, granule_told, read_granule
from telemus.archive.journal import Journal, Line
from telemus.errors import DamageError

CURRENT, RETIRED = "current", "retired"


class Shelf:
    """The granules of an archive: their journal of pointers and their catalogue."""

    def __init__(self, archive: Path) -> None:
        self.folder = archive / "granules"
        self.pointers = Journal(archive / "pointers.jsonl")
        self.catalogue = Catalogue(archive / "catalogue.sqlite", self.folder)

    def granules(self, product: str | None = None) -> list[Granule]:
        """Return all granules, or those of a product, current or not, by product, start, subject, slot and name."""
        return self.catalogue.granules(product)

    def get(self, product: str, identifier: str) -> Granule | None:
        """Return one granule, current or not; None where there is none. Raises DamageError."""
        return self.catalogue.get(product, identifier)

    @property
    def is_current(self) -> bool:
        """Return whether the catalogue is sound and holds all that the journal says. Raises nothing."""
        return self.is_sound and self.catalogue.state().pointers_bytes == self.pointers.bytes

    def adopt(self, granules: list[Granule]) -> None:
        """Make sealed granules current, in order, each in its place."""
        if granules:
            self._append({(one.product, one.id): one for one in granules}, CURRENT, granules=_told(granules))

    def retire(self, product: str, ids: list[str]) -> None:
        """Make granules of a product no longer current."""
        if ids:
            self._append({}, RETIRED, product=product, ids=ids)

    def _append(self, known: Mapping[Key, Granule], kind: str, **content: Any) -> None:
        self.follow({})
        self.pointers.append(kind, **content)
        self.follow(known)

    def follow(self, known: Mapping[Key, Granule]) -> None:
        """Bring the catalogue up to the end of the journal; granules not in ``known`` are read from their files.

        A torn line at the end, which was never acknowledged, is cut off. Where the journal has lost lines that the
        catalogue holds, it is written anew.
        """
        held = self.catalogue.state().pointers_bytes
        if held > self.pointers.bytes:
            self._write_pointers()
            return
        for line in self.pointers.lines(held):
            if line.entry is None and line.stop == self.pointers.bytes:
                disk.cut(self.pointers.path, line.start)
            else:
                self._apply(line, known)

    def rebuild(self) -> int:
        """Make the catalogue again, and the journal where it is damaged; return the number of granules.

        A sound catalogue heals the journal. Else the journal is replayed; where that is damaged too, granules that no
        line names take their turn by the time at which their files were written.
        """
        damaged = bool(self.pointers.damage()) or not disk.is_file(self.pointers.path)
        if damaged and self.is_sound:
            self.follow({})
            self._write_pointers()
            damaged = False
        unnamed = self._unnamed() if damaged else []
        self.catalogue.create()
        known = {(one.product, one.id): one for _, one in unnamed}
        for line in self.pointers.lines():
            moment = line.entry["at_utc_ns"] if line.entry else 0
            while unnamed and unnamed[0][0] <= moment:
                self.catalogue.put([unnamed.pop(0)[1]], line.start)
            self._apply(line, known)
        self.catalogue.put([one for _, one in unnamed], self.pointers.bytes)
        if damaged:
            self._write_pointers()
        return len(self.granules())

    @property
    def is_sound(self) -> bool:
        """Return whether the catalogue can be read. Raises nothing."""
        try:
            self.catalogue.state()
        except DamageError:
            return False
        return True

    def _apply(self, line: Line, known: Mapping[Key, Granule]) -> None:
        entry = line.entry or {"kind": ""}
        if entry["kind"] == CURRENT:
            keys = [(told["product"], told["id"]) for told in entry["granules"]]
            found = [
                known.get(key) or granule_told(self.folder, told)
                for key, told in zip(keys, entry["granules"], strict=True)
            ]
            self.catalogue.put(found, line.stop)
        else:
            ids = entry["ids"] if entry["kind"] == RETIRED else []
            self.catalogue.retire(entry.get("product", ""), ids, line.stop)

    def _write_pointers(self) -> None:
        """Write a journal that leads to what the catalogue says."""
        granules = self.granules()
        old = [one for one in granules if not one.current]
        entries: list[dict[str, Any]] = [_entry(old)]
        entries += [
            {
                "kind": RETIRED,
                "at_utc_ns": 0,
                "product": product,
                "ids": [one.id for one in old if one.product == product],
            }
            for product in sorted({one.product for one in old})
        ]
        self.pointers.replace([*entries, _entry([one for one in granules if one.current])])
        self.catalogue.put([], self.pointers.bytes)

    def _unnamed(self) -> list[tuple[int, Granule]]:
        """Return granules that no pointer names, as their files are, by the time at which those were written."""
        named = {(one["product"], one["id"]) for entry in self.pointers.entries(CURRENT) for one in entry["granules"]}
        found = []
        for path in disk.files(self.folder):
            if (path.parent.name, path.stem) not in named:
                try:
                    found.append((disk.changed_ns(path), read_granule(path)))
                except DamageError:
                    continue
        return sorted(found, key=lambda one: (one[0], one[1].id))


def _entry(granules: list[Granule]) -> dict[str, Any]:
    return {"kind": CURRENT, "at_utc_ns": 0, "granules": _told(granules)}


def _told(granules: list[Granule]) -> list[dict[str, Any]]:
    return [one.told() for one in granules]
