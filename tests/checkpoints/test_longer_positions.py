import dataclasses

import numpy as np
import pytest

from keras_bert.checkpoints.checkpoint import Checkpoint
from keras_bert.checkpoints.longer_positions import (
    TABLE,
    interpolated,
    repeated,
    with_positions,
)
from keras_bert.config import BertConfig


def make(positions=5, width=3):
    config = BertConfig(11, width, 1, 1, 7, max_position_embeddings=positions)
    table = np.random.default_rng(1).normal(size=(positions, width)).astype("float32")
    return Checkpoint(config=config, arrays={TABLE: table, "other": np.ones(2)})


def test_interpolation_reads_between_rows():
    table = np.array([[0, 10], [2, 20], [4, 0]], "float32")
    expected = [[0, 10], [1, 15], [2, 20], [3, 10], [4, 0]]
    np.testing.assert_allclose(interpolated(table, 5), expected)
    np.testing.assert_array_equal(interpolated(table, 3), table)
    rows = np.stack([np.interp(np.linspace(0, 2, 8), range(3), c) for c in table.T], axis=1)
    np.testing.assert_allclose(interpolated(table, 8), rows, rtol=1e-6)
    np.testing.assert_array_equal(interpolated(table[:1], 3), table[[0, 0, 0]])


def test_extension_repeats_the_table():
    table = np.arange(6, dtype="float32").reshape(3, 2)
    np.testing.assert_array_equal(repeated(table, 8), table[[0, 1, 2, 0, 1, 2, 0, 1]])


@pytest.mark.parametrize("method", ["interpolate", "extend"])
def test_a_checkpoint_gets_a_longer_table(method):
    before = make()
    after = with_positions(before, 12, method)
    assert after.config == dataclasses.replace(before.config, max_position_embeddings=12)
    assert after.arrays[TABLE].shape == (12, 3)
    assert after.arrays[TABLE].dtype == np.float32
    assert after.arrays["other"] is before.arrays["other"]
    assert before.arrays[TABLE].shape == (5, 3)


def test_refuses():
    with pytest.raises(ValueError, match="expected a method of interpolate, extend; received 'x'"):
        with_positions(make(), 12, "x")
    with pytest.raises(ValueError, match=r"expected at least the 5 positions.*received 4"):
        with_positions(make(), 4, "extend")
