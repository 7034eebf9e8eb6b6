"""Take the steps of a container for many packets at once: each step reads its field from the packets that have it."""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from telemus.packets.ccsds import PacketTable
from telemus.packets.columns import Octets, Ragged, calibrate
from telemus.packets.floating import elements_at, numbers_at, octets_at, offsets_of
from telemus.packets.layout import Field
from telemus.packets.matching import Known, holds
from telemus.packets.steps import Block, Join, Program, Read, Step
from telemus.packets.text import cut_text, text_at
from telemus.packets.xtce import ParameterType
from telemus.packets.xtce.model import LookupTable, Size

MAX_TURNS = 200_000
"""Turns of all repetitions together in one run: a count comes from the packet and is not trusted."""
_MAX_SIZE = 1 << 24

Rows = NDArray[np.int64]


class Piece(NamedTuple):
    """What one step read at one turn: the rows that have it, where [bits from the buffer's start], how much, what.

    ``counts`` is None if each row has the same number of values; else ``values`` are flat.
    """

    rows: Rows
    begin: NDArray[np.int64]
    bits: NDArray[np.int64]
    values: NDArray[Any]
    counts: NDArray[np.int64] | None = None


class Run:
    """The state of one run over n packets: where each is, what it holds so far, and which turned out too short."""

    def __init__(self, program: Program, buffer: Octets, table: PacketTable) -> None:
        self.buffer = buffer
        self.start = table.offset.astype(np.int64) * 8
        self.stop = self.start + table.length.astype(np.int64) * 8
        self.at = self.start.copy()
        self.furthest = self.start.copy()
        self.fits = np.ones(table.size, np.bool_)
        self.latest: dict[str, Known] = {}
        self.pieces: list[list[Piece]] = [[] for _ in program.fields]
        self.turns = MAX_TURNS

    def lookup(self, rows: Rows, parameter: str) -> Known | None:
        """Return what those rows hold of a parameter so far, None if nothing was read."""
        known = self.latest.get(parameter)
        if known is None or known.present is None:
            return known
        return Known(known.type, known.raw[rows], known.present[rows])

    def note(self, parameter: str, kind: ParameterType, rows: Rows, values: NDArray[Any]) -> None:
        """Keep the latest value of a scalar parameter."""
        count = self.fits.size
        known = self.latest.get(parameter)
        if known is None or known.present is None:
            known = Known(kind, np.zeros(count, values.dtype), np.zeros(count, np.bool_))
        raw = known.raw
        if raw.dtype != values.dtype:
            raw = raw.astype(np.result_type(raw, values))
        raw[rows] = values
        present = np.asarray(known.present)
        present[rows] = True
        self.latest[parameter] = Known(kind, raw, present)


def run_steps(program: Program, buffer: Octets, table: PacketTable) -> Run:
    """Take all steps; packets that are too short are marked in ``Run.fits`` and read no further."""
    run = Run(program, buffer, table)
    rows = np.arange(table.size)
    for step in program.steps:
        _take(run, step, rows, run.start)
    return run


def columns_of(program: Program, run: Run) -> dict[str, NDArray[Any] | Ragged]:
    """Return the columns of a run whose packets all fitted.

    A value that is not in every packet is a masked array, one that repeats (or an array that is not in every packet)
    Ragged.
    """
    count = run.fits.size
    result: dict[str, NDArray[Any] | Ragged] = {}
    for slot, one in enumerate(program.fields):
        pieces = run.pieces[slot]
        is_flat = not one.counts and slot not in program.repeated
        if not pieces:
            empty = _empty(one)
            nothing = np.ma.MaskedArray(np.zeros(count, empty.dtype), np.ones(count, np.bool_))
            result[one.name] = nothing if is_flat else Ragged(empty, np.zeros(count + 1, np.int64))
        elif is_flat:
            result[one.name] = _scalar(pieces[0], count, slot in program.optional)
        elif pieces[0].counts is None and slot not in program.repeated | program.optional:
            result[one.name] = pieces[0].values
        else:
            result[one.name] = _ragged(pieces, count)
    return result


