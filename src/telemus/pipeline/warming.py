"""Compiles what is compiled in processes of their own while other work goes on.

On a fresh machine the kernels are compiled once and kept on disk; that takes some tens of seconds of one processor.
Whoever knows early that ``process`` will follow can let it happen meanwhile.
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager

from telemus.pipeline.registry import COMPILED, warm


def _compile(name: str) -> None:
    if hasattr(os, "nice"):
        os.nice(5)  # the work that somebody waits for comes first
    warm([name])


@contextmanager
def detectors_compiling() -> Iterator[None]:
    """Compile detectors and variability in a process each inside the block, and wait for them at its end.

    A process that fails changes nothing: what it did not compile is compiled where it is needed. An exception inside
    the block ends the processes.
    """
    context = multiprocessing.get_context("spawn")
    processes = [context.Process(target=_compile, args=(name,), daemon=True) for name in COMPILED]
    for process in processes:
        process.start()
    try:
        yield
        for process in processes:
            process.join()
    finally:
        for process in processes:
            process.terminate()
            process.join()
            process.close()
