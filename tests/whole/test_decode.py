"""``telemus decode`` from outside: streams, frames, wrappers, pipes, interruption, and what a hostile user is told."""

from __future__ import annotations

import gzip
import io
import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from telemus.archive import read_table
from telemus.cli.decode_tables import Tables
from telemus.packets import (
    Batch,
    ContainerPlan,
    FrameLayout,
    compile_plan,
    encode,
    encode_frames,
    encode_units,
    read_definition,
)

DEFINITION = Path(__file__).parents[1] / "unit" / "packets" / "recorder.xml"
LAYOUT = FrameLayout("aos", 892, randomiser="short", reed_solomon=223, interleave=4, error_control=True)
OPTIONS = [
    "--frames",
    "aos",
    "--frame-bytes",
    "892",
    "--randomised",
    "short",
    "--rs",
    "223",
    "--interleave",
    "4",
    "--fecf",
]
Telemus = Callable[..., Any]


@pytest.fixture(scope="module")
def plan() -> ContainerPlan:
    return compile_plan(read_definition(DEFINITION)).containers["SealedWaveform"]


def packets_of(plan: ContainerPlan, count: int, first: int = 0) -> bytes:
    """Return packets whose waveforms say which they are."""
    index = np.arange(first, first + count)
    columns = {"OBT_COARSE": index, "OBT_FINE": np.zeros(count, int), "WAVE": np.repeat(index[:, None], 100, 1)}
    return encode(plan, columns, sequence_start=first).tobytes()


def split(stream: bytes, size: int) -> list[bytes]:
    return [stream[at : at + size] for at in range(0, len(stream), size)]


@pytest.fixture
def stream(tmp_path: Path, plan: ContainerPlan) -> Path:
    path = tmp_path / "pass.bin"
    path.write_bytes(packets_of(plan, 300))
    return path


def account_in(folder: Path) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((folder / "account.json").read_text("utf-8"))
    return told


@pytest.mark.parametrize("kind", ["parquet", "csv", "arrow"])
def test_tables_account_and_metadata(telemus: Telemus, tmp_path: Path, stream: Path, kind: str) -> None:
    out = tmp_path / "out"
    said = telemus("decode", DEFINITION, stream, "--out", out, "--format", kind)
    assert said.code == 0
    assert sorted(path.name for path in out.iterdir()) == [f"SealedWaveform.{kind}", "account.json"]
    table = read_table(out / f"SealedWaveform.{kind}")
    assert table.num_rows == 300
    assert table["OBT_COARSE"].to_pylist() == list(range(300))
    wave = table["WAVE"][7].as_py()
    assert (json.loads(wave) if kind == "csv" else wave) == [7] * 100
    told = account_in(out)
    assert told["packets"]["bytes"]["packets"] == stream.stat().st_size
    assert told["frames"] is None
    assert told["tables"] == {"SealedWaveform": {"file": f"SealedWaveform.{kind}", "rows": 300}}
    assert len(told["definition_sha256"]) == 64
    if kind != "csv":
        assert table.schema.metadata[b"definition_sha256"].decode() == told["definition_sha256"]
    assert "APID" in said.out
    assert f"received {stream.stat().st_size:,} bytes" in said.out


def test_frames(telemus: Telemus, tmp_path: Path, stream: Path, plan: ContainerPlan) -> None:
    packets = split(stream.read_bytes(), plan.fixed_bytes or 0)
    units = encode_units(encode_frames(packets, LAYOUT, spacecraft=157, channel=16), LAYOUT)
    damaged = np.concatenate([units[:20], units[21:]])  # the twenty-first frame is lost
    file = tmp_path / "units.dat"
    file.write_bytes(damaged.tobytes())
    said = telemus("decode", DEFINITION, file, "--out", tmp_path / "out", *OPTIONS)
    assert said.code == 0
    told = account_in(tmp_path / "out")
    assert told["frames"]["channels"][0]["missing"] == 1
    assert told["frames"]["bytes"]["received"] == file.stat().st_size
    table = read_table(tmp_path / "out" / "SealedWaveform.parquet")
    assert set(table["virtual_channel"].to_pylist()) == {16}
    assert 290 < table.num_rows < 300
    assert told["packets"]["apids"][str(plan.apid)]["missing"] == 300 - table.num_rows
    none = telemus("decode", DEFINITION, file, "--out", tmp_path / "none", *OPTIONS, "--virtual-channel", 3)
    assert none.code == 4


