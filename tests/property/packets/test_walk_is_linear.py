"""The walk's work grows with the octets and nothing else, whatever they are: octets read are counted, not seconds."""

from __future__ import annotations

import sys
from typing import Any

import numpy as np
import pytest
from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from telemus.packets import ApidRule, crc, seal_kernel, walk, walk_kernel
from telemus.packets.ccsds import IDLE_APID, primary_headers

SIZE = 24_000
SHORT, LONG = 40, 8_000
BOUND = 60
"""Reads of one octet, on average; a walk that is not linear reads some hundred to some thousand times."""


class Counted:
    """A buffer that counts how often one of its octets is read, and puts up with ``BOUND`` times each on average."""

    def __init__(self, octets: np.ndarray, reads: list[int]) -> None:
        self.octets, self.reads, self.size = octets, reads, octets.size

    def __getitem__(self, place: Any) -> Any:
        if isinstance(place, slice):
            return Counted(self.octets[place], self.reads)
        self.reads[0] += 1
        assert self.reads[0] < BOUND * SIZE
        return self.octets[place]


def reads_of(octets: bytes, rules: dict[int, ApidRule]) -> int:
    """Walk with the kernels as they are written and return how many octets were read."""
    reads = [0]
    with pytest.MonkeyPatch.context() as patch:
        for room in (crc, seal_kernel, walk_kernel, sys.modules[walk.__module__]):
            for name, one in list(vars(room).items()):
                if hasattr(one, "py_func"):
                    patch.setattr(room, name, one.py_func)
        # A definition in which no packet is longer: with it the look-ahead scales as the packets do.
        patch.setattr(walk_kernel, "MAX_PACKET_BYTES", max(rule.longest for rule in rules.values()))
        view = Counted(np.frombuffer(octets, np.uint8), reads)
        patch.setattr(sys.modules[walk.__module__], "octets_of", lambda _: view)
        found = walk(octets, rules)
    assert found.consumed == len(octets)
    return reads[0]


def rules_of(longest: int, sealed: bool) -> dict[int, ApidRule]:
    """APID 49 (with a checksum if ``sealed``) and 48 without one, of 7 octets to ``longest``."""
    return {48: ApidRule(7, longest), 49: ApidRule(7, longest, sealed)}


def header(apid: int, size: int) -> bytes:
    return primary_headers(apid, np.array([1]), size, secondary_header=False).tobytes()


def patterns(longest: int) -> dict[str, bytes]:
    """Octets made to cost: every piece claims as much as the definition allows."""
    sealed, plain, idle = header(49, longest), header(48, longest), header(IDLE_APID, longest)
    short = header(48, 7) + b"\0"
    return {
        "zeros": b"\0",
        "ones": b"\xff",
        "flat strangers": b"\0\1",
        "headers with a checksum": sealed,
        "headers without": plain,
        "idle headers": idle,
        "all three nested": sealed + idle + plain,
        "a false packet, then three short ones": sealed + b"\0" + 3 * short,
        "a false packet, then one short one": sealed + b"\0" + short,
        "idle in false packets": sealed[:2] + idle,
        "two-octet heads": b"\0\x31",
        "strangers that claim": header(77, longest) + b"\0",
        "short strangers": header(77, 7) + b"\0",
    }


@pytest.mark.parametrize("sealed", [True, False])
@pytest.mark.parametrize("name", patterns(LONG))
@pytest.mark.parametrize("longest", [SHORT, LONG])
def test_work_per_octet_is_bounded(name: str, sealed: bool, longest: int) -> None:
    """Headers that claim 8000 octets cost what those that claim 40 do: an octet is read a bounded number of times."""
    octets = (patterns(longest)[name] * SIZE)[:SIZE]
    assert reads_of(octets, rules_of(longest, sealed)) < BOUND * SIZE


@settings(max_examples=30, deadline=None, phases=[Phase.explicit, Phase.generate])
@given(st.lists(st.sampled_from(sorted(patterns(LONG))), min_size=2, max_size=4), st.integers(0, 3), st.booleans())
def test_work_is_bounded_for_mixtures(names: list[str], cut: int, sealed: bool) -> None:
    piece = b"".join(patterns(LONG)[name] for name in names)[cut:]
    assert reads_of((piece * SIZE)[:SIZE], rules_of(LONG, sealed)) < BOUND * SIZE
