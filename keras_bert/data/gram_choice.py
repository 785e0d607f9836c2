"""Which word pieces to predict: grams of units, in random order, as far as they fit.

In TensorFlow ops over whole batches, without a step for each position.

Shapes: B rows, S positions (at least 1).
"""

from typing import NamedTuple

import tensorflow as tf


class Grams(NamedTuple):
    """Pieces that may be chosen, and with which others together.

    Attributes:
        unit: int32 [B, S], the number of the piece's unit in its row; -1 for none.
        gram: int32 [B, S], the number of its gram; -1 for none.
    """

    unit: tf.Tensor
    gram: tf.Tensor


def grams_of(maskable: tf.Tensor, continues: tf.Tensor, max_ngram: int, key: tf.Tensor) -> Grams:
    """Parts the pieces of each row into units, and these at random into grams.

    Lengths of grams are drawn one after the other, n units with a probability in
    proportion to 1/n; what may not be chosen, and the end of the row, cut a gram short.

    Args:
        maskable: bool [B, S], the pieces that may be chosen.
        continues: bool [B, S], the pieces that belong to the unit before them.
        max_ngram: the largest n.
        key: int [2], of the draws.
    """
    before = tf.pad(maskable, [[0, 0], [1, 0]])[:, :-1]  # [B, S]
    begins_unit = maskable & ~(continues & before)
    unit = tf.cumsum(tf.cast(begins_unit, tf.int32), axis=1) - 1  # [B, S]
    begins_gram = begins_unit
    if max_ngram > 1:
        boundary = _boundaries(tf.shape(maskable), max_ngram, key)  # [B, S] by unit
        at = tf.gather(boundary, tf.maximum(unit, 0), batch_dims=1)
        begins_gram = begins_unit & (at | ~before)
    gram = tf.cumsum(tf.cast(begins_gram, tf.int32), axis=1) - 1
    return Grams(tf.where(maskable, unit, -1), tf.where(maskable, gram, -1))


def _boundaries(shape: tf.Tensor, max_ngram: int, key: tf.Tensor) -> tf.Tensor:
    """Whether a gram begins at unit 0, 1, …: bool [B, S], from S drawn lengths."""
    weights = 1.0 / tf.range(1, max_ngram + 1, dtype=tf.float32)
    limits = tf.cumsum(weights)[:-1] / tf.reduce_sum(weights)  # [max_ngram - 1]
    drawn = _uniform(shape, key)  # [B, S]
    lengths = 1 + tf.reduce_sum(tf.cast(drawn[..., tf.newaxis] >= limits, tf.int32), axis=-1)
    starts = tf.cumsum(lengths, axis=1, exclusive=True)
    return _sizes(starts, shape[1]) > 0


def choose(grams: Grams, wanted: tf.Tensor, most: int, key: tf.Tensor) -> tf.Tensor:
    """Chooses grams for `wanted` pieces a row, or one unit where no gram fits.

    Args:
        grams: what `grams_of` returned.
        wanted: int32 [B], at least 1.
        most: pieces of a row that are never exceeded, at least `wanted`.
        key: int [2], of the order.

    Returns:
        bool [B, S], the chosen pieces.
    """
    shape = tf.shape(grams.gram)
    keys = tf.random.split(key, 2, alg="philox")
    sizes = _sizes(grams.gram, shape[1])  # [B, S] by gram, 0 beyond the last
    order = tf.argsort(_uniform(shape, keys[0]), axis=1)  # [B, S] grams in random order
    taken = _take_in_order(tf.gather(sizes, order, batch_dims=1), wanted)
    rank = tf.argsort(order, axis=1)  # back from the order to the grams
    by_gram = tf.gather(taken, rank, batch_dims=1)  # [B, S]
    chosen = tf.gather(by_gram, tf.maximum(grams.gram, 0), batch_dims=1) & (grams.gram >= 0)
    return tf.where(
        tf.reduce_any(chosen, axis=1, keepdims=True),
        chosen,
        _one_unit(grams.unit, most, _uniform(shape, keys[1])),
    )


def _uniform(shape: tf.Tensor, key: tf.Tensor) -> tf.Tensor:
    return tf.random.stateless_uniform(shape, key, alg="philox")


def _sizes(numbers: tf.Tensor, count: tf.Tensor) -> tf.Tensor:
    """How many positions of each row have the number 0, 1, …: int32 [B, count]."""
    return tf.math.bincount(numbers + 1, minlength=count + 1, maxlength=count + 1, axis=-1)[:, 1:]


def _take_in_order(sizes: tf.Tensor, wanted: tf.Tensor) -> tf.Tensor:
    """Takes each of the sizes [B, S], in order, that still fits: bool [B, S].

    Each round takes all up to the first that does not fit. Nothing as large as that one
    fits later, so it and its like are left out of the next round: there are at most as
    many rounds as there are sizes.
    """

    def take(taken: tf.Tensor, open_: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        left = wanted[:, tf.newaxis] - _total(sizes, taken)  # [B, 1]
        open_ &= sizes <= left
        reached = tf.cumsum(tf.where(open_, sizes, 0), axis=1)
        now = open_ & (reached <= left)
        return taken | now, open_ & ~now

    none = tf.zeros_like(sizes, tf.bool)
    taken, _ = tf.while_loop(lambda _, open_: tf.reduce_any(open_), take, (none, sizes > 0))
    return taken


def _total(sizes: tf.Tensor, taken: tf.Tensor) -> tf.Tensor:
    return tf.reduce_sum(tf.where(taken, sizes, 0), axis=1, keepdims=True)


def _one_unit(unit: tf.Tensor, most: int, priority: tf.Tensor) -> tf.Tensor:
    """One random unit of each row, of those within `most` pieces if any: bool [B, S]."""
    sizes = _sizes(unit, tf.shape(unit)[1])  # [B, S]
    priority += tf.cast(sizes > most, tf.float32) + 2.0 * tf.cast(sizes == 0, tf.float32)
    best = tf.argmin(priority, axis=1, output_type=tf.int32)[:, tf.newaxis]  # [B, 1]
    within = unit == best
    return within & (tf.cumsum(tf.cast(within, tf.int32), axis=1) <= most)
