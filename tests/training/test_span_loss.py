import keras
import numpy as np
import pytest

from keras_bert.training.span_loss import SpanAccuracy, SpanLoss

LOW = -1e9


@pytest.fixture
def logits():
    return np.random.default_rng(0).normal(size=(3, 5, 2)).astype("float32")


def by_hand(labels, logits):
    """Mean over windows and over start and end of -log softmax, in float64."""
    logits = logits.astype("float64")
    chances = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    each = [[-np.log(chances[b, p, k]) for k, p in enumerate(row)] for b, row in enumerate(labels)]
    return np.mean(each)


def test_loss_by_hand(logits):
    labels = np.array([[1, 3], [0, 0], [4, 4]])
    assert float(SpanLoss()(labels, logits)) == pytest.approx(by_hand(labels, logits), rel=1e-6)


def test_loss_of_keras_own_cross_entropies(logits):
    labels = np.array([[2, 2], [0, 4], [1, 3]])
    one = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    expected = (one(labels[:, 0], logits[..., 0]) + one(labels[:, 1], logits[..., 1])) / 2
    assert float(SpanLoss()(labels, logits)) == pytest.approx(float(expected), rel=1e-6)


def test_padding_with_a_low_logit_does_not_count(logits):
    labels = np.array([[1, 3], [0, 0], [4, 4]])
    padded = np.concatenate([logits, np.full((3, 2, 2), LOW, "float32")], axis=1)
    assert float(SpanLoss()(labels, padded)) == pytest.approx(float(SpanLoss()(labels, logits)))


def test_weights_of_windows(logits):
    labels = np.array([[1, 3], [0, 0], [4, 4]])
    kept = SpanLoss(reduction="sum")(labels, logits, sample_weight=np.array([0.0, 1.0, 0.0]))
    alone = SpanLoss(reduction="sum")(labels[1:2], logits[1:2])
    assert float(kept) == pytest.approx(float(alone), rel=1e-6)


def test_accuracy_needs_both_ends():
    logits = np.zeros((4, 5, 2), "float32")
    for row, (start, end) in enumerate([(1, 3), (2, 2), (0, 0), (4, 1)]):
        logits[row, start, 0] = logits[row, end, 1] = 1
    metric = SpanAccuracy()
    metric.update_state(np.array([[1, 3], [2, 3], [0, 0], [0, 1]]), logits)
    assert float(metric.result()) == 0.5
    metric.reset_state()
    metric.update_state(np.array([[1, 3], [2, 3], [0, 0], [0, 1]]), logits, np.array([2, 1, 0, 1]))
    assert float(metric.result()) == 0.5


def test_both_come_back_from_their_config():
    for made in (SpanLoss(name="loss"), SpanAccuracy(name="accuracy")):
        again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(made))
        assert (type(again), again.name) == (type(made), made.name)
