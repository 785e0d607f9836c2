"""The most probable sequence of tags among the well-formed ones, in TensorFlow ops.

Source: Viterbi 1967; the constraint as hard transitions, as He et al. 2017 (Deep Semantic Role
Labeling), section 2.4, decode BIO tags.
Shapes: B records, L tokens of the longest, C tags.
"""

import numpy as np
import tensorflow as tf

_NEVER = -1e9  # log-probability of what is not allowed; finite, so that sums stay numbers


def viterbi(
    scores: tf.Tensor,
    lengths: tf.Tensor,
    first: np.ndarray,
    last: np.ndarray,
    follows: np.ndarray,
) -> tf.Tensor:
    """Decodes a batch.

    Args:
        scores: float32 [B, L, C], log-probabilities of the tags of each token.
        lengths: int32 [B], tokens of each record.
        first: bool [C], whether a tag may be a record's first.
        last: bool [C], whether it may be its last.
        follows: bool [C, C], whether the second tag may follow the first.

    Returns:
        int32 [B, L], the tags; what stands behind a record's end means nothing.
    """
    cost = lambda allowed: tf.constant(np.where(allowed, 0.0, _NEVER), tf.float32)  # noqa: E731
    steps = tf.transpose(scores, [1, 0, 2])  # [L, B, C]
    length = tf.shape(steps)[0]
    # A step behind the last, which changes nothing: a scan must have one.
    steps = tf.pad(steps, [[0, 1], [0, 0], [0, 0]])  # [L + 1, B, C]
    within = tf.range(length + 1)[:, tf.newaxis] < lengths  # [L + 1, B]

    def step(state: tuple, token: tuple) -> tuple:
        total, _ = state
        score, real = token
        paths = total[:, :, tf.newaxis] + cost(follows)  # [B, C, C], from and to
        here = tf.range(tf.shape(total)[1])[tf.newaxis] + tf.zeros_like(total, tf.int32)
        came_from = tf.where(
            real[:, tf.newaxis], tf.argmax(paths, axis=1, output_type=tf.int32), here
        )
        moved = tf.reduce_max(paths, axis=1) + score
        return tf.where(real[:, tf.newaxis], moved, total), came_from

    def decode() -> tf.Tensor:
        start = steps[0] + cost(first)  # [B, C]
        totals, pointers = tf.scan(
            step, (steps[1:], within[1:]), (start, tf.zeros_like(start, tf.int32))
        )  # [L, B, C] each
        tag = tf.argmax(totals[-1] + cost(last), axis=-1, output_type=tf.int32)  # [B]
        back = lambda tag, pointer: tf.gather(pointer, tag, batch_dims=1)  # noqa: E731
        return tf.transpose(tf.scan(back, pointers, tag, reverse=True))

    nothing = tf.zeros(tf.shape(scores)[:2], tf.int32)
    return tf.cond(length > 0, decode, lambda: nothing)
