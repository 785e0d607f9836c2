"""A model's forward pass in a graph, on rows of like lengths instead of on all at once.

A server's batch is padded to its longest text. Where that makes much padding, rows are
sorted by length and computed in groups, each as long as its own longest row (decision 0097).

Shapes: B rows, S positions, P predicted positions.
"""

from collections.abc import Callable
from typing import Any

import tensorflow as tf

Features = dict[str, tf.Tensor]

_POSITIONS = 256  # of a group of several rows: more have more padding
_MOST_POSITIONS = 2048  # of one where there is little padding: more leave the caches
_PADDING = 0.2  # of all positions: what is little
_AT_ONCE = 2  # groups that are computed beside each other; each takes its memory
_OTHER = {"masked_lm_positions"}  # features that have no S


def in_like_lengths(forward: Any) -> Callable[[Features], Any]:
    """`forward` on rows of any lengths, for a graph; outputs are in the order of the rows.

    Args:
        forward: a `tf.function` from int32 features [B, S], and for masked words
            `masked_lm_positions` [B, P], to tensors, or a structure of them, with the rows
            first. What a row gives depends on that row alone. A second dimension is
            fixed, or is S, or P if there is one.

    Returns:
        A function that gives the same but for rounding, and 0 at positions behind the
        longest row of a group.
    """

    def grouped(features: Features) -> Any:
        rows, width = tf.unstack(tf.shape(features["input_mask"]))
        lengths = tf.reduce_sum(features["input_mask"], axis=1)  # [B]
        most = _positions_of_a_group(lengths, rows * width)
        lengths, order = tf.math.top_k(lengths, rows)
        lengths = tf.concat([lengths, [1]], axis=0)  # of no row, for no rows
        # One tensor, so that a group is cut out at once: [3, B, S].
        names = [name for name in features if name not in _OTHER]
        cut = tf.gather(tf.stack([features[name] for name in names]), order, axis=1)
        others = {name: tf.gather(features[name], order) for name in _OTHER & features.keys()}
        places = tf.shape(features.get("masked_lm_positions", features["input_mask"]))[1]

        def compute(start: tf.Tensor, done: tf.Tensor, arrays: list) -> tuple:
            longest = lengths[start]
            end = start + tf.maximum(most // longest, 1)
            part = dict(zip(names, tf.unstack(cut[:, start:end, :longest]), strict=True))
            part |= {name: tensor[start:end] for name, tensor in others.items()}
            outputs = [_widened(output, places) for output in tf.nest.flatten(forward(part))]
            written = [a.write(done, output) for a, output in zip(arrays, outputs, strict=True)]
            return end, done + 1, written

        specs = _outputs_of(forward, features)
        *_, arrays = tf.while_loop(
            lambda start, done, _: (done == 0) | (start < rows),  # once for no rows
            compute,
            (0, 0, [_growing(spec) for spec in tf.nest.flatten(specs)]),
            parallel_iterations=_AT_ONCE,
        )
        back = tf.math.invert_permutation(order)
        outputs = [tf.gather(array.concat(), back) for array in arrays]
        return tf.nest.pack_sequence_as(specs, outputs)

    return grouped


def _positions_of_a_group(lengths: tf.Tensor, positions: tf.Tensor) -> tf.Tensor:
    tokens = tf.cast(tf.reduce_sum(lengths), tf.float32)
    little = tokens >= (1 - _PADDING) * tf.cast(positions, tf.float32)
    return tf.where(little, _MOST_POSITIONS, _POSITIONS)


def _outputs_of(forward: Any, features: Features) -> Any:
    specs = {name: tf.TensorSpec([None, None], tf.int32) for name in features}
    return forward.get_concrete_function(specs).structured_outputs


def _growing(spec: tf.TensorSpec) -> tf.TensorArray:
    """For the outputs of one group after the other, whose rows differ in number."""
    return tf.TensorArray(
        spec.dtype, size=0, dynamic_size=True, infer_shape=False, element_shape=spec.shape
    )


def _widened(output: tf.Tensor, width: tf.Tensor) -> tf.Tensor:
    """An output of fewer positions with 0 at the others."""
    if output.shape.rank < 2 or output.shape[1] is not None:
        return output
    missing = tf.maximum(width - tf.shape(output)[1], 0)
    return tf.pad(output, [[0, 0], [0, missing], *[[0, 0]] * (output.shape.rank - 2)])
