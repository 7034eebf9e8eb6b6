"""Chooses which channels of a file are arterial pressure and which are ECG: by the caller's word, else by unit and
name.

A unit says the dimension; a name says which of several. Where neither decides, nothing is guessed: the error lists what
the file holds and the option that settles it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path
from typing import NamedTuple

from telemus.errors import FormatError, UnitError
from telemus.exchange.recording import Source
from telemus.units import CANONICAL, Unit, unit_of

Wanted = str | int | Sequence[str | int] | None
"""A channel's name or its number in the file (from 1), or several of them; None leaves the choice to unit and name."""

PRESSURE = "pressure_arterial"
ECG = "ecg"
_DIMENSION = {PRESSURE: "pressure", ECG: "voltage"}
_OPTION = {PRESSURE: "pressure", ECG: "ecg"}

_NAMES = {
    PRESSURE: re.compile(
        r"(?<![a-z])(n?i?abp|art|ap|bp|p?art|sap|pressure|press|blood|aort\w*|arter\w*|carot\w*|femor\w*)(?![a-z])"
        r"|blood.?press|arterial",
        re.IGNORECASE,
    ),
    ECG: re.compile(
        r"ecg|ekg|(?<![a-z])(lead|ml)?(i{1,3}|av[rlf]|v[1-9]|mcl\d?)(?![a-z0-9])|(?<![a-z])lead", re.IGNORECASE
    ),
}
_OTHERS = {
    PRESSURE: re.compile(
        r"baro|ambient|cabin|atmos|airway|venous|(?<![a-z])(cvp|icp|pap|lap|rap|lvp|rvp)(?![a-z])|ventric|pulmon|intracran"
        r"|plethys|cuff|resp|mean|systol|diastol|(?<![a-z])(map|sbp|dbp)(?![a-z])",
        re.IGNORECASE,
    ),
    ECG: re.compile(
        r"eeg|emg|eog|resp|breath|pleth|ppg|gsr|eda(?![a-z])|temp|trig|sync|batt|supply|nerve|neur|spo2|accel|stim|doppler|flow",
        re.IGNORECASE,
    ),
}
_LEAD = re.compile(r"^\s*(ecg|ekg)?[\s_.:-]*(lead)?[\s_.:-]*(ml)?(i{1,3}|av[rlf]|v[1-9]|mcl\d?)\s*$", re.IGNORECASE)


class Choice(NamedTuple):
    """A channel that was chosen: its place in the file from 0, its quantity and its unit."""

    place: int
    quantity: str
    unit: Unit


def apply_units(path: Path, sources: Sequence[Source], units: Mapping[str, str]) -> tuple[Source, ...]:
    """Return the sources with the units that the caller states, by channel name or number, put in place of the file's.

    Raises UnitError where a unit is unknown, FormatError where a channel is.
    """
    given = {}
    for name, symbol in units.items():
        unit_of(symbol)
        for index in find(path, sources, name):
            given[index] = symbol
    return tuple(replace(source, unit=given.get(index, source.unit)) for index, source in enumerate(sources))


def listing(sources: Sequence[Source]) -> str:
    """Return the channels of a file in words, as the errors print them."""
    shown = "; ".join(source.describe(number) for number, source in enumerate(sources[:40], 1))
    return shown + (f"; and {len(sources) - 40} more" if len(sources) > 40 else "") if sources else "none"


def find(path: Path, sources: Sequence[Source], wanted: Wanted) -> list[int]:
    """Return the places (from 0) of the channels that the caller names, or numbers from 1.

    A name is compared exactly first, then without regard to case and outer spaces, then as a number.
    Raises FormatError where a name fits no channel or several.
    """
    if wanted is None:
        return []
    if isinstance(wanted, str | int):
        return [_find_one(path, sources, wanted)]
    return [_find_one(path, sources, one) for one in wanted]


def _find_one(path: Path, sources: Sequence[Source], wanted: str | int) -> int:
    names = [source.name for source in sources]
    if isinstance(wanted, str):
        folded = [name.strip().casefold() for name in names]
        for pool, key in ((names, wanted), (folded, wanted.strip().casefold())):
            if pool.count(key) == 1:
                return pool.index(key)
            if pool.count(key) > 1:
                raise FormatError(
                    f"got {pool.count(key)} channels named {wanted!r}, wanted one; choose by number: "
                    f"{listing(sources)}",
                    path=path,
                )
    text = str(wanted).strip()
    if text.isdecimal() and len(text) < 10 and 1 <= int(text) <= len(sources):
        return int(text) - 1
    raise FormatError(f"got no channel {wanted!r}, wanted one of these: {listing(sources)}", path=path)


