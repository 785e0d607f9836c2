"""The masked language model's losses, without its logits.

Shapes: B batch, S sequence length, P masked positions.
"""

import keras
from keras import ops

from keras_bert.layers.checks import check_rank, check_same_shape
from keras_bert.layers.chunked_crossentropy import chunked_crossentropy


class MaskedLMLosses(keras.layers.Layer):
    """The cross-entropy of a `MaskedLMHead` at each prediction, in chunks of predictions.

    The logits of a batch, float32 [B, P, V], and their gradient are often the largest arrays
    of a step; here no more than `chunk_size` predictions have theirs at a time.

    Args:
        head: A `MaskedLMHead`, whose variables this layer trains.
        chunk_size: Predictions at a time.
        **kwargs: Of `keras.layers.Layer`; `dtype` is the head's.

    Call arguments:
        sequence_output: Float tensor [B, S, H].
        masked_lm_positions: Integer tensor [B, P], values in [0, S).
        masked_lm_ids: Integer tensor [B, P], what stood there.

    Returns:
        Float32 [B, P, 2]: the losses, and 1.0 where the most probable word is the right one.

    Raises:
        ValueError: `chunk_size` below 1, or arguments of a wrong rank or of unlike shapes.
    """

    def __init__(self, head, chunk_size=256, **kwargs):
        super().__init__(**{"dtype": head.dtype_policy, **kwargs})
        if chunk_size < 1:
            raise ValueError(f"expected chunk_size of at least 1; received {chunk_size}")
        self.head = head
        self.chunk_size = chunk_size

    def build(
        self, sequence_output_shape, masked_lm_positions_shape=None, masked_lm_ids_shape=None
    ):
        """Create the head's variables, if they are not there yet."""
        if not self.head.built:
            self.head.build(sequence_output_shape)

    def call(self, sequence_output, masked_lm_positions, masked_lm_ids):
        """Return losses and hits [B, P, 2]."""
        self._check(masked_lm_positions, masked_lm_ids)
        vectors = self.head.transformed(sequence_output, masked_lm_positions)  # [B, P, H]
        losses, right = chunked_crossentropy(
            ops.reshape(vectors, (-1, vectors.shape[-1])),
            self.head.table(),
            ops.cast(self.head.output_bias, "float32"),
            ops.reshape(masked_lm_ids, (-1,)),
            self.chunk_size,
        )  # [B P] each
        return ops.reshape(ops.stack([losses, right], axis=-1), (*ops.shape(masked_lm_ids), 2))

    def _check(self, positions, ids):
        check_rank("masked_lm_positions", positions.shape, 2)
        check_same_shape({"masked_lm_positions": positions.shape, "masked_lm_ids": ids.shape})

    def compute_output_spec(self, sequence_output, masked_lm_positions, masked_lm_ids):
        """Return the spec of [B, P, 2]."""
        self._check(masked_lm_positions, masked_lm_ids)
        return keras.KerasTensor((*masked_lm_ids.shape, 2), dtype="float32")

    def get_config(self):
        """Return the constructor's arguments."""
        return super().get_config() | {
            "head": keras.saving.serialize_keras_object(self.head),
            "chunk_size": self.chunk_size,
        }

    @classmethod
    def from_config(cls, config):
        """Make a layer from what `get_config` returned."""
        head = keras.saving.deserialize_keras_object(config["head"])
        return cls(**config | {"head": head})
