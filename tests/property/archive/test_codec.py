"""What goes into a granule comes out, whatever it is."""

from __future__ import annotations

import hypothesis.extra.numpy as hnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from telemus.archive.codec import CODECS, Blob, decode, decode_quality, encode, encode_quality
from telemus.errors import DamageError

TYPES = st.sampled_from(["u1", "i1", "<u2", "<i2", ">i2", "<u4", "<i4", "<i8", "<u8", "<f4", "<f8"])


@given(TYPES.flatmap(lambda dtype: hnp.arrays(dtype, st.integers(0, 300))))
def test_any_values_survive(values):
    blob = encode(values)
    found = decode(blob, len(values))
    assert found.tobytes() == values.astype(values.dtype.newbyteorder("<")).tobytes()  # NaN and -0.0 too


@given(st.integers(0, 2**32), st.integers(1, 4000), st.integers(1, 500))
def test_smooth_counts_become_smaller(seed, count, step):
    walk = np.cumsum(np.random.default_rng(seed).integers(-step, step + 1, count)).astype("<i2")
    blob = encode(walk)
    assert len(blob.data) <= walk.nbytes
    np.testing.assert_array_equal(decode(blob, count), walk)


@given(hnp.arrays(np.uint32, st.integers(0, 200), elements=st.sampled_from([0, 1, 4, 64, 1 << 31])))
def test_quality_survives(words):
    np.testing.assert_array_equal(decode_quality(encode_quality(words), len(words)), words)


@given(st.sampled_from([*CODECS, "pcodec"]), st.binary(max_size=200), st.integers(0, 500))
def test_foreign_bytes_are_damage_and_never_crash(codec, data, count):
    try:
        found = decode(Blob(codec, "<i2", data), count)
    except DamageError:
        return
    assert len(found) == count


def test_quality_of_another_length_is_damage():
    with pytest.raises(DamageError, match="got quality for 3 samples, wanted 4"):
        decode_quality(encode_quality(np.ones(3, np.uint32)), 4)
