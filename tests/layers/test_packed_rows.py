"""Where attention may go, and where positions begin again, in rows of several texts."""

import keras
import numpy as np
import pytest

from keras_bert.layers import PackedAttentionMask, PackedPositions

IDS = np.array([[1, 1, 1, 2, 3, 3, 0], [1, 2, 2, 2, 2, 2, 2], [0] * 7], "int32")


def both(ids):
    return [
        keras.ops.convert_to_numpy(kind()(ids)) for kind in (PackedAttentionMask, PackedPositions)
    ]


def check(mask, positions):
    for row, ids in enumerate(IDS):
        for s, t in np.ndindex(7, 7):
            assert mask[row][s][t] == (ids[s] == ids[t])
    assert positions == [[0, 1, 2, 0, 0, 1, 0], [0, 0, 1, 2, 3, 4, 5], [0] * 7]


def results():
    """Both for IDS, compiled with unknown sizes, and their dtypes."""
    inputs = keras.Input((None,), dtype="int32")
    model = keras.Model(inputs, [PackedAttentionMask()(inputs), PackedPositions()(inputs)])
    mask, positions = model.predict(IDS, verbose=0)
    return mask.tolist(), positions.tolist(), [mask.dtype.name, positions.dtype.name]


def test_values_and_dtypes():
    mask, positions = both(IDS)
    check(mask.tolist(), positions.tolist())
    mask, positions, dtypes = results()
    check(mask, positions)
    assert dtypes == ["bool", "int32"]


def test_on_jax(jax_process):
    mask, positions, dtypes = jax_process(__file__, "results")
    check(mask, positions)
    assert dtypes == ["bool", "int32"]


@pytest.mark.parametrize("shape", [(0, 7), (1, 1), (2, 0)])
def test_small_batches(shape):
    mask, positions = both(np.ones(shape, "int64"))
    assert mask.shape == (*shape, shape[1]) and positions.shape == shape


@pytest.mark.parametrize("kind", [PackedAttentionMask, PackedPositions])
def test_config_and_refusals(kind):
    layer = kind(name="a")
    assert kind.from_config(layer.get_config()).name == "a"
    with pytest.raises(ValueError, match="expected input_sequence_ids of rank 2; received"):
        layer(np.ones(3, "int32"))
    with pytest.raises(ValueError, match="expected integer input_sequence_ids; received dtype"):
        layer(np.ones((1, 3), "float32"))
