"""Which file of a stream a packet came from, and whether the files were given in the order of their recording."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from telemus.cli.decode_inputs import Input
    from telemus.packets import Batch

_MODULO = 16384
"""Of sequence counts: CCSDS 133.0-B-2 clause 4.1.3.4.3."""


class FileOrder:
    """Follows the first and last sequence count of every APID in each file of one stream."""

    def __init__(self, inputs: list[Input]) -> None:
        self._names = [one.name for one in inputs]
        self._starts = [0]
        self._seen: list[dict[int, tuple[int, int]]] = [{} for _ in inputs]

    def see(self, batches: Iterable[Batch]) -> None:
        """Note the sequence counts of rows; of frames, whose packets have no place in a file, nothing."""
        import numpy as np

        from telemus.packets import ALARMS

        for container, rows in batches if len(self._names) > 1 else ():
            if "virtual_channel" in rows.schema.names:
                return
            if container == ALARMS:
                continue
            names = [name if f"{name}#2" not in rows.schema.names else f"{name}#2" for name in _COLUMNS]
            offsets, apids, counts = (rows.column(name).to_numpy() for name in names)
            files = np.searchsorted(self._starts, offsets, side="right") - 1
            for file, apid in np.unique(np.stack([files, apids]), axis=1).T.tolist():
                mine = counts[(files == file) & (apids == apid)]
                first = self._seen[file].get(apid, (int(mine[0]),))[0]
                self._seen[file][apid] = (first, int(mine[-1]))

    def ends(self, size_bytes: int) -> None:
        """Note that a file is over and the next begins."""
        self._starts.append(self._starts[-1] + size_bytes)

    def files(self) -> list[dict[str, Any]]:
        """Return each file with the byte of the stream at which it begins, and its length."""
        return [
            {"name": name, "offset": start, "bytes": stop - start}
            for name, start, stop in zip(self._names, self._starts, self._starts[1:], strict=False)
        ]

    def notes(self) -> list[str]:
        """Return a line for each two files of which the second was recorded before the first."""
        found = []
        for place, (one, two) in enumerate(zip(self._seen, self._seen[1:], strict=False)):
            both = sorted(set(one) & set(two))
            if both and 2 * sum(_is_before(two[apid], one[apid]) for apid in both) > len(both):
                last, first = one[both[0]][1], two[both[0]][0]
                first_name, second_name = self._names[place], self._names[place + 1]
                found.append(
                    f"{second_name} seems to have been recorded before {first_name} (APID {both[0]} goes from count "
                    f"{last} to {first}): give the files in the order of their recording"
                )
        return found


_COLUMNS = ("packet_offset", "apid", "sequence_count")


def _is_before(one: tuple[int, int], two: tuple[int, int]) -> bool:
    """Say whether counts (first, last) came before others: the way on is shorter than the way back.

    >>> _is_before((16380, 10), (11, 300)), _is_before((11, 300), (16380, 10))
    (True, False)
    """
    return (two[0] - one[1]) % _MODULO < (one[0] - two[1]) % _MODULO