def test_the_message_about_frames_names_the_options_that_work(
    telemus: Telemus, tmp_path: Path, stream: Path, plan: ContainerPlan
) -> None:
    packets = split(stream.read_bytes(), plan.fixed_bytes or 0)
    file = tmp_path / "units.dat"
    file.write_bytes(encode_units(encode_frames(packets, LAYOUT, spacecraft=157, channel=16), LAYOUT).tobytes())
    said = telemus("decode", DEFINITION, file, "--out", tmp_path / "none")
    assert said.code == 4
    assert "looks like 1024-byte units with sync marker 1ACFFC1D" in said.err
    options = said.err.strip().rpartition("; give ")[2].split()
    assert options == OPTIONS
    again = telemus("decode", DEFINITION, file, "--out", tmp_path / "out", *options, "--json")
    assert json.loads(again.out)["account"]["tables"]["SealedWaveform"]["rows"] == 300
    other = telemus("decode", DEFINITION, file, "--out", tmp_path / "none", "--frames", "tm", "--frame-bytes", 1115)
    assert other.code == 4
    assert "it looks like --frames aos --frame-bytes 892" in other.err


def test_wrapped_packets_and_the_message_about_them(
    telemus: Telemus, tmp_path: Path, stream: Path, plan: ContainerPlan
) -> None:
    file = tmp_path / "wrapped.bin"
    file.write_bytes(b"".join(b"time+place" + one + b"!!" for one in split(stream.read_bytes(), plan.fixed_bytes or 0)))
    told = telemus("decode", DEFINITION, file, "--out", tmp_path / "plain", "--json")
    assert any("give --prefix-bytes 10 --suffix-bytes 2" in note for note in json.loads(told.out)["notes"])
    said = telemus(
        "decode", DEFINITION, file, "--out", tmp_path / "out", "--prefix-bytes", 10, "--suffix-bytes", 2, "--json"
    )
    octets = json.loads(said.out)["account"]["packets"]["bytes"]
    assert (octets["framing"], octets["rejected"], octets["packets"]) == (12 * 300, 0, stream.stat().st_size)


def test_pieces_of_one_stream_join_and_the_wrong_order_is_told(telemus: Telemus, tmp_path: Path, stream: Path) -> None:
    whole = stream.read_bytes()
    one, two = tmp_path / "one.bin", tmp_path / "two.bin"
    one.write_bytes(whole[:30_001])
    two.write_bytes(whole[30_001:])
    right = json.loads(telemus("decode", DEFINITION, one, two, "--out", tmp_path / "right", "--json").out)
    assert right["account"]["packets"]["bytes"]["rejected"] == 0
    assert right["account"]["tables"]["SealedWaveform"]["rows"] == 300
    assert right["account"]["files"][1] == {"name": "two.bin", "offset": 30_001, "bytes": len(whole) - 30_001}
    assert right["notes"] == []
    wrong = json.loads(telemus("decode", DEFINITION, two, one, "--out", tmp_path / "wrong", "--json").out)
    assert "one.bin seems to have been recorded before two.bin" in wrong["notes"][0]
    assert wrong["account"]["tables"]["SealedWaveform"]["rows"] == 299


def test_the_same_pass_twice_counts_once(telemus: Telemus, tmp_path: Path, stream: Path) -> None:
    told = json.loads(telemus("decode", DEFINITION, stream, stream, "--out", tmp_path / "out", "--json").out)
    octets = told["account"]["packets"]["bytes"]
    assert octets["packets"] == octets["duplicates"] == stream.stat().st_size
    assert told["refused"] == []


def test_a_pipe(telemus: Telemus, tmp_path: Path, stream: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(stream.read_bytes())))
    assert telemus("decode", DEFINITION, "-", "--out", tmp_path / "out").code == 0
    assert read_table(tmp_path / "out" / "SealedWaveform.parquet").num_rows == 300
    named = tmp_path / "fifo"
    os.mkfifo(named)
    feeder = threading.Thread(target=lambda: named.write_bytes(stream.read_bytes()))
    feeder.start()
    assert telemus("decode", DEFINITION, named, "--out", tmp_path / "again").code == 0
    feeder.join()
    assert read_table(tmp_path / "again" / "SealedWaveform.parquet").num_rows == 300


