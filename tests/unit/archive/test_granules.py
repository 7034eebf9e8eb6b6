"""Granules: written once, current by a pointer, read by subject and span, provable and rebuildable."""

from __future__ import annotations

import multiprocessing
import operator
import shutil
import sqlite3

import numpy as np
import pyarrow as pa
import pytest

from telemus import archive
from telemus.errors import ArchiveError, DamageError
from telemus.product import Column


def beats(*times_ns: int) -> pa.Table:
    return pa.table({"tai_ns": list(times_ns), "sbp_mmhg": [float(one) for one in times_ns]})


def put(store, recipe, table, *, subject="M1", start=0, stop=100, product="beats"):
    return store.write(archive.Draft(product, 2, 1, recipe, start, stop, subject), table)


def test_rows_come_back_sorted_and_cut_to_the_span(store):
    put(store, {"bin": 2}, beats(170, 150, 160), start=100, stop=200)
    put(store, {"bin": 1}, beats(50, 70, 60))
    assert store.read("beats")["tai_ns"].to_pylist() == [50, 60, 70, 150, 160, 170]
    assert store.read("beats", start_ns=60, stop_ns=160)["tai_ns"].to_pylist() == [60, 70, 150]
    assert store.read("beats", start_ns=60, stop_ns=160, columns=["sbp_mmhg"]).to_pydict() == {
        "sbp_mmhg": [60.0, 70.0, 150.0]
    }


def test_batches_are_the_same_rows(store):
    put(store, {"bin": 1}, beats(50, 70, 60))
    put(store, {"bin": 2}, beats(150), start=100, stop=200)
    found = [batch["tai_ns"].to_pylist() for batch in store.batches("beats", stop_ns=160)]
    assert found == [[50, 60, 70], [150]]


def test_only_the_subject_that_is_asked_for(store):
    put(store, {"of": "M1"}, beats(1), subject="M1")
    put(store, {"of": "M2"}, beats(2), subject="M2")
    shared = pa.table({"tai_ns": [3, 4], "sbp_mmhg": [3.0, 4.0], "subject": ["M1", "M2"]})
    put(store, {"of": "all"}, shared, subject=None)
    assert store.read("beats", subject="M1")["tai_ns"].to_pylist() == [1, 3]
    assert len(store.granules("beats", subject="M2")) == 2


def test_nothing_there_is_a_table_without_rows(store):
    assert store.read("beats").num_rows == 0
    put(store, {"bin": 1}, beats())
    assert store.read("beats").column_names == ["tai_ns", "sbp_mmhg"]
    assert store.read("beats", columns=["sbp_mmhg"]).num_rows == 0


def test_a_table_without_time_is_read_whole(store):
    put(store, {"k": 1}, pa.table({"subject": ["M1"], "acrophase_h": [3.5]}), subject=None, product="cosinor")
    assert store.read("cosinor", start_ns=5, stop_ns=6)["acrophase_h"].to_pylist() == [3.5]


def test_a_recipe_is_written_once(store):
    first = put(store, {"k": 1}, beats(1))
    written = first.path.stat().st_mtime_ns
    second = put(store, {"k": 1}, beats(999))
    assert second.id == first.id
    assert first.path.stat().st_mtime_ns == written
    assert store.read("beats")["tai_ns"].to_pylist() == [1]


def test_a_recipe_that_leaves_out_the_subject_is_refused(store):
    put(store, {"k": 1}, beats(1), subject="M1")
    with pytest.raises(ArchiveError, match=r"got a granule of M2.*wanted a recipe that names all it depends on"):
        put(store, {"k": 1}, beats(2), subject="M2")


def test_the_pointer_moves_and_moves_back(store):
    put(store, {"k": 1}, beats(1))
    put(store, {"k": 2}, beats(2))
    assert (store.has("beats", {"k": 1}), store.has("beats", {"k": 2})) == (False, True)
    assert store.read("beats")["tai_ns"].to_pylist() == [2]
    put(store, {"k": 1}, beats(1))
    assert store.read("beats")["tai_ns"].to_pylist() == [1]
    assert len(store.granules("beats", current=False)) == 2
    assert len(list(store.path.glob("granules/beats/*.parquet"))) == 2


def test_a_granule_replaces_what_it_overlaps_of_its_subject_only(store):
    put(store, {"k": 1}, beats(10), start=0, stop=50)
    put(store, {"k": 2}, beats(60), start=50, stop=100)
    put(store, {"k": 3}, beats(11), subject="M2", start=0, stop=100)
    put(store, {"k": 4}, beats(12), start=0, stop=40)
    assert store.read("beats", subject="M1")["tai_ns"].to_pylist() == [12, 60]
    assert store.read("beats", subject="M2")["tai_ns"].to_pylist() == [11]