def _empty(one: Field) -> NDArray[Any]:
    """Return no values, of the dtype that the field has where there are some."""
    if one.encoding.scheme in ("string", "binary"):
        return np.empty(0, "S1" if one.encoding.scheme == "string" else object)
    bits = one.bits if isinstance(one.bits, int) else 8
    return numbers_at(np.empty(0, np.uint8), np.empty(0, np.int64), bits, one.encoding)


def _scalar(piece: Piece, count: int, optional: bool) -> NDArray[Any]:
    if not optional:
        return piece.values
    full = np.zeros(count, piece.values.dtype)
    full[piece.rows] = piece.values
    missing = np.ones(count, np.bool_)
    missing[piece.rows] = False
    return np.ma.MaskedArray(full, missing)


def _ragged(pieces: list[Piece], count: int) -> Ragged:
    """Join the turns of a repetition: the values of each row in order of their turns."""
    rows, values = [], []
    for one in pieces:
        width = math.prod(one.values.shape[1:])
        each = np.full(one.rows.size, width, np.int64) if one.counts is None else one.counts
        rows.append(np.repeat(one.rows, each))
        values.append(one.values.reshape(-1))
    owner = np.concatenate(rows)
    order = np.argsort(owner, kind="stable")
    return Ragged(np.concatenate(values)[order], offsets_of(np.bincount(owner, minlength=count).astype(np.int64)))


def _take(run: Run, step: Step, rows: Rows, start: NDArray[np.int64]) -> None:
    if isinstance(step, Read):
        _read(run, step, rows[run.fits[rows]])
    elif isinstance(step, Join):
        _join(run, step)
    else:
        _block(run, step, rows, start)


def _block(run: Run, block: Block, rows: Rows, start: NDArray[np.int64]) -> None:
    rows = rows[run.fits[rows]]
    if block.condition is not None and rows.size:
        here = rows
        rows = rows[holds(block.condition, lambda name: run.lookup(here, name), rows.size)]
    if not rows.size:
        return
    _move(run, block, rows, start)
    turns = _size(run, 1 if block.repeat is None else block.repeat, rows)
    gaps = _size(run, block.gap, rows)
    if (turns < 0).any():
        run.fits[rows[turns < 0]] = False
    for turn in range(int(turns.max())):
        still = (turns > turn) & run.fits[rows]
        now = rows[still]
        run.turns -= 1
        if not now.size or run.turns < 0:
            run.fits[now] = False
            return
        if turn:
            run.at[now] += gaps[still]
        inner = run.at.copy() if block.opens else start
        for step in block.steps:
            _take(run, step, now, inner)
        if block.size_bits:
            run.at[now] = np.maximum(run.at[now], inner[now] + block.size_bits)
            run.furthest[now] = np.maximum(run.furthest[now], run.at[now])


def _move(run: Run, block: Block, rows: Rows, start: NDArray[np.int64]) -> None:
    shift = _size(run, block.shift, rows)
    if block.origin == "containerStart":
        run.at[rows] = start[rows] + shift
    elif block.origin == "containerEnd":  # 0 is behind all others, more is so many bits before the packet's end
        run.at[rows] = np.where(shift == 0, run.furthest[rows], run.stop[rows] - shift)
    else:
        run.at[rows] += shift
    outside = (run.at[rows] < run.start[rows]) | (run.at[rows] > run.stop[rows])
    run.fits[rows[outside]] = False


