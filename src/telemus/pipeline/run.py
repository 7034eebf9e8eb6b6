"""Runs what the plan finds missing: levels 1 and 2 by subject and bin on several processes, then level 3.

A process computes and seals its granules; this one makes them current, so that there is one writer. One failing job
does not stop the others. Interrupted, the archive is consistent and the next run goes on from there.
"""

from __future__ import annotations

import multiprocessing
import signal
import sys
import time
import warnings
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any, NamedTuple

import pyarrow as pa

from telemus import archive as archives
from telemus.archive import Archive, Draft, Granule
from telemus.clock import format_utc
from telemus.errors import SpaceError
from telemus.mission import Mission
from telemus.pipeline.plan import BIN_H, Plan, Task, make_plan
from telemus.pipeline.recorded_rows import recorded_rows
from telemus.pipeline.registry import DETECTORS, REGISTRY, warm
from telemus.pipeline.sources import sources
from telemus.pipeline.stretches import Anchors
from telemus.pipeline.work import Work

ADOPT_S = 2.0
"""Sealed granules become current this often [s]; an interruption leaves at most so much to be done again."""
MARGIN_NS = 60_000_000_000
"""Rows of the recording this far [ns] around a job go with it."""
Progress = Callable[[str, float, float], None]
"""Called with (what is done, amount so far, amount in all)."""
AnchorTable = Mapping[tuple[str, str], Anchors]


class Failure(NamedTuple):
    """A granule that could not be made: of which product, whom, from when to when [ns TAI], and why."""

    product: str
    subject: str | None
    start_ns: int
    stop_ns: int
    message: str

    def __str__(self) -> str:
        """Return the failure as one line."""
        whom = self.subject or "all"
        span = f"{format_utc(self.start_ns, decimals=0)} to {format_utc(self.stop_ns, decimals=0)}"
        return f"{self.product} of {whom}, {span}: {self.message}"


