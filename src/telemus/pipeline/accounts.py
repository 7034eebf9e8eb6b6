"""Add up the accounts of received files as they stand in the archive."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

FIRST, LAST = frozenset({"first_count"}), frozenset({"last_count"})


def merged(accounts: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the sum of accounts, with each under ``files``.

    Numbers under the same key are added and lists joined, mapping by mapping; first and last counts, texts and truth
    values are those of the first or the last file that has them.

    >>> merged([{"bytes": {"received": 1}}, {"bytes": {"received": 2}}])["bytes"]
    {'received': 3}
    """
    total: dict[str, Any] = {}
    for account in accounts:
        total = _added(total, account)
    return {**total, "files": list(accounts)}


def _added(one: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, Any]:
    result = dict(one)
    for key, value in other.items():
        if key not in result or result[key] is None or (key in LAST and value is not None):
            result[key] = value
        elif key not in FIRST:
            result[key] = _sum(result[key], value)
    return result


def _sum(one: Any, other: Any) -> Any:
    if isinstance(one, Mapping) and isinstance(other, Mapping):
        return _added(one, other)
    if isinstance(one, list) and isinstance(other, list):
        return [*one, *other]
    numbers = isinstance(one, int | float) and isinstance(other, int | float)
    if numbers and not isinstance(one, bool) and not isinstance(other, bool):
        return one + other
    return one
