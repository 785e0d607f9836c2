"""Parts of batches, and the loss by which they add up to the batch's."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from pretraining_records_files import features

from keras_bert.data.micro_batches import micro_batches
from keras_bert.training.counted_crossentropy import CountedCrossentropy


def batch(rows=12):
    made = features(rows, seed=5)
    made["masked_lm_weights"][:4] = 0  # the first of three parts predicts nothing
    return made


def served(made, parts):
    dataset = tf.data.Dataset.from_tensor_slices(made)
    whole = dataset.batch(len(made["input_mask"]), drop_remainder=True)
    return list(micro_batches(whole, parts).as_numpy_iterator())


def test_parts_are_the_batch():
    made = batch()
    parts = served(made, 3)
    assert len(parts) == 3
    for name, column in made.items():
        joined = np.concatenate([part[name] for part in parts])
        if name != "masked_lm_weights":
            np.testing.assert_array_equal(joined, column)
        else:
            np.testing.assert_array_equal(joined > 0, column > 0)


def test_the_losses_of_parts_add_up():
    made, random = batch(), np.random.default_rng(3)
    logits = random.normal(size=(12, 3, 29)).astype("float32")
    mean = keras.losses.SparseCategoricalCrossentropy(
        from_logits=True, reduction="mean_with_sample_weight"
    )
    expected = float(mean(made["masked_lm_ids"], logits, made["masked_lm_weights"]))
    loss = CountedCrossentropy()
    plain = float(loss(made["masked_lm_ids"], logits, made["masked_lm_weights"]))
    assert plain == pytest.approx(expected, rel=1e-6)
    for count in (2, 3, 4, 6, 12):
        parts = served(made, count)
        losses = [
            float(loss(part["masked_lm_ids"], y_pred, part["masked_lm_weights"]))
            for part, y_pred in zip(parts, np.split(logits, count), strict=True)
        ]
        assert np.mean(losses) == pytest.approx(expected, rel=1e-6)


def test_without_weights_and_without_predictions():
    loss, logits = CountedCrossentropy(), np.zeros((2, 3, 29), "float32")
    assert float(loss(np.ones((2, 3)), logits)) == pytest.approx(np.log(29), rel=1e-6)
    assert float(loss(np.ones((2, 3)), logits, np.zeros((2, 3)))) == 0
    parts = served(features(4, 1) | {"masked_lm_weights": np.zeros((4, 3), "float32")}, 2)
    assert not any(part["masked_lm_weights"].any() for part in parts)


def test_refuses_parts_that_do_not_fit():
    for parts, rows in ((5, 12), (0, 12)):
        message = f"expected a number of parts that divides the batch of {rows} rows; received"
        with pytest.raises(ValueError, match=f"{message} {parts}"):
            served(batch(rows), parts)
    whole = tf.data.Dataset.from_tensor_slices(batch()).batch(4)
    with pytest.raises(ValueError, match="the batch of unknown rows; received 2"):
        micro_batches(whole, 2)