def choose(
    path: Path, sources: Sequence[Source], *, pressure: Wanted = None, ecg: Wanted = None
) -> tuple[list[Choice], list[str]]:
    """Return the channels to load and notes about those passed over.

    With neither option, every quantity that is found is taken and at least one must be. With one option given, the
    other quantity is taken where it is beyond doubt, else passed over with a note.
    Raises FormatError where nothing fits or the choice is open, UnitError where a channel that is wanted has no unit.
    """
    if not sources:
        raise FormatError("got a file without channels, wanted at least one of pressure or ECG", path=path)
    chosen, notes = [], []
    doubts: list[FormatError | UnitError] = []
    stated = {PRESSURE: find(path, sources, pressure), ECG: find(path, sources, ecg)}
    for quantity, indices in stated.items():
        chosen += [Choice(index, quantity, _unit_for(path, sources, index, quantity)) for index in indices]
    for quantity in (quantity for quantity, indices in stated.items() if not indices):
        try:
            found, note = _search(path, sources, quantity, taken={choice.place for choice in chosen})
        except (FormatError, UnitError) as doubt:
            doubts.append(doubt)
            continue
        chosen += found
        notes += note
    if doubts and (not chosen or (not any(stated.values()) and isinstance(doubts[0], FormatError))):
        raise doubts[0]
    if not chosen:
        raise FormatError(
            "got no channel that is pressure or ECG by its unit and name, wanted one; the file has: "
            f"{listing(sources)}. Choose with --pressure NAME or --ecg NAME (a number from this list will do), and "
            "state a missing unit with --unit NAME=mmHg",
            path=path,
        )
    return sorted(chosen), notes + [f"passed over: {doubt}" for doubt in doubts]


def _unit_for(path: Path, sources: Sequence[Source], index: int, quantity: str) -> Unit:
    """Return the unit of a chosen channel, or raise UnitError that says how to state it."""
    source, dimension = sources[index], _DIMENSION[quantity]
    remedy = f"state it with --unit {_quoted(source.name)}={CANONICAL[dimension]}"
    where = f"{path}: channel {index + 1} {source.name!r}"
    if not source.unit.strip():
        raise UnitError(f"{where}: got no unit, wanted a unit of {dimension}; {remedy}")
    try:
        unit = unit_of(source.unit)
    except UnitError as error:
        raise UnitError(f"{where}: {error}; {remedy}") from error
    if unit.dimension != dimension:
        raise UnitError(
            f"{where}: got {source.unit!r}, a unit of {unit.dimension}, wanted a unit of {dimension}; {remedy}"
        )
    return unit


def _quoted(name: str) -> str:
    return f'"{name}"' if re.search(r"\s", name) else name


def _known(symbol: str) -> Unit | None:
    """Return the unit of a symbol, or None where it means nothing to us."""
    try:
        return unit_of(symbol) if symbol.strip() else None
    except UnitError:
        return None


def _search(path: Path, sources: Sequence[Source], quantity: str, taken: set[int]) -> tuple[list[Choice], list[str]]:
    """Return the one channel of a quantity that unit and name point to, or nothing where none does."""
    fitting: list[tuple[int, Unit]] = []
    nameless_unit: list[int] = []
    for index, source in enumerate(sources):
        if index in taken or source.count == 0 or _OTHERS[quantity].search(source.name):
            continue
        unit, named = _known(source.unit), bool(_NAMES[quantity].search(source.name))
        if unit is not None and unit.dimension == _DIMENSION[quantity]:
            fitting.append((index, unit))
        elif unit is None and named:
            nameless_unit.append(index)
    by_name = [pair for pair in fitting if _NAMES[quantity].search(sources[pair[0]].name)]
    candidates = by_name or [pair for pair in fitting if quantity == PRESSURE or pair[1].symbol != "V"]
    if len(candidates) == 1:
        return [Choice(candidates[0][0], quantity, candidates[0][1])], []
    if candidates:
        return _settle(path, sources, quantity, candidates)
    if nameless_unit:
        _unit_for(path, sources, nameless_unit[0], quantity)  # raises: the name fits and the unit is missing
    return [], []


def _settle(
    path: Path, sources: Sequence[Source], quantity: str, candidates: list[tuple[int, Unit]]
) -> tuple[list[Choice], list[str]]:
    """Take the first of several standard leads of one heart; anything else is the caller's to choose."""
    names = [sources[index].name for index, _ in candidates]
    option = _OPTION[quantity]
    if quantity == ECG and all(_LEAD.match(name) for name in names):
        index, unit = candidates[0]
        return [Choice(index, quantity, unit)], [
            f"{len(names)} ECG leads ({', '.join(names)}): {names[0]!r} was taken; --ecg NAME takes another"
        ]
    raise FormatError(
        f"got {len(names)} channels that may be {quantity} ({', '.join(map(repr, names))}), wanted one; choose with "
        f"--{option} NAME or number. The file has: {listing(sources)}",
        path=path,
    )