class ProcessSummary(NamedTuple):
    """What a run did: granules made, granules that were there, seconds it took, and what failed."""

    made: int
    present: int
    seconds: float
    failures: tuple[Failure, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as plain JSON values."""
        return self._asdict() | {"failures": [failure._asdict() for failure in self.failures]}


class Job(NamedTuple):
    """Tasks of one place, done in one process in order, with the rows of the recording around it."""

    tasks: tuple[Task, ...]
    anchors: AnchorTable


class Done(NamedTuple):
    """What became of a job: sealed granules, not yet current, and failures."""

    granules: list[Granule]
    failures: list[Failure]


def process(
    archive: Archive, *, workers: int = 2, progress: Progress | None = None, bin_h: float = BIN_H
) -> ProcessSummary:
    """Make every product that the archive's mission wants and that is not there; the rest is left alone.

    ``workers`` processes share the bins of levels 1 and 2; with 1, or little to do, all is done in this process.
    ``bin_h`` [h] is the length of a granule. Raises ProductError on a product that nobody declared, SpaceError on a
    full disk, ArchiveError where another process writes to the archive.
    """
    began = time.perf_counter()
    mission = archive.description
    plan = make_plan(archive, mission, bin_h)
    with archive.writing():
        made, failures = _run(archive, mission, plan, workers, progress or _silent)
    return ProcessSummary(made, plan.present, time.perf_counter() - began, tuple(failures))


def _silent(what: str, done: float, total: float) -> None:
    return None


def _run(archive: Archive, mission: Mission, plan: Plan, workers: int, progress: Progress) -> tuple[int, list[Failure]]:
    jobs = _jobs(archive, mission, plan.missing)
    made = _Made(archive)
    for number, done in enumerate(_all_done(archive, jobs, workers), 1):
        made.take(done)
        progress("beats", number, len(jobs))
    made.adopt()
    later = _later_jobs(plan.missing)
    for number, job in enumerate(later, 1):
        made.take(do_job(archive, job, made.failures))
        if job.tasks[0].subject is None or (number < len(later) and later[number].tasks[0].subject is None):
            made.adopt()  # what speaks for all is read from what is current
        progress("phases", number, len(later))
    made.adopt()
    return made.count, made.failures


class _Made:
    """What was made and what failed; makes sealed granules current now and then, not one by one."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._sealed: list[Granule] = []
        self._adopted_at = time.perf_counter()
        self.count = 0
        self.failures: list[Failure] = []

    def take(self, done: Done) -> None:
        """Note what became of a job."""
        self._sealed += done.granules
        self.count += len(done.granules)
        self.failures += done.failures
        if time.perf_counter() - self._adopted_at > ADOPT_S:
            self.adopt()

    def adopt(self) -> None:
        """Make current what is sealed."""
        sealed, self._sealed = self._sealed, []
        self._archive.adopt(sealed)
        self._adopted_at = time.perf_counter()


def _later_jobs(missing: Iterable[Task]) -> list[Job]:
    """Return the missing tasks of level 3: one job for each subject, then what speaks for all."""
    tasks = [task for task in missing if REGISTRY[task.product].scope in ("subject", "mission")]
    subjects = dict.fromkeys(task.subject for task in tasks if task.subject is not None)
    jobs = [Job(tuple(task for task in tasks if task.subject == one), {}) for one in subjects]
    return jobs + [Job((task,), {}) for task in tasks if task.subject is None]


def _jobs(archive: Archive, mission: Mission, missing: Iterable[Task]) -> list[Job]:
    """Return the missing tasks of levels 1 and 2, one job for each subject and bin, in order of time."""
    binned = [task for task in missing if REGISTRY[task.product].scope in ("subject_bin", "bin")]
    if not binned:
        return []
    waves = {one.quantity for one in DETECTORS.values()}
    rows = recorded_rows(archive, mission, waves)
    order = {name: number for number, name in enumerate(REGISTRY)}
    binned.sort(key=lambda task: (task.start_ns, task.subject or "", order[task.product]))
    jobs = []
    for place, group in groupby(binned, key=lambda task: task.place):
        span = place[1] - MARGIN_NS, place[2] + MARGIN_NS
        own = {
            (one.channel.name, one.entity)
            for quantity in waves
            if place[0] is not None
            for one in sources(mission, place[0], quantity, *span)
        }
        jobs.append(Job(tuple(group), {key: rows[key].around(*span) for key in own if key in rows}))
    return jobs


def _all_done(archive: Archive, jobs: list[Job], workers: int) -> Iterator[Done]:
    """Yield what became of each job, as they end."""
    if workers <= 1 or len(jobs) <= 1:
        for job in jobs:
            yield do_job(archive, job, [])
        return
    warm({task.product for job in jobs for task in job.tasks})
    with warnings.catch_warnings(), ProcessPoolExecutor(workers, _context(), _begin_worker) as pool:
        # Arrow's and BLAS's threads stand still in a fork and are made anew there; Python 3.12 warns of any thread
        warnings.filterwarnings("ignore", "This process .* is multi-threaded", DeprecationWarning)
        waiting: set[Future[Done]] = {pool.submit(_job_of, archive.path, job) for job in jobs}
        try:
            while waiting:
                ended, waiting = wait(waiting, return_when=FIRST_COMPLETED)
                for future in ended:
                    yield future.result()
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise


def _context() -> multiprocessing.context.BaseContext:
    """Return how processes begin: by fork on Linux, which shares what is compiled, else as the system does."""
    return multiprocessing.get_context("fork" if sys.platform == "linux" else None)


def _begin_worker() -> None:
    """Leave an interrupt from the keyboard to the parent, which ends the work in order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


@lru_cache(maxsize=1)
def _opened(path: Path) -> Archive:
    return archives.open(path)


def _job_of(path: Path, job: Job) -> Done:
    return do_job(_opened(path), job, [])


def do_job(archive: Archive, job: Job, failed_before: list[Failure]) -> Done:
    """Make and seal the granules of one job; what fails is told, and what would be made from it is not made."""
    tables: dict[str, pa.Table] = {}
    shared: dict[str, Any] = {}
    granules: list[Granule] = []
    failures: list[Failure] = []
    for task in job.tasks:
        place = task.product, task.subject, task.start_ns, task.stop_ns
        lost = _lost_input(task, [*failed_before, *failures])
        if lost is not None:
            failures.append(Failure(*place, f"not made, for {lost} failed"))
            continue
        registered = REGISTRY[task.product]
        work = Work(
            archive,
            archive.description,
            registered.product,
            task.subject,
            task.start_ns,
            task.stop_ns,
            task.parameters,
            tables,
            job.anchors,
            shared,
        )
        try:
            tables[task.product] = registered.make(work)
            granules.append(_sealed(archive, task, tables[task.product]))
        except SpaceError:
            raise
        except Exception as error:  # one failing job must not stop the others; it is reported
            tables.pop(task.product, None)
            failures.append(Failure(*place, f"{type(error).__name__}: {error}"))
    return Done(granules, failures)


def _lost_input(task: Task, failures: list[Failure]) -> str | None:
    for one in failures:
        same = task.subject in (None, one.subject) and one.start_ns < task.stop_ns and one.stop_ns > task.start_ns
        if same and one.product in task.inputs:
            return one.product
    return None


def _sealed(archive: Archive, task: Task, table: pa.Table) -> Granule:
    product = REGISTRY[task.product].product
    draft = Draft(product.name, product.level, product.version, task.recipe, task.start_ns, task.stop_ns, task.subject)
    return archive.seal(draft, table)
