import keras
import numpy as np
import pytest
import tensorflow as tf

from keras_bert.training.choice_losses import ChoiceAccuracy, ChoiceLoss

LOGITS = np.random.default_rng(2).normal(size=(7, 3)).astype("float32")
LABELS = np.array([0, 2, 1, 1, 0, 2, 2], "int32")


def test_loss_is_cross_entropy_over_the_choices():
    reference = keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loss = ChoiceLoss()
    assert float(loss(LABELS, LOGITS.reshape(-1))) == pytest.approx(
        float(reference(LABELS, LOGITS))
    )
    weights = np.arange(7.0)
    assert float(loss(LABELS, LOGITS.reshape(-1), weights)) == pytest.approx(
        float(reference(LABELS, LOGITS, weights))
    )
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(loss))
    assert again.get_config() == loss.get_config()


@pytest.mark.parametrize("jit_compile", [False, True])
def test_compiled_with_unknown_sizes(jit_compile):
    specs = [tf.TensorSpec([None], tf.int32), tf.TensorSpec([None])]
    function = tf.function(lambda y, x: ChoiceLoss()(y, x), specs, jit_compile=jit_compile)
    expected = ChoiceLoss()(LABELS, LOGITS.reshape(-1))
    np.testing.assert_allclose(function(LABELS, LOGITS.reshape(-1)), expected, rtol=1e-6)


def test_accuracy_counts_records():
    metric = ChoiceAccuracy()
    metric.update_state(LABELS[:4], LOGITS[:4].reshape(-1))
    metric.update_state(LABELS[4:], LOGITS[4:].reshape(-1))
    assert float(metric.result()) == pytest.approx((LOGITS.argmax(1) == LABELS).mean())
    again = keras.saving.deserialize_keras_object(keras.saving.serialize_keras_object(metric))
    again.update_state(LABELS, LOGITS.reshape(-1))
    assert float(again.result()) == pytest.approx(float(metric.result()))
