"""Which channel is pressure and which is ECG, and what is said where that is open."""

from pathlib import Path

import numpy as np
import pytest

from telemus.errors import FormatError, UnitError
from telemus.exchange.choose import ECG, PRESSURE, Wanted, apply_units, choose
from telemus.exchange.recording import Source
from telemus.series import Samples

PATH = Path("rec.edf")


def sources(*pairs: tuple[str, str]) -> list[Source]:
    samples = Samples.of(np.zeros(1), 1)
    return [Source(name, unit, 1000.0, 1, lambda: (samples, ())) for name, unit in pairs]


def picked(*pairs: tuple[str, str], pressure: Wanted = None, ecg: Wanted = None) -> dict[str, str]:
    chosen, _ = choose(PATH, sources(*pairs), pressure=pressure, ecg=ecg)
    return {pairs[choice.place][0]: choice.quantity for choice in chosen}


@pytest.mark.parametrize("unit", ["mmHg", "kPa", "cmH2O", "hPa", "Torr", "mm Hg"])
@pytest.mark.parametrize("name", ["ABP", "Art BP", "pressure", "Channel 2", "CH2", "Blood Pressure", "P1"])
def test_one_channel_of_pressure_is_taken_whatever_its_name(name: str, unit: str) -> None:
    assert picked((name, unit), ("Temp", "degC")) == {name: PRESSURE}


@pytest.mark.parametrize(
    ("name", "unit"),
    [("ECG", "V"), ("EKG", "uV"), ("Lead II", "V"), ("II", "mV"), ("MLII", "mV"), ("aVF", "uV"), ("V5", "V"),
     ("ECG-mouse", "mV"), ("Channel 1", "mV"), ("biopotential", "µV")],
)  # fmt: skip
def test_ecg_by_name_in_volts_and_by_unit_in_millivolts(name: str, unit: str) -> None:
    assert picked((name, unit), ("EMG", "mV"), ("Resp", "V")) == {name: ECG}


@pytest.mark.parametrize("name", ["EEG Fz", "EMG", "Resp", "Pleth", "Temp", "Battery", "Nerve"])
def test_other_voltages_are_no_ecg(name: str) -> None:
    with pytest.raises(FormatError, match="no channel that is pressure or ECG"):
        picked((name, "mV"))


@pytest.mark.parametrize(
    "name", ["CVP", "LVP", "PAP", "ICP", "Barometer", "Airway", "Cabin pressure", "MAP", "Mean BP"]
)
def test_other_pressures_are_not_arterial(name: str) -> None:
    assert picked((name, "mmHg"), ("ABP", "mmHg")) == {"ABP": PRESSURE}
    with pytest.raises(FormatError, match="no channel"):
        picked((name, "mmHg"))


def test_both_are_taken() -> None:
    assert picked(("ABP", "mmHg"), ("ECG", "mV"), ("Temp", "degC")) == {"ABP": PRESSURE, "ECG": ECG}


def test_first_of_several_leads_is_taken_and_said() -> None:
    chosen, notes = choose(PATH, sources(("MLII", "mV"), ("V5", "mV")))
    assert [choice.place for choice in chosen] == [0]
    assert "2 ECG leads (MLII, V5)" in notes[0]


def test_two_animals_in_one_file_are_the_caller_s_choice() -> None:
    with pytest.raises(
        FormatError, match=r"2 channels that may be pressure_arterial \('ABP 1', 'ABP 2'\), wanted one; .*--pressure"
    ):
        picked(("ABP 1", "mmHg"), ("ABP 2", "mmHg"))
    assert picked(("ABP 1", "mmHg"), ("ABP 2", "mmHg"), pressure=["ABP 1", "ABP 2"]) == {
        "ABP 1": PRESSURE,
        "ABP 2": PRESSURE,
    }


def test_error_lists_channels_with_units_and_numbers() -> None:
    with pytest.raises(
        FormatError, match=r"rec\.edf: got no channel .*1 'Temp' \[degC\] 1000 Hz; 2 'Act' \[no unit\] 1000 Hz"
    ):
        picked(("Temp", "degC"), ("Act", ""))


@pytest.mark.parametrize("wanted", ["abp ", "2", 2, ["ABP"]])
def test_choice_by_name_without_case_or_by_number(wanted: Wanted) -> None:
    assert picked(("Temp", "degC"), ("ABP", "mmHg"), pressure=wanted) == {"ABP": PRESSURE}


@pytest.mark.parametrize("wanted", ["XYZ", "0", "3", 0, -1, "９", "²"])
def test_choice_that_is_not_there_lists_what_is(wanted: Wanted) -> None:
    with pytest.raises(FormatError, match=r"wanted one of these: 1 'Temp'"):
        picked(("Temp", "degC"), ("ABP", "mmHg"), pressure=wanted)


def test_same_name_twice_is_chosen_by_number() -> None:
    with pytest.raises(FormatError, match="2 channels named 'BP', wanted one; choose by number"):
        picked(("BP", "mmHg"), ("BP", "mmHg"), pressure="BP")
    chosen, _ = choose(PATH, sources(("BP", "mmHg"), ("BP", "mmHg")), pressure=2)
    assert chosen[0].place == 1


def test_channel_without_unit_names_file_channel_and_remedy() -> None:
    for pressure in (None, "Art BP"):
        with pytest.raises(UnitError, match=r'rec\.edf: channel 1 \'Art BP\': got no unit.*--unit "Art BP"=mmHg'):
            picked(("Art BP", ""), pressure=pressure)


def test_channel_without_unit_beside_a_good_one_is_only_noted() -> None:
    chosen, notes = choose(PATH, sources(("ABP", ""), ("ECG", "mV")))
    assert [choice.quantity for choice in chosen] == [ECG]
    assert "channel 1 'ABP': got no unit" in notes[0]


def test_choice_of_another_dimension() -> None:
    with pytest.raises(UnitError, match="got 'degC', a unit of temperature, wanted a unit of pressure"):
        picked(("Temp", "degC"), pressure=1)


def test_doubt_about_the_other_quantity_is_noted_where_one_was_chosen() -> None:
    chosen, notes = choose(PATH, sources(("ABP 1", "mmHg"), ("ABP 2", "mmHg"), ("ECG", "mV")), ecg="ECG")
    assert [choice.place for choice in chosen] == [2]
    assert notes[0].startswith("passed over: ")


def test_units_that_the_caller_states_replace_the_file_s() -> None:
    changed = apply_units(PATH, sources(("CH1", ""), ("CH2", "V")), {"CH1": "mmHg", "2": "kPa"})
    assert [source.unit for source in changed] == ["mmHg", "kPa"]
    with pytest.raises(UnitError, match="'furlong'"):
        apply_units(PATH, sources(("CH1", "")), {"CH1": "furlong"})
