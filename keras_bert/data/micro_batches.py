"""Batches of pretraining parted into smaller ones, whose gradients add up to the batch's.

The loss of a batch is a mean over its predictions, and parts have unlike numbers of them:
the mean of the parts' means is another loss. So the weights of each part are scaled by its
share of the batch's predictions.

    w'_i = w_i · K · n_i / Σ w      with n_i the predictions of part i that have weight

The loss of part i by `CountedCrossentropy` is then Σ w'_i l_i / n_i, and the mean over the K
parts Σ w l / Σ w, the loss of the batch.

Shapes: B rows of a batch, K parts, P predictions a row.
"""

from collections.abc import Mapping

import tensorflow as tf

WEIGHTS = "masked_lm_weights"


def micro_batches(batches: tf.data.Dataset, parts: int) -> tf.data.Dataset:
    """K batches of B / K rows in place of each.

    Args:
        batches: dicts of features [B, ...], all of one size.
        parts: K, a divisor of B.

    Raises:
        ValueError: K does not divide B.
    """
    rows = batches.element_spec[WEIGHTS].shape[0]
    if parts < 1 or rows is None or rows % parts:
        raise ValueError(
            f"expected a number of parts that divides the batch of {rows or 'unknown'} rows; "
            f"received {parts}"
        )
    if parts == 1:
        return batches

    def split(features: Mapping[str, tf.Tensor]) -> tf.data.Dataset:
        apart = {
            name: tf.reshape(value, [parts, rows // parts, *value.shape[1:]])
            for name, value in features.items()
        }
        weights = apart[WEIGHTS]  # [K, B / K, P]
        counts = tf.math.count_nonzero(weights, axis=(1, 2), keepdims=True, dtype=weights.dtype)
        apart[WEIGHTS] = weights * counts * parts / tf.maximum(tf.reduce_sum(weights), 1e-9)
        return tf.data.Dataset.from_tensor_slices(apart)

    return batches.flat_map(split).prefetch(tf.data.AUTOTUNE)
