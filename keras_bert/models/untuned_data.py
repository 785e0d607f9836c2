"""Data for Keras on TensorFlow that ends when its last batch is through.

tf.data tunes a pipeline from a thread of its own. Whoever lets go of an iterator cancels that
thread and waits for it; but it may wake before the cancellation is marked as done, and then
sleeps on (TensorFlow 2.20, `Model::OptimizeLoop`). Its naps double from 10 milliseconds: of
six predictions of 3 seconds three took 5.1. Keras puts a `PyDataset`, which has nothing to
tune, into such a pipeline; the datasets made here have no thread beside them (decision 0094).
"""

from collections.abc import Iterator
from typing import Any

import keras
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches

_READY = 2  # batches made ahead


def untuned(dataset: tf.data.Dataset) -> tf.data.Dataset:
    """The same elements, without tuning: what is to be tuned keeps the value it starts with."""
    options = tf.data.Options()
    options.autotune.enabled = False
    return dataset.with_options(options)


def as_untuned(data: Any) -> Any:
    """`FeatureBatches` as an untuned dataset where Keras would tune; other data as they are.

    Each pass serves the epoch that `data.epoch` says. With several `workers` Keras has
    threads of its own, and does not tune either.
    """
    if not isinstance(data, FeatureBatches) or data.workers > 1:
        return data
    if keras.backend.backend() != "tensorflow":
        return data

    def serve() -> Iterator[tuple]:
        for index in range(len(data)):
            yield data[index]

    dataset = tf.data.Dataset.from_generator(serve, output_signature=_signature(data))
    counted = dataset.apply(tf.data.experimental.assert_cardinality(len(data)))
    return untuned(counted.prefetch(_READY))


def _signature(data: FeatureBatches) -> Any:
    """What varies among the first two batches varies, and so does the number of rows."""

    def spec(*arrays: Any) -> tf.TensorSpec:
        sizes = zip(*(array.shape[1:] for array in arrays), strict=True)
        shape = [None, *(size[0] if len(set(size)) == 1 else None for size in sizes)]
        return tf.TensorSpec(shape, arrays[0].dtype)

    return keras.tree.map_structure(spec, *(data[index] for index in range(min(len(data), 2))))
