import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.layers.dropout import ReplayableDropout

X = np.ones((11, 13), dtype="float32")


def drop(dropout, **kwargs):
    return keras.ops.convert_to_numpy(dropout(X, **kwargs))


def test_is_keras_dropout_where_units_share_a_draw():
    ours = ReplayableDropout(0.3, noise_shape=(None, 1), seed=5)
    theirs = keras.layers.Dropout(0.3, noise_shape=(None, 1), seed=5)
    for _ in range(2):
        np.testing.assert_array_equal(drop(ours, training=True), drop(theirs, training=True))
    np.testing.assert_array_equal(drop(ours), X)


@pytest.mark.parametrize("rate", [0.001, 0.1, 0.5, 0.97, 0.999999])
@pytest.mark.parametrize("dtype", ["float32", "bfloat16"])
def test_drops_the_share_that_it_is_told(rate, dtype):
    units = keras.ops.ones((101, 103, 107), dtype)
    dropped = ReplayableDropout(rate, seed=5, dtype=dtype)(units, training=True)
    dropped = keras.ops.convert_to_numpy(keras.ops.cast(dropped, "float32"))
    number, deviation = dropped.size, np.sqrt(rate * (1 - rate))
    assert abs((dropped == 0).mean() - rate) < 5 * deviation / np.sqrt(number) + 2**-16
    kept = np.unique(dropped[dropped != 0])
    assert len(kept) == 1
    np.testing.assert_allclose(kept, 1 / (1 - min(rate, 1 - 2**-16)), rtol=5e-3)
    zeros = (
        dropped == 0
    ) - rate  # Neighbours share a random number: they are independent all the same.
    for axis in range(3):
        ahead, behind = np.take(zeros, range(1, 101), axis), np.take(zeros, range(100), axis)
        assert abs((ahead * behind).mean()) < 5 * deviation**2 / np.sqrt(ahead.size) + 2**-16


def compiled(dropout, seed, **kwargs):
    @tf.function(input_signature=[tf.TensorSpec([None, None])], **kwargs)
    def function(x):
        with dropout.replaying(seed):
            return dropout(x, training=True)

    return function


def test_drops_in_shapes_known_only_when_running():
    dropout = ReplayableDropout(0.3, seed=5)
    seed = dropout.draw()
    function = compiled(dropout, seed)
    with dropout.replaying(seed):
        expected = drop(dropout, training=True)
    np.testing.assert_array_equal(function(X), expected)
    assert function(X[:0]).shape == (0, 13) and function(X[:, :1]).shape == (11, 1)


def test_drops_under_xla():
    dropout = ReplayableDropout(0.3, seed=5)
    dropped = compiled(dropout, dropout.draw(), jit_compile=True)(np.ones((101, 103), "float32"))
    assert abs((dropped.numpy() == 0).mean() - 0.3) < 0.03


def test_replays_a_drawn_seed():
    dropout = ReplayableDropout(0.3, seed=5)
    seed, other = dropout.draw(), dropout.draw()
    with dropout.replaying(seed):
        first, second = drop(dropout, training=True), drop(dropout, training=True)
        np.testing.assert_array_equal(drop(dropout), X)
    np.testing.assert_array_equal(first, second)
    assert 0 < (first == 0).mean() < 1
    with dropout.replaying(other):
        assert (drop(dropout, training=True) != first).any()
    np.testing.assert_array_equal(first, drop(ReplayableDropout(0.3, seed=5), training=True))


def test_stops_replaying_after_an_error():
    dropout = ReplayableDropout(0.3, seed=5)
    with pytest.raises(RuntimeError, match="on the way"), dropout.replaying(dropout.draw()):
        raise RuntimeError("on the way")
    assert (drop(dropout, training=True) != drop(dropout, training=True)).any()


def test_rate_zero_draws_nothing():
    dropout = ReplayableDropout(0.0)
    assert dropout.draw() is None
    assert not dropout.variables
    with dropout.replaying(dropout.draw()):
        np.testing.assert_array_equal(drop(dropout, training=True), X)
