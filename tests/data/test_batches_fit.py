"""Batches inside Keras `fit`, `evaluate` and `predict`, on TensorFlow and on JAX.

The same script runs here and, for JAX, in a process of its own: a backend is
chosen once per process.
"""

import itertools

import keras
import numpy as np
import pytest

from keras_bert.data.batches import EpochCounter, FeatureBatches
from keras_bert.data.features import PackedFeatures


def make_data(rows=29, seed=1):
    random = np.random.default_rng(seed)
    lengths = random.integers(2, 16, rows)
    splits = np.concatenate([[0], np.cumsum(lengths)])
    ids = random.integers(1, 13, splits[-1])
    labels = np.array([ids[a:b].mean() for a, b in itertools.pairwise(splits)])
    return PackedFeatures(ids, splits), labels.astype("float32")


def make_model():
    inputs = {
        name: keras.Input((None,), dtype="int32", name=name)
        for name in ("input_word_ids", "input_mask", "input_type_ids")
    }
    vectors = keras.layers.Embedding(13, 5)(inputs["input_word_ids"])
    mask = keras.ops.cast(inputs["input_mask"], "float32")[..., None]
    mean = keras.ops.sum(vectors * mask, axis=1) / keras.ops.sum(mask, axis=1)
    model = keras.Model(inputs, keras.layers.Dense(1)(mean))
    random = np.random.default_rng(7)
    model.set_weights([random.normal(size=weight.shape) for weight in model.get_weights()])
    model.compile("sgd", "mse", weighted_metrics=["mae"])
    return model


class Spy(FeatureBatches):
    """Keeps which epoch each batch inside an epoch was served for."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.served = []

    def __getitem__(self, index):
        if self._begun:
            self.served.append((self.epoch, index))
        return super().__getitem__(index)


def epochs_of(workers, initial_epoch, counter):
    """The epochs that `fit` with validation is served, from first to last."""
    features, labels = make_data()
    train = Spy(features, labels, batch_size=9, shuffle=True, workers=workers)
    valid = Spy(features, labels, batch_size=10)
    make_model().fit(
        train,
        epochs=initial_epoch + 3,
        initial_epoch=initial_epoch,
        validation_data=valid,
        shuffle=False,
        verbose=0,
        callbacks=[EpochCounter(train)] if counter else [],
    )
    n = len(train)
    # JAX begins an epoch to look at one batch.
    served = train.served[-3 * n :]
    assert sorted(served) == [
        (e, i) for e in range(served[0][0], served[-1][0] + 1) for i in range(n)
    ]
    return [epoch for epoch, index in sorted(served) if index == 0]


def results():
    """What must come out the same on every backend and in every order."""
    features, labels = make_data()
    model = make_model()
    ordered = FeatureBatches(features, labels, labels, batch_size=10, keep_order=True)
    bucketed = FeatureBatches(features, labels, labels, batch_size=10)
    fixed = FeatureBatches(features, labels, labels, batch_size=10, fixed_length=16)
    evaluated = [model.evaluate(batches, verbose=0) for batches in (ordered, bucketed, fixed)]
    predicted = [
        batches.restore(model.predict(batches, verbose=0)) for batches in (bucketed, fixed)
    ]
    predicted.append(model.predict(ordered, verbose=0))
    history = model.fit(
        FeatureBatches(features, labels, batch_size=9, shuffle=True),
        epochs=3,
        shuffle=False,
        verbose=0,
    )
    return {
        "evaluated": np.array(evaluated).tolist(),
        "predicted": np.array(predicted).tolist(),
        "loss": history.history["loss"],
        "epochs": [epochs_of(*setting) for setting in ((1, 0, False), (2, 4, True))],
    }


@pytest.fixture(scope="module")
def on_tensorflow():
    return results()


def check(found):
    for evaluated in found["evaluated"]:
        np.testing.assert_allclose(evaluated, found["evaluated"][0], rtol=1e-5)
    for predicted in found["predicted"]:
        np.testing.assert_allclose(predicted, found["predicted"][0], rtol=1e-5)
    assert found["epochs"] == [[0, 1, 2], [4, 5, 6]]
    assert found["loss"][2] < found["loss"][0]


def test_fit_evaluate_and_predict_on_tensorflow(on_tensorflow):
    check(on_tensorflow)


def test_fit_evaluate_and_predict_on_jax_equal_tensorflow(on_tensorflow, jax_process):
    found = jax_process(__file__, "results")
    check(found)
    np.testing.assert_allclose(found["predicted"], on_tensorflow["predicted"], atol=1e-5)
    np.testing.assert_allclose(found["loss"], on_tensorflow["loss"], rtol=1e-5)


def test_keras_shuffling_on_top_is_noticed():
    features, labels = make_data()
    batches = FeatureBatches(features, labels, batch_size=3, shuffle=True)
    seen = []
    note = keras.callbacks.LambdaCallback(
        on_train_batch_end=lambda batch, logs: seen.append(batches.in_order)
    )
    make_model().fit(batches, verbose=0, callbacks=[note])
    assert seen[-1] is False
    seen.clear()
    make_model().fit(batches, verbose=0, callbacks=[note], shuffle=False)
    assert all(seen)


def test_lengths_that_vary_only_in_a_later_epoch():
    # With this seed both short rows are a batch of their own in epoch 3 alone.
    lengths = np.r_[np.full(12, 20), 5, 6]
    features = PackedFeatures(np.ones(lengths.sum()), np.concatenate([[0], np.cumsum(lengths)]))
    batches = FeatureBatches(features, np.ones(14), batch_size=6, shuffle=True, seed=27)
    make_model().fit(batches, epochs=6, shuffle=False, verbose=0)
