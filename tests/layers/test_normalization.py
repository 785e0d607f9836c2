import keras
import numpy as np
import pytest

from keras_bert.layers.normalization import Float32LayerNormalization

X = np.random.default_rng(3).normal(5, 2, (3, 5, 7))


def normalised(layer, x):
    layer.build(x.shape)
    layer.gamma.assign(np.linspace(0.5, 2, 7))
    layer.beta.assign(np.linspace(-1, 1, 7))
    return keras.ops.convert_to_numpy(layer(x))


def test_equals_the_formula():
    expected = (X - X.mean(-1, keepdims=True)) / np.sqrt(X.var(-1, keepdims=True) + 1e-12)
    expected = expected * np.linspace(0.5, 2, 7) + np.linspace(-1, 1, 7)
    np.testing.assert_allclose(normalised(Float32LayerNormalization(), X), expected, atol=2e-6)


@pytest.mark.parametrize("policy", ["float16", "mixed_float16", "mixed_bfloat16"])
def test_computes_in_float32(policy):
    layer = Float32LayerNormalization(dtype=policy)
    assert layer.compute_dtype == "float32"
    half = X.astype("float16")
    half[..., 0] += 300  # The square of the distance to the mean is beyond float16.
    expected = normalised(Float32LayerNormalization(), half.astype("float32"))
    np.testing.assert_allclose(normalised(layer, half), expected, atol=1e-6)


def test_a_constant_row_is_the_offset():
    constant = np.full((1, 2, 7), 3.0, dtype="float32")
    np.testing.assert_allclose(
        normalised(Float32LayerNormalization(), constant)[0, 0], np.linspace(-1, 1, 7), atol=1e-6
    )