def test_slots_lie_side_by_side(store):
    for number in (1, 2):
        store.write(archive.Draft("events", 1, 1, {"n": number}, 0, 9, slot=f"file/{number}"), beats(number))
    assert store.read("events")["tai_ns"].to_pylist() == [1, 2]
    store.write(archive.Draft("events", 1, 1, {"n": 3}, 0, 9, slot="file/2"), beats(3))
    assert store.read("events")["tai_ns"].to_pylist() == [1, 3]


def test_sealed_is_not_yet_current(store):
    granule = store.seal(archive.Draft("beats", 2, 1, {"k": 1}, 0, 9, "M1"), beats(1))
    assert granule.path.is_file()
    assert not store.has("beats", {"k": 1})
    store.adopt([granule])
    assert store.has("beats", {"k": 1})


def test_retired_granules_are_out_of_sight(store):
    granule = put(store, {"k": 1}, beats(1))
    store.retire("beats", [granule])
    assert store.read("beats").num_rows == 0
    assert granule.path.is_file()


@pytest.mark.parametrize("way", ["deleted", "overwritten", "emptied"])
def test_the_catalogue_can_be_thrown_away(store, way):
    put(store, {"k": 1}, beats(1))
    put(store, {"k": 2}, beats(2))
    put(store, {"k": 1}, beats(1))
    retired = put(store, {"k": 9}, beats(9), subject="M3")
    store.retire("beats", [retired])
    before = store.granules(current=False)
    catalogue = store.path / "catalogue.sqlite"
    for path in store.path.glob("catalogue.sqlite*"):
        path.unlink()
    if way != "deleted":
        catalogue.write_bytes(b"" if way == "emptied" else b"no database at all" * 100)
    again = archive.open(store.path)
    assert again.granules(current=False) == before
    assert again.read("beats")["tai_ns"].to_pylist() == [1]


def test_without_pointers_the_last_file_is_current(store):
    put(store, {"k": 1}, beats(1))
    put(store, {"k": 2}, beats(2))
    (store.path / "pointers.jsonl").unlink()
    assert store.rebuild() == 2
    assert store.read("beats")["tai_ns"].to_pylist() == [2]


def test_a_half_written_granule_is_never_seen(store):
    def breaks():
        yield beats(1)
        raise RuntimeError("the machine stops here")

    with pytest.raises(RuntimeError):
        put(store, {"k": 1}, breaks())
    assert list(store.path.glob("granules/**/*.par*")) == []
    assert store.read("beats").num_rows == 0


def test_a_flipped_bit_is_an_error_and_never_a_value(store):
    granule = put(store, {"k": 1}, pa.table({"tai_ns": np.arange(5000), "x": np.random.default_rng(1).random(5000)}))
    octets = bytearray(granule.path.read_bytes())
    octets[len(octets) // 2] ^= 4
    granule.path.write_bytes(octets)
    with pytest.raises(DamageError, match=granule.id):
        store.read("beats")
    assert [(one.kind, one.path, one.start) for one in store.verify()] == [("granule", granule.path, 0)]


def test_a_missing_granule_is_named(store):
    granule = put(store, {"k": 1}, beats(1))
    granule.path.unlink()
    assert [(one.kind, one.path, one.start) for one in store.verify()] == [("granule", granule.path, None)]
    with pytest.raises(DamageError, match="got no readable file"):
        store.read("beats")


def test_provenance_says_what_made_it(store):
    told = store.provenance(put(store, {"parameters": {"k": 1}}, beats(1)))
    assert told["recipe"] == {"parameters": {"k": 1}}
    assert (told["product"], told["level"], told["version"], told["subject"]) == ("beats", 2, 1, "M1")
    assert "telemus" in told["environment"]


def test_units_and_meanings_stay_with_the_columns(store):
    table = archive.annotate(beats(1), [Column("sbp_mmhg", "mmHg", "systolic pressure")])
    put(store, {"k": 1}, table)
    assert store.read("beats").schema.field("sbp_mmhg").metadata == {b"unit": b"mmHg", b"meaning": b"systolic pressure"}


@pytest.mark.parametrize("name", ["../beats", "Beats", "", "a/b", "a\0b", ".hidden", "x" * 80])
def test_a_product_name_cannot_leave_its_folder(store, name):
    with pytest.raises(ArchiveError, match="wanted lower-case letters"):
        put(store, {"k": 1}, beats(1), product=name)


def test_an_archive_goes_to_another_process_by_its_place(store):
    put(store, {"k": 1}, beats(1))
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(operator.methodcaller("read", "beats"), (store,)).num_rows == 1


def test_a_moved_archive_still_reads(store, tmp_path):
    put(store, {"k": 1}, beats(1))
    shutil.move(store.path, tmp_path / "elsewhere")
    assert archive.open(tmp_path / "elsewhere").read("beats").num_rows == 1


def test_the_catalogue_is_plain_sqlite(store):
    put(store, {"k": 1}, beats(1))
    with sqlite3.connect(store.path / "catalogue.sqlite") as connection:
        assert connection.execute("SELECT product, rows FROM granule").fetchall() == [("beats", 1)]
    connection.close()
