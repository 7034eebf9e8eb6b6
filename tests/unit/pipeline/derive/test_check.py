"""Every fault of a mission at once: each edit below must be found, named and placed."""

from __future__ import annotations

import re
import shutil

import pytest

from telemus import mission as missions
from telemus.clock import TABLE_VARIABLE, parse_utc, tai_to_utc
from telemus.pipeline import check_mission, leap_second_warnings


@pytest.fixture
def folder(tmp_path):
    target = tmp_path / "mission"
    shutil.copytree(missions.MISSIONS / "mtb2", target)
    return target


def edit(folder, file, old, new):
    text = (folder / file).read_text(encoding="utf-8")
    assert re.search(old, text, flags=re.S), f"{file} has no {old}"
    (folder / file).write_text(re.sub(old, new, text, count=1, flags=re.S), encoding="utf-8")


@pytest.mark.parametrize("name", sorted(one.parent.name for one in missions.MISSIONS.glob("*/mission.toml")))
def test_missions_that_ship_have_no_fault(name):
    assert check_mission(missions.MISSIONS / name) == []


FAULTS = [
    ("channels.toml", 'container = "EcgWaveform"', 'container = "EcgWave"', "EcgWave", "EcgWaveform"),
    ("channels.toml", 'parameter = "WAVE_ECG"', 'parameter = "ECG"', "ECG", "WAVE_ECG"),
    ("channels.toml", 'entity_parameter = "IMPLANT"', 'entity_parameter = "MOUSE"', "MOUSE", "IMPLANT"),
    ("channels.toml", 'entity_parameter = "IMPLANT"\n', "", "nothing", "which of"),
    ("channels.toml", r"rails = \[0, 65535\]", "rails = [0, 65536]", "65536", "0 to 65535"),
    ("channels.toml", r"rails = \[-32768, 32767\]", "rails = [0, 40000]", "40000", "-32768 to 32767"),
    ("channels.toml", r"rails = \[0, 65535\]", "rails = [5, 3]", r"[5, 3]", "lower one first"),
    ("channels.toml", 'unit = "mV"', 'unit = "mmHg"', "mmHg", "voltage"),
    ("mission.toml", 'container = "TimeCorrelation"', 'container = "Time"', "Time", "TimeCorrelation"),
    ("mission.toml", 'coarse_parameter = "OBT_COARSE"', 'coarse_parameter = "OBT"', "OBT", "OBT_COARSE"),
    ("mission.toml", "coarse_octets = 4", "coarse_octets = 3", "3", "32 bits"),
    ("mission.toml", 'species = "mouse"', 'species = "dragon"', "dragon", "mouse"),
    ("mission.toml", 'sensor = "S25101"\nat = [^\n]*\noffset = [^\n]*\nunit = "mmHg"\nsource = [^\n]*', "", "ZERO", ""),
    ("mission.toml", r'\[\[installation\]\]\nsensor = "S25103".*?since = [^\n]*\n', "", "none", "a sensor"),
    ("products.toml", 'name = "phases"', 'name = "faces"', "faces", "phases"),
    ("products.toml", 'name = "cosinor"', 'name = "phases"', "twice", "once"),
    (
        "products.toml",
        'name = "cosinor"',
        'name = "cosinor"\nparameters = { period = 24.0 }\nwhy = "x"',
        "24.0",
        "period_h",
    ),
    (
        "products.toml",
        'name = "cosinor"',
        'name = "cosinor"\nparameters = { period_h = "day" }\nwhy = "x"',
        "day",
        "float",
    ),
    ("products.toml", 'name = "cosinor"', 'name = "cosinor"\nparameters = { period_h = 23.0 }', "nothing", "reason"),
    ("displays.toml", 'column = "map_mmhg"', 'column = "map"', "map", "map_mmhg"),
    ("displays.toml", 'unit = "bpm"', 'unit = "Hz"', "Hz", "bpm"),
    ("timelines/flight.toml", "baseline = true", "baseline = false", "no phase", "at least one"),
    ("packets.xml", "<SpaceSystem|<xtce:SpaceSystem", "<Nonsense", "", ""),
]


@pytest.mark.parametrize(("file", "old", "new", "got", "wanted"), FAULTS)
def test_each_fault_is_found(folder, file, old, new, got, wanted):
    if got == "ZERO":
        old, got, wanted = r"\[\[zero\]\]\n" + old, "no reading", "before implantation"
    edit(folder, file, old, new)
    faults = check_mission(folder)
    assert faults
    assert any(got in fault.got and wanted in fault.wanted for fault in faults), "\n".join(map(str, faults))


def test_all_faults_are_told_at_once(folder):
    edit(folder, "channels.toml", 'container = "EcgWaveform"', 'container = "EcgWave"')
    edit(folder, "products.toml", 'name = "phases"', 'name = "faces"')
    edit(folder, "mission.toml", 'species = "mouse"', 'species = "dragon"')
    edit(folder, "timelines/rehearsal.toml", "baseline = true", "baseline = false")
    text = "\n".join(map(str, check_mission(folder)))
    for word in ("EcgWave", "faces", "dragon", "rehearsal.toml"):
        assert word in text


def test_a_fault_is_told_once_though_every_timeline_has_it(folder):
    edit(folder, "mission.toml", 'species = "mouse"', 'species = "dragon"')
    assert len(check_mission(folder)) == 1


def test_a_model_that_the_simulator_lacks(folder):
    (fault,) = check_mission(folder, models=["heart"])
    assert (fault.where, fault.wanted) == ("simulation.toml: model", "one of heart")


def test_two_sensors_at_once_in_one_subject(folder):
    edit(folder, "mission.toml", 'sensor = "S25102"\nsubject = "M2"', 'sensor = "S25102"\nsubject = "M1"')
    text = "\n".join(map(str, check_mission(folder)))
    assert "S25101 and S25102 at once" in text
    assert "installation of subject M2" in text


def test_a_folder_without_files_has_faults_and_no_exception(tmp_path):
    assert check_mission(tmp_path)


def test_an_expired_table_of_leap_seconds_is_warned_of(folder, tmp_path, monkeypatch):
    now = tai_to_utc(parse_utc("2026-01-01T00:00:00Z"))
    rows = "1972-01-01,10\n"
    for expiry, expected in (("2030-01-01", 0), ("2025-12-31", 1), ("2025-07-01", 3)):
        table = tmp_path / f"{expiry}.csv"
        table.write_text(f"# expires {expiry}\n{rows}", encoding="utf-8")
        monkeypatch.setenv(TABLE_VARIABLE, str(table))
        told = list(leap_second_warnings(folder, now))
        assert len(told) == expected, told
        assert all(expiry in one for one in told)
    (tmp_path / "undated.csv").write_text(rows, encoding="utf-8")
    monkeypatch.setenv(TABLE_VARIABLE, str(tmp_path / "undated.csv"))
    assert "no date of expiry" in next(leap_second_warnings(folder, now))
