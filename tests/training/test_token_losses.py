import keras
import numpy as np
import pytest

from keras_bert.training.token_losses import TokenAccuracy, TokenCrossentropy

LOGITS = np.random.default_rng(3).normal(size=(2, 5, 3)).astype("float32")
LABELS = np.array([[-1, 0, 2, -1, -1], [-1, 1, -1, -1, -1]])


def by_hand(rows):
    """Cross-entropies of labelled pieces."""
    logs = LOGITS - np.log(np.exp(LOGITS).sum(-1, keepdims=True))
    return [-logs[i, j, LABELS[i, j]] for i in rows for j in range(5) if LABELS[i, j] >= 0]


def test_mean_over_labelled_pieces_alone():
    loss = TokenCrossentropy()
    assert float(loss(LABELS, LOGITS)) == pytest.approx(np.mean(by_hand([0, 1])), rel=1e-6)
    wider = np.concatenate([LABELS, np.full((2, 7), -1)], axis=1)
    logits = np.concatenate([LOGITS, np.full((2, 7, 3), 1e4, "float32")], axis=1)
    assert float(loss(wider, logits)) == pytest.approx(np.mean(by_hand([0, 1])), rel=1e-6)
    assert float(loss(np.full((2, 5), -1), LOGITS)) == 0


def test_weights_of_rows():
    expected = (2 * np.sum(by_hand([0])) + 5 * np.sum(by_hand([1]))) / 3
    loss = TokenCrossentropy()(LABELS, LOGITS, sample_weight=np.array([2.0, 5.0]))
    assert float(loss) == pytest.approx(expected, rel=1e-6)


def test_weights_of_pieces():
    weights = np.arange(10.0).reshape(2, 5)
    loss = TokenCrossentropy()(LABELS, LOGITS, sample_weight=weights)
    assert float(loss) == pytest.approx(np.sum(np.multiply(by_hand([0, 1]), [1, 2, 6])) / 3)
    accuracy = TokenAccuracy()
    accuracy.update_state(LABELS, np.eye(3)[np.maximum(LABELS, 0)] * [1, 1, -1], weights)
    assert float(accuracy.result()) == pytest.approx((1 + 6) / (1 + 2 + 6))


def test_accuracy_of_labelled_pieces():
    accuracy = TokenAccuracy()
    logits = np.eye(3, dtype="float32")[np.array([[0, 0, 1, 2, 2], [2, 1, 0, 0, 0]])]
    accuracy.update_state(LABELS, logits)
    assert float(accuracy.result()) == pytest.approx(2 / 3)
    accuracy.update_state(LABELS, logits, sample_weight=np.array([0.0, 3.0]))
    assert float(accuracy.result()) == pytest.approx((2 + 3) / (3 + 3))


def test_configurations():
    for thing in (TokenCrossentropy(name="loss"), TokenAccuracy(name="a")):
        made = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(thing))
        assert type(made) is type(thing) and made.name == thing.name


def compiled_on_jax():
    import jax

    return float(jax.jit(TokenCrossentropy())(LABELS, LOGITS))


def test_the_same_on_jax(jax_process):
    expected = float(TokenCrossentropy()(LABELS, LOGITS))
    assert jax_process(__file__, "compiled_on_jax") == pytest.approx(expected, rel=1e-6)
