"""Predictions for batches from memory, several batches at once where that is faster.

On a CPU the operations between two products of matrices are too small to share among
threads. TensorFlow runs another batch beside them: two batches at a time take a fifth less
than one after the other on two cores (decision 0094).

Shapes: N rows in all, B rows of a batch.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from keras_bert.data.batches import FeatureBatches
from keras_bert.models.untuned_data import as_untuned

_MOST_AT_ONCE = 4  # each holds the memory of a batch


def predict_batches(
    model: Any, batches: FeatureBatches, *, verbose: Any = "auto", **kwargs: Any
) -> Any:
    """What `keras.Model.predict` returns, arrays [N, ...] in the order of the batches.

    Args:
        model: a task.
        batches: without labels; their outputs have one shape but for the rows.
        verbose: of `keras.Model.predict`.
        **kwargs: other arguments of it, with which Keras's own loop runs.
    """
    if kwargs or _at_once(model) == 1:
        return keras.Model.predict(model, as_untuned(batches), verbose=verbose, **kwargs)
    bar = keras.utils.Progbar(len(batches), verbose=1 if verbose == "auto" else verbose)
    outputs = []
    for done, output in enumerate(iterate_outputs(model, batches), start=1):
        outputs.append(output)
        bar.update(done, finalize=done == len(batches))
    return keras.tree.map_structure(lambda *parts: np.concatenate(parts), *outputs)


def iterate_outputs(model: Any, batches: FeatureBatches) -> Iterator[Any]:
    """The outputs of one batch after the other, NumPy arrays [B, ...] or a structure of them.

    Args:
        model: a task.
        batches: without labels.
    """
    at_once = _at_once(model)
    forward = model.predict_on_batch if at_once == 1 else _graph(model, batches[0][0])

    def predict(index: int) -> Any:
        return keras.tree.map_structure(np.asarray, forward(batches[index][0]))

    if at_once == 1:  # in this thread, which alone knows Keras's distribution
        yield from map(predict, range(len(batches)))
        return
    with ThreadPoolExecutor(at_once) as pool:
        try:
            yield from pool.map(predict, range(len(batches)))
        finally:
            pool.shutdown(cancel_futures=True)


def _graph(model: Any, features: Any) -> Callable[[Any], Any]:
    """The model for batches of any size, traced once; Keras would trace for several sizes.

    It is kept with Keras's own function, which Keras makes anew where the model changes.
    """
    model.make_predict_function()
    kept = vars(model.predict_function)
    if "of_any_size" not in kept:
        signature = {
            name: tf.TensorSpec([None] * array.ndim, array.dtype)
            for name, array in features.items()
        }
        step = tf.autograph.experimental.do_not_convert(lambda x: model.predict_step((x,)))
        kept["of_any_size"] = tf.function(step, input_signature=[signature])
        kept["of_any_size"].get_concrete_function()  # now, and not in several threads
    return kept["of_any_size"]


def _at_once(model: Any) -> int:
    if (
        keras.backend.backend() != "tensorflow"
        or model.compiles_each_length()  # an accelerator does one thing after the other
        or model.run_eagerly
        or model.distribute_strategy.num_replicas_in_sync > 1
    ):
        return 1
    threads = tf.config.threading.get_intra_op_parallelism_threads()
    return min(threads or os.cpu_count() or 1, _MOST_AT_ONCE)
