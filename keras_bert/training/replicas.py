"""Training steps of TensorFlow's strategies that equal the step of one device.

Under `tf.distribute` each replica sees its rows of a batch alone. Keras (3.15) scales a loss
that is the mean over a replica's rows by the number of replicas and sums the gradients, which
is right for rows of equal weight. It is not right in two places:

- gradients are clipped before they are summed, each replica's by its own norm;
- a mean over weights, as that of masked words, is not the mean of the replicas' means.

On JAX there is one program over all devices, and nothing to mend. This module asks for
TensorFlow only where Keras runs on it.
"""

from typing import Any

import keras


def replica_context() -> Any:
    """TensorFlow's context of one replica among several; None where there is but one."""
    if keras.backend.backend() != "tensorflow":
        return None
    import tensorflow as tf

    context = tf.distribute.get_replica_context()
    if context is None or context.num_replicas_in_sync == 1:
        return None
    return context


def share_of_weight(weight: Any) -> Any:
    """What a replica's mean is to be multiplied by, so that all make the mean over all weights.

    Args:
        weight: scalar, the sum of the weights of the replica's losses.

    Returns:
        The number of replicas times the replica's part of all weights; 1 for one replica.
    """
    context = replica_context()
    if context is None:
        return 1.0
    import tensorflow as tf

    weight = tf.cast(weight, tf.float32)
    total = context.all_reduce(tf.distribute.ReduceOp.SUM, weight)
    return tf.math.divide_no_nan(weight * context.num_replicas_in_sync, total)


def one_replica(iterator: Any, strategy: Any) -> Any:
    """The rows that one replica has of the first batch of Keras's iterator of an epoch."""
    batch = next(next(batches) for _, _, batches in iterator)
    local = strategy.experimental_local_results
    return keras.tree.map_structure(lambda value: local(value)[0], batch)


class SumsReplicas:
    """An optimizer that sums the gradients of all replicas before it does anything to them.

    To be named before Keras's class among the bases.
    """

    def apply(self, grads: list, trainable_variables: list | None = None) -> None:
        """One step, of the same gradients on all replicas."""
        context = replica_context()
        if context is not None:
            import tensorflow as tf

            given = [gradient for gradient in grads if gradient is not None]
            summed = iter(context.all_reduce(tf.distribute.ReduceOp.SUM, given))
            grads = [gradient if gradient is None else next(summed) for gradient in grads]
        super().apply(grads, trainable_variables)  # type: ignore[misc]

    def _all_reduce_sum_gradients(self, grads_and_vars: list) -> list:
        """Keras would sum here, after clipping."""
        return grads_and_vars
