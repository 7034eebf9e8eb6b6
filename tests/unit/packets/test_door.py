"""The room has one door, and it says what is behind it."""

from __future__ import annotations

import telemus.packets
import telemus.packets.xtce


def test_every_public_name_is_there_and_documented() -> None:
    for door in (telemus.packets, telemus.packets.xtce):
        assert sorted(door.__all__) == list(door.__all__)
        for name in door.__all__:
            assert getattr(door, name).__doc__, name
