import keras
import numpy as np
import pytest

from keras_bert.layers.dropout import ReplayableDropout

X = np.ones((11, 13), dtype="float32")


def drop(dropout, **kwargs):
    return keras.ops.convert_to_numpy(dropout(X, **kwargs))


def test_is_keras_dropout_otherwise():
    ours, theirs = ReplayableDropout(0.3, seed=5), keras.layers.Dropout(0.3, seed=5)
    for _ in range(2):
        np.testing.assert_array_equal(drop(ours, training=True), drop(theirs, training=True))
    np.testing.assert_array_equal(drop(ours), X)


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
