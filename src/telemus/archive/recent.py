"""Keep what was used last, up to a number of bytes."""

from __future__ import annotations

from collections import OrderedDict
from threading import Lock
from typing import Generic, TypeVar

Key = TypeVar("Key")
Value = TypeVar("Value")


class Recent(Generic[Key, Value]):
    """What was used last, by key; the longest unused is forgotten where the sum of sizes passes ``limit_bytes``.

    >>> kept = Recent[str, int](10)
    >>> kept.put("a", 1, 6); kept.put("b", 2, 6)
    >>> kept.get("a"), kept.get("b")
    (None, 2)
    """

    def __init__(self, limit_bytes: int) -> None:
        self._limit_bytes = limit_bytes
        self._bytes = 0
        self._held: OrderedDict[Key, tuple[Value, int]] = OrderedDict()
        self._lock = Lock()

    def get(self, key: Key) -> Value | None:
        """Return what is kept under a key, None where nothing is."""
        with self._lock:
            found = self._held.get(key)
            if found is None:
                return None
            self._held.move_to_end(key)
            return found[0]

    def put(self, key: Key, value: Value, size_bytes: int) -> None:
        """Keep a value; one larger than the limit is kept until the next."""
        with self._lock:
            self._bytes += size_bytes - self._held.pop(key, (None, 0))[1]
            self._held[key] = value, size_bytes
            while self._bytes > self._limit_bytes and len(self._held) > 1:
                self._bytes -= self._held.popitem(last=False)[1][1]
