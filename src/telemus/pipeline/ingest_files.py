"""Bytes to level 1: received files are copied, decoded, timed and written as granules of raw samples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from telemus.archive import Archive, Received, update_pyramid
from telemus.errors import FormatError
from telemus.mission import Mission
from telemus.packets import Plan, as_plan
from telemus.pipeline.accounts import merged
from telemus.pipeline.borrow import Guides, guides_for
from telemus.pipeline.ingest_file import FileIngest
from telemus.pipeline.memory import give_back
from telemus.pipeline.routes import routes_of
from telemus.pipeline.summary import FileSummary, IngestSummary

_FOREIGN = "nothing in it is a packet of the definition"
Progress = Callable[[str, float, float], None]
"""Called with (what is done, amount so far, amount in all)."""


def ingest(archive: Archive, files: Iterable[Path | str], progress: Progress | None = None) -> IngestSummary:
    """Take received files into an archive: level 0 (the bytes) and level 1 (raw samples with time and quality).

    Each file is copied, flushed and checksummed before anything looks at it. A file whose bytes were ingested before
    changes nothing; one that was left unfinished by an interruption is done again, even if it is not named now. Files
    may come in any order, and overlap. Memory does not grow with their length.

    Raises DefinitionError or MissionError where the archive's mission is faulty, FormatError where none of the files
    is one of packets (missing, empty, foreign), SpaceError where the disk is too small for the next one, ArchiveError
    where another process writes.
    """
    paths = [Path(one) for one in files]
    mission = archive.description
    plan = as_plan(mission.definition_path)
    routes_of(mission, plan)  # faults of the mission are told before any byte is copied
    total = sum(path.stat().st_size for path in paths if path.is_file())
    report = _Report(progress, total)
    with archive.writing():
        archive.tidy()
        unfinished = [one for one in archive.received() if not one.ingested]
        found = [_take(archive, mission, plan, path, report) for path in paths]
        found.extend(_decode(archive, mission, plan, one, report) for one in unfinished if not one.ingested)
        found.extend(_stamped_again(archive, mission, plan))
        update_pyramid(archive)
        account = merged([one.account() for one in archive.received() if one.ingested])
        archive.set_account(account)
    summary = IngestSummary(tuple(found), account)
    _raise_if_nothing_fits(paths, summary)
    return summary


class _Report:
    """Progress over all files: each byte counts once when received and once when decoded."""

    def __init__(self, progress: Progress | None, total: int) -> None:
        self._progress = progress
        self._total = total
        self._done = {"receive": 0, "ingest": 0}

    def __call__(self, what: str, amount: int) -> None:
        self._done[what] += amount
        if self._progress is not None:
            self._progress(what, float(self._done[what]), float(max(self._total, self._done[what])))


def _take(archive: Archive, mission: Mission, plan: Plan, path: Path, report: _Report) -> FileSummary:
    try:
        received, _ = archive.receive(path, lambda amount: report("receive", amount))
    except FormatError as error:
        return FileSummary(path.name, "refused", notes=(str(error),))
    if received.ingested:
        report("ingest", received.bytes)
        note = "the same bytes were ingested before"
        if not received.mark()["packets"]:
            return FileSummary(path.name, "no packets", received.sha256, received.bytes, notes=(f"{note}: {_FOREIGN}",))
        return FileSummary(path.name, "already there", received.sha256, received.bytes, notes=(note,))
    return _decode(archive, mission, plan, received, report)


def _decode(archive: Archive, mission: Mission, plan: Plan, received: Received, report: _Report) -> FileSummary:
    archive.require_space(received.bytes, f"the samples of {received.name}")
    try:
        guides = guides_for(archive, received)
        return FileIngest(archive, mission, plan, received, guides).run(lambda amount: report("ingest", amount))
    finally:
        give_back()


def _stamped_again(archive: Archive, mission: Mission, plan: Plan) -> Iterator[FileSummary]:
    """Give better times to files whose own time packets do not reach all packets, where others now do.

    Yield what became of those that changed. Parts whose times stay keep their granules; done again, nothing changes.
    """
    for one in archive.received():
        mark = one.mark() if one.ingested else {}
        guides = guides_for(archive, one) if mark.get("clock_doubtful") else Guides()
        if guides.name == mark.get("clock_guides", "") or not guides.runs:
            continue
        summary = FileIngest(archive, mission, plan, one, guides, stamped_again=True).run(lambda amount: None)
        if one.mark()["granules"] != mark["granules"]:
            yield summary


def _raise_if_nothing_fits(paths: list[Path], summary: IngestSummary) -> None:
    """Raise FormatError where files were given and not one of them is a file of packets."""
    given = summary.files[: len(paths)]
    if not given or any(one.status in ("ingested", "already there") for one in given):
        return
    told = [(str(path), text) for path, one in zip(paths, given, strict=True) for text in one.notes]
    reasons = "\n".join(f"  {text}" if text.startswith(name) else f"  {name}: {text}" for name, text in told)
    error = FormatError(f"got no file of packets, wanted at least one:\n{reasons}")
    error.path, error.offset = paths[0], 0
    raise error