def _size(run: Run, size: Size, rows: Rows) -> NDArray[np.int64]:
    """Return a size for each row; -1 where it is read from a parameter that the packet does not hold."""
    if isinstance(size, int):
        return np.full(rows.size, size, np.int64)
    if isinstance(size, LookupTable):
        chosen = np.full(rows.size, size.default, np.int64)
        for condition, value in reversed(size.rows):  # of several that hold, the first in the list
            chosen[holds(condition, lambda name: run.lookup(rows, name), rows.size)] = value
        return chosen
    known = run.lookup(rows, size.parameter)
    if known is None or known.present is None:
        return np.full(rows.size, -1, np.int64)
    values = calibrate(known.type, known.raw) if size.use_calibrated and not known.type.labels else known.raw
    number = np.where(known.present, values.astype(np.float64) * size.slope + size.intercept, -1.0)
    result: NDArray[np.int64] = np.rint(np.clip(np.nan_to_num(number, nan=-1.0), -1, _MAX_SIZE)).astype(np.int64)
    return result


def _read(run: Run, step: Read, rows: Rows) -> None:
    if not rows.size:
        return
    if step.encoding.scheme == "string":
        size = _size(run, step.bits, rows)
        some, begin, bits, values = text_at(run.buffer, run.at, run.stop, rows, step.encoding, size)
        run.fits[np.setdiff1d(rows, some)] = False
        _keep(run, step, Piece(some, begin, bits, values))
        return
    elements = np.ones(rows.size, np.int64)
    for count in step.counts:
        elements = np.clip(elements * _size(run, count, rows), -1, _MAX_SIZE)
    width = elements * _size(run, step.bits, rows)
    good = (width >= 0) & (elements >= 0) & (run.at[rows] + width <= run.stop[rows])
    run.fits[rows[~good]] = False
    rows, elements, width = rows[good], elements[good], width[good]
    begin = run.at[rows]
    if step.encoding.scheme == "binary":
        _keep(run, step, Piece(rows, begin, width, octets_at(run.buffer, begin, width)))
        return
    one_bits = step.bits if isinstance(step.bits, int) else 0
    if not step.counts:
        _keep(run, step, Piece(rows, begin, width, numbers_at(run.buffer, begin, one_bits, step.encoding)))
        return
    values = elements_at(run.buffer, begin, elements, one_bits, step.encoding)
    if all(isinstance(count, int) for count in step.counts):
        shape = tuple(count for count in step.counts if isinstance(count, int))
        _keep(run, step, Piece(rows, begin, width, values.reshape(rows.size, *shape)))
    else:
        _keep(run, step, Piece(rows, begin, width, values, elements))


def _join(run: Run, step: Join) -> None:
    """Read a value from the segments that the last turn has read, in the rows that have all of them."""
    latest = [run.pieces[at][-1] for at, _ in step.parts if run.pieces[at]]
    if len(latest) < len(step.parts):
        return
    turns = [dict(zip(one.rows.tolist(), one.values.tolist(), strict=True)) for one in latest]
    rows = [row for row in turns[-1] if all(row in one for one in turns) and run.fits[row]]
    width = -(-step.bits // 8)
    codes = []
    for row in rows:
        code = 0
        for (_, bits), one in zip(step.parts, turns, strict=True):
            code = code << bits | int(one[row])
        codes.append((code << (8 * width - step.bits)).to_bytes(width, "big"))
    buffer = np.frombuffer(b"".join(codes), np.uint8)
    begin, chosen = np.arange(len(rows), dtype=np.int64) * 8 * width, np.array(rows, np.int64)
    if step.encoding.scheme == "binary":
        values = octets_at(buffer, begin, np.full(len(rows), step.bits, np.int64))
    elif step.encoding.scheme == "string":
        values = cut_text(buffer.reshape(-1, width), step.encoding)
    else:
        values = numbers_at(buffer, begin, step.bits, step.encoding)
    _store(run, step, Piece(chosen, begin, np.full(len(rows), step.bits, np.int64), values))


def _keep(run: Run, step: Read, piece: Piece) -> None:
    rows = piece.rows
    run.at[rows] = piece.begin + piece.bits
    run.furthest[rows] = np.maximum(run.furthest[rows], run.at[rows])
    _store(run, step, piece)


def _store(run: Run, step: Read | Join, piece: Piece) -> None:
    run.pieces[step.slot].append(piece)
    if not step.counts:
        run.note(step.parameter, step.type, piece.rows, piece.values)
