import keras
import numpy as np
import pytest

from keras_bert.layers.poolers import FirstTokenPooler, MaxPooler, MeanPooler

STATES = np.array([[[1, -2], [3, -4], [8, -9]], [[-1, -5], [7, 7], [9, 9]]], dtype="float32")
MASK = np.array([[1, 1, 0], [1, 0, 0]])
POLICIES = ["float32", "float16", "mixed_float16", "mixed_bfloat16"]


def pooled(layer, *inputs):
    return keras.ops.convert_to_numpy(keras.ops.cast(layer(*inputs), "float32"))


def test_mean_by_hand():
    np.testing.assert_allclose(pooled(MeanPooler(), STATES, MASK), [[2, -3], [-1, -5]])
    np.testing.assert_allclose(pooled(MeanPooler(), STATES), [[4, -5], [5, 11 / 3]], rtol=1e-6)


def test_max_by_hand():
    np.testing.assert_allclose(pooled(MaxPooler(), STATES, MASK), [[3, -2], [-1, -5]])
    np.testing.assert_allclose(pooled(MaxPooler(), STATES), [[8, -2], [9, 9]])


def test_first_token_by_hand():
    layer = FirstTokenPooler()
    layer.build(STATES.shape)
    layer.dense.kernel.assign([[0.5, 0], [0, 0.25]])
    layer.dense.bias.assign([0, 1])
    expected = np.tanh([[0.5, 0.5], [-0.5, -0.25]])
    np.testing.assert_allclose(pooled(layer, STATES), expected, rtol=1e-6)


@pytest.mark.parametrize("policy", POLICIES)
@pytest.mark.parametrize("pooler", [MeanPooler, MaxPooler])
def test_a_row_of_padding_is_zeros(pooler, policy):
    mask = np.array([[0, 0, 0], [1, 1, 1]])
    outputs = pooled(pooler(dtype=policy), STATES, mask)
    np.testing.assert_array_equal(outputs[0], [0, 0])
    assert outputs[1].all()


def test_mean_of_many_half_precision_vectors_does_not_overflow():
    states = np.full((1, 512, 3), 1000, dtype="float16")  # Their sum is beyond float16.
    np.testing.assert_allclose(pooled(MeanPooler(dtype="float16"), states, np.ones((1, 512))), 1000)


@pytest.mark.parametrize("mask_dtype", ["bool", "int32", "float32"])
@pytest.mark.parametrize("pooler", [MeanPooler, MaxPooler])
def test_takes_masks_of_any_dtype(pooler, mask_dtype):
    expected = pooled(pooler(), STATES, MASK)
    np.testing.assert_array_equal(pooled(pooler(), STATES, MASK.astype(mask_dtype)), expected)


@pytest.mark.parametrize("pooler", [FirstTokenPooler, MeanPooler, MaxPooler])
def test_batches_of_none_and_one(pooler):
    layer = pooler()
    assert layer(STATES[:1]).shape == (1, 2)
    assert layer(STATES[:0]).shape == (0, 2)


@pytest.mark.parametrize("pooler", [FirstTokenPooler, MeanPooler, MaxPooler])
def test_wrong_rank(pooler):
    layer = pooler()
    layer.build((2, 3, 2))
    with pytest.raises(ValueError, match=r"expected sequence_output of rank 3; received shape \(3"):
        layer(STATES[0])
    with pytest.raises(ValueError, match="expected sequence_output of rank 3; received shape"):
        layer(keras.Input((2,)))


@pytest.mark.parametrize("pooler", [MeanPooler, MaxPooler])
def test_a_mask_of_another_shape(pooler):
    with pytest.raises(ValueError, match=r"expected equal shapes; received .*\(2, 3\).*\(2, 1\)"):
        pooler()(STATES, MASK[:, :1])