def test_a_pipe_of_nothing_known(telemus: Telemus, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("sys.stdin", io.TextIOWrapper(io.BytesIO(bytes(5000))))
    said = telemus("decode", DEFINITION, "-", "--out", tmp_path / "out")
    assert said.code == 4
    assert "standard input: got bytes in which nothing is a packet of the definition" in said.err
    assert list((tmp_path / "out").iterdir()) == []


def test_an_interruption_leaves_nothing(
    telemus: Telemus, tmp_path: Path, stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = Tables.write

    def interrupted(tables: Tables, batches: list[Batch]) -> None:
        whole(tables, batches)
        assert list((tmp_path / "out").glob(".*")), "the table is not under way"
        raise KeyboardInterrupt

    monkeypatch.setattr(Tables, "write", interrupted)
    assert telemus("decode", DEFINITION, stream, "--out", tmp_path / "out").code == 130
    assert list((tmp_path / "out").iterdir()) == []


def test_a_kill_leaves_nothing_under_a_final_name(tmp_path: Path, stream: Path) -> None:
    out = tmp_path / "out"
    command = [sys.executable, "-c", "from telemus.cli import main; main()", "decode", DEFINITION, "-", "--out", out]
    with subprocess.Popen(command, stdin=subprocess.PIPE) as worker:
        assert worker.stdin is not None
        worker.stdin.write(stream.read_bytes())
        worker.stdin.flush()
        while not list(out.glob(".*")):  # until the table is under way
            assert worker.poll() is None
            time.sleep(0.02)
        worker.kill()
    assert [path for path in out.iterdir() if not path.name.startswith(".")] == []


def test_an_old_table_stands_until_the_new_one_is_whole(
    telemus: Telemus, tmp_path: Path, stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    telemus("decode", DEFINITION, stream, "--out", out)
    before = (out / "SealedWaveform.parquet").read_bytes()

    def broken(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pyarrow.parquet.ParquetWriter.write_table", broken)
    said = telemus("decode", DEFINITION, stream, "--out", out)
    assert said.code == 5
    assert "got a full disk" in said.err
    assert (out / "SealedWaveform.parquet").read_bytes() == before


def refusals(folder: Path, stream: Path) -> dict[str, tuple[list[object], str]]:
    """Return what a hostile user gives, and what the message must say."""
    strange = folder / "strange.bin"
    strange.write_bytes(bytes.fromhex("0b00c000000055") * 50)
    packed = folder / "pass.bin.gz"
    packed.write_bytes(gzip.compress(stream.read_bytes()))
    (folder / "empty.bin").touch()
    (folder / "letter.zip").write_bytes(b"PK\x03\x04" + bytes(60))
    return {
        "wrong definition": ([DEFINITION, strange], "got packets of APID 768, wanted packets of APID"),
        "compressed": ([DEFINITION, packed], f"gzip -dc {packed} | telemus decode DEFINITION -"),
        "empty": ([DEFINITION, folder / "empty.bin"], "got an empty file (0 bytes), wanted packets"),
        "folder": ([DEFINITION, folder], "got a folder, wanted files of packets"),
        "zip": ([DEFINITION, folder / "letter.zip"], "got a ZIP archive, wanted packets"),
        "nowhere": ([DEFINITION, folder / "nowhere"], "got no file, wanted packets"),
        "swapped": ([stream, DEFINITION], f"wanted an XTCE definition: is it {DEFINITION}? It comes first"),
        "definition is a folder": ([folder, stream], "got a folder, wanted an XTCE definition"),
    }


KINDS = (
    "wrong definition",
    "compressed",
    "empty",
    "folder",
    "zip",
    "nowhere",
    "swapped",
    "definition is a folder",
)


@pytest.mark.parametrize("kind", KINDS)
def test_a_hostile_user_is_told_what_was_wanted(telemus: Telemus, tmp_path: Path, stream: Path, kind: str) -> None:
    arguments, wanted = refusals(tmp_path, stream)[kind]
    said = telemus("decode", *arguments, "--out", tmp_path / "out")
    assert said.code == 4
    assert wanted in said.err
    assert not (tmp_path / "out" / "account.json").exists()


@pytest.mark.parametrize(
    ("options", "wanted"),
    [
        (["--rs", "223"], "--rs: got no --frames beside it"),
        (["--frames", "tm"], "got no --frame-bytes beside it"),
        (["--frames", "aos", "--frame-bytes", "893", "--rs", "223", "--interleave", "4"], "at most 892"),
        (["--frames", "tm", "--frame-bytes", "4"], "wanted"),
        (["--frames", "tm", "--frame-bytes", "256", "--insert-zone", "4"], "an insert zone in TM"),
        (["--frames", "tm", "--frame-bytes", "256", "--marker", "xyz"], "hexadecimal digits"),
    ],
)
def test_options_that_cannot_be_are_wrong_use(
    telemus: Telemus, tmp_path: Path, stream: Path, options: list[str], wanted: str
) -> None:
    said = telemus("decode", DEFINITION, stream, "--out", tmp_path / "out", *options)
    assert said.code == 2
    assert wanted in said.err


def test_a_folder_that_may_not_be_written_to(
    telemus: Telemus, tmp_path: Path, stream: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The superuser, who may run this, may write anywhere.
    monkeypatch.setattr("telemus.cli.decode_tables.os.access", lambda path, _: path != tmp_path)
    said = telemus("decode", DEFINITION, stream, "--out", tmp_path)
    assert said.code == 5
    assert "got a folder that you may not write to" in said.err


def test_a_container_cannot_write_outside_the_folder(telemus: Telemus, tmp_path: Path, stream: Path) -> None:
    text = DEFINITION.read_text("utf-8").replace('name="SealedWaveform"', 'name="..\\..%2f.hidden"')
    hostile = tmp_path / "hostile.xml"
    hostile.write_text(text.replace("SealedWaveform", "..\\..%2f.hidden"), encoding="utf-8")
    out = tmp_path / "deep" / "out"
    said = telemus("decode", hostile, stream, "--out", out)
    assert said.code == 0
    assert sorted(path.name for path in out.iterdir()) == ["_.._2f.hidden.parquet", "account.json"]
