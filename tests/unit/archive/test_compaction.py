"""Compaction: the same samples from fewer files, whatever moment it is stopped at."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from telemus import archive
from telemus.archive import SAMPLES, Draft, SampleRow, compact, disk, tables_of, update_pyramid
from telemus.series import Quality, Segment

S = 1_000_000_000
BEGIN = 1_755_000_000 * S // (3600 * S) * 3600 * S
LAST = BEGIN + 4000 * S
CHANNELS = (("ecg", "S25101", 500), ("ecg", "S25102", 500), ("temperature", "S25101", 1))


class Stopped(BaseException):
    """The process is gone."""


def put(store, slot, start_s, seconds, bit=0):
    rng = np.random.default_rng(slot)
    rows = []
    for channel, entity, rate_hz in CHANNELS:
        values = rng.integers(-3000, 3000, seconds * rate_hz).astype(np.int16)
        segment = Segment(BEGIN + start_s * S, Fraction(S, rate_hz), len(values))
        rows.append(SampleRow(channel, entity, segment, values, np.full(len(values), bit, np.uint32)))
    start, stop = rows[0].segment.start_ns, rows[0].segment.stop_ns
    draft = Draft(SAMPLES, 1, 1, {"pass": slot, "source": f"{slot:064x}"}, start, stop, slot=f"{slot}")
    return store.write(draft, tables_of(rows))


@pytest.fixture
def passes(store):
    """Return an archive of six passes in two periods; one came twice, with another copy unverified."""
    for slot, start_s in enumerate((0, 30, 70, 100, 3700)):
        put(store, slot, start_s, 30)
    put(store, 9, 90, 40, int(Quality.UNVERIFIED))
    update_pyramid(store)
    return store


def told(store):
    """Return everything that the archive says of its samples."""
    found = []
    for channel, entity, _ in CHANNELS:
        raw = store.raw_samples(channel, entity, BEGIN, LAST)
        view = store.decimated(channel, entity, BEGIN, LAST, 40)
        found.append((raw.segments, raw.values.tobytes(), raw.quality.tobytes(), [one.tobytes() for one in view]))
    return found


def granule_files(store):
    return {path.stem for path in (store.path / "granules" / SAMPLES).iterdir()}


def test_the_same_samples_from_fewer_granules(passes):
    before, tiles = told(passes), {one.id for one in passes.granules("pyramid_1s")}
    old = {one.id for one in passes.granules(SAMPLES)}
    done = compact(passes)
    assert (done.before, done.after) == (5, 1)
    assert told(passes) == before
    assert told(archive.open(passes.path)) == before
    assert len(passes.granules(SAMPLES)) == 2
    assert {one.id for one in passes.granules("pyramid_1s")} == tiles, "no value changed: the pyramid stays"
    [whole] = [one for one in passes.granules(SAMPLES) if "compaction" in one.recipe]
    assert set(whole.recipe["inputs"]) < old
    assert len(whole.recipe["sources"]) == 5
    assert passes.provenance(whole)["recipe"] == whole.recipe
    assert granule_files(passes) == {one.id for one in passes.granules(SAMPLES)}
    assert passes.verify() == []
    assert compact(passes) == (0, 0, 0)


def test_a_late_pass_joins_what_was_put_together(passes):
    compact(passes)
    put(passes, 20, 400, 20)
    before = told(passes)
    assert compact(passes)[:2] == (2, 1)
    assert told(passes) == before
    update_pyramid(passes)
    assert told(passes) == before


def test_what_was_put_together_can_be_rebuilt(passes):
    before = told(passes)
    compact(passes)
    (passes.path / "catalogue.sqlite").unlink()
    again = archive.open(passes.path)
    assert told(again) == before
    assert len(again.granules(SAMPLES)) == 2


def test_stopped_at_any_moment_it_loses_nothing_and_goes_on(passes, monkeypatch, tmp_path_factory):
    """Every write, flush, rename, removal and commit is a moment to stop at, before it is done."""
    before = told(passes)
    names = ("_write", "_flush", "_rename", "_unlink", "commit")
    originals = {name: getattr(disk, name) for name in names}
    moment = stops = 0
    while True:
        moment += 1
        left = [moment]

        def counted(name, left=left):
            def call(*arguments):
                left[0] -= 1
                if left[0] <= 0:
                    raise Stopped
                return originals[name](*arguments)

            return call

        place = tmp_path_factory.mktemp("copy") / "archive"
        disk.copy_tree(passes.path, place)
        copy = archive.open(place)
        for name in names:
            monkeypatch.setattr(disk, name, counted(name))
        try:
            compact(copy)
        except Stopped:
            stops += 1
        finally:
            for name in names:
                monkeypatch.setattr(disk, name, originals[name])
        again = archive.open(place)
        assert told(again) == before, moment
        assert again.verify() == [], moment
        compact(again)
        assert told(again) == before, moment
        assert len(granule_files(again)) == 2, moment
        if left[0] > 0:
            break
    assert stops == moment - 1 > 10
