"""What a file is whose bytes do not fit what was said of it: frames behind markers, wrapped packets."""

from __future__ import annotations

import numpy as np
import pytest

from telemus.packets import ApidRule, FrameLayout, encode_frames, encode_units
from telemus.packets.recognise import Wrapper, recognise_frames, recognise_wrapper

PACKET = bytes.fromhex("0830c00001f3") + bytes(range(250)) * 2
RULES = {48: ApidRule(7, 600)}


@pytest.mark.parametrize(
    "layout",
    [
        FrameLayout("aos", 892, randomiser="short", reed_solomon=223, interleave=4),
        FrameLayout("tm", 1115, randomiser="long", reed_solomon=223, interleave=5),
        FrameLayout("tm", 239 * 2, reed_solomon=239, interleave=2, dual_basis=False),
        FrameLayout("tm", 300, reed_solomon=223, interleave=2, error_control=True),
        FrameLayout("aos", 500, randomiser="short", error_control=True),
    ],
)
def test_frames_are_recognised_with_everything_that_can_be_seen(layout: FrameLayout) -> None:
    stream = encode_units(encode_frames([PACKET] * 20, layout, spacecraft=157, channel=6), layout).tobytes()
    hint = recognise_frames(b"head cut off" + stream)
    assert hint is not None
    assert hint.distance_bytes == layout.unit_bytes + 4
    assert hint.layout == layout


def test_markers_without_a_code_or_error_control_name_only_their_distance() -> None:
    layout = FrameLayout("tm", 256)
    hint = recognise_frames(
        encode_units(encode_frames([PACKET] * 9, layout, spacecraft=1, channel=0), layout).tobytes()
    )
    assert hint is not None
    assert (hint.distance_bytes, hint.layout) == (260, None)


@pytest.mark.parametrize("sample", [b"", b"\x1a\xcf\xfc\x1d", PACKET * 30, b"\x1a\xcf\xfc\x1d" * 50])
def test_what_is_no_frames_is_not_taken_for_any(sample: bytes) -> None:
    assert recognise_frames(sample) is None


@pytest.mark.parametrize(("prefix", "suffix"), [(4, 0), (0, 2), (12, 4), (64, 0)])
def test_wrapped_packets_are_recognised(prefix: int, suffix: int) -> None:
    rng = np.random.default_rng(1)
    ends = [(rng.bytes(prefix), rng.bytes(suffix)) for _ in range(12)]
    sample = b"".join(before + PACKET + behind for before, behind in ends)
    assert recognise_wrapper(sample, RULES) == Wrapper(prefix, suffix)


@pytest.mark.parametrize("sample", [b"", PACKET * 5, bytes(5000), b"<html>" * 99])
def test_plain_packets_and_others_have_no_wrapper(sample: bytes) -> None:
    assert recognise_wrapper(sample, RULES) is None
