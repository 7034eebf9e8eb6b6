"""Renders implants block after block, here or in processes of their own, and gives the same either way."""

from __future__ import annotations

import multiprocessing
import signal
import sys
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

from telemus.errors import TelemusError
from telemus.mission import Mission
from telemus.simulate.implant import Implant, Made
from telemus.simulate.scene import Order, Scene, prepare
from telemus.simulate.schedule import Block


@contextmanager
def crew(scene: Scene, workers: int, block_s: int) -> Iterator[Iterator[tuple[Block, list[Made]]]]:
    """Yield an iterator over the blocks with what the implants made of each, in the order of the implants.

    With one worker, or one implant, the work is done here. Each process holds the animals that it began with, and
    waits until its block is fetched, so that memory does not grow.
    """
    implants = scene.implants()
    count = min(workers, len(implants))
    if count <= 1:
        yield _here(scene, implants, block_s)
        return
    context = multiprocessing.get_context("fork" if sys.platform == "linux" else None)
    if sys.platform == "linux":
        _warm(scene)
    ends: list[Connection] = []
    processes = []
    try:
        for number in range(count):
            mine, theirs = context.Pipe(duplex=False)
            ends.append(mine)
            arguments = (theirs, tuple(ends), scene.mission, scene.order, slice(number, None, count), block_s)
            process = context.Process(target=_work, args=arguments, daemon=True)
            with warnings.catch_warnings():
                # Arrow's and BLAS's threads stand still in a fork, and the children need none of them
                warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
                process.start()
            theirs.close()
            processes.append(process)
        yield _gathered(scene, ends, len(implants), block_s)
    finally:
        for process in processes:
            process.terminate()
            process.join()
        for end in ends:
            end.close()


def _here(scene: Scene, implants: list[Implant], block_s: int) -> Iterator[tuple[Block, list[Made]]]:
    for block in scene.recording.blocks(block_s):
        made = (implant.make(block) for implant in implants)
        yield block, [one for one in made if one is not None]


def _gathered(scene: Scene, ends: list[Connection], implants: int, block_s: int) -> Iterator[tuple[Block, list[Made]]]:
    for block in scene.recording.blocks(block_s):
        parts = [_received(end) for end in ends]
        ordered = (parts[row % len(parts)][row // len(parts)] for row in range(implants))
        yield block, [one for one in ordered if one is not None]


def _received(end: Connection) -> list[Made | None]:
    try:
        got = end.recv()
    except EOFError as error:
        raise TelemusError("simulate: got a worker process that ended before its work, wanted its block") from error
    if isinstance(got, BaseException):
        raise got
    made: list[Made | None] = got
    return made


def _warm(scene: Scene) -> None:
    """Render a moment with implants that nobody keeps, so that compiled code is shared by the processes."""
    at = scene.recording.start_s
    scene.implants()[0].make(Block(at, at + scene.recording.grid_s, at, at + scene.recording.grid_s))


def _work(
    end: Connection, others: tuple[Connection, ...], mission: Mission, order: Order, mine: slice, block_s: int
) -> None:
    """Render the implants of a slice and send each block; an error is sent in its place.

    ``others`` are reading ends that came along; they are closed, so that the death of the reader is felt here.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # the one who began this stops it
    for one in others:
        one.close()
    try:
        scene = prepare(mission, order)
        implants = scene.implants()[mine]
        for block in scene.recording.blocks(block_s):
            end.send([implant.make(block) for implant in implants])
    except BrokenPipeError:
        return
    except Exception as error:  # whatever it is, it belongs to the caller
        end.send(error)
