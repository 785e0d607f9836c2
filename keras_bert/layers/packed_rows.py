"""Several texts in one row: where attention may go, and where positions begin again.

With n[s] the number of the text that position s belongs to (1, 2, …; 0 for padding):

    attention from s to t   where n[s] = n[t]
    position of s           the number of t < s with n[t] = n[s]

so that each text is computed as if it had a row of its own.

Source: Krell et al. 2021, "Efficient Sequence Packing without Cross-contamination",
section 3.2, https://arxiv.org/abs/2107.02027

Shapes: B batch, S length of a row.
"""

import keras
from keras import ops

from keras_bert.layers.checks import check_integer, check_rank


class _OfSequenceIds(keras.layers.Layer):
    """What the layers on `input_sequence_ids` share."""

    def call(self, input_sequence_ids):
        """Compute from numbers of texts [B, S]."""
        check_rank("input_sequence_ids", input_sequence_ids.shape, 2)
        check_integer("input_sequence_ids", input_sequence_ids)
        return self._compute(input_sequence_ids)


@keras.saving.register_keras_serializable(package="keras_bert")
class PackedAttentionMask(_OfSequenceIds):
    """A mask that keeps attention within each text of a row.

    Padding attends to padding, which nothing else reads.

    Args:
        **kwargs: Of `keras.layers.Layer`, such as `name`.

    Call arguments:
        input_sequence_ids: Integer tensor [B, S]: the number, from 1, of the text that
            a position belongs to, 0 for padding.

    Returns:
        Boolean tensor [B, S, S], for `TransformerEncoderBlock`.

    Raises:
        ValueError: Another rank, or a float dtype.
    """

    def _compute(self, input_sequence_ids):
        return _same(input_sequence_ids)

    def compute_output_spec(self, input_sequence_ids):
        """Return the spec of [B, S, S]."""
        batch, length = input_sequence_ids.shape
        return keras.KerasTensor((batch, length, length), dtype="bool")


@keras.saving.register_keras_serializable(package="keras_bert")
class PackedPositions(_OfSequenceIds):
    """Positions that begin again at 0 with each text of a row.

    Args:
        **kwargs: Of `keras.layers.Layer`, such as `name`.

    Call arguments:
        input_sequence_ids: Integer tensor [B, S]: the number, from 1, of the text that
            a position belongs to, 0 for padding.

    Returns:
        int32 tensor [B, S], for `BertEmbeddings`; 0 at padding.

    Raises:
        ValueError: Another rank, or a float dtype.
    """

    def _compute(self, input_sequence_ids):
        place = ops.cumsum(ops.ones_like(input_sequence_ids), axis=1)  # [B, S], from 1
        earlier = ops.expand_dims(place, 2) > ops.expand_dims(place, 1)  # [B, S, S]
        before = ops.logical_and(_same(input_sequence_ids), earlier)
        position = ops.sum(ops.cast(before, "int32"), axis=2)  # [B, S]
        return ops.where(input_sequence_ids > 0, position, 0)

    def compute_output_spec(self, input_sequence_ids):
        """Return the spec of [B, S]."""
        return keras.KerasTensor(input_sequence_ids.shape, dtype="int32")


def _same(ids):
    return ops.equal(ops.expand_dims(ids, 2), ops.expand_dims(ids, 1))  # [B, S, S]
